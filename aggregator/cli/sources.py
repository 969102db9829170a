"""`sources list · add · remove · update · import · export`: the sources of config.toml, edited in place with
its comments kept.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import click

from aggregator import cycle, opml, urls
from aggregator.cli.common import Settings, ago, common, now, print_json, table
from aggregator.config import Config, edit
from aggregator.errors import AggregatorError, UsageError
from aggregator.model import Source
from aggregator.store import open_reader, sources
from aggregator.text import words


@click.group("sources")
def sources_command() -> None:
    """The sources of config.toml: list, add, remove, import and export OPML."""


@sources_command.command("list")
@common(json_output=True)
def list_command(settings: Settings) -> None:
    """Every source of the config."""
    config = settings.load()
    known = {}
    if config.database.exists():
        with open_reader(config.database) as store:
            known = sources.memories(store)
    if settings.json:
        print_json([{"id": s.id, "url": s.url, "path": s.path, "title": s.title, "topics": list(s.topics), "enabled": s.enabled,
                     "state": known[s.id].state if s.id in known else "new"} for s in config.sources])  # fmt: skip
        return
    table(
        ("id", "state", "last new", "topics", "where"),
        [
            (
                source.id,
                ("" if source.enabled else "disabled, ")
                + (known[source.id].state if source.id in known else "new"),
                ago(known[source.id].last_new, now()) if source.id in known else "",
                " ".join(source.topics),
                urls.redact(source.url) if source.url else source.path or "",
            )
            for source in config.sources
        ],
    )


@sources_command.command("add")
@click.argument("address", metavar="URL-OR-SITE")
@click.option("--id", "wanted_id", help="Its id in the config; made from the host when left out.")
@click.option(
    "--topic", "topics", multiple=True, help="A topic that everything from there belongs to; may be repeated."
)
@click.option(
    "--choose", type=click.IntRange(1), help="Which of several candidates, by its number in the list."
)
@common()
def add_command(
    settings: Settings, address: str, wanted_id: str | None, topics: tuple[str, ...], choose: int | None
) -> None:
    """Add a feed, or find the feed of a site's page and add that."""
    config = settings.load()
    if "://" not in address:
        address = f"https://{address}"
    if urlsplit(address).scheme not in ("http", "https"):
        raise UsageError(
            f"{address}: only http and https can be polled; a local file goes into config.toml as path = …"
        )
    found = cycle.find_feeds(config, address)
    if not found:
        raise UsageError(
            f"{urls.redact(address)}: no feed there, and its page names none; look for an RSS sign on the site and give that address"
        )
    for number, candidate in enumerate(found, 1):
        settings.say(
            f"{number}. {candidate.title or 'without title'}: {candidate.items} items, {candidate.rhythm}\n   {candidate.url}"
        )
    if choose is not None and choose > len(found):
        raise UsageError(f"--choose {choose}: there are only {len(found)} candidates")
    chosen = found[(choose or 1) - 1]
    _refuse_known(config, chosen.url)
    fields = {"url": chosen.url, "title": chosen.title, "topics": list(topics) or None, "id": wanted_id}
    added = edit.add_source(settings.path, {key: value for key, value in fields.items() if value})
    settings.say(
        f"{settings.path}: added {added}"
        + ("" if len(found) == 1 or choose else "; --choose takes another of these")
    )


def _refuse_known(config: Config, url: str) -> None:
    for source in config.sources:
        if source.url and (source.url == url or urls.key(source.url) == urls.key(url) is not None):
            raise UsageError(f"{url}: is a source already, as {source.id}")


@sources_command.command("remove")
@click.argument("source_id", metavar="ID")
@common()
def remove_command(settings: Settings, source_id: str) -> None:
    """Remove a source from the config. What it told stays stored until retention takes it, but is no longer
    published.
    """
    settings.load()
    edit.remove_source(settings.path, source_id)
    settings.say(f"{settings.path}: removed {source_id}")


@sources_command.command("update")
@click.argument("ids", metavar="[ID]…", nargs=-1)
@common()
def update_command(settings: Settings, ids: tuple[str, ...]) -> None:
    """Write the new addresses of sources that have moved for good into the config (all of them, or those
    named).
    """
    config = settings.load()
    if not config.database.exists():
        raise UsageError("nothing was polled yet, so that no source is known to have moved")
    with open_reader(config.database) as store:
        known = sources.memories(store)
    moved = {
        source.id: memory.moved.url
        for source in config.sources
        if (memory := known.get(source.id))
        and memory.moved
        and memory.moved.adopted
        and source.url != memory.moved.url
    }
    for source_id, url in moved.items():
        if not ids or source_id in ids:
            edit.move_source(settings.path, source_id, url)
            settings.say(f"{settings.path}: {source_id} is now {urls.redact(url)}")
    for source_id in sorted(set(ids) - set(moved)):
        raise UsageError(
            f"{source_id}: has not moved, as far as is known; a redirect is believed after several polls over a day"
        )


@sources_command.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@common()
def import_command(settings: Settings, file: Path) -> None:
    """Add every feed of an OPML file that is not there yet; a folder named like a topic gives its feeds that
    topic.
    """
    config = settings.load()
    try:
        found = opml.read(file.read_bytes())
    except OSError as error:
        raise UsageError(f"{file}: can't be read: {error.strerror}") from None
    except AggregatorError as error:
        raise UsageError(f"{file}: {error}") from None
    known = {source.url for source in config.sources}
    fresh = [outline for outline in found.feeds if outline.url not in known]
    topics = {words.fold(name): topic.id for topic in config.topics for name in (topic.id, topic.title)}
    rows = [
        (
            one,
            list(
                dict.fromkeys(topics[words.fold(name)] for name in one.folders if words.fold(name) in topics)
            ),
        )
        for one in fresh
    ]
    edit.add_sources(
        settings.path,
        [
            {
                "url": one.url,
                **({"title": one.title} if one.title else {}),
                **({"topics": found_in} if found_in else {}),
            }
            for one, found_in in rows
        ],
    )
    for warning in found.warnings:
        settings.say(f"{file}: {warning}")
    settings.say(
        f"{settings.path}: {len(fresh)} sources added, {len(found.feeds) - len(fresh)} were there already"
    )


@sources_command.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@common()
def export_command(settings: Settings, file: Path | None) -> None:
    """The sources as OPML, to FILE or to stdout."""
    config = settings.load()
    data = sources_opml(config, config.sources)
    if file is None:
        click.echo(data, nl=False)
        return
    try:
        file.write_bytes(data)
    except OSError as error:
        raise UsageError(f"{file}: can't be written: {error.strerror}") from None
    settings.say(f"{file}: {sum(1 for source in config.sources if source.url)} sources")


def sources_opml(config: Config, found: tuple[Source, ...]) -> bytes:
    """Feeds only: a local file is of no use to another reader."""
    return opml.write(
        config.site.title, [opml.Outline(url=s.url, title=s.title or s.id) for s in found if s.url]
    )
