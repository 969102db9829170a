"""Bytes → entries, or: this is no feed, and what it is instead. Feeds (feedparser), JSON Feed, text files of
stories.

In: a `FetchResult`. Out: a `ParseResult`, whatever the bytes are. Start reading at `parse`; `feeds.read` is
the way of most.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator import kinds
from aggregator.kinds import BodyReader
from aggregator.model import Failure, FetchResult, ItemMarks, Limits, ParseResult, Source
from aggregator.parse import bounds, sniff

if TYPE_CHECKING:
    from aggregator.parse.body import Body

__all__ = ["parse", "parse_little"]


def parse(
    source: Source,
    fetched: FetchResult,
    limits: Limits,
    read: BodyReader | None = None,
    before: ItemMarks | None = None,
) -> ParseResult:
    """Never raises: whatever a body does to a parser becomes that source's failure (B7). `read`: how
    documents of this kind are read; None: as they look. `before`: marks of the source's last document, of
    which nothing is read again that is there still.
    """
    try:
        if read is not None:
            return read(source, fetched, limits)
        return _as_it_looks(source, fetched, limits, before)
    except MemoryError:
        return ParseResult(failure=bounds.failure("memory", limits), reached="memory")
    except bounds.OutOfTime:
        return ParseResult(failure=bounds.failure("cpu", limits), reached="cpu")
    except RecursionError:
        return ParseResult(failure=Failure("parse", "nested too deeply to be a feed"))
    except Exception as error:
        return ParseResult(
            failure=Failure(
                "parse", f"the document can't be parsed: {type(error).__name__}: {str(error)[:200]}"
            )
        )


def parse_little(
    source: Source, fetched: FetchResult, limits: Limits, before: ItemMarks | None
) -> ParseResult | None:
    """What is new in a document, where that is little and plain enough to be read here; None where it isn't,
    or there is any doubt: then a process that can be ended has to read it.
    """
    raw = fetched.body or b""
    if sniff.kind(raw, not kinds.of(source).remote) != "xml" or sniff.foreign(raw):
        return None
    from aggregator.parse import body  # a cycle in which nothing changed looks into no body

    if before is None and len(raw) > body.LITTLE:
        return None
    try:
        found = body.of(fetched, limits, before)
        return _read_little(source.id, fetched, limits, found) if found.is_little else None
    except Exception:
        return None


def _read_little(source: str, fetched: FetchResult, limits: Limits, found: Body) -> ParseResult | None:
    from aggregator.parse import feeds

    if found.part is not None:
        return feeds.read_part(source, fetched, limits, found, found.part)
    parsed = feeds.read(source, fetched, limits, found)
    return parsed if parsed.failure is None and parsed.feed.format else None


def _as_it_looks(
    source: Source, fetched: FetchResult, limits: Limits, before: ItemMarks | None
) -> ParseResult:
    raw = fetched.body or b""
    local = not kinds.of(source).remote
    kind = sniff.kind(raw, local)
    if kind == "empty":
        return ParseResult(failure=Failure("empty", f"the {'file' if local else 'answer'} is empty"))
    if kind == "xml" and sniff.foreign(raw):
        return ParseResult(failure=sniff.stranger(raw))
    parsed = _read(kind, source.id, fetched, limits, before)
    if parsed.failure is None and not parsed.feed.format:
        return ParseResult(failure=sniff.stranger(raw))
    return parsed


def _read(
    kind: sniff.Kind, source: str, fetched: FetchResult, limits: Limits, before: ItemMarks | None
) -> ParseResult:
    """By the reader of this kind, which is loaded when it is needed."""
    if kind == "json":
        from aggregator.parse import jsonfeed

        return jsonfeed.read(source, fetched, limits)
    if kind == "stories":
        from aggregator.parse import stories

        return stories.read(source, fetched, limits)
    from aggregator.parse import body, feeds

    return feeds.read(source, fetched, limits, body.of(fetched, limits, before))
