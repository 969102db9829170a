"""RSS, RDF and Atom by feedparser, in our normal form. feedparser decides what a dialect means; nh3 decides
what is safe.

In: a `Body`. Out: a `ParseResult`. Start reading at `read`.
"""

from __future__ import annotations

import functools
import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from aggregator import urls
from aggregator.model import (
    Category,
    Enclosure,
    Entry,
    Feed,
    FetchResult,
    Limits,
    ParseResult,
    Person,
    PollHints,
)
from aggregator.parse import bases, dates, dialect, mend, normal, origin, podcast, reduce, sniff, tellings
from aggregator.parse.body import Body
from aggregator.parse.reading import STOPS, Reading
from aggregator.patterns import lazy
from aggregator.records import dataclass, replace
from aggregator.text import characters, markup, plain, words

_LOOKS_LIKE_HTML = lazy(r"<(p|br|a|div|img|b|i|em|strong|ul|ol|li|span|h\d|blockquote)\b[^>]*>", re.I)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ORIGINALS = ("feedburner_origlink", "pheedo_origlink")
TEASER = 5  # words that lead on to a text
_ADDRESSES = lazy(r'\ssrc="([^"]*)"')  # of what is shown or played, as `markup.safe` writes it
_RELATIVE = lazy(r"(?:\.{0,2}/|\?|www\.)[^\s:]")
_PATH = lazy(r"[^\s:]*[./?][^\s:]*")
_PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}

# Elements that date an item, the best first. A date of Dublin Core alone says no more than that something
# happened then: beside pubDate it is the newer one, beside one that says "modified" the older.
_PUBLISHED = (
    "published", "pubdate", "issued", "dcterms_issued", "dc_issued", "dcterms_available", "created", "dcterms_created", "dc_created", "date", "datetime",
    "publishdate", "publisheddate", "publicationdate", "prism_publicationdate", "prism_coverdate",
    "dc_date",
)  # fmt: skip
_UPDATED = ("updated", "modified", "dcterms_modified", "dc_modified", "dc_date", "prism_modificationdate", "lastbuilddate")  # fmt: skip

_TITLES = ("itunes_title", "media_title")  # where an item has no title of its own
# All of a text, as Russian feeds say it to Yandex, Mail.ru and Rambler, and old ones in no namespace.
# The page for Yandex repeats headline and picture, so it comes last.
_WHOLE = ("yandex_full-text", "mailru_full-text", "rambler_fulltext", "full-text", "fulltext", "turbo_content")  # fmt: skip
_FLASH = frozenset({"application/x-shockwave-flash", "application/futuresplash"})  # nothing plays it any more

# feedparser's names of elements that are passed on as they are.
_EXTRAS = {
    "itunes_duration": "itunes:duration", "itunes_episode": "itunes:episode", "itunes_season": "itunes:season",
    "itunes_episodetype": "itunes:episodeType", "subtitle": "itunes:subtitle",
    "publisher": "dc:publisher", "dc_type": "dc:type", "dc_format": "dc:format", "dc_identifier": "dc:identifier", "dc_source": "dc:source",
    "dc_relation": "dc:relation", "dc_coverage": "dc:coverage", "coverage": "dc:coverage", "geo_lat": "geo:lat", "geo_long": "geo:long",
    "slash_comments": "slash:comments", "thr_total": "thr:total", "prism_doi": "prism:doi",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Around:
    """What holds for all items of a document."""

    source: str
    feed: Feed
    fetched: FetchResult  # with the address that relative links start from
    habits: dates.Habits


def read(source: str, fetched: FetchResult, limits: Limits, body: Body) -> ParseResult:
    """`format` of the feed is empty where this is no feed. One bad item is left out with a warning, never the
    others.
    """
    if body.part is not None and (found := read_part(source, fetched, limits, body, body.part)) is not None:
        return found
    parsed, damaged = _read(source, fetched, limits, body, body.text)
    if body.outline is None or damaged or parsed.failure or parsed.warnings:
        return parsed
    context = reduce.context(parsed.feed, fetched.url, body.habits.orders, body.outline)
    return replace(parsed, marks=reduce.marks(body.text, body.outline.spans, parsed.entries, context))


def read_part(
    source: str, fetched: FetchResult, limits: Limits, body: Body, part: reduce.Part
) -> ParseResult | None:
    """What a document says beside the items that are known; None where that can't be told without them."""
    assert body.outline is not None
    parsed, damaged = _read(source, fetched, limits, body, part.text)
    if damaged or parsed.failure or parsed.warnings or not parsed.feed.format:
        return None
    context = reduce.context(parsed.feed, fetched.url, body.habits.orders, body.outline)
    new = reduce.marks(body.text, part.new, parsed.entries, context)
    marks = None if new is None else reduce.joined(part, new)
    return None if marks is None else replace(parsed, marks=marks, held=part.held)


def _read(
    source: str, fetched: FetchResult, limits: Limits, body: Body, text: bytes
) -> tuple[ParseResult, bool]:
    """What `text` says, all of the body or a part of it, and whether it is damaged."""
    around: _Around | None = None
    reading = Reading(limits, body.is_cut)
    broken = damaged = False
    try:
        for piece in mend.slices(text, limits.max_entries + 1):
            document = dialect.parse(piece)
            damaged = damaged or document.damaged
            if around is None:
                if not _is_feed(document, piece):
                    return ParseResult(Feed()), damaged
                around = _around(source, document, fetched, body)
            _take_items(reading, document, around)
            broken = not reading.number and document.damaged
    except STOPS as error:
        if around is None:
            raise
        reading.stopped(error)
    # An empty feed is well-formed; a broken one may have lost its items on the way.
    if around is None or (broken and not body.is_cut):
        return ParseResult(Feed()), damaged
    return reading.parsed(around.feed), damaged


def _around(source: str, document: dialect.Document, fetched: FetchResult, body: Body) -> _Around:
    feed = _feed(document, fetched, body)
    habits = dates.in_language(body.habits, feed.language, feed.link or fetched.url)
    return _Around(source, feed, normal.based(fetched, feed), habits)


def _take_items(reading: Reading, document: dialect.Document, around: _Around) -> None:
    for item in document.entries[: reading.room]:
        reading.take(functools.partial(_entry, item, around), _get(item, "title"))


def _is_feed(document: Any, piece: bytes) -> bool:
    """Not so an answer of some interface that has items, too."""
    if not document.entries and not (document.version and document.feed):
        return False
    return bool(document.version) or sniff.known_root(piece)


def _get(item: Any, name: str) -> Any:
    """Without feedparser's substitutes (`updated` for `published` and the like)."""
    return dict.get(item, name)


def _string(value: object) -> str | None:
    return characters.clean(value) if isinstance(value, str) and value.strip() else None


def _titled(item: Any, atom: bool = False) -> str:
    """A title. Atom's type "text" is literal (RFC 4287, 3.1.1.1), everything else may hold markup and
    entities, once (F27).
    """
    text = _string(_get(item, "title")) or ""
    if not text:
        return next(filter(None, (plain.title(_string(_get(item, name)) or "") for name in _TITLES)), "")
    literal = (_get(item, "title_detail") or {}).get("type") == "text/plain"
    return plain.literal_title(text) if atom and literal else plain.title(text)


def _feed(document: dialect.Document, fetched: FetchResult, body: Body) -> Feed:
    said, base = document.feed, fetched.url
    link, self_link = _own_links(said, base)
    return Feed(
        id=_string(_get(said, "id")),
        title=_titled(said, document.version.startswith("atom")),
        link=link,
        self_link=self_link,
        description=_description(said),
        language=normal.language(_get(said, "language")),
        authors=_people(said) or podcast.owner(said),
        rights=_rights(said),
        icon=_icon(said, link or base),
        updated=dates.first((_get(said, "updated"), _get(said, "published")), body.habits),
        generator=_generator(said),
        format=document.version or "unknown",
        hints=_hints(said, base, body.skipped),
        extras=podcast.of_channel(said),
    )


def _own_links(said: Any, base: str) -> tuple[str | None, str | None]:
    """The address of its site, and its own."""
    own = [link.get("href") for link in said.get("links", ()) if link.get("rel") == "self"]
    # Of a copy the original's address, which it says itself, tells where its site is.
    around = next(filter(None, map(urls.clean_link, own)), base)
    self_link = urls.clean_link(own[0], base) if own else None
    return urls.clean_link(_string(_get(said, "link")), around), self_link


def _description(said: Any) -> str:
    text = _string(_get(said, "subtitle")) or _string(_get(said, "itunes_summary")) or ""
    return plain.text(text)[:2000]


def _generator(said: Any) -> str | None:
    return plain.title(_string(_get(said, "generator")) or "")[:200] or None


def _icon(said: Any, base: str) -> str | None:
    image = said.get("image") or {}
    address = _string(_get(said, "icon")) or _string(_get(said, "logo")) or _string(image.get("href"))
    return urls.clean_link(address, base)


def _named(said: Any, relation: str, base: str) -> str | None:
    """The first address with this relation, as it is said: a hub knows the feed by it, letter for letter."""
    hrefs = [link.get("href") for link in said.get("links", ()) if link.get("rel") == relation]
    return next((found for href in hrefs if (found := urls.absolute(href, base))), None)


def _update_period(said: Any) -> int | None:
    """Seconds."""
    period = _PERIODS.get(str(_get(said, "sy_updateperiod") or "").strip().lower())
    frequency = normal.number(_get(said, "sy_updatefrequency") or 1) or 1
    return period // frequency if period and frequency <= 1440 else None


def _ttl(said: Any) -> int | None:
    """Seconds."""
    ttl = normal.number(_get(said, "ttl")) if _get(said, "ttl") else None
    return ttl * 60 if ttl and ttl <= 60 * 24 * 31 else None


def _hints(said: Any, base: str, skipped: tuple[tuple[int, ...], tuple[str, ...]]) -> PollHints:
    """`ttl` in minutes, sy:update*, skipHours and skipDays, and its hub; nonsense is nothing said (P21)."""
    hours, days = skipped
    return PollHints(
        ttl=_ttl(said),
        update_period=_update_period(said),
        skip_hours=tuple(sorted({hour % 24 for hour in hours})),
        skip_days=tuple(sorted(_DAYS.index(day) for day in days if day in _DAYS)),
        hub=_named(said, "hub", base),
        topic=_named(said, "self", base),
    )


def _people(item: Any) -> tuple[Person, ...]:
    return normal.people(
        normal.person(_string(one.get("name")), _string(one.get("email")), one.get("href"))
        for one in _authors(item)
    )


def _writers(item: Any, atom: bool) -> tuple[Person, ...]:
    """RSS has an address in one element and a name in the other: `<author>jane@…</author>`,
    `<dc:creator>Jane Roe</dc:creator>`.
    """
    found = _people(item)
    if atom or len(found) != 2:
        return found
    unnamed, named = sorted(found, key=lambda one: one.name != one.email)
    return (
        (replace(named, email=unnamed.email),) if unnamed.name == unnamed.email and not named.email else found
    )


def _authors(item: Any) -> list[Any]:
    """feedparser's records of them."""
    if found := [one for one in _get(item, "authors") or () if one]:
        return _each_of(found, item)
    if detail := _get(item, "author_detail"):
        return [detail]
    return [{"name": name}] if (name := _get(item, "author")) else []


def _each_of(found: list[Any], item: Any) -> list[Any]:
    """As our feeds say it: all authors in one by-line, and each as a contributor."""
    several = [one for one in _get(item, "contributors") or () if one]
    if len(found) > 1 or len(several) < 2:
        return found
    by_line = ", ".join(str(one.get("name")) for one in several)
    return several if found[0].get("name") == by_line else found


def _entry(item: Any, around: _Around) -> Entry:
    feed, address, habits = around.feed, around.fetched.url, around.habits
    atom = feed.format.startswith("atom")
    link = _link(item, bases.of_items(feed, address), atom)
    base = bases.of_content(link, feed, address)
    said = _said(item, around, link, base, atom)
    published, updated = _dates(item, habits)
    entry = Entry(
        source=around.source,
        key="",
        guid=_string(_get(item, "id")),
        link=link,
        title=said.title,
        authors=_writers(item, atom) or _people(_get(item, "source") or {}) or feed.authors,
        published=published,
        updated=updated,
        summary=said.summary,
        content=said.content,
        language=_language_of(item, said.language, feed),
    )
    return normal.finish(_with_the_rest(entry, item, feed, base, said.told))


class _Said(NamedTuple):
    """The texts of an item, and who else tells it, as extras."""

    title: str
    content: str
    summary: str
    language: str | None
    told: tuple[tuple[str, str], ...]


def _said(item: Any, around: _Around, link: str | None, base: str, atom: bool) -> _Said:
    """What an aggregator such as ours adds to a text is taken out of it."""
    title = _titled(item, atom)
    content, summary, language = _bodies(item, base, link)
    told = tuple(tellings.of_links(_get(item, "links") or (), base, content, around.habits))
    if told or around.feed.generator == tellings.OURS:
        content, summary = tellings.own_text(content, summary, title, not _get(item, "content"))
    return _Said(title, content, summary, language, told)


def _with_the_rest(
    entry: Entry, item: Any, feed: Feed, base: str, told: tuple[tuple[str, str], ...]
) -> Entry:
    """What comes with the text of an entry. `told`: who else tells it, as extras."""
    extras = tuple(_extras(item, entry.link, feed, base))[: normal.MAX_LISTED]
    return replace(
        entry,
        categories=_categories(item),
        enclosures=tuple(_enclosures(item, base))[: normal.MAX_LISTED],
        image=_image(item, base),
        comments=_discussion(item, base),
        rights=_rights(item),
        extras=(*extras, *told),
        raw=normal.raw(item),
    )


def _categories(item: Any) -> tuple[Category, ...]:
    tags = _get(item, "tags") or ()
    return normal.categories((tag.get("term"), tag.get("scheme"), tag.get("label")) for tag in tags)


def _rights(item: Any) -> str | None:
    return plain.title(_string(_get(item, "rights")) or "")[:500] or None


def _discussion(item: Any, base: str) -> str | None:
    """The page where people talk about it: RSS `comments`, or a link to replies that is a page (RFC
    4685, 4).
    """
    pages = [
        one.get("href")
        for one in _get(item, "links") or ()
        if one.get("rel") == "replies" and one.get("type") == "text/html"
    ]
    said = [_string(_get(item, "comments")), *map(_string, pages)]
    return next((found for found in (urls.clean_link(one, base) for one in said) if found), None)


def _dates(item: Any, habits: dates.Habits) -> tuple[int | None, int | None]:
    """(published, updated)."""
    return dates.first(_dated(item, _PUBLISHED), habits), dates.first(_dated(item, _UPDATED), habits)


def _dated(item: Any, names: tuple[str, ...]) -> list[str]:
    """What the item's own elements of these names say, in the order of the names."""
    told = _get(item, "dates") or ()
    return [text for name in names for element, text in told if element == name]


_UNKNOWN = "und"  # a language that is expressly not that of the feed (BCP 47, 4.1)


def _language_of(item: Any, of_texts: str | None, feed: Feed) -> str | None:
    """xml:lang of its texts, dc:language of the item, or what the feed is in."""
    if of_texts == _UNKNOWN:
        return None
    return of_texts or normal.language(_get(item, "language")) or feed.language


_ALTERNATE = (
    "alternate",
    "http://www.iana.org/assignments/relation/alternate",
)  # one thing (RFC 4287, 4.2.7.2)


def _link(item: Any, base: str, atom: bool) -> str | None:
    """What a proxy says the original is, rel=alternate (HTML before others), what feedparser calls the link,
    or a guid that is one.
    """
    guid, named = _string(_get(item, "id")), _string(_get(item, "link"))
    originals = [_string(_get(item, name)) for name in _ORIGINALS]
    # feedparser takes the guid for the link unless isPermaLink="false" is said; many a guid is a bare number.
    candidates = [
        *(link for link in originals if urls.clean_link(link)),
        *_alternates(item),
        *(address for address, kind in _out_of_line(item) if kind in _HTML),
        named if named != guid else None,
        _get(item, "address"),
        guid if guid and _leads(guid, "true" if atom else _get(item, "permalink")) else None,
    ]
    links = (urls.clean_link(normal.address(_string(one)), base) for one in candidates)
    return next(filter(None, links), None)


def _alternates(item: Any) -> list[Any]:
    """The addresses of the links rel=alternate, HTML before others."""
    found = [one for one in _get(item, "links") or () if one.get("rel", "alternate") in _ALTERNATE]
    found.sort(key=lambda one: "html" not in (one.get("type") or "text/html"))
    return [one.get("href") for one in found]


def _out_of_line(item: Any) -> Iterator[tuple[str, str]]:
    """(address, type) of contents that are elsewhere (RFC 4287, 4.1.3.2)."""
    for one in _get(item, "content") or ():
        if one.get("src"):
            yield one["src"], (one.get("type") or "").split(";")[0].strip().lower()


def _leads(guid: str, permalink: str | None) -> bool:
    """Whether a guid is an address that can be followed; a relative one only where it looks like one."""
    if permalink == "false":
        return False
    if guid.lower().startswith(("http://", "https://")):
        return True
    return bool(_RELATIVE.match(guid) or (permalink == "true" and _PATH.fullmatch(guid)))


def _language(details: Iterable[Any]) -> str | None:
    """That which these parts of an item are said to be in."""
    declared = [one.get("language") for one in details]
    if _UNKNOWN in declared:
        return _UNKNOWN
    return next(filter(None, map(normal.language, declared)), None)


def _bodies(item: Any, base: str, page: str | None) -> tuple[str, str, str | None]:
    """(content as safe HTML, summary as plain text, language). What describes the item's picture or film is
    its text only where the item itself says nothing.
    """
    brief = _get(item, "summary_detail") or {}
    full = (*(_get(item, "content") or ()), *_whole(item))
    language = _language((*full, _get(item, "title_detail") or {}, brief))
    content = max(
        (_render(one, base, page) for one in full if _string(one.get("value"))), key=len, default=""
    )
    short = _render(brief, base, page) if _string(brief.get("value")) else ""
    if not content or not short:
        return content or short or _described(item, base, page), "", language
    content, short = _told(content, short)
    return content, plain.text(short).replace("\n", " "), language


def _whole(item: Any) -> list[dict[str, Any]]:
    """Where a document is damaged, markup within these elements is escaped still."""
    said = (value for name in _WHOLE if (value := _string(_get(item, name))))
    return [{"value": one if "<" in one else html.unescape(one)} for one in said][:1]


def _told(content: str, short: str) -> tuple[str, str]:
    """(content, summary) of what an item says in both: a summary has to be one, and neither may be lost."""
    said, brief = plain.text(content), plain.text(short)
    if not said:
        return content + short, ""  # a picture, and its text
    if len(brief) > normal.MAX_SUMMARY and len(brief) > len(said):
        return (content + short if _adds(content, short, said, brief) else short), ""
    return content, "" if brief == said else short


def _adds(content: str, short: str, said: str, brief: str) -> bool:
    """Whether a content says or shows what the longer description does not: more than "Read more"."""
    shown = set(_ADDRESSES.findall(content)) - set(_ADDRESSES.findall(short))
    return bool(shown) or len(set(words.words(said)) - set(words.words(brief))) > TEASER


def _described(item: Any, base: str, page: str | None) -> str:
    """The text of an item that has none of its own: plain, with lines and addresses (YouTube, podcasts)."""
    for name in ("media_description", "itunes_summary"):
        value = _string(_get(item, name))
        if value and _LOOKS_LIKE_HTML.search(value):
            return markup.safe(value, base, page)
        if value:
            escaped = (_get(item, f"{name}_detail") or {}).get("type") == "text/html"
            return markup.safe(normal.paragraphs(html.unescape(value) if escaped else value, links=True))
    return ""


_HTML = frozenset({"text/html", "application/xhtml+xml", "text/x-html", "html", "xhtml"})
_FILES = ("image/", "audio/", "video/")


def _render(detail: Any, base: str, page: str | None) -> str:
    """One body as safe HTML. Unknown types are text; what is not text at all is dropped (S9)."""
    value = _string(detail.get("value")) or ""
    kind = (detail.get("type") or "text/html").split(";")[0].strip().lower()
    own = detail.get("base")
    where = (urls.clean_link(own, base) if isinstance(own, str) and own else None) or base
    if kind.startswith(_FILES) or kind == "application/octet-stream":
        return ""
    # Feeds say text/plain and mean HTML; real text has no tags.
    if kind in _HTML or _LOOKS_LIKE_HTML.search(value):
        return markup.safe(value, where, page)
    return markup.safe(normal.paragraphs(value))


def _enclosures(item: Any, base: str) -> Iterator[Enclosure]:
    seen = set()
    for url, kind, length, more in _media(item):
        found = normal.enclosure(url, base, kind, length, **more)
        if found and found.url not in seen and found.type not in _FLASH:
            seen.add(found.url)
            yield found


def _media(item: Any) -> Iterator[tuple[Any, Any, Any, dict[str, Any]]]:
    """(address, type, bytes, what else is said) of each file."""
    for one in _get(item, "links") or ():
        if one.get("rel") == "enclosure":
            yield one.get("href"), one.get("type"), one.get("length"), {"title": one.get("title")}
    if torrent := urls.magnet(_get(item, "link")):
        yield torrent, None, None, {}
    for address, kind in _out_of_line(item):
        if kind.startswith(_FILES):
            yield address, kind, None, {}
    for one in _get(item, "media_content") or ():
        said = {name: one.get(name) for name in ("medium", "width", "height", "duration") if one.get(name)}
        # a description is what is said to those who don't see it
        said |= {"title": title} if (title := one.get("title") or one.get("description")) else {}
        yield one.get("url"), one.get("type"), one.get("filesize"), said


def _image(item: Any, base: str) -> str | None:
    thumbnails = [one.get("url") for one in _get(item, "media_thumbnail") or ()]
    own = (_get(item, "image") or {}).get("href") if isinstance(_get(item, "image"), dict) else None
    inner = _get(item, "image/url")
    return next(
        (
            found
            for found in (urls.clean_link(_string(one), base) for one in [*thumbnails, own, inner])
            if found
        ),
        None,
    )


def _extras(item: Any, link: str | None, feed: Feed, base: str) -> Iterator[tuple[str, str]]:
    atom = feed.format.startswith("atom")
    told = _get(item, "source") if isinstance(_get(item, "source"), dict) else {}
    if atom:
        yield from origin.of_entry(told, _people(told), base)
    for name, shown in _EXTRAS.items():
        value = _string(_get(item, name))
        if value:
            yield shown, plain.text(value)[:1000]
    yield from _licence(item, base)
    yield from _other_links(item, link, base)
    yield from podcast.of_item(item, dict(reversed(feed.extras)), base)
    yield from _place(item)
    if not atom:
        yield from _found_at(told, base)


def _place(item: Any) -> Iterator[tuple[str, str]]:
    """Where it happened, as GeoRSS says a point: latitude and longitude in degrees."""
    where = _get(item, "where")
    if isinstance(where, dict) and where.get("type") == "Point":
        longitude, latitude = where["coordinates"][:2]
    else:
        latitude, longitude = (_degrees(_get(item, name)) for name in ("geo_lat", "geo_long"))
    if abs(latitude) <= 90 and abs(longitude) <= 180:
        yield "georss:point", f"{latitude:g} {longitude:g}"


def _degrees(said: object) -> float:
    """More than there are where it says none."""
    try:
        return float(str(said))
    except ValueError:
        return 360.0


def _licence(item: Any, base: str) -> Iterator[tuple[str, str]]:
    """A link (RFC 4946); feedparser makes one of Creative Commons' elements, too."""
    said = (one.get("href") for one in _get(item, "links") or () if one.get("rel") == "license")
    yield from (("license", found) for one in said if (found := urls.clean_link(_string(one), base)))


def _other_links(item: Any, link: str | None, base: str) -> Iterator[tuple[str, str]]:
    """Those that lead elsewhere than to the item; with their titles as JSON objects."""
    for one in _get(item, "links") or ():
        if one.get("rel") in ("via", "related", "replies") and not tellings.is_telling(one):
            found = urls.clean_link(_string(one.get("href")), base)
            title = plain.title(_string(one.get("title")) or "")[:300]
            if found and found != link:
                said = json.dumps({"url": found, "title": title}, ensure_ascii=False) if title else found
                yield one["rel"], said


def _found_at(told: Any, base: str) -> Iterator[tuple[str, str]]:
    """RSS names in `source` where its author found a thing, or whom it was taken from; both are worth
    a link.
    """
    found = urls.clean_link(_string(told.get("href")), base)
    if found:
        yield "source", found
    if _string(told.get("title")):
        yield "source:title", plain.title(told["title"])[:300]
