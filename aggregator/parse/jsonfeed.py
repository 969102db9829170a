"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/), by the same rules as all other feeds
(C9).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from typing import Any

from aggregator import urls
from aggregator.model import (
    Enclosure,
    Entry,
    Failure,
    Feed,
    FetchResult,
    Limits,
    ParseResult,
    Person,
    PollHints,
)
from aggregator.parse import bases, brokenjson, dates, encoding, normal, sniff
from aggregator.parse.brokenjson import Broken
from aggregator.parse.reading import STOPS, Reading
from aggregator.records import replace
from aggregator.text import characters, markup, plain


def read(source: str, fetched: FetchResult, limits: Limits) -> ParseResult:
    """A failure names what the JSON is instead, or where it breaks."""
    document = _document(fetched)
    if isinstance(document, Failure):
        return ParseResult(failure=document)
    feed = _feed(document.said, fetched)
    fetched = normal.based(fetched, feed)
    habits = dates.habits(_dates(document.items), fetched.at)
    habits = dates.in_language(habits, feed.language, feed.link or fetched.url)
    reading = Reading(limits, document.is_cut)
    try:
        for place, item in enumerate(document.items[: reading.room]):
            if isinstance(item, dict):
                make = functools.partial(_entry, source, item, feed, fetched, habits)
                reading.take(make, item.get("title"))
            elif item is not None or place in document.left_out:
                reading.leave_out(document.left_out.get(place, "it is no object"))
    except STOPS as error:
        reading.stopped(error)
    return reading.parsed(feed)


def _dates(items: list[Any]) -> Iterator[str]:
    for item in items:
        for name in ("date_published", "date_modified"):
            if isinstance(item, dict) and isinstance(item.get(name), str):
                yield item[name]


def _whole(digits: str) -> int | str:
    """Python refuses numbers of thousands of digits, and with one the whole document."""
    return int(digits) if len(digits) < 100 else digits


def _text(value: object) -> str | None:
    """Titles may be years, and years are written as numbers."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return characters.clean(value) if isinstance(value, str) and value.strip() else None


def _document(fetched: FetchResult) -> Broken | Failure:
    text = encoding.as_utf8(fetched.body or b"", dict(fetched.headers).get("content-type")).decode()
    if not text.lstrip().startswith(("{", "[")) and (start := sniff.JSON_FEED.search(text)):
        text = text[start.start() :]
    try:
        # not strict: line ends and other control characters stand in texts as they are
        document = json.loads(text, parse_int=_whole, strict=False)
    except (ValueError, RecursionError) as error:
        broken = brokenjson.read(text, "items", _is_item, _whole)
        if _is_feed(broken):
            return broken
        if isinstance(error, RecursionError):
            raise
        return Failure("not-a-feed", f"damaged JSON: {error}")
    # programs that leave out what is empty, or write null for it (Go)
    items = (document.get("items") or []) if isinstance(document, dict) else None
    if isinstance(items, list) and _is_feed(found := Broken(document, items)):
        return found
    return sniff.json_stranger(document)


def _is_feed(document: Broken) -> bool:
    """One that breaks off may not have come to its version: then by what only JSON Feed says."""
    if "version" not in document.said and document.is_cut:
        return any(map(_is_item, document.items))
    return "jsonfeed.org" in str(document.said.get("version"))


def _is_item(value: object) -> bool:
    return (
        isinstance(value, dict) and "id" in value and not {"content_html", "content_text"}.isdisjoint(value)
    )


def _feed(document: dict[str, Any], fetched: FetchResult) -> Feed:
    base = fetched.url
    return Feed(
        id=_text(document.get("feed_url")),
        title=plain.title(_text(document.get("title")) or ""),
        link=urls.clean_link(_text(document.get("home_page_url")), base),
        self_link=urls.clean_link(_text(document.get("feed_url")), base),
        description=plain.text(_text(document.get("description")) or "")[:2000],
        language=normal.language(document.get("language")),
        authors=_authors(document),
        icon=urls.clean_link(_text(document.get("icon")) or _text(document.get("favicon")), base),
        format="json11" if "1.1" in str(document.get("version")) else "json10",
        hints=PollHints(hub=_hub(document, base), topic=urls.absolute(document.get("feed_url"), base)),
    )


def _hub(document: dict[str, Any], base: str) -> str | None:
    """The first hub of the kind that we understand."""
    hubs = document.get("hubs")
    found = [one for one in hubs if isinstance(one, dict)] if isinstance(hubs, list) else []
    named = [
        one.get("url") for one in found if str(one.get("type", "")).lower() in ("websub", "pubsubhubbub")
    ]
    return next((hub for url in named if (hub := urls.absolute(url, base))), None)


def _authors(record: dict[str, Any]) -> tuple[Person, ...]:
    """`authors` of 1.1, also a bare object; where nobody is in it, `author` of 1.0."""
    said = record.get("authors")
    listed = said if isinstance(said, list) else [said]
    return normal.people(map(_person, listed)) or normal.people([_person(record.get("author"))])


def _person(said: object) -> Person | None:
    if isinstance(said, dict):
        return normal.person(said.get("name"), None, said.get("url"))
    return normal.person(said)


def _entry(
    source: str, item: dict[str, Any], feed: Feed, fetched: FetchResult, habits: dates.Habits
) -> Entry:
    link, external = _links(item, bases.of_items(feed, fetched.url))
    base = bases.of_content(link, feed, fetched.url)
    content = _content(item, base, link)
    entry = Entry(
        source=source,
        key="",
        guid=_guid(item.get("id")),
        link=link,
        title=plain.title(_text(item.get("title")) or ""),
        authors=_authors(item) or feed.authors,
        published=dates.read(item.get("date_published"), habits),
        updated=dates.read(item.get("date_modified"), habits),
        summary=_summary(item),
        content=content,
        text=plain.text(content),
        language=normal.language(item.get("language")) or feed.language,
        extras=(("related", external),) if external and external != link else (),
    )
    return normal.finish(_with_the_rest(entry, item, base))


def _with_the_rest(entry: Entry, item: dict[str, Any], base: str) -> Entry:
    """What comes with the text of an entry."""
    return replace(
        entry,
        categories=normal.categories((tag, None, None) for tag in _listed(item.get("tags"))),
        enclosures=_enclosures(item, base),
        image=urls.clean_link(_text(item.get("image")) or _text(item.get("banner_image")), base),
        raw=normal.raw(item),
    )


def _links(item: dict[str, Any], base: str) -> tuple[str | None, str | None]:
    """The address to follow, and that of another site's page, where it says one."""
    external = normal.address(_text(item.get("external_url")))
    own = normal.address(_text(item.get("url"))) or external or _page(item)
    return urls.clean_link(own, base), urls.clean_link(external, base)


def _summary(item: dict[str, Any]) -> str:
    return plain.text(markup.safe(_text(item.get("summary")) or "")).replace("\n", " ")


def _guid(said: object) -> str | None:
    return str(said) if isinstance(said, str | int | float) and str(said).strip() else None


def _page(item: dict[str, Any]) -> str | None:
    """The id, which should be the address of what the item is about."""
    said = item.get("id")
    return said if isinstance(said, str) and said.lower().startswith(("http://", "https://")) else None


def _listed(said: object) -> list[Any]:
    """Also one thing that is said without a list around it."""
    if isinstance(said, dict | str) and said:
        return [said]
    return said if isinstance(said, list) else []


def _content(item: dict[str, Any], base: str, link: str | None) -> str:
    """Clean HTML, made of plain text where there is nothing else."""
    if rich := _text(item.get("content_html")):
        return markup.safe(rich, base, link)
    flat = _text(item.get("content_text"))
    return markup.safe(normal.paragraphs(flat)) if flat else ""


def _enclosures(item: dict[str, Any], base: str) -> tuple[Enclosure, ...]:
    """`attachments`, those that can be reached."""
    found = (
        normal.enclosure(
            one.get("url"),
            base,
            one.get("mime_type"),
            one.get("size_in_bytes"),
            title=_text(one.get("title")),
            duration=one.get("duration_in_seconds"),
        )
        for one in _listed(item.get("attachments"))
        if isinstance(one, dict)
    )
    return tuple(one for one in found if one)[: normal.MAX_LISTED]
