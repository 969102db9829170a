"""Faults on purpose: the n-th statement, file, fsync or rename of a cycle fails, or is where the process is killed.

A folder is prepared once (`prepare`): a store that one cycle has been over, and sources that say something new
since. `whole` is what comes out of the next cycle where nothing goes wrong; after a fault anywhere in it, and one more
cycle, the same has to come out.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import random
import shutil
import signal
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any, Literal
from unittest import mock

from aggregator import cycle
from aggregator.config import load
from aggregator.cycle import Wanted
from aggregator.cycle.network import Network
from aggregator.errors import AggregatorError
from aggregator.fetch import Door
from aggregator.parse import parse
from aggregator.parse.isolate import Workers
from aggregator.store import lookup, open_reader, open_writer
from tests.helpers import NOW

LATER = NOW + 90_000  # a day, so that what is done once a day is done
Kind = Literal["statement", "file", "fsync", "rename"]
KINDS: tuple[Kind, ...] = ("statement", "file", "fsync", "rename")
Deed = Literal["fail", "stay", "kill"]  # once; from then on, as a disk does that is full; kill -9
DEEDS: tuple[Deed, ...] = ("fail", "stay", "kill")


class Faults:
    """Counts what a cycle does, and breaks the n-th of one kind; 0 breaks nothing."""

    def __init__(self, kind: Kind = "statement", number: int = 0, deed: Deed = "fail") -> None:
        self.kind, self.number, self.deed = kind, number, deed
        self.counts: Counter[Kind] = Counter()

    def met(self, kind: Kind) -> bool:
        """Whether this one is to fail."""
        self.counts[kind] += 1
        if kind != self.kind or not self.number or self.counts[kind] < self.number:
            return False
        if self.deed == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        return self.deed == "stay" or self.counts[kind] == self.number

    @contextlib.contextmanager
    def there(self) -> Iterator[None]:
        connect = sqlite3.connect

        def connected(*given: Any, **more: Any) -> sqlite3.Connection:
            return connect(*given, factory=self._connection(), **more)

        with contextlib.ExitStack() as patches:
            patches.enter_context(mock.patch("sqlite3.connect", connected))
            for name, kind, number in (
                ("replace", "rename", errno.EIO),
                ("fsync", "fsync", errno.EIO),
                ("sync", "fsync", 0),  # tells no errors
                ("open", "file", errno.ENOSPC),
            ):
                patched = self._breaking(getattr(os, name), kind, number)  # type: ignore[arg-type]  # any function of os
                patches.enter_context(mock.patch(f"os.{name}", patched))
            yield

    def _connection(self) -> type[sqlite3.Connection]:
        met = self.met

        class Connection(sqlite3.Connection):
            def execute(self, *given: Any) -> sqlite3.Cursor:
                _refuse(met)
                return super().execute(*given)

            def executemany(self, *given: Any) -> sqlite3.Cursor:
                _refuse(met)
                return super().executemany(*given)

        return Connection

    def _breaking(self, real: Callable[..., Any], kind: Kind, number: int) -> Callable[..., Any]:
        def done(*given: Any, **more: Any) -> Any:
            is_meant = kind != "file" or (len(given) > 1 and given[1] & os.O_CREAT)
            if is_meant and self.met(kind) and number:
                raise OSError(number, os.strerror(number), str(given[0]) if given else None)
            return real(*given, **more)

        return done


def _refuse(met: Callable[[Kind], bool]) -> None:
    if met("statement"):
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR
        raise error


# ---------------------------------------------------------------- what is broken


def _feed(name: str, numbers: range, edited: int = -1) -> bytes:
    chance = random.Random(name)
    words = [f"{name}w{n}" for n in range(200)]
    titles = [" ".join(chance.choices(words, k=6)) for _ in range(numbers.stop)]
    titles[0] = "Ferry sinks off the coast of Norland, forty are saved"  # told by all of them
    items = "".join(
        f"<item><guid>{name}-{n}</guid><link>https://{name}.example/{n}</link>"
        f"<title>{titles[n]}{' corrected' if n == edited else ''}</title>"
        f"<description>{titles[n]} {name}</description><pubDate>{formatdate(NOW - 50_000 + 60 * n)}</pubDate></item>"
        for n in reversed(numbers)
    )
    return f'<rss version="2.0"><channel><title>{name}</title>{items}</channel></rss>'.encode()


def prepare(folder: Path) -> None:
    """`folder/before`: a store, and sources with news. `folder/whole`: the same after a cycle."""
    before = folder / "before"
    before.mkdir(parents=True)
    names = ("a", "b", "c")
    (before / "config.toml").write_text(
        '[service]\nbase_url = "https://desk.example/"\n[publish]\nlimit = 4\nformats = ["atom", "json"]\n'
        + "".join(f'[[sources]]\nid = "{name}"\npath = "{name}.xml"\n' for name in names)
        + '[[topics]]\nid = "sea"\nmatch = "ferry OR aw1"\n'
    )
    for name in names:
        (before / f"{name}.xml").write_bytes(_feed(name, range(8)))
    turn(before, NOW)
    for name in names:
        (before / f"{name}.xml").write_bytes(_feed(name, range(2, 12), edited=7))
    shutil.copytree(before, folder / "whole")
    turn(folder / "whole", LATER)


def turn(folder: Path, now: int) -> None:
    settings = load(folder / "config.toml", {})
    with (
        mock.patch("time.time", lambda: now),  # by which published files are dated
        Door(clock=lambda: now) as door,  # and what is fetched
        mock.patch.object(
            Workers, "parse", lambda _, *given: parse(*given)
        ),  # in this process, which may fork
        open_writer(settings.database) as store,
    ):
        cycle.run(settings, store, Wanted(everything=True), now, network=Network(door))


def state(folder: Path) -> tuple[object, ...]:
    """All that is stored of stories, and what is published, byte for byte."""
    with open_reader(folder / "var" / "aggregator.db") as store:
        assert store.value("PRAGMA integrity_check") == "ok"
        assert not store.rows("PRAGMA foreign_key_check")
        told = sorted(
            (str(one.guid), story, event, topics) for one, story, event, _, topics in lookup.dump(store)
        )
        debts = store.column("SELECT edition FROM dirty ORDER BY edition")
    public = folder / "var" / "public"
    files = {
        str(path.relative_to(public)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in public.rglob("*")
        if path.is_file()
    }
    return told, debts, files


def count(folder: Path) -> Counter[Kind]:
    """How many of each a cycle has."""
    faults = Faults()
    _broken_turn(folder, faults)
    return faults.counts


def _broken_turn(folder: Path, faults: Faults) -> str:
    """What a cycle with this fault says, in a copy; AggregatorError is a line for people, all else a bug."""
    with faults.there():
        try:
            turn(folder, LATER)
        except AggregatorError as error:
            return str(error)
    return ""


def broken(folder: Path, kind: Kind, number: int, deed: Deed) -> str:
    """One fault in a copy of what was prepared, then a cycle without; "": all is as if nothing had been."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        copy = Path(name) / "copy"
        shutil.copytree(folder / "before", copy)
        faults = Faults(kind, number, deed)
        if deed == "kill":
            child = os.fork()
            if not child:
                _broken_turn(copy, faults)
                os._exit(0)
            os.waitpid(child, 0)
        else:
            said = _broken_turn(copy, faults)
            if faults.counts[kind] < number:
                return "was never reached"
            if "\n" in said:
                return f"{said!r} is more than a line"
        turn(copy, LATER)
        for part, is_now, was in zip(
            ("stories", "debts", "files"), state(copy), state(folder / "whole"), strict=True
        ):
            if is_now != was:
                return f"{part} differ: {_difference(is_now, was)}"
    return ""


def _difference(is_now: Any, was: Any) -> str:
    if isinstance(was, dict):
        return ", ".join(sorted(name for name in {**is_now, **was} if is_now.get(name) != was.get(name)))
    return f"{is_now} instead of {was}"[:500]
