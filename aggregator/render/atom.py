"""Atom (RFC 4287) by feedgen, mended by an extension: link types and lengths, complete `source`, order, dates."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import Any

from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from aggregator import __version__
from aggregator.model import Edition, Site
from aggregator.render.prepare import (
    NAMESPACES,
    PRODUCT,
    Prepared,
    archive_name,
    feed_id,
    heading,
    page_url,
    rfc3339,
    source_url,
)
from aggregator.text import markup

_MARKUP_LIKE = re.compile(r"&[A-Za-z0-9#]|</?[A-Za-z!]")
_XML = "{http://www.w3.org/XML/1998/namespace}"
_HISTORY = "http://purl.org/syndication/history/1.0"
_TYPES = {"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}


class _FeedExtension(BaseExtension):  # type: ignore[misc]  # feedgen has no types
    """Rebuilds what feedgen writes of the feed itself."""

    def __init__(self) -> None:
        self.links: list[dict[str, str]] = []
        self.updated = 0
        self.marks: list[str] = []  # names of empty fh:* elements

    def extend_ns(self) -> dict[str, str]:
        return {**NAMESPACES, "fh": _HISTORY}

    def extend_atom(self, feed: Any) -> Any:
        for old in feed.findall("link"):
            feed.remove(old)
        for number, link in enumerate(self.links):
            feed.insert(3 + number, etree.Element("link", link))
        feed.find("updated").text = rfc3339(self.updated)
        for mark in self.marks:
            etree.SubElement(feed, f"{{{_HISTORY}}}{mark}")
        return feed


class _EntryExtension(BaseEntryExtension):  # type: ignore[misc]
    """Rebuilds an entry from its prepared item."""

    def __init__(self) -> None:
        self.one: Prepared | None = None
        self.site: Site | None = None

    def extend_atom(self, entry: Any) -> Any:
        one, site = self.one, self.site
        assert one is not None and site is not None
        for name in ("link", "content", "summary"):
            for old in entry.findall(name):
                entry.remove(old)
        entry.find("updated").text = rfc3339(one.updated)
        entry.find("published").text = rfc3339(one.published)
        if one.language:
            entry.set(f"{_XML}lang", one.language)
        _links(entry, one)
        _text(entry.find("title"), one.title)
        if one.summary:
            _text(etree.SubElement(entry, "summary"), one.summary)
        if one.content:
            etree.SubElement(entry, "content", type="html").text = one.content
        _media(entry, one)
        _source(entry, one, site)  # last: some parsers take the first title that they see for the entry's own (F40)
        return entry


def _text(element: Any, text: str) -> None:
    """Plain text; where it looks like markup ("&lt;b>" in a text about HTML) as HTML that shows just that, or readers would guess."""
    literal = _MARKUP_LIKE.search(text)
    element.set("type", "html" if literal else "text")
    element.text = html.escape(text, quote=False) if literal else text


def _links(entry: Any, one: Prepared) -> None:
    etree.SubElement(entry, "link", rel="alternate", type="text/html", href=one.link)
    for enclosure in one.enclosures:
        etree.SubElement(entry, "link", rel="enclosure", type=enclosure.type, length=str(enclosure.length), href=enclosure.url)
    seen = {one.link}
    for telling in one.item.also:
        if telling.link and telling.link not in seen:
            seen.add(telling.link)
            title = " ".join(markup.clean(f"{telling.origin.title}: {telling.title}").split())
            etree.SubElement(entry, "link", rel="related", type="text/html", href=telling.link, title=title)
    for name, value in one.item.entry.extras:
        if name in ("related", "via") and value.startswith("http") and value not in seen:
            seen.add(value)
            etree.SubElement(entry, "link", rel=name, href=value)
    if one.item.entry.comments:
        etree.SubElement(entry, "link", rel="replies", type="text/html", href=one.item.entry.comments)


def _media(entry: Any, one: Prepared) -> None:
    if one.image:
        etree.SubElement(entry, f"{{{NAMESPACES['media']}}}thumbnail", url=one.image)


def _source(entry: Any, one: Prepared, site: Site) -> None:
    origin = one.item.origin
    source = etree.SubElement(entry, "source")
    etree.SubElement(source, "id").text = markup.clean(origin.feed_id) or feed_id(origin.id, site)
    etree.SubElement(source, "title", type="text").text = " ".join(markup.clean(origin.title).split())
    # As of when the entry was last taken over: the source's own date would change every old entry at every poll.
    etree.SubElement(source, "updated").text = rfc3339(one.updated)
    etree.SubElement(source, "link", rel="self", href=source_url(one.item, site))
    if origin.site:
        etree.SubElement(source, "link", rel="alternate", type="text/html", href=origin.site)
    for person in origin.authors[:5]:
        author = etree.SubElement(source, "author")
        etree.SubElement(author, "name").text = " ".join(markup.clean(person.name).split()) or origin.id
    if origin.icon:
        etree.SubElement(source, "icon").text = origin.icon
    if origin.rights:
        etree.SubElement(source, "rights", type="text").text = markup.clean(origin.rights)


def moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def generator(edition: Edition, site: Site, items: tuple[Prepared, ...], feed_extension: Any, entry_extension: Any) -> Any:
    """A feedgen generator with everything that feedgen does right; one bad item is left out, not the feed (F8)."""
    feed = FeedGenerator()
    feed.register_extension("mended", feed_extension, entry_extension, atom=True, rss=True)
    feed.id(feed_id(edition.id, site))
    feed.title(heading(edition, site))
    feed.link(href=page_url(edition, site), rel="alternate")
    feed.description(edition.description or f"{edition.title}: each thing told once, with all who told it")
    feed.language(site.language)
    feed.updated(moment(edition.updated))
    feed.generator(PRODUCT, version=__version__)
    for one in items:
        entry = feed.add_entry(order="append")
        entry.id(one.id)
        entry.title(one.title)
        entry.updated(moment(one.updated))
        entry.published(moment(one.published))
        entry.link(href=one.link, rel="alternate")
        entry.author([{key: value for key, value in (("name", a.name), ("email", a.email), ("uri", a.uri)) if value} for a in one.authors])
        entry.category([{"term": name} for name in one.categories])
        if one.item.entry.rights:
            entry.rights(" ".join(markup.clean(one.item.entry.rights).split()))
        entry.mended.one, entry.mended.site = one, site
    return feed


def write(edition: Edition, site: Site, items: tuple[Prepared, ...], address: str) -> bytes:
    """The subscription document."""
    feed = generator(edition, site, items, _FeedExtension, _EntryExtension)
    feed.mended.updated = edition.updated
    feed.mended.links = [
        {"rel": "self", "type": _TYPES["atom"], "href": address},
        {"rel": "alternate", "type": "text/html", "href": page_url(edition, site)},
        *({"rel": "hub", "href": hub} for hub in [site.hub] if hub),
        *({"rel": "prev-archive", "type": _TYPES["atom"], "href": f"{site.base_url}{archive_name(edition.id, edition.archive)}"} for _ in range(edition.archive > 0)),
    ]
    return _string(feed)


def write_archive(edition: Edition, site: Site, items: tuple[Prepared, ...], number: int, complete: bool) -> bytes:
    """Archive document `number` (RFC 5005, 4): `current` leads to the subscription feed, `prev-archive` to the one before."""
    feed = generator(edition, site, items, _FeedExtension, _EntryExtension)
    feed.mended.updated = edition.updated
    feed.mended.marks = ["archive"]
    here = f"{site.base_url}{archive_name(edition.id, number)}"
    feed.mended.links = [
        {"rel": "self", "type": _TYPES["atom"], "href": here},
        {"rel": "alternate", "type": "text/html", "href": page_url(edition, site)},
        {"rel": "current", "type": _TYPES["atom"], "href": f"{site.base_url}{edition.id}.atom"},
        *({"rel": "prev-archive", "type": _TYPES["atom"], "href": f"{site.base_url}{archive_name(edition.id, number - 1)}"} for _ in range(number > 1)),
        # A full one leads to the next, which is made with it; the first, while it fills, back to the feed: it has to stand in a chain (validators).
        *({"rel": "next-archive", "type": _TYPES["atom"], "href": f"{site.base_url}{archive_name(edition.id, number + 1)}"} for _ in range(complete)),
        *({"rel": "next-archive", "type": _TYPES["atom"], "href": f"{site.base_url}{edition.id}.atom"} for _ in range(number == 1 and not complete)),
    ]
    return _string(feed)


def _string(feed: Any) -> bytes:
    data = feed.atom_str(pretty=False)
    assert isinstance(data, bytes)
    return data + b"\n"
