"""What we know of sources: memory from poll to poll, what their feeds say of themselves, notices, traffic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from aggregator import kinds, urls
from aggregator.model import Feed, ItemMarks, Origin, Source, SourceState, StateChange
from aggregator.records import dataclass
from aggregator.store import rows
from aggregator.store.base import Reader, Row, Store, Writer

NOTICES = 200  # changes of state that are published
_MEMORY = ", ".join(rows.SOURCE_COLUMNS)
_POLLED_BY = {"posts": "'[]'", "hints": "NULL"}  # columns that only the next poll is planned by
_HEALTH = ", ".join(_POLLED_BY.get(column, column) for column in rows.SOURCE_COLUMNS)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests and bytes of one source on one day (days since 1970)."""

    day: int
    source: str
    requests: int
    not_modified: int
    failed: int
    new: int
    wire_bytes: int
    saved_bytes: int


def memories(reader: Reader, ids: Iterable[str] | None = None) -> dict[str, SourceState]:
    """Of every source that was ever polled, or of those of `ids`, by id."""
    query = f"SELECT id, {_MEMORY} FROM source"
    found = reader.rows(query) if ids is None else reader.chosen(f"{query} WHERE id", ids)
    return {row[0]: rows.memory(row[1:]) for row in found}


def healths(reader: Reader) -> dict[str, SourceState]:
    """As `memories`, to be looked at: without `posts` and `hints`, whose reading takes most of the time;
    never to be written back.
    """
    return {row[0]: rows.memory(row[1:]) for row in reader.rows(f"SELECT id, {_HEALTH} FROM source")}


def marks(reader: Reader, ids: Iterable[str]) -> dict[str, ItemMarks]:
    """Of the items of these sources' last documents, where they could be told apart."""
    query = "SELECT id, items_context, items FROM source WHERE items IS NOT NULL AND id"
    return {row[0]: ItemMarks(row[1], row[2]) for row in reader.chosen(query, ids)}


def urls_of(reader: Reader) -> dict[str, str | None]:
    """What each source was polled at, who told something last coming first.

    A source whose URL changed in the config starts without validators.
    """
    return dict(reader.rows("SELECT id, url FROM source ORDER BY last_new DESC, id"))


def has_entries(reader: Reader, source: str) -> bool:
    """Whether any entry of this source is stored."""
    return reader.row("SELECT 1 FROM entry WHERE source = ? LIMIT 1", (source,)) is not None


def rename(store: Store, moves: Mapping[str, str]) -> None:
    """All that is stored of an old id is of its new one from now on; published ids stay.

    `moves`: old → new. A new id has no entries yet, or is an old one too: those go by a name that no id has.
    """
    if not moves:
        return
    with store.transaction() as writer:
        for old, new in moves.items():
            _rename(writer, old, f"~{new}" if new in moves else new)
        for new in moves.values():
            if new in moves:
                _rename(writer, f"~{new}", new)


def _rename(writer: Writer, old: str, new: str) -> None:
    for table in ("source", "traffic"):
        writer.run(f"DELETE FROM {table} WHERE {'id' if table == 'source' else 'source'} = ?", (new,))
    writer.run("UPDATE source SET id = ? WHERE id = ?", (new, old))
    for table in ("entry", "traffic", "state_change"):
        writer.run(f"UPDATE {table} SET source = ? WHERE source = ?", (new, old))


def titles(reader: Reader) -> dict[str, str]:
    """The title of each source: of the config, else as its feed says."""
    return dict(reader.rows("SELECT id, title FROM source"))


def listed(reader: Reader) -> list[Row]:
    """(id, address, title, its page) of each source, as a list of them says it beside what is configured."""
    return reader.rows("SELECT id, url, title, json_extract(feed, '$.link') FROM source ORDER BY id")


def origins(reader: Reader, sources: Sequence[Source]) -> Mapping[str, Origin]:
    """How readers see each source; sources that left the config but not the store included."""
    stored = {row[0]: row[1:] for row in reader.rows("SELECT id, url, title, feed FROM source")}
    return _Origins(stored, {source.id: source for source in sources})


class _Origins(Mapping[str, Origin]):
    """Each is made when it is asked for: of thousands of sources a few have news."""

    def __init__(self, stored: Mapping[str, Row], configured: Mapping[str, Source]) -> None:
        self._stored, self._configured = stored, configured
        self._made: dict[str, Origin] = {}

    def __getitem__(self, source: str) -> Origin:
        if source not in self._made:
            self._made[source] = self._origin(source)
        return self._made[source]

    def _origin(self, source: str) -> Origin:
        if source not in self._stored:
            return _origin(self._configured[source], "", Feed())
        url, title, feed = self._stored[source]
        return _origin(self._configured.get(source) or kinds.stored(source, url), title, rows.feed(feed))

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self._stored, *self._configured]))

    def __len__(self) -> int:
        return len(self._stored.keys() | self._configured.keys())


def _origin(source: Source, title: str, feed: Feed) -> Origin:
    """`title`: as the store has it."""
    public = kinds.public(source)
    return Origin(
        id=source.id,
        # An id that the config made up names nobody; the host does.
        title=source.title or title or urls.host(feed.link or public or "") or source.id,
        url=public,
        site=feed.link,
        feed_id=_feed_id(feed.id, public, source.id),
        updated=feed.updated or 0,
        icon=feed.icon,
        rights=feed.rights,
        authors=feed.authors,
        language=feed.language,
        extras=feed.extras,
    )


def _feed_id(said: str | None, public: str | None, number: str) -> str:
    """As the source says it, where that is an IRI in its usual form; else the address of the feed."""
    for one in (said, public):
        if one and urls.is_id(one) and (not one.lower().startswith("http") or urls.clean_link(one) == one):
            return one
    return urls.public_id(number, "feed", None)


def last_notices(reader: Reader) -> dict[str, StateChange]:
    """The last change of state of each source that had one."""
    found = reader.rows(
        "SELECT source, title, at, before, state, words FROM state_change "
        "WHERE id IN (SELECT max(id) FROM state_change GROUP BY source)"
    )
    return {row[0]: StateChange(*row) for row in found}


def notices(reader: Reader) -> tuple[StateChange, ...]:
    """The newest changes of state, newest first; of one second in the order of ids, whoever answered
    first.
    """
    found = reader.rows(
        "SELECT source, title, at, before, state, words FROM state_change ORDER BY at DESC, source, id DESC "
        "LIMIT ?",
        (NOTICES,),
    )
    return tuple(StateChange(*row) for row in found)


def traffic(reader: Reader, since_day: int) -> tuple[Traffic, ...]:
    """Each day of each source from `since_day` on."""
    return tuple(
        Traffic(*row)
        for row in reader.rows("SELECT * FROM traffic WHERE day >= ? ORDER BY day, source", (since_day,))
    )


def traffic_since(reader: Reader, day: int) -> tuple[int, int, int, int, int, int]:
    """Of all sources since a day: requests, how many of them found nothing new and how many failed, new
    entries, bytes on the wire and bytes saved.
    """
    columns = ("requests", "not_modified", "failed", "new", "wire_bytes", "saved_bytes")
    sums = ", ".join(f"coalesce(sum({column}), 0)" for column in columns)
    requests, not_modified, failed, new, wire, saved = reader.one(
        f"SELECT {sums} FROM traffic WHERE day >= ?", (day,)
    )
    return requests, not_modified, failed, new, wire, saved


def remember(store: Store, changed: Iterable[tuple[Source, SourceState]]) -> None:
    """Write memories that changed without a poll (a host's pause after a 429, the first poll of one of many
    new sources).
    """
    columns = ", ".join(rows.SOURCE_COLUMNS)
    marks = ", ".join("?" * len(rows.SOURCE_COLUMNS))
    changes = ", ".join(f"{column} = excluded.{column}" for column in rows.SOURCE_COLUMNS)
    query = (
        f"INSERT INTO source (id, url, title, {columns}) VALUES (?, ?, ?, {marks}) ON CONFLICT DO UPDATE SET "
        f"{changes}"
    )
    with store.transaction() as writer:
        writer.run_many(
            query,
            [
                (source.id, kinds.address(source) or None, source.title or "", *rows.memory_row(memory))
                for source, memory in changed
            ],
        )
