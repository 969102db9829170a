"""Durations and sizes as people write them: "30m" in seconds, "10MB" in bytes."""

from __future__ import annotations

import re
from typing import Any

from aggregator.patterns import lazy
from aggregator.text.phrases import duration, shown

__all__ = ["DURATION", "SIZE", "SOME_DURATION", "SOME_SIZE", "duration", "size"]

# as the JSON Schema says it, to editors and to `quick`
DURATION, SIZE = r"^\d{1,6}\s*(s|m|h|d|w)$", r"^\d{1,6}(\.\d+)?\s*([KkMmGg]?[Bb])$"
# … where none is no duration, and no size
SOME_DURATION, SOME_SIZE = (rf"^(?=.*[1-9]){pattern.removeprefix('^')}" for pattern in (DURATION, SIZE))
_SIZE = lazy(r"(\d{1,6}(?:\.\d+)?)\s*(B|KB|MB|GB)$", re.I)
_BYTES = {"b": 1, "kb": 1000, "mb": 1_000_000, "gb": 1_000_000_000}


def size(value: Any) -> int:
    """Bytes; ValueError in words for people."""
    found = _SIZE.match(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f'{shown(value)} is not a size such as "10MB"')
    return int(float(found[1]) * _BYTES[found[2].lower()])
