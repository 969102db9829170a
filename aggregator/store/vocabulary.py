"""Words: in how many events each was seen, which stories each finds, and the weighted words of a story. SQL
only.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from aggregator.store import rows, standing
from aggregator.store.base import Reader, Store, Writer
from aggregator.store.lookup import numbers_of
from aggregator.store.rows import word_hash


def frequencies(reader: Reader, terms: Iterable[str]) -> dict[str, int]:
    """In how many events each of these words was seen."""
    return dict(reader.chosen("SELECT term, events FROM term WHERE term", terms))


def count_terms(writer: Writer, added: Mapping[str, int]) -> None:
    """Never below none: a user's `split` counts nothing, and what it made may merge again."""
    writer.run_many(
        "INSERT INTO term VALUES (?1, max(0, ?2)) ON CONFLICT DO UPDATE SET events = max(0, events + ?2)",
        sorted(added.items()),
    )


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
        f"SELECT DISTINCT s.event, word.value FROM story s JOIN vector v ON v.story = s.id, {WORDS} word "
        "WHERE s.event"
    )
    return Counter(term for _, term in reader.chosen(query, events))


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
# The words of a row of `vector v`, in SQL, as the column `value`. They are letters and digits: nothing in
# them needs escaping.
WORDS = """json_each(CASE v.words WHEN '' THEN '[]' ELSE '["' || replace(v.words, ' ', '","') || '"]' END)"""


def packed(vector: Mapping[str, float]) -> tuple[str, bytes]:
    """(the words with blanks between them, their weights one by one): two thirds of the bytes of JSON, and of
    the time.
    """
    weights = [int(weight * _SCALE + 0.5) for weight in vector.values()]
    return " ".join(vector), struct.pack(f"<{len(weights)}H", *weights)


def unpacked(words: str, weights: bytes) -> dict[str, float]:
    """What `packed` made."""
    found = struct.unpack(f"<{len(weights) // 2}H", weights)
    return dict(zip(words.split(), [weight / _SCALE for weight in found], strict=True))


def points(reader: Reader, stories: Iterable[int]) -> dict[int, tuple[int, str, dict[str, float], bool]]:
    """Story → (published, source of the entry that founded it or "", vector, whether nobody knows when that
    was new), of those that have a vector.
    """
    query = (
        f"SELECT v.story, s.published, CASE WHEN e.id IS NULL THEN '' ELSE {rows.TELLER} END, v.words, "
        "v.weights, coalesce(e.undated, 0) FROM vector v JOIN story s ON s.id = v.story "
        f"LEFT JOIN entry e ON e.id = {rows.FOUNDER} WHERE v.story"
    )
    return {
        story: (at, source, unpacked(words, weights), bool(undated))
        for story, at, source, words, weights, undated in reader.chosen(query, stories)
    }


def forget_postings_of(writer: Writer, stories: Iterable[int]) -> None:
    """They find these stories no more. A story is found by the dates of its entries."""
    query = (
        "SELECT min(e.published), max(e.published) FROM member m JOIN entry e ON e.id = m.entry "
        "WHERE m.story = ?"
    )
    for story in sorted(stories):
        first, last = writer.one(query, (story,))
        if first is not None:
            writer.run(
                "DELETE FROM posting WHERE period BETWEEN ? AND ? AND story = ?",
                (first // PERIOD, last // PERIOD, story),
            )


def forget_postings(store: Store, before: int) -> None:
    """Postings and vectors beyond every window find nobody any more."""
    with store.transaction() as writer:
        writer.run("DELETE FROM posting WHERE (period, at) < (?, ?)", divmod(before, PERIOD))
        writer.run("DELETE FROM vector WHERE story IN (SELECT id FROM story WHERE published < ?)", (before,))
        standing.forget(writer)
