"""Durations and sizes as people write them: "30m" in seconds, "10MB" in bytes."""

from __future__ import annotations

import re
from typing import Any

# as the JSON Schema says it, to editors and to `quick`
DURATION, SIZE = r"^\d{1,6}\s*(s|m|h|d|w)$", r"^\d{1,6}(\.\d+)?\s*([KkMmGg]?[Bb])$"
# … where none is no duration, and no size
SOME_DURATION, SOME_SIZE = (rf"^(?=.*[1-9]){pattern.removeprefix('^')}" for pattern in (DURATION, SIZE))
_DURATION = re.compile(r"(\d{1,6})\s*(s|m|h|d|w)$")
_SIZE = re.compile(r"(\d{1,6}(?:\.\d+)?)\s*(B|KB|MB|GB)$", re.I)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST = 36_500 * 86_400
_BYTES = {"b": 1, "kb": 1000, "mb": 1_000_000, "gb": 1_000_000_000}


def duration(value: Any) -> int:
    """Seconds; ValueError in words for people."""
    found = _DURATION.match(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f'{_shown(value)} is not a duration such as "30m"')
    seconds = int(found[1]) * _SECONDS[found[2]]
    if seconds > _LONGEST:
        raise ValueError(f"{_shown(value)} is longer than a hundred years")
    return seconds


def size(value: Any) -> int:
    """Bytes; ValueError in words for people."""
    found = _SIZE.match(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f'{_shown(value)} is not a size such as "10MB"')
    return int(float(found[1]) * _BYTES[found[2].lower()])


def _shown(value: Any) -> str:
    return (
        f'"{value}"'
        if isinstance(value, str)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )
