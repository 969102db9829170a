"""`add`, `pin`, `hide`, `overrides`: what an editor does beside the rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO

import click

from aggregator import answers, cycle
from aggregator.cli.groups import Group
from aggregator.cli.moments import ago, now, rfc3339
from aggregator.cli.output import print_json, table
from aggregator.cli.settings import Settings, common
from aggregator.errors import UsageError
from aggregator.store import Store, open_reader

LARGEST = 1_000_000  # bytes of a text; more is no story


@click.command("add")
@click.argument("file", type=click.File("rb"), required=False)
@click.option("--title", required=True, help="The headline.")
@click.option("--link", metavar="URL", help="Where it can be read; without one it has a page of its own.")
@click.option(
    "--topic",
    "topics",
    metavar="ID",
    multiple=True,
    help="A topic that it belongs to, whatever the rules say.",
)
@click.option("--date", metavar="D", help="When it was published. [default: now]")
@common(json_output=True)
def add_command(
    settings: Settings,
    file: IO[bytes] | None,
    title: str,
    link: str | None,
    topics: tuple[str, ...],
    date: str | None,
) -> None:
    """Publish a story by hand; its text comes from FILE, or from standard input for -."""
    config, text = settings.load(), _text(file)
    with settings.writer(config) as store:
        public_id = cycle.add(config, store, title, text, link, topics, date, now())
        cycle.fold_again(config, store, now())
        found, _ = answers.told_enough(store, answers.why(store, public_id))
    if settings.json:
        print_json(_added_json(public_id, found))
        return
    settings.say(_added_line(public_id, found))


def _added_line(public_id: str, found: answers.Explanation) -> str:
    is_folded = found.story.public_id != public_id
    within = f" within the story “{answers.headline(found.story)}”" if is_folded else ""
    topics = ", ".join(_topics(found)) or "none"
    return f"entry {found.member.entry.id} is published{within}; topics: {topics}"


def _topics(found: answers.Explanation) -> list[str]:
    return sorted({topic for topic, _, _ in found.labels})


def _added_json(public_id: str, found: answers.Explanation) -> dict[str, object]:
    return {
        "entry": public_id,
        "number": found.member.entry.id,
        "story": found.story.public_id,
        "event": found.event_id,
        "topics": _topics(found),
    }


def _text(file: IO[bytes] | None) -> str:
    if file is None:
        return ""
    name = getattr(file, "name", "the standard input")
    body = file.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise UsageError(f"{name}: is larger than {LARGEST // 1_000_000} MB; a story is shorter")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}: byte {error.start + 1} is not UTF-8; save the file as UTF-8") from None


@click.group("overrides", cls=Group)
def overrides_command() -> None:
    """Your words on folds and topics: what was split, joined or put somewhere by hand."""


@overrides_command.command("list")
@common(json_output=True)
def overrides_list(settings: Settings) -> None:
    """All of them, the oldest first."""
    config, present = settings.load(secrets=False), now()
    with open_reader(config.database) as store:
        words = answers.overrides(store)
    if settings.json:
        print_json([_override_json(one) for one in words])
        return
    if not words:
        settings.say("no overrides; `aggregator split` and `aggregator join` make some")
        return
    table(("when", "word", "entry", "of"), [_override_cells(one, present) for one in words])


def _override_json(one: answers.Word) -> dict[str, object]:
    return {
        "kind": one.kind,
        "level": one.level,
        "at": rfc3339(one.at),
        "number": one.number or None,
        "entry": one.a,
        "other": one.b,
        "title": one.title,
        "other_title": one.other,
    }


def _override_cells(one: answers.Word, present: int) -> tuple[str, ...]:
    word = f"{one.kind} {one.level}" if one.kind != one.level else one.kind
    mine, other = _shown(one.number, one.title, one.a), _shown(one.other_number, one.other, one.b)
    return ago(one.at, present), word, mine, other


def _shown(number: int, title: str, name: str) -> str:
    """An entry by its number, which `--undo` and `why` take, and its headline; else by the known name."""
    return f"{number} {title}".rstrip() if number else name


@click.command("pin")
@click.argument("entry")
@click.option("--undo", is_flag=True, help="It leads no more than others.")
@common(json_output=True)
def pin_command(settings: Settings, entry: str, undo: bool) -> None:
    """ENTRY (id, link or guid) leads its story and event, whatever else is told, for good."""
    _decide(settings, entry, cycle.unpin if undo else lambda store, name: cycle.pin(store, name, now()))


@click.command("hide")
@click.argument("entry")
@click.option("--undo", is_flag=True, help="It is published again.")
@common(json_output=True)
def hide_command(settings: Settings, entry: str, undo: bool) -> None:
    """The story of ENTRY (id, link or guid) is published no more; it stays stored."""
    _decide(settings, entry, cycle.unhide if undo else lambda store, name: cycle.hide(store, name, now()))


def _decide(settings: Settings, entry: str, word: Callable[[Store, str], str]) -> None:
    config = settings.load()
    with settings.writer(config, make=False) as store:
        done = word(store, entry)
        cycle.fold_again(config, store, now())
    if settings.json:
        print_json({"done": done})
        return
    settings.say(done)
