"""Reading lists, brought up to date before a cycle: looked at in their rhythm, politely, and kept beside the database."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator import opml
from aggregator.config import Config
from aggregator.config.lists import Known, Listed, ReadingList, dump, known, merged, place
from aggregator.config.load import named_id
from aggregator.errors import AggregatorError, StoreError
from aggregator.model import Fetched, Request
from aggregator.stop import Stop

if TYPE_CHECKING:
    from aggregator.cycle.network import Network


def sync(config: Config, now: int, stop: Stop | None = None) -> tuple[bool, list[str]]:
    """(whether a list is another one now, what went wrong in words). What can't be read stays as it was."""
    due = [(one, known(config.database, one.id)) for one in config.lists]
    due = [(one, before) for one, before in due if _is_due(one, before, now)]
    if not due:
        return False, []
    from aggregator.cycle.network import opened  # not where nothing is asked for

    with opened(stop or Stop()) as network:
        return _synced(config, due, now, network)


def _synced(
    config: Config, due: Iterable[tuple[ReadingList, Known]], now: int, network: Network
) -> tuple[bool, list[str]]:
    changed, trouble = False, []
    for one, before in due:
        try:
            after = _read(config, one, before, now, network)
        except AggregatorError as error:
            trouble.append(f"{one.id}: {one.where}: {error}")
            after = replace(before, looked_at=now)
        _write(place(config.database, one.id), dump(after))
        changed |= after.feeds != before.feeds
    return changed, trouble


def _is_due(one: ReadingList, before: Known, now: int) -> bool:
    if not one.is_remote:
        return _stamp(Path(one.where)) != before.stamp
    return now - before.looked_at >= one.interval or before.looked_at > now


def _stamp(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return "missing"
    return f"{found.st_mtime_ns} {found.st_size}"


def _read(config: Config, one: ReadingList, before: Known, now: int, network: Network) -> Known:
    """Raises AggregatorError, with words that go on after its address."""
    if not one.is_remote:
        path = Path(one.where)
        try:
            body = path.read_bytes()
        except OSError as error:
            raise StoreError(f"can't be read: {error.strerror}") from None
        return Known(_feeds(config, one, before, body), now, _stamp(path))
    answer = _ask(config, one, before, network)
    if answer.failure is not None:
        raise StoreError(answer.failure.detail)
    if answer.status == 304:
        return replace(before, looked_at=now)
    headers = {name.lower(): value for name, value in answer.headers}
    feeds = _feeds(config, one, before, answer.body or b"")
    return Known(feeds, now, "", headers.get("etag"), headers.get("last-modified"))


def _ask(config: Config, one: ReadingList, before: Known, network: Network) -> Fetched:
    request = Request(one.where, before.etag, before.last_modified, one.as_source.headers)
    return network.get(config, request)


def _feeds(config: Config, one: ReadingList, before: Known, body: bytes) -> tuple[Listed, ...]:
    """An empty list is more likely half a file than a wish: it is refused."""
    found = opml.read(body).feeds
    if not found:
        raise StoreError("no feeds in it; the list stays as it was")
    taken = {source.id for source in config.sources if source.reading_list != one.id}
    return merged(before.feeds, list(_listed(found, before.feeds, taken)))


def _listed(found: Iterable[opml.Outline], before: tuple[Listed, ...], taken: set[str]) -> Iterable[Listed]:
    known_urls = {feed.url: feed.id for feed in before}
    used = taken | {feed.id for feed in before}
    for outline in found:
        name = known_urls.get(outline.url) or named_id(outline.title, outline.url, used)
        used.add(name)
        yield Listed(outline.url, outline.title, name, tuple(outline.folders))


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".new")
        unfinished.write_text(text, encoding="utf-8")
        os.replace(unfinished, path)
    except OSError as error:
        raise StoreError(
            f"{path}: can't be written: {error.strerror}; mend the permissions of the folder"
        ) from None
