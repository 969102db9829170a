"""The bounds of parsing: none depends on what came before or on the host program, none loses an entry silently."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator import cycle, poll
from aggregator.cycle import Wanted
from aggregator.kinds import BodyReader
from aggregator.model import (
    Bound,
    Feed,
    FetchResult,
    ItemMarks,
    Limits,
    ParseResult,
    Source,
    SourceState,
    Task,
)
from aggregator.parse import LITTLE, bounds, isolate, parse, reading
from aggregator.parse.isolate import Workers, _Job, _Outcome
from aggregator.store import open_reader, open_writer, sources
from tests.helpers import NOW, config, entry
from tests.hostile import Case, Hostile, reply

ROOT = Path(__file__).parent.parent
PARAGRAPH = b"<p>para <b>bold</b> text</p>"


def document(*items: bytes) -> bytes:
    return b"<rss version='2.0'><channel><title>t</title>" + b"".join(items) + b"</channel></rss>"


def item(title: str, content: bytes = b"") -> bytes:
    return b"<item><title>%s</title><description><![CDATA[%s]]></description></item>" % (
        title.encode(), content or title.encode())  # fmt: skip


MANY = document(item("One"), item("Big & one", PARAGRAPH * 30_000), item("Three"), item("Four"))


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workers]:
    """Processes also for documents that are little enough to be read here."""
    monkeypatch.setattr(isolate, "parse_little", lambda *given: None)
    made = Workers(1)
    yield made
    made.close()


def answered(body: bytes) -> FetchResult:
    return FetchResult("http://a.example/f", NOW, 200, (), body)


def read(
    workers: Workers, body: bytes, limits: Limits | None = None, before: ItemMarks | None = None
) -> ParseResult:
    source = Source("s", url="http://a.example/f")
    return workers.parse(source, answered(body), limits or Limits(), before=before)


def test_F4_what_a_worker_parsed_before_does_not_count(workers: Workers) -> None:
    assert [len(read(workers, MANY).entries) for _ in range(4)] == [4] * 4
    assert len(read(workers, document(item("Small"))).entries) == 1


def test_a_second_document_goes_to_the_process_that_read_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolate, "parse_little", lambda *given: None)
    two = Workers(2)
    try:
        for number in range(2):
            assert read(two, document(item(f"Small {number}"))).entries
            assert sum(worker.active for worker in two._workers) == 1
    finally:
        two.close()


def items(size: int) -> bytes:
    """A document of so many bytes, of small items."""
    one = item("Ferry", b"<p>" + b"x" * 2000 + b"</p>")
    made = document(*[one] * ((size - 200) // len(one)))
    return made + b" " * (size - len(made))


@pytest.mark.parametrize(
    ("name", "sizes", "elsewhere"),
    [
        ("as large as may be", [isolate.PLENTY], []),
        ("larger", [isolate.PLENTY + 1], [0]),
        ("several", [isolate.PLENTY] * 3, []),
        ("one too many", [isolate.PLENTY] * 4, [3]),
        ("one more where they were a byte less", [*[isolate.PLENTY] * 2, isolate.PLENTY - 1, isolate.PLENTY], []),
        ("small ones behind them", [*[isolate.PLENTY] * 3, *[LITTLE] * 3], []),
        ("larger ones behind them", [*[isolate.PLENTY] * 3, LITTLE + 1], [3]),
        ("a small one where a process runs", [isolate.PLENTY + 1, LITTLE], [0]),
        ("a larger one where a process runs", [isolate.PLENTY + 1, LITTLE + 1], [0, 1]),
        ("what a process read does not count", [isolate.PLENTY + 1, *[LITTLE] * 20], [0]),
    ],
)  # fmt: skip
def test_a_process_is_started_where_there_is_enough_to_read(
    name: str, sizes: list[int], elsewhere: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolate, "HERE", 3 * isolate.PLENTY)
    two = Workers(2)
    try:
        for number, size in enumerate(sizes):
            here = two._here
            found = read(two, items(size))
            assert found.failure is None and found.entries
            assert two._here - here == (0 if number in elsewhere else size), (name, number)
        assert any(worker.active for worker in two._workers) == bool(elsewhere), name
    finally:
        two.close()


@pytest.mark.parametrize(
    ("name", "new", "size", "is_here"),
    [
        ("little is new", [LITTLE], isolate.BIG, True),
        ("little is new in a large one", [LITTLE], isolate.BIG + 1, False),
        ("a longer item", [LITTLE + 1], isolate.BIG, False),
        ("nothing is new", [], isolate.BIG, True),
        ("many items, each as long as may be", [LITTLE] * 5, isolate.BIG, True),
        ("of more than there may be together", [LITTLE] * 6, isolate.BIG, False),
    ],
)
def test_of_a_document_that_was_read_before_what_is_new_counts(
    name: str, new: list[int], size: int, is_here: bool
) -> None:
    news = [filled(f"New {number}", length) for number, length in enumerate(new)]
    known = filled("Old", size - len(document(*news)))
    before, now = document(known), document(*news, known)
    assert len(now) == size
    one = Workers(1)
    try:
        found = read(one, now, before=parse(Source("s"), answered(before), Limits()).marks)
        assert [entry.title for entry in found.entries] == [f"New {n}" for n in range(len(new))], name
        assert (one._here == size) == is_here, name
    finally:
        one.close()


def filled(title: str, size: int) -> bytes:
    """An item of so many bytes."""
    return item(title, b"x" * (size - len(item(title, b"x")) + 1))


def test_where_a_process_runs_larger_documents_go_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(isolate, "parse_little", lambda *given: asked.append(given[-1]))
    one = Workers(1)
    try:
        assert [len(read(one, items(3000)).entries) for _ in range(2)] == [1, 1]
    finally:
        one.close()
    assert asked == [isolate.PLENTY, LITTLE]


GOOD = ParseResult(Feed(), (entry("s", "1", "One"),))
NAMED = bounds.failure("memory", Limits(), "item 2")
SHORT = _Outcome(replace(GOOD, reached="memory", failure=NAMED), "memory")
DIED, LATE = (_Outcome(bound=bound, number=2, failure=NAMED) for bound in ("memory", "cpu"))
BUSY = _Outcome(bound="clock", number=2, failure=NAMED)
NOWHERE = _Outcome(bound="cpu", failure=NAMED)


@pytest.mark.parametrize(
    ("name", "big", "outcomes", "attempts", "entries", "failed"),
    [
        ("small and good", False, [_Outcome(GOOD)], [(False, 0)], 1, False),
        (
            "small, needs more than a small one gets",
            False,
            [SHORT, _Outcome(GOOD)],
            [(False, 0), (True, 0)],
            1,
            False,
        ),
        ("small, needs more than there is", False, [SHORT, SHORT], [(False, 0), (True, 0)], 1, True),
        (
            "small, ended its process, not so alone",
            False,
            [DIED, _Outcome(GOOD)],
            [(False, 0), (True, 0)],
            1,
            False,
        ),
        (
            "small, ended both",
            False,
            [DIED, DIED, _Outcome(GOOD)],
            [(False, 0), (True, 0), (True, 2)],
            1,
            True,
        ),
        ("big and good", True, [_Outcome(GOOD)], [(True, 0)], 1, False),
        ("big, needs more than there is", True, [SHORT], [(True, 0)], 1, True),
        ("big, ended its process", True, [DIED, _Outcome(GOOD)], [(True, 0), (True, 2)], 1, True),
        ("and again without that item", True, [DIED, DIED], [(True, 0), (True, 2)], 0, True),
        ("ended in a library, too long", False, [LATE, _Outcome(GOOD)], [(False, 0), (True, 2)], 1, True),
        ("too long, nobody knows where", False, [NOWHERE], [(False, 0)], 0, True),
        ("by the clock: another time", False, [BUSY], [(False, 0)], 0, True),
    ],
)
def test_what_is_tried_again_and_how(
    name: str, big: bool, outcomes: list[_Outcome], attempts: list[tuple[bool, int]], entries: int, failed: bool
) -> None:  # fmt: skip
    seen: list[tuple[bool, int]] = []

    class Told(Workers):
        def _attempt(self, job: _Job, limits: Limits, alone: bool) -> _Outcome:
            seen.append((alone, limits.without))
            return outcomes[len(seen) - 1]

    found = read(Told(1), b"x" * (isolate.BIG + big))
    assert (seen, len(found.entries), found.failure is not None) == (attempts, entries, failed), name


@pytest.mark.parametrize("megabytes", [3, 5])
def test_an_item_that_takes_too_much_memory_is_named_and_the_others_are_read(
    workers: Workers, megabytes: int
) -> None:
    found = read(workers, MANY, Limits(parse_memory=megabytes * 1_000_000))
    assert found.failure is not None and found.reached == "memory"
    assert "item 2" in found.failure.detail or "what follows item" in found.failure.detail
    assert f"{megabytes} MB" in found.failure.detail and f'"{2 * megabytes}MB"' in found.failure.detail
    assert "Big one" not in [one.title for one in found.entries]


def ends(job: _Job, limits: Limits, alone: bool) -> ParseResult:
    """A library that gets no memory ends its process at the second item, whatever it is given."""
    if limits.without == 2:
        return parse(job.source, job.fetched, limits)
    bounds.report[0](2, "Deep & dark")
    os.abort()


def test_an_item_that_ends_its_process_is_named_and_the_others_are_read(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolate, "_parse", ends)
    found = read(workers, document(item("One"), item("Deep & dark"), item("Three")))
    assert found.failure is not None and found.reached == "memory"
    assert "ended its process at item 2 “Deep & dark”" in found.failure.detail
    assert "parse_memory" in found.failure.detail
    assert [one.title for one in found.entries] == ["One", "Three"]


def test_an_item_that_takes_too_long_is_named_and_what_came_before_is_kept(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "CLOCK", 600)  # however busy the machine is
    letters = ("€" + "Ã© " * 100_000).encode()  # a second, and a fortieth of it until the item is reached
    slow = document(item("One"), item("Big & one", letters), item("Three"))
    found = read(workers, slow, Limits(parse_seconds=0.15))
    assert found.failure is not None and found.reached == "cpu"
    assert "item 2 “Big & one”" in found.failure.detail and "parse_timeout" in found.failure.detail
    assert [one.title for one in found.entries] == ["One"]


@pytest.mark.parametrize(
    ("bound", "words"),
    [
        ("cpu", ("longer than 10 s of the CPU", "at item 3", 'parse_timeout, such as "20s"')),
        ("clock", ("60 s by the clock", "10 s of the CPU are allowed", "busy", "parse_timeout")),
        ("memory", ("more than 130 MB", "at item 3", 'parse_memory, such as "260MB"')),
    ],
)
def test_the_message_names_the_bound_that_was_reached_and_the_key(
    bound: Bound, words: tuple[str, ...]
) -> None:
    failure = bounds.failure(bound, Limits(), "item 3")
    assert all(part in failure.detail for part in words), failure.detail


def test_what_a_reading_does_with_each_kind_of_trouble() -> None:
    def trouble(error: BaseException) -> ParseResult:
        found = reading.Reading(Limits())

        def fails() -> object:
            raise error

        try:
            for title, make in (
                ("One", lambda: entry("s", "1", "One")),
                ("Bad", fails),
                ("Three", lambda: entry("s", "3", "Three")),
            ):
                found.take(make, title)  # type: ignore[arg-type]  # a maker of hostile values
        except reading.STOPS as stop:
            found.stopped(stop)
        return found.parsed(Feed())

    seen = {
        name: (
            [one.title for one in parsed.entries],
            parsed.reached,
            [warning.detail for warning in parsed.warnings],
        )
        for name, parsed in (
            ("bad", trouble(ValueError("no"))),
            ("memory", trouble(MemoryError())),
            ("time", trouble(bounds.OutOfTime())),
        )
    }
    assert seen == {
        "bad": (["One", "Three"], None, ["item 2 is left out: ValueError: no"]),
        "memory": (["One", "Three"], "memory", []),
        "time": (["One"], "cpu", []),
    }


@pytest.mark.parametrize(
    "body",
    [
        MANY,
        json.dumps(
            {
                "version": "https://jsonfeed.org/version/1.1",
                "title": "t",
                "items": [{"id": str(n), "content_text": "x"} for n in range(4)],
            }
        ).encode(),
    ],
)
def test_an_item_that_is_to_be_left_out_is(body: bytes) -> None:
    found = parse(Source("s"), FetchResult("http://a.example/f", NOW, 200, (), body), Limits(without=2))
    assert len(found.entries) == 3 and found.failure is None


# ---------------------------------------------------------------- the poll, the store, the status


def partly(
    source: Source, fetched: FetchResult, limits: Limits, read: BodyReader | None = None
) -> ParseResult:
    return ParseResult(
        Feed(title="T"),
        (entry("s", "1", "One"),),
        bounds.failure("memory", limits, "item 2 “X”"),
        (),
        "memory",
    )


def test_a_poll_that_was_not_read_to_the_end_fails_and_keeps_no_validators() -> None:
    with Hostile() as server:
        task = Task(
            Source("s", url=server.url("both")),
            SourceState(etag='"old"', body_hash="x", polled=NOW - 9999),
            Limits(allow_hosts=(f"127.0.0.1:{server.port}",)),
        )
        polled = poll.poll(task, partly)
    memory = polled.memory
    assert (memory.etag, memory.last_modified, memory.body_hash, memory.failures) == (None, None, None, 1)
    assert polled.failure is not None and [one.title for one in polled.entries] == ["One"]


@pytest.mark.parametrize(
    ("name", "answer", "failed", "hash_kept"),
    [
        ("read to its end", ParseResult(Feed(), (entry("s", "1", "One"),)), False, True),
        ("a bound was reached", partly(Source("s"), FetchResult("", NOW), Limits()), True, False),
        (
            "nothing was read",
            ParseResult(failure=bounds.failure("cpu", Limits()), reached="cpu"),
            True,
            False,
        ),
    ],
)
def test_a_local_file_that_was_not_read_to_the_end_is_read_again(
    tmp_path: Path, name: str, answer: ParseResult, failed: bool, hash_kept: bool
) -> None:
    for number in "ab":
        (tmp_path / f"{number}.xml").write_bytes(document(item("One")))
    polled = poll.poll(Task(Source("s", path=str(tmp_path / "*.xml"))), lambda *_: answer)
    assert (polled.failure is not None) == failed and bool(polled.memory.body_hash) == hash_kept, name
    assert len(polled.entries) == len(answer.entries)
    assert not failed or (polled.failure is not None and polled.failure.detail.startswith("a.xml: parsing"))


def test_status_tells_which_entry_and_why_and_more_memory_mends_it(tmp_path: Path) -> None:
    with Hostile() as server:
        etag = 'ETag: "a"\r\nContent-Type: text/xml\r\n'
        server.table["big"] = Case("big", lambda wire, asked: wire.sendall(reply(MANY, headers=etag)))
        body = (
            f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}"]\nhost_gap = "0s"\nmin_interval = "0s"\n'
            'parse_memory = "{}"\n[[sources]]\nid = "s"\nurl = "' + server.url("big") + '"\n'
        )
        settings = config(tmp_path, body.replace("{}", "4MB"))
        with open_writer(settings.database) as store:
            report = cycle.run(settings, store, Wanted(), int(time.time()))
            assert report.collected.failed == 1 and "parse_memory" in report.collected.failures[0][1].detail
        status = subprocess.run(
            [sys.executable, "-m", "aggregator", "--config", str(settings.path), "status", "--json"],
            capture_output=True, text=True, cwd=ROOT, check=True,
        )  # fmt: skip
        found = json.loads(status.stdout)["sources"][0]
        assert found["state"] == "failing" and "item" in found["failure"]["detail"]
        settings = config(tmp_path, body.replace("{}", "130MB"))
        with open_writer(settings.database) as store:
            cycle.run(settings, store, Wanted(everything=True), int(time.time()) + 86_400)
        with open_reader(settings.database) as store:
            assert store.row("SELECT count(*) FROM entry") == (4,)
            assert sources.memories(store)["s"].state == "ok"


# ---------------------------------------------------------------- a program that embeds the library

EMBEDS = """
import sys, threading
heavy = bytearray(90_000_000)  # what it imports may be large
from pathlib import Path
from aggregator import cycle
from aggregator.config import load
from aggregator.store import open_writer
{guard}
settings = load(Path("config.toml"), {{}})
with open_writer(settings.database) as store:
    report = cycle.run(settings, store, cycle.Wanted(), 1_790_000_000)
print(report.collected.new, [failure.detail for _, failure in report.collected.failures])
"""


@pytest.mark.parametrize("guard", ["", "assert __name__ == '__main__'"])
def test_a_program_that_embeds_the_library_works(tmp_path: Path, guard: str) -> None:
    (tmp_path / "a.xml").write_bytes(document(item("One"), item("Two")))
    config(tmp_path, '[[sources]]\nid = "a"\npath = "a.xml"\n')
    (tmp_path / "host.py").write_text(EMBEDS.format(guard=guard))
    done = subprocess.run(
        [sys.executable, "host.py"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert (done.stdout, done.stderr) == ("2 []\n", "")
