"""What this machine has no more of is no failure of a source."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aggregator import machine, poll
from aggregator.cli.run import failures_in_words
from aggregator.cycle.collect import collect
from aggregator.fetch import Door, local
from aggregator.model import Failure, Limits, PollResult, Source, SourceState, Task
from aggregator.store import open_writer, sources
from tests.helpers import NOW, config


@contextmanager
def no_more_files() -> Iterator[None]:
    """Whatever is opened here is one too many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.open(os.devnull, os.O_RDONLY)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    ("name", "error", "ours"),
    [
        ("of this process", OSError(errno.EMFILE, "Too many open files"), True),
        ("of the system", OSError(errno.ENFILE, "Too many open files in system"), True),
        ("another one", OSError(errno.ECONNREFUSED, "Connection refused"), False),
        ("no error of the system", ValueError("24"), False),
    ],
)
def test_which_errors_are_ours(name: str, error: Exception, ours: bool) -> None:
    assert (machine.trouble(error) is not None) is ours, name

    def resolver(host: str, port: int) -> list[str]:
        raise error

    with Door(resolver) as door:
        polled = poll.poll(Task(Source("a", url="http://a.example/feed")), door=door)
    assert polled.failure is not None and (polled.failure.kind == machine.KIND) is ours, name


def test_a_file_that_can_not_be_opened_for_it_is_no_bad_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ferry sinks")
    paths = [str(tmp_path / name) for name in ("a.txt", "*.txt")]
    assert machine.spent() is None
    with no_more_files():
        spent = machine.spent()
        found = [local.read(path, Limits(), NOW)[0].failure for path in paths]
    assert spent is not None and found == [spent, spent]
    assert [local.read(path, Limits(), NOW)[0].failure for path in paths] == [None, None]


def test_nothing_is_booked_and_the_source_is_still_due(tmp_path: Path) -> None:
    settings = config(tmp_path, '[[sources]]\nid = "a"\nurl = "https://a.example/feed"\n')
    before = SourceState(polled=NOW - 9000, succeeded=NOW - 9000, state="ok", next_poll=NOW - 10, etag='"1"')
    failure = machine.trouble(OSError(errno.EMFILE, "x"))
    assert failure is not None
    with open_writer(settings.database) as store:
        sources.remember(store, [(settings.sources[0], before)])
        known = sources.memories(store)["a"]
        task = Task(settings.sources[0], known)
        tally = collect(
            settings, store, [(task, PollResult("a", NOW, known, failure=failure))], 1, lambda one: None
        )
        assert sources.memories(store)["a"] == known and not sources.notices(store)
    assert (tally.failed, tally.failures) == (1, [("a", failure)])
    words = failures_in_words([*tally.failures, ("b", failure), ("c", Failure("dns", "x"))])
    assert words == [
        "2 sources not asked: too many files are open on this machine; raise `ulimit -n`",
        "c: x",
    ]
