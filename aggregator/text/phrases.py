"""Numbers as people say and write them, and names that they mistake."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from aggregator.patterns import lazy

_DURATION = lazy(r"(\d{1,6})\s*(s|m|h|d|w)$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST = 36_500 * 86_400


def nearest(name: str, names: Sequence[str], least: float = 0.6) -> str | None:
    """What was probably meant; `least`: how alike, of 1."""
    import difflib  # few names are mistaken

    near = difflib.get_close_matches(name, names, 1, least)
    return near[0] if near else None


def span(seconds: int) -> str:
    """A duration: "45 s", "1.5 h", "3 d"."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if abs(seconds) >= size:
            return (
                f"{seconds / size:.2g} {unit}"
                if abs(seconds) < 10 * size
                else f"{round(seconds / size)} {unit}"
            )
    return f"{seconds} s"


def duration(value: Any) -> int:
    """Seconds; ValueError in words for people."""
    found = _DURATION.match(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f'{shown(value)} is not a duration such as "30m"')
    seconds = int(found[1]) * _SECONDS[found[2]]
    if seconds > _LONGEST:
        raise ValueError(f"{shown(value)} is longer than a hundred years")
    return seconds


def moment(text: str) -> tuple[int, bool]:
    """(Unix time, False) of a date, (seconds, True) of a duration, to be counted back. Raises ValueError."""
    with contextlib.suppress(ValueError):
        return duration(text), True
    try:
        read = datetime.fromisoformat(text.strip())
        return int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()), False
    except (ValueError, OverflowError):
        raise ValueError(f"“{text}” is no date or duration") from None


def shown(value: Any) -> str:
    """A value of the config as it was written there."""
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
