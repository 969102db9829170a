"""One feed document: what it says, in a common form, and what is wrong with it by itself.

In: a file. Out: a `Document`, and a line for each thing that is wrong. Start reading at `read`, then at
`findings`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from lxml import etree

from aggregator import urls
from aggregator.records import dataclass, field
from aggregator.render import formats
from aggregator.render.formats import JSON
from aggregator.text import characters, excerpts, markup

ATOM = "{http://www.w3.org/2005/Atom}"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_DC = "{http://purl.org/dc/elements/1.1/}"
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
_RFC822 = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\Z")
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
_TAG_LIKE = re.compile(r"<[/!?]?[A-Za-z]|&#?\w+;")
_RELATIVE = re.compile(r'<[a-z][^<>]*\s(?:href|src|poster)="(?!https?://|mailto:|magnet:)')
LARGEST = 5_000_000  # bytes
YEAR = 366 * 86_400  # clocks may differ, but not by that much


@dataclass(slots=True)
class Row:
    """An item, as any reader sees it."""

    id: str
    title: str
    link: str
    published: str
    updated: str
    author: str
    source: str
    content: str
    categories: list[str] = field(default_factory=list)
    media: list[tuple[str, str, str]] = field(default_factory=list)  # address, type, length
    trouble: list[str] = field(default_factory=list)

    @property
    def at(self) -> int | None:
        return moment(self.published)


@dataclass(slots=True)
class Document:
    """A feed. `links`: relation → address, of those a feed has one of."""

    path: Path
    title: str = ""
    id: str = ""
    updated: str = ""
    links: dict[str, str] = field(default_factory=dict)
    archive: bool = False
    items: list[Row] = field(default_factory=list)


def moment(text: str) -> int | None:
    """Unix seconds of a date in the one form of its format; None for every other."""
    try:
        if _RFC3339.match(text):
            return int(datetime.fromisoformat(text).astimezone(UTC).timestamp())
        return int(parsedate_to_datetime(text).timestamp()) if _RFC822.match(text) else None
    except ValueError:
        return None


def names(folder: Path) -> list[Path]:
    """The feeds and archive documents of a folder that can be read here, sorted."""
    endings = [form.ending for form in formats.feeds() if form.name in READERS]
    archives = [form.ending for form in formats.feeds() if form.name in READERS and form.archive]
    found = [path for ending in endings for path in folder.glob(f"*{ending}")]
    found += [path for ending in archives for path in folder.glob(f"archive/*{ending}")]
    return sorted(path for path in found if not path.name.startswith("."))


def read(path: Path) -> Document:
    """Raises ValueError or XMLSyntaxError where it is not well-formed."""
    form = formats.of_file(path.name)
    assert form is not None
    return READERS[form.name](path, path.read_bytes())


def _links_of_channel(channel: Any) -> dict[str, str]:
    links = {str(link.get("rel")): str(link.get("href")) for link in channel.findall(f"{ATOM}link")}
    return {**links, "alternate": channel.findtext("link") or ""}


def _rss(path: Path, data: bytes) -> Document:
    channel = etree.fromstring(data, _PARSER).find("channel")
    if channel is None:
        raise ValueError("there is no <channel>")
    links = _links_of_channel(channel)
    title, updated = channel.findtext("title") or "", channel.findtext("lastBuildDate") or ""
    found = Document(path, title, "", updated, links, items=[_rss_row(item) for item in channel.iter("item")])
    if found.items and channel[-1].tag != "item":
        raise ValueError("elements of the channel follow its items")
    return found


def _atom(path: Path, data: bytes) -> Document:
    feed = etree.fromstring(data, _PARSER)
    links = {str(link.get("rel", "alternate")): str(link.get("href")) for link in feed.findall(f"{ATOM}link")}
    title, name, updated = (feed.findtext(f"{ATOM}{field}") or "" for field in ("title", "id", "updated"))
    is_archive = feed.find("{http://purl.org/syndication/history/1.0}archive") is not None
    found = Document(path, title, name, updated, links, is_archive)
    found.items += [_atom_row(entry) for entry in feed.iter(f"{ATOM}entry")]
    return found


def _rss_row(item: Any) -> Row:
    def text(name: str) -> str:
        return item.findtext(name) or ""

    row = Row(
        text("guid"),
        text("title"),
        text("link"),
        text("pubDate"),
        text("pubDate"),
        text(f"{_DC}creator"),
        text("source"),
        text(_CONTENT),
        [one.text or "" for one in item.findall("category")],
        [_medium(one, "url") for one in item.findall("enclosure")],
    )
    row.trouble.extend(_trouble_of_rss(item, row))
    return row


def _trouble_of_rss(item: Any, row: Row) -> Iterator[str]:
    guid = item.find("guid")
    if guid is not None and guid.get("isPermaLink") != "false" and row.id != row.link:
        yield "its guid claims to be a link and is not the item's"
    if len(item) == 0 or item[-1].tag != "source":
        yield "<source> is not its last element"
    if len(row.media) > 1:
        yield "has more than one enclosure"


def _medium(element: Any, address: str) -> tuple[str, str, str]:
    return str(element.get(address)), str(element.get("type")), str(element.get("length"))


def _atom_row(entry: Any) -> Row:
    def text(name: str) -> str:
        return entry.findtext("/".join(f"{ATOM}{part}" for part in name.split("/"))) or ""

    links = entry.findall(f"{ATOM}link")
    alternates = [str(link.get("href")) for link in links if link.get("rel", "alternate") == "alternate"]
    row = Row(
        text("id"),
        text("title"),
        alternates[0] if alternates else "",
        text("published"),
        text("updated"),
        text("author/name"),
        text("source/title"),
        text("content"),
        [str(one.get("term")) for one in entry.findall(f"{ATOM}category")],
        [_medium(link, "href") for link in links if link.get("rel") == "enclosure"],
    )
    if len(alternates) != 1:
        row.trouble.append(f"has {len(alternates)} links to itself instead of one")
    if not _ends_with_its_source(entry):
        row.trouble.append("its <source> is not complete, or not its last element")
    return row


def _ends_with_its_source(entry: Any) -> bool:
    """Whether it says completely where it is from, behind all else: some readers take a title there for the
    entry's own.
    """
    last = entry[-1]
    named = all(last.findtext(f"{ATOM}{name}") for name in ("id", "title", "updated"))
    return bool(last.tag == f"{ATOM}source" and named)


def _json(path: Path, data: bytes) -> Document:
    feed: dict[str, Any] = json.loads(data)
    if feed.get("version") != "https://jsonfeed.org/version/1.1":
        raise ValueError("is no JSON Feed 1.1")
    links = {"self": feed.get("feed_url", ""), "alternate": feed.get("home_page_url", "")}
    return Document(path, feed.get("title", ""), "", "", links, items=list(map(_json_row, feed["items"])))


def _attachment(one: dict[str, Any]) -> tuple[str, str, str]:
    return one.get("url", ""), one.get("mime_type", ""), str(one.get("size_in_bytes", 0))


def _json_row(item: dict[str, Any]) -> Row:
    row = Row(
        item["id"],
        item.get("title", ""),
        item.get("url", ""),
        item.get("date_published", ""),
        item.get("date_modified", ""),
        ", ".join(one.get("name", "") for one in item.get("authors", ())),
        item.get("_source", {}).get("title", ""),
        item.get("content_html", ""),
        list(item.get("tags", ())),
        [_attachment(one) for one in item.get("attachments", ())],
    )
    if "content_html" not in item and "content_text" not in item:
        row.trouble.append("has neither content_html nor content_text")
    return row


# By the names of formats, and written apart from what writes them: two mistakes are seldom the same one.
READERS = {"rss": _rss, "atom": _atom, "json": _json}


OUT_OF_ORDER = "its items are not in order, newest first"


def findings(document: Document) -> Iterator[str]:
    """What is wrong with this document by itself."""
    yield from _bytes(document)
    if not document.title:
        yield "has no title"
    for rel in ("self", "alternate"):
        if urls.clean_link(document.links.get(rel)) is None:
            yield f"has no absolute link to its {rel}"
    yield from _together(document)
    for row in document.items:
        for trouble in (
            *_words(row),
            *_dates(row, int(document.path.stat().st_mtime) + YEAR),
            *_links_and_content(row),
        ):
            yield f"{row.id}: {trouble}"


def _bytes(document: Document) -> Iterator[str]:
    """Size, declaration and characters of the file."""
    data = document.path.read_bytes()
    text = data.decode("utf-8")
    if len(data) > LARGEST:
        yield f"{len(data)} bytes, more than {LARGEST}"
    is_xml = document.path.suffix != JSON.ending
    if data.startswith(b"\xef\xbb\xbf") or (is_xml and "<!DOCTYPE" in text[:2000]):
        yield "starts with a BOM or has a DOCTYPE"
    if is_xml and not text.startswith("<?xml version='1.0' encoding='UTF-8'?>"):
        yield "does not declare itself as XML in UTF-8 with its first sign"
    if characters.clean(text) != text:
        yield "holds characters that XML does not allow"


def _together(document: Document) -> Iterator[str]:
    """Ids, order and the feed's own date."""
    ids = [row.id for row in document.items]
    if len(set(ids)) != len(ids) or not all(ids):
        yield "an id is missing or there twice"
    keys = [(row.at or 0, row.id) for row in document.items]
    if keys != sorted(keys, reverse=True):
        yield OUT_OF_ORDER
    newest = max((moment(row.updated) or 0 for row in document.items), default=0)
    if document.updated and (moment(document.updated) or 0) < newest:
        yield "claims to be older than its newest item"


def _words(row: Row) -> Iterator[str]:
    yield from row.trouble
    for name in ("title", "author", "source"):
        if not getattr(row, name):
            yield f"has no {name}"
    for text in (row.title, row.author, row.source, *row.categories):
        if _TAG_LIKE.search(text):
            yield f"{excerpts.snippet(text, 60)!r} looks like markup where only text is"
    if len(set(row.categories)) != len(row.categories) or not all(row.categories):
        yield "has a category twice, or an empty one"


def _dates(row: Row, latest: int) -> Iterator[str]:
    for date in (row.published, row.updated):
        at = moment(date)
        if at is None:
            yield f"the date {date!r} is not in its form"
        elif not 0 <= at <= latest:
            yield f"the date {date} is before 1970, or long after the file was written"
    if (moment(row.updated) or 0) < (row.at or 0):
        yield "was changed before it was published"


def _links_and_content(row: Row) -> Iterator[str]:
    if urls.clean_link(row.link) is None:
        yield f"the link {row.link!r} is no absolute web address"
    for address, kind, length in row.media:
        if urls.clean_link(address) is None or "/" not in kind or not length.isdecimal():
            yield f"the enclosure {address!r} lacks an address, a type or a length"
    if row.content and markup.safe(row.content) != row.content:
        yield "its content is changed by sanitising it again"
    if _RELATIVE.search(row.content):
        yield "its content has a link that is not absolute"
