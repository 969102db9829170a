"""Reading lists: OPML somewhere, whose outlines are sources, and stay so."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner

from aggregator import opml as outlines
from aggregator import urls
from aggregator.cli import group
from aggregator.config import Config, edit, load
from aggregator.config.lists import Known, ReadingList
from aggregator.cycle import lists
from aggregator.cycle.network import Network
from aggregator.errors import ConfigError, UsageError
from aggregator.fetch import Door, Trail
from aggregator.model import Failure, FetchResult, Limits, Request, Source
from tests.helpers import NOW, config

DAY = 86_400
WHERE = "https://lists.example/news.opml"
BODY = '[[sources]]\nid = "mine"\nurl = "https://mine.example/feed"\n[[sources]]\nid = "list"\nopml = "{}"\npriority = 3\ntopics = ["news"]\n[[sources]]\nid = "last"\nurl = "https://last.example/feed"\n[[topics]]\nid = "news"\n[[topics]]\nid = "far-away"\ntitle = "Far away"\n[[topics]]\nid = "all-of-it"\nsources = ["list"]\n'


def opml(*feeds: tuple[str, str]) -> str:
    inner = "".join(f'<outline text="{title}" xmlUrl="{url}"/>' for title, url in feeds)
    return f'<opml version="2.0"><body><outline text="Far away">{inner}</outline></body></opml>'


A, B, C = (
    ("Alpha", "https://a.example/feed"),
    ("Beta", "https://b.example/feed"),
    ("Gamma", "https://c.example/feed"),
)


def written(settings: Config, *feeds: tuple[str, str]) -> None:
    path = settings.path.parent / "list.opml"
    path.write_text(opml(*feeds))
    stamp = int(path.stat().st_mtime) + len(feeds) + 5
    os.utime(path, (stamp, stamp))


def listed(settings: Config) -> dict[str, bool]:
    return {one.id: one.enabled for one in settings.sources if one.reading_list == "list"}


def test_a_file_is_followed_and_what_leaves_it_is_paused(tmp_path: Path) -> None:
    settings = config(tmp_path, BODY.format("list.opml"))
    assert [one.id for one in settings.sources] == ["mine", "last"]
    written(settings, A, B, ("Mine, again", "https://mine.example/feed"))
    assert lists.sync(settings, NOW) == (True, []) and lists.sync(settings, NOW) == (False, [])
    settings = load(settings.path, {})
    assert listed(settings) == {"alpha": True, "beta": True}, "what the config names itself comes first"
    alpha = next(one for one in settings.sources if one.id == "alpha")
    assert (alpha.url, alpha.title, alpha.topics, alpha.priority) == (A[1], "Alpha", ("news", "far-away"), 3)
    assert set(settings.topics[2].sources) == {"list", "alpha", "beta"}
    written(settings, B, C, (*A[:1], "https://other.example/"))
    assert lists.sync(settings, NOW) == (True, [])
    settings = load(settings.path, {})
    assert listed(settings) == {"beta": True, "gamma": True, "alpha-2": True, "alpha": False}
    written(settings, A)
    lists.sync(settings, NOW)
    assert listed(load(settings.path, {}))["alpha"] is True, "back under its id"


def test_what_is_no_list_changes_nothing(tmp_path: Path) -> None:
    settings = config(tmp_path, BODY.format("list.opml"))
    written(settings, A, B)
    lists.sync(settings, NOW)
    for text in ("no list", opml()):
        (tmp_path / "list.opml").write_text(text)
        changed, (words,) = lists.sync(settings, NOW)
        assert (
            not changed
            and words.startswith("list: ")
            and listed(load(settings.path, {})) == {"alpha": True, "beta": True}
        )
    (tmp_path / "list.opml").unlink()
    assert "can't be read" in lists.sync(settings, NOW)[1][0]


def test_half_a_list_adds_and_pauses_nothing(tmp_path: Path) -> None:
    settings = config(tmp_path, BODY.format("list.opml"))
    written(settings, A, B)
    lists.sync(settings, NOW)
    half, whole = opml(C, A), opml(C)
    (tmp_path / "list.opml").write_text(half[: half.index("</outline>")])
    for _ in range(2):  # it is looked at again, also where it looks as before
        _, (words,) = lists.sync(settings, NOW)
        assert "breaks off in line 1" in words and "what it lacks stays" in words
    assert listed(load(settings.path, {})) == {"alpha": True, "beta": True, "gamma": True}
    (tmp_path / "list.opml").write_text(whole)
    assert lists.sync(settings, NOW) == (True, [])
    assert listed(load(settings.path, {})) == {"alpha": False, "beta": False, "gamma": True}
    (tmp_path / "list.opml").write_text(half[: half.index("</outline>")])
    lists.sync(settings, NOW)
    assert listed(load(settings.path, {})) == {"alpha": True, "beta": False, "gamma": True}, "paused it stays"


def test_S16_a_list_that_is_too_long_tells_how_much_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = config(tmp_path, BODY.format("list.opml"))
    written(settings, A, B)
    lists.sync(settings, NOW)
    monkeypatch.setattr(outlines, "MAX_FEEDS", 2)
    written(settings, C, A, B)
    told = f"list: {tmp_path / 'list.opml'}: holds more than 2 feeds; the last 1 is left out"
    assert lists.sync(settings, NOW) == (True, [told])
    assert listed(load(settings.path, {})) == {"gamma": True, "alpha": True, "beta": True}, "none left it"
    assert lists.sync(settings, NOW) == (False, []), "it is not read again before it changes"


def test_half_a_list_of_the_web_is_asked_for_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = config(tmp_path, BODY.format(WHERE))
    asked: list[Request] = []
    stamps = (("ETag", '"1"'), ("Last-Modified", "Mon, 23 Nov 2026 10:00:00 GMT"))
    answers = [FetchResult("", NOW, 200, stamps, body) for body in (opml(A).encode()[:-8], opml(A).encode())]

    def get(network: Network, config: Config, request: Request) -> FetchResult:
        asked.append(request)
        return answers.pop(0)

    monkeypatch.setattr(Network, "get", get)
    assert lists.sync(settings, NOW)[1][0].startswith(f"list: {WHERE}: breaks off")
    assert lists.sync(settings, NOW + DAY) == (False, []) and asked[1].etag is asked[1].last_modified is None


def test_a_list_of_the_web_is_asked_once_a_day_with_validators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = config(tmp_path, BODY.format("https://lists.example/news.opml"))
    asked: list[Request] = []
    answers = [
        FetchResult("", NOW, 200, (("ETag", '"1"'),), opml(A).encode()),
        FetchResult("", NOW, 304),
        FetchResult("", NOW, failure=Failure("timeout", "too late")),
    ]

    def get(network: Network, config: Config, request: Request) -> FetchResult:
        asked.append(request)
        return answers.pop(0)

    monkeypatch.setattr(Network, "get", get)
    assert lists.sync(settings, NOW) == (True, []) and lists.sync(settings, NOW + DAY - 1) == (False, [])
    assert lists.sync(settings, NOW + DAY) == (False, []) and asked[1].etag == '"1"'
    assert lists.sync(settings, NOW + 2 * DAY) == (False, ["list: https://lists.example/news.opml: too late"])
    assert len(asked) == 3 and listed(load(settings.path, {})) == {"alpha": True}


def test_edits_of_the_file_find_their_table(tmp_path: Path) -> None:
    settings = config(tmp_path, BODY.format("list.opml"))
    written(settings, A)
    lists.sync(settings, NOW)
    with pytest.raises(UsageError, match="of the reading list list"):
        edit.remove_source(settings.path, "alpha")
    edit.enable_sources(settings.path, ["last"], False)
    assert [one.id for one in load(settings.path, {}).sources if not one.enabled] == ["last"]
    edit.remove_source(settings.path, "last")
    assert [one.id for one in load(settings.path, {}).sources] == ["mine", "alpha"]


def test_a_list_is_nothing_else(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`url` and `opml`"):
        config(tmp_path, '[[sources]]\nurl = "https://a.example/"\nopml = "x.opml"\n')


def test_thousands_load_in_no_time(tmp_path: Path) -> None:
    settings = config(tmp_path, BODY.format("list.opml"))
    written(settings, *((f"Feed {n}", f"https://h{n}.example/feed") for n in range(2000)))
    lists.sync(settings, NOW)
    assert len(load(settings.path, {}).sources) == 2002


def answer(status: int = 200, body: str | None = None, **more: Any) -> FetchResult:
    return FetchResult(
        "https://lists.example/news.opml", NOW, status, (), body.encode() if body else None, **more
    )


def asking(monkeypatch: pytest.MonkeyPatch, answers: dict[str, list[FetchResult]]) -> list[str]:
    """What is asked for from here on, in the order of the addresses' own answers."""
    asked: list[str] = []

    def get(network: Network, config: Config, request: Request) -> FetchResult:
        asked.append(request.url)
        return answers[request.url].pop(0)

    monkeypatch.setattr(Network, "get", get)
    return asked


BUSY, GONE = Failure("rate-limited", "429", retry_after=3 * DAY), Failure("gone", "410")


@pytest.mark.parametrize(
    ("name", "failure", "asleep"),
    [
        ("P9 Retry-After, a day at most", BUSY, DAY),
        ("P9 half a day more", Failure("status", "503", 2 * DAY // 3), DAY),
        ("P14 gone", GONE, 7 * DAY),
    ],
)
def test_P9_P14_a_server_in_trouble_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, failure: Failure, asleep: int
) -> None:
    settings = config(tmp_path, BODY.format(WHERE))
    asked = asking(monkeypatch, {WHERE: [answer(503, failure=failure), answer(body=opml(A))]})
    assert lists.sync(settings, NOW)[1]
    assert lists.sync(settings, NOW + asleep - 1) == (False, []) and len(asked) == 1, name
    assert lists.sync(settings, NOW + asleep) == (True, []) and len(asked) == 2


def test_P15_a_list_that_moved_is_asked_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, there = config(tmp_path, BODY.format(WHERE)), "https://new.example/list.opml"
    came = answer(body=opml(A), permanent=there)
    lost = answer(404, failure=Failure("missing", "404"))
    asked = asking(monkeypatch, {WHERE: [came] * 3 + [answer(body=opml(A, B))], there: [answer(304), lost]})
    for day in range(6):
        lists.sync(settings, NOW + day * DAY)
    assert asked == [WHERE] * 3 + [there] * 2 + [WHERE], (
        "after three days; where it is lost the configured place"
    )
    assert listed(load(settings.path, {})) == {"alpha": True, "beta": True}


def test_another_place_is_read_at_once_and_without_the_old_validators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests: list[Request] = []

    def get(network: Network, config: Config, request: Request) -> FetchResult:
        requests.append(request)
        return replace(answer(body=opml(A)), headers=(("etag", '"1"'),))

    monkeypatch.setattr(Network, "get", get)
    lists.sync(config(tmp_path, BODY.format(WHERE)), NOW)
    lists.sync(config(tmp_path, BODY.format("https://b.example/l.opml")), NOW + 1)
    assert [(one.url, one.etag) for one in requests] == [(WHERE, None), ("https://b.example/l.opml", None)]


def test_lists_are_asked_at_the_same_time_and_keep_their_feeds_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "".join(f'[[sources]]\nid = "l{n}"\nopml = "https://h{n}.example/l"\n' for n in range(3))
    settings, all_there = config(tmp_path, body), threading.Barrier(3, timeout=20)

    def get(network: Network, config: Config, request: Request) -> FetchResult:
        all_there.wait()  # for the others
        return answer(body=opml(("Alpha", f"{request.url}/feed")))

    monkeypatch.setattr(Network, "get", get)
    assert lists.sync(settings, NOW) == (True, [])
    found = {one.id: one.url for one in load(settings.path, {}).sources}
    assert found == {
        "alpha": "https://h0.example/l/feed",
        "alpha-2": "https://h1.example/l/feed",
        "alpha-3": "https://h2.example/l/feed",
    }


class PendingEntry(Door):
    """Answers nothing, and knows when it was asked for each host, and how many at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: dict[str, list[float]] = {}
        self.together, self.most = 0, 0

    def ask(self, request: Request, limits: Limits, trail: Trail | None = None) -> FetchResult:
        self.asked.setdefault(request.url, []).append(time.monotonic())
        self.together += 1
        self.most = max(self.most, self.together)
        time.sleep(0.02)
        self.together -= 1
        return answer(304)


def test_P12_errands_of_many_threads_wait_for_their_turn(tmp_path: Path) -> None:
    settings, door = replace(config(tmp_path, ""), host_gap=0.1), PendingEntry()
    network, address = Network(door), "https://one.example/"
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda url: network.get(settings, Request(url)), [address] * 4))
    network.close()
    assert door.most == 1 and len(door.asked[address]) == 4
    assert all(later - earlier >= 0.1 for earlier, later in pairwise(door.asked[address]))


def test_P12_polls_keep_their_distance_from_errands_and_errands_from_polls(tmp_path: Path) -> None:
    settings, door = replace(config(tmp_path, ""), host_gap=0.1), PendingEntry()
    network, address = Network(door), "https://one.example/"
    host, hosts = urls.server(address), cast(Any, network.hosts(settings))
    began = time.monotonic()
    hosts.add("a poll", host)
    assert hosts.ready(began, 1) == ["a poll"]
    hosts.finished(host, began)
    hosts.add("another", host)
    network.get(settings, Request(address))
    assert door.asked[address][0] - began >= 0.1, "after a poll"
    done = door.asked[address][0] + 0.02
    assert hosts.ready(done + 0.05, 1) == [] and hosts.next_at >= done + 0.1, "after an errand"
    assert hosts.ready(hosts.next_at, 1) == ["another"] and hosts.ready(done + 9, 1) == []
    network.close()


def test_R16_a_signal_while_lists_are_asked_ends_the_run_and_blames_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = config(tmp_path, BODY.format(WHERE))

    def get(network: Network, config: Config, request: Request) -> FetchResult:
        os.kill(os.getpid(), signal.SIGTERM)
        return answer(failure=Failure("stopped", "we were asked to stop"))

    monkeypatch.setattr(Network, "get", get)
    done = CliRunner().invoke(group, ["run", "--config", str(settings.path)], standalone_mode=False)
    assert done.exception is None and done.output == "" and not settings.output.exists()
    asked = asking(monkeypatch, {WHERE: [answer(body=opml(A))]})
    assert lists.sync(settings, NOW) == (True, []) and asked == [WHERE], "not a day later"


@pytest.mark.parametrize(
    ("name", "ago", "not_before", "is_due"),
    [
        ("a day ago", 86_400, 0, True),
        ("a second less", 86_399, 0, False),
        ("the server asked us to stay away", 86_400, NOW + 1, False),
        ("until now", 86_400, NOW, True),
        ("ahead of the clock, which went back", -1, 0, True),
    ],
)
def test_when_a_list_is_looked_at(name: str, ago: int, not_before: int, is_due: bool) -> None:
    one = ReadingList("a", "https://lists.example/a.opml", 86_400, Source("a"))
    assert lists._is_due(one, Known(looked_at=NOW - ago, not_before=not_before), NOW) == is_due, name
