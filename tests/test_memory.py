"""What a stage holds at a time does not grow with what came in: objects that live are counted, no seconds and
no megabytes.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence
from pathlib import Path

import pytest

from aggregator import edition, fold, heap, render
from aggregator.cluster import Point
from aggregator.config import Config
from aggregator.cycle import archives, publisher
from aggregator.cycle.labels import label
from aggregator.dedupe import Fingerprint, fingerprints
from aggregator.fold import cache
from aggregator.fold.points import Points
from aggregator.model import Edition, Entry, Site, Story
from aggregator.store import Reader, members, open_writer, stories
from tests.helpers import NOW, config, entry, put

DAY = 86_400
SOURCE = '[[sources]]\nid = "a"\nurl = "https://a.example/feed"\n'


class Counted(bytes):
    """A file, as long as somebody holds it."""

    living = most = 0

    @classmethod
    def of(cls, data: bytes) -> Counted:
        made = cls(data)
        cls.living += 1
        cls.most = max(cls.most, cls.living)
        return made

    def __del__(self) -> None:
        Counted.living -= 1


@pytest.mark.parametrize(
    ("name", "held", "most"),
    [("each as it is made", 0, 2), ("together up to a bound", publisher.HELD, 10)],
)
def test_documents_of_an_archive_are_written_as_they_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, held: int, most: int
) -> None:
    archive = render.archive

    def counted(made: Edition, site: Site, number: int, complete: bool) -> dict[str, bytes]:
        return {name: Counted.of(data) for name, data in archive(made, site, number, complete).items()}

    monkeypatch.setattr(render, "archive", counted)
    monkeypatch.setattr(publisher, "HELD", held)
    monkeypatch.setattr(edition, "ARCHIVE_SIZE", 10)
    monkeypatch.setattr(Counted, "most", 0)
    settings = config(tmp_path, SOURCE + "[publish]\nlimit = 1")
    told = [entry("a", f"{n}", f"Ferry {n} leaves", f"Pilot {n}.", NOW - n * DAY) for n in range(101)]
    with open_writer(settings.database) as store:
        put(store, *told)
        fold.fold(store, fold.Windows(), {})
        label(settings, store)
        written = publisher.publish_changed(settings, store, NOW).written
    gc.collect()
    assert sum(name.startswith("archive/") for name in written) == 10
    assert Counted.living == 0 and Counted.most == most


def archived_with(settings: Config, *told: list[Entry]) -> dict[str, bytes]:
    """Documents, after a cycle for each of these."""
    with open_writer(settings.database) as store:
        for some in told:
            put(store, *some)
            fold.fold(store, fold.Windows(), {})
            label(settings, store)
            publisher.publish_changed(settings, store, NOW)
    return {path.name: path.read_bytes() for path in (settings.output / "archive").iterdir()}


@pytest.mark.parametrize(
    ("name", "publish", "once", "again"),
    [
        ("each by its date: only what the newest one held is loaded", "", 1, 7),
        ("by how many tell it, which others may change", 'sort = "sources"', 7, 7),
    ],
)
def test_what_is_put_away_is_composed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, publish: str, once: int, again: int
) -> None:
    """And stands in the documents as if it had been loaded for them."""
    loads: list[Sequence[str]] = []
    by_public_id = stories.by_public_id

    def counted(store: Reader, ids: Sequence[str]) -> tuple[Story, ...]:
        loads.extend([ids] if ids else [])
        return by_public_id(store, ids)

    monkeypatch.setattr(stories, "by_public_id", counted)
    monkeypatch.setattr(edition, "ARCHIVE_SIZE", 4)
    told = [entry("a", f"{n}", f"Ferry {n} leaves", f"Pilot {n}.", NOW - n * DAY) for n in range(20)]
    folders = tmp_path / "kept", tmp_path / "loaded"
    for folder in folders:
        folder.mkdir()
    kept, loaded = (config(folder, f"{SOURCE}[publish]\nlimit = 1\n{publish}") for folder in folders)
    made = archived_with(kept, told[10:], told[:10])
    assert len(loads) == once
    monkeypatch.setattr(archives.Archives, "_keep", lambda *_: None)
    assert made == archived_with(loaded, told[10:], told[:10]) and len(loads) == once + again


def test_shingles_are_held_of_few_texts() -> None:
    many = fingerprints.COMPARED + 50
    made = [fingerprints.fingerprint("", f"Ferry {n} leaves {n + 1} harbours") for n in range(many)]
    held = [weakref.ref(one.held) for one in made]
    gc.collect()
    assert sum(one() is not None for one in held) == fingerprints.COMPARED
    assert made[0].held == made[0].held != made[1].held, "those that went are made again"


def test_a_word_is_held_once_whoever_says_it(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = (fingerprints.fingerprint("The ferry leaves", f"Pilot {n} was ill.") for n in "12")
    assert all(one is other for one, other in zip(a.title, b.title, strict=True))
    assert [one is other for one, other in zip(a.body, b.body, strict=True)] == [True, False, True, True]
    monkeypatch.setattr(fingerprints, "DISTINCT", 0)
    c, d = (fingerprints.fingerprint("The ferry leaves", "") for _ in "34")
    assert c.title == d.title == a.title and c.title[0] is not d.title[0], "never more than so many"


def living(kind: type) -> int:
    gc.collect()
    return sum(type(one) is kind for one in gc.get_objects())


def test_points_that_nobody_asks_for_rest(tmp_path: Path) -> None:
    """And are the same to the last bit when they are asked for again."""
    before = living(Point)
    vectors = {story: {"ferry": 1 / story, "pilot": 2 / 3} for story in range(1, 101)}
    known = Points(10, 100)
    known.update((story, Point(story, NOW + story, "a", vector)) for story, vector in vectors.items())
    known.bound()
    assert living(Point) == before
    assert known.wake([7, 90, 101]) == [101], "the others are known"
    assert dict(known) == {story: Point(story, NOW + story, "a", vectors[story]) for story in (7, 90)}
    known[101] = Point(101, NOW, "b", {})
    known.bound()
    assert known.wake(range(102)) == [*range(52)], "more than a hundred: half as many are left, the newest"
    known.clear()
    assert known.wake([100]) == [100] and not known


@pytest.mark.parametrize(
    ("name", "stories", "words", "left"),
    [
        ("usual", 100, 64, 100),
        ("one more", 101, 64, 50),
        ("a word more", 100, 65, 49),
        ("few of long ones", 20, 640, 5),
    ],
)
def test_of_long_stories_fewer_points_are_held(name: str, stories: int, words: int, left: int) -> None:
    known = Points(10, 100)
    vector = {f"word{number}": 0.1 for number in range(words)}
    known.update((story, Point(story, NOW, "a", dict(vector))) for story in range(stories))
    known.bound()
    gone = known.wake(range(stories))
    assert stories - len(gone) == left and gone == [*range(stories - left)], "the newest are left"


@pytest.mark.parametrize(
    ("name", "texts", "left"),
    [
        ("as many characters as are kept", [3, 3, 4], 3),
        ("one more", [3, 3, 5], 1),
        ("many stories", [0] * 9, 4),
    ],
)
def test_of_long_texts_fewer_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, texts: list[int], left: int
) -> None:
    monkeypatch.setattr(cache, "CACHE", 8)
    monkeypatch.setattr(cache, "CHARACTERS", 10)
    with open_writer(config(tmp_path, SOURCE).database) as store:
        put(store, *[entry("a", f"{n}", f"Ferry {n}", "x" * length) for n, length in enumerate(texts)])
        kept = cache.FoldCache(store, {})
        for one in members.entries(store, [*range(1, len(texts) + 1)], 100):
            kept.fingerprints[one.id] = [cache.Known(one, kept.fingerprint(one))]
        kept.bound()
        assert list(kept.fingerprints) == [*range(1, len(texts) + 1)][-left:], "the newest"


@pytest.mark.parametrize(("name", "told", "given_back"), [("a batch", 3, 0), ("more than that", 4, 1)])
def test_what_folding_held_is_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, told: int, given_back: int
) -> None:
    """When it was much, and only after all of it is let go."""
    left: list[int] = []
    monkeypatch.setattr(fold, "BATCH", 3)
    fingerprints.forget()
    before = living(Fingerprint)
    with open_writer(config(tmp_path, SOURCE).database) as store:
        put(store, *[entry("a", f"{n}", f"Ferry {n} leaves", f"Pilot {n} was ill.") for n in range(told)])
        monkeypatch.setattr(heap, "give_back", lambda: left.append(living(Fingerprint) - before))
        assert fold.fold(store, fold.Windows(), {}).stories_new == told
    assert left == [0] * given_back


def test_nothing_that_was_compared_is_held_when_it_is_forgotten() -> None:
    a, b = (fingerprints.fingerprint("", f"Pilot {n} was ill today.") for n in range(2))
    held = [weakref.ref(one.held) for one in (a, b)]
    assert fingerprints.fingerprint("Pilot", "").title[0] is a.body[0]
    fingerprints.forget()
    assert [one() for one in held] == [None, None]
    assert fingerprints.fingerprint("Pilot", "").title[0] is not a.body[0]
