"""One transaction's worth of entries, from waiting to told.

In: entries that wait. Out: rows of stories, members and events. Start reading at `Batch.run`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice

from aggregator import cluster, dedupe
from aggregator.cluster import Point, Vector
from aggregator.fold import apply, levels, merging, reasons
from aggregator.fold.cache import EDITED, POSTINGS, TELLINGS, FoldCache, Known
from aggregator.fold.levels import Home
from aggregator.fold.merging import Group, Member, Pair, Probabilities, pair
from aggregator.fold.overrides import Overrides
from aggregator.model import Folded, Reason
from aggregator.records import dataclass, field
from aggregator.store import Writer, events, members, overrides, vocabulary
from aggregator.store.members import PendingEntry

# stories that a new one is compared with, best first
CANDIDATES, EVENT_CANDIDATES = 28, 16
STRONG = 8  # heaviest words by which every story is found; those after them find where they are rare
OWN = 0.3  # power of a word's number in the batch itself: many of these entries will turn out to be one event
MARK = 0.4  # weight of a mark of long texts among words
WEIGHTS = 255  # a word's weight in a posting is a whole number up to this
SHARED = 0.09  # cosine by the heaviest words alone: less is no event
# A source's own frame and subject tell nothing of which of its stories is which: words that this share of the
# stories hold that it told last, of so many at most, and so many at least
USUAL, RECENT, TELLS = 0.5, 30, 8
LANGUAGE = 40  # words of a body, after those of the title, that its language is told by

Found = tuple[int, int, float]
"""A story that shares words with a new one, its time, and the cosine by those words."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows in seconds; None switches a level off."""

    text_window: int | None = 7 * 86_400
    event_window: int | None = 72 * 3600

    @property
    def reach(self) -> int:
        """Seconds between two stories from which on neither level compares them."""
        return max(self.text_window or 0, self.event_window or 0)


@dataclass(slots=True)
class New:
    """An entry on its way: what is compared of it."""

    entry: PendingEntry
    fingerprint: dedupe.Fingerprint
    counts: Vector
    language: str
    vector: Vector = field(default_factory=dict)
    series: set[int] = field(default_factory=set)  # stories of which it is another case
    decided: dict[int, Reason] = field(default_factory=dict)  # story → whether it is the text of its founder
    terms: dict[str, int] = field(default_factory=dict)  # those that it is found by, with their weights


class Batch:
    """One transaction's worth of entries."""

    def __init__(self, writer: Writer, windows: Windows, memory: FoldCache, done: Folded) -> None:
        self.writer, self.windows, self.memory, self.done = writer, windows, memory, done
        self.total = int(writer.meta("events seen") or 0)
        self.written = members.Additions(writer, memory.numbers)
        self.founders: list[Iterable[str]] = []  # terms of new events
        self.regrouped = Counter[str]()  # terms of events that were clustered again: in how many more
        self.lasting: set[str] = set()
        self.placed: dict[int, int] = {}  # entry → story, of this batch
        self.names: dict[int, str] = {}  # story → published id, of this batch
        self.edges: dict[int, list[int]] = {}  # new story → stories that may tell the same happening
        self.told_by = defaultdict[str, list[New]](list)  # source → what of it is coming
        self.usual: dict[str, frozenset[str]] = {}  # source → terms that many of its stories hold
        self.decided: dict[Pair, Reason] = {}  # of two stories, whether they are one text
        self.probabilities = Probabilities(memory.points, windows.event_window or 0, self.another_case)
        self.overrides = Overrides(writer)

    def look_at(self, batch: list[PendingEntry]) -> None:
        """What is compared of these entries, and how common their words are."""
        self.memory.learn(batch, self.writer)
        self.coming = [self.prepared(entry) for entry in batch]
        for one in self.coming:
            self.told_by[one.entry.source].append(one)
        added = Counter(chain.from_iterable([one.counts for one in self.coming]))
        self.known = self.memory.frequencies_of(added)
        self.frequencies = {
            term: self.known.get(term, 0) + round(number**OWN) for term, number in added.items()
        }
        self.rarities: dict[str, cluster.Rarity] = {}  # by language
        self.sharing_pages = members.may_share_pages(self.writer, batch)

    def run(self, batch: list[PendingEntry]) -> None:
        self.look_at(batch)
        ids = [entry.public_id for entry in batch]
        self.stories, self.events = (members.founded(self.writer, table, ids) for table in ("story", "event"))
        for one in self.coming:
            self.place(one)
        self.written.flush()
        if self.windows.event_window is not None:
            self.merge()
        self.probabilities.close()
        self.remember()
        self.join_by_hand(batch)

    def prepared(self, entry: PendingEntry) -> New:
        fingerprint = self.memory.fingerprint(entry)
        return New(
            entry,
            fingerprint,
            cluster.terms(fingerprint.title, fingerprint.body, fingerprint.language),
            fingerprint.language,
        )

    def rarity(self, language: str) -> cluster.Rarity:
        known = self.rarities.get(language)
        if known is None:
            known = self.rarities[language] = cluster.Rarity(
                self.frequencies, self.total + len(self.coming), language
            )
        return known

    def describe(self, one: New) -> None:
        """Its weighted words, and those that it is found by."""
        one.vector = cluster.weighted(one.counts, self.rarity(one.language))
        one.terms = {
            term: int(one.vector[term] * WEIGHTS + 0.5)
            for term in cluster.index_terms(one.vector, self.frequencies, self.total)
        }
        one.terms.update(dict.fromkeys(dedupe.marks(one.fingerprint), int(MARK * WEIGHTS)))

    def place(self, one: New) -> None:
        """Into the story that it belongs to, or a new one."""
        self.describe(one)
        found = self.candidates(one)
        home = self.founded(one.entry) or self.same_as(one, found)
        if home is None:
            self.new_story(one, found)
            return
        story, reason = home
        self.written.member(one.entry, story, reason)
        self.placed[one.entry.id] = story
        self.done.stories_changed += 1
        if reason.level == levels.TEXT.name and reason.score < EDITED:
            self.known_by(story, one)

    def new_story(self, one: New, found: Sequence[Found]) -> None:
        entry = one.entry
        still = self.events.get(entry.public_id)  # the event that it founded once, which others are in
        held = set[str]() if still is None else _terms(self.memory.stories_of(still).values())
        story, event = self.written.story(entry, one.vector, still)
        self.placed[entry.id], self.names[story] = story, entry.public_id
        self.done.stories_new += 1
        self.done.events_new += 1
        self.founders.append(one.vector.keys() - held if held else one.vector.keys())
        self.index(story, one)
        self.note(one, story, event)
        self.decided.update({pair(story, other): reason for other, reason in one.decided.items()})
        if self.windows.event_window is not None:
            self.compare(story, self.near(one, found, self.windows.event_window))

    def note(self, one: New, story: int, event: int) -> None:
        entry, memory = one.entry, self.memory
        memory.fingerprints[story] = [Known(entry, one.fingerprint)]
        memory.points[story] = Point(story, entry.published, entry.source, one.vector, bool(entry.undated))
        memory.events[story] = event

    def near(self, one: New, found: Sequence[Found], window: int) -> list[int]:
        """Stories of which it may tell the same happening."""
        at, series = one.entry.published, one.series
        near = (other for other, when, _ in found if abs(at - when) <= window and other not in series)
        return list(islice(near, EVENT_CANDIDATES))

    def index(self, story: int, one: New) -> None:
        """From now on its words find the story."""
        self.written.postings(one.terms, one.entry.published, story)
        self.memory.index(story, one.entry.published, one.terms)

    def known_by(self, story: int, one: New) -> None:
        """An edited copy: the next copy may be one of it rather than of the founder."""
        known = self.memory.fingerprints_of(story)
        if len(known) < TELLINGS and all(telling.id != one.entry.id for telling in known):
            known.append(Known(one.entry, one.fingerprint))
        self.lasting.update(one.terms)
        self.index(story, one)

    # ------------------------------------------------------------ candidates

    def candidates(self, one: New) -> list[Found]:
        """The most alike first, by the words that both are found by."""
        at, reach = one.entry.published, self.windows.reach
        least = SHARED * WEIGHTS * WEIGHTS
        shared = self.shared(one)
        order = sorted([(-weight, story) for story, weight in shared.items() if weight >= least])
        times, scale = self.memory.times, -1.0 / (WEIGHTS * WEIGHTS)
        near = (
            (story, times[story], weight * scale)
            for weight, story in order
            if abs(at - times[story]) <= reach
        )
        return list(islice(near, CANDIDATES))

    def shared(self, one: New) -> Mapping[int, int]:
        """Story → the sum of the products of weights, of the words by which both are found."""
        at, reach, lists = one.entry.published, self.windows.reach, self.memory.terms
        weights: defaultdict[int, int] = defaultdict(int)
        for rank, (term, weight) in enumerate(one.terms.items()):
            known = lists.get(term)
            if known is None or known.until < at:
                known = self.memory.load_postings(term, at, reach, self.known)
            stories, others = known.stories, known.weights
            if len(stories) >= POSTINGS:
                if rank >= STRONG and term[0] != "#":
                    continue  # a weak word that many stories hold
                stories, others = stories[-POSTINGS:], others[-POSTINGS:]
            for story, other in zip(stories, others, strict=True):
                weights[story] += weight * other
        return weights

    # ------------------------------------------------------------ which story

    def kept_apart(self, entry: PendingEntry, story: int) -> bool:
        """Whether the user split this entry out of this story."""
        if not self.overrides.has_splits:
            return False
        name = self.names.get(story) or members.public_id(self.writer, story)
        return self.overrides.keeps_apart(entry.public_id, name)

    def same_as(self, one: New, found: Sequence[Found]) -> Home | None:
        """The story that tells this on the first level that finds one."""
        for level in levels.LEVELS:
            if level.home is not None and (home := level.home(self, one, found)):
                return home
        return None

    def founded(self, entry: PendingEntry) -> Home | None:
        """An entry that was away (left out for a while, or pruned and published again) comes back into the
        story that it founded.
        """
        story = self.stories.get(entry.public_id)
        return None if story is None else (story, Reason(None))

    def another_case(self, a: int, b: int) -> dedupe.Case:
        """Whether two stories are two cases of one template, or have nothing in common but a date and common
        words, by the entries that founded them.
        """
        one, other = self.memory.fingerprints_of(a), self.memory.fingerprints_of(b)
        if not one or not other:
            return dedupe.Case.NO
        mine, its = self.memory.points[a], self.memory.points[b]
        shared = mine.vector.keys() & its.vector.keys()
        if mine.source and mine.source == its.source:
            shared -= self.usual_of(mine.source)
        a_told, b_told = one[0].fingerprint, other[0].fingerprint
        number = not a_told.numbers.isdisjoint(b_told.numbers)
        if not cluster.says_what(shared, {a_told.language, b_told.language}, number):
            return dedupe.Case.LIKELY
        decided = self.decided.get(pair(a, b))
        return dedupe.another_case(a_told, b_told, one[0].between(other[0]), decided)

    def usual_of(self, source: str) -> frozenset[str]:
        """Terms that so many stories of a source hold that they tell none from another: `analyst`, `target`,
        `outperform` of a ticker of ratings.
        """
        known = self.usual.get(source)
        if known is None:
            told: list[Iterable[str]] = [one.counts for one in self.told_by[source][-RECENT:]]
            newest = members.newest_of_source(self.writer, source, RECENT)
            here = set(self.placed.values())  # once these are written they are counted already
            before = [story for story in newest if story not in here][: RECENT - len(told)]
            told += [point.vector for point in self.memory.points_of(before).values()]
            held = Counter(chain.from_iterable(told)) if len(told) >= TELLS else Counter[str]()
            known = frozenset(term for term, number in held.items() if number >= USUAL * len(told))
            self.usual[source] = known
        return known

    def compare(self, story: int, near: list[int]) -> None:
        """Note which of these stories may tell the same happening."""
        known = self.memory.points_of(near)
        alike = [other for other in known if self.probabilities.between(story, other) >= cluster.THRESHOLD]
        if alike:
            self.edges[story] = alike

    def merge(self) -> None:
        """Cluster again what the new stories touch."""
        touched = self.touched()
        points = {story: point for stories in touched.values() for story, point in stories.items()}
        if not points:
            return
        near = ((story, other) for story, others in self.edges.items() for other in others)
        edges = {pair(story, other) for story, other in near if other in points} | self.within(touched)
        found = merging.groups(points, edges, self.probabilities, self.overrides.of_events())
        before = {story: event for event, stories in touched.items() for story in stories}
        applied = apply.apply(self.writer, self.memory, found, before, self.reason)
        self.recount(touched, found, points)
        self.written.founded += applied.founded - applied.gone
        self.done.events_new += applied.founded - applied.gone
        self.done.events_changed += sum(event <= self.written.newest_before for event in applied.changed)

    def touched(self) -> dict[int, dict[int, Point]]:
        """Event → its stories, of the events that hold a new story or one that is alike."""
        stories = {*self.edges, *chain.from_iterable(self.edges.values())}
        event_of = self.memory.events_of(sorted(stories))
        touched = sorted({event_of[story] for story in stories if story in event_of})
        return {event: self.memory.stories_of(event) for event in touched}

    def recount(
        self, before: dict[int, dict[int, Point]], after: Sequence[Group], points: Mapping[int, Point]
    ) -> None:
        """Words, by the events that they are in."""
        for stories in before.values():
            self.regrouped.subtract(_terms(stories.values()))
        for group in after:
            self.regrouped.update(_terms(points[story] for story in group.stories))

    def within(self, touched: dict[int, dict[int, Point]]) -> set[Pair]:
        """Pairs of stories of one event, or of two that the same new story is alike to."""
        events = self.memory.events
        meeting = {(event, event) for event in touched}
        for story, near in self.edges.items():
            around = sorted({events[other] for other in (story, *near) if other in events} & touched.keys())
            meeting |= {(a, b) for a in around for b in around if a < b}
        return {
            pair(one, other) for a, b in meeting for one in touched[a] for other in touched[b]
            if one != other and self.probabilities.between(one, other) >= cluster.THRESHOLD
        }  # fmt: skip

    def reason(self, member: Member) -> Reason:
        """Why a story is in its event."""
        nearest = member.nearest or member.story
        known = self.memory.fingerprints.get(nearest)
        one, other = self.memory.points[member.story], self.memory.points[nearest]
        return reasons.of_member(
            member, one, other, known[0].fingerprint if known else None, self.memory.founder_of(nearest)
        )

    def remember(self) -> None:
        """How many events each term was in, one per event however many stories it has."""
        counted = Counter(dict.fromkeys(self.lasting, 0))
        counted.update(chain.from_iterable(self.founders))
        counted.update(self.regrouped)
        self.memory.count(counted, self.frequencies)
        self.writer.set_meta("events seen", str(self.total + self.written.founded))

    def join_by_hand(self, batch: list[PendingEntry]) -> None:
        for a, b, level in self.overrides.joins(batch):
            join(self.writer, a, b, level)
            self.memory.forget_stories()


def _terms(points: Iterable[Point]) -> set[str]:
    """Of an event: each once, however many of its stories hold it."""
    return set(chain.from_iterable(point.vector for point in points))


def join(writer: Writer, a: str, b: str, level: str) -> bool:
    """Make two entries one story or one event, the older of these leading; inside a transaction. False where
    one is not folded yet.
    """
    one, other = members.placed(writer, a), members.placed(writer, b)
    if one is None or other is None:
        return False
    # an event is as old as its founder, whichever of its stories was named
    age = {event: at for event, (_, at) in events.founders(writer, (one.event, other.event)).items()}
    kept, gone = sorted(
        (one, other),
        key=lambda place: (
            (place.published, place.story) if level == "text" else (age[place.event], place.event)
        ),
    )
    with vocabulary.recounted(writer, (a, b)):
        if level == "text" and kept.story != gone.story:
            reason = Reason("text", kept.entry, 1.0, 1.0, overrides.JOINED)
            members.merge_stories(writer, kept.story, gone.story, reason)
            know(writer, gone.entry, kept.story)
        elif level == "event" and kept.event != gone.event:
            reason = Reason("event", kept.entry, 1.0, 1.0, overrides.JOINED)
            events.merge_events(writer, [(kept.event, gone.event, reason)])
    return True


def know(writer: Writer, entry: int, story: int, own: bool = False) -> None:
    """After the user's word: the words of this entry find this story from now on; `own`: they are those of
    the story itself.
    """
    batch = Batch(writer, Windows(), FoldCache(writer, {}), Folded())
    batch.look_at(members.entries(writer, [entry], dedupe.BODY_CHARACTERS))
    one = batch.coming[0]
    batch.describe(one)
    batch.written.postings(one.terms, one.entry.published, story)
    if own:
        batch.written.vector(story, one.vector)
    batch.written.flush()
    vocabulary.count_terms(writer, dict.fromkeys(one.terms, 0))  # they are known words from now on
