"""Bytes → entries."""

from __future__ import annotations

import csv
import json
import os
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import FetchResult, Limits, ParseResult, Source
from aggregator.parse import normal, parse
from aggregator.parse.isolate import Workers
from tests.hostile import Hostile

AT = 1_790_000_000
BASE = "https://site.example/feeds/news.xml"
SEED = Path(__file__).parent.parent / "aggregator" / "seeds" / "000_9ac260edf83821a6.txt"


def feed(body: str | bytes, url: str = BASE, headers: tuple[tuple[str, str], ...] = ()) -> ParseResult:
    data = body.encode() if isinstance(body, str) else body
    return parse(Source("s", url=url), FetchResult(url, AT, 200, headers, data), Limits())


def text(body: str | bytes) -> ParseResult:
    data = body.encode() if isinstance(body, str) else body
    return parse(Source("s", path="/x.txt"), FetchResult("file:///x.txt", AT, body=data), Limits())


RSS = """<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><title>Site &amp;amp; Co</title>
<link>https://site.example/</link><description>About</description><language>en_gb</language><ttl>90</ttl>
<item><title>Tom &amp;amp; &lt;b&gt;Jerry&lt;/b&gt; &lt; 3</title><link>/a?utm_source=rss&amp;id=7</link><guid isPermaLink="false">guid-7</guid>
<pubDate>Mon, 01 Sep 2025 10:00:00 +0200</pubDate><dc:creator>Ann Author</dc:creator><category>World</category><category>world</category>
<description>Short &amp;amp; sweet</description><content:encoded><![CDATA[<p onclick="x()">Long <a href="../b">body</a><script>alert(1)</script><img src="pic.jpg"></p>]]></content:encoded>
<enclosure url="https://cdn.example/a.mp3" length="123" type="audio/mpeg"/><media:content url="https://cdn.example/v.mp4" medium="video" duration="61"/>
<media:thumbnail url="https://cdn.example/t.jpg"/><itunes:duration>1:01</itunes:duration><comments>https://site.example/a#comments</comments></item>
</channel></rss>"""


def test_an_item_in_our_normal_form() -> None:
    parsed = feed(RSS)
    assert parsed.failure is None and len(parsed.entries) == 1
    (entry,) = parsed.entries
    assert (
        parsed.feed.title == "Site & Co" and parsed.feed.language == "en-GB" and parsed.feed.hints.ttl == 5400
    )
    assert entry.title == "Tom & Jerry < 3"
    assert entry.link == "https://site.example/a?id=7" and entry.link_key == "site.example/a?id=7"
    assert entry.guid == entry.key == "guid-7"
    assert entry.published == 1_756_713_600
    assert entry.content == ('<p>Long <a href="https://site.example/b" rel="noopener noreferrer">body</a>'
                             '<img src="https://site.example/pic.jpg"></p>')  # fmt: skip
    assert entry.text == "Long body" and entry.summary == "Short & sweet"
    assert [person.name for person in entry.authors] == ["Ann Author"]
    assert [category.term for category in entry.categories] == ["World"]
    assert [(e.url, e.type, e.length, e.duration) for e in entry.enclosures] == [
        ("https://cdn.example/a.mp3", "audio/mpeg", 123, None),
        ("https://cdn.example/v.mp4", "video/mp4", 0, 61),
    ]
    assert entry.image == "https://cdn.example/t.jpg" and entry.comments == "https://site.example/a#comments"
    assert ("itunes:duration", "1:01") in entry.extras
    assert "guid-7" in entry.raw


ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://base.example/x/" xml:lang="de"><id>urn:f</id><title>T</title><updated>2025-01-01T00:00:00Z</updated>
<entry><id>urn:e:1</id><title type="text">1 &lt; 2 &amp; so</title><link href="p1"/><updated>2025-01-02T00:00:00Z</updated><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Hi <a href="y">y</a></p></div></content></entry>
<entry xml:base="../z/" xml:lang="fr"><id>urn:e:2</id><title type="html">&amp;lt;em&amp;gt; &lt;em&gt;x&lt;/em&gt;</title><link rel="alternate" href="p2"/><updated>2025-01-02T00:00:00Z</updated><summary type="html">&lt;p&gt;&lt;img src="i.png"&gt;S&lt;/p&gt;</summary></entry></feed>"""


def test_S12_relative_links_and_languages_of_atom() -> None:
    first, second = feed(ATOM).entries
    assert (
        first.title == "1 < 2 & so"
        and first.link == "https://base.example/x/p1"
        and "https://base.example/x/y" in first.content
    )
    assert first.language == "de" and second.language == "fr"
    assert (
        second.title == "<em> x"
        and second.link == "https://base.example/z/p2"
        and "https://base.example/z/i.png" in second.content
    )


@pytest.mark.parametrize(
    ("name", "body", "kind", "words"),
    [
        ("page", "<html><head><title>Hello</title></head></html>", "not-a-feed", "web page"),
        ("login", "<html><input type=password></html>", "blocked", "login"),
        ("captcha", "<html>Are you a robot? captcha</html>", "blocked", "captcha"),
        ("json error", '{"message": "rate limit"}', "not-a-feed", "rate limit"),
        ("png", b"\x89PNG\r\n", "not-a-feed", "PNG"),
        ("svg", "<svg xmlns='http://www.w3.org/2000/svg'/>", "not-a-feed", "SVG"),
        ("opml", "<opml version='2.0'/>", "not-a-feed", "OPML"),
        ("sitemap", "<urlset/>", "not-a-feed", "sitemap"),
        ("words", "hello there", "not-a-feed", "text"),
        ("empty", "  \n", "empty", "empty"),
    ],
)
def test_C1_what_is_no_feed_is_named(name: str, body: str | bytes, kind: str, words: str) -> None:
    failure = feed(body).failure
    assert failure is not None and failure.kind == kind and words in failure.detail, name


ITS = "https://n.example/1"


@pytest.mark.parametrize(
    ("name", "said", "link"),
    [
        ("an element", f"<link><a href='{ITS}'>x</a></link>", ITS),
        ("an element with the address as its text", f"<link><b>{ITS}</b></link>", ITS),
        ("markup in CDATA", f'<link><![CDATA[<a href="{ITS}">read</a>]]></link>', ITS),
        ("markup that is escaped", f"<link>&lt;a class=x href={ITS}&gt;read&lt;/a&gt;</link>", ITS),
        ("relative, in markup", '<link><![CDATA[<a href="/1">read</a>]]></link>', ITS),
        ("CDATA among blanks", f"<link>\n <![CDATA[\n {ITS}\n ]]>\n</link>", ITS),
        ("over two lines", "<link>https://n.example/\n    1</link>", ITS),
        ("blanks within", "<link> https://n.example/a b </link>", "https://n.example/a%20b"),
        ("quotation marks", f"<link>“{ITS}”</link>", ITS),
        ("a quotation mark of its own", "<link>https://n.example/«1»</link>", "https://n.example/%C2%AB1%C2%BB"),
        ("brackets", f"<link><![CDATA[<{ITS}>]]></link>", ITS),
        ("words before it", f"<link>Read it: {ITS}</link>", ITS),
        ("behind an empty link", f"<link/>{ITS}\n<description>d</description>", ITS),
        ("behind a link without text", f"<link></link> {ITS} ", ITS),
        ("text that is none", "<link/>Read more", None),
        ("an empty link, and a guid", f"<link/><guid>{ITS}</guid>", ITS),
        ("a guid that leads", f"<guid isPermaLink='true'>{ITS}</guid>", ITS),
        ("a relative one", "<guid isPermaLink='true'>/1</guid>", ITS),
        ("a guid that leads nowhere", f"<guid isPermaLink='false'>{ITS}</guid>", None),
        ("a link of Atom", f"<a:link xmlns:a='http://www.w3.org/2005/Atom' href='{ITS}'/>", ITS),
        ("one to itself", f"<a:link xmlns:a='http://www.w3.org/2005/Atom' rel='self' href='{ITS}'/>", None),
        ("a base of the feed", "<link xml:base='https://n.example/x/'>../1</link>", ITS),
        ("an attribute", f"<link href='{ITS}'/>", ITS),
        ("the link itself comes first", f"<link>{ITS}</link>https://other.example/", ITS),
    ],
)  # fmt: skip
def test_S12_no_link_is_lost(name: str, said: str, link: str | None) -> None:
    for damage in ("", "<br>"):
        body = f"<rss version='2.0'><channel>{damage}<title>t</title><link>https://n.example/</link><item><title>a</title>{said}</item><item><title>b</title></item></channel></rss>"
        first, second = feed(body).entries
        assert (first.link, second.link) == (link, None), (name, damage)


def test_C9_the_link_of_an_item_is_mended_as_in_other_feeds() -> None:
    for said in (f" {ITS}\n", f"<{ITS}>", f"<a href='{ITS}'>x</a>", "https://n.example/\n 1"):
        item = json.dumps({"id": 1, "content_text": "x", "url": said})
        (one,) = feed(f'{{"version":"https://jsonfeed.org/version/1.1","items":[{item}]}}').entries
        assert one.link == ITS, said


def test_C4_C5_identity() -> None:
    items = "".join(
        f"<item><title>{title}</title>{more}</item>"
        for title, more in [
            ("A", "<guid>g</guid><link>http://n.example/1</link>"),
            ("A", "<guid>g</guid><link>http://n.example/1</link>"),  # a true repeat
            ("B", "<guid>x</guid><link>http://n.example/2</link>"),
            ("C", "<guid>x</guid><link>http://n.example/3</link>"),  # a guid that means nothing
            ("D", "<link>http://n.example/4</link>"),
            ("E", ""),
            ("", "<description>Only words here. And more.</description>"),
        ]
    )
    body = f"<rss version='2.0'><channel><title>t</title>{items}</channel></rss>"
    entries = feed(body).entries
    assert [entry.title for entry in entries] == ["A", "B", "C", "D", "E", "Only words here."]
    assert len({entry.key for entry in entries}) == 6
    assert [entry.key for entry in feed(body).entries] == [entry.key for entry in entries]


@pytest.mark.parametrize(
    ("date", "wanted"),
    [
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Fri, 31 Dec 2066 00:00:00 GMT", AT),
        ("Fri, 31 Dec 9999 00:00:00 GMT", None),
        ("nonsense", None),
        ("Mon, 01 Sep 2025 10:00:00 GMT", 1_756_720_800),
    ],
)
def test_C6_nothing_is_told_before_it_happens_or_before_there_were_feeds(
    date: str, wanted: int | None
) -> None:
    (entry,) = feed(
        f"<rss version='2.0'><channel><title>t</title><item><title>a</title><pubDate>{date}</pubDate></item></channel></rss>"
    ).entries
    assert entry.published == wanted


@pytest.mark.parametrize(
    ("name", "body", "headers"),
    [
        (
            "declared",
            "<?xml version='1.0' encoding='iso-8859-1'?><rss version='2.0'><channel><item><title>café</title></item></channel></rss>".encode(
                "latin-1"
            ),
            (),
        ),
        (
            "header",
            "<rss version='2.0'><channel><item><title>café</title></item></channel></rss>".encode("cp1252"),
            (("content-type", "text/xml; charset=windows-1252"),),
        ),
        (
            "utf-16",
            "<?xml version='1.0' encoding='utf-16'?><rss version='2.0'><channel><item><title>café</title></item></channel></rss>".encode(
                "utf-16"
            ),
            (),
        ),
        (
            "bom",
            b"\xef\xbb\xbf"
            + "<rss version='2.0'><channel><item><title>café</title></item></channel></rss>".encode(),
            (),
        ),
        (
            "unknown codec",
            "<?xml version='1.0' encoding='x-no-such'?><rss version='2.0'><channel><item><title>café</title></item></channel></rss>".encode(),
            (),
        ),
        (
            "rot13 is no text codec",
            "<?xml version='1.0' encoding='rot13'?><rss version='2.0'><channel><item><title>café</title></item></channel></rss>".encode(),
            (),
        ),
    ],
)
def test_C8_encodings(name: str, body: bytes, headers: tuple[tuple[str, str], ...]) -> None:
    assert [entry.title for entry in feed(body, headers=headers).entries] == ["café"], name


@pytest.mark.parametrize(
    ("said", "link"),
    [
        ('"id":"https://j.example/1"', "https://j.example/1"),
        ('"id":"https://j.example/1","url":"https://j.example/2"', "https://j.example/2"),
        ('"id":"https://j.example/1","external_url":"https://k.example/2"', "https://k.example/2"),
        ('"id":"j.example/1"', None),
        ('"id":7', None),
    ],
)
def test_C9_the_link_of_an_item_without_one_is_its_id(said: str, link: str | None) -> None:
    document = f'{{"version":"https://jsonfeed.org/version/1.1","items":[{{{said},"content_text":"x"}}]}}'
    (one,) = feed(document).entries
    assert one.link == link


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("A <b>bold</b> one", "A bold one"),
        ("List<String> of <jane@j.example>", "List<String> of <jane@j.example>"),
        ("Q&amp;A\n1 < 2", "Q&A 1 < 2"),
    ],
)
def test_C9_the_summary_of_an_item_is_a_text(said: str, wanted: str) -> None:
    item = json.dumps({"id": "1", "content_text": "Another text", "summary": said})
    (one,) = feed(f'{{"version":"https://jsonfeed.org/version/1.1","items":[{item}]}}').entries
    assert one.summary == wanted


def test_C9_json_feed() -> None:
    body = """{"version":"https://jsonfeed.org/version/1.1","title":"J","home_page_url":"https://j.example/","language":"en","items":[
    {"id":"https://j.example/1","url":"/1","title":"One &amp; <i>only</i>","content_html":"<p>x<script>1</script> <a href='/y'>y</a></p>","date_published":"2025-03-01T00:00:00Z",
     "authors":[{"name":"A"}],"tags":["t"],"attachments":[{"url":"https://j.example/a.mp3","mime_type":"audio/mpeg","size_in_bytes":5}]},
    {"id":2,"content_text":"a < b\\n\\nc"}, "rubbish", {"id":"3","date_published":12}]}"""
    parsed = feed(body)
    one, two, three = parsed.entries
    assert (
        one.title == "One & only"
        and one.content == '<p>x <a href="https://j.example/y" rel="noopener noreferrer">y</a></p>'
    )
    assert one.enclosures[0].length == 5 and one.authors[0].name == "A" and one.language == "en"
    assert two.guid == "2" and two.content == "<p>a &lt; b</p><p>c</p>" and three.published is None


def test_S15_no_entity_leads_anywhere() -> None:
    with Hostile() as server:
        body = f'<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY n SYSTEM "http://127.0.0.1:{server.canary}/">]><rss version="2.0"><channel><item><title>x &f;&n;</title></item></channel></rss>'
        parsed = feed(body)
        assert all("root:" not in entry.title + entry.raw for entry in parsed.entries)
        assert server.canary_log == []


def test_B9_what_is_too_long_is_cut() -> None:
    body = f"<rss version='2.0'><channel><item><title>{'t' * 5000}</title><guid>{'g' * 9000}</guid><description>{'d ' * 900_000}</description></item></channel></rss>"
    (entry,) = feed(body).entries
    assert (
        len(entry.title) <= 1000
        and len(entry.key) < 100
        and len(entry.content) <= 1_000_000
        and len(entry.raw) < 1_100_000
    )
    long = f"<p>{'d' * 97}</p>" * 7000  # of 728,000 characters nothing is cut
    body = f"<rss version='2.0'><channel><item><description><![CDATA[{long}]]></description></item></channel></rss>"
    assert feed(body).entries[0].content == long
    grows = "<a href='https://a.example/'>b</a>" * 22_000  # by what nh3 adds to each
    body = f"<rss version='2.0'><channel><item><description><![CDATA[<b>{grows}</b>]]></description></item></channel></rss>"
    content = feed(body).entries[0].content
    assert 790_000 < len(content) <= 800_100 and content.endswith(">b</a></b>")
    many = parse(
        Source("s", url=BASE),
        FetchResult(
            BASE,
            AT,
            200,
            (),
            (
                "<rss version='2.0'><channel>"
                + "".join(f"<item><title>{n}</title></item>" for n in range(30))
                + "</channel></rss>"
            ).encode(),
        ),
        Limits(max_entries=10),
    )
    assert len(many.entries) == 10 and many.warnings[0].kind == "too-many"


# ---------------------------------------------------------------- text files of stories


def test_the_seed_stories() -> None:
    parsed = text(SEED.read_bytes())
    assert len(parsed.entries) == 17
    article, *headlines = parsed.entries
    assert article.title.startswith(
        "North Korean leader Kim Jong Un has reiterated"
    ) and article.title.endswith("Russia…")
    assert article.content.count("<p>") == 5 and "isolation." in article.text
    assert headlines[0].title.startswith("Michael Dell Pledges $6.25 Billion") and all(
        not one.content for one in headlines
    )
    assert all(one.published is None and one.link is None for one in parsed.entries)


def test_the_seed_stories_moved_and_added_to() -> None:
    lines = SEED.read_text(encoding="utf-8").splitlines()
    before = {entry.key for entry in text("\n".join(lines)).entries}
    blocks = "\n".join(lines).split("\n\n")
    turned = "\n\n".join(["Something new happens in Oslo", *reversed(blocks)]).replace("\n", "\r\n") + "  \n"
    after = {entry.key for entry in text("\ufeff" + turned).entries}
    assert before < after and len(after - before) == 1


@pytest.mark.parametrize(
    ("name", "body", "titles"),
    [
        ("headlines", "One thing\nAnother thing\nA third?", ["One thing", "Another thing", "A third?"]),
        (
            "a title and prose",
            "Big day in town\nThe mayor came. He spoke for an hour.\nThen it rained all night long.",
            ["Big day in town"],
        ),
        (
            "prose without a title",
            "The mayor came, and he spoke for an hour to everybody who would listen. Then it rained.",
            ["The mayor came, and he spoke for an hour to everybody who would listen"],
        ),
        (
            "one stray full stop",
            "One thing\nAnother thing.\nA third\nA fourth",
            ["One thing", "Another thing.", "A third", "A fourth"],
        ),
        (
            "an abbreviation at the end",
            "Talks begin in the U.S.\nRain in Rome",
            ["Talks begin in the U.S.", "Rain in Rome"],
        ),
        (
            "a question and what is left open",
            "Who did it?\nAnd then there were none…\nWait and see...\nAt last!",
            ["Who did it?", "And then there were none…", "Wait and see...", "At last!"],
        ),
        ("an ellipsis alone", "To be continued…", ["To be continued…"]),
        ("one line of prose", "It rained.", ["It rained"]),
        (
            "lines between blocks",
            "One thing\n-----\nAnother thing\n* * *\n=====\n",
            ["One thing", "Another thing"],
        ),
        (
            "lines between blocks, typeset",
            "One thing\n———\nAnother thing\n• • •\n═══\nA third\n… … …",
            ["One thing", "Another thing", "A third"],
        ),
        ("two dashes are no line", "One thing\n——\nAnother thing", ["One thing", "Another thing"]),
        ("marks alone are no story", "One thing\n\n.\n\n*\n\n¿?\n\n–\n\n“”", ["One thing"]),
        ("a picture is", "One thing\n\n🎉🎉🎉", ["One thing", "🎉🎉🎉"]),
        ("a digit is", "9", ["9"]),
        ("blank lines of blanks", "One thing\n \t\u00a0\nAnother thing", ["One thing", "Another thing"]),
        ("old line ends", "One thing\rAnother thing\r\rA third", ["One thing", "Another thing", "A third"]),
        (
            "a mark before a headline",
            "[Video] One thing\n[2024] Another",
            ["[Video] One thing", "[2024] Another"],
        ),
        (
            "a name that begins as a bitmap does",
            "BMW recalls cars\nRIFF raff",
            ["BMW recalls cars", "RIFF raff"],
        ),
        ("a line beyond all bounds", "word " * 5000, ["word " * 26 + "word…"]),
        (
            "other scripts",
            "东京发生地震。\n\n日本の首相が辞任\n\nभूकंप से दस की मौत।",
            ["东京发生地震", "日本の首相が辞任", "भूकंप से दस की मौत"],
        ),
        (
            "wrapped by an editor",
            "Fox meets bear\nThe quick brown fox jumps over the lazy dog and runs away from the\nhunter who was following it through the forest for three days until\nBoris and it met a bear. The bear said\nnothing.",
            ["Fox meets bear"],
        ),
        (
            "wrapped, without a title",
            "The quick brown fox jumps over\nthe lazy dog. It runs away from the\nhunter",
            ["The quick brown fox jumps over the lazy dog. It runs away from the hunter"],
        ),
        (
            "small letters of names",
            "One thing\niPhone sales fall\neBay is sold",
            ["One thing", "iPhone sales fall", "eBay is sold"],
        ),
        (
            "abbreviations in a first sentence",
            "Mr. Smith of the U.S. Senate came. He spoke.",
            ["Mr. Smith of the U.S. Senate came"],
        ),
        (
            "wrapped at nouns, below a headline",
            "Fox meets bear\nThe quick brown fox jumps over the dog on\nFriday. Hunters who followed it at a dis-\ntance saw nothing of it.",
            ["Fox meets bear"],
        ),
        (
            "… and without one",
            "The quick brown fox jumps over the dog on\nFriday. Hunters who followed it through the\nwood saw nothing of it.",
            ["The quick brown fox jumps over the dog on Friday"],
        ),
        (
            "… which has room: headlines",
            "Fox meets bear\nCat\nDog meets cat in the very middle of the day\nof all days.",
            ["Fox meets bear", "Cat", "Dog meets cat in the very middle of the day", "of all days."],
        ),
        (
            "an address goes on with nothing",
            "Fox meets bear\nhttps://a.example/1\nIt ran. It hid.",
            ["Fox meets bear"],
        ),
        ("a list", "- One thing\n* Another thing\n• – A third", ["One thing", "Another thing", "– A third"]),
        ("a list with blank lines", "- One thing\n\n- Another thing", ["One thing", "Another thing"]),
        (
            "less than nothing",
            "-5 degrees in Rome\n*Corrected* figures",
            ["-5 degrees in Rome", "*Corrected* figures"],
        ),
        ("a list of prose", "– He came, saw and won. All fled.", ["He came, saw and won"]),
        (
            "a list with numbers",
            "1. One thing\n2. Another\n\n3. A third",
            ["One thing", "Another", "A third"],
        ),
        ("… in brackets", "1) One thing\n2) Another\n3) A third", ["One thing", "Another", "A third"]),
        ("two are no list", "1. FC wins\n2. League begins", ["1. FC wins", "2. League begins"]),
        (
            "nor are others",
            "1. FC wins\n3. League begins\n7. Day",
            ["1. FC wins", "3. League begins", "7. Day"],
        ),
        ("years", "2024. One thing\n2025. Another", ["2024. One thing", "2025. Another"]),
        (
            "a heading",
            "# Fox meets bear\nIt ran. It hid.\n## Dog meets cat\nThey fought.",
            ["Fox meets bear", "Dog meets cat"],
        ),
        (
            "… above a blank line",
            "# Fox meets bear\n\nIt ran. It hid.\n\n# Dog meets cat\n\nThey fought.",
            ["Fox meets bear", "Dog meets cat"],
        ),
        (
            "… that is underlined",
            "Fox meets bear\n==============\n\nIt ran. It hid.\n\nDog meets\n---------\nThey fought.",
            ["Fox meets bear", "Dog meets"],
        ),
        (
            "… of a section of articles",
            "# World\n\nIt ran. It hid.\n\nThey fought.",
            ["World", "It ran", "They fought"],
        ),
        (
            "… of a section of headlines",
            "# World\n\nFox meets bear\nDog meets cat",
            ["World", "Fox meets bear", "Dog meets cat"],
        ),
        ("… alone", "# Fox meets bear\n# Dog meets cat", ["Fox meets bear", "Dog meets cat"]),
        ("… above a rule", "# Fox meets bear\n----\nIt ran. It hid.", ["Fox meets bear", "It ran"]),
        (
            "no heading",
            "#MeToo is ten\n#1 hit\nC # D - E 1. F",
            ["#MeToo is ten", "#1 hit", "C # D - E 1. F"],
        ),
        (
            "blanks without width",
            "\u200bOne thing\u200b\n\u200b\nIt ran. It hid.\n\ufeff",
            ["One thing", "It ran"],
        ),
        ("the same line twice", "One thing\nOne thing", ["One thing"]),
        (
            "front matter",
            "---\nTitle: 'Fox meets bear'\ntags:\n- a\n---\n\nIt ran.\n\n## It hid\n\nIt ate.",
            ["Fox meets bear"],
        ),
        (
            "… without a title",
            "---\nlayout: post\n...\nIt ran. It hid.\n\nThey fought.",
            ["It ran", "They fought"],
        ),
        (
            "… that is none: a list between rules",
            "---\nFox meets bear\nDog meets cat\n---\nOne thing",
            ["Fox meets bear", "Dog meets cat", "One thing"],
        ),
        (
            "… nor headlines with a colon, and no end",
            "---\nWorld: Fox meets bear\nDog meets cat",
            ["World: Fox meets bear", "Dog meets cat"],
        ),
    ],
)
def test_blocks_of_text(name: str, body: str, titles: list[str]) -> None:
    assert [entry.title for entry in text(body).entries] == titles, name


def test_front_matter_gives_all_paragraphs_one_title() -> None:
    (one,) = text("---\ntitle: Fox meets bear\n---\n\nIt ran.\n\n## It hid\n\nIt ate.\n").entries
    assert one.text == "It ran.\nIt hid\nIt ate."


def test_a_list_that_grows_at_its_top_has_one_story_more() -> None:
    before = text("1. One thing\n2. Another\n3. A third").entries
    after = text("1. What is new\n2. One thing\n3. Another\n4. A third").entries
    assert len({one.key for one in after} - {one.key for one in before}) == 1 and len(after) == 4


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_text_file_says_by_its_mark_how_it_is_encoded(encoding: str) -> None:
    assert [one.title for one in text("Café is open\nFish is dear".encode(encoding)).entries] == [
        "Café is open",
        "Fish is dear",
    ]


def test_an_article_keeps_all_its_paragraphs_and_grows() -> None:
    before = text("Big day in town\nThe mayor came. He spoke for an hour.\nThen it rained.").entries
    after = text(
        "Big day in town\nThe mayor came. He spoke for an hour.\nThen it rained.\nAt night it stopped."
    ).entries
    assert [one.key for one in before] == [one.key for one in after] and before[0].digest != after[0].digest
    assert (
        after[0].content
        == "<p>The mayor came. He spoke for an hour.</p><p>Then it rained.</p><p>At night it stopped.</p>"
    )


_HEADLINES = st.lists(
    st.lists(
        st.text("ABCDEFGHIJ kl?!’-é0字", min_size=3, max_size=40).map(lambda line: f"A{line}Z"),
        min_size=1,
        max_size=4,
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=100, deadline=None)
@given(
    _HEADLINES,
    st.randoms(use_true_random=False),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\ufeff"]),
)
def test_moved_reordered_and_added_to_only_what_is_new_is_new(
    blocks: list[list[str]], chance: random.Random, end: str, bom: str
) -> None:
    before = {entry.key for entry in text("\n\n".join("\n".join(block) for block in blocks)).entries}
    lines = [line for block in blocks for line in block] + ["Zebra crosses road"]
    chance.shuffle(lines)
    after = text(bom + f"{end}{end}".join(lines) + end).entries
    assert {entry.key for entry in after} - before == {
        entry.key for entry in after if entry.title == "Zebra crosses road"
    }
    assert before <= {entry.key for entry in after} and len(after) <= len(lines), "and no line is two stories"


@pytest.mark.parametrize(("length", "is_whole"), [(139, True), (140, True), (141, False)])
def test_the_first_sentence_of_prose_is_its_title_up_to_a_length(length: int, is_whole: bool) -> None:
    sentence = f"Word {'a' * (length - 10)} word"
    (found,) = text(f"{sentence}.").entries
    assert (found.title == sentence) is is_whole and len(found.title) <= 140


@pytest.mark.parametrize(("word", "is_the_same"), [(39, False), (40, True)])
def test_prose_is_known_by_the_words_that_it_begins_with(word: int, is_the_same: bool) -> None:
    """`word`: the number of the one that is another one, from 0 on."""
    words = [f"w{number}x" for number in range(45)]
    other = [*words[:word], "edited", *words[word + 1 :]]
    one, two = (text(f"{' '.join(said)}.") for said in (words, other))
    assert (one.entries[0].key == two.entries[0].key) is is_the_same


def test_a_text_file_that_is_not_utf_8() -> None:
    failure = text("Fine\nCaf\u00e9".encode("latin-1")).failure
    assert failure is not None and failure.kind == "not-utf-8" and "x.txt:2" in failure.detail


def test_local_feeds_are_feeds() -> None:
    assert [entry.title for entry in text(RSS).entries] == ["Tom & Jerry < 3"]
    assert (
        len(
            text(
                '{"version":"https://jsonfeed.org/version/1","title":"t","items":[{"id":"1","content_text":"x"}]}'
            ).entries
        )
        == 1
    )


def test_C9_one_thing_without_a_list_around_it_is_a_list() -> None:
    said = '"attachments":{"url":"https://p.example/a.mp3"},"tags":"local news"'
    document = (
        f'{{"version":"https://jsonfeed.org/version/1.1","items":[{{"id":"1","content_text":"x",{said}}}]}}'
    )
    (found,) = feed(document).entries
    assert [one.url for one in found.enclosures] == ["https://p.example/a.mp3"]
    assert [one.term for one in found.categories] == ["local news"]


@pytest.mark.parametrize("items", ["", ',"items":null', ',"items":[]'])
def test_C2_a_json_feed_without_items_is_empty(items: str) -> None:
    """Programs leave out what is empty, or write null for it."""
    found = feed(f'{{"version":"https://jsonfeed.org/version/1.1","title":"J"{items}}}')
    assert (found.failure, found.feed.title, found.entries) == (None, "J", ())


@pytest.mark.parametrize("items", ['"x"', "{}", "5"])
def test_C1_items_that_are_none_are_a_failure(items: str) -> None:
    found = feed(f'{{"version":"https://jsonfeed.org/version/1.1","title":"J","items":{items}}}')
    assert (found.failure is None) is (items == "{}")


# ---------------------------------------------------------------- hostile input


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_B7_mutated_feeds_never_raise(data: st.DataObject) -> None:
    body = bytearray((RSS if data.draw(st.booleans()) else ATOM).encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=12))
    parsed = feed(bytes(body))
    for entry in parsed.entries:
        assert entry.key and entry.title and "<script" not in entry.content.lower()


def test_B8_workers_end_what_takes_too_long() -> None:
    workers = Workers(1)
    slow = (
        b"<rss version='2.0'><channel>"
        + b"<item><title>"
        + b"<!-- x -->" * 40_000
        + b"</title></item>" * 1
        + b"</channel></rss>"
    )
    try:
        good = workers.parse(Source("s", url=BASE), FetchResult(BASE, AT, 200, (), RSS.encode()), Limits())
        assert len(good.entries) == 1
        ended = workers.parse(
            Source("s", url=BASE), FetchResult(BASE, AT, 200, (), slow * 40), Limits(parse_seconds=0.05)
        )
        assert ended.failure is not None and ended.failure.kind == "parse"
        assert (
            len(
                workers.parse(
                    Source("s", url=BASE), FetchResult(BASE, AT, 200, (), RSS.encode()), Limits()
                ).entries
            )
            == 1
        ), "others go on"
    finally:
        workers.close()


# ---------------------------------------------------------------- real feeds, where they are


CORPUS = Path(
    os.environ.get("AGGREGATOR_CORPUS") or Path(__file__).parent.parent.parent / "shared" / "corpus"
)
# Feeds with true repeats: the same item, or the same link and text, more than once in one document.
REPEATS = {
    "f0ed49cc71c": 1,
    "f1155ac0b3a": 14,
    "f3d6cda46d6": 9,
    "f41ef61b1a3": 1,
    "f4c4a36a881": 67,
    "fe2f96ecb13": 9,
    "fee639076f1": 1,
    "ff14ae9a949": 2,
}


@pytest.mark.skipif(
    not (CORPUS / "manifest.tsv").exists(),
    reason=f"no corpus of real feeds at {CORPUS} (set AGGREGATOR_CORPUS)",
)
def test_real_feeds_give_the_entries_that_the_manifest_counts() -> None:
    with (CORPUS / "manifest.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    wrong = {}
    for row in rows[::12]:
        parsed = parse(
            Source("s", url=BASE),
            FetchResult(BASE, AT, 200, (), (CORPUS / row["path"]).read_bytes()),
            Limits(),
        )
        if parsed.failure is not None or len(parsed.entries) + REPEATS.get(row["id"], 0) != int(
            row["entries"]
        ):
            wrong[row["id"]] = (parsed.failure, len(parsed.entries), row["entries"])
    assert wrong == {}


@pytest.mark.parametrize(
    ("said", "name", "email"),
    [
        ("jane@news.example (Jane Doe)", "Jane Doe", "jane@news.example"),
        ("jane@news.example (Jane (Doe))", "Jane (Doe)", "jane@news.example"),
        ("jane@news.technology", "jane@news.technology", "jane@news.technology"),
        ("bob@a.info (Bob)", "Bob", "bob@a.info"),
        ("bob@a.co (bob)", "bob", "bob@a.co"),
        ("Only A. Name", "Only A. Name", None),
    ],
)
def test_F38_mail_addresses_of_any_length(said: str, name: str, email: str | None) -> None:
    entry = feed(
        f'<rss version="2.0"><channel><title>t</title><item><title>x</title><author>{said}</author></item></channel></rss>'
    ).entries[0]
    assert [(one.name, one.email) for one in entry.authors] == [(name, email)]


def test_C8_good_utf8_is_utf8_whatever_the_server_says() -> None:
    body = '<?xml version="1.0"?><rss version="2.0"><channel><title>Новости 新闻</title><item><title>Тест</title></item></channel></rss>'
    found = feed(body.encode(), headers=(("content-type", "text/xml; charset=iso-8859-5"),))
    assert found.feed.title == "Новости 新闻" and found.entries[0].title == "Тест"


def test_categories_of_one_term() -> None:
    """Feeds of earthquakes say `label="Contributor" term="ci"` and `label="Author" term="ci"`."""
    said = [
        ("ci", None, "Contributor"),
        ("ci", None, "Author"),
        ("CI", None, "contributor"),
        ("ci", None, None),
    ]
    assert [one.label for one in normal.categories(said)] == ["Contributor", "Author", None]
