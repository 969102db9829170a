"""Items that a document shares with the one before it are not read again, and nothing comes out otherwise for it."""

from __future__ import annotations

import csv
import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.model import Entry, FetchResult, ItemMarks, Limits, ParseResult, Source
from aggregator.parse import LITTLE, body, parse, parse_little, reduce
from aggregator.parse.body import SHALLOW

AT = 1_790_000_000
ADDRESS = "https://n.example/feed"
SOURCE = Source("s", url=ADDRESS)
CORPUS = Path(
    os.environ.get("AGGREGATOR_CORPUS") or Path(__file__).parent.parent.parent / "shared" / "corpus"
)


def fetched(text: bytes, address: str = ADDRESS) -> FetchResult:
    return FetchResult(address, AT, 200, (), text)


def whole(text: bytes, address: str = ADDRESS) -> ParseResult:
    return parse(SOURCE, fetched(text, address), Limits())


def after(text: bytes, before: ParseResult, address: str = ADDRESS) -> ParseResult:
    """The document as read where `before` is known of the source."""
    return parse(SOURCE, fetched(text, address), Limits(), before=before.marks)


def put_together(before: ParseResult, found: ParseResult) -> list[Entry]:
    """All entries of a document of which only a part was read."""
    if not found.held:
        return list(found.entries)
    new = iter(found.entries)
    made = [next(new) if place is None else before.entries[place] for place in found.held]
    assert next(new, None) is None
    return made


def without(text: bytes, gone: set[int]) -> bytes:
    """The document without these items."""
    outline = reduce.outline(text)
    assert outline is not None
    kept, at = [], 0
    for number, (start, end) in enumerate(outline.spans):
        if number in gone:
            kept.append(text[at:start])
            at = end
    return b"".join([*kept, text[at:]])


def comparable(entries: list[Entry]) -> list[Entry]:
    """`retrieved`-like times of the poll are the poll's."""
    return [dataclasses.replace(entry, first_seen=0, changed=0) for entry in entries]


def rss(*items: str, head: str = "", root: str = "") -> bytes:
    inner = "".join(f"<item>{item}</item>" for item in items)
    return f'<rss version="2.0"{root}><channel><title>News</title><link>https://n.example/</link>{head}{inner}</channel></rss>'.encode()


def item(name: str, more: str = "") -> str:
    return f"<guid>{name}</guid><title>About {name}</title><link>https://n.example/{name}</link>{more}"


def atom(*entries: str, head: str = "") -> bytes:
    inner = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title>{head}{inner}</feed>'.encode()


def attributes(number: int) -> str:
    return "<a {}/>".format(" ".join(f'b{n}=""' for n in range(number)))


A, B, C = item("a"), item("b"), item("c")
A2, B2 = "<id>urn:a</id><title>About a</title>", "<id>urn:b</id><title>About b</title>"
DATED = "<pubDate>Tue, 03 Feb 2026 10:00:00 GMT</pubDate>"
MEDIA = ' xmlns:media="http://search.yahoo.com/mrss/"'


@pytest.mark.parametrize(
    ("name", "before", "now", "read"),
    [
        ("nothing new", rss(A, B), rss(A, B), 0),
        ("one new, on top", rss(A, B), rss(C, A, B), 1),
        ("one new, at the end", rss(A, B), rss(A, B, C), 1),
        ("one gone", rss(A, B, C), rss(C, A), 0),
        ("one changed", rss(A, B), rss(A, item("b", "<description>More</description>")), 1),
        ("another order", rss(A, B, C), rss(C, B, A), 0),
        ("all new", rss(A), rss(B, C), 2),
        ("a blank in an item", rss(A, B), rss(A, B + " "), 1),
        (
            "a new date of the channel",
            rss(A, B, head="<pubDate>x</pubDate>"),
            rss(C, A, B, head="<pubDate>y</pubDate>"),
            1,
        ),
        ("the language of all", rss(A, B), rss(A, B, head="<language>de</language>"), 2),
        (
            "the link of all",
            rss(A, B),
            rss(A, B).replace(b"<link>https://n.example/</link>", b"<link>https://m.example/</link>", 1),
            2,
        ),
        (
            "who answers for all, who wrote none",
            rss(A, B),
            rss(A, B, head="<managingEditor>a@n.example (A)</managingEditor>"),
            0,
        ),
        (
            "an author of all",
            atom(A2, head="<author><name>A</name></author>"),
            atom(A2, B2, head="<author><name>B</name></author>"),
            2,
        ),
        (
            "what a prefix means",
            rss(item("a", "<m:x>y</m:x>"), root=' xmlns:m="urn:one"'),
            rss(item("a", "<m:x>y</m:x>"), B, root=' xmlns:m="urn:two"'),
            2,
        ),
        ("a namespace of all", rss(A, B), rss(A, B, root=MEDIA), 2),
        ("a base of all", rss(A, B), rss(A, B, root=' xml:base="https://x.example/"'), 2),
        ("one twice", rss(A, B), rss(A, A, B), 3),
        ("one guid, two items", rss(A, B), rss(item("a", "<description>x</description>"), A, B), 3),
        (
            "an item that tells how dates are written",
            rss(item("a", "<pubDate>03/04/2026</pubDate>")),
            rss(item("b", "<pubDate>25/04/2026</pubDate>"), item("a", "<pubDate>03/04/2026</pubDate>")),
            2,
        ),
        ("not well-formed", rss(A, B), rss(A, B, C).replace(b"</channel>", b"<br></channel>"), 3),
        ("an undeclared prefix", rss(A, B), rss(A, B, item("c", "<media:title>x</media:title>")), 3),
        (
            "a prefix that means two things",
            rss(A),
            rss(A, item("b", '<m:x xmlns:m="urn:one"/>'), item("c", '<m:x xmlns:m="urn:other"/>')),
            3,
        ),
        ("a document type", rss(A), b'<!DOCTYPE rss [<!ENTITY x "y">]>' + rss(A, B), 1),
        (
            "an entity of the document type",
            b'<!DOCTYPE rss [<!ENTITY x "y">]>' + rss(item("a", "<author>&x;</author>")),
            b'<!DOCTYPE rss [<!ENTITY x "z">]>' + rss(item("a", "<author>&x;</author>"), B),
            2,
        ),
        ("an empty item", rss(A), rss(A, B).replace(b"</channel>", b"<item/></channel>"), 2),
        ("a comment with an item", rss(A), rss(A, B, head="<!-- <item>x</item> -->"), 1),
        (
            "an item in CDATA",
            rss(A),
            rss(A, item("b", "<description><![CDATA[<item>x</item>]]></description>")),
            1,
        ),
        ("dates", rss(item("a", DATED)), rss(item("b", DATED), item("a", DATED)), 1),
    ],
)
def test_what_is_read_again(name: str, before: bytes, now: bytes, read: int) -> None:
    first = whole(before)
    found, wanted = after(now, first), whole(now)
    assert found.failure == wanted.failure
    assert len(found.entries) == (read if found.held else len(wanted.entries)), name
    assert bool(found.held) == (read < len(wanted.entries)), name
    assert comparable(put_together(first, found)) == comparable(list(wanted.entries)), name
    assert (found.feed, found.marks) == (wanted.feed, wanted.marks), name


def test_an_item_of_a_document_elsewhere_is_another_one() -> None:
    """Relative links start from the address of the document."""
    first = whole(rss(A, B))
    assert not after(rss(A, B), first, "https://moved.example/feed").held


def test_marks_of_another_version_mean_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    first = whole(rss(A, B))
    monkeypatch.setattr(reduce, "VERSION", reduce.VERSION + 1)
    assert not after(rss(A, B), first).held


def test_marks_that_are_damaged_mean_nothing() -> None:
    first = whole(rss(A, B))
    assert first.marks is not None
    worse = ItemMarks(first.marks.context, first.marks.records[::-1])
    found = parse(SOURCE, fetched(rss(A, B)), Limits(), before=worse)
    assert len(found.entries) == 2 and not found.held


@pytest.mark.parametrize(
    ("name", "more", "little"),
    [
        ("little and plain", "<description>x</description>", True),
        ("just as long as may be", f"<description>{'x' * (LITTLE - 400)}</description>", True),
        ("longer", f"<description>{'x' * LITTLE}</description>", False),
        ("as deep as may be", "<a>" * (body.SHALLOW - 3) + "</a>" * (body.SHALLOW - 3), True),
        ("deeper", "<a>" * (body.SHALLOW - 2) + "</a>" * (body.SHALLOW - 2), False),
        ("as many attributes as may be", attributes(body.FEW), True),
        ("more attributes", attributes(body.FEW + 1), False),
    ],
)
def test_what_little_is_new_is_read_where_it_is(name: str, more: str, little: bool) -> None:
    first = whole(rss(A, B))
    assert first.marks is not None
    found = parse_little(SOURCE, fetched(rss(item("c", more), A, B)), Limits(), first.marks, LITTLE)
    assert (found is not None) == little, name
    if found is not None:
        assert [entry.guid for entry in found.entries] == ["c"]


def test_a_page_is_no_feed_whatever_was_there_before() -> None:
    first = whole(rss(A, B))
    assert first.marks is not None
    page = b"<html><head><title>Gone</title></head><body><item>x</item></body></html>"
    found = parse_little(SOURCE, fetched(page), Limits(), first.marks, LITTLE)
    assert found is not None and found == after(page, first)
    assert found.failure is not None and found.failure.kind == "not-a-feed"


# ---------------------------------------------------------------- real feeds, where they are


def documents(step: int) -> Iterator[tuple[str, bytes]]:
    with (CORPUS / "manifest.tsv").open(encoding="utf-8") as file:
        for row in list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[::step]:
            yield row["id"], (CORPUS / row["path"]).read_bytes()


@pytest.mark.skipif(
    not (CORPUS / "manifest.tsv").exists(),
    reason=f"no corpus of real feeds at {CORPUS} (set AGGREGATOR_CORPUS)",
)
def test_real_feeds_come_out_the_same() -> None:
    """Each as it grew: from its lower half, from all but the first item, from every other item."""
    step, told = int(os.environ.get("AGGREGATOR_CORPUS_STEP") or 40), 0
    for name, raw in documents(step):
        text = body.of(fetched(raw), Limits()).text
        outline = reduce.outline(text)
        if outline is None or not (number := len(outline.spans)):
            continue
        wanted = whole(text)
        for gone in ({0}, set(range(number // 2)), set(range(0, number, 2))):
            first = whole(without(text, gone))
            found = after(text, first)
            told += bool(found.held)
            assert comparable(put_together(first, found)) == comparable(list(wanted.entries)), name
            assert found.marks == wanted.marks, name
    assert told


def rss_of(*items: str) -> bytes:
    return f"<rss version='2.0'><channel><title>t</title>{''.join(items)}</channel></rss>".encode()


def sized(size: int, title: str = "One") -> str:
    """An item of so many bytes."""
    start, end = f"<item><title>{title}</title><description>", "</description></item>"
    return start + "x" * (size - len(start + end)) + end


def jsonfeed(size: int) -> bytes:
    bare = '{"version": "https://jsonfeed.org/version/1.1", "title": "t", "items": [{"id": "1", "title": "One"}]}'
    return bare.encode() + b" " * (size - len(bare))


MOST = 3 * LITTLE
AROUND = len(rss_of())
DEEP = "<a>" * SHALLOW + "</a>" * SHALLOW


@pytest.mark.parametrize(
    ("name", "text", "is_read"),
    [
        ("a little feed", rss_of(sized(100)), True),
        ("an item as long as may be", rss_of(sized(LITTLE)), True),
        ("a longer item", rss_of(sized(LITTLE + 1)), False),
        ("as much around its items as may be", rss_of(sized(100), " " * (LITTLE - AROUND)), True),
        ("more around its items", rss_of(sized(100), " " * (LITTLE - AROUND + 1)), False),
        ("of little items", rss_of(*[sized((MOST - AROUND) // 4)] * 4), True),
        ("of too many of them", rss_of(*[sized((MOST - AROUND) // 4 + 1)] * 4), False),
        ("not well-formed", rss_of("<item><title>One</item>"), True),
        ("a long one that is not well-formed", rss_of("<item><title>One</item>", " " * LITTLE), False),
        ("deep", rss_of(f"<item><title>x</title>{DEEP}</item>"), False),
        ("no feed", b"<html><body>x</body></html>", True),
        ("no feed, whatever its size", b"<html><body>x</body></html>" + b" " * MOST, True),
        ("text", b"Not found", True),
        ("nothing in it", b"<rss version='2.0'></rss>", True),
        ("nothing at all", b" " * 2 * MOST, True),
        ("JSON", jsonfeed(LITTLE), True),
        ("longer JSON", jsonfeed(LITTLE + 1), False),
        ("damaged JSON", b"{", True),
        ("JSON that is too deep", b"[" * LITTLE, False),
    ],
)
def test_a_little_document_that_is_new_is_read_where_it_is(name: str, text: bytes, is_read: bool) -> None:
    found = parse_little(SOURCE, fetched(text), Limits(), None, MOST)
    assert (found is not None) is is_read, name
    assert found is None or found == whole(text)
