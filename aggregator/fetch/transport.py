"""requests with the address checked where the connection is made, at every hop, and one TLS context for all.

Stock requests reads the CA bundle anew for every TLS connection: 27 ms of CPU against 2.4 ms with a shared
context.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import queue
import socket
import ssl
import threading
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import certifi
import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager
from urllib3.util.retry import Retry

from aggregator.fetch import address
from aggregator.fetch.exchange import Exchange, Resolver
from aggregator.fetch.watchdog import Guard

LOOK = 0.25  # seconds between two looks, while DNS is waited for, at whether the exchange is over
MAX_INTERIM = 20  # answers of the kind 1xx before the one that counts
# bytes before a body, interim answers included: http.client alone would take 6.5 MB of each, which takes 20
# in memory (B5)
MAX_HEAD = 300_000


class Refused(Exception):
    """The address may not be connected to. Carries one text, so that it survives any pool."""


class Unresolved(Exception):
    """The name has no address, or none was found in time."""


_current = threading.local()


def enter(exchange: Exchange) -> None:
    """From here on this thread's connections belong to this exchange."""
    _current.exchange = exchange


def system_resolver(host: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


_Addresses = list[str] | BaseException


def _resolve(exchange: Exchange, host: str, port: int) -> list[str]:
    """getaddrinfo can't be interrupted: it runs aside, and is left behind when the time is up."""
    if _is_address(host):
        return [host]
    answers = queue.SimpleQueue[_Addresses]()
    exchange.aside.run(functools.partial(_ask, exchange.resolver, host, port), answers.put)
    answer = _waited_for(answers, exchange)
    if isinstance(answer, list) and answer:
        return answer
    cause = answer if isinstance(answer, OSError) else None
    raise Unresolved(f"{host}: {_why_not(answer)}") from cause


def _is_address(host: str) -> bool:
    """And not one of the forms of numbers that only getaddrinfo takes for one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.inet_pton(family, host)
    except (OSError, ValueError):
        return False
    return True


def _ask(resolver: Resolver, host: str, port: int) -> _Addresses:
    try:
        return resolver(host, port)
    except BaseException as error:
        return error


def _waited_for(answers: queue.SimpleQueue[_Addresses], exchange: Exchange) -> _Addresses | None:
    """None where the exchange is over before there is one."""
    while not exchange.guard.over:
        with contextlib.suppress(queue.Empty):
            return answers.get(timeout=min(LOOK, exchange.guard.left))
    return None


def _why_not(answer: _Addresses | None) -> str:
    if answer is None:
        return "no answer from DNS in time"
    if isinstance(answer, UnicodeError | ValueError):
        return "is no valid host name"
    if isinstance(answer, BaseException):
        return f"the name is not known ({getattr(answer, 'strerror', None) or answer})"
    return "the name has no address"


def _connect(host: str, port: int) -> socket.socket:
    """A connection to a checked address: the one that was checked is the one that is dialled."""
    exchange: Exchange = _current.exchange
    guard, found = exchange.guard, _checked(exchange, host.strip("[]"), port)
    trouble: OSError = OSError("no address")
    for one in found:
        if guard.killed:  # what is not connected yet can't be shut down
            raise TimeoutError("the exchange is over")
        # Several addresses share the time, so that a dead first one leaves some for the next.
        seconds = guard.left / (2 if len(found) > 1 else 1)
        try:
            return _dialled(one, port, guard, seconds)
        except OSError as error:
            trouble = error
    raise trouble


def _checked(exchange: Exchange, name: str, port: int) -> list[str]:
    """The addresses of this name. Raises Refused where one of them may not be connected to."""
    resolved = _resolve(exchange, name, port)
    found, why = address.allowed(resolved, name.lower(), port, exchange.limits.allow_hosts)
    if why is not None:
        raise Refused(why)
    return found


def _dialled(one: str, port: int, guard: Guard, seconds: float) -> socket.socket:
    """A connection that the guard watches. `seconds`: for connecting."""
    sock = socket.socket(socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        guard.watch(sock)
        sock.settimeout(seconds)
        sock.connect((one, port))
        if guard.killed:
            raise TimeoutError("the exchange is over")
        sock.settimeout(guard.left)
    except OSError:
        sock.close()
        raise
    return sock


class _Head:
    """What comes before a body, line by line, within bounds."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._left = MAX_HEAD

    def readline(self, most: int) -> bytes:
        line: bytes = self._file.readline(most)
        self._left -= len(line)
        if self._left < 0:
            raise http.client.HTTPException(f"more than {MAX_HEAD // 1000} kB of headers")
        return line

    def close(self) -> None:
        self._file.close()


class _Answer(http.client.HTTPResponse):
    """Skips interim answers (RFC 9110, 15.2): http.client does so for 100 only, and without end. 101 was not
    asked for and is no interim.
    """

    interim = 0

    def begin(self) -> None:
        file = self.fp
        head: Any = _Head(file)
        self.fp = head
        try:
            super().begin()
        finally:
            if self.fp is head:  # or it was closed
                self.fp = file

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]  # not in typeshed
            if not 100 <= status < 200 or status == 101:
                return version, status, reason
            self.interim += 1
            if self.interim > MAX_INTERIM:
                raise http.client.HTTPException(f"more than {MAX_INTERIM} interim answers")
            http.client.parse_headers(self.fp)


class _Plain(HTTPConnection):
    response_class = _Answer

    def _new_conn(self) -> socket.socket:
        return _connect(self.host, self.port)


class _Secure(HTTPSConnection):
    response_class = _Answer

    def _new_conn(self) -> socket.socket:
        return _connect(self.host, self.port)


class _PlainPool(HTTPConnectionPool):
    """Connections are never used twice, whatever the server says of keeping them: a second use would pass by
    the check of the address and by the watchdog, and would take what is left of one answer for the next one.
    """

    ConnectionCls = _Plain

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.close()


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named, ssl_context=tls_context())

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.close()


_context_lock = threading.Lock()
_context: ssl.SSLContext | None = None


def tls_context() -> ssl.SSLContext:
    """One for the process, made where the first one is needed; safe between threads from then on."""
    global _context
    with _context_lock:
        if _context is None:
            _context = ssl.create_default_context(cafile=certifi.where())
        return _context


class Adapter(HTTPAdapter):
    """No retries (the schedule is our retry), no idle connections, our pools, one TLS context."""

    def __init__(self) -> None:
        super().__init__(pool_connections=2, pool_maxsize=1, max_retries=Retry(0, read=False))

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any
    ) -> None:
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        # Without ca_certs among the attributes, or urllib3 loads the bundle into our context again for every
        # connection.
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, {}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Nothing to do: the shared context requires valid certificates."""


def session() -> requests.Session:
    """This thread's session: no environment, no cookies, no authentication but what a request carries."""
    found: requests.Session | None = getattr(_current, "session", None)
    if found is None:
        found = requests.Session()
        found.trust_env = False
        found.headers.clear()
        found.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        found.mount("http://", Adapter())
        found.mount("https://", Adapter())
        _current.session = found
    return found


def exchange(prepared: requests.PreparedRequest, timeout: float) -> requests.Response:
    """One request, one answer. Not by `Session.send`: that follows up redirects even when told not to,
    reading their whole bodies and raising a bare UnicodeDecodeError over a bad Location.
    """
    assert prepared.url is not None
    return session().get_adapter(prepared.url).send(prepared, stream=True, timeout=timeout)
