"""Which items of a document are as they were in the last one of its source, and the document without them.

feedparser is the only one that says what an item is; here bytes are compared, after everything that mends
them. An item may be left out where nothing that another part of the document says could make it another
entry. Where that is not certain, the whole document is read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any
from xml.parsers import expat

from aggregator import __version__
from aggregator.model import Entry, Feed, ItemMarks
from aggregator.records import dataclass

VERSION = 3  # to be raised when the same bytes of an item become another entry than before
_NAMES = frozenset({"item", "entry"})
_RECORD = struct.Struct(">8s8s?")  # of an item: its bytes, its entry's key, whether it has a date


@dataclass(frozen=True, slots=True)
class Outline:
    """Of a well-formed document: where its items are, and what holds them."""

    spans: tuple[tuple[int, int], ...]  # from the first byte of an item to the one behind it
    frame: str  # the elements around the items, with their attributes and namespaces
    depth: int  # the most elements that are open at once
    attributes: int  # the most that an element has


@dataclass(frozen=True, slots=True)
class Part:
    """A document without the items that it shares with the one before."""

    text: bytes
    new: tuple[tuple[int, int], ...]  # spans, in the whole document, of the items that are in `text`
    # for each item of the whole document its place in the one before, None where it is new
    held: tuple[int | None, ...]
    before: ItemMarks


class _Doubt(Exception):
    """Items can't be told apart with certainty."""


def outline(body: bytes) -> Outline | None:
    """None where the document is not well-formed, or items can't be told apart: one within another, in
    several lists, under prefixes that mean different things in different places.
    """
    scan = _Scan()
    try:
        scan.parser.Parse(body, True)
        spans = tuple(scan.spans_in(body))
    except (expat.ExpatError, _Doubt):
        return None
    frame = repr((scan.frame, sorted(scan.prefixes.items())))
    return Outline(spans, frame, scan.deepest, scan.most_attributes)


class _Scan:
    """One pass of expat, which knows namespaces: an undeclared prefix is an error."""

    def __init__(self) -> None:
        self.parser = parser = expat.ParserCreate("utf-8", " ")
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.StartNamespaceDeclHandler = self._declare
        parser.StartDoctypeDeclHandler = self._doubt
        self.frame: list[Any] = []
        self.deepest = self.most_attributes = 0
        self._open: list[tuple[str, list[tuple[str, str]]]] = []  # outside of items
        self._bounds: list[tuple[int, int]] = []  # first byte of the start tag, of the end tag
        self._depth = self._item = self._begin = 0
        self.prefixes: dict[str, str | None] = {}  # declared outside of items, and what they mean
        self._meanings: dict[str, str | None] = {}

    def spans_in(self, body: bytes) -> Iterator[tuple[int, int]]:
        for begin, end in self._bounds:
            if begin == end:
                raise _Doubt  # <item/>
            yield begin, body.index(b">", end) + 1

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > self.deepest:
            self.deepest = self._depth
        if len(attributes) > self.most_attributes:
            self.most_attributes = len(attributes)
        is_item = name.rpartition(" ")[2].lower() in _NAMES
        if self._item:
            if is_item:
                raise _Doubt
        elif is_item:
            self._item, self._begin = self._depth, self.parser.CurrentByteIndex
            around = [self._open[:], name]
            if self._bounds and around != self.frame:
                raise _Doubt
            self.frame = around
        else:
            self._open.append((name, sorted(attributes.items())))

    def _end(self, name: str) -> None:
        if self._depth == self._item:
            self._bounds.append((self._begin, self.parser.CurrentByteIndex))
            self._item = 0
        elif not self._item:
            self._open.pop()
        self._depth -= 1

    def _declare(self, prefix: str | None, address: str | None) -> None:
        """feedparser forgets no prefix at the end of its element."""
        if prefix is None:
            return
        if self._meanings.setdefault(prefix, address) != address:
            raise _Doubt
        if not self._item:
            self.prefixes[prefix] = address

    def _doubt(self, *_: object) -> None:
        raise _Doubt


def context(feed: Feed, address: str, orders: frozenset[str], outline: Outline) -> str:
    """Of all but its own bytes that decides what an item becomes: what the feed says of all of its items,
    where its links start from, how its dates are written, this program.
    """
    said = (feed.format, feed.link, feed.self_link, feed.authors, feed.language, feed.extras)
    by_us = (__version__, VERSION, expat.EXPAT_VERSION)
    return blake2b(
        repr((by_us, said, address, sorted(orders), outline.frame)).encode(), digest_size=16
    ).hexdigest()


def marks(
    text: bytes, spans: Sequence[tuple[int, int]], entries: Sequence[Entry], context: str
) -> ItemMarks | None:
    """By what these items are known again, which were read as these entries; None where the two are not one
    to one, or several items share what identifies them.
    """
    keys = [entry.key for entry in entries]
    if len(spans) != len(keys) or len(set(keys)) != len(keys) or any("\n" in key for key in keys):
        return None
    items = [text[start:end] for start, end in spans]
    records = [_record(item, entry) for item, entry in zip(items, entries, strict=True)]
    return ItemMarks(context, b"".join(records))


def _record(item: bytes, entry: Entry) -> bytes:
    key = entry.key.encode("utf-8", "replace")
    return _RECORD.pack(_digest(item), _digest(key), entry.published is not None)


def part(text: bytes, outline: Outline, before: ItemMarks) -> Part | None:
    """The document without what is known of `before`; None where nothing is, or something is there twice."""
    places = {record[0]: place for place, record in enumerate(_RECORD.iter_unpack(before.records))}
    held = tuple(places.get(_digest(text[start:end])) for start, end in outline.spans)
    known = [place for place in held if place is not None]
    if not known or len(set(known)) != len(known):
        return None
    spans = list(zip(outline.spans, held, strict=True))
    new = tuple(span for span, place in spans if place is None)
    return Part(_without(text, (span for span, place in spans if place is not None)), new, held, before)


def _without(text: bytes, spans: Iterable[tuple[int, int]]) -> bytes:
    """The document without what stands there; `spans` in their order."""
    pieces, at = [], 0
    for start, end in spans:
        pieces.append(text[at:start])
        at = end
    return b"".join([*pieces, text[at:]])


def joined(part: Part, new: ItemMarks) -> ItemMarks | None:
    """The marks of the whole document; None where an old and a new item share what identifies them, or the
    old ones may have become something else, because what surrounds them has.
    """
    if new.context != part.before.context:
        return None
    old, others = [*_RECORD.iter_unpack(part.before.records)], _RECORD.iter_unpack(new.records)
    records = [next(others) if place is None else old[place] for place in part.held]
    if len({key for _, key, _ in records}) != len(records):
        return None
    return ItemMarks(new.context, b"".join(_RECORD.pack(*record) for record in records))


def count(items: ItemMarks) -> int:
    return len(items.records) // _RECORD.size


def dated(items: ItemMarks) -> bool:
    """Whether any of them has a date."""
    return any(has_date for *_, has_date in _RECORD.iter_unpack(items.records))


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=8).digest()
