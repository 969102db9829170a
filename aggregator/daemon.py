"""Cycles on a schedule until told to stop; serves the folder too. One APScheduler tick asks the store what is
due.

A job per source lost 800 of 1,000 runs in a measurement: APScheduler drops what is late. One tick that asks
loses nothing,
survives restarts by itself and keeps one writer.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

TICK = 5  # seconds between two looks at what is due
GRACE = 8.0  # seconds that a running cycle gets to finish what it has in hand after SIGTERM


class Daemon:
    """Runs `cycle` every tick until a signal comes; `reload` is called first where the config file changed or
    SIGHUP came.

    `cycle` must return within bounded time once `stop` is set. An exception in it ends the daemon with that
    exception (R15):
    a supervisor starts it again, silence would not be noticed.
    """

    def __init__(
        self,
        config: Path,
        cycle: Callable[[threading.Event], None],
        reload: Callable[[], None],
        tick: int = TICK,
    ) -> None:
        self.config = config
        self.stop = threading.Event()
        self.last_tick = 0.0
        self._cycle, self._reload, self._tick_seconds = cycle, reload, tick
        self._wake = threading.Event()  # the main thread waits on it: a signal or a dead tick
        self._reload_wanted = threading.Event()
        self._seen = _stamp(config)
        self._trouble: BaseException | None = None

    def run(self) -> None:
        """Until SIGTERM or SIGINT; a second one ends the process at once."""
        previous = {
            number: signal.signal(number, self._on_signal)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        }
        # A tick that comes while a long cycle runs is left out: that is what we want, and no warning every
        # few seconds.
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
        scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        scheduler.add_job(
            self._tick, "interval", seconds=self._tick_seconds, id="tick", next_run_time=_soon()
        )
        scheduler.add_listener(self._on_event, EVENT_JOB_ERROR | EVENT_JOB_MAX_INSTANCES)
        scheduler.start()
        notify("READY=1")
        try:
            while not self.stop.is_set():
                self._wake.wait(timeout=1.0)
                self._wake.clear()
                self._watchdog()
        finally:
            notify("STOPPING=1")
            self.stop.set()
            # Waits for the running cycle, which ends soon because `stop` is set and the sockets are shut
            # down.
            waiter = threading.Thread(target=scheduler.shutdown, daemon=True)
            waiter.start()
            waiter.join(GRACE)
            for number, handler in previous.items():
                signal.signal(number, handler)
        if self._trouble is not None:
            raise self._trouble

    def beat(self) -> None:
        """A sign of life from within a long cycle."""
        self.last_tick = time.monotonic()

    def _tick(self) -> None:
        try:
            stamp = _stamp(self.config)
            if self._reload_wanted.is_set() or (stamp is not None and stamp != self._seen):
                self._reload_wanted.clear()
                self._seen = stamp
                self._reload()
            self.beat()
            self._cycle(self.stop)
        except BaseException as error:
            self._trouble = error
            self.stop.set()
            self._wake.set()

    def _on_event(self, event: object) -> None:
        # max-instances events have none: a long cycle is no trouble
        error = getattr(event, "exception", None)
        if error is not None:
            self._trouble = error
            self.stop.set()
            self._wake.set()

    def _on_signal(self, number: int, frame: object) -> None:
        if number == signal.SIGHUP:
            self._reload_wanted.set()
            return
        if self.stop.is_set():
            # the second one: now, whatever is going on; the store's transactions survive that
            os._exit(128 + number)
        self.stop.set()
        self._wake.set()

    def _watchdog(self) -> None:
        """Tell systemd that we live, as long as ticks come; a stalled one makes systemd restart us (R17)."""
        if self.last_tick and time.monotonic() - self.last_tick < 600:
            notify("WATCHDOG=1")


def notify(state: str) -> None:
    """One message to systemd's notification socket (sd_notify(3)), where there is one."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as wire,
    ):
        wire.sendto(state.encode(), address)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _soon() -> object:
    return datetime.now(UTC)


def log(text: str) -> None:
    """One line for the journal; control characters of feed data can't forge another one (S22)."""
    print("".join(c if c.isprintable() else repr(c)[1:-1] for c in text), file=sys.stderr, flush=True)
