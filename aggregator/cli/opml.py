"""`sources import` and `sources export`: OPML of other readers, and for them.

In: an OPML file, or the config. Out: another `config.toml`, or OPML. Start reading at `bring_in`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from aggregator import kinds, opml, urls
from aggregator.cli.output import counted, print_json
from aggregator.cli.settings import Settings, common
from aggregator.config import Config, edit
from aggregator.config.ids import RESERVED, named_id
from aggregator.config.rules import MAX_ADDRESS
from aggregator.errors import AggregatorError, UsageError
from aggregator.model import Source, Topic
from aggregator.records import replace
from aggregator.store import is_there, open_reader, sources
from aggregator.text import words

NAMED = 5  # folders of an OPML file that are named


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--topics-from-folders",
    is_flag=True,
    help="Every folder is a topic of its feeds; made where it is missing.",
)
@common(json_output=True)
def import_command(settings: Settings, file: Path, topics_from_folders: bool) -> None:
    """Add every feed of an OPML file that is not there yet; a folder or category named like a topic gives its
    feeds that topic.
    """
    bring_in(settings, file, topics_from_folders)


def bring_in(settings: Settings, file: Path, topics_from_folders: bool) -> None:
    """Raises UsageError where the file is no OPML."""
    config = settings.load()
    found = _outlines(file)
    if found.damage and not found.feeds:
        raise UsageError(f"{file}: {found.damage}; no feed could be read: fetch or export it anew")
    fresh, there = _fresh(config, found.feeds)
    topics = Topics(config.topics)
    rows = [_row(outline, topics, topics_from_folders) for outline in fresh]
    _keep_ids(rows, {source.id for source in config.sources})
    added = edit.add_sources(settings.path, rows, topics.new)
    if settings.json:
        by_id = [{"id": name, "url": row["url"]} for name, row in zip(added, rows, strict=True)]
        print_json(_brought_in_json(by_id, found, there, topics))
        return
    for line in (*found.warnings, *_already(there), *_folders_without_topic(fresh, topics)):
        settings.say(f"{file}: {line}")
    _say_brought_in(settings, topics, len(fresh), len(there))


def _already(there: Iterable[tuple[opml.Outline, str]]) -> Iterator[str]:
    for one, source in there:
        yield f"“{one.title or one.url}” is there already, as {source}"


def _folders_without_topic(fresh: Sequence[opml.Outline], topics: Topics) -> Iterator[str]:
    names = dict.fromkeys(name for one in fresh for name in _folders(one) if topics.named(name) is None)
    if names:
        named = ", ".join(f"“{name}”" for name in list(names)[:NAMED])
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        yield f"no topic here is named like {named}{more}; --topics-from-folders makes them"


def _brought_in_json(
    added: Sequence[Mapping[str, object]],
    found: opml.Found,
    there: Sequence[tuple[opml.Outline, str]],
    topics: Topics,
) -> dict[str, object]:
    return {
        "added": added,
        "there": [source for _, source in there],
        "topics": [name for name, _ in topics.new],
        "warnings": list(found.warnings),
    }


def _outlines(file: Path) -> opml.Found:
    try:
        return _that_fit(opml.read(file.read_bytes()))
    except OSError as error:
        raise UsageError(f"{file}: can't be read: {error.strerror}") from None
    except AggregatorError as error:
        raise UsageError(f"{file}: {error}") from None


def _that_fit(found: opml.Found) -> opml.Found:
    """One address that a config can't hold keeps no other one out."""
    trouble = [(outline, _unfit(outline.url)) for outline in found.feeds]
    damage = (f"{found.damage}; what could be read is taken",) if found.damage else ()
    left_out = (opml.left_out(outline, words) for outline, words in trouble if words)
    fit = tuple(outline for outline, words in trouble if words is None)
    return replace(found, feeds=fit, warnings=(*damage, *found.warnings, *left_out))


def _unfit(url: str) -> str | None:
    if len(url) > MAX_ADDRESS:
        return f"its address is longer than {MAX_ADDRESS} characters"
    if "@" in url and "@" in urlsplit(url).netloc:
        return "its address holds a user or password; add it by hand, with `headers`"
    return None


def _say_brought_in(settings: Settings, topics: Topics, fresh: int, there: int) -> None:
    made = f", {counted(len(topics.new), 'topic')} made" if topics.new else ""
    settings.say(
        f"{settings.path}: {counted(fresh, 'source')} added{made}, {there} there already; "
        "intervals, rules and headers are not part of an OPML file"
    )


def _fresh(
    config: Config, found: Sequence[opml.Outline]
) -> tuple[list[opml.Outline], list[tuple[opml.Outline, str]]]:
    """What is new, and what is a source already, with its id."""
    known = {urls.address_key(source.url): source.id for source in config.sources if source.url}
    fresh, there = [], []
    for outline in found:
        same = urls.address_key(outline.url)
        if (source := known.get(same)) is not None:
            there.append((outline, source))
        else:
            fresh.append(outline)
            known[same] = f"“{outline.title or outline.url}” of the same file"
    return fresh, there


class Topics:
    """The topics of the config by id and title, and those that are to be made."""

    def __init__(self, known: Sequence[Topic]) -> None:
        self.new: list[tuple[str, str]] = []
        self._ids = {topic.id for topic in known}
        self._by_name = {words.sought(name): topic.id for topic in known for name in (topic.id, topic.title)}

    def named(self, name: str) -> str | None:
        return self._by_name.get(words.sought(name.strip()))

    def of(self, name: str, wanted: str = "") -> str:
        """Its id; made where it is missing, as `wanted` where that is free."""
        if (found := self.named(name)) is not None:
            return found
        free = re.fullmatch(r"[a-z0-9-]{1,64}", wanted) and wanted not in self._ids | RESERVED
        made = wanted if free else named_id(name, "", self._ids, "topic")
        self._ids.add(made)
        self._by_name |= {words.sought(name.strip()): made, made: made}
        self.new.append((made, name.strip()))
        return made


def _row(outline: opml.Outline, topics: Topics, make: bool) -> dict[str, Any]:
    found = _made(outline, topics) if make else [topics.named(name) for name in _folders(outline)]
    found += [topics.named(name) for path in outline.categories for name in (path, *path.split("/"))]
    mine = list(dict.fromkeys(topic for topic in found if topic))
    return edit.given({"url": outline.url, "title": outline.title, "topics": mine, "id": outline.id})


def _folders(outline: opml.Outline) -> list[str]:
    return [name for name in outline.folders if name.strip()]


def _made(outline: opml.Outline, topics: Topics) -> list[str]:
    """Topics of the folders; of a file that we wrote also of its categories: these are ids, the folder's is
    the first.
    """
    names = _folders(outline)
    ids = outline.categories if outline.id is not None else ()
    id_of = dict(zip(names[:1], ids, strict=False))
    found = [topics.of(name, id_of.get(name, "")) for name in names]
    return found + [topics.of(name.replace("-", " ").title(), name) for name in ids if not topics.named(name)]


def _keep_ids(rows: list[dict[str, Any]], taken: set[str]) -> None:
    """The ids that a file of ours gives, where they are ids and free; others are made from the title."""
    for row in rows:
        wanted = row.pop("id", None)
        if wanted and re.fullmatch(r"[a-z0-9-]{1,64}", wanted) and wanted not in taken | RESERVED:
            row["id"] = wanted
            taken.add(wanted)


@click.command("export")
@click.argument(
    "file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), required=False, default="-"
)
@common()
def export_command(settings: Settings, file: Path) -> None:
    """The sources as OPML, to FILE or to stdout (-)."""
    config = settings.load(secrets=False)
    data = sources_opml(config, config.sources, _titles(config))
    if file == Path("-"):
        click.echo(data, nl=False)
        return
    try:
        file.write_bytes(data)
    except OSError as error:
        raise UsageError(f"{file}: can't be written: {error.strerror}") from None
    settings.say(f"{file}: {counted(sum(kinds.of(source).remote for source in config.sources), 'source')}")


def _titles(config: Config) -> Mapping[str, str]:
    """What the sources are called, by id: those that were read already."""
    if not is_there(config.database):
        return {}
    try:
        with open_reader(config.database) as store:
            return sources.titles(store)
    except AggregatorError:
        return {}  # the list is wanted all the more where the database can't be read


def sources_opml(config: Config, found: tuple[Source, ...], called: Mapping[str, str]) -> bytes:
    """Feeds only: a local file is of no use to another reader. Topics are folders, and categories by id.
    `called`: what feeds say that they are called, by id of their source.
    """
    titles = {topic.id: topic.title for topic in config.topics}
    outlines = [
        opml.Outline(
            url=kinds.address(source),
            title=source.title or called.get(source.id, ""),
            folders=tuple(titles[topic] for topic in source.topics[:1]),
            categories=source.topics,
            id=source.id,
        )
        for source in found
        if kinds.of(source).remote
    ]
    return opml.write(config.site.title, outlines, ids=True)
