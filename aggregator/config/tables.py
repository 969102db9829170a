"""The tables of a TOML file, as `tomllib` has them; where thousands of them are plain sources, in a fifth of its
time.

Runs of `[[sources]]` with one key and one plain value a line are read by one pattern. In the text that tomllib
gets, a run is a single table with its number in it: what comes back with that number was a table indeed, and no
part of a text over several lines. Where anything else comes back, tomllib reads the whole.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
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


class _NotPlain(Exception):
    """Here tomllib has to decide."""


def loads(text: str) -> Table:
    """Raises tomllib.TOMLDecodeError, RecursionError."""
    try:
        return _with_runs(text)
    except (_NotPlain, tomllib.TOMLDecodeError):
        return tomllib.loads(text)


def _with_runs(text: str) -> Table:
    runs: list[str] = []

    def numbered(run: re.Match[str]) -> str:
        runs.append(run[0])
        return f"[[sources]]\n{_RUN_KEY} = {len(runs) - 1}\n"

    short = _RUN.sub(numbered, text)
    if not runs or _RUN_KEY in text:
        raise _NotPlain
    read = tomllib.loads(short)
    sources = read.get("sources")
    if not isinstance(sources, list) or not _are_all(sources, len(runs)):
        raise _NotPlain
    read["sources"] = [table for one in sources for table in _tables(one, runs)]
    return read


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
