"""When to poll again, and why then. The clock is a number."""

from __future__ import annotations

import heapq
from collections import Counter
from itertools import pairwise

import pytest

from aggregator import schedule
from aggregator.model import Failure, Pace, PollHints, Redirect, SourceState
from tests.helpers import NOW

PACE = Pace(1800, 300, 86_400)
HOUR, DAY = 3600, 86_400


def after(
    hints: PollHints | None = None, posts: tuple[int, ...] = (), at: int = NOW, hold: int | None = None
) -> schedule.Plan:
    return schedule.after_success(at, PACE, posts, hints or PollHints(), "source", hold=hold)


@pytest.mark.parametrize(
    ("name", "hints", "least"),
    [
        ("nothing said", PollHints(), 0),
        ("fresh", PollHints(fresh=7200), 7200),
        ("fresh for ever", PollHints(fresh=10**9), DAY),
        ("ttl", PollHints(ttl=7200), 7200),
        ("a week's ttl is a day's", PollHints(ttl=7 * DAY), DAY),
        ("sy", PollHints(update_period=4 * HOUR), 4 * HOUR),
        ("the longest counts", PollHints(fresh=3600, ttl=7200, update_period=5400), 7200),
        ("skip all hours still polls daily", PollHints(skip_hours=tuple(range(24))), DAY),
        ("skip all days", PollHints(skip_days=tuple(range(7))), DAY),
    ],
)
def test_P8_P21_what_is_asked_for_lengthens(name: str, hints: PollHints, least: int) -> None:
    plan = after(hints)
    assert NOW + max(least, PACE.min_interval) <= plan.next_poll <= NOW + 2 * DAY, name
    assert plan.not_before == 0, "a forced poll heeds Retry-After, 429 and 410 alone"
    assert "asks for" in plan.why or least == 0


@pytest.mark.parametrize(
    ("name", "pace", "hints", "first", "least", "most"),
    [
        ("room below", Pace(7200, 300, 7200), PollHints(), False, 6840, 7200),
        ("room above", Pace(7200, 300, 86_400), PollHints(), False, 7200, 7560),
        ("a floor below", Pace(7200, 7000, 7200), PollHints(), False, 7000, 7360),
        ("no room at all", Pace(7200, 7200, 7200), PollHints(), False, 7200, 7560),
        ("a server that asks for more", Pace(1800, 300, 1800), PollHints(fresh=7200), False, 7200, 7560),
        ("the first: anywhere", Pace(7200, 300, 7200), PollHints(), True, 300, 7200),
        ("the first, from a floor on", Pace(7200, 7000, 86_400), PollHints(), True, 7000, 8800),
        ("the first, with less room", Pace(7200, 6900, 7300), PollHints(), True, 6900, 7300),
        ("the first without room", Pace(7200, 7200, 7200), PollHints(), True, 7200, 7560),
    ],
)
def test_no_poll_is_later_than_max_interval_where_there_is_room(
    name: str, pace: Pace, hints: PollHints, first: bool, least: int, most: int
) -> None:
    gaps = {
        schedule.after_success(NOW, pace, (), hints, f"s{n}", first=first).next_poll - NOW for n in range(999)
    }
    assert least <= min(gaps) < least + (most - least) // 20, name
    assert most - (most - least) // 20 < max(gaps) <= most, name


def test_P9_a_quota_that_is_used_up_holds_forced_polls_too() -> None:
    plan = after(hold=7200)
    assert plan.not_before == NOW + 7200 <= plan.next_poll and "quota" in plan.why


def test_P21_skipped_hours_and_days() -> None:
    at = 1_790_035_200  # a whole hour
    hour = (at + 1800) // 3600 % 24
    plan = after(PollHints(skip_hours=(hour, (hour + 1) % 24)), at=at)
    assert plan.next_poll // 3600 % 24 not in (hour, (hour + 1) % 24) and "skip" in plan.why
    starts = {
        schedule.after_success(at, PACE, (), PollHints(skip_hours=(hour,)), f"s{n}").next_poll % 3600
        for n in range(50)
    }
    assert len(starts) > 40, "those that skip the same hour do not all come when it is over (P22)"


@pytest.mark.parametrize(
    ("name", "hints", "least", "most"),
    [
        ("a day is over at midnight", PollHints(skip_days=(1,)), DAY, DAY + HOUR),
        ("a second day is not waited for", PollHints(skip_days=(1, 2, 3, 4, 5, 6)), DAY, DAY + 2 * HOUR),
        (
            "… but its hours are",
            PollHints(skip_hours=(0, 1, 2, 3, 4), skip_days=(1, 2, 3, 4, 5, 6)),
            DAY + 5 * HOUR,
            DAY + 6 * HOUR,
        ),
        ("every day: asked once a day", PollHints(skip_days=tuple(range(7))), DAY, DAY * 21 // 20 + 1),
    ],
)
def test_P21_a_day_is_enough(name: str, hints: PollHints, least: int, most: int) -> None:
    tuesday = 1_790_035_200  # at 0:00
    assert least <= after(hints, at=tuesday).next_poll - tuesday <= most, name


def test_rhythm_fits_the_history() -> None:
    busy = tuple(NOW - n * 600 for n in range(30))
    daily = tuple(NOW - n * DAY for n in range(30))
    dead = tuple(NOW - 900 * DAY - n * DAY for n in range(30))
    burst = tuple(NOW - 5 * DAY - n * 60 for n in range(10)) + tuple(NOW - n * DAY for n in range(6, 26))
    assert schedule.interval(busy, PACE, NOW)[0] == 300
    assert 6 * HOUR <= schedule.interval(daily, PACE, NOW)[0] <= DAY
    assert schedule.interval(dead, PACE, NOW)[0] == DAY
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
    bare = schedule.after_failure(NOW, PACE, 1, Failure("rate-limited", "x"), "s")
    assert NOW + 1800 <= bare.not_before <= bare.next_poll, "a 429 without Retry-After holds too"


def test_P10_a_server_in_trouble_is_not_asked_more_often_than_a_healthy_one() -> None:
    daily = tuple(NOW - n * DAY for n in range(30))
    usual = schedule.interval(daily, PACE, NOW)[0]
    for kind, least in (("timeout", usual), ("status", usual), ("unavailable", usual), ("dns", usual // 4)):
        assert (
            schedule.after_failure(NOW, PACE, 1, Failure(kind, "x"), "s", daily).next_poll >= NOW + least
        ), kind


def test_P14_gone_is_looked_at_once_a_week() -> None:
    plan = schedule.after_failure(NOW, PACE, 1, Failure("gone", "410"), "s")
    memory = SourceState(polled=NOW, next_poll=plan.next_poll, not_before=plan.not_before)
    assert not schedule.is_due(memory, NOW + 6 * DAY, PACE, forced=True) and schedule.is_due(
        memory, NOW + 8 * DAY, PACE
    )


@pytest.mark.parametrize(
    ("name", "memory", "now", "forced", "wanted"),
    [
        ("never polled", SourceState(), NOW, False, True),
        ("not yet", SourceState(polled=NOW - 400, next_poll=NOW + 5), NOW, False, False),
        ("forced", SourceState(polled=NOW - 400, next_poll=NOW + 5), NOW, True, True),
        (
            "P7 the floor holds for forced ones at the server's word",
            SourceState(polled=NOW - 400, next_poll=NOW, not_before=NOW + 60),
            NOW,
            True,
            False,
        ),
        (
            "P7 two polls are the floor apart",
            SourceState(polled=NOW - 100, next_poll=NOW - 50),
            NOW,
            False,
            False,
        ),
        (
            "R13 the clock went back, Retry-After holds",
            SourceState(polled=NOW, next_poll=NOW + 7200, not_before=NOW + 7200),
            NOW - 3600,
            True,
            False,
        ),
        (
            "R13 the clock went back a year, Retry-After does not hold",
            SourceState(polled=NOW, next_poll=NOW + 7200, not_before=NOW + 7200),
            NOW - 365 * DAY,
            True,
            True,
        ),
        (
            "R13 the clock went back an hour",
            SourceState(polled=NOW, next_poll=NOW + 1800),
            NOW - 3600,
            False,
            False,
        ),
        (
            "R13 the clock went back a year",
            SourceState(polled=NOW, next_poll=NOW + 1800),
            NOW - 365 * DAY,
            False,
            True,
        ),
        (
            "R13 planned a year ahead by a wrong clock",
            SourceState(polled=NOW - 20 * DAY, next_poll=NOW + 365 * DAY, not_before=NOW + 365 * DAY),
            NOW,
            False,
            True,
        ),
    ],
)
def test_P7_R13_when_a_source_is_due(
    name: str, memory: SourceState, now: int, forced: bool, wanted: bool
) -> None:
    assert schedule.is_due(memory, now, PACE, forced) == wanted, name


def test_P15_P16_moves() -> None:
    old, new = "http://a.example/feed", "http://b.example/feed"
    moved: Redirect | None = None
    for day in range(3):
        assert moved is None or not moved.adopted, "twice, a day apart, may be a mistake"
        moved = schedule.observe_move(moved, new, NOW + day * DAY, old, old)
    assert moved is not None and moved.adopted
    assert schedule.observe_move(
        Redirect(new, NOW, 2), "http://c.example/", NOW + 5 * DAY, old, old
    ) == Redirect("http://c.example/", NOW + 5 * DAY, 1), "it changes each time"
    assert schedule.observe_move(Redirect(new, NOW, 2), None, NOW, old, old) is None
    quick = schedule.observe_move(
        schedule.observe_move(schedule.observe_move(None, new, NOW, old, old), new, NOW + 1, old, old),
        new,
        NOW + 2,
        old,
        old,
    )
    assert quick is not None and not quick.adopted, "three polls within a minute are one"
    safer = schedule.observe_move(None, "https://a.example/feed", NOW, old, old)
    assert safer is not None and safer.adopted


def test_P11_P12_hosts() -> None:
    hosts = schedule.Hosts[str](1, 1.0)
    for name in ("a1", "a2", "a3", "b1"):
        hosts.add(name, name[0])
    assert sorted(hosts.ready(0.0, 10)) == ["a1", "b1"]
    assert hosts.ready(5.0, 10) == [], "one in flight a host"
    hosts.finished("a", 5.0)
    assert hosts.ready(5.5, 10) == [] and hosts.ready(6.0, 10) == ["a2"], "a gap between two"
    assert hosts.withdraw(lambda name: name[0] == "a") == ["a3"], "after a 429"
    hosts.finished("a", 7.0)
    hosts.finished("b", 7.0)
    assert not hosts.waiting


def test_P13_P22_R14_a_simulated_fortnight_of_5000_feeds() -> None:
    """Every poll of it: no minute above three times the mean, from the first on; none before its time; every feed as often as its rhythm asks.

    As real lists are (the gaps between posts are the twentieths of what 520 public feeds show): some busy feeds, many slow ones;
    servers with max-age, feeds with ttl and skipHours; and an outage of six hours in which all polls fail.
    """
    rhythms = [
        HOUR // 6,
        2 * HOUR // 3,
        HOUR,
        HOUR,
        2 * HOUR,
        5 * HOUR,
        19 * HOUR,
        30 * HOUR,
        *[3 * DAY] * 6,
        *[7 * DAY] * 6,
    ]
    asked = [
        PollHints(),
        PollHints(fresh=3600),
        PollHints(fresh=900),
        PollHints(ttl=7200),
        PollHints(skip_hours=(0, 1, 2, 3, 4, 5)),
    ]
    down = range(NOW + 5 * DAY, NOW + 5 * DAY + 6 * HOUR)
    heap = [(schedule.first_poll(f"s{number}", NOW, PACE, 5000), number) for number in range(5000)]
    heapq.heapify(heap)
    memories, minutes, polls = [SourceState()] * 5000, Counter[int](), Counter[int]()
    while heap[0][0] < NOW + 14 * DAY:
        at, number = heapq.heappop(heap)
        memory, rhythm, hints, salt = (
            memories[number],
            rhythms[number % 20],
            asked[number // 20 % 5],
            f"s{number}",
        )
        newest = at - (at + number * 997) % rhythm  # not all at midnight
        posts = tuple(newest - n * rhythm for n in range(6))
        if memory.polled is not None:
            assert at >= max(memory.polled + PACE.min_interval, memory.not_before) and schedule.is_due(
                memory, at, PACE
            )
            assert not schedule.is_due(memory, memory.next_poll - 1, PACE)
        minutes[at // 60] += 1
        polls[number] += 1
        if at in down:
            plan = schedule.after_failure(
                at, PACE, memory.failures + 1, Failure("dns", "no network"), salt, posts
            )
            memories[number] = SourceState(
                polled=at, next_poll=plan.next_poll, not_before=plan.not_before, failures=memory.failures + 1
            )
        else:
            plan = schedule.after_success(at, PACE, posts, hints, salt, first=memory.polled is None)
            memories[number] = SourceState(polled=at, next_poll=plan.next_poll, not_before=plan.not_before)
        heapq.heappush(heap, (plan.next_poll, number))
    mean = polls.total() / (14 * 1440)
    assert max(minutes.values()) <= 3 * mean, (max(minutes.values()), mean)
    assert min(polls.values()) >= 13, "every one is polled about once a day at least"
