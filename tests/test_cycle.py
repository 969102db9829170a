"""The whole path: config, poll, store, fold, publish; the second cycle; trouble on the way."""

from __future__ import annotations

import json
import os
import time
from email.utils import formatdate
from pathlib import Path
from xml.etree import ElementTree

import pytest

from aggregator import cycle
from aggregator.config import Config
from aggregator.cycle import Wanted
from aggregator.cycle.plan import plan as planned
from aggregator.errors import LockedError, PublishError, StoreError
from aggregator.publish import Folder
from aggregator.stop import Stop
from aggregator.store import open_reader, open_writer
from aggregator.store.base import LARGE_STORE
from tests.helpers import NOW, config, entry, put
from tests.hostile import Hostile, reply, rss

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "aggregator" / "seeds" / "*.txt"
TOPICS = """
[[topics]]
id = "americas"
match = "honduras OR caracas"
[[topics]]
id = "asia"
match = "taiwan OR korea* OR china"
"""


def once(settings: Config, now: int = NOW, offline: bool = False, everything: bool = False) -> cycle.Report:
    with open_writer(settings.database) as store:
        return cycle.run(settings, store, None if offline else Wanted(everything), now)


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def seeds(tmp_path: Path) -> Config:
    return config(tmp_path, f'[[sources]]\nid = "seeds"\npath = "{SEEDS}"\n{TOPICS}')


def test_the_seed_stories_are_published(seeds: Config) -> None:
    report = once(seeds)
    assert report.collected.new == 17 and report.folded.stories_new == 17
    names = set(Folder(seeds.output).names())
    for topic in ("all", "americas", "asia"):
        assert {f"{topic}.{form}" for form in ("rss", "atom", "json", "html")} <= names
    assert {
        "index.html",
        "feeds.opml",
        "sources.opml",
        "sources.rss",
        "sources.atom",
        "sources.html",
    } <= names
    items = json.loads((seeds.output / "all.json").read_bytes())["items"]
    assert len(items) == 17 and len({item["id"] for item in items}) == 17
    for item in items:
        page = seeds.output / item["url"].removeprefix("https://desk.example/")
        assert page.exists(), "a story without a link has a page of its own"
    assert (
        len(ElementTree.fromstring((seeds.output / "americas.rss").read_bytes()).findall("channel/item")) == 4
    )


def test_R5_F49_a_second_cycle_touches_nothing(seeds: Config) -> None:
    once(seeds)
    before = snapshot(seeds.output)
    report = once(seeds, NOW + 3600)
    assert report.written.written == () and report.collected.new == 0 and snapshot(seeds.output) == before


def test_F23_same_store_same_bytes(seeds: Config, tmp_path: Path) -> None:
    once(seeds)
    before = {name: data for name, (_, data) in snapshot(seeds.output).items()}
    for path in sorted(seeds.output.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    once(seeds, NOW + 99, offline=True)
    assert {name: data for name, (_, data) in snapshot(seeds.output).items()} == before


def test_a_missing_file_comes_back_and_other_files_stay(seeds: Config) -> None:
    once(seeds)
    (seeds.output / "mine.txt").write_text("not yours")
    (seeds.output / "asia.atom").unlink()
    once(seeds, NOW + 60)
    assert (seeds.output / "asia.atom").exists() and (seeds.output / "mine.txt").read_text() == "not yours"


def test_a_topic_that_left_is_removed(seeds: Config, tmp_path: Path) -> None:
    once(seeds)
    changed = config(
        tmp_path, f'[[sources]]\nid = "seeds"\npath = "{SEEDS}"\n[[topics]]\nid = "asia"\nmatch = "taiwan"\n'
    )
    once(changed, NOW + 60)
    folder = Folder(changed.output)
    assert (
        not any(name.startswith("americas.") for name in folder.names())
        and not (changed.output / "americas.rss.gz").exists()
    )
    assert (
        "Honduras" in (changed.output / "asia.atom").read_text()
        and "North Korean" not in (changed.output / "asia.atom").read_text()
    )


def test_R4_a_crash_between_store_and_publish_is_repaired(seeds: Config) -> None:
    with open_writer(seeds.database) as store:
        found = cycle.tasks(seeds, store, Wanted(), NOW)
        from aggregator.cycle.collect import collect
        from aggregator.cycle.network import opened

        with opened(Stop()) as network:
            outcomes = cycle.polls(seeds, found, Stop(), network)
            collect(seeds, store, outcomes, len(found), lambda polled: None)
    report = once(seeds, NOW + 10, offline=True)
    assert report.folded.stories_new == 17 and (seeds.output / "all.atom").exists()


def test_R1_one_cycle_at_a_time(seeds: Config) -> None:
    with open_writer(seeds.database), pytest.raises(LockedError):
        once(seeds)


@pytest.mark.parametrize(
    ("name", "data"), [("empty", b""), ("no database", b"hello " * 100), ("foreign", None)]
)
def test_R8_a_file_that_is_not_ours_is_refused(seeds: Config, name: str, data: bytes | None) -> None:
    seeds.database.parent.mkdir(parents=True)
    if data is None:
        import sqlite3

        conn = sqlite3.connect(seeds.database)
        conn.execute("CREATE TABLE t (x)")
        conn.close()
    else:
        seeds.database.write_bytes(data)
    with pytest.raises(StoreError) as caught:
        once(seeds)
    assert str(seeds.database) in str(caught.value), name
    assert data is None or seeds.database.read_bytes() == data


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_R7_a_folder_that_can_not_be_written(seeds: Config) -> None:
    seeds.output.mkdir(parents=True)
    seeds.output.chmod(0o500)
    with pytest.raises(PublishError):
        once(seeds)


def test_R7_a_file_where_the_folder_should_be(seeds: Config) -> None:
    seeds.output.parent.mkdir(parents=True)
    seeds.output.write_text("in the way")
    with pytest.raises(PublishError) as caught:
        once(seeds)
    assert "can't be written" in str(caught.value)
    seeds.output.unlink()
    once(seeds, NOW + 5, offline=True)
    assert (seeds.output / "all.atom").exists(), "it recovers alone"


def test_an_edit_changes_one_entry_and_no_id(tmp_path: Path) -> None:
    with Hostile() as server:
        body = {"now": rss("edits")}
        server.table["edits"] = type(server.table["plain"])(
            "edits", lambda wire, asked: wire.sendall(reply(body["now"]))
        )
        settings = config(
            tmp_path,
            f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}"]\n[[sources]]\nid = "e"\nurl = "{server.url("edits")}"\n',
        )
        once(settings, int(time.time()))
        before = {
            item["id"]: item for item in json.loads((settings.output / "all.json").read_bytes())["items"]
        }
        body["now"] = body["now"].replace(b"Story 1", b"Corrected story 1")
        once(settings, int(time.time()) + 600, everything=True)
        after = {
            item["id"]: item for item in json.loads((settings.output / "all.json").read_bytes())["items"]
        }
        assert before.keys() == after.keys()
        assert [one for one in after if after[one] != before[one]] == ["http://news.example/edits/1"]
        assert (
            after["http://news.example/edits/1"]["date_published"]
            == before["http://news.example/edits/1"]["date_published"]
        )


def test_C2_a_shorter_feed_deletes_nothing(tmp_path: Path) -> None:
    with Hostile() as server:
        body = {"now": rss("short", items=3)}
        server.table["short"] = type(server.table["plain"])(
            "short", lambda wire, asked: wire.sendall(reply(body["now"]))
        )
        settings = config(
            tmp_path,
            f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}"]\n[[sources]]\nid = "e"\nurl = "{server.url("short")}"\n',
        )
        once(settings, int(time.time()))
        body["now"] = rss("short", items=0)
        once(settings, int(time.time()) + 600, everything=True)
        assert len(json.loads((settings.output / "all.json").read_bytes())["items"]) == 3


def test_plan_tells_what_a_change_would_publish_and_writes_nothing(tmp_path: Path) -> None:
    for name, lines in (
        ("one", "Quake hits Chile coast\nBank raises rates\n"),
        ("two", "Quake hits Chile coast\nVote in Peru\n"),
    ):
        (tmp_path / f"{name}.txt").write_text(lines)
    body = '[[sources]]\nid = "one"\npath = "one.txt"\n[[sources]]\nid = "two"\npath = "two.txt"\n[[topics]]\nid = "t"\nmatch = "{}"\n{}\n'
    present = config(tmp_path, body.format("quake OR peru", ""))
    once(present)
    before = snapshot(tmp_path)

    def plan(
        match: str, more: str = "", settings: Config | None = None
    ) -> dict[str, tuple[int, int, int, int, int]]:
        other = settings or config(tmp_path, body.format(match, more))
        with open_reader(present.database) as store:
            return {
                one.topic: (one.added, one.removed, one.items, one.feed_added, one.feed_removed)
                for one in planned(store, other, present)
            }

    assert plan("quake OR peru") == {"all": (0, 0, 3, 0, 0), "t": (0, 0, 2, 0, 0), "folds": (0, 0, 1, 0, 0)}
    assert plan("quake OR bank")["t"] == (1, 1, 2, 1, 1)
    with open_reader(present.database) as store:
        named = {
            one.topic: one
            for one in planned(store, config(tmp_path, body.format("quake OR bank", "")), present)
        }
    assert (named["t"].came, named["t"].went) == (("Bank raises rates",), ("Vote in Peru",))
    assert named["folds"].came == named["folds"].went == ()
    assert plan("quake OR peru", "limit = 1")["t"] == (0, 0, 2, 0, 0), (
        "all belong there still; what came within two days stays in the feed, whatever its limit"
    )
    assert plan("quake OR peru", "min_sources = 2\none_per = 'event'")["t"][1:3] == (2, 0), (
        "copies of one text are one voice"
    )
    told_by_two = config(tmp_path, body.format("quake OR peru", "min_sources = 2\none_per = 'event'"))
    with open_reader(present.database) as store:
        counted = {one.topic: (one.items, one.stories) for one in planned(store, told_by_two, present)}
    assert counted == {"all": (3, 3), "t": (0, 2), "folds": (1, 0)}, "as many stories as `topics list` counts"
    assert plan(
        "x",
        settings=config(
            tmp_path, '[fold]\ntext = false\nevent = false\n[[sources]]\nid = "one"\npath = "one.txt"\n'
        ),
    )["all"][:3] == (0, 1, 2), "a source that left"
    unfolded = plan(
        "x",
        settings=config(tmp_path, "[fold]\ntext = false\nevent = false\n" + body.format("quake OR peru", "")),
    )
    assert unfolded["folds"][:3] == (0, 1, 0) and unfolded["t"][:3] == (1, 0, 3)
    config(tmp_path, body.format("quake OR peru", ""))
    ours = [
        {name: data for name, (_, data) in found.items() if not name.endswith(("-shm", "-wal"))}
        for found in (before, snapshot(tmp_path))
    ]
    assert ours[0] == ours[1]


@pytest.mark.parametrize(
    ("name", "change", "all_", "topic"),
    [
        ("nothing", "{}", (0, 0), (0, 0)),
        ("a topic's limit", "{}limit = 2", (0, 0), (0, 3)),
        ("the limit of all", "[publish]\nlimit = 2\n{}", (0, 3), (0, 3)),
        ("where the topic has one of its own", "[publish]\nlimit = 2\n{}limit = 4", (0, 3), (0, 1)),
    ],
)
def test_plan_counts_what_feeds_would_have_no_room_for(
    tmp_path: Path, name: str, change: str, all_: tuple[int, int], topic: tuple[int, int]
) -> None:
    body = '[[sources]]\nid = "a"\npath = "none.txt"\n[[topics]]\nid = "t"\nmatch = "harbour"\n'
    present = config(tmp_path, body)
    words = ("Comet", "Ferry", "Tax", "Vote", "Quake")
    with open_writer(present.database) as store:
        for days, word in enumerate(words):
            at = NOW - 7 * 86_400 * days
            put(store, entry("a", word, f"{word} at {word}land harbour", at=at), at=at)
        cycle.run(present, store, None, NOW)
        found = planned(store, config(tmp_path, change.format(body)), present)
    changed = {one.topic: (one.feed_added, one.feed_removed) for one in found}
    assert (changed["all"], changed["t"]) == (all_, topic), name


@pytest.mark.parametrize(
    ("name", "change", "stages"),
    [
        ("a rule", "", [("labelling", 0, 0), ("as it is", 2, 2), ("as it would be", 2, 2)]),
        (
            "a level",
            "[fold]\nevent = false\n",
            [("folding", 3, 3), ("labelling", 0, 0), ("as it is", 2, 2), ("as it would be", 2, 2)],
        ),
    ],
)
def test_plan_says_how_far_it_is(
    tmp_path: Path, name: str, change: str, stages: list[tuple[str, int, int]]
) -> None:
    (tmp_path / "one.txt").write_text("Quake hits Chile coast\nBank raises rates\nVote in Peru\n")
    body = '[[sources]]\nid = "one"\npath = "one.txt"\n[[topics]]\nid = "t"\nmatch = "quake"\n'
    present = config(tmp_path, body)
    once(present)
    said: list[tuple[str, int, int]] = []

    def step(steps: int) -> None:
        stage, all_, done = said[-1]
        said[-1] = stage, all_, done + steps

    watch = cycle.Watch(lambda stage, steps: said.append((stage, steps, 0)), step)
    with open_reader(present.database) as store:
        planned(store, config(tmp_path, change + body), present, watch)
    assert said == stages, name


BIG = {
    "entry",
    "said",
    "story",
    "event",
    "member",
    "label",
    "archived",
    "posting",
    "vector",
    "term",
    "revision",
    "alias",
}


@pytest.mark.parametrize("knows_sizes", [False, True])
def test_cost_follows_news_no_statement_of_a_cycle_goes_through_what_is_stored(
    tmp_path: Path, knows_sizes: bool
) -> None:
    """Each statement of a cycle without news, and of one with a new entry, is looked up: none scans a table that
    grows; also where SQLite's planner knows how small some tables are.
    """
    lines = [f"Minister {n} visits town number {n * 7} of the north" for n in range(400)]
    (tmp_path / "s.txt").write_text("\n".join(lines))
    settings = config(
        tmp_path,
        '[publish]\nlimit = 5\n[[sources]]\nid = "s"\npath = "s.txt"\n[[topics]]\nid = "t"\nmatch = "minister"\n[[topics]]\nid = "e"\nmatch = "town"\none_per = "event"\nmin_sources = 2\n',
    )
    for day in range(4):  # until the archives have caught up
        (tmp_path / "s.txt").write_text("\n".join([*lines, *(f"Day {n} of it" for n in range(day))]))
        once(settings, NOW + day * 86_400 * 3)
    with open_writer(settings.database) as store:
        if knows_sizes:
            (tmp_path / "s.txt").write_text((tmp_path / "s.txt").read_text() + "\nFog over the town hall")
            cycle.run(settings, store, Wanted(), NOW + 19 * 86_400)
            store.learn_sizes(least=0)
            assert store.value("SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'entry'")
            with store.transaction() as writer:  # as in the smallest store that is looked at
                larger = f"(CAST(stat AS INTEGER) * {LARGE_STORE // 400}) || substr(stat, instr(stat, ' '))"
                writer.run(f"UPDATE sqlite_stat1 SET stat = {larger} WHERE CAST(stat AS INTEGER) > 100")
            store._conn.execute("ANALYZE sqlite_schema")
        for name, text in (("nothing new", None), ("one new", "\nMinister of the sea resigns over herring")):
            if text:
                (tmp_path / "s.txt").write_text((tmp_path / "s.txt").read_text() + text)
            said: set[str] = set()
            store.set_meta("pruned", str(NOW + 20 * 86_400))
            store._conn.set_trace_callback(said.add)
            report = cycle.run(settings, store, Wanted(), NOW + 20 * 86_400)
            store._conn.set_trace_callback(None)
            assert report.collected.new == bool(text)
            plans = {
                (one, row[3])
                for one in said
                if one.startswith(("SELECT", "UPDATE", "DELETE", "INSERT"))
                for row in store.rows(f"EXPLAIN QUERY PLAN {one}")
            }
            scans = {
                (one[:160], detail)
                for one, detail in plans
                if detail.startswith("SCAN ")
                and (
                    detail.split()[1] in BIG or detail.split()[1] in ("e", "m", "s", "t", "v", "a", "l", "x")
                )
            }
            # Partial indexes hold only what is to be done.
            assert {
                (one, detail)
                for one, detail in scans
                if not detail.endswith(("story_unlabelled", "story_unarchived", "label_unarchived"))
            } == set(), name


@pytest.mark.parametrize(("dates", "events"), [(True, 1), (False, 2)])
def test_short_titles_without_dates_are_no_event_for_one_word(
    tmp_path: Path, dates: bool, events: int
) -> None:
    """All that feeds without dates hold when they are read first did not happen in that second."""
    for source, title in (
        ("a", "Dark star crashes, pouring its light into ashes"),
        ("b", "Avatar: Fire and Ash (2025)"),
    ):
        date = f"<pubDate>{formatdate(NOW - 3600, usegmt=True)}</pubDate>" if dates else ""
        one = f"<item><guid>{source}</guid><title>{title}</title>{date}</item>"
        (tmp_path / f"{source}.xml").write_text(
            f"<rss version='2.0'><channel><title>{source}</title>{one}</channel></rss>"
        )
    settings = config(tmp_path, "".join(f'[[sources]]\nid = "{one}"\npath = "{one}.xml"\n' for one in "ab"))
    once(settings, NOW)
    with open_reader(settings.database) as store:
        assert store.value("SELECT count(*) FROM event") == events
        told = store.rows("SELECT features FROM member WHERE level = 'event'")
    assert len(told) == 2 - events
