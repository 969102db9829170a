"""The architecture, kept: who may import whom, and where the clock, sockets, SQL and writing to files may be."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "aggregator"
# A module imports lower ranks only; modules of one rank do not import each other, but for those of one package.
RANKS = {
    -1: {"records"},
    0: {"errors", "model", "patterns", "__init__"},
    1: {
        "urls",
        "headers",
        "stop",
        "logs",
        "meters",
        "machine",
        "processes",
        "websub",
        "heap",
        "server",
        "batches",
        "states",
        "commands",
        "prominence",
        "notify",
    },
    2: {"text", "mailbox"},
    3: {"query", "render", "fetch", "digest"},
    3.5: {"kinds"},
    4: {
        "config",
        "opml",
        "parse",
        "schedule",
        "health",
        "discover",
        "dedupe",
        "cluster",
        "starters",
        "learn",
        "suggest",
        "topics",
        "edition",
        "editing",
        "measure",
        "store",
        "publish",
    },
    5: {"poll", "fold", "evaluate", "check"},
    6: {"answers", "cycle"},
    7: {"daemon", "web"},
    8: {"cli"},
    9: {"__main__"},
}
RANK = {name: rank for rank, names in RANKS.items() for name in names}
# Why these may: evaluate is a use of fold, overrides find their entry as answers do, starters are data for three,
# a kind of source with a reader of its own imports it from parse when something is read.
MAY = {
    ("kinds", "parse"),
    ("evaluate", "fold"),
    ("cycle", "answers"),
    ("topics", "starters"),
    ("learn", "starters"),
    ("config", "starters"),
}
MODULES = sorted(ROOT.rglob("*.py"))


def top(path: Path) -> str:
    relative = path.relative_to(ROOT)
    return relative.parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "aggregator":
            found |= {alias.name if alias.name in RANK else "__init__" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aggregator."):
            found.add(str(node.module).split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {
                alias.name.split(".")[1] for alias in node.names if alias.name.startswith("aggregator.")
            }
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_lower_layers_only(path: Path) -> None:
    own = top(path)
    assert own in RANK, f"{own} has no rank: give it one here and in the README's picture"
    for other in imports(path) - {own}:
        assert RANK[other] < RANK[own] or (own, other) in MAY, (
            f"{own} (rank {RANK[own]}) imports {other} (rank {RANK[other]})"
        )


@pytest.mark.parametrize(
    ("what", "pattern", "allowed"),
    [
        ("the clock", r"time\.time\(\)|datetime\.now|date\.today", {"fetch", "cli", "daemon"}),
        ("sockets", r"^import socket|import requests|^from requests", {"fetch", "daemon", "server"}),
        ("SQL", r"sqlite3|\b(SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM)\b", {"store", "cli"}),
        ("feedparser", r"^import feedparser", {"parse"}),
        ("feedgen", r"^from feedgen", {"render"}),
        ("the scheduler", r"^from apscheduler", {"daemon"}),
        ("randomness", r"^import random|^from random", set()),
    ],
)
def test_things_have_one_place(what: str, pattern: str, allowed: set[str]) -> None:
    for path in MODULES:
        if top(path) not in allowed:
            found = re.search(pattern, path.read_text(encoding="utf-8"), re.M)
            assert found is None, f"{what} in {path.relative_to(ROOT)}: {found.group() if found else ''}"


def fenced(text: str) -> set[int]:
    """Lines of tables, which the formatter leaves as they are: between `# fmt: off` and `# fmt: on`, and statements
    that end with `# fmt: skip`.
    """
    lines, found, is_off = text.splitlines(), set[int](), False
    for number, line in enumerate(lines, 1):
        is_off = line.strip() == "# fmt: off" or (is_off and line.strip() != "# fmt: on")
        if is_off:
            found.add(number)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt) and lines[(node.end_lineno or 1) - 1].endswith("# fmt: skip"):
            found.update(range(node.lineno, (node.end_lineno or 1) + 1))
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_line_has_at_most_110_columns_outside_of_tables(path: Path) -> None:
    if path.name == "migrations.py":
        return  # its SQL is what was released
    text = path.read_text(encoding="utf-8")
    long = {number for number, line in enumerate(text.splitlines(), 1) if len(line) > 110}
    assert not long - fenced(text)
