"""The HTML pages. Readable without scripts, without any request elsewhere, on a phone and on a desktop, in
light and dark.

In: editions, events, lines of sources. Out: HTML as bytes. Start reading at `topic`; the templates are in
`templates/`.
"""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from markupsafe import Markup

from aggregator import prominence, urls
from aggregator.model import BY_HAND, SHOWN, Edition, Enclosure, Entry, Item, Site, StateChange
from aggregator.records import dataclass, replace
from aggregator.render import formats, prepare
from aggregator.render.formats import Format
from aggregator.render.prepare import WEEKDAYS, archive_name, long_day, readable, rfc3339
from aggregator.states import WORST_FIRST
from aggregator.text import characters, excerpts, markup, plain

if TYPE_CHECKING:
    from jinja2 import Environment

HEADLINE = 250  # characters of one in a list: some sources write a whole text there
NEWEST = 5  # items of each topic on the front page
OUTLETS = 8  # names of who tells it, on the front page


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A topic in the navigation."""

    id: str
    title: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source on the page of sources. Nothing that changes from poll to poll: the page is written when
    something happened.
    """

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
    days: tuple[int, ...]  # new entries of the last seven days, today last
    next: str
    why: str


def _source_page(source: str, site: Site) -> str | None:
    return None if source == BY_HAND else f"{site.base_url}source-{source}.html"


class _Told:
    """Who tells an item, where and when; `whole`: all of them are listed."""

    def __init__(self, item: Item, site: Site, whole: bool) -> None:
        self.entry, self.origin, self.published = item.entry, item.origin, item.published
        self.also, self._site = item.also, site
        self.link = urls.clean_link(item.link) or site.base_url
        self.source = prepare.source_title(item.origin)
        names = (prepare.source_title(other.origin) for other in item.also)
        self.others = tuple(dict.fromkeys(name for name in names if name != self.source))
        self.tellers = 1 + len(self.others)
        self.listed = item.also if whole else item.also[:SHOWN]

    @property
    def sources_word(self) -> str:
        return f"{self.tellers} sources" if self.others else f"{len(self.also) + 1} times"

    @property
    def unlisted(self) -> int:
        return len(self.also) - len(self.listed)

    @property
    def outlets(self) -> list[tuple[str, str]]:
        """Who tells it, and the address where each of them does."""
        tellings = {prepare.source_title(other.origin): other.link for other in reversed(self.also)}
        tellings[self.source] = self.link
        names = (self.source, *self.others)
        return [(name, urls.clean_link(tellings[name] or "") or self._site.base_url) for name in names]

    @property
    def told(self) -> int:
        """When the entry that leads was told; its item is as old as the first telling."""
        return self.entry.published or self.published

    @property
    def told_last(self) -> int:
        return max([self.told, *(other.published for other in self.also)])


class _Shown(_Told):
    """An item as the templates see it: cleaned texts, followable links."""

    def __init__(self, item: Item, site: Site, whole: bool = False) -> None:
        super().__init__(item, site, whole)
        self.page, self.topics = item.page, item.topics
        self.title: str | Markup = excerpts.snippet(item.entry.title, HEADLINE)
        self.summary: str | Markup = _summary(item.entry)
        self.played = next(filter(None, map(_played, item.entry.enclosures)), None)
        self.pictured = bool(item.entry.image) or any(map(_is_picture, item.entry.enclosures))
        self.picture, self.pictures_words = _picture(item.entry) if site.images else (None, "")
        self.source_page = _source_page(item.entry.source, site)
        self.likeness: float | None = None  # how well it fits its event, where that is said
        # else its source gives no date, or a later one
        self.is_dated = item.published != item.entry.first_seen


def _summary(entry: Entry) -> str | Markup:
    """Nothing where it only repeats the headline."""
    return excerpts.beside(entry.title, entry.summary or entry.text[:400], 320)


def _is_picture(media: Enclosure) -> bool:
    return media.medium == "image" or media.type.startswith("image/")


def _picture(entry: Entry) -> tuple[str | None, str]:
    """The address of a picture to show beside the headline, and what is said of it to who doesn't see it."""
    found = [media for media in entry.enclosures if _is_picture(media)]
    said = [entry.image, *(media.url for media in found)]
    address = next(filter(None, (urls.clean_link(one) for one in said if one)), None)
    words = (media.title for media in found if media.title and urls.clean_link(media.url) == address)
    return address, plain.line(next(words, ""))


def _played(media: Enclosure) -> tuple[str, str] | None:
    """(address, in words what it is) of what can be heard or seen."""
    verb = {"audio": "Listen", "video": "Watch"}.get(media.type.partition("/")[0])
    address = urls.clean_link(media.url)
    if verb is None or address is None:
        return None
    minutes = f" ({max(1, round(media.duration / 60))} min)" if media.duration else ""
    return address, f"{verb}{minutes}"


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader  # not before a page is made

    from aggregator.render.compiled import Compiled

    environment = Environment(
        loader=PackageLoader("aggregator.render"),
        autoescape=True,
        trim_blocks=False,
        keep_trailing_newline=True,
        auto_reload=False,
        bytecode_cache=Compiled(__spec__.cached),
    )
    environment.filters.update(day=readable, when=_when, hour=_hour)
    environment.globals["style"] = Markup(style())
    return environment


def _when(at: int) -> Markup:
    return Markup(f'<time datetime="{rfc3339(at)}">{readable(at)}</time>')


def _hour(at: int) -> Markup:
    """Where the day stands above."""
    said = rfc3339(at)
    return Markup(f'<time datetime="{said}" title="{readable(at)}">{said[11:16]} UTC</time>')


@functools.cache
def style() -> str:
    """The one style sheet, as it stands in every page: its hash goes into the content security policy."""
    file = resources.files("aggregator.render").joinpath("templates/style.css")
    text = file.read_text(encoding="utf-8")
    return "".join(line.strip() for line in text.splitlines())


def _page(template: str, site: Site, neighbours: Sequence[Neighbour], **values: Any) -> bytes:
    values.setdefault("alternates", [])
    values.setdefault("links", values["alternates"] if template != "event.html" else [])
    values.setdefault("kind", "aside" if values["links"] else "")
    values.setdefault("query", "")
    values.setdefault("description", "")
    values.setdefault("canonical", None)
    values.setdefault("here", "")
    text = _environment().get_template(template).render(site=site, neighbours=neighbours, **values)
    return characters.clean(text).encode()


def not_found(site: Site, neighbours: Sequence[Neighbour], words: str) -> bytes:
    """What people get where there is nothing, in the site's clothes."""
    return _page("missing.html", site, neighbours, title=f"Not here – {site.title}", words=words)


def _named(neighbours: Sequence[Neighbour], here: str = "") -> dict[str, Neighbour]:
    """The topics that an item may be labelled with: all but that of the page."""
    return {one.id: one for one in neighbours if one.id not in ("all", here)}


def feed_title(topic: str, title: str, site: Site) -> str:
    return site.title if topic == "all" else f"{title} – {site.title}"


def _link(form: Format, title: str, href: str) -> dict[str, str]:
    return {"type": form.media_type, "name": form.title, "title": f"{title} ({form.title})", "href": href}


def _alternates(topic: str, title: str, site: Site) -> list[dict[str, str]]:
    return [
        _link(form, feed_title(topic, title, site), f"{site.base_url}{topic}{form.ending}")
        for form in formats.named(site.formats)
    ]


def older_name(topic: str, number: int) -> str:
    """The page of an archive document: `ID-2.html` shows the first one. They are numbered from the oldest on,
    so that what is complete stays as it is.
    """
    return f"{topic}-{number + 1}.html"


def older(
    edition: Edition, site: Site, neighbours: Sequence[Neighbour], number: int, complete: bool
) -> bytes:
    """A page of older items, those of one archive document."""
    newer = older_name(edition.id, number + 1) if complete else f"{edition.id}.html"
    return _by_days(
        replace(edition, archive=number - 1), site, neighbours, older_name(edition.id, number), newer
    )


def topic(edition: Edition, site: Site, neighbours: Sequence[Neighbour]) -> bytes:
    """`ID.html`, by days."""
    return _by_days(edition, site, neighbours, f"{edition.id}.html", "")


def _by_days(edition: Edition, site: Site, neighbours: Sequence[Neighbour], name: str, newer: str) -> bytes:
    """`edition.archive`: the document whose page comes after this one; `newer`: the page before, "": none."""
    heading = "Everything" if edition.id == "all" else edition.title
    base, archive = site.base_url, edition.archive
    return _page(
        "topic.html",
        site,
        neighbours,
        title=f"{heading} – {site.title}",
        heading=heading,
        here=edition.id,
        description=edition.description,
        canonical=f"{base}{name}",
        alternates=_alternates(edition.id, edition.title, site),
        days=_days(edition.items, site),
        names=_named(neighbours, edition.id),
        note=edition.note,
        digest=edition.digest,
        digest_page=f"{base}{edition.id}-digest.html",
        newer=f"{base}{newer}" if newer else "",
        older=f"{base}{older_name(edition.id, archive)}" if archive else "",
        archives=_documents(edition.id, archive, site) if archive else [],
    )


def _days(items: Sequence[Item], site: Site) -> list[tuple[str, list[_Shown]]]:
    """Each day in words, with its items."""
    shown = [_Shown(item, site) for item in items]
    by_days = itertools.groupby(shown, lambda one: long_day(one.published))
    return [(day, list(found)) for day, found in by_days]


def _documents(topic: str, number: int, site: Site) -> list[tuple[str, str]]:
    """(name of a format, address) of an archive document."""
    return [
        (form.title, f"{site.base_url}{archive_name(topic, number, form)}")
        for form in formats.with_archives(site.formats)
    ]


def digest(edition: Edition, site: Site, neighbours: Sequence[Neighbour]) -> bytes:
    """`ID-digest.html`: the last digests of a topic, the newest first."""
    found = [
        {"title": item.entry.title, "html": Markup(markup.safe(item.entry.content))} for item in edition.items
    ]
    links = _alternates(edition.id, edition.title, site)
    return _page(
        "digest.html",
        site,
        neighbours,
        title=f"{edition.title} – {site.title}",
        heading=edition.title,
        here=edition.id.removesuffix("-digest"),
        description=edition.description,
        canonical=f"{site.base_url}{edition.id}.html",
        alternates=links,
        links=links,
        digests=found,
    )


def index(
    editions: Sequence[Edition],
    told: Sequence[Item],
    new: Sequence[Item],
    site: Site,
    neighbours: Sequence[Neighbour],
) -> bytes:
    """`index.html`: what most sources tell, what is new, and all topics with their newest stories. `told`:
    events; `new`: other stories, newest first; what has no date of its own is put behind those. What several
    told comes first unless all of it is older news than what one tells.
    """
    titles = {one.id: one.title for one in neighbours}
    return _page(
        "index.html",
        site,
        neighbours,
        title=site.title,
        sections=[_section(one, titles.get(one.id), site) for one in editions if one.id != "all"],
        names=_named(neighbours),
        here="index",
        kind="wide",
        outlets=OUTLETS,
        canonical=f"{site.base_url}index.html",
        description=f"{site.title}: each thing told once, with all who told it",
        alternates=[link for one in editions for link in _alternates(one.id, one.title, site)],
        links=_alternates("all", "", site),
        **_news(told, new, site),
    )


def _news(told: Sequence[Item], new: Sequence[Item], site: Site) -> dict[str, Any]:
    """What most tell and what is new, in order, and whether the former is news as well."""
    latest = [_Shown(item, site) for item in new]
    most = [_Shown(item, site) for item in told]
    last_told = max((one.told_last for one in most), default=0)
    newest = max((one.published for one in latest if one.is_dated), default=0)
    return {
        "latest": sorted(latest, key=lambda one: not one.is_dated),
        "most": _by_prominence(most, last_told),
        "most_is_news": prominence.is_lately(last_told, newest),
    }


def _by_prominence(events: Sequence[_Shown], last_told: int) -> list[_Shown]:
    """`last_told`: when the newest of them was told for the last time."""
    return sorted(
        events, key=lambda one: (*prominence.order(one.tellers, one.told_last, last_told), one.link)
    )


def _section(edition: Edition, title: str | None, site: Site) -> dict[str, Any]:
    """A topic on the front page; `title`: as the navigation has it."""
    return {
        "id": edition.id,
        "title": edition.title if title is None else title,
        "description": edition.description,
        "links": _alternates(edition.id, edition.title, site),
        "items": [_Shown(item, site) for item in edition.items[:NEWEST]],
    }


def event(
    item: Item,
    told: Sequence[Item],
    site: Site,
    neighbours: Sequence[Neighbour],
    likeness: Mapping[str, float] | None = None,
) -> bytes:
    """A story's or event's own page: the text where it has no link of its own, and everybody who tells it.
    `told`: its stories, oldest first; `likeness`: published id of a story → how sure it is that it belongs
    here, 0 to 1.
    """
    content, media = _text_here(item)
    head, names = _Shown(item, site), _named(neighbours)
    own, others = _told(item, told, site, likeness or {})
    return _page(
        "event.html",
        site,
        neighbours,
        title=f"{item.entry.title} – {site.title}",
        one=head,
        content=content,
        media=media,
        topics=[one for topic, one in names.items() if topic in head.topics],
        own=own,
        others=others,
        timeline=_timeline(item),
        description=excerpts.snippet(item.entry.summary, 200),
        alternates=_alternates("all", "", site),
    )


def _text_here(item: Item) -> tuple[Markup, tuple[str, ...]]:
    """The text, and what is played in it, of an item that can be read nowhere else."""
    if urls.publishable(item.entry.link) is not None or item.text_of is not None:
        return Markup(""), ()
    said = item.entry.content + prepare.torrents(item)
    content, media = markup.without_media(markup.safe(said))
    return Markup(markup.with_headings_below(content)), media


def _told(
    item: Item, told: Sequence[Item], site: Site, likeness: Mapping[str, float]
) -> tuple[_Shown | None, list[_Shown]]:
    """(the story that leads the event, the others, newest first)."""
    own, others = None, []
    for story in reversed(told):
        shown = _Shown(story, site, whole=True)
        shown.likeness = likeness.get(story.id)
        if story.entry.public_id != item.entry.public_id:
            others.append(shown)
        else:
            own = own or shown
    return own, others


def _timeline(item: Item) -> dict[str, Any] | None:
    """When it was told, from the first to the last time, in thousandths of that span; None where that is one
    moment.
    """
    times = sorted(_times(item))
    first, last = times[0][0], times[-1][0]
    if first == last:
        return None
    marks = [(1000 * (at - first) // (last - first), f"{source}, {readable(at)}") for at, source in times]
    return {"first": first, "last": last, "marks": marks, "count": len(times)}


def _times(item: Item) -> Iterator[tuple[int, str]]:
    """When each source told it."""
    yield item.entry.published or item.published, prepare.source_title(item.origin)
    for one in item.also:
        yield one.published, prepare.source_title(one.origin)


def sources(
    notices: Sequence[StateChange], lines: Sequence[SourceLine], site: Site, neighbours: Sequence[Neighbour]
) -> bytes:
    """`sources.html`"""
    alternates = [
        _link(form, f"Sources – {site.title}", f"{site.base_url}sources{form.ending}")
        for form in formats.feeds()
        if form.of_sources
    ]
    ordered = sorted(lines, key=lambda line: line.title.casefold())
    return _page(
        "sources.html",
        site,
        neighbours,
        title=f"Sources – {site.title}",
        here="sources",
        notices=notices[:50],
        lines=ordered,
        canonical=f"{site.base_url}sources.html",
        alternates=alternates,
    )


def status(
    rows: Sequence[StatusLine],
    new: Sequence[int],
    today: int,
    summary: str,
    site: Site,
    neighbours: Sequence[Neighbour],
    only: str = "",
) -> bytes:
    """`/status`, made when asked for: trouble first. `new`: entries of the last seven days, `today` (days
    since 1970) last; `only`: sources of this state, all if it is none.
    """
    order = {state: number for number, state in enumerate(WORST_FIRST)}
    counts = Counter(row.state for row in rows)
    only = only if only in WORST_FIRST else ""
    shown = [row for row in rows if row.state == only] if only else rows
    return _page(
        "status.html",
        replace(site, live=True),
        neighbours,
        title=f"Status – {site.title}",
        here="status",
        kind="wide",
        summary=summary,
        states=[(counts[state], state) for state in reversed(WORST_FIRST) if counts[state]],
        only=only,
        rows=sorted(shown, key=lambda row: (order.get(row.state, 0), row.title.casefold())),
        week={"new": list(new)},
        names=_weekdays(today),
    )


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How a source is, in words: on its own page where that is made when asked for."""

    row: StatusLine
    today: int  # days since 1970
    hub: str = ""  # whether what is new is pushed


def source(
    line: SourceLine,
    items: Sequence[Item],
    site: Site,
    neighbours: Sequence[Neighbour],
    last: StateChange | None = None,
    health: SourceHealth | None = None,
) -> bytes:
    """`source-ID.html`: what a source tells, which topics that gives to, and what happened to it last. Where
    it is made when asked for, also how it is now (`health`), which changes from poll to poll.
    """
    names = _named(neighbours)
    shown = [_Shown(item, site) for item in items]
    return _page(
        "source.html",
        site,
        neighbours,
        title=f"{line.title} – {site.title}",
        here="sources",
        canonical=f"{site.base_url}source-{line.id}.html",
        alternates=_alternates("all", "", site),
        links=[],
        one=line,
        last=last,
        health=health,
        topics=_topics(shown, names),
        items=shown,
        names_of=names,
        names=_weekdays(health.today) if health else [],
    )


def _topics(shown: Sequence[_Shown], names: Mapping[str, Neighbour]) -> list[tuple[str, str, int]]:
    """(id, title, items) of the topics that these items stand in, the largest first."""
    counts = Counter(topic for one in shown for topic in one.topics if topic in names)
    largest_first = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return [(topic, names[topic].title, count) for topic, count in largest_first]


def _weekdays(today: int) -> list[str]:
    """Of the last seven days; `today`: days since 1970."""
    return [WEEKDAYS[(today - 6 + day + 3) % 7] for day in range(7)]


@dataclass(frozen=True, slots=True)
class Results:
    """One page of a search."""

    query: str
    items: tuple[Item, ...] = ()
    error: str | None = None
    total: int = 0  # stories that match
    whole: bool = True  # else there are more
    page: int = 1
    last: int = 1
    best_first: bool = False


def search(
    shown: Results,
    site: Site,
    neighbours: Sequence[Neighbour],
    marked: Callable[[str], Sequence[tuple[str, bool]]],
) -> bytes:
    """`/search`, made when asked for; its result is a feed too. `marked`: a text in pieces, each with whether
    it is a word that was asked for.
    """
    text, forms = shown.query, formats.feeds() if shown.query and not shown.error else ()
    address = f"{site.base_url}search?q={quote(text)}"
    found = [_Shown(item, site) for item in shown.items]
    for one in found:
        one.title, one.summary = _with_marks(marked(one.entry.title)), _with_marks(marked(one.summary))
    return _page(
        "search.html",
        replace(site, live=True),
        neighbours,
        title=f"Search – {site.title}",
        here="search",
        kind="",
        query=text,
        error=shown.error,
        alternates=[_link(form, f"Search: {text}", f"{address}&format={form.name}") for form in forms],
        items=found,
        shown=shown,
        address=address,
        names=_named(neighbours),
    )


def _with_marks(pieces: Sequence[tuple[str, bool]]) -> Markup:
    mark = Markup("<mark>{}</mark>")
    return Markup("").join(mark.format(piece) if is_sought else piece for piece, is_sought in pieces)


@dataclass(frozen=True, slots=True)
class Told:
    """A story of an event, as an editor sees it."""

    entry: int
    title: str
    link: str | None
    source: str
    published: int
    likeness: float | None
    is_odd: bool  # it fits least
    is_lead: bool  # the event is published under it
    is_pinned: bool
    is_hidden: bool
    copies: tuple[tuple[int, str, str], ...] = ()  # entry, title, source


@dataclass(frozen=True, slots=True)
class Offer:
    """An event that an editor may look at, by its lead, or an entry that was sought."""

    entry: int
    title: str
    source: str
    stories: int = 1
    page: str = ""  # the event's published page, where it has one


@dataclass(frozen=True, slots=True)
class Said:
    """An editor's word that can be taken back: which button does it, and what was said, in words."""

    verb: str
    entry: str
    other: str
    words: str
    at: int


def desk(
    site: Site,
    neighbours: Sequence[Neighbour],
    key: str,
    said: str = "",
    found: Sequence[Offer] = (),
    told: Sequence[Told] = (),
    page: str = "",
    asked: str = "",
    before: Sequence[Said] = (),
    failed: bool = False,
) -> bytes:
    """The editor's desk: events to choose from, or the stories of one, each with what can be done, and the
    `page` that it is published as. `key` goes into every form; `said`: what was done, or why not (`failed`);
    `before`: what was said earlier, the newest first.
    """
    return _page(
        "desk.html",
        replace(site, live=False),
        neighbours,
        title=f"Desk – {site.title}",
        key=key,
        said=said,
        found=found,
        told=told,
        published=page,
        asked=asked,
        before=before,
        failed=failed,
    )


def desk_refused(site: Site, neighbours: Sequence[Neighbour], words: str) -> bytes:
    """Why there is nothing, or nothing was done; no form is on it."""
    return _page(
        "refused.html", replace(site, live=False), neighbours, title=f"Desk – {site.title}", words=words
    )


def desk_login(site: Site, neighbours: Sequence[Neighbour]) -> bytes:
    return _page("login.html", replace(site, live=False), neighbours, title=f"Desk – {site.title}")
