"""Entries and what is known of sources, as rows and back. Pure; the only place that knows the columns."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from functools import lru_cache
from hashlib import blake2b
from typing import Any, TypeVar

from aggregator.errors import StoreError
from aggregator.model import (
    Category,
    Enclosure,
    Entry,
    Failure,
    Feed,
    Person,
    PollHints,
    Redirect,
    SourceState,
)

ENTRY_COLUMNS = (
    "source",
    "key",
    "guid",
    "link",
    "link_key",
    "title",
    "summary",
    "text",
    "content",
    "language",
    "published",
    "updated",
    "authors",
    "categories",
    "enclosures",
    "image",
    "comments",
    "rights",
    "extras",
    "digest",
    "public_id",
    "first_seen",
    "changed",
)
SELECT_ENTRY = "e.id, " + ", ".join(f"e.{column}" for column in ENTRY_COLUMNS)
WIDTH = len(ENTRY_COLUMNS) + 1
# `Entry.teller` of a row of `entry e`, and the title of the feed that it was taken from ("": not taken from
# one).
TELLER, TAKEN_FROM = (
    f"CASE WHEN instr(e.extras, '[\"origin:') = 0 THEN {otherwise} ELSE coalesce((SELECT "
    "json_extract(extra.value, '$[1]') "
    f"FROM json_each(e.extras) extra WHERE json_extract(extra.value, '$[0]') IN ({names}) "
    f"ORDER BY json_extract(extra.value, '$[0]') LIMIT 1), {otherwise}) END"
    for otherwise, names in (("e.source", "'origin:id', 'origin:title'"), ("''", "'origin:title'"))
)
# How many others tell it too, as the aggregator says that it was taken from.
TOLD_BY_OTHERS = "(length(e.extras) - length(replace(e.extras, '[\"telling\"', ''))) / 10"
# Whether it says who else tells it (index `entry_reporting`), and from whom it was taken.
REPORTS_OTHERS, IS_TAKEN = (f"instr(e.extras, '[\"{name}') > 0" for name in ('telling"', "origin:"))

SHOWN = 60  # characters of what is damaged
_T = TypeVar("_T")
_decoded = json.JSONDecoder().raw_decode
_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def dump(value: Any) -> str:
    return _encoded(value)


def load(text: str) -> Any:
    """What `dump` wrote, without a look for blanks around it: of 10,000 sources that is half of the time.

    Raises StoreError where it is no JSON any more: what is within a page SQLite can't tell to be damaged.
    """
    try:
        value, end = _decoded(text)
    except ValueError:
        raise _damaged(text) from None
    if end != len(text):
        raise _damaged(text)
    return value


def _loaded(kind: Callable[..., _T], record: Any) -> _T:
    """What was written of a value of this kind."""
    try:
        return kind(**record)
    except TypeError:
        raise _damaged(record) from None


def _damaged(found: object) -> StoreError:
    shown = str(found) if len(str(found)) <= SHOWN else f"{str(found)[:SHOWN]}…"
    return StoreError(
        f"the database is damaged: it holds {shown!r}, which was not written so; restore a backup: "
        "`aggregator restore FILE`; published files stay"
    )


def _records(values: Sequence[Any]) -> str:
    """A tuple of small dataclasses of plain values as JSON; what is None is left out."""
    if not values:
        return "[]"
    names = [field.name for field in fields(values[0])]
    return dump(
        [{name: known for name in names if (known := getattr(value, name)) is not None} for value in values]
    )


def entry_row(entry: Entry) -> tuple[object, ...]:
    """In the order of `ENTRY_COLUMNS`."""
    return (
        entry.source,
        entry.key,
        entry.guid,
        entry.link,
        entry.link_key,
        entry.title,
        entry.summary,
        entry.text,
        entry.content,
        entry.language,
        entry.published,
        entry.updated,
        _records(entry.authors),
        _records(entry.categories),
        _records(entry.enclosures),
        entry.image,
        entry.comments,
        entry.rights,
        dump(entry.extras) if entry.extras else "[]",
        entry.digest,
        entry.public_id,
        entry.first_seen,
        entry.changed,
    )


def credits(entry: Entry) -> tuple[object, ...]:
    """The columns `authors`, `categories` and `image`."""
    return _records(entry.authors), _records(entry.categories), entry.image


def entry_record(entry: Entry) -> dict[str, object]:
    """Column → value."""
    return dict(zip(ENTRY_COLUMNS, entry_row(entry), strict=True))


def entry(row: Sequence[Any]) -> Entry:
    """From a row of `SELECT_ENTRY`; `raw` stays in the database."""
    return Entry(
        id=row[0],
        source=row[1],
        key=row[2],
        guid=row[3],
        link=row[4],
        link_key=row[5],
        title=row[6],
        summary=row[7],
        text=row[8],
        content=row[9],
        language=row[10],
        published=row[11],
        updated=row[12],
        authors=() if row[13] == "[]" else _people(row[13]),
        categories=() if row[14] == "[]" else _categories(row[14]),
        enclosures=() if row[15] == "[]" else _all(row[15], Enclosure),
        image=row[16],
        comments=row[17],
        rights=row[18],
        extras=() if row[19] == "[]" else tuple((name, value) for name, value in load(row[19])),
        digest=row[20],
        public_id=row[21],
        first_seen=row[22],
        changed=row[23],
    )


def _all(text: str, kind: Any) -> tuple[Any, ...]:
    return tuple([_loaded(kind, record) for record in load(text)])


@lru_cache(maxsize=1000)  # the same from entry to entry of a source
def _people(text: str) -> tuple[Person, ...]:
    return _all(text, Person)


@lru_cache(maxsize=1000)
def _categories(text: str) -> tuple[Category, ...]:
    return _all(text, Category)


SOURCE_COLUMNS = (
    "state",
    "state_since",
    "polled",
    "succeeded",
    "last_new",
    "next_poll",
    "not_before",
    "why",
    "failures",
    "failing_since",
    "failure",
    "etag",
    "last_modified",
    "body_hash",
    "posts",
    "moved",
    "body_bytes",
    "hints",
)


_HINTS = tuple(field.name for field in fields(PollHints))
_NO_HINTS = PollHints()


def memory_row(memory: SourceState) -> tuple[object, ...]:
    """In the order of `SOURCE_COLUMNS`."""
    return (
        memory.state,
        memory.state_since,
        memory.polled,
        memory.succeeded,
        memory.last_new,
        memory.next_poll,
        memory.not_before,
        memory.why,
        memory.failures,
        memory.failing_since,
        None if memory.failure is None else dump(asdict(memory.failure)),
        memory.etag,
        memory.last_modified,
        memory.body_hash,
        dump(memory.posts),
        None if memory.moved is None else dump(asdict(memory.moved)),
        memory.body_bytes,
        dump({name: getattr(memory.hints, name) for name in _HINTS}),
    )


def memory(row: Sequence[Any]) -> SourceState:
    """From a row of `SOURCE_COLUMNS`."""
    return SourceState(
        state=row[0],
        state_since=row[1],
        polled=row[2],
        succeeded=row[3],
        last_new=row[4],
        next_poll=row[5],
        not_before=row[6],
        why=row[7],
        failures=row[8],
        failing_since=row[9],
        failure=None if row[10] is None else _loaded(Failure, load(row[10])),
        etag=row[11],
        last_modified=row[12],
        body_hash=row[13],
        posts=() if row[14] == "[]" else tuple(load(row[14])),
        moved=None if row[15] is None else _loaded(Redirect, load(row[15])),
        body_bytes=row[16],
        hints=_NO_HINTS if row[17] is None else _hints(load(row[17])),
    )


def feed_json(feed: Feed) -> str:
    return dump(asdict(feed))


def feed(text: str | None) -> Feed:
    if text is None:
        return Feed()
    record = load(text)
    record["authors"] = tuple(Person(**person) for person in record["authors"])
    record["hints"] = _hints(record["hints"])
    record["extras"] = tuple((name, value) for name, value in record.get("extras", ()))
    return Feed(**record)


def _hints(record: dict[str, Any]) -> PollHints:
    return PollHints(
        record["ttl"],
        record["update_period"],
        tuple(record["skip_hours"]),
        tuple(record["skip_days"]),
        record.get("fresh"),
        record.get("answered_at"),
        record.get("hub"),
        record.get("topic"),
    )


def id_hash(text: str) -> int:
    """What indexes know an id, a key or a link by: a few bytes instead of all of it. Two texts may have the
    same; nobody makes thousands that do, as with a sum that is easy to steer.
    """
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big", signed=True)


def numbers_in(terms: bytes) -> tuple[int, ...]:
    """Of the words of a vector, in their order."""
    return struct.unpack(f"<{len(terms) // 4}I", terms)


def word_hash(word: str) -> int:
    """What postings know a word by."""
    return zlib.crc32(word.encode()) - (1 << 31)  # four bytes of SQLite; without a sign half of them take six


def entry_of(public_id: str, hashed: str | None = None) -> str:
    """SQL: the number of the entry with this published id, an expression; `hashed`: where its hash is known
    already.
    """
    return (
        "(SELECT i.entry FROM by_id i CROSS JOIN entry named ON named.id = i.entry "
        f"WHERE i.id_hash = {hashed or f'id_hash({public_id})'} AND named.public_id = {public_id})"
    )


FOUNDER = entry_of("s.public_id", "s.id_hash")  # of `story s`
