"""What sources can be: one table, that everybody asks who would have to tell one kind from another.

A new kind is a `Kind` in `KINDS`, before those that would take its sources too: how its documents are fetched
and read, and what else is different with it. Nothing heavy is imported here: a reader of its own stands in
`parse`, and is imported by a function here when there is something to read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from aggregator import urls
from aggregator.model import Failure, FetchResult, Limits, ParseResult, Request, Source, SourceState, Task
from aggregator.records import dataclass

if TYPE_CHECKING:
    from aggregator.fetch import Door, Trail

BodyReader = Callable[[Source, FetchResult, Limits], ParseResult]
"""How one document is read; may raise."""


def _no_doubt(source: Source) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of source. Its functions are found by their names, so that it travels to any executor."""

    name: str
    key: str  # of the config, that holds the address; "" where no config names such a source
    words: str  # what is there, for people
    accepts: Callable[[Source], bool]
    # Its documents now. Never raises: trouble is a `Failure` in the value. Several: each has a name, a bad
    # one is told of, and the others are read. A `Trail`: a redirect, to be followed in its host's turn; the
    # next call gets it back.
    fetch: Callable[[Task, Door, Trail | None], Sequence[FetchResult] | Trail]
    # None: as a document looks (feeds, JSON Feed, on this machine text files of stories).
    read: BodyReader | None = None
    # Asked of a server: each host in its turn, when its rhythm and the server's word say, and counted as
    # traffic; readers may know where. Else it is looked at in each cycle, and concerns nobody else.
    remote: bool = False
    rhythm: bool = False  # whether its entries come in a rhythm, so that it can be silent
    doubt: Callable[[Source], str | None] = _no_doubt  # what is hardly meant so, for `check`


def _ask(task: Task, door: Door, trail: Trail | None) -> Sequence[FetchResult] | Trail:
    source, memory = task.source, task.memory
    at = asked(source, memory)
    assert source.url is not None and at is not None
    # Credentials belong to the configured origin, wherever the feed says that it has moved to (S6).
    is_at_home = at == source.url or urls.origin(at) == urls.origin(source.url)
    secrets = source.headers if is_at_home else ()
    request = Request(at, memory.etag, memory.last_modified, secrets, memory.hints.answered_at)
    outcome = door.ask(request, task.limits, trail)
    return (outcome,) if isinstance(outcome, FetchResult) else outcome


def _look(task: Task, door: Door, trail: Trail | None) -> Sequence[FetchResult]:
    return door.read(str(task.source.path), task.limits)


def _no_file(source: Source) -> str | None:
    import glob

    if os.path.isdir(str(source.path)):
        return f"is a folder; name files in it: {source.path}/*.txt"
    found = glob.glob(str(source.path), recursive=True)
    return None if found else f"there is no such file: {source.path}"


def _nothing(task: Task, door: Door, trail: Trail | None) -> Sequence[FetchResult]:
    return (FetchResult("", 0, failure=Failure("missing", "nothing says where it is")),)


def _has_url(source: Source) -> bool:
    return source.url is not None


def _has_path(source: Source) -> bool:
    return source.path is not None


def _is_any(source: Source) -> bool:
    return True


FEED = Kind("feed", "url", "a feed", _has_url, _ask, remote=True, rhythm=True)
FILES = Kind("files", "path", "a local file", _has_path, _look, doubt=_no_file)
KINDS: list[Kind] = [FEED, FILES]
_BY_HAND = Kind("by hand", "", "stories by hand", _is_any, _nothing)


def of(source: Source) -> Kind:
    """The first kind of the table that takes it; that of stories by hand where nothing says where it is."""
    return next((kind for kind in KINDS if kind.accepts(source)), _BY_HAND)


def config_keys() -> dict[str, str]:
    """Key of the config → what may be there, for people."""
    words: dict[str, list[str]] = {}
    for kind in KINDS:
        words.setdefault(kind.key, []).append(kind.words)
    return {key: " or ".join(found) for key, found in words.items()}


def address(source: Any) -> str:
    """Where a source (of ours, or of the config) is; "" where nothing says so."""
    for kind in KINDS:
        if value := getattr(source, kind.key):
            return str(value)
    return ""


def stored(source: str, where: str | None) -> Source:
    """A source that is known by its id and by where it was, as it left the config."""
    return Source(source, url=where) if where and "://" in where else Source(source, path=where or None)


def asked(source: Source, memory: SourceState) -> str | None:
    """Where a server is asked: at the configured address, or where the source has moved to for good; None
    where none is asked.
    """
    if not of(source).remote:
        return None
    return (memory.moved and memory.moved.asked) or address(source)


def shown(source: Source) -> str:
    """Its address, for whoever runs this: without passwords."""
    return urls.redact(address(source)) if of(source).remote else address(source)


def public(source: Source) -> str | None:
    """Its address, for readers of what is published; None where that is none of their business."""
    return shown(source).replace("…", "REDACTED") if of(source).remote else None


def same(source: Source) -> str:
    """What several ways to write one address have in common."""
    where = address(source)
    return urls.address_key(where) if of(source).remote else where
