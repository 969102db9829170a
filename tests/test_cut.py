"""Documents that are damaged or break off: what is whole of them is read, and what is not is named."""

from __future__ import annotations

import json
import time

import pytest

from aggregator import poll
from aggregator.fetch import decode
from aggregator.model import FetchResult, Limits, ParseResult, Source, SourceState, Task
from aggregator.parse import mend, parse

AT = 1_790_000_000
URL = "https://n.example/feed"
SOURCE = Source("s", url=URL)
HEAD = '{"version":"https://jsonfeed.org/version/1.1","title":"T","items":['
RSS = '<rss version="2.0"><channel><title>T</title>'
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title>'


def fetched(body: str, headers: tuple[tuple[str, str], ...] = ()) -> FetchResult:
    return FetchResult(URL, AT, 200, headers, body.encode())


def read(body: str) -> ParseResult:
    return parse(SOURCE, fetched(body), Limits())


def item(number: int, **more: object) -> str:
    return json.dumps({"id": number, "title": f"t{number}", "content_text": "x {", **more})


def titles(parsed: ParseResult) -> str:
    return " ".join(entry.title for entry in parsed.entries)


def told(parsed: ParseResult) -> list[str]:
    return [f"{one.kind}: {one.detail}" for one in parsed.warnings]


ONE, TWO, THREE = item(1), item(2), item(3)
LEFT_OUT = ["parse: item 2 is left out: Expecting ',' delimiter"]
CUT = "truncated: the document breaks off before its end; "

BROKEN = [
    ("commas too many", f"{HEAD},{ONE},,{TWO},],}}", "t1 t2", []),
    ("one within an item", f'{HEAD}{ONE[:-1]},"tags":["a",],}},{TWO}]}}', "t1 t2", []),
    ("a comma too few", f"{HEAD}{ONE}\n{TWO}]}}", "t1 t2", []),
    ("comments", f"// a\n{HEAD}/* b */{ONE}, // c\n{TWO}]}} // d", "t1 t2", []),
    ("one within an item, before a comma too many", f'{HEAD}{ONE[:-1]}, // a "b\n}},{TWO}]}}', "t1 t2", []),
    ("a mark of the byte order", f"\ufeff{HEAD}{ONE}]}}", "t1", []),
    ("what follows it", f"{HEAD}{ONE}]}}\n<!-- took 3 s -->", "t1", []),
    ("what a server said before it", f"<br />\n<b>Notice</b>: x in <b>y</b>\n{HEAD}{ONE}]}}", "t1", []),
    (
        "what JSON does not escape",
        HEAD + r'{"id":"1","title":"it\'s \d","content_text":"x"}]}',
        r"it's \d",
        [],
    ),
    ("no number", f'{HEAD}{ONE[:-1]},"_n":NaN}}]}}', "t1", []),
    (
        "quotation marks in a text",
        f'{HEAD}{ONE},{{"id":"2","content_text":"a "b" {{"}},{THREE}]}}',
        "t1 t3",
        LEFT_OUT,
    ),
    ("an odd one", f'{HEAD}{ONE},{{"id":"2","content_text":"6" of it"}},{THREE}]}}', "t1 t3", LEFT_OUT),
    (
        "one, in lines",
        f'{HEAD}{ONE},{{\n"id":"2",\n"content_text":"6" of it"\n}},{{"id":3,"title":"t3"}}]}}',
        "t1 t3",
        LEFT_OUT,
    ),
    # what hangs on the bad item is not taken for the next one
    (
        "an odd one before what resembles an item",
        f'{HEAD}{ONE},{{"id":2,"content_text":"6" of it","attachments":[{{"url":"/a"}},{{"url":"/b"}}]}},{THREE}]}}',
        "t1 t3",
        LEFT_OUT,
    ),
    ("one in the title of the feed", HEAD.replace('"T"', '"a "b" c"') + f"{ONE}]}}", "t1", []),
    (
        "nested too deeply",
        f'{HEAD}{ONE},{{"id":2,"_x":{"[" * 5000}{"]" * 5000}}},{THREE}]}}',
        "t1 t3",
        ["parse: item 2 is left out: it is nested too deeply"],
    ),
    (
        "no objects",
        f'{HEAD}7,null,{ONE},"x",[]]}}',
        "t1",
        [f"parse: item {n} is left out: it is no object" for n in (1, 3, 4)],
    ),
    ("cut in an item", f"{HEAD}{ONE},{TWO},{THREE}"[:-9], "t1 t2", [CUT + "2 whole items were read"]),
    ("cut between two", f"{HEAD}{ONE},", "t1", [CUT + "1 whole item was read"]),
    ("cut after the last", f"{HEAD}{ONE}]", "t1", [CUT + "1 whole item was read"]),
    (
        "cut before it says what it is",
        f'{{"home_page_url":"https://n.example/","items":[{ONE},{TWO[:9]}',
        "t1",
        [CUT + "1 whole item was read"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "body", "wanted", "warnings"), BROKEN, ids=[one[0] for one in BROKEN])
def test_C9_F8_a_damaged_json_feed_gives_what_is_whole(
    name: str, body: str, wanted: str, warnings: list[str]
) -> None:
    parsed = read(body)
    assert (titles(parsed), told(parsed), parsed.failure) == (wanted, warnings, None), name


@pytest.mark.parametrize(
    ("name", "body", "kind", "words"),
    [
        ("cut in the first item", f"{HEAD}{ONE}"[:-9], "truncated", "no whole items"),
        ("cut before the items", HEAD[:58], "truncated", "no whole items"),
        ("no feed", '{"error":"x" "y"}', "not-a-feed", "damaged JSON: Expecting ','"),
        ("no feed, cut", '{"items":[{"id":1},{"id"', "not-a-feed", "damaged JSON"),
        ("a page that shows one", f"<html><body><pre>{HEAD}{ONE}]}}</pre></body></html>", "not-a-feed", "a web page"),
    ],
)  # fmt: skip
def test_C1_C9_what_holds_nothing_whole_is_a_failure(name: str, body: str, kind: str, words: str) -> None:
    parsed = read(body)
    assert parsed.failure is not None and parsed.failure.kind == kind, name
    assert words in parsed.failure.detail and parsed.entries == (), name


ODD = [
    ("a number as id", {"id": 7}, "guid", "7"),
    ("a fraction as id", {"id": 7.5}, "guid", "7.5"),
    ("a number as title", {"title": 1984}, "title", "1984"),
    ("a number as text", {"content_text": 42}, "text", "42"),
    ("a date as number", {"date_published": 1_700_000_000}, "published", 1_700_000_000),
    ("a date as number of thousandths", {"date_published": 1_700_000_000_123}, "published", 1_700_000_000),
    ("a title that is none", {"title": ["x"]}, "title", "x {"),
    ("a link that is none", {"url": {"href": "x"}}, "link", None),
    ("a date that is none", {"date_published": {}}, "published", None),
    ("authors that are none", {"authors": 7}, "authors", ()),
    ("attachments that are none", {"attachments": {"url": 7}}, "enclosures", ()),
    ("tags that are none", {"tags": {"a": 1}}, "categories", ()),
]


@pytest.mark.parametrize(("name", "said", "field", "wanted"), ODD, ids=[one[0] for one in ODD])
def test_C9_strange_values_of_one_item_hurt_no_other(
    name: str, said: dict[str, object], field: str, wanted: object
) -> None:
    odd = json.dumps({"id": 1, "title": "t1", "content_text": "x {", **said})
    parsed = read(f"{HEAD}{odd},{TWO}]}}")
    assert len(parsed.entries) == 2 and told(parsed) == [] and parsed.entries[1].title == "t2", name
    assert getattr(parsed.entries[0], field) == wanted, name


def test_C9_the_members_of_a_feed_may_be_anything() -> None:
    values: list[object] = [None, True, 7, -1.5, "x", "", [], [7], [{}], {}, {"url": 7}, [["x"]]]
    for value in values:
        for name in (
            "title", "home_page_url", "feed_url", "description", "language", "authors", "author", "icon", "favicon", "hubs",
        ):  # fmt: skip
            said = {
                "version": "https://jsonfeed.org/version/1",
                name: value,
                "items": [{"id": 1, "title": "t1"}],
            }
            assert titles(read(json.dumps(said))) == "t1", (name, value)


def test_C9_B8_a_bad_json_feed_is_read_in_a_time_that_follows_its_size() -> None:
    for bad in (
        '{"id":"1","content_text":"6" of it"},',
        '{"id":1,"a":[',
        '"\\"',
        '{"id" ',
        "/*",
        '},{"',
        '{"a":[,,',
        "} ",
    ):
        seconds = []
        for size in (30_000, 120_000):
            body = HEAD + bad * (size // len(bad))
            began = time.process_time()
            read(body)
            seconds.append(time.process_time() - began)
        assert seconds[1] < 0.5 + 12 * seconds[0], bad


def rss(number: int) -> str:
    return f"<item><title>t{number}</title><guid>g{number}</guid><description><![CDATA[a</item>b]]></description></item>"


CUTS = [
    ("in a text", f"{RSS}{rss(1)}{rss(2)[:-25]}", "t1", "1 whole item was read"),
    ("in a CDATA section", f"{RSS}{rss(1)}{rss(2)[:-40]}", "t1", "1 whole item was read"),
    ("in a tag", f"{RSS}{rss(1)}{rss(2)}<ite", "t1 t2", "2 whole items were read"),
    ("in the end of an item", f"{RSS}{rss(1)}{rss(2)[:-3]}", "t1", "1 whole item was read"),
    ("after an item", f"{RSS}{rss(1)}", "t1", "1 whole item was read"),
    ("in the end of the feed", f"{RSS}{rss(1)}</chan", "t1", "1 whole item was read"),
    ("in a feed that is damaged, too", f"{RSS}{rss(1)}<item><title>t2<br></title></item>{rss(3)[:-30]}", "t1 t2", "2 whole items were read"),
    ("where items never end", f"{RSS}<item><title>t1</title><item><title>t2</title>", "t1", "1 whole item was read"),
    ("in Atom", f"{ATOM}<entry><id>1</id><title>t1</title></entry><entry><id>2</id><title>t2</title>", "t1", "1 whole item was read"),
    (
        "in RDF, whose channel ends before the items",
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel><title>T</title></channel>'
        "<item><title>t1</title></item><item><tit", "t1", "1 whole item was read",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "body", "wanted", "words"), CUTS, ids=[one[0] for one in CUTS])
def test_F8_a_feed_that_breaks_off_gives_its_whole_items(
    name: str, body: str, wanted: str, words: str
) -> None:
    parsed = read(body)
    assert (titles(parsed), told(parsed), parsed.failure) == (wanted, [CUT + words], None), name
    assert parsed.marks is None, "the next document is read whole"


WHOLE = [
    ("whole", f"{RSS}{rss(1)}</channel></rss>"),
    ("without the end of the root", f"{RSS}{rss(1)}</channel>"),
    ("in capitals", f"{RSS}{rss(1)}</channel></RSS >"),
    ("with much behind it", f"{RSS}{rss(1)}</channel></rss><!-- {'x' * 5000} -->"),
    ("items that never end", f"{RSS}<item><title>t1</title></channel></rss>"),
    ("Atom with a prefix", '<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:entry><a:title>t1</a:title></a:entry></a:feed>'),
    ("no item", f"{RSS}</channel></rss>"),
    ("an empty element", '<feed xmlns="http://www.w3.org/2005/Atom"/>'),
    ("no feed", "<html><body><item>"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "body"), WHOLE, ids=[one[0] for one in WHOLE])
def test_a_document_that_is_whole_stays_as_it_is(name: str, body: str) -> None:
    assert mend.whole(body.encode()) == (body.encode(), False), name


@pytest.mark.parametrize(
    ("name", "body", "kept"),
    [
        ("whole", f"{RSS}{rss(1)}</channel></rss>", '"v1"'),
        ("cut", f"{RSS}{rss(1)}{rss(2)[:-25]}", None),
        ("whole JSON", f"{HEAD}{ONE}]}}", '"v1"'),
        ("cut JSON", f"{HEAD}{ONE},", None),
        ("JSON with a bad item, which will be as bad next time", f"{HEAD}{ONE},7]}}", '"v1"'),
    ],
)
def test_P6_what_breaks_off_is_asked_for_whole_again(name: str, body: str, kept: str | None) -> None:
    answer = fetched(body, (("etag", '"v1"'), ("last-modified", "x")))
    done = poll.take(Task(SOURCE, SourceState()), [answer])
    assert done.failure is None and titles(ParseResult(entries=done.entries)).startswith("t1"), name
    assert done.memory.etag == kept and (done.memory.last_modified is None) == (kept is None), name
    again = poll.take(Task(SOURCE, done.memory), [answer])
    assert again.not_modified and again.warnings == (), "the same half is not told of at each poll"


@pytest.mark.parametrize(
    ("name", "body", "wanted"),
    [
        ("RSS", b"<?xml version='1.0'?>\n<!-- <x> -->\n<rss><a/></rss>\n", True),
        ("with a prefix", b"<rdf:RDF><item/></rdf:RDF>", True),
        ("in capitals at its end", b"<rss></RSS >", True),
        ("with a comment behind", b"<rss></rss>\n<!-- 3 s --> ", True),
        ("a page", b"<!DOCTYPE html><html><p>x</html>", True),
        ("UTF-16", "\ufeff<rss></rss>".encode("utf-16-le"), True),
        ("JSON", b'\xef\xbb\xbf{"a":[1]}\n', True),
        ("the end of a child", b"<rss><item></item>", False),
        ("half an end", b"<rss></rss", False),
        ("words behind the end", b"<rss></rss> more", False),
        ("half JSON", b'{"a":[1]', False),
        ("words", b"Somebody says so.", False),
        ("nothing", b"", False),
    ],
)
def test_B4_what_ends_as_it_began_is_whole(name: str, body: bytes, wanted: bool) -> None:
    assert decode.has_end(body) is wanted, name
