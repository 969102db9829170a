"""The HTML pages. Readable without scripts, without any request elsewhere, on a phone and on a desktop, in light and dark."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from aggregator import urls
from aggregator.model import Edition, Item, Notice, Site
from aggregator.render.prepare import readable, rfc3339
from aggregator.text import markup

NEWEST = 6  # items of a topic on the front page
_TYPES = {"rss": ("application/rss+xml", "RSS"), "atom": ("application/atom+xml", "Atom"), "json": ("application/feed+json", "JSON Feed")}


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A topic in the navigation."""

    id: str
    title: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source on the page of sources. Nothing that changes from poll to poll: the page is written when something happened."""

    id: str
    title: str
    url: str | None
    site: str | None
    enabled: bool


@dataclass(frozen=True, slots=True)
class StatusLine:
    """A source on `/status`, in words."""

    id: str
    title: str
    state: str
    succeeded: str
    last_new: str
    days: tuple[int, ...]
    next: str
    why: str

    @property
    def most(self) -> int:
        return max(1, *self.days)


class _Shown:
    """An item as the templates see it: cleaned texts, followable links."""

    def __init__(self, item: Item, site: Site) -> None:
        self.entry, self.origin, self.published, self.page, self.topics, self.also = item.entry, item.origin, item.published, item.page, item.topics, item.also
        self.link = urls.follow(item.link) or site.base_url
        self.sources_word = f"{item.sources} sources" if item.sources > 1 else f"{len(item.also) + 1} times"


@functools.cache
def _environment() -> Environment:
    environment = Environment(loader=PackageLoader("aggregator.render"), autoescape=True, trim_blocks=False, keep_trailing_newline=True)
    environment.filters.update(iso=rfc3339, day=readable, snippet=markup.snippet)
    environment.globals["style"] = Markup(style())
    return environment


@functools.cache
def style() -> str:
    """The one style sheet, as it stands in every page: its hash goes into the content security policy."""
    text = PackageLoader("aggregator.render").get_source(Environment(), "style.css")[0]
    return "".join(line.strip() for line in text.splitlines())


def _page(template: str, site: Site, neighbours: Sequence[Neighbour], **values: Any) -> bytes:
    values.setdefault("alternates", [])
    values.setdefault("description", "")
    values.setdefault("canonical", None)
    values.setdefault("here", "")
    text = _environment().get_template(template).render(site=site, neighbours=neighbours, **values)
    return markup.clean(text).encode()


def feed_title(topic: str, title: str, site: Site) -> str:
    return site.title if topic == "all" else f"{title} – {site.title}"


def _alternates(topic: str, title: str, site: Site) -> list[dict[str, str]]:
    return [
        {"type": _TYPES[form][0], "title": f"{feed_title(topic, title, site)} ({_TYPES[form][1]})", "href": f"{site.base_url}{topic}.{form}"}
        for form in site.formats
    ]


def topic(edition: Edition, site: Site, neighbours: Sequence[Neighbour]) -> bytes:
    """`ID.html`"""
    heading = "Everything" if edition.id == "all" else edition.title
    return _page("topic.html", site, neighbours, title=f"{heading} – {site.title}", heading=heading, here=edition.id, edition=edition, description=edition.description,
                 canonical=f"{site.base_url}{edition.id}.html", alternates=_alternates(edition.id, edition.title, site),
                 items=[_Shown(item, site) for item in edition.items])  # fmt: skip


def index(editions: Sequence[Edition], site: Site, neighbours: Sequence[Neighbour]) -> bytes:
    """`index.html`: all topics with their newest stories."""
    titles = {one.id: one.title for one in neighbours}
    sections = [{"id": one.id, "title": titles.get(one.id, one.title), "items": [_Shown(item, site) for item in one.items[:NEWEST]]} for one in editions]
    alternates = [link for one in editions for link in _alternates(one.id, one.title, site)]
    return _page("index.html", site, neighbours, title=site.title, sections=sections, opml=True, here="index", canonical=f"{site.base_url}index.html",
                 description=f"{site.title}: each thing told once, with all who told it", alternates=alternates)  # fmt: skip


def event(item: Item, told: Sequence[Item], site: Site, neighbours: Sequence[Neighbour]) -> bytes:
    """A story's or event's own page: the text where it has no link of its own, and who tells it."""
    one = _Shown(item, site)
    content = Markup(markup.safe(item.entry.content)) if item.entry.link is None else ""
    return _page("event.html", site, neighbours, title=f"{item.entry.title} – {site.title}", one=one, content=content,
                 told=[_Shown(other, site) for other in told], description=markup.snippet(item.entry.summary, 200),
                 alternates=_alternates("all", "", site))  # fmt: skip


def sources(notices: Sequence[Notice], lines: Sequence[SourceLine], site: Site, neighbours: Sequence[Neighbour]) -> bytes:
    """`sources.html`"""
    alternates = [
        {"type": _TYPES[form][0], "title": f"Sources – {site.title} ({_TYPES[form][1]})", "href": f"{site.base_url}sources.{form}"} for form in ("rss", "atom")
    ]
    return _page("sources.html", site, neighbours, title=f"Sources – {site.title}", here="sources", notices=notices[:50], lines=lines,
                 canonical=f"{site.base_url}sources.html", alternates=alternates)  # fmt: skip


def status(rows: Sequence[StatusLine], summary: str, site: Site, neighbours: Sequence[Neighbour]) -> bytes:
    """`/status`, made when asked for."""
    return _page("status.html", site, neighbours, title=f"Status – {site.title}", here="status", rows=rows, summary=summary)


def search(query: str, items: Sequence[Item], error: str | None, site: Site, neighbours: Sequence[Neighbour]) -> bytes:
    """`/search`, made when asked for; its result is a feed too."""
    alternates = [
        {"type": _TYPES[form][0], "title": f"Search: {query} ({_TYPES[form][1]})", "href": f"{site.base_url}search?q={quote(query)}&format={form}"}
        for form in _TYPES if query and not error
    ]  # fmt: skip
    return _page("search.html", site, neighbours, title=f"Search – {site.title}", here="search", query=query, error=error, alternates=alternates,
                 items=[_Shown(item, site) for item in items])  # fmt: skip
