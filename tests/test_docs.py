"""Docs that can't lie: every command, key and module is in the README; the schema is current; the starter is the config."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import click
import jsonschema
import pytest

from aggregator.cli import COMMANDS, group
from aggregator.config import load
from aggregator.config.model import (
    File,
    Fold,
    Hook,
    Log,
    Poll,
    Publish,
    Retention,
    Serve,
    Service,
    Source,
    Topic,
)
from aggregator.model import Entry
from aggregator.parse import stories as story_files
from aggregator.render import formats
from aggregator.topics import compiled, label

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SCHEMA = ROOT / "aggregator" / "config" / "schema.json"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command: str) -> None:
    assert re.search(rf"`{command}\b", README), command


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_of_each_what_its_own_help_begins_with(name: str) -> None:
    """The list is made without the commands' modules."""
    command = group.get_command(click.Context(group), name)
    assert command is not None and COMMANDS[name][1].removesuffix(".") in " ".join(str(command.help).split())


def test_every_option_is_in_the_readme() -> None:
    context = click.Context(group)
    for name in COMMANDS:
        command = group.get_command(context, name)
        assert command is not None
        for one in command.commands.values() if isinstance(command, click.Group) else (command,):
            for option in (
                option for parameter in one.params for option in parameter.opts if option.startswith("--")
            ):
                assert re.search(rf"`[^`]*{option}\b", README), f"{name} {one.name} {option}"


@pytest.mark.parametrize(
    "section",
    [Service, Poll, Fold, Publish, Retention, Serve, Source, Topic, Hook, Log],
    ids=lambda one: one.__name__,
)
def test_every_key_is_in_the_readme(section: type) -> None:
    for key in section.model_fields:  # type: ignore[attr-defined]  # a pydantic model
        assert re.search(rf"`{key}\b", README), f"{section.__name__}.{key}"


def test_every_format_is_in_the_readme() -> None:
    """What is published, and the types that nginx gives it."""
    for form in formats.FORMATS.values():
        assert re.search(rf"`(ID|index|feeds)\{form.ending}`", README), form.name
        assert f"{form.media_type} {form.ending[1:]};" in README, form.media_type


def test_every_module_is_in_the_readme() -> None:
    for path in (ROOT / "aggregator").iterdir():
        name = path.name.removesuffix(".py")
        if (path.suffix == ".py" or (path / "__init__.py").exists()) and not name.startswith("__"):
            assert re.search(rf"\b{name}\b", README), name


def test_the_schema_is_current() -> None:
    assert json.loads(SCHEMA.read_text()) == File.model_json_schema(), "write it anew: scripts/schema"


@pytest.mark.parametrize(
    "path",
    [ROOT / "config.toml", ROOT / "aggregator" / "config" / "starter.toml"],
    ids=lambda path: path.name,
)
def test_configs_are_valid_by_schema_too(path: Path) -> None:
    jsonschema.validate(tomllib.loads(path.read_text(encoding="utf-8")), json.loads(SCHEMA.read_text()))
    load(path, {})


def test_the_starter_is_the_config() -> None:
    assert (ROOT / "config.toml").read_bytes() == (
        ROOT / "aggregator" / "config" / "starter.toml"
    ).read_bytes()


WANTED = {
    "North Korean leader": {"asia-pacific", "europe-russia"}, "Michael Dell": {"us-politics", "business"}, "Hong Kong Faces": {"asia-pacific"},
    "Taiwan Opposition": {"asia-pacific", "technology"}, "China Urged": {"asia-pacific"}, "Trump Administration Halts": {"us-politics"},
    "Honduras Election Turmoil Deepens": {"americas"}, "UN Chief": {"middle-east"}, "U.S. Repatriation": {"americas", "us-politics"},
    "Australia and Japan": {"asia-pacific"}, "Honduras Election Turmoil Intensifies": {"americas"}, "California Launches": {"us-politics"},
    "U.S. Justice Department": {"us-politics"}, "U.S.-Russia Talks": {"europe-russia"}, "New Orleans": {"us-politics"}, "Taiwan Signals": {"asia-pacific", "americas"},
    "Trump Administration Tightens": {"us-politics"},
}  # fmt: skip


# What an editor may well agree with too.
MAY = {
    "China Urged": {"business"},
    "Honduras Election": {"us-politics"},
    "Trump Administration": {"business"},
}

# Headlines and topics that a rule of single words gets wrong easily.
ASTRAY = [
    ("Israel advances West Bank land registration", "business"), ("Truck drives into Christmas market in Berlin", "business"), ("Stockholm hosts the peace talks", "business"), ("Bank of England governor warns of a slowdown", "us-politics"),
    ("Indiana votes on a new map of districts", "asia-pacific"), ("Indianapolis floods after storm", "asia-pacific"), ("A meta-analysis of sleep in old age", "technology"), ("Critics peruse a long novel", "americas"), ("How to polish old silver", "europe-russia"),
]  # fmt: skip


@pytest.mark.parametrize(("title", "topic"), ASTRAY, ids=[title for title, _ in ASTRAY])
def test_a_story_is_not_placed_where_no_editor_would(title: str, topic: str) -> None:
    config = load(ROOT / "config.toml", {})
    rules = compiled(config.topics, config.sources)
    assert topic not in {one.topic for one in label(rules, Entry("x", "k", title=title, text=title), "X")}


def test_every_seed_story_has_its_topics() -> None:
    from aggregator.model import Fetched, Limits

    config = load(ROOT / "config.toml", {})
    assert len(config.topics) >= 6 and sum(source.url is not None for source in config.sources) >= 15
    rules = compiled(config.topics, config.sources)
    seed = next((ROOT / "aggregator" / "seeds").glob("*.txt"))
    entries = story_files.read(
        "seed-stories", Fetched(seed.as_uri(), 1, body=seed.read_bytes()), Limits()
    ).entries
    assert len(entries) == len(WANTED) == 17
    for entry in entries:
        found = {one.topic for one in label(rules, entry, "Seed stories")}
        wanted = next(topics for start, topics in WANTED.items() if entry.title.startswith(start))
        assert wanted <= found <= wanted | MAY.get(" ".join(entry.title.split()[:2]), set()), (
            entry.title,
            found,
        )
