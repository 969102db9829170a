"""Searches: the newest first, however many match and in whatever order they came."""

from __future__ import annotations

import random
from itertools import islice
from pathlib import Path

import pytest

from aggregator import fold
from aggregator.store import archives, labels, lookup, open_writer, rows, stories
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


@pytest.mark.parametrize("most", [1, 2, 3, 5, 20])
def test_what_comes_in_one_second_is_in_the_order_of_ids_page_by_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Indexes know the dates alone."""
    for name, value in (("FEW", 1), ("_FIRST", most), ("_MOST", most)):
        monkeypatch.setattr(lookup, name, value)
    named = [(f"tag:x.example,2026:{number * 7 % 11}", NOW - 3600 * (number // 4)) for number in range(11)]
    with open_writer(tmp_path / "a.db") as store:
        put(store, *[entry("a", name, f"Ferry {name}", at=at) for name, at in named])
        fold.fold(store, fold.Windows(), {})
        labels.label(store, lambda story: [("sea", story.lead, "ferry")])
        expected = sorted(((at, name) for name, at in named), reverse=True)
        found = [
            (one.published, one.public_id) for one, _ in lookup.entries(store, "ferry", newest_first=True)
        ]
        assert found == expected
        for topic in (None, "sea"):
            told: list[tuple[int, str]] = []
            while page := stories.newest(store, topic, most, told[-1] if told else None):
                told += [(one.published, one.public_id) for one in page]
            assert told == expected, topic
            for by_entry in (False, True):
                kept = archives.left_behind(store, topic, topic or "all", NOW - 3600, by_entry, most)
                archived = [(one.published, one.public_id) for page in kept for one in page]
                assert archived == sorted(one for one in expected if one[0] <= NOW - 3600), (topic, by_entry)


def test_an_archive_tells_ids_of_one_hash_apart(tmp_path: Path) -> None:
    one, other = "https://x.example/59085", "https://x.example/59262"
    assert rows.id_hash(one) == rows.id_hash(other)
    with open_writer(tmp_path / "t.db") as store:
        put(
            store,
            entry("a", one, "Ferry sinks", at=NOW - 7200),
            entry("a", other, "Łódź elects", at=NOW - 7200),
        )
        fold.fold(store, fold.Windows(), {})
        archives.archive(store, "all", {one: 1})
        archives.archive(store, "sea", {one: 0, other: 1})
        assert archives.archived(store, "all", [one, other]) == {one}
        assert archives.archived(store, "sea", [one, other], least=1) == {other}
        for by_entry in (True, False):
            (left,) = archives.left_behind(store, None, "all", NOW - 3600, by_entry, 9)
            assert [story.public_id for story in left] == [other]
        archives.archive(store, "all", {one: 2, other: 2})
        assert archives.in_archive(store, "all", 1) == (one,) and archives.in_archive(store, "all", 2) == (
            other,
        )


def test_what_is_told_again_is_nowhere_within_another_item(tmp_path: Path) -> None:
    with open_writer(tmp_path / "t.db") as store:
        archives.archive(store, "all", {"a": 1, "b": 2})
        archives.archive(store, "sea", {"a": 0, "b": 0, "c": 3})
        store.set_meta(archives.unprinted("all"), "")
        for name in ("a", "b"):
            with store.transaction() as writer:
                archives.is_told_again(writer, name)
        assert archives.archived(store, "sea", "abc") == {"c"} and archives.archived(store, "all", "ab") == {
            *"ab"
        }
        assert store.meta(archives.unprinted("all")) == "2", "the document that still grows, as it holds `b`"
        assert store.meta(archives.unprinted("sea")) is None
