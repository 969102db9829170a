"""Bytes → entries, or: this is no feed, and what it is instead. Feeds (feedparser), JSON Feed, text files of
stories.

In: a `FetchResult`. Out: a `ParseResult`, whatever the bytes are. Start reading at `parse`; `feeds.read` is
the way of most.
"""

from __future__ import annotations

from aggregator import kinds
from aggregator.kinds import BodyReader
from aggregator.model import Failure, FetchResult, ItemMarks, Limits, ParseResult, Source
from aggregator.parse import bounds, sniff

# bytes: what any reader is done with at once, whoever wrote it
LITTLE = 50_000

__all__ = ["LITTLE", "parse", "parse_little"]


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
    source: Source, fetched: FetchResult, limits: Limits, before: ItemMarks | None, most: int
) -> ParseResult | None:
    """As `parse`, where a document is little and plain enough to be read here; None where it isn't, or there
    is any doubt: then a process that can be ended has to read it. `most`: bytes.
    """
    raw = fetched.body or b""
    kind = sniff.kind(raw, not kinds.of(source).remote)
    try:
        if kind == "xml" and not sniff.foreign(raw):
            return _read_little(source.id, fetched, limits, before, most)
        # What is no feed is known by its beginning, whatever follows.
        if kind in ("empty", "xml") or (kind == "json" and len(raw) <= LITTLE):
            return _as_it_looks(source, fetched, limits, before)
    except Exception:
        return None
    return None


def _read_little(
    source: str, fetched: FetchResult, limits: Limits, before: ItemMarks | None, most: int
) -> ParseResult | None:
    if before is None and len(fetched.body or b"") > most:
        return None
    from aggregator.parse import body, feeds  # a cycle in which nothing changed looks into no body

    found = body.of(fetched, limits, before)
    if not found.is_little(most):
        return None
    if found.part is not None:
        return feeds.read_part(source, fetched, limits, found, found.part)
    return _told_apart(feeds.read(source, fetched, limits, found), fetched.body or b"")


def _told_apart(parsed: ParseResult, raw: bytes) -> ParseResult:
    """What is no feed, by its name."""
    if parsed.failure is None and not parsed.feed.format:
        return ParseResult(failure=sniff.stranger(raw))
    return parsed


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
    return _told_apart(_read(kind, source.id, fetched, limits, before), raw)


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
