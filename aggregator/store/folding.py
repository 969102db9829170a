"""The state of the levels of sameness: what waits, words and postings, vectors, members, merges, overrides.
SQL only; `fold` decides.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from aggregator import urls
from aggregator.model import Reason
from aggregator.store import rows, standing
from aggregator.store.base import Reader, Store, Writer
from aggregator.store.entries import drop_empty, mark_event
from aggregator.store.lookup import number

Features = tuple[tuple[str, str], ...]
JOINED: Features = (("yours", "join"),)  # features of a fold that the user made


@dataclass(frozen=True, slots=True)
class Override:
    """A user's word on a fold; `a` and `b` are published ids. A split keeps `a` out of the story or event
    that `b` founded.
    """

    kind: str  # "split" or "join"
    a: str
    b: str
    level: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry that is to be folded, as far as that needs it."""

    id: int
    source: str  # who tells it: `Entry.teller`
    public_id: str
    link: str | None
    link_key: str | None
    title: str
    text: str
    language: str | None
    published: int
    first_seen: int
    changed: int
    enclosures: str  # JSON
    image: str | None
    taken_from: str = ""  # the title of the feed that a planet or aggregator took it from

    @property
    def media(self) -> frozenset[str]:
        """Addresses of its enclosures."""
        return (
            frozenset(row["url"] for row in json.loads(self.enclosures))
            if len(self.enclosures) > 2
            else _NONE
        )


_NONE: frozenset[str] = frozenset()
# `?`: how many characters of the text
_COLUMNS = (
    f"e.id, {rows.TELLER}, e.public_id, e.link, e.link_key, e.title, substr(e.text, 1, ?), e.language, "
    f"e.published, e.first_seen, e.changed, e.enclosures, e.image, {rows.TAKEN_FROM}"
)


def untold(reader: Reader) -> Sequence[int]:
    """All entries that wait, in the order (published, id): it does not matter who answered first."""
    # An array: a million numbers take 8 MB, not 40.
    return array(
        "q",
        (
            row[0]
            for row in reader.rows(
                "SELECT e.id FROM pending_entry u CROSS JOIN entry e ON e.id = u.entry ORDER BY e.published, e.public_id"
            )
        ),
    )


def entries(reader: Reader, numbers: Sequence[int], characters: int) -> list[Waiting]:
    """These entries, in this order; of their texts so many characters."""
    found = {
        row[0]: Waiting(*row)
        for row in reader.chosen(f"SELECT {_COLUMNS} FROM entry e WHERE e.id", numbers, characters)
    }
    return [found[number] for number in numbers]


def waiting(reader: Reader) -> int:
    return int(reader.value("SELECT count(*) FROM pending_entry"))


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
    query = (
        "SELECT s.event FROM entry e JOIN member m ON m.entry = e.id JOIN story s ON s.id = m.story "
        "WHERE e.public_id"
    )
    return {row[0] for row in reader.chosen(query, public_ids)}


def _still_there(reader: Reader, events: Iterable[int]) -> Iterator[int]:
    return (row[0] for row in reader.chosen("SELECT id FROM event WHERE id", events))


def _words_of_events(reader: Reader, events: Iterable[int]) -> Counter[str]:
    """In how many of these events each word is."""
    query = (
        "SELECT DISTINCT s.event, word.key FROM story s JOIN vector v ON v.story = s.id, "
        "json_each(v.terms) word WHERE s.event"
    )
    return Counter(term for _, term in reader.chosen(query, events))


# seconds of postings that stand together: what is written goes to the newest ones, however many there are
PERIOD = 7 * 86_400


def postings(reader: Reader, term: str, since: int, until: int, most: int) -> list[tuple[int, int, int]]:
    """(at, story, weight of the word there) of the newest stories found by this word, newest first."""
    query = "SELECT at, story, weight FROM posting WHERE period = ? AND term = ? AND at BETWEEN ? AND ? ORDER BY at DESC, story DESC LIMIT ?"
    found: list[tuple[int, int, int]] = []
    for period in range(until // PERIOD, since // PERIOD - 1, -1):
        found += reader.rows(query, (period, number(term), since, until, most - len(found)))
        if len(found) >= most:
            break
    return found


def newest_posting(reader: Reader) -> int:
    """A time that no posting is after; 0 where there are none."""
    period, entry = reader.one("SELECT (SELECT max(period) FROM posting), (SELECT max(published) FROM entry)")
    return 0 if period is None or entry is None else min((int(period) + 1) * PERIOD - 1, int(entry))


_SCALE = 10_000  # weights are kept as whole numbers: shorter, and the same on every machine


def _packed(vector: Mapping[str, float]) -> str:
    """As JSON; terms are letters and digits, so nothing in them needs escaping, and this takes a third of the
    time.
    """
    return "{" + ",".join([f'"{term}":{int(weight * _SCALE + 0.5)}' for term, weight in vector.items()]) + "}"


def _unpacked(terms: str) -> dict[str, float]:
    return {term: weight / _SCALE for term, weight in json.loads(terms).items()}


def points(reader: Reader, stories: Iterable[int]) -> dict[int, tuple[int, str, dict[str, float]]]:
    """Story → (published, source of the entry that founded it or "", vector), of those that have a vector."""
    query = (
        f"SELECT v.story, s.published, CASE WHEN e.id IS NULL THEN '' ELSE {rows.TELLER} END, v.terms "
        "FROM vector v JOIN story s ON s.id = v.story LEFT JOIN entry e ON e.public_id = s.public_id WHERE v.story"
    )
    return {
        story: (at, source, _unpacked(terms)) for story, at, source, terms in reader.chosen(query, stories)
    }


def events_of(reader: Reader, stories: Iterable[int]) -> dict[int, int]:
    """Story → event."""
    return dict(reader.chosen("SELECT id, event FROM story WHERE id", stories))


def newest_of_event(reader: Reader, event: int, most: int) -> list[int]:
    """So many stories of an event, the newest first."""
    query = "SELECT id FROM story WHERE event = ? ORDER BY published DESC, id DESC LIMIT ?"
    return [row[0] for row in reader.rows(query, (event, most))]


def tellings(reader: Reader, story: int, below: float, most: int, characters: int) -> list[Waiting]:
    """The founder of a story and its first members that are edited copies (score under `below`) or joined by
    hand; of their texts so many characters.
    """
    query = (
        f"SELECT {_COLUMNS} FROM member m JOIN entry e ON e.id = m.entry JOIN story s ON s.id = m.story "
        "WHERE m.story = ? AND "
        "(e.public_id = s.public_id OR (m.level = 'text' AND (m.score < ? OR m.features = ?))) ORDER BY e.public_id <> s.public_id, e.published, e.public_id LIMIT ?"
    )
    found = reader.rows(query, (characters, story, below, rows.dump(JOINED), most))
    return [Waiting(*row) for row in found]


def same_link(reader: Reader, link_key: str) -> list[tuple[str, int, int | None]]:
    """(source, entry, its story if it has one) of the entries with this canonical link, oldest first."""
    return reader.rows(
        f"SELECT {rows.TELLER}, e.id, m.story FROM entry e LEFT JOIN member m ON m.entry = e.id WHERE e.link_key = ? AND e.kept = 1 "
        "ORDER BY e.published, e.public_id LIMIT 200",
        (link_key,),
    )


def same_page(reader: Reader, link_key: str, title: str) -> list[tuple[str, int, int | None]]:
    """As `same_link`: of the entries with this title whose links differ from this one in nothing but what may
    be tracking (`urls.page`).
    """
    page = urls.page(link_key)
    return reader.rows(
        f"SELECT {rows.TELLER}, e.id, m.story FROM (SELECT id FROM entry WHERE link_key = ?1 AND +title = ?2 UNION ALL "
        "SELECT id FROM entry WHERE instr(link_key, ' ') > 0 AND title = ?2 AND +link_key > ?1 || ' ' AND +link_key < ?1 || '!') "
        "CROSS JOIN entry e USING (id) LEFT JOIN member m ON m.entry = e.id WHERE e.kept = 1 ORDER BY e.published, e.public_id LIMIT 200",
        (page, title),
    )


def founded(reader: Reader, table: str, public_ids: Sequence[str]) -> dict[str, int]:
    """Published id → the story or event (`table`) that has it: entries that come back find what they once
    founded.
    """
    wanted = set(public_ids)
    found = reader.chosen(f"SELECT public_id, id FROM {table} WHERE id_hash", map(number, public_ids))
    return {public_id: known for public_id, known in found if public_id in wanted}


class Additions:
    """New stories, members and postings of one transaction, numbered at once and written together: that is
    three times as fast.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._story, self._event = (
            int(writer.value(f"SELECT coalesce(max(id), 0) FROM {table}")) for table in ("story", "event")
        )
        self.newest_before = self._event  # events of a higher number are new in this transaction
        self._events: list[tuple[int, str, int, int, int]] = []
        self._stories: list[tuple[int, str, int, int, int, int]] = []
        self._vectors: list[tuple[int, str]] = []
        self._members: list[tuple[int, int, str | None, int | None, float, float, str]] = []
        self._postings: list[tuple[int, int, int, int, int]] = []
        self._joined: dict[int, int] = {}  # story → the date of the newest entry that came to it
        self.founded = 0  # events so far

    def story(self, entry: Waiting, vector: Mapping[str, float], event: int | None = None) -> tuple[int, int]:
        """(story, event), both founded by this entry and with its published id; or a story in an event that
        is there.
        """
        self._story += 1
        name = number(entry.public_id)
        if event is None:
            self._event += 1
            self.founded += 1
            event = self._event
            self._events.append((event, entry.public_id, name, entry.published, entry.changed))
        self._stories.append((self._story, entry.public_id, name, event, entry.published, entry.changed))
        self.vector(self._story, vector)
        self._members.append((entry.id, self._story, None, None, 0.0, 0.0, "[]"))
        return self._story, event

    def vector(self, story: int, vector: Mapping[str, float]) -> None:
        self._vectors.append((story, _packed(vector)))

    def member(self, entry: Waiting, story: int, reason: Reason) -> None:
        """Put an entry into a story that is there, which changes what readers see of it."""
        features = rows.dump(reason.features) if reason.features else "[]"
        self._members.append(
            (entry.id, story, reason.level, reason.against, reason.score, reason.threshold, features)
        )
        # By its own date: when it came matters where the story was published without it (`edition`).
        self._joined[story] = max(self._joined.get(story, 0), entry.changed)

    def postings(self, terms: Mapping[str, int], at: int, story: int) -> None:
        """From now on these words, each with its weight there, find the story."""
        period = at // PERIOD
        self._postings += [(period, number(term), at, story, weight) for term, weight in terms.items()]

    def flush(self) -> None:
        writer = self._writer
        # ids that were merged away once and stand again
        writer.run_many("DELETE FROM alias WHERE public_id = ?", [(row[1],) for row in self._events])
        writer.run_many(
            "INSERT INTO event (id, public_id, id_hash, published, changed) VALUES (?, ?, ?, ?, ?)",
            self._events,
        )
        writer.run_many(
            "INSERT INTO story (id, public_id, id_hash, event, published, changed) VALUES (?, ?, ?, ?, ?, ?)",
            self._stories,
        )
        writer.run_many("INSERT OR REPLACE INTO vector VALUES (?, ?)", self._vectors)
        writer.run_many("INSERT OR REPLACE INTO member VALUES (?, ?, ?, ?, ?, ?, ?)", self._members)
        writer.run_many("DELETE FROM pending_entry WHERE entry = ?", [(row[0],) for row in self._members])
        self._postings.sort()  # in the order of the table: neighbours share a page
        writer.run_many("INSERT OR IGNORE INTO posting VALUES (?, ?, ?, ?, ?)", self._postings)
        touch(writer, [(at, story) for story, at in self._joined.items()])
        for found in (
            self._events,
            self._stories,
            self._vectors,
            self._members,
            self._postings,
            self._joined,
        ):
            found.clear()


def touch(writer: Writer, found: list[tuple[int, int]]) -> None:
    """(when, story): readers see a difference there."""
    writer.run_many("UPDATE story SET changed = max(changed, ?), labelled = 0 WHERE id = ?", found)
    writer.run_many(
        "UPDATE event SET changed = max(changed, ?) WHERE id = (SELECT event FROM story WHERE id = ?)", found
    )
    for event in sorted(set(events_of(writer, [story for _, story in found]).values())):
        mark_event(writer, event)


def founder(reader: Reader, story: int) -> int | None:
    """The entry that founded a story; None where it is gone."""
    row = reader.row(
        "SELECT e.id FROM story s JOIN entry e ON e.public_id = s.public_id WHERE s.id = ?", (story,)
    )
    return None if row is None else int(row[0])


def merge_stories(writer: Writer, kept: int, gone: int, reason: Reason) -> None:
    """All entries of one story into another one (a user's `join`)."""
    events = events_of(writer, [kept, gone])
    began = founder(writer, gone)
    mark_event(writer, events[gone])
    _forget_postings_of(writer, [gone])
    changed = writer.value("SELECT max(changed) FROM story WHERE id IN (?, ?)", (kept, gone))
    writer.run("UPDATE member SET story = ? WHERE story = ?", (kept, gone))
    if began is not None:
        writer.run("UPDATE member SET level = 'text', against = ?, score = ?, threshold = ?, features = ? WHERE entry = ?",
                     (reason.against, reason.score, reason.threshold, rows.dump(reason.features), began))  # fmt: skip
    writer.run("UPDATE story SET changed = ?, labelled = 0 WHERE id = ?", (changed, kept))
    drop_empty(writer, [gone])
    mark_event(writer, events[kept])


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an entry stands."""

    entry: int
    story: int
    event: int
    published: int  # of the story


def placed(reader: Reader, public_id: str) -> Placed | None:
    """Of the entry with this published id; None while it waits or where there is none."""
    row = reader.row(
        "SELECT e.id, m.story, s.event, s.published FROM entry e JOIN member m ON m.entry = e.id JOIN story s ON s.id = m.story WHERE e.public_id = ?",
        (public_id,),
    )
    return None if row is None else Placed(*row)


def public_id(reader: Reader, story: int) -> str:
    row = reader.row("SELECT public_id FROM story WHERE id = ?", (story,))
    return str(row[0]) if row else ""


def public_ids(reader: Reader, stories: Iterable[int]) -> dict[int, str]:
    """Story → its published id."""
    return dict(reader.chosen("SELECT id, public_id FROM story WHERE id", stories))


def overrides(reader: Reader) -> tuple[Override, ...]:
    return tuple(
        Override(*row)
        for row in reader.rows("SELECT kind, a, b, level FROM override ORDER BY at, kind, a, b")
    )


def overrides_with_titles(reader: Reader) -> list[tuple[str, str, int, str, str, str, str]]:
    """(kind, level, when, a, b, title of a, title of b), the oldest first; "" for what is no stored entry."""
    title = "coalesce((SELECT title FROM entry WHERE public_id = {}), '')"
    return reader.rows(
        f"SELECT kind, level, at, a, b, {title.format('a')}, {title.format('b')} FROM override "
        "ORDER BY at, kind, a, b"
    )


def remember_override(writer: Writer, override: Override, at: int) -> None:
    writer.run(
        "INSERT OR REPLACE INTO override VALUES (?, ?, ?, ?, ?)",
        (override.kind, override.a, override.b, override.level, at),
    )


def forget_overrides(writer: Writer, kind: str, a: str, b: str | None) -> int:
    """How many there were."""
    if b is None:
        return writer.run("DELETE FROM override WHERE kind = ? AND a = ?", (kind, a))
    return writer.run(
        "DELETE FROM override WHERE kind = ?1 AND ((a = ?2 AND b = ?3) OR (a = ?3 AND b = ?2))", (kind, a, b)
    )


def retract(
    writer: Writer,
    kind: str,
    levels: Collection[str],
    ones: Collection[str],
    others: Collection[str],
) -> None:
    """Forget what the user said before, at these levels, of any of these entries with any of those."""
    doomed = [
        (word.kind, word.a, word.b)
        for word in overrides(writer)
        if word.kind == kind
        and word.level in levels
        and ((word.a in ones and word.b in others) or (word.a in others and word.b in ones))
    ]
    writer.run_many("DELETE FROM override WHERE kind = ? AND a = ? AND b = ?", doomed)


def forget(store: Store, since: int | None) -> int:
    """Unmake the stories published from `since` on (None: all); their entries wait to be folded again.
    Overrides stay.
    """
    least = -(1 << 62) if since is None else since
    with store.transaction() as writer:
        writer.run("INSERT OR IGNORE INTO dirty SELECT DISTINCT topic FROM label")
        writer.run("INSERT OR IGNORE INTO dirty VALUES ('all')")
        writer.run("INSERT OR IGNORE INTO dirty SELECT 'event:' || id FROM event")
        stories = [row[0] for row in writer.rows("SELECT id FROM story WHERE published >= ?", (least,))]
        with _chosen_stories(writer, stories):
            if since is not None:
                _uncount(writer)
            _let_go(writer)
        writer.run("DELETE FROM posting WHERE period >= ? AND at >= ?", (least // PERIOD, least))
        if since is None:
            for table in ("term", "vector", "alias"):
                writer.run(f"DELETE FROM {table}")
            writer.run("DELETE FROM meta WHERE key = 'events seen'")
        # what was told within another item may stand alone now
        writer.run("DELETE FROM archived WHERE number = 0")
        writer.run(
            "INSERT OR IGNORE INTO pending_entry SELECT id FROM entry WHERE kept = 1 AND id NOT IN (SELECT entry FROM member)"
        )
    return waiting(store)


def unmake(writer: Writer, stories: Collection[int]) -> None:
    """These stories alone; their entries wait to be folded again. Inside a transaction."""
    for event in sorted(set(events_of(writer, stories).values())):
        mark_event(writer, event)
    _forget_postings_of(writer, stories)
    with _chosen_stories(writer, stories):
        entries_of = "SELECT entry FROM member WHERE story IN (SELECT story FROM unmade)"
        writer.run(
            "DELETE FROM archived WHERE number = 0 AND public_id IN "
            f"(SELECT public_id FROM entry WHERE id IN ({entries_of}))"
        )
        _uncount(writer)
        _let_go(writer)


def _forget_postings_of(writer: Writer, stories: Iterable[int]) -> None:
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


@contextmanager
def _chosen_stories(writer: Writer, stories: Iterable[int]) -> Iterator[None]:
    """Their numbers as the temporary table `unmade`."""
    writer.run("CREATE TEMP TABLE unmade (story INTEGER PRIMARY KEY)")
    try:
        writer.run_many("INSERT INTO unmade VALUES (?)", [(story,) for story in stories])
        yield
    finally:
        writer.run("DROP TABLE unmade")


def _let_go(writer: Writer) -> None:
    """The entries of the stories in `unmade` wait again, and the stories are gone."""
    of_these = "story IN (SELECT story FROM unmade)"
    writer.run(f"INSERT OR IGNORE INTO pending_entry SELECT entry FROM member WHERE {of_these}")
    writer.run(f"DELETE FROM member WHERE {of_these}")
    drop_empty(writer, [row[0] for row in writer.rows("SELECT story FROM unmade")])


def _uncount(writer: Writer) -> None:
    """Take what only the stories in `unmade` say out of what was counted of their events: it is counted again."""
    these = "(SELECT story FROM unmade)"
    words = (
        "SELECT s.event AS event, word.key AS term FROM story s JOIN vector v ON v.story = s.id, "
        "json_each(v.terms) word WHERE s.id"
    )
    touched = f"SELECT DISTINCT event FROM story WHERE id IN {these}"
    found = writer.rows(
        f"SELECT count(*), term FROM ({words} IN {these} "
        f"EXCEPT {words} NOT IN {these} AND s.event IN ({touched})) GROUP BY term"
    )
    writer.run_many("UPDATE term SET events = max(0, events - ?) WHERE term = ?", found)
    whole = writer.value(
        f"SELECT count(*) FROM ({touched}) t WHERE NOT EXISTS "
        f"(SELECT 1 FROM story s WHERE s.event = t.event AND s.id NOT IN {these})"
    )
    writer.set_meta("events seen", str(max(0, int(writer.meta("events seen") or 0) - whole)))


def forget_postings(store: Store, before: int) -> None:
    """Postings and vectors beyond every window find nobody any more."""
    with store.transaction() as writer:
        writer.run("DELETE FROM posting WHERE period <= ? AND at < ?", (before // PERIOD, before))
        writer.run("DELETE FROM vector WHERE story IN (SELECT id FROM story WHERE published < ?)", (before,))
        standing.forget(writer)
