"""What feedparser can't take, mended in the bytes; large documents cut into small ones of whole items."""

from __future__ import annotations

import html.entities
import re
from collections.abc import Iterator
from sys import maxunicode as MAXUNICODE
from xml.parsers import expat

from aggregator.patterns import lazy

_NUMBER = lazy(rb"&#(?:[xX]0*([0-9A-Fa-f]+)|0*([0-9]+));?")
# A sign beyond the first 65,536 (an emoji) as JavaScript and Java count: in two halves. Escaped twice, too.
_HALVES = lazy(
    rb"&(amp;)?#(?:[xX]0*([dD][89abAB][0-9A-Fa-f]{2})|0*(5[56]\d{3}));"
    rb"&(?:amp;)?#(?:[xX]0*([dD][c-fC-F][0-9A-Fa-f]{2})|0*(5[67]\d{3}));"
)
_NO_CHARACTERS = bytes({*range(32)} - {9, 10, 13})
HEAD = 65_536  # bytes in which a feed that is one begins, whatever a server said before it
FEED_ROOTS = frozenset({b"rss", b"feed", b"rdf", b"channel", b"xml"})
_FEED = lazy(rb"<\?xml[\s?]|<(?:[a-z]\w{0,20}:)?(?:rss|feed|rdf)[\s>]", re.I)
# What may stand before the first element: blanks (a BOM, a NUL), a comment, an instruction, a document type.
_PROLOG = lazy(rb"(?:[\s\0]|\xef\xbb\xbf|\xc2\xa0|\xe2\x80[\x8b-\x8f])+|<!--|<\?|<!DOCTYPE", re.I)
_DOCTYPE = lazy(rb"<!DOCTYPE[^\[>]*(?:>|\[(?>(?:[^\]]|\](?!\s*>))*)\]\s*>)", re.I)
_ELEMENT = lazy(rb"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")
_PREDEFINED = frozenset({b"amp", b"lt", b"gt", b"quot", b"apos"})
_ENTITY = lazy(rb"<!ENTITY\s+([A-Za-z_][\w.-]*)\s+(?:\"([^\"]*)\"|'([^']*)')\s*>")
LONGEST_ENTITY = 1000  # bytes; what is longer is no name for a sign, a word or an address
# every `&` but those that XML knows
_REFERENCE = lazy(rb"&(?!(?:amp|lt|gt|quot|apos|#[0-9]+|#x[0-9A-Fa-f]+);)(?:([A-Za-z][A-Za-z0-9]{0,40});)?")
_DECLARED = lazy(rb"(<\?xml[^<>]{0,200}?)\s+encoding\s*=\s*[\"'][^\"'<>]*[\"']")
_SKIPPED = lazy(rb"<skip(?:hours|days)\b[^<>]*>(.{0,4000}?)</skip(?:hours|days)>", re.I | re.S)
_SKIP = lazy(rb"<(hour|day)\b[^<>]*>\s*([^<>]{0,20}?)\s*</", re.I)
_TOKEN = lazy(rb"<!\[CDATA\[|<!--|</?(?:item|entry)(?=[\s/>])[^<>]*>", re.I)
_NUMERIC_DATE = lazy(
    rb">(?:<!\[CDATA\[)?([^<>]{0,20}?\b\d{1,2}([/-])\d{1,2}\2\d{2,4}\b[^<>]{0,24})(?:\]\]>)?</[^<>]{0,30}"
    rb"(?:date|published|updated|issued|modified|created)[^<>]{0,10}>",
    re.I,
)
LARGE = 400_000  # bytes; smaller documents are parsed in one piece
SLICE = 300_000


def mended(body: bytes) -> bytes:
    """The feed itself, as strict a parser as possible can take it: without what stands before it (blanks,
    notices of PHP, comments, the XML and the document type declaration), without signs that are no
    characters, and with every `&` that is meant as one escaped.

    19 of 52 real feeds that fail strict XML have nothing but blanks before the declaration.
    """
    start, root, doctype = _prolog(body)
    if root not in FEED_ROOTS and (feed := _FEED.search(body, start, start + HEAD)):
        start, _, doctype = _prolog(body, feed.start())
    text = _HALVES.sub(_joined, body[start:].translate(None, _NO_CHARACTERS))
    text = _NUMBER.sub(_character, text)
    return _referenced(text, _declared(doctype))


def root(body: bytes) -> bytes:
    """The name of the first element in lower case and without its prefix; empty where there is none near the
    start.
    """
    return _prolog(body)[1]


def _prolog(body: bytes, at: int = 0) -> tuple[int, bytes, bytes]:
    """(where the first element begins, its name as `root` has it, the document type declaration)."""
    doctype = b""
    while (part := _PROLOG.match(body, at)) and (end := _part_end(body, part)) >= 0:
        if part[0].startswith(b"<!") and part[0] != b"<!--":
            doctype = body[at:end]
        at = end
    first = _ELEMENT.search(body, at, at + HEAD)
    return (first.start(), first[1].lower(), doctype) if first else (at, b"", doctype)


def _part_end(body: bytes, part: re.Match[bytes]) -> int:
    """Where a part of the prolog ends; -1 where it does not."""
    if part[0] == b"<!--":
        end = body.find(b"-->", part.end())
        return end + 3 if end >= 0 else -1
    if part[0] == b"<?":
        end = body.find(b"?>", part.end())
        return end + 2 if end >= 0 else -1
    if part[0].startswith(b"<!"):
        declaration = _DOCTYPE.match(body, part.start())
        return declaration.end() if declaration else -1
    return part.end()


def _declared(doctype: bytes) -> dict[bytes, bytes]:
    """The entities that a document declares within itself, those that are plain text. What refers to others
    of them, to files or addresses is none (S15).
    """
    found: dict[bytes, bytes] = {}
    for name, one, other in _ENTITY.findall(doctype, 0, HEAD):
        value = _REFERENCE.sub(_meant, one or other).replace(b"<", b"&lt;")
        if len(value) <= LONGEST_ENTITY and name not in _PREDEFINED:
            found.setdefault(name, value)
    return found


def _referenced(body: bytes, declared: dict[bytes, bytes]) -> bytes:
    """References to the entities of HTML and of the document itself as characters; where it refers to
    nothing, an `&` is one. CDATA sections stay as they are.
    """
    if not _REFERENCE.search(body):
        return body
    budget = [len(body) + HEAD]  # bytes by which entities of its own may let a document grow

    def meant(reference: re.Match[bytes]) -> bytes:
        value = declared.get(reference[1] or b"")
        if value is None or budget[0] < len(value):
            return _meant(reference)
        budget[0] -= len(value)
        return value

    return b"".join(
        piece if is_cdata else _REFERENCE.sub(meant, piece) for piece, is_cdata in _by_cdata(body)
    )


def _by_cdata(body: bytes) -> Iterator[tuple[bytes, bool]]:
    """The pieces of a document, and whether each is a CDATA section (without its end)."""
    at = 0
    while (start := body.find(b"<![CDATA[", at)) >= 0:
        end = body.find(b"]]>", start)
        end = len(body) if end < 0 else end
        yield body[at:start], False
        yield body[start:end], True
        at = end
    yield body[at:], False


def _joined(halves: re.Match[bytes]) -> bytes:
    """The sign that two references mean together, by its number (UTF-16)."""
    escaped, *digits = halves.groups()
    high, low = (int(one or other, 16 if one else 10) for one, other in (digits[:2], digits[2:]))
    if not 0xD800 <= high < 0xDC00 <= low < 0xE000:
        return halves[0]
    return b"&%s#%d;" % (escaped or b"", 0x10000 + (high - 0xD800) * 0x400 + low - 0xDC00)


def _character(reference: re.Match[bytes]) -> bytes:
    """A reference by number as XML wants it; nothing for what is no character. Numbers beyond Unicode, or of
    halves of a surrogate pair, would raise out of feedparser and take the whole feed with them.
    """
    digits = reference[1] or reference[2]
    number = int(digits, 16 if reference[1] else 10) if len(digits) <= 7 else MAXUNICODE + 1
    if number > MAXUNICODE or 0xD800 <= number < 0xE000 or number in (0xFFFE, 0xFFFF):
        return b""
    if number < 32 and number not in (9, 10, 13):
        return b""
    if number == 0x85:
        return b"&#8230;"  # “…” of Windows-1252; to XML and Python a blank, which is stripped
    return reference[0] if reference[0].endswith(b";") else reference[0] + b";"


def _meant(reference: re.Match[bytes]) -> bytes:
    """A reference to an entity of HTML in numbers; any other `&` as a sign of the text: `&lang=` in a link,
    as in `AT&T`, is none.
    """
    name = reference[1]
    characters = html.entities.html5.get(name.decode() + ";") if name else None
    if characters is None:
        return b"&amp;" + reference[0][1:]
    return b"".join(b"&#%d;" % ord(character) for character in characters)


_ROOT_END = lazy(rb"</(?:[\w.-]+:)?(?:rss|feed|rdf|channel|xml)\s*>", re.I)


def whole(body: bytes) -> tuple[bytes, bool]:
    """(the document without the item in which it breaks off, whether it does). `body` is as `mended` gives
    it. What is open there is closed, so that a strict parser can take what is whole.
    """
    if root(body) not in FEED_ROOTS or _has_end(body):
        return body, False
    start = _open_item(body)
    return _closed(body[: body.rfind(b">") + 1] if start < 0 else body[:start]), True


def _has_end(body: bytes) -> bool:
    """Whether an element that holds items ends after the last of them. In RDF the channel ends before."""
    last = max(body.rfind(b"item>"), body.rfind(b"entry>"), 0)
    if _ROOT_END.search(body, max(last, len(body) - 1000)) or _ROOT_END.search(body, last):
        return True
    return body[: body.find(b">") + 1].endswith(b"/>")


def _open_item(body: bytes) -> int:
    """Where the item begins that does not end; -1 where there is none. A new one ends the one before."""
    at, start = 0, -1
    while token := _TOKEN.search(body, at):
        at, text = token.end(), token[0]
        if text.startswith(b"<!"):
            at = body.find(b"]]>" if text.startswith(b"<![") else b"-->", at)
            if at < 0:
                break
        elif text.startswith(b"</"):
            start = -1
        elif not text.endswith(b"/>"):
            start = token.start()
    return start


def _closed(body: bytes) -> bytes:
    """With the ends of all elements that are open; as it is where it is not well-formed besides."""
    names: list[str] = []
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = lambda name, attributes: names.append(name)
    parser.EndElementHandler = lambda name: names.pop()
    try:
        parser.Parse(body, False)
    except expat.ExpatError:
        return body
    return body + b"".join(b"</%s>" % name.encode() for name in reversed(names))


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
