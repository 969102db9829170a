"""`init` and `check`: from nothing to a config that works."""

from __future__ import annotations

from collections.abc import Sequence
from errno import EEXIST
from importlib import resources
from pathlib import Path

import click

from aggregator import schedule
from aggregator.cli.moments import now
from aggregator.cli.output import counted, print_json, table
from aggregator.cli.settings import Settings, common
from aggregator.config import Config, doubts, lists
from aggregator.errors import AggregatorError, UsageError
from aggregator.model import Failure, PollResult, SourceState, Task
from aggregator.records import replace
from aggregator.stop import Stop
from aggregator.store import is_there, open_reader, sources

MINIMAL = """\
# aggregator: every key is described in README.md. \
Check this file with `aggregator check`, try it with `aggregator run`.

[service]
title    = "My feeds"
base_url = "http://127.0.0.1:8080/"   # public address of the output folder; feed links are made from it
database = "var/aggregator.db"
output   = "var/public"

[serve]
port = 8080

# A source each; `aggregator sources add URL` writes one, and finds the feed of a site.
#
# [[sources]]
# url = "https://news.example.org/feed.xml"
"""


@click.command("init")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=Path("."))
@click.option("--minimal", is_flag=True, help="Nothing but what is needed, without sources and topics.")
@click.option(
    "--from",
    "opml_file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE.opml",
    help="The feeds of another reader as sources, their folders as topics.",
)
@common()
def init_command(settings: Settings, directory: Path, minimal: bool, opml_file: Path | None) -> None:
    """Write a commented starter config.toml, with the seed stories beside it, into DIRECTORY (default:
    here).
    """
    target = directory / "config.toml"
    made = [folder for folder in (directory, *directory.parents) if not folder.exists()]
    _begin(target, minimal or opml_file is not None)
    if opml_file is not None:
        _take_in(replace(settings, config=target), opml_file, made)
    here = target.absolute() == Path("config.toml").absolute()
    command = "aggregator run" if here else f"aggregator --config {target} run"
    settings.say(f"{target}: written; change it to your taste, then run: {command}")


def _take_in(settings: Settings, opml_file: Path, made: Sequence[Path]) -> None:
    """What another reader has; where it can't be read, nothing is left behind. `made`: the folders that are
    new, the innermost first.
    """
    from aggregator.cli.opml import bring_in

    try:
        bring_in(settings, opml_file, topics_from_folders=True)
    except AggregatorError:
        settings.path.unlink()
        for folder in made:
            folder.rmdir()
        raise


def _begin(target: Path, minimal: bool) -> None:
    directory = target.parent
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if minimal:
            _write_new(target, MINIMAL)
        else:
            _write_starter(target)
    except FileExistsError as error:
        place = error.filename or target
        raise UsageError(f"{place}: exists already and is left as it is; choose another directory") from None
    except OSError as error:
        raise UsageError(f"{error.filename or directory}: can't be written: {error.strerror}") from None


def _write_new(target: Path, text: str) -> None:
    with target.open("x", encoding="utf-8") as file:
        file.write(text)


def _write_starter(target: Path) -> None:
    """The whole starter, with its seed stories. Raises FileExistsError before anything is made."""
    if target.exists():
        raise FileExistsError(EEXIST, "exists", str(target))
    package = resources.files("aggregator")
    starter = (package / "config" / "starter.toml").read_text(encoding="utf-8")
    # not aggregator/seeds: Python would take a folder of our name for a package of ours
    seeds = target.parent / "seeds"
    seeds.mkdir(exist_ok=True)
    _write_new(target, starter.replace('"aggregator/seeds/', '"seeds/'))
    for seed in (package / "seeds").iterdir():
        copy = seeds / seed.name
        if seed.name.endswith(".txt") and not copy.exists():
            copy.write_bytes(seed.read_bytes())


@click.command("check")
@click.option("--online", is_flag=True, help="Also poll each source once, without storing anything.")
@click.option("--strict", is_flag=True, help="Warnings are errors: exit code 2.")
@common(json_output=True)
def check_command(settings: Settings, online: bool, strict: bool) -> None:
    """Validate the config, and warn of what is hardly meant so."""
    config = settings.load()
    text = settings.path.read_text(encoding="utf-8-sig")
    if faults := doubts.told(config, text, doubts.faults(config)):
        raise UsageError("\n".join(faults))
    warnings = doubts.told(config, text, doubts.doubts(config))
    if strict and warnings:
        raise UsageError("\n".join(warnings))
    for warning in warnings:
        settings.say(warning)
    if not online:
        _say_good(settings, config, warnings)
        return
    looks = _looks(config)
    _print_looks(settings, looks)
    if looks and all(one.failure for one in looks):
        click.get_current_context().exit(3)


def _print_looks(settings: Settings, looks: Sequence[PollResult]) -> None:
    if settings.json:
        print_json([_look_record(one) for one in looks])
        return
    table(("source", "state", "what came"), [_look_row(one) for one in looks], wrap=True)


def _say_good(settings: Settings, config: Config, warnings: Sequence[str]) -> None:
    sources, topics = len(config.sources), len(config.topics)
    unread = [one.id for one in config.lists if lists.known(config.database, one.id) == lists.Known()]
    if settings.json:
        said = {"config": str(settings.path), "sources": sources, "topics": topics, "warnings": warnings}
        print_json({**said, "lists_not_read": unread})
    also = f", {counted(len(warnings), 'warning')}" if warnings else ""
    settings.say(f"{settings.path}: good: {counted(sources, 'source')}, {counted(topics, 'topic')}{also}")
    if unread:
        named = f"{counted(len(unread), 'reading list')} ({', '.join(unread)})"
        settings.say(f"the sources of {named} come in with the first `aggregator run`")


def _looks(config: Config) -> list[PollResult]:
    """What each source answers now, by id; those that asked us to stay away are not asked."""
    from aggregator import cycle
    from aggregator.cycle.network import opened

    held = _held(config)
    tasks = [
        Task(source, SourceState(), config.limits, config.pace)
        for source in config.sources
        if source.enabled and source.id not in held
    ]
    waiting = [
        PollResult(name, 0, memory, failure=Failure("put-off", f"not asked: {memory.why}"))
        for name, memory in held.items()
    ]
    stop = Stop()
    with opened(stop) as network:
        polled = [result for _, result in cycle.polls(config, tasks, stop, network)]
    return sorted([*waiting, *polled], key=lambda result: result.source)


def _look_row(polled: PollResult) -> tuple[str, str, str]:
    """(source, state, what came)"""
    if polled.failure:
        return polled.source, polled.memory.state, polled.failure.detail
    warnings = "".join(f"; {warning.detail}" for warning in polled.warnings)
    return polled.source, "ok", f"{counted(len(polled.entries), 'entry')}{warnings}"


def _look_record(polled: PollResult) -> dict[str, object]:
    source, state, detail = _look_row(polled)
    return {
        "source": source,
        "state": state,
        "kind": polled.failure.kind if polled.failure else None,
        "detail": detail,
        "entries": len(polled.entries),
        "title": polled.feed.title if polled.feed else None,
    }


def _held(config: Config) -> dict[str, SourceState]:
    """Who asked us to stay away until later: that holds for a look, too."""
    if not is_there(config.database):
        return {}
    with open_reader(config.database) as store:
        known = sources.memories(store)
    return {
        source.id: known[source.id]
        for source in config.sources
        if source.enabled and source.id in known and schedule.is_held(known[source.id], now())
    }
