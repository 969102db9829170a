"""What was published is known to stand in the output folder without a look at each of its files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from aggregator.cycle import asleft, publisher
from aggregator.errors import Stopped
from aggregator.publish import MANIFEST, Folder, as_left
from aggregator.stop import Stop
from aggregator.store import open_writer, rows
from tests.helpers import NOW, config, entry, put

SOURCES = '[[sources]]\nid = "a"\nurl = "https://a.example/feed"\n'


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any folder is a large one."""
    monkeypatch.setattr(asleft, "MANY", 1)


def cut(file: Path) -> None:
    """In place: its folder does not change."""
    with file.open("r+b") as opened:
        opened.truncate(10)


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    ("name", "happens", "later", "is_as_left", "missing"),
    [
        ("nothing", lambda folder: None, 0, True, set()),
        ("nothing, for nearly an hour", lambda folder: None, 3599, True, set()),
        ("nothing, for an hour", lambda folder: None, 3600, False, set()),
        ("the clock went back", lambda folder: None, -1, False, set()),
        ("a feed went", lambda folder: (folder / "all.rss").unlink(), 1, False, {"all.rss"}),
        ("a folder went", lambda folder: shutil.rmtree(folder / "stories"), 1, False, set()),
        ("a file of somebody came", lambda folder: (folder / "mine.txt").write_text("mine"), 1, False, set()),
        ("the manifest was written to", lambda folder: (folder / MANIFEST).write_text("{}"), 1, False, set()),
        ("a feed was cut in place", lambda folder: cut(folder / "all.rss"), 3599, True, set()),
        (
            "a feed was cut in place long ago",
            lambda folder: cut(folder / "all.rss"),
            3600,
            False,
            {"all.rss"},
        ),
    ],
)
def test_the_folder_is_as_it_was_left(
    tmp_path: Path,
    name: str,
    happens: Callable[[Path], object],
    later: int,
    is_as_left: bool,
    missing: set[str],
) -> None:
    settings = config(tmp_path, SOURCES)
    with open_writer(settings.database) as store:
        put(store, entry("a", "1", "Ferry", "It is late.", NOW))
        written = publisher.publish_changed(settings, store, NOW).written
        happens(settings.output)
        there = asleft.files(settings, store, NOW + later)
        assert there == (len(written) if is_as_left else 0), name
        seen = asleft.look(settings, store, Folder(settings.output), NOW + later)
        assert seen == asleft.Look(frozenset(missing), NOW if is_as_left else NOW + later, is_as_left), name


@pytest.mark.usefixtures("many")
def test_what_was_looked_at_is_noted_again_where_nothing_is_to_be_published(tmp_path: Path) -> None:
    settings = config(tmp_path, SOURCES)
    with open_writer(settings.database) as store:
        put(store, entry("a", "1", "Ferry", "It is late.", NOW))
        publisher.publish_changed(settings, store, NOW)
        (settings.output / "all.rss").unlink()
        assert publisher.publish_changed(settings, store, NOW + 1).written == ("all.rss",)
        assert asleft.files(settings, store, NOW + 1)
        assert not asleft.files(settings, store, NOW + 1 + asleft.LOOK_EVERY)
        publisher.publish_changed(settings, store, NOW + 3601)
        assert asleft.files(settings, store, NOW + 3601)


@pytest.mark.parametrize(("count", "there"), [(1_999, 0), (2_000, 2_000)])
def test_MANY_fewer_files_are_looked_at_each_time(tmp_path: Path, count: int, there: int) -> None:
    settings = config(tmp_path, SOURCES)
    with open_writer(settings.database) as store:
        put(store, entry("a", "1", "Ferry", "It is late.", NOW))
        publisher.publish_changed(settings, store, NOW)
        store.set_meta("folder as left", rows.dump([NOW, as_left(settings.output), count]))
        assert asleft.files(settings, store, NOW) == there


def test_a_feed_that_was_cut_in_place_is_made_again(tmp_path: Path) -> None:
    settings = config(tmp_path, SOURCES)
    with open_writer(settings.database) as store:
        put(store, entry("a", "1", "Ferry", "It is late.", NOW))
        publisher.publish_changed(settings, store, NOW)
        cut(settings.output / "all.rss")
        assert publisher.publish_changed(settings, store, NOW + 1).written == ("all.rss",)


def test_a_store_that_knows_of_no_folder_has_it_looked_at(tmp_path: Path) -> None:
    settings = config(tmp_path, SOURCES)
    with open_writer(settings.database) as store:
        assert asleft.files(settings, store, NOW) == 0
        assert asleft.look(settings, store, Folder(settings.output), NOW) == asleft.Look(
            frozenset(), NOW, is_as_left=False
        )


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("is_killed", [False, True])
def test_what_a_stopped_publication_left_goes_with_the_next(tmp_path: Path, is_killed: bool) -> None:
    """Files of a topic that left the config, though the look of that is noted already; temporary files."""
    topic = '[[topics]]\nid = "ferries"\nmatch = "ferry"\n'
    settings = config(tmp_path, SOURCES + topic)
    with open_writer(settings.database) as store:
        put(store, entry("a", "1", "Ferry", "It is late.", NOW))
        publisher.publish_changed(settings, store, NOW)
        without = config(tmp_path, SOURCES)
        stop = Stop()
        stop.set()
        with pytest.raises(Stopped):
            publisher.publish_changed(without, store, NOW + 1, stop)
        left = settings.output / ".aggregator-0123456789abcdef.tmp"
        if is_killed:
            left.write_text("half")
        assert (settings.output / "ferries.rss").exists()
        publisher.publish_changed(without, store, NOW + 2)
        assert not left.exists() and not (settings.output / "ferries.rss").exists()
