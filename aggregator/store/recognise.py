"""Which stored entry is this item of a document? By its guid; where guids change, repeat or mean nothing, by
what it says (C4).

Nothing may be lost: an item that only shares a guid or a link with a stored one, and is otherwise about
something else, is new.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from aggregator import urls
from aggregator.model import Entry
from aggregator.text.words import words

_DAY = 20 * 3600  # seconds: what comes daily comes some minutes early, too
_CHUNK = 500  # parameters of one statement
_COLUMNS = "id, key, link_key, title, published, digest, changed, revisions, updated, guid"


@dataclass(frozen=True, slots=True)
class Known:
    """A stored entry, as far as it matters for recognising it again."""

    id: int
    key: str
    link_key: str | None
    title: str
    published: int
    digest: str
    changed: int
    revisions: int
    updated: int | None
    guid: str | None


def recognise(conn: sqlite3.Connection, source: str, entries: Sequence[Entry]) -> dict[str, Known]:
    """By key of the document → the stored entry that it is; who is missing is new."""
    by_key = {row.key: row for row in _select(conn, source, "key", {entry.key for entry in entries})}
    known = {
        entry.key: by_key[entry.key]
        for entry in entries
        if entry.key in by_key and not _another(entry, by_key[entry.key])
    }
    strangers = [entry for entry in entries if entry.key not in known]
    if not strangers:
        return known
    taken = {row.id for row in known.values()}
    links = {entry.link_key for entry in strangers if entry.link_key}
    titles = {entry.title for entry in strangers if not entry.link_key}
    found = [
        *_select(conn, source, "link_key", links),
        *(row for row in _select(conn, source, "title", titles) if row.link_key is None),
    ]
    candidates: dict[str | None, list[Known]] = {}
    for row in found:
        if row.id not in taken:
            candidates.setdefault(row.link_key, []).append(row)
    for same in (_same_words, _same_title, _same_link):
        for entry in strangers:
            near = candidates.get(entry.link_key, [])
            fitting = [row for row in near if same(entry, row)]
            # Only an unambiguous one: a link blog may say many things about one link.
            if entry.key not in known and (len(fitting) == 1 or (fitting and same is _same_words)):
                known[entry.key] = fitting[0]
                near.remove(fitting[0])
    return known


def _another(entry: Entry, row: Known) -> bool:
    """Whether a guid that is no address (`0`, a position in the list, the home page) stands for something
    else now: link, headline and date differ.
    """
    if entry.guid is None or (
        urls.is_id(entry.guid) and not (urls.host(entry.guid) and urls.key(entry.guid) is None)
    ):
        return False
    elsewhere = entry.link_key is None or entry.link_key != row.link_key
    return elsewhere and not _alike(entry.title, row.title) and entry.published != row.published


def _same_words(entry: Entry, row: Known) -> bool:
    return entry.digest == row.digest


def _same_title(entry: Entry, row: Known) -> bool:
    """Without a link only at the same time: "Today's headlines" come every day, and under a guid of their
    own.
    """
    return entry.title == row.title and (
        _same_day(entry, row) if entry.link_key else entry.published in (None, row.published)
    )


def _same_link(entry: Entry, row: Known) -> bool:
    """An edited headline; a column that comes each day under one link has another headline and another date."""
    return entry.link_key is not None and (
        entry.published == row.published or (_alike(entry.title, row.title) and _same_day(entry, row))
    )


def _same_day(entry: Entry, row: Known) -> bool:
    return entry.published is None or abs(entry.published - row.published) < _DAY


def _alike(one: str, other: str) -> bool:
    a, b = set(words(one)), set(words(other))
    return one == other or 2 * len(a & b) > max(len(a), len(b))


def free_key(conn: sqlite3.Connection, source: str, entry: Entry) -> str:
    """The entry's key, or, where another one of its source has it, a longer one."""
    wanted = [
        entry.key,
        f"{entry.key}\n{entry.link_key}\n{entry.title}",
        f"{entry.key}\n{entry.link_key}\n{entry.title}\n{entry.digest}\n{entry.published}",
    ]
    return _first_free(
        lambda key: (
            conn.execute("SELECT 1 FROM entry WHERE source = ? AND key = ?", (source, key)).fetchone() is None
        ),
        wanted,
    )


def free_id(conn: sqlite3.Connection, entry: Entry) -> str:
    """The guid where it can be a published id, else one made from source and key; two entries never share one
    (F14).
    """
    wanted = [
        urls.public_id(entry.source, entry.key, entry.guid),
        urls.public_id(entry.source, entry.key, None),
    ]
    return _first_free(
        lambda name: conn.execute("SELECT 1 FROM entry WHERE public_id = ?", (name,)).fetchone() is None,
        wanted,
        entry.source,
    )


def _first_free(free: Callable[[str], bool], wanted: Sequence[str], *minted: str) -> str:
    for one in wanted:
        if free(one):
            return one
    number = 2
    while not free(one := urls.mint(*minted, wanted[-1], str(number))):
        number += 1
    return one


def _select(
    conn: sqlite3.Connection, source: str, column: str, values: Iterable[str | None]
) -> Iterator[Known]:
    wanted = list(values)
    for start in range(0, len(wanted), _CHUNK):
        part = wanted[start : start + _CHUNK]
        marks = ",".join("?" * len(part))
        for row in conn.execute(
            f"SELECT {_COLUMNS} FROM entry WHERE source = ? AND {column} IN ({marks})", (source, *part)
        ):
            yield Known(*row)
