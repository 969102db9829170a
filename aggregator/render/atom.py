"""Atom (RFC 4287) by feedgen, with entries of our own: link types and lengths, complete `source`, order,
dates.

In: prepared items. Out: bytes. Start reading at `write`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree
from lxml.etree import SubElement

from aggregator import __version__, urls
from aggregator.model import (
    SAME_EVENT,
    SAME_TEXT,
    Category,
    Edition,
    Enclosure,
    Origin,
    Person,
    Site,
    Telling,
)
from aggregator.patterns import lazy
from aggregator.render import extras, formats, podcast
from aggregator.render.prepare import (
    PRODUCT,
    Prepared,
    archive_name,
    byline,
    feed_id,
    heading,
    page_url,
    rfc3339,
    source_title,
    source_url,
)
from aggregator.text import characters, plain

_MARKUP_LIKE = lazy(r"&[A-Za-z0-9#]|</?[A-Za-z!]")
UNKNOWN_LANGUAGE = "und"  # BCP 47, 4.1: an entry without any has that of the feed (RFC 4287, 2)
_XML = "{http://www.w3.org/XML/1998/namespace}"
_HISTORY = "http://purl.org/syndication/history/1.0"


class _FeedExtension(BaseExtension):  # type: ignore[misc]  # feedgen has no types
    """Rebuilds what feedgen writes of the feed itself."""

    def __init__(self) -> None:
        self.links: list[dict[str, str]] = []
        self.updated = 0
        self.names: dict[str, str] = {}  # prefix → namespace
        self.marks: list[str] = []  # names of empty fh:* elements

    def extend_ns(self) -> dict[str, str]:
        return {**self.names, **({"fh": _HISTORY} if self.marks else {})}

    def extend_atom(self, feed: Any) -> Any:
        for old in feed.findall("link"):
            feed.remove(old)
        for number, link in enumerate(self.links):
            feed.insert(3 + number, etree.Element("link", link))
        feed.find("updated").text = rfc3339(self.updated)
        for mark in self.marks:
            SubElement(feed, f"{{{_HISTORY}}}{mark}")
        return feed


class Entry(FeedEntry):  # type: ignore[misc]  # feedgen has no types
    """A prepared item. It makes its element itself: next to nothing of what feedgen makes of an entry would
    stay, and making it first takes more than half of the time.
    """

    def __init__(self, one: Prepared, site: Site) -> None:
        super().__init__()
        self._one, self._site = one, site

    def register_extension(self, *extension: Any) -> None:
        """None is needed."""

    def atom_entry(self, extensions: bool = True) -> Any:
        one = self._one
        entry = etree.Element("entry", {f"{_XML}lang": one.language or UNKNOWN_LANGUAGE})
        SubElement(entry, "id").text = one.id
        SubElement(entry, "title", {"type": "text"}).text = one.title
        SubElement(entry, "updated").text = rfc3339(one.updated)
        _author(entry, one.authors)
        for category in one.categories:
            SubElement(entry, "category", _category(category))
        _contributors(entry, one.authors)
        SubElement(entry, "published").text = rfc3339(one.published)
        if one.rights:
            SubElement(entry, "rights").text = one.rights
        _links(entry, one)
        if one.summary:
            _summary(SubElement(entry, "summary"), one.summary)
        if one.content:
            SubElement(entry, "content", {"type": "html"}).text = one.content
        _media(entry, one)
        # last: some parsers take the first title that they see for the entry's own (F40)
        _source(entry, one, self._site)
        return entry


def _author(entry: Any, authors: Sequence[Person]) -> None:
    """One, whoever they are: see `byline`."""
    author = SubElement(entry, "author")
    if len(authors) == 1:
        _person(author, authors[0])
    else:
        SubElement(author, "name").text = byline(authors)


def _contributors(entry: Any, authors: Sequence[Person]) -> None:
    """Several authors, each as who they are."""
    if len(authors) > 1:
        for author in authors:
            _person(SubElement(entry, "contributor"), author)


def _person(element: Any, person: Person) -> None:
    SubElement(element, "name").text = person.name
    if person.uri:
        SubElement(element, "uri").text = person.uri


def _summary(element: Any, text: str) -> None:
    """Plain text; where it looks like markup ("&lt;b>" in a text about HTML) as HTML that shows just that, or
    readers would guess.
    """
    literal = _MARKUP_LIKE.search(text)
    element.set("type", "html" if literal else "text")
    element.text = html.escape(text, quote=False) if literal else text


_RELATIONS = {"source": "via", "license": "license", "related": "related", "via": "via"}


def _enclosure(entry: Any, enclosure: Enclosure) -> None:
    title = plain.line(enclosure.title or "")
    SubElement(
        entry,
        "link",
        {"title": title} if title else {},
        rel="enclosure",
        type=enclosure.type,
        length=str(enclosure.length),
        href=enclosure.url,
    )


def _other_links(entry: Any, one: Prepared) -> None:
    seen = {one.link, *(telling.link for telling in one.item.also)}
    for name, said in one.item.entry.extras:
        link = podcast.value(name, said) if name in _RELATIONS else {}
        address = link.get("url") or link.get("text", "")
        if address and urls.publishable(address) == address and address not in seen:
            seen.add(address)
            title = {"title": link["title"]} if link.get("title") else {}
            SubElement(entry, "link", {"rel": _RELATIONS[name], "href": address, **title})


def _links(entry: Any, one: Prepared) -> None:
    SubElement(entry, "link", rel="alternate", type="text/html", href=one.link)
    for enclosure in one.enclosures:
        _enclosure(entry, enclosure)
    for telling in one.item.also:
        _related(entry, telling)
    _other_links(entry, one)
    if one.item.entry.comments:
        SubElement(entry, "link", rel="replies", type="text/html", href=one.item.entry.comments)


def _related(entry: Any, telling: Telling) -> None:
    """Who else tells it, so that another aggregator knows as much as this one (`parse.tellings` reads it):
    the outlet ends at the first colon and blank.
    """
    if not telling.link:
        return
    outlet = source_title(telling.origin).replace(": ", ":\N{NO-BREAK SPACE}")
    link = SubElement(
        entry,
        "link",
        rel="related",
        type="text/html",
        href=telling.link,
        title=f"{outlet}: {plain.line(telling.title)}",
    )
    link.set(f"{{{extras.NAMESPACES['rdf']}}}type", SAME_EVENT if telling.level == "event" else SAME_TEXT)


def _media(entry: Any, one: Prepared) -> None:
    if one.image:
        SubElement(entry, f"{{{extras.NAMESPACES['media']}}}thumbnail", url=one.image)
    extras.add(entry, extras.elements(one, "atom"))


def _source(entry: Any, one: Prepared, site: Site) -> None:
    origin = one.item.origin
    source = SubElement(entry, "source")
    SubElement(source, "id").text = characters.clean(origin.feed_id) or feed_id(origin.id, site)
    SubElement(source, "title", type="text").text = source_title(origin)
    # As of when the entry was last taken over: the source's own date would change every old entry at every
    # poll.
    SubElement(source, "updated").text = rfc3339(one.updated)
    SubElement(source, "link", rel="self", href=source_url(one.item, site))
    its_page = origin.site or f"{site.base_url}sources.html"
    SubElement(source, "link", rel="alternate", type="text/html", href=its_page)
    _people_and_more(source, origin)


def _people_and_more(source: Any, origin: Origin) -> None:
    for person in origin.authors[:5]:
        author = SubElement(source, "author")
        SubElement(author, "name").text = plain.line(person.name) or origin.id
    if origin.icon:
        SubElement(source, "icon").text = origin.icon
    if rights := plain.line(origin.rights or ""):
        SubElement(source, "rights", type="text").text = rights


def moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def generator(edition: Edition, site: Site, entries: Iterable[FeedEntry], feed_extension: Any) -> Any:
    """A feedgen generator with everything that feedgen does right."""
    feed = FeedGenerator()
    feed.register_extension("mended", feed_extension, atom=True, rss=True)
    feed.id(feed_id(edition.id, site))
    feed.title(heading(edition, site))
    feed.link(href=page_url(edition, site), rel="alternate")
    usual = f"{plain.line(edition.title)}: each thing told once, with all who told it"
    feed.description(plain.line(edition.description) or usual)
    feed.language(site.language)
    feed.updated(moment(edition.updated))
    feed.generator(PRODUCT, version=__version__)
    for entry in entries:
        feed.add_entry(entry, order="append")
    return feed


def _entries(items: Iterable[Prepared], site: Site) -> Iterator[Entry]:
    return (Entry(one, site) for one in items)


def _category(said: Category) -> dict[str, str]:
    """RFC 4287, 4.2.2."""
    parts = {"term": said.term, "scheme": said.scheme, "label": said.label}
    return {name: text for name, text in parts.items() if text}


def write(edition: Edition, site: Site, items: tuple[Prepared, ...], address: str) -> bytes:
    """The subscription document."""
    feed = generator(edition, site, _entries(items, site), _FeedExtension)
    feed.mended.updated, feed.mended.names = edition.updated, extras.namespaces(items, "atom")
    feed.mended.links = _links_of_feed(edition, site, address)
    return _string(feed)


def _links_of_feed(edition: Edition, site: Site, address: str) -> list[dict[str, str]]:
    links = [
        _link("self", address),
        {"rel": "alternate", "type": "text/html", "href": page_url(edition, site)},
    ]
    if site.hub:
        links.append({"rel": "hub", "href": site.hub})
    if edition.archive:
        links.append(_link("prev-archive", f"{site.base_url}{archive_name(edition.id, edition.archive)}"))
    return links


def write_archive(
    edition: Edition, site: Site, items: tuple[Prepared, ...], number: int, complete: bool
) -> bytes:
    """Archive document `number` (RFC 5005, 4): `current` leads to the subscription feed, `prev-archive` to
    the one before.
    """
    feed = generator(edition, site, _entries(items, site), _FeedExtension)
    feed.mended.updated, feed.mended.names = edition.updated, extras.namespaces(items, "atom")
    feed.mended.marks = ["archive"]
    feed.mended.links = _links_of_archive(edition, site, number, complete)
    return _string(feed)


def _links_of_archive(edition: Edition, site: Site, number: int, complete: bool) -> list[dict[str, str]]:
    current = f"{site.base_url}{edition.id}{formats.ATOM.ending}"
    links = [
        _link("self", f"{site.base_url}{archive_name(edition.id, number)}"),
        {"rel": "alternate", "type": "text/html", "href": page_url(edition, site)},
        _link("current", current),
    ]
    if number > 1:
        links.append(_link("prev-archive", f"{site.base_url}{archive_name(edition.id, number - 1)}"))
    # A full one leads to the next, which is made with it; the first, while it fills, back to the feed: it
    # has to stand in a chain (validators).
    if complete:
        links.append(_link("next-archive", f"{site.base_url}{archive_name(edition.id, number + 1)}"))
    elif number == 1:
        links.append(_link("next-archive", current))
    return links


def _link(rel: str, href: str) -> dict[str, str]:
    """To another document of a feed."""
    return {"rel": rel, "type": formats.ATOM.media_type, "href": href}


def _string(feed: Any) -> bytes:
    data = feed.atom_str(pretty=False)
    assert isinstance(data, bytes)
    return numbered(data) + b"\n"


_TEXTS = lazy(
    rb"<((?:dc:)?(?:title|name|category|rights|subtitle|source|creator|publisher|copyright))([^<>]*)>"
    rb"([^<]*(?:&lt;|&amp;)[^<]*)</\1>"
)


def numbered(data: bytes) -> bytes:
    """`<` and `&` of titles and names as numeric references: some readers and validators take the named ones
    there for escaped HTML
    (RSS Advisory Board, "Character Data")."""

    def by_number(found: re.Match[bytes]) -> bytes:
        return (
            b"<"
            + found[1]
            + found[2]
            + b">"
            + found[3].replace(b"&lt;", b"&#x3C;").replace(b"&amp;", b"&#x26;")
            + b"</"
            + found[1]
            + b">"
        )

    return _TEXTS.sub(by_number, data)
