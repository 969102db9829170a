"""What came in: entries stored as they were said, edits of them, and the poll's outcome, one transaction a
source.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from aggregator import kinds, urls
from aggregator.batches import batches
from aggregator.model import BY_HAND, TEXT, Entry, PollResult, Source, SourceState, StateChange
from aggregator.records import dataclass, replace
from aggregator.store import intents, raw, rows
from aggregator.store.archives import is_edited
from aggregator.store.base import Reader, Store, Writer
from aggregator.store.members import forget_words_of, touch_stories_of, withdraw
from aggregator.store.recognise import (
    StoredItem,
    free_ids,
    is_readdressed,
    recognise,
    said_by_all,
    take_keys,
    with_keys,
)


@dataclass(frozen=True, slots=True)
class Absorbed:
    """What one poll added: numbers of entries."""

    new: int = 0
    updated: int = 0


def absorb(
    store: Store,
    source: Source,
    polled: PollResult,
    complete: Callable[[int], SourceState],
    keep: Callable[[Entry], bool],
    notice: Callable[[SourceState], StateChange | None],
) -> Absorbed:
    """Store one poll's entries with the source's validators, health and next time: all of it or nothing (R2).

    `complete` makes the memory from the number of new entries, `keep` says whether the source's include and
    exclude let an entry through, `notice` makes the notice of a change of state. Entries that are no longer
    in the document stay (C2).
    """
    with store.transaction() as writer:
        absorbed, present = _entries(writer, polled, keep)
        memory = complete(absorbed.new)
        _remember(writer, source, polled, memory)
        if present and polled.failure is None:  # else not all that the document holds was read
            _remember_items(writer, polled, present)
        told = notice(memory)
        if told is not None:
            _note(writer, told)
        _count(writer, source, polled, absorbed)
    return absorbed


def _note(writer: Writer, told: StateChange) -> None:
    writer.run(
        "INSERT INTO state_change (source, title, at, before, state, words) VALUES (?, ?, ?, ?, ?, ?)",
        (told.source, told.title, told.at, told.before, told.state, told.words),
    )
    writer.run("INSERT OR IGNORE INTO dirty VALUES ('sources'), (?)", (f"source-{told.source}",))


def _entries(writer: Writer, polled: PollResult, keep: Callable[[Entry], bool]) -> tuple[Absorbed, list[int]]:
    """What changed, and the numbers of all entries that the document holds."""
    held = _held(writer, polled)
    source, entries = polled.source, polled.entries
    stored = with_keys(writer, source, entries)
    known = recognise(writer, source, entries, stored, {number for number in held if number})
    take_keys(writer, source, entries, stored, known)
    updated = _say_all_again(writer, polled, known, keep)
    strangers = [entry for entry in entries if entry.key not in known]
    is_first = bool(strangers) and _is_first(writer, polled)
    new = _insert(writer, strangers, polled.at, keep, is_first)
    numbers = {key: old.id for key, old in known.items()} | new
    return Absorbed(len(new), updated), _present(held, [numbers[entry.key] for entry in entries])


def _present(held: Sequence[int | None], taken: Sequence[int]) -> list[int]:
    """Numbers of all entries of a document. `taken`: of those that came; `held`: as `_held` has it."""
    others = iter(taken)
    return [number or next(others) for number in held] if held else list(others)


def _say_all_again(
    writer: Writer, polled: PollResult, known: Mapping[str, StoredItem], keep: Callable[[Entry], bool]
) -> int:
    """How many of the known entries read differently now."""
    everywhere = said_by_all(polled.entries)
    updated = 0
    for entry in polled.entries:
        old = known.get(entry.key)
        if old is None or (is_readdressed(entry, old, everywhere) and _reads_alike(writer, old.id, entry)):
            continue
        updated += _say_again(writer, old, entry, polled.at, keep)
    return updated


def _say_again(writer: Writer, old: StoredItem, entry: Entry, at: int, keep: Callable[[Entry], bool]) -> bool:
    """Whether it reads differently now."""
    intent = intents.decide(old, entry.digest, at)
    if intent in ("update", "hold") and _says_the_same(writer, old.id, entry):
        _take_addresses(writer, old.id, entry)
        intent = "leave"
    if intent == "hold":
        _owe(writer, old, entry)
        return False
    if old.revisions >= intents.FREE_EDITS:  # it may have been in debt; what is said now is the last word
        writer.run("DELETE FROM pending_edit WHERE entry = ?", (old.id,))
    if intent == "update":
        _update(writer, old.id, rows.entry_record(entry), entry.raw, at, keep)
        return True
    is_corrected = intents.may_correct(old, at) and _has_other_credits(writer, old.id, entry)
    if is_corrected:
        _update(writer, old.id, rows.entry_record(entry), entry.raw, at, keep, is_edit=False)
    return is_corrected


def _has_other_credits(reader: Reader, number: int, entry: Entry) -> bool:
    """Whether only its authors, categories or picture are others now, which is published, but is no edit
    that readers would be told of.
    """
    said = reader.one("SELECT authors, categories, image FROM entry WHERE id = ?", (number,))
    if said == rows.credits(entry):
        return False
    stored = _stored(reader, number)
    return _credits(stored) != _credits(entry)


def _credits(entry: Entry) -> tuple[object, ...]:
    return entry.authors, frozenset(entry.categories), urls.media_key(entry.image) if entry.image else None


def _reads_alike(reader: Reader, number: int, entry: Entry) -> bool:
    """Whether all that makes an edit (`normal._digest`) is as stored, but for the link and for what signs the
    addresses of media.
    """
    stored = _stored(reader, number)
    return _without_addresses(stored) == _without_addresses(entry)


def _says_the_same(reader: Reader, number: int, entry: Entry) -> bool:
    """… and the link leads to the same page: http became https, a signature was made anew."""
    stored = _stored(reader, number)
    return stored.link_key == entry.link_key and _without_addresses(stored) == _without_addresses(entry)


def _stored(reader: Reader, number: int) -> Entry:
    return rows.entry(reader.one(f"SELECT {rows.SELECT_ENTRY} FROM entry e WHERE e.id = ?", (number,)))


def _without_addresses(entry: Entry) -> tuple[object, ...]:
    told = tuple(value for name, value in entry.extras if name == "telling")
    return (
        entry.title,
        entry.text,
        tuple(urls.media_key(enclosure.url) for enclosure in entry.enclosures),
        told,
    )


def _take_addresses(writer: Writer, number: int, entry: Entry) -> None:
    """No edit, but what signs an address holds for a time: what is published next leads there."""
    record = rows.entry_record(entry)
    columns = ("link", "content", "image", "enclosures", "digest")
    assignments = ", ".join(f"{column} = ?" for column in columns)
    values = (record[column] for column in columns)
    writer.run(f"UPDATE entry SET {assignments} WHERE id = ?", (*values, number))
    packed = raw.packed(entry.raw, entry.title, entry.link, entry.content)
    writer.run("UPDATE raw SET packed = ? WHERE entry = ?", (packed, number))


def _held(reader: Reader, polled: PollResult) -> list[int | None]:
    """For each item of the document the entry that it is known to be, None where it is one of
    `polled.entries`.
    """
    if not polled.held:
        return []
    before: list[int] = rows.load(reader.value("SELECT present FROM source WHERE id = ?", (polled.source,)))
    return [None if place is None else before[place] for place in polled.held]


def _remember_items(writer: Writer, polled: PollResult, present: Sequence[int]) -> None:
    """What the document holds, and by what its items are known again: the two go together, one by one."""
    marks = polled.marks
    if polled.pushed:  # what else the feed holds it does not say
        before: list[int] = rows.load(
            writer.value("SELECT present FROM source WHERE id = ?", (polled.source,)) or "[]"
        )
        present, marks = [*present, *(number for number in before if number not in set(present))], None
    held = rows.dump(present)
    writer.run(
        "INSERT OR IGNORE INTO dirty SELECT 'source-' || id FROM source WHERE id = ? AND present <> ?",
        (polled.source, held),
    )  # its page shows what it holds
    writer.run(
        "UPDATE source SET present = ?1, items = ?3, items_context = ?4 "
        "WHERE id = ?2 AND (present <> ?1 OR items IS NOT ?3 OR items_context IS NOT ?4)",
        (held, polled.source, marks and marks.records, marks and marks.context),
    )


# At the end of each statement the full-text index writes out what it holds, as a segment of its own, to be
# merged later: so many entries in one.
AT_ONCE = 20
_NEW_ENTRIES = f"INSERT INTO entry ({', '.join(rows.ENTRY_COLUMNS)}, kept, undated) VALUES "
_NEW_ENTRY = f"({', '.join('?' * len(rows.ENTRY_COLUMNS))}, ?, ?)"


def _is_first(reader: Reader, polled: PollResult) -> bool:
    """Whether it is the first document of a feed: what it tells may be of any time before. What somebody
    writes by hand, or into a file of stories, is of now.
    """
    if polled.pushed or polled.source == BY_HAND or (polled.feed and polled.feed.format == TEXT):
        return False
    told = reader.value("SELECT last_new FROM source WHERE id = ?", (polled.source,))
    return told is None


def _insert(
    writer: Writer, entries: Sequence[Entry], at: int, keep: Callable[[Entry], bool], is_first: bool
) -> dict[str, int]:
    """Key → number of these new entries. `is_first`: of the first document of their source."""
    numbers: dict[str, int] = {}
    ids: set[str] = set()
    for some in batches(entries, AT_ONCE):
        named = zip(some, free_ids(writer, some, ids), strict=True)
        stored = [_begun(entry, at, public_id) for entry, public_id in named]
        undated = [is_first and entry.published is None for entry in some]
        given = _insert_together(writer, stored, [keep(entry) for entry in stored], undated)
        numbers |= {entry.key: number for entry, number in zip(stored, given, strict=True)}
    return numbers


def _insert_together(
    writer: Writer, stored: Sequence[Entry], kept: Sequence[bool], undated: Sequence[bool]
) -> range:
    """Their numbers. `kept`: which of them the source's include and exclude let through; `undated`: of which
    nobody knows when they were new.
    """
    values = (
        value
        for entry, is_kept, is_undated in zip(stored, kept, undated, strict=True)
        for value in (*rows.entry_row(entry), int(is_kept), int(is_undated))
    )
    last = writer.insert(_NEW_ENTRIES + ", ".join([_NEW_ENTRY] * len(stored)), tuple(values))
    given = range(last - len(stored) + 1, last + 1)  # one more than the largest before, each
    said = (raw.packed(entry.raw, entry.title, entry.link, entry.content) for entry in stored)
    writer.run_many("INSERT INTO raw VALUES (?, ?)", zip(given, said, strict=True))
    waiting = [(number,) for number, is_kept in zip(given, kept, strict=True) if is_kept]
    writer.run_many("INSERT INTO pending_entry VALUES (?)", waiting)
    return given


def _begun(entry: Entry, at: int, public_id: str) -> Entry:
    """As it is stored, for the first time."""
    published = min(entry.published if entry.published is not None else at, at)
    changed = max(published, min(entry.updated or published, at))
    return replace(entry, published=published, first_seen=at, changed=changed, public_id=public_id)


def _owe(writer: Writer, old: StoredItem, entry: Entry) -> None:
    """An edit that comes too soon after others is kept, whatever the server says later; the last one
    counts.
    """
    writer.run(
        "INSERT OR REPLACE INTO pending_edit VALUES (?, ?, ?)",
        (old.id, rows.dump(rows.entry_record(entry)), entry.raw),
    )


def pay(store: Store, at: int, keep: Callable[[Entry], bool]) -> int:
    """Take the held edits whose time has come by `at`; returns how many."""
    with store.transaction() as writer:
        due = [number for number, free_at in _debts(writer) if at >= free_at]
        for number in due:
            record, said = writer.one("SELECT record, raw FROM pending_edit WHERE entry = ?", (number,))
            _update(writer, number, rows.load(record), said, at, keep)
            writer.run("DELETE FROM pending_edit WHERE entry = ?", (number,))
    return len(due)


def debt_due(reader: Reader, at: int) -> bool:
    """Whether a held edit may be taken at `at`."""
    return any(at >= free_at for _, free_at in _debts(reader))


def _debts(reader: Reader) -> Iterator[tuple[int, int]]:
    """(entry, from when on its held edit may be taken)"""
    for number, revisions, changed in reader.rows(
        "SELECT p.entry, e.revisions, e.changed FROM pending_edit p CROSS JOIN entry e ON e.id = p.entry"
    ):
        yield number, intents.free_at(revisions, changed)


# Columns that no edit changes; under which key an item is stored its document says, see `take_keys`.
_STORED_ONCE = ("source", "key", "public_id", "first_seen", "published")


def _update(
    writer: Writer,
    number: int,
    record: Mapping[str, object],
    said: str,
    at: int,
    keep: Callable[[Entry], bool],
    is_edit: bool = True,
) -> None:
    """An entry reads as in `record` (column → value) from now on; its earlier headline is remembered. Only
    where it `is_edit` has it a new date.
    """
    title, changed, kept = writer.one("SELECT title, changed, kept FROM entry WHERE id = ?", (number,))
    if title != record["title"]:
        writer.run("INSERT OR IGNORE INTO revision VALUES (?, ?, ?)", (number, changed, title))
    columns = {column: value for column, value in record.items() if column not in _STORED_ONCE}
    columns["changed"] = max(at, changed) if is_edit else changed
    stored = _revised(writer, number, columns)
    packed = raw.packed(said, stored.title, stored.link, stored.content)
    writer.run("UPDATE raw SET packed = ? WHERE entry = ?", (packed, number))
    is_kept = keep(stored)
    if not is_kept:
        forget_words_of(writer, [number])
    set_kept(writer, number, bool(kept), is_kept)
    touch_stories_of(writer, [number], stored.changed)
    is_edited(writer, number)


def _revised(writer: Writer, number: int, columns: Mapping[str, object]) -> Entry:
    """Once more, as it is stored with these columns."""
    assignments = ", ".join(f"{column} = ?" for column in columns)
    writer.run(
        f"UPDATE entry SET {assignments}, revisions = revisions + 1 WHERE id = ?", (*columns.values(), number)
    )
    return _stored(writer, number)


def set_kept(writer: Writer, number: int, before: bool, after: bool) -> None:
    """An entry that the source's include and exclude let through now, or no longer."""
    if before == after:
        return
    writer.run("UPDATE entry SET kept = ? WHERE id = ?", (int(after), number))
    if after:
        writer.run("INSERT OR IGNORE INTO pending_entry VALUES (?)", (number,))
    else:
        withdraw(writer, number)


def _remember(writer: Writer, source: Source, polled: PollResult, memory: SourceState) -> None:
    feed = polled.feed
    title = source.title or (feed.title if feed else "")
    columns = ", ".join(rows.SOURCE_COLUMNS)
    marks = ", ".join("?" * len(rows.SOURCE_COLUMNS))
    changes = ", ".join(f"{column} = excluded.{column}" for column in rows.SOURCE_COLUMNS)
    writer.run(
        f"INSERT INTO source (id, url, title, feed, {columns}) VALUES (?, ?, ?, ?, {marks}) ON CONFLICT DO "
        f"UPDATE SET {changes}, "
        "url = excluded.url, title = CASE excluded.title WHEN '' THEN title ELSE excluded.title END, feed = "
        "coalesce(excluded.feed, feed)",
        (
            source.id,
            kinds.address(source) or None,
            title,
            rows.feed_json(feed) if feed else None,
            *rows.memory_row(memory),
        ),
    )


def _count(writer: Writer, source: Source, polled: PollResult, absorbed: Absorbed) -> None:
    remote = kinds.of(source).remote and not polled.pushed
    writer.run(
        "INSERT INTO traffic VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET requests = requests + "
        "excluded.requests, "
        "not_modified = not_modified + excluded.not_modified, failed = failed + excluded.failed, new = new + "
        "excluded.new, "
        "wire_bytes = wire_bytes + excluded.wire_bytes, saved_bytes = saved_bytes + excluded.saved_bytes",
        (
            polled.at // 86_400,
            source.id,
            int(remote),
            int(polled.not_modified and remote),
            int(polled.failure is not None),
            absorbed.new,
            polled.wire_bytes,
            polled.saved_bytes,
        ),
    )


def all_kept(reader: Reader, kept: bool, among: Collection[str] | None = None) -> Iterator[Entry]:
    """Every stored entry that its source's include and exclude let through so far, or every other one; of
    these sources (None: of all).
    """
    query = f"SELECT {rows.SELECT_ENTRY} FROM entry e WHERE e.kept = ?"
    if among is None:
        yield from map(rows.entry, reader.stream(f"{query} ORDER BY e.id", (int(kept),)))
    for source in among or ():
        yield from map(
            rows.entry, reader.stream(f"{query} AND e.source = ? ORDER BY e.id", (int(kept), source))
        )


def tellers(reader: Reader) -> set[str]:
    """Ids of the sources that told what is stored."""
    return set(reader.column("SELECT DISTINCT source FROM entry"))


def keep_again(store: Store, changed: Sequence[tuple[int, bool, bool]]) -> None:
    """(entry, kept before, kept now)"""
    with store.transaction() as writer:
        forget_words_of(writer, [number for number, _, after in changed if not after])
        for number, before, after in changed:
            set_kept(writer, number, before, after)
