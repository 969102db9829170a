"""What the hostile server says: some two hundred and fifty paths by kind, each with the outcome that is wanted of us."""

from __future__ import annotations

import gzip
import json
import socket
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

# Documents and tables of cases, a line each.
# fmt: off

ITEM = "<item><title>Story {n} of {name}</title><link>http://news.example/{name}/{n}</link><guid>http://news.example/{name}/{n}</guid></item>"
DATE = "Wed, 01 Jan 2025 00:00:00 GMT"


def rss(name: str, extra: str = "", items: int = 3, more: str = "") -> bytes:
    body = "".join(ITEM.format(name=name, n=n) for n in range(items)) + more
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{name}</title><link>http://news.example/</link><description/>{extra}{body}</channel></rss>'.encode()


def channel(items: str, declaration: str = "") -> bytes:
    """An RSS feed of just these items."""
    return f'{declaration}<rss version="2.0"><channel><title>c</title><link>http://news.example/</link>{items}</channel></rss>'.encode()


def reply(body: bytes, status: str = "200 OK", headers: str = "Content-Type: application/rss+xml\r\n", length: bool = True) -> bytes:
    sized = f"Content-Length: {len(body)}\r\n" if length else ""
    return f"HTTP/1.1 {status}\r\n{headers}{sized}Connection: close\r\n\r\n".encode("latin-1") + body


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came in, and when it was over."""

    path: str
    headers: dict[str, str]
    at: float
    host: str
    raw: tuple[str, ...] = ()
    number: int = 1  # of this path
    over: list[float] = field(default_factory=list)


Handler = Callable[[socket.socket, Asked], None]


@dataclass(frozen=True, slots=True)
class Case:
    """A path: how it answers, and what is wanted of us: "ok" (with so many entries), or the kind of failure ("a|b": either is right).

    `again` is what the second request has to bring of validators: the exact text, or None for "must not be there"; without a word
    of a header nothing is wanted of it; `third` likewise. `alone`: it wants a host of its own, because it holds or pauses that.
    `held`: no second request comes, not even of a forced cycle. `outside`: it leads away from loopback, to be followed only where
    there is nothing else (see namespaced.py).
    """

    name: str
    handler: Handler
    wanted: str = "ok"
    entries: int | None = 3
    again: tuple[tuple[str, str | None], ...] | None = None
    third: tuple[tuple[str, str | None], ...] | None = None
    alone: bool = False
    held: bool = False
    outside: bool = False


def says(data: bytes) -> Handler:
    return lambda wire, asked: wire.sendall(data)


def steps(*answers: bytes) -> Handler:
    """The first request gets the first of these, and so on; the last one is for all that come later."""
    return lambda wire, asked: wire.sendall(answers[min(asked.number, len(answers)) - 1])


def drips(data: bytes, first: int, pause: float = 0.05) -> Handler:
    def handler(wire: socket.socket, asked: Asked) -> None:
        wire.sendall(data[:first])
        for position in range(first, len(data)):
            wire.sendall(data[position : position + 1])
            time.sleep(pause)

    return handler


def floods(start: bytes, more: bytes, pause: float = 0.005) -> Handler:
    def handler(wire: socket.socket, asked: Asked) -> None:
        wire.sendall(start)
        while True:
            wire.sendall(more)
            time.sleep(pause)

    return handler


def hangs(data: bytes) -> Handler:
    """Sends this, then nothing, and does not close; until the other side does."""

    def handler(wire: socket.socket, asked: Asked) -> None:
        wire.sendall(data)
        wire.settimeout(30)
        wire.recv(1)

    return handler


def resets(data: bytes) -> Handler:
    """Sends this, then a RST instead of an orderly end."""

    def handler(wire: socket.socket, asked: Asked) -> None:
        wire.sendall(data)
        time.sleep(0.05)
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    return handler


def validated(name: str, etag: str | None, modified: str | None, more: str = "") -> Handler:
    """304 to whoever brings back all that was given, byte for byte."""

    def handler(wire: socket.socket, asked: Asked) -> None:
        headers = (f"ETag: {etag}\r\n" if etag else "") + (f"Last-Modified: {modified}\r\n" if modified else "") + more
        known = asked.headers.get("if-none-match") == etag and asked.headers.get("if-modified-since") == modified
        wire.sendall(reply(b"", "304 Not Modified", headers, length=False) if known else reply(rss(name), headers=headers + "Content-Type: text/xml\r\n"))

    return handler


def moved(status: str, to: str, more: str = "") -> Handler:
    return says(reply(b"", status, f"Location: {to}\r\n{more}"))


def wants(etag: str | None, modified: str | None) -> tuple[tuple[str, str | None], ...]:
    return (("if-none-match", etag), ("if-modified-since", modified))


NOTHING = wants(None, None)
_OUTSIDE = ("169.254.169.254", "10.0.0.1", "192.168.1.1", "[fe80::1]", "[fd00::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "100.64.0.1", "\u2460\u2461\u2466.0.0.1", "127.0.0.1\\@news.example")
GZ = "Content-Encoding: gzip\r\nContent-Type: text/xml\r\n"
XML = "Content-Type: text/xml\r\n"


def _good() -> list[Case]:
    return [
        Case("plain", says(reply(rss("plain"))), again=NOTHING),
        Case("no-length", says(reply(rss("no-length"), length=False))),
        Case("http10", says(b"HTTP/1.0 200 OK\r\n\r\n" + rss("http10"))),
        Case("no-reason", says(b"HTTP/1.1 200\r\n\r\n" + rss("no-reason"))),
        Case("bare-lf", says(b"HTTP/1.1 200 OK\nContent-Type: text/xml\n\n" + rss("bare-lf"))),
        Case("type-html", says(reply(rss("type-html"), headers="Content-Type: text/html\r\n"))),
        Case("type-none", says(reply(rss("type-none"), headers=""))),
        Case("type-octets", says(reply(rss("type-octets"), headers="Content-Type: application/octet-stream\r\n"))),
        Case("type-image", says(reply(rss("type-image"), headers="Content-Type: image/png\r\n"))),
        Case("type-json", says(reply(rss("type-json"), headers="Content-Type: application/json\r\n"))),
        Case("type-broken", says(reply(rss("type-broken"), headers="Content-Type: ;;;=\x01\r\n"))),
        Case("type-nul", says(reply(rss("type-nul"), headers="Content-Type: text/xml; charset=\x00utf-8\r\n"))),
        Case("type-long", says(reply(rss("type-long"), headers="Content-Type: text/xml; x=" + "a" * 30_000 + "\r\n"))),
        Case("attachment", says(reply(rss("attachment"), headers='Content-Disposition: attachment; filename="../../x"\r\n'))),
        Case("refresh", says(reply(rss("refresh"), headers="Refresh: 0; url=/404\r\n"))),
        Case("cookies", says(reply(rss("cookies"), headers="Set-Cookie: id=1; Domain=127.0.0.1\r\nSet-Cookie: a=b\r\n"))),
        Case("self-elsewhere", says(reply(rss("self-elsewhere", '<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="self" href="/404"/><atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="/500"/><image><url>/410</url></image>')))),
        Case("203", says(reply(rss("203"), "203 Non-Authoritative Information"))),
        Case("early-hints", says(b"HTTP/1.1 103 Early PollHints\r\nLink: </s.css>; rel=preload\r\n\r\n" + reply(rss("early-hints")))),
        Case("processing", says(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early PollHints\r\n\r\n" + reply(rss("processing")))),
        Case("link-header", says(reply(rss("link-header"), headers='Link: </404>; rel="self", </500>; rel="hub"\r\n'))),
        Case("empty-feed", says(reply(rss("empty-feed", items=0))), entries=0),
        Case("empty-atom", says(reply(b'<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>urn:x</id><updated>2025-01-01T00:00:00Z</updated></feed>')), entries=0),
        Case("atom", says(reply(b'<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><id>urn:x:1</id><title>A</title></entry><entry><id>urn:x:2</id><title type="html">B &lt;b></title></entry></feed>')), entries=2),
        Case("atom03", says(reply(b'<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>t</title><entry><id>urn:x:3</id><title>A</title></entry></feed>')), entries=1),
        Case("rdf", says(reply(b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel rdf:about="x"><title>t</title></channel><item rdf:about="http://n.example/rdf"><title>A</title><link>http://n.example/rdf</link></item></rdf:RDF>')), entries=1),
        Case("rss091", says(reply(b'<rss version="0.91"><channel><title>t</title><item><title>A</title><link>http://n.example/091</link></item></channel></rss>')), entries=1),
        Case("cdf", says(reply(b'<rss><channel><title>t</title><item><title>A</title><link>http://n.example/no-version</link></item></channel></rss>')), entries=1),
    ]


def _statuses() -> list[Case]:
    found = [
        Case("no-content", says(reply(b"", "204 No Content", length=False)), "empty"),
        Case("reset-content", says(reply(b"", "205 Reset Content")), "empty"),
        Case("201", says(reply(rss("201"), "201 Created")), "status|ok", None),
        Case("202", says(reply(rss("202"), "202 Accepted")), "status|ok", None),
        Case("206", says(reply(rss("206"), "206 Partial Content", "Content-Range: bytes 0-99/9999\r\n")), "status"),
        Case("226", says(reply(rss("226"), "226 IM Used", 'IM: feed\r\nETag: "im"\r\n')), "status", again=NOTHING),
        Case("300", says(reply(rss("300"), "300 Multiple Choices", "Location: /plain\r\n")), "status"),
        Case("305", moved("305 Use Proxy", "http://127.0.0.1:9/"), "status"),
        Case("401", says(reply(b"", "401 Unauthorized", 'WWW-Authenticate: Basic realm="\x01x"\r\n')), "unauthorized"),
        Case("402", says(reply(b"", "402 Payment Required")), "status"),
        Case("403", says(reply(b"no", "403 Forbidden")), "unauthorized"),
        Case("404", says(reply(rss("404"), "404 Not Found", 'ETag: "e404"\r\n')), "missing", again=NOTHING),
        Case("407", says(reply(b"", "407 Proxy Authentication Required", "Proxy-Authenticate: Basic\r\n")), "status"),
        Case("408", says(reply(b"", "408 Request Timeout")), "status"),
        Case("410", says(reply(b"", "410 Gone")), "gone", held=True),
        Case("410-feed", says(reply(rss("410-feed"), "410 Gone", "Retry-After: 1\r\n")), "gone", held=True),
        Case("418", says(reply(b"", "418 I\x01m a teapot \xff")), "status"),
        Case("421", says(reply(b"", "421 Misdirected Request")), "status"),
        Case("425", says(reply(b"", "425 Too Early")), "status"),
        Case("431", says(reply(b"", "431 Request Header Fields Too Large")), "status"),
        Case("451", says(reply(b"", "451 Unavailable For Legal Reasons")), "status"),
        Case("500", says(reply(rss("500"), "500 Oops", 'ETag: "e500"\r\nLast-Modified: ' + DATE + "\r\n")), "status", again=NOTHING),
        Case("502", says(reply(b"<html>Bad gateway</html>", "502 Bad Gateway")), "status"),
        Case("504", says(reply(b"", "504 Gateway Timeout")), "status"),
        Case("511", says(reply(b"<html>log in</html>", "511 Network Authentication Required")), "status|blocked"),
        Case("520", says(reply(b"<html>cloudflare</html>", "520 Origin Error")), "status"),
        Case("599", says(reply(b"", "599 Odd")), "status"),
        Case("999", says(reply(b"", "999 Request denied")), "status"),
        Case("1000", says(b"HTTP/1.1 1000 Too big\r\n\r\n"), "protocol"),
        Case("101", says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n" + rss("101")), "status|protocol"),
        Case("304-unasked", says(reply(b"", "304 Not Modified", 'ETag: "made-up"\r\n', length=False)), "protocol", again=NOTHING),
        Case("503", says(reply(b"", "503 Unavailable", "Retry-After: 3600\r\n")), "unavailable", held=True),
        Case("503-date", says(reply(b"", "503 Unavailable", f"Retry-After: {time.strftime('%a, %d %b %Y %H:%M:%S GMT', time.gmtime(time.time() + 7200))}\r\n")), "unavailable", held=True),
        Case("503-past", says(reply(b"", "503 Unavailable", "Retry-After: Wed, 01 Jan 2020 00:00:00 GMT\r\n")), "unavailable"),
        Case("503-rubbish", says(reply(b"", "503 Unavailable", "Retry-After: soon\r\n")), "unavailable"),
        Case("503-negative", says(reply(b"", "503 Unavailable", "Retry-After: -5\r\n")), "unavailable"),
        Case("503-huge", says(reply(b"", "503 Unavailable", "Retry-After: 99999999999999999999999\r\n")), "unavailable", held=True),
        Case("503-cloudy", says(reply(b"<html>origin is down, says cloudflare</html>", "503 Unavailable", "Retry-After: 3600\r\n")), "unavailable", held=True),
        Case("429", says(reply(b"", "429 Too Many Requests", "Retry-After: 3600\r\n")), "rate-limited", alone=True, held=True),
        Case("429-bare", says(reply(b"", "429 Too Many Requests")), "rate-limited", alone=True, held=True),
        Case("429-reset", says(reply(b"", "429 Too Many Requests", "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 1800\r\n")), "rate-limited", alone=True, held=True),
    ]
    return found


def _redirects(here: str, canary: int) -> list[Case]:
    found = [
        Case("redirect", moved("302 Found", "/plain"), entries=None),
        Case("redirect-303", moved("303 See Other", f"{here}/plain"), entries=None),
        Case("redirect-307", moved("307 Temporary", "plain"), entries=None),
        Case("permanent", moved("301 Moved", "/plain"), entries=None),
        Case("permanent-308", moved("308 Moved", "/plain"), entries=None),
        Case("redirect-body", says(reply(b"x" * 100_000, "302 Found", "Location: /plain\r\n")), entries=None),
        Case("redirect-endless-body", floods(b"HTTP/1.1 302 Found\r\nLocation: /plain\r\n\r\n", b"x" * 10_000), entries=None),
        Case("redirect-query", moved("302 Found", "/plain?a=b&c=%20d"), entries=None),
        Case("redirect-fragment", moved("302 Found", "/plain#top"), entries=None),
        Case("redirect-no-scheme", moved("302 Found", here.removeprefix("http:") + "/plain"), entries=None),
        Case("redirect-blanks", moved("302 Found", "   /plain  \t"), entries=None),
        Case("redirect-userinfo", moved("302 Found", here.replace("://", "://user:pass@") + "/plain"), entries=None),
        Case("redirect-cookie", moved("302 Found", "/plain", "Set-Cookie: seen=1\r\n"), entries=None),
        Case("redirect-etag", moved("302 Found", "/plain", 'ETag: "r"\r\n'), entries=None, again=NOTHING),
        Case("redirect-non-ascii", says(reply(b"", "302 Found", "Location: /caf\u00c3\u00a9\r\n")), entries=3),
        Case("caf%C3%A9", says(reply(rss("cafe")))),
        Case("redirect-space", moved("302 Found", "/a b"), entries=3),
        Case("a%20b", says(reply(rss("a-b")))),
        *(Case(f"hop{n}", moved("302 Found" if n % 2 else "301 Moved", f"/hop{n + 1}"), entries=None) for n in range(1, 8)),
        Case("hop8", moved("302 Found", "/plain"), entries=None),
        Case("nine-hops", moved("302 Found", "/hop1"), "redirect"),
        Case("mixed-chain", moved("301 Moved", "/redirect"), entries=None),
        Case("loop", moved("302 Found", "/loop"), "redirect"),
        Case("loop-cookie", moved("302 Found", "/loop-cookie", "Set-Cookie: pass=1\r\n"), "redirect"),
        Case("loop-a", moved("301 Moved", "/loop-b"), "redirect"),
        Case("loop-b", moved("301 Moved", "/loop-a"), "redirect"),
        Case("loop-fragment", moved("302 Found", "/loop-fragment#again"), "redirect"),
        Case("loop-grows", lambda wire, asked: wire.sendall(reply(b"", "302 Found", f"Location: /loop-grows?{'x' * asked.number}\r\n")), "redirect"),
        Case("no-location", says(reply(b"", "301 Moved", "")), "redirect"),
        Case("empty-location", says(reply(b"", "302 Found", "Location: \r\n")), "redirect"),
        Case("location-long", moved("302 Found", "/" + "a" * 60_000), "redirect"),
        Case("location-too-long", moved("302 Found", "/" + "a" * 90_000), "protocol"),
        Case("location-bracket", moved("302 Found", "http://[::1/"), "redirect"),
        Case("location-port", moved("302 Found", "http://127.0.0.1:99999999/"), "redirect"),
        Case("location-port-text", moved("302 Found", "http://127.0.0.1:port/"), "redirect"),
        Case("location-no-host", moved("302 Found", "http:///plain"), "redirect|ok", None),
        Case("location-nul", says(reply(b"", "302 Found", "Location: http://127.0.0.1\x00.evil.example/\r\n")), "redirect|dns|forbidden-address|protocol", outside=True),
        Case("location-bytes", says(reply(b"", "302 Found", "Location: http://127.0.0.1:1/\xff\xfe\r\n")), "forbidden-address"),
        Case("location-label", moved("302 Found", "http://" + "a" * 70 + ".example/"), "redirect|dns", outside=True),
        Case("redirect-to-404", moved("302 Found", "/404"), "missing"),
        Case("redirect-to-html", moved("302 Found", "/html"), "not-a-feed"),
        Case("meta-refresh", says(reply(b'<html><head><meta http-equiv="refresh" content="0;url=/plain"></head></html>')), "not-a-feed"),
        Case("script-redirect", says(reply(b'<html><script>location.href="/plain"</script></html>')), "not-a-feed"),
        Case("redirect-changes", lambda wire, asked: wire.sendall(reply(b"", "301 Moved", f"Location: /plain?v={asked.number}\r\n")), entries=None),
    ]
    for scheme, target in {"file": "file:///etc/passwd", "javascript": "javascript:alert(1)", "data": "data:text/xml,<rss/>", "ftp": "ftp://127.0.0.1/x",
                           "gopher": f"gopher://127.0.0.1:{canary}/x", "feed": f"feed:{here}/plain", "https-file": "FILE:///etc/passwd", "ldap": f"ldap://127.0.0.1:{canary}/",
                           "jar": f"jar:{here}/x!/y", "ws": f"ws://127.0.0.1:{canary}/", "mailto": "mailto:a@b.example", "view": f"view-source:{here}/plain"}.items():  # fmt: skip
        found.append(Case(f"location-{scheme}", moved("302 Found", target), "redirect"))
    for form in ("127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]", "127.0.0.1.",
                 "localhost.", "user@127.0.0.1", "169.254.169.254", "10.0.0.1", "192.168.1.1", "[fe80::1]", "[fd00::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "100.64.0.1", "\u2460\u2461\u2466.0.0.1",
                 "127.0.0.1\\@news.example"):  # fmt: skip
        name = "".join(c if c.isascii() and c.isalnum() else "-" for c in form.removeprefix("["))
        found.append(Case(f"to-{name}", says(b"HTTP/1.1 302 Found\r\nLocation: http://" + form.encode() + f":{canary}/\r\nContent-Length: 0\r\n\r\n".encode()), "forbidden-address|redirect|dns", outside=form in _OUTSIDE))
    return found


def _validators() -> list[Case]:
    kinds: dict[str, tuple[str | None, str | None]] = {
        "etag": ('"v1"', None), "weak-etag": ('W/"a,b"', None), "bare-etag": ("unquoted-tag", None), "latin-etag": ('"caf\u00e9\u00ff"', None), "control-etag": ('"a\u0085b\u00a0c"', None),
        "empty-quoted-etag": ('""', None), "comma-etag": ('"a", "b"', None), "star-etag": ("*", None), "long-etag": ('"' + "e" * 2000 + '"', None), "lower-weak-etag": ('w/"x"', None),
        "half-quoted-etag": ('"half', None), "gzip-etag": ('"abc-gzip"', None), "inner-quote-etag": ('"a"b"c"', None), "space-etag": ('"a b  c"', None), "percent-etag": ("%22x%22;--gzip", None),
        "modified": (None, DATE), "odd-modified": (None, "yesterday-ish"), "lower-modified": (None, "wed, 1 jan 2025 00:00:00 gmt"), "number-modified": (None, "1735689600"),
        "future-modified": (None, "Fri, 31 Dec 2099 23:59:59 GMT"), "zone-modified": (None, "Wed, 01 Jan 2025 02:00:00 +0200"), "850-modified": (None, "Wednesday, 01-Jan-25 00:00:00 GMT"),
        "both": ('"v2"', DATE), "both-odd": ("W/both", "never"),
    }
    found = [Case(name, validated(name, etag, modified), again=wants(etag, modified)) for name, (etag, modified) in kinds.items()]
    text = "Content-Type: text/xml\r\n"
    found += [
        Case("etag-given-twice", says(reply(rss("egt"), headers=f'{text}ETag: "one"\r\nETag: "one"\r\n')), again=wants('"one"', None)),
        Case("etag-blank", says(reply(rss("etag-blank"), headers=f"{text}ETag: \r\nLast-Modified:\r\n")), again=NOTHING),
        Case("etag-folded", says(reply(rss("etag-folded"), headers=f'{text}ETag: "a\r\n b"\r\n')), again=None),
        Case("etag-nul", says(reply(rss("etag-nul"), headers=f'{text}ETag: "a\x00b"\r\n')), again=None),
        Case("etag-huge", says(reply(rss("etag-huge"), headers=f'{text}ETag: "{"x" * 50_000}"\r\n')), again=NOTHING),
        Case("etag-changes", lambda wire, asked: wire.sendall(reply(rss("etag-changes"), headers=f'{text}ETag: "n{asked.number}"\r\n')), again=wants('"n1"', None), third=wants('"n2"', None)),
        Case("etag-dropped", steps(reply(rss("etag-dropped"), headers=f'{text}ETag: "d"\r\nLast-Modified: {DATE}\r\n'), reply(rss("etag-dropped"))), again=wants('"d"', DATE), third=NOTHING),
        Case("304-new-etag", steps(reply(rss("304-new-etag"), headers=f'{text}ETag: "a"\r\n'), reply(b"", "304 Not Modified", 'ETag: "b"\r\n', length=False)), again=wants('"a"', None), third=wants('"b"', None)),
        Case("304-with-body", steps(reply(rss("304-body"), headers=f'{text}ETag: "a"\r\n'), b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n<rss></x>"), again=wants('"a"', None)),
        Case("304-with-length", steps(reply(rss("304-length"), headers=f'{text}ETag: "a"\r\n'), b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99999\r\n\r\n"), again=wants('"a"', None)),
        Case("ignores-validators", says(reply(rss("ignores"), headers=f'{text}ETag: "same"\r\nLast-Modified: {DATE}\r\n')), again=wants('"same"', DATE)),
        Case("html-with-etag", says(reply(b"<html><body>x</body></html>", headers='ETag: "page"\r\n')), "not-a-feed", again=NOTHING),
        Case("empty-with-etag", says(reply(b"", headers='ETag: "nothing"\r\n')), "empty", again=NOTHING),
        Case("short-with-etag", says(reply(rss("swe")[:-30], headers='ETag: "short"\r\n').replace(b"Content-Length: ", b"Content-Length: 9")), "truncated", again=NOTHING),
        Case("redirect-then-etag", moved("302 Found", "/etag"), entries=None, again=None),
        Case("moving-target", lambda wire, asked: wire.sendall(reply(b"", "302 Found", f"Location: /target{1 + asked.number % 2}\r\n")), entries=None, again=None),
        Case("target1", validated("target1", '"same-tag"', None)),
        Case("target2", validated("target2", '"same-tag"', None)),
    ]
    return found


def _transport() -> list[Case]:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

    def chunks(body: bytes, size: int = 1 << 20, extension: bytes = b"") -> bytes:
        parts = [body[at : at + size] for at in range(0, len(body), size)]
        return b"".join(b"%x%s\r\n%s\r\n" % (len(part), extension, part) for part in parts) + b"0\r\n\r\n"

    def slowly_on(wire: socket.socket, asked: Asked) -> None:
        time.sleep(0.9)
        wire.sendall(reply(b"", "302 Found", f"Location: /drip-redirects?{asked.number}\r\n"))

    def later(wire: socket.socket, asked: Asked) -> None:
        time.sleep(0.6)
        wire.sendall(reply(rss("slow-but-good")))

    return [
        Case("chunked", says(chunked + chunks(rss("chunked")))),
        Case("chunked-small", says(chunked + chunks(rss("chunked-small"), 1))),
        Case("chunked-extension", says(chunked + chunks(rss("chunked-extension"), 100, b";a=b"))),
        Case("chunked-trailer", says(chunked + chunks(rss("chunked-trailer"))[:-2] + b'ETag: "late"\r\nX: y\r\n\r\n'), again=NOTHING),
        Case("chunked-and-length", says(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(rss("cal")))),
        Case("chunked-no-end", says(chunked + chunks(rss("cne"))[:-5])),
        Case("chunked-cut", says(chunked + chunks(rss("chc")[:-30])[:-5]), "truncated"),
        Case("chunked-bad-size", says(chunked + b"zz\r\n" + rss("x")), "truncated|protocol"),
        Case("chunked-negative", says(chunked + b"-5\r\n" + rss("x")), "ok|truncated|protocol", None),
        Case("chunked-huge-size", says(chunked + b"f" * 16 + b"\r\n" + rss("x")), "ok|truncated|protocol|too-big", None),
        Case("chunked-long-line", says(chunked + b"0" * 100_000 + b"\r\n"), "truncated|protocol"),
        Case("chunked-trailer-flood", floods(chunked + chunks(rss("ctf"))[:-2], b"X: y\r\n" * 100), "timeout|protocol|ok", None, alone=True),
        Case("short-chunk", says(chunked + b"ffff\r\n<rss>"), "truncated"),
        Case("te-unknown", says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n" + gzip.compress(rss("te")))),
        Case("te-twice", says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n" + chunks(rss("te2"))), "any", None),
        Case("short-body", says(reply(rss("sb")[:-30]).replace(b"Content-Length: ", b"Content-Length: 9")), "truncated"),
        Case("length-too-long", says(reply(rss("ltl")).replace(b"Content-Length: ", b"Content-Length: 9"))),
        Case("length-of-the-unpacked", says(reply(gzip.compress(rss("lou")), headers=GZ).replace(b"Content-Length: ", b"Content-Length: 9"))),
        Case("long-body", says(reply(rss("long-body")) + b"<rubbish that is not counted")),
        Case("length-twice-same", says(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nContent-Length: %d\r\n\r\n" % (len(rss("lts")), len(rss("lts"))) + rss("lts"))),
        Case("length-twice-other", says(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Length: %d\r\n\r\n" % len(rss("lto")) + rss("lto")), "protocol|truncated"),
        Case("length-negative", says(b"HTTP/1.1 200 OK\r\nContent-Length: -7\r\n\r\n" + rss("ln")), "protocol|ok", None),
        Case("length-text", says(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n" + rss("lt")), "protocol|ok", None),
        Case("length-huge", says(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n" + rss("lh"))),
        Case("length-zero", says(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + rss("lz")), "empty"),
        Case("reset", resets(b""), "protocol|connect|truncated"),
        Case("reset-in-headers", resets(b"HTTP/1.1 200 OK\r\nContent-Ty"), "protocol|connect|truncated"),
        Case("reset-after-the-end", resets(reply(rss("rae")).replace(b"Content-Length: ", b"Content-Length: 9")), "ok|protocol|truncated", None),
        Case("reset-in-body", resets(reply(rss("rib"))[:-100]), "protocol|truncated"),
        Case("reset-without-length", resets(reply(rss("rwl"), length=False)[:-100]), "protocol|truncated"),
        Case("cut-in-headers", says(b"HTTP/1.1 200 OK\r\nContent-Ty"), "protocol|empty|truncated"),
        Case("cut-in-status", says(b"HTTP/1."), "protocol"),
        Case("keep-alive", says(b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: %d\r\n\r\n" % len(rss("keep-alive")) + rss("keep-alive"))),
        Case("keep-alive-and-more", hangs(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(rss("kaam")) + rss("kaam") + reply(rss("other")))),
        Case("hangup", lambda wire, asked: None, "protocol|connect"),
        Case("http09", says(rss("http09")), "protocol"),
        Case("rubbish", says(b"not http at all\r\n\r\n"), "protocol"),
        Case("tls-on-plain", says(b"\x15\x03\x01\x00\x02\x02\x28"), "protocol"),
        Case("icy", says(b"ICY 200 OK\r\n\r\n" + rss("icy")), "protocol"),
        Case("http2", says(b"HTTP/2.0 200 OK\r\n\r\n" + rss("http2")), "protocol|ok", None),
        Case("status-text", says(b"HTTP/1.1 OK 200\r\n\r\n"), "protocol"),
        Case("status-negative", says(b"HTTP/1.1 -20 OK\r\n\r\n"), "protocol"),
        Case("long-status", says(b"HTTP/1.1 200 " + b"x" * 100_000 + b"\r\n\r\n"), "protocol"),
        Case("long-header", says(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n"), "protocol"),
        Case("many-headers", says(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(5000)) + b"\r\n" + rss("mh")), "protocol"),
        Case("flood-headers", floods(b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n"), "protocol"),
        Case("header-no-colon", says(b"HTTP/1.1 200 OK\r\nthis is no header\r\nContent-Type: text/xml\r\n\r\n" + rss("hnc")), "ok|protocol", None),
        Case("header-nul", says(reply(rss("header-nul"), headers="X-A: \x00\x01\x7f\r\n"))),
        Case("header-spaces", says(reply(rss("header-spaces"), headers="Content-Type : text/xml\r\n  folded: x\r\n")), "ok|protocol", None),
        Case("drip-headers", drips(reply(rss("dh")), 10), "timeout", alone=True),
        Case("drip-body", drips(reply(rss("db")), 120), "timeout", alone=True),
        Case("drip-chunks", floods(chunked, b"1\r\n \r\n", 0.05), "timeout", alone=True),
        Case("drip-gzip", drips(reply(gzip.compress(rss("dg", more="<!-- " + "".join(map(str, range(3000))) + " -->")), headers=GZ), 130), "timeout", alone=True),
        Case("silent", hangs(b""), "timeout", alone=True),
        Case("silent-after-headers", hangs(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"), "timeout", alone=True),
        Case("silent-after-body", hangs(reply(rss("silent-after-body"))), alone=True),
        Case("flood-100", floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "timeout|protocol", alone=True),
        Case("flood-103", floods(b"", b"HTTP/1.1 103 Early PollHints\r\n\r\n"), "timeout|protocol", alone=True),
        Case("drip-redirects", slowly_on, "timeout|redirect", alone=True),
        Case("slow-but-good", later, alone=True),
    ]


def _bombs() -> list[Case]:
    spaces = gzip.compress(b" " * 60_000_000)
    twice = gzip.compress(spaces)
    return [
        Case("gzip", says(reply(gzip.compress(rss("gzip")), headers=GZ))),
        Case("gzip-capital", says(reply(gzip.compress(rss("gzip-capital")), headers=GZ.replace("gzip", " GZip ")))),
        Case("gzip-members", says(reply(gzip.compress(rss("gm")[:90]) + gzip.compress(rss("gm")[90:]), headers=GZ))),
        Case("gzip-trailing", says(reply(gzip.compress(rss("gt")) + b"\0\0\0rubbish", headers=GZ))),
        Case("gzip-chunked", says(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(b"1\r\n%c\r\n" % byte for byte in gzip.compress(rss("gc"))) + b"0\r\n\r\n")),
        Case("deflate", says(reply(zlib.compress(rss("deflate")), headers=GZ.replace("gzip", "deflate")))),
        Case("deflate-raw", says(reply(zlib.compress(rss("deflate-raw"), wbits=-15), headers=GZ.replace("gzip", "deflate")))),
        Case("gzip-named-x", says(reply(gzip.compress(rss("gx")), headers=GZ.replace("gzip", "x-gzip")))),
        Case("identity", says(reply(rss("identity"), headers="Content-Encoding: identity\r\n"))),
        Case("identity-and-gzip", says(reply(gzip.compress(rss("iag")), headers="Content-Encoding: identity, gzip\r\n"))),
        Case("coding-blank", says(reply(rss("coding-blank"), headers="Content-Encoding: \r\n"))),
        Case("short-gzip", says(reply(gzip.compress(rss("sz"))[:-12], headers=GZ)), "truncated"),
        Case("short-gzip-header", says(reply(gzip.compress(rss("sz"))[:5], headers=GZ)), "truncated|encoding"),
        Case("damaged-gzip", says(reply(bytes(b ^ 0xFF if n > 40 else b for n, b in enumerate(gzip.compress(rss("dz")))), headers=GZ)), "encoding|truncated"),
        Case("gzip-bad-crc", says(reply(gzip.compress(rss("gbc"))[:-8] + b"\0" * 8, headers=GZ)), "encoding|truncated"),
        Case("not-gzip", says(reply(rss("ng"), headers=GZ))),
        Case("not-deflate", says(reply(rss("nd"), headers=GZ.replace("gzip", "deflate"))), "encoding"),
        Case("gzip-unnamed", says(reply(gzip.compress(rss("gu")), headers="Content-Type: text/xml\r\n"))),
        Case("brotli", says(reply(b"\x0b\x02\x80", headers="Content-Encoding: br\r\n")), "encoding"),
        Case("zstd", says(reply(b"\x28\xb5\x2f\xfd", headers="Content-Encoding: zstd\r\n")), "encoding"),
        Case("coding-unknown", says(reply(rss("cu"), headers="Content-Encoding: x-\x01secret\r\n")), "encoding"),
        Case("gzip-twice", says(reply(gzip.compress(gzip.compress(rss("g2"))), headers="Content-Encoding: gzip, gzip\r\n")), "encoding"),
        Case("gzip-two-headers", says(reply(gzip.compress(gzip.compress(rss("g2"))), headers="Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n")), "encoding"),
        Case("gzip-many", says(reply(rss("g100"), headers="Content-Encoding: " + ", ".join(["gzip"] * 100) + "\r\n")), "encoding"),
        Case("gzip-nested", says(reply(gzip.compress(gzip.compress(rss("g2"))), headers=GZ)), "not-a-feed"),
        Case("bomb", says(reply(spaces, headers=GZ)), "too-big"),
        Case("bomb-deflate", says(reply(zlib.compress(b"<rss>" + b" " * 60_000_000), headers=GZ.replace("gzip", "deflate"))), "too-big"),
        Case("bomb-unnamed", says(reply(spaces)), "too-big"),
        Case("bomb-nested", says(reply(twice, headers=GZ)), "not-a-feed"),
        Case("bomb-members", says(reply(gzip.compress(b"") * 50_000, headers=GZ)), "empty|encoding|too-big|truncated"),
        Case("bomb-in-404", says(reply(spaces, "404 Not Found", GZ)), "missing"),
        Case("bomb-in-403", says(reply(spaces, "403 Forbidden", GZ)), "unauthorized|blocked"),
        Case("big", floods(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 2_000_000), "too-big"),
        Case("big-chunks", floods(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"100000\r\n" + b"x" * 0x100000 + b"\r\n"), "too-big"),
        Case("endless", floods(b"HTTP/1.1 200 OK\r\n\r\n<rss>", b"<item/>"), "timeout", alone=True),
    ]


def _encodings() -> list[Case]:
    def one(name: str, codec: str, title: str, declared: str | None = None, headers: str = XML, bom: bytes = b"") -> Case:
        said = f' encoding="{declared}"' if declared else ""
        text = f'<?xml version="1.0"{said}?><rss version="2.0"><channel><title>{name}</title><item><title>{title}</title><guid>{name}</guid></item></channel></rss>'
        return Case(name, says(reply(bom + text.encode(codec), headers=headers)), entries=1)

    cyrillic, latin, kana, han = "Привет мир", "caf\u00e9 na\u00efve", "日本語の記事", "中文新闻"
    found = [
        one("utf8", "utf-8", cyrillic), one("utf8-declared", "utf-8", han, "UTF-8"), one("latin1", "latin-1", latin, "iso-8859-1"), one("windows-1252", "cp1252", "“caf\u00e9” – €", "windows-1252"),
        one("windows-1251", "cp1251", cyrillic, "windows-1251"), one("koi8-r", "koi8-r", cyrillic, "koi8-r"), one("shift-jis", "shift_jis", kana, "Shift_JIS"), one("euc-jp", "euc-jp", kana, "EUC-JP"),
        one("iso-2022-jp", "iso-2022-jp", kana, "ISO-2022-JP"), one("gb18030", "gb18030", han, "GB18030"), one("gb2312", "gb2312", han, "gb2312"), one("big5", "big5", "中文新聞", "Big5"),
        one("euc-kr", "euc-kr", "한국어 뉴스", "euc-kr"), one("utf16", "utf-16", cyrillic, "utf-16"), one("utf16le-bom", "utf-16-le", cyrillic, "utf-16", bom=b"\xff\xfe"), one("utf16be-bom", "utf-16-be", cyrillic, "utf-16", bom=b"\xfe\xff"),
        one("utf16le", "utf-16-le", cyrillic, "utf-16le"), one("utf16be", "utf-16-be", cyrillic, "utf-16be"), one("utf32", "utf-32", cyrillic, "utf-32"), one("utf32be", "utf-32-be", cyrillic, "utf-32be", bom=b"\0\0\xfe\xff"),
        one("ebcdic", "cp037", "Hello there", "cp037"), one("bom", "utf-8", cyrillic, bom=b"\xef\xbb\xbf"), one("bom-twice", "utf-8", cyrillic, bom=b"\xef\xbb\xbf\xef\xbb\xbf"),
        one("bom-and-latin", "utf-8", cyrillic, "iso-8859-1", bom=b"\xef\xbb\xbf"), one("header-charset", "cp1251", cyrillic, None, "Content-Type: text/xml; charset=windows-1251\r\n"),
        one("header-quoted", "koi8-r", cyrillic, None, 'Content-Type: text/xml; charset="koi8-r"\r\n'), one("header-wrong", "utf-8", cyrillic, "utf-8", "Content-Type: text/xml; charset=us-ascii\r\n"),
        one("header-latin", "utf-8", cyrillic, "utf-8", "Content-Type: text/xml; charset=iso-8859-1\r\n"), one("charset-unknown", "utf-8", cyrillic, None, "Content-Type: text/xml; charset=x-unknown-9\r\n"),
        one("declared-unknown", "utf-8", cyrillic, "x-klingon"), one("declared-utf16-is-utf8", "utf-8", cyrillic, "utf-16"), one("declared-ascii-is-utf8", "utf-8", cyrillic, "us-ascii"),
        one("declared-utf8-is-1252", "cp1252", "caf\u00e9", "utf-8"), one("utf7", "utf-7", "+ADw-script+AD4-", "utf-7"),
    ]
    # Codecs that are none of text, or that interpret it: an error or text, never a crash.
    for codec in ("hex", "base64", "zlib", "rot13", "bz2", "punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "utf-8-sig", "string-escape", "../../etc", "a" * 5000):
        data = rss(f"codec-{codec[:12]}").replace(b'"1.0"', f'"1.0" encoding="{codec}"'.encode())
        found.append(Case(f"codec-{codec[:12].replace('/', '-')}", says(reply(data)), "ok|not-a-feed|parse", None))
        if codec in ("hex", "zlib", "undefined", "idna"):
            found.append(Case(f"charset-{codec}", says(reply(rss(f"charset-{codec}"), headers=f"Content-Type: text/xml; charset={codec}\r\n")), "ok|not-a-feed|parse", None))
    return found


def _xml(canary: int) -> list[Case]:
    laughs = b'<!DOCTYPE r [<!ENTITY a "' + b"x" * 1000 + b'">' + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 50) for n in range(8)) + b"]>"
    quadratic = b'<!DOCTYPE r [<!ENTITY a "' + b"x" * 50_000 + b'">]>'
    opened = b"<rss version='2.0'><channel><item><title>t</title><description>"
    found = [
        Case("blank-before", says(reply(b"\n\n  " + rss("blank-before")))),
        Case("junk-before", says(reply(b"<br />\n<b>Warning</b>: foo in <b>/x.php</b> on line <b>1</b><br />\n" + rss("junk-before")))),
        Case("text-before", says(reply(b"StateChange: undefined index\n" + rss("text-before")))),
        Case("comment-before", says(reply(b"<!-- cached -->\n" + rss("comment-before")))),
        Case("comment-after", says(reply(rss("comment-after") + b"\n<!-- 0.2 s --><script>x</script>"))),
        Case("nul-inside", says(reply(rss("nul-inside").replace(b"Story", b"St\0ory")))),
        Case("nul-before", says(reply(b"\0\0" + rss("nul-before"))), "ok|not-a-feed", None),
        Case("nul-after", says(reply(rss("nul-after") + b"\0" * 1000))),
        Case("control-characters", says(reply(rss("cc").replace(b"Story", b"St\x01\x02ory")))),
        Case("control-references", says(reply(rss("cr").replace(b"Story", b"St&#1;&#xFFFE;&#xD800;ory")))),
        Case("bad-utf8", says(reply(rss("bad-utf8").replace(b"Story", b"St\xff\xc0\x80\xed\xa0\x80ory")))),
        Case("bad-entity", says(reply(rss("be").replace(b"Story", b"&#99999999999;&nosuch; Story")))),
        Case("html-entities", says(reply(rss("he").replace(b"Story", b"&nbsp;&eacute;&ldquo;Story")))),
        Case("bare-ampersand", says(reply(rss("ba").replace(b"Story", b"Q & A Story")))),
        Case("unbound-prefix", says(reply(rss("up", "<foo:bar>x</foo:bar>")))),
        Case("duplicate-attribute", says(reply(rss("da").replace(b'<rss version="2.0"', b'<rss version="2.0" version="2.0"')))),
        Case("unclosed", says(reply(rss("unclosed")[:-40])), entries=2),
        Case("cut-in-item", says(reply(rss("cut-in-item")[:-70])), entries=None),
        Case("cut-in-cdata", says(reply(rss("cut-in-cdata", more="<item><title>Last</title><description><![CDATA[never closed"))), entries=None),
        Case("crossed-tags", says(reply(rss("crossed-tags").replace(b"</title><link>", b"</link><link>", 1))), entries=None),
        Case("upper-case", says(reply(rss("upper-case").replace(b"item>", b"ITEM>"))), "ok|not-a-feed", None),
        Case("cdata", says(reply(rss("cdata").replace(b"<title>Story 0 of cdata", b"<title><![CDATA[<b>Story 0</b>]]>")))),
        Case("xslt", says(reply(rss("xslt").replace(b"?>", f'?><?xml-stylesheet href="http://127.0.0.1:{canary}/x.xsl"?>'.encode(), 1)))),
        Case("doctype", says(reply(b'<!DOCTYPE rss SYSTEM "http://127.0.0.1:%d/canary.dtd">' % canary + rss("doctype").split(b"?>", 1)[1]))),
        Case("doctype-public", says(reply(b'<!DOCTYPE rss PUBLIC "-//N//DTD RSS 0.91//EN" "http://127.0.0.1:%d/rss.dtd">' % canary + rss("dp").split(b"?>", 1)[1]))),
        Case("xxe-file", says(reply(b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + rss("xf").split(b"?>", 1)[1].replace(b"Story 0", b"&x; 0")))),
        Case("xxe-canary", says(reply(b'<!DOCTYPE r [<!ENTITY x SYSTEM "http://127.0.0.1:%d/">]>' % canary + rss("xc").split(b"?>", 1)[1].replace(b"Story 0", b"&x; 0")))),
        Case("xxe-parameter", says(reply(b'<!DOCTYPE r [<!ENTITY %% p SYSTEM "http://127.0.0.1:%d/"> %%p;]>' % canary + rss("xp").split(b"?>", 1)[1]))),
        Case("xinclude", says(reply(rss("xi", f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="http://127.0.0.1:{canary}/"/>')))),
        Case("laughs", says(reply(laughs + b"<rss><channel><title>&i;</title></channel></rss>")), "any", None),
        Case("laughs-in-item", says(reply(laughs + rss("li").split(b"?>", 1)[1].replace(b"Story 0", b"&i; 0"))), "any", None),
        Case("laughs-recursive", says(reply(b'<!DOCTYPE r [<!ENTITY a "&b;"><!ENTITY b "&a;">]>' + rss("lr").split(b"?>", 1)[1].replace(b"Story 0", b"&a; 0"))), "any", None),
        Case("quadratic", says(reply(quadratic + b"<rss version='2.0'><channel><item><title>" + b"&a;" * 20_000 + b"</title></item></channel></rss>")), "any", None),
        Case("dtd-long", says(reply(b"<!DOCTYPE r [" + b'<!ENTITY e "v">' * 50_000 + b"]>" + rss("dl").split(b"?>", 1)[1])), "any", None),
        Case("deep", says(reply(opened + b"&lt;div>" * 40_000 + b"</description></item></channel></rss>")), "any", None),
        Case("deep-xml", says(reply(b"<rss version='2.0'><channel><item><title>t</title>" + b"<a>" * 100_000 + b"</item></channel></rss>")), "any", None),
        Case("comments", says(reply(opened + b"&lt;!--" * 60_000 + b"</description></item></channel></rss>")), "any", None),
        Case("attributes", says(reply(b"<rss version='2.0'><channel><item " + b" ".join(b"a%d='1'" % n for n in range(20_000)) + b"><title>t</title></item></channel></rss>")), "any", None),
        Case("attributes-million", says(reply(b"<rss version='2.0'><channel><item " + b" ".join(b"a%d=''" % n for n in range(200_000)) + b"><title>t</title></item></channel></rss>")), "any", None),
        Case("attributes-html", says(reply(opened + b"&lt;p " + b" ".join(b"a%d='1'" % n for n in range(20_000)) + b"></description></item></channel></rss>")), "any", None),
        Case("namespaces", says(reply(b"<rss version='2.0' " + b" ".join(b"xmlns:n%d='urn:%d'" % (n, n) for n in range(20_000)) + b"><channel><item><title>t</title></item></channel></rss>")), "any", None),
        Case("long-tag", says(reply(b"<rss><channel>" + b"<" + b"a" * 200_000)), "any", None),
        Case("angle-brackets", says(reply(b"<rss version='2.0'><channel><title>" + b"<" * 200_000)), "any", None),
        Case("ampersands", says(reply(b"<rss version='2.0'><channel><item><title>" + b"&" * 300_000 + b"</title></item></channel></rss>")), "any", None),
        Case("cdata-opens", says(reply(b"<rss version='2.0'><channel><item><title>" + b"<![CDATA[" * 50_000 + b"</title></item></channel></rss>")), "any", None),
        Case("many-items", says(reply(rss("many-items", items=20_000))), "ok|too-big|parse", None),
        Case("tiny-items", says(reply(b"<rss version='2.0'><channel><title>t</title>" + b"<item><title>x</title></item>" * 100_000 + b"</channel></rss>")), "ok|too-big|parse", None),
        Case("many-categories", says(reply(channel("<item><title>t</title>" + "".join(f"<category>c{n}</category>" for n in range(20_000)) + "</item>"))), "any", None),
        Case("many-enclosures", says(reply(channel("<item><title>t</title>" + "".join(f'<enclosure url="http://n.example/{n}.mp3"/>' for n in range(10_000)) + "</item>"))), "any", None),
        Case("long-title", says(reply(channel(f"<item><title>{'word ' * 400_000}</title><guid>lt</guid></item>"))), entries=1),
        Case("long-guid", says(reply(channel(f"<item><title>t</title><guid>{'g' * 1_000_000}</guid></item>"))), entries=1),
        Case("long-link", says(reply(channel(f"<item><title>t</title><link>http://n.example/{'l' * 1_000_000}</link></item>"))), entries=1),
        Case("long-text", says(reply(channel(f"<item><title>t</title><description>{'word ' * 500_000}</description></item>"))), entries=1),
        Case("nested-items", says(reply(channel("<item><title>a</title><item><title>b</title><item><title>c</title></item></item></item>"))), "any", None),
    ]
    return found


def _strangers() -> list[Case]:
    page = b"<!doctype html><html><head><title>%s</title></head><body>%s</body></html>"
    return [
        Case("empty", says(reply(b"")), "empty"),
        Case("blank", says(reply(b" \n ")), "empty"),
        Case("bom-only", says(reply(b"\xef\xbb\xbf")), "empty"),
        Case("nuls-only", says(reply(b"\0" * 5000)), "empty|not-a-feed"),
        Case("gzip-empty", says(reply(gzip.compress(b""), headers=GZ)), "empty"),
        Case("html", says(reply(page % (b"Welcome", b"hi"))), "not-a-feed"),
        Case("html-typed-rss", says(reply(page % (b"404 Not Found", b"sorry"), headers="Content-Type: application/rss+xml\r\n")), "not-a-feed"),
        Case("html-with-feed-links", says(reply(page % (b"x", b'<link rel="alternate" type="application/rss+xml" href="/plain">'))), "not-a-feed"),
        Case("html-about-rss", says(reply(page % (b"RSS", b"&lt;rss>&lt;channel>&lt;item>"))), "not-a-feed"),
        Case("xhtml", says(reply(b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://w.example/x.dtd"><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body><p>y</p></body></html>')), "not-a-feed"),
        Case("html-fragment", says(reply(b"<div><p>hello</p></div>")), "not-a-feed"),
        Case("parked", says(reply(page % (b"This domain is for sale", b"buy it"))), "not-a-feed"),
        Case("json-error", says(reply(b'{"error":"quota"}')), "not-a-feed"),
        Case("json-list", says(reply(b"[1,2,3]")), "not-a-feed"),
        Case("json-string", says(reply(b'"hello"')), "not-a-feed"),
        Case("json-null", says(reply(b"null")), "not-a-feed"),
        Case("json-broken", says(reply(b'{"version":"https://jsonfeed.org/version/1.1",')), "not-a-feed|truncated"),
        Case("json-no-items", says(reply(b'{"version":"https://jsonfeed.org/version/1.1","title":"x"}')), entries=0),
        Case("json-no-version", says(reply(b'{"title":"x"}')), "not-a-feed"),
        Case("json-deep", says(reply(b'{"a":' * 100_000)), "not-a-feed|parse"),
        Case("json-latin", says(reply('{"version":"https://jsonfeed.org/version/1","items":[{"id":"caf\u00e9"}]}'.encode("latin-1"))), entries=1),
        Case("json-number", says(reply(b'{"version":"https://jsonfeed.org/version/1","items":[{"id":' + b"9" * 10_000 + b"}]}")), "ok|not-a-feed|parse", None),
        Case("png", says(reply(b"\x89PNG\r\n\x1a\n" + b"\0" * 500)), "not-a-feed"),
        Case("jpeg", says(reply(b"\xff\xd8\xff\xe0" + bytes(range(256)))), "not-a-feed"),
        Case("gif", says(reply(b"GIF89a" + b"\0" * 99)), "not-a-feed"),
        Case("pdf", says(reply(b"%PDF-1.7\n" + b"\xe2\xe3\xcf\xd3" * 99)), "not-a-feed"),
        Case("zip", says(reply(b"PK\x03\x04rest")), "not-a-feed"),
        Case("svg", says(reply(b'<svg xmlns="http://www.w3.org/2000/svg"><title>x</title></svg>')), "not-a-feed"),
        Case("opml", says(reply(b'<opml version="2.0"><body><outline text="x" xmlUrl="http://n.example/"/></body></opml>')), "not-a-feed"),
        Case("sitemap", says(reply(b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>http://n.example/</loc></url></urlset>')), "not-a-feed"),
        Case("soap", says(reply(b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>')), "not-a-feed"),
        Case("atom-entry", says(reply(b'<entry xmlns="http://www.w3.org/2005/Atom"><id>urn:x</id><title>t</title></entry>')), "not-a-feed|ok", None),
        Case("text", says(reply(b"just some words")), "not-a-feed"),
        Case("text-one-word", says(reply(b"OK")), "not-a-feed"),
        Case("path-as-body", says(reply(b"/etc/passwd")), "not-a-feed"),
        Case("url-as-body", says(reply(b"http://127.0.0.1:1/")), "not-a-feed"),
        Case("random", says(reply(bytes((n * 7919 >> 3) & 255 for n in range(20_000)))), "not-a-feed"),
        Case("captcha", says(reply(b"<html><body>Please solve this captcha</body></html>")), "blocked"),
        Case("cloudflare-200", says(reply(page % (b"Just a moment...", b"<script>challenge-platform</script>"))), "blocked"),
        Case("cloudflare", says(reply(b"<html><title>Just a moment...</title><body>challenge-platform</body></html>", "403 Forbidden", "Server: cloudflare\r\ncf-mitigated: challenge\r\n")), "blocked"),
        Case("cloudflare-503", says(reply(b"<html><title>Just a moment...</title><script src=/cdn-cgi/challenge-platform/x></script></html>", "503 Unavailable", "Server: cloudflare\r\n")), "blocked"),
        Case("cloudflare-gzip", says(reply(gzip.compress(b"<html><title>Attention Required! | Cloudflare</title></html>"), "403 Forbidden", GZ)), "blocked"),
        Case("denied", says(reply(b"<html><title>Access Denied</title><h1>Access Denied</h1> You don't have permission</html>", "403 Forbidden")), "blocked|unauthorized"),
        Case("login", says(reply(b'<html><body><form><input type="password" name="p"></form></body></html>')), "blocked"),
        Case("redirect-to-login", moved("302 Found", "/login?next=/feed"), "blocked"),
    ]


def _content() -> list[Case]:
    version = "https://jsonfeed.org/version/"
    item = "<item><title>{0}</title>{1}</item>".format
    dates = ("Wed, 01 Jan 2025 00:00:00 GMT", "2025-01-01T00:00:00Z", "2025-01-01", "1 January 2025", "01/02/2025", "2025", "yesterday", "", "Wed, 01 Jan 0000 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT",
             "10000-01-01T00:00:00Z", "-1", "99999999999999999999", "Thu, 32 Foo 2025 25:61:61 XYZ", "2099-01-01T00:00:00+99:99", "٢٠٢٥-٠١-٠١", "1700000000", "2025-02-30T00:00:00Z", "Sun, 01 Jan 1950 00:00:00 GMT")
    return [
        Case("same-guid", says(reply(rss("sg").replace(b"/sg/1</guid>", b"/sg/0</guid>").replace(b"/sg/1</link>", b"/sg/0</link>").replace(b"Story 1", b"Story 0"))), entries=2),
        Case("no-guid", says(reply(channel(item("One", "") + "<item><description>Two</description></item>"))), entries=2),
        Case("nothing-in-items", says(reply(channel("<item/><item></item><item><title/></item>"))), "ok", None),
        Case("guid-blanks", says(reply(channel(item("One", "<guid>  a b\n</guid>") + item("One", "<guid>a b</guid>")))), entries=1),
        Case("guid-empty", says(reply(channel(item("One", "<guid></guid><link>http://n.example/ge1</link>") + item("Two", "<guid> </guid><link>http://n.example/ge2</link>")))), entries=2),
        Case("guid-changes", lambda wire, asked: wire.sendall(reply(channel("".join(item(f"S{n}", f"<guid>{asked.number}-{n}</guid><link>http://n.example/gc/{n}</link>") for n in range(3)))))),
        Case("guid-markup", says(reply(channel(item("One", "<guid>&lt;script&gt;alert(1)&lt;/script&gt;</guid>")))), entries=1),
        Case("guid-shared", says(reply(channel("".join(item(f"Post {n}", f"<guid>same</guid><link>http://n.example/gs/{n}</link>") for n in range(3)))))),
        Case("link-relative", says(reply(channel(item("One", "<link>/rel/1</link>")))), entries=1),
        Case("link-javascript", says(reply(channel(item("One", "<link>javascript:alert(1)</link><guid>lj</guid>")))), entries=1),
        Case("link-control", says(reply(channel(item("One", "<link>java&#10;script:alert(1)</link><guid>lc</guid>")))), entries=1),
        Case("title-markup", says(reply(channel(item("&lt;script>alert(1)&lt;/script>x", "<guid>tm</guid>")))), entries=1),
        Case("html-active", says(reply(channel(item("One", "<guid>ha</guid><description>&lt;img src=x onerror=alert(1)>&lt;iframe src='javascript:1'>&lt;/iframe></description>")))), entries=1),
        Case("dates", says(reply(channel("".join(item(f"D{n}", f"<guid>d{n}</guid><pubDate>{date}</pubDate>") for n, date in enumerate(dates))))), entries=len(dates)),
        Case("date-twice", says(reply(channel(item("One", f"<guid>dt</guid><pubDate>{DATE}</pubDate><pubDate>x</pubDate>")))), entries=1),
        Case("content-changes", lambda wire, asked: wire.sendall(reply(channel(item("One", f"<guid>cch</guid><description>read {asked.number} times</description>")))), entries=1),
        Case("shrinks", steps(reply(rss("shrinks")), reply(rss("shrinks", items=1)), reply(rss("shrinks", items=0)))),
        Case("dies-later", steps(reply(rss("dies-later"), headers='ETag: "d"\r\n'), reply(b"<html>gone fishing</html>"))),
        Case("xml-base", says(reply(b'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="javascript:"><title>t</title><entry xml:base="::::"><id>urn:x:b</id><title>A</title><link href="x"/></entry></feed>')), entries=1),
        Case("json", says(reply(f'{{"version":"{version}1.1","title":"j","items":[{{"id":"1","title":"a"}},{{"id":2,"url":"http://n.example/2"}}]}}'.encode())), entries=2),
        Case("json10", says(reply(f'{{"version":"{version}1","title":"j","items":[{{"id":"1","content_text":"a"}}]}}'.encode())), entries=1),
        Case("json-bom", says(reply(b"\xef\xbb\xbf" + f'{{"version":"{version}1.1","title":"j","items":[{{"id":"1"}}]}}'.encode())), entries=1),
        Case("json-typed-xml", says(reply(f'{{"version":"{version}1.1","items":[{{"id":"t"}}]}}'.encode(), headers=XML)), entries=1),
        Case("json-empty", says(reply(f'{{"version":"{version}1.1","title":"j","items":[]}}'.encode())), entries=0),
        Case("json-odd", says(reply(json.dumps({"version": f"{version}1.1", "title": ["x"], "home_page_url": 5, "authors": "me", "items": [
            None, 5, [], {}, {"id": None, "title": {"a": 1}, "tags": [1, None], "attachments": {"url": 3}, "authors": [None]}, {"id": {"x": 1}, "url": "javascript:1", "date_published": 12}, {"id": "ok", "title": "fine"}]}).encode())), entries=None),
        Case("json-surrogates", says(reply(f'{{"version":"{version}1.1","items":[{{"id":"s","title":"\\ud800 \\u0000 x"}}]}}'.encode())), entries=1),
    ]


def _hints() -> list[Case]:
    skip = "<skipHours>" + "".join(f"<hour>{n}</hour>" for n in range(24)) + "</skipHours>"
    days = "<skipDays>" + "".join(f"<day>{day}</day>" for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")) + "</skipDays>"
    sy = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    feeds = {
        "ttl": "<ttl>120</ttl>", "ttl-absurd": "<ttl>-99999999999</ttl>", "ttl-zero": "<ttl>0</ttl>", "ttl-text": "<ttl>soon</ttl>", "ttl-huge": f"<ttl>{'9' * 400}</ttl>", "ttl-week": "<ttl>10080</ttl>",
        "skip": "<skipHours><hour>1</hour></skipHours><skipDays><day>Sunday</day></skipDays>", "skip-all": skip, "skip-days-all": days, "skip-rubbish": "<skipHours><hour>99</hour><hour>x</hour></skipHours><skipDays><day>Someday</day></skipDays>",
        "sy": f"<sy:updatePeriod {sy}>hourly</sy:updatePeriod><sy:updateFrequency {sy}>2</sy:updateFrequency>", "sy-weekly": f"<sy:updatePeriod {sy}>weekly</sy:updatePeriod>",
        "sy-absurd": f"<sy:updatePeriod {sy}>never</sy:updatePeriod><sy:updateFrequency {sy}>-0</sy:updateFrequency>", "sy-zero": f"<sy:updatePeriod {sy}>daily</sy:updatePeriod><sy:updateFrequency {sy}>0</sy:updateFrequency>",
    }
    headers = {
        "max-age": "Cache-Control: max-age=7200\r\nAge: 600\r\n", "max-age-absurd": "Cache-Control: max-age=99999999999999999999\r\n", "max-age-zero": "Cache-Control: max-age=0\r\n", "max-age-negative": "Cache-Control: max-age=-1\r\n",
        "max-age-quoted": 'Cache-Control: max-age="3600"\r\n', "max-age-twice": "Cache-Control: no-transform\r\nCache-Control: max-age=3600\r\n", "max-age-text": "Cache-Control: max-age=an hour\r\n", "no-store": "Cache-Control: no-store, no-cache\r\n",
        "s-maxage": "Cache-Control: s-maxage=86400\r\n", "age-over": "Cache-Control: max-age=60\r\nAge: 9999999\r\n", "age-text": "Cache-Control: max-age=3600\r\nAge: old\r\n", "cache-rubbish": "Cache-Control: =,,;max-age\r\n",
        "expires": f"Date: {DATE}\r\nExpires: Wed, 01 Jan 2025 02:00:00 GMT\r\n", "expires-rubbish": "Expires: 0\r\nDate: nonsense\r\n", "expires-minus": "Expires: -1\r\n", "expires-past": "Expires: Thu, 01 Jan 1970 00:00:00 GMT\r\n",
        "expires-far": "Expires: Fri, 31 Dec 9999 23:59:59 GMT\r\n", "date-far": "Date: Fri, 31 Dec 9999 23:59:59 GMT\r\n", "expires-naive": "Expires: Wed, 01 Jan 2025 02:00:00\r\nDate: Wed, 01 Jan 2025 00:00:00 -0000\r\n",
        "limit-used-up": "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 3600\r\n", "limit-left": "X-RateLimit-Remaining: 99\r\nX-RateLimit-Reset: 3600\r\n", "retry-on-200": "Retry-After: 3600\r\n",
    }
    found = [Case(name, says(reply(rss(name, extra)))) for name, extra in feeds.items()]
    found += [Case(name, says(reply(rss(name), headers=XML + said)), held=name == "limit-used-up", alone=name == "limit-used-up") for name, said in headers.items()]
    return [*found, Case("304-max-age", validated("304-max-age", '"m"', None, "Cache-Control: max-age=3600\r\n"), again=wants('"m"', None))]


def cases(port: int, canary: int, outside: bool = False) -> list[Case]:
    """All that stay on loopback, or those that lead `outside`; names are unique, and paths."""
    found = [*_good(), *_statuses(), *_redirects(f"http://127.0.0.1:{port}", canary), *_validators(), *_transport(), *_bombs(), *_encodings(), *_xml(canary), *_strangers(), *_content(), *_hints()]
    assert len({case.name for case in found}) == len(found), "two paths of one name"
    return [case for case in found if case.outside == outside]
