"""Our command line as processes that are ended with their test, whatever happens."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
LONG = 120.0  # seconds: far beyond what anything takes on an idle machine


class Process:
    """`aggregator …` in a folder; what it tells systemd and what it prints can be waited for."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        name = f"aggregator-test-{os.getpid()}-{time.monotonic_ns()}"
        self._said = folder / f"{name}.txt"
        self._wire = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._wire.bind(f"\0{name}")
        self._told: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()
        with self._said.open("w") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "aggregator", *arguments],
                cwd=folder,
                stdout=said,
                stderr=said,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": str(ROOT), "NOTIFY_SOCKET": f"@{name}"},
            )

    def until_status(self, beginning: str) -> None:
        """Waits for a message to systemd that begins so."""
        while not self._told.get(timeout=LONG).startswith(beginning):
            pass

    def _listen(self) -> None:
        """All the time: who sends waits where nobody does."""
        with contextlib.suppress(OSError):
            while told := self._wire.recv(4096):
                self._told.put(told.decode())

    @property
    def said(self) -> str:
        return self._said.read_text()

    def until_said(self, words: str, times: int = 1) -> None:
        deadline = time.monotonic() + LONG
        while self.said.count(words) < times:
            assert self._process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.05)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self) -> int:
        """The exit code."""
        return self._process.wait(LONG)

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(LONG)
        self._wire.shutdown(socket.SHUT_RDWR)  # ends the listener
        self._wire.close()


def until(what: Callable[[], bool], words: str) -> None:
    """Waits until this is true."""
    deadline = time.monotonic() + LONG
    while not what():
        assert time.monotonic() < deadline, words
        time.sleep(0.05)
