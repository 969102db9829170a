"""One source, polled, against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator import cycle, health, poll
from aggregator.model import Failure, Limits, PollHints, Redirect, Source, SourceState, State, Task
from aggregator.store import open_writer, sources
from tests import hostile_cases
from tests.helpers import NOW, config
from tests.hostile import Hostile

URL = "https://a.example/feed"


@pytest.fixture(scope="module")
def hostile() -> Iterator[Hostile]:
    with Hostile() as server:
        yield server


def task(server: Hostile, name: str, memory: SourceState | None = None) -> Task:
    return Task(
        Source(name, url=server.url(name)),
        memory or SourceState(),
        Limits(timeout=1.0, allow_hosts=(f"127.0.0.1:{server.port}",)),
    )


def test_P1_P3_P4_conditional_with_what_was_given(hostile: Hostile) -> None:
    first = poll.poll(task(hostile, "both"))
    assert first.failure is None and len(first.entries) == 3
    second = poll.poll(task(hostile, "both", first.memory))
    assert second.not_modified and second.status == 304 and second.saved_bytes > 0
    headers = hostile.asked("both")[-1].headers
    assert (
        headers["if-none-match"] == '"v2"' and headers["if-modified-since"] == "Wed, 01 Jan 2025 00:00:00 GMT"
    )
    assert second.memory.etag == '"v2"', "a 304 without validators keeps them"


def test_same_body_is_not_parsed_again(hostile: Hostile) -> None:
    first = poll.poll(task(hostile, "plain"))

    def never(*_: object) -> None:
        raise AssertionError("parsed again")

    second = poll.poll(task(hostile, "plain", first.memory), parse=never)  # type: ignore[arg-type]  # it must not be called
    assert second.not_modified and second.failure is None


def test_P6_validators_of_what_does_not_parse_are_dropped(hostile: Hostile) -> None:
    memory = SourceState(etag='"old"', last_modified="x")
    polled = poll.poll(task(hostile, "html", memory))
    assert polled.failure is not None and polled.failure.kind == "not-a-feed"
    assert polled.memory.etag is None and polled.memory.last_modified is None


def test_B4_C3_trouble_keeps_validators(hostile: Hostile) -> None:
    memory = SourceState(etag='"old"', body_hash="x", polled=NOW - 9999, succeeded=NOW - 9999, state="ok")
    for name in ("short-body", "short-gzip", "500", "hangup"):
        polled = poll.poll(task(hostile, name, memory))
        assert (
            polled.failure is not None
            and polled.memory.etag == '"old"'
            and polled.memory.failures == 1
            and polled.entries == ()
        )


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("length-too-long", ""),
        ("length-huge", ""),
        ("length-of-the-unpacked", ""),
        ("chunked-no-end", ""),
        ("chunked-cut", "truncated"),
        ("short-body", "truncated"),
        ("short-gzip", "truncated"),
    ],
)
def test_B4_a_document_with_its_end_is_whole_whatever_its_server_counts(
    hostile: Hostile, name: str, wanted: str
) -> None:
    polled = poll.poll(task(hostile, name))
    assert (polled.failure.kind if polled.failure else "") == wanted
    assert polled.warnings == () and len(polled.entries) == (0 if wanted else 3)


def test_P20_nothing_but_the_feed_is_asked_for(hostile: Hostile) -> None:
    before = len(hostile.log)
    poll.poll(task(hostile, "ttl"))
    assert [one.path for one in hostile.log[before:]] == ["/ttl"]


def test_hints_reach_the_schedule(hostile: Hostile) -> None:
    polled = poll.poll(task(hostile, "ttl"))
    assert polled.memory.next_poll >= polled.at + 7200 and "ttl" in polled.memory.why
    aged = poll.poll(task(hostile, "max-age"))
    assert aged.memory.next_poll >= aged.at + 6600 and "the server asks" in aged.memory.why


def test_P15_an_adopted_move_is_followed_and_given_up_when_it_dies(hostile: Hostile) -> None:
    moved = SourceState(polled=NOW, moved=Redirect(hostile.url("404"), NOW, 3, adopted=True))
    polled = poll.poll(task(hostile, "plain", moved))
    assert polled.failure is not None and polled.memory.moved is not None and polled.memory.moved.doubted
    good = poll.poll(
        task(hostile, "404", replace(moved, moved=Redirect(hostile.url("plain"), NOW, 3, adopted=True)))
    )
    assert good.failure is None and good.memory.state == "moved"


def test_P11_put_off(hostile: Hostile) -> None:
    cause = poll.poll(task(hostile, "503"))
    waiting = poll.put_off(task(hostile, "plain"), cause)
    assert waiting.not_before >= cause.at + 3600 and "429" in waiting.why


def test_local_files_one_bad_among_good_ones(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("One thing\nAnother thing")
    (tmp_path / "b.txt").write_bytes(b"caf\xe9")
    here = Task(Source("local", path=str(tmp_path / "*.txt")))
    polled = poll.poll(here)
    assert polled.failure is None and [one.title for one in polled.entries] == ["One thing", "Another thing"]
    assert [one.kind for one in polled.warnings] == ["not-utf-8"]
    again = poll.poll(replace(here, memory=polled.memory))
    assert again.not_modified


@pytest.mark.parametrize(
    ("name", "memory", "wanted"),
    [
        ("fine", SourceState(polled=NOW, succeeded=NOW), "ok"),
        (
            "one failure is weather",
            SourceState(
                polled=NOW, succeeded=NOW - 1, failures=1, state="ok", failure=Failure("timeout", "x")
            ),
            "ok",
        ),
        (
            "three are trouble",
            SourceState(
                polled=NOW, succeeded=NOW - 1, failures=3, state="ok", failure=Failure("timeout", "x")
            ),
            "failing",
        ),
        ("never worked", SourceState(polled=NOW, failures=1, failure=Failure("dns", "x")), "failing"),
        (
            "429",
            SourceState(polled=NOW, succeeded=NOW - 1, failures=1, failure=Failure("rate-limited", "x")),
            "slow",
        ),
        ("captcha", SourceState(polled=NOW, failures=1, failure=Failure("blocked", "x")), "blocked"),
        ("410", SourceState(polled=NOW, failures=1, failure=Failure("gone", "x")), "gone"),
        *(
            (
                f"{kind}, {failures} times, of {where}",
                SourceState(
                    polled=NOW,
                    succeeded=NOW - 1,
                    failures=failures,
                    state="ok",
                    hints=PollHints(answered_at=answered),
                    failure=Failure(kind, "x"),
                ),
                wanted,
            )
            for kind, answered, where, failures, wanted in (
                ("missing", URL, "a server", 1, "ok"),
                ("missing", URL, "a server", 2, "ok"),
                ("missing", URL, "a server", 3, "failing"),
                ("missing", None, "a file", 1, "failing"),
                ("not-a-feed", URL, "a server", 2, "ok"),
                ("not-a-feed", URL, "a server", 3, "failing"),
                ("blocked", URL, "a server", 2, "ok"),
                ("blocked", URL, "a server", 3, "blocked"),
                ("unauthorized", URL, "a server", 1, "ok"),
                ("gone", URL, "a server", 1, "gone"),
                ("forbidden-address", URL, "a server", 1, "failing"),
            )
        ),
        (
            "silent beyond its rhythm",
            SourceState(
                polled=NOW, succeeded=NOW, posts=tuple(NOW - 90 * 86_400 - n * 86_400 for n in range(9))
            ),
            "silent",
        ),
        (
            "a yearly one is not silent",
            SourceState(
                polled=NOW, succeeded=NOW, posts=tuple(NOW - 90 * 86_400 - n * 360 * 86_400 for n in range(9))
            ),
            "ok",
        ),
        (
            "moved",
            SourceState(polled=NOW, succeeded=NOW, moved=Redirect("http://b.example/", NOW, 3, True)),
            "moved",
        ),
    ],
)
def test_states(name: str, memory: SourceState, wanted: str) -> None:
    assert health.state(memory, NOW) == wanted, name


def test_a_server_that_says_so_at_times_makes_no_notice_each_time() -> None:
    """404 and 200 in turn."""
    memory = SourceState(polled=NOW, succeeded=NOW, state="ok", hints=PollHints(answered_at=URL))
    told = []
    for number in range(9):
        failed = replace(
            memory, failures=memory.failures + 1, failure=Failure("missing", "not found", status=404)
        )
        after = failed if number % 2 else replace(memory, failures=0, failure=None)
        after = replace(after, state=health.state(after, NOW))
        told.append(health.notice("s", "S", memory, after, NOW))
        memory = after
    assert told == [None] * 9


def test_notices_say_what_to_do() -> None:
    before, after = (
        SourceState(state="ok", polled=NOW),
        SourceState(state="gone", polled=NOW, failure=Failure("gone", "gone for good (410)")),
    )
    told = health.notice("s", "Source", before, after, NOW)
    assert told is not None and "Remove it" in told.words
    assert health.notice("s", "Source", SourceState(), SourceState(state="ok"), NOW) is None, (
        "a new source that works is no news"
    )
    states: tuple[State, ...] = ("ok", "slow", "failing", "blocked", "moved", "gone", "silent")
    changes = [
        (a, b)
        for a in states
        for b in states
        if health.notice(
            "s", "S", SourceState(state=a, posts=(NOW,)), SourceState(state=b, posts=(NOW,)), NOW
        )
    ]
    assert changes == [(a, b) for a in states for b in states if a != b], (
        "one item a change, whatever the change"
    )


@pytest.mark.parametrize(
    ("state", "remote", "advice"),
    [
        (
            "failing",
            True,
            "Look at its address in a browser; if it stays so, remove it or give its new address.",
        ),
        ("failing", False, "If it stays so, remove the source or give its new `path`."),
        ("ok", False, "It is back; nothing to do."),
    ],
)
def test_nobody_looks_at_a_file_in_a_browser(state: State, remote: bool, advice: str) -> None:
    failure = Failure("missing", "x: there is no such file") if state == "failing" else None
    after = SourceState(state=state, polled=NOW, failure=failure)
    told = health.notice("s", "S", SourceState(state="silent"), after, NOW, remote)
    assert told is not None and told.words.endswith(advice) and ("browser" in told.words) == (remote)


def test_a_cycle_tells_of_a_file_that_is_gone_what_to_do(tmp_path: Path) -> None:
    settings = config(tmp_path, '[[sources]]\nid = "f"\npath = "none.txt"\n')
    with open_writer(settings.database) as store:
        cycle.run(settings, store, cycle.Wanted(), NOW)
        (notice,) = sources.notices(store)
    assert notice.words.endswith("check `path`. If it stays so, remove the source or give its new `path`.")


def test_a_file_that_is_gone_is_looked_at_in_the_next_cycle_and_status_says_so(tmp_path: Path) -> None:
    settings = config(tmp_path, '[[sources]]\nid = "f"\npath = "f.txt"\n')
    with open_writer(settings.database) as store:
        for number, shown in enumerate(("1 time", "2 times", "3 times")):
            cycle.run(settings, store, cycle.Wanted(), NOW + number)
            memory = sources.memories(store)["f"]
            words = f"failed {shown} in a row (missing); a local file: looked at in each cycle"
            assert memory.why == words and memory.polled is not None
            assert memory.next_poll == memory.polled + settings.pace.min_interval
        (tmp_path / "f.txt").write_text("Ferry sinks\n")
        assert cycle.run(settings, store, cycle.Wanted(), NOW + 9).collected.new == 1


def test_C6_guids_are_kept_as_said_at_whatever_address() -> None:
    from aggregator.model import FetchResult
    from aggregator.parse import parse

    body = b"<rss version='2.0'><channel><title>t</title><item><title>a</title><guid>123</guid></item><item><title>b</title><guid isPermaLink='true'>http://a.example/b</guid></item></channel></rss>"
    here, there = (
        parse(Source("s"), FetchResult(url, NOW, 200, (), body), Limits()).entries
        for url in ("http://a.example/feed", "https://b.example/x/feed?t=1")
    )
    assert (
        [(one.key, one.guid, one.link) for one in here]
        == [(one.key, one.guid, one.link) for one in there]
        == [("123", "123", None), ("http://a.example/b",) * 2 + ("http://a.example/b",)]
    )


def test_P4_a_304_leaves_standing_what_it_does_not_mention(hostile: Hostile) -> None:
    hostile.table["aged"] = type(hostile.table["plain"])(
        "aged",
        hostile_cases.steps(
            hostile_cases.reply(
                hostile_cases.rss("aged"),
                headers='ETag: "a"\r\nCache-Control: max-age=7200\r\nContent-Type: text/xml\r\n',
            ),
            b"HTTP/1.1 304 Not Modified\r\n\r\n",
            b"HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\n\r\n",
        ),
    )
    first = poll.poll(task(hostile, "aged"))
    second = poll.poll(task(hostile, "aged", first.memory))
    third = poll.poll(task(hostile, "aged", second.memory))
    assert first.memory.next_poll >= first.at + 7200 and second.memory.next_poll >= second.at + 7200
    assert third.memory.hints.fresh == 60 and third.memory.etag == '"a"'


def test_P9_a_used_up_quota_holds(hostile: Hostile) -> None:
    polled = poll.poll(task(hostile, "limit-used-up"))
    assert polled.failure is None and polled.memory.not_before == polled.at + 3600
    assert poll.poll(task(hostile, "limit-left")).memory.not_before == 0


def test_P16_a_move_that_pauses_is_seen_anew(hostile: Hostile) -> None:
    seen = SourceState(body_hash="x", moved=Redirect("http://b.example/", NOW, 2))
    assert poll.poll(task(hostile, "plain", seen)).memory.moved is None
    same = poll.poll(task(hostile, "plain")).memory
    assert (
        poll.poll(
            task(hostile, "plain", replace(same, moved=Redirect("http://b.example/", NOW, 2)))
        ).memory.moved
        is None
    ), "an unchanged body too"


def test_entries_without_dates_have_a_rhythm_too() -> None:
    memory = SourceState(polled=NOW, posts=(NOW - 500,))
    assert poll.with_new_count(memory, 2, dated=False).posts == (NOW, NOW - 500) and poll.with_new_count(
        memory, 0, dated=False
    ).posts == (NOW - 500,)
    assert poll.with_new_count(memory, 2).posts == (NOW - 500,)
