"""The door to the network, against a hostile server on loopback."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from aggregator.config import load
from aggregator.cycle.network import Network
from aggregator.fetch import Door, address, transport
from aggregator.fetch.budget import Budget
from aggregator.fetch.exchange import Resolver
from aggregator.fetch.watchdog import Watchdog
from aggregator.model import Failure, FetchResult, Limits, Request
from tests import hostile_cases
from tests.helpers import NOW, config
from tests.hostile import Asked, Case, Hostile, cases, reply
from tests.processes import LONG

MAX_HEAD = 300_000


@pytest.fixture(scope="module")
def hostile() -> Iterator[Hostile]:
    with Hostile() as server:
        yield server


def limits(server: Hostile, timeout: float = 1.0) -> Limits:
    return Limits(
        user_agent="aggregator/test (+http://a.example/)",
        timeout=timeout,
        max_bytes=4_000_000,
        allow_hosts=(f"127.0.0.1:{server.port}",),
    )


def ask(request: Request, limits: Limits, resolver: Resolver = transport.system_resolver) -> FetchResult:
    with Door(resolver) as door:
        return door.get(request, limits)


def get(server: Hostile, name: str, etag: str | None = None, last_modified: str | None = None) -> FetchResult:
    return ask(Request(server.url(name), etag, last_modified), limits(server))


_PARSED_ELSEWHERE = {"not-a-feed", "blocked", "parse", "not-utf-8", "empty"}


@pytest.mark.parametrize(
    "name", [case.name for case in cases(1, 2) if not case.name.startswith(("codec-", "charset-"))]
)
def test_B1_B2_B3_B5_B6_B7_S1_S2_every_path_has_its_outcome(hostile: Hostile, name: str) -> None:
    wanted = set(hostile.table[name].wanted.split("|"))
    may_be_late = bool(
        wanted & {"timeout", "any"}
    )  # what comes at once has time, however loaded the machine is
    started = time.monotonic()
    fetched = ask(Request(hostile.url(name)), limits(hostile, 1.0 if may_be_late else LONG))
    assert not may_be_late or time.monotonic() - started < 3.0, (
        "the deadline is 1 s, and 2 s more are too many"
    )
    if fetched.failure is None:
        assert wanted & {"ok", "any", *_PARSED_ELSEWHERE}, "this is no feed, or not wanted"
    else:
        assert fetched.failure.kind in wanted and fetched.body is None, fetched.failure
    assert hostile.canary_log == [], "the canary was reached"


def test_P2_validators_go_back_byte_for_byte(hostile: Hostile) -> None:
    for name in ("etag", "weak-etag", "bare-etag", "latin-etag", "modified", "odd-modified", "both"):
        first = get(hostile, name)
        named = dict(first.headers)
        given = {
            key: named[header]
            for key, header in (("etag", "etag"), ("last_modified", "last-modified"))
            if header in named
        }
        assert get(hostile, name, **given).status == 304, name


def test_P5_no_validator_is_made_up(hostile: Hostile) -> None:
    get(hostile, "plain")
    headers = hostile.asked("plain")[-1].headers
    assert "if-none-match" not in headers and "if-modified-since" not in headers


def test_P17_P18_P19_headers(hostile: Hostile) -> None:
    get(hostile, "cookies")
    get(hostile, "cookies")
    headers = hostile.asked("cookies")[-1].headers
    assert headers["user-agent"].startswith("aggregator/test (+http")
    assert headers["accept-encoding"] == "gzip"
    assert "application/atom+xml" in headers["accept"]
    assert "cookie" not in headers and "referer" not in headers


def test_P15_only_the_permanent_prefix(hostile: Hostile) -> None:
    assert get(hostile, "permanent").permanent == hostile.url("plain")
    assert get(hostile, "redirect").permanent is None


@pytest.mark.parametrize(("name", "wanted"), [("503", 3600), ("503-rubbish", None)])
def test_P9_retry_after(hostile: Hostile, name: str, wanted: int | None) -> None:
    failure = get(hostile, name).failure
    assert failure is not None and failure.retry_after == wanted


def test_P9_retry_after_as_a_date(hostile: Hostile) -> None:
    failure = get(hostile, "503-date").failure
    assert failure is not None and failure.retry_after is not None and 0 < failure.retry_after <= 30 * 86_400


def test_S6_credentials_stay_with_their_origin(hostile: Hostile) -> None:
    with Hostile() as other:
        other.table["elsewhere"] = hostile.table["plain"]
        hostile.table["leak"] = type(hostile.table["plain"])(
            "leak",
            lambda wire, asked: wire.sendall(
                f"HTTP/1.1 302 Found\r\nLocation: {other.url('elsewhere')}\r\nContent-Length: 0\r\n\r\n".encode()
            ),
        )
        both = Limits(timeout=1.0, allow_hosts=(f"127.0.0.1:{hostile.port}", f"127.0.0.1:{other.port}"))
        fetched = ask(Request(hostile.url("leak"), headers=(("Authorization", "Bearer secret"),)), both)
        assert fetched.failure is None
        assert hostile.asked("leak")[-1].headers["authorization"] == "Bearer secret"
        assert "authorization" not in other.asked("elsewhere")[-1].headers


def test_S21_no_header_of_ours_breaks_the_line(hostile: Hostile) -> None:
    fetched = ask(Request(hostile.url("plain"), etag='"a"\r\nX-Evil: 1'), limits(hostile))
    assert fetched.failure is not None and fetched.failure.kind == "protocol"


@pytest.mark.parametrize(
    ("name", "answer", "kind"),
    [
        ("mixed answers", ["93.184.216.34", "127.0.0.1"], "forbidden-address"),
        ("private", ["10.1.2.3"], "forbidden-address"),
        ("nothing", [], "dns"),
    ],
)
def test_S3_names_that_lead_inside_are_refused(name: str, answer: list[str], kind: str) -> None:
    fetched = ask(Request("http://rebound.example/"), Limits(timeout=1.0), resolver=lambda host, port: answer)
    assert fetched.failure is not None and fetched.failure.kind == kind, name


def test_B1_a_resolver_that_hangs_does_not_hold_us() -> None:
    def hangs(host: str, port: int) -> list[str]:
        time.sleep(5)
        return []

    started = time.monotonic()
    with Door(hangs) as door:
        fetched = door.get(Request("http://slow.example/"), Limits(timeout=0.3))
    assert fetched.failure is not None and time.monotonic() - started < 2


@pytest.mark.parametrize(
    ("host", "is_asked"),
    [
        ("127.0.0.1", False),
        ("[::1]", False),
        ("127.0.0.1.example", True),
        ("127.1", True),
        ("0x7f.0.0.1", True),
        ("2130706433", True),
        ("localhost", True),
    ],
)
def test_S3_an_address_needs_no_name_server_and_is_checked_like_others(host: str, is_asked: bool) -> None:
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    fetched = ask(Request(f"http://{host}:9/"), Limits(timeout=1.0), resolver=resolver)
    assert fetched.failure is not None and fetched.failure.kind == "forbidden-address"
    assert asked == ([host] if is_asked else [])


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [("a longer one before", 60.0, 0.2), ("a longer one behind", 0.2, 60.0), ("as long", 0.2, 0.2)],
)
def test_B1_each_exchange_is_ended_at_its_own_deadline(name: str, first: float, second: float) -> None:
    watchdog = Watchdog()
    guards = [watchdog.open(first)]
    time.sleep(0.05)  # its thread sleeps by now
    guards.append(watchdog.open(second))
    end = time.monotonic() + 5
    short = [guard for guard, seconds in zip(guards, (first, second), strict=True) if seconds < 1]
    while not all(guard.killed for guard in short) and time.monotonic() < end:
        time.sleep(0.02)
    assert [guard.killed for guard in guards] == [first < 1, second < 1], name
    late = watchdog.open(0.1)  # after it has woken
    while not late.killed and time.monotonic() < end:
        time.sleep(0.02)
    assert late.killed
    watchdog.close()
    assert all(guard.killed for guard in guards)
    for guard in (*guards, late):
        watchdog.done(guard)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("127.8.8.8", False),
        ("10.0.0.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("172.31.255.255", False),
        ("172.32.0.1", True),
        ("192.168.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::808:808", True),
        ("2002:7f00:1::", False),
        ("2002:808:808::", True),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
        ("not an address", False),
        ("198.18.0.1", False),
        ("203.0.113.9", False),
    ],
)
def test_S2_the_address_policy(text: str, wanted: bool) -> None:
    assert (address.forbidden(text) is None) == wanted


def test_S4_the_allow_list_is_exact() -> None:
    assert address.allowed(["127.0.0.1"], "127.0.0.1", 8080, ("127.0.0.1:8080",)) == (["127.0.0.1"], None)
    assert (
        address.allowed(["::1"], "::1", 8080, ("[::1]:8080",)) == (["::1"], None)
        and address.allowed(["10.0.0.1"], "nas.lan", 80, ("nas.lan:80",))[1] is None
    )
    assert address.allowed(["127.0.0.1"], "127.0.0.1", 8081, ("127.0.0.1:8080",))[0] == []
    assert address.allowed(["127.0.0.1"], "localhost", 8080, ("127.0.0.1:8080",))[0] == []


def test_S4_the_config_may_write_it_in_capitals(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        '[service]\nbase_url = "https://n.example/"\n[poll]\nallow_hosts = ["NAS.lan:80", "[FD00::1]:80"]\n'
    )
    assert load(path, {}).limits.allow_hosts == {"nas.lan:80", "[fd00::1]:80"}


def test_close_ends_what_is_under_way(hostile: Hostile) -> None:
    results: list[FetchResult] = []
    door = Door()
    thread = threading.Thread(
        target=lambda: results.append(door.get(Request(hostile.url("silent")), limits(hostile, 15)))
    )
    thread.start()
    while not hostile.asked("silent"):
        time.sleep(0.01)
    door.close()
    thread.join(5)
    assert results and results[0].failure is not None and results[0].failure.kind == "stopped"


def send(url: str, limits: Limits, form: dict[str, str] | None = None) -> Failure | None:
    with Door() as door:
        return door.send(url, limits, form)


def test_send_a_ping(hostile: Hostile) -> None:
    assert send(hostile.url("plain"), limits(hostile), {"hub.mode": "publish"}) is None
    failure = send(hostile.url("500"), limits(hostile))
    assert failure is not None and failure.status == 500


@pytest.mark.parametrize(
    ("name", "statuses", "wanted"),
    [
        ("WebSub, moved", (301,), ["POST", "POST"]),
        ("WebSub, found", (302,), ["POST", "POST"]),
        ("WebSub, see other", (303,), ["POST", "GET"]),
        ("WebSub, temporary", (307,), ["POST", "POST"]),
        ("WebSub, permanent", (308,), ["POST", "POST"]),
        ("WebSub, three", (308, 302, 301), ["POST"] * 4),
        ("ping, moved", (301,), ["GET", "GET"]),
        ("ping, temporary", (307,), ["GET", "GET"]),
    ],
)
def test_F59_a_ping_follows_redirects_and_is_taken_at_their_end(
    hostile: Hostile, name: str, statuses: tuple[int, ...], wanted: list[str]
) -> None:
    form = {"hub.mode": "publish", "hub.url": "https://a.example/x.atom"} if "WebSub" in name else None
    methods: list[str] = []

    def hop(number: int) -> Case:
        def handler(wire: socket.socket, asked: Asked) -> None:
            methods.append(asked.raw[0].split(" ")[0])
            status = f"{statuses[number]} Elsewhere" if number < len(statuses) else "202 Accepted"
            wire.sendall(reply(b"", status, f"Location: /hop-{number + 1}\r\n"))

        return Case(f"hop-{number}", handler)

    hostile.table.update({f"hop-{number}": hop(number) for number in range(5)})
    assert send(hostile.url("hop-0"), limits(hostile), form) is None
    assert methods == wanted


@pytest.mark.parametrize(
    ("name", "location", "kind"),
    [
        ("too many", "/again", "redirect"),
        ("no address", "", "redirect"),
        ("no web address", "gopher://a.example/", "redirect"),
        ("S2 inside", "http://127.0.0.2:1/", "forbidden-address"),
        ("a failure at the end", "/404", "status"),
    ],
)
def test_F59_a_redirect_that_leads_nowhere_is_named(
    hostile: Hostile, name: str, location: str, kind: str
) -> None:
    answer = reply(b"", "302 Found", f"Location: {location}\r\n" if location else "")
    hostile.table["again"] = Case("again", lambda wire, asked: wire.sendall(answer))
    before = len(hostile.asked("again"))
    failure = send(hostile.url("again"), limits(hostile), {"hub.mode": "publish"})
    assert failure is not None and failure.kind == kind, failure
    assert len(hostile.asked("again")) - before == (4 if name == "too many" else 1), "three redirects"


@pytest.mark.parametrize("waits", ["DNS", "its turn", "the answer", "a connection"])
def test_R16_close_ends_what_waits(hostile: Hostile, waits: str, tmp_path: Path) -> None:
    """Whatever an exchange waits for, of a minute of its own, it is over within a second or two."""
    patient = limits(hostile, 60.0)
    begun, over = threading.Event(), threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        begun.set()
        if waits == "DNS":
            over.wait(60)
        return ["127.0.0.1"]

    name, port = "drip-body", hostile.port
    network = Network(Door(resolve))
    settings = config(tmp_path, "")
    with socket.socket() as deaf, contextlib.ExitStack() as queued:
        if waits == "a connection":  # a queue that is full answers nothing
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(0)
            port = deaf.getsockname()[1]
            for _ in range(4):
                waiting = queued.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(("127.0.0.1", port))
        patient = replace(patient, allow_hosts=(f"127.0.0.1:{hostile.port}", f"feed.example:{port}"))
        settings = replace(settings, limits=patient, host_gap=30.0 if waits == "its turn" else 0.0)
        if waits == "its turn":
            network.get(settings, Request(f"http://feed.example:{port}/plain"))
        found: list[FetchResult] = []
        request = Request(f"http://feed.example:{port}/{name}")
        thread = threading.Thread(target=lambda: found.append(network.get(settings, request)), daemon=True)
        thread.start()
        assert begun.wait(20)
        while waits == "the answer" and not hostile.asked(name):
            time.sleep(0.01)
        time.sleep(0.3)
        assert thread.is_alive(), "it waits"
        started = time.monotonic()
        try:
            network.close()
            thread.join(20)
        finally:
            over.set()
        assert not thread.is_alive() and time.monotonic() - started < 5, "an idle machine needs 0.3 s"
        assert found[0].failure is not None and found[0].failure.kind == "stopped"


def test_local_files(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A headline")
    (tmp_path / "b.txt").write_bytes(b"x" * 100)
    door = Door(clock=lambda: NOW + 0.5)
    found = door.read(str(tmp_path / "*.txt"), Limits(max_bytes=50))
    assert {one.at for one in found} == {NOW}
    assert [one.failure.kind if one.failure else None for one in found] == [None, "too-big"]
    missing = door.read(str(tmp_path / "none.txt"), Limits())[0].failure
    assert missing is not None and missing.kind == "missing"
    folder = door.read(str(tmp_path), Limits())[0].failure
    assert folder is not None and folder.kind == "unreadable"


def test_P12_redirects_wait_for_their_turn_and_for_the_gap(hostile: Hostile, tmp_path: Path) -> None:
    polite = replace(config(tmp_path, ""), limits=limits(hostile, 4.0), host_gap=0.5)
    network = Network()
    for name in ("redirect", "mixed-chain"):
        assert network.get(polite, Request(hostile.url(name))).failure is None
    network.close()
    times = [one.at for one in hostile.log[-5:]]
    assert all(b - a >= 0.48 for a, b in pairwise(times)), (
        "one gap between all requests to a host, hops included"
    )


def test_P2_validators_mean_something_where_they_were_given_only(hostile: Hostile) -> None:
    first = get(hostile, "moving-target")
    etag = dict(first.headers)["etag"]
    second = ask(Request(hostile.url("moving-target"), etag, given_at=first.url), limits(hostile))
    assert second.status == 200 and second.url != first.url, (
        "the other target has the same ETag, and another feed"
    )
    third = ask(Request(hostile.url("moving-target"), etag, given_at=first.url), limits(hostile))
    assert third.status == 304 and "if-none-match" not in hostile.asked("moving-target")[-1].headers


def test_P11_a_failure_names_who_answered_so(hostile: Hostile) -> None:
    hostile.table["to-429"] = type(hostile.table["plain"])("to-429", hostile_cases.moved("302 Found", "/429"))
    fetched = get(hostile, "to-429")
    assert (
        fetched.failure is not None
        and fetched.failure.kind == "rate-limited"
        and fetched.url == hostile.url("429")
    )


def _head(size: int, interim: int = 0) -> bytes:
    """All that comes before a body, of so many bytes: some of it in interim answers."""
    early = b"HTTP/1.1 103 Early Hints\r\n%s\r\n"
    parts = [early % _field(min(60_000, size // 10)) for _ in range(interim)]
    last = b"HTTP/1.1 200 OK\r\n%s\r\n"
    rest = size - len(b"".join(parts)) - len(last % b"")
    fields = [_field(min(60_000, rest - at)) for at in range(0, rest, 60_000)]
    return b"".join(parts) + last % b"".join(fields)


def _field(size: int) -> bytes:
    return b"X: %s\r\n" % (b"a" * (size - 5))


@pytest.mark.parametrize("interim", [0, 3])
@pytest.mark.parametrize(("more", "wanted"), [(0, "ok"), (1, "protocol"), (900_000, "protocol")])
def test_B5_headers_are_bounded_together(hostile: Hostile, interim: int, more: int, wanted: str) -> None:
    """Each field may be as long as http.client takes it; all of them, interim answers included, take 300 kB."""
    head = _head(MAX_HEAD + more, interim)
    assert len(head) == MAX_HEAD + more
    hostile.table["head"] = Case("head", hostile_cases.says(head + hostile_cases.rss("head")))
    fetched = get(hostile, "head")
    assert (fetched.failure.kind if fetched.failure else "ok") == wanted
    assert fetched.failure is None or "more than 300 kB of headers" in fetched.failure.detail


@pytest.mark.parametrize(
    ("name", "answer", "kind"),
    [
        ("silent", b"", "timeout"),
        ("plain", b"HTTP/1.1 200 OK\r\n\r\nx", "tls"),
        ("rubbish", b"\x15\x03\x01\x00\x02\x02\x28", "tls"),
    ],
)
def test_B1_tls_that_hangs_or_is_none(name: str, answer: bytes, kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:

        def serve() -> None:
            wire, _ = sock.accept()
            with wire:
                wire.recv(1000)
                wire.sendall(answer)
                if not answer:
                    wire.settimeout(10)
                    while wire.recv(1000):
                        pass

        threading.Thread(target=serve, daemon=True).start()
        port = sock.getsockname()[1]
        started = time.monotonic()
        fetched = ask(
            Request(f"https://127.0.0.1:{port}/"), Limits(timeout=1.0, allow_hosts=(f"127.0.0.1:{port}",))
        )
        assert fetched.failure is not None and fetched.failure.kind == kind, (name, fetched.failure)
        assert time.monotonic() - started < 3


def test_B2_large_bodies_share_what_there_is(hostile: Hostile) -> None:
    large = replace(limits(hostile, 1.0), max_bytes=4_000_000)
    for name, size in (("3mb", 3_500_000), ("2mb", 2_500_000)):
        hostile.table[name] = Case(name, hostile_cases.says(reply(b"x" * size)))
    with Door(budget=Budget(2)) as door:
        with door.room():
            refused = door.get(Request(hostile.url("3mb")), large)
            assert refused.failure is not None and refused.failure.kind == "timeout"
        for _ in range(2):  # given back
            with door.room():
                assert door.get(Request(hostile.url("2mb")), large).failure is None


def test_being_stopped_is_no_failure_of_the_source(hostile: Hostile) -> None:
    door = Door()
    door.close()
    fetched = door.get(Request(hostile.url("plain")), limits(hostile))
    assert fetched.failure is not None and fetched.failure.kind == "stopped"
    assert door.closed


def test_S2_B1_a_connection_is_never_used_twice(hostile: Hostile) -> None:
    """Else the next poll would pass by the address check and the watchdog, and get what is left over of this answer."""
    left_over = hostile_cases.reply(hostile_cases.rss("left-over"))
    body = hostile_cases.rss("kept")

    def keeps(wire: socket.socket, asked: Asked) -> None:
        wire.sendall(
            b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )
        time.sleep(0.05)
        wire.sendall(left_over)
        wire.settimeout(3)
        assert wire.recv(1) == b"", "closed by us, or asked again over the same connection"

    hostile.table["kept"] = type(hostile.table["plain"])("kept", keeps)
    for number in range(20):
        fetched = get(hostile, "kept")
        assert fetched.failure is None and fetched.body == body
        assert get(hostile, "plain").failure is None and len(hostile.asked("kept")) == number + 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for localhost, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here to make a certificate with")
    path = tmp_path_factory.mktemp("tls") / "cert.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-keyout",
        str(path),
        "-out",
        f"{path}.crt",
    ]
    subprocess.run(command, check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())
    return path


@pytest.mark.parametrize(
    ("name", "host", "trusted", "wanted"),
    [
        ("plain", "localhost", True, None),
        ("plain", "localhost", False, "tls"),
        ("plain", "127.0.0.1", True, "tls"),
        ("drip-body", "localhost", True, "timeout"),
        ("silent", "localhost", True, "timeout"),
        ("short-body", "localhost", True, "truncated"),
    ],
)
def test_S2_B1_over_tls(
    hostile: Hostile,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    host: str,
    trusted: bool,
    wanted: str | None,
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if trusted:
        monkeypatch.setattr(transport, "_context", ssl.create_default_context(cafile=f"{certificate}.crt"))
    monkeypatch.setattr(
        transport, "_current", threading.local()
    )  # sessions keep the context that they were made with
    with socket.create_server(("127.0.0.1", 0)) as sock:

        def serve() -> None:
            with contextlib.suppress(OSError):
                wire, _ = sock.accept()
                with context.wrap_socket(wire, server_side=True) as secure:
                    secure.recv(65536)
                    hostile.table[name].handler(secure, Asked("/", {}, 0.0, host))

        threading.Thread(target=serve, daemon=True).start()
        port = sock.getsockname()[1]
        started = time.monotonic()
        fetched = ask(
            Request(f"https://{host}:{port}/"), Limits(timeout=1.5, allow_hosts=(f"{host}:{port}",))
        )
    assert (fetched.failure.kind if fetched.failure else None) == wanted, fetched.failure
    assert time.monotonic() - started < 3.5


def test_without_tls_no_certificates_are_read(hostile: Hostile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_current", threading.local())
    monkeypatch.setattr(transport, "_context", None)
    assert get(hostile, "plain").failure is None and transport._context is None
    assert ask(Request(f"https://127.0.0.1:{hostile.port}/"), limits(hostile)).failure is not None
    assert isinstance(transport._context, ssl.SSLContext)


def test_S2_redirects_away_from_loopback_in_a_namespace_of_its_own() -> None:
    if (
        shutil.which("unshare") is None
        or subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode != 0
    ):
        pytest.skip(
            "no network namespaces here (unshare -rn): redirects that lead away from loopback are not followed"
        )
    done = subprocess.run(
        ["unshare", "-rn", sys.executable, "-m", "tests.namespaced"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent.parent,
        check=False,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    wrong = {
        name: kind for name, kind in said["found"].items() if kind not in said["wanted"][name].split("|")
    }
    assert wrong == {} and len(said["found"]) >= 12 and said["canary"] == 0
