"""Searches: the newest first, however many match and in whatever order they came."""

from __future__ import annotations

import random
from itertools import islice
from pathlib import Path

import pytest

from aggregator.store import lookup, open_writer
from tests.helpers import NOW, entry, put


@pytest.mark.parametrize("few", [4, 5, 1000])
def test_what_matches_comes_newest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(lookup, "FEW", few)
    monkeypatch.setattr(lookup, "_FIRST", 2)
    monkeypatch.setattr(lookup, "_MOST", 3)
    dates = [NOW - 60 * number for number in range(12)]
    random.Random(3).shuffle(dates)
    stories = [("Ferry" if number % 2 else "Bridge", at) for number, at in enumerate(dates)]
    with open_writer(tmp_path / "a.db") as store:
        put(store, *[entry("a", f"g{at}", f"{word} number {at}", at=at) for word, at in stories[:11]])
        expected = sorted((at for word, at in stories[:11] if word == "Ferry"), reverse=True)
        assert len(expected) == 5, "one more than the fewest that are put in order as a whole"
        found = [one.published for one, _ in lookup.entries(store, "ferry", newest_first=True)]
        assert found == expected
        first = [one.published for one, _ in islice(lookup.entries(store, "ferry", newest_first=True), 2)]
        assert first == expected[:2]
        held_back = expected[0]
        with store.transaction() as writer:
            writer.run("UPDATE entry SET kept = 0 WHERE published = ?", (held_back,))
        found = [one.published for one, _ in lookup.entries(store, "ferry", newest_first=True)]
        assert found == expected[1:], "what is held back is not found"
        assert not list(lookup.entries(store, "tunnel", newest_first=True))
