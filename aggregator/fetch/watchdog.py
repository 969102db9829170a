"""Ends exchanges at their deadline, however slowly they trickle: one thread that shuts sockets down.

Time-outs of sockets are per read, so that dripped headers, dripped bodies and floods of 1xx answers never
meet them. `shutdown` on a duplicate of the descriptor ends a read in another thread at once, in TLS
handshakes too. Afterwards `killed` has to be looked at: http.client then returns a complete-looking answer.
"""

from __future__ import annotations

import contextlib
import math
import socket
import threading
import time


class Guard:
    """The deadline (monotonic seconds) of one exchange, and the sockets that it uses."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.killed = False
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()

    @property
    def left(self) -> float:
        """Seconds until the deadline, at least a hundredth, so that it can serve as a time-out."""
        return max(0.01, self.deadline - time.monotonic())

    @property
    def over(self) -> bool:
        """Killed, or past its deadline."""
        return self.killed or time.monotonic() >= self.deadline

    def watch(self, sock: socket.socket) -> None:
        with self._lock:
            twin = sock.dup()
            self._sockets.append(twin)
            if self.killed:
                _shut(twin)

    def kill(self) -> None:
        with self._lock:
            self.killed = True
            for sock in self._sockets:
                _shut(sock)

    def release(self) -> None:
        with self._lock:
            for sock in self._sockets:
                sock.close()
            self._sockets.clear()


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


class Watchdog:
    """Watches guards with one daemon thread, started by the first one; it ends with the watchdog."""

    def __init__(self) -> None:
        self._guards: set[Guard] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._awake_at = math.inf  # until when its thread sleeps, monotonic seconds

    def open(self, seconds: float) -> Guard:
        guard = Guard(time.monotonic() + seconds)
        with self._changed:
            if self._closed:
                guard.killed = True
                return guard
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
                self._thread.start()
            self._guards.add(guard)
            if guard.deadline < self._awake_at:  # seldom: most have as long as those before
                self._changed.notify()
        return guard

    def done(self, guard: Guard) -> None:
        with self._changed:
            self._guards.discard(guard)
            if self._closed:
                self._changed.notify()
        guard.release()

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Kill everything that is under way, and everything that is asked for later."""
        with self._changed:
            self._closed = True
            guards = list(self._guards)
            self._changed.notify()
        for guard in guards:
            guard.kill()

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._closed and not self._guards:
                    return
                self._awake_at = min((guard.deadline for guard in self._guards), default=math.inf)
                self._changed.wait(_seconds_until(self._awake_at))
                late = [guard for guard in self._guards if guard.deadline <= time.monotonic()]
                self._guards.difference_update(late)
            for guard in late:
                guard.kill()


def _seconds_until(at: float) -> float | None:
    """None where it never comes."""
    return None if at == math.inf else max(0.0, at - time.monotonic())
