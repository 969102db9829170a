"""What people look at: which stories the front page shows, and what stands on pages."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from aggregator import check, cycle, edition
from aggregator.cycle import Wanted
from aggregator.model import Enclosure, Site
from aggregator.render import pages
from aggregator.render.prepare import rfc3339
from aggregator.store import open_writer
from tests.helpers import NOW, change, config
from tests.test_publishing import SITE, feeds, made, story

LATELY = 3 * 86_400

DAY = 86_400


def _document(text: str) -> Any:
    return html.document_fromstring(text)


TOPICS = [pages.Neighbour("all", "Everything"), pages.Neighbour("world", "World")]
PHOTO = Enclosure("https://c.example/p.jpg", "image/jpeg")


@pytest.mark.parametrize(
    ("name", "events", "expected"),
    [
        ("most first", [(1, 2, NOW), (2, 5, NOW - DAY)], [2, 1]),
        ("at the edge of lately", [(1, 2, NOW), (2, 5, NOW - LATELY)], [2, 1]),
        ("longer ago comes later", [(1, 2, NOW), (2, 5, NOW - LATELY - 1)], [1, 2]),
        ("of equals the one told last", [(1, 3, NOW - 9), (2, 3, NOW)], [2, 1]),
        ("six of them", [(n, 2, NOW) for n in range(1, 9)], [1, 2, 3, 4, 5, 6]),
        ("none", [], []),
    ],
)
def test_the_front_page_begins_with_what_most_tell(
    name: str, events: list[tuple[int, int, int]], expected: list[int]
) -> None:
    assert edition.most_told(events) == expected, name


@pytest.mark.parametrize(
    ("name", "rows", "without", "expected"),
    [
        ("two of a source", [(n, n, "a", True) for n in range(4)] + [(9, 9, "b", True)], (), [0, 1, 9]),
        ("all of an only source", [(n, n, "a", True) for n in range(4)], (), [0, 1, 2, 3]),
        ("undated behind dated", [(1, 1, "a", False), (2, 2, "b", True)], (), [2, 1]),
        ("not what stands above", [(1, 1, "a", True), (2, 2, "b", True)], (2,), [1]),
        ("nine of them", [(n, n, f"s{n}", True) for n in range(12)], (), list(range(9))),
    ],
)
def test_what_is_new_is_of_many_and_dated(
    name: str, rows: list[tuple[int, int, str, bool]], without: tuple[int, ...], expected: list[int]
) -> None:
    assert edition.mixed(rows, without) == expected, name


@hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from("abcdefg"), st.booleans()), max_size=40),
    st.integers(0, 40),
    st.sets(st.integers(0, 40), max_size=9),
)
def test_where_the_newest_say_enough_older_ones_change_nothing(
    told: list[tuple[int, str, bool]], count: int, without: set[int]
) -> None:
    rows = [(story, event, source, dated) for story, (event, source, dated) in enumerate(told)]
    chosen = edition.mixed(rows[:count], without)
    if edition.says_enough(rows[:count], without, chosen):
        assert chosen == edition.mixed(rows, without)


@pytest.mark.parametrize(
    ("name", "rows", "enough"),
    [
        ("two of each source", [(n, n, f"s{n // 2}", True) for n in range(9)], True),
        ("eight: another one may come", [(n, n, f"s{n // 2}", True) for n in range(8)], False),
        ("one without a date: one with may come", [(n, n, f"s{n // 2}", n < 8) for n in range(9)], False),
        ("of one source: of others fewer would be shown", [(n, n, "s", True) for n in range(9)], False),
    ],
)
def test_the_newest_say_enough(name: str, rows: list[tuple[int, int, str, bool]], enough: bool) -> None:
    assert edition.says_enough(rows, set(), edition.mixed(rows, set())) == enough


def test_the_front_page_links_outlets_and_subscribes_in_one_line() -> None:
    told, _ = feeds(
        story(1, made(1, "a", "Flood in Porto", NOW - 100), event=1),
        story(2, made(2, "b", "Porto under water", NOW - 50), event=1),
        one_per="event",
    )
    everything, _ = feeds(story(3, made(3, "c", "Other news", enclosures=(PHOTO,))))
    page = _document(
        pages.index([replace(everything, id="all")], told.items, everything.items, SITE, TOPICS).decode()
    )
    most, new = page.xpath("//section[h2='Told by most']")[0], page.xpath("//section[h2='New']")[0]
    assert most.xpath(".//p[@class='meta']/a[bdi]/@href") == ["https://a.example/1", "https://b.example/2"]
    assert most.xpath(".//a[@class='n']/@href") == [f"{SITE.base_url}{told.items[0].page}"]
    assert most.xpath(".//time/@datetime")[0].startswith("20") and len(most.xpath(".//time")) == 1
    assert new.xpath(".//h3/a/text()") == ["Other news"] and new.xpath(".//a[text()='World']/@href")
    assert new.xpath(".//*[@class='mark']/@aria-label") == ["with a picture"]
    assert not page.xpath("//img | //script")
    assert len(page.xpath("//details[contains(@class, 'once')][not(@open)]/summary")) == 1


@pytest.mark.parametrize(
    ("tellers", "named", "more"), [(8, 8, ""), (9, 8, "and 1 more"), (20, 8, "and 12 more")]
)
def test_the_front_page_names_so_many_outlets_of_an_event(tellers: int, named: int, more: str) -> None:
    told, _ = feeds(
        *(story(n, made(n, f"s{n}", f"Flood number{n}x", NOW - n), event=1) for n in range(1, tellers + 1)),
        one_per="event",
    )
    page = _document(pages.index([], told.items, [], SITE, TOPICS).decode())
    (meta,) = page.xpath("//section[h2='Told by most']//p[@class='meta']")
    assert len(meta.xpath("a[bdi]")) == named and ("more" in meta.text_content()) is bool(more)
    assert more in meta.text_content()


@pytest.mark.parametrize(("items", "shown"), [(4, 4), (5, 5), (6, 5)])
def test_the_front_page_shows_so_many_stories_of_a_topic(items: int, shown: int) -> None:
    edition, _ = feeds(*(story(n, made(n, title=f"Headline {n}", at=NOW - n)) for n in range(1, items + 1)))
    page = _document(pages.index([edition], [], [], SITE, TOPICS).decode())
    found = page.xpath("//a[starts-with(text(), 'Headline ')]/text()")
    assert found == [f"Headline {n}" for n in range(1, shown + 1)]


@pytest.mark.parametrize(
    ("name", "tellings", "newest", "expected"),
    [
        ("news", [(2, 0)], 0, ["Told by most", "New"]),
        ("at the edge", [(2, LATELY)], 0, ["Told by most", "New"]),
        ("older than what one tells", [(2, LATELY + 1)], 0, ["New", "Told by most"]),
        ("one of them is news", [(3, LATELY + 10), (2, 9)], 0, ["Told by most", "New"]),
        ("what is new has no date", [(2, LATELY + 1)], None, ["Told by most", "New"]),
    ],
)
def test_LATELY_what_most_told_long_ago_is_not_what_the_front_page_begins_with(
    name: str, tellings: list[tuple[int, int]], newest: int | None, expected: list[str]
) -> None:
    """`tellings`: of each event, how many tell it and how many seconds ago; `newest`: the same of what one
    tells.
    """
    stories = [
        story(
            10 * event + number,
            made(10 * event + number, f"s{number}", f"Event {event}", NOW - ago),
            event=event,
        )
        for event, (tellers, ago) in enumerate(tellings, 1)
        for number in range(tellers)
    ]
    told, _ = feeds(*stories, one_per="event")
    one = made(99, "z", "Other news", NOW - (newest or 0))
    new, _ = feeds(story(99, replace(one, first_seen=int(one.published or 0) + (newest is not None))))
    page = _document(pages.index([], told.items, new.items, SITE, TOPICS).decode())
    assert page.xpath("//section[@class='most' or @class='latest']/h2/text()") == expected, name
    latest_first = sorted(range(len(tellings)), key=lambda place: tellings[place][1] > LATELY)
    shown = [one.text_content() for one in page.xpath("//section[@class='most']//h3")]
    assert shown == [f"Event {place + 1}" for place in latest_first], name


@pytest.mark.parametrize("too_few", [(), ("world",)])
@pytest.mark.parametrize("one_per", ["story", "entry", "event"])
def test_an_item_is_not_labelled_with_a_topic_that_wants_more_tellers(
    one_per: str, too_few: tuple[str, ...]
) -> None:
    one, other = (story(n, made(n, "ab"[n], f"Title {n}"), event=1) for n in range(2))
    told = (one, replace(other, topics=()))
    made_of = feeds(*(replace(one, too_few=too_few) for one in told), one_per=one_per)[0]
    item = next(item for item in made_of.items if item.entry.title == "Title 0")
    everything = replace(made_of, id="all", items=(item,))
    assert item.topics == (() if too_few else ("world",))
    topics = [pages.Neighbour("world", "World")]
    for page in (pages.topic(everything, SITE, topics), pages.event(item, [item], SITE, topics)):
        labels = _document(page.decode()).xpath("//main//p/a[text()='World']")
        assert bool(labels) is not bool(too_few)


def test_pictures_are_shown_where_that_is_wished_only() -> None:
    composed, _ = feeds(story(1, made(1, "a", enclosures=(PHOTO,))))

    def shown(site: Site) -> list[str]:
        return [str(one) for one in _document(pages.topic(composed, site, []).decode()).xpath("//img/@src")]

    assert shown(SITE) == [] and shown(replace(SITE, images=True)) == [PHOTO.url]


@pytest.mark.parametrize(
    ("name", "image", "said", "wanted"),
    [
        ("an alternative text", None, 'Two "cats" & a <b>', 'Two "cats" & a ‹b›'),
        ("none", None, None, ""),
        ("of another picture", "https://i.example/other.jpg", "Two cats", ""),
    ],
)
def test_a_picture_on_a_page_has_its_alternative_text(
    name: str, image: str | None, said: str | None, wanted: str
) -> None:
    entry = made(1, "a", enclosures=(replace(PHOTO, title=said),))
    composed, _ = feeds(story(1, replace(entry, image=image)))
    page = _document(pages.topic(composed, replace(SITE, images=True), []).decode())
    assert page.xpath("//img/@alt") == [wanted], name


def test_the_page_of_an_event_has_a_timeline_and_says_how_well_each_fits() -> None:
    stories = [story(n, made(n, "abc"[n], f"Title {n}", NOW - 300 + 100 * n), event=1) for n in range(3)]
    item = feeds(*stories, one_per="event")[0].items[0]
    parts = feeds(*stories)[0].items[::-1]
    page = _document(pages.event(item, parts, SITE, TOPICS, {stories[2].public_id: 0.456}).decode())
    assert page.xpath("//figure[@class='timeline']//circle/@cx") == ["20", "520", "1020"]
    assert [words for words in page.xpath("//li//span[@title]/text()")] == ["likeness 0.46"]
    at_once = feeds(story(1, made(1, "a")), one_per="event")[0].items[0]
    assert b"<figure" not in pages.event(at_once, [at_once], SITE, TOPICS)


@pytest.mark.parametrize(
    ("name", "lead", "expected"),
    [("the first", 0, NOW - 300), ("one between", 1, NOW - 200), ("the last", 2, NOW - 100)],
)
def test_who_leads_an_event_is_shown_with_its_own_time(name: str, lead: int, expected: int) -> None:
    """The event's item is as old as the first telling, whoever leads; the front page says when the last
    was.
    """
    told = [story(n, made(n, "abc"[n], f"Title {n}", NOW - 300 + 100 * n), event=1) for n in range(3)]
    item = feeds(*told, one_per="event", pinned=frozenset({told[lead].members[0].entry.public_id}))[0].items[
        0
    ]
    assert item.entry.title == f"Title {lead}" and item.published == NOW - 300, name
    page = _document(pages.event(item, feeds(*told)[0].items[::-1], SITE, TOPICS).decode())
    assert page.xpath("//main/p[@class='lead']/time/@datetime") == [rfc3339(expected)], name
    front = _document(pages.index([], [item], [], SITE, TOPICS).decode())
    assert front.xpath("//section[@class='most']//time/@datetime") == [rfc3339(NOW - 100)], name


def test_F60_older_pages_hold_what_left_the_page_and_lead_on(tmp_path: Path) -> None:
    """Three pages: each item on one of them, linked from one to the next; a removed one comes back."""
    items = [
        {"id": f"urn:x:{n}", "url": f"https://a.example/{n}", "title": f"Minister {n} visits town {n * 7}",
         "date_published": f"20{10 + n // 12}-{1 + n % 12:02}-03T00:00:00Z"}
        for n in range(117)
    ]  # fmt: skip
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "A", "items": items}
    (tmp_path / "a.json").write_text(json.dumps(feed))
    settings = config(
        tmp_path, '[publish]\nlimit = 5\nformats = ["atom"]\n[[sources]]\nid = "a"\npath = "a.json"\n'
    )

    def once() -> tuple[str, ...]:
        with open_writer(settings.database) as store:
            return cycle.run(settings, store, Wanted(), NOW).written.written

    assert {"all-2.html", "all-3.html"} <= set(once())
    names, found = ["all.html"], list[str]()
    while True:
        page = _document((settings.output / names[-1]).read_text())
        found += page.xpath("//h3/a/text()")
        further = page.xpath("//a[@rel='next']/@href")
        if not further:
            break
        names.append(further[0].removeprefix(settings.site.base_url))
    assert names == ["all.html", "all-3.html", "all-2.html"]
    assert len(found) == len(set(found)) == 117
    back = page.xpath("//a[@rel='prev']/@href")
    assert back == [f"{settings.site.base_url}all-3.html"]
    (settings.output / "all-2.html").unlink()
    assert once() == ("all-2.html",)
    assert once() == ()


def test_F60_archives_are_in_the_published_formats_alone(tmp_path: Path) -> None:
    """They leave with their format, come back with it, and no page leads to one that is not there."""
    items = [
        {"id": f"https://a.example/{n}", "title": f"Minister {n} visits town {n * 7}",
         "date_published": f"20{10 + n // 12}-{1 + n % 12:02}-03T00:00:00Z"}
        for n in range(117)
    ]  # fmt: skip
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "A", "items": items}
    (tmp_path / "a.json").write_text(json.dumps(feed))
    body = 'output = "{}"\n[publish]\nlimit = 5\nformats = {}\n[[sources]]\nid = "a"\npath = "a.json"\n'
    both = ["all-1.atom", "all-2.atom"]
    for at, (output, named, documents, links) in enumerate((
        ("one", '["rss", "atom"]', both, 1),
        ("one", '["rss"]', [], 0),
        ("one", '["rss"]', [], 0),
        ("one", '["atom"]', both, 1),
        ("two", '["atom"]', both, 1),
    )):  # fmt: skip
        settings = config(tmp_path, body.format(output, named))
        with open_writer(settings.database) as store:
            cycle.run(settings, store, Wanted(), NOW + at)
        made = sorted(path.name for path in settings.output.glob("archive/*"))
        assert [name for name in made if not name.endswith(".gz")] == documents, (at, named)
        page: Any = html.document_fromstring((settings.output / "all.html").read_bytes())
        assert len(page.xpath("//a[contains(@href, '/archive/')]")) == links, (at, named)
        assert (settings.output / "all-2.html").exists() and list(check.folder(settings.output)) == [], at


@pytest.mark.parametrize(
    ("name", "edited", "gone", "written"),
    [
        ("of a document that is full: its page alone", 3, None, {"all-2.html"}),
        ("of the one that grows", 103, None, {"all-3.html", "archive/all-2.atom"}),
        ("beside what is not stored any more, which stays on the page", 3, 4, set()),
    ],
)
def test_F60_older_pages_have_the_headlines_of_now(
    tmp_path: Path, name: str, edited: int, gone: int | None, written: set[str]
) -> None:
    items = [
        {"id": f"https://a.example/{n}", "title": f"Minister {n} visits town {n * 7}",
         "date_published": f"20{10 + n // 12}-{1 + n % 12:02}-03T00:00:00Z"}
        for n in range(117)
    ]  # fmt: skip
    settings = config(
        tmp_path, '[publish]\nlimit = 5\nformats = ["atom"]\n[[sources]]\nid = "a"\npath = "a.json"\n'
    )

    def once(at: int) -> set[str]:
        feed = {"version": "https://jsonfeed.org/version/1.1", "title": "A", "items": items}
        (tmp_path / "a.json").write_text(json.dumps(feed))
        with open_writer(settings.database) as store:
            made = cycle.run(settings, store, Wanted(everything=True), at).written.written
        return {one for one in made if one.startswith(("all-", "archive/"))}

    once(NOW)
    if gone is not None:
        with open_writer(settings.database) as store:
            for table in ("entry", "story"):
                change(store, f"DELETE FROM {table} WHERE public_id = ?", f"https://a.example/{gone}")
        del items[gone]
    items[edited]["title"] = f"Minister {edited} leaves town"
    assert once(NOW + 7200) == written, name
    assert once(NOW + 14_400) == set(), name
    page = settings.output / ("all-3.html" if edited > 100 else "all-2.html")
    assert (f"Minister {edited} leaves" in page.read_text()) == bool(written), name
    assert f"Minister {edited - 1} visits" in page.read_text(), name


@pytest.mark.parametrize(
    ("name", "states", "only", "sources", "heading", "words"),
    [
        ("all", ["ok", "failing"], "", ["failing", "ok"], "Each source", ""),
        ("of one state", ["ok", "failing"], "failing", ["failing"], "Sources that are failing all", ""),
        ("none of it", ["ok"], "failing", [], "Sources that are failing all", "None is."),
        ("no state", ["ok"], "nonsense", ["ok"], "Each source", ""),
        ("nothing is read", [], "", [], "Each source", "There are none yet."),
    ],
)
def test_status_shows_what_was_asked_for(
    name: str, states: list[str], only: str, sources: list[str], heading: str, words: str
) -> None:
    rows = [pages.StatusLine(one, one.title(), one, "", "", (0,) * 7, "", "") for one in states]
    page: Any = html.document_fromstring(pages.status(rows, [0] * 7, 20_000, "", SITE, [], only).decode())
    assert page.xpath("//tbody/tr//b/following-sibling::span/text()") == sources, name
    assert page.xpath("//h2")[1].text_content() == heading, name
    assert page.xpath("//h2[2]/following-sibling::p/text()") == ([words] if words else []), name


def _colours(scheme: str) -> dict[str, tuple[int, ...]]:
    """Name → red, green, blue, as the style sheet sets them in light or dark."""
    style = (Path(pages.__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root\{([^}]*)\}", style)[:2]
    said = dict(re.findall(r"--([a-z]+):#([0-9a-f]{3,6})", f"{light};{dark if scheme == 'dark' else ''}"))
    full = {
        name: value if len(value) == 6 else "".join(2 * sign for sign in value)
        for name, value in said.items()
    }
    return {name: tuple(bytes.fromhex(value)) for name, value in full.items()}


def _contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """As WCAG 2.2 has it: 1 to 21."""

    def luminance(colour: tuple[int, ...]) -> float:
        parts = [part / 255 for part in colour]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("ground", "texts"),
    [
        ("bg", "fg dim accent bad warn good"),
        ("card", "fg dim accent bad warn good"),
        ("chip", "fg"),
        ("accent", "on"),
    ],
)
def test_texts_are_readable_in_both_schemes(scheme: str, ground: str, texts: str) -> None:
    """WCAG 2.2, AA: 4.5 for texts, 3 for the edge of what is filled in."""
    colours = _colours(scheme)
    for name in texts.split():
        assert _contrast(colours[name], colours[ground]) >= 4.5, f"{name} on {ground}"
    pale = tuple(
        round(0.86 * a + 0.14 * b) for a, b in zip(colours["fg"], colours["bg"], strict=True)
    )  # a summary
    assert _contrast(pale, colours["bg"]) >= 4.5 and _contrast(colours["edge"], colours["bg"]) >= 3
