"""Retention, copies and checks of the database."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from aggregator.batches import batches
from aggregator.errors import StoreError
from aggregator.store import retention, rows, trouble
from aggregator.store.base import Reader, Store, Writer
from aggregator.store.members import drop_empty, forget_words_of, touch_stories_of
from aggregator.store.opening import APPLICATION_ID, acquire, is_there
from aggregator.store.unpublished import PRINTED_WITH

_BATCH = 1000


def prune(store: Store, before: int, configured: Collection[str]) -> int:
    """Remove entries first seen before `before` that no document of a `configured` source holds any more;
    returns how many.
    """
    documents = {source: rows.load(listed) for source, listed in store.rows("SELECT id, present FROM source")}
    aged = store.column("SELECT id FROM entry WHERE first_seen < ?", (before,))
    doomed = retention.doomed(aged, _beyond(store), documents, configured)
    for some in batches(doomed, _BATCH):
        _remove(store, some)
    with store.transaction() as writer:
        writer.run("DELETE FROM traffic WHERE day < ?", (before // 86_400,))
        writer.run("DELETE FROM state_change WHERE at < ?", (before,))
        writer.run("DELETE FROM publication WHERE newest < (SELECT min(id) FROM entry)")
    return len(doomed)


def _beyond(reader: Reader) -> Iterator[int]:
    """Of each source the entries beyond the newest ones that are kept whatever their age."""
    large = "SELECT source FROM entry GROUP BY source HAVING count(*) > ?"
    older = "SELECT id FROM entry WHERE source = ? ORDER BY first_seen DESC, id DESC LIMIT -1 OFFSET ?"
    for source in reader.column(large, (retention.PER_SOURCE,)):
        yield from reader.column(older, (source, retention.PER_SOURCE))


def _remove(store: Store, doomed: Sequence[int]) -> None:
    with store.transaction() as writer:
        marks = ",".join("?" * len(doomed))
        stories = writer.column(f"SELECT DISTINCT story FROM member WHERE entry IN ({marks})", doomed)
        touch_stories_of(writer, doomed, None)
        forget_words_of(writer, doomed)
        writer.run(f"DELETE FROM entry WHERE id IN ({marks})", doomed)
        drop_empty(writer, stories)


def clock_went_back(store: Store, now: int) -> None:
    """What was dated into the future by a clock that was wrong for a while is from now: else it would stand
    on top until then.
    """
    # What was merely edited by that clock has no index: somebody was polled by it, or something published.
    late = (
        "SELECT EXISTS (SELECT 1 FROM entry WHERE first_seen > ?1 OR published > ?1)"
        " OR EXISTS (SELECT 1 FROM source WHERE max(polled, state_since) > ?1 OR last_new > ?1)"
        " OR EXISTS (SELECT 1 FROM meta WHERE key LIKE 'updated %' AND CAST(value AS INTEGER) > ?1)"
    )
    if not store.value(late, (now,)):
        return
    with store.transaction() as writer:
        writer.run(
            "UPDATE source SET state_since = min(state_since, ?1), last_new = min(last_new, ?1) "
            "WHERE state_since > ?1 OR last_new > ?1",
            (now,),
        )
        if _dated_back(writer, now):
            writer.run("INSERT OR IGNORE INTO dirty SELECT DISTINCT topic FROM label")
            writer.run("INSERT OR IGNORE INTO dirty VALUES ('all')")


def _dated_back(writer: Writer, now: int) -> int:
    """How much of what readers see was dated later than `now`, and is no more."""
    rows = writer.run(
        "UPDATE entry SET first_seen = min(first_seen, ?1), published = min(published, ?1), changed = "
        "min(changed, ?1) "
        "WHERE first_seen > ?1 OR published > ?1 OR changed > ?1",
        (now,),
    )
    for table in ("story", "event"):
        rows += writer.run(
            f"UPDATE {table} SET published = min(published, ?1), changed = min(changed, ?1) WHERE published "
            "> ?1 OR changed > ?1",
            (now,),
        )
    rows += writer.run("UPDATE label SET published = ?1 WHERE published > ?1", (now,))
    rows += writer.run("UPDATE state_change SET at = ?1 WHERE at > ?1", (now,))
    return rows + writer.run(
        "UPDATE meta SET value = ?2 WHERE key LIKE 'updated %' AND CAST(value AS INTEGER) > ?1",
        (now, str(now)),
    )


def look_for_damage(reader: Reader, check: str = "quick_check") -> None:
    """Once a day. Raises StoreError where a page can't be what was written; from then on every command says
    so. `check`: "integrity_check" compares indexes too, which takes several times as long.
    """
    try:
        found = [row[0] for row in reader.rows(f"PRAGMA {check}(3)")]
    except StoreError as error:  # damage that ends the check itself
        if not trouble.is_damage(error.__cause__):
            raise
        found = [str(error.__cause__)]
    if found == ["ok"]:
        return
    words = trouble.in_a_line("; ".join(found))
    trouble.mark_damaged(reader.path, words)
    raise StoreError(
        f"{reader.path}: is damaged ({words}); restore a backup: `aggregator restore FILE`; published files "
        "stay"
    )


def _copy_online(reader: Reader, target: Path) -> None:
    """The online backup API reads a snapshot; it needs no write access to the original: a reader's handle
    will do.
    """
    copy = sqlite3.connect(target)
    try:
        reader.copy_into(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
    finally:
        copy.close()


def backup(reader: Reader, target: Path) -> None:
    """A consistent, verified copy, also while cycles run; `target` is there whole or not at all."""
    if target.exists():
        raise StoreError(f"{target}: exists already; choose another name or remove it")
    unfinished = target.with_name(f".{target.name}.part")
    _discard(unfinished)
    try:
        _copy_online(reader, unfinished)
        wrong = damage(unfinished)
        if wrong:
            look_for_damage(reader, "integrity_check")
            raise StoreError(f"{target}: the copy is damaged ({wrong}), the database is not; check the disk")
        _sync(unfinished)
        unfinished.rename(target)
    except OSError as error:
        raise StoreError(f"{target}: can't be written: {error.strerror}") from None
    except sqlite3.OperationalError as error:
        if trouble.code(error) == sqlite3.SQLITE_CANTOPEN:
            advice = "make the folder, or mend its permissions"
            raise StoreError(f"{target}: can't be written: {error}; {advice}") from None
        raise StoreError(trouble.in_words(target, error)) from None
    finally:
        _discard(unfinished)


def _discard(unfinished: Path) -> None:
    """A copy that is not complete, with what SQLite had beside it."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        Path(f"{unfinished}{suffix}").unlink(missing_ok=True)


def _refuse_unusable(copy: Path) -> None:
    if not copy.is_file():
        raise StoreError(f"{copy}: {'is no file' if copy.exists() else 'there is no such file'}")
    if wrong := damage(copy):
        raise StoreError(f"{copy}: is no usable copy: {wrong}")


def restore(path: Path, source: Path) -> Path | None:
    """Put a copy in the place of the database; the one that was there is kept beside it and its name
    returned.
    """
    _refuse_unusable(source)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{path.parent}: can't be made: {error.strerror}") from None
    place = path.resolve()  # what is in the place of a link is on the volume that the link is for
    there = is_there(path)
    lock, unfinished = acquire(path), place.with_name(f".{place.name}.part")
    try:
        _copy(source, unfinished)
        _sync(unfinished)
        aside = _put_aside(place) if there else None
        unfinished.rename(place)
        trouble.damage_mark(path).unlink(missing_ok=True)
        return aside
    except OSError as error:
        what = f"{error.filename or path}: can't be written: {error.strerror}"
        raise StoreError(f"{what}; what was there is as it was or beside it") from None
    except trouble.ERRORS as error:
        raise StoreError(f"{trouble.in_words(path, error)}; what was there is as it was") from None
    finally:
        _discard(unfinished)
        lock.release()


def _put_aside(path: Path) -> Path:
    """The present database, under a new name beside it."""
    number = 1
    while (kept := path.with_name(f"{path.name}.replaced-{number}")).exists():
        number += 1
    for suffix in ("", "-wal", "-shm"):
        if Path(f"{path}{suffix}").exists():
            os.replace(f"{path}{suffix}", f"{kept}{suffix}")
    return kept


def _copy(source: Path, target: Path) -> None:
    """Page by page, with what is in a write-ahead log beside the source only, as a database in use has it.
    What is published may be of another day than the copy: all of it is compared in the next cycle.
    """
    _discard(target)
    copy = sqlite3.connect(target)
    try:
        original = _opened(source)
        try:
            original.backup(copy, pages=2000)
        finally:
            original.close()
        copy.execute("PRAGMA journal_mode = DELETE")
        with copy:
            copy.execute("DELETE FROM meta WHERE key = ?", (PRINTED_WITH,))
    finally:
        copy.close()


def _opened(path: Path) -> sqlite3.Connection:
    """To read, also where nothing can be written beside it and nothing is."""
    address = f"{path.absolute().as_uri()}?mode=ro"
    conn = sqlite3.connect(address, uri=True)
    try:
        conn.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
    except sqlite3.OperationalError:
        conn.close()
        if Path(f"{path}-wal").exists():
            raise
        conn = sqlite3.connect(f"{address}&immutable=1", uri=True)
    return conn


def damage(path: Path) -> str | None:
    """What is wrong with a database file, in words; None: nothing. Raises StoreError where that can't be
    told: a full disk is no damage.
    """
    if not path.is_file():  # whoever opens a pipe waits for somebody to write into it
        return "is not a file"
    try:
        conn = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            application = conn.execute("PRAGMA application_id").fetchone()[0]
            if wrong := trouble.wrong_in(conn):
                return wrong
        finally:
            conn.close()
    except trouble.ERRORS as error:
        if not trouble.is_damage(error):
            raise StoreError(trouble.in_words(path, error)) from None
        return trouble.in_a_line(str(error))
    return None if application == APPLICATION_ID else "it is a database of another program"


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
