"""What is published anew, in what portions, and that the front page may look at less than a whole feed."""

from __future__ import annotations

from collections.abc import Container, Sequence
from itertools import product
from pathlib import Path

import pytest

from aggregator import edition, fold
from aggregator.cycle import archives, dirty, publisher
from aggregator.cycle import editions as editions_of
from aggregator.cycle.dirty import Lost, Names
from aggregator.cycle.editionfiles import EditionFiles
from aggregator.cycle.editions import Editions
from aggregator.cycle.labels import label
from aggregator.cycle.publisher import EDITION, PORTION, portions
from aggregator.edition import View
from aggregator.model import Edition, Feed, Story
from aggregator.store import Reader, open_writer, overrides, rows, stories, unpublished
from tests.helpers import NOW, change, config, entry, put

NAMES = Names(frozenset({"all", "a", "b-2"}), frozenset({"a-digest"}), frozenset({".html", ".rss"}))
EVERYTHING = NAMES.editions


@pytest.mark.parametrize(
    ("name", "published", "missing", "expected"),
    [
        ("an empty folder", (), (), Lost(EVERYTHING, events=True)),
        ("nothing missing", ("a.rss",), (), Lost()),
        ("a feed", ("a.rss",), ("a.rss",), Lost(frozenset({"a"}))),
        ("the front page", ("index.html",), ("index.html",), Lost(frozenset({"all"}))),
        ("a list of feeds", ("feeds.opml",), ("feeds.opml",), Lost(frozenset({"all"}))),
        ("the list of sources", ("sources.opml",), ("sources.opml",), Lost(frozenset({"all"}))),
        ("what happened to sources", ("sources.rss",), ("sources.rss",), Lost(frozenset({"sources"}))),
        ("an archive document", ("archive/a-3.xml",), ("archive/a-3.xml",), Lost(frozenset({"a"}))),
        (
            "… of a topic with a number",
            ("archive/b-2-1.xml",),
            ("archive/b-2-1.xml",),
            Lost(frozenset({"b-2"})),
        ),
        ("a page of older items", ("a-2.html",), ("a-2.html",), Lost(frozenset({"a"}))),
        ("a topic named like one", ("b-2.html",), ("b-2.html",), Lost(frozenset({"b-2"}))),
        ("a digest", ("a-digest.rss",), ("a-digest.rss",), Lost(frozenset({"a-digest"}))),
        ("a page of an event", ("stories/0.html",), ("stories/0.html",), Lost(events=True)),
        ("a topic that left", ("c.rss",), ("c.rss",), Lost()),
    ],
)
def test_what_is_missing_is_made_again(
    name: str, published: tuple[str, ...], missing: tuple[str, ...], expected: Lost
) -> None:
    assert dirty.lost(NAMES, published, missing) == expected


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("index.html", False),
        ("feeds.opml", False),
        ("sources.opml", False),
        ("sources.atom", False),
        ("stories/00.html", False),
        ("a.rss", False),
        ("a.html", False),
        ("a.atom", True),
        ("c.rss", True),
        ("c.html", True),
        ("a-digest.rss", False),
        ("a-digest.json", True),
        ("c-digest.rss", True),
        ("a-2.html", False),
        ("a-1.html", True),
        ("b-2.html", False),
        ("b-2-2.html", False),
        ("c-2.html", True),
        ("archive/a-1.rss", False),
        ("archive/a-1.atom", True),
        ("archive/c-1.rss", True),
    ],
)
def test_files_of_what_left_the_config_are_left_over(file: str, expected: bool) -> None:
    assert dirty.is_left_over(NAMES, file) is expected


def test_pages_come_before_the_feeds_that_lead_to_them() -> None:
    made = portions(["all", "a", "event:2", "sources", "event:10"], {"all", "a"})
    assert [(one.events, one.editions, one.is_last) for one in made] == [
        ((2, 10), ("sources", "all", "a"), True)
    ]
    assert made[0].names == ["event:2", "event:10", "sources", "all", "a"]


def test_names_of_events_are_asked_for_some_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And each is published, whatever else is dirty, and whether the last ones fill a portion or not."""
    monkeypatch.setattr(publisher, "PORTION", 2)
    for count in (0, 1, 2, 3, 4, 11):
        with open_writer(tmp_path / f"{count}.db") as store:
            names = {"all", "a", "source-a", "sources", *(f"event:{n}" for n in range(count))}
            unpublished.mark_dirty(store, names)
            assert unpublished.count(store) == len(names)
            made = list(publisher._portions(store, {"all", "a"}))
        assert [one.is_last for one in made[:-1]] == [False] * (len(made) - 1) and made[-1].is_last
        assert sorted(name for one in made for name in one.names) == sorted(names)
        assert all(len(one.events) <= 2 for one in made)
        assert [one.events for one in made if one.events][: count // 2] == [
            one.events for one in made[: count // 2]
        ], "events come first"


@pytest.mark.parametrize(
    ("events", "editions", "expected"),
    [
        (0, 0, [0]), (PORTION, 0, [PORTION]), (PORTION + 1, 0, [PORTION, 1]), (PORTION - 1, 1, [PORTION]),
        (0, PORTION // EDITION, [PORTION // EDITION]), (0, PORTION // EDITION + 1, [PORTION // EDITION, 1]),
    ],
)  # fmt: skip
def test_a_portion_is_bounded(events: int, editions: int, expected: list[int]) -> None:
    names = [f"event:{number}" for number in range(events)] + [f"topic-{n}" for n in range(editions)]
    made = portions(names, {name for name in names if name.startswith("topic")})
    assert [len(one.names) for one in made] == expected
    assert [one.is_last for one in made] == [False] * (len(made) - 1) + [True]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("archive/all-7.atom", ("archive/all", 7, ".atom")),
        ("archive/b-2-10.json", ("archive/b-2", 10, ".json")),
        ("all-2.html", ("all", 2, ".html")),
        ("all.html", ("all", 0, ".html")),
        ("all-02.html", ("all-02", 0, ".html")),
        ("source-s2.html", ("source-s2", 0, ".html")),
        ("stories/a-2.html", ("stories/a-2", 0, ".html")),
    ],
)
def test_the_number_of_a_file(name: str, expected: tuple[str, int, str]) -> None:
    assert dirty.parts(name) == expected
    number = expected[1]
    assert dirty.numbered([name, name]) == ({expected[::2]: {number}} if number else {})


TOPICS = "".join(
    f'[[topics]]\nid = "t{number}"\nmatch = "harbour"\n{keys}\n'
    for number, keys in enumerate(
        [
            "",
            "limit = 2",
            'one_per = "entry"',
            'one_per = "event"',
            "per_source = 1",
            "min_sources = 2",
            'sort = "sources"',
        ]
    )
)

SOURCES = "".join(f'[[sources]]\nid = "{one}"\nurl = "https://{one}.example/feed"\n' for one in "abc")


def test_the_first_items_are_those_of_the_whole_feed(tmp_path: Path) -> None:
    """However a topic chooses: the front page composes few items, and shows the same."""
    settings = config(tmp_path, SOURCES + TOPICS)
    with open_writer(settings.database) as store:
        places = ["Korvik", "Ansel", "Brume", "Delft"]
        told = [
            entry(
                source,
                f"{place}-{n}",
                f"Ferry {n} leaves {place} harbour late",
                f"{place} pilot {n} was ill.",
                NOW - 90_000 * n,
            )
            for source, place, n in product("abc", places, range(3))
        ]
        put(store, *told)
        fold.fold(store, fold.Windows(), {})
        label(settings, store)
        editions = Editions(settings, store)
        for topic in editions.topics.values():
            whole = editions.newest(topic).items
            assert len(whole) > 1 or topic.min_sources > 1
            for count in (1, 2, 5, 100):
                assert editions.first(topic, count) == whole[:count], (topic.id, count)


@pytest.mark.parametrize(
    ("beyond", "hidden", "loaded", "composed"),
    [
        (100, 0, [16], 16),  # limit 2: of 4 stories their dates say that they are too few; 64 would be all
        (8, 0, [16], 16),
        (7, 0, [15], 15),
        (2, 0, [10], 10),
        (2, 2, [10], 10),
        (2, 3, [10, 16], 16),
    ],
)
def test_no_story_is_looked_at_in_vain(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    beyond: int,
    hidden: int,
    loaded: list[int],
    composed: int,
) -> None:
    """However young they all are: what is behind the most items of a feed is hardly looked at, and each is
    composed once.
    """
    monkeypatch.setattr(edition, "BURST_MOST", 8)
    monkeypatch.setattr(editions_of, "BEYOND", beyond)
    settings = config(tmp_path, SOURCES + TOPICS)
    with open_writer(settings.database) as store:
        put(
            store,
            *[
                entry("a", f"{n}", f"Ferry {n} leaves harbour {n * 7}", f"Pilot {n}.", NOW - n)
                for n in range(40)
            ],
        )
        fold.fold(store, fold.Windows(), {})
        label(settings, store)
        newest = stories.newest(store, None, hidden)
        with store.transaction() as writer:
            for story in newest:
                overrides.remember_override(writer, overrides.Override("hide", story.public_id, "", ""), NOW)
        editions = Editions(settings, store)
        looked: list[int] = []
        asked: list[int] = []
        compose, find = Editions.compose, stories.newest

        def noted(self: Editions, view: View, chosen: Sequence[Story], without: Container[str]) -> Edition:
            looked.append(len(chosen))
            return compose(self, view, chosen, without)

        def found(reader: Reader, topic: str | None, limit: int) -> tuple[Story, ...]:
            asked.append(limit)
            return find(reader, topic, limit)

        monkeypatch.setattr(Editions, "compose", noted)
        monkeypatch.setattr(stories, "newest", found)
        assert len(editions.newest(editions.topics["t1"]).items) == 8
        assert (asked, looked) == (loaded, [composed])


@pytest.mark.parametrize("batch", [40, 100, 101])
def test_BATCH_the_archive_is_the_same_however_it_is_put_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    told = [entry("a", str(n), f"Minister {n} visits town {n * 7}", at=NOW - 86_400 * n) for n in range(240)]
    made: list[dict[str, bytes]] = []
    for number, size in enumerate((archives.BATCH, batch)):
        folder = tmp_path / str(number)
        folder.mkdir()
        settings = config(
            folder, '[publish]\nlimit = 5\n[[sources]]\nid = "a"\nurl = "https://a.example/feed"\n'
        )
        monkeypatch.setattr(archives, "BATCH", size)
        with open_writer(settings.database) as store:
            put(store, *told)
            fold.fold(store, fold.Windows(), {})
            label(settings, store)
            publisher.publish_changed(settings, store, NOW)
        made.append(
            {
                one.name: one.read_bytes()
                for one in settings.output.rglob("*")
                if one.suffix in (".atom", ".html")
            }
        )
    assert made[0].keys() >= {"all-1.atom", "all-2.atom", "all-3.atom", "all-2.html", "all-3.html"}
    assert made[0] == made[1]


FEED = rows.feed_json(Feed(link="https://ferry.example/"))


@pytest.mark.parametrize(
    ("name", "query", "missing", "is_all_new", "is_made"),
    [
        ("nothing changed", "", (), False, False),
        ("a source has another title", "UPDATE source SET title = 'Ferry News' WHERE id = 'b'", (), False, True),
        ("its page moved", f"UPDATE source SET feed = '{FEED}' WHERE id = 'b'", (), False, True),
        ("what no list says", "UPDATE source SET failures = 3", (), False, False),
        ("the list is gone", "", ("sources.opml",), False, True),
        ("another file is gone", "", ("feeds.opml",), False, False),
        ("all looks different", "", (), True, True),
    ],
)  # fmt: skip
def test_the_list_of_sources_is_made_where_it_is_to_say_something_else(
    tmp_path: Path, name: str, query: str, missing: tuple[str, ...], is_all_new: bool, is_made: bool
) -> None:
    settings = config(tmp_path, SOURCES)
    with open_writer(settings.database) as store:
        put(store, *(entry(source, "1", f"Ferry {source}", "It is late.", NOW) for source in "ab"))
        written = publisher.publish_changed(settings, store, NOW).written
        if query:
            change(store, query)
        files = EditionFiles(settings, store, Editions(settings, store), written, missing, is_all_new)
        made = files.front_page()
    assert made.keys() == {"index.html", "feeds.opml", *(["sources.opml"] if is_made else [])}, name


def test_a_list_of_sources_that_was_not_written_is_made_again(tmp_path: Path) -> None:
    """What stops a publication before the list is on disk leaves it to be made."""
    settings = config(tmp_path, SOURCES)
    with open_writer(settings.database) as store:
        put(store, entry("a", "1", "Ferry", "It is late.", NOW))
        written = publisher.publish_changed(settings, store, NOW).written
        change(store, "UPDATE source SET title = 'Ferry News' WHERE id = 'a'")
        change(store, "INSERT OR IGNORE INTO dirty VALUES ('all')")
        for _ in range(2):
            files = EditionFiles(settings, store, Editions(settings, store), written, (), False)
            assert "sources.opml" in files.front_page()
        publisher.publish_changed(settings, store, NOW)
        files = EditionFiles(settings, store, Editions(settings, store), written, (), False)
        assert "sources.opml" not in files.front_page()
