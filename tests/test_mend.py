"""Bytes that feedparser can't take; large documents in slices."""

from __future__ import annotations

import pytest

from aggregator.model import FetchResult, Limits, ParseResult, Source
from aggregator.parse import mend, parse
from tests.helpers import NOW
from tests.hostile_cases import channel, rss


def parsed(body: bytes, limits: Limits | None = None) -> ParseResult:
    return parse(Source("s"), FetchResult("http://a.example/feed", NOW, 200, (), body), limits or Limits())


@pytest.mark.parametrize(
    ("reference", "kept"),
    [
        ("&#xD800;", False),
        ("&#xdfff;", False),
        ("&#55296;", False),
        ("&#57343;", False),
        ("&#x0D800;", False),
        ("&#99999999999;", False),
        ("&#x110000;", False),
        ("&#1114112;", False),
        ("&#xD7FF;", True),
        ("&#xE000;", True),
        ("&#55295;", True),
        ("&#57344;", True),
        ("&#x10FFFF;", True),
        ("&#1114111;", True),
        ("&#65;", True),
        ("&#x1D800;", True),
        ("&#552960;", True),
    ],
)
def test_B7_references_to_no_character(reference: str, kept: bool) -> None:
    assert (reference.encode() in mend.mended(f"<a>{reference}</a>".encode())) == kept
    assert parsed(rss("r").replace(b"Story 0", reference.encode() + b"Story 0")).failure is None


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("&#55357;&#56832;", "😀"),
        ("&#xD83D;&#xDE00;", "😀"),
        ("&#xd83d;&#56832;", "😀"),
        ("&#x0d83d;&#056832;", "😀"),
        ("&amp;#55357;&amp;#56832;", "😀"),
        ("<![CDATA[&#55357;&#56832;]]>", "😀"),
        ("a&#55357;&#56841;b &#55356;&#57096;", "a😉b 🌈"),
        ("&#55296;&#56320;", "\U00010000"),
        ("&#56319;&#57341;", "\U0010fffd"),
        ("x&#55295;&#56320;", "x\ud7ff"),
        ("x&#56320;&#55357;", "x"),
        ("x&#55357; &#56832;", "x"),
        ("x&#55357;&#56319;", "x"),
        ("x&#55357;&#57344;", "x\ue000"),
    ],
)
def test_B7_halves_of_a_sign_are_the_sign(said: str, title: str) -> None:
    entry = parsed(channel(f"<item><title>{said}</title><guid>g</guid></item>")).entries[0]
    assert entry.title == title


def test_C8_a_declared_utf16_in_bytes_of_ascii() -> None:
    body = b'<?xml version="1.0" encoding="UTF-16"?>' + channel("<item><title>caf\u00e9</title></item>")
    assert [one.title for one in parsed(body).entries] == ["caf\u00e9"]
    assert [one.title for one in parsed(body.decode().encode("utf-16")).entries] == ["caf\u00e9"], (
        "the real ones stay"
    )


def test_P21_all_skipped_hours_and_days_are_read() -> None:
    hints = parsed(
        rss(
            "s",
            "<skipHours><hour>1</hour><hour> 2 </hour><hour>24</hour><hour>99</hour><hour>x</hour></skipHours><skipDays><day>Sunday</day><day>Monday</day><day>Someday</day></skipDays>",
        )
    ).feed.hints
    assert hints.skip_hours == (0, 1, 2) and hints.skip_days == (0, 6)


def test_C1_damaged_and_empty_is_no_empty_feed() -> None:
    assert parsed(b"<rss version='2.0'><channel><title>t</title>").failure is not None
    assert parsed(rss("e", items=0)).failure is None


@pytest.mark.parametrize(
    ("name", "body"),
    [
        (
            "a page about RSS",
            b"<!DOCTYPE html><html><body><pre><rss version='2.0'><channel><title>T</title><item><title>x</title></item></channel></rss></pre></body></html>",
        ),
        (
            "a page with a feed in it",
            b"<html xmlns='http://www.w3.org/1999/xhtml'><feed xmlns='http://www.w3.org/2005/Atom'><title>t</title><entry><title>x</title></entry></feed></html>",
        ),
        (
            "an image",
            b"<svg xmlns='http://www.w3.org/2000/svg'><title>t</title><entry><title>x</title></entry></svg>",
        ),
        ("some interface", b"<response><item><title>x</title></item></response>"),
        ("a root alone", b"<rss/>"),
        ("no channel", b"<rss version='2.0'><error>no</error></rss>"),
        ("an empty root", b"<feed xmlns='http://www.w3.org/2005/Atom'/>"),
    ],
)
def test_C1_what_only_looks_like_a_feed(name: str, body: bytes) -> None:
    found = parsed(body)
    assert found.failure is not None and found.failure.kind == "not-a-feed", name


def test_a_feed_after_what_a_server_said_is_a_feed() -> None:
    assert len(parsed(b"<html><body>Error: no cache</body></html>\n" + rss("late")).entries) == 3
    assert len(parsed(b"<channel><title>old</title><item><title>x</title></item></channel>").entries) == 1


def test_C5_items_of_a_file_alone_are_told_apart_by_it() -> None:
    one, other = (
        parsed(channel(f"<item><enclosure url='http://a.example/{name}.mp3'/></item>")).entries[0]
        for name in "ab"
    )
    assert one.key != other.key


def test_items_with_nothing_at_all_are_left_out() -> None:
    assert [
        one.title
        for one in parsed(channel("<item/><item><title/></item><item><title>Real</title></item>")).entries
    ] == ["Real"]


def big(count: int, extra: str = "") -> bytes:
    return channel(
        "".join(
            f"<item><title>Number {n}</title><guid>g{n}</guid><description>{'word ' * 40}{extra}</description></item>"
            for n in range(count)
        )
    )


@pytest.mark.parametrize(
    "extra", ["", "<![CDATA[<item>in</item> <entry>]]>", "<!-- <item> -->", "&lt;item&gt;"]
)
def test_B8_slices_give_what_the_whole_gives(extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body = big(3000, extra)
    assert len(list(mend.slices(body, 5000))) > 1
    sliced = parsed(body)
    monkeypatch.setattr(mend, "LARGE", 1 << 40)
    assert sliced == parsed(body) and len(sliced.entries) == 3000


@pytest.mark.parametrize(
    "name, body",
    [
        ("nested", big(3000, "<item>x</item>")),
        ("open", big(3000)[:-60] + b"<item>"),
        ("wide", big(3000).decode().encode("utf-16")),
        ("cdata", big(3000, "<![CDATA[ never closed")),
    ],
)
def test_what_is_not_certain_stays_in_one_piece(name: str, body: bytes) -> None:
    assert list(mend.slices(body, 5000)) == [body], name


def test_B9_more_items_than_are_taken_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = parsed(big(3000), Limits(max_entries=100))
    assert len(found.entries) == 100 and [one.kind for one in found.warnings] == ["too-many"]
    assert sum(map(len, mend.slices(big(3000), 101))) < 60_000


@pytest.mark.parametrize(
    "text",
    [
        b"<item " * 200_000,
        b"<![CDATA[" * 200_000,
        b"<!--" * 300_000,
        b"<item>" * 200_000,
        b"</item>" * 200_000,
    ],
)
def test_B8_slicing_takes_linear_time(text: bytes) -> None:
    import time

    started = time.process_time()
    list(mend.slices(text, 5000))
    mend.mended(text)
    assert time.process_time() - started < 1


def test_B8_seconds_of_the_cpu_count() -> None:
    from aggregator.parse.isolate import Workers

    workers = Workers(1)
    slow = (
        b"<rss version='2.0'><channel><item>"
        + b"".join(b"<category>c%d</category>" % n for n in range(20_000))
        + b"</item></channel></rss>"
    )
    try:
        ended = workers.parse(
            Source("s"), FetchResult("http://a.example/", NOW, 200, (), slow), Limits(parse_seconds=1)
        )
        assert ended.failure is not None and "longer than 1 s" in ended.failure.detail
        assert (
            workers.parse(
                Source("s"), FetchResult("http://a.example/", NOW, 200, (), rss("c")), Limits()
            ).failure
            is None
        ), "others go on"
    finally:
        workers.close()


def test_B2_a_worker_that_had_a_small_document_takes_a_big_one() -> None:
    from aggregator.parse.isolate import Workers

    workers = Workers(1)
    try:
        for body, count in ((rss("a"), 3), (big(4000, "x" * 1000), 4000), (rss("b"), 3)):
            found = workers.parse(Source("s"), FetchResult("http://a.example/", NOW, 200, (), body), Limits())
            assert len(found.entries) == count, found.failure
        hungry = (
            b"<rss version='2.0'><channel><item><title>t</title>"
            + b"<a>" * 200_000
            + b"</item></channel></rss>"
        )
        assert (
            workers.parse(
                Source("s"),
                FetchResult("http://a.example/", NOW, 200, (), hungry),
                Limits(parse_memory=8_000_000),
            ).failure
            is not None
        )
        assert (
            workers.parse(
                Source("s"), FetchResult("http://a.example/", NOW, 200, (), rss("c")), Limits()
            ).failure
            is None
        )
    finally:
        workers.close()
    assert (
        workers.parse(Source("s"), FetchResult("http://a.example/", NOW, 200, (), rss("d")), Limits()).failure
        is not None
    ), "closed for good"


@pytest.mark.parametrize(
    ("name", "titles", "codec", "declared", "header"),
    [
        (
            "UTF-8 with single bytes of windows-1252",
            "caf\u00e9 \u041f\u0440\u0438\u0432\u0435\u0442|it\u2019s",
            "",
            "utf-8",
            None,
        ),
        (
            "French in windows-1252, a word of it UTF-8 by accident",
            "surdou\u00e9\u00a0\u00bb, \u00e0 l\u2019\u00e9t\u00e9",
            "cp1252",
            "utf-8",
            None,
        ),
        ("names of browsers", "\u2460\u9ad9", "cp932", "Shift_JIS", None),
        ("x-sjis", "\u65e5\u672c", "cp932", "x-sjis", None),
        ("Hong Kong", "\u9999\u6e2f\u5605", "big5hkscs", "Big5", None),
        ("Hebrew", "\u05e9\u05dc\u05d5\u05dd", "iso8859-8", "iso-8859-8-i", None),
        ("C1", "\u201cx\u201d \u20ac", "cp1252", "iso-8859-1", None),
        ("Korean", "\ub625\ubc29", "cp949", "euc-kr", None),
        ("said to be UTF-8, is UTF-16", "\u041f\u0440\u0438\u0432\u0435\u0442", "utf-16", "utf-8", None),
        ("UTF-16 without a BOM", "\u041f\u0440\u0438\u0432\u0435\u0442", "utf-16-le", None, None),
        ("header and bytes differ", "\u041f\u0440\u0438\u0432\u0435\u0442", "utf-8", "utf-8", "koi8-r"),
        (
            "header and declaration differ",
            "\u041f\u0440\u0438\u0432\u0435\u0442",
            "koi8-r",
            "koi8-r",
            "utf-8",
        ),
        (
            "a default of the server",
            "\u041f\u0440\u0438\u0432\u0435\u0442",
            "cp1251",
            "windows-1251",
            "iso-8859-1",
        ),
        ("pairs of surrogates", "x\U0001f600", "cesu", "utf-8", None),
        ("no codec", "caf\u00e9", "utf-8", "rot13", None),
        ("a NUL", "caf\u00e9", "utf-8", "utf\x00-8", None),
    ],
)
def test_C8_text_is_right_whatever_is_said_of_it(
    name: str, titles: str, codec: str, declared: str | None, header: str | None
) -> None:
    said = f' encoding="{declared}"' if declared else ""
    text = (
        f'<?xml version="1.0"{said}?><rss version="2.0"><channel>'
        + "".join(f"<item><title>{title}</title></item>" for title in titles.split("|"))
        + "</channel></rss>"
    )
    if codec == "cesu":
        body = (
            text.encode("utf-16-le")
            .decode("utf-16-le")
            .encode("utf-8")
            .replace("\U0001f600".encode(), b"\xed\xa0\xbd\xed\xb8\x80")
        )
    else:
        body = text.encode(codec) if codec else text.encode().replace("\u2019".encode(), b"\x92")
    headers = (("content-type", f"text/xml; charset={header}"),) if header else ()
    found = parse(Source("s"), FetchResult("http://a.example/feed", NOW, 200, headers, body), Limits())
    assert [one.title for one in found.entries] == titles.replace("\xa0", " ").split("|"), name
