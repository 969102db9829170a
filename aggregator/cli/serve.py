"""`serve` and `daemon`."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import click

from aggregator import cycle, desk, fetch, query
from aggregator.cli.common import Settings, ago, common, now
from aggregator.cli.run import tell
from aggregator.config import Config
from aggregator.cycle import Wanted
from aggregator.daemon import Daemon, log, notify
from aggregator.errors import AggregatorError, StoreError, UsageError
from aggregator.model import Item
from aggregator.render import pages
from aggregator.store import Store, open_reader, open_writer, stories
from aggregator.text.phrases import span
from aggregator.web import TYPES, Answer, Application, Running

OVERDUE = 6 * 3600  # seconds beyond a source's next poll from which on health is bad: no cycle has run


@dataclass(slots=True)
class Holder:
    """The present config; the daemon swaps it on reload."""

    config: Config


class StoreDesk:
    """What `/status`, `/search`, `/healthz` and `/metrics` show, over the store opened read-only for each
    request.
    """

    def __init__(self, holder: Holder, clock: Callable[[], int] = now) -> None:
        self._holder, self._clock = holder, clock

    def _open(self) -> Store:
        return open_reader(self._holder.config.database)

    def _neighbours(self) -> list[pages.Neighbour]:
        return [
            pages.Neighbour("all", "Everything"),
            *(pages.Neighbour(topic.id, topic.title) for topic in self._holder.config.topics),
        ]

    def status(self) -> Answer:
        config, present = self._holder.config, self._clock()
        try:
            with self._open() as store:
                rows, week, counts = (
                    desk.source_rows(config, store, present),
                    desk.week(store, present),
                    stories.counts(store),
                )
        except StoreError as error:
            return Answer(f"{error}\n".encode(), "text/plain; charset=utf-8", "503 Service Unavailable")
        lines = [
            pages.StatusLine(row.source.id, row.title, row.memory.state if row.source.enabled else "disabled", ago(row.memory.succeeded, present),
                             ago(row.memory.last_new, present), row.new, "due" if row.memory.next_poll <= present else f"in {span(row.memory.next_poll - present)}",
                             row.memory.failure.detail if row.memory.failure else row.memory.why)
            for row in rows
        ]  # fmt: skip
        summary = (f"{counts['entry']} entries in {counts['story']} stories and {counts['event']} events. This week {week.requests} requests, {week.not_modified} answered "
                   f"“not modified”; {week.wire_bytes / 1e6:.1f} MB fetched, {week.saved_bytes / 1e6:.1f} MB saved.")  # fmt: skip
        new = [sum(row.new[day] for row in rows) for day in range(7)]
        return Answer(pages.status(lines, new, present // 86_400, summary, config.site, self._neighbours()))

    def search(self, text: str, form: str, limit: int) -> Answer:
        config = self._holder.config
        items: list[Item] = []
        error = None
        if text.strip():
            try:
                with self._open() as store:
                    found = desk.stories_of(store, text, limit)
                    if form in ("rss", "atom", "json"):
                        return Answer(
                            cycle.search_feed(config, store, found, text, form, limit), TYPES[f".{form}"]
                        )
                    items = cycle.search_items(config, store, found, limit)
            except query.QueryError as trouble:
                error = str(trouble)
            except StoreError as trouble:
                return Answer(f"{trouble}\n".encode(), "text/plain; charset=utf-8", "503 Service Unavailable")
        status = "400 Bad Request" if error else "200 OK"
        if form in ("rss", "atom", "json"):
            return Answer(
                f"{error or 'q= is missing'}\n".encode(), "text/plain; charset=utf-8", "400 Bad Request"
            )
        return Answer(pages.search(text, items, error, config.site, self._neighbours()), status=status)

    def health(self) -> Answer:
        config, present = self._holder.config, self._clock()
        record: dict[str, object] = {"ok": True}
        try:
            with self._open() as store:
                rows = [
                    row
                    for row in desk.source_rows(config, store, present)
                    if row.source.enabled and row.memory.polled
                ]
            overdue = max((present - row.memory.next_poll for row in rows), default=0)
            record = {"ok": overdue < OVERDUE, "last_poll": max((row.memory.polled or 0 for row in rows), default=None), "oldest_overdue_seconds": max(0, overdue),
                      "failing": sum(row.memory.state in ("failing", "blocked", "gone") for row in rows), "database": "ok"}  # fmt: skip
        except (StoreError, sqlite3.Error) as error:
            record = {"ok": False, "database": str(error)}
        return Answer(
            (json.dumps(record) + "\n").encode(),
            "application/json; charset=utf-8",
            "200 OK" if record["ok"] else "503 Service Unavailable",
        )

    def metrics(self) -> Answer:
        """Prometheus text format; no labels by source (10,000 of them make 700 kB a scrape)."""
        config, present = self._holder.config, self._clock()
        lines: list[str] = []

        def put(name: str, kind: str, text: str, *values: tuple[str, float]) -> None:
            lines.extend([f"# HELP aggregator_{name} {text}", f"# TYPE aggregator_{name} {kind}"])
            lines.extend(f"aggregator_{name}{labels} {value:g}" for labels, value in values)

        try:
            with self._open() as store:
                rows, week, counts = (
                    desk.source_rows(config, store, present),
                    desk.week(store, present),
                    stories.counts(store),
                )
        except StoreError:
            put("up", "gauge", "Whether the database can be read.", ("", 0))
            return Answer(("\n".join(lines) + "\n").encode(), "text/plain; version=0.0.4; charset=utf-8")
        states: dict[str, int] = {}
        for row in rows:
            states[row.memory.state] = states.get(row.memory.state, 0) + 1
        put("up", "gauge", "Whether the database can be read.", ("", 1))
        put(
            "sources",
            "gauge",
            "Sources by state.",
            *((f'{{state="{state}"}}', count) for state, count in sorted(states.items())),
        )
        put(
            "stored",
            "gauge",
            "What is stored.",
            *((f'{{what="{what}"}}', count) for what, count in sorted(counts.items())),
        )
        put("week_requests", "gauge", "Requests of the last seven days.", ("", week.requests))
        put("week_wire_bytes", "gauge", "Bytes fetched in the last seven days.", ("", week.wire_bytes))
        put(
            "week_saved_bytes",
            "gauge",
            "Bytes that validators and compression saved in the last seven days.",
            ("", week.saved_bytes),
        )
        put(
            "last_poll_seconds",
            "gauge",
            "When a source was last polled.",
            ("", max((row.memory.polled or 0 for row in rows), default=0)),
        )
        return Answer(("\n".join(lines) + "\n").encode(), "text/plain; version=0.0.4; charset=utf-8")


def _start(config: Config, holder: Holder, host: str, port: int) -> Running:
    application = Application(
        config.output, StoreDesk(holder), config.site.base_url, config.site.ttl, config.site.hub
    )
    try:
        return Running(application, host, port)
    except (OSError, ValueError) as error:  # waitress makes a ValueError of a host name that is not known
        why = error.strerror if isinstance(error, OSError) else "no such address on this machine"
        raise UsageError(
            f"{host}:{port}: can't be listened on: {why}; choose another --host or --port (serve.host, serve.port)"
        ) from None


@click.command("serve")
@click.option("--host", help="The address to listen on. [default: serve.host, else 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="The port. [default: serve.port, else 8080]")
@common()
def serve_command(settings: Settings, host: str | None, port: int | None) -> None:
    """Serve the output folder, /status, /search, /healthz and /metrics."""
    import signal

    config = settings.load()
    given = config.serve or ("127.0.0.1", 8080)
    running = _start(config, Holder(config), host or given[0], given[1] if port is None else port)
    settings.say(f"serving {config.output} at http://{host or given[0]}:{running.port}/ (stop with Ctrl-C)")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.wait(1):
        if not running.alive:
            raise RuntimeError("the web server ended by itself")
    running.close()


@click.command("daemon")
@click.option(
    "--tick",
    type=click.IntRange(1, 3600),
    default=5,
    show_default=True,
    help="Seconds between two looks at what is due.",
)
@common()
def daemon_command(settings: Settings, tick: int) -> None:
    """Cycles on a schedule until SIGTERM or SIGINT; serves too when [serve] is there; reloads the config on
    SIGHUP and when it changes.
    """
    holder = Holder(settings.load())
    with open_writer(holder.config.database) as store:
        cycle.introduce(holder.config, store, now())
        running = _start(holder.config, holder, *holder.config.serve) if holder.config.serve else None
        if running is not None:
            settings.say(
                f"serving {holder.config.output} at http://{(holder.config.serve or ('',))[0]}:{running.port}/"
            )

        def reload() -> None:
            try:
                changed = settings.load()
            except AggregatorError as error:
                log(f"the config is not taken over, the old one stays: {error}")
                return
            if changed.database != holder.config.database or changed.serve != holder.config.serve:
                log("service.database and [serve] change with a restart only")
            holder.config = changed
            cycle.introduce(changed, store, now())
            log(f"{settings.path}: reloaded")

        def turn(stop: threading.Event) -> None:
            _turn(settings, holder, store, stop, beat)
            if running is not None and not running.alive:
                raise RuntimeError("the web server ended by itself")

        daemon = Daemon(settings.path, turn, reload, tick)
        beat = daemon.beat
        threading.Thread(target=_closer, args=(daemon.stop,), daemon=True).start()
        try:
            daemon.run()
        finally:
            if running is not None:
                running.close()
    notify("STATUS=stopped")


def _closer(stop: threading.Event) -> None:
    """Ends what is on the wire as soon as the stop sign is up."""
    stop.wait()
    fetch.close()


def _turn(
    settings: Settings, holder: Holder, store: Store, stop: threading.Event, beat: Callable[[], None]
) -> None:
    config, present = holder.config, now()
    if not cycle.anything_due(config, store, present):
        return
    started = time.monotonic()
    watch = cycle.Watch(lambda name, steps: beat(), lambda steps: beat())
    try:
        report = cycle.run(config, store, Wanted(), present, stop, watch)
    except AggregatorError as error:
        log(str(error))  # a full disk or a folder without permission: named, and tried again at the next turn
        stop.wait(30)
        return
    report.seconds = time.monotonic() - started
    if report.collected.due and (report.collected.new or report.collected.failures or settings.verbose):
        tell(settings, config, report)
    notify(f"STATUS=last cycle {report.seconds:.1f} s, {report.collected.new} new entries")
