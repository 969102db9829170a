"""Markup that stands as `markup.safe` would leave it, known at a glance: what is published was made safe
when it was read, and is looked at again each time that it is published.

A list of what is known, and no more than that: of anything else `is_settled` says no, and it is cleaned.
Start reading there.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence

from aggregator import urls
from aggregator.patterns import lazy
from aggregator.text import embedded

DEPTH = 50  # open elements; what is deeper is for `markup.safe` to judge
_WORDS = (
    "abbr", "b", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "s", "small", "span", "strong", "sub", "sup", "tt", "u", "var",
)  # fmt: skip
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS = _HEADINGS | {
    "article", "aside", "blockquote", "div", "dl", "figcaption", "figure", "footer", "header", "ol", "p", "pre", "section", "table", "ul",
}  # fmt: skip
_ENDING_PARAGRAPHS = _BLOCKS | {"hr"}  # by their start tags (WHATWG HTML, 13.2.6.4.7)
_VOID = frozenset({"br", "hr", "img"})
_LISTS, _ROWS = frozenset({"ol", "ul"}), frozenset({"tbody", "tfoot", "thead"})
# Where alone these may stand, or what is open would be ended.
_PARENTS = {
    "li": _LISTS, "dt": frozenset({"dl"}), "dd": frozenset({"dl"}), "td": frozenset({"tr"}), "th": frozenset({"tr"}),
    "tr": _ROWS, **dict.fromkeys(_ROWS, frozenset({"table"})),
}  # fmt: skip
_OF_TABLES = _ROWS | {"table", "tr"}  # nothing but cells and what holds them stands in these
_IN_NO_CELL = lazy(r"(?:<(?:table|tbody|tfoot|thead|tr)>|</(?:tbody|tfoot|thead|tr|td|th)>)[ \t\n]*[^ \t\n<]")
_PAIRED = (*_WORDS, *_BLOCKS, *_PARENTS)
_STARTS = {f"<{name}>": name for name in (*_PAIRED, "br", "hr")}
_ENDS = {f"</{name}>": name for name in (*_PAIRED, "a", "time")}
_REL = ("rel", "noopener noreferrer")  # the last attribute of a link

_TAG = lazy(r"(<[^<>]*>)")
# Most links, at a glance; what is longer is asked after.
_PLAIN_LINK = lazy(rf'<a href="{urls.AS_IT_IS}" rel="{_REL[1]}">', re.ASCII)
_WITH_ATTRIBUTES = lazy(r'<(a|abbr|code|img|time)((?: [a-z]+="[^"<>]*")+)>')
_ATTRIBUTE = lazy(r' ([a-z]+)="([^"]*)"')
_ATTRIBUTES = {
    "a": frozenset({"href", "title", "class", "rel"}),
    "abbr": frozenset({"title"}),
    "code": frozenset({"class"}),
    "img": frozenset({"src", "srcset", "sizes", "alt", "title", "width", "height"}),
    "time": frozenset({"datetime"}),
}
_NEEDED = {"a": "href", "img": "src"}
_WEB = lazy(r"https?://")
# As it is written in texts and in values; everything else that begins like a reference is not.
_LOOSE_IN_TEXT = lazy(r"&(?!(?:amp|lt|gt|nbsp);)")
_LOOSE_IN_VALUE = lazy(r"&(?!(?:amp|quot|nbsp);)")

Kept = Callable[[str, str, str], str | None]
"""(element, attribute, its value) → what is kept of the value. Addresses that are `urls.AS_IT_IS` are kept,
and not asked after.
"""


def is_settled(text: str, kept: Kept) -> bool:
    """Whether this clean text is, beyond doubt, what `markup.safe` would make of it."""
    pieces = _TAG.split(text)
    words = "".join(pieces[::2])
    if "<" in words or ">" in words or "\xa0" in text or _LOOSE_IN_TEXT.search(words):
        return False
    if "<pre>\n" in text:  # the first line end there is lost each time that it is read
        return False
    if "<table>" in text and _IN_NO_CELL.search(text):  # which is put before the table
        return False
    return _is_well_nested(pieces[1::2], kept)


def _is_well_nested(tags: Sequence[str], kept: Kept) -> bool:
    is_open: list[str] = []
    for tag in tags:
        if (ended := _ENDS.get(tag)) is not None:
            if not is_open or is_open.pop() != ended:
                return False
            continue
        name = _STARTS.get(tag) or _started(tag, kept)
        if name is None or not _may_stand(name, is_open):
            return False
        if name not in _VOID:
            is_open.append(name)
    return not is_open


def _may_stand(name: str, is_open: Sequence[str]) -> bool:
    """Whether nothing that is open would be ended by this element, and nothing moved."""
    if name in _PARENTS or (is_open and is_open[-1] in _OF_TABLES):
        return bool(is_open) and is_open[-1] in _PARENTS.get(name, ())
    if name in _ENDING_PARAGRAPHS:
        inside_heading = name in _HEADINGS and not _HEADINGS.isdisjoint(is_open)
        return "p" not in is_open and not inside_heading and len(is_open) < DEPTH
    return (name != "a" or "a" not in is_open) and len(is_open) < DEPTH


def _started(tag: str, kept: Kept) -> str | None:
    """The element of a start tag with attributes; None where one of them is unknown or would not be kept as
    it is.
    """
    if len(tag) <= urls.MAX_LENGTH and _PLAIN_LINK.fullmatch(tag):
        return "a"
    found = _WITH_ATTRIBUTES.fullmatch(tag)
    if found is None:
        return None
    name, said = found[1], _ATTRIBUTE.findall(found[2])
    values = dict(said)
    if (
        len(values) != len(said)
        or not _ATTRIBUTES[name] >= values.keys()
        or _NEEDED.get(name, said[0][0]) not in values
    ):
        return None
    if name == "a" and (said[-1] != _REL or values.pop("rel") != _REL[1]):
        return None
    return name if all(_stays(name, key, value, kept) for key, value in values.items()) else None


def _stays(name: str, key: str, written: str, kept: Kept) -> bool:
    if "&" in written and _LOOSE_IN_VALUE.search(written):
        return False
    value = html.unescape(written) if "&" in written else written
    if key in ("href", "src") and not _WEB.match(value):  # of others not all that we keep is kept by nh3
        return False
    if key in ("width", "height") and value in ("0", "1"):  # pictures that count readers
        return False
    if key == "srcset" and embedded.concerns(f'<img src="https://a.example/" srcset="{written}">'):
        return False
    return kept(name, key, value) == value
