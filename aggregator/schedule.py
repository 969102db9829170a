"""When to knock again, and why then. Pure: times come in as values; jitter comes from hashes, so that every
run decides alike.

In: a source's memory, what it was told, the time. Out: the next time, and the reason in words. Start reading
at `after_success`; `Hosts` says who may be asked now.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from aggregator.model import Failure, Pace, PollHints, Redirect, SourceState
from aggregator.records import dataclass, replace
from aggregator.text.phrases import span

SERVER_CAP = 86_400  # seconds; a server's freshness or Retry-After beyond a day is not believed (P8)
GONE_PAUSE = 7 * 86_400  # a 410 is confirmed once a week at most (P14)
BACKOFF_CAP = 86_400
FIRST_POLLS = 40  # a minute, of sources that are new together
# a permanent redirect is adopted after so many parsed polls over so long (P15)
MOVE_SIGHTINGS, MOVE_SECONDS = 3, 86_400
REMEMBERED = 1000  # hosts, before those without business are forgotten

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plan:
    """`next_poll` ≥ `not_before`; `not_before` is what holds for forced polls too: Retry-After, a 429, a
    used-up quota, a 410.
    """

    next_poll: int
    not_before: int
    why: str


def after_success(
    at: int,
    pace: Pace,
    posts: Sequence[int],
    hints: PollHints,
    salt: str,
    first: bool = False,
    hold: int | None = None,
) -> Plan:
    """After a poll that ended well at `at`. `posts`: publication times of the newest entries, newest first.
    `hold`: the quota is used up for so long.

    After the `first` poll the next one falls anywhere in the interval, so that sources that were added
    together do not stay together.
    """
    asked, who = _asked(hints)
    hold = min(hold or 0, SERVER_CAP)
    wished, why = interval(posts, pace, at)
    floor = max(asked, hold, pace.min_interval)
    least, most = (_first_gap if first else _gap)(wished, floor, pace.max_interval)
    planned = at + least + _jitter(salt, at, most - least)
    earliest = _not_skipped(planned, hints, salt)
    if asked > wished:
        why += f"; {who} asks for ≥ {span(asked)}"
    if hold > wished:
        why += f"; the server's quota is used up for {span(hold)}"
    if earliest > planned:
        why += "; its skipHours or skipDays hold until then"
    return Plan(earliest, at + hold if hold else 0, why)


def _gap(wished: int, floor: int, limit: int) -> tuple[int, int]:
    """(seconds at least, at most). `limit`: `max_interval`, which is passed only where `floor` leaves no
    room.
    """
    gap = max(wished, floor)
    spread = gap // 20
    least = max(floor, min(gap, limit - spread))
    return least, least + spread


def _first_gap(wished: int, floor: int, limit: int) -> tuple[int, int]:
    """As `_gap`."""
    gap = max(wished, floor)
    return floor, max(gap, min(floor + gap // 4, limit), floor + gap // 20)


def after_failure(
    at: int, pace: Pace, failures: int, failure: Failure, salt: str, posts: Sequence[int] = ()
) -> Plan:
    """After the `failures`-th failure in a row: doubling gaps with jitter, never less than the server's
    Retry-After (P9, P10).

    They start from the source's own interval: a server in trouble is not asked more often than a healthy one.
    Where none was reached the trouble may be ours and short, so that it is tried again sooner.
    """
    if failure.kind == "gone":
        return Plan(at + GONE_PAUSE, at + GONE_PAUSE, "gone for good (410); looked at once a week")
    wait = min(failure.retry_after or 0, SERVER_CAP)
    usual = interval(posts, pace, at)[0] // (4 if failure.kind in ("dns", "connect") else 1)
    back = _backoff(failures, usual, pace)
    gap = max(back, wait) + _jitter(salt, failures, back // 4)
    why = f"{in_a_row(failures, failure)}; tried again after {span(back)}"
    if wait > back:
        why += f"; the server asks to stay away for {span(wait)}"
    hold = wait or (back if failure.kind == "rate-limited" else 0)
    return Plan(at + gap, at + hold if hold else 0, why)


def in_a_row(failures: int, failure: Failure) -> str:
    times = "1 time" if failures == 1 else f"{failures} times"
    return f"failed {times} in a row ({failure.kind})"


def _backoff(failures: int, usual: int, pace: Pace) -> int:
    doubled = max(pace.interval, usual) << min(failures - 1, 10)
    return max(pace.min_interval, min(BACKOFF_CAP, max(pace.max_interval, pace.interval), doubled))


def _usual_gap(newest_first: Sequence[int]) -> int:
    gaps = sorted(a - b for a, b in itertools.pairwise(newest_first))
    return max(gaps[len(gaps) // 2], (newest_first[0] - newest_first[-1]) // (2 * len(gaps)))


def interval(posts: Sequence[int], pace: Pace, at: int) -> tuple[int, str]:
    """(seconds, why): half the usual gap between posts, between `min_interval` and `max_interval`; the wished
    interval while there is no history.
    """
    known = sorted({post for post in posts if post <= at}, reverse=True)[:32]
    if len(known) < 4:
        why = f"wished every {span(pace.interval)}; too few posts to know its rhythm"
        return _within(pace.interval, pace), why
    usual, words = _rhythm(known, at)
    # The rhythm moves the wish, but not beyond all recognition.
    return _within(max(min(usual // 2, 48 * pace.interval), pace.interval // 6), pace), words


def _rhythm(newest_first: Sequence[int], at: int) -> tuple[int, str]:
    """The usual gap, in seconds and in words: the median of the last gaps, which a burst does not shorten
    much; a silence that is longer than usual lengthens it.
    """
    usual, silence = _usual_gap(newest_first), at - newest_first[0]
    words = f"posts every {span(usual)}"
    if silence <= 4 * max(usual, 3600):
        return usual, words
    return silence // 2, f"{words}, silent for {span(silence)}"


def _within(seconds: int, pace: Pace) -> int:
    return max(pace.min_interval, min(pace.max_interval, seconds))


def _asked(hints: PollHints) -> tuple[int, str]:
    """The longest of what the server and the feed ask for, in seconds, and who asks. Nobody is believed
    beyond a day.
    """
    never = SERVER_CAP if _skips_all(hints) else 0  # who skips everything is still asked once a day (P21)
    wishes = [
        (hints.fresh or 0, "the server"),
        (hints.ttl or 0, "the feed's ttl"),
        (hints.update_period or 0, "the feed's sy:updatePeriod"),
        (never, "skipping all hours or days"),
    ]
    seconds, who = max(wishes, key=lambda wish: wish[0])
    return min(seconds, SERVER_CAP), who


def _skips_all(hints: PollHints) -> bool:
    return len(hints.skip_hours) >= 24 or len(hints.skip_days) >= 7


def _not_skipped(at: int, hints: PollHints, salt: str) -> int:
    """`at`, or the first hour after it that is not skipped (P21): not at its first second, where all would
    come that skip the same ones.
    """
    if _skips_all(hints) or not _is_skipped(at, hints):
        return at
    later = at
    while _is_skipped(later, hints):
        later = (later // 3600 + 1) * 3600
        is_a_day_off = later - at >= 86_400
        if is_a_day_off and later // 3600 % 24 not in hints.skip_hours:
            break  # a day is enough, whatever the day
    return later + _jitter(salt, later, 3599)


def _is_skipped(at: int, hints: PollHints) -> bool:
    hour, day = at // 3600 % 24, (at // 86_400 + 3) % 7  # 1970-01-01 was a Thursday
    return hour in hints.skip_hours or day in hints.skip_days


def _jitter(salt: str, step: int, most: int) -> int:
    """0 … `most` seconds, always the same for the same source and step; it only ever lengthens (P22)."""
    if most <= 0:
        return 0
    return int.from_bytes(hashlib.blake2b(f"{salt}\n{step}".encode(), digest_size=8).digest()) % (most + 1)


def is_due(memory: SourceState, now: int, pace: Pace, forced: bool = False, local: bool = False) -> bool:
    """Whether to poll now. A clock that jumped back must not lock a source out, one that jumped ahead not
    poll early (R13).
    """
    if local:
        return True
    if is_held(memory, now):
        return False
    if memory.polled is None:
        far_ahead = now + max(pace.interval, 2 * SERVER_CAP)
        return forced or not now < memory.next_poll <= far_ahead
    # polled in the future: the clock went back; what was planned then means nothing now
    if memory.polled > now + 60:
        return forced or memory.polled - now > max(pace.max_interval, SERVER_CAP)
    earliest = max(memory.polled + pace.min_interval, memory.next_poll)
    latest = memory.polled + max(pace.max_interval, GONE_PAUSE) + SERVER_CAP
    return forced or now >= min(earliest, latest)


def is_held(memory: SourceState, now: int) -> bool:
    """Whether somebody asked us to stay away for now. What lies further ahead than anybody can ask for was
    planned by a wrong clock (R13).
    """
    return (
        now < memory.not_before <= now + GONE_PAUSE + SERVER_CAP
        and now < (memory.polled or now) + GONE_PAUSE + SERVER_CAP
    )


def first_poll(salt: str, now: int, pace: Pace, many: int) -> int:
    """When one of `many` new sources is polled first: spread by their ids over the interval (P13).

    Over longer where they are so many that this would be a burst: lists of 5,000 public feeds settle at about
    50 polls a minute (P22).
    """
    return now + _jitter(salt, 0, max(pace.interval, 60 * many // FIRST_POLLS))


def observe_move(
    moved: Redirect | None, permanent: str | None, at: int, asked: str, configured: str
) -> Redirect | None:
    """After a parsed poll: what we now think of a permanent redirect. https for http of the same address is
    believed at once (P15, P16). `asked`: the configured address, or the one that was adopted.
    """
    if permanent == configured or (permanent is None and asked == configured):
        return None
    before = None if asked == configured else asked
    if permanent is None:
        return _arrived(moved, asked)
    if _only_safer(asked, permanent):
        return Redirect(permanent, at, 1, adopted=True)
    if moved is None or moved.url != permanent:
        return Redirect(permanent, at, 1, before=before)
    return _seen_again(moved, at, before)


def _arrived(moved: Redirect | None, asked: str) -> Redirect | None:
    """The adopted address redirects no more: what it redirected to before is forgotten."""
    if moved is None or moved.adopted:
        return moved
    return replace(moved, url=asked, adopted=True, before=None)


def _seen_again(moved: Redirect, at: int, before: str | None) -> Redirect:
    """The same redirect once more; believed once it was seen often enough, for long enough."""
    sightings = moved.sightings + 1
    is_believed = sightings >= MOVE_SIGHTINGS and at - moved.first_seen >= MOVE_SECONDS
    adopted = moved.adopted or is_believed
    return Redirect(moved.url, moved.first_seen, sightings, adopted, None if adopted else before)


def doubt(moved: Redirect | None) -> Redirect | None:
    """Where a feed that moved fails, the configured address is asked, and so on in turn: the owner may have
    gone back, or the new address be down for a while only, and the old one be no more.
    """
    if moved is None or not (moved.adopted or moved.before):
        return moved
    return replace(moved, doubted=not moved.doubted)


def _only_safer(old: str, new: str) -> bool:
    try:
        a, b = urlsplit(old), urlsplit(new)
        ports = a.port in (None, 80) and b.port in (None, 443)
    except ValueError:
        return False
    return (
        a.scheme == "http"
        and b.scheme == "https"
        and ports
        and (a.hostname, a.path or "/", a.query) == (b.hostname, b.path or "/", b.query)
    )


class Hosts(Generic[T]):
    """Whose turn it is: at most `per_host` requests in flight to a host, and `gap` seconds between two (P12),
    redirects included. A plain state machine; the one place for politeness.

    Times are monotonic seconds that the caller gives. What has no host (a local file) is always ready. Who
    was asked when is remembered for as long as this lasts, or `free_at`, which several may share: each then
    keeps the gap after what the others asked.
    """

    def __init__(self, per_host: int, gap: float, free_at: dict[str, float] | None = None) -> None:
        self._per_host, self._gap = per_host, gap
        self._queues: dict[str, deque[T]] = {}
        self._flying: dict[str, int] = {}
        self._free_at = {} if free_at is None else free_at  # when a host may be asked next
        # (not before, order, host): a heap with each host once that has something waiting, and room for it
        self._ready: list[tuple[float, int, str]] = []
        self._waiting: set[str] = set()  # the hosts of that heap
        self._free: deque[T] = deque()
        self._order = 0

    def limit(self, per_host: int, gap: float) -> None:
        """From now on."""
        self._per_host, self._gap = per_host, gap

    def add(self, one: T, host: str | None, first: bool = False) -> None:
        """To be started in its host's turn: after all others of that host, or before them."""
        if host is None:
            self._free.append(one)
            return
        queue = self._queues.setdefault(host, deque())
        if first:
            queue.appendleft(one)
        else:
            queue.append(one)
        self._queue(host)

    @property
    def waiting(self) -> bool:
        return bool(self._free or self._ready)

    @property
    def next_at(self) -> float:
        """When the next one may start; infinity if that depends on one in flight."""
        return 0.0 if self._free else self._ready[0][0] if self._ready else float("inf")

    def ready(self, now: float, room: int) -> list[T]:
        """Up to `room` to start now; they count as in flight from here on."""
        found: list[T] = []
        while room > len(found) and self._free:
            found.append(self._free.popleft())
        while room > len(found) and self._ready and self._ready[0][0] <= now:
            _, _, host = heapq.heappop(self._ready)
            if self._free_at.get(host, 0.0) <= now:
                found.append(self._taken(host, now))
            else:  # somebody else has asked it meanwhile
                self._waiting.discard(host)
                self._queue(host)
        return found

    def _taken(self, host: str, now: float) -> T:
        self._waiting.discard(host)
        first = self._queues[host].popleft()
        self._flying[host] = self._flying.get(host, 0) + 1
        self._not_before(host, now + self._gap)
        self._queue(host)
        return first

    def along(self, host: str | None, most: int) -> list[T]:
        """Others of a host of which one was just started, that go the same way: together they are one in
        flight.
        """
        queue = self._queues.get(host) if host is not None else None
        found = [queue.popleft() for _ in range(min(most, len(queue)))] if queue else []
        if found and not queue:
            self._drop_idle()
        return found

    def finished(self, host: str | None, now: float) -> None:
        """One of this host ended; the next one may start after the gap."""
        if host is None or not self._flying.get(host):  # or all were withdrawn meanwhile
            return
        self._flying[host] -= 1
        self._not_before(host, now + self._gap)
        self._queue(host)
        if len(self._free_at) > REMEMBERED:
            self._forget(now)

    def hold(self, host: str, until: float) -> None:
        """Nothing of this host starts before `until`."""
        self._not_before(host, until)
        self._ready = [(max(at, until) if one == host else at, order, one) for at, order, one in self._ready]
        heapq.heapify(self._ready)

    def withdraw(self, unwanted: Callable[[T], bool]) -> list[T]:
        """Take these out of the queues: after a 429 what its host still had is put off (P11)."""
        found: list[T] = []
        for queue in self._queues.values():
            found += [one for one in queue if unwanted(one)]
            kept = [one for one in queue if not unwanted(one)]
            queue.clear()
            queue.extend(kept)
        self._drop_idle()
        return found

    def clear(self) -> None:
        """Nobody waits any more, nothing is in flight."""
        self._free.clear()
        self._queues.clear()
        self._flying.clear()
        self._drop_idle()

    def _queue(self, host: str) -> None:
        """Its next one waits for its time, where there is one and no other in the way."""
        if host in self._waiting or not self._queues.get(host):
            return
        if self._flying.get(host, 0) < self._per_host:
            self._order += 1
            self._waiting.add(host)
            heapq.heappush(self._ready, (self._free_at.get(host, 0.0), self._order, host))

    def _not_before(self, host: str, at: float) -> None:
        self._free_at[host] = max(at, self._free_at.get(host, 0.0))

    def _drop_idle(self) -> None:
        self._ready = [one for one in self._ready if self._queues.get(one[2])]
        heapq.heapify(self._ready)
        self._waiting = {host for _, _, host in self._ready}

    def _forget(self, now: float) -> None:
        """Hosts without business."""
        for host in [one for one, at in list(self._free_at.items()) if at <= now]:
            if not self._flying.get(host) and not self._queues.get(host):
                del self._free_at[host]
                self._flying.pop(host, None)
                self._queues.pop(host, None)
