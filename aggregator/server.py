"""The sockets of the web server: who is connected, who makes way for others, and a start and a stop.

waitress speaks HTTP, in one thread that looks at all connections and eight that answer. It counts idle time
only, so that a client that sends a byte now and then would hold its connection for ever, and at its limit it
lets nobody in. What is needed beside that is asked of the connections themselves: they are sockets of ours,
made where one is accepted, and know when they last did something.

In: a WSGI application, a host and a port. Out: answers over TCP. Start reading at `Running`.
"""

from __future__ import annotations

import contextlib
import logging
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import waitress
from waitress import wasyncore

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
CONNECTIONS = 2000
LOOKS = 0.2  # seconds between two looks at who holds on to a connection
QUIET = 1.0  # seconds after which a connection may have to make way for a new one
PATIENCE = 20.0  # seconds for one request to arrive, however it trickles


class Connection(socket.socket):
    """A client's connection. Used by the thread of the loop, but for `answering` and `answered`."""

    def __init__(self, accepted: socket.socket, patience: float) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        self._patience = patience
        self.active = time.monotonic()  # when something was last got or sent
        self.asking: float | None = None  # since when it sends a request that nobody answers yet
        self.is_answered = False  # just now: it is not thrown out meanwhile

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Nothing, as if the client had gone, where its request takes longer than patience lasts (S20)."""
        got = super().recv(size, flags)
        now = time.monotonic()
        if self.asking is not None and now - self.asking > self._patience:
            return b""
        if got:
            self.active = now
            self.asking = self.asking or now
        return got

    def send(self, data: Any, flags: int = 0) -> int:
        sent = super().send(data, flags)
        if sent:
            self.active = time.monotonic()
        return sent

    def answering(self) -> None:
        self.asking, self.is_answered = None, True

    def answered(self) -> None:
        self.is_answered, self.active = False, time.monotonic()

    def leave(self) -> None:
        """The loop closes it at its next turn, finding that the client is gone."""
        with contextlib.suppress(OSError):  # it is gone already
            self.shutdown(socket.SHUT_RDWR)


class Clients:
    """Who is connected, by address and port."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._connected: dict[tuple[str, str], Connection] = {}

    def welcome(self, accepted: socket.socket, address: Any) -> Connection:
        connection = Connection(accepted, self._patience)
        self._connected[str(address[0]), str(address[1])] = connection
        return connection

    def answered_by(self, application: WSGI) -> WSGI:
        """The application, which says whose request it answers."""

        def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            connection = self._connected.get((environ["REMOTE_ADDR"], environ["REMOTE_PORT"]))
            if connection is None:
                return application(environ, start_response)
            connection.answering()
            try:
                return application(environ, start_response)
            finally:
                connection.answered()

        return answer

    def make_way(self, room: int) -> None:
        """Forget who is gone, and let those go that are too many."""
        for address, connection in list(self._connected.items()):
            if connection.fileno() < 0:
                del self._connected[address]
        now = time.monotonic()
        ages = {
            connection: now - (connection.asking or connection.active)
            for connection in self._connected.values()
            if not connection.is_answered
        }
        for connection in leaves(ages, room):
            connection.leave()


class _Listening(socket.socket):
    """Hands out connections of ours."""

    clients: Clients

    def accept(self) -> tuple[socket.socket, Any]:
        accepted, address = super().accept()
        return self.clients.welcome(accepted, address), address


def _listen(host: str, port: int, clients: Clients) -> list[_Listening]:
    """A bound TCP socket for each address of `host`; OSError where one of them can't be had."""
    found = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
    )
    addresses = dict.fromkeys((family, address) for family, _, _, _, address in found)
    bound: list[_Listening] = []
    try:
        for family, address in addresses:
            listening = _Listening(family, socket.SOCK_STREAM)
            listening.clients = clients
            bound.append(listening)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listening.bind(address)
    except OSError:
        for listening in bound:
            listening.close()
        raise
    return bound


def _open_files() -> int:
    """How many files this process may have open; raised to what a full house needs where that is allowed."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wished = 2 * CONNECTIONS
    if allowed != resource.RLIM_INFINITY and allowed < wished:
        wished = wished if most == resource.RLIM_INFINITY else min(most, wished)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(allowed, wished), most))
        return max(allowed, wished)
    return wished


def leaves(ages: dict[Any, float], room: int) -> list[Any]:
    """Connections that make way for new ones, those first that did nothing for longest; none that just did
    something. `ages`: seconds since something was got or sent, or since a request began that isn't there yet.
    """
    quiet = sorted((one for one, age in ages.items() if age > QUIET), key=lambda one: -ages[one])
    return quiet[: max(0, len(ages) - room)]


class Running:
    """A server in a thread of its own."""

    patience = PATIENCE
    connections = CONNECTIONS  # at most; less where the process may not open that many files

    def __init__(self, application: WSGI, host: str, port: int, largest_body: int = 1024) -> None:
        # what the loop looks at: listening sockets, connections, wake-up pipes
        self._sockets: dict[int, Any] = {}
        self._clients = Clients(self.patience)
        self._stopping = threading.Event()
        # It would write a line for each request that waits for a thread: whoever asks would fill the log
        # (R19).
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        # A name such as localhost may stand for several addresses, each with a listening socket of its own.
        # They are bound here: waitress leaves its socket and its threads behind where an address can't be
        # had.
        listening = _listen(host, port, self._clients)
        self.port = int(listening[0].getsockname()[1])
        most = min(self.connections, _open_files() // 2)
        self._room = most * 3 // 4  # from here on the quietest make way, before nobody can come in
        # A proxy's headers are kept: they are believed in nothing but that somebody else asks
        # (`is_from_here`).
        self._server = waitress.create_server(
            self._clients.answered_by(application),
            map=self._sockets,
            sockets=listening,
            threads=8,
            channel_timeout=30,
            cleanup_interval=10,
            connection_limit=most,
            backlog=1024,
            # A thread never waits for a client to read: what isn't shared and is large lies on disk until
            # then, and little of what is asked for at once is taken in at once.
            outbuf_high_watermark=1 << 40,
            outbuf_overflow=65_536,
            recv_bytes=1024,
            max_request_header_size=16_384,
            max_request_body_size=largest_body,
            inbuf_overflow=65_536,
            ident=None,
            clear_untrusted_proxy_headers=False,
        )
        self._thread = threading.Thread(target=self._serve, name="web", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def _serve(self) -> None:
        """waitress's own loop ends only by an exception, and sockets closed under it by another thread break
        it; this one, by the documented interface of asyncore that it brings along, is asked to stop.
        """
        looked = 0.0
        while not self._stopping.is_set():
            crowded = len(self._sockets) > self._room
            wasyncore.loop(timeout=LOOKS if crowded else 0.5, use_poll=True, map=self._sockets, count=1)
            if time.monotonic() >= looked + LOOKS:  # not at each wake-up: it goes through all of them
                self._clients.make_way(self._room)
                looked = time.monotonic()
        self._server.task_dispatcher.shutdown(timeout=2)
        wasyncore.close_all(self._sockets, ignore_all=True)

    def close(self) -> None:
        self._stopping.set()
        self._thread.join(5)
