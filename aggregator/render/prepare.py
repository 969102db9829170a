"""What all formats share: each item's texts, cleaned and safe, once.

In: an edition. Out: its items as they are printed. Start reading at `prepared`.
"""

from __future__ import annotations

import functools
import html
from collections.abc import Sequence
from datetime import UTC, datetime

from aggregator import urls
from aggregator.model import SHOWN, Category, Edition, Enclosure, Entry, Item, Origin, Person, Site, Telling
from aggregator.patterns import lazy
from aggregator.records import dataclass, replace
from aggregator.render import formats
from aggregator.render.formats import Format
from aggregator.text import characters, excerpts, markup, plain

PRODUCT = "aggregator"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LONG_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

_TURNING = lazy(
    "[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefe"
    "\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


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
    categories: tuple[Category, ...]  # human words in `term`
    enclosures: tuple[Enclosure, ...]
    image: str | None
    rights: str
    language: str | None
    published: int
    updated: int


def prepared(edition: Edition, site: Site) -> tuple[Prepared, ...]:
    """Nothing a source said gets past here uncleaned, whatever the store holds."""
    return tuple(_prepare(item, site) for item in edition.items)


def _authors(entry: Entry, origin: Origin) -> tuple[Person, ...]:
    """One at least."""
    named = [_author(one) for one in entry.authors or origin.authors if plain.line(one.name)]
    return tuple(named or [Person(source_title(origin))])


def _media(entry: Entry) -> tuple[Enclosure, ...]:
    """What can be followed."""
    found = ((one, urls.publishable(one.url)) for one in entry.enclosures)
    return tuple(replace(one, url=address) for one, address in found if address is not None)


def _all_followable(item: Item) -> Item:
    """Without links that lead nowhere."""
    entry = item.entry
    if entry.comments and (comments := urls.publishable(entry.comments)) != entry.comments:
        entry = replace(entry, comments=comments)
    origin = _followable(item.origin)
    return (
        item if entry is item.entry and origin is item.origin else replace(item, origin=origin, entry=entry)
    )


def _prepare(item: Item, site: Site) -> Prepared:
    item = _all_followable(item)
    origin, entry = item.origin, item.entry
    link = urls.publishable(item.link) or site.base_url
    title = plain.line(entry.title) or "Untitled"
    summary = " ".join(characters.clean(entry.summary or entry.text[:300]).split())
    terms = (term for topic, term in site.terms if topic in item.topics)
    return Prepared(
        item,
        characters.clean(item.id),
        title,
        link,
        summary or title,
        _content(item, site, summary, link),
        _authors(entry, origin),
        (*_categories(entry.categories), *terms),
        _media(entry),
        urls.publishable(entry.image),
        plain.line(entry.rights or ""),
        entry.language or origin.language,
        max(0, item.published),
        max(item.updated, item.published),
    )


@functools.lru_cache(maxsize=1000)  # a source tells many items
def _followable(origin: Origin) -> Origin:
    """With addresses that every reader takes, or none."""
    url, site, icon = map(urls.publishable, (origin.url, origin.site, origin.icon))
    if (url, site, icon) == (origin.url, origin.site, origin.icon):
        return origin
    return replace(origin, url=url, site=site, icon=icon)


def _categories(found: Sequence[Category]) -> tuple[Category, ...]:
    """Each name once, in words for people (F42)."""
    unique: dict[str, Category] = {}
    for one in found:
        category = _category(one)
        if category.term:
            unique.setdefault(category.term, category)
    return tuple(unique.values())


@functools.lru_cache(maxsize=1000)  # many items have the same ones
def _category(said: Category) -> Category:
    """Without a term where it has none."""
    return Category(plain.line(said.label or said.term), said.scheme if urls.is_id(said.scheme) else None)


def source_title(origin: Origin) -> str:
    """Never empty."""
    return plain.line(origin.title) or origin.id


def byline(authors: Sequence[Person]) -> str:
    """All of them in one name: of several author elements readers take the first, the last, or none (F67)."""
    return ", ".join(dict.fromkeys(person.name for person in authors))


def _author(person: Person) -> Person:
    """Without an e-mail element, which some parsers glue to the name (F67) and harvesters like; as a mailto:
    address where there is no other.
    """
    return Person(
        plain.line(person.name),
        None,
        urls.publishable(person.uri) or (f"mailto:{person.email}" if person.email else None),
    )


def _content(item: Item, site: Site, summary: str, link: str) -> str:
    if site.content == "none":
        return ""
    page = f"{site.base_url}{item.page}" if item.page else None
    body = _full(item, summary) if site.content == "full" else _paragraphs(summary)
    whole = body + _unsaid(item) + also_in(item.also, page)
    return _safe_before(whole, link) if len(whole) <= _REMEMBERED else markup.safe(whole, link)


# An item stands in the feeds of several topics, and in those of many cycles.
_safe_before = functools.lru_cache(maxsize=1000)(markup.safe)
_REMEMBERED = 10_000  # characters


def _full(item: Item, summary: str) -> str:
    body = item.entry.content or _paragraphs(item.entry.text or summary)
    return _quoted(body, item.text_of) if item.text_of and item.text_of.level == "event" else body


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{_escaped(line)}</p>" for line in text.split("\n") if line)


def _quoted(body: str, telling: Telling) -> str:
    """Another source's text, under its own name and not under the by-line of the lead."""
    return (
        f"<p>{_headline(telling)} "
        f"({_escaped(source_title(telling.origin))}):</p><blockquote>{body}</blockquote>"
    )


def _unsaid(item: Item) -> str:
    """Media whose address feeds can't say in their own elements (see `urls.publishable`), as links in the
    text.
    """
    found = [
        one.url
        for one in item.entry.enclosures
        if urls.publishable(one.url) is None and urls.clean_link(one.url)
    ]
    return "".join(f"<p>{_link(address, address)}</p>" for address in found) + torrents(item)


def torrents(item: Item) -> str:
    """As links: no validator takes them for addresses of files."""
    found = [address for one in item.entry.enclosures if (address := urls.magnet(one.url))]
    return "".join(f"<p>{_link(excerpts.snippet(address, 200), address)}</p>" for address in found)


def _by_source(also: Sequence[Telling]) -> list[tuple[str, list[Telling]]]:
    """(title of a source, what it tells)."""
    sources: dict[tuple[str, str], list[Telling]] = {}
    for telling in also:
        sources.setdefault((telling.origin.id, source_title(telling.origin)), []).append(telling)
    return [(title, tellings) for (_, title), tellings in sources.items()]


def also_in(also: Sequence[Telling], page: str | None = None) -> str:
    """Who else tells it, source by source: each headline as a link, with its time. As HTML; "" for nobody.
    `page`: where all of them are listed.
    """
    if not also:
        return ""
    lines = [
        f"{_apart(_escaped(title), title)}: {'; '.join(map(_told, tellings))}"
        for title, tellings in _by_source(also[:SHOWN])
    ]
    if len(also) > SHOWN:
        lines.append(_link(f"and {len(also) - SHOWN} more", page))
    return f"<p>Also in:</p><ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul>"


def _told(telling: Telling) -> str:
    time = f'<time datetime="{rfc3339(telling.published)}">{readable(telling.published)}</time>'
    return f"{_headline(telling)} ({time})"


def _headline(telling: Telling) -> str:
    title = plain.line(telling.title) or source_title(telling.origin)
    return _apart(_link(title, telling.link), title)


def _apart(shown: str, text: str) -> str:
    """Words that run from right to left, or say which way, so that they turn nothing around them."""
    return f"<bdi>{shown}</bdi>" if _TURNING.search(text) else shown


def _link(text: str, address: str | None) -> str:
    """As `markup.safe` writes it, so that nothing remains to be done."""
    shown = _escaped(text)
    if not address:
        return shown
    value = _escaped(address).replace('"', "&quot;")
    return f'<a href="{value}" rel="noopener noreferrer">{shown}</a>'


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def related(one: Prepared) -> list[tuple[str, str]]:
    """(link, whose headline) of the others that tell it, each link once."""
    found: dict[str, str] = {}
    for telling in one.item.also:
        if telling.link and telling.link != one.link:
            title = plain.line(f"{source_title(telling.origin)}: {telling.title}")
            found.setdefault(telling.link, title)
    return list(found.items())


@functools.lru_cache(maxsize=1000)  # an item says its dates several times, in each of its formats
def rfc3339(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC).isoformat()[:19]}Z"  # in a fifth of the time of `strftime`


def rfc822(at: int) -> str:
    """With a four-digit year and GMT; without `strftime`'s locale (F16)."""
    when = datetime.fromtimestamp(at, UTC)
    day = f"{WEEKDAYS[when.weekday()]}, {when.day:02} {_MONTHS[when.month - 1]} {when.year:04}"
    return f"{day} {when.isoformat()[11:19]} GMT"


@functools.lru_cache(maxsize=1000)
def readable(at: int) -> str:
    when = datetime.fromtimestamp(at, UTC)
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}, {when.isoformat()[11:16]} UTC"


def long_day(at: int) -> str:
    """Monday, 7 September 2026"""
    when = datetime.fromtimestamp(at, UTC)
    return f"{_LONG_DAYS[when.weekday()]}, {when.day} {_LONG_MONTHS[when.month - 1]} {when.year}"


def feed_id(edition: str, site: Site) -> str:
    """Independent of the host that serves it (F15)."""
    return urls.mint("feed", site.title, edition)


def heading(edition: Edition, site: Site) -> str:
    """The feed's title: the topic's and the site's."""
    return plain.line(site.title if edition.id == "all" else f"{edition.title} – {site.title}")


def page_url(edition: Edition, site: Site) -> str:
    """The page that people read instead of the feed; the feed's alternate link (F36)."""
    return f"{site.base_url}{edition.id}.html"


def archive_name(edition: str, number: int, form: Format = formats.ATOM) -> str:
    return f"archive/{edition}-{number}{form.ending}"


def source_url(item: Item, site: Site) -> str:
    """Of the feed; for local files, the page that lists the sources."""
    return item.origin.url or f"{site.base_url}sources.html"
