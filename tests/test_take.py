"""What a poll makes of what came: `take` and its kin on values, without a server, a store or a parser."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from aggregator import kinds, poll
from aggregator.model import (
    Entry,
    Failure,
    Feed,
    FetchResult,
    Pace,
    ParseResult,
    PollHints,
    PollResult,
    Redirect,
    Source,
    SourceState,
    Task,
)
from tests.helpers import NOW, entry

MOVE_SECONDS = 86_400
MOVE_SIGHTINGS = 3
MAX_POSTS = 64

URL, THERE, DAY = "https://a.example/feed", "https://b.example/feed", 86_400
KNOWN = SourceState(
    etag='"1"',
    last_modified="Mon",
    body_hash="x",
    body_bytes=700,
    hints=PollHints(fresh=60, answered_at=URL),
    polled=NOW - 3600,
    succeeded=NOW - 3600,
    failures=2,
    failing_since=NOW - 7200,
    failure=Failure("timeout", "late"),
    posts=(NOW - 5000,),
    state="ok",
    state_since=NOW - DAY,
)
BAD = Failure("not-a-feed", "no feed")


def task(memory: SourceState = KNOWN, **more: Any) -> Task:
    return Task(Source("a", url=URL, **more), memory, pace=Pace(1800, 300, DAY))


def came(status: int = 200, body: bytes | None = b"body", **more: Any) -> FetchResult:
    said = tuple(more.pop("said", {}).items())
    return FetchResult(more.pop("url", URL), NOW, status, said, body, **more)


def parsed(*entries: Entry, **more: Any) -> Any:
    """A parser that says this of every document."""
    return lambda source, document, limits, read, **before: ParseResult(Feed("T"), entries, **more)


def take(memory: SourceState, *documents: FetchResult, parse: Any = None) -> PollResult:
    return poll.take(task(memory), documents, parse or parsed(entry("a", "1", "One", at=NOW - 60)))


def test_C3_nothing_new_is_a_good_poll() -> None:
    done = take(KNOWN, came(304, None))
    after = done.memory
    assert done.not_modified and done.failure is None and done.entries == () and done.saved_bytes == 700
    assert (after.etag, after.last_modified, after.body_hash) == ('"1"', "Mon", "x")
    assert (after.polled, after.succeeded, after.failures, after.failing_since) == (NOW, NOW, 0, None)
    assert after.failure is None and after.next_poll > NOW and after.hints.fresh == 60


def test_the_same_body_again_is_not_parsed_and_saves_nothing() -> None:
    first = take(KNOWN, came())
    again = take(first.memory, came(), parse=lambda *_, **__: pytest.fail("it was parsed"))
    assert again.not_modified and again.saved_bytes == 0 and again.memory.body_hash == first.memory.body_hash
    assert not take(first.memory, came(body=b"bodx")).not_modified


@pytest.mark.parametrize(
    ("name", "said", "status", "etag", "modified", "fresh"),
    [
        ("P1 the newest", {"etag": '"2"', "last-modified": "Tue"}, 200, '"2"', "Tue", None),
        ("P3 byte for byte", {"etag": 'W/"a b" '}, 200, 'W/"a b" ', None, None),
        ("P4 a 200 that says none", {}, 200, None, None, None),
        ("P4 a 304 that says none", {}, 304, '"1"', "Mon", 60),
        ("P2 a line end is none", {"etag": '"2"\r\nX: 1'}, 200, None, None, None),
        ("P2 in a 304 the old one stays", {"etag": '"2"\n'}, 304, '"1"', "Mon", 60),
        ("P8 how long it is fresh", {"cache-control": "max-age=90"}, 200, None, None, 90),
        ("P8 in a 304 too", {"cache-control": "max-age=90"}, 304, '"1"', "Mon", 90),
        ("what came by itself says nothing", {"etag": '"2"'}, 0, '"1"', "Mon", 60),
    ],
)  # fmt: skip
def test_P1_P5_what_the_header_says_is_remembered(
    name: str, said: dict[str, str], status: int, etag: str | None, modified: str | None, fresh: int | None
) -> None:
    after = take(KNOWN, came(status, None if status == 304 else b"body", said=said)).memory
    assert (after.etag, after.last_modified, after.hints.fresh) == (etag, modified, fresh), name


@pytest.mark.parametrize(
    ("link", "document", "hub", "topic"),
    [
        ("", (None, None), None, None),
        ("", ("https://d.example/", URL), "https://d.example/", URL),
        (
            "<https://h.example/>; rel=hub, </self>; rel=self",
            ("https://d.example/", URL),
            "https://h.example/",
            "https://a.example/self",
        ),
        ("<https://h.example/>; rel=hub", (None, None), "https://h.example/", None),
        ("</self>; rel=self", ("https://d.example/", URL), "https://d.example/", URL),
        ("<ftp://h.example/>; rel=hub", (None, None), None, None),
        ("<https://[::1/>; rel=hub", ("https://d.example/", URL), "https://d.example/", URL),
    ],
)
def test_a_hub_of_the_header_counts_more_than_one_of_the_document(
    link: str, document: tuple[str | None, str | None], hub: str | None, topic: str | None
) -> None:
    hints = PollHints(hub=document[0], topic=document[1])
    parse: Any = lambda *_, **__: ParseResult(Feed("T", hints=hints))  # noqa: E731  # a value in a table's test
    after = take(KNOWN, came(said={"link": link}), parse=parse).memory
    assert (after.hints.hub, after.hints.topic) == (hub, topic)


@pytest.mark.parametrize(
    ("name", "failure", "before", "there"),
    [
        ("B4 no answer", Failure("timeout", "late"), 1, True),
        ("B4 no answer, for the third time", Failure("timeout", "late"), 2, False),
        ("B4 an error of the server", Failure("status", "500"), 1, True),
        ("B4 an error of the server, for the third time", Failure("status", "500"), 2, False),
        ("P15 no secure connection, for the third time", Failure("tls", "expired"), 2, False),
        ("P15 the new address is no more", Failure("missing", "404"), 0, False),
        ("P15 gone", Failure("gone", "410"), 0, False),
        ("P15 its name is no more", Failure("dns", "no such name"), 0, False),
        ("P15 it leads elsewhere", Failure("redirect", "in a circle"), 0, False),
        ("P15 into our own network", Failure("forbidden-address", "10.0.0.1"), 0, False),
        ("P11 too often", Failure("rate-limited", "429", 900), 1, True),
    ],
)  # fmt: skip
def test_B4_trouble_keeps_what_is_known(name: str, failure: Failure, before: int, there: bool) -> None:
    """`before`: failures in a row; `there`: whether the address that it moved to is asked next."""
    moved = Redirect(THERE, NOW - 5 * DAY, 3, adopted=True)
    memory = replace(KNOWN, failures=before, moved=moved)
    done = take(memory, came(0, None, failure=failure))
    after = done.memory
    assert done.failure == after.failure == failure and (after.etag, after.body_hash) == ('"1"', "x"), name
    assert after.failures == before + 1 and after.failing_since == NOW - 7200
    assert after.moved == replace(moved, doubted=not there)
    assert after.succeeded == KNOWN.succeeded and after.next_poll >= NOW + 1800


def test_a_move_that_is_only_watched_stays_watched_whatever_fails() -> None:
    watched = Redirect(THERE, NOW - 60, 1)
    done = take(replace(KNOWN, moved=watched), came(0, None, failure=Failure("gone", "410")))
    assert done.memory.moved == watched and done.memory.state == "gone"


@pytest.mark.parametrize(
    ("sightings", "seconds", "adopted"),
    [
        (MOVE_SIGHTINGS - 1, MOVE_SECONDS, True),
        (MOVE_SIGHTINGS - 2, MOVE_SECONDS, False),
        (MOVE_SIGHTINGS - 1, MOVE_SECONDS - 1, False),
        (MOVE_SIGHTINGS + 5, 0, False),
    ],
)  # fmt: skip
def test_P15_a_move_is_believed_after_several_polls_over_a_day(
    sightings: int, seconds: int, adopted: bool
) -> None:
    memory = replace(KNOWN, moved=Redirect(THERE, NOW - seconds, sightings))
    after = take(memory, came(url=THERE, permanent=THERE)).memory
    assert after.moved == Redirect(THERE, NOW - seconds, sightings + 1, adopted)
    assert (after.state == "moved") == adopted


A, B, C = "http://a.example/f", "http://b.example/f", "http://c.example/f"
Answers = dict[str, str]
"""Address → "ok", the kind of a failure, or where it leads for good."""


def _answer(answers: Answers, asked: str, at: int) -> FetchResult:
    """At the end of all redirects."""
    url = asked
    while answers[url].startswith("http"):
        url = answers[url]
    if answers[url] in ("ok", "not-a-feed"):
        permanent = None if url == asked else url
        return FetchResult(url, at, 200, (), f"{answers[url]} {at}".encode(), permanent=permanent)
    return FetchResult(url, at, failure=Failure(answers[url], "trouble"))


def _parsed_unless_page(source: Source, document: FetchResult, *_: object, **__: object) -> ParseResult:
    if (document.body or b"").startswith(b"ok"):
        return ParseResult(Feed("T"))
    return ParseResult(failure=BAD)


SAFE = A.replace("http:", "https:")
MOVED = (8, {A: B, B: "ok", C: "ok"})


@pytest.mark.parametrize(
    ("name", "phases", "wanted"),
    [
        ("it moves", [MOVED], "A A A A B B B B"),
        ("the old address is no more", [MOVED, (3, {A: "dns", B: "ok"})], "B B B"),
        ("the new one is down for a moment", [MOVED, (1, {A: "dns", B: "missing"}), (4, {A: "dns", B: "ok"})], "A B B B"),
        ("we are offline for a moment", [MOVED, (2, {A: "dns", B: "dns"}), (3, {A: "dns", B: "ok"})], "B B B"),
        ("offline, once more", [MOVED, (3, {A: "dns", B: "dns"}), (4, {A: "dns", B: "ok"})], "A B B B"),
        ("it moves on, and the old address is no more", [MOVED, (6, {A: "dns", B: C, C: "ok"})], "B B B B C C"),
        ("it moves on, and both are no more", [MOVED, (6, {A: "dns", B: C, C: "ok"}), (3, {A: "dns", B: "dns", C: "ok"})], "C C C"),
        ("it moves on for a day only", [MOVED, (2, {A: "dns", B: C, C: "ok"}), (3, {A: "dns", B: "ok"})], "B B B"),
        ("it moves on, and what it moved to dies", [MOVED, (1, {A: B, B: C, C: "ok"}), (6, {A: C, B: "dns", C: "ok"})], "B A A C C C"),
        ("it moves back", [MOVED, (4, {A: "ok", B: A})], "B A A A"),
        ("it is back, and the new one says no", [MOVED, (6, {A: "ok", B: "unauthorized"})], "B B B A A A"),
        ("it is back, and the new one is down", [MOVED, (6, {A: "ok", B: "connect"})], "B B B A A A"),
        ("it is back, and the new one is a page of ads", [MOVED, (6, {A: "ok", B: "not-a-feed"})], "B B B A A A"),
        ("all are down for long", [MOVED, (7, {A: "connect", B: "connect"}), (2, {A: "dns", B: "ok"})], "A B"),
        ("https is given up", [(3, {A: SAFE, SAFE: "ok"}), (6, {A: "ok", SAFE: "tls"})], "@ @ @ A A A"),
        ("https fails once", [(3, {A: SAFE, SAFE: "ok"}), (1, {A: SAFE, SAFE: "tls"}), (3, {A: SAFE, SAFE: "ok"})], "@ @ @"),
    ],
)  # fmt: skip
def test_P15_a_feed_that_moved_is_found_wherever_it_is(
    name: str, phases: list[tuple[int, Answers]], wanted: str
) -> None:
    """A poll every ten hours; which addresses were asked in the last phase, and well at its end."""
    source, memory, at = Source("a", url=A), SourceState(), NOW
    for polls, answers in phases:
        asked = []
        for _ in range(polls):
            at += 10 * 3600
            asked.append(str(kinds.asked(source, memory)))
            polled = poll.take(Task(source, memory), [_answer(answers, asked[-1], at)], _parsed_unless_page)
            memory = polled.memory
    letters = {A: "A", B: "B", C: "C", SAFE: "@"}
    assert " ".join(letters[url] for url in asked) == wanted and memory.failure is None


def test_P6_what_does_not_parse_is_asked_for_whole_again() -> None:
    done = take(KNOWN, came(), parse=lambda *_, **__: ParseResult(failure=BAD))
    assert done.failure == BAD and done.feed is None and done.entries == ()
    assert (done.memory.etag, done.memory.last_modified, done.memory.body_hash) == (None, None, None)


def test_B7_a_parser_that_breaks_is_a_failure_of_that_source() -> None:
    def broken(*_: object, **__: object) -> ParseResult:
        raise RuntimeError("x" * 500)

    done = take(KNOWN, came(), parse=broken)
    assert done.failure == Failure("internal", f"RuntimeError: {'x' * 200}") and done.memory.failures == 3


def test_B9_what_was_read_before_a_bound_counts_and_is_read_again() -> None:
    one = entry("a", "1", "One")
    failure = Failure("too-big", "too many items")
    done = take(KNOWN, came(), parse=parsed(one, failure=failure, reached="memory"))
    assert done.failure == failure and done.entries == (one,) and done.feed == Feed("T")
    assert done.memory.etag is None and done.memory.body_hash is None


@pytest.mark.parametrize(
    ("name", "documents", "titles", "failure", "warnings"),
    [
        ("two good ones", ["one", "two"], ["one", "two"], None, []),
        ("one that can't be read", ["one", None], ["one"], None, ["b.txt: gone"]),
        ("one that is no feed", ["one", ""], ["one"], None, ["b.txt: no feed"]),
        ("none that can be read", [None, None], [], "a.txt: gone", []),
        ("none that is a feed", ["", ""], [], "a.txt: no feed", ["b.txt: no feed"]),
        ("the same twice", ["one", "one"], ["one"], None, []),
    ],
)  # fmt: skip
def test_one_bad_file_among_good_ones_is_a_warning(
    name: str, documents: list[str | None], titles: list[str], failure: str | None, warnings: list[str]
) -> None:
    def parse(source: Source, document: FetchResult, *_: object, **__: object) -> ParseResult:
        title = (document.body or b"").decode()
        found = (entry("a", title, title),) if title else ()
        return ParseResult(Feed("T"), found) if title else ParseResult(failure=BAD)

    found = [
        FetchResult(f"file:///{file}", NOW, name=file, body=None if said is None else said.encode())
        if said is not None
        else FetchResult(f"file:///{file}", NOW, name=file, failure=Failure("unreadable", f"{file}: gone"))
        for file, said in zip(("a.txt", "b.txt"), documents, strict=True)
    ]
    done = poll.take(Task(Source("a", path="/*.txt"), KNOWN), found, parse)
    assert [one.title for one in done.entries] == titles, name
    assert (done.failure.detail if done.failure else None) == failure
    assert [one.detail for one in done.warnings] == warnings


@pytest.mark.parametrize(
    ("name", "other", "count"),
    [
        ("the same thing in two files", entry("a", "1", "One", link="https://a.example/1"), 1),
        ("another title of the same link", entry("a", "1", "Two", link="https://a.example/1"), 1),
        ("another thing under the same guid", entry("a", "1", "Two", link="https://a.example/2"), 2),
        ("another title and no link", entry("a", "1", "Two"), 2),
    ],
)  # fmt: skip
def test_C4_a_guid_that_two_files_give_to_two_things_loses_neither(
    name: str, other: Entry, count: int
) -> None:
    first = entry("a", "1", "One", link="https://a.example/1")
    said = {b"1": first, b"2": other}

    def parse(source: Source, document: FetchResult, *_: object, **__: object) -> ParseResult:
        return ParseResult(Feed("T"), (said[document.body or b""],))

    files = [FetchResult(f"file:///{n}", NOW, name=str(n), body=body) for n, body in enumerate(said)]
    done = poll.take(Task(Source("a", path="/*")), files, parse)
    assert len(done.entries) == len({one.key for one in done.entries}) == count, name


def test_what_could_not_be_stored_is_tried_whole_again() -> None:
    polled = take(KNOWN, came(wire_bytes=9, seconds=1.5))
    done = poll.spoiled(task(), polled, ValueError("x" * 500))
    assert done.failure == Failure("internal", f"what it says can't be stored: ValueError: {'x' * 200}")
    assert (done.memory.etag, done.memory.last_modified, done.memory.failures) == (None, None, 3)
    assert (done.wire_bytes, done.seconds, done.status, done.at) == (9, 1.5, 200, NOW)


def test_what_broke_under_a_poll_is_a_failure_of_it() -> None:
    done = poll.broken(task(), NOW, KeyboardInterrupt("stop"))
    assert done.failure == Failure("internal", "what polled it ended: KeyboardInterrupt: stop")
    assert (done.memory.etag, done.memory.failures, done.memory.polled) == ('"1"', 3, NOW)


@pytest.mark.parametrize(
    ("new", "dated", "posts", "last_new"),
    [
        (0, True, (5, 4), None),
        (0, False, (5, 4), None),
        (2, True, (5, 4), 9),
        (2, False, (9, 5, 4), 9),
    ],
)  # fmt: skip
def test_entries_without_dates_were_posted_when_they_came(
    new: int, dated: bool, posts: tuple[int, ...], last_new: int | None
) -> None:
    after = poll.with_new_count(SourceState(polled=9, posts=(5, 4)), new, dated)
    assert (after.posts, after.last_new) == (posts, last_new)
    many = poll.with_new_count(SourceState(polled=99, posts=tuple(range(64, 0, -1))), 1, dated=False)
    assert len(many.posts) == MAX_POSTS and many.posts[0] == 99 and many.posts[-1] == 2


@pytest.mark.parametrize(
    ("next_poll", "not_before", "expected"),
    [
        (NOW, 0, (NOW + 60, NOW + 60)),
        (NOW + 90, 0, (NOW + 90, NOW + 60)),
        (NOW, NOW + 90, (NOW + 60, NOW + 90)),
    ],
)
def test_P11_whoever_shares_a_host_waits_as_long(
    next_poll: int, not_before: int, expected: tuple[int, int]
) -> None:
    busy, used_up = Failure("rate-limited", "429", status=429), Failure("rate-limited", "403", status=403)
    for failure, words in (
        (busy, "(429), at b"),
        (used_up, "no quota left for us, at b"),
        (None, "no quota"),
    ):
        cause = PollResult("b", NOW, SourceState(not_before=NOW + 60), failure=failure)
        assert poll.asks_to_wait(cause)
        after = poll.put_off(task(replace(KNOWN, next_poll=next_poll, not_before=not_before)), cause)
        assert (after.next_poll, after.not_before) == expected and words in after.why
