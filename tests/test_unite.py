"""One item of several tellings: nothing is lost in it, nobody is hidden by it, nothing false is said (numbers:
properties of published feeds).
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from aggregator import check, cycle, edition, render
from aggregator.cycle import Wanted
from aggregator.edition import View, compose
from aggregator.model import (
    Category,
    Enclosure,
    Entry,
    FetchResult,
    Head,
    Item,
    Limits,
    Member,
    Person,
    Source,
    Story,
)
from aggregator.parse import parse
from aggregator.render import pages
from aggregator.render.prepare import rfc822
from aggregator.store import open_writer, unpublished
from aggregator.text import markup
from tests.helpers import NOW, change, config, entry, put
from tests.test_publishing import ATOM, CONTENT, ORIGINS, SITE, feeds, made, story

SHOWN = 50

MP3 = Enclosure("https://c.example/12.mp3", "audio/mpeg", 5000)
PNG = Enclosure("https://c.example/cover.png", "image/png", 9)
BARE: dict[str, Any] = {"text": "", "content": "", "summary": ""}
FULL = "We pressed forty kilos of apples on a balcony, and learnt that a press wants a floor."
DC = "{http://purl.org/dc/elements/1.1/}"


def one(*stories: Story, **view: Any) -> Item:
    composed, _ = feeds(*stories, **view)
    (item,) = composed.items
    return item


def told(*members: Entry, level: str = "item") -> Item:
    """The item of one story, whose first member leads."""
    return one(story(1, *members, levels=(None, *[level] * len(members))))


def happened(*members: Entry) -> Item:
    """The item of one event, each member a story of its own."""
    return one(*apart(*members), one_per="event")


def apart(*members: Entry) -> list[Story]:
    return [story(number, member, event=1) for number, member in enumerate(members, 1)]


def telling(number: int, source: str = "a", text: str = "", at: int = NOW - 100, **more: Any) -> Entry:
    return made(number, source, more.pop("title", f"Title {number}"), at, text=text, summary="", **more)


# ---------------------------------------------------------------- nothing is lost


def test_F41_a_blog_that_announces_an_episode_brings_its_audio_and_its_text() -> None:
    blog = made(1, "a", "Episode 12", NOW - 90, **BARE)
    said = (("itunes:duration", "1:02:03"), ("podcast:season", "2"), ("slash:comments", "7"))
    episode = telling(
        2, "b", "With two guests.", NOW - 80, enclosures=(MP3,), image="https://c.example/12.jpg", extras=said
    )
    item = told(blog, episode)
    assert (item.entry.title, item.origin.id, item.id) == ("Episode 12", "a", "urn:x:1")
    assert (item.entry.content, item.entry.summary) == ("<p>With two guests.</p>", "With two guests.")
    assert item.entry.enclosures == (replace(MP3, duration=3723),)
    assert item.entry.image == "https://c.example/12.jpg"
    assert item.entry.extras == said[:2], "what is said of the episode, not of the other page"


@pytest.mark.parametrize(
    ("name", "lead", "other", "wanted"),
    [
        ("the same address once", (MP3,), (MP3,), [(MP3.url, 5000, None)]),
        (
            "… compared, not as written",
            (MP3,),
            (replace(MP3, url="http://www.c.example/12.mp3?utm_source=x"),),
            [(MP3.url, 5000, None)],
        ),
        (
            "a query that tells two files apart",
            (MP3,),
            (replace(MP3, url=MP3.url + "?part=2"),),
            [(MP3.url, 5000, None), (MP3.url + "?part=2", 5000, None)],
        ),
        (
            "what one leaves out the other says",
            (replace(MP3, length=0),),
            (replace(MP3, duration=61),),
            [(MP3.url, 5000, 61)],
        ),
        ("what one says stays", (MP3,), (replace(MP3, length=7),), [(MP3.url, 5000, None)]),
        ("all of both, the lead's first", (PNG,), (MP3,), [(PNG.url, 9, None), (MP3.url, 5000, None)]),
        ("none", (), (), []),
    ],
)
def test_F41_the_media_of_all_tellings_each_address_once(
    name: str,
    lead: tuple[Enclosure, ...],
    other: tuple[Enclosure, ...],
    wanted: list[tuple[str, int, int | None]],
) -> None:
    for unite in (told, happened):
        item = unite(made(1, enclosures=lead), made(2, "b", enclosures=other))
        assert [(media.url, media.length, media.duration) for media in item.entry.enclosures] == wanted, name


def test_F41_an_unknown_type_gives_way_to_a_known_one() -> None:
    unknown = replace(MP3, type="application/octet-stream")
    for first, second in ((unknown, MP3), (MP3, unknown)):
        item = told(made(1, enclosures=(first,)), made(2, "b", enclosures=(second,)))
        assert [media.type for media in item.entry.enclosures] == ["audio/mpeg"]


def test_F41_the_duration_of_an_episode_is_that_of_what_is_played() -> None:
    item = told(
        made(
            1,
            enclosures=(PNG, MP3, replace(MP3, url="https://c.example/t.mp3", duration=5)),
            extras=(("itunes:duration", "90"),),
        )
    )
    assert [media.duration for media in item.entry.enclosures] == [None, 90, 5]


def test_F41_rss_has_room_for_one_and_takes_what_can_be_played() -> None:
    _, files = feeds(
        story(1, made(1, enclosures=(PNG,)), made(2, "b", enclosures=(MP3,)), levels=(None, "item"))
    )
    item = etree.fromstring(files["world.rss"]).find("channel/item")
    assert item is not None
    assert [media.get("url") for media in item.findall("enclosure")] == [MP3.url]
    assert [media.get("url") for media in item.findall("{http://search.yahoo.com/mrss/}content")] == [PNG.url]


@pytest.mark.parametrize(
    ("name", "lead", "other", "wanted"),
    [
        ("a lead without a body takes the longest", "", FULL, FULL),
        (
            "a teaser gives way to the text that it begins",
            "We pressed forty kilos of apples on a bal…",
            FULL,
            FULL,
        ),
        (
            "… whatever its signs and capitals",
            "we pressed forty kilos of apples, on a BALCONY […]",
            FULL,
            FULL,
        ),
        ("a text of its own stays", "A comment on pressing apples.", FULL, "A comment on pressing apples."),
        ("a longer text stays", FULL, "We pressed forty kilos.", FULL),
        ("nobody has one", "", "", ""),
    ],
)
def test_F29_the_text_of_a_story_is_the_whole_one(name: str, lead: str, other: str, wanted: str) -> None:
    for level in ("item", "text"):
        item = told(telling(1, "a", lead), telling(2, "b", other), level=level)
        assert item.entry.text == wanted and item.entry.content == (f"<p>{wanted}</p>" if wanted else ""), (
            name
        )


def test_F29_pictures_alone_are_a_body_that_stays() -> None:
    photo = telling(1, content='<img src="https://c.example/1.jpg">')
    assert told(photo, telling(2, "b", FULL)).entry.content == photo.content


@pytest.mark.parametrize(("field", "lead", "other", "story", "event"), [
    ("image", None, "https://c.example/i.jpg", "other", "other"),
    ("image", "https://c.example/1.jpg", "https://c.example/2.jpg", "lead", "lead"),
    ("categories", (), (Category("World"),), "other", "other"),
    ("categories", (Category("Sport"),), (Category("World"),), "lead", "lead"),
    ("comments", None, "https://c.example/talk", "other", "lead"),      # the talk about another one's text
    ("rights", None, "© B", "lead", "lead"),                            # … and what it owns, is its own
    ("authors", (), (Person("Bea of B"),), "lead", "lead"),             # the lead's text is not by her
    ("extras", (), (("license", "https://l.example/"),), "lead", "lead"),
])  # fmt: skip
def test_F42_what_the_lead_lacks_and_others_have(
    field: str, lead: Any, other: Any, story: str, event: str
) -> None:
    for unite, wanted in ((told, story), (happened, event)):
        item = unite(made(1, **{field: lead}), made(2, "b", **{field: other}))
        assert getattr(item.entry, field) == {"lead": lead, "other": other}[wanted], (field, unite)


def test_F39_the_author_of_a_story_is_who_wrote_the_text_it_shows() -> None:
    item = told(telling(1), telling(2, "b", FULL, authors=(Person("Bea"),)))
    assert item.entry.authors == (Person("Bea"),)
    named = told(telling(1, authors=(Person("Ann"),)), telling(2, "b", FULL, authors=(Person("Bea"),)))
    assert named.entry.authors == (Person("Ann"),)


def test_F39_within_an_event_another_source_s_text_stands_under_its_own_name() -> None:
    stories = apart(telling(1), telling(2, "b", FULL, authors=(Person("Bea"),), title="Apples <pressed>"))
    composed, files = feeds(*stories, one_per="event")
    (item,) = composed.items
    assert item.text_of is not None and item.text_of.origin.id == "b"
    entry = etree.fromstring(files["world.atom"]).find(f"{ATOM}entry")
    assert entry is not None
    assert (
        entry.findtext(f"{ATOM}author/{ATOM}name")
        == "Source A"
        == entry.findtext(f"{ATOM}source/{ATOM}title")
    )
    assert (entry.findtext(f"{ATOM}content") or "").startswith(
        '<p><a href="https://b.example/2" rel="noopener noreferrer">Apples ‹pressed›</a> (Source B):</p><blockquote><p>We pressed'
    )
    assert entry.findtext(f"{ATOM}summary") == f"Source B: {FULL}"
    assert told(telling(1), telling(2, "b", FULL)).entry.summary == FULL, "one text, whoever brings it"


def test_F41_media_of_others_of_an_event_are_named_and_bounded() -> None:
    own = made(1, enclosures=(PNG,))
    others = [
        made(number, "b", enclosures=(replace(MP3, url=f"https://c.example/{number}.mp3"),))
        for number in range(2, SHOWN + 9)
    ]
    item = happened(own, *others)
    assert [media.title for media in item.entry.enclosures] == [None, *["Source B"] * SHOWN]


def test_F41_one_per_entry_keeps_each_entry_to_itself() -> None:
    found = story(1, made(1, "a", **BARE), made(2, "b", enclosures=(MP3,), text=FULL), levels=(None, "item"))
    composed, _ = feeds(found, one_per="entry")
    by_id = {item.id: item for item in composed.items}
    assert by_id["urn:x:1"].entry.enclosures == () and by_id["urn:x:1"].entry.text == ""
    assert [len(item.also) for item in composed.items] == [1, 1]


# ---------------------------------------------------------------- nobody is hidden


def lists(name: str, files: dict[str, bytes]) -> list[str]:
    """The text of each line of "Also in", as each format has it."""
    if name == "json":
        content = json.loads(files["world.json"])["items"][0]["content_html"]
    else:
        where = {"rss": f"channel/item/{CONTENT}", "atom": f"{ATOM}entry/{ATOM}content"}[name]
        content = etree.fromstring(files[f"world.{name}"]).findtext(where)
    return [words(line) for line in html(content).iter("li")]


def html(text: Any) -> Any:
    return etree.HTML(text)


def words(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


@pytest.mark.parametrize("form", ["rss", "atom", "json"])
def test_also_in_names_each_telling_by_headline_source_and_time(form: str) -> None:
    """Within one source it names the titles, not the source again and again."""
    stories = [story(1, made(1), made(4, "b", "A copy", NOW - 96), event=1, levels=(None, "text"))]
    stories += [
        story(n, made(n, source, f"Title & {n}", NOW - 100 + n), event=1)
        for n, source in ((2, "a"), (3, "b"))
    ]
    _, files = feeds(*stories, one_per="event")
    assert lists(form, files) == [
        "Source B: A copy (21 Sep 2026, 14:11 UTC); Title & 3 (21 Sep 2026, 14:11 UTC)",
        "Source A: Title & 2 (21 Sep 2026, 14:11 UTC)",
    ]


def test_also_in_leads_to_each_telling() -> None:
    _, files = feeds(
        story(
            1,
            made(1),
            made(2, "b", "B's words", link=None),
            made(3, "c", "C's"),
            levels=(None, "text", "item"),
        )
    )
    entry = etree.fromstring(files["world.atom"]).find(f"{ATOM}entry")
    assert entry is not None
    own = SITE.base_url + edition.page("urn:x:2")
    wanted = [(own, "Source B: B's words"), ("https://c.example/3", "Source C: C's")]
    assert [
        (link.get("href"), link.get("title")) for link in entry.findall(f"{ATOM}link[@rel='related']")
    ] == wanted
    content = html(entry.findtext(f"{ATOM}content") or "")
    assert [(link.get("href"), link.text) for link in content.iter("a")] == [
        (own, "B's words"),
        ("https://c.example/3", "C's"),
    ]
    item = etree.fromstring(files["world.rss"]).find("channel/item")
    assert item is not None
    related = item.findall("{http://www.w3.org/2005/Atom}link[@rel='related']")
    assert [(link.get("href"), link.get("title")) for link in related] == wanted
    also = json.loads(files["world.json"])["items"][0]["_also_in"]["entries"]
    assert [(told["url"], told["title"], told["level"]) for told in also] == [
        (own, "B's words", "text"),
        ("https://c.example/3", "C's", "item"),
    ]


def test_an_event_lists_the_copies_of_its_other_stories_too() -> None:
    """A wrong merge hides nothing: each entry of it is named, first one of each story."""
    stories = [
        story(1, made(1), event=1),
        story(2, made(2, "b"), made(3, "c"), event=1, levels=(None, "text")),
        story(4, made(4, "d"), event=1),
    ]
    item = one(*stories, one_per="event")
    assert [(other.link, other.level) for other in item.also] == [
        ("https://b.example/2", "event"),
        ("https://d.example/4", "event"),
        ("https://c.example/3", "event"),
    ]


@pytest.mark.parametrize(
    ("others", "more"), [(SHOWN, None), (SHOWN + 1, "and 1 more"), (SHOWN + 70, "and 70 more")]
)
def test_also_in_of_a_huge_event_is_bounded_and_leads_to_all_of_them(others: int, more: str | None) -> None:
    stories = apart(
        *(
            made(number, "ab"[number % 2], f"Title {number}", NOW - 100 + number)
            for number in range(1, others + 2)
        )
    )
    composed, files = feeds(*stories, one_per="event")
    (item,) = composed.items
    text = lists("atom", files)
    assert sum(line.count(" UTC)") for line in text) == min(others, SHOWN) and len(item.also) == others
    assert (text[-1] if more else None) == more
    content = html(etree.fromstring(files["world.atom"]).findtext(f"{ATOM}entry/{ATOM}content") or "")
    assert item.page is not None
    assert (SITE.base_url + item.page in [link.get("href") for link in content.iter("a")]) == bool(more)
    assert len(json.loads(files["world.json"])["items"][0]["_also_in"]["entries"]) == others
    parts = compose(View("page", "", "", SITE.base_url, limit=None), stories, {}, ORIGINS, {}).items
    page = pages.event(item, list(reversed(parts)), SITE, []).decode()
    assert all(f">Title {number}</a>" in page for number in range(1, others + 2))


@pytest.mark.parametrize(("copies", "has_page"), [(SHOWN + 1, False), (SHOWN + 2, True)])
def test_a_story_that_is_told_more_often_than_it_lists_has_a_page_that_lists_all(
    copies: int, has_page: bool
) -> None:
    members = [made(number, "b", f"Title {number}") for number in range(1, copies + 1)]
    item = told(*members, level="text")
    assert (item.page is not None) == has_page
    page = pages.event(item, [item], SITE, []).decode()
    assert all(f">Title {number}</a>" in page for number in range(1, copies + 1))


def test_the_page_of_an_event_has_its_headlines_with_source_and_time_newest_first() -> None:
    stories = apart(
        *(made(number, "abc"[number - 1], f"Title {number}", NOW - 100 + number) for number in (1, 2, 3))
    )
    item = one(*stories, one_per="event")
    parts = compose(View("page", "", "", SITE.base_url, limit=None), stories, {}, ORIGINS, {}).items
    document = html(pages.event(item, list(reversed(parts)), SITE, []).decode())
    assert [link.get("href") for link in document.xpath("//h1/a")] == ["https://a.example/1"]
    assert document.xpath("//ol//h3/a/text()") == ["Title 3", "Title 2"]
    assert document.xpath("//ol//p[@class='meta']//bdi/text()") == ["Source C", "Source B"]
    assert len(document.xpath("//ol//p[@class='meta']/time")) == 2


def test_pages_say_what_can_be_played_and_who_else_tells_it() -> None:
    audio = replace(MP3, duration=3723)
    found = [story(1, made(1, "a", enclosures=(PNG, audio)), made(2, "a", "Again"), levels=(None, "text"))]
    found += [
        story(
            3, made(3, "b", enclosures=(replace(MP3, type="video/mp4"),)), made(4, "c"), levels=(None, "text")
        )
    ]
    composed, _ = feeds(*found)
    page = html(pages.topic(composed, SITE, []).decode())
    assert [words(link) for link in page.xpath("//a[span='▶']")] == ["▶ Watch", "▶ Listen (62 min)"]
    assert [words(line) for line in page.xpath("//li/details/summary")] == [
        "2 sources also Source C",
        "2 times in Source A",
    ]


# ---------------------------------------------------------------- when it changed


def out(entry: Entry, publication: int, first_seen: int, number: int = 1) -> Member:
    return Member(replace(entry, first_seen=first_seen), number, 1, publication=publication)


@pytest.mark.parametrize(("name", "seen", "wanted"), [
    ("alone", [(100, 5, 900)], 100),
    ("both in one publication: as their sources say", [(100, 5, 900), (300, 5, 905)], 300),
    ("one came later: when it was seen", [(100, 5, 900), (300, 8, 1700)], 1700),
    ("the later one is the older one by its date", [(300, 8, 1700), (100, 5, 900)], 1700),
    ("one came later, the next later still", [(100, 5, 900), (300, 8, 1700), (200, 9, 2600)], 2600),
    ("nothing is known of publications (an older store)", [(100, 0, 900), (300, 0, 1700)], 300),
])  # fmt: skip
def test_F18_updated_is_the_sources_date_at_first_and_moves_when_a_telling_joins(
    name: str, seen: list[tuple[int, int, int]], wanted: int
) -> None:
    members = tuple(
        out(made(n, "abc"[n], at=at), publication, first_seen)
        for n, (at, publication, first_seen) in enumerate(seen)
    )
    together = Story(
        1, "urn:x:0", 1, 0, members, (), members[0].entry.published or 0, max(at for at, _, _ in seen)
    )
    assert one(together).updated == wanted, name
    alone = [
        Story(
            n, member.entry.public_id, 1, n, (member,), (), member.entry.published or 0, member.entry.changed
        )
        for n, member in enumerate(members)
    ]
    assert one(*alone, one_per="event").updated == wanted, name


def test_F18_of_one_entry_an_item_its_own_joining_changed_nothing() -> None:
    members = tuple(
        out(made(n, at=at), publication, seen)
        for n, at, publication, seen in ((1, 100, 5, 900), (2, 300, 8, 1700))
    )
    composed, _ = feeds(Story(1, "urn:x:1", 1, 1, members, (), 100, 300), one_per="entry")
    assert {item.id: item.updated for item in composed.items} == {"urn:x:1": 1700, "urn:x:2": 300}


# ---------------------------------------------------------------- planets

BY_JANE = (
    ("origin:title", "Jane's blog"),
    ("origin:url", "https://jane.example/feed"),
    ("origin:site", "https://jane.example/"),
    ("origin:id", "tag:jane.example,2026:feed"),
    ("origin:authors", '[{"name": "Jane Doe", "email": null, "uri": null}]'),
    ("origin:rights", "CC0"),
)


def test_F38_F40_what_a_planet_took_from_a_blog_is_the_blog_s_in_every_format() -> None:
    composed, files = feeds(story(1, made(1, extras=BY_JANE, authors=(Person("Jane Doe"),))))
    entry = etree.fromstring(files["world.atom"]).find(f"{ATOM}entry")
    item = etree.fromstring(files["world.rss"]).find("channel/item")
    assert entry is not None and item is not None
    source = entry.find(f"{ATOM}source")
    assert source is not None
    assert [source.findtext(f"{ATOM}{name}") for name in ("id", "title", "rights")] == [
        "tag:jane.example,2026:feed",
        "Jane's blog",
        "CC0",
    ]
    assert {link.get("rel"): link.get("href") for link in source.findall(f"{ATOM}link")} == {
        "self": "https://jane.example/feed",
        "alternate": "https://jane.example/",
    }
    assert (
        source.findtext(f"{ATOM}author/{ATOM}name")
        == "Jane Doe"
        == entry.findtext(f"{ATOM}author/{ATOM}name")
    )
    told_by = item.find("source")
    assert told_by is not None and (told_by.get("url"), told_by.text) == (
        "https://jane.example/feed",
        "Jane's blog",
    )
    assert item.findtext(f"{DC}creator") == "Jane Doe"
    record = json.loads(files["world.json"])["items"][0]
    assert record["_source"] == {
        "id": "a",
        "title": "Jane's blog",
        "url": "https://jane.example/feed",
        "home_page_url": "https://jane.example/",
    }
    assert record["authors"] == [{"name": "Jane Doe"}] and "_elements" not in record
    assert "<bdi>Jane's blog</bdi>" in pages.topic(composed, SITE, []).decode().replace("&#39;", "'")


def test_F40_two_blogs_of_one_planet_are_two_in_the_list() -> None:
    bob = (("origin:title", "Bob's blog"),)
    _, files = feeds(
        story(
            1,
            made(1),
            made(2, "b", "One", extras=BY_JANE),
            made(3, "b", "Two", extras=bob),
            levels=(None, "text", "text"),
        )
    )
    assert [line.partition(":")[0] for line in lists("atom", files)] == ["Jane's blog", "Bob's blog"]


# ---------------------------------------------------------------- a whole folder of it


def test_F1_F62_our_own_checks_find_nothing(tmp_path: Path) -> None:
    stories = [
        story(
            1,
            made(1, "a", **BARE),
            made(2, "b", enclosures=(MP3,), extras=(("itunes:duration", "90"),)),
            event=1,
            levels=(None, "item"),
        ),
        *(
            story(n, made(n, "c", f"Title {n} <b>", NOW - n, extras=BY_JANE), event=3)
            for n in range(3, SHOWN + 60)
        ),
    ]
    origins = {
        **ORIGINS,
        "b": replace(ORIGINS["b"], icon="https://b.example/cover.jpg", extras=(("itunes:category", "Arts"),)),
    }
    for unit in ("story", "event", "entry"):
        composed = compose(
            View("world", "World", "All", SITE.base_url, unit),
            stories,
            {1: Head("urn:x:1", NOW), 3: Head("urn:x:3", NOW)},
            origins,
            {},
        )
        for name, data in render.feeds(composed, SITE).items():
            (tmp_path / name).write_bytes(data)
        assert list(check.folder(tmp_path)) == [], unit


# ---------------------------------------------------------------- from cycle to cycle

QUAY = "The harbour master closed the quay at noon after a crane let a container of lamps fall into the basin"


def feed(name: str, *items: tuple[str, str, int]) -> str:
    """An RSS feed of (title, text, when)."""
    return (
        f'<rss version="2.0"><channel><title>{name}</title><link>https://{name}.example/</link><description>d</description>'
        + "".join(
            f"<item><title>{title}</title><link>https://{name}.example/{at}</link><guid>https://{name}.example/{at}</guid>"
            f"<pubDate>{rfc822(at)}</pubDate><description>{text}</description></item>"
            for title, text, at in items
        )
        + "</channel></rss>"
    )


class Papers:
    """A folder with local feeds, and cycles over it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.public = folder / "var" / "public"

    def cycle(self, at: int, publish: str = "", **feeds: str) -> dict[str, Any]:
        """One cycle, with these feeds changed; the items of all.json by title."""
        for name, text in feeds.items():
            (self.folder / f"{name}.xml").write_text(text)
        names = sorted(path.stem for path in self.folder.glob("*.xml"))
        sources = "".join(f'[[sources]]\nid = "{name}"\npath = "{name}.xml"\n' for name in names)
        self.settings = config(self.folder, f"[publish]\n{publish}\n{sources}")
        with open_writer(self.settings.database) as store:
            cycle.run(self.settings, store, Wanted(everything=True), at)
        return self.items()

    def items(self) -> dict[str, Any]:
        return {item["title"]: item for item in json.loads((self.public / "all.json").read_bytes())["items"]}

    def bytes(self) -> dict[str, bytes]:
        return {
            str(path): path.read_bytes()
            for path in self.public.rglob("*")
            if path.suffix in (".atom", ".rss", ".json", ".html")
        }


def at(item: Any) -> int:
    return int(datetime.fromisoformat(item["date_modified"]).timestamp())


def test_F18_F20_F23_updated_over_cycles_reprints_and_refold(tmp_path: Path) -> None:
    """The date of the source at first; when a telling joins, the time it was seen; after that nothing moves it."""
    papers, long_ago = Papers(tmp_path), NOW - 40 * 86_400
    lamps = ("Lamps in the basin", QUAY, long_ago)
    first = papers.cycle(NOW, a=feed("a", lamps), b=feed("b", (lamps[0], QUAY, long_ago + 600)))
    assert [at(item) for item in first.values()] == [long_ago + 600], "not the time of the cycle"
    feed_updated = etree.parse(str(papers.public / "all.atom")).findtext(f"{ATOM}updated")
    assert feed_updated == first[lamps[0]]["date_modified"]
    before = papers.bytes()
    papers.cycle(NOW + 7200)
    assert papers.bytes() == before
    began = int(time.time())
    joined = papers.cycle(NOW + 2 * 7200, c=feed("c", (lamps[0], QUAY, long_ago + 900)))[lamps[0]]
    assert began <= at(joined) <= time.time() and len(joined["_also_in"]["entries"]) == 2
    kept = papers.bytes()
    for path in papers.public.rglob("*.*"):
        path.unlink()
    papers.cycle(NOW + 3 * 7200)
    assert {name: data for name, data in papers.bytes().items() if "sources" not in name} == {
        name: data for name, data in kept.items() if "sources" not in name
    }
    with open_writer(papers.settings.database) as store:
        cycle.refold(papers.settings, store, None, NOW + 4 * 7200)
    assert papers.items()[lamps[0]] == joined


def week(name: str) -> list[tuple[str, str, int]]:
    """Things of its own, one an hour, and a happening that each paper tells in its own words."""
    own = [
        (f"{name} page {n} on {'abcdefgh'[n % 8] * 5}", f"{name}{n} " * 30, NOW - 86_400 * 9 - n * 3600)
        for n in range(60)
    ]
    words = {
        "a": (
            "Orlow dam bursts after a week of rain",
            "The dam at Orlow burst on Monday after a week of rain; thousands fled.",
        ),
        "b": (
            "Thousands flee as Orlow dam bursts",
            "Thousands fled when the Orlow dam burst on Monday in the rain.",
        ),
        "c": (
            "Rain bursts dam at Orlow, thousands flee",
            "Rain burst the dam at Orlow on Monday, and thousands had to flee.",
        ),
    }
    return [(*words[name], NOW - 86_400 * 8 + ord(name)), *own]


def test_F60_to_publish_events_instead_of_stories_keeps_ids_and_loses_nothing(tmp_path: Path) -> None:
    """Switching one_per there and back: each event under the id of its founder, everybody in its list, every
    item once in feed and archives, our own checks silent.
    """
    papers, feeds_of = Papers(tmp_path), {name: feed(name, *week(name)) for name in "abc"}
    limit = "limit = 40"
    stories = papers.cycle(NOW, limit, **feeds_of)
    ids = {item["id"] for item in stories.values()}
    assert list(check.folder(papers.public)) == []
    events = papers.cycle(NOW + 7200, f'{limit}\none_per = "event"')
    assert list(check.folder(papers.public)) == []
    dam = next(item for title, item in events.items() if "Orlow" in title)
    assert dam["id"] in ids and dam["date_published"] == next(
        item["date_published"] for item in stories.values() if item["id"] == dam["id"]
    )
    assert {told["title"] for told in dam["_also_in"]["entries"]} | {dam["title"]} == {
        week(name)[0][0] for name in "abc"
    }
    late = feed(
        "c",
        (
            "Orlow dam: the army comes",
            "The army came to Orlow on Monday to help where the dam burst in the rain.",
            NOW - 86_400 * 8 + 900,
        ),
        *week("c"),
    )
    papers.cycle(NOW + 2 * 7200, f'{limit}\none_per = "event"', c=late)
    assert list(check.folder(papers.public)) == []
    papers.cycle(NOW + 3 * 7200, limit)
    assert list(check.folder(papers.public)) == []


def pages_of(name: str, start: int, count: int) -> list[tuple[str, str, int]]:
    """Things of its own, one an hour."""
    return [
        (f"{name} page {n} on {'abcdefgh'[n % 8] * 5}", f"{name}{n} " * 30, start + n * 3600)
        for n in range(count)
    ]


def test_F24_F60_an_event_that_goes_on_stays_in_the_feed_and_is_archived_once_it_has_ended(
    tmp_path: Path,
) -> None:
    """It began before the window of forty items, and was told again within it."""
    papers, began = Papers(tmp_path), NOW - 20 * 86_400
    publish = 'limit = 40\none_per = "event"'
    dam = (
        "Orlow dam bursts after a week of rain",
        "The dam at Orlow burst on Monday after a week of rain; thousands fled.",
        began,
    )
    again = (
        "Thousands flee at Orlow: dam bursts after a week of rain",
        "Thousands fled when the dam at Orlow burst on Monday after a week of rain.",
        began + 24 * 3600,
    )
    items = papers.cycle(NOW, publish, a=feed("a", dam, *pages_of("p", began + 60, 60)), b=feed("b", again))
    assert len(items) == 41 and [told["title"] for told in items[dam[0]]["_also_in"]["entries"]] == [again[0]]
    assert list(items)[-1] == dam[0], "at its place by its own date"
    assert list(check.folder(papers.public)) == []
    items = papers.cycle(NOW + 7200, publish, c=feed("c", *pages_of("q", began + 61 * 3600, 40)))
    assert len(items) == 40 and dam[0] not in items
    assert list(check.folder(papers.public)) == []
    archived = b"".join(path.read_bytes() for path in papers.public.glob("archive/all-*.atom"))
    assert archived.count(dam[0].encode()) == 1 and again[0].encode() in archived
    for n in range(60):
        assert archived.count(f'<title type="text">p page {n} '.encode()) == 1, (
            "what lies between is archived in its time"
        )


def test_F18_what_still_waits_has_not_come_out_yet(tmp_path: Path) -> None:
    """A stop between folding and publishing must not date what it kept from readers as if they had seen it."""
    with open_writer(tmp_path / "a.db") as store:
        put(store, entry("a", "1", "One"), entry("a", "2", "Two"))

        def publications() -> list[tuple[int]]:
            unpublished.printed(store, [])
            return store.rows("SELECT newest FROM publication ORDER BY newest")

        assert publications() == []
        change(store, "DELETE FROM pending_entry WHERE entry = 1")
        assert publications() == [(1,)]
        change(store, "DELETE FROM pending_entry")
        assert publications() == [(1,), (2,)] and publications() == [(1,), (2,)]


# ---------------------------------------------------------------- who leads an event, what it is about, in what order

TELLINGS = (
    "Which countries have the most medals of all time?", "Storm floods the harbour of Bergen",
    "Storm floods Bergen harbour, ferries stop", "Ferries stop as storm floods Bergen",
)  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "leads"),
    [("first", TELLINGS[0]), ("longest", TELLINGS[1]), ("central", TELLINGS[2])],
)
def test_who_leads_an_event(policy: str, leads: str) -> None:
    members = [
        telling(n, f"s{n}", "long " * (9 if n == 1 else 1), NOW - 900 + n, title=title)
        for n, title in enumerate(TELLINGS)
    ]
    item = one(*apart(*members), one_per="event", event_lead=policy)
    assert (item.entry.title == leads and item.id == "urn:uuid:1") or item.id == one(
        *apart(*members), one_per="event"
    ).id


@pytest.mark.parametrize(
    ("topics", "wanted"),
    [
        ((("a",), (), ()), ("a",)),
        (((), ("b",), ()), ("b",)),
        (((), ("b",), (), ()), ()),
        (((), ("b",), ("b",), (), (), ()), ("b",)),
        ((("a",), ("b",), ("b",)), ("a", "b")),
    ],
)
def test_an_event_is_about_what_its_lead_and_a_third_of_its_stories_are(
    topics: tuple[tuple[str, ...], ...], wanted: tuple[str, ...]
) -> None:
    members = [telling(n, f"s{n}", at=NOW - 900 + n) for n in range(len(topics))]
    found = [replace(one_, topics=some) for one_, some in zip(apart(*members), topics, strict=True)]
    assert one(*found, one_per="event").topics == wanted
    composed, _ = feeds(*found, one_per="event", topic="b")
    assert len(composed.items) == ("b" in wanted)
    composed, _ = feeds(*found, topic="b")
    assert len(composed.items) == len(topics), "a story is what it is labelled"


def test_told_by_most_first() -> None:
    found = [
        story(n, *(telling(10 * n + k, f"s{k}", at=NOW - n) for k in range(sources)))
        for n, sources in ((1, 1), (2, 3), (3, 2), (4, 3))
    ]
    composed, _ = feeds(*found, sort="sources")
    assert [item.sources for item in composed.items] == [3, 3, 2, 1]
    assert composed.items[0].published > composed.items[1].published, "the newest of equals"


@pytest.mark.parametrize(
    ("title", "turns"),
    [
        ("Ferry sinks", False),
        ("Fähre sinkt – 日本語 😀", False),
        ("שלום עולם", True),
        ("مرحبا", True),
        ("\u202etxet", True),
        ("\u2066a\u2069", True),
    ],
)
def test_F33_a_headline_from_right_to_left_turns_nothing_around_it(title: str, turns: bool) -> None:
    _, files = feeds(story(1, made(1), made(2, "b", title), levels=(None, "item")))
    content = json.loads(files["world.json"])["items"][0]["content_html"]
    assert f">{title}</a>" in content and content == markup.safe(content)
    assert (f'">{title}</a></bdi> (<time' in content) == turns == ("<bdi>" in content)
    read = parse(
        Source("s", url="https://d.example/"),
        FetchResult("https://d.example/", NOW, 200, (), files["world.atom"]),
        Limits(),
    )
    (telling,) = (json.loads(said) for name, said in read.entries[0].extras if name == "telling")
    assert (telling["title"], telling["published"]) == (title, made(2, "b", title).published)
