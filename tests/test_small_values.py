"""What feeds, headers and people write in few letters: durations, sizes, languages, names, media; at their
edges.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from aggregator import urls
from aggregator.batches import batches
from aggregator.cli.moments import from_when
from aggregator.config import units
from aggregator.model import Category, Enclosure, Person
from aggregator.parse import normal
from aggregator.text import clock, phrases

MAX_LISTED = 50

DAY = 86_400


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (90, "1.5 min"),
        (600, "10 min"),
        (630, "10 min"),
        (3600, "1 h"),
        (36_000, "10 h"),
        (DAY, "1 d"),
        (100 * DAY, "100 d"),
        (-1, "-1 s"),
        (-60, "-1 min"),
    ],
)  # fmt: skip
def test_a_span_is_told_in_its_largest_unit(seconds: int, expected: str) -> None:
    assert phrases.span(seconds) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("0s", 0),
        ("1s", 1),
        ("1m", 60),
        ("1h", 3600),
        ("1d", DAY),
        ("1w", 7 * DAY),
        (" 30 m\n", 1800),
        ("999999s", 999_999),
        ("36500d", 36_500 * DAY),
        ("36501d", '"36501d" is longer than a hundred years'),
        ("1000000s", '"1000000s" is not a duration such as "30m"'),
        ("1.5h", '"1.5h" is not a duration such as "30m"'),
        ("-1h", '"-1h" is not a duration such as "30m"'),
        ("1M", '"1M" is not a duration such as "30m"'),
        ("", '"" is not a duration such as "30m"'),
        (30, '30 is not a duration such as "30m"'),
        (True, 'true is not a duration such as "30m"'),
    ],
)  # fmt: skip
def test_a_duration_is_seconds_or_an_error_in_words(said: object, expected: int | str) -> None:
    if isinstance(expected, int):
        assert phrases.duration(said) == expected
        return
    with pytest.raises(ValueError) as caught:
        phrases.duration(said)
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("0B", 0),
        ("1B", 1),
        ("1kb", 1000),
        ("1.5MB", 1_500_000),
        (" 10 MB ", 10_000_000),
        ("2GB", 2_000_000_000),
        ("MB", '"MB" is not a size such as "10MB"'),
        ("1TB", '"1TB" is not a size such as "10MB"'),
        ("1e6B", '"1e6B" is not a size such as "10MB"'),
        ("1000000B", '"1000000B" is not a size such as "10MB"'),
        (10, '10 is not a size such as "10MB"'),
        (False, 'false is not a size such as "10MB"'),
    ],
)  # fmt: skip
def test_a_size_is_bytes_or_an_error_in_words(said: object, expected: int | str) -> None:
    if isinstance(expected, int):
        assert units.size(said) == expected
        return
    with pytest.raises(ValueError) as caught:
        units.size(said)
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("0", 0),
        ("3723", 3723),
        ("62:03", 3723),
        ("1:02:03", 3723),
        ("1:02:03:04", None),
        (" 5 ", 5),
        ("1.9", 1),
        ("1:30.7", 90),
        (90.5, 90),
        ("999999", 999_999),
        ("1000000", None),
        ("99:99:99", 362_439),
        ("1:", None),
        (":30", None),
        ("-5", None),
        ("1e3", None),
        ("²", None),
        ("٣", None),
        ("", None),
        (None, None),
        ("PT1H2M3S", 3723),
        ("P1DT1H", 90_000),
        ("pt62m3.5s", 3723),
        ("1h 2m 3s", 3723),
        ("1 h 2 min", 3720),
        ("1 hour, 2 minutes", 3720),
        ("62 minutes", 3720),
        ("45min.", 2700),
        ("90 s", 90),
        ("PT", None),
        ("P", None),
        ("h", None),
        ("1 monkey", None),
        ("2m 1h", None),
        ("12345 h", None),
        ("1 h" + " " * 36 + "1 s", None),
        ("1 h" + " " * 33 + "1 s", 3601),
    ],
)  # fmt: skip
def test_how_long_something_lasts(said: object, expected: int | None) -> None:
    assert clock.seconds(said) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("0", 0),
        ("5.9", 5),
        ("1,024", 1024),
        (" 7 ", 7),
        (2**53 - 1, 2**53 - 1),
        (2**53, None),
        ("-1", None),
        ("inf", None),
        ("nan", None),
        ("1e400", None),
        ("9" * 5000, None),
        ("²", None),
        ("0x10", None),
        ("", None),
        (None, None),
        (True, None),
    ],
)  # fmt: skip
def test_a_number_is_sane_or_none(said: object, expected: int | None) -> None:
    assert normal.number(said) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("en", "en"),
        ("EN", "en"),
        ("en-us", "en-US"),
        ("en_US", "en-US"),
        (" pt-BR ", "pt-BR"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("de-DE-1996", "de-DE-1996"),
        ("eng", "eng"),
        ("iw", "he"),
        ("english", None),
        ("x-klingon", None),
        ("i-klingon", None),
        ("en-", None),
        ("de-a", None),
        ("a", None),
        ("en, de", None),
        ("en-abcdefgh-abcdefgh-abcdefgh-abcde", "en-abcdefgh-abcdefgh-abcdefgh-abcde"),
        ("en-abcdefgh-abcdefgh-abcdefgh-abcdef", None),
        ("", None),
        (None, None),
        (5, None),
    ],
)  # fmt: skip
def test_a_language_as_validators_know_it(said: object, expected: str | None) -> None:
    assert normal.language(said) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (("Jane",), Person("Jane")),
        (("<b>Jane</b> &amp; Co",), Person("Jane & Co")),
        (("", "jane@a.example"), Person("jane@a.example", "jane@a.example")),
        (("Jane", " jane@a.example "), Person("Jane", "jane@a.example")),
        (("Jane", "jane@a"), Person("Jane")),
        (("Jane", "j" * 64 + "@a.example"), Person("Jane", "j" * 64 + "@a.example")),
        (("Jane", "j" * 65 + "@a.example"), Person("Jane")),
        (("Jane", None, "mailto:jane@a.example"), Person("Jane", "jane@a.example")),
        (("Jane", None, "mailto:x"), Person("Jane")),
        (("Jane", None, "javascript:x"), Person("Jane")),
        (("Jane", None, "https://a.example/"), Person("Jane", None, "https://a.example/")),
        (("J" * 1001,), Person("J" * 999 + "…")),
        (("", "jane@a.example\r\nBcc: x@y.example"), None),
        (("", "jane"), None),
        (("", None, "https://a.example/"), None),
        ((None, None, None), None),
        ((5, 6, 7), None),
        (("null",), None),
        (("[object Object]", "", "https://a.example/"), None),
        (("NaN", "", ""), None),
        (("Nan", "", ""), Person("Nan")),
        (("Undefined", "jane@a.example"), Person("jane@a.example", "jane@a.example")),
        (("Jane Null",), Person("Jane Null")),
    ],
)  # fmt: skip
def test_a_person_has_a_name_or_an_address_that_can_be_written_to(
    said: tuple[object, ...], expected: Person | None
) -> None:
    assert normal.person(*said) == expected


def test_the_same_person_and_the_same_category_count_once() -> None:
    people = normal.people([Person("Jane"), None, Person("JANE", "j@a.example"), Person("Joe")])
    assert people == (Person("Jane"), Person("Joe"))
    many = normal.people(Person(f"P{n}") for n in range(MAX_LISTED + 1))
    assert len(many) == MAX_LISTED and many[-1].name == f"P{MAX_LISTED - 1}"
    said = [("Café", None, None), ("cafe", None, None), ("4", "https://s.example/", "Sport"), ("", "", "L")]
    assert normal.categories([*said, (5, None, None), ("x", "javascript:a", None)]) == (
        Category("Café"),
        Category("4", "https://s.example/", "Sport"),
        Category("L", None, "L"),
        Category("x"),
    )
    assert len(normal.categories((f"c{n}", None, None) for n in range(60))) == MAX_LISTED


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", "<p>a</p>"),
        ("  a  ", "<p>a</p>"),
        ("a\nb", "<p>a<br>b</p>"),
        ("a\n\nb", "<p>a</p><p>b</p>"),
        ("a\n \n\t\n\nb", "<p>a</p><p>b</p>"),
        ("a <b> & c", "<p>a &lt;b&gt; &amp; c</p>"),
        ("\n\n", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_plain_text_as_paragraphs(text: str, expected: str) -> None:
    assert normal.paragraphs(text) == expected


@pytest.mark.parametrize(
    ("text", "address", "behind"),
    [
        ("https://a.example/x.", "https://a.example/x", "."),
        ("https://a.example/x…”", "https://a.example/x", "…”"),
        ("https://a.example/x)", "https://a.example/x", ")"),
        ("https://a.example/x_(y)", "https://a.example/x_(y)", ""),
        ("https://a.example/?a=1,2;", "https://a.example/?a=1,2", ";"),
        ("https://a.example/x> y", "https://a.example/x", "&gt; y"),
        ("https://a.example/x»", "https://a.example/x", "»"),
        ("https://a.example/x）", "https://a.example/x", "）"),
    ],
)  # fmt: skip
def test_an_address_in_plain_text_ends_where_its_sentence_goes_on(
    text: str, address: str, behind: str
) -> None:
    expected = f'<p>see <a href="{address}">{address}</a>{behind}</p>'
    assert normal.paragraphs(f"see {text}", links=True) == expected
    assert "<a" not in normal.paragraphs(f"see {text}") and "<a" not in normal.paragraphs("http://", True)


BASE = "https://a.example/"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (("a.mp3", BASE), Enclosure(f"{BASE}a.mp3", "audio/mpeg")),
        (("a.MP3?x=1.pdf", BASE), Enclosure(f"{BASE}a.MP3?x=1.pdf", "audio/mpeg")),
        (("b.c/a", BASE), Enclosure(f"{BASE}b.c/a", "application/octet-stream")),
        (("a", BASE, "audio/mpeg; charset=x", "12"), Enclosure(f"{BASE}a", "audio/mpeg", 12)),
        (("a.jpg", BASE, "image"), Enclosure(f"{BASE}a.jpg", "image/jpeg")),
        (("a", BASE, "image"), Enclosure(f"{BASE}a", "image/jpeg")),
        (("a", BASE, "Audio/*"), Enclosure(f"{BASE}a", "audio/mpeg")),
        (("a.mp3", BASE, "AUDIO/OGG", "-5"), Enclosure(f"{BASE}a.mp3", "audio/ogg", 0)),
        (("a.mp3", BASE, "text/html\r\nX: 1", "x"), Enclosure(f"{BASE}a.mp3", "audio/mpeg")),
        (("ftp://a.example/a.mp3", BASE), None),
        (("https://[::1/a.mp3", BASE), None),
        ((None, BASE), None),
    ],
)  # fmt: skip
def test_a_media_file_has_a_type_and_a_length(said: tuple[object, ...], expected: Enclosure | None) -> None:
    url, base, *more = said
    assert normal.enclosure(url, str(base), *more) == expected


def test_what_media_rss_says_of_a_file() -> None:
    found = normal.enclosure("a", BASE, medium="video", width="20", height="1x", duration="1:30")
    assert found == Enclosure(f"{BASE}a", "video/mp4", medium="video", width=20, duration=90)
    found = normal.enclosure("a", BASE, medium="tape")
    assert found == Enclosure(f"{BASE}a", "application/octet-stream")


LONG = "a" * 23


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://u:p@a.example/", "https://a.example/"),
        ("https://u:p@b@a.example/x", "https://a.example/x"),
        ("https://a.example/?key=abc", "https://a.example/?key=…"),
        ("https://a.example/?TOKEN=a&b=c", "https://a.example/?TOKEN=…&b=c"),
        ("https://a.example/?api_key=a&access_token=b", "https://a.example/?api_key=…&access_token=…"),
        ("https://a.example/?key", "https://a.example/?key"),
        (f"https://a.example/?x={LONG}1", "https://a.example/?x=…"),
        (f"https://a.example/?x={LONG}a", f"https://a.example/?x={LONG}a"),
        (f"https://a.example/?x={LONG[1:]}1", f"https://a.example/?x={LONG[1:]}1"),
        (f"https://a.example/?x={LONG}.1", f"https://a.example/?x={LONG}.1"),
        (f"https://a.example/?q={LONG}1", f"https://a.example/?q={LONG}1"),
        ("https://a.example/?page=2#x", "https://a.example/?page=2#x"),
        ("https://a.example/#token=abc&x=1", "https://a.example/#token=…&x=1"),
        ("http://[::1/?key=abc", "(a malformed URL)"),
        ("", ""),
    ],
)  # fmt: skip
def test_S7_no_secret_of_an_address_is_shown(url: str, expected: str) -> None:
    assert urls.redact(url) == expected


@pytest.mark.parametrize(
    ("url", "host", "authority", "origin"),
    [
        ("https://A.example:443/", "a.example", "a.example", ("https", "a.example", 443)),
        ("http://a.example", "a.example", "a.example", ("http", "a.example", 80)),
        ("http://a.example:443/", "a.example", "a.example", ("http", "a.example", 443)),
        ("http://a.example:8080/", "a.example", "a.example:8080", ("http", "a.example", 8080)),
        ("https://[::1]:8443/", "::1", "::1:8443", ("https", "::1", 8443)),
        ("http://a.example:x/", "a.example", "a.example", ("", "", 0)),
        ("http://[::1/", "", "", ("", "", 0)),
        ("x", "", "", ("", "", 0)),
    ],
)  # fmt: skip
def test_S6_who_speaks_at_an_address(
    url: str, host: str, authority: str, origin: tuple[str, str, int]
) -> None:
    assert (urls.host(url), urls.authority(url), urls.origin(url)) == (host, authority, origin)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("http://A.example/x", "a.example"),
        ("http://a.example./x", "a.example"),
        ("http://a.example:8080/x", "a.example"),
        ("https://user@a.example/x", "a.example"),
        ("http://bücher.example/", "xn--bcher-kva.example"),
        ("http://BÜCHER.example./", "xn--bcher-kva.example"),
        ("http://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ("http://bücher。example/", "xn--bcher-kva.example"),
        (f"http://{'ü' * 70}.example/", f"{'ü' * 70}.example"),  # no name at all
        ("http://[::1]:80/", "::1"),
        ("http://[::1/", ""),
        ("x", ""),
    ],
)  # fmt: skip
def test_P12_whose_turn_it_is_does_not_depend_on_how_a_name_is_written(url: str, server: str) -> None:
    assert urls.server(url) == server


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("x", "https://a.example/x"),
        (" /x ", "https://a.example/x"),
        ("//b.example/", "https://b.example/"),
        ("#a", "https://a.example/#a"),
        ("?utm_source=rss", "https://a.example/?utm_source=rss"),
        ("x" * 2000, f"https://a.example/{'x' * 2000}"),
        ("x" * 2001, None),
        ("ftp://a.example/", None),
        ("mailto:a@b.example", None),
        ("javascript:alert(1)", None),
        ("http://[::1/", None),
        ("https://b.example/a b", None),
        ("https://b.example/\u202e", None),
        (None, None),
        (5, None),
    ],
)  # fmt: skip
def test_an_address_made_absolute_and_nothing_else(said: object, expected: str | None) -> None:
    assert urls.absolute(said, BASE) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("", []),
        ("ab", ["ab"]),
        ("abc", ["abc"]),
        ("abcd", ["abc", "d"]),
        ("abcdef", ["abc", "def"]),
        ((1, 2, 3, 4, 5), [(1, 2, 3), (4, 5)]),
    ],
)  # fmt: skip
def test_a_long_sequence_some_at_a_time(values: Sequence[object], expected: list[Sequence[object]]) -> None:
    assert list(batches(values, 3)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7d", (604_800, True)),
        (" 30 m ", (1800, True)),
        ("2026-03-01", (1_772_323_200, False)),
        ("2026-03-01T09:00Z", (1_772_355_600, False)),
        ("2026-03-01T09:00+01:00", (1_772_352_000, False)),
        ("soon", "“soon” is no date or duration"),
        ("2026-02-30", "“2026-02-30” is no date or duration"),
        ("", "“” is no date or duration"),
    ],
)
def test_a_date_or_so_long_ago(text: str, expected: tuple[int, bool] | str) -> None:
    if isinstance(expected, str):
        with pytest.raises(ValueError, match=re.escape(expected)):
            phrases.moment(text)
        return
    assert phrases.moment(text) == expected
    at = expected[0]
    assert from_when(text, 2_000_000_000) == (2_000_000_000 - at if expected[1] else at)
