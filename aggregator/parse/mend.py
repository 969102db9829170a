"""What feedparser can't take, mended in the bytes; large documents cut into small ones of whole items."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Numeric references beyond Unicode, or to halves of a surrogate pair, raise out of feedparser.parse and take
# the whole feed with them.
_BAD_REFERENCE = re.compile(
    rb"&#(?:[xX]0*(?:11[0-9a-fA-F]{4}|1[2-9a-fA-F][0-9a-fA-F]{4}|[2-9a-fA-F][0-9a-fA-F]{5}|[0-9a-fA-F]{7,}|[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|0*(?:111411[2-9]|11141[2-9]\d|1114[2-9]\d\d|111[5-9]\d{3}|11[2-9]\d{4}|1[2-9]\d{5}|[2-9]\d{6}|\d{8,}|55(?:29[6-9]|[3-9]\d\d)|56\d{3}|57(?:[0-2]\d\d|3[0-3]\d|34[0-3])))(?![0-9a-fA-F]);?"
)
_DECLARED = re.compile(rb"(<\?xml[^<>]{0,200}?)\s+encoding\s*=\s*[\"'][^\"'<>]*[\"']")
_SKIPPED = re.compile(rb"<skip(?:hours|days)\b[^<>]*>(.{0,4000}?)</skip(?:hours|days)>", re.I | re.S)
_SKIP = re.compile(rb"<(hour|day)\b[^<>]*>\s*([^<>]{0,20}?)\s*</", re.I)
_TOKEN = re.compile(rb"<!\[CDATA\[|<!--|</?(?:item|entry)(?=[\s/>])[^<>]*>", re.I)
_NUMERIC_DATE = re.compile(
    rb">(?:<!\[CDATA\[)?([^<>]{0,20}?\b\d{1,2}([/-])\d{1,2}\2\d{2,4}\b[^<>]{0,24})(?:\]\]>)?</[^<>]{0,30}"
    rb"(?:date|published|updated|issued|modified|created)[^<>]{0,10}>",
    re.I,
)
LARGE = 400_000  # bytes; smaller documents are parsed in one piece
SLICE = 300_000


def mended(body: bytes) -> bytes:
    """Without blanks before the declaration (19 of 52 real feeds that fail strict XML have nothing else),
    without impossible references.
    """
    return _BAD_REFERENCE.sub(b"", body.lstrip(b" \t\r\n"))


def undeclared(body: bytes) -> bytes:
    """Without the encoding that its XML declaration claims."""
    found = _DECLARED.search(body, 0, 2000)
    return body[: found.end(1)] + body[found.end() :] if found else body


def skipped(body: bytes) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """skipHours and skipDays, of which feedparser keeps the last one only. Numbers as said, names of days in
    lower case.
    """
    hours, days = set(), set()
    for block in _SKIPPED.finditer(body, 0, 200_000):
        for kind, value in _SKIP.findall(block[1]):
            if kind.lower() == b"day":
                days.add(value.decode("ascii", "replace").lower())
            elif value.isdigit() and int(value) <= 24:
                hours.add(int(value))
    return tuple(sorted(hours)), tuple(sorted(days))


def numeric_dates(body: bytes) -> list[str]:
    """The dates of a document that are numbers with the year last, in whatever order; each once."""
    return [text.decode() for text in dict.fromkeys(found for found, _ in _NUMERIC_DATE.findall(body))]


def slices(body: bytes, most: int) -> Iterator[bytes]:
    """The document itself; a large one as several with the same head and tail, so that time and memory follow
    the size of a slice.

    At most `most` items in all. Where items can't be told apart with certainty (nested, not closed, UTF-16)
    it stays in one piece.
    """
    spans = _items(body, most) if len(body) > LARGE else []
    if not spans:
        yield body
        return
    head, tail = body[: spans[0][0]], body[_tail(body, spans) :]
    start, end = spans[0]
    for first, last in spans[1:]:
        if last - start > SLICE:
            yield head + body[start:end] + tail
            start = first
        end = last
    yield head + body[start:end] + tail


def _tail(body: bytes, spans: list[tuple[int, int]]) -> int:
    """Where what follows the very last item begins, also where later items were left out."""
    found = max(body.rfind(b"</item>"), body.rfind(b"</entry>"), body.rfind(b"</ITEM>"))
    end = found + body[found:].find(b">") + 1 if found >= 0 else spans[-1][1]
    return max(end, spans[-1][1])


def _items(body: bytes, most: int) -> list[tuple[int, int]]:
    """From where to where each item goes; none where that is not certain."""
    spans: list[tuple[int, int]] = []
    at, start = 0, -1
    while len(spans) < most and (token := _TOKEN.search(body, at)):
        at = token.end()
        text = token[0]
        if text.startswith(b"<!"):
            at = body.find(b"]]>" if text.startswith(b"<![") else b"-->", at)
            if at < 0:
                return []
        elif text.endswith(b"/>"):
            continue
        elif text.startswith(b"</"):
            if start < 0:
                return []
            spans.append((start, at))
            start = -1
        elif start >= 0:
            return []  # an item within an item
        else:
            start = token.start()
    return spans if start < 0 else []
