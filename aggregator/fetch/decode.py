"""The body of an answer, read and decoded within bounds; what is cut short is an error, not a short body."""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Iterator
from typing import Any

from aggregator.fetch.exchange import Exchange
from aggregator.fetch.watchdog import Guard
from aggregator.model import Failure

PIECE = 65_536
_CODINGS = ("gzip", "x-gzip", "deflate")
_TOKEN = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,60}")  # RFC 9110, 5.6.2
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


class Bad(Exception):
    """Carries the failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure


def read(raw: Any, headers: dict[str, str], exchange: Exchange, max_bytes: int) -> tuple[bytes, int]:
    """(body after decompression, bytes that travelled). Raises Bad.

    requests and urllib3 return bodies that are shorter than Content-Length, and truncated gzip, without an
    error: both are
    counted here. At most one content coding, gzip or deflate (B3). Others are said of bodies that are plain all
    the same: `aws-chunked`, `utf-8`, `none`.
    """
    said = [part.strip().lower() for part in headers.get("content-encoding", "").split(",")]
    codings = [one for one in said if one in _CODINGS]
    strange = [one for one in said if one not in (*_CODINGS, "", "identity")]
    if len(codings) > 1 or not all(map(_TOKEN.fullmatch, strange)):
        raise Bad(_unknown(codings + strange))
    decoder = _Inflate(codings == ["deflate"]) if codings else None
    out, wire = bytearray(), 0
    for piece in _pieces(raw, exchange.guard):
        wire += len(piece)
        out += decoder.feed(piece, max_bytes + 1 - len(out)) if decoder else piece
        if len(out) > max_bytes or wire > max_bytes:
            raise Bad(
                Failure("too-big", f"more than {max_bytes / 1e6:g} MB after decompression (poll.max_bytes)")
            )
        if not exchange.budget.reach(len(out), exchange.guard):
            raise Bad(
                Failure("timeout", "too many large bodies at once; there was no room for this one in time")
            )
    length = headers.get("content-length", "")
    if length.isdecimal() and "transfer-encoding" not in headers and wire < int(length):
        raise Bad(Failure("truncated", f"the body ended after {wire} of {length} bytes"))
    if decoder and not decoder.complete and wire:
        raise Bad(Failure("truncated", "the compressed body ends before its end"))
    if strange and not _is_text(bytes(out[:PIECE])):
        raise Bad(_unknown(strange))
    return bytes(out), wire


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


def _pieces(raw: Any, guard: Guard) -> Iterator[bytes]:
    while not guard.killed:
        # read1 returns what is there; read(n) waits until n bytes have come and so ignores a deadline.
        piece = raw.read1(PIECE, decode_content=False)
        if not piece:
            return
        yield piece


class _Inflate:
    """gzip of several members, zlib or raw deflate, never more output than asked for."""

    def __init__(self, deflate: bool) -> None:
        self._deflate = deflate
        self._object = zlib.decompressobj(zlib.MAX_WBITS if deflate else 16 + zlib.MAX_WBITS)
        self._started = False

    @property
    def complete(self) -> bool:
        return self._object.eof

    def feed(self, data: bytes, room: int) -> bytes:
        out = bytearray()
        while data and len(out) < room:
            try:
                out += self._object.decompress(data, room - len(out))
            except zlib.error as error:
                if self._deflate and not self._started:
                    self._started = True
                    # “deflate” without the zlib frame, as some servers have it
                    self._object = zlib.decompressobj(-zlib.MAX_WBITS)
                    continue
                if out or self._object.eof:
                    return bytes(out)  # rubbish after a complete member
                raise Bad(Failure("encoding", f"the compressed body is damaged ({error})")) from None
            self._started = True
            data = self._object.unconsumed_tail or self._object.unused_data
            if self._object.eof and data and not self._deflate:
                if not data.startswith(b"\x1f\x8b"):
                    return bytes(out)
                self._object = zlib.decompressobj(16 + zlib.MAX_WBITS)
            elif self._object.eof:
                return bytes(out)
        return bytes(out)
