"""Key path → line of a TOML file. tomllib tells no lines; tomlkit does, at a tenth of the speed, so that it
is asked after an error only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from aggregator.patterns import lazy

Path = tuple[str | int, ...]
Problem = tuple[Path, str]
"""Where something is wrong, and what, in words."""

_HEADER = lazy(r"\s*(\[\[|\[)\s*([^\]#]+?)\s*(?:\]\]|\])")
_KEY = lazy(
    r"\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*="
)
_INLINE = lazy(r"[{,]\s*([A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')\s*=")

_PIECE = lazy(r"\"{3}|'{3}|\"(?:\\.|[^\"\\])*\"|'[^']*'|#")


def _header(line: str) -> re.Match[str] | None:
    found = _HEADER.match(line)
    return None if found is None or "=" in line.split("#")[0].split("]")[0] else found


def find(text: str) -> dict[Path, int]:
    """The line (from 1) of every table and key, by its path; tables of an array count from 0."""
    found: dict[Path, int] = {(): 1}
    table: Path = ()
    arrays: dict[Path, int] = {}
    quote = ""
    for number, line in enumerate(text.splitlines(), 1):
        if quote:
            quote = "" if quote in line else quote
            continue
        paths: Iterable[Path] = ()
        if (header := _header(line)) is not None:
            table = _table(_parts(header[2]), header[1] == "[[", arrays)
            paths = _paths_to(table)
        elif (key := _KEY.match(line)) is not None:
            value = line[key.end() :]
            paths = _paths(table, _parts(key[1]), value)
            quote = _open_quote(value)
        for path in paths:
            found.setdefault(path, number)
    return found


def _paths_to(table: Path) -> Iterator[Path]:
    yield table
    if isinstance(table[-1], int):
        yield table[:-1]  # the array as a whole, for an error that is about it


def _paths(table: Path, key: Path, value: str) -> Iterator[Path]:
    """All paths that a line `key = value` in this table begins: those of a dotted key, and of an inline
    table.
    """
    for end in range(1, len(key) + 1):
        yield (*table, *key[:end])
    if value.lstrip().startswith("{"):
        for inner in _INLINE.finditer(value):
            yield (*table, *key, _bare(inner[1]))


def _open_quote(value: str) -> str:
    """The quotation mark of a text that goes on in the next line; strings and comments are no such thing."""
    position = 0
    while (piece := _PIECE.search(value, position)) is not None and piece[0][0] != "#":
        position = piece.end()
        if piece[0] in ('"""', "'''"):
            end = value.find(piece[0], position)
            if end < 0:
                return piece[0]
            position = end + 3
    return ""


def _parts(text: str) -> Path:
    return tuple(_bare(part) for part in re.findall(r"\"[^\"]*\"|'[^']*'|[A-Za-z0-9_-]+", text))


def _bare(part: str) -> str:
    return part.strip("\"'")


def _table(parts: Path, array: bool, arrays: dict[Path, int]) -> Path:
    """The path of a table header, with the index of the array element that it stands in."""
    path: Path = ()
    for position, part in enumerate(parts):
        path = (*path, part)
        last = position == len(parts) - 1
        if array and last:
            arrays[path] = arrays.get(path, -1) + 1
        if path in arrays:
            path = (*path, arrays[path])
    return path


def line(found: dict[Path, int], path: Path) -> int:
    """Of the key, else of what it stands in."""
    while path not in found:
        path = path[:-1]
    return found[path]


def shown(path: Path) -> str:
    """`sources[2].interval`; elements count from 0 as in the schema."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
