"""`run`: one cycle."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter

import click

from aggregator import cycle, machine
from aggregator.cli.moments import now, rfc3339
from aggregator.cli.output import counted, print_json
from aggregator.cli.settings import Settings, common
from aggregator.config import Config
from aggregator.cycle import Report, Wanted, Watch
from aggregator.cycle.report import Collected
from aggregator.errors import UsageError
from aggregator.model import Failure
from aggregator.render import formats
from aggregator.stop import Stop, bounded

SHOWN = 100  # failed sources that a cycle names
OFFLINE = 3  # sources whose names are all unknown: hardly their fault


@click.command("run")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Poll all sources, due or not (a server's Retry-After and a 410 still hold).",
)
@click.option("--source", "ids", multiple=True, metavar="ID", help="Poll only this source; may be repeated.")
@click.option("--offline", is_flag=True, help="Poll nothing; fold, group and publish what is stored.")
@common(json_output=True)
def run_command(settings: Settings, everything: bool, ids: tuple[str, ...], offline: bool) -> None:
    """One cycle: poll what is due, store, fold, group, publish."""
    config = settings.load()
    if config.lists and not offline:
        with _stopping() as stop:
            config = _with_lists(settings, config, stop)
        if stop.is_set():
            return
    _refuse_unpollable(settings, config, ids)
    report = _cycle(settings, config, None if offline else Wanted(everything, frozenset(ids)))
    if settings.json:
        print_json(report_json(report))
    tell(settings, config, report)
    if report.all_failed:
        click.get_current_context().exit(3)


def _with_lists(settings: Settings, config: Config, stop: Stop) -> Config:
    """With what the reading lists say by now."""
    from aggregator.cycle import lists

    changed, trouble = lists.sync(config, now(), stop)
    for words in trouble:
        settings.say(words)
    return settings.load() if changed else config


@contextmanager
def _stopping() -> Iterator[Stop]:
    """SIGTERM and SIGINT end the cycle soon and cleanly; what was stored is kept. The second ends it now."""
    stop = Stop()

    def handler(number: int, frame: object) -> None:
        if stop.is_set():
            if sys.stderr.isatty():
                os.write(2, b"\x1b[?25h\n")  # the cursor, which the progress bar hid
            os._exit(128 + number)
        stop.set()

    before = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with bounded(stop):
            yield stop
    finally:
        for number, old in before.items():
            signal.signal(number, old)


@contextmanager
def progress(settings: Settings) -> Iterator[Watch]:
    """A bar on a terminal, nothing elsewhere."""
    if settings.quiet or not sys.stderr.isatty():
        yield Watch()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        current = bar.add_task("starting", total=None)

        def stage(name: str, steps: int) -> None:
            bar.reset(current, description=name, total=steps or None)

        yield Watch(stage, lambda steps: bar.advance(current, steps))


def report_json(report: Report) -> dict[str, object]:
    """In the form that scripts may rely on."""
    collected, folded, written = report.collected, report.folded, report.written
    return {
        "started": rfc3339(report.started),
        "seconds": round(report.seconds, 3),
        "sources": {
            "due": collected.due,
            "ok": collected.ok,
            "not_modified": collected.not_modified,
            "failed": collected.failed,
        },
        "entries": {"new": collected.new, "updated": collected.updated},
        "stories": {"new": folded.stories_new, "changed": folded.stories_changed},
        "events": {"new": folded.events_new, "changed": folded.events_changed},
        "files": {"written": list(written.written), "unchanged": written.unchanged},
        "failures": [
            {"source": source, "kind": failure.kind, "detail": failure.detail}
            for source, failure in collected.failures
        ],
    }


def failures_in_words(failures: Sequence[tuple[str, Failure]]) -> list[str]:
    """A line each, the first hundred; one for all where no name is known, which is the network's fault."""
    if len(failures) >= OFFLINE and all(failure.kind == "dns" for _, failure in failures):
        return [f"none of the names of {len(failures)} sources is known: is this machine online?"]
    of_ours = sorted({failure.detail for _, failure in failures if failure.kind == machine.KIND})
    theirs = [(source, failure) for source, failure in failures if failure.kind != machine.KIND]
    lines = [f"{counted(len(failures) - len(theirs), 'source')} {words}" for words in of_ours]
    lines += [f"{source}: {failure.detail}" for source, failure in sorted(theirs, key=itemgetter(0))]
    return _first(lines)


def _first(lines: list[str]) -> list[str]:
    """As many as are shown, and how many more there are."""
    more = f"… and {counted(len(lines) - SHOWN, 'more source')} failed; `aggregator status` shows all"
    return [*lines[:SHOWN], more] if len(lines) > SHOWN else lines


def _refuse_unpollable(settings: Settings, config: Config, ids: Sequence[str]) -> None:
    """Raises UsageError."""
    unknown = sorted(set(ids) - {source.id for source in config.sources})
    if unknown:
        raise UsageError(f"--source {unknown[0]}: no such source; `aggregator sources list` shows them")
    asleep = sorted(source.id for source in config.sources if source.id in ids and not source.enabled)
    if asleep:
        raise UsageError(f"--source {asleep[0]}: is disabled in {settings.path} (enabled = false)")


def _cycle(settings: Settings, config: Config, wanted: Wanted | None) -> Report:
    started, is_watched = time.monotonic(), sys.stderr.isatty()
    with (
        settings.writer(config, patient=is_watched) as store,
        _stopping() as stop,
        progress(settings) as watch,
    ):
        report = cycle.run(config, store, wanted, now(), stop, watch)
    report.seconds = time.monotonic() - started
    return report


def tell(settings: Settings, config: Config, report: Report) -> None:
    """Failures always (unless quiet); the summary to whoever looks."""
    warnings = sorted(report.collected.warnings, key=itemgetter(0))[:20]
    trouble = [*failures_in_words(report.collected.failures)]
    trouble += [f"{source}: {warning.detail}" for source, warning in warnings]
    is_watched = settings.talkative and not settings.json
    summary = _summary(config, report) if is_watched else ()
    for line in (*trouble, *report.warnings, *summary):
        settings.say(line)


def _summary(config: Config, report: Report) -> Iterator[str]:
    yield _polled_line(report.collected)
    folded = report.folded
    told = f"{counted(folded.stories_new, 'new story')}, {folded.stories_changed} told again elsewhere"
    yield f"folded  {told}; {counted(folded.events_new, 'new event')}, {folded.events_changed} that go on"
    yield f"out     {_files(report.written.written) or 'nothing changed'} in {config.output}"
    feed = f"{config.site.base_url}all{formats.best_first(config.site.formats)[0].ending}"
    yield f"read    aggregator serve, then subscribe to {feed}, or open {config.output / 'index.html'}"


def _polled_line(collected: Collected) -> str:
    answered = f"{collected.ok + collected.not_modified} of {collected.due} sources answered"
    news = f"{counted(collected.new, 'new entry')}, {collected.updated} updated"
    return f"in      {answered}, {collected.not_modified} with nothing new; {news}"


def _files(written: Sequence[str]) -> str:
    names = [name for name in written if "/" not in name]
    more = f" … {len(names)} in all" if len(names) > 12 else ""
    pages = f", {counted(len(written) - len(names), 'page')}" if len(written) > len(names) else ""
    return ", ".join(names[:12]) + more + pages
