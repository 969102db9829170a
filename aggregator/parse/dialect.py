"""feedparser, taught what it loses: the dates of an item one by one, and whose they are."""

from __future__ import annotations

import io
from typing import Any

import feedparser
from feedparser.mixin import _FeedParserMixin

from aggregator import urls

# feedparser resolves a guid against the address of the feed as if it were a link: at another address every
# item would be another one.
_FeedParserMixin.can_be_relative_uri -= {"id"}

_OF_DATES = frozenset({"published", "updated", "created", "expired"})  # feedparser's names for what it parses
_OTHERS = frozenset({
    "date", "datetime", "publishdate", "publicationdate", "publisheddate", "dcterms_available", "dc_created", "dc_modified", "dc_issued",
    "prism_publicationdate", "prism_coverdate", "prism_modificationdate",
})  # fmt: skip
_WITHOUT_END = frozenset({"br", "hr", "img", "input", "meta", "wbr"})  # where HTML stands unescaped


class _Taught:
    """feedparser's own methods, called from ours."""

    start = _FeedParserMixin.unknown_starttag
    end = _FeedParserMixin.unknown_endtag
    pop = _FeedParserMixin.pop


def _start(parser: Any, tag: str, attributes: Any) -> None:
    if tag.lower() not in _WITHOUT_END:
        _opened(parser).append(tag)
    _Taught.start(parser, tag, attributes)


def _end(parser: Any, tag: str) -> None:
    _Taught.end(parser, tag)
    names = _opened(parser)
    if tag in names:
        del names[len(names) - 1 - names[::-1].index(tag) :]


def _pop(parser: Any, element: str, *more: Any) -> Any:
    value = _Taught.pop(parser, element, *more)
    if (element in _OF_DATES or element in _OTHERS) and value and _is_of_the_item(parser):
        prefix, _, name = _opened(parser)[-1].rpartition(":")
        prefix = parser.namespacemap.get(prefix, prefix)
        parser.entries[-1].setdefault("dates", []).append((f"{prefix}_{name}" if prefix else name, value))
    return value


def _opened(parser: Any) -> list[str]:
    """The names of the elements that are open here, the root first."""
    names: list[str] = parser.__dict__.setdefault("opened", [])
    return names


def _is_of_the_item(parser: Any) -> bool:
    """An item's own children only: what stands deeper is about something else (a source, a comment, a film)."""
    names = _opened(parser)
    return bool(parser.inentry) and len(names) > 1 and names[-2].rpartition(":")[2] in ("item", "entry")


_FeedParserMixin.unknown_starttag = _start
_FeedParserMixin.unknown_endtag = _end
_FeedParserMixin.pop = _pop


def parse(body: bytes, address: str) -> Any:
    """feedparser's document of a body in UTF-8; each entry has `dates`, [(element, text)], in their order."""
    said = {
        "content-type": "application/xml; charset=utf-8",
        **({"content-location": address} if urls.follow(address) else {}),
    }
    return feedparser.parse(
        io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False, response_headers=said
    )
