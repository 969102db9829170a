"""Templates are compiled once for all processes, as modules are."""

from __future__ import annotations

import sys
from pathlib import Path
from types import CodeType

import pytest
from jinja2 import DictLoader, Environment

from aggregator.render.compiled import Compiled

TEMPLATE = "Hello {{ name }}"


class Counting(Environment):
    """Counts what it compiles."""

    compiled = 0

    def _compile(self, source: str, filename: str) -> CodeType:
        type(self).compiled += 1
        return super()._compile(source, filename)


def filled_in(folder: Path | None, template: str = TEMPLATE) -> int:
    """In a new environment, as in a new process: how many templates that compiled."""
    Counting.compiled = 0
    cache = Compiled(None if folder is None else str(folder / "pages.pyc"))
    environment = Counting(loader=DictLoader({"one": template}), bytecode_cache=cache)
    assert environment.get_template("one").render(name="you") == template.replace("{{ name }}", "you")
    return Counting.compiled


@pytest.fixture(autouse=True)
def _written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def test_the_second_process_compiles_nothing(tmp_path: Path) -> None:
    assert (filled_in(tmp_path), filled_in(tmp_path)) == (1, 0)
    assert len(list(tmp_path.iterdir())) == 1, "nothing unfinished stays"


def test_a_changed_template_is_compiled_again(tmp_path: Path) -> None:
    filled_in(tmp_path)
    assert [filled_in(tmp_path, "Bye {{ name }}") for _ in range(2)] == [1, 0]


@pytest.mark.parametrize("damage", [b"", b"j2", b"nothing that can be read", b"j2" + bytes(80)])
def test_what_is_damaged_is_compiled_again(tmp_path: Path, damage: bytes) -> None:
    filled_in(tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(damage)
    assert (filled_in(tmp_path), filled_in(tmp_path)) == (1, 0)


def test_cut_at_any_place_it_is_compiled_again(tmp_path: Path) -> None:
    filled_in(tmp_path)
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    for length in range(0, len(whole), 7):
        kept.write_bytes(whole[:length])
        assert filled_in(tmp_path) == 1


def test_nothing_is_kept_where_modules_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [filled_in(tmp_path / "missing") for _ in range(2)] == [1, 1]
    assert [filled_in(None) for _ in range(2)] == [1, 1]
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert [filled_in(tmp_path) for _ in range(2)] == [1, 1]
    assert not list(tmp_path.iterdir())
