"""Ids of sources and topics: those that the program needs for itself, and those that are made where the user
gave none.

In: titles and addresses, and the ids that are taken. Out: another id. Start reading at `named_id`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from aggregator import kinds, urls
from aggregator.model import BY_HAND
from aggregator.text.words import sought

RESERVED = frozenset({"all", "index", "feeds", "sources", "archive", "stories", "status", "search", BY_HAND})
_SAY_NOTHING = {"www", "feeds", "feed", "rss", "feedburner", "com", "org", "net", "co", "uk", "html"}


def named_id(title: str, address: str, taken: Collection[str], kind: str = "source") -> str:
    """For what is written into the file: from its title, else from its address; unique among `taken`."""
    base = slug(title)[:48].strip("-")
    if len(base) < 2:
        return made_id(address, taken) if address else _unique(kind, taken)
    return _unique(f"{base}-{kind}" if base in RESERVED else base, taken)


def made_id(address: str, taken: Collection[str]) -> str:
    """From the host of a URL or the name of a file, unique among `taken`."""
    host = urls.host(address) if "://" in address else Path(address).stem
    labels = [label for label in host.split(".") if label not in _SAY_NOTHING]
    base = re.sub(r"[^a-z0-9]+", "-", "-".join(labels or [host]).lower()).strip("-")[:56] or "source"
    if base in RESERVED:
        base += "-source"
    return _unique(base, taken)


def slug(text: str) -> str:
    """Words of Latin letters and digits, joined by dashes: `Łódź & Co` is `lodz-co`."""
    return "-".join(re.findall(r"[a-z0-9]+", sought(text).replace("'", "").replace("’", "")))


def _unique(base: str, taken: Collection[str]) -> str:
    name, number = base, 2
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    return name


def made_ids(sources: Iterable[Any]) -> list[str]:
    """The ids of all sources in order, with those that were left out made from host or file name."""
    taken = {source.id for source in sources if source.id}
    found = []
    for source in sources:
        name = source.id or made_id(kinds.address(source) or source.opml or "", taken)
        taken.add(name)
        found.append(name)
    return found
