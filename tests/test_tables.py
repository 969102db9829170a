"""Tables of sources read in runs are what tomllib reads, and an error is where tomllib has it."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config import tables

A, B = '[[sources]]\nid = "a"\n', '[[sources]]\nid = "b"\nurl = "https://b.example/?x=1#y"\n'


def read(loads: Any, text: str) -> Any:
    """What comes out, types and all, or the words of the error."""
    try:
        return repr(sorted(loads(text).items())), loads(text)
    except tomllib.TOMLDecodeError as error:
        return str(error)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nothing", ""),
        ("no source", '[service]\ntitle = "x"\n'),
        ("one", A),
        ("two", A + B),
        ("the whole file ends without a line end", A + '[[sources]]\nid = "b"'),
        ("between others", f'[service]\ntitle = "x"\n{A}\n[[topics]]\nid = "t"\n{B}[poll]\nper_host = 2\n'),
        ("every plain value", A + 'b = true\nc = false\nd = -12\ne = 0\nf = []\ng = ["x"]\nh = [ "x" , "y,]" ]\n'),
        ("empty tables", "[[sources]]\n[[sources]]\n"),
        ("an empty text", A + 'url = ""\ntitle = "a\tb"\n'),
        ("comments and empty lines", f'# "a\n\n{A} \t# = "x"\n\n# [[sources]]\n[[sources]] # two\nid="b"# end\n'),
        ("a text that looks like a comment", A + 'title = "a # b" # c\n'),
        ("a text that looks like a table", A + 'title = "[[sources]]"\n' + B),
        ("not plain: an inline table", A + 'headers = { A = "b" }\n' + B),
        ("not plain: an escape", A + 'title = "a \\" b"\n' + B),
        ("not plain: other quotes", A + "title = 'a \\ b'\n" + B),
        ("not plain: a dotted key", A + 'headers.A = "b"\n' + B),
        ("not plain: indented", A + '  title = "x"\n' + B),
        ("not plain: several lines", A + 'title = """\nx\n"""\n' + B),
        ("not plain: a float, a date, a list of numbers", A + "x = 1.5\ny = 2026-01-01\nz = [1]\n" + B),
        ("a list over several lines", A + 'topics = [\n"x",\n]\n' + B),
        ("a table within the last one", A + B + '[sources.headers]\nA = "b"\n' + A),
        ("another way to write the table", A + '[[ sources ]]\nid = "b"\n["x"]\ny = 1\n'),
        ("within a text", f'x = """\n{A}"""\n{B}'),
        ("within a text, and nowhere else", f'x = """\n{A}"""\n'),
        ("within a text with other quotes", f"x = '''\n{A}'''\nsources = [1]\n"),
        ("a text begins within a run", f"{A}title = '''\n{B}'''\n{A}"),
        ("sources as a list", 'sources = [{ id = "a" }]\n'),
        ("our own mark", A + "run-of-plain-tables = 0\n"),
        ("wrong: a list, then tables", 'sources = [{ id = "a" }]\n' + A),
        ("wrong: a table, then tables", '[sources]\nid = "x"\n' + A),
        ("wrong: within a list", f"x = [\n{A}]\n"),
        ("wrong: twice in a plain table", A + 'id = "b"\n'),
        ("wrong: twice, not plain", A + "id = 'b'\n"),
        ("wrong: a table where a text is", A + "[sources.id]\nx = 1\n"),
        ("wrong: no quote at the end", A + 'title = "b\n' + B),
        ("wrong: a leading zero", A + "priority = 01\n"),
        ("wrong: two on a line", A + 'x = 1 y = 2\n'),
        ("wrong: no value", A + "x =\n" + B),
        ("wrong: a comma alone", A + "x = [,]\n"),
        ("wrong: a control character", A + 'title = "a\x01b"\n'),
        ("wrong: … in a comment", A + "# a\x7f\n" + B),
        ("wrong: a lone carriage return", A + 'title = "a"\r# b\n'),
        ("wrong: further down", A + B + "[poll\n"),
    ],
)  # fmt: skip
def test_runs_of_sources_read_as_tomllib_reads_them(name: str, text: str) -> None:
    assert read(tables.loads, text) == read(tomllib.loads, text), name


PIECES = [
    A, B, "[[sources]]\n", "[[sources]]", "[poll]\n", "[sources]\n", "[sources.headers]\n", "[[topics]]\n", "\n", "\r", " ",
    'id = "c"\n', 'x = "', '"\n', '"""\n', "'''\n", "y = '''", 'z = """', "# c", "n = 1\n", "o = [", '"p", ', "]\n", "q = true\n", "\\",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_runs_among_anything_read_as_tomllib_reads_them(text: str) -> None:
    assert read(tables.loads, text) == read(tomllib.loads, text)


@given(st.text(st.sampled_from("\"'\\#[]=,\n\t xé0-_.\x00"), max_size=12))
def test_whatever_a_value_is_it_reads_as_tomllib_reads_it(text: str) -> None:
    written = f"{A}title = {text}\n{B}"
    assert read(tables.loads, written) == read(tomllib.loads, written)


def test_most_sources_are_read_in_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it is right, and of no use."""
    seen: list[str] = []

    def loads(text: str) -> dict[str, Any]:
        seen.append(text)
        return tomllib_loads(text)

    tomllib_loads = tomllib.loads
    monkeypatch.setattr(tomllib, "loads", loads)
    plain = "".join(f'[[sources]]\nid = "s{n}"\ntopics = ["x"] # y\n\n' for n in range(1000))
    read_back = tables.loads(f'[poll]\n{plain}headers = {{ A = "b" }}\n{plain}[[topics]]\nid = "x"\n')
    assert len(read_back["sources"]) == 2000 and read_back["sources"][999]["headers"] == {"A": "b"}
    assert [len(text.splitlines()) for text in seen] == [1 + 2 + 1 + 2 + 2]
