"""The database file: opened, checked, locked, copied. One process writes (a file lock), with one connection."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from aggregator.errors import LockedError, Stopped, StoreError
from aggregator.stop import Stop
from aggregator.store import trouble
from aggregator.store.lock import Lock
from aggregator.store.version import APPLICATION_ID, LATEST

# What SQLite says of our own SQL, not of the file: a bug.
_OURS = (sqlite3.ProgrammingError, sqlite3.IntegrityError)
LARGE_LOG = 16_000_000  # bytes of the write-ahead log, which SQLite uses again but never makes smaller
_STEPS = 20_000  # instructions of SQLite's machine, about a millisecond, between two looks at the stop sign


class Store:
    """A handle on an open database. The verbs are functions of the modules of this package, which take it
    first.
    """

    def __init__(self, path: Path, conn: sqlite3.Connection, lock: Lock | None = None) -> None:
        self.path = path
        self.conn = conn
        self._lock = lock

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """`BEGIN IMMEDIATE` … `COMMIT`, or nothing at all. Not nested."""
        try:
            self.conn.execute("BEGIN IMMEDIATE")
            try:
                yield self.conn
            except BaseException:
                if self.conn.in_transaction:  # SQLite itself rolls back what it cut off, or had no room for
                    self.conn.execute("ROLLBACK")
                raise
            self.conn.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if self.conn.in_transaction:
                self.conn.execute("ROLLBACK")
            if trouble.is_cut_off(error):
                raise Stopped from error
            raise StoreError(trouble.in_words(self.path, error)) from error

    @contextmanager
    def until(self, stop: Stop) -> Iterator[None]:
        """Within: SQL that goes on when a stop is overdue is cut off, its transaction rolled back, and Stopped
        raised. Every `_STEPS` of SQLite are a sign of life.
        """
        self.conn.set_progress_handler(stop.overdue, _STEPS)
        try:
            yield
        except sqlite3.OperationalError as error:
            if trouble.is_cut_off(error):
                raise Stopped from error
            raise
        finally:
            self.conn.set_progress_handler(None, 0)

    def meta(self, key: str) -> str | None:
        row = self.conn.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        """Remember a small fact; costs nothing where it is known already."""
        if self.meta(key) != value:
            self.conn.execute(
                "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                (key, value),
            )

    def tidy(self) -> None:
        """After a cycle: a log that grew large is emptied.

        No `PRAGMA optimize`: every query is written for its index, and what the planner learned of a small store
        makes it walk whole tables when that has grown.
        """
        log = Path(f"{self.path}-wal")
        if log.exists() and log.stat().st_size > LARGE_LOG:
            self.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def in_memory(self) -> Store:
        """A copy that lives in memory only."""
        conn = sqlite3.connect(":memory:", isolation_level=None)
        self.conn.backup(conn)
        _teach(conn)
        conn.execute("PRAGMA foreign_keys = ON")
        return Store(self.path, conn)

    def close(self) -> None:
        self.conn.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Whatever SQLite finds wrong with the file while it is read or written is a StoreError from here on."""
        try:
            self.close()
        except sqlite3.DatabaseError as closing:  # a damaged file may not even be closed well
            error = error or closing
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, _OURS):
            if trouble.is_cut_off(error):
                raise Stopped from error
            self._note_damage(error)
            raise StoreError(trouble.in_words(self.path, error)) from error

    def _note_damage(self, error: sqlite3.DatabaseError) -> None:
        """Who writes says so to all: a command that reads elsewhere in the file would not notice."""
        if self._lock is not None and trouble.is_damage(error):
            mark_damaged(self.path, str(error))


def open_writer(path: Path, wait: float = 0, waiting: Callable[[], None] = lambda: None) -> Store:
    """Open the database for writing, made or migrated where that is needed. `wait`: seconds that another
    writer may take to end; `waiting` is called once where there is one.

    Raises LockedError where another process has it still, StoreError where the file can't be used.
    """
    _make_folder(path)
    lock = acquire(path, wait, waiting)
    try:
        if path.is_symlink() and not path.exists():
            raise StoreError(
                f"{path}: is a link to {os.readlink(path)}, which is not there (a volume that is not mounted?); nothing is made in its place"
            )
        if not path.exists():
            _make(path)
        _refuse_unusable(path)
        conn = _connect(path)
        _settings(conn)
        _migrate(path, conn)
        return Store(path, conn, lock)
    except sqlite3.DatabaseError as error:
        lock.release()
        raise StoreError(trouble.in_words(path, error)) from error
    except BaseException:
        lock.release()
        raise


def open_reader(path: Path) -> Store:
    """Open an existing database read-only; never waits for a writer and never makes or changes a file."""
    if not path.exists():
        raise StoreError(f"{path}: there is no database yet; `aggregator run` makes it")
    _refuse_unusable(path)
    try:
        conn = _read_only(path)
        conn.execute("PRAGMA query_only = 1")
        version = conn.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise StoreError(trouble.in_words(path, error)) from error
    if version < LATEST:
        conn.close()
        raise StoreError(f"{path}: was made by an earlier version; `aggregator run` brings it up to date")
    return Store(path, conn)


def _read_only(path: Path) -> sqlite3.Connection:
    """A connection that needs no right to write, neither to the file nor to its folder.

    A database in WAL mode is read through two files beside it. Where they are not there and can't be made by this
    user, all of it is in the file itself, which is read as it is (https://www.sqlite.org/wal.html, "Read-Only
    Databases").
    """
    address = f"{path.absolute().as_uri()}?mode=ro"
    conn = _connected(address)
    try:
        conn.execute("PRAGMA user_version").fetchone()
        conn.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
    except sqlite3.OperationalError as error:
        conn.close()
        if trouble.code(error) not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise
        if path.with_name(f"{path.name}-wal").exists():
            raise
        conn = _connected(f"{address}&immutable=1")
    except sqlite3.DatabaseError:
        conn.close()
        raise
    return conn


def _connected(address: str) -> sqlite3.Connection:
    return sqlite3.connect(address, uri=True, isolation_level=None, timeout=10, check_same_thread=False)


def acquire(path: Path, wait: float = 0, waiting: Callable[[], None] = lambda: None) -> Lock:
    """The lock beside the database, which a writer has for as long as it works. LockedError where another one
    has it still after `wait` seconds.
    """
    lock = Lock(path.with_name(f"{path.name}.lock"))
    if _taken(lock, 0):
        return lock
    if wait:
        waiting()
        if _taken(lock, wait):
            return lock
        raise LockedError(
            f"{path}: another cycle has been running on this database for {wait:g} s and more; try again later"
        )
    raise LockedError(f"{path}: another cycle is running on this database; this one leaves it alone")


def daemon_lock(path: Path) -> Lock:
    """The lock of the one daemon that a database has, for its life: cycles and commands of others are free to
    run between its own.
    """
    _make_folder(path)
    lock = Lock(path.with_name(f"{path.name}.daemon.lock"))
    if not _taken(lock, 0):
        raise LockedError(f"{path}: another daemon works on this database; this one leaves it alone")
    return lock


def _make_folder(path: Path) -> None:
    """The folder that the database is in."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"{path.parent}: can't be made: {error.strerror}; mend the permissions or choose another place"
        ) from None


def _taken(lock: Lock, wait: float) -> bool:
    try:
        return lock.acquire(wait)
    except OSError as error:
        raise StoreError(
            f"{lock.path}: can't be written: {error.strerror}; mend the permissions of the folder"
        ) from None


def _connect(path: Path) -> sqlite3.Connection:
    # No automatic transactions: every one is begun by hand, immediate.
    conn = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
    _teach(conn)
    return conn


def _teach(conn: sqlite3.Connection) -> None:
    """The function that the triggers of the full-text index call."""
    conn.execute("PRAGMA trusted_schema = ON")

    def words(text: str) -> str:
        from aggregator.text.words import search_words

        return " ".join(search_words(text))

    conn.create_function("words", 1, words, deterministic=True)


def _settings(conn: sqlite3.Connection) -> None:
    # Where WAL can't be had (a network file system without shared memory) SQLite stays with its rollback
    # journal: slower, correct.
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = NORMAL")
    # A large transaction touches many pages, and the same ones again in the next; in a store of millions they
    # are those of its indexes.
    pages = int(conn.execute("PRAGMA page_count").fetchone()[0])
    conn.execute(f"PRAGMA wal_autocheckpoint = {min(max(pages // 10, 16_000), 64_000)}")
    conn.execute("PRAGMA foreign_keys = ON")
    conn.execute("PRAGMA temp_store = MEMORY")
    conn.execute(f"PRAGMA cache_size = {min(max(pages // 20, 12_000), 32_000)}")


def _refuse_unusable(path: Path) -> None:
    """An empty, foreign, newer or damaged file is never written to: the published feeds would all come again
    as new.
    """
    if not path.is_file():
        raise StoreError(f"{path}: is not a file; service.database names the database file")
    mark = damage_mark(path)
    if mark.exists():
        raise StoreError(
            f"{path}: is damaged, as the daily check found ({mark.read_text(encoding='utf-8').strip()}); restore a backup: "
            f"`aggregator restore FILE`; published files stay; where it is mended otherwise remove {mark}"
        )
    if path.stat().st_size == 0:
        raise StoreError(
            f"{path}: is empty, which ours never is; restore a backup (`aggregator restore FILE`) or remove it"
        )
    try:
        conn = _read_only(path)
        try:
            application = conn.execute("PRAGMA application_id").fetchone()[0]
            version = conn.execute("PRAGMA user_version").fetchone()[0]
        finally:
            conn.close()
    except sqlite3.DatabaseError as error:
        raise StoreError(trouble.in_words(path, error)) from error
    if application != APPLICATION_ID:
        raise StoreError(f"{path}: is a database of another program; choose another service.database")
    if version > LATEST:
        raise StoreError(
            f"{path}: was written by a newer aggregator (schema {version}, this one knows {LATEST}); update the program"
        )


def damage_mark(path: Path) -> Path:
    """The file that says that the daily check found damage, and which; beside the database, which can't say so."""
    return path.with_name(f"{path.name}.damaged")


def mark_damaged(path: Path, words: str) -> None:
    """From now on every command says so, in these words."""
    with suppress(OSError):
        damage_mark(path).write_text(words, encoding="utf-8")


def _make(path: Path) -> None:
    """A new database under another name, renamed when it is complete: a file of ours is never empty or half
    made.
    """
    from sqlite_utils import Database

    from aggregator.store.schema import migrations

    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    conn = _connect(unfinished)
    try:
        migrations.apply(Database(conn))
        conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        conn.execute(f"PRAGMA user_version = {LATEST}")
    finally:
        conn.close()
    unfinished.rename(path)


def _migrate(path: Path, conn: sqlite3.Connection) -> None:
    version = conn.execute("PRAGMA user_version").fetchone()[0]
    if version == LATEST:
        return
    from sqlite_utils import Database

    from aggregator.store.schema import migrations

    copy = path.with_name(f"{path.name}.before-schema-{LATEST}")
    if not copy.exists():
        conn.execute("VACUUM INTO ?", (str(copy),))
    migrations.apply(Database(conn))
    conn.execute(f"PRAGMA user_version = {LATEST}")
