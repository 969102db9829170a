"""Commands of other people, which may hang, print without end, or leave others running behind them.

In: a command, and what it gets on its standard input. Out: how it ended, and the last it said of it. Start
reading at `run`.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from aggregator.records import dataclass

KEPT = 4000  # bytes of the end of what a command said on its standard error
PIECE = 65_536  # bytes; what a pipe holds
LOOK = 0.1  # seconds between two looks at whether it has ended, where its streams don't tell
DYING = 5.0  # seconds that a process may take to end when it was killed


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int | None  # None: it took too long
    said: bytes  # the end of it


def run(
    command: Sequence[str], given: bytes, folder: Path, seconds: float, overdue: Callable[[], bool]
) -> Ended:
    """Ended with all of its group after `seconds`, or once `overdue` says so, which is asked all the while.
    OSError where it can't be started.

    It is over when the command itself is: what that left running holds nothing up, though it holds the
    streams.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=folder,
        start_new_session=True,
    )
    talk = _Talk(process, given)
    try:
        deadline = time.monotonic() + seconds
        while process.poll() is None and (left := deadline - time.monotonic()) > 0 and not overdue():
            talk.go_on(min(LOOK, left))
        if process.returncode is None:
            _kill(process)
            return Ended(None, b"")
        return Ended(process.returncode, talk.rest())
    finally:
        talk.close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The group; one of another user (`sudo`) may not be ended by us, and is left alone."""
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(DYING)


class _Talk:
    """The streams of a process: none of them waits for the other, and little of what it says is kept."""

    def __init__(self, process: subprocess.Popen[bytes], given: bytes) -> None:
        assert process.stdin is not None and process.stderr is not None
        self._process, self._given, self._said = process, memoryview(given), b""
        self._input, self._errors = process.stdin, process.stderr
        self._open = selectors.DefaultSelector()
        self._open.register(self._input, selectors.EVENT_WRITE, self._give)
        self._open.register(self._errors, selectors.EVENT_READ, self._hear)
        for stream in (self._input, self._errors):
            os.set_blocking(stream.fileno(), False)

    def go_on(self, seconds: float) -> None:
        """For so long at most."""
        if not self._open.get_map():
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
            return
        for key, _ in self._open.select(seconds):
            if key.data():
                self._open.unregister(key.fileobj)
                with suppress(OSError):
                    key.fileobj.close()  # type: ignore[union-attr]  # all are files

    def rest(self) -> bytes:
        """The end of all that it said, after its end."""
        if not self._errors.closed:
            self._hear()
        return self._said

    def close(self) -> None:
        self._open.close()
        for stream in (self._input, self._errors):
            with suppress(OSError):
                stream.close()

    def _give(self) -> bool:
        """Whether that was all, or it does not want it."""
        try:
            self._given = self._given[os.write(self._input.fileno(), self._given[:PIECE]) :]
        except BlockingIOError:
            return False
        except OSError:
            self._given = self._given[:0]
        return not self._given

    def _hear(self) -> bool:
        """Whether there will be no more."""
        try:
            piece = os.read(self._errors.fileno(), PIECE)
        except BlockingIOError:
            return False
        self._said = (self._said + piece)[-KEPT:]
        return not piece


__all__ = ["Ended", "run"]
