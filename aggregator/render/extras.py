"""Podcast, Dublin Core, Media RSS and other modules' elements: passed on in every format that can
hold them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lxml import etree

from aggregator import urls
from aggregator.patterns import lazy
from aggregator.render import podcast
from aggregator.render.podcast import Element
from aggregator.render.prepare import Prepared
from aggregator.text import plain

NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "georss": "http://www.georss.org/georss",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "thr": "http://purl.org/syndication/thread/1.0",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "creativeCommons": "http://backend.userland.com/creativeCommonsRssModule",
}
_NUMBER = lazy(r"\d{1,9}\Z")
_POSITIVE = lazy(r"[1-9]\d{0,8}\Z")
_POINT = lazy(r"-?\d{1,3}(\.\d{1,9})? -?\d{1,3}(\.\d{1,9})?\Z")
_FORMS = {
    "slash:comments": _NUMBER, "thr:total": _NUMBER, "georss:point": _POINT, "itunes:episode": _POSITIVE, "itunes:season": _POSITIVE,
    "itunes:title": lazy(r".{1,300}\Z"), "itunes:episodeType": lazy(r"(full|trailer|bonus)\Z"), "itunes:explicit": lazy(r"(true|false)\Z"),
}  # fmt: skip
_DUBLIN_CORE = frozenset({"publisher", "type", "format", "identifier", "relation", "coverage"})


def elements(one: Prepared, form: str) -> list[Element]:
    """What validators take in this format; each name once, unless the format has it more often."""
    if form != "rss" and not one.item.entry.extras:
        return []
    # What an element of its own says comes before what another one stands in for.
    extras = sorted(one.item.entry.extras, key=lambda extra: extra[0].startswith("itunes:"))
    made = (_element(name, value, form) for name, value in extras)
    said = [element for element in made if element is not None]
    if form == "rss":
        said += podcast.of_item(one)
    found: dict[tuple[str, str], Element] = {}
    for name, text, attributes in said:
        key = f"{text}{attributes}" if name in podcast.REPEATED else ""
        found.setdefault((name, key), (name, text, attributes))
    return list(found.values())


def _element(name: str, value: str, form: str) -> Element | None:
    """One extra as an element; None where it is none, or not in its form.

    iTunes elements are an episode's in RSS (see `podcast`); the podcast namespace says a number of any item.
    """
    if name in podcast.ATTRIBUTES:
        return podcast.element(name, value)
    return _plain_element(name, plain.line(value), form)


def _plain_element(name: str, value: str, form: str) -> Element | None:
    prefix, _, local = name.partition(":")
    if form == "rss" and name in ("itunes:episode", "itunes:season"):
        return podcast.element(f"podcast:{local}", value)
    if name == "license" and form == "rss" and urls.publishable(value) == value:
        return "creativeCommons:license", value, {}
    if form == "rss" and prefix == "itunes":
        return None
    if name == "itunes:duration":
        return (name, lasts, {}) if (lasts := podcast.duration(value)) else None
    if (prefix == "dc" and local in _DUBLIN_CORE and value) or (name in _FORMS and _FORMS[name].match(value)):
        return name, value, {}
    return None


def add(parent: Any, found: Iterable[Element]) -> None:
    """Below this element."""
    for name, text, attributes in found:
        prefix, _, local = name.partition(":")
        etree.SubElement(parent, f"{{{NAMESPACES[prefix]}}}{local}", attributes).text = text or None


def namespaces(items: Iterable[Prepared], form: str) -> dict[str, str]:
    """The prefixes that a feed declares at its root (F5): those it uses, and no other."""
    used = {name.partition(":")[0] for one in items for name, _, _ in elements(one, form)} | {"media"}
    if form == "atom":
        used |= {"rdf" for one in items if one.item.also}
    return {
        prefix: NAMESPACES[prefix]
        for prefix in NAMESPACES
        if prefix in used or (prefix == "dc" and form == "rss")
    }


def record(one: Prepared) -> dict[str, Any]:
    """For JSON Feed, where anything goes: all of them by name; of what there may be several of, a list."""
    found: dict[str, Any] = {}
    for name, said in one.item.entry.extras:
        if name.startswith("origin:") or name == "telling":
            continue  # are `_source` and `_also_in`
        has_parts = name in podcast.ATTRIBUTES or said.startswith('{"url": ')  # a link with its title
        value: Any = podcast.value(name, said) if has_parts else plain.line(said)
        if name in podcast.REPEATED:
            found.setdefault(name, []).append(value)
        else:
            found[name] = value["text"] if isinstance(value, dict) and list(value) == ["text"] else value
    return found
