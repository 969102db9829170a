"""Nothing is lost for good: edits that wait, sources that leave and come back, polls that were put off, crashes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aggregator import cycle, health, poll, schedule, topics
from aggregator.config import Config
from aggregator.cycle import Wanted
from aggregator.cycle.changes import renamed
from aggregator.cycle.plan import plan
from aggregator.model import Failure, Limits, Pace, Source, SourceState, State, Task, Topic
from aggregator.publish import Folder
from aggregator.store import Store, entries, intents, lookup, open_writer, queue, sources, unpublished, upkeep
from aggregator.store.recognise import StoredItem
from tests.helpers import NOW, config, entry, put
from tests.hostile import Case, Hostile, reply, rss

MOST_CORRECTED = 12

DAY = 86_400


def titles(settings: Config) -> list[str]:
    return sorted(item["title"] for item in json.loads((settings.output / "all.json").read_bytes())["items"])


def ids(settings: Config) -> dict[str, str]:
    return {
        item["title"]: item["id"] for item in json.loads((settings.output / "all.json").read_bytes())["items"]
    }


# ---------------------------------------------------------------- an edit that is held back is a debt


def stored(revisions: int, changed: int = NOW, digest: str = "old") -> StoredItem:
    return StoredItem(1, "k", None, "T", NOW, digest, changed, revisions, None, "k")


@pytest.mark.parametrize(
    ("name", "old", "digest", "at", "wanted"),
    [
        ("new", None, "x", NOW, "insert"),
        ("as it was", stored(0), "old", NOW, "leave"),
        ("as it was, edited often", stored(9), "old", NOW, "leave"),
        ("first edit, at once", stored(0), "new", NOW, "update"),
        ("third edit, at once", stored(2), "new", NOW, "update"),
        ("fourth, at once", stored(3), "new", NOW, "hold"),
        ("fourth, a second too soon", stored(3), "new", NOW + 299, "hold"),
        ("fourth, in time", stored(3), "new", NOW + 300, "update"),
        ("fifth, too soon", stored(4), "new", NOW + 599, "hold"),
        ("fifth, in time", stored(4), "new", NOW + 600, "update"),
        ("the gap ends at a day", stored(40), "new", NOW + DAY - 1, "hold"),
        ("a day later", stored(40), "new", NOW + DAY, "update"),
        ("the clock went back", stored(3, NOW + 50), "new", NOW, "hold"),
    ],
)
def test_what_is_done_with_an_item(
    name: str, old: StoredItem | None, digest: str, at: int, wanted: intents.Intent
) -> None:
    assert intents.decide(old, digest, at) == wanted, name


@pytest.mark.parametrize(
    ("name", "old", "at", "taken"),
    [
        ("the first time", stored(0), NOW, True),
        ("too often", stored(3), NOW + 299, False),
        ("too often, later", stored(3), NOW + 300, True),
        ("the last one", stored(11, NOW - DAY), NOW, True),
        ("no more", stored(12, NOW - DAY), NOW, False),
    ],
)
def test_C7_other_authors_or_pictures_are_taken_a_number_of_times(
    name: str, old: StoredItem, at: int, taken: bool
) -> None:
    assert intents.may_correct(old, at) is taken, name


def test_C7_a_picture_that_is_another_one_at_each_fetch_is_left_alone_after_a_while(tmp_path: Path) -> None:
    settings = config(tmp_path, "")
    with open_writer(settings.database) as store:
        made = [
            entry("a", "1", "Quake hits city", image=f"https://cdn{n % 2}.example/i.jpg") for n in range(99)
        ]
        taken = [put(store, one, at=NOW + n * DAY).updated for n, one in enumerate(made)]
        signed = entry("b", "1", "Museum opens", image="https://b.example/i.jpg?Expires=1&Signature=a")
        put(store, signed, at=NOW)
        again = replace(signed, image="https://b.example/i.jpg?Expires=2&Signature=b")
        assert put(store, again, at=NOW + DAY).updated == 0
    assert taken == [0] + [1] * MOST_CORRECTED + [0] * (98 - MOST_CORRECTED)


def held(store: Store) -> int:
    return int(store.value("SELECT count(*) FROM pending_edit"))


def edited(store: Store, *texts: str, at: int = NOW) -> int:
    return sum(
        put(store, entry("a", "1", "Deaths", text), at=at + number).updated
        for number, text in enumerate(texts)
    )


def text_of(store: Store) -> str:
    return str(store.value("SELECT text FROM entry"))


def test_a_held_edit_is_taken_when_its_time_has_come_and_after_a_restart(tmp_path: Path) -> None:
    settings = config(tmp_path, '[[sources]]\nid = "a"\nurl = "https://a.example/feed"\n')
    with open_writer(settings.database) as store:
        assert edited(store, "one", "two", "three", "four", "five, final") == 3
        assert text_of(store) == "four" and held(store) == 1
        assert not cycle.anything_due(settings, store, NOW + 5) or not entries.debt_due(store, NOW + 302)
        cycle.run(settings, store, None, NOW + 302)
        assert text_of(store) == "four", "a second too soon"
    with open_writer(settings.database) as store:
        assert entries.debt_due(store, NOW + 303) and cycle.anything_due(settings, store, NOW + 303)
        assert cycle.run(settings, store, None, NOW + 303).collected.updated == 1
        assert text_of(store) == "five, final" and held(store) == 0
        assert store.row("SELECT changed, published, revisions FROM entry") == (
            NOW + 303, NOW - 3600, 4)  # fmt: skip
        assert json.loads((settings.output / "all.json").read_bytes())["items"][0]["content_html"].count(
            "final"
        )
        assert cycle.run(settings, store, None, NOW + 9 * DAY).collected.updated == 0


@pytest.mark.parametrize(
    ("name", "later", "wanted"),
    [
        ("a newer one takes its place", ("six",), "six"),
        ("it was taken back", ("four",), "four"),
        ("it left the document", (), "five"),
    ],
)
def test_the_last_word_counts(tmp_path: Path, name: str, later: tuple[str, ...], wanted: str) -> None:
    with open_writer(tmp_path / "a.db") as store:
        edited(store, "one", "two", "three", "four", "five")
        edited(store, *later, at=NOW + 10)
        entries.pay(store, NOW + DAY, lambda one: True)
        assert text_of(store) == wanted and held(store) == 0, name


def test_a_held_edit_heeds_exclude_and_remembers_the_headline(tmp_path: Path) -> None:
    with open_writer(tmp_path / "a.db") as store:
        edited(store, "one", "two", "three", "four")
        put(store, entry("a", "1", "Football", "x"), at=NOW + 9)
        assert entries.pay(store, NOW + DAY, lambda one: one.title != "Football") == 1
        assert store.row("SELECT kept FROM entry") == (0,)
        assert [title for _, title in lookup.headlines(store, 1)] == ["Deaths"]


def test_the_last_correction_arrives_though_the_server_says_304_ever_after(tmp_path: Path) -> None:
    body = {"number": 0}

    def serves(wire: Any, asked: Any) -> None:
        tag = f'"{body["number"]}"'
        if asked.headers.get("if-none-match") == tag:
            wire.sendall(reply(b"", "304 Not Modified", f"ETag: {tag}\r\n"))
            return
        text = rss("x", items=1).replace(b"Story 0", b"Deaths %d" % body["number"])
        wire.sendall(reply(text, headers=f"ETag: {tag}\r\nContent-Type: text/xml\r\n"))

    with Hostile() as server:
        server.table["live"] = Case("live", serves)
        allow = f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}"]\nhost_gap = "0s"\nmin_interval = "0s"\n'
        settings = config(tmp_path, f'{allow}[[sources]]\nid = "e"\nurl = "{server.url("live")}"\n')
        with open_writer(settings.database) as store:
            for number in range(6):
                body["number"] = number
                cycle.run(settings, store, Wanted(everything=True), int(time.time()))
            assert titles(settings) == ["Deaths 3 of x"], "the fourth edit at once waits"
        with open_writer(settings.database) as store:
            report = cycle.run(settings, store, Wanted(everything=True), int(time.time()) + DAY)
        assert report.collected.not_modified == 1 and titles(settings) == ["Deaths 5 of x"]


# ---------------------------------------------------------------- sources that leave, come back, are renamed

FEED = (
    b"<rss version='2.0'><channel><title>News</title>"
    b"<item><title>Harbour bridge opens</title><link>https://n.example/1</link><guid isPermaLink='false'>k1</guid></item>"
    b"<item><title>Fish prices rise</title><guid isPermaLink='false'>k2</guid></item></channel></rss>"
)
BOTH = ["Fish prices rise", "Harbour bridge opens"]


def source(name: str, more: str = "", path: str = "feed.xml") -> str:
    return f'[[sources]]\nid = "{name}"\npath = "{path}"\n{more}\n'


def cycles(tmp_path: Path, *bodies: str, feed: bytes = FEED) -> list[tuple[list[str], dict[str, str]]]:
    """What is published after one cycle under each of these configs."""
    (tmp_path / "feed.xml").write_bytes(feed)
    found = []
    for number, body in enumerate(bodies):
        settings = config(tmp_path, body)
        with open_writer(settings.database) as store:
            cycle.run(settings, store, Wanted(), NOW + number)
        found.append((titles(settings), ids(settings)))
    return found


@pytest.mark.parametrize(
    ("name", "bodies", "wanted"),
    [
        ("removed and added again", (source("a"), "", source("a")), (BOTH, [], BOTH)),
        ("removed and added under another id", (source("a"), "", source("b")), (BOTH, [], BOTH)),
        ("renamed", (source("a"), source("b")), (BOTH, BOTH)),
        ("renamed and renamed back", (source("a"), source("b"), source("a")), (BOTH, BOTH, BOTH)),
        ("renamed, back, and again", (source("a"), source("b"), source("a"), source("b")), (BOTH,) * 4),
        (
            "exclude withdrawn",
            (source("a"), source("a", "exclude = 'fish'"), source("a")),
            (BOTH, BOTH[1:], BOTH),
        ),
        (
            "exclude changed",
            (source("a", "exclude = 'fish'"), source("a", "exclude = 'bridge'")),
            (BOTH[1:], BOTH[:1]),
        ),
        (
            "include changed",
            (source("a", "include = 'fish'"), source("a", "include = 'bridge OR fish'")),
            (BOTH[:1], BOTH),
        ),
        ("disabled keeps what it told", (source("a"), source("a", "enabled = false")), (BOTH, BOTH)),
    ],
)
def test_a_changed_config_is_complete_in_the_same_cycle(
    tmp_path: Path, name: str, bodies: tuple[str, ...], wanted: tuple[list[str], ...]
) -> None:
    found = cycles(tmp_path, *bodies)
    assert [seen for seen, _ in found] == list(wanted), name
    known: dict[str, str] = {}
    for _, published in found:
        for title, public_id in published.items():
            assert known.setdefault(title, public_id) == public_id, f"{name}: the id of {title}"


def test_a_story_whose_teller_is_replaced_keeps_its_id(tmp_path: Path) -> None:
    """Not a rename, because the new source was there before: its telling takes the story over in one cycle."""
    long = b"Fish prices rise for the fifth week at the northern harbours"  # three words may be anybody's
    feed = FEED.replace(b"Fish prices rise", long)
    (tmp_path / "copy.xml").write_bytes(feed.replace(b"k1", b"x1").replace(b"k2", b"x2"))
    both = source("a") + source("b", path="copy.xml")
    first, second, third = cycles(tmp_path, both, source("b", path="copy.xml"), both, feed=feed)
    assert (
        first[1]["Harbour bridge opens"]
        == second[1]["Harbour bridge opens"]
        == third[1]["Harbour bridge opens"]
    )
    assert first[0] == second[0] == third[0] == [long.decode(), "Harbour bridge opens"]


def test_a_renamed_source_keeps_what_left_its_feed_and_its_validators(tmp_path: Path) -> None:
    cycles(tmp_path, source("a"))
    one = FEED.replace(FEED[FEED.index(b"<item>") : FEED.index(b"</item>") + 7], b"")
    assert cycles(tmp_path, source("b"), feed=one)[0][0] == BOTH
    settings = config(tmp_path, source("b"))
    with open_writer(settings.database) as store:
        assert set(sources.memories(store)) == {"b"} and not sources.has_entries(store, "a")


@pytest.mark.parametrize(
    ("name", "configured", "known", "telling", "wanted"),
    [
        ("as it was", ["a=x"], {"a": "x"}, ["a"], {}),
        ("another id", ["b=x"], {"a": "x"}, ["a"], {"a": "b"}),
        ("another address", ["b=y"], {"a": "x"}, ["a"], {}),
        ("the old one is there still", ["a=y", "b=x"], {"a": "x"}, ["a"], {}),
        ("the new one told something", ["b=x"], {"a": "x", "b": "x"}, ["b", "a"], {}),
        ("the new one told something elsewhere", ["b=x"], {"a": "x", "b": "y"}, ["b", "a"], {}),
        ("polled under both ids, told under one", ["b=x"], {"a": "x", "b": "x"}, ["a"], {"a": "b"}),
        ("who told last", ["c=x"], {"b": "x", "a": "x"}, ["b", "a"], {"b": "c"}),
        ("two new ones of one address", ["b=x", "c=x"], {"a": "x"}, ["a"], {"a": "b"}),
        ("nothing known of its address", ["b=x"], {"a": None}, ["a"], {}),
        ("exchanged", ["a=y", "b=x"], {"a": "x", "b": "y"}, ["a", "b"], {"a": "b", "b": "a"}),
        ("exchanged, one never told", ["a=y", "b=x"], {"a": "x", "b": "y"}, ["a"], {}),
        ("each one further", ["b=x", "c=y"], {"a": "x", "b": "y"}, ["a", "b"], {"a": "b", "b": "c"}),
        (
            "each one further, the last is taken",
            ["b=x", "c=y"],
            {"a": "x", "b": "y", "c": "z"},
            ["a", "b", "c"],
            {},
        ),
        (
            "in a ring",
            ["a=z", "b=x", "c=y"],
            {"a": "x", "b": "y", "c": "z"},
            ["a", "b", "c"],
            {"a": "b", "b": "c", "c": "a"},
        ),
    ],
)
def test_which_sources_were_renamed(
    name: str, configured: list[str], known: dict[str, str | None], telling: list[str], wanted: dict[str, str]
) -> None:
    given = [Source(one[0], url=one[2]) for one in configured]
    assert renamed(given, known, telling.__contains__) == wanted, name


def test_sources_that_exchange_their_ids_keep_what_each_told(tmp_path: Path) -> None:
    (tmp_path / "other.xml").write_bytes(FEED.replace(b"n.example", b"o.example").replace(b"rise", b"fall"))
    one, other = source("a") + source("b", path="other.xml"), source("b") + source("a", path="other.xml")
    first, second = cycles(tmp_path, one, other)
    assert first == second
    with open_writer(config(tmp_path, other).database) as store:
        rows = store.rows("SELECT source, title FROM entry WHERE title LIKE 'Fish%' ORDER BY source")
    assert rows == [("a", "Fish prices fall"), ("b", "Fish prices rise")]


MANY = (
    "<rss version='2.0'><channel><title>News</title>"
    + "".join(
        f"<item><title>東京 Story {n} about ferry{n % 3} in Stadt{n * 37}</title>"
        f"<link>https://n.example/{n}</link><pubDate>{1 + n % 27} Nov 2025 10:00:00 GMT</pubDate>"
        f"<description>Text über 東京 Story {n} about ferry{n % 3} in Stadt{n * 37}</description></item>"
        for n in range(40)
    )
    + "</channel></rss>"
).encode()
STALE = (
    "SELECT count(*) FROM posting WHERE story NOT IN (SELECT id FROM story)",
    "SELECT count(*) FROM story",
)


@pytest.mark.parametrize(
    ("name", "go", "left"),
    [
        ("held back", lambda store: entries.keep_again(store, [(n, True, False) for n in range(1, 41)]), 0),
        ("one of them", lambda store: entries.keep_again(store, [(7, True, False)]), 39),
        ("pruned", lambda store: upkeep.prune(store, 1 << 40, ()), 0),
    ],
)  # fmt: skip
def test_no_word_finds_a_story_that_is_gone(
    tmp_path: Path, name: str, go: Callable[[Store], object], left: int
) -> None:
    """Its number is given to another story."""
    cycles(tmp_path, source("a"), feed=MANY)
    settings = config(tmp_path, source("a"))
    with open_writer(settings.database) as store:
        assert [store.value(query) for query in STALE] == [0, 40]
        go(store)
        assert [store.value(query) for query in STALE] == [0, left], name


@pytest.mark.parametrize("is_stale", [False, True])
def test_stories_that_come_back_are_folded_as_at_first(tmp_path: Path, is_stale: bool) -> None:
    """Also where words find numbers of stories that went, as a database of before has them."""
    without = source("a", "exclude = 'ferry2'")
    first, _, _ = cycles(tmp_path, source("a"), without, source("a"), feed=MANY)
    settings = config(tmp_path, source("a"))
    with open_writer(settings.database) as store:
        postings = store.rows("SELECT * FROM posting")
    cycles(tmp_path, without, feed=MANY)
    if is_stale:
        with open_writer(settings.database) as store, store.transaction() as writer:
            writer.run_many("INSERT OR IGNORE INTO posting VALUES (?, ?, ?, ?, ?)", postings)
    assert cycles(tmp_path, source("a"), feed=MANY)[0] == first


def test_a_story_that_finds_its_own_number_is_no_pair(tmp_path: Path) -> None:
    """As a database has it whose stories went without the words that find them."""
    told = "Izmir earthquake of magnitude 6.4 {} dozens of people on Friday"
    for name, verb in (("a", "injured"), ("b", "hurt"), ("c", "wounded")):
        item = f"<item><title>{told.format(verb)}</title><link>https://{name}.example/1</link></item>"
        (tmp_path / f"{name}.xml").write_text(f"<rss version='2.0'><channel>{item}</channel></rss>")
    body = "".join(source(name, path=f"{name}.xml") for name in "abc") + "[fold]\ntext = false\n"
    settings = config(tmp_path, body)
    with open_writer(settings.database) as store:
        cycle.run(settings, store, Wanted(), NOW)
        first, postings = lookup.counts(store), store.rows("SELECT * FROM posting")
        queue.forget(store, 0)
    with open_writer(settings.database) as store:
        with store.transaction() as writer:
            writer.run_many("INSERT OR IGNORE INTO posting VALUES (?, ?, ?, ?, ?)", postings)
        cycle.run(settings, store, None, NOW)
        assert lookup.counts(store) == first and first["event"] == 1


def test_plan_counts_what_would_be_let_in_again(tmp_path: Path) -> None:
    cycles(tmp_path, source("a", "exclude = 'fish'"))
    present = config(tmp_path, source("a", "exclude = 'fish'"))
    with open_writer(present.database) as store:
        found = {one.topic: one.added for one in plan(store, config(tmp_path, source("b")), present)}
    assert found["all"] == 1


# ---------------------------------------------------------------- decisions that must not break unnoticed


@pytest.mark.parametrize(
    ("topic", "wanted"),
    [
        (Topic("t", "T", match="bridge"), True),
        (Topic("t", "T", match="bridge", exclude="harbour"), False),
        (Topic("t", "T", match="bridge", exclude="fish"), True),
        (Topic("t", "T", sources=("a",), exclude="harbour"), False),
        (Topic("t", "T", sources=("a",)), True),
        (Topic("own", "T", exclude="harbour"), False),
        (Topic("own", "T"), True),
    ],
)
def test_exclude_of_a_topic_wins_over_whatever_brings_it_there(topic: Topic, wanted: bool) -> None:
    rules = topics.compiled([topic], [Source("a", url="https://a.example/", topics=("own",))])
    said = entry("a", "1", "Harbour bridge opens")
    assert bool(topics.label(rules, said, "A")) == wanted


@pytest.mark.parametrize(
    ("include", "exclude", "wanted"),
    [
        (None, None, True),
        ("bridge", None, True),
        ("fish", None, False),
        (None, "bridge", False),
        (None, "fish", True),
        ("bridge", "harbour", False),
        ("bridge", "fish", True),
    ],
)
def test_include_and_exclude_of_a_source(include: str | None, exclude: str | None, wanted: bool) -> None:
    rules = topics.compiled([], [Source("a", url="https://a.example/", include=include, exclude=exclude)])
    assert topics.keeps(rules, entry("a", "1", "Harbour bridge opens"), "A") == wanted
    assert topics.keeps(rules, entry("b", "1", "Harbour bridge opens"), "B"), "of another source"


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
def test_who_lets_no_reader_in_is_called_blocked(status: str) -> None:
    with Hostile() as server:
        server.table["shut"] = Case("shut", lambda wire, asked: wire.sendall(reply(b"no", status)))
        polled = poll.poll(
            Task(
                Source("s", url=server.url("shut")), limits=Limits(allow_hosts=(f"127.0.0.1:{server.port}",))
            )
        )
    assert polled.memory.state == "blocked"
    told = health.notice("s", "S", SourceState(state="ok"), polled.memory, polled.at)
    assert told is not None and "credentials" in told.words


@pytest.mark.parametrize(
    ("name", "succeeded", "before", "failures", "wanted"),
    [
        ("never worked, was only slow", None, "slow", 2, "failing"),
        ("worked once, was slow", NOW - 1, "slow", 2, "slow"),
        ("never worked, first failure", None, "new", 1, "failing"),
        ("worked, second failure is weather", NOW - 1, "ok", 2, "ok"),
        ("worked, third failure is not", NOW - 1, "ok", 3, "failing"),
    ],
)
def test_a_source_that_never_worked_fails_at_once(
    name: str, succeeded: int | None, before: State, failures: int, wanted: State
) -> None:
    memory = SourceState(
        polled=NOW, succeeded=succeeded, state=before, failures=failures, failure=Failure("timeout", "x")
    )
    assert health.state(memory, NOW) == wanted, name


def test_P22_failures_at_once_do_not_come_back_at_once() -> None:
    """A host of 200 feeds that was down: their next polls are spread over a quarter of the pause."""
    pace = Pace(1800, 300, DAY)
    found = [
        schedule.after_failure(NOW, pace, 1, Failure("status", "500"), f"s{n}").next_poll - NOW
        for n in range(200)
    ]
    assert min(found) >= 1800 and max(found) <= 1800 + 450
    assert max(found) - min(found) > 400 and len(set(found)) > 100
    again = [
        schedule.after_failure(NOW, pace, 1, Failure("status", "500"), f"s{n}").next_poll - NOW
        for n in range(200)
    ]
    assert found == again, "every run decides alike"


def test_P11_a_429_pauses_feeds_of_its_host_that_were_not_due(tmp_path: Path) -> None:
    with Hostile() as server, Hostile() as other:
        server.table["busy"] = Case(
            "busy", lambda wire, asked: wire.sendall(reply(b"", "429 Too Many", "Retry-After: 7200\r\n"))
        )
        allow = (
            f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}", "127.0.0.1:{other.port}"]\nhost_gap = "0s"\n'
        )
        urls = {"due": server.url("busy"), "later": server.url("plain"), "else": other.url("plain")}
        settings = config(
            tmp_path, allow + "".join(f'[[sources]]\nid = "{n}"\nurl = "{url}"\n' for n, url in urls.items())
        )
        with open_writer(settings.database) as store:
            now = int(time.time())
            cycle.run(settings, store, Wanted(ids=frozenset({"later", "else"})), now)
            cycle.run(settings, store, Wanted(ids=frozenset({"due"})), now)
            known = sources.memories(store)
            assert known["later"].not_before >= now + 7200 and "429" in known["later"].why
            assert known["else"].not_before == 0
            cycle.run(settings, store, Wanted(everything=True), now + 600)
        assert len(server.asked("plain")) == 1 and len(other.asked("plain")) == 2


def test_R4_what_was_not_written_is_still_to_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = config(tmp_path, source("a"))
    cycles(tmp_path, source("a"))
    (tmp_path / "feed.xml").write_bytes(FEED.replace(b"Fish prices rise", b"Fish prices fall"))

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with open_writer(settings.database) as store:
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(Folder, "write", crash)
            cycle.run(settings, store, Wanted(), NOW + 600)
        assert titles(settings) == BOTH and "all" in unpublished.dirty_editions(store)
        cycle.run(settings, store, None, NOW + 601)
        assert titles(settings) == ["Fish prices fall", "Harbour bridge opens"] and not unpublished.count(
            store
        )
