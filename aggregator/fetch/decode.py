"""The body of an answer, read and decoded within bounds; what is cut short is an error, not a short body."""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Iterable, Iterator
from http.client import HTTPException
from itertools import chain
from typing import Any

from urllib3.exceptions import HTTPError

from aggregator.fetch.exchange import Exchange
from aggregator.fetch.watchdog import Guard
from aggregator.model import Failure
from aggregator.patterns import lazy
from aggregator.records import dataclass

PIECE = 65_536
_GZIP, _GZIP_MAGIC = 16 + zlib.MAX_WBITS, b"\x1f\x8b"  # RFC 1952, 2.3.1
_CODINGS = ("gzip", "x-gzip", "deflate")
_TOKEN = lazy(r"[a-z0-9!#$%&'*+.^_`|~-]{1,60}")  # RFC 9110, 5.6.2
_ENDS = {b"{": b"}", b"[": b"]"}
_COMMENT = lazy(rb"<!--.*?-->", re.S)
_ELEMENT = lazy(rb"<([A-Za-z_][\w:.-]*)")
_LAST = lazy(rb"</([A-Za-z_][\w:.-]*)\s*>(?:\s|<!--[^<>]*-->)*\Z")
_CONTROL = lazy(r"[\x00-\x08\x0e-\x1f]")


class Bad(Exception):
    """Carries the failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class _Codings:
    """What an answer's Content-Encoding says."""

    known: list[str]  # that we can undo, as they are named
    strange: list[str]  # words of others

    def inflate(self, start: bytes) -> _Inflate | None:
        """What undoes it, by what is said and how the body begins; None where there is nothing to undo: a
        file that is gzip is sent without a word, and text that was never packed as gzip.
        """
        if "deflate" in self.known:
            return _Inflate(True)
        is_gzip = start[:1] == _GZIP_MAGIC[:1]
        return _Inflate(False) if is_gzip or (self.known and not _is_text(start)) else None


def read(raw: Any, headers: dict[str, str], exchange: Exchange, max_bytes: int) -> tuple[bytes, int]:
    """(body after decompression, bytes that travelled). Raises Bad.

    requests and urllib3 return bodies that are shorter than Content-Length, and truncated gzip, without an
    error: both are counted here. A document that has its end is whole, whatever its server counts. At most
    one content coding, gzip or deflate (B3). Others are said of bodies that are plain all the same:
    `aws-chunked`, `utf-8`, `none`.
    """
    codings = _codings(headers)
    came = _Came(raw, exchange.guard)
    pieces = iter(came)
    start = next(pieces, b"")
    inflate = codings.inflate(start)
    body, wire = _within_bounds(chain((start,), pieces), inflate, exchange, max_bytes)
    if not (inflate.complete if inflate else has_end(body)):
        came.check(headers, wire)
    if inflate and not inflate.complete and wire:
        raise Bad(Failure("truncated", "the compressed body ends before its end"))
    if codings.strange and not _is_text(body[:PIECE]):
        raise Bad(_unknown(codings.strange))
    return body, wire


def _codings(headers: dict[str, str]) -> _Codings:
    said = [part.strip().lower() for part in headers.get("content-encoding", "").split(",")]
    known = [one for one in said if one in _CODINGS]
    strange = [one for one in said if one not in (*_CODINGS, "", "identity")]
    if len(known) > 1 or not all(map(_TOKEN.fullmatch, strange)):
        raise Bad(_unknown(known + strange))
    return _Codings(known, strange)


def _within_bounds(
    pieces: Iterable[bytes], inflate: _Inflate | None, exchange: Exchange, max_bytes: int
) -> tuple[bytes, int]:
    """(body, bytes that travelled), neither of them more than `max_bytes`, nor than there is memory for."""
    body, wire = bytearray(), 0
    for piece in pieces:
        wire += len(piece)
        body += inflate.feed(piece, max_bytes + 1 - len(body)) if inflate else piece
        if len(body) > max_bytes or wire > max_bytes:
            raise Bad(_too_big(max_bytes))
        if not exchange.budget.reach(len(body), exchange.guard):
            raise Bad(_no_room())
    return bytes(body), wire


def has_end(body: bytes) -> bool:
    """Whether a document ends with the end of its first element, or as JSON does: then what its server says
    of its length is wrong. Whether it is well-formed besides is for those who read it.
    """
    text = body.replace(b"\0", b"").strip(b"\xef\xbb\xbf\xff\xfe \t\r\n")  # also UTF-16
    if text[:1] in (b"{", b"["):
        return text[-1:] == _ENDS[text[:1]]
    first = _ELEMENT.search(_COMMENT.sub(b"", text[:PIECE]))
    last = _LAST.search(text, max(0, len(text) - 1000))
    return first is not None and last is not None and first[1].lower() == last[1].lower()


def _too_big(max_bytes: int) -> Failure:
    return Failure("too-big", f"more than {max_bytes / 1e6:g} MB after decompression (poll.max_bytes)")


def _no_room() -> Failure:
    return Failure("timeout", "too many large bodies at once; there was no room for this one in time")


def _unknown(codings: list[str]) -> Failure:
    shown = "".join(c if c.isprintable() else "?" for c in ", ".join(codings)[:60])
    return Failure("encoding", f"content coding “{shown}”: only gzip is asked for and understood")


def _is_text(head: bytes) -> bool:
    """Whether this is a document as it stands: it begins like one, or is text in UTF-8."""
    start = head.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1]
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return start in (b"<", b"{", b"[")
    return start in (b"<", b"{", b"[") or not _CONTROL.search(text)


class _Came:
    """The pieces of a body as they come, and how they ended."""

    def __init__(self, raw: Any, guard: Guard) -> None:
        self._raw, self._guard = raw, guard
        self._broken: Exception | None = None

    def __iter__(self) -> Iterator[bytes]:
        try:
            while not self._guard.killed:
                # read1 returns what is there; read(n) waits until n bytes have come and ignores a deadline.
                piece = self._raw.read1(PIECE, decode_content=False)
                if not piece:
                    return
                yield piece
        except (HTTPError, HTTPException, OSError) as error:
            self._broken = error

    def check(self, headers: dict[str, str], wire: int) -> None:
        """Raises what broke them off, or Bad where they are fewer than announced. `Content-Length` counts
        what travels, and nothing beside a transfer coding (RFC 9112, 6.3).
        """
        if self._broken is not None:
            raise self._broken
        length = headers.get("content-length", "")
        if length.isdecimal() and "transfer-encoding" not in headers and wire < int(length):
            raise Bad(Failure("truncated", f"the body ended after {wire} of {length} bytes"))


class _Inflate:
    """gzip of several members, zlib or raw deflate, never more output than asked for."""

    def __init__(self, deflate: bool) -> None:
        self._deflate = deflate
        self._object = zlib.decompressobj(zlib.MAX_WBITS if deflate else _GZIP)
        self._started = False

    @property
    def complete(self) -> bool:
        return self._object.eof

    def feed(self, data: bytes, room: int) -> bytes:
        """At most `room` bytes of what these stand for. Raises Bad."""
        out = bytearray()
        while data and len(out) < room:
            try:
                out += self._object.decompress(data, room - len(out))
            except zlib.error as error:
                if self._taken_as_raw():
                    continue
                if out or self._object.eof:
                    break  # rubbish after a complete member
                raise Bad(Failure("encoding", f"the compressed body is damaged ({error})")) from None
            self._started = True
            data = self._rest()
        return bytes(out)

    def _taken_as_raw(self) -> bool:
        """“deflate” without the zlib frame, as some servers have it: tried once, at the start."""
        if not self._deflate or self._started:
            return False
        self._started = True
        self._object = zlib.decompressobj(-zlib.MAX_WBITS)
        return True

    def _rest(self) -> bytes:
        """What is still to be undone; after the end of a gzip member that is the next one, if it is one."""
        if not self._object.eof:
            return self._object.unconsumed_tail
        rest = self._object.unused_data
        if self._deflate or not rest.startswith(_GZIP_MAGIC):
            return b""
        self._object = zlib.decompressobj(_GZIP)
        return rest
