"""Clocks that jump, databases that break, disks and links: what happens once in years (R8, R13, C6)."""

from __future__ import annotations

import json
import os
import random
import resource
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

from aggregator import cycle
from aggregator.cli import group
from aggregator.cycle import Wanted
from aggregator.cycle.due import LOCAL_EVERY
from aggregator.errors import StoreError
from aggregator.store import base, open_reader, open_writer, sources, trouble, upkeep
from tests.helpers import NOW, config, entry, put

JUMP = 3 * 86_400

DAY = 86_400
YEAR = 365 * DAY
SOURCES = '[[sources]]\nid = "a"\npath = "none.txt"\n[retention]\nentries = "90d"\n'


def titles(folder: Path) -> list[str]:
    return [one["title"] for one in json.loads((folder / "var/public/all.json").read_text())["items"]]


def test_R13_a_clock_that_jumps_ahead_takes_nothing_away_and_dates_nothing_for_good(tmp_path: Path) -> None:
    settings = config(tmp_path, SOURCES)
    with open_writer(settings.database) as store:
        put(store, entry("a", "1", "Left its feed", at=NOW - DAY), entry("a", "2", "Stays", at=NOW - DAY))
        cycle.run(settings, store, None, NOW)
        put(
            store,
            entry("a", "2", "Stays", at=NOW - DAY),
            entry("a", "3", "From the future", published=None),
            at=NOW + YEAR,
        )
        cycle.run(settings, store, None, NOW + YEAR)
        assert sorted(titles(tmp_path)) == ["From the future", "Left its feed", "Stays"], "nothing is pruned"
        put(store, entry("a", "4", "Newest", at=NOW + 3600), at=NOW + 3700)
        cycle.run(settings, store, None, NOW + 4000)
        assert titles(tmp_path)[0] in ("Newest", "From the future")
        newest = store.one("SELECT max(published), max(first_seen), max(changed) FROM entry")
        assert max(newest) <= NOW + 4000
        assert store.value("SELECT max(published) FROM story") <= NOW + 4000
        feed = json.loads((settings.output / "all.json").read_text())
        assert all(one["date_published"] < "2027" for one in feed["items"])


@pytest.mark.parametrize(
    ("later", "wanted"),
    [(0, False), (LOCAL_EVERY - 1, False), (LOCAL_EVERY, True), (-LOCAL_EVERY, True), (-YEAR, True)],
)
def test_R13_local_files_are_looked_at_though_the_clock_was_ahead(
    tmp_path: Path, later: int, wanted: bool
) -> None:
    settings = config(tmp_path, SOURCES)
    with open_writer(settings.database) as store:
        cycle.run(settings, store, Wanted(), NOW)
        polled = sources.memories(store)["a"].polled
        assert polled is not None and cycle.anything_due(settings, store, polled + later) is wanted


def test_R13_what_was_edited_while_the_clock_was_ahead_is_from_now_too(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("A story of old\n")
    settings = config(tmp_path, '[[sources]]\nid = "a"\npath = "one.txt"\n')
    with open_writer(settings.database) as store:
        put(store, entry("b", "1", "As it was told first"), at=NOW)
        cycle.run(settings, store, None, NOW)
        put(store, entry("b", "1", "As it was told first, and more"), at=NOW + YEAR)
        cycle.run(settings, store, None, NOW + YEAR)
        assert "2027" in (settings.output / "all.atom").read_text()
        cycle.run(settings, store, None, NOW + 600)
        for table, columns in (("entry", "changed"), ("story", "changed"), ("event", "changed"),
                               ("source", "state_since, last_new")):  # fmt: skip
            assert all(
                at <= NOW + 600 for row in store.rows(f"SELECT {columns} FROM {table}") for at in row if at
            ), table
    assert "2027" not in (settings.output / "all.atom").read_text()


@pytest.mark.parametrize(
    ("later", "pruned"),
    [
        ((JUMP + 120 * DAY,), False),
        ((JUMP + 120 * DAY, DAY), True),
        (tuple([3 * DAY] * 35), True),
    ],
)
def test_R13_after_a_long_rest_retention_applies_a_day_later(
    tmp_path: Path, later: tuple[int, ...], pruned: bool
) -> None:
    settings, present = config(tmp_path, SOURCES), NOW
    with open_writer(settings.database) as store:
        put(store, entry("a", "1", "Old"), at=NOW)
        put(store, entry("a", "2", "Stays"), at=NOW)
        cycle.run(settings, store, None, NOW)
        for step in later:
            present += step
            cycle.run(settings, store, None, present)
    assert ("Old" not in titles(tmp_path)) == pruned


def test_what_a_removed_source_told_last_goes_by_its_age(tmp_path: Path) -> None:
    with open_writer(tmp_path / "a.db") as store:
        put(store, entry("a", "1", "Of a source that left"), entry("b", "2", "Of one that is there"))
        assert upkeep.prune(store, NOW + 1, {"b"}) == 1
        assert store.rows("SELECT title FROM entry") == [("Of one that is there",)]


def damaged(path: Path) -> None:
    """Some pages in the middle are zeros, as after a disk error; none of the schema, which is noticed otherwise."""
    with sqlite3.connect(path) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = conn.execute("PRAGMA page_size").fetchone()[0]
    conn.close()
    data = bytearray(path.read_bytes())
    pages = len(data) // size
    for page in range(pages // 2, pages, 3):
        if b"CREATE T" not in data[page * size : (page + 1) * size]:
            data[page * size : (page + 1) * size] = bytes(size)
    path.write_bytes(data)


def test_R8_damage_is_noticed_once_a_day_named_by_every_command_and_mended_by_a_backup(
    tmp_path: Path,
) -> None:
    settings = config(tmp_path, SOURCES)
    with open_writer(settings.database) as store:
        put(store, *(entry("a", str(n), f"Word{n} and more", "text " * 200) for n in range(60)))
        cycle.run(settings, store, None, NOW)
        upkeep.backup(store, tmp_path / "copy.db")
    before = {path.name: path.read_bytes() for path in settings.output.iterdir() if path.is_file()}
    damaged(settings.database)
    with pytest.raises(StoreError, match="is damaged"), open_writer(settings.database) as store:
        cycle.run(settings, store, None, NOW + DAY)
    path = str(tmp_path / "config.toml")
    for command in (["status"], ["search", "word1"], ["dump"], ["run"], ["why", "1"]):
        done = CliRunner().invoke(group, ["--config", path, *command], standalone_mode=False)
        assert isinstance(done.exception, StoreError), command
        assert len(str(done.exception).splitlines()) == 1 and "aggregator restore FILE" in str(done.exception)
    assert {path.name: path.read_bytes() for path in settings.output.iterdir() if path.is_file()} == before
    upkeep.restore(settings.database, tmp_path / "copy.db")
    with open_writer(settings.database) as store:
        assert store.row("SELECT count(*) FROM entry") == (60,)


@pytest.mark.parametrize("page", range(2, 40, 3))
def test_R8_R9_a_backup_of_a_damaged_database_is_refused_and_so_is_the_next_cycle(
    tmp_path: Path, page: int
) -> None:
    """Whatever the page holds: damage that the check lists, and damage that ends the check."""
    settings = config(tmp_path, SOURCES)
    with open_writer(settings.database) as store:
        put(store, *(entry("a", str(n), f"Word{n} and more", "text " * 200) for n in range(9)))
        store.set_meta("pruned", str(NOW))
        size = store.value("PRAGMA page_size")
    with settings.database.open("r+b") as file:
        assert settings.database.stat().st_size > page * size
        file.seek(page * size)
        file.write(random.Random(page).randbytes(size))
    try:
        with open_reader(settings.database) as reader:
            upkeep.backup(reader, tmp_path / "copy.db")
    except StoreError as error:
        assert "is damaged" in str(error) and "aggregator restore FILE" in str(error)
    else:
        raise AssertionError("a copy of a damaged database")
    assert not (tmp_path / "copy.db").exists()
    with pytest.raises(StoreError, match="is damaged"), open_writer(settings.database) as store:
        cycle.run(settings, store, None, NOW)


def test_a_good_database_is_left_alone_by_the_check(tmp_path: Path) -> None:
    with open_writer(tmp_path / "a.db") as store:
        upkeep.look_for_damage(store)
    assert not trouble.damage_mark(tmp_path / "a.db").exists()


def test_a_link_that_leads_nowhere_is_no_new_database(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.symlink_to(tmp_path / "volume" / "a.db")
    with pytest.raises(StoreError, match=r"is a link to .*not mounted"):
        open_writer(path)
    assert path.is_symlink()

    with pytest.raises(StoreError, match="not mounted"):
        open_reader(path)
    with open_writer(tmp_path / "b.db") as store, pytest.raises(StoreError, match="not mounted"):
        upkeep.backup(store, tmp_path / "copy.db")
        upkeep.restore(path, tmp_path / "copy.db")
    assert path.is_symlink()


def test_what_is_restored_in_the_place_of_a_link_is_on_its_volume(tmp_path: Path) -> None:
    volume, path = tmp_path / "volume", tmp_path / "a.db"
    volume.mkdir()
    with open_writer(volume / "a.db") as store:
        upkeep.backup(store, tmp_path / "copy.db")
    path.symlink_to(volume / "a.db")
    assert upkeep.restore(path, tmp_path / "copy.db") == volume / "a.db.replaced-1"
    assert path.is_symlink() and path.is_file()


@pytest.mark.parametrize(
    ("kind", "words"),
    [("link", "is a link to"), ("pipe", "is not a file"), ("folder", "is not a file"), ("empty", "is empty")],
)
def test_R8_doctor_tells_what_is_no_database(tmp_path: Path, kind: str, words: str) -> None:
    settings = config(tmp_path, SOURCES)
    path = settings.database
    path.parent.mkdir(exist_ok=True)
    if kind == "link":
        path.symlink_to(tmp_path / "volume" / "a.db")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.touch()
    done = CliRunner().invoke(
        group, ["--config", str(tmp_path / "config.toml"), "doctor", "--json"], standalone_mode=False
    )
    (found,) = [one for one in json.loads(done.output) if one["what"] == "database"]
    assert done.return_value == 1 and not found["ok"]
    assert words in found["detail"]


def test_R7_a_full_disk_keeps_nobody_from_looking(tmp_path: Path) -> None:
    """SQLite wants 32 kB beside a database for its readers too."""
    with open_writer(tmp_path / "a.db") as store:
        put(store, entry("a", "1", "One"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    try:
        with open_reader(tmp_path / "a.db") as reader:
            assert reader.value("SELECT title FROM entry") == "One"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_copy_with_a_log_beside_it_is_restored_whole(tmp_path: Path) -> None:
    source = tmp_path / "live.db"
    with open_writer(source) as store:
        put(store, entry("a", "1", "One"))
        store.row("PRAGMA wal_checkpoint(TRUNCATE)")
        put(store, entry("a", "1", "One"), entry("a", "2", "Two"))
        assert Path(f"{source}-wal").stat().st_size > 0
        upkeep.restore(tmp_path / "new.db", source)
    with open_writer(tmp_path / "new.db") as store:
        assert store.row("SELECT count(*) FROM entry") == (2,)


@pytest.mark.parametrize(("large", "emptied"), [(1, True), (base.LARGE_LOG, False)])
def test_a_log_that_grew_large_is_emptied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: int, emptied: bool
) -> None:
    monkeypatch.setattr(base, "LARGE_LOG", large)
    with open_writer(tmp_path / "a.db") as store:
        put(store, entry("a", "1", "One"))
        store.tidy()
        assert (Path(f"{store.path}-wal").stat().st_size == 0) == emptied


def test_R8_the_daily_check_comes_before_anything_is_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = config(tmp_path, SOURCES)
    with open_writer(settings.database) as store:
        put(store, *(entry("a", str(n), f"Word{n} and more", "text " * 200) for n in range(60)))
        cycle.run(settings, store, None, NOW)
    damaged(settings.database)
    polled: list[object] = []
    monkeypatch.setattr("aggregator.cycle.stages.collect", lambda *given: polled.append(given))
    with pytest.raises(StoreError, match="is damaged"), open_writer(settings.database) as store:
        cycle.run(settings, store, cycle.Wanted(), NOW + DAY)
    assert not polled


def test_R8_a_copy_of_a_damaged_database_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with open_writer(path) as store:
        put(store, *(entry("a", str(n), f"Word{n} and more", "text " * 200) for n in range(60)))
    damaged(path)
    with pytest.raises(StoreError, match=r"is damaged.*aggregator restore FILE"), open_reader(path) as store:
        upkeep.backup(store, tmp_path / "copy.db")
    assert [one.name for one in tmp_path.iterdir() if "copy" in one.name] == []
    assert trouble.damage_mark(path).exists()


@pytest.mark.parametrize("leftover", [".b.db.part", ".b.db.part-journal", ".b.db.part-wal"])
def test_what_a_killed_copy_left_is_in_nobodys_way(tmp_path: Path, leftover: str) -> None:
    with open_writer(tmp_path / "a.db") as store:
        put(store, entry("a", "1", "One"))
        (tmp_path / leftover).write_bytes(b"half")
        upkeep.backup(store, tmp_path / "b.db")
    assert not (tmp_path / leftover).exists()
    (tmp_path / leftover).write_bytes(b"half")
    upkeep.restore(tmp_path / "b.db", tmp_path / "a.db")
    assert not (tmp_path / leftover).exists()


@pytest.mark.parametrize(
    ("code", "text", "words"),
    [
        (sqlite3.SQLITE_CORRUPT, "database disk image is malformed", "restore a backup"),
        (sqlite3.SQLITE_NOTADB, "file is not a database", "restore a backup"),
        (sqlite3.SQLITE_ERROR, "vtable constructor failed: entry_fts", "restore a backup"),
        (sqlite3.SQLITE_FULL, "database or disk is full", "free some space"),
        (sqlite3.SQLITE_READONLY, "attempt to write a readonly database", "mend the permissions"),
        (sqlite3.SQLITE_CANTOPEN, "unable to open database file", "mend the permissions"),
        (sqlite3.SQLITE_IOERR | 3 << 8, "disk I/O error", "ulimit -f"),
        (sqlite3.SQLITE_BUSY, "database is locked", "close that and run again"),
        (sqlite3.SQLITE_ERROR, "no such table: x", "no such table: x"),
    ],
)
def test_what_sqlite_says_has_a_cause_and_a_way_out(code: int, text: str, words: str) -> None:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    said = trouble.in_words(Path("a.db"), error)
    assert said.startswith("a.db: ") and words in said and text in said.replace("the disk is full", text)
    assert trouble.is_damage(error) == ("backup" in words)
