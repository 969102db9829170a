"""What is made when asked for: `/status`, `/search`, a source's page, `/healthz` and `/metrics`.

In: what was asked, and the store, opened read-only for each request. Out: answers. Start reading at
`StorePages`.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from aggregator import answers, cycle, query
from aggregator.cli.moments import ago, next_poll, now, why_then
from aggregator.cli.output import counted
from aggregator.config import Config
from aggregator.errors import Stopped, StoreError
from aggregator.meters import Meters, Stored
from aggregator.model import Source, SourceState
from aggregator.records import dataclass, replace
from aggregator.render import formats, pages
from aggregator.states import BY_NAME
from aggregator.store import Reader, lookup, open_reader, sources
from aggregator.web import UNAVAILABLE, Answer, content_type

BAD_REQUEST = "400 Bad Request"
IDLE = 3600  # seconds since the daemon last looked at what is due; a cycle that takes longer is ill, too
OVERDUE = 6 * 3600  # seconds beyond a source's next poll from which on health is bad: no cycle has run
SEARCH_SECONDS = 0.15  # of the CPU, for one search: whoever can reach the server may search
SEARCH_TERMS = 30  # of one
MATCHES = 500  # stories of a search that are counted
ITEMS = 30  # on a source's page
Found = TypeVar("Found")


@dataclass(slots=True)
class Holder:
    """The present config; the daemon swaps it on reload."""

    config: Config


def _bounded(store: Reader, text: str, ask: Callable[[Callable[[], bool]], Found]) -> Found:
    """Ask with a function that tells whether it takes too long by now. Raises QueryError, answers.TooLong."""
    if (size := query.size(query.parse(text))) > SEARCH_TERMS:
        raise query.QueryError(1, f"{size} terms are more than the {SEARCH_TERMS} of a search here")
    began = time.thread_time()

    def late() -> bool:
        return time.thread_time() - began > SEARCH_SECONDS

    try:
        with store.until(late):
            return ask(late)
    except Stopped:
        raise answers.TooLong from None


def _line(row: answers.SourceRow, present: int) -> pages.StatusLine:
    memory = row.memory
    return pages.StatusLine(
        row.source.id,
        row.title,
        row.state,
        ago(memory.succeeded, present),
        ago(memory.last_new, present),
        row.new,
        next_poll(row, present),
        memory.failure.detail if memory.failure else why_then(row),
    )


def _health(row: answers.SourceRow, present: int) -> pages.SourceHealth:
    words = f"{row.push[0].upper()}{row.push[1:]}." if row.push else ""
    return pages.SourceHealth(_line(row, present), present // 86_400, words)


def _summary(week: answers.Week, counts: Mapping[str, int]) -> str:
    entries, told = counted(counts["entry"], "entry"), counted(counts["story"], "story")
    stored = f"{entries} in {told} and {counted(counts['event'], 'event')}"
    asked = counted(week.requests, "request")
    fetched, saved = week.wire_bytes / 1e6, week.saved_bytes / 1e6
    return (
        f"{stored}. This week {asked}, {week.not_modified} answered “not modified”; "
        f"{fetched:.1f} MB fetched, {saved:.1f} MB saved."
    )


def _health_record(polled: Sequence[SourceState], ticked: float | None, present: int) -> dict[str, object]:
    """Of sources that were polled; `ticked`: when the daemon last looked at what is due."""
    overdue = max((present - memory.next_poll for memory in polled), default=0)
    idle = None if ticked is None else max(0, present - int(ticked))
    is_awake = idle is None or idle < IDLE
    return {
        "ok": overdue < OVERDUE and is_awake,
        "seconds_since_tick": idle,
        "last_poll": max((memory.polled or 0 for memory in polled), default=None),
        "oldest_overdue_seconds": max(0, overdue),
        "failing": sum(BY_NAME[memory.state].is_failure for memory in polled),
        "database": "ok",
    }


def _plain(words: str, status: str) -> Answer:
    return Answer(f"{words}\n".encode(), "text/plain; charset=utf-8", status)


class StorePages:
    """What `/status`, `/source-ID.html`, `/search`, `/healthz` and `/metrics` show, over the store opened
    read-only for each request.
    """

    def __init__(self, holder: Holder, meters: Meters, clock: Callable[[], int] = now) -> None:
        self._holder, self.meters, self._clock = holder, meters, clock

    def _open(self) -> Reader:
        return open_reader(self._holder.config.database)

    def _without_folder(self, error: StoreError) -> str:
        """Whoever can reach the server reads it."""
        return str(error).replace(f"{self._holder.config.database.parent}/", "")

    def _unusable(self, error: StoreError) -> Answer:
        return _plain(self._without_folder(error), UNAVAILABLE)

    def _neighbours(self) -> list[pages.Neighbour]:
        return [
            pages.Neighbour("all", "Everything"),
            *(pages.Neighbour(topic.id, topic.title) for topic in self._holder.config.topics),
        ]

    def status(self, state: str = "") -> Answer:
        config, present = self._holder.config, self._clock()
        try:
            with self._open() as store:
                rows = answers.with_days(answers.source_rows(config, store, present), store, present)
                summary = _summary(answers.week(store, present), lookup.counts(store))
        except StoreError as error:
            return self._unusable(error)
        lines = [_line(row, present) for row in rows]
        new = [sum(row.new[day] for row in rows) for day in range(7)]
        return Answer(
            pages.status(lines, new, present // 86_400, summary, config.site, self._neighbours(), state)
        )

    def source(self, name: str) -> Answer | None:
        """A source's own page; None where there is no such source."""
        chosen = next((source for source in self._holder.config.sources if source.id == name), None)
        if chosen is None:
            return None
        try:
            with self._open() as store:
                return Answer(self._source_page(store, chosen))
        except StoreError as error:
            return self._unusable(error)

    def _source_page(self, store: Reader, chosen: Source) -> bytes:
        config, present, name = self._holder.config, self._clock(), chosen.id
        known = answers.source_rows(replace(config, sources=(chosen,)), store, present)
        [row] = answers.with_days(known, store, present)
        items = cycle.source_items(config, store, name, ITEMS)
        last = sources.last_notices(store).get(name)
        origin = sources.origins(store, [chosen])[name]
        line = pages.SourceLine(name, row.title, origin.url, origin.site, chosen.enabled)
        health = _health(row, present)
        return pages.source(line, items, config.site, self._neighbours(), last, health)

    def search(self, text: str, form: str, limit: int, page: int = 1, best_first: bool = False) -> Answer:
        feed = formats.feed(form)
        asked = pages.Results(text, page=page, best_first=best_first)
        try:
            return self._search_page(asked, limit) if feed is None else self._search_feed(text, feed, limit)
        except answers.TooLong:
            words = "this search takes too long; ask for rarer words, without a * or a field"
            return _plain(words, UNAVAILABLE)
        except StoreError as trouble:
            return self._unusable(trouble)

    def _search_feed(self, text: str, feed: formats.Format, limit: int) -> Answer:
        if not text.strip():
            return _plain("q= is missing", BAD_REQUEST)
        try:
            with self._open() as store:
                ask = partial(answers.stories_of, store, text, limit, self._clock())
                found = _bounded(store, text, ask)
                made = cycle.search_feed(self._holder.config, store, found, text, feed, limit)
        except query.QueryError as trouble:
            return _plain(str(trouble), BAD_REQUEST)
        return Answer(made, content_type(feed))

    def _search_page(self, asked: pages.Results, limit: int) -> Answer:
        if not asked.query.strip():
            return self._answered(asked)
        try:
            with self._open() as store:
                shown = self._results(store, asked, limit)
            return self._answered(shown, query.sought_for(query.parse(asked.query)))
        except query.QueryError as trouble:
            return self._answered(replace(asked, error=str(trouble)))

    def _answered(self, shown: pages.Results, terms: Sequence[query.Term] = ()) -> Answer:
        """`terms` are marked."""
        page = pages.search(shown, self._holder.config.site, self._neighbours(), partial(query.marked, terms))
        return Answer(page, status=BAD_REQUEST if shown.error else "200 OK")

    def _results(self, store: Reader, asked: pages.Results, limit: int) -> pages.Results:
        """One page of what matches."""
        found: dict[int, int] = {}  # story → how much it says the words
        whole = True
        try:
            _bounded(store, asked.query, lambda late: self._collect(store, asked.query, found, late))
        except answers.TooLong:
            whole = False
            if len(found) < asked.page * limit:
                raise
        numbers = sorted(found, key=lambda story: -found[story]) if asked.best_first else list(found)
        total = min(len(numbers), MATCHES)
        made = replace(asked, total=total, whole=whole and total == len(numbers))
        return self._page_of(store, made, numbers[:total], limit)

    def _page_of(
        self, store: Reader, asked: pages.Results, numbers: Sequence[int], limit: int
    ) -> pages.Results:
        last = max(1, -(-len(numbers) // limit))
        page = min(asked.page, last)
        shown = numbers[(page - 1) * limit : page * limit]
        items = tuple(cycle.search_items(self._holder.config, store, shown))
        return replace(asked, items=items, page=page, last=last)

    def _collect(self, store: Reader, text: str, found: dict[int, int], late: Callable[[], bool]) -> None:
        for story, said in answers.matching(store, text, self._clock(), late):
            found[story] = max(found.get(story, 0), said)
            if len(found) > MATCHES:
                return

    def missing(self, words: str) -> Answer:
        return Answer(
            pages.not_found(self._holder.config.site, self._neighbours(), words), status="404 Not Found"
        )

    def health(self) -> Answer:
        config, present = self._holder.config, self._clock()
        try:
            with self._open() as store:
                rows = answers.source_rows(config, store, present)
            polled = [row.memory for row in rows if row.source.enabled and row.memory.polled]
            record = _health_record(polled, self.meters.ticked_at, present)
        except StoreError as error:
            record = {"ok": False, "database": self._without_folder(error)}
        status = "200 OK" if record["ok"] else UNAVAILABLE
        return Answer((json.dumps(record) + "\n").encode(), "application/json; charset=utf-8", status)

    def metrics(self) -> Answer:
        """For Prometheus."""
        return Answer(self.meters.text(self._stored()), "text/plain; version=0.0.4; charset=utf-8")

    def _stored(self) -> Stored:
        config, present = self._holder.config, self._clock()
        try:
            with self._open() as store:
                rows, week = answers.source_rows(config, store, present), answers.week(store, present)
                counts = lookup.counts(store)
        except StoreError:
            return Stored(up=False)
        states = Counter(row.state for row in rows)
        last_poll = max([row.memory.polled or 0 for row in rows], default=0)
        fetched = {"requests": week.requests, "wire_bytes": week.wire_bytes, "saved_bytes": week.saved_bytes}
        return Stored(True, states, counts, last_poll or None, fetched)
