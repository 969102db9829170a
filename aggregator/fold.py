"""New entries into stories and events: item, then text, then event. Decisions are `dedupe` and `cluster`; the state is the store's.

Work follows the number of new entries: candidates come from postings of a story's heaviest words, only they are loaded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import TypeVar

from aggregator import cluster, dedupe
from aggregator.cluster import Closest, Cluster, Merge, Vector
from aggregator.model import Reason
from aggregator.store import Store, folding
from aggregator.store.folding import Waiting
from aggregator.text import vocabulary
from aggregator.text.phrases import span

BATCH = 1000  # entries of one transaction
POSTINGS = 32  # newest stories that one word finds
CANDIDATES, TEXT_CANDIDATES, EVENT_CANDIDATES = 28, 12, 16  # stories that a new one is compared with, best first
OWN = 0.5  # power of a word's number in the batch itself: many of these entries will turn out to be one event
MARK = 0.4  # weight of a mark of long texts among words
WEIGHTS = 255  # a word's weight in a posting is a whole number up to this
EDITED = 0.95  # score of a text fold under which the copy is kept to compare with, beside the founder
TELLINGS = 4  # entries that a story is compared by
SHARED, COPIED = 0.07, 0.1  # cosine by the heaviest words alone: less is no event, no copy
EVENT_STORIES = 60  # newest stories of an event that are loaded to compare it
LANGUAGE = 40  # words of a body, after those of the title, that its language is told by
CACHE = 10_000  # stories kept in memory between the batches of one call

_Found = tuple[int, int, float]
"""A story that shares words with a new one, its time, and the cosine by those words."""
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Settings:
    """Windows in seconds; None switches a level off."""

    text_window: int | None = 7 * 86_400
    event_window: int | None = 72 * 3600

    @property
    def reach(self) -> int:
        """Seconds between two stories from which on neither level compares them."""
        return max(self.text_window or 0, self.event_window or 0)


@dataclass(slots=True)
class Folded:
    """How many of each are new or changed."""

    stories_new: int = 0
    stories_changed: int = 0
    events_new: int = 0
    events_changed: int = 0


@dataclass(slots=True)
class _Postings:
    """The newest stories that a word finds, oldest first, and its weight in each."""

    stories: list[int] = field(default_factory=list)
    weights: bytearray = field(default_factory=bytearray)


@dataclass(slots=True)
class _Memory:
    """What one call remembers between its batches, so that bulk folding does not ask the database again."""

    postings: dict[str, _Postings] = field(default_factory=dict)  # by term
    times: dict[int, int] = field(default_factory=dict)  # story → time, of all in postings
    prints: dict[int, list[tuple[int, dedupe.Print]]] = field(default_factory=dict)  # story → entries that it is known by, prints
    vectors: dict[int, Vector] = field(default_factory=dict)  # story → vector
    clusters: dict[int, Cluster] = field(default_factory=dict)  # event → cluster
    events: dict[int, int] = field(default_factory=dict)  # story → event

    def bound(self) -> None:
        """Forget the oldest half of what has grown too large; what is needed again is loaded again."""
        if len(self.postings) > 8 * CACHE:  # both together: every story in a list has a time
            self.postings.clear()
            self.times.clear()
        _halve(self.events, 4 * CACHE)
        _halve(self.prints, CACHE)
        _halve(self.vectors, CACHE)
        _halve(self.clusters, CACHE)


def _halve(cache: dict[_Key, _Value], most: int) -> None:
    if len(cache) > most:
        for key in list(cache)[: len(cache) - most // 2]:
            del cache[key]


def fold(store: Store, settings: Settings, titles: dict[str, str], progress: Callable[[int], None] | None = None) -> Folded:
    """Fold everything that waits, in the order (published, id). `titles` of sources help to clean headlines."""
    done, memory = Folded(), _Memory()
    while batch := folding.untold(store, BATCH, dedupe.BODY_CHARACTERS):
        with store.transaction():
            _Batch(store, settings, titles, memory, done).run(batch)
        memory.bound()
        if progress is not None:
            progress(len(batch))
    return done


@dataclass(slots=True)
class _New:
    """An entry on its way: what is compared of it."""

    entry: Waiting
    print: dedupe.Print
    counts: Vector
    spoken: str
    vector: Vector = field(default_factory=dict)
    terms: dict[str, int] = field(default_factory=dict)  # those that it is found by, with their weights


class _Batch:
    """One transaction's worth of entries."""

    def __init__(self, store: Store, settings: Settings, titles: dict[str, str], memory: _Memory, done: Folded) -> None:
        self.store, self.conn, self.settings, self.titles, self.memory, self.done = store, store.conn, settings, titles, memory, done
        self.total = int(store.meta("events seen") or 0)
        self.written = folding.Writer(store.conn)
        self.counted: Counter[str] = Counter()  # events that a term came into, in this batch
        self.placed: dict[int, int] = {}  # entry → story, of this batch
        self.names: dict[int, str] = {}  # story → published id, of this batch
        self.pairs: dict[tuple[int, int], Closest] = {}  # events to compare, smaller number first
        found = folding.overrides(self.conn)
        self.split = {(one.a, one.b): one.level for one in found if one.kind == "split"}
        self.joins: dict[str, list[tuple[str, str]]] = {}
        for one in found:
            if one.kind == "join":
                self.joins.setdefault(one.a, []).append((one.b, one.level))
                self.joins.setdefault(one.b, []).append((one.a, one.level))

    def run(self, batch: list[Waiting]) -> None:
        coming = [self.prepared(entry) for entry in batch]
        added = Counter(chain.from_iterable(one.counts for one in coming))
        self.known = folding.frequencies(self.conn, added)
        self.frequencies = {term: self.known.get(term, 0) + round(number**OWN) for term, number in added.items()}
        self.rarity = cluster.Rarity(self.frequencies, self.total + len(batch))
        ids = [entry.public_id for entry in batch]
        self.stories, self.events = (folding.founded(self.conn, table, ids) for table in ("story", "event"))
        for one in coming:
            self.place(one)
        self.written.flush()
        if self.settings.event_window is not None:
            self.merge()
        self.remember()
        self.join_by_hand(batch)

    def prepared(self, entry: Waiting) -> _New:
        print_ = dedupe.fingerprint(entry.title, entry.text, self.titles.get(entry.source, ""))
        spoken = vocabulary.language(print_.title + print_.body[:LANGUAGE], entry.language)
        return _New(entry, print_, cluster.terms(print_.title, print_.body), spoken)

    def place(self, one: _New) -> None:
        """Into the story that it belongs to, or a new one."""
        one.vector = cluster.weighted(one.counts, self.rarity, one.spoken)
        one.terms = {term: int(one.vector[term] * WEIGHTS + 0.5) for term in cluster.index_terms(one.vector, self.frequencies, self.total)}
        one.terms.update(dict.fromkeys(dedupe.marks(one.print), int(MARK * WEIGHTS)))
        found = self.candidates(one)
        home = self.founded(one.entry) or self.same_item(one.entry) or self.same_text(one, found)
        if home is None:
            self.new_story(one, found)
            return
        story, reason = home
        self.written.member(one.entry, story, reason)
        self.placed[one.entry.id] = story
        self.done.stories_changed += 1
        if reason.level == "text" and reason.score < EDITED:
            self.known_by(story, one)

    def new_story(self, one: _New, found: list[_Found]) -> None:
        entry, at = one.entry, one.entry.published
        story, event = self.written.story(entry, one.vector, self.events.get(entry.public_id))
        self.placed[entry.id], self.names[story] = story, entry.public_id
        self.done.stories_new += 1
        self.done.events_new += 1
        self.counted.update(one.counts.keys())
        self.index(story, one)
        memory = self.memory
        memory.prints[story] = [(entry.id, one.print)]
        memory.vectors[story] = one.vector
        memory.events[story] = event
        memory.clusters[event] = Cluster(event, one.vector, 1, at, at, [story])
        window = self.settings.event_window
        if window is not None:
            near = [other for other, when, _ in found if abs(at - when) <= window][:EVENT_CANDIDATES]
            self.compare(story, event, one.vector, near)

    def index(self, story: int, one: _New) -> None:
        """From now on these words find the story."""
        at = one.entry.published
        self.written.postings(one.terms, at, story)
        self.memory.times[story] = at
        postings = self.memory.postings
        for term, weight in one.terms.items():
            known = postings.get(term)
            if known is None:
                known = postings[term] = _Postings()
            known.stories.append(story)
            known.weights.append(weight)
            if len(known.stories) > 2 * POSTINGS:
                del known.stories[:-POSTINGS], known.weights[:-POSTINGS]

    def known_by(self, story: int, one: _New) -> None:
        """An edited copy: the next copy may be one of it rather than of the founder."""
        known = self.prints_of(story)
        if len(known) < TELLINGS and all(entry != one.entry.id for entry, _ in known):
            known.append((one.entry.id, one.print))
        for term in one.terms:
            self.counted.setdefault(term, 0)  # they are known words from now on
        self.index(story, one)

    # ------------------------------------------------------------ candidates

    def candidates(self, one: _New) -> list[_Found]:
        """The most alike first, by the words that both are found by."""
        at, reach = one.entry.published, self.settings.reach
        weights: dict[int, int] = {}
        for term, weight in one.terms.items():
            known = self.postings(term, at, reach)
            for story, other in zip(known.stories[-POSTINGS:], known.weights[-POSTINGS:], strict=True):
                weights[story] = weights.get(story, 0) + weight * other
        least = SHARED * WEIGHTS * WEIGHTS
        order = sorted([(-weight, story) for story, weight in weights.items() if weight >= least])
        times, scale = self.memory.times, -1.0 / (WEIGHTS * WEIGHTS)
        near = ((story, times[story], weight * scale) for weight, story in order if abs(at - times[story]) <= reach)
        return list(islice(near, CANDIDATES))

    def postings(self, term: str, at: int, reach: int) -> _Postings:
        """Words that were never seen before this batch are not looked up."""
        known = self.memory.postings.get(term)
        if known is None:
            known = self.memory.postings[term] = _Postings()
            if term in self.known or term.startswith("#"):
                for when, story, weight in reversed(folding.postings(self.conn, term, at - reach, at + reach, POSTINGS)):
                    known.stories.append(story)
                    known.weights.append(weight)
                    self.memory.times[story] = when
        return known

    def prints_of(self, story: int) -> list[tuple[int, dedupe.Print]]:
        known = self.memory.prints.get(story)
        if known is None:
            found = folding.tellings(self.conn, story, EDITED, TELLINGS)
            known = [(number, dedupe.fingerprint(title, text, self.titles.get(source, ""))) for number, title, text, source in found]
            self.memory.prints[story] = known
        return known

    def vectors_of(self, stories: list[int]) -> list[tuple[int, Vector]]:
        """Those that are still there."""
        known = self.memory.vectors
        missing = [story for story in stories if story not in known]
        if missing:
            known.update(folding.vectors(self.conn, missing))
        return [(story, known[story]) for story in stories if story in known]

    def events_of(self, stories: Iterable[int]) -> dict[int, int]:
        known = self.memory.events
        missing = [story for story in stories if story not in known]
        if missing:
            known.update(folding.events_of(self.conn, missing))
        return known

    # ------------------------------------------------------------ the levels

    def kept_apart(self, entry: Waiting, story: int) -> bool:
        """Whether the user split this entry out of this story."""
        if not self.split:
            return False
        name = self.names.get(story) or folding.public_id(self.conn, story)
        return self.split.get((entry.public_id, name)) in ("item", "text")

    def founded(self, entry: Waiting) -> tuple[int, Reason] | None:
        """An entry that was away (left out for a while, or pruned and published again) comes back into the story that it founded."""
        story = self.stories.get(entry.public_id)
        return None if story is None else (story, Reason(None))

    def same_item(self, entry: Waiting) -> tuple[int, Reason] | None:
        """The same canonical link in another source. A link that one source gives to several of its entries identifies none of them."""
        if entry.link_key is None:
            return None
        found = folding.same_link(self.conn, entry.link_key)
        if len({source for source, _, _ in found}) < len(found):
            return None
        for source, other, known in found:
            story = self.placed.get(other, known)
            if story is None or source == entry.source:
                continue
            if self.kept_apart(entry, story):
                return None
            return story, Reason("item", other, 1.0, 1.0, (("same canonical link", entry.link_key),))
        return None

    def same_text(self, one: _New, found: list[_Found]) -> tuple[int, Reason] | None:
        """The most alike of the candidates that are the same text; the older one of equals."""
        window, at = self.settings.text_window, one.entry.published
        if window is None:
            return None
        best: tuple[float, int, Reason] | None = None
        for story in [story for story, when, weight in found if weight >= COPIED and abs(at - when) <= window][:TEXT_CANDIDATES]:
            for number, other in self.prints_of(story):
                reason = dedupe.decide(other, one.print)
                if reason.level is None or self.kept_apart(one.entry, story):
                    continue
                if best is None or (reason.score, -story) > (best[0], -best[1]):
                    best = (reason.score, story, replace(reason, against=number))
        return None if best is None else (best[1], best[2])

    def compare(self, story: int, event: int, vector: Vector, near: list[int]) -> None:
        """Note the events of these stories as worth comparing, with the closest pair of stories."""
        events = self.events_of(near)
        for other, theirs in self.vectors_of(near):
            old = events.get(other)
            if old and old != event:
                alike = cluster.cosine(vector, theirs)
                if alike < cluster.LEAST:
                    continue
                pair, found = (old, event) if old < event else (event, old), Closest(alike, other, story)
                if pair not in self.pairs or self.pairs[pair] < found:
                    self.pairs[pair] = found

    def cluster_of(self, event: int) -> Cluster | None:
        known = self.memory.clusters.get(event)
        if known is None:
            stories = folding.vectors_of_event(self.conn, event, EVENT_STORIES)
            if not stories:
                return None
            known = Cluster(event, {}, 0, 1 << 62, 0)
            for story, at, vector in stories:
                known.absorb(Cluster(event, vector, 1, at, at, [story]))
            self.memory.clusters[event] = known
        return known

    def merge(self) -> None:
        """Events of this batch with each other and with older ones, best first."""
        clusters = {event: known for pair in self.pairs for event in pair if (known := self.cluster_of(event)) is not None}
        pairs = {pair: self.pairs[pair] for pair in sorted(self.pairs) if pair[0] in clusters and pair[1] in clusters}
        done = []
        for merge in cluster.merges(clusters, pairs, self.settings.event_window or 0, self.forbidden(clusters)):
            gone = self.memory.clusters.pop(merge.gone)
            near = merge.closest.other if merge.closest.one in gone.members else merge.closest.one
            done.append((merge.kept, merge.gone, Reason("event", self.founder_of(near), merge.score, cluster.THRESHOLD, _features(merge))))
            self.counted.subtract(merge.common)
            for story in gone.members:
                self.memory.events[story] = merge.kept
        folding.merge_events(self.conn, done)
        self.written.founded -= len(done)
        self.done.events_new -= len(done)
        self.done.events_changed += len(done)

    def founder_of(self, story: int) -> int | None:
        """The entry that founded it."""
        known = self.memory.prints.get(story)
        return known[0][0] if known else folding.founder(self.conn, story)

    def remember(self) -> None:
        """How many events each term was in, one per event however many stories it has."""
        folding.count_terms(self.conn, self.counted)
        self.store.set_meta("events seen", str(self.total + self.written.founded))

    def forbidden(self, clusters: dict[int, Cluster]) -> frozenset[tuple[int, int]]:
        """Pairs of events that the user keeps apart."""
        found = set()
        for (a, b), level in self.split.items():
            if level == "event":
                one, other = folding.placed(self.conn, a), folding.placed(self.conn, b)
                if one is not None and other is not None:
                    found.add((min(one.event, other.event), max(one.event, other.event)))
        return frozenset(pair for pair in found if pair[0] in clusters and pair[1] in clusters)

    def join_by_hand(self, batch: list[Waiting]) -> None:
        for entry in batch:
            for other, level in self.joins.get(entry.public_id, ()):
                join(self.store, entry.public_id, other, level)
                self.memory.clusters.clear()
                self.memory.events.clear()


def _features(merge: Merge) -> tuple[tuple[str, str], ...]:
    """Why two events are one, in words."""
    return (
        ("shared words", ", ".join(merge.shared)), ("closest stories", f"{merge.closest.cosine:.2f} alike"), ("all stories", f"{merge.average:.2f} alike on average"),
        ("time between", span(merge.gap)),
    )  # fmt: skip


_YOURS = (("yours", "join"),)


def join(store: Store, a: str, b: str, level: str) -> bool:
    """Make two entries one story or one event, the older leading; inside a transaction. False where one is not folded yet."""
    conn = store.conn
    one, other = folding.placed(conn, a), folding.placed(conn, b)
    if one is None or other is None:
        return False
    kept, gone = sorted((one, other), key=lambda place: (place.published, place.story))
    if level == "text" and kept.story != gone.story:
        folding.merge_stories(conn, kept.story, gone.story, Reason("text", kept.entry, 1.0, 1.0, _YOURS))
    elif level == "event" and kept.event != gone.event:
        folding.merge_events(conn, [(kept.event, gone.event, Reason("event", kept.entry, 1.0, 1.0, _YOURS))])
    return True
