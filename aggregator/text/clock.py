"""How long something lasts, as feeds write it."""

from __future__ import annotations

import re

from aggregator.patterns import lazy

_PART = lazy(r"\d{1,6}(\.\d+)?\Z", re.ASCII)


# ISO 8601, and what people write: `PT1H2M3S`, `1 h 2 min`, `62 minutes`
_IN_UNITS = lazy(
    r"(?:P(?=T?\d)(?:(?P<days>\d{1,3})D)?T?)?\s*"
    r"(?:(?P<hours>\d{1,4})\s*h(?:ours?|rs?)?\b\.?|(?P<h>\d{1,4})H(?=\d))?[\s,]*"
    r"(?:(?P<minutes>\d{1,5})\s*m(?:in(?:ute)?s?)?\b\.?|(?P<m>\d{1,5})M(?=\d))?[\s,]*"
    r"(?:(?P<seconds>\d{1,6})(?:\.\d+)?\s*s(?:ec(?:ond)?s?)?\b\.?)?\Z",
    re.I | re.ASCII,
)
_UNITS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}


def seconds(text: object) -> int | None:
    """`3723`, `62:03`, `1:02:03`, `PT1H2M3S`, `1 h 2 min` → seconds; None where it is none of these."""
    said = str(text or "").strip()
    parts = said.split(":")
    if found := _IN_UNITS.match(said) if len(parts) == 1 and len(said) < 40 else None:
        given = {name: int(value) for name, value in found.groupdict().items() if value}
        if given:
            return sum(count * _UNITS[name[0]] for name, count in given.items())
    if not 1 <= len(parts) <= 3 or not all(map(_PART.match, parts)):
        return None
    total = 0
    for part in parts:
        total = total * 60 + int(float(part))
    return total
