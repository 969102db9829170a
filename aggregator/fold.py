"""New entries into stories and events: item, then text, then event. Decisions are `dedupe` and `cluster`; the state is the store's.

Work follows the number of new entries: candidates come from postings of a story's heaviest words, only they are loaded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from aggregator import cluster, dedupe
from aggregator.model import Entry, Reason
from aggregator.store import Store, folding

BATCH = 500  # entries of one transaction
POSTINGS = 96  # newest stories that one word finds
TEXT_CANDIDATES, EVENT_CANDIDATES = 12, 24  # stories that a new one is compared with, best first
MARK = 0.4  # what a shared mark of long texts weighs among shared words
EDITED = 0.95  # score of a text fold under which the copy is kept to compare with, beside the founder
TELLINGS = 4  # entries that a story is compared by
SHARED = 0.08  # of a story's squared length 1, in words that it shares with another: less is no copy
EVENT_STORIES = 60  # newest stories of an event that are compared
CACHE = 10_000  # prints, clusters and posting lists kept in memory between the batches of one call


@dataclass(frozen=True, slots=True)
class Settings:
    """Windows in seconds; None switches a level off."""

    text_window: int | None = 7 * 86_400
    event_window: int | None = 72 * 3600


@dataclass(slots=True)
class Folded:
    """How many of each are new or changed."""

    stories_new: int = 0
    stories_changed: int = 0
    events_new: int = 0
    events_changed: int = 0


@dataclass(slots=True)
class _Memory:
    """What one call remembers between its batches, so that bulk folding does not ask the database again."""

    postings: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    prints: dict[int, list[tuple[int, dedupe.Print]]] = field(default_factory=dict)  # story → entries that it is known by, prints
    clusters: dict[int, cluster.Cluster] = field(default_factory=dict)  # event → cluster
    events: dict[int, int] = field(default_factory=dict)  # story → event

    def bound(self) -> None:
        for cache in (self.postings, self.prints, self.clusters, self.events):
            if len(cache) > CACHE * (8 if cache is self.postings or cache is self.events else 1):
                cache.clear()


def fold(store: Store, settings: Settings, titles: dict[str, str], progress: Callable[[int], None] | None = None) -> Folded:
    """Fold everything that waits, in the order (published, id). `titles` of sources help to clean headlines."""
    done, memory = Folded(), _Memory()
    while batch := folding.untold(store, BATCH):
        with store.transaction():
            _Batch(store, settings, titles, memory, done).run(batch)
        memory.bound()
        if progress is not None:
            progress(len(batch))
    return done


class _Batch:
    """One transaction's worth of entries."""

    def __init__(self, store: Store, settings: Settings, titles: dict[str, str], memory: _Memory, done: Folded) -> None:
        self.conn, self.settings, self.titles, self.memory, self.done = store.conn, settings, titles, memory, done
        self.total = int(store.meta("stories seen") or 0)
        self.store = store
        found = folding.overrides(self.conn)
        self.split = {(one.a, one.b): one.level for one in found if one.kind == "split"}
        self.joins: dict[str, list[tuple[str, str]]] = {}
        for one in found:
            if one.kind == "join":
                self.joins.setdefault(one.a, []).append((one.b, one.level))
                self.joins.setdefault(one.b, []).append((one.a, one.level))
        self.pairs: list[tuple[int, int]] = []  # events to compare

    def run(self, batch: list[Entry]) -> None:
        counts = [cluster.terms(entry.title, entry.text) for entry in batch]
        added = Counter(term for one in counts for term in one)
        self.frequencies = folding.frequencies(self.conn, added)
        self.known = set(self.frequencies)
        for term, number in added.items():
            self.frequencies[term] = self.frequencies.get(term, 0) + number
        folding.count_terms(self.conn, added)
        self.total += len(batch)
        self.store.set_meta("stories seen", str(self.total))
        for entry, one in zip(batch, counts, strict=True):
            self.entry(entry, one)
        if self.settings.event_window is not None:
            self.merge()
        self.join_by_hand(batch)

    def entry(self, entry: Entry, counts: cluster.Vector) -> None:
        vector = cluster.weighted(counts, self.frequencies, self.total)
        terms = cluster.index_terms(vector, self.frequencies, self.total)
        at = entry.published or 0
        fingerprint = dedupe.fingerprint(entry.title, entry.text, self.titles.get(entry.source, ""))
        terms += dedupe.marks(fingerprint)
        found = self.candidates(terms, vector, at)
        home = self.same_item(entry) or self.same_text(entry, fingerprint, found, at)
        if home is not None:
            story, reason = home
            folding.add_member(self.conn, entry, story, reason, joined=True)
            self.done.stories_changed += 1
            if reason.level == "text" and reason.score < EDITED:
                self.known_by(story, entry.id, fingerprint, terms, at)
            return
        story, event = folding.new_story(self.conn, entry)
        folding.add_member(self.conn, entry, story, Reason(None), joined=False)
        self.done.stories_new += 1
        self.done.events_new += 1
        folding.add_postings(self.conn, [(term, at, story) for term in terms])
        folding.add_vectors(self.conn, [(story, vector)])
        for term in terms:
            self.memory.postings.setdefault(term, []).append((at, story))
        self.memory.prints[story] = [(entry.id, fingerprint)]
        self.memory.events[story] = event
        self.memory.clusters[event] = cluster.Cluster(event, dict(vector), 1, at, at, [story])
        window = self.settings.event_window
        if window is not None:
            near = [other for other, (_, when) in found.items() if abs(at - when) <= window * 3][:EVENT_CANDIDATES]
            self.pairs += [(other_event, event) for other_event in {self.event_of(other) for other in near} if other_event]

    def known_by(self, story: int, number: int, own: dedupe.Print, terms: list[str], at: int) -> None:
        """An edited copy: the next copy may be one of it rather than of the founder."""
        known = self.prints_of(story)
        if len(known) < TELLINGS and all(entry != number for entry, _ in known):
            known.append((number, own))
        folding.add_postings(self.conn, [(term, at, story) for term in terms])
        for term in terms:
            self.memory.postings.setdefault(term, []).append((at, story))

    # ------------------------------------------------------------ candidates

    def candidates(self, terms: list[str], vector: cluster.Vector, at: int) -> dict[int, tuple[float, int]]:
        """Story → (weight of the words that it was found by, its time), heaviest first."""
        reach = max(self.settings.text_window or 0, 3 * (self.settings.event_window or 0))
        found: dict[int, tuple[float, int]] = {}
        for term in terms:
            weight = vector.get(term, MARK)
            for when, story in self.postings(term, at, reach)[-POSTINGS:]:
                if abs(at - when) <= reach:
                    found[story] = (found.get(story, (0.0, 0))[0] + weight * weight, when)
        return dict(sorted(found.items(), key=lambda item: (-item[1][0], item[0])))

    def postings(self, term: str, at: int, reach: int) -> list[tuple[int, int]]:
        """Oldest first. Words that were never seen before this batch are not looked up."""
        known = self.memory.postings.get(term)
        if known is None:
            seen = term in self.known or term.startswith("#")
            known = list(reversed(folding.postings(self.conn, term, at - reach, at + reach, POSTINGS))) if seen else []
            self.memory.postings[term] = known
        return known

    def event_of(self, story: int) -> int:
        event = self.memory.events.get(story)
        if event is None:
            event = folding.events_of(self.conn, [story]).get(story, 0)
            self.memory.events[story] = event
        return event

    def prints_of(self, story: int) -> list[tuple[int, dedupe.Print]]:
        known = self.memory.prints.get(story)
        if known is None:
            found = folding.tellings(self.conn, story, EDITED, TELLINGS)
            known = [(number, dedupe.fingerprint(title, text, self.titles.get(source, ""))) for number, title, text, source in found]
            self.memory.prints[story] = known
        return known

    # ------------------------------------------------------------ the levels

    def kept_apart(self, entry: Entry, public_id: str, *levels: str) -> bool:
        return self.split.get((entry.public_id, public_id)) in levels

    def same_item(self, entry: Entry) -> tuple[int, Reason] | None:
        found = folding.same_link(self.conn, entry)
        if found is None:
            return None
        story, against = found
        if self.split and self.kept_apart(entry, folding.public_id(self.conn, story), "item", "text"):
            return None
        return story, Reason("item", against, 1.0, 1.0, (("same canonical link", entry.link_key or ""),))

    def same_text(self, entry: Entry, own: dedupe.Print, found: dict[int, tuple[float, int]], at: int) -> tuple[int, Reason] | None:
        """The most alike of the candidates that are the same text; the older one of equals."""
        window = self.settings.text_window
        if window is None:
            return None
        best: tuple[float, int, Reason] | None = None
        near = [story for story, (weight, when) in found.items() if abs(at - when) <= window and weight >= SHARED][:TEXT_CANDIDATES]
        for story in near:
            for number, other in self.prints_of(story):
                reason = dedupe.decide(other, own)
                if reason.level is None or (self.split and self.kept_apart(entry, folding.public_id(self.conn, story), "item", "text")):
                    continue
                if best is None or (reason.score, -story) > (best[0], -best[1]):
                    best = (reason.score, story, replace(reason, against=number))
        return None if best is None else (best[1], best[2])

    def cluster_of(self, event: int) -> cluster.Cluster | None:
        known = self.memory.clusters.get(event)
        if known is None:
            stories = folding.vectors_of_event(self.conn, event, EVENT_STORIES)
            if not stories:
                return None
            known = cluster.Cluster(event, {}, 0, 1 << 62, 0)
            for story, at, vector in stories:
                known.absorb(cluster.Cluster(event, vector, 1, at, at, [story]))
            self.memory.clusters[event] = known
        return known

    def merge(self) -> None:
        """Events of this batch with each other and with older ones, best first."""
        clusters = {event: known for pair in self.pairs for event in pair if (known := self.cluster_of(event)) is not None}
        pairs = sorted({(min(pair), max(pair)) for pair in self.pairs if pair[0] in clusters and pair[1] in clusters})
        for kept, gone, score in cluster.merges(clusters, pairs, self.settings.event_window or 0, self.forbidden(clusters)):
            shared = self.shared_words(kept, gone)
            against = folding.lead_of_event(self.conn, kept)
            folding.merge_events(self.conn, kept, gone, Reason("event", against, score, cluster.THRESHOLD, (("shared words", shared),)))
            self.memory.clusters.pop(gone, None)
            for story in clusters[kept].members:
                self.memory.events[story] = kept
            self.done.events_new -= 1
            self.done.events_changed += 1

    def shared_words(self, kept: int, gone: int) -> str:
        """The words that the gone event's story shares with the kept one, weightiest first, for `why`."""
        old, new = self.memory.clusters.get(kept), self.memory.clusters.get(gone)
        if old is None or new is None:
            return ""
        common = sorted(((old.total[term] * weight, term) for term, weight in new.total.items() if term in old.total), reverse=True)
        return ", ".join(term for _, term in common[:6])

    def forbidden(self, clusters: dict[int, cluster.Cluster]) -> frozenset[tuple[int, int]]:
        """Pairs of events that the user keeps apart."""
        found = set()
        for (a, b), level in self.split.items():
            if level == "event":
                one, other = folding.placed(self.conn, a), folding.placed(self.conn, b)
                if one is not None and other is not None:
                    found.add((min(one.event, other.event), max(one.event, other.event)))
        return frozenset(pair for pair in found if pair[0] in clusters and pair[1] in clusters)

    def join_by_hand(self, batch: list[Entry]) -> None:
        for entry in batch:
            for other, level in self.joins.get(entry.public_id, ()):
                join(self.store, entry.public_id, other, level)
                self.memory.clusters.clear()
                self.memory.events.clear()


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
        folding.merge_events(conn, kept.event, gone.event, Reason("event", kept.entry, 1.0, 1.0, _YOURS))
    return True
