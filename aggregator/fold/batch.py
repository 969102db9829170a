"""One transaction's worth of entries, from waiting to told.

In: entries that wait. Out: rows of stories, members and events. Start reading at `Batch.run`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence, Set
from itertools import chain, islice

from aggregator import cluster, dedupe
from aggregator.cluster import Point
from aggregator.fold import apply, levels, merging, reasons
from aggregator.fold.by_hand import join
from aggregator.fold.cache import EDITED, POSTINGS, TELLINGS, FoldCache, Known
from aggregator.fold.coming import WEIGHTS, New, look_at, stored
from aggregator.fold.counts import EventCounts, terms_of
from aggregator.fold.levels import Home
from aggregator.fold.merging import Member, Pair, Probabilities, pair
from aggregator.fold.overrides import Overrides
from aggregator.fold.usual import Usual
from aggregator.model import Folded, Reason
from aggregator.records import dataclass
from aggregator.store import Writer, members
from aggregator.store.members import PendingEntry

# stories that a new one is compared with, best first
CANDIDATES, EVENT_CANDIDATES = 28, 16
STRONG = 8  # heaviest words by which every story is found; those after them find where they are rare
SHARED = 0.09  # cosine by the heaviest words alone: less is no event

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


class Batch:
    """One transaction's worth of entries."""

    def __init__(
        self,
        writer: Writer,
        windows: Windows,
        memory: FoldCache,
        done: Folded,
        entries: Sequence[PendingEntry],
    ) -> None:
        """`done`: what is counted there."""
        self.writer, self.windows, self.memory, self.done = writer, windows, memory, done
        self.entries, self.coming = entries, look_at(entries, memory, writer)
        self.stored = stored(entries, writer)
        self.written = members.Additions(writer, memory.numbers)
        self.counts = EventCounts()
        self.placed: dict[int, int] = {}  # entry → story, of this batch
        self.names: dict[int, str] = {}  # story → published id, of this batch
        self.edges: dict[int, list[int]] = {}  # new story → stories that may tell the same happening
        self.usual = Usual(writer, memory, self.coming, self.placed)
        self.decided: dict[Pair, Reason] = {}  # of two stories, whether they are one text
        self.probabilities = Probabilities(memory.points, windows.event_window or 0, self.another_case)
        self.overrides = Overrides(writer)

    def run(self) -> None:
        for one in self.coming.news:
            self.place(one)
        self.written.flush()
        if self.windows.event_window is not None:
            self.merge()
        self.probabilities.close()
        self.remember()
        self.join_by_hand()

    def place(self, one: New) -> None:
        """Into the story that it belongs to, or a new one."""
        self.coming.describe(one)
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
        still = self.stored.events.get(entry.public_id)  # the event that it founded once, which others are in
        self.counts.found(self.new_terms(one, still))
        story, event = self.written.story(entry, one.vector, still)
        self.placed[entry.id], self.names[story] = story, entry.public_id
        self.done.stories_new += 1
        self.done.events_new += 1
        self.index(story, one)
        self.note(one, story, event)
        self.decided.update({pair(story, other): reason for other, reason in one.decided.items()})
        if self.windows.event_window is not None:
            self.compare(story, self.near(one, found, self.windows.event_window))

    def new_terms(self, one: New, event: int | None) -> Set[str]:
        """Those that no story of the event holds; all of them where there is no event yet."""
        terms = one.vector.keys()
        return terms if event is None else terms - terms_of(self.memory.stories_of(event).values())

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
        self.counts.know(one.terms)
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
                known = self.memory.load_postings(term, at, reach, self.coming.known)
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
        story = self.stored.stories.get(entry.public_id)
        return None if story is None else (story, Reason(None))

    def another_case(self, a: int, b: int) -> dedupe.Case:
        """Whether two stories are two cases of one template, or have nothing in common but a date and common
        words, by the entries that founded them.
        """
        one, other = self.memory.fingerprints_of(a), self.memory.fingerprints_of(b)
        if not one or not other:
            return dedupe.Case.NO
        a_told, b_told = one[0].fingerprint, other[0].fingerprint
        if not self.share_a_subject(a, b, a_told, b_told):
            return dedupe.Case.LIKELY
        decided = self.decided.get(pair(a, b))
        return self.memory.asker.ask(
            lambda: dedupe.another_case(a_told, b_told, one[0].between(other[0]), decided),
            dedupe.Case.SURE,
            one[0].entry,
            other[0].entry,
        )

    def share_a_subject(self, a: int, b: int, a_told: dedupe.Fingerprint, b_told: dedupe.Fingerprint) -> bool:
        """Whether what two stories have in common says what happened: more than a date and common words, and
        than what their source says of everything.
        """
        mine, its = self.memory.points[a], self.memory.points[b]
        shared = mine.vector.keys() & its.vector.keys()
        if mine.source and mine.source == its.source:
            shared -= self.usual.of(mine.source)
        number = not a_told.numbers.isdisjoint(b_told.numbers)
        return cluster.says_what(shared, {a_told.language, b_told.language}, number)

    def compare(self, story: int, near: list[int]) -> None:
        """Note which of these stories may tell the same happening. Its own number may be among them: that of
        a story that is gone, which words find still.
        """
        known = self.memory.points_of([other for other in near if other != story])
        alike = [other for other in known if self.probabilities.between(story, other) >= cluster.THRESHOLD]
        if alike:
            self.edges[story] = alike

    def merge(self) -> None:
        """Cluster again what the new stories touch."""
        touched = self.touched()
        points = {story: point for stories in touched.values() for story, point in stories.items()}
        if not points:
            return
        found = merging.groups(
            points, self.alike(touched, points), self.probabilities, self.overrides.of_events()
        )
        before = {story: event for event, stories in touched.items() for story in stories}
        self.note_changes(apply.apply(self.writer, self.memory, found, before, self.reason))
        self.counts.regroup(touched.values(), found, points)

    def note_changes(self, applied: apply.Applied) -> None:
        founded = applied.founded - applied.gone
        self.written.founded += founded
        self.done.events_new += founded
        self.done.events_changed += sum(event <= self.written.newest_before for event in applied.changed)

    def touched(self) -> dict[int, dict[int, Point]]:
        """Event → its stories, of the events that hold a new story or one that is alike."""
        stories = {*self.edges, *chain.from_iterable(self.edges.values())}
        event_of = self.memory.events_of(sorted(stories))
        touched = sorted({event_of[story] for story in stories if story in event_of})
        return {event: self.memory.stories_of(event) for event in touched}

    def alike(self, touched: Mapping[int, Mapping[int, Point]], points: Container[int]) -> set[Pair]:
        """Pairs of these stories that are one event by themselves."""
        near = ((story, other) for story, others in self.edges.items() for other in others)
        return {pair(story, other) for story, other in near if other in points} | self.within(touched)

    def within(self, touched: Mapping[int, Mapping[int, Point]]) -> set[Pair]:
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
        """In how many events each term is, and how many there are."""
        self.memory.count(self.counts.more(), self.coming.frequencies)
        self.writer.set_meta("events seen", str(self.coming.events_seen + self.written.founded))

    def join_by_hand(self) -> None:
        for a, b, level in self.overrides.joins(self.entries):
            join(self.writer, a, b, level)
            self.memory.forget_stories()
