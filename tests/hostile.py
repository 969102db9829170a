"""A hostile web server on loopback; what it says is in hostile_cases.py.

`Hostile()` is a context manager; `.url(name)` is the address of a path, `.log` every request that came in, `.canary` a second
port that must never be reached. With `hosts`, it listens on so many addresses of 127.0.1.0/24 too, each a host of its own.
"""

from __future__ import annotations

import collections
import contextlib
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.hostile_cases import Asked, Case, cases, reply, rss

__all__ = ["Asked", "Case", "Hostile", "cases", "reply", "rss"]


@dataclass(slots=True)
class Hostile:
    """The server. Requests are logged; the canary logs too."""

    hosts: int = 0
    outside: bool = False  # the paths that lead away from loopback, instead of the others
    log: list[Asked] = field(default_factory=list)
    canary_log: list[float] = field(default_factory=list)
    port: int = 0
    canary: int = 0
    table: dict[str, Case] = field(default_factory=dict)
    _sockets: list[socket.socket] = field(default_factory=list)
    _counts: collections.Counter[str] = field(default_factory=collections.Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Hostile:
        self.port, self.canary = self._listen(self._serve), self._listen(self._sing)
        for number in range(self.hosts):
            self._listen(self._serve, f"127.0.1.{number + 1}", self.port)
        # The same number on IPv6, so that a detour over ::1 is heard as well.
        with contextlib.suppress(OSError):
            self._listen(self._sing, "::1", self.canary)
        self.table = {case.name: case for case in cases(self.port, self.canary, self.outside)}
        return self

    def __exit__(self, *_: object) -> None:
        for sock in self._sockets:
            sock.close()

    def url(self, name: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}/{name}"

    def asked(self, name: str) -> list[Asked]:
        return [one for one in self.log if one.path == f"/{name}"]

    def _listen(
        self, handler: Callable[[socket.socket], None], address: str = "127.0.0.1", wanted: int = 0
    ) -> int:
        sock = socket.create_server(
            (address, wanted), family=socket.AF_INET6 if ":" in address else socket.AF_INET, backlog=200
        )
        self._sockets.append(sock)
        port: int = sock.getsockname()[1]

        def accept() -> None:
            while True:
                try:
                    wire, _ = sock.accept()
                except OSError:
                    return
                threading.Thread(target=self._guarded, args=(handler, wire), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return port

    @staticmethod
    def _guarded(handler: Callable[[socket.socket], None], wire: socket.socket) -> None:
        try:
            handler(wire)
        except OSError:
            pass
        finally:
            wire.close()

    def _sing(self, wire: socket.socket) -> None:
        self.canary_log.append(time.time())

    def _serve(self, wire: socket.socket) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = wire.recv(65536)
            if not piece:
                return
            data += piece
        lines = data.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        headers = {
            name.strip().lower(): value.strip(" \t")
            for name, _, value in (line.partition(":") for line in lines[1:] if line)
        }
        path = lines[0].split(" ")[1]
        name = path.lstrip("/")
        name = name if name in self.table else name.partition("?")[0]
        with self._lock:
            self._counts[name] += 1
            asked = Asked(
                path, headers, time.time(), headers.get("host", ""), tuple(lines), self._counts[name]
            )
            self.log.append(asked)
        case = self.table.get(name)
        try:
            if case is None:
                wire.sendall(reply(b"", "404 Not Found"))
            else:
                case.handler(wire, asked)
        finally:
            asked.over.append(time.time())
