"""One source, polled: `fetch`, then `take`, as one value in, one value out.

`poll(task)` is `take(task, fetch(task))`. What comes by itself, such as a body that a hub pushes, goes
through `take` alone. All that is needed is in the `Task`; no database, no state, nothing raised: so it runs
unchanged on any executor.

Start reading at `step`.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Mapping, Sequence

from aggregator import headers, health, kinds, schedule, urls, websub
from aggregator.fetch import Door, Trail
from aggregator.kinds import Kind
from aggregator.model import (
    Entry,
    Failure,
    Feed,
    FetchResult,
    ItemMarks,
    ParseResult,
    PollHints,
    PollResult,
    SourceState,
    Task,
)
from aggregator.parse import parse as parse_here
from aggregator.records import dataclass, field, replace

# of source, document, limits and reader, and `before` where marks of the last document are known
Parser = Callable[..., ParseResult]
MAX_POSTS = 64
# how an address fails that is no more
_DEAD = frozenset({"missing", "gone", "dns", "redirect", "forbidden-address"})


def poll(task: Task, parse: Parser = parse_here, door: Door | None = None) -> PollResult:
    """Never raises; `failure` says what went wrong. `memory` is complete but for what only the store knows,
    see `with_new_count`. One source by itself: among others, `step` lets each request wait for its turn.
    """
    with contextlib.nullcontext(door) if door else Door() as out, out.room():
        return take(task, fetch(task, out), parse)


def step(
    task: Task, trail: Trail | None, kind: Kind, door: Door, parse: Parser = parse_here
) -> PollResult | Trail:
    """One request of a poll, or all of it where no server is asked. A `Trail`: it was led elsewhere, and goes
    on with that in the turn of the host there. Never raises.
    """
    with door.room():
        fetched = _once(task, trail, kind, door)
        return fetched if isinstance(fetched, Trail) else take(task, fetched, parse, kind)


def fetch(task: Task, door: Door | None = None) -> tuple[FetchResult, ...]:
    """The source's documents now, one or several, redirects followed. Never raises."""
    kind, trail = kinds.of(task.source), None
    with contextlib.nullcontext(door) if door else Door() as out:
        while isinstance(fetched := _once(task, trail, kind, out), Trail):
            trail = fetched
        return fetched


def _once(task: Task, trail: Trail | None, kind: Kind, door: Door) -> tuple[FetchResult, ...] | Trail:
    try:
        fetched = kind.fetch(task, door, trail)
        return fetched if isinstance(fetched, Trail) else tuple(fetched)
    except Exception as error:  # a kind that did not keep its promise
        return (FetchResult("", door.now(), failure=_of_ours(error)),)


def take(
    task: Task, fetched: Sequence[FetchResult], parse: Parser = parse_here, kind: Kind | None = None
) -> PollResult:
    """What these documents make of the source: what `fetch` brought, or what came by itself. Never raises.

    A document that came by itself (pushed, or kept from an earlier time) has status 0: validators and what
    the server said of freshness stay as they were.
    """
    kind = kind or kinds.of(task.source)
    answer = fetched[0] if len(fetched) == 1 else FetchResult("", fetched[0].at if fetched else 0)
    try:
        return _taken(task, kind, answer, fetched, parse)
    except Exception as error:  # the last line of defence: one source never hurts another (B7)
        return _failed(task, answer, _of_ours(error))


def _of_ours(error: Exception) -> Failure:
    return Failure("internal", f"{type(error).__name__}: {str(error)[:200]}")


def _taken(
    task: Task, kind: Kind, answer: FetchResult, fetched: Sequence[FetchResult], parse: Parser
) -> PollResult:
    """`answer`: what stands for all of them: the one document, or none in particular."""
    good = [one for one in fetched if one.failure is None]
    bad = [one.failure for one in fetched if one.failure is not None]
    if not good:
        return _failed(_doubting(task, bad[0]), answer, bad[0])
    digest = _digest(good)
    if digest is None or digest == task.memory.body_hash:
        return _unchanged(task, kind, answer, digest, bad)
    came = _read(task, kind, good, bad, parse)
    if came.failure is not None:
        return _failed(_doubting(_to_read_again(task), came.failure), answer, came.failure, came)
    return _succeeded(task, kind, answer, came, digest)


def _to_read_again(task: Task) -> Task:
    """Without validators the next poll gets the whole body again, even if the server thinks that we have it
    (P6); what could not be read to the end is read again.
    """
    return replace(task, memory=replace(task.memory, etag=None, last_modified=None, body_hash=None))


def _doubting(task: Task, failure: Failure) -> Task:
    """Where the new address of a feed that moved is dead, or fails again and again, the configured one gets
    another chance; where that fails too, the new one does.
    """
    moved, failures = task.memory.moved, task.memory.failures + 1
    if moved is None or not (moved.doubted or failure.kind in _DEAD or failures >= health.PATIENCE):
        return task
    return replace(task, memory=replace(task.memory, moved=schedule.doubt(moved)))


def _digest(documents: Sequence[FetchResult]) -> str | None:
    """Of all that they say; None where a server says that nothing has changed."""
    one = documents[0]
    if len(documents) == 1 and not one.name:
        return None if one.body is None else hashlib.sha256(one.body).hexdigest()
    total = hashlib.sha256()
    for one in documents:
        total.update(hashlib.sha256(one.url.encode() + b"\n" + (one.body or b"")).digest())
    return total.hexdigest()


@dataclass(slots=True)
class _Together:
    """What the documents of a source say, one after the other."""

    others: list[Failure]  # trouble beside what was read: warnings
    unfinished: list[Failure] = field(default_factory=list)  # documents that reached a bound
    feed: Feed | None = None
    entries: dict[str, Entry] = field(default_factory=dict)
    marks: ItemMarks | None = None
    held: tuple[int | None, ...] = ()

    def add(self, parsed: ParseResult, document: FetchResult) -> None:
        if parsed.failure is not None:
            trouble = self.unfinished if parsed.reached else self.others
            trouble.append(_named(parsed.failure, document))
        self.others += [_named(warning, document) for warning in parsed.warnings]
        if parsed.failure is None or parsed.entries:
            self.feed = self.feed or parsed.feed
            _add(self.entries, parsed.entries)
            self.marks, self.held = parsed.marks, parsed.held

    def said(self) -> ParseResult:
        """Where nothing could be read, the first trouble is the failure."""
        unfinished, others = self.unfinished, self.others
        if self.feed is None and not unfinished:
            unfinished, others = others[:1], others[1:]
        return ParseResult(
            self.feed or Feed(),
            tuple(self.entries.values()),
            failure=unfinished[0] if unfinished else None,
            warnings=(*unfinished[1:], *others),
            marks=self.marks,
            held=self.held,
        )


def _read(
    task: Task, kind: Kind, documents: Sequence[FetchResult], bad: Sequence[Failure], parse: Parser
) -> ParseResult:
    """What all documents say; `failure`: why that is not all. A bad one among good ones is a warning; one
    that reached a bound is a failure, for all that was read of it.
    """
    together, before = _Together(list(bad)), _before(task, kind, documents)
    for document in documents:
        together.add(parse(task.source, document, task.limits, kind.read, **before), document)
    said = together.said()
    if len(documents) == 1 or together.feed is None:
        return said
    return replace(said, feed=replace(said.feed, title=""), marks=None)


def _before(task: Task, kind: Kind, documents: Sequence[FetchResult]) -> dict[str, ItemMarks]:
    """What is known of the last document, for those that are read as all feeds are."""
    if task.marks is None or len(documents) > 1 or kind.read is not None:
        return {}
    return {"before": task.marks}


def _named(trouble: Failure, document: FetchResult) -> Failure:
    """Trouble with one of several documents, with its name."""
    if not document.name or trouble.detail.startswith(document.name):
        return trouble
    return replace(trouble, detail=f"{document.name}: {trouble.detail}")


def _add(entries: dict[str, Entry], more: Sequence[Entry]) -> None:
    for entry in more:
        first = entries.setdefault(entry.key, entry)
        if first.title != entry.title and (entry.link_key is None or first.link_key != entry.link_key):
            # a guid that two files give to two things
            key = f"{entry.key}\n{entry.link_key}\n{entry.title}"
            entries.setdefault(key, replace(entry, key=key, guid=None))


def _learned(memory: SourceState, fetched: FetchResult, asked: str, configured: str) -> SourceState:
    """What the header says: the newest validators, byte for byte, none made up (P1–P5), how long the answer
    is fresh, where the feed moves to.

    A 304 leaves standing what it does not mention, and what came by itself mentions nothing.
    """
    if fetched.status == 0:
        return memory
    named = dict(fetched.headers)
    before = memory if fetched.status == 304 else _unsaid(memory)
    fresh = headers.freshness(named, fetched.at)
    hints = replace(
        _with_hub(memory.hints, named, fetched.url),
        fresh=before.hints.fresh if fresh is None else fresh,
        answered_at=fetched.url,
    )
    return replace(
        memory,
        etag=headers.validator(named.get("etag")) or before.etag,
        last_modified=headers.validator(named.get("last-modified")) or before.last_modified,
        moved=schedule.observe_move(memory.moved, fetched.permanent, fetched.at, asked, configured),
        hints=hints,
    )


def _unsaid(memory: SourceState) -> SourceState:
    """Without what the header of an earlier answer said of that answer."""
    return replace(memory, etag=None, last_modified=None, hints=replace(memory.hints, fresh=None))


def _with_hub(hints: PollHints, named: Mapping[str, str], url: str) -> PollHints:
    """What the header says of a hub, which says more than the document (WebSub, section 4)."""
    linked = websub.links(named.get("link", ""))
    hub = urls.absolute(linked.get("hub"), url) or hints.hub
    topic = urls.absolute(linked.get("self"), url) if hub and "hub" in linked else None
    return replace(hints, hub=hub, topic=topic or hints.topic)


def _unchanged(
    task: Task, kind: Kind, answer: FetchResult, digest: str | None, warnings: Sequence[Failure]
) -> PollResult:
    after = _well(task, kind, answer, task.memory)
    return PollResult(
        task.source.id,
        answer.at,
        after,
        url=answer.url,
        status=answer.status,
        not_modified=True,
        wire_bytes=answer.wire_bytes,
        seconds=answer.seconds,
        saved_bytes=task.memory.body_bytes if digest is None else 0,
        warnings=tuple(warnings),
    )


def _succeeded(task: Task, kind: Kind, answer: FetchResult, came: ParseResult, digest: str) -> PollResult:
    return PollResult(
        task.source.id,
        answer.at,
        _whole(_well(task, kind, answer, _known(task, kind, answer, came, digest)), came),
        came.feed,
        came.entries,
        answer.url,
        answer.status,
        wire_bytes=answer.wire_bytes,
        saved_bytes=max(0, len(answer.body or b"") - answer.wire_bytes) if answer.status else 0,
        seconds=answer.seconds,
        warnings=came.warnings,
        marks=came.marks,
        held=came.held,
    )


def _whole(memory: SourceState, came: ParseResult) -> SourceState:
    """Of a document that breaks off all is asked for again, as of one that can't be read (P6)."""
    if any(one.kind == "truncated" for one in came.warnings):
        return replace(memory, etag=None, last_modified=None)
    return memory


def _known(task: Task, kind: Kind, answer: FetchResult, came: ParseResult, digest: str) -> SourceState:
    """What the documents say of the source."""
    known = replace(task.memory, body_hash=digest)
    if kind.remote:
        before = task.memory.hints  # what came by itself says nothing of how it was got
        hints = replace(came.feed.hints, fresh=before.fresh, answered_at=before.answered_at)
        known = replace(known, body_bytes=answer.wire_bytes or task.memory.body_bytes, hints=hints)
    if kind.rhythm:
        known = replace(known, posts=_posts(task.memory.posts, came.entries))
    return known


def _posts(before: Sequence[int], entries: Sequence[Entry]) -> tuple[int, ...]:
    found = {entry.published for entry in entries if entry.published is not None}
    return tuple(sorted(found | set(before), reverse=True)[:MAX_POSTS])


def _well(task: Task, kind: Kind, answer: FetchResult, memory: SourceState) -> SourceState:
    """After a poll that ended well: what the header says, and when to come again."""
    asked = kinds.asked(task.source, task.memory)
    if asked is not None:
        memory = _learned(memory, answer, asked, kinds.address(task.source))
        plan = _plan(task, answer, memory)
    else:
        plan = _next_look(task, kind, answer.at)
    after = replace(
        memory,
        posts=memory.posts if kind.rhythm else (),  # without: never called silent
        polled=answer.at,
        succeeded=answer.at,
        failures=0,
        failing_since=None,
        failure=None,
        next_poll=plan.next_poll,
        not_before=plan.not_before,
        why=plan.why,
    )
    return _in_state(after, answer.at)


def _next_look(task: Task, kind: Kind, at: int, before: str = "") -> schedule.Plan:
    """Where no server is asked, whose wishes and troubles there would be. `before`: what else is to say."""
    return schedule.Plan(at + task.pace.min_interval, 0, f"{before}{kind.words}: looked at in each cycle")


def _plan(task: Task, answer: FetchResult, memory: SourceState) -> schedule.Plan:
    hold = headers.quota(dict(answer.headers), answer.at, unsaid=1)
    first = task.memory.polled is None
    return schedule.after_success(
        answer.at, task.pace, memory.posts, memory.hints, task.source.id, first, hold
    )


def _failed(
    task: Task, fetched: FetchResult, failure: Failure, parsed: ParseResult | None = None
) -> PollResult:
    """`parsed`: what was read all the same, before (and beside) what failed."""
    read = parsed or ParseResult()
    return PollResult(
        task.source.id,
        fetched.at,
        _badly(task, fetched.at, failure),
        read.feed if read.entries else None,
        read.entries,
        url=fetched.url,
        status=fetched.status,
        wire_bytes=fetched.wire_bytes,
        seconds=fetched.seconds,
        failure=failure,
        warnings=read.warnings,
    )


def _badly(task: Task, at: int, failure: Failure) -> SourceState:
    """After a poll that failed: since when, and when to come again."""
    memory, kind = task.memory, kinds.of(task.source)
    failures = memory.failures + 1
    if kind.remote:
        plan = schedule.after_failure(at, task.pace, failures, failure, task.source.id, memory.posts)
    else:
        plan = _next_look(task, kind, at, f"{schedule.in_a_row(failures, failure)}; ")
    after = replace(
        memory,
        polled=at,
        failures=failures,
        failing_since=memory.failing_since or at,
        failure=failure,
        next_poll=plan.next_poll,
        not_before=plan.not_before,
        why=plan.why,
    )
    return _in_state(after, at)


def broken(task: Task, at: int, error: BaseException) -> PollResult:
    """What ran the poll broke under it."""
    words = f"what polled it ended: {type(error).__name__}: {str(error)[:200]}"
    return _failed(task, FetchResult("", at), Failure("internal", words))


def spoiled(task: Task, polled: PollResult, error: Exception) -> PollResult:
    """What was polled well and could not be stored: a failure of this source, without validators, so that it
    is tried whole again.
    """
    failure = Failure("internal", f"what it says can't be stored: {type(error).__name__}: {str(error)[:200]}")
    fetched = FetchResult(
        polled.url, polled.at, polled.status, wire_bytes=polled.wire_bytes, seconds=polled.seconds
    )
    return _failed(
        replace(task, memory=replace(task.memory, etag=None, last_modified=None)), fetched, failure
    )


def _in_state(memory: SourceState, at: int) -> SourceState:
    state = health.state(memory, at)
    return memory if state == memory.state else replace(memory, state=state, state_since=at)


def with_new_count(memory: SourceState, new_entries: int, dated: bool = True) -> SourceState:
    """What the store adds: whether the poll brought anything new. Where entries have no dates, that is when
    something was posted.
    """
    if not new_entries:
        return memory
    posts = memory.posts if dated or memory.polled is None else (memory.polled, *memory.posts)[:MAX_POSTS]
    return replace(memory, last_new=memory.polled, posts=posts)


def asks_to_wait(polled: PollResult) -> bool:
    """Whether this answer asks that its host is left alone for a while: a 429, or a quota that is used up."""
    if polled.failure is None:
        return polled.memory.not_before > polled.at
    return polled.failure.kind == "rate-limited"


def _asked_for(cause: PollResult) -> str:
    is_quota = cause.failure is None or cause.failure.status == 403
    return "has no quota left for us" if is_quota else "asked for fewer requests (429)"


def put_off(task: Task, cause: PollResult) -> SourceState:
    """The host answered another of its feeds that it is to be left alone: this one waits as long (P11)."""
    memory, wait = task.memory, cause.memory.not_before
    return replace(
        memory,
        next_poll=max(memory.next_poll, wait),
        not_before=max(memory.not_before, wait),
        why=f"its host {_asked_for(cause)}, at {cause.source}",
    )
