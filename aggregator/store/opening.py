"""The database file: found, refused, made, migrated, locked, opened. One process writes, by a file lock."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from aggregator.errors import LockedError, StoreError
from aggregator.store import migrations, trouble
from aggregator.store.base import Reader, Store, teach, teach_hash
from aggregator.store.lock import Lock

# "aggr", see https://www.sqlite.org/pragma.html#pragma_application_id
APPLICATION_ID = 0x61676772
# Bytes of a page of a new database. On one of 4096 two entries of the usual length have room, and a quarter
# of it is left over. Those of before keep theirs.
PAGE = 8192
COPYING = -16_000  # kilobytes of pages that are held while a store is copied before it is migrated


def open_writer(path: Path, wait: float = 0, waiting: Callable[[], None] = lambda: None) -> Store:
    """Open the database for writing, made or migrated where that is needed. `wait`: seconds that another
    writer may take to end; `waiting` is called once where there is one.

    Raises LockedError where another process has it still, StoreError where the file can't be used.
    """
    _make_folder(path)
    lock = acquire(path, wait, waiting)
    try:
        if not is_there(path):
            _make(path)
        _refuse_unusable(path)
        conn = _connect(path)
        _settings(conn)
        _migrate(path, conn)
        return Store(path, conn, lock)
    except trouble.ERRORS as error:
        lock.release()
        raise trouble.ours(path, error) from error
    except BaseException:
        lock.release()
        raise


def is_there(path: Path) -> bool:
    """Whether a database was made there, of whatever kind. Raises StoreError for a link that leads nowhere,
    and where this user may not look.
    """
    try:
        is_there = path.exists()
    except OSError as error:
        words = f"{error.strerror}; mend the permissions of the folders on the way"
        raise StoreError(f"{path}: can't be looked for: {words}") from None
    if path.is_symlink() and not is_there:
        raise StoreError(
            f"{path}: is a link to {os.readlink(path)}, which is not there (a volume that is not mounted?); "
            "nothing is made in its place"
        )
    return is_there


def open_reader(path: Path) -> Reader:
    """Open an existing database read-only; never waits for a writer and never makes or changes a file."""
    if not is_there(path):
        raise StoreError(f"{path}: there is no database yet; `aggregator run` makes it")
    _refuse_unusable(path)
    try:
        conn = _read_only(path)
        conn.execute("PRAGMA query_only = 1")
        teach_hash(conn)
        version = conn.execute("PRAGMA user_version").fetchone()[0]
    except trouble.ERRORS as error:
        raise trouble.ours(path, error) from error
    if version < migrations.version():
        conn.close()
        raise StoreError(f"{path}: was made by an earlier version; `aggregator run` brings it up to date")
    return Reader(path, conn)


def _read_only(path: Path) -> sqlite3.Connection:
    """A connection that needs no right to write, neither to the file nor to its folder.

    A database in WAL mode is read through two files beside it. Where they are not there and can't be made (by
    this user, or on a full disk), all of it is in the file itself, which is read as it is
    (https://www.sqlite.org/wal.html, "Read-Only Databases").
    """
    address = f"{path.absolute().as_uri()}?mode=ro"
    conn = _connected(address)
    try:
        conn.execute("PRAGMA user_version").fetchone()
        conn.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
    except sqlite3.OperationalError as error:
        conn.close()
        if trouble.code(error) not in (
            sqlite3.SQLITE_CANTOPEN,
            sqlite3.SQLITE_READONLY,
            sqlite3.SQLITE_IOERR,
        ):
            raise
        log = path.with_name(f"{path.name}-wal")
        if log.exists() and log.stat().st_size:
            raise
        conn = _connected(f"{address}&immutable=1")
    except trouble.ERRORS:
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
            f"{path}: another cycle has been running on this database for {wait:g} s and more; try again "
            "later"
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
    teach(conn)
    return conn


def _settings(conn: sqlite3.Connection) -> None:
    # Where WAL can't be had (a network file system without shared memory) SQLite stays with its rollback
    # journal: slower, correct.
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = NORMAL")
    # A large transaction touches many pages, and the same ones again in the next; in a store of millions they
    # are those of its indexes.
    pages, page = (int(conn.execute(f"PRAGMA {one}").fetchone()[0]) for one in ("page_count", "page_size"))
    kilobytes = pages * page // 1024
    log = min(max(kilobytes // 10, 64_000), 256_000)
    conn.execute(f"PRAGMA wal_autocheckpoint = {log * 1024 // page}")
    conn.execute("PRAGMA temp_store = MEMORY")
    conn.execute(f"PRAGMA cache_size = -{min(max(kilobytes // 20, 48_000), 128_000)}")


def _refuse_unusable(path: Path) -> None:
    """An empty, foreign, newer or damaged file is never written to: the published feeds would all come again
    as new.
    """
    if not path.is_file():
        raise StoreError(f"{path}: is not a file; service.database names the database file")
    _refuse_damaged(path)
    if path.stat().st_size == 0:
        advice = "restore a backup (`aggregator restore FILE`) or remove it"
        raise StoreError(f"{path}: is empty, which ours never is; {advice}")
    application, version = _marks(path)
    if application != APPLICATION_ID:
        raise StoreError(f"{path}: is a database of another program; choose another service.database")
    if version > migrations.version():
        versions = f"schema {version}, this one knows {migrations.version()}"
        raise StoreError(f"{path}: was written by a newer aggregator ({versions}); update the program")


def _refuse_damaged(path: Path) -> None:
    mark = trouble.damage_mark(path)
    if mark.exists():
        found = mark.read_text(encoding="utf-8", errors="replace").strip()
        raise StoreError(
            f"{path}: is damaged, as a check found ({found}); restore a backup: "
            f"`aggregator restore FILE`; published files stay; where it is mended otherwise remove {mark}"
        )


def _marks(path: Path) -> tuple[int, int]:
    """(whose database it is, the version of its schema)."""
    try:
        conn = _read_only(path)
        try:
            application = conn.execute("PRAGMA application_id").fetchone()[0]
            return application, conn.execute("PRAGMA user_version").fetchone()[0]
        finally:
            conn.close()
    except trouble.ERRORS as error:
        raise trouble.ours(path, error) from error


def _make(path: Path) -> None:
    """A new database under another name, renamed when it is complete: a file of ours is never empty or half
    made.
    """
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    conn = _connect(unfinished)
    try:
        conn.execute(f"PRAGMA page_size = {PAGE}")
        migrations.make(conn)
        conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    finally:
        conn.close()
    unfinished.rename(path)


def _migrate(path: Path, conn: sqlite3.Connection) -> None:
    version = conn.execute("PRAGMA user_version").fetchone()[0]
    if version == migrations.version():
        return
    from aggregator import logs

    copy = path.with_name(f"{path.name}.before-schema-{migrations.version()}")
    logs.say(
        f"{path}: an earlier version made it (schema {version}); it is brought up to date, and {copy.name} "
        "beside it stays as it was"
    )
    if not copy.exists():
        held = conn.execute("PRAGMA cache_size").fetchone()[0]
        conn.execute(f"PRAGMA cache_size = {COPYING}")  # the copy takes three times as much
        conn.execute("VACUUM INTO ?", (str(copy),))
        conn.execute(f"PRAGMA cache_size = {held}")
    migrations.apply(conn)
