"""What the daemon runs: cycles where they are due, and the web server, by a config that may change meanwhile.

In: the config of the moment. Out: published files, and answers. Start reading at `Service.turn`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from aggregator import cycle, heap, logs, websub
from aggregator.cli.deskpages import EditorDesk
from aggregator.cli.livepages import Holder, StorePages
from aggregator.cli.moments import now
from aggregator.cli.output import counted
from aggregator.cli.settings import Settings
from aggregator.config import Config, sweeping
from aggregator.cycle import Wanted
from aggregator.cycle.report import Collected
from aggregator.daemon import log, notify
from aggregator.errors import AggregatorError, ConfigError, LockedError, StoreError, UsageError
from aggregator.mailbox import Mailbox
from aggregator.meters import Meters, Stages
from aggregator.publish import Folder
from aggregator.server import WSGI, Running
from aggregator.stop import Stop
from aggregator.store import Store, daemon_lock, open_reader, open_writer, pushes
from aggregator.web import LARGEST_FORM, LARGEST_PUSH, Application

# Seconds of polling, until what came is published: many feeds of one slow host hold up nobody else's (B10)
PATIENCE = 60.0
PUSHES_EVERY = 3600  # seconds between two looks at subscriptions while nothing else is to be done

Place = tuple[str, int, int]  # host, port, and bytes of the largest body that is taken there


def application(holder: Holder, meters: Meters, mailbox: Mailbox | None = None) -> Application:
    """What is served of this config; `mailbox`: for what hubs bring."""
    config = holder.config
    pushed = config.push and websub.is_public(config.site.base_url)
    return Application(
        config.output,
        StorePages(holder, meters),
        config.site.base_url,
        config.site.ttl,
        config.site.hub,
        config.public_metrics,
        config.site.images,
        EditorDesk(config, now) if config.desk else None,
        mailbox=mailbox if pushed else None,
    )


def start(application: WSGI, host: str, port: int, largest_body: int = LARGEST_FORM) -> Running:
    """A server that listens there; raises UsageError where that can't be."""
    try:
        return Running(application, host, port, largest_body)
    except (OSError, ValueError) as error:  # waitress makes a ValueError of a host name that is not known
        why = error.strerror if isinstance(error, OSError) else "no such address on this machine"
        raise UsageError(
            f"{host}:{port}: can't be listened on: {why}; "
            "choose another --host or --port (serve.host, serve.port)"
        ) from None


def address(host: str, port: int) -> str:
    """Where a browser finds it: an IPv6 address stands in brackets."""
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


class Server:
    """The daemon's web server, where and as the present config says; none where that has no [serve]."""

    def __init__(self, holder: Holder, meters: Meters, mailbox: Mailbox) -> None:
        self._holder, self._meters, self._mailbox = holder, meters, mailbox
        self._application = application(holder, meters, mailbox)
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
                self._running = start(self, *before)
            raise
        self._at = at
        if old is not None:
            old.close()

    def _listen(self, config: Config, at: Place | None) -> None:
        if at is not None:
            self._running = start(self, *at)
            log(f"serving {config.output} at {address(at[0], self._running.port)}")

    def renew(self) -> None:
        """From the next request on, as the holder's config says."""
        self._application = application(self._holder, self._meters, self._mailbox)

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
        self._troubles = Troubles()

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
            self._troubles.tell("turn", [str(error)], "error")

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
                self._troubles.tell("turn", ())
        except LockedError:
            return  # somebody else's cycle or command: at one of the next turns
        except AggregatorError as error:
            # a full disk or a folder without permission: named, and tried again at the next turn
            self._troubles.tell("turn", [str(error)], "error")
            stop.wait(30)

    def _with_lists(self, config: Config, present: int, stop: Stop) -> Config:
        """With what the reading lists say by now; what they lose is paused, so that nothing is refused."""
        if not config.lists:
            return config
        from aggregator.cycle import lists

        try:
            changed, trouble = lists.sync(config, present, stop, self.network)
            if changed:
                self._take_over(self._settings.load())
        except AggregatorError as error:
            self._troubles.tell("lists", [str(error)], "error")
        else:
            self._troubles.tell("lists", trouble)
        return self.holder.config

    def _work(self, config: Config, present: int, called: bool, stop: Stop) -> None:
        """`called`: there is something to do, whether or not a source is due."""
        with open_writer(config.database) as store:
            if self._introduced is not config:
                called = called or cycle.lacks_files(config, store, present)
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
        self._troubles.tell_failures(collected)
        self._troubles.tell("cycle", report.warnings)
        if collected.due:
            _log_cycle(report)
        heap.give_back()
        notify(f"STATUS=last cycle {report.seconds:.1f} s, {counted(collected.new, 'new entry')}")


class Troubles:
    """What went wrong, and was logged: aloud once, and for those who debug each time that it is met again."""

    def __init__(self) -> None:
        self._failed: dict[str, str] = {}  # source → its failure, until it answers
        self._told: dict[str, set[str]] = {}  # where it went wrong → in words

    def tell_failures(self, collected: Collected) -> None:
        """Of sources: when they begin, change and end."""
        for source, failure in collected.failures:
            words = f"{failure.kind}: {failure.detail}"
            log(f"{source}: {words}", _level(self._failed.get(source) == words), source=source)
            self._failed[source] = words
        for source in sorted(self._failed.keys() & collected.answered):
            del self._failed[source]
            log(f"{source}: answers again", source=source)

    def tell(self, where: str, words: Sequence[str], level: logs.Level = "warning") -> None:
        """All that is wrong `where` now."""
        told = self._told.get(where, set())
        for line in words:
            log(line, _level(line in told, level))
        self._told[where] = set(words)


def _tell_stage(measured: Stages, name: str, steps: int) -> None:
    measured.begin(name)
    notify(f"STATUS={name} {steps or ''}".rstrip())


def _level(is_known: bool, aloud: logs.Level = "warning") -> logs.Level:
    return "debug" if is_known else aloud


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
