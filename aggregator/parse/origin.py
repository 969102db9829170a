"""The feed that a planet took an entry from: its atom:source (RFC 4287, 4.2.11), kept as extras of
the entry.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from aggregator import urls
from aggregator.model import Person
from aggregator.text import characters, plain


def _addresses(told: Any, base: str) -> Iterator[tuple[str, str]]:
    links = {link.get("rel"): link.get("href") for link in reversed(dict.get(told, "links") or [])}
    icon = _text(told, "icon") or _text(told, "logo")
    for name, address in (("url", links.get("self")), ("site", links.get("alternate")), ("icon", icon)):
        if found := urls.clean_link(address, base):
            yield f"origin:{name}", found


def of_entry(told: Any, authors: Sequence[Person], base: str) -> Iterator[tuple[str, str]]:
    """`told` is feedparser's record of the element. Without a title it names nobody, and nothing is kept."""
    title = plain.title(_text(told, "title"))[:300]
    if not title:
        return
    yield "origin:title", title
    yield from _addresses(told, base)
    if urls.is_id(_text(told, "id").strip()):
        yield "origin:id", _text(told, "id").strip()
    if rights := plain.text(_text(told, "rights"))[:500]:
        yield "origin:rights", rights
    if authors:
        yield "origin:authors", json.dumps([asdict(person) for person in authors[:5]], ensure_ascii=False)


def _text(told: Any, name: str) -> str:
    value = dict.get(told, name)
    return characters.clean(value) if isinstance(value, str) else ""
