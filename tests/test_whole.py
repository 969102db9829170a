"""Fuzzing in short form; our own labelled set.

The set, `data/sameness.jsonl`: 399 news items, all made up for this project, none taken from a feed. A line has id, source, published
(unix seconds), lang, title, summary or content (empty for headlines alone), and what a careful editor would say: `story` is the same
for copies of one text, `event` for tellings of one happening, its follow-ups with it (a toll that rises, a strike's end, a reaction).
Reports of one topic are not one event: the next match, another town's weather, a second earthquake.

s001–s166 are plain: a copy differs by a suffix or a prefix, an event has two texts. s167–s399 are the hard kinds: edited copies (other
headline, dateline, all capitals, other quotation marks, cut, lengthened, reordered, American spelling); templates, whose story begins
with `t-` (quakes, markets, draws, CVEs, releases, obituaries, results, rulings, weather, a newsletter's standing words, …); events told
in different words over up to two days, beside another happening of the same name and kind; singles, `x-`, that share but a strong name.
Seventeen languages; events stay within one. What the levels get wrong stays in: it is what the set is for.
"""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import pytest

from aggregator import check, cycle, evaluate, fold
from aggregator.cycle import Wanted
from aggregator.measure import score
from aggregator.store import open_writer
from tests import fuzz
from tests.helpers import NOW, config

SEEDS = Path(__file__).parent.parent / "aggregator" / "seeds" / "*.txt"
LABELLED = Path(__file__).parent / "data" / "sameness.jsonl"


def test_mutated_feeds_never_break_what_is_published(tmp_path: Path) -> None:
    assert fuzz.rounds(120, 3, tmp_path) == []


def test_the_levels_hold_on_our_own_labelled_set() -> None:
    text, event = evaluate.labelled(LABELLED)
    assert text.precision >= 0.99 and text.recall >= 0.99, text
    assert event.b3_f1 >= 0.97 and event.b3_precision >= 0.98 and event.precision >= 0.97, event


@pytest.fixture(scope="module")
def at_once() -> dict[str, str]:
    """Name → event, after one cycle over all."""
    return {name: event for name, (_, event) in evaluate.folded(_labelled(), fold.Windows()).items()}


@pytest.mark.parametrize("cycle", [1, 3, 10, 100])
def test_how_many_come_at_a_time_makes_little_difference(cycle: int, at_once: dict[str, str]) -> None:
    records = _labelled()
    found = evaluate.folded(records, fold.Windows(), cycle)
    text = score(
        "text",
        {name: record["story"] for name, record in records.items()},
        {name: story for name, (story, _) in found.items()},
    )
    event = score(
        "event",
        {name: record["event"] for name, record in records.items()},
        {name: event for name, (_, event) in found.items()},
    )
    print(cycle, text, event)
    assert text.f1 >= 0.99 and event.b3_f1 >= 0.97 and event.b3_precision >= 0.98, (text, event)
    otherwise = score("event", at_once, {name: event for name, (_, event) in found.items()})
    assert otherwise.wrong + otherwise.missed <= 3, otherwise  # pairs, of about 290 that are one event


def test_no_template_of_our_own_set_is_folded_as_text() -> None:
    records = _labelled()
    found = evaluate.folded(records, fold.Windows())
    wrong = {
        (a, b)
        for a, b in combinations(records, 2)
        if found[a][0] == found[b][0] and records[a]["story"] != records[b]["story"]
    }
    assert wrong == set()


def test_our_own_labelled_set_agrees_with_itself() -> None:
    records = _labelled()
    assert len(records) == len(LABELLED.read_text(encoding="utf-8").splitlines())  # no id twice
    of_story: dict[str, tuple[str, str]] = {}
    of_event: dict[str, str] = {}
    for name, record in records.items():  # a text tells one event, an event is told in one language
        assert of_story.setdefault(record["story"], (record["event"], record["lang"])) == (
            record["event"],
            record["lang"],
        ), name
        assert of_event.setdefault(record["event"], record["lang"]) == record["lang"], name


def _labelled() -> dict[str, dict[str, str]]:
    records = [json.loads(line) for line in LABELLED.read_text(encoding="utf-8").splitlines()]
    return {record["id"]: record for record in records}


def test_the_published_seeds_pass_our_own_checks(tmp_path: Path) -> None:
    settings = config(tmp_path, f'[[sources]]\nid = "seeds"\npath = "{SEEDS}"\n')
    with open_writer(settings.database) as store:
        cycle.run(settings, store, Wanted(), NOW)
    assert list(check.folder(settings.output)) == []
