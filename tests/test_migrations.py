"""New databases and older ones come to the same tables; what an older one holds is there afterwards."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import zlib
from pathlib import Path

import pytest

from aggregator import answers, fold
from aggregator.errors import StoreError
from aggregator.store import (
    Store,
    lookup,
    migrations,
    open_reader,
    open_writer,
    raw,
    rows,
    stories,
    vocabulary,
)
from aggregator.store.base import teach
from tests.helpers import NOW, change, entry, put

# What each released step makes of the tables. A step that is here is never changed: a new one mends it.
RELEASED = (
    "b50e9f09",
    "b50e9f09",
    "9264f2cf",
    "33195e68",
    "f9d6ebe4",
    "69af66ef",
    "69af66ef",
    "2f687533",
    "fa0b37d1",
    "173da55f",
    "4ed4d59c",
    "54d2bd80",
    "0041040b",
    "74a7fbfa",
    "bfec634a",
    "bfec634a",
    "5edb17fc",
    "8e6f6624",
    "a880f825",
    "1ff605dd",
    "0281f29f",
    "94b7bed5",
)
PACKED = {"vector": 21, "raw": 17}  # since when a table's rows are packed as they are: `undone` unpacks them
FORMER = {"raw": "said", "pending_entry": "untold", "state_change": "notice"}
FORMER_COLUMNS = {("story", "id_hash"): "name", ("event", "id_hash"): "name", ("pending_edit", "raw"): "said"}


def taken(path: Path | str, version: int | None) -> sqlite3.Connection:
    """A database that took these steps, or (None) a new one."""
    conn = sqlite3.connect(path, isolation_level=None)
    teach(conn)
    if version is None:
        migrations.make(conn)
    else:
        migrations.apply(conn, version)
    return conn


def plain(sql: str) -> str:
    """Without comments, layout and quotes."""
    return re.sub(r"\s+|[\[\]\"]", " ", re.sub(r"--[^\n]*", "", sql)).replace(" ", "").casefold()


def described(conn: sqlite3.Connection) -> dict[str, object]:
    """Everything in the schema by its name: of a table its columns, whatever its text."""
    found: dict[str, object] = {}
    # what libraries and SQLite make for themselves is theirs
    ours = "SELECT type, name, sql FROM sqlite_schema WHERE NOT name GLOB '*sqlite_*' AND NOT name GLOB 'entry_fts_*'"
    for kind, name, sql in conn.execute(ours).fetchall():
        if kind == "table" and "VIRTUAL" not in sql.upper():
            columns = conn.execute(f"SELECT * FROM pragma_table_xinfo('{name}')").fetchall()
            listed = conn.execute(f"SELECT wr, strict FROM pragma_table_list('{name}')").fetchall()
            keys = conn.execute(f"SELECT * FROM pragma_foreign_key_list('{name}')").fetchall()
            found[name] = (sorted(column[1:] for column in columns), listed, keys)
        else:
            found[name] = plain(sql or "")
    return found


def test_a_new_database_is_as_one_that_took_all_steps() -> None:
    assert described(taken(":memory:", None)) == described(taken(":memory:", migrations.version()))


@pytest.mark.parametrize("version", range(1, len(RELEASED) + 1))
def test_a_released_step_makes_what_it_made(version: int) -> None:
    found = repr(sorted(described(taken(":memory:", version)).items()))
    assert hashlib.sha256(found.encode()).hexdigest()[:8] == RELEASED[version - 1]


def test_every_table_says_what_a_row_is() -> None:
    conn = taken(":memory:", None)
    tables = conn.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%STRICT%'"
    ).fetchall()
    assert len(tables) > 20
    assert [name for name, sql in tables if not re.match(rf"CREATE TABLE {name} \( -- \w", sql)] == []


def words_again(conn: sqlite3.Connection, version: int) -> None:
    """Words of vectors were no numbers."""
    conn.execute("DELETE FROM main.term WHERE events < 0")
    terms = dict(conn.execute("SELECT id, term FROM new.term").fetchall())
    for story, words, weights in conn.execute("SELECT story, terms, weights FROM new.vector").fetchall():
        vector = vocabulary.unpacked(words, weights, terms)
        if version >= 13:
            conn.execute("INSERT INTO vector VALUES (?, ?, ?)", (story, " ".join(vector), weights))
            continue
        told = {word: int(weight * 10_000 + 0.5) for word, weight in vector.items()}
        conn.execute("INSERT INTO vector VALUES (?, ?)", (story, json.dumps(told)))


def undone(conn: sqlite3.Connection, version: int) -> None:
    """What columns of the same name, or none, don't say."""
    if version < 21:
        words_again(conn, version)
    if version < 17:
        query = "SELECT r.entry, r.packed, e.title, e.link, e.content FROM new.raw r JOIN new.entry e ON e.id = r.entry"
        said = [(number, raw.unpacked(*others)) for number, *others in conn.execute(query).fetchall()]
        conn.executemany(f"INSERT INTO {'said' if version < 12 else 'raw'} VALUES (?, ?)", said)
    if version < 20:
        conn.create_function("crc", 1, lambda text: zlib.crc32(text.encode()) - (1 << 31))
        for table in ("story", "event"):
            column = "name" if version < 12 else "id_hash"
            conn.execute(f"UPDATE {table} SET {column} = crc(public_id)")
    if version < 16:
        conn.execute("UPDATE posting SET term = term + 2147483648, at = at + period * 604800")
        for table in ("story", "event"):
            column = "name" if version < 12 else "id_hash"
            conn.execute(f"UPDATE {table} SET {column} = {column} + 2147483648")


def aged(path: Path, version: int) -> None:
    """The same rows as a program of this version kept them."""
    older = path.with_name("older.db")
    conn = taken(older, version)
    conn.execute(f"ATTACH '{path}' AS new")
    tables = [row[0] for row in conn.execute("SELECT name FROM new.sqlite_schema WHERE type = 'table'")]
    for table in tables:
        if table.startswith(("sqlite_", "_sqlite", "entry_fts")):
            continue
        former = FORMER.get(table, table) if version < 12 else table
        there = {row[1] for row in conn.execute(f"PRAGMA main.table_info({former})")}
        pairs = []
        for row in conn.execute(f"SELECT name FROM pragma_table_info('{table}', 'new')").fetchall():
            old = FORMER_COLUMNS.get((table, row[0]), row[0]) if version < 12 else row[0]
            pairs += [(old, row[0])] if old in there else []
        if pairs and version >= PACKED.get(table, 0):
            conn.execute(
                f"INSERT {'OR IGNORE ' if table.startswith('by_') else ''}INTO main.{former} ({', '.join(a for a, _ in pairs)}) SELECT {', '.join(b for _, b in pairs)} FROM new.{table}"
            )
    undone(conn, version)
    conn.execute("PRAGMA application_id = 0x61676772")
    conn.close()
    for beside in ("-wal", "-shm"):
        path.with_name(path.name + beside).unlink(missing_ok=True)
    older.rename(path)


def what_finds_stories(store: Store) -> list[list[tuple[object, ...]]]:
    found = [
        store.rows(f"SELECT * FROM {table}")
        for table in ("posting", "vector", "story ORDER BY id", "event ORDER BY id")
    ]
    assert all(found)
    return found


@pytest.mark.parametrize("version", range(1, migrations.version()))
def test_R10_a_store_of_an_earlier_version_is_brought_up_to_date(
    tmp_path: Path, version: int, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.db"
    with open_writer(path) as store:
        put(
            store,
            entry("a", "1", "Ferry sinks off Brannock", at=NOW - 900),
            entry("a", "3", "Łódź elects mayor"),
        )
        fold.fold(store, fold.Windows(), {})
        before, found_by = list(lookup.dump(store)), what_finds_stories(store)
        pages = store.value("PRAGMA cache_size")
        said = [lookup.said(store, one.id) for one, *_ in before]
    aged(path, version)
    with pytest.raises(StoreError, match="earlier version"):
        open_reader(path)
    with open_writer(path) as store:
        assert store.value("PRAGMA cache_size") == pages, "not as few as the copy was made with"
        assert f"schema {version}); it is brought up to date" in capsys.readouterr().err
        assert list(lookup.dump(store)) == before and what_finds_stories(store) == found_by
        assert [lookup.said(store, one.id) for one, *_ in before] == said
        put(store, entry("b", "2", "Ferry sinks off Brannock, ninety rescued", at=NOW - 800))
        fold.fold(store, fold.Windows(), {})
        story = next(iter(stories.all_story_ids(store)))
        assert [one.public_id for one in stories.by_public_id(store, [story])] == [story]
        assert [one.title for one, _ in answers.search(store, "lodz", 9, NOW)] == ["Łódź elects mayor"]
        change(store, "INSERT INTO entry_fts (entry_fts) VALUES ('integrity-check')")
    open_reader(path).close()
    assert (tmp_path / f"t.db.before-schema-{migrations.version()}").exists(), "a copy of what was"


def test_a_store_of_before_numbers_gets_them(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    with open_writer(path) as store:
        put(store, entry("a", "1", "Ferry sinks off Brannock"))
        fold.fold(store, fold.Windows(), {})
    aged(path, 1)
    conn = sqlite3.connect(path)
    for table in ("story", "event"):
        conn.execute(f"DROP INDEX {table}_name")
        conn.execute(f"ALTER TABLE {table} DROP COLUMN name")
    conn.close()
    with open_writer(path) as store:
        assert store.value("SELECT count(*) FROM story WHERE id_hash = 0") == 0
        assert len(stories.by_public_id(store, sorted(stories.all_story_ids(store)))) == 1


def test_views_show_a_title_when_the_founder_is_gone(tmp_path: Path) -> None:
    with open_writer(tmp_path / "t.db") as store:
        put(store, entry("a", "1", "Ferry sinks off Brannock", link="https://x.example/1", at=NOW - 900))
        put(store, entry("b", "2", "Ferry sinks off Brannock", link="https://x.example/1", at=NOW - 800))
        fold.fold(store, fold.Windows(), {})
        assert store.rows("SELECT title, entries FROM stories") == [("Ferry sinks off Brannock", 2)]
        change(store, "DELETE FROM entry WHERE source = 'a'")
        for view in ("stories", "events"):
            assert store.rows(f"SELECT title, link FROM {view}") == [
                ("Ferry sinks off Brannock", "https://x.example/1")
            ]


@pytest.mark.parametrize("refuses", [False, True])
def test_what_was_unique_goes_where_sqlite_lets_it_and_does_no_harm_else(
    tmp_path: Path, refuses: bool
) -> None:
    """Some systems' SQLite lets nobody write into its schema: the same as if the pragma did nothing."""
    path = tmp_path / "t.db"
    with open_writer(path) as store:
        put(store, entry("a", "1", "Ferry sinks off Brannock", link="https://x.example/1?id=2"))
    aged(path, 19)
    conn = sqlite3.connect(path, isolation_level=None)
    teach(conn)

    def allowed(action: int, name: str | None, *others: str | None) -> int:
        off = refuses and action == sqlite3.SQLITE_PRAGMA and name == "writable_schema"
        return sqlite3.SQLITE_IGNORE if off else sqlite3.SQLITE_OK

    conn.set_authorizer(allowed)
    migrations.apply(conn)
    conn.set_authorizer(None)
    unique = "SELECT count(*) FROM pragma_index_list('entry') WHERE origin = 'u'"
    assert conn.execute(unique).fetchone() == (2 if refuses else 0,)
    assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    conn.close()
    with open_writer(path) as store:
        again = entry("a", "1", "Ferry sinks off Brannock", link="https://x.example/1?id=2")
        assert put(store, again, entry("a", "2", "Łódź elects")).new == 1


@pytest.mark.parametrize("at_once", [1, 2, 3, 20_000])
def test_words_of_one_hash_have_numbers_of_their_own_in_older_stores_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """`at_once`: rows that a step changes, and words that it holds in memory, at a time."""
    monkeypatch.setattr(migrations, "_AT_ONCE", at_once)
    monkeypatch.setattr(migrations, "_HELD", at_once)
    one, other, third = "word50106", "word88338", "ferry"
    path = tmp_path / "t.db"
    with open_writer(path) as store:
        with store.transaction() as writer:
            vocabulary.count_terms(writer, {one: 3, third: 0})
            numbers = vocabulary.numbered(writer, [other, one, third, "harbour"])
            assert numbers[other] == numbers[one] + 1, "the next one"
            assert len(set(numbers.values())) == 4
            terms, weights = vocabulary.packed({one: 0.5, other: 0.25, third: 1.0}, numbers)
        change(
            store, "INSERT INTO event VALUES (1, 'x', 1, 1, 1, 1), (2, 'y', 1, 1, 1, 1), (3, 'z', 1, 1, 1, 1)"
        )
        story = "INSERT INTO story (id, public_id, id_hash, event, published, changed) VALUES (1, 'x', 1, 1, 1, 1)"
        change(store, story)
        change(store, "INSERT INTO vector VALUES (1, ?, ?)", terms, weights)
    for version in (None, 20, 12):
        if version:
            aged(path, version)
        with open_writer(path) as store:
            counted = {one: 3, third: 0}
            known = vocabulary.frequencies(store, [other, third, one, "harbour", "unheard"])
            assert known == counted, "what was not counted is not known"
            told = store.rows("SELECT term, weight FROM words WHERE story = 1 ORDER BY weight")
            assert told == [(other, 0.25), (one, 0.5), (third, 1.0)]
    with open_writer(path) as store:
        hashes = store.rows("SELECT public_id, id_hash FROM event ORDER BY id")
        assert hashes == [(name, rows.id_hash(name)) for name in ("x", "y", "z")]
    with open_writer(path) as store, store.transaction() as writer:
        vocabulary.count_terms(writer, {other: 2, one: -5})
        assert vocabulary.frequencies(writer, [one, other]) == {one: 0, other: 2}
