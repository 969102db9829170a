"""Editions, feeds, archives, pages and the output folder."""

from __future__ import annotations

import gzip
import json
import os
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from feedgen.entry import FeedEntry
from lxml import etree

from aggregator import check, edition, render
from aggregator.edition import View, compose
from aggregator.errors import PublishError
from aggregator.model import (
    Category,
    Edition,
    Enclosure,
    Entry,
    Head,
    Item,
    Member,
    Origin,
    Person,
    Reason,
    Site,
    StateChange,
    Story,
)
from aggregator.publish import MANIFEST, Folder
from aggregator.render import atom, pages, sourcesfeed
from aggregator.render.prepare import prepared, rfc822
from tests.helpers import NOW, entry

LARGEST = 4_500_000

SITE = Site("Desk", "https://desk.example/n/", hub="https://hub.example/", formats=("rss", "atom", "json"))
ORIGINS = {
    name: Origin(
        name,
        f"Source {name.upper()}",
        f"https://{name}.example/feed",
        f"https://{name}.example/",
        f"https://{name}.example/feed",
    )
    for name in "abcd"
}
ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"


def stored(one: Entry, number: int, public_id: str | None = None) -> Entry:
    return replace(
        one, id=number, public_id=public_id or f"urn:x:{number}", first_seen=NOW, changed=one.published or NOW
    )


def story(number: int, *members: Entry, event: int | None = None, levels: tuple[Any, ...] = ()) -> Story:
    found = tuple(
        Member(one, number, event or number, Reason(levels[i] if i < len(levels) else None))
        for i, one in enumerate(members)
    )
    return Story(
        number,
        members[0].public_id,
        event or number,
        members[0].id,
        found,
        ("world",),
        members[0].published or 0,
        max(m.changed for m in members),
    )


def made(number: int, source: str = "a", title: str = "A title", at: int = NOW - 100, **more: Any) -> Entry:
    return stored(
        entry(
            source,
            f"g{number}",
            title,
            more.pop("text", "Some text."),
            at,
            more.pop("link", f"https://{source}.example/{number}"),
            **more,
        ),
        number,
    )


RICH = made(
    1,
    title="Tom & <b>Jerry</b> \U0001f600 عرب 漢字",
    text="Body & more",
    authors=(Person("Ann", "ann@a.example"),),
    categories=(Category("World"), Category("World"), Category("R&D")),
    enclosures=(
        Enclosure("https://c.example/a.mp3", "audio/mpeg", 9),
        Enclosure("https://c.example/b.mp4", "video/mp4", 0, duration=61),
    ),
    image="https://c.example/i.jpg",
    language="pt-BR",
    rights="© A",
    comments="https://a.example/1#c",
    extras=(("podcast:season", "2"), ("dc:publisher", "P"), ("via", "https://v.example/")),
)
COPY = made(2, "b", "Tom and Jerry", NOW - 50)


def feeds(*stories: Story, site: Site = SITE, **view: Any) -> tuple[Edition, dict[str, bytes]]:
    composed = compose(
        View("world", "World", "All of it", site.base_url, **view),
        stories,
        {s.event: Head(s.public_id, s.published) for s in reversed(stories)},
        ORIGINS,
        {},
    )
    return composed, render.feeds(composed, site)


def test_F38_F39_F40_F41_F42_nothing_is_lost_on_the_way() -> None:
    _, files = feeds(story(1, RICH, COPY, levels=(None, "text")))
    atom = etree.fromstring(files["world.atom"]).find(f"{ATOM}entry")
    assert atom is not None
    assert [child.tag for child in atom][-1] == f"{ATOM}source"
    assert (
        atom.findtext(f"{ATOM}source/{ATOM}title") == "Source A"
        and atom.findtext(f"{ATOM}source/{ATOM}id")
        and atom.findtext(f"{ATOM}source/{ATOM}updated")
    )
    assert (
        atom.findtext(f"{ATOM}author/{ATOM}name") == "Ann"
        and atom.get("{http://www.w3.org/XML/1998/namespace}lang") == "pt-BR"
    )
    assert [link.get("href") for link in atom.findall(f"{ATOM}link[@rel='enclosure']")] == [
        "https://c.example/a.mp3",
        "https://c.example/b.mp4",
    ]
    assert [category.get("term") for category in atom.findall(f"{ATOM}category")] == ["World", "R&D"]
    assert [link.get("href") for link in atom.findall(f"{ATOM}link[@rel='related']")] == [
        "https://b.example/2"
    ]
    assert len(atom.findall(f"{ATOM}link[@rel='alternate']")) == 1, "F35"
    assert "Also in:" in (atom.findtext(f"{ATOM}content") or "") and atom.findtext(f"{ATOM}rights") == "© A"
    item = etree.fromstring(files["world.rss"]).find("channel/item")
    assert item is not None
    source = item.find("source")
    assert source is not None and source.get("url") == "https://a.example/feed" and source.text == "Source A"
    assert (
        [child.tag for child in item][-1] == "source"
        and item.findtext("{http://purl.org/dc/elements/1.1/}creator") == "Ann"
        and item.find("author") is None
    )
    assert len(item.findall("enclosure")) == 1 and item.findtext("comments") == "https://a.example/1#c"
    assert [one.get("url") for one in item.findall("{http://search.yahoo.com/mrss/}content")] == [
        "https://c.example/b.mp4"
    ]
    guid = item.find("guid")
    assert guid is not None and guid.get("isPermaLink") == "false" and guid.text == "urn:x:1", "F11, F12"
    assert [child.tag for child in item].index("description") < [child.tag for child in item].index(
        CONTENT
    ), "F31"
    (one,) = json.loads(files["world.json"])["items"]
    assert (
        one["id"] == "urn:x:1"
        and one["_source"]["title"] == "Source A"
        and one["_also_in"]["entries"][0]["url"] == "https://b.example/2"
    )
    assert one["attachments"][1] == {
        "url": "https://c.example/b.mp4",
        "mime_type": "video/mp4",
        "duration_in_seconds": 61,
    }


SAID_BY_FEEDGEN_TOO = (
    "id", "title", "updated", "author", "category", "contributor", "published", "rights",
)  # fmt: skip


@pytest.mark.parametrize(
    "authors", [(), (Person("Ann"),), (Person("Ann", None, "https://a.example/"), Person("Bo"))]
)
def test_what_feedgen_too_says_of_an_entry_stands_as_feedgen_has_it(authors: tuple[Person, ...]) -> None:
    (one,) = prepared(feeds(story(1, replace(RICH, authors=authors)))[0], SITE)
    theirs = FeedEntry()
    theirs.id(one.id)
    theirs.title(one.title)
    theirs.updated(atom.moment(one.updated))
    theirs.published(atom.moment(one.published))
    theirs.link(href=one.link, rel="alternate")
    people = [{"name": one.name, "uri": one.uri} if one.uri else {"name": one.name} for one in one.authors]
    theirs.author(people if len(people) == 1 else {"name": ", ".join(one.name for one in one.authors)})
    theirs.contributor(people if len(people) > 1 else [])
    theirs.category([{"term": category.term} for category in one.categories])
    theirs.rights(one.rights)
    ours = [child for child in atom.Entry(one, SITE).atom_entry() if child.tag in SAID_BY_FEEDGEN_TOO]
    assert [
        etree.tostring(child).replace(b"Z</", b"+00:00</").replace(b' type="text"', b"") for child in ours
    ] == [etree.tostring(child) for child in theirs.atom_entry() if child.tag in SAID_BY_FEEDGEN_TOO]


def test_F27_F33_titles_are_the_same_text_everywhere() -> None:
    """What some readers would decode or strip there is written with look-alikes, in every format the same."""
    shown = "Tom & ‹b›Jerry‹/b› a < b &\u2060lt; \U0001f600 عرب 漢字"
    _, files = feeds(story(1, replace(RICH, title="Tom & <b>Jerry</b> a < b &lt; \U0001f600 عرب 漢字")))
    assert etree.fromstring(files["world.rss"]).findtext("channel/item/title") == shown
    assert json.loads(files["world.json"])["items"][0]["title"] == shown
    title = etree.fromstring(files["world.atom"]).find(f"{ATOM}entry/{ATOM}title")
    assert title is not None and title.get("type") == "text" and title.text == shown
    assert b"<title>Tom &#x26; " in files["world.rss"], "by number, as the RSS profile wants it"


def test_F28_F39_what_is_only_invisible_signs_is_nothing(tmp_path: Path) -> None:
    odd = replace(
        made(3),
        title="\ufeff\u200b",
        authors=(Person("\u200b"),),
        categories=(Category("\ufeff"),),
        rights="\u2060",
    )
    origins = {"a": replace(ORIGINS["a"], title="\ufeff", rights="\u200b")}
    composed = compose(View("world", "World", "", SITE.base_url), [story(3, odd)], {}, origins, {})
    for name, data in render.feeds(composed, SITE).items():
        (tmp_path / name).write_bytes(data)
    assert list(check.folder(tmp_path)) == []
    (item,) = json.loads((tmp_path / "world.json").read_bytes())["items"]
    assert (
        item["title"] == "Untitled"
        and item["authors"] == [{"name": "a"}]
        and item["_source"]["title"] == "a"
        and "tags" not in item
        and "_rights" not in item
    )


def test_F3_F4_F8_S14_whatever_comes_in_strict_xml_goes_out(tmp_path: Path) -> None:
    odd = "".join(map(chr, range(0x20))) + "\ud800\ufffe\uffff\x7f\x85]]><!-- &lt;"
    bad = replace(
        made(3),
        title=f"x{odd}y",
        summary=odd,
        text=odd,
        content=f"<p>{odd}<script>alert(1)</script></p>",
        authors=(Person(odd + "N"),),
        categories=(Category(odd + "c"),),
    )
    _, files = feeds(story(3, bad), story(4, made(4)))
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        assert not data.startswith(b"\xef\xbb\xbf")
    assert list(check.folder(tmp_path)) == []
    assert b"<script" not in b"".join(files.values()).replace(b"&lt;", b"<")


def test_F7_an_empty_feed_is_valid_too(tmp_path: Path) -> None:
    _, files = feeds()
    assert etree.fromstring(files["world.atom"]).findtext(f"{ATOM}updated") == "1970-01-01T00:00:00Z"
    assert json.loads(files["world.json"])["items"] == []


def test_F5_F6_F36_F37_F43_F59_of_the_feed_itself() -> None:
    _, files = feeds(story(1, RICH))
    atom = etree.fromstring(files["world.atom"])
    links = {link.get("rel"): link.get("href") for link in atom.findall(f"{ATOM}link")}
    assert links == {
        "self": "https://desk.example/n/world.atom",
        "alternate": "https://desk.example/n/world.html",
        "hub": "https://hub.example/",
    }
    assert files["world.rss"].count(b"xmlns:") == files["world.rss"].split(b">", 2)[1].count(b"xmlns:")
    channel = etree.fromstring(files["world.rss"]).find("channel")
    assert (
        channel is not None
        and channel.findtext("link") == "https://desk.example/n/world.html"
        and [child.tag for child in channel][-1] == "item"
    )
    other = compose(View("world", "World", "", "https://other.example/"), [story(1, RICH)], {}, ORIGINS, {})
    assert etree.fromstring(
        render.feeds(other, replace(SITE, base_url="https://other.example/"))["world.atom"]
    ).findtext(f"{ATOM}id") == atom.findtext(f"{ATOM}id"), "F15"


def test_F16_dates() -> None:
    assert (
        rfc822(0) == "Thu, 01 Jan 1970 00:00:00 GMT"
        and rfc822(1_756_720_800) == "Mon, 01 Sep 2025 10:00:00 GMT"
    )


def test_F18_F20_F22_order_and_dates() -> None:
    composed, _ = feeds(
        story(1, made(1, at=NOW - 900)), story(2, made(2, at=NOW - 100)), story(3, made(3, at=NOW - 100))
    )
    assert [item.id for item in composed.items] == ["urn:x:3", "urn:x:2", "urn:x:1"]
    assert all(item.updated >= item.published for item in composed.items) and composed.updated == NOW - 100


def test_one_per_story_event_entry() -> None:
    first, copy, other = made(1, at=NOW - 90), made(2, "b", at=NOW - 80), made(3, "c", at=NOW - 70)
    stories = [story(1, first, copy, event=1, levels=(None, "text")), story(2, other, event=1)]
    assert [item.id for item in feeds(*stories)[0].items] == ["urn:x:3", "urn:x:1"]
    (event,) = feeds(*stories, one_per="event")[0].items
    assert (
        event.id == "urn:x:1"
        and [(one.origin.id, one.level) for one in event.also] == [("b", "text"), ("c", "event")]
        and event.page
    )
    assert [item.id for item in feeds(*stories, one_per="entry")[0].items] == [
        "urn:x:3",
        "urn:x:2",
        "urn:x:1",
    ]
    of_one = feeds(*stories, one_per="entry", source=stories[0].members[0].entry.source)[0].items
    assert {item.entry.source for item in of_one} == {stories[0].members[0].entry.source}, (
        "a source's own page"
    )
    assert any(item.also for item in of_one), "with who else tells it"


@pytest.mark.parametrize(
    ("name", "sources", "wanted"),
    [
        ("two texts of two sources", [["a"], ["b"]], 2),
        ("copies of one text", [["a", "b", "c", "d"]], 1),
        ("two texts of one source", [["a"], ["a"]], 1),
        ("a copy where its own text is", [["a", "b"], ["b"]], 2),
        ("one source tells all", [["a"], ["a"], ["a", "b"]], 2),
    ],
)
def test_min_sources_counts_copies_once(name: str, sources: list[list[str]], wanted: int) -> None:
    numbers = iter(range(1, 99))
    stories = [
        story(100 + i, *(made(next(numbers), source) for source in group), event=7)
        for i, group in enumerate(sources)
    ]
    assert edition.independent(stories) == wanted, name
    stories = [replace(one, told=wanted) for one in stories]
    kept = compose(
        View("w", "W", "", "https://d.example/", "event", min_sources=2),
        stories,
        {7: Head("urn:e", NOW)},
        ORIGINS,
        {},
    )
    assert bool(kept.items) == (wanted >= 2)


def test_priority_leads_and_the_id_stays() -> None:
    first, better = made(1, "a", "From A"), made(2, "b", "From B")
    composed = compose(
        View("w", "W", "", "https://d.example/"),
        [story(1, first, better, levels=(None, "text"))],
        {},
        ORIGINS,
        {"b": 5},
    )
    assert composed.items[0].entry.title == "From B" and composed.items[0].id == "urn:x:1"
    longest = compose(
        View("w", "W", "", "https://d.example/", lead="longest"),
        [story(1, first, replace(better, text="x" * 99))],
        {},
        ORIGINS,
        {},
    )
    assert longest.items[0].entry.title == "From B"


def test_F26_a_burst_is_not_lost_and_per_source_is_fair() -> None:
    burst = [story(n, made(n, at=NOW - n)) for n in range(1, 40)]
    assert len(feeds(*burst, limit=10)[0].items) == 39
    old = [story(n, made(n, at=NOW - n * 86_400)) for n in range(1, 40)]
    assert len(feeds(*old, limit=10)[0].items) == 10
    mixed = [story(n, made(n, "a" if n < 30 else "b", at=NOW - n)) for n in range(1, 40)]
    assert [item.origin.id for item in feeds(*mixed, per_source=3)[0].items].count("a") == 3


def test_F60_archives_fill_up_and_then_stay() -> None:
    places = edition.archive_places({f"i{n}": 1000 for n in range(250)}, 0, 0, 0)
    assert [list(places.values()).count(number) for number in (1, 2, 3)] == [100, 100, 50]
    assert set(edition.archive_places({"a": 1, "b": 1}, 3, 99, 5).values()) == {3, 4}, (
        "the newest is filled up"
    )
    large = edition.archive_places({f"i{n}": LARGEST // 2 - 9 for n in range(5)}, 1, 1, LARGEST)
    assert list(large.values()) == [2, 2, 3, 3, 4], "no document beyond all bounds"
    document = render.archive(feeds(story(1, RICH))[0], SITE, 2, complete=True)["archive/world-2.atom"]
    links = {link.get("rel"): link.get("href") for link in etree.fromstring(document).findall(f"{ATOM}link")}
    assert (
        links["prev-archive"] == "https://desk.example/n/archive/world-1.atom"
        and links["current"] == "https://desk.example/n/world.atom"
    )
    assert links["next-archive"] == "https://desk.example/n/archive/world-3.atom"
    assert etree.fromstring(document).find("{http://purl.org/syndication/history/1.0}archive") is not None


def test_F1_F39_addresses_that_feeds_cannot_say_are_told_in_the_text() -> None:
    """The W3C validator takes no IPv6 addresses in most elements, many readers none at all."""
    six = "http://[2001:db8::1]"
    home = made(
        7,
        link=f"{six}/7",
        enclosures=(Enclosure(f"{six}/a.mp3", "audio/mpeg", 9),),
        image=f"{six}/i.png",
        comments=f"{six}/c",
        extras=(("via", f"{six}/v"),),
        authors=(Person("N", None, f"{six}/n"),),
    )
    composed = compose(
        View("world", "World", "", SITE.base_url),
        [story(7, home)],
        {7: Head(home.public_id, NOW)},
        {"a": Origin("a", "A", f"{six}/feed", f"{six}/", icon=f"{six}/i.png")},
        {},
    )
    files, own = render.feeds(composed, SITE), edition.page(home.public_id)
    assert composed.items[0].page == own and composed.items[0].link == SITE.base_url + own, (
        "it has a page of ours, as without a link"
    )
    for name in ("world.rss", "world.atom"):
        assert not [
            value
            for node in etree.fromstring(files[name]).iter()
            for value in (*node.attrib.values(), *([node.text] if len(node.text or "") < 60 else []))
            if six in (value or "")
        ], name
        assert f"{six}/a.mp3" in files[name].decode(), "the file stays to be had"
    assert f'href="{six}/7"' in pages.event(composed.items[0], composed.items, SITE, []).decode()


def test_F1_F39_a_torrent_is_a_link_in_the_text() -> None:
    address = "magnet:?xt=urn:btih:abc"
    home = made(7, link=None, enclosures=(Enclosure(address, "application/x-bittorrent", 0),))
    composed = compose(
        View("world", "World", "", SITE.base_url),
        [story(7, home)],
        {7: Head(home.public_id, NOW)},
        {"a": Origin("a", "A", "https://a.example/feed")},
        {},
    )
    files = render.feeds(composed, SITE)
    for name in ("world.rss", "world.atom"):
        urls = [node.get(key) for node in etree.fromstring(files[name]).iter() for key in ("href", "url")]
        assert address not in urls and address in files[name].decode(), name
    assert f'href="{address}"' in pages.event(composed.items[0], composed.items, SITE, []).decode()


def test_the_page_of_an_event_leaves_the_texts_to_those_that_have_an_address() -> None:
    one, other = made(1, content="<p>Told at length by A.</p>"), made(2, "b", "Another title")
    composed = compose(
        View("page", "", "", SITE.base_url, "event", None),
        [story(1, one), story(2, other, event=1)],
        {1: Head(one.public_id, one.published or 0)},
        ORIGINS,
        {},
    )
    (item,) = composed.items
    assert item.page and "at length" not in pages.event(item, composed.items, SITE, []).decode()
    alone = compose(
        View("page", "", "", SITE.base_url, "event", None),
        [story(1, replace(one, link=None))],
        {1: Head(one.public_id, one.published or 0)},
        ORIGINS,
        {},
    ).items[0]
    assert "at length" in pages.event(alone, [alone], SITE, []).decode(), "what has none is told in full"


def test_headings_of_a_text_stand_below_that_of_its_page() -> None:
    text = "<h1>One</h1><h2>Two</h2><h6>Six</h6><hr>"
    item = one_without_a_link(content=text)
    page = etree.HTML(pages.event(item, [item], SITE, []).decode())
    assert [heading.tag for heading in page.iter("h1", "h2", "h3", "h4", "h5", "h6")] == [
        "h1",
        "h2",
        "h3",
        "h6",
    ]


@pytest.mark.parametrize(("length", "shown"), [(250, 250), (251, 250)])
def test_a_headline_that_is_a_text_is_cut_in_lists_alone(length: int, shown: int) -> None:
    item = one_without_a_link(title="x" * length)
    page = pages.event(item, [item], SITE, []).decode()
    assert re.findall(r"<h1[^>]*>([^<]*)", page) == ["x" * length]
    listed = pages.topic(replace(feeds()[0], items=(item,)), SITE, [pages.Neighbour("world", "World")])
    (headline,) = re.findall(r"<h3><a[^>]*>([^<]*)", listed.decode())
    assert len(headline) == shown and headline.endswith("…") == (length > shown)


def one_without_a_link(**said: Any) -> Item:
    (item,) = feeds(story(1, replace(made(1), link=None, **said)))[0].items
    return item


def test_content_summary_and_none() -> None:
    for site, wanted in (
        (replace(SITE, content="full"), "Some text."),
        (replace(SITE, content="summary"), "Some text."),
        (replace(SITE, content="none"), ""),
    ):
        _, files = feeds(story(1, made(1)), site=site)
        assert (
            json.loads(files["world.json"])["items"][0].get("content_html", "").find("Some text.") >= 0
        ) == bool(wanted)


@pytest.mark.parametrize("site", [SITE, replace(SITE, content="summary"), replace(SITE, content="none")])
def test_F31_an_item_without_a_text_is_summed_up_by_its_title(site: Site) -> None:
    _, files = feeds(story(1, made(1, text="", content="", summary="")), site=site)
    title = etree.fromstring(files["world.atom"]).findtext(f"{ATOM}entry/{ATOM}title")
    assert etree.fromstring(files["world.atom"]).findtext(f"{ATOM}entry/{ATOM}summary") == title
    assert etree.fromstring(files["world.rss"]).findtext("channel/item/description") == title


def test_sources_feed_says_what_happened() -> None:
    files = sourcesfeed.write(
        [StateChange("a", "Source A", NOW, "ok", "gone", "Gone for good (410). Remove it.")], SITE, NOW
    )
    assert etree.fromstring(files["sources.rss"]).findtext("channel/item/title") == "Source A is gone"
    assert b"Remove it" in files["sources.atom"]


def test_F58_pages_escape_and_announce() -> None:
    composed, _ = feeds(
        story(1, replace(RICH, title="<script>alert(1)</script>", link='https://a.example/"onmouseover="x'))
    )
    page = pages.topic(composed, SITE, [pages.Neighbour("world", "World")]).decode()
    assert "<script" not in page and 'onmouseover="' not in page
    assert (
        '<link rel="alternate" type="application/atom+xml" title="World – Desk (Atom)" href="https://desk.example/n/world.atom">'
        in page
    )
    front = pages.index([composed], [], composed.items, SITE, [pages.Neighbour("world", "World")]).decode()
    assert "world.rss" in front and "feeds.opml" in front and "<script" not in front
    document = etree.HTML(front)
    assert not document.xpath("//img | //script | //iframe | //link[@rel='stylesheet']"), (
        "no request elsewhere"
    )


# ---------------------------------------------------------------- the folder


def test_F48_F55_written_whole_compressed_and_only_when_changed(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "out")
    data = b"<rss>" + b"x" * 5000
    assert folder.write({"all.rss": data}, (), NOW).written == ("all.rss",)
    path = tmp_path / "out" / "all.rss"
    assert gzip.decompress(Path(f"{path}.gz").read_bytes()) == data
    assert int(path.stat().st_mtime) == int(Path(f"{path}.gz").stat().st_mtime) == NOW
    assert (
        Folder(tmp_path / "out").write({"all.rss": data}, (), NOW + 9).written == ()
        and int(path.stat().st_mtime) == NOW
    )
    Folder(tmp_path / "out").write({"all.rss": data + b"y"}, (), NOW)
    assert int(path.stat().st_mtime) == NOW + 1, "Last-Modified advances with every change"
    Folder(tmp_path / "out").write({"all.rss": b"tiny"}, (), NOW + 5)
    assert not Path(f"{path}.gz").exists(), "no stale compressed form"


def test_removed_files_are_gone_for_good(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write({"old.rss": b"x" * 999, "all.rss": b"y"}, (), NOW)
    assert folder.write({}, ["old.rss"], NOW + 5).removed == ("old.rss",)
    assert not (tmp_path / "old.rss").exists() and not (tmp_path / "old.rss.gz").exists()
    assert json.loads((tmp_path / MANIFEST).read_bytes())["gone"] == {"old.rss": NOW + 5}


@pytest.mark.parametrize(
    "name",
    ["../x.rss", "/etc/x.rss", "a/b.rss", ".hidden.rss", "x.exe", "archive/../x.atom", "A.rss", "x.rss\n"],
)
def test_S17_names_stay_in_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(PublishError):
        Folder(tmp_path).write({name: b"x"}, (), NOW)


def test_S18_an_output_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "public").symlink_to("elsewhere")
    with pytest.raises(
        PublishError, match=r"public: is a link to elsewhere; name that folder as service\.output"
    ):
        Folder(tmp_path / "public").usable()
    with pytest.raises(PublishError, match="is a link"):
        Folder(tmp_path / "public").write({"all.rss": b"ours"}, (), NOW)
    assert not list((tmp_path / "elsewhere").iterdir())
    Folder(tmp_path / "elsewhere").usable()


def test_S18_symlinks_are_replaced_never_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    out = tmp_path / "out"
    out.mkdir()
    (out / "all.rss").symlink_to(outside)
    (out / "archive").symlink_to(tmp_path)
    Folder(out).write({"all.rss": b"ours", "archive/all-1.atom": b"ours"}, (), NOW)
    assert (
        outside.read_text() == "mine"
        and not (out / "all.rss").is_symlink()
        and not (out / "archive").is_symlink()
    )
    assert not (tmp_path / "all-1.atom").exists()


def test_R7_no_leftovers(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    (tmp_path / ".aggregator-0123456789abcdef.tmp").write_text("of a killed run")
    (tmp_path / "all.rss").mkdir()
    with pytest.raises(PublishError):
        folder.write({"all.rss": b"x", "all.atom": b"y"}, (), NOW)
    assert not list(tmp_path.glob(".aggregator-*.tmp"))


def test_a_folder_is_looked_through_once_a_publication(tmp_path: Path) -> None:
    """It takes as long as there are files, and a publication writes many times."""
    folder, looked = Folder(tmp_path), 0
    for number in range(3):
        (tmp_path / f".aggregator-{number:016}.tmp").touch()
        folder.write({"all.html": f"page {number}".encode()}, (), NOW)
        looked += not (tmp_path / f".aggregator-{number:016}.tmp").exists()
    assert looked == 1
    Folder(tmp_path).write({"all.html": b"page"}, (), NOW)
    assert [one for one in tmp_path.iterdir() if one.suffix == ".tmp"] == []


def test_R6_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    import threading

    folder = Folder(tmp_path)
    folder.write({"all.rss": b"0" * 100_000}, (), NOW)
    stop, wrong = threading.Event(), []

    def look() -> None:
        while not stop.is_set():
            data = (tmp_path / "all.rss").read_bytes()
            if len(data) != 100_000 or len(set(data)) != 1:
                wrong.append(len(data))

    thread = threading.Thread(target=look)
    thread.start()
    started, number = time.monotonic(), 0
    while time.monotonic() - started < 0.7 or (number <= 3 and time.monotonic() - started < 30):
        number += 1
        folder.write({"all.rss": str(number % 10).encode() * 100_000}, (), NOW + number)
    stop.set()
    thread.join()
    assert wrong == [] and number > 3


def test_the_manifest_is_readable_and_small(tmp_path: Path) -> None:
    Folder(tmp_path).write({"all.rss": b"x"}, (), NOW)
    assert (
        set(json.loads((tmp_path / MANIFEST).read_bytes())) == {"files", "gone"}
        and os.stat(tmp_path / MANIFEST).st_size < 300
    )
