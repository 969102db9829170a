"""What people ask of the store, as values: who tells this, why was it folded, what matches, how are the
sources. Reads only.

In: an open store and a question. Out: values. Start reading at `why`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from aggregator import query, suggest
from aggregator.config import Config
from aggregator.edition import likeness
from aggregator.errors import UsageError
from aggregator.model import Entry, Member, Source, SourceState, Story
from aggregator.records import dataclass, field, replace
from aggregator.store import Reader, lookup, pushes, sources, stories, told
from aggregator.store.labels import labels_of
from aggregator.store.labels import topic_counts as counts_of_topics
from aggregator.store.overrides import overrides_of, overrides_with_titles

IN_TITLE = 5  # a word of a title tells as much of what a story is about as so many of its summary
ODD = 0.8  # of the middle likeness of an event: a story below is the odd one out


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an entry stands where it stands."""

    member: Member
    against: Entry | None  # the entry that it was folded with
    story: Story
    siblings: tuple[Story, ...]  # the other stories of its event
    event_id: str
    labels: tuple[tuple[str, Entry | None, str], ...]  # topic, the entry that brought it there, the rule
    headlines: tuple[tuple[int, str], ...]  # earlier headlines: since when, title
    overrides: tuple[tuple[str, str, str], ...] = ()  # kind, the other entry's published id, level
    odd: int | None = None  # the story that fits its event least, where one does


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source with what we know of it, for `status`."""

    source: Source
    title: str
    memory: SourceState  # without what only polls need
    push: str = ""  # whether its hub pushes, in words; "" where it has none
    new: tuple[int, ...] = ()  # entries of the last seven days, today last; only where they are shown

    @property
    def state(self) -> str:
        """As people are told it: `disabled` where nobody polls it."""
        return self.memory.state if self.source.enabled else "disabled"


@dataclass(frozen=True, slots=True)
class Week:
    """All sources together over the last seven days."""

    requests: int
    not_modified: int
    failed: int
    new: int
    wire_bytes: int
    saved_bytes: int


@dataclass(frozen=True, slots=True)
class Word:
    """What the user said of an entry: with the other entry, or the topic, that it is about."""

    kind: str
    level: str
    at: int
    a: str
    b: str
    title: str  # "" where the entry is not stored any more
    other: str  # of the other entry; "" for a topic
    number: int  # of the entry; 0 where it is not stored any more
    other_number: int  # 0 for a topic, too


def overrides(store: Reader) -> tuple[Word, ...]:
    """The oldest first."""
    return tuple(Word(*row) for row in overrides_with_titles(store))


def words_on(store: Reader, entry: Entry) -> tuple[Word, ...]:
    """What was said of an entry, which is `a` of each: a word on two entries is one on either."""
    mine = entry.public_id
    return tuple(
        word if word.a == mine else _turned(word) for word in overrides(store) if mine in (word.a, word.b)
    )


def _turned(word: Word) -> Word:
    """The same, said of the other entry."""
    return replace(
        word,
        a=word.b,
        b=word.a,
        title=word.other,
        other=word.title,
        number=word.other_number,
        other_number=word.number,
    )


def topic_counts(store: Reader) -> dict[str, tuple[int, int]]:
    """Topic → (stories, when the newest was published)."""
    return counts_of_topics(store)


@dataclass(slots=True)
class _Happened:
    """What is known of an event of the last days."""

    titles: list[str] = field(default_factory=list)
    outlets: set[str] = field(default_factory=set)
    topics: set[str] = field(default_factory=set)  # in effect, of any of its stories


def suggested(store: Reader, since: int, most: int) -> list[suggest.Suggestion]:
    """Topics that are missing, from the events since then that stand in none: `min_sources` is applied."""
    happened = _happened(store, since)
    placed = suggest.placed({event: list(one.topics) for event, one in happened.items()})
    happenings = [
        suggest.Happening(event, tuple(one.titles), len(one.outlets), event in placed)
        for event, one in happened.items()
    ]
    return suggest.suggest(happenings, most)


def _happened(store: Reader, since: int) -> Mapping[int, _Happened]:
    found = defaultdict[int, _Happened](_Happened)
    for event, title, source, labelled in stories.happenings(store, since):
        found[event].titles.append(title)
        found[event].outlets.add(source)
        found[event].topics.update(labelled.split())
    return found


def told_enough(store: Reader, found: Explanation) -> tuple[Explanation, dict[str, str]]:
    """Without the topics that want more sources to tell it; and these, with the rule and what is missing."""
    by, least = found.story.told, told.least_of_topics(store)
    missing = {
        topic: f"{rule}; but told by {by} of {least[topic]} sources"
        for topic, _, rule in found.labels
        if topic in found.story.too_few
    }
    return replace(found, labels=tuple(one for one in found.labels if one[0] not in missing)), missing


def headline(story: Story) -> str:
    """Of the entry that leads it."""
    lead = next((one.entry for one in story.members if one.entry.id == story.lead), story.members[0].entry)
    return lead.title


def find(store: Reader, name: str) -> Entry:
    """The entry that a person means. Raises UsageError where there is none, or where several share a link."""
    found = lookup.find(store, name)
    if not found:
        words = "no stored entry has this id, link or guid; `aggregator search WORDS` finds entries"
        raise UsageError(f"{name.strip() or '“”'}: {words}")
    if len(found) > 1 and not _are_one_item(found):
        choices = ", ".join(str(entry.id) for entry in found)
        raise UsageError(f"{name}: several entries are meant ({choices}); give one of these numbers")
    return found[0]


def find_folded(store: Reader, name: str) -> tuple[Entry, Member]:
    """As `find`, and where the entry is told. Raises UsageError where it waits for a cycle."""
    entry = find(store, name)
    member = stories.place(store, entry.id)
    if member is None:
        raise UsageError(f"{name}: entry {entry.id} is not folded yet; run a cycle first")
    return entry, member


def _are_one_item(found: Sequence[Entry]) -> bool:
    """Several sources that carry one link carry one item; else a guid or link that several have says of none
    which is meant.
    """
    links, outlets = {entry.link_key for entry in found}, {entry.source for entry in found}
    return None not in links and len(links) == 1 and len(outlets) == len(found)


def why(store: Reader, name: str) -> Explanation:
    """Story, event, level, partner, score, threshold, features and topics of an entry. Raises UsageError."""
    entry = find(store, name)
    member = _place(store, entry, name)
    story = stories.stories(store, [member.story])[0]
    siblings = tuple(other for other in stories.of_events(store, [member.event]) if other.id != story.id)
    against, labels = _brought_by(store, member)
    return Explanation(
        member,
        against,
        story,
        siblings,
        stories.heads(store, [member.event])[member.event].public_id,
        labels,
        lookup.headlines(store, entry.id),
        overrides_of(store, entry.public_id),
        odd_one_out((story, *siblings)),
    )


def _brought_by(
    store: Reader, member: Member
) -> tuple[Entry | None, tuple[tuple[str, Entry | None, str], ...]]:
    """(the entry that it was folded with; topic, the entry that brought its story there, the rule)."""
    labels, against = labels_of(store, member.story), member.reason.against
    partners = lookup.by_number(store, [one for one in (against, *(by for _, by, _ in labels)) if one])
    return (
        partners.get(against) if against else None,
        tuple((topic, partners.get(by), rule) for topic, by, rule in labels),
    )


def _place(store: Reader, entry: Entry, name: str) -> Member:
    """Where an entry stands that was asked for by this name."""
    member = stories.place(store, entry.id)
    if member is None:
        reasons = "its source's include or exclude holds it back, or no cycle ran since"
        raise UsageError(f"{name}: entry {entry.id} is stored but not folded: {reasons}")
    return member


def odd_one_out(event: Sequence[Story]) -> int | None:
    """The story of which it is least sure that it belongs to the event, if it is far below the others."""
    known = sorted((sure, story.id) for story in event if (sure := likeness(story)) is not None)
    if len(known) < 3:
        return None
    middle = known[len(known) // 2][0]
    return known[0][1] if known[0][0] < ODD * middle else None


class TooLong(Exception):
    """A search took longer than it may."""


def search(store: Reader, text: str, limit: int, now: int) -> tuple[tuple[Entry, query.Hit], ...]:
    """The newest entries that match, newest first. Raises query.QueryError."""
    wanted = query.parse(text)
    titles = sources.titles(store)
    found: list[tuple[Entry, query.Hit]] = []
    for entry, hit in _hits(store, wanted, titles, now):
        found.append((entry, hit))
        if len(found) >= limit:
            break
    return tuple(found)


def _hits(
    store: Reader,
    wanted: query.Query,
    titles: dict[str, str],
    now: int,
    late: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[Entry, query.Hit]]:
    for entry, _ in lookup.entries(store, query.prefilter(wanted), newest_first=True):
        if late():
            raise TooLong
        hit = query.match(wanted, query.doc(entry, titles.get(entry.source, ""), now))
        if hit is not None:
            yield entry, hit


def stories_of(
    store: Reader, text: str, limit: int, now: int, late: Callable[[], bool] = lambda: False
) -> tuple[Story, ...]:
    """The newest stories one of whose entries matches: a search as an edition. `late`: whether that takes too
    long by now. Raises query.QueryError, TooLong.
    """
    wanted = query.parse(text)
    numbers: dict[int, None] = {}
    for entry, _ in _hits(store, wanted, sources.titles(store), now, late):
        member = stories.place(store, entry.id)
        if member is not None:
            numbers.setdefault(member.story)
        if len(numbers) >= limit:
            break
    return stories.stories(store, list(numbers))


def matching(
    store: Reader, text: str, now: int, late: Callable[[], bool] = lambda: False
) -> Iterator[tuple[int, int]]:
    """(story, how much it says the words, in its title above all) of the entries that match, newest first.
    Raises query.QueryError, TooLong.
    """
    wanted = query.parse(text)
    terms = query.sought_for(wanted)
    for entry, _ in _hits(store, wanted, sources.titles(store), now, late):
        member = stories.place(store, entry.id)
        if member is not None:
            in_title, in_summary = (query.occurrences(terms, words) for words in (entry.title, entry.summary))
            yield member.story, IN_TITLE * in_title + in_summary


def source_rows(config: Config, store: Reader, now: int) -> tuple[SourceRow, ...]:
    """Every source of the config with its health."""
    known, titles, pushed = sources.healths(store), sources.titles(store), pushes.all_of(store)
    never_polled = SourceState()
    return tuple(
        SourceRow(
            source,
            source.title or titles.get(source.id) or source.id,
            known.get(source.id, never_polled),
            pushed[source.id].in_words(now) if source.id in pushed else "",
        )
        for source in config.sources
    )


def with_days(found: Iterable[SourceRow], store: Reader, now: int) -> tuple[SourceRow, ...]:
    """With what was new in each of the last seven days."""
    days = _last_seven_days(store, now // 86_400)
    return tuple(replace(row, new=tuple(days.get(row.source.id, [0] * 7))) for row in found)


def _last_seven_days(store: Reader, today: int) -> Mapping[str, list[int]]:
    """New entries by source and day, the oldest day first."""
    found = defaultdict[str, list[int]](lambda: [0] * 7)
    for row in sources.traffic(store, today - 6):
        if row.day <= today:
            found[row.source][row.day - today + 6] = row.new
    return found


def week(store: Reader, now: int) -> Week:
    """Requests and bytes of the last seven days: what polling cost, and what validators and compression
    saved.
    """
    return Week(*sources.traffic_since(store, now // 86_400 - 6))


def titles(store: Reader) -> dict[str, str]:
    """How people know the sources."""
    return sources.titles(store)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two entries that were folded, and at which level."""

    one: Entry
    other: Entry
    level: str


def doubtful(store: Reader, limit: int) -> tuple[Pair, ...]:
    """The least certain folds: those nearest to their threshold."""
    found = stories.doubtful(store, limit)
    known = lookup.by_number(store, {number for one, other, _ in found for number in (one, other)})
    return tuple(
        Pair(known[other], known[one], level)
        for one, other, level in found
        if one in known and other in known
    )
