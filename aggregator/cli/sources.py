"""`sources`: those of config.toml, listed, and edited in place with its comments kept.

In: ids. Out: another `config.toml`. `add`, `import` and `export` have modules of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from aggregator import kinds, urls
from aggregator.cli.adding import add_command
from aggregator.cli.groups import Group
from aggregator.cli.moments import ago, now
from aggregator.cli.opml import export_command, import_command
from aggregator.cli.output import print_json, table
from aggregator.cli.settings import Settings, common
from aggregator.config import Config, edit
from aggregator.errors import UsageError
from aggregator.model import Source, SourceState
from aggregator.store import is_there, open_reader, sources

if TYPE_CHECKING:  # a command that polls nothing does not load it
    pass


@click.group("sources", cls=Group)
def sources_command() -> None:
    """The sources of config.toml: list, add, remove, pause, resume, import and export OPML."""


@sources_command.command("list")
@common(json_output=True)
def list_command(settings: Settings) -> None:
    """Every source of the config."""
    config = settings.load(secrets=False)
    known = {}
    if is_there(config.database):
        with open_reader(config.database) as store:
            known = sources.healths(store)
    if settings.json:
        print_json([_source_json(source, known.get(source.id)) for source in config.sources])
        return
    table(
        ("id", "state", "last new", "topics", "where"),
        [_source_cells(source, known.get(source.id)) for source in config.sources],
    )


def _source_json(source: Source, memory: SourceState | None) -> dict[str, object]:
    return {
        "id": source.id,
        "url": source.url,
        "path": source.path,
        "title": source.title,
        "topics": list(source.topics),
        "enabled": source.enabled,
        "state": memory.state if memory else "new",
    }


def _source_cells(source: Source, memory: SourceState | None) -> tuple[str, ...]:
    return (
        source.id,
        ("" if source.enabled else "disabled, ") + (memory.state if memory else "new"),
        ago(memory.last_new, now()) if memory else "",
        " ".join(source.topics),
        kinds.shown(source),
    )


@sources_command.command("remove")
@click.argument("source_id", metavar="ID")
@common(json_output=True)
def remove_command(settings: Settings, source_id: str) -> None:
    """Remove a source from the config. What it told stays stored until retention takes it, but is no longer
    published.
    """
    settings.load()
    edit.remove_source(settings.path, source_id)
    if settings.json:
        print_json({"removed": source_id})
        return
    settings.say(f"{settings.path}: removed {source_id}")


@sources_command.command("pause")
@click.argument("ids", metavar="ID…", nargs=-1, required=True)
@common(json_output=True)
def pause_command(settings: Settings, ids: tuple[str, ...]) -> None:
    """Poll these sources no more, until `resume`. What they told stays published."""
    _enable(settings, ids, False)


@sources_command.command("resume")
@click.argument("ids", metavar="ID…", nargs=-1, required=True)
@common(json_output=True)
def resume_command(settings: Settings, ids: tuple[str, ...]) -> None:
    """Poll these sources again."""
    _enable(settings, ids, True)


def _enable(settings: Settings, ids: tuple[str, ...], enabled: bool) -> None:
    edit.enable_sources(settings.path, ids, enabled)
    if settings.json:
        print_json([{"id": source_id, "enabled": enabled} for source_id in ids])
        return
    settings.say(f"{settings.path}: {', '.join(ids)}: {'polled again' if enabled else 'paused'}")


def _moved(config: Config) -> dict[str, str]:
    """Id → the address that is believed to be the new one."""
    with open_reader(config.database) as store:
        known = sources.healths(store)
    there = [(source, memory.moved) for source in config.sources if (memory := known.get(source.id))]
    return {
        source.id: moved.asked
        for source, moved in there
        if moved and moved.asked is not None and source.url != moved.asked
    }


@sources_command.command("update")
@click.argument("ids", metavar="[ID]…", nargs=-1)
@common(json_output=True)
def update_command(settings: Settings, ids: tuple[str, ...]) -> None:
    """Write the new addresses of sources that have moved for good into the config (all of them, or those
    named).
    """
    config = settings.load()
    if not is_there(config.database):
        raise UsageError("nothing was polled yet, so that no source is known to have moved")
    for source_id in ids:
        edit.refuse_unknown([source.id for source in config.sources], source_id)
    wanted = _wanted(_moved(config), ids)
    if wanted:
        edit.move_sources(settings.path, wanted)
    for source_id, url in wanted.items():
        settings.say(f"{settings.path}: {source_id} is now {urls.redact(url)}")
    if settings.json:
        print_json([{"id": source_id, "url": url} for source_id, url in wanted.items()])
    elif not wanted:
        settings.say("no source has moved, as far as is known")


def _wanted(moved: Mapping[str, str], ids: Sequence[str]) -> dict[str, str]:
    """Those of `ids`, or all where there are none. Raises UsageError."""
    for source_id in sorted(set(ids) - set(moved)):
        raise UsageError(
            f"{source_id}: has not moved, as far as is known; "
            "a redirect is believed after several polls over a day"
        )
    return {source_id: url for source_id, url in moved.items() if not ids or source_id in ids}


for command in (add_command, import_command, export_command):
    sources_command.add_command(command)
