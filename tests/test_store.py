"""The store's types: who may change what, and SQLite's errors as ours, whoever asks."""

from __future__ import annotations

import ast
import re
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator import urls
from aggregator.errors import StoreError
from aggregator.store import Store, entries, lookup, members, open_reader, open_writer, sources
from aggregator.store.base import LARGE_STORE
from tests.helpers import change, entry, put

AT_ONCE = 20

FOLDER = Path(__file__).parent.parent / "aggregator" / "store"
ASKING = {"rows", "row", "one", "value", "column", "stream", "chosen"}
CHANGES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE|CREATE|DROP|ALTER)\b", re.I)


def _asked(path: Path) -> list[tuple[int, str]]:
    """(line, beginning of the SQL) of all that is asked with words that change nothing."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ASKING:
            first = node.args[0] if node.args else None
            first = first.values[0] if isinstance(first, ast.JoinedStr) else first
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.append((node.lineno, first.value))
    return found


def test_what_only_asks_changes_nothing() -> None:
    asked = [(path.name, *one) for path in sorted(FOLDER.glob("*.py")) for one in _asked(path)]
    assert len(asked) > 60
    assert [one for one in asked if CHANGES.match(one[2])] == []


@pytest.mark.parametrize(("name", "page"), [("new", None), ("of an earlier program", 4096)])
def test_pages_of_whatever_size_are_kept_in_as_much_memory(
    tmp_path: Path, name: str, page: int | None
) -> None:
    open_writer(tmp_path / "a.db").close()
    if page:
        conn = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
        conn.executescript(f"PRAGMA journal_mode = DELETE; PRAGMA page_size = {page}; VACUUM")
        conn.close()
    with open_writer(tmp_path / "a.db") as store:
        found = store.value("PRAGMA page_size")
        assert found == (page or 8192), name
        assert found * store.value("PRAGMA wal_autocheckpoint") == 64_000 * 1024
        assert store.value("PRAGMA cache_size") == -48_000


@pytest.mark.parametrize(("entries_stored", "looked_at"), [(LARGE_STORE - 1, False), (LARGE_STORE, True)])
def test_the_planner_is_told_of_sizes_where_there_are_some(
    tmp_path: Path, entries_stored: int, looked_at: bool
) -> None:
    with open_writer(tmp_path / "a.db") as store:
        store._conn.execute("PRAGMA foreign_keys = OFF")  # the number of an entry never changes but here
        put(store, entry("s", "1", "One"))
        with store.transaction() as writer:
            writer.run("UPDATE entry SET id = ?", (entries_stored,))
        said: list[str] = []
        store._conn.set_trace_callback(said.append)
        store.learn_sizes()
    assert any(one.startswith("PRAGMA optimize") for one in said) == looked_at
    assert ("PRAGMA analysis_limit = 400" in said) == looked_at


def test_nobody_but_the_store_has_the_connection() -> None:
    pattern = re.compile(r"\b(store|reader|writer)\._?conn\b|sqlite3\.connect")
    found = [
        path.name
        for path in FOLDER.parent.rglob("*.py")
        if FOLDER not in path.parents and pattern.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_a_reader_can_not_change_even_what_it_asks_for(tmp_path: Path) -> None:
    with open_writer(tmp_path / "a.db") as store:
        put(store, entry("a", "1", "One"))
    refused = pytest.raises(StoreError, match=r"a\.db: can't be written")
    with open_reader(tmp_path / "a.db") as reader, refused:
        reader.row("DELETE FROM source")


def _full(store: Store) -> sqlite3.Connection | None:
    """No page more than there are."""
    store.row(f"PRAGMA max_page_count = {store.value('PRAGMA page_count')}")
    return None


def _gone(store: Store) -> sqlite3.Connection | None:
    change(store, "DROP TABLE raw")
    return None


def _held(store: Store) -> sqlite3.Connection | None:
    """By a program that knows nothing of our lock."""
    store.row("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other


@pytest.mark.parametrize(
    ("trouble", "words"),
    [(_full, "the disk is full"), (_gone, "no such table: raw"), (_held, "another program holds it")],
)
def test_R2_trouble_while_storing_is_one_line_and_leaves_what_was_there(
    tmp_path: Path, trouble: Callable[[Store], sqlite3.Connection | None], words: str
) -> None:
    with open_writer(tmp_path / "a.db") as store:
        put(store, entry("a", "1", "One"))
        other = trouble(store)
        with pytest.raises(StoreError, match=words) as raised:
            put(store, *(entry("a", str(n), f"Word{n}", "text " * 2000) for n in range(2, 60)))
        assert len(str(raised.value).splitlines()) == 1 and str(raised.value).startswith(str(tmp_path))
        assert raised.value.exit_code == 2
        if other is not None:
            other.close()
        assert lookup.counts(store)["entry"] == 1, "and it goes on reading"


@pytest.mark.parametrize(
    ("name", "count", "segments"),
    [
        ("one", 1, 1),
        ("as many as go into a statement", AT_ONCE, 1),
        ("one more", AT_ONCE + 1, 2),
        ("three statements", 2 * AT_ONCE + 1, 3),
    ],
)
def test_many_new_entries_are_stored_in_few_statements(
    tmp_path: Path, name: str, count: int, segments: int
) -> None:
    """In the order of their document, each under its own number and id, with what its source said."""
    names = [f"https://a.example/{number}" for number in range(count)]
    # the first one says as its id what another one of the same statement is given
    names[0] = urls.mint("a", "https://a.example/last") if count > 1 else names[0]
    new = [entry("a", one, f"Item {place}", raw=f'"{place}"') for place, one in enumerate(names)]
    if count > 1:
        new[-1] = replace(new[-1], key="https://a.example/last", guid=None)
    with open_writer(tmp_path / "a.db") as store:
        put(store, entry("a", "0", "Known"))
        before = store.value("SELECT count(DISTINCT segid) FROM entry_fts_idx")
        put(store, entry("a", "0", "Known"), *new)
        found = store.rows("SELECT id, title FROM entry ORDER BY id")
        assert found == [(1, "Known"), *((place + 2, f"Item {place}") for place in range(count))], name
        ids = store.column("SELECT public_id FROM entry ORDER BY id")
        assert ids[1] == names[0] and len(set(ids)) == count + 1
        assert [lookup.said(store, number) for number, _ in found[1:]] == [one.raw for one in new]
        assert store.column("SELECT entry FROM pending_entry") == [number for number, _ in found]
        assert store.value("SELECT count(DISTINCT segid) FROM entry_fts_idx") == before + segments


# (what is alike, which table finds by it, guids or links of which the hashes are the same)
ALIKE = [
    ("published ids", "by_id", "id_hash", "https://x.example/59085", "https://x.example/59262"),
    ("keys", "by_key", "key_hash", "36969", "39772"),
    ("links", "by_link", "link_hash", "https://a.example/68637", "https://a.example/139293"),
]


@pytest.mark.parametrize(("what", "table", "column", "one", "other"), ALIKE)
def test_C4_what_has_the_same_hash_is_told_apart(
    tmp_path: Path, what: str, table: str, column: str, one: str, other: str
) -> None:
    by_link = what == "links"
    both = [
        entry("a", "first" if by_link else one, "Ferry sinks", link=one if by_link else None),
        entry("a", "second" if by_link else other, "Łódź elects", link=other if by_link else None),
    ]
    with open_writer(tmp_path / "a.db") as store:
        assert put(store, both[0]).new == put(store, *both).new == 1, what
        twice = f"SELECT count(*) FROM {table} GROUP BY {column} HAVING count(*) > 1"
        assert store.rows(twice) == [(2,)], "the same hash"
        assert put(store, *both) == entries.Absorbed(), "each is known"
        for name, found in ((one, both[0]), (other, both[1])):
            assert [known.title for known in lookup.find(store, name)] == [found.title]
        if by_link:
            assert [len(members.same_link(store, str(found.link_key))) for found in both] == [1, 1]
        renamed = [replace(found, key=f"{found.key} anew", guid=f"{found.key} anew") for found in both]
        assert put(store, *renamed).new == 0, "by their words"
        change(store, "DELETE FROM entry WHERE title = 'Ferry sinks'")
        assert store.rows(f"SELECT count(*) FROM {table}") == [(1,)], "its own row alone"


def hashed(store: Store) -> list[list[tuple[object, ...]]]:
    """By what entries are found: as it is, and as it should be."""
    found = "id_hash(public_id), id", "id_hash(source || char(10) || key), id"
    links = (
        "SELECT id_hash(link_key), source, published, id FROM entry WHERE link_key IS NOT NULL UNION "
        "SELECT id_hash(substr(link_key, 1, instr(link_key, '?'))), source, published, id FROM entry "
        "WHERE instr(link_key, '?')"
    )
    asked = [
        *("SELECT * FROM by_id ORDER BY 1, 2", "SELECT * FROM by_key ORDER BY 1, 2"),
        "SELECT * FROM by_link ORDER BY 1, 2, 3, 4",
        *(f"SELECT {one} FROM entry ORDER BY 1, 2" for one in found),
        f"{links} ORDER BY 1, 2, 3, 4",
    ]
    return [store.rows(one) for one in asked]


@pytest.mark.parametrize(
    ("name", "query", "refused"),
    [
        ("another key", "UPDATE entry SET key = 'new' WHERE id = 1", None),
        ("the key of another one", "UPDATE entry SET key = 'two' WHERE id = 1", "one key of a source"),
        ("another published id", "UPDATE entry SET public_id = 'urn:x:9' WHERE id = 1", "never changes"),
        ("another source", "UPDATE entry SET source = 'c' WHERE source = 'b'", None),
        ("one source for both of a key", "UPDATE entry SET source = 'a'", "one key of a source"),
        ("another link", "UPDATE entry SET link_key = 'b.example/9?c=d' WHERE id < 3", None),
        ("no link", "UPDATE entry SET link_key = NULL", None),
        ("a query of no words", "UPDATE entry SET link_key = 'b.example/?'", None),
        ("another date", "UPDATE entry SET published = published - 9", None),
        ("gone", "DELETE FROM entry WHERE id <> 2", None),
        ("again", "INSERT INTO entry SELECT * FROM entry WHERE id = 1", "UNIQUE"),
        ("a published id again", "WITH", "one published id"),
    ],
)
def test_F14_no_two_entries_share_an_id_or_a_key(
    tmp_path: Path, name: str, query: str, refused: str | None
) -> None:
    with open_writer(tmp_path / "a.db") as store:
        put(
            store,
            entry("a", "one", "Ferry sinks", link="https://a.example/1?id=3"),
            entry("a", "two", "Łódź elects", link="https://a.example/1?id=4"),
            entry("b", "one", "Ferry sinks again"),
        )
        columns = [row[0] for row in store.rows("SELECT name FROM pragma_table_info('entry')")]
        copied = [{"id": "9", "key": "'x'"}.get(column, column) for column in columns]
        copy = f"INSERT INTO entry SELECT {', '.join(copied)} FROM entry WHERE id = 1"
        asked = copy if query == "WITH" else query
        before = hashed(store)
        if refused is None:
            change(store, asked)
            assert hashed(store) != before, name
        else:
            with pytest.raises(sqlite3.Error, match=refused):
                change(store, asked)
            assert hashed(store) == before, name
        found = hashed(store)
        assert found[:3] == found[3:], name


@pytest.mark.parametrize(("happened", "published"), [(199, 199), (200, 200), (201, 200)])
def test_so_many_changes_of_state_are_published(tmp_path: Path, happened: int, published: int) -> None:
    with open_writer(tmp_path / "a.db") as store:
        with store.transaction() as writer:
            rows = [("a", "A", at, "ok", "gone", "") for at in range(happened)]
            query = (
                "INSERT INTO state_change (source, title, at, before, state, words) VALUES (?, ?, ?, ?, ?, ?)"
            )
            writer.run_many(query, rows)
        newest_first = [one.at for one in sources.notices(store)]
    assert newest_first == list(range(happened - 1, happened - 1 - published, -1))
