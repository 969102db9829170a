"""The tables of a TOML file, as `tomllib` has them; where thousands of them are plain sources, in a fifth of its
time.

Runs of `[[sources]]` with one key and one plain value a line are read by one pattern. In the text that tomllib
gets, a run is a single table with its number in it: what comes back with that number was a table indeed, and no
part of a text over several lines. Where anything else comes back, tomllib reads the whole.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Table = dict[str, Any]

_RUN_KEY = "run-of-plain-tables"  # no key of ours; a file that has it is left to tomllib
_TEXT = r'"[^"\\\x00-\x08\x0a-\x1f\x7f]*+"'  # without escapes
_VALUE = rf"{_TEXT}|true|false|-?(?:0|[1-9][0-9]{{0,17}})|\[ *+(?:{_TEXT}(?: *+, *+{_TEXT})*+ *+)?+\]"
_END = r"[ \t]*+(?:#[^\x00-\x08\x0a-\x1f\x7f]*+)?+\n"  # of a line: maybe a comment
_HEADER = rf"\[\[sources\]\]{_END}"
_RUN = re.compile(rf"^{_HEADER}(?:{_HEADER}|[A-Za-z0-9_-]++[ \t]*+=[ \t]*+(?:{_VALUE}){_END}|{_END})*+", re.M)
_LINE = re.compile(rf'^(?:\[\[|([A-Za-z0-9_-]++)[ \t]*+=[ \t]*+(?:"([^"\n]*+)"|({_VALUE})))', re.M)
_ITEM = re.compile(r'"([^"]*+)"')
_MARK = re.compile(rf"^\[\[sources\]\]\n{_RUN_KEY} = (\d+)\n", re.M)


class _NotPlain(Exception):
    """Here tomllib has to decide."""


def loads(text: str) -> Table:
    """Raises tomllib.TOMLDecodeError, RecursionError."""
    try:
        return _with_runs(text)
    except (_NotPlain, tomllib.TOMLDecodeError):
        return tomllib.loads(text)


def _with_runs(text: str) -> Table:
    _, runs, read = _numbered(text)
    read["sources"] = [table for one in read["sources"] for table in _tables(one, runs)]
    return read


def _numbered(text: str) -> tuple[str, list[str], Table]:
    """(the text with a table in the place of each run, the runs, what that text says)"""
    runs: list[str] = []

    def numbered(run: re.Match[str]) -> str:
        runs.append(run[0])
        return _mark(len(runs) - 1)

    short = _RUN.sub(numbered, text)
    if not runs or _RUN_KEY in text:
        raise _NotPlain
    read = tomllib.loads(short)
    sources = read.get("sources")
    if not isinstance(sources, list) or not _are_all(sources, len(runs)):
        raise _NotPlain
    return short, runs, read


def _mark(run: int) -> str:
    return f"[[sources]]\n{_RUN_KEY} = {run}\n"


def _are_all(sources: list[Any], runs: int) -> bool:
    """Whether every run was a run of tables."""
    numbers = [one[_RUN_KEY] for one in sources if isinstance(one, dict) and _RUN_KEY in one]
    return numbers == list(range(runs))


def _tables(one: Table, runs: list[str]) -> list[Table]:
    """Those that `one` stands for. What else it holds stood behind its run, and is of the last of them."""
    if _RUN_KEY not in one:
        return [one]
    found = list(_plain(runs[one.pop(_RUN_KEY)]))
    if not found[-1].keys().isdisjoint(one):
        raise _NotPlain
    found[-1].update(one)
    return found


def _plain(run: str) -> Iterator[Table]:
    table: Table | None = None
    for key, text, value in _LINE.findall(run):
        if not key:
            if table is not None:
                yield table
            table = {}
            continue
        assert table is not None
        if key in table:
            raise _NotPlain
        table[key] = _value(value) if value else text
    if table is not None:
        yield table


def _value(written: str) -> Any:
    if written[0] == "[":
        return _ITEM.findall(written)
    return written == "true" if written[0] in "tf" else int(written)


@dataclass(frozen=True, slots=True)
class Short:
    """A file with one table in the place of each run, for edits: tomlkit takes seconds for thousands."""

    text: str
    runs: tuple[str, ...]
    place: int  # of the table that stands for itself, among those of `text`

    def restored(self, text: str) -> str:
        """What became of it, with the runs."""
        assert _MARK.findall(text) == _MARK.findall(self.text), "no run may be lost"
        return _MARK.sub(lambda mark: self.runs[int(mark[1])], text)


def short(text: str, apart: int) -> Short:
    """`apart`: which of the sources is to stand for itself, from 0, or from -1 backwards. In any doubt all of
    them do.
    """
    try:
        begun, runs, read = _numbered(text)
    except (_NotPlain, tomllib.TOMLDecodeError):
        return Short(text, (), apart)
    numbers = [one.get(_RUN_KEY) for one in read["sources"]]
    heads = [[0] if run is None else _heads(runs[run]) for run in numbers]
    place, within = _found(apart, [len(found) for found in heads])
    whole, run = Short(begun, tuple(runs), place), numbers[place]
    return whole if run is None else _with_apart(whole, run, heads[place], within)


def _with_apart(whole: Short, run: int, heads: Sequence[int], within: int) -> Short:
    """With one table of a run standing for itself, between the two that are left of the run."""
    text, new = whole.runs[run], len(whole.runs)
    begin, end = heads[within], (*heads, len(text))[within + 1]
    before, after = text[:begin], text[end:]
    marks = _mark(run) * bool(before) + text[begin:end] + _mark(new) * bool(after)
    runs = (*whole.runs[:run], before, *whole.runs[run + 1 :], after)
    return Short(whole.text.replace(_mark(run), marks), runs, whole.place + bool(before))


def _heads(run: str) -> list[int]:
    """Where its tables begin."""
    return [head.start() for head in re.finditer(r"^\[\[", run, re.M)]


def _found(apart: int, sizes: Sequence[int]) -> tuple[int, int]:
    """(which of the parts that is in, and where within it)"""
    apart %= sum(sizes)
    for place, size in enumerate(sizes):
        if apart < size:
            return place, apart
        apart -= size
    raise AssertionError("a place is below the sum of all sizes")
