"""Whose an element is, what an `&` means, and where a feed begins: tables of what sources write and what is meant."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Entry, FetchResult, Limits, ParseResult, Source
from aggregator.parse import dialect, mend, parse

AT = 1_790_000_000
NAMES = (
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:georss="http://www.georss.org/georss" xmlns:gml="http://www.opengis.net/gml" xmlns:x="http://x.example/" '
    'xmlns:yandex="http://news.yandex.ru" xmlns:turbo="http://turbo.yandex.ru" '
    'xmlns:creativeCommons="http://backend.userland.com/creativeCommonsRssModule"'
)
OWN = (
    "<title>Bridge opens</title><link>https://n.example/bridge</link><description>The bridge is open.</description>"
    "<pubDate>Fri, 20 Nov 2020 10:00:00 GMT</pubDate>"
)
OTHER = (
    "<title>Old news</title><link>https://other.example/</link><description>Something else.</description>"
    "<pubDate>Fri, 20 Nov 2015 10:00:00 GMT</pubDate><author>Otto Other</author><category>other</category>"
    "<guid>other</guid><dc:date>2014-01-01</dc:date><content:encoded>Wrong</content:encoded>"
)


def read(body: str | bytes) -> ParseResult:
    data = body.encode() if isinstance(body, str) else body
    return parse(
        Source("s", url="https://n.example/feed"),
        FetchResult("https://n.example/feed", AT, 200, (), data),
        Limits(),
    )


def rss(item: str, head: str = "") -> str:
    return f'<rss version="2.0" {NAMES}><channel><title>News</title>{head}<item>{item}</item></channel></rss>'


def entry(item: str, head: str = "") -> Entry:
    (found,) = read(rss(item, head)).entries
    return found


def atom(inner: str, attributes: str = "") -> Entry:
    (found,) = read(
        f'<feed xmlns="http://www.w3.org/2005/Atom" {NAMES} {attributes}><title>News</title><id>urn:f</id>'
        f"<entry><id>urn:e</id>{inner}</entry></feed>"
    ).entries
    return found


@pytest.mark.parametrize("broken", ["", "<br>"], ids=["well-formed", "not well-formed"])
@pytest.mark.parametrize(
    "foreign",
    [
        f"<related>{OTHER}</related>",
        f"<x:related>{OTHER}</x:related>",
        f"<x:a><x:b>{OTHER}</x:b></x:a>",
        f"<image>{OTHER}</image>",
        f"<media:group>{OTHER}</media:group>",
        f"<media:content url='https://i.example/1.jpg'>{OTHER}</media:content>",
        f"<related lang='en'>{OTHER}</related>",
        f"<dc:relation>{OTHER}</dc:relation>",
        f"<itunes:owner>{OTHER}</itunes:owner>",
        "<media:content url='https://i.example/1.jpg'><media:title>Photo</media:title><media:description>A man on a bridge, and many more words than the item itself has</media:description></media:content>",
        "<itunes:summary>Something much longer than the description of the item is</itunes:summary><itunes:title>Other</itunes:title>",
        "<media:title>Photo</media:title><media:description type='html'>&lt;p&gt;A caption that is longer than the text&lt;/p&gt;</media:description>",
    ],
)
@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_only_what_an_item_says_itself_is_the_item(foreign: str, first: bool, broken: str) -> None:
    found = entry((foreign + OWN if first else OWN + foreign) + broken)
    assert (found.title, found.link, found.text) == (
        "Bridge opens",
        "https://n.example/bridge",
        "The bridge is open.",
    )
    assert found.published == 1_605_866_400 and found.guid is None
    assert not found.authors and not found.categories


def test_what_is_of_others_is_kept_as_it_was_said() -> None:
    assert "Something else." in entry(f"{OWN}<related>{OTHER}</related>").raw


@pytest.mark.parametrize(
    ("name", "item", "content", "summary"),
    [
        (
            "a caption alone",
            "<media:group><media:description>One &lt;3\ntwo\n\nSee https://a.example/x?y=1&amp;z=(2).</media:description></media:group>",
            '<p>One &lt;3<br>two</p><p>See <a href="https://a.example/x?y=1&amp;z=(2)" rel="noopener noreferrer">https://a.example/x?y=1&amp;z=(2)</a>.</p>',
            None,
        ),
        (
            "a caption in HTML",
            "<media:description type='html'>&lt;p&gt;One&lt;/p&gt;</media:description>",
            "<p>One</p>",
            None,
        ),
        (
            "a caption escaped twice",
            "<media:description>Q&amp;amp;A</media:description>",
            "<p>Q&amp;A</p>",
            None,
        ),
        (
            "a caption that would act",
            '<media:description>https://a.example/"onclick="x &lt;script&gt;</media:description>',
            '<p><a href="https://a.example/" rel="noopener noreferrer">https://a.example/</a>"onclick="x &lt;script&gt;</p>',
            None,
        ),
        (
            "a summary of iTunes alone",
            "<itunes:summary>Show notes</itunes:summary>",
            "<p>Show notes</p>",
            None,
        ),
        (
            "of the film before that of iTunes",
            "<itunes:summary>Notes</itunes:summary><media:description>Film</media:description>",
            "<p>Film</p>",
            None,
        ),
        (
            "content and description",
            "<description>In short</description><content:encoded>Full</content:encoded><itunes:summary>Notes of iTunes</itunes:summary>",
            "Full",
            "In short",
        ),
        (
            "description and content",
            "<content:encoded>Full</content:encoded><description>In short, more words</description>",
            "Full",
            "In short, more words",
        ),
        (
            "a picture as content",
            "<content:encoded>&lt;img src='https://i.example/1.jpg'&gt;</content:encoded><description>Words</description>",
            '<img src="https://i.example/1.jpg">Words',
            "Words",
        ),
        (
            "said twice",
            "<content:encoded>&lt;b&gt;Same&lt;/b&gt;</content:encoded><description>Same</description>",
            "<b>Same</b>",
            "Same",
        ),
        (
            "a description that no summary can hold",
            f"<content:encoded>Read more</content:encoded><description>{'word ' * 300}</description>",
            ("word " * 300).strip(),
            None,
        ),
        (
            "… beside a picture and what it shows",
            f"<content:encoded>&lt;img src='https://n.example/1.jpg'&gt;Photo: A&lt;br&gt;</content:encoded><description>{'word ' * 300}</description>",
            f'<img src="https://n.example/1.jpg">Photo: A<br>{("word " * 300).strip()}',
            None,
        ),
        (
            "… beside five other words",
            f"<content:encoded>word one two three four five</content:encoded><description>{'word ' * 300}</description>",
            ("word " * 300).strip(),
            None,
        ),
        (
            "… beside six",
            f"<content:encoded>&lt;p&gt;one two three four five six&lt;/p&gt;</content:encoded><description>{'word ' * 300}</description>",
            f"<p>one two three four five six</p>{('word ' * 300).strip()}",
            None,
        ),
        (
            "the whole of it for Yandex",
            "<description>In short</description><yandex:full-text>The <![CDATA[<b>whole</b>]]> of it</yandex:full-text>",
            "The <b>whole</b> of it",
            "In short",
        ),
        (
            "the whole of it in a page for Yandex",
            "<turbo:content>&lt;p&gt;The whole of it&lt;/p&gt;</turbo:content><description>In short</description>",
            "<p>The whole of it</p>",
            "In short",
        ),
        (
            "the text before the page",
            "<turbo:content>&lt;h1&gt;t&lt;/h1&gt;&lt;p&gt;The whole of it&lt;/p&gt;</turbo:content><yandex:full-text>The whole of it</yandex:full-text>",
            "The whole of it",
            "The whole of it",
        ),
        ("the whole of it in an old feed", "<fulltext>All of it</fulltext>", "All of it", "All of it"),
        (
            "less for others than the content",
            "<content:encoded>All of it</content:encoded><full-text>Less</full-text>",
            "All of it",
            "All of it",
        ),
        (
            "in CDATA twice",
            "<description>&lt;![CDATA[&lt;p&gt;All&lt;/p&gt;]]&gt; of it</description>",
            "<p>All</p> of it",
            None,
        ),
    ],
)
@pytest.mark.parametrize("broken", ["", "<br>"], ids=["well-formed", "not well-formed"])
def test_which_of_its_texts_is_which(
    name: str, item: str, content: str, summary: str | None, broken: str
) -> None:
    found = entry(f"<title>t</title>{item}{broken}")
    assert found.content == content, name
    assert summary is None or found.summary == summary, name


TEXT_OF_ATOM = '<source><id>urn:s</id><title>Jane</title></source><content type="xhtml">{}</content>'


@pytest.mark.parametrize("form", ["atom", "rss", "rss, not well-formed"])
@pytest.mark.parametrize(
    ("name", "markup", "wanted"),
    [
        ("a line end", "a<br/>b", "a<br>b"),
        ("… written as two tags", "a<br></br>b", "a<br>b"),
        ("a summary that opens", "<details><summary>S</summary>t</details> u", None),
        ("a body", "<body><p>t</p></body> <b>u</b>", "<p>t</p> <b>u</b>"),
        ("a title", "<p>t</p><svg><title>T</title></svg><p>u</p>", "<p>t</p> T <p>u</p>"),
        ("the source of a picture", "<picture><source srcset='https://a.example/b.webp'/></picture> u",
         '<picture><source srcset="https://a.example/b.webp"><img src="https://a.example/b.webp"></picture> u'),
        ("an item, an author, a date", "<p><item>i</item> <author>a</author> <updated>2</updated></p> u", "<p>i a 2</p> u"),
    ],
)  # fmt: skip
def test_F29_markup_in_a_text_is_nothing_but_markup(
    form: str, name: str, markup: str, wanted: str | None
) -> None:
    """Without a namespace of its own, as many write it."""
    if form == "atom":
        found = atom(f"<title>Bridge</title>{TEXT_OF_ATOM.format(markup)}")
    else:
        found = entry(f"<title>Bridge</title><description>{markup}</description>" + "<p>" * (form != "rss"))
    assert (found.title, found.content) == ("Bridge", wanted or markup), name
    assert dict(found.extras).get("origin:title") == ("Jane" if form == "atom" else None)


BASED = "https://b.example/c/"
XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'


@pytest.mark.parametrize(
    ("name", "markup", "wanted"),
    [
        ("the text's own", f'<div {XHTML}><img src="r"/></div>', '<img src="https://b.example/c/r">'),
        ("that of its one element", f'<div {XHTML} xml:base="d/"><img src="r"/></div>', '<img src="https://b.example/c/d/r">'),
        ("one within another, and behind both", f'<div {XHTML}><p xml:base="/e/"><i xml:base="f/"><img src="r"/></i><img src="s"/></p><img src="t"/></div>',
         '<p><i><img src="https://b.example/e/f/r"></i><img src="https://b.example/e/s"></p><img src="https://b.example/c/t">'),
        ("an absolute address", f'<div {XHTML} xml:base="d/"><img src="https://a.example/r"/></div>', '<img src="https://a.example/r">'),
        ("a base that is none", f'<div {XHTML} xml:base="javascript:x"><img src="r"/></div>', '<img src="https://b.example/c/r">'),
        ("a language", f'<div {XHTML}><p xml:lang="ko">k</p><p xml:lang="ko" lang="pl">l</p></div>', '<p lang="ko">k</p><p lang="pl">l</p>'),
    ],
)  # fmt: skip
def test_S12_F34_base_and_language_within_a_text(name: str, markup: str, wanted: str) -> None:
    found = atom(f'<title>Bridge</title><content type="xhtml" xml:base="{BASED}">{markup}</content>')
    assert found.content == wanted, name


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("<georss:point>45.5 -71</georss:point>", "45.5 -71"),
        ("<georss:point>45.5 -71</georss:point><georss:box>1 2 3 4</georss:box>", "45.5 -71"),
        ("<georss:line>1 2 3 4</georss:line><georss:point>45.5 -71</georss:point>", "45.5 -71"),
        ("<georss:polygon>1 2 3 4 5 6 1 2</georss:polygon>", None),
        ("<geo:lat>45.5</geo:lat><geo:long>-71</geo:long>", "45.5 -71"),
        ("<geo:Point><geo:long>-71</geo:long><geo:lat>45.5</geo:lat></geo:Point>", "45.5 -71"),
        ("<geo:lat>1</geo:lat><geo:long>2</geo:long><georss:point>45.5 -71</georss:point>", "45.5 -71"),
        ("<georss:point>90 180</georss:point>", "90 180"),
        ("<georss:point>90.1 180</georss:point>", None),
        ("<georss:point>-90 -180.1</georss:point>", None),
        ("<geo:lat>45.5</geo:lat>", None),
        ("<geo:lat>north</geo:lat><geo:long>2</geo:long>", None),
    ],
)
def test_the_place_of_an_item(said: str, wanted: str | None) -> None:
    geo = 'xmlns:geo="http://www.w3.org/2003/01/geo/wgs84_pos#"'
    (found,) = read(rss(f"{OWN}{said}").replace("<rss ", f"<rss {geo} ")).entries
    assert dict(found.extras).get("georss:point") == wanted


def test_XML_within_a_content_is_no_part_of_the_feed() -> None:
    inner = '<entry xmlns="http://www.w3.org/2005/Atom"><id>urn:e2</id><title>Other</title></entry>'
    found = atom(
        f'<title>Bridge</title><content type="application/atom+xml">{inner}</content><rights>R</rights>'
    )
    assert (found.guid, found.title, found.content, found.rights) == ("urn:e", "Bridge", "", "R")


@pytest.mark.parametrize(
    ("item", "title"),
    [
        ("<media:title>Film</media:title>", "Film"),
        ("<itunes:title>Episode</itunes:title><media:title>Film</media:title>", "Episode"),
        ("<dc:title>Said by Dublin Core</dc:title>", "Said by Dublin Core"),
    ],
)
def test_a_title_where_the_item_has_none(item: str, title: str) -> None:
    assert entry(f"{item}<guid>g</guid>").title == title


@pytest.mark.parametrize(
    ("item", "wanted"),
    [
        ("<dc:language>fr</dc:language>", "fr"),
        ("<language>pt-BR</language>", "pt-BR"),
        ("<title xml:lang='it'>t</title><dc:language>fr</dc:language>", "it"),
        ("<dc:language>no such language</dc:language>", "en"),
        ("", "en"),
    ],
)
def test_F34_the_language_of_an_item(item: str, wanted: str) -> None:
    assert entry(f"{item}<description>d</description>", "<language>en</language>").language == wanted


@pytest.mark.parametrize(
    ("content", "link", "enclosures"),
    [
        ("<content type='text/html' src='/e.html'/>", "https://n.example/e.html", []),
        ("<content type='text/html; charset=utf-8' src='/e.html'/>", "https://n.example/e.html", []),
        ("<link href='/own'/><content type='text/html' src='/e.html'/>", "https://n.example/own", []),
        (
            "<link href='/own'/><content type='video/mp4' src='/e.mp4'/>",
            "https://n.example/own",
            ["https://n.example/e.mp4"],
        ),
        ("<content type='application/x-shockwave-flash' src='/e.swf'/>", None, []),
        ("<content src='/e'/>", None, []),
    ],
)
def test_what_is_out_of_line_is_linked(content: str, link: str | None, enclosures: list[str]) -> None:
    found = atom(f"<title>t</title><summary>s</summary>{content}")
    assert (found.link, [one.url for one in found.enclosures]) == (link, enclosures)


@pytest.mark.parametrize(
    ("item", "wanted"),
    [
        ("<link rel='license' href='https://l.example/by'/>", ["https://l.example/by"]),
        (
            "<link rel='license' href='https://l.example/by'/><creativeCommons:license>https://l.example/sa</creativeCommons:license>",
            ["https://l.example/by", "https://l.example/sa"],
        ),
        ("<link rel='license' href='javascript:x'/>", []),
        ("<link rel='license'/>", []),
    ],
)
def test_a_licence_may_be_a_link(item: str, wanted: list[str]) -> None:
    found = atom(f"<title>t</title>{item}")
    assert [value for name, value in found.extras if name == "license"] == wanted


def test_F38_thirty_authors_in_one_element_are_all_named() -> None:
    names = ", ".join(f"Nomura-Castellanos {n}, K." for n in range(30))
    assert [one.name for one in entry(f"<title>t</title><dc:creator>{names}</dc:creator>").authors] == [names]


def test_F27_rights_may_name_what_is_no_element() -> None:
    assert atom("<title>t</title><rights>© &lt;Acme&gt; &amp;amp; Co</rights>").rights == "© <Acme> & Co"


def test_a_foreign_default_namespace_is_foreign() -> None:
    found = atom(
        '<title>Own</title><title xmlns="http://other.example/">Foreign</title><summary>Text</summary>'
    )
    assert found.title == "Own" and found.text == "Text"
    assert (
        atom('<title>Own</title><div xmlns="http://other.example/"><title>Foreign</title></div>').title
        == "Own"
    )
    assert atom('<title xmlns="http://other.example/">Foreign</title><title>Own</title>').title == "Own"


def test_a_namespace_that_nobody_knows_is_of_the_feed_where_the_feed_is_in_it() -> None:
    whole = (
        b'<rss xmlns="http://other.example/rss"><channel><title>Feed</title><item><title>Own</title>'
        b'<title xmlns="http://third.example/">Foreign</title></item></channel></rss>'
    )
    document = dialect.parse(whole)
    assert (document.feed["title"], [one["title"] for one in document.entries]) == ("Feed", ["Own"])
    wrapped = (
        b'<rss version="2.0"><channel><list xmlns="http://other.example/"><item><title>Own</title></item>'
        b"</list><title>Feed</title></channel></rss>"
    )
    document = dialect.parse(wrapped)
    assert (document.feed["title"], [one["title"] for one in document.entries]) == ("Feed", ["Own"])


@pytest.mark.parametrize(
    ("name", "said", "words"),
    [
        ("none", "<media:content url='https://i.example/1.jpg'/>", None),
        ("a description", "<media:content url='https://i.example/1.jpg'><media:description type='plain'>Two cats &amp;amp; a &lt;b&gt;dog&lt;/b&gt;</media:description></media:content>", "Two cats & a dog"),
        ("a title, too", "<media:content url='https://i.example/1.jpg'><media:description>Two cats</media:description><media:title>Cats</media:title></media:content>", "Cats"),
        ("of a group, whose files they all are", "<media:group><media:title>Cats</media:title><media:content url='https://i.example/1.jpg'/><media:description>Two</media:description></media:group>", None),
        ("of the item", "<media:content url='https://i.example/1.jpg'/><media:description>Two cats</media:description>", None),
        ("empty", "<media:content url='https://i.example/1.jpg'><media:description> </media:description></media:content>", None),
        ("within another element", "<media:content url='https://i.example/1.jpg'><x:y xmlns:x='urn:x'><media:description>Two</media:description></x:y></media:content>", None),
    ],
)  # fmt: skip
def test_F41_what_is_said_of_a_picture_is_its_title(name: str, said: str, words: str | None) -> None:
    for found in (atom(f"<title>t</title>{said}"), atom(f"<title>t</title>{said}<b>")):
        assert [one.title for one in found.enclosures] == [words], name


def test_what_has_a_place_within_another_is_read() -> None:
    found = atom(
        "<title>t</title><author><name>Ann</name><email>ann@a.example</email><uri>https://a.example/</uri></author>"
        "<georss:where><gml:Point><gml:pos>1 2</gml:pos></gml:Point></georss:where>"
        "<media:group><media:content url='https://i.example/1.mp4' type='video/mp4'/><media:thumbnail url='https://i.example/1.jpg'/></media:group>"
    )
    assert [(one.name, one.email, one.uri) for one in found.authors] == [
        ("Ann", "ann@a.example", "https://a.example/")
    ]
    assert ("georss:point", "1 2") in found.extras and found.image == "https://i.example/1.jpg"
    assert [one.url for one in found.enclosures] == ["https://i.example/1.mp4"]


@pytest.mark.parametrize(
    "image",
    [
        "<url>https://i.example/1.jpg</url>",
        "https://i.example/1.jpg",
        "<title>T</title><link>https://o.example/</link><url>https://i.example/1.jpg</url>",
    ],
)
def test_the_picture_of_an_item(image: str) -> None:
    found = entry(f"<image>{image}</image>{OWN}")
    assert found.image == "https://i.example/1.jpg" and found.title == "Bridge opens"


@pytest.mark.parametrize(
    ("attributes", "link"),
    [
        ('href="https://a.example/2"', "https://a.example/2"),
        ('lastmod="2026-11-20" href="https://a.example/2"', "https://a.example/2"),
        ('lastmod="2026-11-20"', None),
        ('href="#2"', None),
    ],
)
def test_an_item_of_the_channel_definition_format(attributes: str, link: str | None) -> None:
    document = f'<rss><channel href="https://a.example/" lastmod="x"><title>T</title><item {attributes}>'
    (found,) = read(f"{document}<title>Bridge</title></item></channel></rss>").entries
    assert (found.title, found.link) == ("Bridge", link)


LINK, DATE = "https://a.example/1", "Tue, 14 Mar 2023 15:09:26 GMT"


def test_tags_that_are_never_closed_hide_nothing() -> None:
    items = "".join(f"<item><x:flag><title>Title {n}</title><guid>g{n}</guid><p></item>" for n in range(3))
    assert [one.title for one in read(f"<rss version='2.0'><channel>{items}</channel></rss>").entries] == [
        "Title 0",
        "Title 1",
        "Title 2",
    ]


@pytest.mark.parametrize(
    "item",
    [
        f"<title>Fox &lt; bear</title><link>{LINK}<guid isPermaLink='false'>g<pubDate>{DATE}<description>Text</description>",
        f"<title>Fox &lt; bear<link>{LINK}</link><description>Text</description><pubDate>{DATE}</pubDate><guid>g</guid>",
        f"<guid>g</guid><description>Text</description><title>Fox <b>&lt;</b> bear</title><pubDate>{DATE}</pubDate><link>{LINK}",
        f"<guid>g<category/><link>{LINK}<dc:x>y</dc:x><title>Fox &lt; bear<description>Text</description><pubDate>{DATE}",
    ],
)
def test_an_element_without_its_end_ends_where_the_next_one_begins(item: str) -> None:
    found = read(
        f"<rss version='2.0'><channel><title>C<link>https://a.example/</link>{f'<item>{item}</item>' * 2}</channel></rss>"
    )
    (one,) = found.entries
    assert (one.title, one.link, one.text, one.guid) == ("Fox < bear", LINK, "Text", "g")
    assert one.published == 1_678_806_566 and found.feed.title == "C"


@pytest.mark.parametrize(
    ("said", "kind", "title"),
    [
        ('href="https://a.example/1.pdf"', "application/pdf", None),
        ('href="https://a.example/1.pdf" type=""', "application/pdf", None),
        ('href="https://a.example/1"', "application/octet-stream", None),
        ('href="https://a.example/1.pdf" type="text/html" title="Map &amp;amp; &lt;b&gt;key&lt;/b&gt;"', "text/html", "Map & key"),
    ],
)  # fmt: skip
def test_F41_an_enclosure_of_atom_is_of_the_type_that_is_said(
    said: str, kind: str, title: str | None
) -> None:
    (found,) = atom(f'<title>Bridge</title><link rel="enclosure" {said}/>').enclosures
    assert (found.type, found.title) == (kind, title)


def test_flash_is_dead() -> None:
    swf = '<media:content url="https://v.example/v/1?version=3" type="application/x-shockwave-flash"/>'
    assert entry(f"{OWN}{swf}").enclosures == ()


@pytest.mark.parametrize(
    ("said", "name", "email"),
    [
        ("jane@desk.agency (Jane Roe)", "Jane Roe", "jane@desk.agency"),
        ("Jane Roe (jane@desk.online)", "Jane Roe", "jane@desk.online"),
        ("Jane Roe &lt;jane@desk.photography&gt;", "Jane Roe", "jane@desk.photography"),
        ("Jane Roe, jane@desk.digital", "Jane Roe", "jane@desk.digital"),
        ("jane@desk.international", "jane@desk.international", "jane@desk.international"),
        ("Jane Roe - jane.roe+news@sub.desk.co.uk", "Jane Roe", "jane.roe+news@sub.desk.co.uk"),
        ("mailto:jane@desk.example", "jane@desk.example", "jane@desk.example"),
        ("Jane Roe (jane@desk.example?subject=Hi)", "Jane Roe", "jane@desk.example"),
        ("jane@desk.example (Jane (Doe) Roe)", "Jane (Doe) Roe", "jane@desk.example"),
        ("Only A. Name", "Only A. Name", None),
        ('"Roe, Jane" &lt;jane@desk.example&gt;', "Roe, Jane", "jane@desk.example"),
        ('jane@desk.example ("Roe, Jane")', "Roe, Jane", "jane@desk.example"),
        ('"Weird" Jane', '"Weird" Jane', None),
        ('"Jane" and "Joe"', '"Jane" and "Joe"', None),
        ('""', '""', None),
        ("@handle", "@handle", None),
        ("@jane@desk.example", "@jane@desk.example", None),  # a handle too
        ("Jane Roe []", "Jane Roe []", None),
    ],
)
def test_F38_authors_and_their_addresses(said: str, name: str, email: str | None) -> None:
    for element in ("author", "dc:creator"):
        (person,) = entry(f"{OWN}<{element}>{said}</{element}>").authors
        assert (person.name, person.email) == (name, email)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("<name>A</name><email>a@x.example</email><uri>https://a.example/</uri>|<name>B</name>", "A a@x.example https://a.example/|B - -"),
        ("<email>a@x.example</email>|<name>B</name>|<name>C</name>", "a@x.example a@x.example -|B - -|C - -"),
        ("<name>A</name>|<email>b@x.example</email>", "A - -|b@x.example b@x.example -"),
        ("<name>A</name>|<uri>https://b.example/</uri><name>B</name>|<name>C</name>", "A - -|B - https://b.example/|C - -"),
    ],
)  # fmt: skip
def test_F38_each_author_has_an_address_of_its_own(said: str, wanted: str) -> None:
    inner = "".join(f"<author>{one}</author>" for one in said.split("|"))
    found = atom(f"<title>Bridge</title>{inner}")
    told = [f"{one.name} {one.email or '-'} {one.uri or '-'}" for one in found.authors]
    assert told == wanted.split("|")


def test_who_answers_for_a_channel_wrote_none_of_its_items() -> None:
    head = (
        "<managingEditor>desk@n.example (Apps Support)</managingEditor><webMaster>web@n.example</webMaster>"
    )
    assert entry(OWN, head).authors == ()
    assert [one.name for one in entry(OWN, f"{head}<itunes:author>The Host</itunes:author>").authors] == [
        "The Host"
    ]


# ---------------------------------------------------------------- signs and entities

PUBLIC = (
    '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.example/rss-0.91.dtd">'
)


@pytest.mark.parametrize(
    ("name", "title", "wanted", "doctype"),
    [
        ("a game", "D&D night", "D&D night", ""),
        ("firms", "AT&T, M&S, R&D", "AT&T, M&S, R&D", ""),
        ("an & of its own", "Rock & roll", "Rock & roll", ""),
        ("at the end", "Fish &", "Fish &", ""),
        ("escaped", "AT&amp;T", "AT&T", ""),
        ("names of HTML", "D&eacute;j&agrave; vu &mdash; no&nbsp;&hellip;", "Déjà vu — no …", ""),
        ("names without an end", "x &copy 2020 &eacute", "x &copy 2020 &eacute", ""),
        ("an unknown name", "a &nosuch; b", "a &nosuch; b", ""),
        ("escaped twice", "Q&amp;amp;A &amp;mdash; &amp;#8217;s", "Q&A — ’s", ""),
        ("numbers", "&#8220;x&#x201d; &#8217s", "“x” ’s", ""),
        ("numbers of nothing", "a&#0;b&#31;c&#xFFFE;d&#99999999999;e", "abcde", ""),
        ("numbers of Windows-1252", "&#145;x&#x92; &#150; y&#133;&#x85;", "‘x’ – y……", ""),
        ("two characters", "a &NotEqualTilde; b", "a ≂̸ b", ""),
        ("capitals", "a &AMP; b &LT;3", "a & b <3", ""),
        ("in CDATA", "<![CDATA[AT&T &eacute; &amp; D&D]]>", "AT&T é & D&D", ""),
        ("in CDATA twice", "&lt;![CDATA[Fish &amp;amp; chips]]&gt;", "Fish & chips", ""),
        ("in CDATA that ends once", "<![CDATA[<![CDATA[Fish]]]]>", "Fish", ""),
        ("in CDATA without a sign", "&lt;[CDATA[Fish]]&gt;", "Fish", ""),
        ("in CDATA in small letters", "&lt;![cdata[Fish]]&gt; ", "Fish", ""),
        ("in CDATA without tags", "[CDATA[Fish]]", "Fish", ""),
        ("in CDATA in two pieces", "&lt;![CDATA[Fish]]&gt; &lt;![CDATA[chips]]&gt;", "Fish chips", ""),
        ("brackets", "[Update] CDATA[1]", "[Update] CDATA[1]", ""),
        ("about CDATA", "What &lt;![CDATA[ is for", "What <![CDATA[ is for", ""),
        ("beside CDATA", "AT&T <![CDATA[&lt;3]]> D&D", "AT&T <3 D&D", ""),
        ("a control", "a\x0bb", "ab", ""),
        ("a DTD elsewhere", "Caf&eacute; &mdash; AT&T", "Café — AT&T", PUBLIC),
        ("a DTD of a file", "Caf&eacute;", "Café", '<!DOCTYPE rss SYSTEM "rss.dtd">'),
        (
            "declared within",
            "&who; at the caf&eacute;",
            "Ann & Bob at the café",
            '<!DOCTYPE rss [<!ENTITY who "Ann &#38; Bob"> <!ENTITY x SYSTEM "file:///etc/passwd">]>',
        ),
        (
            "declared by others",
            "&both;",
            "One &one;",
            '<!DOCTYPE rss [<!ENTITY one "One"><!ENTITY both "One &one;">]>',
        ),
        ("declared with a tag", "&tag;", "<3 x", "<!DOCTYPE rss [<!ENTITY tag '<3 x'>]>"),
        ("from a file", "a &x; b", "a &x; b", '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        ("anew", "&eacute; &amp;", "E &", '<!DOCTYPE rss [<!ENTITY eacute "E"><!ENTITY amp "bad">]>'),
        (
            "names of files of entities",
            "&eacute;",
            "é",
            '<!DOCTYPE rss [<!ENTITY % HTMLlat1 PUBLIC "-//W3C//ENTITIES Latin 1//EN" "http://w.example/x.ent"> %HTMLlat1;]>',
        ),
    ],
)
def test_F27_a_sign_is_a_sign_and_an_entity_a_letter(
    name: str, title: str, wanted: str, doctype: str
) -> None:
    whole = f'<?xml version="1.0"?>{doctype}{rss(f"<title>{title}</title>")}'
    assert [one.title for one in read(whole).entries] == [wanted], name
    assert [one.title for one in read(whole.replace("</item>", "<br></item>")).entries] == [wanted], (
        "not well-formed"
    )


@pytest.mark.parametrize(
    "parameter",
    [
        "lang",
        "copy",
        "image",
        "part",
        "sub",
        "times",
        "or",
        "prod",
        "cap",
        "section",
        "amp_id",
        "reg",
        "not",
        "lt_page",
        "quot",
        "deg",
        "para",
        "sum",
    ],
)
def test_an_ampersand_in_a_link_is_one(parameter: str) -> None:
    wanted = f"https://n.example/p?a=1&{parameter}=2"
    assert entry(f"<title>t</title><link>{wanted}</link>").link == wanted
    assert atom(f'<title>t</title><link href="{wanted}"/>').link == wanted
    assert entry(f"<title>t</title><enclosure url='{wanted}' type='audio/mpeg'/>").enclosures[0].url == wanted


@pytest.mark.parametrize("broken", ["", "<br>"], ids=["well-formed", "not well-formed"])
@pytest.mark.parametrize("ampersand", ["&amp;", "&amp;amp;", "&amp;amp;amp;", "&#38;amp;", "&#38;"])
def test_F35_a_link_that_was_escaped_several_times(ampersand: str, broken: str) -> None:
    found = entry(f"<title>t</title><link>https://n.example/8?é=1{ampersand}b=2</link>{broken}")
    assert found.link == "https://n.example/8?%C3%A9=1&b=2"


def test_S15_entities_do_not_multiply() -> None:
    doctype = f'<!DOCTYPE r [<!ENTITY a "{"x" * 1000}"><!ENTITY b "{"y" * 1001}">]>'
    body = (doctype + rss(f"<title>{'&a;' * 5000}</title>")).encode()
    assert len(mend.mended(body)) < 2 * len(body) + mend.HEAD + 1000 * 5 + 5 * 5000
    assert [one.title for one in read(doctype + rss("<title>&b;</title>")).entries] == ["&b;"], (
        "too long for an entity"
    )


# ---------------------------------------------------------------- titles


@pytest.mark.parametrize(
    ("said", "atom_text", "elsewhere"),
    [
        ("Why <script> tags block", "Why <script> tags block", "Why <script> tags block"),
        ("The <b> and <i> tags", "The <b> and <i> tags", "The <b> and <i> tags"),
        (
            "On <iframe>, <object> and <embed>",
            "On <iframe>, <object> and <embed>",
            "On <iframe>, <object> and <embed>",
        ),
        ("<textarea>", "<textarea>", "<textarea>"),
        ("<b>Bold</b> move", "<b>Bold</b> move", "Bold move"),
        ("One<br>Two <br> Three", "One<br>Two <br> Three", "One Two Three"),
        ("<p>One</p><p>Two</p>", "<p>One</p><p>Two</p>", "One Two"),
        ("<td>One</td><td><i>T</i>wo</td>", "<td>One</td><td><i>T</i>wo</td>", "One Two"),
        ("10<sup>6</sup> m<sup>-2</sup>", "10<sup>6</sup> m<sup>-2</sup>", "10⁶ m⁻²"),
        ("<q>Yes</q> <img alt='😀' src='/e.png'>", "<q>Yes</q> <img alt='😀' src='/e.png'>", "“Yes” 😀"),
        ("The 1<sup>st</sup> of CO<sub>2</sub>", "The 1<sup>st</sup> of CO<sub>2</sub>", "The 1st of CO2"),
        ("&amp;quot;Yes&amp;quot; &amp;apos;no&amp;apos;", "\"Yes\" 'no'", "\"Yes\" 'no'"),
        ("Use <script>x</script> here", "Use <script>x</script> here", "Use x here"),
        ("A <b>cut", "A <b>cut", "A cut"),
        ("List<String> in Java", "List<String> in Java", "List<String> in Java"),
        ("1 < 2 & 3 > 2", "1 < 2 & 3 > 2", "1 < 2 & 3 > 2"),
        ("x <img src=y onerror=z> <script>", "x <img src=y onerror=z> <script>", "x"),
        ("Rock &amp; roll", "Rock & roll", "Rock & roll"),
        ("Why &lt;script&gt; tags block", "Why <script> tags block", "Why <script> tags block"),
        ("&lt;script&gt;x&lt;/script&gt;", "<script>x</script>", "x"),
    ],
)
def test_F27_titles_that_name_elements(said: str, atom_text: str, elsewhere: str) -> None:
    escaped = said.replace("&", "&amp;").replace("<", "&lt;")
    assert atom(f"<title>{escaped}</title>").title == atom_text
    assert atom(f'<title type="text">{escaped}</title>').title == atom_text
    assert atom(f'<title type="html">{escaped}</title>').title == elsewhere
    assert entry(f"<title>{escaped}</title>").title == elsewhere


# ---------------------------------------------------------------- where a feed begins

FEED = rss("<title>Only &amp; one</title>")
DECLARED = '<?xml version="1.0" encoding="utf-8"?>'


@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("nothing", ""),
        ("a declaration", DECLARED),
        ("blank lines", f"\n\n \t\r\n{DECLARED}"),
        ("a BOM", f"\ufeff{DECLARED}"),
        ("blanks, then a BOM", f"\n\n\ufeff{DECLARED}"),
        ("two BOMs", f"\ufeff\ufeff{DECLARED}"),
        ("a comment that speaks of pages", f"{DECLARED}<!-- <html><body>made by</body></html> -->"),
        ("a comment that speaks of images", f"<!-- <svg> -->{DECLARED}"),
        ("a comment before the declaration", f"<!-- x > y -->\n{DECLARED}"),
        ("a stylesheet", f'{DECLARED}<?xml-stylesheet type="text/xsl" href="/html.xsl"?>'),
        ("a stylesheet and a comment", f'{DECLARED}\n<?xml-stylesheet href="x"?>\n<!-- <head> -->\n'),
        ("a document type", f"{DECLARED}{PUBLIC}"),
        ("a notice of PHP", f"StateChange: Undefined index: x in /var/www/feed.php on line 3\n{DECLARED}"),
        (
            "a warning in HTML",
            f"<br />\n<b>Warning</b>: mysql in <b>/x.php</b> on line <b>3</b><br />\n{DECLARED}",
        ),
        ("a warning, no declaration", "<br />\n<b>Warning</b>: x<br />\n"),
        ("XML 1.1", '<?xml version="1.1"?>'),
        ("a page, then the feed", f"<html><body>Cache error</body></html>{DECLARED}"),
        ("a page, a stylesheet, the feed", f'<html></html>{DECLARED}<?xml-stylesheet href="x"?><!-- x -->'),
        ("a NUL", f"\0{DECLARED}"),
    ],
)
def test_C1_a_feed_is_a_feed_whatever_stands_before_it(name: str, before: str) -> None:
    assert [one.title for one in read(before + FEED).entries] == ["Only & one"], name
    assert mend.mended((before + FEED).encode()).startswith(b"<rss"), name


@pytest.mark.parametrize(
    "body",
    [
        "<!-- <rss> --><html><body>x</body></html>",
        "<!-- a feed --><svg><title>x</title></svg>",
        f"{PUBLIC.replace('rss', 'html', 1)}<html/>",
        "<html><pre>&lt;rss></pre></html>",
    ],
)
def test_C1_a_page_stays_a_page(body: str) -> None:
    failure = read(body).failure
    assert failure is not None and failure.kind == "not-a-feed"


@pytest.mark.parametrize(
    "text",
    [
        b"<!DOCTYPE a [" * 20_000,
        b"<!--" * 100_000,
        b"<?xml " * 50_000,
        b"]   " * 100_000,
        b"<!DOCTYPE r [" + b"] " * 200_000,
        b"&" * 300_000,
        b"&#" * 200_000,
        b"<![CDATA[&" * 100_000,
    ],
)
def test_B8_mending_takes_linear_time(text: bytes) -> None:
    import time

    started = time.process_time()
    mend.mended(text)
    mend.mended(b"<rss>" + text)
    assert time.process_time() - started < 2


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["&", "&amp;", "&lt;", "&eacute;", "&#233;", "a", "é", " ", ";", "#", "x", "1", "&#x", "D&D"]
        ),
        max_size=12,
    ).map("".join)
)
def test_what_is_mended_is_well_formed_and_says_the_same(text: str) -> None:
    body = rss(f"<title>z{text}z</title>")
    found = dialect.parse(mend.mended(body.encode()))
    assert not found.damaged
    assert mend.mended(mend.mended(body.encode())) == mend.mended(body.encode())


TORRENT = "magnet:?xt=urn:btih:c12fe1c06bba254a9dc9f519b335aa7c1367a88a&dn=x+y&tr=udp%3A%2F%2Ft.example%3A80"
SAID = TORRENT.replace("&", "&amp;")


@pytest.mark.parametrize(
    ("name", "elements", "link"),
    [
        ("the link", f"<link>{SAID}</link>", None),
        ("an enclosure", f'<enclosure url="{SAID}" length="1" type="application/x-bittorrent"/>', None),
        ("without a type", f'<link>https://a.example/1</link><enclosure url=" {SAID} "/>', "https://a.example/1"),
        ("both", f'<link>{SAID}</link><enclosure url="{SAID}" type="application/x-bittorrent"/>', None),
    ],
)  # fmt: skip
def test_a_torrent_is_kept(name: str, elements: str, link: str | None) -> None:
    found = entry(f"<title>T</title><guid isPermaLink='false'>g</guid>{elements}")
    assert [(one.url, one.type) for one in found.enclosures] == [(TORRENT, "application/x-bittorrent")], name
    assert found.link == link, name


@pytest.mark.parametrize(
    ("said", "names", "emails"),
    [
        (
            "<author>jane@a.example</author><dc:creator>Jane Roe</dc:creator>",
            ["Jane Roe"],
            ["jane@a.example"],
        ),
        (
            "<dc:creator>Jane Roe</dc:creator><author>jane@a.example</author>",
            ["Jane Roe"],
            ["jane@a.example"],
        ),
        ("<author>jane@a.example</author>", ["jane@a.example"], ["jane@a.example"]),
        (
            "<author>jane@a.example</author><dc:creator>Jane Roe</dc:creator><dc:creator>John Doe</dc:creator>",
            ["jane@a.example", "Jane Roe", "John Doe"],
            ["jane@a.example", None, None],
        ),
        (
            "<author>jane@a.example</author><author>joe@a.example (Joe)</author>",
            ["jane@a.example", "Joe"],
            ["jane@a.example", "joe@a.example"],
        ),
    ],
)
def test_F38_an_address_and_a_name_are_one_author(
    said: str, names: list[str], emails: list[str | None]
) -> None:
    authors = entry(f"{OWN}{said}").authors
    assert [one.name for one in authors] == names and [one.email for one in authors] == emails


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ('<img src="https://a.example/1.png" alt="A cat &amp; a dog">', "A cat & a dog"),
        (
            '<img src="https://a.example/1.png" alt="IMG_1.png"><img alt="The sea" src="https://a.example/2.png">',
            "The sea",
        ),
        ('<img src="https://a.example/1.png" alt="photo">', "a.example/p"),
        ('<img src="https://a.example/1.png">', "a.example/p"),
        ('<p>Words</p><img src="https://a.example/1.png" alt="A cat">', "Words"),
    ],
)
def test_F28_a_picture_without_words_is_called_what_it_shows(content: str, title: str) -> None:
    said = f"<link>https://a.example/p</link><description><![CDATA[{content}]]></description>"
    assert entry(said).title == title
