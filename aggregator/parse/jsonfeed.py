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
from aggregator.parse import bases, dates, encoding, normal, sniff
from aggregator.parse.reading import STOPS, Reading
from aggregator.records import replace
from aggregator.text import characters, markup, plain


def read(source: str, fetched: FetchResult, limits: Limits) -> ParseResult:
    """A failure names what the JSON is instead, or where it breaks."""
    document = _document(fetched)
    if isinstance(document, Failure):
        return ParseResult(failure=document)
    feed = _feed(document, fetched)
    fetched = normal.based(fetched, feed)
    habits = dates.habits(_dates(document["items"]), fetched.at)
    reading = Reading(limits)
    try:
        for item in document["items"][: reading.room]:
            if isinstance(item, dict):
                make = functools.partial(_entry, source, item, feed, fetched, habits)
                reading.take(make, item.get("title"))
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
    return characters.clean(value) if isinstance(value, str) and value.strip() else None


def _document(fetched: FetchResult) -> dict[str, Any] | Failure:
    text = encoding.as_utf8(fetched.body or b"", dict(fetched.headers).get("content-type")).decode()
    try:
        # not strict: line ends and other control characters stand in texts as they are
        document = json.loads(text, parse_int=_whole, strict=False)
    except ValueError as error:
        return Failure("not-a-feed", f"damaged JSON: {error}")
    has_items = isinstance(document, dict) and isinstance(document.get("items"), list)
    if not has_items or "jsonfeed.org" not in str(document.get("version")):
        return sniff.json_stranger(document)
    return dict(document)


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
        format="json11" if "1.1" in str(document["version"]) else "json10",
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
    external = _text(item.get("external_url"))
    own = _text(item.get("url")) or external or _page(item)
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
