"""`sources add`: from the address of a site, a feed or a file to a source of the config.

In: an address. Out: another `config.toml`, or the feeds to choose from. Start reading at `add_command`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aggregator import cycle, opml, poll, urls
from aggregator.cli.output import counted, print_json
from aggregator.cli.settings import Settings, common
from aggregator.config import Config, edit
from aggregator.config.ids import RESERVED
from aggregator.config.load import refuse_unknown_topics
from aggregator.errors import NoConnectionError, UsageError
from aggregator.model import Source, Task

if TYPE_CHECKING:  # a command that polls nothing does not load it
    from aggregator.cycle.discovery import Candidate


@click.command("add")
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
    fields = edit.given({"topics": list(topics), "id": wanted_id})
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
    added = edit.add_source(settings.path, fields | edit.given({"url": chosen.url, "title": chosen.title}))
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
    known = {urls.address_key(source.url) for source in config.sources if source.url}
    others = [candidate for candidate in found if urls.address_key(candidate.url) not in known]
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
        if source.url and urls.address_key(source.url) == urls.address_key(url):
            raise UsageError(f"{url}: is a source already, as {source.id}")
