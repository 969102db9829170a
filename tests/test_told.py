"""In which topics a story is, `min_sources` applied: views, `dump` and feeds tell the same, whatever happens."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from aggregator import cycle, edition, fold
from aggregator.config import Config
from aggregator.cycle import retention, told
from aggregator.stop import Stop
from aggregator.store import Store, labels, lookup, open_reader, open_writer, overrides, stories, unpublished
from tests.helpers import NOW, change, config, entry, put
from tests.test_migrations import aged

DAY = 86_400
SOURCES = {name: f'[[sources]]\nid = "{name}"\npath = "x{name}"\n' for name in "abcde"}
WITHOUT_A = "".join(one for name, one in SOURCES.items() if name != "a")
LEAST = (1, 2, 3)

SAID = [
    ("a", "1", "Ferry Ålesund sinks off Bergen with 214 aboard", 900),
    ("b", "1", "Ålesund ferry sinks near Bergen, 214 aboard", 800),
    ("d", "1", "Ålesund ferry sinks near Bergen, 214 aboard", 790),  # a copy
    ("a", "2", "Tax rise for farmers", 700),
    ("b", "3", "Volcano Kilauea erupts, 800 flee Hawaii villages", 650),
    ("c", "3", "Kilauea volcano erupts: 800 flee villages in Hawaii", 640),
    ("d", "3", "800 flee Hawaii villages as Kilauea volcano erupts", 630),
    ("a", "4", "Budget of Norway passes", 600),
    ("c", "4", "Budget of Norway passes", 590),  # one text
]
THIRD = ("c", "1", "Ålesund: ferry with 214 aboard sinks, Bergen says", 500)


def topics(least: tuple[int, ...] = LEAST, name: str = "of") -> str:
    return "".join(
        f'[[topics]]\nid = "{name}-{one_per}-{n}"\nmatch = "NOT xyzzy"\nmin_sources = {n}\none_per = "{one_per}"\n'
        f"limit = 500\n"
        for one_per in ("story", "entry", "event")
        for n in least
    )


def settings(folder: Path, body: str = "".join(SOURCES.values()), asked: str = "") -> Config:
    return config(folder, f"[publish]\nlimit = 500\n{body}{asked or topics()}")


def say(store: Store, *said: tuple[str, str, str, int], extras: tuple[tuple[str, str], ...] = ()) -> None:
    link = "https://{}.example/{}"
    put(
        store,
        *(
            entry(a, b, title, link=link.format(a, b), at=NOW - ago, extras=extras)
            for a, b, title, ago in said
        ),
    )


def seen(path: Path) -> dict[str, str]:
    """Published id of a story → its topics, as whoever opens the file without us sees it."""
    conn = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        return {one: shown or "" for one, shown in conn.execute("SELECT public_id, topics FROM stories")}
    finally:
        conn.close()


def hidden_ones(store: Store) -> set[str]:
    """Published ids of the stories that somebody hid by one of their entries."""
    ids = [word.a for word in overrides.overrides(store) if word.kind == "hide"]
    return {story.public_id for story in stories.by_public_id(store, ids)}


def decided(store: Store, wanted: Config) -> dict[str, str]:
    """The same, by all that is stored of each event: the rule in the plainest words."""
    least = {topic.id: topic.min_sources for topic in wanted.topics}
    found: dict[str, str] = {}
    for event in store.column("SELECT id FROM event"):
        told_there = stories.of_events(store, [event])
        shown = [story for story in told_there if story.public_id not in hidden_ones(store)]
        by = edition.independent(shown)
        for story in told_there:
            mine = [one for one, _, _ in labels.labels_of(store, story.id) if by >= least.get(one, 1)]
            found[story.public_id] = " ".join(mine) if story in shown else ""
    return found


def agree(store: Store, wanted: Config) -> dict[str, str]:
    """Views, `dump` and published feeds tell this."""
    expected = decided(store, wanted)
    assert seen(wanted.database) == expected
    of_dump = {story: " ".join(topics) for _, story, _, _, topics in lookup.dump(store) if story}
    assert of_dump == expected
    everything = json.loads((wanted.output / "all.json").read_text())["items"]
    assert {one["id"]: " ".join(one.get("_topics", {}).get("ids", ())) for one in everything} == {
        one: shown for one, shown in expected.items() if one not in hidden_ones(store)
    }
    for topic in wanted.topics:
        items = json.loads((wanted.output / f"{topic.id}.json").read_text())["items"]
        ids = [item["id"] for item in items]
        there = (*stories.by_public_id(store, ids), *stories.of_event_ids(store, ids))
        events = {story.event for story in there}
        by_view = stories.by_public_id(
            store, [one for one, shown in expected.items() if topic.id in shown.split()]
        )
        assert events == {story.event for story in by_view}, topic.id
    return expected


def nothing(store: Store, wanted: Config) -> Config:
    return wanted


def a_third_joins(store: Store, wanted: Config) -> Config:
    say(store, THIRD)
    return wanted


def least(*wanted_by: int) -> Callable[[Store, Config], Config]:
    return lambda store, wanted: settings(wanted.database.parent.parent, asked=topics(wanted_by))


def renamed_topics(store: Store, wanted: Config) -> Config:
    return settings(wanted.database.parent.parent, asked=topics(name="other"))


def no_topic(store: Store, wanted: Config) -> Config:
    return settings(wanted.database.parent.parent, asked="\n")


def without_a_source(store: Store, wanted: Config) -> Config:
    return settings(wanted.database.parent.parent, WITHOUT_A)


def held_back(store: Store, wanted: Config) -> Config:
    body = WITHOUT_A + SOURCES["a"] + 'exclude = "ferry"\n'
    return settings(wanted.database.parent.parent, body)


def renamed_source(store: Store, wanted: Config) -> Config:
    return settings(wanted.database.parent.parent, WITHOUT_A + SOURCES["a"].replace('"a"', '"f"'))


def hidden(store: Store, wanted: Config) -> Config:
    cycle.hide(store, "https://b.example/3", NOW)
    return wanted


def hidden_and_back(store: Store, wanted: Config) -> Config:
    cycle.run(hidden(store, wanted), store, None, NOW)
    agree(store, wanted)
    cycle.unhide(store, "https://b.example/3")
    return wanted


def split(store: Store, wanted: Config) -> Config:
    cycle.split(store, "https://c.example/3", NOW)
    return wanted


def joined(store: Store, wanted: Config) -> Config:
    cycle.join(store, "https://a.example/2", "https://c.example/4", "event", NOW)
    return wanted


def joined_as_one_story(store: Store, wanted: Config) -> Config:
    cycle.join(store, "https://b.example/3", "https://c.example/3", "text", NOW)
    return wanted


def one_goes_by_age(store: Store, wanted: Config) -> Config:
    change(store, "UPDATE source SET present = '[]'")
    change(store, "UPDATE entry SET first_seen = ? WHERE source IN ('a', 'c')", NOW - 4000 * DAY)
    assert retention.prune(wanted, store, NOW) > 3
    assert seen(wanted.database) == decided(store, wanted), "at once, though nothing is printed yet"
    return wanted


def refolded(store: Store, wanted: Config) -> Config:
    cycle.refold(wanted, store, None, NOW)
    return wanted


def refolded_in_part(store: Store, wanted: Config) -> Config:
    cycle.refold(wanted, store, NOW - 650, NOW)
    return wanted


def edited(store: Store, wanted: Config) -> Config:
    say(store, ("d", "3", "Bakery in Lyon wins prize for bread", 630))
    return wanted


def told_by_who_reports(store: Store, wanted: Config) -> Config:
    """An aggregator says of its entry that two others tell the event."""
    said = tuple(
        (
            "telling",
            json.dumps(
                {
                    "outlet": who,
                    "title": f"{who} has it",
                    "link": f"https://{who}.example/t",
                    "published": None,
                    "level": "event",
                }
            ),
        )
        for who in ("one", "two")
    )
    say(store, ("e", "5", "Glacier breaks in the Alps near Chamonix", 300), extras=said)
    return wanted


def taken_from_others(store: Store, wanted: Config) -> Config:
    """A planet's two entries, of two feeds: two sources tell it, not one."""
    for guid, title in (
        ("6", "Comet Halley seen from Chile again"),
        ("7", "Halley comet seen again from Chile desert"),
    ):
        say(store, ("e", guid, title, 300), extras=(("origin:id", f"urn:{guid}"), ("origin:title", guid)))
    return joined_events(store, wanted)


def joined_events(store: Store, wanted: Config) -> Config:
    cycle.run(wanted, store, None, NOW)
    cycle.join(store, "https://e.example/6", "https://e.example/7", "event", NOW)
    return wanted


STEPS = (
    nothing, a_third_joins, least(2, 3), least(1), least(3, 2, 1), renamed_topics, no_topic, without_a_source, held_back, renamed_source,
    hidden, hidden_and_back, split, joined, joined_as_one_story, one_goes_by_age, refolded, refolded_in_part, edited, told_by_who_reports,
    taken_from_others,
)  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
def test_views_dump_and_feeds_tell_one_membership(
    tmp_path: Path, step: Callable[[Store, Config], Config]
) -> None:
    wanted = settings(tmp_path)
    with open_writer(wanted.database) as store:
        say(store, *SAID)
        cycle.run(wanted, store, None, NOW)
        before = agree(store, wanted)
        assert len({len(one.split()) for one in before.values()}) == 3, "told by one, by two and by three"
        wanted = step(store, wanted)
        cycle.run(wanted, store, None, NOW)
        agree(store, wanted)
        cycle.run(wanted, store, None, NOW)
        agree(store, wanted)


def test_all_that_can_happen_one_after_the_other(tmp_path: Path) -> None:
    wanted = settings(tmp_path)
    with open_writer(wanted.database) as store:
        say(store, *SAID)
        for step in STEPS:
            wanted = step(store, wanted)
            cycle.run(wanted, store, None, NOW)
            agree(store, wanted)


def test_a_store_of_before_tells_topics_by_rule_until_a_cycle_counted(tmp_path: Path) -> None:
    wanted = settings(tmp_path)
    with open_writer(wanted.database) as store:
        say(store, *SAID)
        told_by_who_reports(store, wanted)
        cycle.run(wanted, store, None, NOW)
        expected = agree(store, wanted)
    aged(wanted.database, 22)
    with open_writer(wanted.database) as store:
        assert {len(shown.split()) for shown in seen(wanted.database).values()} == {9}
        cycle.run(wanted, store, None, NOW)
        assert agree(store, wanted) == expected


def test_what_a_crash_left_uncounted_is_counted_by_the_next_cycle(tmp_path: Path) -> None:
    """Labelled, and killed before it was counted or printed."""
    wanted = settings(tmp_path)
    with open_writer(wanted.database) as store:
        say(store, *SAID)
        cycle.run(wanted, store, None, NOW)
        say(store, THIRD)
        fold.fold(store, fold.Windows(wanted.text_window, wanted.event_window), {})
        change(store, "UPDATE story SET labelled = 1")
    with open_writer(wanted.database) as store:
        cycle.run(wanted, store, None, NOW)
        assert max(store.column("SELECT told FROM event")) == 3
        assert agree(store, wanted)


def test_nothing_new_writes_nothing(tmp_path: Path) -> None:
    wanted = settings(tmp_path)
    with open_writer(wanted.database) as store:
        say(store, *SAID)
        cycle.run(wanted, store, None, NOW)
        unpublished.mark_all_events(store)
        written = store.value("SELECT total_changes()")
        told.count(wanted, store, Stop())
        assert store.value("SELECT total_changes()") == written


@pytest.mark.parametrize("view", ["stories", "events", "in_topics"])
def test_a_row_of_a_view_costs_the_same_in_a_large_store(tmp_path: Path, view: str) -> None:
    """Only the table that a page is of is walked, for as long as the page is."""
    with open_writer(tmp_path / "t.db") as store:
        steps = [row[3] for row in store.rows(f"EXPLAIN QUERY PLAN SELECT * FROM {view} LIMIT 100")]
    assert [step for step in steps if "SCAN" in step] == steps[:1]
    of_one = f"SELECT * FROM {view} WHERE {'story' if view == 'in_topics' else 'id'} = 1"
    with open_reader(tmp_path / "t.db") as reader:
        assert not [row for row in reader.rows(f"EXPLAIN QUERY PLAN {of_one}") if "SCAN" in row[3]]
