"""How long ago the dates of a page were. Published pages do not say it, or they would change without news,
and run no script that could; who serves them writes it beside each date.
"""

from __future__ import annotations

import re
from datetime import datetime

from aggregator.patterns import lazy

SLOT = 300  # seconds for which the words hold
LONGEST = 30 * 86_400  # seconds; what is older has its date
_TIME = lazy(rb'<time datetime="(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"[^<>]*>[^<>]*</time>')


def beside(page: bytes, now: int) -> bytes:
    """The page with "(3 h ago)" behind each of its times that is not long ago."""

    def said(found: re.Match[bytes]) -> bytes:
        try:
            at = datetime.fromisoformat(found[1].decode()).timestamp()
        except ValueError:
            return found[0]
        words = ago(now - int(at))
        return found[0] + (f" ({words})".encode() if words else b"")

    return _TIME.sub(said, page)


def ago(seconds: int) -> str:
    """In the largest unit that fits; "" for what is long ago, or to come."""
    if not -SLOT <= seconds < LONGEST:
        return ""
    for length, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds // length} {unit} ago"
    return "just now"
