"""`topics`: those of the config, and some that it might have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from aggregator import answers
from aggregator.cli.groups import Group
from aggregator.cli.moments import ago, from_when, now, rfc3339
from aggregator.cli.output import counted, print_json, table
from aggregator.cli.settings import Settings, common
from aggregator.config import Config
from aggregator.config.ids import named_id
from aggregator.errors import UsageError
from aggregator.model import Topic
from aggregator.store import is_there, open_reader
from aggregator.suggest import Suggestion

SHOWN = 4  # headlines of a suggestion
NAMED = 5  # sources of a topic, in a line


@click.group("topics", cls=Group)
def topics_command() -> None:
    """The topics of the config."""


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
