"""How long something lasts, as feeds write it."""

from __future__ import annotations

import re

from aggregator.patterns import lazy

_PART = lazy(r"\d{1,6}(\.\d+)?\Z", re.ASCII)


def seconds(text: object) -> int | None:
    """`3723`, `62:03`, `1:02:03` → seconds; None where it is none of these."""
    parts = str(text or "").strip().split(":")
    if not 1 <= len(parts) <= 3 or not all(map(_PART.match, parts)):
        return None
    total = 0
    for part in parts:
        total = total * 60 + int(float(part))
    return total
