"""Bytes → entries, or: this is no feed, and what it is instead. Feeds (feedparser), JSON Feed, text files of
stories.
"""

from __future__ import annotations

from aggregator import kinds
from aggregator.kinds import Reader
from aggregator.model import Failure, Fetched, Limits, Parsed, Source
from aggregator.parse import bounds, feeds, jsonfeed, sniff, stories

__all__ = ["parse"]


def parse(source: Source, fetched: Fetched, limits: Limits, read: Reader | None = None) -> Parsed:
    """Never raises: whatever a body does to a parser becomes that source's failure (B7). `read`: how documents of
    this kind are read; None: as they look.
    """
    try:
        return (read or _as_it_looks)(source, fetched, limits)
    except MemoryError:
        return Parsed(failure=bounds.failure("memory", limits), reached="memory")
    except bounds.OutOfTime:
        return Parsed(failure=bounds.failure("cpu", limits), reached="cpu")
    except RecursionError:
        return Parsed(failure=Failure("parse", "nested too deeply to be a feed"))
    except Exception as error:
        return Parsed(
            failure=Failure(
                "parse", f"the document can't be parsed: {type(error).__name__}: {str(error)[:200]}"
            )
        )


def _as_it_looks(source: Source, fetched: Fetched, limits: Limits) -> Parsed:
    body = fetched.body or b""
    local = not kinds.of(source).remote
    kind = sniff.kind(body, local)
    if kind == "empty":
        return Parsed(failure=Failure("empty", f"the {'file' if local else 'answer'} is empty"))
    if kind == "json":
        parsed = jsonfeed.read(source.id, fetched, limits)
    elif kind == "stories":
        parsed = stories.read(source.id, fetched, limits)
    elif sniff.foreign(body):
        return Parsed(failure=sniff.stranger(body, fetched))
    else:
        parsed = feeds.read(source.id, fetched, limits)
    if parsed.failure is None and not parsed.feed.format:
        return Parsed(failure=sniff.stranger(body, fetched))
    return parsed
