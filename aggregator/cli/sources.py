"""`sources list · add · remove · update · import · export`: the sources of config.toml, edited in place with
its comments kept.

In: addresses, ids, OPML. Out: another `config.toml`. Start reading at `add_command`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from aggregator import cycle, kinds, opml, poll, urls
from aggregator.cli.groups import Group
from aggregator.cli.moments import ago, now
from aggregator.cli.output import counted, print_json, table
from aggregator.cli.settings import Settings, common
from aggregator.config import Config, edit
from aggregator.config.ids import RESERVED, named_id
from aggregator.config.load import refuse_unknown_topics
from aggregator.config.rules import MAX_ADDRESS
from aggregator.errors import AggregatorError, NoConnectionError, UsageError
from aggregator.model import Source, SourceState, Task, Topic
from aggregator.store import is_there, open_reader, sources
from aggregator.text import words

if TYPE_CHECKING:  # a command that polls nothing does not load it
    from aggregator.cycle.discovery import Candidate


NAMED = 5  # folders of an OPML file that are named


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


@sources_command.command("add")
@click.argument("address", metavar="URL-OR-SITE-OR-FILE")
@click.option("--id", "wanted_id", help="Its id in the config; made from its title or host when left out.")
@click.option(
    "--topic", "topics", multiple=True, help="A topic that everything from there belongs to; may be repeated."
)
@click.option(
    "--choose", type=click.IntRange(1), help="Which of several candidates, by its number in the list."
)
@common(json_output=True)
def add_command(
    settings: Settings, address: str, wanted_id: str | None, topics: tuple[str, ...], choose: int | None
) -> None:
    """Add a feed, or find the feed of a site's page and add that; or a file on this machine."""
    config = settings.load()
    refuse_unknown_topics(config, topics)
    _refuse_id(config, wanted_id)
    fields = _given({"topics": list(topics), "id": wanted_id})
    if "://" not in address and Path(address).is_file():
        _add_file(settings, config, Path(address), fields)
    else:
        _add_feed(settings, config, address, fields, choose)


def _add_feed(
    settings: Settings, config: Config, address: str, fields: dict[str, Any], choose: int | None
) -> None:
    """`choose`: which candidate, by its number."""
    found = _candidates(config, address)
    if not settings.json:
        _say_candidates(settings, found)
    chosen = _chosen(config, found, choose)
    _refuse_known(config, chosen.url)
    added = edit.add_source(settings.path, fields | _given({"url": chosen.url, "title": chosen.title}))
    if settings.json:
        print_json(_added_json(added, chosen, found))
    else:
        more = "" if len(found) == 1 or choose else "; --choose takes another of these"
        settings.say(f"{settings.path}: added {added}{more}")


def _refuse_id(config: Config, wanted: str | None) -> None:
    """Raises UsageError where no new source can have this id."""
    if wanted is None:
        return
    if not re.fullmatch(r"[a-z0-9-]{1,64}", wanted):
        raise UsageError(f'--id "{wanted}": is no id: use 1 to 64 of a–z, 0–9 and -')
    if wanted in RESERVED:
        raise UsageError(f"--id {wanted}: is reserved; choose another id")
    if wanted in config.tables or any(source.id == wanted for source in config.sources):
        raise UsageError(f"--id {wanted}: is the id of another source already; ids are unique")


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Without those that say nothing."""
    return {key: value for key, value in fields.items() if value}


def _added_json(added: str, chosen: Candidate, found: Sequence[Candidate]) -> dict[str, object]:
    others = [candidate.url for candidate in found if candidate is not chosen]
    return {"id": added, "url": chosen.url, "title": chosen.title, "items": chosen.items, "others": others}


def _candidates(config: Config, address: str) -> Sequence[Candidate]:
    """The feeds of an address, one at least."""
    if address.startswith(("/", "./", "../", "~")):
        raise UsageError(f"{address}: {_no_file(Path(address).expanduser())}")
    if opml.OF_FEEDS.match(address):
        address = opml.address(address)
    if "://" not in address:
        return _at_either(config, address)
    return _at(config, address)


def _no_file(path: Path) -> str:
    """Why nothing can be read there, in words."""
    if path.is_dir():
        return "is a folder; name one file in it"
    return "is no regular file" if path.exists() else "there is no such file"


def _at_either(config: Config, address: str) -> Sequence[Candidate]:
    """Of an address without its beginning, as people type it: https before http, as in a browser."""
    try:
        return _at(config, f"https://{address}")
    except NoConnectionError as error:
        try:
            return _at(config, f"http://{address}")
        except UsageError:
            raise error from None


def _at(config: Config, address: str) -> Sequence[Candidate]:
    if not address.lower().startswith(("http://", "https://")):
        raise UsageError(
            f"{address}: only http and https can be polled; a local file goes into config.toml as path = …"
        )
    if not urls.is_web(address):
        raise UsageError(f"{urls.redact(address)}: is no web address such as https://example.org/feed")
    found = cycle.find_feeds(config, address)
    if not found:
        raise UsageError(
            f"{urls.redact(address)}: no feed there, and its page names none; "
            "look for an RSS sign on the site and give that address"
        )
    return found


def _say_candidates(settings: Settings, found: Sequence[Candidate]) -> None:
    for number, candidate in enumerate(found, 1):
        title = candidate.title or "without title"
        items = counted(candidate.items, "item")
        settings.say(f"{number}. {title}: {items}, {candidate.rhythm}\n   {candidate.url}")


def _chosen(config: Config, found: Sequence[Candidate], choose: int | None) -> Candidate:
    """By its number, else the first that is no source yet."""
    if choose is not None and choose > len(found):
        raise UsageError(f"--choose {choose}: there are only {len(found)} candidates")
    if choose:
        return found[choose - 1]
    known = {_same(source.url) for source in config.sources if source.url}
    others = [candidate for candidate in found if _same(candidate.url) not in known]
    return (others or found)[0]


def _add_file(settings: Settings, config: Config, file: Path, fields: dict[str, Any]) -> None:
    """A feed, or a text file of stories, on this machine."""
    whole = file.absolute()
    for source in config.sources:
        if source.path == str(whole):
            raise UsageError(f"{file}: is a source already, as {source.id}")
    _refuse_strange(settings, config, whole)
    path = _as_written(whole, settings.path.absolute().parent)
    added = edit.add_source(settings.path, fields | {"path": path})
    if settings.json:
        print_json({"id": added, "path": path})
    else:
        settings.say(f"{settings.path}: added {added}")


def _as_written(file: Path, folder: Path) -> str:
    """In a config that lies in this folder."""
    return str(file.relative_to(folder) if file.is_relative_to(folder) else file)


def _refuse_strange(settings: Settings, config: Config, file: Path) -> None:
    """What is neither a feed nor stories, such as a saved page. An empty file may be filled later."""
    if file.resolve() in (settings.path.resolve(), config.database.resolve()):
        raise UsageError(f"{file}: belongs to the aggregator itself, and holds no stories")
    failure = poll.poll(Task(Source("candidate", path=str(file)), limits=config.limits)).failure
    if failure is not None and failure.kind != "empty":
        named = failure.detail if file.name in failure.detail else f"{file}: {failure.detail}"
        raise UsageError(named)


def _refuse_known(config: Config, url: str) -> None:
    for source in config.sources:
        if source.url and _same(source.url) == _same(url):
            raise UsageError(f"{url}: is a source already, as {source.id}")


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
    if not config.database.exists():
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


@sources_command.command("import")
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
    else:
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
    return opml.Found(fit, (*damage, *found.warnings, *left_out), found.damage)


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
    known = {_same(source.url): source.id for source in config.sources if source.url}
    fresh, there = [], []
    for outline in found:
        same = _same(outline.url)
        if (source := known.get(same)) is not None:
            there.append((outline, source))
        else:
            fresh.append(outline)
            known[same] = f"“{outline.title or outline.url}” of the same file"
    return fresh, there


def _same(url: str) -> str:
    """What two ways to write one address have in common."""
    return urls.key(url) or url


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
    return _given({"url": outline.url, "title": outline.title, "topics": mine, "id": outline.id})


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


@sources_command.command("export")
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
