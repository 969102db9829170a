"""The bounds of parsing, in words: which one was reached, at which item, and how to raise it."""

from __future__ import annotations

import math
from collections.abc import Callable

from aggregator.model import Bound, Failure, Limits
from aggregator.text import excerpts


class OutOfTime(BaseException):
    """The seconds of the CPU are used up. No Exception: nobody on the way may take it for one bad item."""


# Called with the item that is going to be read, and with 0 after it: a process that is ended can't tell any
# more.
report: list[Callable[[int, str], None]] = []

CLOCK = 6  # times `Limits.parse_seconds`, which are of the CPU, that parsing may last on a busy machine


def failure(bound: Bound, limits: Limits, where: str = "") -> Failure:
    """`where`: the item that was being read, such as `item 11 “Title”`; empty where nobody can tell."""
    seconds, megabytes = limits.parse_seconds, limits.parse_memory // 1_000_000
    at = f" at {where}" if where else ""
    longer = f'a longer [poll] parse_timeout, such as "{math.ceil(2 * seconds)}s", lets it finish'
    words = {
        "cpu": f"parsing took longer than {seconds:g} s of the CPU and was ended{at}; {longer}",
        "clock": f"parsing took longer than {CLOCK * seconds:g} s by the clock and was ended{at}: "
        f"the machine is busy ({seconds:g} s of the CPU are allowed); it is tried again; {longer}",
        "memory": f"parsing took more than {megabytes} MB of memory{at}; "
        f'a larger [poll] parse_memory, such as "{2 * megabytes}MB", lets it finish',
    }
    return Failure("parse", words[bound])


def named(number: int, title: object) -> str:
    """An item for people: `item 11 “Title”`."""
    words = excerpts.snippet(title, 60) if isinstance(title, str) else ""
    return f"item {number} “{words}”" if words else f"item {number}"
