"""Sameness on days as they are: dense, full of sagas, of templates and of contraries. All invented.

`data/realdays.jsonl` has the form of `data/sameness.jsonl` (see test_whole) and `gray`: ids that an entry is not
judged against, where one editor merges and another splits. Two days of a war in twelve happenings told by eight
outlets, a cup's eight matches, results of companies with their transcripts, courts, polls, quakes, police
reports, horoscopes, prices of the day, launches, podcasts and letters under a standing deck; eleven languages.

`data/pairs.tsv`: pairs of items that must stay apart or come together, each in a store of its own.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from aggregator import evaluate
from aggregator.evaluate import Pair
from aggregator.measure import Score

DATA = Path(__file__).parent / "data"
DAYS, PAIRS = DATA / "realdays.jsonl", DATA / "pairs.tsv"


@pytest.fixture(scope="module")
def days() -> tuple[Score, Score]:
    text, event = evaluate.labelled(DAYS)
    print(text, event)
    return text, event


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    return evaluate.pairs(PAIRS)


def test_what_is_another_text_stays_apart(days: tuple[Score, Score]) -> None:
    text, _ = days
    assert text.recall >= 0.99 and text.precision >= 0.55 and text.wrong <= 14, text


def test_a_saga_stays_many_events(days: tuple[Score, Score]) -> None:
    _, event = days
    assert event.b3_f1 >= 0.865 and event.b3_precision >= 0.87, event
    assert event.f1 >= 0.68 and event.precision >= 0.68, event
    assert event.apart >= 0.63, event
    assert event.largest <= 8, event  # the largest in gold has 7 items


def test_pairs_are_apart_or_together_as_wanted(pairs: list[Pair]) -> None:
    wrong = [f"{pair.kind} ({pair.language}): {', '.join(pair.wrong)}: {' / '.join(pair.titles)}"
             for pair in pairs if pair.wrong]  # fmt: skip
    assert len(pairs) - len(wrong) >= 30, "\n".join(wrong)


def test_the_days_agree_with_themselves() -> None:
    rows = [json.loads(line) for line in DAYS.read_text(encoding="utf-8").splitlines()]
    by_id = {row["id"]: row for row in rows}
    assert len(by_id) == len(rows)
    of_story: dict[str, str] = {}
    of_event: dict[str, str] = {}
    for row in rows:  # a text tells one event, an event is told in one language
        assert of_story.setdefault(row["story"], row["event"]) == row["event"]
        assert of_event.setdefault(row["event"], row["lang"]) == row["lang"]
        assert row["title"] and row["source"] and isinstance(row["published"], int)
        assert set(row.get("gray", ())) <= by_id.keys() - {row["id"]}
    assert len(set(of_event.values())) >= 10
    sizes = Counter(of_story.values())
    assert max(sizes.values()) <= 8 and len(rows) >= 350


def test_pairs_hold_every_kind_in_many_languages(pairs: list[Pair]) -> None:
    assert len(pairs) >= 85 and len({pair.language for pair in pairs}) >= 18
    assert {"negation", "roles swapped", "one name replaced", "opposite word", "numbers", "standing deck", "template",
            "short suffix", "light edit", "kicker", "rising toll", "typography"} <= {pair.kind for pair in pairs}  # fmt: skip
