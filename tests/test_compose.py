"""Aggregators that read other aggregators' Atom: ids, sources, authors, dates and who else tells it survive; a chain of
three, and shards that one merges, publish what one machine would.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from aggregator import cycle
from aggregator.config import Config
from aggregator.cycle import Wanted
from aggregator.edition import reported
from aggregator.model import SAME_EVENT, SAME_TEXT, Member, Origin, Story
from aggregator.parse import dates, tellings
from aggregator.store import open_writer
from tests.helpers import NOW, config, entry
from tests.hostile import Case, Hostile, reply

MOST_LINKS = 200

HOUR = 3600

WIRE = (
    "The river Aller rose by two metres during the night and flooded the old town of Verden, where 340 people "
    "had to leave their homes before dawn. Firefighters built a wall of sandbags along the market square, and the "
    "mayor asked everybody to stay away from the bridges until the water falls, which the weather service expects "
    "for Thursday evening at the earliest."
)
STRIKE = (
    "Dockers in the port of Rotterdam stopped work on Monday morning after talks about a new contract failed. "
    "Their union FNV asks for nine percent more pay, the terminals offer five. Thirty ships wait off the coast."
)
STRIKE_TOO = (
    "A strike of dockers has closed the port of Rotterdam since Monday morning. The union FNV wants nine percent "
    "more pay for its members at the terminals; ships wait off the coast for the end of the strike."
)
ECLIPSE = "On Wednesday the moon will cover nine tenths of the sun over Iceland and northern Spain, astronomers say."
ECLIPSE_TOO = (
    "Nine tenths of the sun will be covered by the moon on Wednesday over northern Spain and Iceland."
)
BRIDGE = (
    "Engineers found cracks in two cables of the Norderelbe bridge, which is closed to lorries until spring."
)

# outlet: (title of the feed, items as (guid, hours ago, headline, text, link, more))
Items = Sequence[tuple[str, int, str, str, str | None, str]]
OUTLETS: dict[str, tuple[str, Items]] = {
    "aller": (
        "Aller Zeitung",
        [
            (
                "https://aller.example/1",
                9,
                "Aller floods old town of Verden, 340 leave their homes",
                WIRE,
                "https://aller.example/1",
                "<dc:creator>Jo Ahrens</dc:creator><dc:creator>Kim Bode</dc:creator><category>Weather</category>",
            ),
            (
                "aller-2",
                30,
                "Council of Verden argues about a new swimming pool",
                "The council did not agree on a place for it.",
                None,
                "",
            ),
        ],
    ),
    "wire": (
        "Wire: World",
        [
            (
                "https://wire.example/77",
                8,
                "Aller floods old town of Verden, 340 leave homes",
                WIRE,
                "https://wire.example/77",
                "",
            ),
            (
                "https://wire.example/78",
                5,
                "Dockers close port of Rotterdam in pay dispute",
                STRIKE,
                "https://wire.example/78",
                "",
            ),
        ],
    ),
    "harbour": (
        "Harbour News",
        [
            (
                "https://harbour.example/a",
                4,
                "Rotterdam dockers strike, port closed",
                STRIKE_TOO,
                "https://harbour.example/a",
                "<comments>https://harbour.example/a#talk</comments>",
            ),
            (
                "https://harbour.example/b",
                7,
                "Two cables of the Norderelbe bridge have cracks",
                BRIDGE,
                "https://harbour.example/b",
                "",
            ),
        ],
    ),
    "sky": (
        "Sky watch",
        [
            (
                "tag:sky.example,2026:e",
                12,
                "Partial eclipse of the sun over Iceland on Wednesday",
                ECLIPSE,
                "https://sky.example/e",
                '<enclosure url="https://sky.example/e.jpg" type="image/jpeg" length="9"/>',
            ),
        ],
    ),
    "iberia": (
        "Iberia Today",
        [
            (
                "https://iberia.example/9",
                11,
                "Moon will cover nine tenths of the sun over northern Spain",
                ECLIPSE_TOO,
                "https://iberia.example/9",
                "",
            ),
            (
                "https://iberia.example/w",
                20,
                "Weather in Lisbon: 22 degrees, sunny",
                "",
                "https://iberia.example/w",
                "",
            ),
        ],
    ),
    "minho": (
        "Minho Post",
        [
            (
                "https://minho.example/w",
                20,
                "Concert hall of Braga opens with a night of Mozart",
                "",
                "https://minho.example/w",
                "",
            ),
        ],
    ),
    "copies": (
        "Copy & Paste",
        [
            (
                "https://copies.example/x",
                6,
                "Aller floods the old town of Verden, 340 leave their homes",
                WIRE,
                "https://copies.example/x",
                "",
            ),
            (
                "https://harbour.example/b#2",
                3,
                "Two cables of the Norderelbe bridge have cracks",
                BRIDGE,
                "https://harbour.example/b",
                "",
            ),
        ],
    ),
}


def written(folder: Path) -> dict[str, Path]:
    """The outlets' feeds as files."""
    folder.mkdir(exist_ok=True)
    for outlet, (title, items) in OUTLETS.items():
        body = "".join(
            f'<item><guid isPermaLink="false">{guid}</guid><title>{headline}</title><description>{text}</description>'
            f"{f'<link>{link}</link>' if link else ''}<pubDate>{datetime.fromtimestamp(NOW - ago * HOUR, UTC):%a, %d %b %Y %H:%M:%S GMT}</pubDate>{more}</item>"
            for guid, ago, headline, text, link, more in items
        )
        (folder / f"{outlet}.xml").write_text(
            '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
            f"<title>{title.replace('&', '&amp;')}</title><link>https://{outlet}.example/</link><language>en</language>{body}</channel></rss>"
        )
    return {outlet: folder / f"{outlet}.xml" for outlet in OUTLETS}


def machine(folder: Path, sources: dict[str, Path], one_per: str = "story", more: str = "") -> Config:
    """A whole aggregator in this folder, over these files."""
    folder.mkdir(exist_ok=True)
    body = "".join(f'[[sources]]\nid = "{name}"\npath = "{path}"\n' for name, path in sources.items())
    topic = '[[topics]]\nid = "events"\ntitle = "Events"\nmatch = "a OR the OR in OR of"\none_per = "event"\n'
    return config(folder, f'[publish]\none_per = "{one_per}"\n{more}{body}{topic}')


def run(settings: Config, at: int = NOW) -> Path:
    with open_writer(settings.database) as store:
        report = cycle.run(settings, store, Wanted(everything=True), at)
        assert not report.collected.failures
    return settings.output


def feed_of(settings: Config) -> Path:
    return settings.output / "all.atom"


def told(output: Path, name: str = "all") -> dict[str, dict[str, Any]]:
    """Published id → all that readers see of the item, but for what an aggregator says in its own words."""
    items = json.loads((output / f"{name}.json").read_text())["items"]
    found = {}
    for item in items:
        others = item.pop("_also_in", {"entries": []})["entries"]
        item["also"] = sorted(
            (one["source_title"], one["title"], one["url"], one["date_published"]) for one in others
        )
        item["content_html"] = item.get("content_html", "").partition("<p>Also in:</p>")[0]
        item["_source"] = item["_source"]["title"]
        item.pop("_elements", None)
        found[item["id"]] = item
    assert len(found) == len(items)
    return found


def most_told(output: Path) -> list[str]:
    """The headlines that the front page begins with."""
    first = (output / "index.html").read_text().partition('class="most"')[2].partition("</section>")[0]
    return re.findall(r"<h3><a [^>]*>([^<]+)</a>", first)


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of one machine that reads all outlets."""
    folder = tmp_path_factory.mktemp("single")
    return run(machine(folder / "alone", written(folder / "outlets")))


def chained(tmp_path: Path, length: int, one_per: str) -> Path:
    settings = machine(tmp_path / "first", written(tmp_path / "outlets"), one_per)
    run(settings)
    for number in range(1, length):
        settings = machine(tmp_path / f"link-{number}", {"upstream": feed_of(settings)}, one_per)
        run(settings)
    return settings.output


def test_one_machine_folds_what_is_one(single: Path) -> None:
    """What the others are compared with: three copies of one text, one item in two feeds, two events."""
    items = told(single)
    assert len(items) == 9
    flood, bridge = items["https://aller.example/1"], items["https://harbour.example/b"]
    assert [one[0] for one in flood["also"]] == ["Copy & Paste", "Wire: World"]
    assert [one[0] for one in bridge["also"]] == ["Copy & Paste"]
    events = told(single, "events")
    assert (
        len(events["tag:sky.example,2026:e"]["also"]) == 1
        and len(events["https://wire.example/78"]["also"]) == 1
    )


@pytest.mark.parametrize("one_per", ["story", "entry"])
def test_F13_F38_F40_a_chain_of_three_publishes_what_the_first_does(
    single: Path, tmp_path: Path, one_per: str
) -> None:
    last = chained(tmp_path, 3, one_per)
    if one_per == "entry":
        last = run(machine(tmp_path / "merged", {"upstream": last / "all.atom"}))
    assert told(last) == told(single)
    assert told(last, "events") == told(single, "events")


def test_F14_four_shards_and_who_merges_them_publish_what_one_machine_would(
    single: Path, tmp_path: Path
) -> None:
    """Sources split by host; each shard says every entry, so that nothing is decided twice."""
    outlets = written(tmp_path / "outlets")
    shards = {}
    for number in range(4):
        own = {name: path for place, (name, path) in enumerate(outlets.items()) if place % 4 == number}
        settings = machine(tmp_path / f"shard-{number}", own, "entry")
        run(settings)
        shards[f"shard-{number}"] = feed_of(settings)
    merged = run(machine(tmp_path / "merged", shards))
    assert told(merged) == told(single)
    assert most_told(merged) == most_told(single) != []
    assert told(merged, "events") == told(single, "events")


def grown(tmp_path: Path, settings: dict[str, Config]) -> dict[str, Path]:
    """Two cycles of each of these machines, in their order; between them one more outlet copies what others told,
    and another one edits a headline.
    """
    for number in range(2):
        outlets = written(tmp_path / "outlets")
        for outlet in ("copies", "iberia")[: 2 - 2 * number]:
            text = outlets[outlet].read_text()
            outlets[outlet].write_text(
                "<rss version='2.0'><channel><title>x</title></channel></rss>"
                if outlet == "copies"
                else text.replace("Moon will", "The moon will")
            )
        found = {name: run(one, NOW + number * HOUR) for name, one in settings.items()}
    return found


def test_what_grows_upstream_grows_downstream_and_nothing_new_writes_nothing(tmp_path: Path) -> None:
    outlets = written(tmp_path / "outlets")
    first = machine(tmp_path / "first", outlets)
    second = machine(tmp_path / "second", {"upstream": feed_of(first)})
    found = grown(tmp_path, {"alone": machine(tmp_path / "alone", outlets), "first": first, "second": second})
    last, alone = told(found["second"]), told(found["alone"])
    for item in (*last.values(), *alone.values()):
        item["date_modified"] = item["date_modified"][:10]  # of what joins it is when it was fetched
    assert last == alone and alone["https://aller.example/1"]["date_modified"] > "2026-09-21"
    assert len(last["https://aller.example/1"]["also"]) == 2
    with open_writer(second.database) as store:
        assert not cycle.run(second, store, Wanted(everything=True), NOW + 2 * HOUR).written.written


def test_a_feed_of_events_keeps_its_tellings_and_they_count_as_sources(tmp_path: Path) -> None:
    first = machine(tmp_path / "first", written(tmp_path / "outlets"))
    run(first)
    topic = '[[topics]]\nid = "twice"\ntitle = "Twice"\nmatch = "a OR the OR in"\none_per = "event"\nmin_sources = 2\n'
    second = machine(tmp_path / "second", {"upstream": first.output / "events.atom"}, more=topic)
    items, upstream = told(run(second)), told(first.output, "events")
    assert {name: item["also"] for name, item in items.items()} == {
        name: item["also"] for name, item in upstream.items()
    }
    assert told(second.output, "twice").keys() == {"tag:sky.example,2026:e", "https://wire.example/78"}, (
        "copies are one voice"
    )


def test_what_is_read_directly_too_is_published_and_listed_once(tmp_path: Path) -> None:
    outlets = written(tmp_path / "outlets")
    with Hostile() as server:
        for name in ("aller", "wire"):
            server.table[name] = Case(name, answer(outlets[name].read_bytes()))
        own = f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}"]\nhost_gap = "0s"\n'
        own += "".join(
            f'[[sources]]\nid = "{name}"\nurl = "{server.url(name)}"\n' for name in ("aller", "wire")
        )
        first = machine(tmp_path / "first", {}, more=own)
        run(first)
        other = own.replace('"wire"\nurl', '"harbour"\nenabled = false\nurl')
        second = machine(tmp_path / "second", {"upstream": feed_of(first)}, more=other)
        items = told(run(second))
    assert len(items) == 3 and not [item for item in items.values() if item["also"] and len(item["also"]) > 1]
    assert [name for name, *_ in items["https://aller.example/1"]["also"]] == ["Wire: World"]


def answer(body: bytes) -> Any:
    return lambda wire, asked: wire.sendall(reply(body))


LINK = {
    "rel": "related",
    "rdf:type": SAME_TEXT,
    "href": "https://b.example/1",
    "title": "B: A headline: more",
}


@pytest.mark.parametrize(
    ("name", "link", "expected"),
    [
        ("a copy", {}, ("B", "A headline: more", "https://b.example/1", "text")),
        ("another text", {"rdf:type": SAME_EVENT}, ("B", "A headline: more", "https://b.example/1", "event")),
        (
            "a colon in the outlet",
            {"title": "B:\N{NO-BREAK SPACE}World: A headline"},
            ("B: World", "A headline", "https://b.example/1", "text"),
        ),
        ("another rel", {"rel": "via"}, None),
        ("no type", {"rdf:type": None}, None),
        ("a type that is not ours", {"rdf:type": "http://x.example/"}, None),
        ("no outlet", {"title": "A headline"}, None),
        ("no title", {"title": None}, None),
        ("nothing to follow", {"href": "javascript:x"}, None),
    ],
)
def test_links_that_tell_of_others(name: str, link: dict[str, Any], expected: tuple[str, ...] | None) -> None:
    habits = dates.habits((), NOW)
    content = '<p>Text</p><p>Also in:</p><ul><li>B: <a href="https://b.example/1">A</a> (<time datetime="2026-09-21T00:00:00Z">x</time>)</li></ul>'
    found = [
        json.loads(value)
        for _, value in tellings.of_links([LINK | link], "https://a.example/", content, habits)
    ]
    assert [(one["outlet"], one["title"], one["link"], one["level"]) for one in found] == [expected] * (
        expected is not None
    )
    if name == "a copy":
        assert found[0]["published"] == 1_789_948_800


def test_tellings_are_bounded() -> None:
    found = list(
        tellings.of_links([LINK] * (MOST_LINKS + 1), "https://a.example/", "", dates.habits((), NOW))
    )
    assert len(found) == MOST_LINKS and json.loads(found[0][1])["published"] is None


@pytest.mark.parametrize(
    ("content", "alone", "expected"),
    [
        ("<p>Text</p><p>Also in:</p><ul><li>x</li></ul>", False, "<p>Text</p>"),
        ("<p>Also in:</p><ul><li>x</li></ul>", False, ""),
        (
            "<p>Text</p><p>Also in:</p><ul><li>x</li></ul><p>more</p>",
            False,
            "<p>Text</p><p>Also in:</p><ul><li>x</li></ul><p>more</p>",
        ),
        ("<p>Title</p>", True, ""),
        ("<p>Title</p>", False, "<p>Title</p>"),
        ("<p>Title and more</p>", True, "<p>Title and more</p>"),
    ],
)
def test_what_our_feeds_add_is_taken_away(content: str, alone: bool, expected: str) -> None:
    assert tellings.own_text(content, "Title", "Title", alone) == (expected, "Title" if expected else "")


def member(
    source: str, number: int, link: str | None = "https://a.example/1", title: str = "One", **said: str
) -> Member:
    extras = tuple((name.replace("_", ":"), value) for name, value in said.items())
    made = entry(source, f"{source}{number}", title, link=link, extras=extras)
    return Member(replace(made, id=number), 1, 1)


BY_A = {"origin_title": "A", "origin_id": "tag:a.example,2026:feed", "origin_url": "https://a.example/feed"}
READ = {"https://a.example/feed": "a"}
REPORT = '{"outlet": "C", "title": "One", "link": "https://c.example/1", "published": 7, "level": "text"}'


@pytest.mark.parametrize(
    ("name", "lead", "other", "read", "listed"),
    [
        ("read directly and through another", member("a", 1), member("hub", 2, **BY_A), READ, 0),
        ("through two others", member("hub", 1, **BY_A), member("hub-2", 2, **BY_A), {}, 0),
        (
            "without a link of its own",
            member("a", 1, None),
            member("hub", 2, "https://hub.example/stories/1.html", **BY_A),
            READ,
            0,
        ),
        ("the same page, another outlet", member("b", 1), member("hub", 2, **BY_A), READ, 1),
        (
            "another item of one outlet",
            member("a", 1),
            member("hub", 2, "https://a.example/2", "Two", **BY_A),
            READ,
            1,
        ),
        ("two of one source", member("hub", 1, **BY_A), member("hub", 2, **BY_A), {}, 1),
        ("nobody's planet", member("a", 1), member("b", 2), READ, 1),
    ],
)
def test_an_entry_that_came_in_two_ways_is_listed_and_counted_once(
    name: str, lead: Member, other: Member, read: dict[str, str], listed: int
) -> None:
    assert len(reported.others(lead, [other], read)) == listed
    is_one_outlet = reported.teller(lead.entry, read) == reported.teller(other.entry, read)
    assert len(reported.tellers([lead, other], read)) == (1 if is_one_outlet else 2)


@pytest.mark.parametrize(
    ("name", "members", "outlets"),
    [
        ("reported only", [member("hub", 1, **BY_A, telling=REPORT)], ["C"]),
        (
            "reported twice",
            [
                member("hub", 1, **BY_A, telling=REPORT),
                member("hub-2", 2, "https://b.example/1", telling=REPORT),
            ],
            ["C"],
        ),
        (
            "at hand too",
            [member("hub", 1, **BY_A, telling=REPORT), member("c", 2, "https://c.example/1")],
            [],
        ),
        ("itself", [member("hub", 1, "https://c.example/1", origin_title="C", telling=REPORT)], []),
        (
            "another outlet with this link",
            [member("hub", 1, "https://c.example/1", origin_title="D", telling=REPORT)],
            ["C"],
        ),
    ],
)
def test_who_is_reported_is_listed_unless_at_hand(
    name: str, members: list[Member], outlets: list[str]
) -> None:
    lead, *same = members
    found = reported.by(
        lead.entry, same, [], lambda one: Origin(one.source, dict(one.extras).get("origin:title", one.source))
    )
    assert [(one.origin.title, one.link, one.published) for one in found] == [
        (outlet, "https://c.example/1", 7) for outlet in outlets
    ]
    assert len(reported.tellers(members, {})) == len({one.entry.teller for one in members}) + len(outlets)


def test_copies_that_are_reported_are_one_voice_and_other_texts_are_more() -> None:
    event = REPORT.replace("text", "event")
    story = Story(
        1,
        "s",
        1,
        1,
        (member("hub", 1, **BY_A, telling=REPORT), member("d", 2, "https://d.example/1", telling=event)),
    )
    assert reported.voices(story) == [{"tag:a.example,2026:feed", "d", "outlet: C"}]
    alone = Story(1, "s", 1, 1, (member("hub", 1, **BY_A, telling=event),))
    assert reported.voices(alone) == [{"tag:a.example,2026:feed"}, {"outlet: C"}]
