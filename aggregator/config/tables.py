"""The tables of a TOML file, as `tomllib` has them; where thousands of them are plain sources, in a fifth of
its time.

Runs of `[[sources]]` with one key and one plain value a line are read by one pattern. In the text that
tomllib gets, a run is a single table with its number in it: what comes back with that number was a table
indeed, and no part of a text over several lines. Where anything else comes back, tomllib reads the whole.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import count, groupby
from typing import Any, NamedTuple

from aggregator.patterns import lazy
from aggregator.records import dataclass

Table = dict[str, Any]

_RUN_KEY = "run-of-plain-tables"  # no key of ours; a file that has it is left to tomllib
_TEXT = r'"[^"\\\x00-\x08\x0a-\x1f\x7f]*+"'  # without escapes
_VALUE = rf"{_TEXT}|true|false|-?(?:0|[1-9][0-9]{{0,17}})|\[ *+(?>(?:{_TEXT}(?>(?: *+, *+{_TEXT})*) *+)?)\]"
_END = r"[ \t]*+(?>(?:#[^\x00-\x08\x0a-\x1f\x7f]*+)?)\n"  # of a line: maybe a comment
_HEADER = rf"\[\[sources\]\]{_END}"
_RUN = lazy(rf"^{_HEADER}(?>(?:{_HEADER}|[A-Za-z0-9_-]++[ \t]*+=[ \t]*+(?:{_VALUE}){_END}|{_END})*)", re.M)
_LINE = lazy(rf'^(?:\[\[|([A-Za-z0-9_-]++)[ \t]*+=[ \t]*+(?:"([^"\n]*+)"|({_VALUE})))', re.M)
_ITEM = lazy(r'"([^"]*+)"')
_MARK = lazy(rf"^\[\[sources\]\]\n{_RUN_KEY} = (\d+)\n", re.M)


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
    places: Mapping[
        int, int
    ]  # of the sources that stand for themselves: where they are among those of `text`

    def restored(self, text: str) -> str:
        """What became of it, with the runs."""
        assert _MARK.findall(text) == _MARK.findall(self.text), "no run may be lost"
        return _MARK.sub(lambda mark: self.runs[int(mark[1])], text)


def short(text: str, apart: Collection[int]) -> Short:
    """`apart`: which of the sources, from 0, are to stand for themselves. In any doubt all of them do."""
    try:
        begun, runs, read = _numbered(text)
    except (_NotPlain, tomllib.TOMLDecodeError):
        return Short(text, (), {number: number for number in apart})
    pieces = list(_pieces([one.get(_RUN_KEY) for one in read["sources"]], runs, apart))
    places = {one.number: place for place, one in enumerate(pieces) if one.number is not None}
    left = tuple(one.text for one in pieces if one.is_run)
    instead = _instead(pieces, len(runs))
    return Short(_MARK.sub(lambda mark: instead[int(mark[1])], begun), left, places)


def _instead(pieces: Iterable[_Piece], runs: int) -> list[str]:
    """What stands in the place of each run."""
    marks, texts = map(_mark, count()), [""] * runs
    for one in pieces:
        if one.run is not None:
            texts[one.run] += next(marks) if one.is_run else one.text
    return texts


class _Piece(NamedTuple):
    """A table that stands for itself, or what is left between two such of a run."""

    number: int | None  # of the source; None of what need not stand for itself
    run: int | None  # that it is from; None of what is no plain table
    text: str

    @property
    def is_run(self) -> bool:
        return self.run is not None and self.number is None


def _pieces(numbers: Iterable[int | None], runs: Sequence[str], apart: Collection[int]) -> Iterator[_Piece]:
    """`numbers`: of each table of the short text the run that it stands for."""
    first = 0
    for run in numbers:
        tables = [""] if run is None else re.split(r"^(?=\[\[)", runs[run], flags=re.M)[1:]
        numbered = enumerate(tables, first)
        for number, group in groupby(numbered, lambda one: one[0] if one[0] in apart else None):
            yield _Piece(number, run, "".join(text for _, text in group))
        first += len(tables)
