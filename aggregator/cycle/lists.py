"""Reading lists, brought up to date before a cycle: looked at in their rhythm, politely, and kept beside the
database.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator import opml, schedule, urls
from aggregator.config import Config
from aggregator.config.ids import named_id
from aggregator.config.lists import Known, Listed, ReadingList, dump, known, merged, place
from aggregator.errors import AggregatorError, StoreError
from aggregator.model import Failure, FetchResult, Request
from aggregator.records import replace
from aggregator.stop import Stop

if TYPE_CHECKING:
    from aggregator.cycle.network import Network

AT_ONCE = 8  # lists that are asked for at the same time, each in its host's turn


def sync(
    config: Config, now: int, stop: Stop | None = None, network: Network | None = None
) -> tuple[bool, list[str]]:
    """(whether a list is another one now, what went wrong in words). What can't be read stays as it was.
    `network`: that of the cycle to follow, so that its polls keep their distance.
    """
    due = _due(config, now)
    if not due:
        return False, []
    answers = _asked(config, due, stop or Stop(), network)
    new_ids: set[str] = set()  # of feeds of the lists before
    is_changed, trouble = False, []
    for (one, before), answer in zip(due, answers, strict=True):
        if _is_stopped(answer):
            continue  # asked again at the next start
        after, words = _after_all(one, before, answer, now, new_ids | _ids_of_others(config, one))
        trouble += words
        _write(place(config.database, one.id), dump(after))
        is_changed |= after.feeds != before.feeds
        new_ids.update(feed.id for feed in after.feeds)
    return is_changed, trouble


def _ids_of_others(config: Config, mine: ReadingList) -> set[str]:
    """Of sources that are not from this list: what is in it needs other ones."""
    return {source.id for source in config.sources if source.reading_list != mine.id}


def _is_stopped(answer: FetchResult) -> bool:
    """By us."""
    return answer.failure is not None and answer.failure.kind == "stopped"


def _due(config: Config, now: int) -> list[tuple[ReadingList, Known]]:
    all_known = [(one, _at_its_place(one, known(config.database, one.id))) for one in config.lists]
    return [(one, before) for one, before in all_known if _is_due(one, before, now)]


def _at_its_place(one: ReadingList, before: Known) -> Known:
    """What counts of what was read: where the config names another place now, the feeds, so that they keep
    their ids.
    """
    return before if before.where == one.where else Known(before.feeds, where=one.where)


def _is_due(one: ReadingList, before: Known, now: int) -> bool:
    if not one.is_remote:
        return _stamp(Path(one.where)) != before.stamp
    if before.looked_at > now:  # the clock went back
        return True
    return now - before.looked_at >= one.interval and now >= before.not_before


def _stamp(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return "missing"
    return f"{found.st_mtime_ns} {found.st_size}"


def _asked(
    config: Config, due: Sequence[tuple[ReadingList, Known]], stop: Stop, kept: Network | None
) -> list[FetchResult]:
    """What is there, of all at the same time: a slow server keeps no other list waiting."""
    if not any(one.is_remote for one, _ in due):
        return [_file(one) for one, _ in due]
    from aggregator.cycle.network import opened  # not where nothing is asked for

    with opened(stop, kept) as network, ThreadPoolExecutor(min(AT_ONCE, len(due))) as pool:

        def ask(one: ReadingList, before: Known) -> FetchResult:
            return network.get(config, _request(one, before)) if one.is_remote else _file(one)

        return list(pool.map(ask, *zip(*due, strict=True)))


def _file(one: ReadingList) -> FetchResult:
    path = Path(one.where)
    try:
        return FetchResult("", 0, headers=(("stamp", _stamp(path)),), body=path.read_bytes())
    except OSError as error:
        failure = Failure("file", f"can't be read: {error.strerror}")
        return FetchResult("", 0, headers=(("stamp", _stamp(path)),), failure=failure)


def _request(one: ReadingList, before: Known) -> Request:
    """What was configured is for the origin that was configured."""
    address = before.address(one.where)
    own = one.as_source.headers if urls.origin(address) == urls.origin(one.where) else ()
    return Request(address, before.etag, before.last_modified, own, before.given_at)


def _after_all(
    one: ReadingList, before: Known, answer: FetchResult, now: int, taken: set[str]
) -> tuple[Known, list[str]]:
    """What is known of a list after this answer, whatever it was, and what went wrong in words."""
    try:
        after, words = _after(one, before, answer, now, taken)
    except AggregatorError as error:
        return _after_trouble(before, answer, now), [f"{one.id}: {one.where}: {error}"]
    return after, [f"{one.id}: {one.where}: {line}" for line in words]


def _after(
    one: ReadingList, before: Known, answer: FetchResult, now: int, taken: set[str]
) -> tuple[Known, list[str]]:
    """What is known of a list after this answer, and what of it was not read, in words. Raises
    AggregatorError, with words that go on after its address. `taken`: ids of other sources.
    """
    if answer.failure is not None:
        raise StoreError(answer.failure.detail)
    moved = schedule.observe_move(before.moved, answer.permanent, now, before.address(one.where), one.where)
    after = replace(before, looked_at=now, not_before=0, moved=moved)
    if answer.status == 304:
        return after, []
    found = opml.read(answer.body or b"")
    after = replace(after, feeds=_feeds(before, found, taken), given_at=answer.url or None)
    return _with_validators(after, answer, not found.damage), _what_is_missing(found)


def _with_validators(after: Known, answer: FetchResult, is_whole: bool) -> Known:
    """Half a list is asked for again, whole, as if it had not changed since."""
    if not is_whole:
        return replace(after, stamp="", etag=None, last_modified=None)
    named = {name.lower(): value for name, value in answer.headers}
    return replace(
        after,
        stamp=named.get("stamp", ""),
        etag=named.get("etag"),
        last_modified=named.get("last-modified"),
    )


def _what_is_missing(found: opml.Found) -> list[str]:
    """What of it was not read, in words."""
    words = [f"{found.damage}; what it lacks stays"] if found.damage else []
    return [*words, opml.too_many(found.beyond)] if found.beyond else words


def _after_trouble(before: Known, answer: FetchResult, now: int) -> Known:
    """A server that is in trouble is left alone for as long as it asks for (P9), one that says "gone" for a
    week (P14); the configured place is asked in turn where a list that moved is not to be had.
    """
    failure = answer.failure
    moved = schedule.doubt(before.moved)
    if failure is None:  # what came is no list
        return replace(before, looked_at=now, moved=moved)
    pause = (
        schedule.GONE_PAUSE if failure.kind == "gone" else min(failure.retry_after or 0, schedule.SERVER_CAP)
    )
    return replace(before, looked_at=now, not_before=now + pause, moved=moved)


def _feeds(before: Known, found: opml.Found, taken: set[str]) -> tuple[Listed, ...]:
    """An empty list is more likely half a file than a wish: it is refused. Of one that is damaged nothing is
    missing for sure, nor of one that is too long.
    """
    if not found.feeds:
        raise StoreError(f"{found.damage or 'no feeds in it'}; the list stays as it was")
    mine = tuple(feed for feed in before.feeds if feed.id not in taken)  # else it is another source's
    return merged(mine, list(_listed(found.feeds, mine, taken)), whole=not (found.damage or found.beyond))


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
