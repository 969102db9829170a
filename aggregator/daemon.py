"""Cycles on a schedule until told to stop; serves the folder too. One APScheduler tick asks the store what is
due.

A job per source lost 800 of 1,000 runs in a measurement: APScheduler drops what is late. One tick that asks
loses nothing,
survives restarts by itself and keeps one writer.

In: functions that cycle and publish. Out: nothing; it ends when told to. Start reading at `Daemon.run`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from aggregator import logs
from aggregator.stop import Stop, bounded

TICK = 5  # seconds between two looks at what is due
STALLED = 600.0  # seconds without a sign of life after which systemd is told nothing any more (R17)

Stamp = tuple[int, int, int]


class Watched:
    """A file that people edit: tells when it is another one, and nobody is writing it any more.

    Editors and copying programs empty a file before they write it: half a config is a config too (A2).
    """

    STILL = 3.0  # seconds that it has been the same

    def __init__(self, path: Path) -> None:
        self._path = path
        self._taken = self._seen = _stamp(path)
        self._since = 0.0  # when `_seen` was first seen (monotonic seconds)

    def changed(self, now: float) -> bool:
        """Once for each change; not while it is missing."""
        stamp = _stamp(self._path)
        if stamp != self._seen:
            self._seen, self._since = stamp, now
        if stamp is None or stamp == self._taken or now - self._since < self.STILL:
            return False
        self._taken = stamp
        return True

    def take(self) -> bool:
        """What is there now is meant, however young it is; returns whether it is another one than before."""
        before, self._taken = self._taken, _stamp(self._path)
        return before != self._taken


class Pulse(BaseTrigger):  # type: ignore[misc]  # apscheduler has no types
    """So many seconds after the last time. APScheduler's own interval counts every tick that a clock which
    was put on has left out: those of ten years are 63 million (R13).
    """

    def __init__(self, seconds: int) -> None:
        self._gap = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return now + self._gap


class Daemon:
    """Runs `cycle` every tick until a signal comes; `reload` is called first where the config file changed or
    SIGHUP came. A second SIGHUP over the same file confirms it.

    `cycle` must return within bounded time once `stop` is set. An exception in it ends the daemon with that
    exception (R15): a supervisor starts it again, silence would not be noticed.
    """

    def __init__(
        self,
        config: Path,
        cycle: Callable[[Stop], None],
        reload: Callable[[bool], None],
        tick: int = TICK,
    ) -> None:
        self.stop = Stop()
        self._cycle, self._reload, self._tick_seconds = cycle, reload, tick
        self._watched = Watched(config)
        self._hung_up = 0  # SIGHUPs so far
        self._heeded = 0  # … of which so many were heeded
        self._asked = 0  # … over the file as it is now
        self._trouble: BaseException | None = None
        self._scheduler = self._planned()

    def _planned(self) -> BackgroundScheduler:
        # A tick that comes while a long cycle runs is left out: that is what we want, and no warning every
        # few seconds.
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
        scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        scheduler.add_job(self._tick, Pulse(self._tick_seconds), id="tick", next_run_time=_soon())
        scheduler.add_listener(self._on_event, EVENT_JOB_ERROR | EVENT_JOB_MAX_INSTANCES)
        return scheduler

    def run(self) -> None:
        """Until SIGTERM or SIGINT; a second one ends the process at once."""
        previous = {
            number: signal.signal(number, self._on_signal)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        }
        with bounded(self.stop):
            self._scheduler.start()
            notify("READY=1")
            try:
                while not self.stop.wait(1.0):
                    self._watchdog()
                    self._follow_clock()
            finally:
                notify("STOPPING=1")
                self.stop.set()
                self._scheduler.shutdown()  # waits for the running cycle: nobody closes what it works with
                for number, handler in previous.items():
                    signal.signal(number, handler)
        if self._trouble is not None:
            raise self._trouble

    def _tick(self) -> None:
        try:
            self.stop.beat()
            self._look()
            self._cycle(self.stop)
        except BaseException as error:
            self._trouble = error
            self.stop.set()

    def _look(self) -> None:
        """Whether the config is to be read again."""
        seen = self._hung_up
        signals, self._heeded = seen - self._heeded, seen
        if signals:
            if self._watched.take():
                self._asked = 0
            self._asked += signals
            self._reload(self._asked > 1)
        elif self._watched.changed(time.monotonic()):
            self._asked = 0
            self._reload(False)

    def _follow_clock(self) -> None:
        """APScheduler plans by the clock of the day: where that was put back, the next tick would come when
        it is as late again (R13).
        """
        tick = self._scheduler.get_job("tick")
        if tick is not None and tick.next_run_time > _soon() + timedelta(seconds=self._tick_seconds):
            tick.modify(next_run_time=_soon())

    def _on_event(self, event: object) -> None:
        # max-instances events have none: a long cycle is no trouble
        error = getattr(event, "exception", None)
        if error is not None:
            self._trouble = error
            self.stop.set()

    def _on_signal(self, number: int, frame: object) -> None:
        if number == signal.SIGHUP:
            self._hung_up += 1
            return
        if self.stop.is_set():
            # the second one: now, whatever is going on; the store's transactions survive that
            os._exit(128 + number)
        self.stop.set()

    def _watchdog(self) -> None:
        """Tell systemd that we live, as long as there are signs of it; a stalled tick makes systemd restart
        us (R17).
        """
        if time.monotonic() - self.stop.alive < STALLED:
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
        wire.settimeout(5)  # whoever listens may be too busy to: that must not hold a cycle
        wire.sendto(state.encode(), address)


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _soon() -> datetime:
    return datetime.now(UTC)


def log(text: str, level: logs.Level = "info", **fields: object) -> None:
    """One line for the journal."""
    logs.say(text, level, **fields)
