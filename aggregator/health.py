"""How a source is, as a state, and what to do about it, in words."""

from __future__ import annotations

from itertools import pairwise

from aggregator import urls
from aggregator.model import SourceState, State, StateChange
from aggregator.states import BY_NAME
from aggregator.text.phrases import span

PATIENCE = 3  # failures in a row before a source counts as failing: a single one is weather
SILENCE = 14 * 86_400  # seconds; no source is called silent before that
MANY_GAPS = 8  # … nor before so many of its own usual long gaps

_AT_ONCE = frozenset({"missing", "unreadable", "not-a-feed", "not-utf-8", "forbidden-address"})
# … but for these where a server had it before: some say so for one request and not for the next.
_SOMETIMES = frozenset({"missing", "not-a-feed", "blocked", "unauthorized"})


def _may_pass(memory: SourceState) -> bool:
    return memory.hints.answered_at is not None and memory.failures < PATIENCE


def _failed(memory: SourceState, kind: str) -> State:
    if kind == "gone":
        return "gone"
    is_weather = kind in _SOMETIMES and _may_pass(memory)
    if kind in ("blocked", "unauthorized") and not is_weather:
        return "blocked"
    if kind in ("rate-limited", "unavailable") and memory.failures < PATIENCE:
        return "slow"
    if memory.failures >= PATIENCE or memory.succeeded is None or (kind in _AT_ONCE and not is_weather):
        return "failing"
    return memory.state if memory.state in ("ok", "moved", "silent", "slow") else "failing"


def state(memory: SourceState, now: int) -> State:
    """From what a poll left behind."""
    if memory.polled is None:
        return "new"
    if memory.failure is not None:
        return _failed(memory, memory.failure.kind)
    if memory.moved is not None and memory.moved.asked is not None:
        return "moved"
    return "silent" if silent(memory, now) else "ok"


def silent(memory: SourceState, now: int) -> bool:
    """Nothing new for much longer than this feed's own long gaps (the 90th percentile of them)."""
    posts = sorted((post for post in memory.posts if post <= now), reverse=True)
    if len(posts) < 4:
        return False
    gaps = sorted(a - b for a, b in pairwise(posts))
    usual = gaps[min(len(gaps) - 1, len(gaps) * 9 // 10)]
    return now - posts[0] > max(SILENCE, MANY_GAPS * usual)


def notice(
    source: str, title: str, before: SourceState, after: SourceState, at: int, remote: bool = True
) -> StateChange | None:
    """What to tell about a change of state; None where nothing changed, or a new source just works. `remote`:
    a server is asked for it.
    """
    old, new = before.state, after.state
    if old == new or (old == "new" and new in ("ok", "moved")):
        return None
    return StateChange(source, title, at, old, new, words(after, at, remote))


def words(memory: SourceState, at: int, remote: bool = True) -> str:
    """One or two sentences: what is, since when, what to do."""
    failure, condition = memory.failure, BY_NAME[memory.state]
    advice = condition.advice if remote else condition.here or condition.advice
    if memory.state in ("failing", "blocked", "gone", "slow") and failure is not None:
        seconds = at - memory.failing_since if memory.failing_since else 0
        since = f" It has failed for {span(seconds)}." if seconds > 3600 else ""
        return f"{failure.detail[:1].upper()}{failure.detail[1:]}.{since} {advice}"
    if memory.state == "moved" and memory.moved is not None and memory.moved.asked is not None:
        return f"It moved to {urls.redact(memory.moved.asked)}. {advice}"
    if memory.state == "silent":
        return f"Nothing new for {span(at - max(memory.posts))}. {advice}"
    return advice
