"""Entries in stories and stories in events: what a new entry is compared with, and where it goes. SQL only;
`fold` decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from aggregator import urls
from aggregator.model import Reason
from aggregator.records import dataclass
from aggregator.store import rows
from aggregator.store.base import Reader, Writer
from aggregator.store.overrides import JOINED
from aggregator.store.rows import id_hash, word_hash
from aggregator.store.unpublished import mark_event, mark_events
from aggregator.store.vocabulary import PERIOD, forget_postings_of, numbered, packed


class PendingEntry(NamedTuple):
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
    undated: int = 0  # 1: nobody knows when it was new

    @property
    def media(self) -> frozenset[str]:
        """Addresses of its enclosures."""
        return (
            frozenset(row["url"] for row in rows.load(self.enclosures)) if len(self.enclosures) > 2 else _NONE
        )


_NONE: frozenset[str] = frozenset()


# `?`: how many characters of the text
_COLUMNS = (
    f"e.id, {rows.TELLER}, e.public_id, e.link, e.link_key, e.title, substr(e.text, 1, ?), e.language, "
    f"e.published, e.first_seen, e.changed, e.enclosures, e.image, {rows.TAKEN_FROM}, e.undated"
)


def entries(reader: Reader, numbers: Sequence[int], characters: int) -> list[PendingEntry]:
    """These entries, in this order; of their texts so many characters."""
    found = {
        row[0]: PendingEntry(*row)
        for row in reader.chosen(f"SELECT {_COLUMNS} FROM entry e WHERE e.id", numbers, characters)
    }
    return [found[number] for number in numbers]


def events_of(reader: Reader, stories: Iterable[int]) -> dict[int, int]:
    """Story → event."""
    return dict(reader.chosen("SELECT id, event FROM story WHERE id", stories))


def newest_of_event(reader: Reader, event: int, most: int) -> list[int]:
    """So many stories of an event, the newest first."""
    query = "SELECT id FROM story WHERE event = ? ORDER BY published DESC, id DESC LIMIT ?"
    return reader.column(query, (event, most))


def newest_of_source(reader: Reader, source: str, most: int) -> list[int]:
    """So many stories that a source told last, the last one first."""
    query = (
        "SELECT m.story FROM (SELECT id FROM entry WHERE source = ? ORDER BY id DESC LIMIT ?) e "
        "CROSS JOIN member m ON m.entry = e.id"
    )
    return reader.column(query, (source, most))


def tellings(reader: Reader, story: int, below: float, most: int, characters: int) -> list[PendingEntry]:
    """The founder of a story and its first members that are edited copies (score under `below`) or joined by
    hand; of their texts so many characters.
    """
    query = (
        f"SELECT {_COLUMNS} FROM member m JOIN entry e ON e.id = m.entry JOIN story s ON s.id = m.story "
        "WHERE m.story = ? AND "
        "(e.public_id = s.public_id OR (m.level = 'text' AND (m.score < ? OR m.features = ?))) ORDER BY "
        "e.public_id <> s.public_id, e.published, e.public_id LIMIT ?"
    )
    found = reader.rows(query, (characters, story, below, rows.dump(JOINED), most))
    return [PendingEntry(*row) for row in found]


def same_link(reader: Reader, link_key: str) -> list[tuple[str, int, int | None]]:
    """(source, entry, its story if it has one) of the entries with this canonical link, oldest first."""
    return reader.rows(
        f"SELECT {rows.TELLER}, e.id, m.story FROM by_link l CROSS JOIN entry e ON e.id = l.entry "
        "LEFT JOIN member m ON m.entry = e.id "
        "WHERE l.link_hash = id_hash(?1) AND e.link_key = ?1 AND e.kept = 1 "
        "ORDER BY e.published, e.public_id LIMIT 200",
        (link_key,),
    )


def same_page(reader: Reader, link_key: str, title: str) -> list[tuple[str, int, int | None]]:
    """As `same_link`: of the entries with this title whose links differ from this one in nothing but what may
    be tracking (`urls.page_key`).
    """
    page = urls.page_key(link_key)
    return reader.rows(
        f"SELECT {rows.TELLER}, e.id, m.story FROM (SELECT o.id FROM by_link l "
        "CROSS JOIN entry o ON o.id = l.entry "
        "WHERE l.link_hash = id_hash(?1) AND o.link_key = ?1 AND o.title = ?2 "
        "UNION ALL "
        "SELECT id FROM entry WHERE instr(link_key, ' ') > 0 AND title = ?2 AND +link_key > ?1 || ' ' AND "
        "+link_key < ?1 || '!') "
        "CROSS JOIN entry e USING (id) LEFT JOIN member m ON m.entry = e.id WHERE e.kept = 1 ORDER BY "
        "e.published, e.public_id LIMIT 200",
        (page, title),
    )


def founded(reader: Reader, table: str, public_ids: Sequence[str]) -> dict[str, int]:
    """Published id → the story or event (`table`) that has it: entries that come back find what they once
    founded.
    """
    wanted = set(public_ids)
    found = reader.chosen(f"SELECT public_id, id FROM {table} WHERE id_hash", map(id_hash, public_ids))
    return {public_id: known for public_id, known in found if public_id in wanted}


def may_share_pages(reader: Reader, entries: Iterable[PendingEntry]) -> set[int]:
    """Those of which `same_link` or `same_page` may find another entry: asked for many at once, for of most
    the answer is no.
    """
    hashes = {entry.id: id_hash(entry.link_key) for entry in entries if entry.link_key is not None}
    linked = [entry for entry in entries if entry.id in hashes]
    query = "SELECT link_hash FROM by_link WHERE link_hash"
    held = Counter(row[0] for row in reader.chosen(query, set(hashes.values())))
    query = "SELECT title FROM entry WHERE instr(link_key, ' ') > 0 AND title"
    doubtful = {row[0] for row in reader.chosen(query, {entry.title for entry in linked})}
    return {
        entry.id
        for entry in linked
        if held[hashes[entry.id]] > 1
        or urls.page_key(entry.link_key or "") != entry.link_key
        or entry.title in doubtful
    }


class Additions:
    """New stories, members and postings of one transaction, numbered at once and written together: that is
    three times as fast.
    """

    def __init__(self, writer: Writer, numbers: dict[str, int]) -> None:
        """`numbers`: of words, as far as they are known."""
        self._writer, self._numbers = writer, numbers
        self._story, self._event = (
            int(writer.value(f"SELECT coalesce(max(id), 0) FROM {table}")) for table in ("story", "event")
        )
        self.newest_before = self._event  # events of a higher number are new in this transaction
        self._events: list[tuple[int, str, int, int, int]] = []
        self._stories: list[tuple[int, str, int, int, int, int]] = []
        self._vectors: list[tuple[int, Mapping[str, float]]] = []
        self._members: list[tuple[int, int, str | None, int | None, float, float, str]] = []
        self._postings: list[tuple[int, int, int, int, int]] = []
        self._joined: dict[int, int] = {}  # story → the date of the newest entry that came to it
        self.founded = 0  # events so far

    def story(
        self, entry: PendingEntry, vector: Mapping[str, float], event: int | None = None
    ) -> tuple[int, int]:
        """(story, event), both founded by this entry and with its published id; or a story in an event that
        is there.
        """
        self._story += 1
        name = id_hash(entry.public_id)
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
        self._vectors.append((story, vector))

    def member(self, entry: PendingEntry, story: int, reason: Reason) -> None:
        """Put an entry into a story that is there, which changes what readers see of it."""
        features = rows.dump(reason.features) if reason.features else "[]"
        self._members.append(
            (entry.id, story, reason.level, reason.against, reason.score, reason.threshold, features)
        )
        # By its own date: when it came matters where the story was published without it (`edition`).
        self._joined[story] = max(self._joined.get(story, 0), entry.changed)

    def postings(self, terms: Mapping[str, int], at: int, story: int) -> None:
        """From now on these words, each with its weight there, find the story."""
        period, since = divmod(at, PERIOD)
        self._postings += [(period, word_hash(term), since, story, weight) for term, weight in terms.items()]

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
        words = chain.from_iterable(vector for _, vector in self._vectors)
        numbers = numbered(writer, words, self._numbers)
        vectors = [(story, *packed(vector, numbers)) for story, vector in self._vectors]
        writer.run_many("INSERT OR REPLACE INTO vector VALUES (?, ?, ?)", vectors)
        writer.run_many("INSERT OR REPLACE INTO member VALUES (?, ?, ?, ?, ?, ?, ?)", self._members)
        writer.run_many("DELETE FROM pending_entry WHERE entry = ?", [(row[0],) for row in self._members])
        self._postings.sort()  # in the order of the table: neighbours share a page
        writer.run_many("INSERT OR IGNORE INTO posting VALUES (?, ?, ?, ?, ?)", self._postings)
        touch(writer, [(at, story) for story, at in self._joined.items()])
        self._clear()

    def _clear(self) -> None:
        rows = (self._events, self._stories, self._vectors, self._members, self._postings, self._joined)
        for written in rows:
            written.clear()


def touch(writer: Writer, found: list[tuple[int, int]]) -> None:
    """(when, story): readers see a difference there."""
    writer.run_many("UPDATE story SET changed = max(changed, ?), labelled = 0 WHERE id = ?", found)
    writer.run_many(
        "UPDATE event SET changed = max(changed, ?) WHERE id = (SELECT event FROM story WHERE id = ?)", found
    )
    mark_events(writer, sorted(set(events_of(writer, [story for _, story in found]).values())))


def founder(reader: Reader, story: int) -> int | None:
    """The entry that founded a story; None where it is gone."""
    found = reader.value(f"SELECT {rows.FOUNDER} FROM story s WHERE s.id = ?", (story,))
    return None if found is None else int(found)


def _say_why(writer: Writer, entry: int, reason: Reason) -> None:
    """Why an entry that founded a story is told within another one."""
    writer.run(
        "UPDATE member SET level = 'text', against = ?, score = ?, threshold = ?, features = ? WHERE "
        "entry = ?",
        (reason.against, reason.score, reason.threshold, rows.dump(reason.features), entry),
    )


def merge_stories(writer: Writer, kept: int, gone: int, reason: Reason) -> None:
    """All entries of one story into another one (a user's `join`)."""
    events = events_of(writer, [kept, gone])
    began = founder(writer, gone)
    mark_event(writer, events[gone])
    forget_postings_of(writer, [gone])
    changed = writer.value("SELECT max(changed) FROM story WHERE id IN (?, ?)", (kept, gone))
    writer.run("UPDATE member SET story = ? WHERE story = ?", (kept, gone))
    if began is not None:
        _say_why(writer, began, reason)
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
        "SELECT e.id, m.story, s.event, s.published FROM entry e JOIN member m ON m.entry = e.id JOIN story "
        f"s ON s.id = m.story WHERE e.id = {rows.entry_of('?1')}",
        (public_id,),
    )
    return None if row is None else Placed(*row)


def public_id(reader: Reader, story: int) -> str:
    row = reader.row("SELECT public_id FROM story WHERE id = ?", (story,))
    return str(row[0]) if row else ""


def public_ids(reader: Reader, stories: Iterable[int]) -> dict[int, str]:
    """Story → its published id."""
    return dict(reader.chosen("SELECT id, public_id FROM story WHERE id", stories))


def forget_words_of(writer: Writer, leaving: Sequence[int]) -> None:
    """No words find the stories any more that these entries alone are in: to be called before they leave, as
    the numbers of stories that are gone are given anew.
    """
    left = Counter(row[0] for row in writer.chosen("SELECT story FROM member WHERE entry", leaving))
    told = Counter(row[0] for row in writer.chosen("SELECT story FROM member WHERE story", left))
    forget_postings_of(writer, [story for story in left if left[story] == told[story]])


def withdraw(writer: Writer, number: int) -> None:
    """Take an entry out of its story; a story that is empty then goes too."""
    writer.run("DELETE FROM pending_entry WHERE entry = ?", (number,))
    row = writer.row(
        "SELECT m.story, s.event FROM member m JOIN story s ON s.id = m.story WHERE m.entry = ?", (number,)
    )
    if row is None:
        return
    touch_stories_of(writer, [number], None)
    writer.run("DELETE FROM member WHERE entry = ?", (number,))
    drop_empty(writer, [row[0]])


def drop_empty(writer: Writer, stories: Iterable[int]) -> None:
    """Remove those stories that have no entry any more, and events that have no story."""
    for story in stories:
        if writer.row("SELECT 1 FROM member WHERE story = ?", (story,)):
            continue
        found = writer.row("SELECT event FROM story WHERE id = ?", (story,))
        writer.run("DELETE FROM story WHERE id = ?", (story,))
        if found and not writer.row("SELECT 1 FROM story WHERE event = ?", found):
            writer.run("DELETE FROM alias WHERE now = (SELECT public_id FROM event WHERE id = ?)", found)
            writer.run("DELETE FROM event WHERE id = ?", found)


def touch_stories_of(writer: Writer, entries: Sequence[int], at: int | None) -> None:
    """Their stories read differently now: label and print them again. `at` None: without a new date."""
    for entry in entries:
        row = writer.row(
            "SELECT m.story, s.event FROM member m JOIN story s ON s.id = m.story WHERE m.entry = ?",
            (entry,),
        )
        if row is None:
            continue
        story, event = row
        writer.run("UPDATE story SET changed = max(changed, ?), labelled = 0 WHERE id = ?", (at or 0, story))
        writer.run("UPDATE event SET changed = max(changed, ?) WHERE id = ?", (at or 0, event))
        mark_event(writer, event)
