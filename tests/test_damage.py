"""A database that holds something else than was written: one line, and exit code 2, in every command."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from aggregator.errors import StoreError
from aggregator.store import open_writer, rows, trouble
from tests.helpers import change
from tests.test_cli import SEEDS, cli

SHOWN = 60
LONGEST = 300

MENDS = "restore a backup: `aggregator restore FILE`; published files stay"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    (folder / "config.toml").write_text(f'[[sources]]\nid = "seeds"\npath = "{SEEDS}"\n')
    (folder / "story.txt").write_text("Somebody says so.")
    cli("run", folder=folder)
    return folder


def pages(path: Path) -> None:
    """All but the schema."""
    with sqlite3.connect(path) as conn:
        roots = [root for (root,) in conn.execute("SELECT rootpage FROM sqlite_schema WHERE rootpage > 0")]
        size = conn.execute("PRAGMA page_size").fetchone()[0]
    with path.open("r+b") as file:
        for root in roots:
            file.seek((root - 1) * size)
            file.write(b"\xa5" * size)


def schema(old: bytes, new: bytes) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        held = path.read_bytes()
        assert held.count(old) == 1
        path.write_bytes(held.replace(old, new))

    return damage


def value(change: str) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        conn = sqlite3.connect(path)
        conn.execute(change)
        conn.commit()
        conn.close()

    return damage


COMMANDS = (
    "run", "status", "search harbour", "search harbour --format atom", "dump", "why 1", "plan", "backup copy.db",
    "topics suggest", "overrides list", "sources list", "sources update", "prune", "refold", "pin 1", "hide 1",
    "split 1", "join 1 2", "add --title News story.txt", "restore var/aggregator.db",
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_R8_each_command_says_in_one_line_that_the_database_is_damaged(
    tmp_path: Path, whole: Path, command: str
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(whole, folder)
    pages(folder / "var" / "aggregator.db")
    done = cli(*command.split(), folder=folder, code=2)
    assert len(done.stderr.splitlines()) == 1 and "aggregator.db: is " in done.stderr


@pytest.mark.parametrize(
    ("name", "damage", "command"),
    [
        ("a statement that is none", schema(b"CREATE VIEW folds", b"CREATE VIEW f(lds"), "status"),
        ("no UTF-8 in a message", schema(b"CREATE VIEW folds", b"CREATE \xffIEW folds"), "status"),
        ("no UTF-8 in a statement", schema(b"CREATE VIEW folds", b"CREATE \xffIEW folds"), "run"),
        ("no UTF-8 in a column", value("UPDATE entry SET language = CAST(x'ff' AS TEXT)"), "dump"),
        ("no JSON", value("UPDATE source SET failure = '{'"), "status"),
        ("JSON and more", value("UPDATE source SET failure = '1.'"), "status"),
        ("JSON of something else", value("UPDATE source SET failure = '{\"kimd\": 1}'"), "status"),
        (
            "a row that points to nothing",
            value("INSERT INTO member (entry, story) VALUES (99999, 1)"),
            "refold",
        ),
    ],
)
def test_R8_damage_that_sqlite_has_no_words_for_is_one_line_too(
    tmp_path: Path, whole: Path, name: str, damage: Callable[[Path], None], command: str
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(whole, folder)
    damage(folder / "var" / "aggregator.db")
    done = cli(*command.split(), folder=folder, code=2)
    assert len(done.stderr.splitlines()) == 1 and MENDS in done.stderr, name


def test_what_our_own_sql_breaks_in_a_whole_file_is_a_bug(tmp_path: Path, whole: Path) -> None:
    """Nobody is told to restore a backup for it."""
    folder = tmp_path / "copy"
    shutil.copytree(whole, folder)
    with open_writer(folder / "var" / "aggregator.db") as store, pytest.raises(sqlite3.IntegrityError):
        change(store, "INSERT INTO member (entry, story) VALUES (99999, 1)")


def test_what_sqlite_quotes_is_cut_at_its_bound() -> None:
    assert trouble.in_a_line("two\n  lines") == "two lines"
    assert trouble.in_a_line("x" * LONGEST) == "x" * LONGEST
    assert trouble.in_a_line("x" * (LONGEST + 1)) == "x" * (LONGEST - 1) + "…"


def test_what_is_no_json_any_more_is_shown_up_to_its_bound() -> None:
    for length, shown in ((SHOWN, "x" * SHOWN), (SHOWN + 1, "x" * SHOWN + "…")):
        with pytest.raises(StoreError, match=f"it holds '{shown}', which"):
            rows.load("x" * length)
