"""What is printed under one name, in what order: stories → items of one edition. Pure.

In: a `View`, stories with their entries, origins of the sources. Out: an `Edition` of items. Start reading at
`compose`.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Literal

from aggregator import prominence, urls
from aggregator.edition import reported
from aggregator.edition.unite import unite
from aggregator.model import (
    SHOWN,
    Edition,
    Entry,
    EventLead,
    Head,
    Item,
    Level,
    Member,
    Origin,
    Person,
    Sort,
    Story,
    Telling,
    Unit,
)
from aggregator.records import dataclass, replace
from aggregator.text.words import search_words

# seconds: what is newer stays in the feed beyond its limit, so that hourly pollers lose nothing (F26)
BURST_WINDOW = 48 * 3600
BURST_MOST = 1000  # … but never more items than that, nor more bytes than LARGEST
ARCHIVE_SIZE = 100  # items of a complete archive document (RFC 5005)
# bytes that a feed keeps to where nobody configured its limit, as long as LEAST items are in it (F25)
FEED_SIZE = 500_000
LEAST = 30
LARGEST = 4_500_000  # bytes of the largest format that no feed and no archive document exceeds (F25)
NEW, OF_ONE_SOURCE = 9, 2  # stories that the front page shows as new, and of one source
MOST_TOLD = 6  # events that the front page begins with
_FRAME = 2000  # bytes of an item beside its content
MOST_COMPARED = 40  # tellings of an event among which the one closest to all others is looked for
OPENING = 30  # words of a summary that are compared
SHARE_OF_STORIES = 3  # a third of an event's stories give it a topic, beside those of its lead


@dataclass(frozen=True, slots=True)
class View:
    """How one edition is made of stories."""

    id: str
    title: str
    description: str
    base_url: str
    one_per: Unit = "story"
    limit: int | None = 50  # None: everything there is
    size: int | None = None  # bytes to keep to, see FEED_SIZE
    min_sources: int = 1
    per_source: int | None = None
    lead: Literal["first", "longest"] = "first"  # of a story
    event_lead: EventLead = "first"
    sort: Sort = "newest"
    topic: str | None = None  # whose feed it is: events that are about something else are left out
    archive: int = 0  # number of the newest archive document
    # An editor's word: published ids of entries that lead whatever they are in …
    pinned: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()  # … and of those whose stories are not published
    source: str | None = None  # one per entry: whose alone are items, others are listed
    note: str = ""  # what the page says of how stories come to be in it
    digest: str = ""  # the title of its digests; "" where it has none


def _newest_first(view: View, made: Iterable[Item], without: Container[str]) -> list[Item]:
    """Those that belong there, each id once."""
    items: dict[str, Item] = {}
    for item in made:
        if item.id not in without and _is_about(item, view):
            items.setdefault(item.id, item)
    return sorted(items.values(), key=lambda item: (item.published, item.id), reverse=True)


def compose(
    view: View,
    stories: Iterable[Story],
    heads: Mapping[int, Head],
    origins: Mapping[str, Origin],
    priorities: Mapping[str, int],
    without: Container[str] = (),
) -> Edition:
    """Items newest first by (published, id), each id once (F9, F14, F22). `updated` is the newest change
    among them, never now (F20).

    The published id and date of an item are those of its founder and stay while it grows; the lead is chosen
    by priority, then policy.
    `without`: published ids that are left out.
    """
    shown = [one for one in stories if one.told >= view.min_sources and not _is_hidden(one, view)]
    made = _Maker(view, origins, priorities).items(shown, heads)
    chosen, since = _chosen(view, _newest_first(view, made, without))
    updated = max((item.updated for item in chosen), default=0)
    if view.sort == "sources":
        chosen = sorted(chosen, key=lambda item: -item.sources)
    return Edition(
        view.id,
        view.title,
        view.description,
        tuple(chosen),
        updated,
        view.archive,
        since,
        view.note,
        view.digest,
    )


def _is_hidden(story: Story, view: View) -> bool:
    return any(member.entry.public_id in view.hidden for member in story.members)


def _is_about(item: Item, view: View) -> bool:
    return view.topic is None or view.one_per != "event" or view.topic in item.topics


def _chosen(view: View, ordered: list[Item]) -> tuple[list[Item], int]:
    """(the items of the feed, the date from which on none is left out for its age)."""
    chosen = ordered
    if view.limit is not None:
        chosen = _windowed(_fair(ordered, view.per_source), view.limit, view.size)
    if not chosen:
        return [], 0
    last = chosen[-1]
    if view.one_per == "event":
        older = [item for item in ordered if (item.published, item.id) < (last.published, last.id)]
        chosen = [*chosen, *_growing(older, last.published, LARGEST - sum(map(weight, chosen)))]
    return chosen, last.published


def _growing(older: Iterable[Item], since: int, size: int) -> list[Item]:
    """Events that began before the window and were told within it: each stays for as long as its newest
    telling would stand there by itself. In the archive nobody would see that it goes on.
    """
    kept = []
    for item in older:
        if any(telling.published >= since for telling in item.also) and weight(item) < size:
            kept.append(item)
            size -= weight(item)
    return kept


def _fair(items: Sequence[Item], per_source: int | None) -> list[Item]:
    """At most so many items that one source leads."""
    if per_source is None:
        return list(items)
    counts: Counter[tuple[str, str]] = Counter()
    kept = []
    for item in items:
        source = (item.origin.id, item.origin.feed_id)
        counts[source] += 1
        if counts[source] <= per_source:
            kept.append(item)
    return kept


def _windowed(items: Sequence[Item], limit: int, size: int | None) -> list[Item]:
    """The newest `limit`; more where a burst brought more within the window before the newest one; fewer
    where they are too large.

    What leaves goes into the archive whole: no item is ever shortened because others came, which readers
    would take for an edit.
    """
    horizon = max((item.entry.first_seen for item in items[:BURST_MOST]), default=0) - BURST_WINDOW
    kept: list[Item] = []
    spent = 0
    for item in items[: max(limit, BURST_MOST)]:
        spent += weight(item)
        full = len(kept) >= limit or (size is not None and spent > size and len(kept) >= LEAST)
        if kept and ((full and item.published < horizon) or spent > LARGEST):
            break
        kept.append(item)
    return kept


def weight(item: Item) -> int:
    """About how many bytes an item takes where it takes most: as escaped HTML in XML."""
    content = (item.entry.content or item.entry.text).encode("utf-8", "replace")
    escapes = 3 * content.count(b"<") + 3 * content.count(b">") + 4 * content.count(b"&")
    return (
        len(content)
        + escapes
        + 2 * len(item.entry.summary.encode("utf-8", "replace"))
        + 300 * len(item.also)
        + 400 * min(len(item.also), SHOWN)
        + 300 * len(item.entry.enclosures)
        + _FRAME
    )


class _Maker:
    """Makes items of one view."""

    def __init__(self, view: View, origins: Mapping[str, Origin], priorities: Mapping[str, int]) -> None:
        self._view, self._origins, self._priorities = view, origins, priorities

    @cached_property
    def _read(self) -> reported.Direct:
        return reported.direct(self._origins)

    def items(self, stories: list[Story], heads: Mapping[int, Head]) -> Iterable[Item]:
        if self._view.one_per == "event":
            return self._events(stories, heads)
        if self._view.one_per == "entry":
            told = ((member, story) for story in stories for member in story.members)
            whose = self._view.source
            return (self._entry(*one) for one in told if whose in (None, one[0].entry.source))
        return map(self._story, stories)

    def _events(self, stories: list[Story], heads: Mapping[int, Head]) -> Iterable[Item]:
        grouped: dict[int, list[Story]] = {}
        for story in stories:
            grouped.setdefault(story.event, []).append(story)
        for event, found in grouped.items():
            yield self._event(heads.get(event) or Head(found[0].public_id, found[0].published), found)

    def _read_if_needed(self, members: Iterable[Member]) -> reported.Direct:
        return self._read if any(member.entry.extras for member in members) else {}

    def _origin(self, entry: Entry) -> Origin:
        subscribed = self._origins.get(entry.source) or Origin(entry.source, entry.source)
        return _taken_from(entry, subscribed)

    def _lead(self, members: Sequence[Member]) -> Member:
        """What is pinned leads, then the highest priority; among equals the first, or the longest if the
        config says so.
        """
        if len(members) == 1:
            return members[0]

        def rank(member: Member) -> tuple[bool, int, int, int, str]:
            entry = member.entry
            length = len(entry.text) if self._view.lead == "longest" else 0
            priority = self._priorities.get(entry.source, 0)
            return (not self._is_pinned(member), -priority, -length, entry.published or 0, entry.public_id)

        return min(members, key=rank)

    def _is_pinned(self, member: Member) -> bool:
        return member.entry.public_id in self._view.pinned

    def _highest(self, leads: Sequence[Member]) -> list[Member]:
        """Those of the highest priority."""
        priorities = [self._priorities.get(member.entry.source, 0) for member in leads]
        highest = max(priorities)
        return [one for one, priority in zip(leads, priorities, strict=True) if priority == highest]

    def _event_lead(self, leads: Sequence[Member]) -> Member:
        """Of the leads of an event's stories: what is pinned, then the highest priority, among equals by the
        config's policy.
        """
        equals = self._highest([member for member in leads if self._is_pinned(member)] or leads)
        if self._view.event_lead == "central":
            return _central(equals)

        def rank(member: Member) -> tuple[int, int, str]:
            length = len(member.entry.text) if self._view.event_lead == "longest" else 0
            return (-length, member.entry.published or 0, member.entry.public_id)

        return min(equals, key=rank)

    def _telling(self, member: Member, level: Level | None) -> Telling:
        entry = member.entry
        return Telling(
            self._origin(entry), entry.title, self._link(entry, entry.public_id), entry.published or 0, level
        )

    def _link(self, entry: Entry, public_id: str) -> str:
        link = urls.publishable(entry.link)
        return link if link else f"{self._view.base_url}{page(public_id)}"

    def _item(
        self,
        head: Head,
        changed: int,
        lead: Member,
        own: Sequence[Member],
        others: Sequence[Member] = (),
        topics: tuple[str, ...] = (),
        sources: int = 1,
    ) -> Item:
        """The lead; then the other members of its story, and the other stories of its event."""
        same = [member for member in own if member is not lead]
        entry, teller = self._united(lead, same, others)
        also = self._also(lead, same, others)
        telling = self._tellings(lead, also, same, others)
        has_page = needs_page(lead.entry.link) or len(telling) > SHOWN
        return Item(
            head.public_id,
            entry,
            self._origin(lead.entry),
            self._link(lead.entry, head.public_id),
            head.published,
            max(head.published, changed),
            tuple(telling),
            topics,
            page=page(head.public_id) if has_page else None,
            sources=sources,
            text_of=next((telling for member, telling in also if member.entry is teller), None),
        )

    def _united(self, lead: Member, same: Sequence[Member], others: Sequence[Member]) -> tuple[Entry, Entry]:
        its_own, of_event = [member.entry for member in same], [member.entry for member in others]
        return unite(lead.entry, its_own, of_event, lambda entry: self._origin(entry).title, SHOWN)

    def _also(
        self, lead: Member, same: Sequence[Member], others: Sequence[Member]
    ) -> list[tuple[Member, Telling]]:
        listed = same
        if lead.entry.extras or any(member.entry.extras for member in same):
            listed = reported.others(lead, same, self._read)
        also = [(member, self._telling(member, member.reason.level or "item")) for member in listed]
        return also + [(member, self._telling(member, "event")) for member in others]

    def _tellings(
        self,
        lead: Member,
        also: Sequence[tuple[Member, Telling]],
        same: Sequence[Member],
        others: Sequence[Member],
    ) -> list[Telling]:
        """Of those at hand, then of those whom they report."""
        return [telling for _, telling in also] + reported.by(lead.entry, same, others, self._origin)

    def _story(self, story: Story) -> Item:
        lead = self._lead(story.members)
        changed = _updated(story.changed, story.members)
        sources = len(reported.tellers(story.members, self._read_if_needed(story.members)))
        head = Head(story.public_id, story.published)
        return self._item(
            head, changed, lead, story.members, topics=self._in_effect(story.topics, [story]), sources=sources
        )

    def _event(self, head: Head, stories: list[Story]) -> Item:
        """The leading story; below it its other members, then everybody of the other stories."""
        ordered = sorted(stories, key=lambda story: (story.published, story.public_id))
        members = [member for story in ordered for member in story.members]
        lead = self._event_lead([self._lead(story.members) for story in ordered])
        own = next(story for story in ordered if lead in story.members)
        others = self._leads_first([story for story in ordered if story is not own])
        changed = _updated(max(story.changed for story in ordered), members)
        item = self._item(head, changed, lead, own.members, others)
        sources = self._sources(ordered, members)
        its_page = page(head.public_id) if len(ordered) > 1 or item.page else None
        topics = self._in_effect(_event_topics(own, ordered), ordered)
        return replace(item, topics=topics, sources=sources, page=its_page)

    def _in_effect(self, topics: Sequence[str], stories: Sequence[Story]) -> tuple[str, ...]:
        """Without those that want more sources to tell the event of these stories; whose feed it is stays."""
        too_few = {topic for story in stories for topic in story.too_few} - {self._view.topic}
        return tuple(topic for topic in topics if topic not in too_few)

    def _sources(self, stories: Sequence[Story], members: Sequence[Member]) -> int:
        """Those that count: independent ones, where several are asked for."""
        if self._view.min_sources > 1:
            return stories[0].told
        return len(reported.tellers(members, self._read_if_needed(members)))

    def _leads_first(self, stories: Sequence[Story]) -> list[Member]:
        """The lead of each story, then the copies: a wrong merge hides nothing, and many copies not much."""
        leads = [self._lead(story.members) for story in stories]
        copies = [
            member
            for story, lead in zip(stories, leads, strict=True)
            for member in story.members
            if member is not lead
        ]
        return [*leads, *copies]

    def _entry(self, member: Member, story: Story) -> Item:
        """An item of its own, that says what it says itself; the others are listed with it."""
        entry, published = member.entry, member.entry.published or 0
        later = [one for one in story.members if one.publication >= member.publication]
        telling = self._tellings(member, (), (), ())
        has_page = needs_page(entry.link) or len(telling) > SHOWN
        if same := [one for one in story.members if one is not member]:
            telling = self._tellings(member, self._also(member, same, ()), same, ())
        return Item(
            entry.public_id,
            self._united(member, (), ())[0],
            self._origin(entry),
            self._link(entry, entry.public_id),
            published,
            max(published, _updated(entry.changed, later)),
            tuple(telling),
            self._in_effect(story.topics, [story]),
            page=page(entry.public_id) if has_page else None,
        )


def _event_topics(lead: Story, stories: Sequence[Story]) -> tuple[str, ...]:
    """Those of its lead, and of a third of its stories: one aside does not make it about something else."""
    counts = Counter(topic for story in stories for topic in story.topics)
    common = {topic for topic, count in counts.items() if count * SHARE_OF_STORIES >= len(stories)}
    return tuple(sorted({*lead.topics, *common}))


def _central(tellings: Sequence[Member]) -> Member:
    """The telling that shares most of its words with all others, the first of equals."""
    oldest_first = sorted(tellings, key=lambda member: (member.entry.published or 0, member.entry.public_id))
    if len(oldest_first) < 3:
        return oldest_first[0]
    words = [_words(member.entry) for member in oldest_first[:MOST_COMPARED]]
    likeness = [sum(_overlap(own, other) for other in words) for own in words]
    return oldest_first[max(range(len(words)), key=lambda place: (likeness[place], -place))]


def _words(entry: Entry) -> frozenset[str]:
    return frozenset([*search_words(entry.title), *search_words(entry.summary)[:OPENING]])


def _overlap(a: frozenset[str], b: frozenset[str]) -> float:
    """Dice coefficient."""
    return 2 * len(a & b) / ((len(a) + len(b)) or 1)


def _updated(changed: int, members: Sequence[Member]) -> int:
    """When readers saw the last difference. Members that came out together changed nothing for them, and are
    as old as their sources say; one that came to an item already published did, when it was seen (F18).
    """
    if len(members) == 1:
        return max(changed, 0)
    first = min(member.publication for member in members)
    return max(changed, *(member.entry.first_seen for member in members if member.publication > first), 0)


def _taken_from(entry: Entry, subscribed: Origin) -> Origin:
    """The feed that a planet took the entry from (its atom:source), else the one subscribed to."""
    if not entry.extras:
        return subscribed
    said = dict(entry.extras)
    title = said.get("origin:title")
    if not title:
        return subscribed
    return replace(
        subscribed,
        title=title,
        url=said.get("origin:url") or subscribed.url,
        site=said.get("origin:site"),
        feed_id=said.get("origin:id") or urls.mint("origin", subscribed.id, title),
        icon=said.get("origin:icon"),
        rights=said.get("origin:rights"),
        authors=tuple(Person(**person) for person in json.loads(said.get("origin:authors", "[]"))),
        language=None,
        extras=(),
    )


def independent(stories: Sequence[Story]) -> int:
    """Independent sources of an event: the most that can be counted so that each story and each source counts
    once.

    Copies of one text in five places are one voice; five texts of one source are one voice too (a bipartite
    matching).
    """
    return apart([voices for story in stories for voices in reported.voices(story)])


def apart(voices: Sequence[Collection[str]]) -> int:
    """The most of these texts that can be given a source each, of those that tell it, and none twice."""
    if len(voices) < 2:
        return len(voices)
    taken: dict[str, int] = {}
    sources = [sorted(tellers) for tellers in voices]

    def give(story: int, tried: set[str]) -> bool:
        for source in sources[story]:
            if source not in tried:
                tried.add(source)
                if source not in taken or give(taken[source], tried):
                    taken[source] = story
                    return True
        return False

    return sum(give(number, set()) for number in range(min(len(sources), 200)))


def likeness(story: Story) -> float | None:
    """How sure it is that a story belongs to its event, 0 to 1; None where it is alone or nothing says so."""
    sure = [member.reason for member in story.members if member.reason.level in (None, "event")]
    return next((reason.score for reason in sure if reason.score > 0.0), None)


def most_told(events: Sequence[tuple[int, int, int]]) -> list[int]:
    """Of (event, sources that tell it, when it was told last) the events that most tell: of the last days
    first, then what was told before.
    """
    newest = max((last for _, _, last in events), default=0)
    ordered = sorted(events, key=lambda one: (*prominence.order(one[1], one[2], newest), one[0]))
    return [event for event, _, _ in ordered[:MOST_TOLD]]


def mixed(newest_first: Sequence[tuple[int, int, str, bool]], without: Container[int]) -> list[int]:
    """Of (story, event, source, dated) the stories that are new, `OF_ONE_SOURCE` of each source, or all where
    there is one source only; what its source gave no date comes after all that has one, as it is only new to
    us.
    """
    others = [one for one in newest_first if one[1] not in without]
    alone = len({source for _, _, source, _ in others}) < 2
    counts: Counter[str] = Counter()
    chosen = []
    for story, _, source, _ in sorted(others, key=lambda one: not one[3]):
        counts[source] += 1
        if alone or counts[source] <= OF_ONE_SOURCE:
            chosen.append(story)
    return chosen[:NEW]


def says_enough(
    newest_first: Sequence[tuple[int, int, str, bool]], without: Container[int], chosen: Sequence[int]
) -> bool:
    """Whether older stories would change nothing of what is `mixed` of these: as many as there can be, each
    with a date, and of several sources.
    """
    others = [one for one in newest_first if one[1] not in without]
    dated = {story for story, _, _, has_date in others if has_date}
    return len(chosen) == NEW and dated.issuperset(chosen) and len({one[2] for one in others}) > 1


def needs_page(link: str | None) -> bool:
    """Whether an entry with this link needs a page of ours: there is none, or none that every reader
    takes.
    """
    return urls.publishable(link) is None


def has_pages(tellings: Sequence[tuple[int, str | None]]) -> bool:
    """Whether an event has pages of its own, or a story or entry of it has: (story, link) of all who
    tell it.
    """
    several = len({story for story, _ in tellings}) > 1
    return several or len(tellings) > SHOWN or any(needs_page(link) for _, link in tellings)


def page(public_id: str) -> str:
    """The file of a story's or event's own page. Made of a hash: no file name comes from feed data (S17)."""
    return f"stories/{hashlib.sha256(public_id.encode()).hexdigest()[:20]}.html"


def archive_places(fresh: Mapping[str, int], number: int, items: int, size: int) -> dict[str, int]:
    """Published id → archive document, for items (with their weights) that left the feed, oldest first.

    `number` is the newest document (0: none yet), which holds so many items and bytes; when the next one does
    not fit it is complete.
    """
    places: dict[str, int] = {}
    for public_id, bytes_ in fresh.items():
        if number == 0 or items >= ARCHIVE_SIZE or (items and size + bytes_ > LARGEST):
            number, items, size = number + 1, 0, 0
        places[public_id] = number
        items, size = items + 1, size + bytes_
    return places
