"""`add`, `overrides`, `topics`: what an editor does beside the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import IO

import click

from aggregator import answers, cycle
from aggregator.cli.groups import Group
from aggregator.cli.moments import ago, from_when, now, rfc3339
from aggregator.cli.output import counted, print_json, table
from aggregator.cli.settings import Settings, common
from aggregator.config import Config
from aggregator.config.ids import named_id
from aggregator.errors import UsageError
from aggregator.model import Topic
from aggregator.store import Store, is_there, open_reader
from aggregator.suggest import Suggestion

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


def _group(name: str, help_: str) -> Callable[[Callable[[], None]], click.Group]:
    def decorate(function: Callable[[], None]) -> click.Group:
        return click.group(name, cls=Group, help=help_)(function)

    return decorate


@_group("overrides", "Your words on folds and topics: what was split, joined or put somewhere by hand.")
def overrides_command() -> None:
    pass


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


@_group("topics", "The topics of the config.")
def topics_command() -> None:
    pass


@topics_command.command("suggest")
@click.option(
    "--since",
    default="7d",
    show_default=True,
    metavar="D",
    help="Look at events since a date or so long ago.",
)
@click.option("--limit", type=click.IntRange(1, 100), default=10, show_default=True)
@common(json_output=True)
def topics_suggest(settings: Settings, since: str, limit: int) -> None:
    """Groups of events that are in no topic, with their telling words, as TOML for config.toml."""
    config = settings.load(secrets=False)
    begin = from_when(since, now())
    with open_reader(config.database) as store:
        found = answers.suggested(store, begin, limit)
    if settings.json:
        print_json([_suggested_json(one) for one in found])
        return
    for text in _as_toml(found, {topic.id for topic in config.topics}):
        click.echo(text)
    if not found:
        settings.say(f"nothing since {rfc3339(begin)} that is in no topic has enough in common")


def _as_toml(found: Sequence[Suggestion], taken: set[str]) -> Iterator[str]:
    """Each as a topic with an id of its own, which is then taken, too."""
    for one in found:
        name = named_id(one.words[0], "", taken, "topic")
        taken.add(name)
        yield _topic_toml(name, one)


def _rule(words: tuple[str, ...]) -> str:
    return " OR ".join(words)


SHOWN = 4  # headlines of a suggestion


def _topic_toml(name: str, found: Suggestion) -> str:
    lines = [
        f"# {counted(len(found.events), 'event')}, such as:",
        *(f"#   {event.headlines[0]}" for event in found.events[:SHOWN]),
        "[[topics]]",
        f'id    = "{name}"',
        f'title = "{found.words[0].title()}"',
        f"match = '{_rule(found.words)}'",
        "",
    ]
    return "\n".join(lines)


def _suggested_json(one: Suggestion) -> dict[str, object]:
    return {
        "words": list(one.words),
        "match": _rule(one.words),
        "events": len(one.events),
        "headlines": [event.headlines[0] for event in one.events],
    }


def _topic_json(topic: Topic, told: int, newest: int | None, of: Sequence[str]) -> dict[str, object]:
    """`of`: sources everything of which belongs there."""
    return {
        "id": topic.id,
        "title": topic.title,
        "match": topic.match,
        "exclude": topic.exclude,
        "sources": list(of),
        "starter": list(topic.starters),
        "like": list(topic.like),
        "learn": topic.learn,
        "stories": told,
        "newest": rfc3339(newest),
    }


@topics_command.command("list")
@common(json_output=True)
def topics_list(settings: Settings) -> None:
    """Each topic: how many stories it has, the newest one, and its rule."""
    config, present = settings.load(secrets=False), now()
    if not is_there(config.database):
        raise UsageError(f"{config.database}: nothing was polled yet; `aggregator run` does the first cycle")
    with open_reader(config.database) as store:
        counts = answers.topic_counts(store)
    rows = [(topic, *counts.get(topic.id, (0, None)), _sources_of(config, topic)) for topic in config.topics]
    if settings.json:
        print_json([_topic_json(*row) for row in rows])
        return
    cells = [
        (topic.id, topic.title, str(told), ago(newest, present), _shown_rule(topic, of))
        for topic, told, newest, of in rows
    ]
    table(("topic", "title", "stories", "newest", "rule"), cells)


def _sources_of(config: Config, topic: Topic) -> list[str]:
    """Those that the topic names, and those that name the topic."""
    naming = (source.id for source in config.sources if topic.id in source.topics)
    return list(dict.fromkeys([*topic.sources, *naming]))


NAMED = 5  # sources of a topic, in a line


def _shown_rule(topic: Topic, of: Sequence[str]) -> str:
    """All that places a story there."""
    more = f" and {len(of) - NAMED} more" if len(of) > NAMED else ""
    parts = (
        topic.match,
        f"starter {', '.join(topic.starters)}" if topic.starters else "",
        f"all of {', '.join(of[:NAMED])}{more}" if of else "",
        f"like {counted(len(topic.like), 'example')}" if topic.like else "",
        "what it learns" if topic.learn else "",
    )
    return "; ".join(part for part in parts if part) or "–"
