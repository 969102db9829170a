"""Fuzzing in short form; our own labelled set."""

from __future__ import annotations

from pathlib import Path

from aggregator import check, cycle, evaluate
from aggregator.cycle import Wanted
from aggregator.store import open_writer
from tests import fuzz
from tests.helpers import NOW, config

SEEDS = Path(__file__).parent.parent / "aggregator" / "seeds" / "*.txt"
LABELLED = Path(__file__).parent / "data" / "sameness.jsonl"


def test_mutated_feeds_never_break_what_is_published(tmp_path: Path) -> None:
    assert fuzz.rounds(120, 3, tmp_path) == []


def test_the_levels_hold_on_our_own_labelled_set() -> None:
    text, event = evaluate.labelled(LABELLED)
    assert text.precision >= 0.98 and text.recall >= 0.9, text
    assert event.precision >= 0.9 and event.b3_f1 >= 0.85, event


def test_the_published_seeds_pass_our_own_checks(tmp_path: Path) -> None:
    settings = config(tmp_path, f'[[sources]]\nid = "seeds"\npath = "{SEEDS}"\n')
    with open_writer(settings.database) as store:
        cycle.run(settings, store, Wanted(), NOW)
    assert list(check.folder(settings.output)) == []
