"""One source, polled: `fetch`, then `parse`, then `schedule`, as one value in, one value out.

Gets all that it needs in the `Task`, opens no database, keeps no state, never raises: so it runs unchanged on
any executor.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePath

from aggregator import fetch, headers, health, schedule, urls
from aggregator.model import (
    Entry,
    Failure,
    Feed,
    Fetched,
    Limits,
    Memory,
    Pace,
    Parsed,
    Polled,
    Request,
    Source,
    Task,
)
from aggregator.parse import parse as parse_here

Parser = Callable[[Source, Fetched, Limits], Parsed]
MAX_POSTS = 64


def poll(task: Task, parse: Parser = parse_here) -> Polled:
    """Never raises; `failure` says what went wrong. `memory` is complete but for what only the store knows,
    see `settle`.
    """
    try:
        return _local(task, parse) if task.source.path is not None else _remote(task, parse)
    except Exception as error:  # the last line of defence: one source never hurts another (B7)
        at = max(task.memory.polled or 0, task.memory.next_poll)
        return _failed(
            task, Fetched("", at), Failure("internal", f"{type(error).__name__}: {str(error)[:200]}")
        )


def address(source: Source, memory: Memory) -> str | None:
    """Where a source is polled: at its configured URL, or where it has moved to for good."""
    return memory.moved.url if memory.moved is not None and memory.moved.adopted else source.url


def _remote(task: Task, parse: Parser) -> Polled:
    source, memory = task.source, task.memory
    asked = address(source, memory)
    assert source.url is not None and asked is not None
    # Credentials belong to the configured origin, wherever the feed says that it has moved to (S6).
    secrets = source.headers if urls.origin(asked) == urls.origin(source.url) else ()
    with fetch.room():
        fetched = fetch.get(
            Request(asked, memory.etag, memory.last_modified, secrets, memory.hints.answered_at), task.limits
        )
        if fetched.failure is not None:
            if asked != source.url and fetched.failure.kind in (
                "missing",
                "gone",
                "dns",
                "redirect",
                "forbidden-address",
            ):
                # the new address died: the configured one gets another chance
                memory = replace(memory, moved=None)
            return _failed(replace(task, memory=memory), fetched, fetched.failure)
        digest = None if fetched.body is None else hashlib.sha256(fetched.body).hexdigest()
        if digest is None or digest == memory.body_hash:
            return _unchanged(task, fetched, asked)
        parsed = parse(source, fetched, task.limits)
    if parsed.failure is not None:
        # Without validators the next poll gets the whole body again, even if the server thinks that we have
        # it (P6).
        void = replace(memory, etag=None, last_modified=None, body_hash=None)
        return _failed(replace(task, memory=void), fetched, parsed.failure, parsed)
    return _succeeded(task, fetched, parsed, digest, asked)


def _learned(memory: Memory, fetched: Fetched, asked: str) -> Memory:
    """What the header says: the newest validators, byte for byte, none made up (P1–P5), how long the answer
    is fresh, where the feed moves to.

    A 304 leaves standing what it does not mention.
    """
    named = dict(fetched.headers)
    etag, modified, fresh = (
        headers.validator(named.get("etag")),
        headers.validator(named.get("last-modified")),
        headers.freshness(named, fetched.at),
    )
    if fetched.status == 304:
        etag, modified = etag or memory.etag, modified or memory.last_modified
        fresh = memory.hints.fresh if fresh is None else fresh
    moved = schedule.observe_move(memory.moved, fetched.permanent, fetched.at, asked)
    return replace(
        memory,
        etag=etag,
        last_modified=modified,
        moved=moved,
        hints=replace(memory.hints, fresh=fresh, answered_at=fetched.url),
    )


def _unchanged(task: Task, fetched: Fetched, asked: str) -> Polled:
    after = _well(task, fetched, _learned(task.memory, fetched, asked))
    return Polled(task.source.id, fetched.at, after, url=fetched.url, status=fetched.status, not_modified=True, wire_bytes=fetched.wire_bytes,
                  seconds=fetched.seconds, saved_bytes=task.memory.body_bytes if fetched.body is None else 0)  # fmt: skip


def _succeeded(task: Task, fetched: Fetched, parsed: Parsed, digest: str, asked: str) -> Polled:
    known = replace(
        task.memory,
        body_hash=digest,
        body_bytes=fetched.wire_bytes,
        hints=parsed.feed.hints,
        posts=_posts(task.memory.posts, parsed.entries),
    )
    after = _well(task, fetched, _learned(known, fetched, asked))
    saved = max(0, len(fetched.body or b"") - fetched.wire_bytes)
    return Polled(task.source.id, fetched.at, after, parsed.feed, parsed.entries, fetched.url, fetched.status, wire_bytes=fetched.wire_bytes, saved_bytes=saved,
                  seconds=fetched.seconds, warnings=parsed.warnings)  # fmt: skip


def _posts(before: Sequence[int], entries: Sequence[Entry]) -> tuple[int, ...]:
    found = {entry.published for entry in entries if entry.published is not None}
    return tuple(sorted(found | set(before), reverse=True)[:MAX_POSTS])


def _well(task: Task, fetched: Fetched, memory: Memory) -> Memory:
    hold = headers.quota(dict(fetched.headers), fetched.at, unsaid="1")
    plan = schedule.after_success(
        fetched.at, task.pace, memory.posts, memory.hints, task.source.id, task.memory.polled is None, hold
    )
    after = replace(memory, polled=fetched.at, succeeded=fetched.at, failures=0, failing_since=None, failure=None,
                    next_poll=plan.next_poll, not_before=plan.not_before, why=plan.why)  # fmt: skip
    return _in_state(after, fetched.at)


def _failed(task: Task, fetched: Fetched, failure: Failure, parsed: Parsed | None = None) -> Polled:
    """`parsed`: what was read all the same, before (and beside) what failed."""
    memory, at = task.memory, fetched.at
    failures = memory.failures + 1
    plan = schedule.after_failure(at, task.pace, failures, failure, task.source.id, memory.posts)
    after = replace(memory, polled=at, failures=failures, failing_since=memory.failing_since or at, failure=failure,
                    next_poll=plan.next_poll, not_before=plan.not_before, why=plan.why)  # fmt: skip
    return Polled(
        task.source.id,
        at,
        _in_state(after, at),
        parsed.feed if parsed and parsed.entries else None,
        parsed.entries if parsed else (),
        url=fetched.url,
        status=fetched.status,
        wire_bytes=fetched.wire_bytes,
        seconds=fetched.seconds,
        failure=failure,
        warnings=parsed.warnings if parsed else (),
    )


def spoiled(task: Task, polled: Polled, error: Exception) -> Polled:
    """What was polled well and could not be stored: a failure of this source, without validators, so that it
    is tried whole again.
    """
    failure = Failure("internal", f"what it says can't be stored: {type(error).__name__}: {str(error)[:200]}")
    fetched = Fetched(
        polled.url, polled.at, polled.status, wire_bytes=polled.wire_bytes, seconds=polled.seconds
    )
    return _failed(
        replace(task, memory=replace(task.memory, etag=None, last_modified=None)), fetched, failure
    )


def _in_state(memory: Memory, at: int) -> Memory:
    state = health.state(memory, at)
    return memory if state == memory.state else replace(memory, state=state, state_since=at)


def settle(memory: Memory, new_entries: int, dated: bool = True) -> Memory:
    """What the store adds: whether the poll brought anything new. Where entries have no dates, that is when
    something was posted.
    """
    if not new_entries:
        return memory
    posts = memory.posts if dated or memory.polled is None else (memory.polled, *memory.posts)[:MAX_POSTS]
    return replace(memory, last_new=memory.polled, posts=posts)


def put_off(task: Task, cause: Polled) -> Memory:
    """The host answered 429 to another of its feeds: this one waits as long (P11)."""
    wait = cause.memory.not_before
    return replace(task.memory, next_poll=max(task.memory.next_poll, wait), not_before=max(task.memory.not_before, wait),
                   why=f"its host asked for fewer requests (429, at {cause.source})")  # fmt: skip


def _local(task: Task, parse: Parser) -> Polled:
    """Several files may match one pattern; a bad one is named, the others are read."""
    source = task.source
    assert source.path is not None
    found = fetch.read(source.path, task.limits)
    at = found[0].at if found else (task.memory.polled or 0)
    bad = [one.failure for one in found if one.failure is not None]
    good = [one for one in found if one.failure is None]
    if not good:
        return _failed(
            task,
            Fetched("", at),
            bad[0] if bad else Failure("missing", f"{source.path}: only folders there, no files"),
        )
    total = hashlib.sha256()
    for one in good:
        total.update(hashlib.sha256(one.url.encode() + b"\n" + (one.body or b"")).digest())
    digest = total.hexdigest()
    if digest == task.memory.body_hash and task.memory.failure is None:
        return Polled(source.id, at, _local_memory(task, at, digest), not_modified=True, warnings=tuple(bad))
    return _read(task, parse, good, bad, at, digest)


def _read(
    task: Task, parse: Parser, good: Sequence[Fetched], bad: list[Failure], at: int, digest: str
) -> Polled:
    feed, entries, unfinished = None, dict[str, Entry](), list[Failure]()
    for file in good:
        parsed = parse(task.source, file, task.limits)
        if parsed.failure is not None:
            failure = _of_file(parsed.failure, file)
            (unfinished if parsed.reached else bad).append(failure)
        bad += [_of_file(warning, file) for warning in parsed.warnings]
        if parsed.failure is None or parsed.entries:
            feed = feed or parsed.feed
            _add(entries, parsed.entries)
    if feed is not None and len(good) > 1:
        feed = replace(feed, title="")
    if unfinished or feed is None:
        # without its hash: what could not be read to the end is read again
        again = replace(task, memory=replace(task.memory, body_hash=None))
        came = Parsed(feed or Feed(), tuple(entries.values()), warnings=(*unfinished[1:], *bad))
        return _failed(
            again, Fetched("", at), unfinished[0] if unfinished else bad[0], came if feed else None
        )
    return Polled(
        task.source.id,
        at,
        _local_memory(task, at, digest),
        feed,
        tuple(entries.values()),
        warnings=tuple(bad),
    )


def _of_file(trouble: Failure, file: Fetched) -> Failure:
    name = PurePath(file.url).name
    return (
        trouble if trouble.detail.startswith(name) else replace(trouble, detail=f"{name}: {trouble.detail}")
    )


def _add(entries: dict[str, Entry], more: Sequence[Entry]) -> None:
    for entry in more:
        first = entries.setdefault(entry.key, entry)
        if first.title != entry.title and (entry.link_key is None or first.link_key != entry.link_key):
            # a guid that two files give to two things
            key = f"{entry.key}\n{entry.link_key}\n{entry.title}"
            entries.setdefault(key, replace(entry, key=key, guid=None))


def _local_memory(task: Task, at: int, digest: str) -> Memory:
    wait: Pace = task.pace
    # Without posts: a file has no rhythm of its own, and is never called silent.
    after = replace(task.memory, polled=at, succeeded=at, failures=0, failing_since=None, failure=None, posts=(), body_hash=digest,
                    next_poll=at + wait.least, not_before=0, why="a local file: looked at in each cycle")  # fmt: skip
    return _in_state(after, at)
