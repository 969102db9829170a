"""Edits of config.toml through a shortened text write what edits of the whole text write, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config import edit
from aggregator.config.tables import Short, short
from aggregator.errors import AggregatorError

HEAD = '[service]\ntitle = "x"  # mine\n\n'
TOPICS = '# topics\n[[topics]]\nid = "t"\nmatch = "x"\ndescription = """\n[[sources]]\nid = "z"\n"""\n'
TABLES = (
    '[[sources]]\nid = "{0}"\nurl = "https://{0}.example/"\n\n',
    '[[sources]] # {0}\nid = "{0}"\npath = "{0}.txt"\nenabled = false # for now\n# end\n',
    '# before\n[[sources]]\n  id = "{0}"\nurl = "https://{0}.example/"\nheaders = {{ A = "b" }}\n',
    "[[sources]]\nid = '{0}'\npath = '{0}'\n",
    '[[sources]]\nid = "{0}"\npath = "{0}"\ntopics = []\n[sources.headers]\nA = "b"\n',
)
EDITS: list[Callable[[Path, str], object]] = [
    lambda path, name: edit.enable_source(path, name, False),
    lambda path, name: edit.enable_source(path, name, True),
    lambda path, name: edit.move_source(path, name, "https://moved.example/"),
    edit.remove_source,
    lambda path, name: edit.add_source(path, {"url": "https://new.example/", "title": name}),
    lambda path, name: edit.add_sources(path, [{"url": "https://n.example/"}] * 2, [("new", "New")]),
]


def written(folder: Path, text: str, change: Callable[[Path, str], object], name: str) -> str:
    """What becomes of it, or what is wrong with it."""
    path = folder / "config.toml"
    path.write_bytes(text.encode())
    try:
        change(path, name)
    except AggregatorError as error:
        return str(error)
    return path.read_bytes().decode()


@pytest.mark.parametrize(
    "tables",
    [
        *product(range(5), repeat=1),
        *product(range(5), repeat=2),
        (0, 0, 0),
        (0, 1, 0, 2, 0, 0),
        (0, 0, 4, 0, 1, 3),
    ],
)
@pytest.mark.parametrize(("head", "tail"), [("", ""), (HEAD, TOPICS), (TOPICS, HEAD)])
def test_a_short_edit_is_a_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, head: str, tail: str, tables: tuple[int, ...]
) -> None:
    names = [f"s{place}" for place in range(len(tables))]
    text = head + "".join(TABLES[kind].format(name) for name, kind in zip(names, tables, strict=True)) + tail
    for change, name in product(EDITS, names):
        monkeypatch.setattr(edit, "short", short)
        found = written(tmp_path, text, change, name)
        monkeypatch.setattr(edit, "short", lambda text, apart: Short(text, (), apart % len(names)))
        assert found == written(tmp_path, text, change, name)


@given(st.lists(st.sampled_from([*TABLES, HEAD, TOPICS]), max_size=8), st.integers(-1, 7))
def test_what_is_shortened_is_restored(parts: list[str], apart: int) -> None:
    text = "".join(part.format(place) for place, part in enumerate(parts))
    found = short(text, apart)
    assert found.restored(found.text) == text


def test_no_run_is_lost_in_an_edit() -> None:
    found = short(TABLES[0].format("a") * 2 + HEAD, -1)
    assert len(found.text) < 150 and found.place == 1
    with pytest.raises(AssertionError):
        found.restored(found.text.partition("\n\n")[2])
