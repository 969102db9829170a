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
from aggregator.store import Store, entries, lookup, open_reader, open_writer
from aggregator.store.base import LARGE_STORE
from tests.helpers import change, entry, put

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
        ("as many as go into a statement", entries.AT_ONCE, 1),
        ("one more", entries.AT_ONCE + 1, 2),
        ("three statements", 2 * entries.AT_ONCE + 1, 3),
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
