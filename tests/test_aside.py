"""What can't be interrupted runs aside: its threads are used again, and none is waited for."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from aggregator.fetch import aside
from aggregator.fetch.aside import Aside

ROOT = Path(__file__).parent.parent


def asked(by: Aside, work: Callable[[], object] = threading.get_ident) -> object:
    answers = queue.SimpleQueue[object]()
    by.run(work, answers.put)
    return answers.get(timeout=10)


def threads() -> int:
    return sum(one.name == "aside" for one in threading.enumerate())


@pytest.fixture(autouse=True)
def alone() -> None:
    """What other tests left behind has ended."""
    end = time.monotonic() + 10
    while threads() and time.monotonic() < end:
        time.sleep(0.05)


def test_who_hears_an_answer_has_the_next_work_done_by_the_same_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aside, "IDLE", 60.0)
    by = Aside()
    assert len({asked(by) for _ in range(50)}) == 1 and threads() == 1
    monkeypatch.setattr(aside, "IDLE", 0.0)
    asked(by)  # ends after it, as nobody needs it


def test_each_has_threads_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "IDLE", 60.0)
    one, other = Aside(), Aside()
    assert asked(one) != asked(other)
    monkeypatch.setattr(aside, "IDLE", 0.0)
    assert asked(one) != asked(other)  # the same threads, which end now


@pytest.mark.parametrize("hanging", [1, 3])
def test_B1_what_hangs_holds_nobody_and_is_used_again_when_it_is_done(hanging: int) -> None:
    by, free = Aside(), threading.Event()
    answers = queue.SimpleQueue[int]()
    for _ in range(hanging):
        by.run(lambda: free.wait(10) and threading.get_ident(), answers.put)
    other = asked(by)
    assert threads() == hanging + 1
    free.set()
    held = {answers.get(timeout=10) for _ in range(hanging)}
    assert len(held) == hanging and other not in held
    assert asked(by) in held | {other} and threads() == hanging + 1


def test_a_thread_that_nobody_needs_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "IDLE", 0.01)
    by = Aside()
    first = asked(by)
    alone_again = time.monotonic() + 10
    while threads() and time.monotonic() < alone_again:
        time.sleep(0.01)
    assert not threads() and not by._idle and first is not None


def test_nothing_is_lost_where_threads_end_as_they_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "IDLE", 0.0005)
    by = Aside()
    for number in range(300):
        assert asked(by, lambda number=number: number) == number  # type: ignore[misc]  # of a default
        time.sleep(0.0005 * (number % 3))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_process_that_was_forked_has_threads_of_its_own() -> None:
    program = """
import os, queue
from aggregator.fetch.aside import Aside
answers, by = queue.SimpleQueue(), Aside()
by.run(lambda: "before", answers.put)
answers.get(timeout=10)
if child := os.fork():
    print(os.waitpid(child, 0)[1])
else:
    by.run(lambda: "after", answers.put)
    os._exit(0 if answers.get(timeout=10) == "after" else 1)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT)},
        timeout=60,
    )
    assert done.stdout == "0\n", done.stderr
