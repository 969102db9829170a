"""`serve` and `daemon`.

In: a config that may change while it runs. Out: a server, and cycles. Start reading at `Service`.
"""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import click

from aggregator import answers, cycle, heap, logs, query, websub
from aggregator.cli.common import Settings, ago, common, counted, next_poll, now, why_then
from aggregator.cli.deskpages import EditorDesk
from aggregator.config import Config, sweeping
from aggregator.cycle import Wanted
from aggregator.daemon import Daemon, log, notify
from aggregator.errors import AggregatorError, ConfigError, LockedError, Stopped, StoreError, UsageError
from aggregator.mailbox import Mailbox
from aggregator.meters import Meters, Stages, Stored
from aggregator.model import Source, SourceState
from aggregator.publish import Folder
from aggregator.records import dataclass, replace
from aggregator.render import formats, pages
from aggregator.server import WSGI, Running
from aggregator.stop import Stop
from aggregator.store import Reader, Store, daemon_lock, lookup, open_reader, open_writer, pushes, sources
from aggregator.web import LARGEST_FORM, LARGEST_PUSH, UNAVAILABLE, Answer, Application, content_type

BAD_REQUEST = "400 Bad Request"
IDLE = 3600  # seconds since the daemon last looked at what is due; a cycle that takes longer is ill, too
OVERDUE = 6 * 3600  # seconds beyond a source's next poll from which on health is bad: no cycle has run


SEARCH_SECONDS = 0.15  # of the CPU, for one search: whoever can reach the server may search
SEARCH_TERMS = 30  # of one
Found = TypeVar("Found")
MATCHES = 500  # stories of a search that are counted


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


@dataclass(slots=True)
class Holder:
    """The present config; the daemon swaps it on reload."""

    config: Config


ITEMS = 30  # on a source's page


def _state(row: answers.SourceRow) -> str:
    return row.memory.state if row.source.enabled else "disabled"


def _line(row: answers.SourceRow, present: int) -> pages.StatusLine:
    memory = row.memory
    return pages.StatusLine(
        row.source.id,
        row.title,
        _state(row),
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
        "failing": sum(memory.state in ("failing", "blocked", "gone") for memory in polled),
        "database": "ok",
    }


def _plain(words: str, status: str) -> Answer:
    return Answer(f"{words}\n".encode(), "text/plain; charset=utf-8", status)


class StoreDesk:
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
            *(
                pages.Neighbour(topic.id, topic.title, least=topic.min_sources)
                for topic in self._holder.config.topics
            ),
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
        states = Counter(_state(row) for row in rows)
        last_poll = max([row.memory.polled or 0 for row in rows], default=0)
        fetched = {"requests": week.requests, "wire_bytes": week.wire_bytes, "saved_bytes": week.saved_bytes}
        return Stored(True, states, counts, last_poll or None, fetched)


def _application(holder: Holder, meters: Meters, mailbox: Mailbox | None = None) -> Application:
    config = holder.config
    pushed = config.push and websub.is_public(config.site.base_url)
    return Application(
        config.output,
        StoreDesk(holder, meters),
        config.site.base_url,
        config.site.ttl,
        config.site.hub,
        config.public_metrics,
        config.site.images,
        EditorDesk(config, now) if config.desk else None,
        mailbox=mailbox if pushed else None,
    )


def _start(application: WSGI, host: str, port: int, largest_body: int = LARGEST_FORM) -> Running:
    try:
        return Running(application, host, port, largest_body)
    except (OSError, ValueError) as error:  # waitress makes a ValueError of a host name that is not known
        why = error.strerror if isinstance(error, OSError) else "no such address on this machine"
        raise UsageError(
            f"{host}:{port}: can't be listened on: {why}; "
            "choose another --host or --port (serve.host, serve.port)"
        ) from None


@click.command("serve")
@click.option("--host", help="The address to listen on. [default: serve.host, else 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="The port. [default: serve.port, else 8080]")
@common()
def serve_command(settings: Settings, host: str | None, port: int | None) -> None:
    """Serve the output folder, /status, /search, /healthz and /metrics."""
    config = settings.load(secrets=False)
    given_host, given_port = config.serve or ("127.0.0.1", 8080)
    host, port = host or given_host, given_port if port is None else port
    running = _start(_application(Holder(config), Meters()), host, port)
    address = _address(host, running.port)
    settings.say(f"serving {config.output} at {address} (stop with Ctrl-C)")
    if config.desk:
        settings.say(f"the desk is at {address}desk")
    _wait_for_the_end(running)
    running.close()


def _address(host: str, port: int) -> str:
    """Where a browser finds it: an IPv6 address stands in brackets."""
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _wait_for_the_end(running: Running) -> None:
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.wait(1):
        if not running.alive:
            raise RuntimeError("the web server ended by itself")


# Seconds of polling, until what came is published: many feeds of one slow host hold up nobody else's (B10)
PATIENCE = 60.0
PUSHES_EVERY = 3600  # seconds between two looks at subscriptions while nothing else is to be done


Place = tuple[str, int, int]  # host, port, and bytes of the largest body that is taken there


class Server:
    """The daemon's web server, where and as the present config says; none where that has no [serve]."""

    def __init__(self, holder: Holder, meters: Meters, mailbox: Mailbox) -> None:
        self._holder, self._meters, self._mailbox = holder, meters, mailbox
        self._application = _application(holder, meters, mailbox)
        self._running: Running | None = None
        self._at: Place | None = None

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return self._application(environ, start_response)  # one request is answered by one config

    def move(self, config: Config) -> None:
        """Listen where this one says; raises UsageError where that can't be, and is then where it was."""
        at = _place(config)
        if at == self._at:
            return
        before, old = self._at, self._running
        if before is not None and _excludes(at, before):
            self.close()
            old = None
        try:
            self._listen(config, at)
        except UsageError:
            if before is not None and old is None:
                self._running = _start(self, *before)
            raise
        self._at = at
        if old is not None:
            old.close()

    def _listen(self, config: Config, at: Place | None) -> None:
        if at is not None:
            self._running = _start(self, *at)
            log(f"serving {config.output} at {_address(at[0], self._running.port)}")

    def renew(self) -> None:
        """From the next request on, as the holder's config says."""
        self._application = _application(self._holder, self._meters, self._mailbox)

    def close(self) -> None:
        if self._running is not None:
            self._running.close()
            self._running = None

    def raise_if_ended(self) -> None:
        if self._running is not None and not self._running.alive:
            raise RuntimeError("the web server ended by itself")


def _excludes(at: Place | None, before: Place) -> bool:
    """Whether nothing can listen there while the old one does: the same port at another address may include
    the old one.
    """
    return at is None or at[1] == before[1] != 0


def _place(config: Config) -> Place | None:
    if config.serve is None:
        return None
    can_be_pushed = config.push and websub.is_public(config.site.base_url)
    return (*config.serve, LARGEST_PUSH if can_be_pushed else LARGEST_FORM)


class Service:
    """What the daemon runs: a cycle where one is due, over the config of the moment, and the web server."""

    def __init__(self, settings: Settings, accept: bool) -> None:
        self._settings, self._accept = settings, accept
        self.holder = Holder(settings.load())
        self._lock = daemon_lock(self.holder.config.database)
        self.meters = Meters()
        self.mailbox = Mailbox()
        self.server = Server(self.holder, self.meters, self.mailbox)
        logs.begin(*self.holder.config.log)
        from aggregator.cycle.network import Network  # `serve` alone asks nobody

        self.network = Network()
        self._pushes_at = now()  # when subscriptions were looked at last
        self._introduced: Config | None = None  # the config whose many new sources were spread out
        self._failed: dict[str, str] = {}  # source → its failure, as it was logged last
        self._warned: set[str] = set()
        self._said = ""  # the trouble that was told last: it is told once, not every half minute

    def start(self) -> None:
        """The database is made or looked at, so that what is wrong there is said at once. What is published
        is served in any case (R8).
        """
        config = self.holder.config
        heap.few_arenas()
        self.server.move(config)
        try:
            with open_writer(config.database) as store:
                self.mailbox.expect(pushes.all_of(store).values())
        except LockedError:
            pass  # a cycle of somebody else: the first of ours waits for it
        except StoreError as error:
            if config.serve is None:
                raise
            self._trouble(error)

    def close(self) -> None:
        self.server.close()
        self.network.close()
        self._lock.release()

    def reload(self, confirmed: bool) -> None:
        """Take the changed config over as a whole, or say why not and keep the old one as a whole."""
        try:
            changed = self._settings.load()
            lost = None if confirmed or self._accept else sweeping(self.holder.config, changed)
            if lost is not None:
                raise ConfigError(
                    f"{self._settings.path}: {lost}; if that is meant, send SIGHUP twice, or restart"
                )
            self._take_over(changed)
        except AggregatorError as error:
            log(f"the config is not taken over, the old one stays: {error}")
            return
        log(f"{self._settings.path}: reloaded")

    def _take_over(self, changed: Config) -> None:
        """All that can fail comes first."""
        before = self.holder.config
        Folder(changed.output).usable()
        if changed.database == before.database:
            self.server.move(changed)
        else:
            self._move_with_database(changed)
        self.holder.config = changed
        logs.begin(*changed.log)
        self.server.renew()

    def _move_with_database(self, changed: Config) -> None:
        """To a database that is no other daemon's and can be opened, or not at all."""
        lock = daemon_lock(changed.database)
        try:
            with suppress(LockedError):
                open_writer(changed.database).close()
            self.server.move(changed)
        except AggregatorError:
            lock.release()
            raise
        self._lock.release()
        self._lock = lock

    def turn(self, stop: Stop) -> None:
        """One look at what is due, and the cycle if there is something."""
        self.server.raise_if_ended()
        config, present = self.holder.config, now()
        self.meters.tick(present)
        config = self._with_lists(config, present, stop)
        try:
            called = self.mailbox.waiting or abs(present - self._pushes_at) >= PUSHES_EVERY
            if called or self._introduced is not config or _due(config, present):
                self._work(config, present, called, stop)
                self._said = ""
        except LockedError:
            return  # somebody else's cycle or command: at one of the next turns
        except AggregatorError as error:
            # a full disk or a folder without permission: named, and tried again at the next turn
            self._trouble(error)
            stop.wait(30)

    def _with_lists(self, config: Config, present: int, stop: Stop) -> Config:
        """With what the reading lists say by now; what they lose is paused, so that nothing is refused."""
        if not config.lists:
            return config
        from aggregator.cycle import lists

        try:
            changed, trouble = lists.sync(config, present, stop)
            if changed:
                self._take_over(self._settings.load())
        except AggregatorError as error:
            self._trouble(error)
            return self.holder.config
        for words in trouble:
            log(words, "debug" if words in self._warned else "warning")
        return self.holder.config

    def _work(self, config: Config, present: int, called: bool, stop: Stop) -> None:
        """`called`: there is something to do, whether or not a source is due."""
        with open_writer(config.database) as store:
            cycle.introduce(config, store, present)
            self._introduced = config
            if called or cycle.anything_due(config, store, present):
                self._run(config, store, present, stop)

    def _run(self, config: Config, store: Store, present: int, stop: Stop) -> None:
        started = time.monotonic()
        measured = Stages(self.meters)
        watch = cycle.Watch(partial(_tell_stage, measured))
        report = cycle.run(
            config, store, Wanted(patience=PATIENCE), present, stop, watch, self.network, self.mailbox
        )
        self._pushes_at = present
        measured.end()
        report.seconds = time.monotonic() - started
        collected = report.collected
        self.meters.cycle(collected, len(report.written.written), now())
        self._log(report)
        heap.give_back()
        notify(f"STATUS=last cycle {report.seconds:.1f} s, {counted(collected.new, 'new entry')}")

    def _log(self, report: cycle.Report) -> None:
        """One line a cycle that polled; a failure of a source when it begins, changes and ends."""
        collected = report.collected
        failed = {source: f"{failure.kind}: {failure.detail}" for source, failure in collected.failures}
        for source, words in failed.items():
            log(f"{source}: {words}", _level(self._failed.get(source) == words), source=source)
        for warning in report.warnings:
            log(warning, _level(warning in self._warned))
        self._warned = set(report.warnings)
        self._failed = failed if collected.due == 0 else {**self._failed, **failed}
        if collected.due:
            _log_cycle(report)

    def _trouble(self, error: AggregatorError) -> None:
        if str(error) != self._said:
            self._said = str(error)
            log(self._said, "error")


def _tell_stage(measured: Stages, name: str, steps: int) -> None:
    measured.begin(name)
    notify(f"STATUS={name} {steps or ''}".rstrip())


def _level(is_known: bool) -> logs.Level:
    """Of what went wrong: told aloud once."""
    return "debug" if is_known else "warning"


def _log_cycle(report: cycle.Report) -> None:
    collected, written = report.collected, len(report.written.written)
    polled = collected.ok + collected.not_modified + collected.failed
    words = (
        f"cycle {report.seconds:.1f} s: {polled} polled, {collected.ok} with news to read, "
        f"{collected.failed} failed; {counted(collected.new, 'new entry')}, "
        f"{counted(written, 'file')} written"
    )
    log(
        words,
        due=collected.due,
        ok=collected.ok,
        not_modified=collected.not_modified,
        failed=collected.failed,
        new=collected.new,
        updated=collected.updated,
        written=written,
        seconds=round(report.seconds, 3),
    )


def _due(config: Config, present: int) -> bool:
    """Whether a cycle has anything to do, asked without being a writer."""
    try:
        with open_reader(config.database) as store:
            return cycle.anything_due(config, store, present)
    except StoreError:
        return True  # not there yet, or of an earlier version, or unusable: the writer makes it, or says so


@click.command("daemon")
@click.option(
    "--tick",
    type=click.IntRange(1, 3600),
    default=5,
    show_default=True,
    help="Seconds between two looks at what is due.",
)
@click.option(
    "--accept", is_flag=True, help="Take over also a changed config that lacks most of its sources or topics."
)
@common()
def daemon_command(settings: Settings, tick: int, accept: bool) -> None:
    """Cycles on a schedule until SIGTERM or SIGINT; serves too when [serve] is there; reloads the config on
    SIGHUP and when it changes.
    """
    service = Service(settings, accept)
    try:
        service.start()
        Daemon(settings.path, service.turn, service.reload, tick).run()
    finally:
        service.close()
    notify("STATUS=stopped")
