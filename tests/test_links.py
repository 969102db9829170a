"""Where the links of items lead, and those within them; which of several is the item's."""

from __future__ import annotations

import json

import pytest

from aggregator.model import Entry, FetchResult, Limits, Source
from aggregator.parse import parse
from tests.helpers import NOW

FEED = "https://feeds.example/news/rss.xml"  # a service: another host than the site's


def entry(body: str, address: str = FEED) -> Entry:
    parsed = parse(Source("s", url=address), FetchResult(address, NOW, 200, body=body.encode()), Limits())
    assert parsed.failure is None, parsed.failure
    (found,) = parsed.entries
    return found


def rss(item: str, site: str | None = "https://site.example/blog/", root: str = "") -> str:
    link = f"<link>{site}</link>" if site else ""
    names = "xmlns:atom='http://www.w3.org/2005/Atom' xmlns:feedburner='http://rssnamespace.org/feedburner/ext/1.0' xmlns:pheedo='http://www.pheedo.com/namespace/pheedo'"
    return (
        f"<rss version='2.0' {names} {root}><channel><title>T</title>{link}"
        f"<item><title>t</title>{item}</item></channel></rss>"
    )


def atom(item: str, site: str = "https://site.example/blog/", root: str = "") -> str:
    return (
        f"<feed xmlns='http://www.w3.org/2005/Atom' {root}><title>T</title><link href='{site}'/>"
        f"<entry><id>urn:x:1</id><title>t</title>{item}</entry></feed>"
    )


LINKS = [
    ("of the site's host", rss("<link>/2026/post/</link>"), "https://site.example/2026/post/"),
    (
        "through a search engine",
        rss("<link>https://www.google.com/url?url=https://o.example/a&amp;ct=ga</link>"),
        "https://o.example/a",
    ),
    ("relative to the site", rss("<link>2026/post/</link>"), "https://site.example/blog/2026/post/"),
    (
        "… that is named without its last slash",
        rss("<link>2026/post/</link>", "https://feeds.example/news"),
        "https://feeds.example/news/2026/post/",
    ),
    ("the site is not said", rss("<link>/2026/post/</link>", None), "https://feeds.example/2026/post/"),
    ("the site is relative itself", rss("<link>post</link>", "/home/"), "https://feeds.example/home/post"),
    (
        "… of a copy that says where the original is",
        rss("<link>post</link>", "/home/").replace(
            "<item>", "<atom:link rel='self' href='https://site.example/f.xml'/><item>"
        ),
        "https://site.example/home/post",
    ),
    (
        "xml:base comes first",
        rss("<link>post</link>", root="xml:base='https://base.example/x/'"),
        "https://base.example/x/post",
    ),
    (
        "xml:base of the element",
        rss("<link xml:base='https://base.example/y/'>post</link>"),
        "https://base.example/y/post",
    ),
    ("//host/path", rss("<link>//other.example/p</link>"), "https://other.example/p"),
    ("www. is a host", rss("<link>www.other.example/p</link>"), "https://www.other.example/p"),
    (
        "the text of a link with other attributes",
        rss("<link uri='at://did:x/1'>https://site.example/a</link>"),
        "https://site.example/a",
    ),
    (
        "… and another address",
        rss("<link href='https://other.example/'>https://site.example/a</link>"),
        "https://site.example/a",
    ),
    (
        "a link as in Atom",
        rss("<link rel='alternate' href='https://site.example/a'/>"),
        "https://site.example/a",
    ),
    (
        "… with a beginning and an end",
        rss("<link href='https://site.example/a'></link><guid>7</guid>"),
        "https://site.example/a",
    ),
    ("Atom's own element", rss("<atom:link rel='alternate' href='/a'/>"), "https://site.example/a"),
    (
        "Atom's own element about the feed",
        rss("<atom:link rel='self' href='/a.atom'/><link>/a</link>"),
        "https://site.example/a",
    ),
    (
        "what the proxy says the original is",
        rss(
            "<link>https://proxy.example/~r/1</link><feedburner:origLink>https://site.example/a</feedburner:origLink>"
        ),
        "https://site.example/a",
    ),
    (
        "… another one",
        rss("<pheedo:origLink>https://site.example/a</pheedo:origLink><link>https://proxy.example/1</link>"),
        "https://site.example/a",
    ),
    (
        "… that is no address",
        rss("<link>https://proxy.example/~r/1</link><feedburner:origLink>n/a:1</feedburner:origLink>"),
        "https://proxy.example/~r/1",
    ),
    ("a guid that is an address", rss("<guid>https://site.example/a</guid>"), "https://site.example/a"),
    ("… is said to be none", rss("<guid isPermaLink='false'>https://site.example/a</guid>"), None),
    ("a relative guid", rss("<guid>/2026/a</guid>"), "https://site.example/2026/a"),
    (
        "… that is said to be a link",
        rss("<guid isPermaLink='true'>2026/a.html</guid>"),
        "https://site.example/blog/2026/a.html",
    ),
    ("… without saying so", rss("<guid>2026/a</guid>"), None),
    ("… beside a link", rss("<guid isPermaLink='true'>/g</guid><link>/a</link>"), "https://site.example/a"),
    ("a number as guid", rss("<guid isPermaLink='true'>12345</guid>"), None),
    ("a name as guid", rss("<guid isPermaLink='true'>tag:site.example,2026:7</guid>"), None),
    ("a sentence as guid", rss("<guid isPermaLink='true'>A title. Of sorts</guid>"), None),
    (
        "HTML before Atom",
        atom(
            "<link rel='alternate' type='application/atom+xml' href='/a.atom'/><link rel='alternate' type='text/html' href='/a'/>"
        ),
        "https://site.example/a",
    ),
    (
        "… and before JSON, without a type",
        atom("<link type='application/json' href='/a.json'/><link href='/a'/>"),
        "https://site.example/a",
    ),
    (
        "a relation by its full name",
        atom("<link rel='http://www.iana.org/assignments/relation/alternate' href='/a'/>"),
        "https://site.example/a",
    ),
    (
        "no other relation",
        atom("<link rel='replies' href='/r'/><link rel='edit' href='/e'/><link href='/a'/>"),
        "https://site.example/a",
    ),
    (
        "Atom: relative to the document",
        atom("<link href='a'/>", "https://feeds.example/"),
        "https://feeds.example/news/a",
    ),
    ("Atom: … if it is of the site", atom("<link href='a'/>"), "https://site.example/blog/a"),
]

BODY = '<description>&lt;img src="{}"&gt;</description>'
PICTURES = [
    (
        "from the item's page",
        rss("<link>https://site.example/2026/post/</link>" + BODY.format("a.jpg")),
        "https://site.example/2026/post/a.jpg",
    ),
    (
        "of another host of the site",
        rss("<link>https://edition.site.example/p/</link>" + BODY.format("/a.jpg")),
        "https://edition.site.example/a.jpg",
    ),
    (
        "in a link blog",
        rss("<link>https://other.example/p/</link>" + BODY.format("/a.jpg")),
        "https://site.example/a.jpg",
    ),
    ("without a link", rss(BODY.format("/wp/a.jpg")), "https://site.example/wp/a.jpg"),
    (
        "the site is not said",
        rss("<link>https://other.example/p/</link>" + BODY.format("a.jpg"), None),
        "https://other.example/p/a.jpg",
    ),
    (
        "xml:base comes first",
        rss(
            "<link>/p/</link>"
            + BODY.replace("<description", "<description xml:base='https://base.example/z/'").format("a.jpg")
        ),
        "https://base.example/z/a.jpg",
    ),
    (
        "a relative xml:base",
        rss("<link>/p/</link>" + BODY.replace("<description", "<description xml:base='/z/'").format("a.jpg")),
        "https://site.example/z/a.jpg",
    ),
    (
        "Atom: from the document",
        atom(
            "<link href='/p/1'/><content type='html'>&lt;img src=\"a.jpg\"&gt;</content>",
            "https://feeds.example/",
        ),
        "https://feeds.example/news/a.jpg",
    ),
    (
        "Atom: … if it is of the site",
        atom("<link href='/p/1'/><content type='html'>&lt;img src=\"a.jpg\"&gt;</content>"),
        "https://site.example/p/a.jpg",
    ),
]


@pytest.mark.parametrize(("body", "wanted"), [case[1:] for case in LINKS], ids=[case[0] for case in LINKS])
def test_the_link_of_an_item(body: str, wanted: str | None) -> None:
    assert entry(body).link == wanted


@pytest.mark.parametrize(
    ("body", "wanted"), [case[1:] for case in PICTURES], ids=[case[0] for case in PICTURES]
)
def test_what_an_item_shows_is_found(body: str, wanted: str) -> None:
    assert f'<img src="{wanted}">' in entry(body).content


@pytest.mark.parametrize(
    "body",
    [
        rss('<link>/p</link><description>&lt;a href="#fn1"&gt;1&lt;/a&gt;</description>'),
        rss(
            '<link>/p</link><description>&lt;a href="#fn1"&gt;1&lt;/a&gt;</description>',
            root="xml:base='https://base.example/'",
        ).replace("<link>/p", "<link>https://site.example/p"),
        atom('<link href="/p"/><content type="html">&lt;a href="#fn1"&gt;1&lt;/a&gt;</content>'),
        atom(
            '<link href="https://site.example/p"/><content type="html">&lt;a href="#fn1"&gt;1&lt;/a&gt;</content>',
            "https://feeds.example/",
        ),
        atom(
            '<link href="/p"/><content type="xhtml" xml:base="https://site.example/"><div xmlns="http://www.w3.org/1999/xhtml"><a href="#fn1">1</a></div></content>'
        ),
        json.dumps(
            {
                "version": "https://jsonfeed.org/version/1.1",
                "title": "T",
                "home_page_url": "https://site.example/",
                "items": [{"id": "1", "url": "/p", "content_html": '<a href="#fn1">1</a>'}],
            }
        ),
    ],
)
def test_notes_lead_into_the_article(body: str) -> None:
    assert 'href="https://site.example/p#fn1"' in entry(body).content


def test_media_of_an_item_are_found_as_its_pictures_are() -> None:
    found = entry(
        rss(
            "<link>/p/</link><comments>/p/talk</comments><enclosure url='/a.mp3' type='audio/mpeg' length='1'/>"
        )
    )
    assert found.enclosures[0].url == "https://site.example/a.mp3"
    assert found.comments == "https://site.example/p/talk"


def test_the_address_of_a_feed_says_nothing_of_its_items() -> None:
    """The same bytes from another address are the same items."""
    body = rss("<guid>7</guid><link>/p</link><description>&lt;a href='q'&gt;q&lt;/a&gt;</description>")
    assert entry(body) == entry(body, "https://mirror.example/copy.xml")
