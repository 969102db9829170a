"""The nouns: frozen, slotted, picklable dataclasses of plain values.

All times are whole seconds since 1970 in UTC (`int`), all durations are seconds, all sizes are bytes.
Nothing here does anything; a rule about a noun lives in the module of the verb that needs it.

Start reading at `Source` and `Entry`; `Story`, `Event` and `Item` are made of them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, NamedTuple

from aggregator.records import dataclass, field

Level = str  # of sameness: "item", "text", "event"; `fold.levels` has them all
"""The three levels of sameness: same item, same text, same event."""

Unit = Literal["entry", "story", "event"]
"""What one item of a published feed stands for."""

EventLead = Literal["central", "first", "longest"]
"""Which telling leads an event, of those of the highest priority: the one closest to all others, the first,
the longest.
"""
Sort = Literal["newest", "sources"]
"""The order of a feed: the newest first, or what most sources tell."""
State = Literal["new", "ok", "slow", "failing", "blocked", "moved", "gone", "silent"]
"""Health of a source; `new` until its first poll, `slow` while the server asked us to come more rarely (429,
503).
"""


BY_HAND = "by-hand"
TEXT = "text"  # format of files of stories: whoever writes them gives no dates, and means now
"""The source of the stories that an editor wrote; no config names it."""


# ---------------------------------------------------------------- configured


@dataclass(frozen=True, slots=True)
class Source:
    """Something that entries come from. Exactly one of `url` and `path` is set; `path` is absolute and may
    hold glob signs.
    """

    id: str
    url: str | None = None
    path: str | None = None
    title: str | None = None
    topics: tuple[str, ...] = ()
    interval: int | None = None
    priority: int = 0
    include: str | None = None
    exclude: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    enabled: bool = True
    reading_list: str | None = None  # the id of the one that it is of


@dataclass(frozen=True, slots=True)
class Topic:
    """A named group of stories. `None` means: as `[publish]` says."""

    id: str
    title: str
    description: str = ""
    match: str | None = None
    exclude: str | None = None
    sources: tuple[str, ...] = ()
    one_per: Unit | None = None
    min_sources: int = 1
    per_source: int | None = None
    limit: int | None = None
    like: tuple[str, ...] = ()  # examples: headlines, ids of entries, "file:" and an absolute path
    learn: bool = False  # whether its entries teach what its words miss
    starters: tuple[str, ...] = ()  # shipped rules that hold beside its own
    scheme: str | None = None  # as a category, with `term`, of all that belongs there
    term: str | None = None
    sort: Sort | None = None
    digest: Literal["daily", "weekly"] | None = None  # one entry a day or week, as feeds of its own
    digest_at: tuple[int, int] = (7, 0)  # hour and minute, in the zone of the machine

    @property
    def learns(self) -> bool:
        """Examples teach as well."""
        return self.learn or bool(self.like)


@dataclass(frozen=True, slots=True)
class Hook:
    """Who is told after a cycle, and of what."""

    name: str
    on: Literal["story", "event", "source", "digest"]
    match: str | None = None
    min_sources: int = 2  # of an event: independent ones
    run: tuple[str, ...] = ()  # a command, or …
    notify: str | None = None  # … an address of Apprise
    timeout: int = 30  # seconds


@dataclass(frozen=True, slots=True)
class Limits:
    """What one poll may cost us, and how it introduces itself."""

    user_agent: str = "aggregator"
    timeout: float = 20.0  # for the whole exchange, redirects included
    max_bytes: int = 10_000_000  # after decompression
    # "host:port", in small letters, that may be reached although not public
    allow_hosts: Collection[str] = frozenset()
    max_redirects: int = 8
    max_entries: int = 5000  # of one document; what is over is named and left out
    parse_seconds: float = 10.0  # of the CPU, for one document
    # bytes beyond those of the process that parses; a document of 10 MB takes up to 120 MB
    parse_memory: int = 130_000_000
    without: int = 0  # an item, counted from 1, that is left out: it ended the process that read it


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a source may be polled; `interval` is moved between the two others by rhythm and the server's
    word.
    """

    interval: int = 1800
    min_interval: int = 300
    max_interval: int = 86_400


# ---------------------------------------------------------------- one poll


@dataclass(frozen=True, slots=True)
class Failure:
    """Trouble with one source, as a value. `kind` is a fixed word (see below), `detail` is for people and
    holds no secrets.

    kinds: dns, forbidden-address, connect, tls, timeout, too-big, truncated, encoding, protocol, redirect,
    status, blocked,
    unauthorized, missing, gone, rate-limited, unavailable, empty, not-a-feed, parse, too-many, unreadable,
    not-utf-8, internal, machine (ours, not the source), put-off, stopped (by us)
    """

    kind: str
    detail: str
    retry_after: int | None = None  # seconds the server asked us to stay away
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What `fetch` is asked for. Validators go out byte for byte (header values are latin-1 text, as HTTP has
    them).
    """

    url: str
    etag: str | None = None
    last_modified: str | None = None
    headers: tuple[tuple[str, str], ...] = ()  # configured, sent to the origin of `url` only
    # the address that gave the validators, the only one they are sent to; None: wherever redirects lead
    given_at: str | None = None


@dataclass(frozen=True, slots=True)
class FetchResult:
    """One document of a source: the answer to a `Request`, a local file, or what came by itself. With
    `failure` set, `body` is None.
    """

    url: str  # where the body (or the failure) came from at last, after redirects
    at: int  # when the exchange ended
    status: int = 0  # 0: no HTTP answer (a local file, or what came by itself)
    headers: tuple[tuple[str, str], ...] = ()  # names in lower case, each once
    body: bytes | None = None  # decoded from its content coding; None for a 304
    wire_bytes: int = 0  # what travelled, headers not counted
    seconds: float = 0.0
    permanent: str | None = None  # where the leading 301/308 redirects lead, if any
    failure: Failure | None = None
    name: str = ""  # of one of several documents, for people


@dataclass(frozen=True, slots=True)
class Redirect:
    """A permanent redirect under observation."""

    url: str
    first_seen: int
    sightings: int  # successive parsed polls that were led there
    adopted: bool = False
    before: str | None = None  # where it had moved to before: asked until this one is adopted
    doubted: bool = False  # it fails there: the configured address is asked, in turn with it

    @property
    def asked(self) -> str | None:
        """Where the feed is asked for; None: where it is configured."""
        if self.doubted:
            return None
        return self.url if self.adopted else self.before


@dataclass(frozen=True, slots=True)
class SourceState:
    """What we know of a source from one poll to the next; `schedule` and `poll` make the next one from the
    last one.
    """

    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None  # hex of the last body that parsed
    body_bytes: int = 0  # what that body cost on the wire: what a 304 saves
    # of the last document that parsed; a 304 has none of its own
    hints: PollHints = field(default_factory=lambda: PollHints())
    polled: int | None = None  # last attempt
    succeeded: int | None = None  # last poll that ended well (304 included)
    last_new: int | None = None  # last poll that brought a new entry
    failures: int = 0  # in a row
    failing_since: int | None = None
    failure: Failure | None = None  # of the last poll, if it failed
    posts: tuple[int, ...] = ()  # publication times of its newest entries, newest first, at most 64
    next_poll: int = 0
    not_before: int = 0  # a server's Retry-After, 429 or 410; holds for `run --all` too
    why: str = "never polled yet"
    state: State = "new"
    state_since: int = 0
    moved: Redirect | None = None


@dataclass(frozen=True, slots=True)
class ItemMarks:
    """By what the items of a source's last document are known again, in their order (see `parse.reduce`)."""

    context: str  # of what else decides what an item becomes: marks of another context mean nothing
    records: bytes


@dataclass(frozen=True, slots=True)
class Task:
    """All that one poll needs; travels to any executor."""

    source: Source
    memory: SourceState = field(default_factory=lambda: SourceState())
    limits: Limits = Limits()
    pace: Pace = Pace()
    marks: ItemMarks | None = None  # of the last document; None: the whole of the next one is read


@dataclass(frozen=True, slots=True)
class PollResult:
    """All that one poll found; travels back. `entries` are as parsed (no store ids)."""

    source: str
    at: int
    memory: SourceState
    feed: Feed | None = None
    entries: tuple[Entry, ...] = ()
    url: str = ""  # who answered at last, after redirects
    status: int = 0
    not_modified: bool = False  # 304, or the same body as last time
    wire_bytes: int = 0
    saved_bytes: int = 0  # what a 304 or compression spared, where known
    seconds: float = 0.0
    failure: Failure | None = None  # nothing came in
    warnings: tuple[Failure, ...] = ()  # something came in, something did not
    marks: ItemMarks | None = None  # as of `ParseResult`
    held: tuple[
        int | None, ...
    ] = ()  # … of the items that are not in `entries`, because they are as they were
    pushed: bool = False  # a hub brought it: what the feed holds beside it is not known


@dataclass(frozen=True, slots=True)
class StateChange:
    """A source's change of state, in words with what to do; an item of the feed of sources."""

    source: str
    title: str
    at: int
    before: State
    state: State
    words: str


# ---------------------------------------------------------------- what a source says


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    email: str | None = None
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class Category:
    term: str
    scheme: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A media file of an entry (RSS enclosure, Atom link rel=enclosure, media:content). `url` is absolute
    http(s).
    """

    url: str
    type: str = "application/octet-stream"
    length: int = 0
    title: str | None = None
    medium: str | None = None  # image, audio, video … where Media RSS says so
    width: int | None = None
    height: int | None = None
    duration: int | None = None  # seconds


@dataclass(frozen=True, slots=True)
class PollHints:
    """What feed and server said about how often to come, and where. None and () mean: nothing said, or
    nothing sensible.
    """

    ttl: int | None = None  # seconds, from <ttl> minutes
    update_period: int | None = None  # seconds, sy:updatePeriod / sy:updateFrequency
    skip_hours: tuple[int, ...] = ()  # 0–23 UTC
    skip_days: tuple[int, ...] = ()  # 0 = Monday … 6 = Sunday, UTC
    # seconds, of the last Cache-Control or Expires; a 304 without them leaves it as it was
    fresh: int | None = None
    # the address that the last body and its validators came from: they mean nothing at another one
    answered_at: str | None = None
    # Who pushes what is new (WebSub), and the address by which the hub knows this feed.
    hub: str | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed document says about itself; plain text, absolute links."""

    id: str | None = None
    title: str = ""
    link: str | None = None  # the site's page
    self_link: str | None = None
    description: str = ""
    language: str | None = None
    authors: tuple[Person, ...] = ()
    rights: str | None = None
    icon: str | None = None
    updated: int | None = None
    generator: str | None = None
    format: str = ""  # "rss20", "atom10", "rss10", "json11", "text" …
    hints: PollHints = PollHints()
    extras: tuple[tuple[str, str], ...] = ()  # what a podcast says of all its episodes, named as in `Entry`


@dataclass(frozen=True, slots=True)
class Entry:
    """One item as one source said it, in our normal form, with what it said kept beside it in `raw`.

    The last fields are the store's: 0 and "" until the entry is stored.
    """

    source: str
    # identifies the entry within its source: the guid, else the link key, else a digest of the content
    key: str
    guid: str | None = None  # as said
    link: str | None = None  # to follow: absolute http(s), tracking removed
    link_key: str | None = None  # to compare, see `urls.key`
    title: str = ""  # plain text
    authors: tuple[Person, ...] = ()
    published: int | None = None  # as said, clamped to [1990, seen]; once stored never None and never changed
    updated: int | None = None
    summary: str = ""  # plain text
    content: str = ""  # safe HTML, absolute links
    text: str = ""  # plain text of the content (else of the summary), for search and comparison
    language: str | None = None  # BCP 47
    categories: tuple[Category, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    image: str | None = None
    comments: str | None = None  # link to the discussion
    rights: str | None = None
    # podcast, Dublin Core … as ("itunes:duration", "12:34"); elements with attributes as ("podcast:person",
    # '{"text": "Ann", "role": "host"}'); "origin:…" is what an Atom entry's own atom:source says, "telling"
    # one of those that another aggregator says tell it too (`parse.tellings`)
    extras: tuple[tuple[str, str], ...] = ()
    digest: str = ""  # hex; differs where a reader would see a difference
    raw: str = ""  # JSON: every element as the source gave it
    id: int = 0
    public_id: str = ""
    first_seen: int = 0
    changed: int = 0  # last time that a reader would see a difference; ≥ published

    @property
    def teller(self) -> str:
        """Who tells it: the feed that a planet or another aggregator took it from, else its source."""
        said = dict(self.extras)
        return said.get("origin:id") or said.get("origin:title") or self.source


Bound = Literal["cpu", "clock", "memory"]  # seconds of the CPU, seconds by the clock, bytes


@dataclass(frozen=True, slots=True)
class ParseResult:
    """What a document says. With `failure` set there may be entries all the same: those that were read before
    (and beside) what `reached` a bound.
    """

    feed: Feed = field(default_factory=Feed)
    entries: tuple[Entry, ...] = ()
    failure: Failure | None = None
    warnings: tuple[Failure, ...] = ()
    reached: Bound | None = None
    # of all items of the document; None where they can't be told apart, or something was left out
    marks: ItemMarks | None = None
    # Where items were known by the marks of the document before: for each one its place there, None where it
    # is the next one of `entries`. Empty where the whole document was read.
    held: tuple[int | None, ...] = ()


# ---------------------------------------------------------------- what we know of it


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an entry was folded (or not): the level, the partner, the score against its threshold, and what
    decided.

    `features` are (name, value) in words for people, such as ("shared words", "31 of 34") or ("numbers", "7 ≠
    9").
    """

    level: Level | None
    against: int | None = None  # entry id of the partner
    score: float = 0.0
    threshold: float = 0.0
    features: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """An entry's place: which story and event it is in, and why."""

    entry: Entry
    story: int
    event: int
    reason: Reason = Reason(level=None)
    # the publication that it first came out with, in the order of time; 0: not known, before all others
    publication: int = 0


class Head(NamedTuple):
    """What an event is published under, for good: its id, and the date of its founder."""

    public_id: str
    published: int


@dataclass(frozen=True, slots=True)
class Story:
    """One or more entries that are the same item or the same text. `members` are in the order (published,
    id).
    """

    id: int
    public_id: str
    event: int
    lead: int  # entry id
    members: tuple[Member, ...]
    topics: tuple[str, ...] = ()  # by their rules
    published: int = 0  # of the founding entry; never changes
    changed: int = 0
    told: int = 1  # by how many independent sources its event is told
    too_few: tuple[str, ...] = ()  # of the topics those that ask for more to tell it


@dataclass(frozen=True, slots=True)
class Event:
    """One or more stories that report the same happening, in the order (published, id)."""

    id: int
    public_id: str
    stories: tuple[Story, ...]


@dataclass(slots=True)
class Folded:
    """What folding did: how many of each are new or changed."""

    stories_new: int = 0
    stories_changed: int = 0
    events_new: int = 0
    events_changed: int = 0
    troubles: list[str] = field(default_factory=list)  # entries that could not be compared


# ---------------------------------------------------------------- what is published


@dataclass(frozen=True, slots=True)
class Origin:
    """The source of an entry as readers see it (atom:source, RSS source, JSON _source)."""

    id: str  # the source's id in the config
    title: str
    url: str | None = None  # of the feed; None for local files
    site: str | None = None
    feed_id: str = ""  # what goes into atom:source/id
    updated: int = 0
    icon: str | None = None
    rights: str | None = None
    authors: tuple[Person, ...] = ()
    language: str | None = None
    extras: tuple[tuple[str, str], ...] = ()  # see `Feed`


@dataclass(frozen=True, slots=True)
class Telling:
    """Another entry of the same story or event, for "Also in: …"."""

    origin: Origin
    title: str
    link: str | None
    published: int
    level: Level | None


SAME_TEXT, SAME_EVENT = "http://purl.org/dc/dcmitype/Text", "http://purl.org/dc/dcmitype/Event"
"""The types of links to tellings: a copy, or another text about the same event (DCMI Type Vocabulary)."""

SHOWN = 50
"""Tellings that the text of an item lists, and media that come to it from others of its event. Of what is
beyond it says how many, and its page lists all of them.
"""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a published feed: the leading entry, who says so, and who else."""

    id: str  # the published id
    entry: Entry  # the lead, with what it lacks and others have
    origin: Origin
    link: str  # absolute: the lead's own link, or its page in the output folder
    published: int
    updated: int
    also: tuple[Telling, ...] = ()
    topics: tuple[str, ...] = ()  # in whose feeds it stands
    page: str | None = None  # "stories/….html" where the item has a page of its own
    sources: int = 1  # independent sources that tell it
    text_of: Telling | None = None  # whose text `entry` holds, where it is not the lead's


@dataclass(frozen=True, slots=True)
class Site:
    """What all published files share. `base_url` ends with a slash."""

    title: str
    base_url: str
    language: str = "en"
    contact: str | None = None
    hub: str | None = None
    formats: tuple[str, ...] = ()  # names of those that feeds are published in, see `render.formats`
    content: Literal["full", "summary", "none"] = "full"
    ttl: int = 1800
    live: bool = False  # pages lead to /search and /status too
    terms: tuple[tuple[str, Category], ...] = ()  # topic → the category that its items get
    images: bool = False  # pages show pictures, which browsers fetch from where they are


@dataclass(frozen=True, slots=True)
class Edition:
    """What is printed under one name (`ID.rss`, `ID.atom`, …): items newest first."""

    id: str
    title: str
    description: str
    items: tuple[Item, ...]
    updated: int  # newest change among everything that was ever in it; the feed's own `updated`
    archive: int = 0  # number of the newest complete archive document, 0: none
    since: int = 0  # all items from then on are here; older ones if they are events that go on
    note: str = ""  # what its page says of how stories come to be in it
    digest: str = ""  # the title of its digests; "" where it has none
