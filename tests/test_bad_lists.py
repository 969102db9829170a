"""One bad address keeps nothing else out: in OPML, in reading lists, on the page where a feed is looked for;
files for `eval` that are wrong are told so.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from aggregator import discover, opml, urls
from aggregator.cli import group
from aggregator.config import load
from aggregator.cycle import lists
from aggregator.editing import Gate
from aggregator.errors import AggregatorError, UsageError
from tests.helpers import NOW, config

MAX_DEPTH = 50
MAX_BYTES = 20_000_000
MAX_ADDRESS = 2000

GOOD = "https://good.example/feed"
LONG = f"https://a.example/{'x' * (MAX_ADDRESS - 18)}"


def said(*arguments: str) -> str:
    """What a command says, or its error for people; anything else is raised."""
    done = CliRunner().invoke(group, list(arguments), standalone_mode=False)
    if done.exception is not None and not isinstance(done.exception, AggregatorError):
        raise done.exception
    return str(done.exception or done.output)


def outlines(folder: Path, *addresses: str) -> Path:
    """An OPML file of these, and of one good feed behind them."""
    found = (opml.Outline(url, title="A") for url in addresses)
    path = folder / "list.opml"
    path.write_bytes(opml.write("List", [*found, opml.Outline(GOOD, title="Good")]))
    return path


BAD = [
    ("half an IPv6 address", "https://[::1/feed", "https://[::1/feed is no web address"),
    ("no host", "http://", "http:// is no web address"),
    ("no host of feed:", "feed:///", "http:// is no web address"),
    ("a port too high", "http://a.example:99999/", "http://a.example:99999/ is no web address"),
    ("a port of letters", "http://a.example:x/", "http://a.example:x/ is no web address"),
    ("another scheme", "ftp://a.example/", "ftp://a.example/ is no web address"),
    ("a script", "javascript:alert(1)", "javascript:alert(1) is no web address"),
]


@pytest.mark.parametrize(
    ("name", "address", "expected"),
    [
        *BAD,
        (
            "a password",
            "https://u:p@a.example/f",
            "its address holds a user or password; add it by hand, with `headers`",
        ),
        ("too long", f"{LONG}x", "its address is longer than 2000 characters"),
    ],
)
def test_an_import_leaves_out_what_can_not_be_polled(
    tmp_path: Path, name: str, address: str, expected: str
) -> None:
    settings, file = config(tmp_path, ""), outlines(tmp_path, address)
    words = said("--config", str(settings.path), "sources", "import", str(file))
    assert f"{file}: left out “A”: {expected}\n" in words and "1 source added" in words, name
    assert [one.url for one in load(settings.path, {}).sources] == [GOOD]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (LONG, LONG),
        ("https://a.example/f?q=a b", "https://a.example/f?q=a%20b"),
        ("https://a.example/<x>", "https://a.example/%3Cx%3E"),
        ('https://a.example/"x"', "https://a.example/%22x%22"),
        ("  https://a.example/f\n", "https://a.example/f"),
        ("https://ä.example/f", "https://ä.example/f"),
        ("https://a.example:65535/", "https://a.example:65535/"),
        ("http://[2001:db8::1]/f", "http://[2001:db8::1]/f"),
    ],
)  # fmt: skip
def test_an_import_takes_what_can(tmp_path: Path, address: str, expected: str) -> None:
    settings, file = config(tmp_path, ""), outlines(tmp_path, address)
    assert "2 sources added" in said("--config", str(settings.path), "sources", "import", str(file))
    assert [one.url for one in load(settings.path, {}).sources] == [expected, GOOD]


@pytest.mark.parametrize(("name", "address", "expected"), BAD)
def test_a_reading_list_with_a_bad_address_ends_no_cycle(
    tmp_path: Path, name: str, address: str, expected: str
) -> None:
    settings = config(tmp_path, '[[sources]]\nid = "list"\nopml = "list.opml"\n')
    outlines(tmp_path, address)
    assert lists.sync(settings, NOW) == (True, [])
    assert [one.url for one in load(settings.path, {}).sources] == [GOOD], name


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://a.example", True),
        ("https://a.example:1/", True),
        ("https://a.example:65535/", True),
        ("https://a.example:65536/", False),
        ("https://[::1]:8080/", True),
        ("https://[::1/", False),
        ("https://[bad]/", False),
        ("https:///feed", False),
        ("https://:80/feed", False),
        ("//a.example/", False),
        ("ftp://a.example/", False),
        ("HTTPS://a.example/", True),
        ("https://a.example/a b", False),
        ("https://a.example/\n", False),
        ("https://a.example/<", False),
        ("https://a.example/?a=b:c@d#e", True),
        ("https://a.example/\u00a0", False),
        ('https://a.example/"', False),
        ("https://a.example?x", True),
        ("https://-", True),
        ("https://a.example:", True),
        ("", False),
    ],
)  # fmt: skip
def test_what_can_be_polled_as_it_stands(address: str, expected: bool) -> None:
    assert urls.is_web(address) is expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://[::1/", "(a malformed URL): is no web address such as https://example.org/feed"),
        ("http://", "http://: is no web address"),
        ("/none/feed.xml", "/none/feed.xml: there is no such file"),
        ("./feed.xml", "./feed.xml: there is no such file"),
        ("~/none.xml", "~/none.xml: there is no such file"),
        ("/", "/: is a folder; name one file in it"),
        ("../", "../: is a folder; name one file in it"),
        ("ftp://a.example/", "ftp://a.example/: only http and https can be polled"),
        ("https://a.example:99999/", "https://a.example:99999/: is no web address"),
        ("a b", "https://a b: is no web address"),
        ("feed://a.example:99999/x", "http://a.example:99999/x: is no web address"),
        ("feed:https://a.example:99999/", "https://a.example:99999/: is no web address"),
        ("FEED://a.example:99999/", "http://a.example:99999/: is no web address"),
        ("feed.example:99999", "https://feed.example:99999: is no web address"),
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_not_asked(tmp_path: Path, address: str, expected: str) -> None:
    settings = config(tmp_path, "")
    assert said("--config", str(settings.path), "sources", "add", address).startswith(expected)


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("", ("https://a.example/b/feed",)),
        ('<base href="/c/">', ("https://a.example/c/feed",)),
        ('<base href="https://b.example/d/">', ("https://b.example/d/feed",)),
        ('<base href="//b.example">', ("https://b.example/feed",)),
        ('<base href="https://[::1/">', ("https://a.example/b/feed",)),
        ('<base href="javascript:x">', ("https://a.example/b/feed",)),
        ('<base href="/c/"><base href="/d/">', ("https://a.example/c/feed",)),
        ('<base><base href="/d/">', ("https://a.example/d/feed",)),
    ],
)  # fmt: skip
def test_a_page_names_feeds_from_its_base(base: str, expected: tuple[str, ...]) -> None:
    page = f'{base}<link rel="alternate" type="application/rss+xml" href="feed">'.encode()
    assert discover.named(page, "https://a.example/b/") == expected


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ('<link rel=alternate type="text/html" href=feed>', ()),
        ('<link rel=stylesheet type="text/xml" href=feed>', ()),
        ('<link rel=alternate type="APPLICATION/ATOM+XML; charset=utf-8" href=x>', ("https://a.example/x",)),
        ('<link rel="Alternate Nofollow" type=application/feed+json href=" x ">', ("https://a.example/x",)),
        ("<link rel=alternate type=text/xml>", ()),
        ('<a href="rss.xml">b</a>', ("https://a.example/rss.xml",)),
        ('<a href="/press">b</a>', ()),
        (
            '<a href="/rss">b</a><link rel=alternate type=text/xml href=y>',
            ("https://a.example/y", "https://a.example/rss"),
        ),
        ('<a href="/rss">b</a><a href="/rss#top">c</a>', ("https://a.example/rss",)),
        ('<a href="https://[::1/rss">b</a><a href="mailto:feed@a.example">c</a>', ()),
        ('<a href="https://a.example/">the page itself</a>', ()),
        ("<link rel=alternate type=text/xml href=", ()),
    ],
)
def test_what_a_page_names_as_a_feed(page: str, expected: tuple[str, ...]) -> None:
    assert discover.named(page.encode(), "https://a.example/") == expected


@pytest.mark.parametrize(
    ("url", "first"),
    [
        (
            "https://www.youtube.com/channel/UCabc-1",
            "https://www.youtube.com/feeds/videos.xml?channel_id=UCabc-1",
        ),
        ("https://social.example/@jane/", "https://social.example/@jane.rss"),
        ("https://www.reddit.com/r/news", "https://www.reddit.com/r/news/.rss"),
        ("https://a.example/b", "https://a.example/b/feed"),
        ("https://a.example/channel/UCabc", "https://a.example/channel/UCabc/feed"),
    ],
)
def test_the_usual_places_begin_with_what_a_host_is_known_for(url: str, first: str) -> None:
    found = discover.usual(url)
    assert found[0] == first and len(found) == len(set(found))


def test_S20_an_origin_that_is_none_is_not_ours() -> None:
    gate = Gate("desk.example", None)
    asked = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "HTTP_HOST": "localhost"}
    assert gate.means_it({**asked, "HTTP_ORIGIN": "http://localhost"}, gate.key)
    for origin in ("http://[::1", "http://", "null", "", "localhost"):
        assert not gate.means_it({**asked, "HTTP_ORIGIN": origin}, gate.key), origin


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        ("no JSON", "{", "e.jsonl:1: is no JSON"),
        ("a list", "[1]", 'e.jsonl:1: expected an object such as {"title": …'),
        ("no UTF-8", b'{"title": "\xff"}', "e.jsonl:1: is no JSON"),
        ("nested beyond all reason", "[" * 100_000, "e.jsonl:1: is no JSON"),
        (
            "gray is a number",
            '{"title": "A", "event": "e", "gray": 5}',
            "e.jsonl:1: expected a list of ids as `gray`",
        ),
        (
            "gray is a text",
            '{"title": "A", "event": "e", "gray": "12"}',
            "e.jsonl:1: expected a list of ids as `gray`",
        ),
        (
            "an id twice",
            '{"id": 7, "title": "A", "event": "e"}\n\n{"entry": "7", "title": "B", "event": "f"}',
            'e.jsonl:3: the id "7" is that of line 1, too; an entry has one line',
        ),
        ("no gold", '{"title": "A"}', "e.jsonl: no entry has a gold `story` or `event`"),
    ],
)
def test_a_labelled_file_that_is_wrong_is_told_so(
    tmp_path: Path, name: str, line: str | bytes, expected: str
) -> None:
    file = tmp_path / "e.jsonl"
    file.write_bytes(line if isinstance(line, bytes) else line.encode())
    assert said("eval", str(file)).replace(f"{tmp_path}/", "").startswith(expected), name


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("half a surrogate in the title", {"title": "A \ud800"}),
        ("half a surrogate as id", {"id": "\ud800"}),
        ("NUL", {"title": "A\0B"}),
        ("a title that is none", {"title": {"a": 1}}),
        ("a power for a date", {"published": "²"}),
        ("a number beyond all dates", {"published": "9" * 400}),
        ("a number that SQLite does not hold", {"published": int("9" * 30)}),
        ("infinity", {"published": "Infinity"}),
        ("a date in words", {"published": "3 Oct 2022"}),
        ("before 1970", {"published": -5}),
    ],
)  # fmt: skip
def test_whatever_a_labelled_entry_holds_it_is_measured(
    tmp_path: Path, name: str, more: dict[str, Any]
) -> None:
    file = tmp_path / "e.jsonl"
    records = [{"title": "A", "story": "1", **more}, {"id": "b", "title": "B", "story": "2"}]
    file.write_text("\n".join(map(json.dumps, records)) + "\n\n")
    found = json.loads(said("eval", str(file), "--json"))
    assert [(one["level"], one["items"], one["apart"]) for one in found] == [("text", 2, 1), ("event", 2, 1)]


PAIR = "kind\tlang\ttitle_a\tsummary_a\ttitle_b\tsummary_b\tsame_source\ttext\tevent\n"


@pytest.mark.parametrize(
    ("name", "table", "expected"),
    [
        ("empty", b"", "p.tsv: has no column event; expected event, kind, lang"),
        (
            "a column less",
            PAIR.replace("\tevent", "").encode() + b"k\ten\ta\tb\tc\td\t0\tsame\n",
            "p.tsv: has no column event",
        ),
        (
            "another word",
            PAIR.encode() + b"k\ten\ta\tb\tc\td\t0\tsame\tany\nk\ten\ta\tb\tc\td\t0\tyes\tany\n",
            'p.tsv:3: text is "yes"; expected same, different or any',
        ),
        ("cut off", PAIR.encode() + b"k\ten\ta\n", 'p.tsv:2: text is ""; expected same, different or any'),
        ("no UTF-8", PAIR.encode() + b"\xff", "p.tsv: is not UTF-8"),
    ],
)
def test_a_table_of_pairs_that_is_wrong_is_told_so(
    tmp_path: Path, name: str, table: bytes, expected: str
) -> None:
    (tmp_path / "p.tsv").write_bytes(table)
    assert said("eval", str(tmp_path / "p.tsv")).replace(f"{tmp_path}/", "").startswith(expected), name


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("S16 a DTD", b'<!DOCTYPE opml [<!ENTITY a "b">]><opml/>', "has a DTD"),
        ("S16 a DTD in UTF-16", '<!DOCTYPE opml><opml/>'.encode("utf-16"), "has a DTD"),
        ("S16 an entity far behind", b"<opml>" + b" " * 5000 + b"<!ENTITY a 'b'></opml>", "has a DTD"),
        ("S16 too large", b" " * (MAX_BYTES + 1), "of more than 20 MB is none"),
        ("S16 too deep", b"<opml><body>" + b"<outline>" * (MAX_DEPTH + 1), "nests deeper than 50"),
        ("a page", b"<html><body>no list</body></html>", "not an OPML file"),
        ("nothing", b"", "not an OPML file"),
    ],
)  # fmt: skip
def test_S16_what_is_no_opml_is_told_so(name: str, data: bytes, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        opml.read(data)


def test_S16_bounds_of_an_opml_file_hold_at_their_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    nested = "<outline text='x'>" * (MAX_DEPTH - 1)
    deep = f"<opml><body>{nested}<outline xmlUrl='{GOOD}'/>{'</outline>' * (MAX_DEPTH - 1)}</body></opml>"
    assert [one.url for one in opml.read(deep.encode()).feeds] == [GOOD]
    monkeypatch.setattr(opml, "MAX_FEEDS", 2)
    many = "".join(f"<outline xmlUrl='https://h{n}.example/'/>" for n in range(3))
    found = opml.read(f"<opml><body>{many}</body></opml>".encode())
    assert [one.url for one in found.feeds] == ["https://h0.example/", "https://h1.example/"]
    assert found.warnings == ("holds more than 2 feeds; the last 1 is left out",) and found.beyond == 1
    twice = "<outline xmlUrl='https://h0.example/'/>" * 2 + "<outline xmlUrl='https://h1.example/'/>"
    assert opml.read(f"<opml><body>{twice}</body></opml>".encode()).beyond == 0, "each feed counts once"
    wide = f"<opml><body>{nested * 100}<outline xmlUrl='{GOOD}'/></body></opml>"
    opml.read(wide.encode("utf-16"))  # of which no depth is counted: no recursion without end


def test_S16_what_an_import_leaves_out_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opml, "MAX_FEEDS", 2)
    settings = config(tmp_path, "")
    path = outlines(tmp_path, "https://a.example/", "https://b.example/", "https://c.example/")
    told = said("sources", "import", "--config", str(settings.path), str(path))
    assert f"{path}: holds more than 2 feeds; the last 2 are left out" in told
    assert len(load(settings.path, {}).sources) == 2


def test_S7_a_name_that_others_gave_reads_nothing_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    settings, file = config(tmp_path, ""), tmp_path / "list.opml"
    file.write_text(
        '<opml version="2.0"><body><outline text="env:SECRET">'
        f'<outline type="rss" text="env:SECRET" xmlUrl="{GOOD}"/></outline></body></opml>'
    )
    said("--config", str(settings.path), "sources", "import", "--topics-from-folders", str(file))
    found = load(settings.path, {"SECRET": "hunter2"})
    assert [(one.title, one.topics) for one in found.sources] == [(None, ("env-secret",))]
    assert [one.title for one in found.topics] == ["Env Secret"]
