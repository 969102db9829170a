"""Rows by what is known of them: many at a time, and by a number instead of a long text."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

_CHUNK = 500  # parameters of one statement


def chosen(
    conn: sqlite3.Connection, query: str, wanted: Iterable[object], *first: object
) -> Iterator[tuple[Any, ...]]:
    """The rows of `query IN (wanted)`, however many are wanted; `first` are parameters before them."""
    numbers = list(wanted)
    for start in range(0, len(numbers), _CHUNK):
        part = numbers[start : start + _CHUNK]
        yield from conn.execute(f"{query} IN ({','.join('?' * len(part))})", (*first, *part))


def number(text: str) -> int:
    """What indexes know a text by: a few bytes instead of all of it. Two texts may have the same."""
    return zlib.crc32(text.encode())
