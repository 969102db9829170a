"""`backup`, `restore`, `doctor`, `prune`: looking after the database."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from xml.parsers import expat

import click

from aggregator import __version__, answers
from aggregator.cli.moments import now
from aggregator.cli.output import counted, print_json
from aggregator.cli.settings import Settings, common
from aggregator.config import Config
from aggregator.config.rules import lies_in
from aggregator.errors import AggregatorError, StoreError, UsageError
from aggregator.model import SourceState
from aggregator.store import is_there, open_reader, upkeep
from aggregator.text.phrases import span

# Library, first good version, what is wrong before it.
_NEEDED = (
    ("requests", (2, 32, 4), "leaks .netrc credentials"),
    ("urllib3", (2, 7), "decompresses without a bound"),
    ("feedparser", (6, 0, 11), "fails on Python 3.13"),
    ("nh3", (0, 3), "misses newer payloads"),
    ("apscheduler", (3, 11), "is not maintained"),
    ("sqlite-utils", (4, 2), "lacks the migrations we use"),
    ("feedgen", (1, 0), "writes other elements than we mend"),
)


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@common(json_output=True)
def backup_command(settings: Settings, file: Path) -> None:
    """A consistent, verified copy of the database, also while cycles run."""
    config = settings.load(secrets=False)
    if lies_in(file, config.output):
        raise UsageError(
            f"{file}: lies in the output folder, where everybody could fetch it; choose another place"
        )
    with open_reader(config.database) as store:
        upkeep.backup(store, file)
    if settings.json:
        print_json({"file": str(file), "bytes": file.stat().st_size})
        return
    settings.say(f"{file}: {file.stat().st_size / 1e6:.1f} MB, verified")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@common(json_output=True)
def restore_command(settings: Settings, file: Path) -> None:
    """Put a copy back in the place of the database; the present one is kept beside it."""
    config = settings.load()
    kept = upkeep.restore(config.database, file)
    if settings.json:
        print_json({"database": str(config.database), "from": str(file), "kept": str(kept) if kept else None})
        return
    settings.say(
        f"{config.database}: restored from {file}" + (f"; what was there is now {kept}" if kept else "")
    )


@click.command("prune")
@common(json_output=True)
def prune_command(settings: Settings) -> None:
    """Apply retention now: remove entries that are older than it and no longer in their feeds."""
    from aggregator.cycle import retention
    from aggregator.cycle.publisher import publish_changed, sweep

    config = settings.load()
    with settings.writer(config) as store:
        removed = retention.prune(config, store, now())
        publish_changed(config, store, now())
        sweep(config, store, now())
    if settings.json:
        print_json({"removed": removed})
        return
    settings.say(f"{counted(removed, 'entry')} removed")


@click.command("doctor")
@common(json_output=True)
def doctor_command(settings: Settings) -> int:
    """Versions with known bugs, database integrity, permissions, what is overdue. Exit code 1 where something
    is wrong.
    """
    found = [*_versions(), *_of_config(settings)]
    wrong = int(not all(ok for _, ok, _ in found))
    if settings.json:
        print_json([{"what": what, "ok": ok, "detail": detail} for what, ok, detail in found])
        return wrong
    for what, ok, detail in found:
        click.echo(f"{'ok   ' if ok else 'LOOK '} {what}: {detail}")
    return wrong


Finding = tuple[str, bool, str]  # what was looked at, whether it is good, and what there is to say of it


def _of_config(settings: Settings) -> list[Finding]:
    try:
        config = settings.load(secrets=False)
        return [*_places(config), *_database(config)]
    except AggregatorError as error:
        return [("config", False, str(error))]


def _library(name: str, least: tuple[int, ...], trouble: str) -> Finding:
    """`least`: the first version without the `trouble`."""
    version = metadata.version(name)
    numbers = tuple(int(part) for part in version.split(".")[:3] if part.isdigit())
    if numbers >= least:
        return name, True, version
    return name, False, f"{version} {trouble}; update it to {'.'.join(map(str, least))} or newer"


def _versions() -> Iterator[Finding]:
    yield "aggregator", True, f"{__version__} on Python {platform.python_version()}"
    yield from (_library(*needed) for needed in _NEEDED)
    # The WAL-reset bug needs two connections that write or checkpoint; we have one, so this is information
    # and no alarm (R11).
    note = "" if sqlite3.sqlite_version_info >= (3, 51, 3) else _WAL_RESET
    yield "sqlite", True, sqlite3.sqlite_version + note
    # Slow is no danger: a parser's time is bounded. So this is information too.
    slow = "" if expat.version_info >= (2, 6, 0) else _SLOW_EXPAT
    yield "expat", True, expat.EXPAT_VERSION + slow


_WAL_RESET = (
    "; has the WAL-reset bug (mended in 3.51.3), which one writing process avoids: "
    "don't open the file with a second writer"
)
ROOM = 20_000_000  # bytes that should be free where we write
_SLOW_EXPAT = "; slow on hostile input before 2.6, which costs a poll its time"


def _places(config: Config) -> Iterator[Finding]:
    for what, path in (("output folder", config.output), ("database folder", config.database.parent)):
        place = path
        while not os.path.exists(place):  # nor is what this user may not look for
            place = place.parent
        if not os.access(place, os.W_OK | os.X_OK):
            yield what, False, f"{place} can't be written by this user; mend its permissions"
        elif (free := shutil.disk_usage(place).free) < ROOM:
            yield what, False, f"{path} can be written, but only {free / 1e6:.1f} MB are free there"
        else:
            yield what, True, f"{path} can be written"


def _file(path: Path) -> Finding:
    try:
        if not is_there(path):
            return "database", True, f"{path} is not there yet; the first `aggregator run` makes it"
        if not os.access(path, os.R_OK):
            return "database", False, f"{path} can't be read by this user; mend its permissions"
        open_reader(path).close()  # says what is no database of ours, or of another version
        trouble = upkeep.damage(path)
    except StoreError as error:
        return "database", False, str(error)
    if trouble is not None:
        return "database", False, f"{path}: {trouble}; restore a backup"
    return "database", True, f"{path} is sound"


def _journal(mode: str) -> Finding:
    note = ": correct, and wal after the next cycle, but where the file system has no shared memory"
    return "journal", True, mode if mode == "wal" else mode + note


def _database(config: Config) -> Iterator[Finding]:
    found = _file(config.database)
    yield found
    if not found[1] or not is_there(config.database):
        return
    with open_reader(config.database) as store:
        mode = store.value("PRAGMA journal_mode")
        rows = [row for row in answers.source_rows(config, store, now()) if row.source.enabled]
    yield _journal(mode)
    yield _schedule([row.memory for row in rows if row.memory.polled], config.pace.interval, now())
    yield _failing([row.source.id for row in rows if row.memory.failures >= 3])


def _failing(sources: Sequence[str]) -> Finding:
    if not sources:
        return "sources", True, "none fails repeatedly"
    named = f"{len(sources)} {'fails' if len(sources) == 1 else 'fail'} repeatedly: {', '.join(sources[:10])}"
    return "sources", False, f"{named}; `aggregator status` says why"


def _schedule(polled: Sequence[SourceState], interval: int, present: int) -> Finding:
    late = [present - memory.next_poll for memory in polled]
    overdue = [seconds for seconds in late if seconds > max(3600, interval)]
    if not overdue:
        return "schedule", True, "nothing is overdue"
    are = "is" if len(overdue) == 1 else "are"
    longest = f"{counted(len(overdue), 'source')} {are} overdue, the longest by {span(max(overdue))}"
    return "schedule", False, f"{longest}; is the daemon or cron job running?"
