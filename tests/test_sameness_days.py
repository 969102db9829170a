"""Sameness on days as they are: dense, full of sagas, of templates and of contraries. All invented.

`data/realdays.jsonl` has the form of `data/sameness.jsonl` (see test_whole) and `gray`: ids that an entry is not
judged against, where one editor merges and another splits. Two days of a war in twelve happenings told by eight
outlets; a president, a chancellor and a world cup that all the news of the day names; a cup's eight matches,
results of companies with their transcripts, courts, polls, quakes, police reports, horoscopes, prices of the day,
launches, podcasts and letters under a standing deck; eleven languages.

`data/pairs.tsv`: pairs of items that must stay apart or come together, each in a store of its own.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from aggregator import evaluate
from aggregator.evaluate import Pair
from aggregator.measure import Gold, Score, figures, score, tallies, total

DATA = Path(__file__).parent / "data"
ROOT = DATA.parent.parent
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
    assert text.recall >= 0.94 and text.wrong == 0, text


def test_a_saga_stays_many_events(days: tuple[Score, Score]) -> None:
    _, event = days
    assert event.b3_f1 >= 0.885 and event.b3_precision >= 0.90, event
    assert event.f1 >= 0.70 and event.precision >= 0.705, event
    assert event.apart >= 0.72, event
    assert event.largest <= 9, event  # the largest in gold has 7 items


def test_pairs_are_apart_or_together_as_wanted(pairs: list[Pair]) -> None:
    wrong = [f"{pair.kind} ({pair.language}): {', '.join(pair.wrong)}: {' / '.join(pair.titles)}"
             for pair in pairs if pair.wrong]  # fmt: skip
    assert len(pairs) - len(wrong) >= 88, "\n".join(wrong)


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
    assert max(sizes.values()) <= 8 and len(rows) >= 460


def test_pairs_hold_every_kind_in_many_languages(pairs: list[Pair]) -> None:
    assert len(pairs) >= 85 and len({pair.language for pair in pairs}) >= 18
    assert {
        "negation",
        "roles swapped",
        "one name replaced",
        "opposite word",
        "numbers",
        "standing deck",
        "template",
        "short suffix",
        "light edit",
        "kicker",
        "rising toll",
        "typography",
    } <= {pair.kind for pair in pairs}


@pytest.mark.parametrize(
    ("name", "gold", "gray", "found", "expected"),
    [
        ("all right", "aab", [], "xxy", (1.0, 1.0, 0, 0, 1.0, 2)),
        ("one event torn", "aaa", [], "xxy", (1.0, 5 / 9, 0, 2, 1.0, 2)),
        ("a single drawn in", "aab", [], "xxx", (5 / 9, 1.0, 2, 0, 0.0, 3)),
        ("where it is gray, that is no mistake", "aab", [(0, 2), (1, 2)], "xxx", (1.0, 1.0, 0, 0, 1.0, 3)),
        ("nor is it to leave out what is gray", "aaa", [(0, 2), (1, 2)], "xxy", (1.0, 1.0, 0, 0, 1.0, 2)),
    ],
)
def test_figures(
    name: str,
    gold: str,
    gray: list[tuple[int, int]],
    found: str,
    expected: tuple[float, float, int, int, float, int],
) -> None:
    records = {
        str(item): {"event": event, "gray": [str(b) for a, b in gray if a == item]}
        for item, event in enumerate(gold)
    }
    said = evaluate.gold(records, "event")
    got = score("event", said.groups, {str(item): group for item, group in enumerate(found)}, said.gray)
    assert (got.b3_precision, got.b3_recall) == pytest.approx(expected[:2]), name
    assert (got.wrong, got.missed, got.apart, got.largest) == expected[2:], name


def test_a_stream_among_singles_is_scored_by_its_stories() -> None:
    """B³ leaves the singles out; they are apart as far as nothing judged is with them."""
    gold = Gold(
        dict(zip("123456", ("a", "a", "x1", "x2", "x3", "x4"), strict=True)), {"3": {"4"}, "4": {"3"}}, True
    )
    got = figures("event", total(tallies(gold, dict(zip("123456", "pppqqr", strict=True))).values()))
    assert got.items == 2 and got.b3_precision == pytest.approx(2 / 3) and got.b3_recall == 1.0
    assert got.wrong == 3 and got.apart == pytest.approx((1 / 3 + 1 / 2 + 1 / 2 + 1) / 4)


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "scripts/bench_sameness.py", "--jobs", "1", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_bench_gives_the_figures_of_eval_and_compares_settings(
    days: tuple[Score, Score], tmp_path: Path
) -> None:
    worst = tmp_path / "worst.md"
    done = bench("--only", "our own days", "--against", "fold.BATCH=100", "--worst", str(worst))
    assert done.returncode == 0, done.stderr
    for one in days:
        line = next(line for line in done.stdout.splitlines() if line.startswith(one.level))
        shares = (one.b3_precision, one.b3_recall, one.b3_f1, one.precision, one.recall, one.f1)
        shown = [*(f"{share:.3f}" for share in shares), str(one.wrong), str(one.missed), f"{one.apart:.3f}"]
        assert line.split("days")[1].split()[: len(shown)] == shown, line
    assert "against: fold.BATCH = 100" in done.stdout
    assert "## Missed, event" in worst.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("fold.NO_SUCH=1", "has no NO_SUCH"),
        ("nowhere.A=1", "no module aggregator.nowhere"),
        ("fold.BATCH=many", "is no value"),
        ("fold.BATCH", "expected MODULE.NAME=VALUE"),
        ("fold.BATCH='x'", "of another type"),
    ],
)
def test_bench_says_what_is_wrong_with_a_setting(
    given: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    settings = importlib.import_module("sameness.settings")
    with pytest.raises(SystemExit, match=told):
        settings.parsed(given)


def test_bench_knows_the_constants_of_a_package_and_who_imports_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    settings = importlib.import_module("sameness.settings")
    names = [name for name, _ in settings.variants("fold")]
    assert any(name.startswith("fold.BATCH 2000 → 1000") for name in names)
    assert any(name.startswith("fold.cache.") for name in names)
    users = settings.users("aggregator.fold.cache", "POSTINGS")
    assert ("aggregator.fold.batch", "POSTINGS") in [(module.__name__, alias) for module, alias in users]
