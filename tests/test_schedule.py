"""When to poll again, and why then. The clock is a number."""

from __future__ import annotations

import heapq
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import schedule
from aggregator.model import Failure, Hints, Memory, Moved, Pace, Source, Task
from tests.helpers import NOW

PACE = Pace(1800, 300, 86_400)
HOUR, DAY = 3600, 86_400


def after(headers: dict[str, str] | None = None, hints: Hints | None = None, posts: tuple[int, ...] = (), at: int = NOW) -> schedule.Plan:
    return schedule.after_success(at, PACE, posts, headers or {}, hints or Hints(), "source")


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({"cache-control": "max-age=7200"}, 7200), ({"cache-control": "public, max-age=7200", "age": "600"}, 6600), ({"cache-control": "max-age=99999999"}, DAY),
        ({"cache-control": "max-age=soon"}, 0), ({"cache-control": "max-age=-5"}, 0), ({"cache-control": "max-age=60", "age": "90"}, 0),
        ({"expires": "Wed, 01 Jan 2025 02:00:00 GMT", "date": "Wed, 01 Jan 2025 00:00:00 GMT"}, 7200), ({"expires": "0"}, 0), ({"expires": "-1", "date": "x"}, 0),
        ({"cache-control": "no-cache"}, 0), ({}, 0),
    ],
)  # fmt: skip
def test_P8_freshness(headers: dict[str, str], wanted: int) -> None:
    assert schedule.freshness(headers, NOW) == wanted
    plan = after(headers)
    assert plan.not_before == NOW + wanted and plan.next_poll >= max(plan.not_before, NOW + PACE.least)


@pytest.mark.parametrize(
    ("name", "hints", "least"),
    [
        ("ttl", Hints(ttl=7200), 7200), ("absurd ttl", Hints(ttl=10**9), 0), ("sy", Hints(update_period=4 * HOUR), 4 * HOUR),
        ("skip all hours still polls daily", Hints(skip_hours=tuple(range(24))), 0), ("skip all days", Hints(skip_days=tuple(range(7))), 0),
    ],
)  # fmt: skip
def test_P21_hints_lengthen(name: str, hints: Hints, least: int) -> None:
    plan = after(hints=hints)
    assert NOW + max(least, PACE.least) <= plan.next_poll <= NOW + 2 * DAY, name


def test_P21_skipped_hours_and_days() -> None:
    at = 1_790_035_200  # a whole hour
    hour = (at + 1800) // 3600 % 24
    plan = after(hints=Hints(skip_hours=(hour, (hour + 1) % 24)), at=at)
    assert plan.next_poll // 3600 % 24 not in (hour, (hour + 1) % 24) and "skip" in plan.why


def test_rhythm_fits_the_history() -> None:
    busy = tuple(NOW - n * 600 for n in range(30))
    daily = tuple(NOW - n * DAY for n in range(30))
    dead = tuple(NOW - 900 * DAY - n * DAY for n in range(30))
    burst = tuple(NOW - 5 * DAY - n * 60 for n in range(10)) + tuple(NOW - n * DAY for n in range(6, 26))
    assert schedule.interval(busy, PACE, NOW)[0] == 900
    assert 6 * HOUR <= schedule.interval(daily, PACE, NOW)[0] <= DAY
    assert schedule.interval(dead, PACE, NOW)[0] == 12 * HOUR
    assert schedule.interval(burst, PACE, NOW)[0] >= HOUR, "a burst does not make us knock every minute"
    assert schedule.interval((), PACE, NOW) == (1800, "wished every 30 min; too few posts to know its rhythm")
    assert "posts every" in schedule.interval(daily, PACE, NOW)[1]


def test_P9_P10_backoff() -> None:
    failure = Failure("timeout", "slow")
    gaps = [schedule.after_failure(NOW, PACE, n, failure, "s").next_poll - NOW for n in range(1, 12)]
    assert gaps[0] >= 1800 and all(b >= 0.79 * a for a, b in pairwise(gaps)) and gaps[-1] <= DAY * 1.25 + 1
    asked = schedule.after_failure(NOW, PACE, 1, Failure("unavailable", "x", retry_after=40_000), "s")
    assert asked.not_before == NOW + 40_000 <= asked.next_poll and "asks to stay away" in asked.why
    capped = schedule.after_failure(NOW, PACE, 1, Failure("rate-limited", "x", retry_after=10**8), "s")
    assert capped.not_before == NOW + DAY


def test_P14_gone_is_looked_at_once_a_week() -> None:
    plan = schedule.after_failure(NOW, PACE, 1, Failure("gone", "410"), "s")
    memory = Memory(polled=NOW, next_poll=plan.next_poll, not_before=plan.not_before)
    assert not schedule.is_due(memory, NOW + 6 * DAY, PACE, forced=True) and schedule.is_due(memory, NOW + 8 * DAY, PACE)


@pytest.mark.parametrize(
    ("name", "memory", "now", "forced", "wanted"),
    [
        ("never polled", Memory(), NOW, False, True),
        ("not yet", Memory(polled=NOW - 400, next_poll=NOW + 5), NOW, False, False),
        ("forced", Memory(polled=NOW - 400, next_poll=NOW + 5), NOW, True, True),
        ("P7 the floor holds for forced ones at the server's word", Memory(polled=NOW - 400, next_poll=NOW, not_before=NOW + 60), NOW, True, False),
        ("P7 two polls are the floor apart", Memory(polled=NOW - 100, next_poll=NOW - 50), NOW, False, False),
        ("R13 the clock went back an hour", Memory(polled=NOW, next_poll=NOW + 1800), NOW - 3600, False, False),
        ("R13 the clock went back a year", Memory(polled=NOW, next_poll=NOW + 1800), NOW - 365 * DAY, False, True),
        ("R13 planned a year ahead by a wrong clock", Memory(polled=NOW - 20 * DAY, next_poll=NOW + 365 * DAY, not_before=NOW + 365 * DAY), NOW, False, True),
    ],
)
def test_is_due(name: str, memory: Memory, now: int, forced: bool, wanted: bool) -> None:
    assert schedule.is_due(memory, now, PACE, forced) == wanted, name


def test_P15_P16_moves() -> None:
    old, new = "http://a.example/feed", "http://b.example/feed"
    moved: Moved | None = None
    for day in range(3):
        moved = schedule.observe_move(moved, new, NOW + day * DAY, old)
    assert moved is not None and moved.adopted
    assert schedule.observe_move(Moved(new, NOW, 2), "http://c.example/", NOW + 5 * DAY, old) == Moved("http://c.example/", NOW + 5 * DAY, 1), "it changes each time"
    assert schedule.observe_move(Moved(new, NOW, 2), None, NOW, old) is None
    quick = schedule.observe_move(schedule.observe_move(schedule.observe_move(None, new, NOW, old), new, NOW + 1, old), new, NOW + 2, old)
    assert quick is not None and not quick.adopted, "three polls within a minute are one"
    safer = schedule.observe_move(None, "https://a.example/feed", NOW, old)
    assert safer is not None and safer.adopted


def _task(name: str, host: str) -> tuple[Task, str]:
    return Task(Source(name, url=f"http://{host}/{name}")), host


def test_P11_P12_hosts() -> None:
    hosts = schedule.Hosts(1, 1.0, [_task("a1", "a"), _task("a2", "a"), _task("a3", "a"), _task("b1", "b")])
    first = hosts.ready(0.0, 10)
    assert sorted(task.source.id for task in first) == ["a1", "b1"]
    assert hosts.ready(5.0, 10) == [], "one in flight a host"
    assert hosts.finished("a", None, 5.0) == []
    assert hosts.ready(5.5, 10) == [] and [task.source.id for task in hosts.ready(6.0, 10)] == ["a2"], "a gap between two"
    assert [task.source.id for task in hosts.finished("a", Failure("rate-limited", "429"), 7.0)] == ["a3"]
    hosts.finished("b", None, 7.0)
    assert not hosts.waiting


def test_P13_P22_R14_a_simulated_month_of_5000_feeds() -> None:
    """No minute above three times the mean, nothing before its not_before."""
    minutes: Counter[int] = Counter()
    rhythms = [600, 1800, 7200, 21_600, 86_400]
    heap = [(schedule.first_poll(f"s{number}", NOW, PACE), number, False) for number in range(5000)]
    heapq.heapify(heap)
    headers = {0: {"cache-control": "max-age=900"}, 1: {"cache-control": "max-age=3600"}}
    end = NOW + 30 * DAY
    polls = 0
    while heap and heap[0][0] < end:
        at, number, polled = heapq.heappop(heap)
        polls += 1
        minutes[at // 60] += 1
        rhythm = rhythms[number % 5]
        posts = tuple(at - at % rhythm - n * rhythm for n in range(12))
        plan = schedule.after_success(at, PACE, posts, headers.get(number % 4, {}), Hints(), f"s{number}", first=not polled)
        assert plan.next_poll >= max(plan.not_before, at + PACE.least)
        # A coarse month: every fourth poll counts for the four that it stands for, which keeps the test fast and the phases true.
        heapq.heappush(heap, (plan.next_poll + 3 * (plan.next_poll - at), number, True))
    settled = {minute: count for minute, count in minutes.items() if minute > (NOW + 2 * DAY) // 60}
    mean = sum(settled.values()) / ((end - NOW - 2 * DAY) // 60)
    assert max(settled.values()) <= 3 * mean + 6, (max(settled.values()), mean)
    assert max(minutes.values()) <= 3 * 5000 / (PACE.wished / 60) + 12, "the start is spread too"


@given(st.dictionaries(st.sampled_from(["cache-control", "age", "expires", "date"]), st.text(max_size=40)), st.integers(0, 2**33))
def test_P8_rubbish_in_headers_does_nothing(headers: dict[str, str], at: int) -> None:
    assert 0 <= schedule.freshness(headers, at) <= DAY
