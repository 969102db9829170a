"""What the user wrote, as values of `model`: defaults filled in, paths absolute.

In: a file that breaks no rule, as `model` has it. Out: a `Config`. Start reading at `config`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from aggregator import __version__
from aggregator.config import lists
from aggregator.config.ids import made_ids
from aggregator.model import Category, EventLead, Hook, Limits, Pace, Site, Sort, Source, Topic, Unit
from aggregator.records import dataclass, replace

DIGEST_AT = "07:00"  # of a digest, where the config does not say when
EVENT_SOURCES = 2  # that a hook waits for, where it does not say how many
LIST_INTERVAL = 86_400  # seconds between two looks at a reading list that says no other one


@dataclass(frozen=True, slots=True)
class Config:
    """All that config.toml says, checked, with defaults and absolute paths. Durations in seconds, sizes in
    bytes.
    """

    path: Path
    site: Site
    database: Path
    output: Path
    pace: Pace
    limits: Limits
    concurrency: int
    executor: str
    dask_scheduler: str | None
    push: bool
    per_host: int
    host_gap: float
    pause_host: bool
    text_window: int | None
    event_window: int | None
    lead: Literal["first", "longest"]
    event_lead: EventLead
    sort: Sort
    limit: int
    one_per: Unit
    retention: int
    serve: tuple[str, int] | None
    ping_url: str | None
    sources: tuple[Source, ...]
    topics: tuple[Topic, ...]
    hooks: tuple[Hook, ...] = ()
    public_metrics: bool = False
    tables: tuple[str, ...] = ()  # ids of all [[sources]] of the file, reading lists among them, in its order
    lists: tuple[lists.ReadingList, ...] = ()
    desk: bool = False
    desk_token: str | None = None
    log: tuple[Literal["text", "json"], Literal["debug", "info", "warning", "error"]] = ("text", "info")


def config(path: Path, file: Any) -> Config:
    folder = path.absolute().parent
    database = folder / file.service.database
    told = _sources(folder, database, file)
    base = file.service.base_url.rstrip("/") + "/"
    return Config(
        path=path,
        site=_site(file, base),
        database=database,
        output=folder / file.service.output,
        limits=_limits(file, base),
        ping_url=file.service.ping_url,
        log=(file.log.format, file.log.level),
        retention=file.retention.entries,
        **_of_polling(file.poll),
        **_of_grouping(file.fold, file.publish),
        **_of_serving(file.serve),
        sources=told.sources,
        topics=told.topics,
        tables=told.tables,
        lists=told.lists,
        hooks=tuple(_hook(one) for one in file.hooks),
    )


def _of_polling(poll: Any) -> dict[str, Any]:
    return {
        "pace": Pace(poll.interval, poll.min_interval, poll.max_interval),
        "concurrency": poll.concurrency,
        "executor": poll.executor,
        "dask_scheduler": poll.dask_scheduler,
        "push": poll.push,
        "per_host": poll.per_host,
        "host_gap": float(poll.host_gap),
        "pause_host": poll.pause_host,
    }


def _of_grouping(fold: Any, publish: Any) -> dict[str, Any]:
    return {
        "text_window": fold.text.window if fold.text else None,
        "event_window": fold.event.window if fold.event else None,
        "lead": fold.lead,
        "event_lead": publish.lead,
        "sort": publish.sort,
        "limit": publish.limit,
        "one_per": publish.one_per,
    }


def _of_serving(serve: Any) -> dict[str, Any]:
    return {
        "serve": (serve.host, serve.port) if serve else None,
        "public_metrics": bool(serve and serve.metrics),
        "desk": bool(serve and serve.desk),
        "desk_token": serve.desk_token if serve else None,
    }


def _site(file: Any, base: str) -> Site:
    return Site(
        file.service.title,
        base,
        file.service.language,
        file.service.contact,
        file.publish.hub,
        tuple(dict.fromkeys(file.publish.formats)),
        file.publish.content,
        max(300, min(3600, file.poll.interval)),
        file.serve is not None,
        _terms(file),
        file.publish.images,
    )


def _terms(file: Any) -> tuple[tuple[str, Category], ...]:
    """Topic → its category, of those that have a term."""
    return tuple((one.id, Category(one.term, one.scheme, one.title)) for one in file.topics if one.term)


def _limits(file: Any, base: str) -> Limits:
    agent = f"aggregator/{__version__} (+{file.service.contact or base})"
    return Limits(
        agent.encode("ascii", "ignore").decode(),
        float(file.poll.timeout),
        file.poll.max_bytes,
        frozenset(host.lower() for host in file.poll.allow_hosts),
        parse_seconds=float(file.poll.parse_timeout),
        parse_memory=file.poll.parse_memory,
    )


@dataclass(frozen=True, slots=True)
class _Sources:
    """What the tables of sources and topics say, with what reading lists said last."""

    sources: tuple[Source, ...]
    topics: tuple[Topic, ...]
    tables: tuple[str, ...]  # ids of the tables in the file, in their order
    lists: tuple[lists.ReadingList, ...]


def _sources(folder: Path, database: Path, file: Any) -> _Sources:
    named = list(zip(made_ids(file.sources), file.sources, strict=True))
    own = tuple(_own_source(folder, name, one) for name, one in named if one.opml is None)
    reading_lists = tuple(_reading_list(folder, name, one) for name, one in named if one.opml is not None)
    topics = tuple(_topic(folder, one) for one in file.topics)
    titles = {topic.id: topic.title for topic in topics}
    listed = tuple(lists.sources(reading_lists, database, own, titles))
    with_listed = tuple(_with_listed(topic, listed) for topic in topics)
    return _Sources((*own, *listed), with_listed, tuple(name for name, _ in named), reading_lists)


def _own_source(folder: Path, name: str, one: Any) -> Source:
    return Source(
        name,
        one.url,
        str(folder / one.path) if one.path else None,
        one.title,
        tuple(one.topics),
        one.interval,
        one.priority,
        one.include,
        one.exclude,
        tuple(one.headers.items()),
        one.enabled,
    )


def _reading_list(folder: Path, name: str, one: Any) -> lists.ReadingList:
    where = one.opml if "://" in one.opml else str(folder / one.opml)
    shared = replace(_own_source(folder, name, one), interval=None, title=None)
    return lists.ReadingList(name, where, one.interval or LIST_INTERVAL, shared)


def _with_listed(topic: Topic, listed: Sequence[Source]) -> Topic:
    """Who names a reading list among a topic's sources means all that are in it."""
    more = tuple(one.id for one in listed if one.reading_list in topic.sources)
    return replace(topic, sources=(*topic.sources, *more)) if more else topic


def _topic(folder: Path, one: Any) -> Topic:
    wanted, clock = several(one.starter), one.digest_at or DIGEST_AT
    return Topic(
        one.id,
        one.title or one.id.replace("-", " ").title(),
        one.description,
        one.match,
        one.exclude,
        tuple(one.sources),
        one.one_per,
        one.min_sources,
        one.per_source,
        one.limit,
        like=tuple(_example(folder, example) for example in one.like),
        learn=one.learn,
        starters=wanted,
        scheme=one.scheme,
        term=one.term,
        sort=one.sort,
        digest=one.digest,
        digest_at=(int(clock[:2]), int(clock[3:])),
    )


def _example(folder: Path, said: str) -> str:
    return f"file:{folder / said[5:]}" if said.startswith("file:") else said


def several(said: str | list[str]) -> tuple[str, ...]:
    """One, or a list."""
    return (said,) if isinstance(said, str) else tuple(said)


def _hook(one: Any) -> Hook:
    """Its name is made of what it does, so that it stays the same wherever it stands in the file."""
    told_by = EVENT_SOURCES if one.min_sources is None else one.min_sources
    said = repr((one.on, one.match, told_by, one.run, one.notify))
    name = f"{one.on}-{hashlib.sha256(said.encode()).hexdigest()[:8]}"
    return Hook(name, one.on, one.match, told_by, tuple(one.run or ()), one.notify, one.timeout)
