"""Patterns that are compiled when they are used: they do what those of `re` do, and each of ours is one."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest

import aggregator
from aggregator.patterns import _Lazy, lazy

ROOT = Path(__file__).parent.parent
MODULES = [module.name for module in pkgutil.walk_packages(aggregator.__path__, "aggregator.")]


@pytest.mark.parametrize(
    ("name", "lazy_one", "real"),
    [
        ("text", lazy(r"a(b+)"), re.compile(r"a(b+)")),
        ("flags", lazy(r"A(B+)", re.I), re.compile(r"A(B+)", re.I)),
        ("bytes", lazy(rb"a(b+)"), re.compile(rb"a(b+)")),
    ],
)
def test_a_lazy_pattern_does_what_a_real_one_does(name: str, lazy_one: Any, real: Any) -> None:
    text, mark = ("xabbxab", "-") if isinstance(real.pattern, str) else (b"xabbxab", b"-")
    for _ in range(2):  # as it is first used, and as it is kept
        assert lazy_one.sub(mark, text) == real.sub(mark, text)
        assert lazy_one.search(text).span() == real.search(text).span()
        assert lazy_one.findall(text) == real.findall(text)
        assert (lazy_one.pattern, lazy_one.flags) == (real.pattern, real.flags)


_POSSESSIVE_GROUP = re.compile(r"(?<!\\)\)(?:[*+?]|\{\d*,?\d*\})\+(?![\],])")  # not of a list of signs


@pytest.mark.parametrize(
    ("pattern", "is_one"),
    [(r"(?:a|b)*+c", True), (r"(a)?+", True), (r"(a){1,2}+", True), (r"[ab]*+c", False), (r"(?>(?:a|b)*)c", False),
     (r"\)*+", False), (r"[')*+]", False)],
)  # fmt: skip
def test_a_possessive_group_is_seen(pattern: str, is_one: bool) -> None:
    assert bool(_POSSESSIVE_GROUP.search(_without_sets(pattern))) == is_one


@pytest.mark.parametrize("path", sorted(ROOT.glob("aggregator/**/*.py")), ids=lambda path: path.name)
def test_no_pattern_has_a_possessive_group(path: Path) -> None:
    """`(?:…)*+` finds nothing where it should in Python 3.11.2, which Debian 12 has: `(?>(?:…)*)` is the same
    there and everywhere. One of a single character or set is sound.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
            assert not _POSSESSIVE_GROUP.search(_without_sets(text)), (node.lineno, text)


def _without_sets(pattern: str) -> str:
    return re.sub(r"\[\^?\]?(?:\\.|[^\]\\])*\]", "[]", pattern)


def test_what_no_pattern_has_is_an_error() -> None:
    with pytest.raises(AttributeError, match="matched"):
        lazy("a").matched  # type: ignore[attr-defined]  # noqa: B018  # that it is none is the test


def test_nothing_is_compiled_before_it_is_used() -> None:
    wrong = lazy("(")
    with pytest.raises(re.error):
        wrong.search("")


@pytest.mark.parametrize("module", [name for name in MODULES if not name.endswith("__main__")])
def test_each_pattern_of_ours_is_one(module: str) -> None:
    for name, value in vars(importlib.import_module(module)).items():
        for one in _values(value):
            if isinstance(one, _Lazy):
                assert one.pattern is not None, name


def _values(value: object) -> list[object]:
    if isinstance(value, dict):
        return [inner for one in value.values() for inner in _values(one)]
    if isinstance(value, list | tuple):
        return [inner for one in value for inner in _values(one)]
    return [value]
