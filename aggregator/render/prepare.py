"""What all formats share: each item's texts, cleaned and safe, once."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aggregator import urls
from aggregator.model import Edition, Enclosure, Item, Person, Site, Telling
from aggregator.text import markup

PRODUCT = "aggregator"
BUDGET = 1_000_000  # bytes of content of one feed; older items beyond it are told by their summary (F25)
NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "media": "http://search.yahoo.com/mrss/",
}
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Prepared:
    """An item with every text as it is printed: plain title and summary, safe HTML, only http(s) links."""

    item: Item
    id: str
    title: str
    link: str
    summary: str
    content: str  # safe HTML with the list of who else tells it; "" where the site gives none
    authors: tuple[Person, ...]
    categories: tuple[str, ...]
    enclosures: tuple[Enclosure, ...]
    image: str | None
    language: str | None
    published: int
    updated: int


def prepared(edition: Edition, site: Site) -> tuple[Prepared, ...]:
    """Nothing a source said gets past here uncleaned, whatever the store holds."""
    spent = 0
    found = []
    for item in edition.items:
        one = _prepare(item, site, full=spent < BUDGET)
        spent += len(one.content.encode())
        found.append(one)
    return tuple(found)


def _prepare(item: Item, site: Site, full: bool) -> Prepared:
    entry, origin = item.entry, item.origin
    link = urls.follow(item.link) or site.base_url
    title = " ".join(markup.clean(entry.title).split()) or "Untitled"
    summary = " ".join(markup.clean(entry.summary or entry.text[:300]).split())
    authors = tuple(Person(_line(a.name), a.email, a.uri) for a in entry.authors or origin.authors if _line(a.name)) or (Person(_line(origin.title) or origin.id),)
    return Prepared(
        item,
        markup.clean(item.id),
        title,
        link,
        summary or (title if site.content != "none" else ""),
        _content(item, site, summary, link, full),
        authors,
        tuple(dict.fromkeys(name for name in (_line(category.label or category.term) for category in entry.categories) if name)),
        tuple(e for e in entry.enclosures if urls.follow(e.url) == e.url),
        urls.follow(entry.image),
        entry.language or origin.language,
        max(0, item.published),
        max(item.updated, item.published),
    )


def _line(text: str) -> str:
    return " ".join(markup.clean(text).split())


def _content(item: Item, site: Site, summary: str, link: str, full: bool) -> str:
    if site.content == "none":
        return ""
    body = item.entry.content if site.content == "full" and full else ""
    if not body:
        text = item.entry.text if site.content == "full" and full else summary
        body = "".join(f"<p>{html.escape(line, quote=False)}</p>" for line in (text or summary).split("\n") if line)
    return markup.safe(body + also_in(item.also), link)


def also_in(also: Sequence[Telling]) -> str:
    """Who else tells it, with link and time, as HTML; "" for nobody."""
    if not also:
        return ""
    parts = [
        f'<a href="{html.escape(one.link or "", quote=True)}">{html.escape(_line(one.origin.title))}</a>'
        f"{': ' + html.escape(_line(one.title)) if one.level == 'event' else ''} (<time datetime=\"{rfc3339(one.published)}\">{readable(one.published)}</time>)"
        for one in also[:50]
    ]
    more = f" and {len(also) - 50} more" if len(also) > 50 else ""
    return f"<p>Also in: {', '.join(parts)}{more}</p>"


def rfc3339(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rfc822(at: int) -> str:
    """With a four-digit year and GMT; without `strftime`'s locale (F16)."""
    when = datetime.fromtimestamp(at, UTC)
    return f"{_WEEKDAYS[when.weekday()]}, {when.day:02} {_MONTHS[when.month - 1]} {when.year:04} {when:%H:%M:%S} GMT"


def readable(at: int) -> str:
    when = datetime.fromtimestamp(at, UTC)
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}, {when:%H:%M} UTC"


def feed_id(edition: str, site: Site) -> str:
    """Independent of the host that serves it (F15)."""
    return urls.mint("feed", site.title, edition)


def heading(edition: Edition, site: Site) -> str:
    """The feed's title: the topic's and the site's."""
    return site.title if edition.id == "all" else f"{edition.title} – {site.title}"


def page_url(edition: Edition, site: Site) -> str:
    """The page that people read instead of the feed; the feed's alternate link (F36)."""
    return f"{site.base_url}{edition.id}.html"


def archive_name(edition: str, number: int) -> str:
    return f"archive/{edition}-{number}.atom"


def source_url(item: Item, site: Site) -> str:
    """Of the feed; for local files, the page that lists the sources."""
    return item.origin.url or f"{site.base_url}sources.html"
