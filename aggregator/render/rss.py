"""RSS 2.0 by feedgen, with items of our own: creators without e-mail, content after description, source,
media, dates.
"""

from __future__ import annotations

from typing import Any

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseExtension
from lxml import etree
from lxml.etree import SubElement

from aggregator.model import Edition, Enclosure, Site
from aggregator.render import extras, formats, podcast
from aggregator.render.atom import generator, numbered
from aggregator.render.podcast import Element
from aggregator.render.prepare import Prepared, byline, related, rfc822, source_title, source_url

_ATOM = "http://www.w3.org/2005/Atom"
_CONTENT = "http://purl.org/rss/1.0/modules/content/"
_MEDIA = f"{{{extras.NAMESPACES['media']}}}"
_DC = f"{{{extras.NAMESPACES['dc']}}}"


class _FeedExtension(BaseExtension):  # type: ignore[misc]  # feedgen has no types
    """Rebuilds the channel's own elements."""

    def __init__(self) -> None:
        self.updated = 0
        self.names: dict[str, str] = {}  # prefix → namespace
        self.self_url, self.alternate, self.hub, self.ttl = "", "", "", 0
        self.podcast: list[tuple[Element, list[Element]]] = []

    def extend_ns(self) -> dict[str, str]:
        return self.names

    def extend_rss(self, feed: Any) -> Any:
        channel, link = feed.find("channel"), f"{{{_ATOM}}}link"
        for old in [*channel.findall(link), *channel.findall("docs")]:
            channel.remove(old)
        channel.find("link").text = self.alternate
        links = [etree.Element(link, rel="self", type=formats.RSS.media_type, href=self.self_url)]
        if self.hub:
            links.append(etree.Element(link, rel="hub", href=self.hub))
        behind = list(channel).index(channel.find("description")) + 1
        channel[behind:behind] = links
        channel.find("lastBuildDate").text = rfc822(self.updated)
        SubElement(channel, "ttl").text = str(max(1, self.ttl // 60))
        for element, within in self.podcast:
            extras.add(channel, [element])
            extras.add(channel[-1], within)
        return feed


class Item(FeedEntry):  # type: ignore[misc]  # feedgen has no types
    """A prepared item. It makes its element itself, as an entry of Atom does."""

    def __init__(self, one: Prepared, site: Site) -> None:
        super().__init__()
        self._one, self._site = one, site

    def register_extension(self, *extension: Any) -> None:
        """None is needed."""

    def rss_entry(self, extensions: bool = True) -> Any:
        one = self._one
        item = etree.Element("item")
        SubElement(item, "title").text = one.title
        SubElement(item, "link").text = one.link
        SubElement(item, "guid", {"isPermaLink": "false"}).text = one.id
        SubElement(item, "pubDate").text = rfc822(one.published)
        _put(item, "description", _escaped(one.summary))
        _put(item, f"{{{_CONTENT}}}encoded", one.content)
        SubElement(item, f"{_DC}creator").text = byline(one.authors)
        _categories(item, one)
        _put(item, "comments", one.item.entry.comments)
        _media(item, one)
        _put(item, f"{_DC}language", one.language)
        _put(item, f"{_DC}rights", one.rights)
        _whence(item, one, self._site)
        return item


def _whence(entry: Any, one: Prepared, site: Site) -> None:
    """Who else tells it, and whose it is: last of all."""
    for href, title in related(one):
        SubElement(entry, f"{{{_ATOM}}}link", rel="related", href=href, title=title)
    origin = SubElement(entry, "source", url=source_url(one.item, site))
    origin.text = source_title(one.item.origin)


def _categories(entry: Any, one: Prepared) -> None:
    for category in one.categories:
        domain = {"domain": category.scheme} if category.scheme else {}
        SubElement(entry, "category", domain).text = category.term


def _put(entry: Any, name: str, text: str | None) -> None:
    """An element with this text; none where there is no text."""
    if text:
        SubElement(entry, name).text = text


def _escaped(text: str) -> str:
    """RSS descriptions are HTML: plain text has to be escaped once more (F31)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _attributes(enclosure: Enclosure) -> dict[str, str]:
    """Of Media RSS."""
    said = {name: getattr(enclosure, name) for name in ("medium", "width", "height", "duration")}
    more = {"fileSize": enclosure.length, **said}
    return {"url": enclosure.url, "type": enclosure.type} | {
        name: str(value) for name, value in more.items() if value
    }


def _media(entry: Any, one: Prepared) -> None:
    """One enclosure, as RSS has it; further media as Media RSS, none twice (F41)."""
    first = podcast.enclosure(one)
    for enclosure in one.enclosures:
        if enclosure is first:
            SubElement(
                entry, "enclosure", url=enclosure.url, length=str(enclosure.length), type=enclosure.type
            )
            continue
        SubElement(entry, f"{_MEDIA}content", _attributes(enclosure))
    if one.image and one.image not in {enclosure.url for enclosure in one.enclosures}:
        SubElement(entry, f"{_MEDIA}thumbnail", url=one.image)
    extras.add(entry, extras.elements(one, "rss"))


def write(edition: Edition, site: Site, items: tuple[Prepared, ...], address: str) -> bytes:
    """The subscription document."""
    feed = generator(edition, site, (Item(one, site) for one in items), _FeedExtension)
    mended = feed.mended
    mended.updated, mended.ttl, mended.hub, mended.names = (
        edition.updated,
        site.ttl,
        site.hub or "",
        extras.namespaces(items, "rss"),
    )
    mended.podcast = podcast.of_channel(items, site)
    mended.self_url, mended.alternate = address, f"{site.base_url}{edition.id}.html"
    data = feed.rss_str(pretty=False)
    assert isinstance(data, bytes)
    return numbered(data) + b"\n"
