"""What one call of `fold` remembers between its batches, so that bulk folding does not ask the database
again.

In: entries that wait, and the store. Out: fingerprints, points and postings, each made or read once, and
what stands under the titles of each source. Start reading at `FoldCache`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence

from aggregator import dedupe
from aggregator.cluster import Point
from aggregator.fold.asking import Asker
from aggregator.fold.points import Points, halve
from aggregator.records import dataclass, field
from aggregator.store import Reader, Writer, members, standing, vocabulary
from aggregator.store.members import PendingEntry
from aggregator.store.standing import Part
from aggregator.text.vocabulary import FALLBACK

POSTINGS = 16  # newest stories that one word finds
EDITED = 0.95  # score of a text fold under which the copy is kept to compare with, beside the founder
TELLINGS = 4  # entries that a story is compared by
ENDLESS = 1 << 62
LARGE = 100  # stories: of a larger event only the newest are clustered again, the others stay with it
AWAKE = 1_000  # points from which on they are packed after a batch
CACHE = 7_000  # stories kept in memory, and as many times eight words
CHARACTERS = 5_000_000  # of their texts: of long ones fewer are kept


@dataclass(frozen=True, slots=True)
class Known:
    """An entry that a story is known by."""

    entry: PendingEntry
    fingerprint: dedupe.Fingerprint

    @property
    def id(self) -> int:
        return self.entry.id

    def between(self, other: Known) -> dedupe.Between:
        """What lies between two entries, beside what they say."""
        a, b = self.entry, other.entry
        gap = abs(a.published - b.published)
        if a.source != b.source or (a.link_key is not None and a.link_key == b.link_key):
            return dedupe.Between(seconds=gap)
        other_media = bool(a.media and b.media and not a.media & b.media)
        return dedupe.Between(True, gap, other_media, bool(a.image and b.image and a.image != b.image))


@dataclass(slots=True)
class Postings:
    """The newest stories that a word finds, oldest first, and its weight in each."""

    stories: list[int] = field(default_factory=list)
    weights: bytearray = field(default_factory=bytearray)
    # entries later than this look again: stories that were stored before may lie beyond what was loaded
    until: int = ENDLESS


class FoldCache:
    """Loads what it does not know, and forgets the oldest half of what has grown too large."""

    def __init__(self, reader: Reader, titles: dict[str, str]) -> None:
        self._reader, self.titles = reader, titles
        self.asker = Asker()
        self._unread = dedupe.fingerprint("", "")  # like no other
        self.terms: dict[str, Postings] = {}
        self.times: dict[int, int] = {}  # story → time, of all in `terms`
        self.fingerprints: dict[int, list[Known]] = {}  # story → what it is known by
        self.points = Points(AWAKE, 2 * CACHE)
        self.events: dict[int, int] = {}  # story → event
        # times that no story is after, and none that `terms` doesn't find
        self._newest = self._stored = vocabulary.newest_posting(reader)
        self.frequencies: dict[str, int] = {}  # known term → in how many events it was
        self.numbers: dict[str, int] = {}  # word → by which the store knows it
        self.words: dict[int, str] = {}  # and back, of what was loaded
        self.counted: Counter[str] = Counter()  # what is to be added to the stored ones
        self.standing: dict[str, set[int]] = {}  # source → parts of its items that stand

    def bound(self) -> None:
        if len(self.terms) > 8 * CACHE:
            self._forget_terms()
        if len(self.frequencies) > 8 * CACHE:
            self.frequencies.clear()
        if len(self.numbers) > 8 * CACHE:
            self.numbers.clear()
        if len(self.words) > 8 * CACHE:
            self.words.clear()
        halve(self.standing, CACHE)
        halve(self.events, 4 * CACHE)
        halve(self.fingerprints, CACHE)
        halve(self.fingerprints, CHARACTERS, _characters)
        self.points.bound()

    def index(self, story: int, at: int, terms: dict[str, int]) -> None:
        """From now on these words, each with its weight there, find the story."""
        self.times[story] = at
        self._newest = max(self._newest, at)
        for term, weight in terms.items():
            known = self.terms.get(term)
            if known is None:
                known = self.terms[term] = Postings()
            known.stories.append(story)
            known.weights.append(weight)
            if len(known.stories) > 2 * POSTINGS:
                del known.stories[:-POSTINGS], known.weights[:-POSTINGS]

    def load_postings(self, term: str, at: int, reach: int, seen: Container[str]) -> Postings:
        """What a word finds that is not in `terms`, or not for so late an entry. Words that were never `seen`
        before are not looked up, nor where all that is stored so late is in `terms`.
        """
        known = self.terms.get(term)
        if known is not None:
            self._load(known, term, at, reach)
            return known
        known = self.terms[term] = Postings()
        if at - reach <= self._stored and (term in seen or term.startswith("#")):
            self._load(known, term, at, reach)
        return known

    def _sort(self, known: Postings) -> None:
        """In the order of time; the newest stay."""
        by_time = sorted(
            zip(known.stories, known.weights, strict=True), key=lambda one: (self.times[one[0]], one[0])
        )[-2 * POSTINGS :]
        known.stories = [story for story, _ in by_time]
        known.weights = bytearray([weight for _, weight in by_time])

    def _load(self, known: Postings, term: str, at: int, reach: int) -> None:
        """What is stored near this time, beside what is known: news that was loaded for an old entry must not
        hide what is stored since.
        """
        before = dict(zip(known.stories, known.weights, strict=True))
        until = min(at + reach, self._newest)
        for when, story, weight in reversed(
            vocabulary.postings(self._reader, term, at - reach, until, POSTINGS)
        ):
            if story not in before:
                known.stories.append(story)
                known.weights.append(weight)
                self.times[story] = when
        if before:
            self._sort(known)
        known.until = ENDLESS if at + reach >= self._stored else at + reach // 4

    def frequencies_of(self, terms: Iterable[str]) -> dict[str, int]:
        """Of all terms that are stored, among these and those that were asked for before."""
        known = self.frequencies
        missing = [term for term in terms if term not in known]
        known.update(vocabulary.frequencies(self._reader, missing, self.numbers))
        for term in missing if self.counted else ():
            if term in self.counted:
                known[term] = max(0, known.get(term, 0) + self.counted[term])
        return known

    def count(self, added: Mapping[str, int], asked: Container[str]) -> None:
        """These terms were in so many more events; written by `flush`. `asked`: those of which it is known
        whether they are stored.
        """
        known = self.frequencies
        for term, count in added.items():
            if term in known or term in asked:
                known[term] = max(0, known.get(term, 0) + count)
        self.counted.update(added)

    def flush(self, writer: Writer) -> None:
        """Write what was counted."""
        vocabulary.count_terms(writer, self.counted, self.numbers)
        self.counted.clear()

    def fingerprints_of(self, story: int) -> list[Known]:
        known = self.fingerprints.get(story)
        if known is None:
            found = members.tellings(self._reader, story, EDITED, TELLINGS, dedupe.BODY_CHARACTERS)
            known = [Known(entry, self.fingerprint(entry)) for entry in found]
            self.fingerprints[story] = known
        return known

    def fingerprint(self, entry: PendingEntry) -> dedupe.Fingerprint:
        source_title = entry.taken_from or self.titles.get(entry.source, "")
        stands = self.stands(entry.source)
        return self.asker.ask(
            lambda: dedupe.fingerprint(entry.title, entry.text, source_title, stands, entry.language),
            self._unread,
            entry,
        )

    def stands(self, source: str) -> set[int]:
        """The parts of its items that say nothing of them."""
        known = self.standing.get(source)
        if known is None:
            known = self.standing[source] = standing.stands(self._reader, source)
        return known

    def learn(self, batch: Sequence[PendingEntry], writer: Writer) -> None:
        """What stands under several titles of a source, before anything of the batch is compared."""
        by_source: dict[str, list[PendingEntry]] = {}
        for entry in batch:
            by_source.setdefault(entry.source, []).append(entry)
        met: list[tuple[str, int, Part]] = []
        changed = {source for source, group in by_source.items() if self._learn(source, group, met)}
        standing.remember(writer, met)
        if changed:  # what was compared until now held parts that stand
            for story, known in list(self.fingerprints.items()):
                if any(telling.entry.source in changed for telling in known):
                    del self.fingerprints[story]

    def _titles(self, group: Sequence[PendingEntry], seen: Mapping[int, Part]) -> dict[int, str]:
        """Of these entries, and of those that the parts were met with."""
        titles = {entry.id: entry.title for entry in group}
        earlier = {one for part in seen.values() for one in (part.first, part.second) if one}
        titles.update(standing.titles(self._reader, [one for one in earlier if one not in titles]))
        return titles

    def _learn(self, source: str, group: Sequence[PendingEntry], met: list[tuple[str, int, Part]]) -> bool:
        """Whether more stands than before; what is to be remembered goes into `met`."""
        stands = self.stands(source)
        before, changed = len(stands), dict[int, Part]()
        while group:
            parts = {entry.id: dict(dedupe.parts(entry.title, entry.text, stands)) for entry in group}
            more = self._met(source, group, parts, changed)
            stands |= more
            # Behind what stands now there may be more.
            group = [entry for entry in group if not more.isdisjoint(parts[entry.id])]
        met += [(source, part, known) for part, known in changed.items()]
        return len(stands) > before

    def _met(
        self,
        source: str,
        group: Sequence[PendingEntry],
        parts: Mapping[int, Mapping[int, dedupe.Said]],
        changed: dict[int, Part],
    ) -> set[int]:
        """Which of these parts, by entry, stand now. What is known otherwise than before goes into
        `changed`.
        """
        wanted = {part for found in parts.values() for part in found}
        seen = standing.parts(self._reader, source, wanted - changed.keys())
        seen.update((part, changed[part]) for part in wanted & changed.keys())
        titles = self._titles(group, seen)
        more = set[int]()
        for entry in group:
            for part, said in parts[entry.id].items():
                if part not in more and _meet(seen, part, said, entry, titles):
                    changed[part] = seen[part]
                    if seen[part].stands:
                        more.add(part)
        return more

    def points_of(self, stories: Iterable[int]) -> dict[int, Point]:
        """Those that are still there."""
        wanted = list(stories)
        missing = self.points.wake(wanted)
        for story, (at, source, vector, undated) in (
            vocabulary.points(self._reader, missing, self.words).items() if missing else ()
        ):
            self.points[story] = Point(story, at, source, vector, undated)
        return {story: self.points[story] for story in wanted if story in self.points}

    def events_of(self, stories: Iterable[int]) -> dict[int, int]:
        known = self.events
        missing = [story for story in stories if story not in known]
        if missing:
            known.update(members.events_of(self._reader, missing))
        return known

    def stories_of(self, event: int) -> dict[int, Point]:
        """The newest stories of an event, as many as are clustered again."""
        return self.points_of(members.newest_of_event(self._reader, event, LARGE))

    def founder_of(self, story: int) -> int | None:
        """The entry that founded it."""
        known = self.fingerprints.get(story)
        return known[0].id if known else members.founder(self._reader, story)

    def forget_events(self, gone: set[int]) -> None:
        """Which event a story is in, where it is one of these."""
        if gone:
            for story in [story for story, event in self.events.items() if event in gone]:
                del self.events[story]

    def forget_stories(self) -> None:
        """The user's word changed them and their events: one may be gone."""
        self._forget_terms()
        for known in (self.fingerprints, self.points, self.events):
            known.clear()

    def _forget_terms(self) -> None:
        """They are loaded again; every story in a list has a time, so both go together."""
        self.terms.clear()
        self.times.clear()
        self._stored = self._newest


def _characters(story: Iterable[Known]) -> int:
    """Of the texts that a story is known by."""
    return sum(len(known.entry.text) for known in story)


def _told_apart(
    known: Part, entry: PendingEntry, words: tuple[str, ...], titles: Mapping[int, str]
) -> list[bool]:
    """Of each title that the part was met with: whether this entry's is another one, as far as the
    words say.
    """
    language = entry.language or FALLBACK
    earlier = [one for one in (known.first, known.second) if one is not None and one in titles]
    return [dedupe.tells_apart(titles[one], entry.title, words, language) for one in earlier]


def _meet(
    seen: dict[int, Part], part: int, said: dedupe.Said, entry: PendingEntry, titles: Mapping[int, str]
) -> bool:
    """Count this entry's part; whether that changed what is known of it.

    It stands with the second or third title that it says nothing of, as the part says.
    """
    known = seen.get(part)
    if known is None or known.first not in titles:
        seen[part] = Part(entry.id)
        return True
    if entry.id in (known.first, known.second):
        return False
    apart, two = _told_apart(known, entry, said.words, titles), said.titles == 2
    if any(apart) if two else len(apart) > 1 and all(apart):
        known.stands = True
    elif known.second is None and (two or apart == [True]):
        known.second = entry.id
    else:
        return False
    return True
