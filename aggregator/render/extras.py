"""Podcast, Dublin Core, Media RSS and other modules' elements: passed on in every format that can hold them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from lxml import etree

from aggregator import urls
from aggregator.render.prepare import Prepared
from aggregator.text import markup

NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "georss": "http://www.georss.org/georss",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "thr": "http://purl.org/syndication/thread/1.0",
    "creativeCommons": "http://backend.userland.com/creativeCommonsRssModule",
}
_NUMBER = re.compile(r"\d{1,9}\Z")
_POSITIVE = re.compile(r"[1-9]\d{0,8}\Z")
_POINT = re.compile(r"-?\d{1,3}(\.\d{1,9})? -?\d{1,3}(\.\d{1,9})?\Z")
_FORMS = {
    "podcast:episode": _POSITIVE, "podcast:season": _POSITIVE, "slash:comments": _NUMBER, "thr:total": _NUMBER, "georss:point": _POINT,
    "itunes:duration": re.compile(r"\d{1,6}\Z|(\d{1,2}:)?[0-5]?\d:[0-5]\d\Z"), "itunes:episode": _POSITIVE, "itunes:season": _POSITIVE,
    "itunes:episodeType": re.compile(r"(full|trailer|bonus)\Z"),
}  # fmt: skip
_FILES = ("podcast:transcript", "podcast:chapters")  # "address type"
_DUBLIN_CORE = frozenset({"publisher", "type", "format", "identifier", "relation", "coverage"})


def elements(one: Prepared, form: str) -> list[tuple[str, str, dict[str, str]]]:
    """(prefixed name, text, attributes) of what validators take in this format, each name once.

    iTunes elements bind a whole RSS channel to be a podcast with owner and e-mail: there the podcast
    namespace says the same of one item.
    """
    found: dict[str, tuple[str, str, dict[str, str]]] = {}
    for name, value in one.item.entry.extras:
        if form == "rss" and name in ("itunes:episode", "itunes:season"):
            name = name.replace("itunes", "podcast")
        prefix, _, local = name.partition(":")
        value = markup.line(value)
        if name in _FILES:
            address, _, kind = value.partition(" ")
            if urls.plain(address) == address and kind:
                found.setdefault(name, (name, "", {"url": address, "type": kind}))
        elif name == "license" and form == "rss" and urls.plain(value) == value:
            found.setdefault(name, ("creativeCommons:license", value, {}))
        elif (prefix == "dc" and local in _DUBLIN_CORE and value) or (
            name in _FORMS and _FORMS[name].match(value) and not (prefix == "itunes" and form == "rss")
        ):
            found.setdefault(name, (name, value, {}))
    return list(found.values())


def add(parent: Any, one: Prepared, form: str) -> None:
    for name, text, attributes in elements(one, form):
        prefix, _, local = name.partition(":")
        etree.SubElement(parent, f"{{{NAMESPACES[prefix]}}}{local}", attributes).text = text or None


def namespaces(items: Iterable[Prepared], form: str) -> dict[str, str]:
    """The prefixes that a feed declares at its root (F5): those it uses, and no other."""
    used = {name.partition(":")[0] for one in items for name, _, _ in elements(one, form)} | {"media"}
    return {
        prefix: NAMESPACES[prefix]
        for prefix in NAMESPACES
        if prefix in used or (prefix == "dc" and form == "rss")
    }


def record(one: Prepared) -> dict[str, str]:
    """For JSON Feed, where anything goes: all of them by name."""
    return {name: markup.line(value) for name, value in one.item.entry.extras}
