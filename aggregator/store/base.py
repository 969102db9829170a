"""An open database, as three types.

`Reader` asks. `Writer` asks and changes, within one transaction: it is what `Store.transaction` yields.
`Store` is what the one writing process has: it asks, and opens transactions.

A function that takes a Reader changes nothing; one that takes a Writer is a part of somebody's transaction;
one that takes a Store makes transactions of its own. SQLite's errors become ours here, whoever asked
(`trouble`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aggregator.batches import batches
from aggregator.store import raw, rows, trouble
from aggregator.store.lock import Lock

Row = tuple[Any, ...]
Values = Sequence[object]

LARGE_STORE = 10_000  # entries, from which on the planner is told of sizes
ROWS_LOOKED_AT = 400  # of an index, as SQLite advises: milliseconds, whatever the size of the store
LARGE_LOG = 16_000_000  # bytes of the write-ahead log, which SQLite uses again but never makes smaller
_STEPS = 20_000  # instructions of SQLite's machine, about a millisecond, between two looks whether it is late
_CHUNK = 500  # parameters of one statement


class Reader:
    """Asks."""

    def __init__(self, path: Path, conn: sqlite3.Connection, notes_damage: bool = False) -> None:
        self.path = path
        self._conn = conn
        self._notes_damage = notes_damage

    def rows(self, query: str, values: Values = ()) -> list[Row]:
        try:
            return self._conn.execute(query, values).fetchall()
        except trouble.ERRORS as error:
            raise self._ours(error) from error

    def row(self, query: str, values: Values = ()) -> Row | None:
        """The first one."""
        try:
            found: Row | None = self._conn.execute(query, values).fetchone()
        except trouble.ERRORS as error:
            raise self._ours(error) from error
        return found

    def one(self, query: str, values: Values = ()) -> Row:
        """The one row of what always has one."""
        found = self.row(query, values)
        assert found is not None, query
        return found

    def value(self, query: str, values: Values = ()) -> Any:
        """The first column of the first row; None where there is none."""
        found = self.row(query, values)
        return None if found is None else found[0]

    def column(self, query: str, values: Values = ()) -> list[Any]:
        """The first column of all rows."""
        return [row[0] for row in self.rows(query, values)]

    def stream(self, query: str, values: Values = ()) -> Iterator[Row]:
        """Row by row, for what is larger than memory should hold."""
        try:
            yield from self._conn.execute(query, values)
        except trouble.ERRORS as error:
            raise self._ours(error) from error

    def chosen(self, query: str, wanted: Iterable[object], *first: object) -> Iterator[Row]:
        """The rows of `query IN (wanted)`, however many are wanted; `first` are parameters before them."""
        for part in batches(list(wanted), _CHUNK):
            yield from self.rows(f"{query} IN ({','.join('?' * len(part))})", (*first, *part))

    def meta(self, key: str) -> str | None:
        """A small fact about this database."""
        found = self.value("SELECT value FROM meta WHERE key = ?", (key,))
        return None if found is None else str(found)

    @contextmanager
    def until(self, late: Callable[[], bool]) -> Iterator[None]:
        """Within: SQL under way is cut off once `late` says so, its transaction rolled back, and Stopped
        raised.
        """
        self._conn.set_progress_handler(late, _STEPS)
        try:
            yield
        finally:
            self._conn.set_progress_handler(None, 0)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Within: all that is asked is as it was at the beginning, whoever writes meanwhile."""
        self.row("BEGIN")
        try:
            self.row("SELECT 1 FROM meta")  # it begins with the first question
            yield
        finally:
            self.row("COMMIT")

    def copy_into(self, target: sqlite3.Connection) -> None:
        """All of it as it is at this moment, page by page; whoever writes goes on meanwhile."""
        self._conn.backup(target)

    def in_memory(self) -> Store:
        """A copy that lives in memory only."""
        conn = sqlite3.connect(":memory:", isolation_level=None)
        try:
            self.copy_into(conn)
        except trouble.ERRORS as error:
            conn.close()
            raise self._ours(error) from error
        return Store(self.path, conn)

    def close(self) -> None:
        self._conn.close()

    def _ours(self, error: Exception) -> Exception:
        """What to raise in its place. Who writes the file says to all that it is damaged: a command that
        reads elsewhere in it would not notice.
        """
        if self._notes_damage and trouble.is_damage(error):
            trouble.mark_damaged(self.path, str(error))
        return trouble.ours(self.path, error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except trouble.ERRORS as closing:  # a damaged file may not even be closed well
            if error is None:
                raise self._ours(closing) from closing


class Writer(Reader):
    """Asks and changes, within one transaction."""

    def run(self, query: str, values: Values = ()) -> int:
        """How many rows it changed."""
        try:
            return self._conn.execute(query, values).rowcount
        except trouble.ERRORS as error:
            raise self._ours(error) from error

    def insert(self, query: str, values: Values = ()) -> int:
        """The number of the new row."""
        try:
            number = self._conn.execute(query, values).lastrowid
        except trouble.ERRORS as error:
            raise self._ours(error) from error
        assert number is not None
        return number

    def run_many(self, query: str, rows: Iterable[Values]) -> int:
        """How many rows they changed together."""
        try:
            return self._conn.executemany(query, rows).rowcount
        except trouble.ERRORS as error:
            raise self._ours(error) from error

    def set_meta(self, key: str, value: str) -> None:
        """Remember a small fact; costs nothing where it is known already."""
        if self.meta(key) != value:
            self.run(
                "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                (key, value),
            )


class Store(Reader):
    """The one that writes: a process has it alone, by the lock, for as long as it is open."""

    def __init__(self, path: Path, conn: sqlite3.Connection, lock: Lock | None = None) -> None:
        super().__init__(path, conn, notes_damage=lock is not None)
        self._lock = lock
        teach(conn)
        conn.execute("PRAGMA foreign_keys = ON")

    @contextmanager
    def transaction(self) -> Iterator[Writer]:
        """`BEGIN IMMEDIATE` … `COMMIT`, or nothing at all. Not nested."""
        self._say("BEGIN IMMEDIATE")
        try:
            yield Writer(self.path, self._conn, self._notes_damage)
            self._say("COMMIT")
        except BaseException:
            if self._conn.in_transaction:  # SQLite itself rolls back what it cut off, or had no room for
                with suppress(*trouble.ERRORS):  # what went wrong first is what is told
                    self._conn.execute("ROLLBACK")
            raise

    def set_meta(self, key: str, value: str) -> None:
        """As of a Writer, in a transaction of its own."""
        if self.meta(key) != value:
            with self.transaction() as writer:
                writer.set_meta(key, value)

    def tidy(self) -> None:
        """After a cycle: a log that grew large is emptied."""
        log = Path(f"{self.path}-wal")
        if log.exists() and log.stat().st_size > LARGE_LOG:
            self._say("PRAGMA wal_checkpoint(TRUNCATE)")

    def learn_sizes(self, least: int = LARGE_STORE) -> None:
        """Once a day: the planner hears how large the tables are (`PRAGMA optimize`), for whoever asks what
        we don't ask. Our own queries are written for their indexes: what was learned of a small store would
        make some of them walk tables that have grown since; so not of one with fewer than `least` entries.
        """
        if int(self.value("SELECT coalesce(max(id), 0) FROM entry")) >= least:
            self._say(f"PRAGMA analysis_limit = {ROWS_LOOKED_AT}")
            self._say("PRAGMA optimize = 0x10002")  # what was asked of since the store was opened, if it grew

    def give_back(self) -> None:
        """The pages that are held are let go: each keeps a piece of what others freed around it from the
        system.
        """
        self._say("PRAGMA shrink_memory")

    def close(self) -> None:
        try:
            super().close()
        finally:
            if self._lock is not None:
                self._lock.release()

    def _say(self, words: str) -> None:
        try:
            self._conn.execute(words)
        except trouble.ERRORS as error:
            raise self._ours(error) from error


def teach_hash(conn: sqlite3.Connection) -> None:
    """The function that queries call, of who writes and who reads: `rows.id_hash`."""
    conn.create_function("id_hash", 1, _hash, deterministic=True)


@lru_cache(maxsize=256)  # a new entry's: asked for while it gets an id, and as its row is written
def _hash(text: str | None) -> int | None:
    return None if text is None else rows.id_hash(text)


def teach(conn: sqlite3.Connection) -> None:
    """The functions that triggers call, those of the full-text index and of what sources said; and by what
    indexes know an id.
    """
    conn.execute("PRAGMA trusted_schema = ON")
    teach_hash(conn)
    conn.create_function("words", 1, _words, deterministic=True)
    conn.create_function("words_beside", 2, _words_beside, deterministic=True)
    conn.create_function("numbers_in", 1, lambda terms: rows.dump(rows.numbers_in(terms)), deterministic=True)
    conn.create_function("packed_anew", 7, raw.packed_anew, deterministic=True)


@lru_cache(maxsize=2)  # a summary and a text: the text is asked for twice
def _words(text: str) -> str:
    from aggregator.text.words import search_words

    return " ".join(search_words(text))


def _words_beside(summary: str, text: str) -> str:
    """The words of a summary; none where the text begins with all of them, and is found by them anyway."""
    own, others = _words(summary), _words(text)
    return "" if others == own or others.startswith(f"{own} ") else own
