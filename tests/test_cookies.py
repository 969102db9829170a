"""One exchange: cookies on the way, and codings that change nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from requests.cookies import RequestsCookieJar

from aggregator.fetch import Door
from aggregator.fetch.cookies import Cookies
from aggregator.model import FetchResult, Limits, Request

FEED = b"<?xml version='1.0'?><rss version='2.0'><channel><title>t</title></channel></rss>"
CODINGS: dict[str, tuple[str, bytes]] = {
    "chunked": ("aws-chunked", FEED),
    "charset": ("UTF-8", FEED),
    "none": ("none", FEED),
    "identity": ("identity", FEED),
    "binary": ("binary", FEED),
    "empty": ("", FEED),
    "several": ("identity, aws-chunked", FEED),
    "text": ("utf-8", b"StateChange: x\n" + FEED),
    "json": ("utf-8", b'\xef\xbb\xbf{"version": 1}'),
    "said": ("br", FEED),
    "brotli": ("br", b"\x0b\x02\x80text\x03"),
    "zstd": ("zstd", b"\x28\xb5\x2f\xfd\x04"),
    "no token": ("x y", FEED),
    "too long": ("x" * 61, FEED),
}


class _Server(BaseHTTPRequestHandler):
    """`/once` wants the cookie that it sets, `/steps/N` N of them, `/never` one that is never good enough."""

    seen: list[tuple[str, str]]
    other = 0  # the port of the same server under another name

    def do_GET(self) -> None:
        cookie = self.headers.get("Cookie", "")
        self.seen.append((self.path, cookie))
        name, _, rest = self.path.strip("/").partition("/")
        number = int(cookie.partition("n=")[2] or 0) if "n=" in cookie else 0
        table: dict[str, tuple[bool, str, str, int]] = {
            "once": ("seen=1" not in cookie, self.path, "seen=1; Path=/", 302),
            "elsewhere-only": ("part=1" not in cookie, self.path, "part=1; Path=/other/", 302),
            "first": ("door=1" not in cookie, "/door", "x=1", 302),
            "door": (True, "/first", "door=1; Path=/", 302),
            "expired": (True, self.path, "gone=1; Max-Age=0", 302),
            "never": (True, self.path, "same=1", 302),
            "counted": (number < int(rest if rest.isdecimal() else 0), self.path, f"n={number + 1}", 302),
            "away": (True, f"http://localhost:{self.other}/plain", "secret=1; Path=/", 302),
            "home": (True, "/plain", "secret=1; Path=/; Domain=localhost", 302),
            "permanent": ("seen=1" not in cookie, self.path, "seen=1", 301),
        }
        is_moved, target, set_cookie, status = table.get(name, (False, "", "", 0))
        if is_moved:
            self._moved(target, set_cookie, status)
        else:
            self._answer(CODINGS.get(rest.replace("%20", " "), ("", FEED)))

    def _moved(self, target: str, cookie: str, status: int = 302) -> None:
        self.send_response(status)
        self.send_header("Set-Cookie", cookie)
        self.send_header("Location", target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, said: tuple[str, bytes]) -> None:
        self.send_response(200)
        self.send_header("Content-Encoding", said[0])
        self.send_header("Content-Length", str(len(said[1])))
        self.end_headers()
        self.wfile.write(said[1])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    _Server.other = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def _fresh() -> None:
    _Server.seen = []


def get(port: int, path: str, **headers: str) -> FetchResult:
    limits = Limits(timeout=20, allow_hosts=(f"127.0.0.1:{port}", f"localhost:{port}"))
    request = Request(f"http://127.0.0.1:{port}/{path}", headers=tuple(headers.items()))
    with Door(lambda host, _: ["127.0.0.1"]) as door:
        return door.get(request, limits)


def test_a_redirect_that_sets_a_cookie_and_leads_back(port: int) -> None:
    assert get(port, "once").body == FEED
    assert get(port, "once").body == FEED, "and nothing is kept"
    assert [cookie for _, cookie in _Server.seen] == ["", "seen=1", "", "seen=1"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("never", "in a circle"),
        ("elsewhere-only", "in a circle"),
        ("expired", "in a circle"),
        ("counted/99", "redirects"),
    ],
)
def test_B5_circles_end_all_the_same(port: int, path: str, words: str) -> None:
    failure = get(port, path).failure
    assert failure is not None and failure.kind == "redirect" and words in failure.detail
    assert len(_Server.seen) <= Limits().max_redirects + 2


def test_several_rounds(port: int) -> None:
    assert get(port, "counted/3").body == FEED
    assert get(port, "first").body == FEED


def test_P19_cookies_go_back_only_where_a_redirect_does(port: int) -> None:
    assert get(port, "home").body == FEED and [cookie for _, cookie in _Server.seen] == ["", ""]


def test_S6_cookies_never_cross_hosts(port: int) -> None:
    assert get(port, "away").body == FEED and get(port, "home").body == FEED
    assert dict(_Server.seen)["/away"] == "" and _Server.seen[1] == ("/plain", "")
    assert _Server.seen[3] == ("/plain", ""), "a cookie of another domain is none"


def test_a_configured_cookie_goes_along(port: int) -> None:
    assert get(port, "once", Cookie="mine=2").body == FEED
    assert [cookie for _, cookie in _Server.seen] == ["mine=2", "mine=2; seen=1"]


def test_to_be_sent_back_is_no_move(port: int) -> None:
    fetched = get(port, "permanent")
    assert fetched.body == FEED and fetched.permanent is None


@pytest.mark.parametrize("name", CODINGS)
def test_B3_codings_that_change_nothing(port: int, name: str) -> None:
    fetched = get(port, f"coding/{name.replace(' ', '%20')}")
    if name in ("brotli", "zstd", "no token", "too long"):
        assert fetched.failure is not None and fetched.failure.kind == "encoding"
    else:
        assert fetched.failure is None and fetched.body == CODINGS[name][1]


@pytest.mark.parametrize(("length", "is_given"), [(7999, True), (8000, True), (8001, False)])
def test_a_header_of_cookies_that_no_server_takes_is_not_sent(length: int, is_given: bool) -> None:
    jar = RequestsCookieJar()
    jar.set("a", "x" * (length - len("a=")), domain="a.example", path="/")
    cookies = Cookies(wanted=True, jars={"a.example": jar})
    assert len(cookies.of("http://a.example/feed")) == (length if is_given else 0)
