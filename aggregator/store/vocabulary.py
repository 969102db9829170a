"""Words: in how many events each was seen, which stories each finds, and the weighted words of a story. SQL
only.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from itertools import chain

from aggregator.batches import batches
from aggregator.store import rows, standing
from aggregator.store.base import Reader, Store, Writer
from aggregator.store.lookup import numbers_of
from aggregator.store.rows import word_hash


def frequencies(
    reader: Reader, terms: Iterable[str], numbers: dict[str, int] | None = None
) -> dict[str, int]:
    """In how many events each of these words was seen. Their numbers come into `numbers`."""
    stored = _stored(reader, set(terms))
    if numbers is not None:
        numbers.update((term, number) for term, (number, _) in stored.items())
    return {term: events for term, (_, events) in stored.items() if events >= 0}


def count_terms(writer: Writer, added: Mapping[str, int], known: dict[str, int] | None = None) -> None:
    """Never below none: a user's `split` counts nothing, and what it made may merge again. `known`: as of
    `numbered`.
    """
    numbers = numbered(writer, added, known)
    writer.run_many(
        "UPDATE term SET events = max(0, max(0, events) + ?2) WHERE id = ?1",
        sorted((numbers[term], count) for term, count in added.items()),
    )


_NUMBERS = 1 << 32
_UNSEEN = -1  # events of a word that vectors have and nobody counted


def _stored(reader: Reader, words: Collection[str]) -> dict[str, tuple[int, int]]:
    """Word → (its number, in how many events it was seen), of those that are stored. A word has its hash as
    its number, or where others came first the next one that was free: so there is no index of whole words.
    """
    found: dict[str, tuple[int, int]] = {}
    places = {word: _place(word) for word in words}
    while places:
        query = "SELECT id, term, events FROM term WHERE id"
        there = {row[0]: row[1:] for row in reader.chosen(query, set(places.values()))}
        met = [(word, place, *there[place]) for word, place in places.items() if place in there]
        found |= {word: (place, events) for word, place, term, events in met if term == word}
        places = {word: (place + 1) % _NUMBERS for word, place, term, _ in met if term != word}
    return found


def _place(word: str) -> int:
    """As `id_hash`, without a sign: a row's number takes twice as many bytes where it has one."""
    return int.from_bytes(blake2b(word.encode(), digest_size=4).digest(), "big")


def numbered(writer: Writer, words: Iterable[str], known: dict[str, int] | None = None) -> dict[str, int]:
    """Word → its number; those that have none get one. `known`: of some, to which these are added."""
    numbers = {} if known is None else known
    places = {word: _place(word) for word in sorted(set(words).difference(numbers))}
    while places:
        new = [(place, word, _UNSEEN) for word, place in places.items()]
        if writer.run_many("INSERT OR IGNORE INTO term VALUES (?, ?, ?)", new) == len(new):
            numbers.update(places)
            break
        there: dict[int, str] = dict(writer.chosen("SELECT id, term FROM term WHERE id", places.values()))
        numbers.update((word, place) for word, place in places.items() if there[place] == word)
        places = {word: (place + 1) % _NUMBERS for word, place in places.items() if there[place] != word}
    return numbers


@contextmanager
def recounted(writer: Writer, entries: Iterable[str]) -> Iterator[None]:
    """While the user's word changes events of the entries with these published ids: afterwards each word is
    counted in as many events as it is in. Inside a transaction.
    """
    names = list(entries)
    before = _events_of_entries(writer, names)
    words, seen = _words_of_events(writer, before), len(before)
    yield
    after = before | _events_of_entries(writer, names)
    changed = _words_of_events(writer, after)
    changed.subtract(words)
    count_terms(writer, {term: count for term, count in changed.items() if count})
    left = len(set(_still_there(writer, after)))
    writer.set_meta("events seen", str(max(0, int(writer.meta("events seen") or 0) + left - seen)))


def _events_of_entries(reader: Reader, public_ids: Iterable[str]) -> set[int]:
    query = "SELECT s.event FROM member m JOIN story s ON s.id = m.story WHERE m.entry"
    return {row[0] for row in reader.chosen(query, numbers_of(reader, public_ids).values())}


def _still_there(reader: Reader, events: Iterable[int]) -> Iterator[int]:
    return (row[0] for row in reader.chosen("SELECT id FROM event WHERE id", events))


def _words_of_events(reader: Reader, events: Iterable[int]) -> Counter[str]:
    """In how many of these events each word is."""
    query = (
        f"SELECT DISTINCT s.event, t.term FROM story s JOIN vector v ON v.story = s.id JOIN {WORDS} word "
        "JOIN term t ON t.id = word.value WHERE s.event"
    )
    return Counter(term for _, term in reader.chosen(query, events))


STORIES = 500  # whose postings one statement takes away
# seconds of postings that stand together: what is written goes to the newest ones, however many there are
PERIOD = 7 * 86_400


def postings(reader: Reader, term: str, since: int, until: int, most: int) -> list[tuple[int, int, int]]:
    """(at, story, weight of the word there) of the newest stories found by this word, newest first."""
    query = (
        "SELECT at + ?, story, weight FROM posting WHERE period = ? AND term = ? AND at BETWEEN ? AND ? "
        "ORDER BY at DESC, story DESC LIMIT ?"
    )
    found: list[tuple[int, int, int]] = []
    for period in range(until // PERIOD, since // PERIOD - 1, -1):
        begun = period * PERIOD
        within = (begun, period, word_hash(term), since - begun, until - begun)
        found += reader.rows(query, (*within, most - len(found)))
        if len(found) >= most:
            break
    return found


def newest_posting(reader: Reader) -> int:
    """A time that no posting is after; 0 where there are none."""
    period, entry = reader.one("SELECT (SELECT max(period) FROM posting), (SELECT max(published) FROM entry)")
    return 0 if period is None or entry is None else min((int(period) + 1) * PERIOD - 1, int(entry))


_SCALE = 10_000  # weights are kept as whole numbers: shorter, and the same on every machine
# The numbers of the words of a row of `vector v`, in SQL of a Writer, as the column `value`.
WORDS = "json_each(numbers_in(v.terms))"


def packed(vector: Mapping[str, float], numbers: Mapping[str, int]) -> tuple[bytes, bytes]:
    """(the numbers of the words, their weights one by one): of words a quarter of the bytes that they have
    as text.
    """
    weights = [int(weight * _SCALE + 0.5) for weight in vector.values()]
    terms = struct.pack(f"<{len(vector)}I", *map(numbers.__getitem__, vector))
    return terms, struct.pack(f"<{len(weights)}H", *weights)


def unpacked(terms: bytes, weights: bytes, words: Mapping[int, str]) -> dict[str, float]:
    """What `packed` made. `words`: by their numbers."""
    found = struct.unpack(f"<{len(weights) // 2}H", weights)
    return dict(
        zip([words[one] for one in rows.numbers_in(terms)], [one / _SCALE for one in found], strict=True)
    )


def points(
    reader: Reader, stories: Iterable[int], words: dict[int, str]
) -> dict[int, tuple[int, str, dict[str, float], bool]]:
    """Story → (published, source of the entry that founded it or "", vector, whether nobody knows when that
    was new), of those that have a vector. `words`: by their numbers, as far as they are known; others are
    added.
    """
    query = (
        f"SELECT v.story, s.published, CASE WHEN e.id IS NULL THEN '' ELSE {rows.TELLER} END, v.terms, "
        "v.weights, coalesce(e.undated, 0) FROM vector v JOIN story s ON s.id = v.story "
        f"LEFT JOIN entry e ON e.id = {rows.FOUNDER} WHERE v.story"
    )
    found = list(reader.chosen(query, stories))
    numbers = set(chain.from_iterable(rows.numbers_in(row[3]) for row in found))
    # (`numbers - words.keys()` would go through all that are known, and not through these few.)
    words.update(reader.chosen("SELECT id, term FROM term WHERE id", numbers.difference(words)))
    return {
        story: (at, source, unpacked(terms, weights, words), bool(undated))
        for story, at, source, terms, weights, undated in found
    }


def forget_postings_of(writer: Writer, stories: Iterable[int]) -> None:
    """They find these stories no more. A story is found by the dates of its entries."""
    for some in batches(sorted(stories), STORIES):
        chosen = f"story IN ({','.join('?' * len(some))})"
        first, last = writer.one(
            "SELECT min(e.published), max(e.published) FROM member m JOIN entry e ON e.id = m.entry "
            f"WHERE m.{chosen}",
            some,
        )
        if first is not None:
            writer.run(
                f"DELETE FROM posting WHERE period BETWEEN ? AND ? AND {chosen}",
                (first // PERIOD, last // PERIOD, *some),
            )


def forget_postings(store: Store, before: int) -> None:
    """Postings and vectors beyond every window find nobody any more."""
    with store.transaction() as writer:
        writer.run("DELETE FROM posting WHERE (period, at) < (?, ?)", divmod(before, PERIOD))
        writer.run("DELETE FROM vector WHERE story IN (SELECT id FROM story WHERE published < ?)", (before,))
        standing.forget(writer)
