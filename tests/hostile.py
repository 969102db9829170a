"""A hostile web server on loopback: about a hundred paths as a table, each with the outcome that is wanted of us.

`Hostile()` is a context manager; `.url(name)` is the address of a path, `.log` every request that came in, `.canary` a second
port that must never be reached.
"""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

ITEM = "<item><title>Story {n} of {name}</title><link>http://news.example/{name}/{n}</link><guid>http://news.example/{name}/{n}</guid></item>"


def rss(name: str, extra: str = "", items: int = 3) -> bytes:
    body = "".join(ITEM.format(name=name, n=n) for n in range(items))
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{name}</title><link>http://news.example/</link><description/>{extra}{body}</channel></rss>'.encode()


def reply(body: bytes, status: str = "200 OK", headers: str = "Content-Type: application/rss+xml\r\n", length: bool = True) -> bytes:
    sized = f"Content-Length: {len(body)}\r\n" if length else ""
    return f"HTTP/1.1 {status}\r\n{headers}{sized}Connection: close\r\n\r\n".encode("latin-1") + body


Handler = Callable[[socket.socket, "Asked"], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came in."""

    path: str
    headers: dict[str, str]
    at: float
    host: str


@dataclass(frozen=True, slots=True)
class Case:
    """A path: how it answers, and what is wanted of us: "ok" (with so many entries) or the kind of failure."""

    name: str
    handler: Handler
    wanted: str = "ok"
    entries: int = 3


def says(data: bytes) -> Handler:
    return lambda wire, asked: wire.sendall(data)


def drips(data: bytes, first: int, pause: float = 0.05) -> Handler:
    def handler(wire: socket.socket, asked: Asked) -> None:
        wire.sendall(data[:first])
        for position in range(first, len(data)):
            wire.sendall(data[position : position + 1])
            time.sleep(pause)

    return handler


def floods(start: bytes, more: bytes) -> Handler:
    def handler(wire: socket.socket, asked: Asked) -> None:
        wire.sendall(start)
        while True:
            wire.sendall(more)
            time.sleep(0.005)

    return handler


def validated(name: str, etag: str | None, modified: str | None) -> Handler:
    def handler(wire: socket.socket, asked: Asked) -> None:
        headers = (f"ETag: {etag}\r\n" if etag else "") + (f"Last-Modified: {modified}\r\n" if modified else "")
        known = (etag and asked.headers.get("if-none-match") == etag) or (not etag and asked.headers.get("if-modified-since") == modified)
        wire.sendall(reply(b"", "304 Not Modified", headers) if known else reply(rss(name), headers=headers + "Content-Type: text/xml\r\n"))

    return handler


def moved(status: str, to: str) -> Handler:
    return says(reply(b"", status, f"Location: {to}\r\n"))


GZ = "Content-Encoding: gzip\r\nContent-Type: text/xml\r\n"
_LONG = b"<" + b"a" * 200_000


def cases(port: int, canary: int) -> list[Case]:
    here = f"http://127.0.0.1:{port}"
    found = [
        Case("plain", says(reply(rss("plain")))),
        Case("no-length", says(reply(rss("no-length"), length=False))),
        Case("chunked", says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"%x\r\n" % len(rss("chunked")) + rss("chunked") + b"\r\n0\r\n\r\n")),
        Case("etag", validated("etag", '"v1"', None)),
        Case("weak-etag", validated("weak-etag", 'W/"a,b"', None)),
        Case("bare-etag", validated("bare-etag", "unquoted-tag", None)),
        Case("latin-etag", validated("latin-etag", '"caf\u00e9"', None)),
        Case("modified", validated("modified", None, "Wed, 01 Jan 2025 00:00:00 GMT")),
        Case("odd-modified", validated("odd-modified", None, "yesterday-ish")),
        Case("both", validated("both", '"v2"', "Wed, 01 Jan 2025 00:00:00 GMT")),
        Case("type-html", says(reply(rss("type-html"), headers="Content-Type: text/html\r\n"))),
        Case("type-none", says(reply(rss("type-none"), headers=""))),
        Case("type-octets", says(reply(rss("type-octets"), headers="Content-Type: application/octet-stream\r\n"))),
        Case("charset-wrong", says(reply(rss("charset-wrong"), headers="Content-Type: text/xml; charset=x-unknown-9\r\n"))),
        Case("blank-before", says(reply(b"\n\n  " + rss("blank-before")))),
        Case("bom", says(reply(b"\xef\xbb\xbf" + rss("bom")))),
        Case("utf16", says(reply(rss("utf16").decode().replace('?>', ' encoding="utf-16"?>', 1).encode("utf-16")))),
        Case("gzip", says(reply(gzip.compress(rss("gzip")), headers=GZ))),
        Case("gzip-members", says(reply(gzip.compress(rss("gm")[:90]) + gzip.compress(rss("gm")[90:]), headers=GZ))),
        Case("deflate", says(reply(zlib.compress(rss("deflate")), headers=GZ.replace("gzip", "deflate")))),
        Case("gzip-named-x", says(reply(gzip.compress(rss("gx")), headers=GZ.replace("gzip", "x-gzip")))),
        Case("identity", says(reply(rss("identity"), headers="Content-Encoding: identity\r\n"))),
        Case("redirect", moved("302 Found", "/plain")),
        Case("redirect-303", moved("303 See Other", f"{here}/plain")),
        Case("redirect-307", moved("307 Temporary", "plain")),
        Case("permanent", moved("301 Moved", "/plain")),
        Case("permanent-308", moved("308 Moved", "/plain")),
        Case("redirect-body", says(reply(b"x" * 100_000, "302 Found", "Location: /plain\r\n"))),
        Case("ttl", says(reply(rss("ttl", "<ttl>120</ttl>")))),
        Case("ttl-absurd", says(reply(rss("ttl-absurd", "<ttl>-99999999999</ttl>")))),
        Case("skip", says(reply(rss("skip", "<skipHours><hour>1</hour></skipHours><skipDays><day>Sunday</day></skipDays>")))),
        Case("skip-all", says(reply(rss("skip-all", "<skipHours>" + "".join(f"<hour>{n}</hour>" for n in range(24)) + "</skipHours>")))),
        Case("max-age", says(reply(rss("max-age"), headers="Cache-Control: max-age=7200\r\nAge: 600\r\n"))),
        Case("max-age-absurd", says(reply(rss("maa"), headers="Cache-Control: max-age=99999999999999999999\r\n"))),
        Case("expires", says(reply(rss("expires"), headers="Date: Wed, 01 Jan 2025 00:00:00 GMT\r\nExpires: Wed, 01 Jan 2025 02:00:00 GMT\r\n"))),
        Case("expires-rubbish", says(reply(rss("er"), headers="Expires: 0\r\nDate: nonsense\r\n"))),
        Case("cookies", says(reply(rss("cookies"), headers="Set-Cookie: id=1; Domain=127.0.0.1\r\n"))),
        Case("empty-feed", says(reply(rss("empty-feed", items=0))), entries=0),
        Case("same-guid", says(reply(rss("sg").replace(b"/sg/1</guid>", b"/sg/0</guid>").replace(b"/sg/1</link>", b"/sg/0</link>").replace(b"Story 1", b"Story 0"))), entries=2),
        Case("no-guid", says(reply(b'<rss version="2.0"><channel><title>n</title><item><title>One</title></item><item><description>Two</description></item></channel></rss>')), entries=2),
        Case("control-characters", says(reply(rss("cc").replace(b"Story", b"St\x01\x02ory")))),
        Case("bad-entity", says(reply(rss("be").replace(b"Story", b"&#99999999999;&nosuch; Story")))),
        Case("unclosed", says(reply(rss("unclosed")[:-40]))),
        Case("json", says(reply(b'{"version":"https://jsonfeed.org/version/1.1","title":"j","items":[{"id":"1","title":"a"},{"id":2,"url":"http://n.example/2"}]}')), entries=2),
        Case("latin1", says(reply('<?xml version="1.0" encoding="iso-8859-1"?><rss version="2.0"><channel><title>l</title><item><title>caf\u00e9</title></item></channel></rss>'.encode("latin-1"))), entries=1),
        Case("doctype", says(reply(b'<!DOCTYPE rss SYSTEM "http://127.0.0.1:%d/canary.dtd">' % canary + rss("doctype").split(b"?>", 1)[1]))),
        Case("xxe", says(reply(b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + rss("xxe").split(b"?>", 1)[1].replace(b"Story 0", b"&x; 0")))),
        # ---- trouble with a name
        Case("empty", says(reply(b"")), "empty"),
        Case("blank", says(reply(b" \n ")), "empty"),
        Case("no-content", says(reply(b"", "204 No Content")), "empty"),
        Case("html", says(reply(b"<!doctype html><html><head><title>Welcome</title></head><body>hi</body></html>")), "not-a-feed"),
        Case("json-error", says(reply(b'{"error":"quota"}')), "not-a-feed"),
        Case("json-broken", says(reply(b'{"version":"https://jsonfeed.org/version/1.1",')), "not-a-feed"),
        Case("png", says(reply(b"\x89PNG\r\n\x1a\n" + b"\0" * 500)), "not-a-feed"),
        Case("svg", says(reply(b'<svg xmlns="http://www.w3.org/2000/svg"><title>x</title></svg>')), "not-a-feed"),
        Case("opml", says(reply(b'<opml version="2.0"><body><outline text="x" xmlUrl="http://n.example/"/></body></opml>')), "not-a-feed"),
        Case("text", says(reply(b"just some words")), "not-a-feed"),
        Case("path-as-body", says(reply(b"/etc/passwd")), "not-a-feed"),
        Case("zip", says(reply(b"PK\x03\x04rest")), "not-a-feed"),
        Case("captcha", says(reply(b"<html><body>Please solve this captcha</body></html>")), "blocked"),
        Case("cloudflare", says(reply(b"<html><title>Just a moment...</title><body>challenge-platform</body></html>", "403 Forbidden", "Server: cloudflare\r\ncf-mitigated: challenge\r\n")), "blocked"),
        Case("login", says(reply(b'<html><body><form><input type="password" name="p"></form></body></html>')), "blocked"),
        Case("401", says(reply(b"", "401 Unauthorized")), "unauthorized"),
        Case("403", says(reply(b"no", "403 Forbidden")), "unauthorized"),
        Case("404", says(reply(b"", "404 Not Found")), "missing"),
        Case("410", says(reply(b"", "410 Gone")), "gone"),
        Case("418", says(reply(b"", "418 Teapot")), "status"),
        Case("500", says(reply(b"", "500 Oops")), "status"),
        Case("503", says(reply(b"", "503 Unavailable", "Retry-After: 3600\r\n")), "unavailable"),
        Case("503-date", says(reply(b"", "503 Unavailable", "Retry-After: Fri, 31 Dec 2027 23:59:59 GMT\r\n")), "unavailable"),
        Case("503-rubbish", says(reply(b"", "503 Unavailable", "Retry-After: soon\r\n")), "unavailable"),
        Case("304-unasked", says(reply(b"", "304 Not Modified")), "protocol"),
        Case("206", says(reply(rss("206"), "206 Partial Content")), "status"),
        Case("no-location", says(reply(b"", "301 Moved", "")), "redirect"),
        Case("location-file", moved("302 Found", "file:///etc/passwd"), "redirect"),
        Case("location-javascript", moved("302 Found", "javascript:alert(1)"), "redirect"),
        Case("location-ftp", moved("302 Found", "ftp://127.0.0.1/x"), "redirect"),
        Case("loop", moved("302 Found", "/loop"), "redirect"),
        Case("to-canary", moved("302 Found", f"http://127.0.0.1:{canary}/"), "forbidden-address"),
        Case("to-canary-decimal", moved("302 Found", f"http://2130706433:{canary}/"), "forbidden-address"),
        Case("to-canary-mapped", moved("302 Found", f"http://[::ffff:127.0.0.1]:{canary}/"), "forbidden-address"),
        Case("to-canary-localhost", moved("302 Found", f"http://localhost:{canary}/"), "forbidden-address"),
        Case("location-bytes", says(reply(b"", "302 Found", "Location: http://127.0.0.1:1/\xff\xfe\r\n")), "forbidden-address"),
        Case("drip-headers", drips(reply(rss("dh")), 10), "timeout"),
        Case("drip-body", drips(reply(rss("db")), 120), "timeout"),
        Case("silent", lambda wire, asked: time.sleep(20), "timeout"),
        Case("flood-100", floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "timeout"),
        Case("endless", floods(b"HTTP/1.1 200 OK\r\n\r\n<rss>", b"<item/>"), "timeout"),
        Case("flood-headers", floods(b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n"), "protocol"),
        Case("long-header", says(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n"), "protocol"),
        Case("rubbish", says(b"not http at all\r\n\r\n"), "protocol"),
        Case("hangup", lambda wire, asked: None, "protocol"),
        Case("short-body", says(reply(rss("sb")).replace(b"Content-Length: ", b"Content-Length: 9")), "truncated"),
        Case("short-chunk", says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n<rss>"), "truncated"),
        Case("short-gzip", says(reply(gzip.compress(rss("sz"))[:-12], headers=GZ)), "truncated"),
        Case("not-gzip", says(reply(rss("ng"), headers=GZ)), "encoding"),
        Case("brotli", says(reply(b"\x0b\x02\x80", headers="Content-Encoding: br\r\n")), "encoding"),
        Case("gzip-twice", says(reply(gzip.compress(gzip.compress(rss("g2"))), headers="Content-Encoding: gzip, gzip\r\n")), "encoding"),
        Case("bomb", says(reply(gzip.compress(b" " * 60_000_000), headers=GZ)), "too-big"),
        Case("big", floods(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 2_000_000), "too-big"),
        Case("laughs", says(reply(b'<!DOCTYPE r [<!ENTITY a "' + b"x" * 1000 + b'">' + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 50) for n in range(8)) + b"]><rss><channel><title>&i;</title></channel></rss>")), "any"),
        Case("deep", says(reply(b"<rss version='2.0'><channel><item><title>t</title><description>" + b"&lt;div>" * 40_000 + b"</description></item></channel></rss>")), "any"),
        Case("comments", says(reply(b"<rss version='2.0'><channel><item><title>t</title><description>" + b"&lt;!--" * 60_000 + b"</description></item></channel></rss>")), "any"),
        Case("attributes", says(reply(b"<rss version='2.0'><channel><item " + b" ".join(b"a%d='1'" % n for n in range(20_000)) + b"><title>t</title></item></channel></rss>")), "any"),
        Case("long-tag", says(reply(b"<rss><channel>" + _LONG)), "any"),
    ]
    return found


@dataclass(slots=True)
class Hostile:
    """The server. Requests are logged; the canary logs too."""

    log: list[Asked] = field(default_factory=list)
    canary_log: list[float] = field(default_factory=list)
    port: int = 0
    canary: int = 0
    table: dict[str, Case] = field(default_factory=dict)
    _sockets: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> Hostile:
        self.port, self.canary = self._listen(self._serve), self._listen(self._sing)
        self.table = {case.name: case for case in cases(self.port, self.canary)}
        return self

    def __exit__(self, *_: object) -> None:
        for sock in self._sockets:
            sock.close()

    def url(self, name: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}/{name}"

    def asked(self, name: str) -> list[Asked]:
        return [one for one in self.log if one.path == f"/{name}"]

    def _listen(self, handler: Callable[[socket.socket], None]) -> int:
        sock = socket.create_server(("127.0.0.1", 0), backlog=200)
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
        lines = data.decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
        asked = Asked(lines[0].split()[1], headers, time.time(), headers.get("host", ""))
        self.log.append(asked)
        case = self.table.get(asked.path.lstrip("/"))
        if case is None:
            wire.sendall(reply(b"", "404 Not Found"))
            return
        case.handler(wire, asked)
