"""Entries on their way into stories: their weighted words, and those that they are found by.

In: entries that wait, and what is remembered of those before them. Out: a `New` of each. Start reading at
`look_at`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from itertools import chain

from aggregator import cluster, dedupe
from aggregator.cluster import Vector
from aggregator.fold.cache import FoldCache
from aggregator.model import Reason
from aggregator.records import dataclass, field
from aggregator.store import Reader, Writer, members
from aggregator.store.members import PendingEntry

OWN = 0.3  # power of a word's number in the batch itself: many of these entries will turn out to be one event
MARK = 0.4  # weight of a mark of long texts among words
WEIGHTS = 255  # a word's weight in a posting is a whole number up to this


@dataclass(slots=True)
class New:
    """An entry on its way: what is compared of it."""

    entry: PendingEntry
    fingerprint: dedupe.Fingerprint
    counts: Mapping[str, int]
    language: str
    vector: Vector = field(default_factory=dict)
    series: set[int] = field(default_factory=set)  # stories of which it is another case
    decided: dict[int, Reason] = field(default_factory=dict)  # story → whether it is the text of its founder
    terms: dict[str, int] = field(default_factory=dict)  # those that it is found by, with their weights


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store knows already of some entries: published id → the story or event that it founded once,
    and the numbers of those that may have their link or page in common with others.
    """

    stories: Mapping[str, int]
    events: Mapping[str, int]
    sharing_pages: Set[int]


class Coming:
    """The entries of one batch, and how common their words are."""

    def __init__(self, news: Sequence[New], memory: FoldCache, events_seen: int) -> None:
        self.news, self.events_seen = news, events_seen
        self.by_source = defaultdict[str, list[New]](list)
        for one in news:
            self.by_source[one.entry.source].append(one)
        added = Counter(chain.from_iterable([one.counts for one in news]))
        self.known = memory.frequencies_of(added)  # stored term → in how many events
        worth = {number: round(number**OWN) for number in set(added.values())}
        self.frequencies = {term: self.known.get(term, 0) + worth[number] for term, number in added.items()}
        self._rarities: dict[str, cluster.Rarity] = {}  # by language

    def describe(self, one: New) -> None:
        """Its weighted words, and those that it is found by."""
        one.vector = cluster.weighted(one.counts, self._rarity(one.language))
        one.terms = {
            term: int(one.vector[term] * WEIGHTS + 0.5)
            for term in cluster.index_terms(one.vector, self.frequencies, self.events_seen)
        }
        one.terms.update(dict.fromkeys(dedupe.marks(one.fingerprint), int(MARK * WEIGHTS)))

    def _rarity(self, language: str) -> cluster.Rarity:
        known = self._rarities.get(language)
        if known is None:
            events = self.events_seen + len(self.news)
            known = self._rarities[language] = cluster.Rarity(self.frequencies, events, language)
        return known


def look_at(batch: Sequence[PendingEntry], memory: FoldCache, writer: Writer) -> Coming:
    """What is compared of these entries; what stands under the titles of their sources is learned first."""
    memory.learn(batch, writer)
    news = [_new(entry, memory) for entry in batch]
    return Coming(news, memory, int(writer.meta("events seen") or 0))


def _new(entry: PendingEntry, memory: FoldCache) -> New:
    fingerprint = memory.fingerprint(entry)
    counts = cluster.terms(fingerprint.title, fingerprint.body, fingerprint.language)
    return New(entry, fingerprint, counts, fingerprint.language)


def stored(batch: Sequence[PendingEntry], reader: Reader) -> Stored:
    """Asked for all at once: of most the answer is nothing."""
    ids = [entry.public_id for entry in batch]
    stories, events = (members.founded(reader, table, ids) for table in ("story", "event"))
    return Stored(stories, events, members.may_share_pages(reader, batch))
