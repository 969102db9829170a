"""Docs that can't lie: every command, key and module is in the README, and what it shows is executed; the schema is
current; the starter is the config.
"""

from __future__ import annotations

import ast
import importlib
import json
import re
import shlex
import shutil
import subprocess
import tomllib
import types
from pathlib import Path

import click
import jsonschema
import pytest
from click.testing import CliRunner

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
    "North Korean leader": {"asia-pacific", "europe-russia"},
    "Michael Dell": {"us-politics", "business"},
    "Hong Kong Faces": {"asia-pacific"},
    "Taiwan Opposition": {"asia-pacific", "technology"},
    "China Urged": {"asia-pacific"},
    "Trump Administration Halts": {"us-politics"},
    "Honduras Election Turmoil Deepens": {"americas"},
    "UN Chief": {"middle-east"},
    "U.S. Repatriation": {"americas", "us-politics"},
    "Australia and Japan": {"asia-pacific"},
    "Honduras Election Turmoil Intensifies": {"americas"},
    "California Launches": {"us-politics"},
    "U.S. Justice Department": {"us-politics"},
    "U.S.-Russia Talks": {"europe-russia"},
    "New Orleans": {"us-politics"},
    "Taiwan Signals": {"asia-pacific", "americas"},
    "Trump Administration Tightens": {"us-politics"},
}


# What an editor may well agree with too.
MAY = {
    "China Urged": {"business"},
    "Honduras Election": {"us-politics"},
    "Trump Administration": {"business"},
}

# Headlines and topics that a rule of single words gets wrong easily.
ASTRAY = [
    ("Israel advances West Bank land registration", "business"),
    ("Truck drives into Christmas market in Berlin", "business"),
    ("Stockholm hosts the peace talks", "business"),
    ("Bank of England governor warns of a slowdown", "us-politics"),
    ("Indiana votes on a new map of districts", "asia-pacific"),
    ("Indianapolis floods after storm", "asia-pacific"),
    ("A meta-analysis of sleep in old age", "technology"),
    ("Critics peruse a long novel", "americas"),
    ("How to polish old silver", "europe-russia"),
]


@pytest.mark.parametrize(("title", "topic"), ASTRAY, ids=[title for title, _ in ASTRAY])
def test_a_story_is_not_placed_where_no_editor_would(title: str, topic: str) -> None:
    config = load(ROOT / "config.toml", {})
    rules = compiled(config.topics, config.sources)
    assert topic not in {one.topic for one in label(rules, Entry("x", "k", title=title, text=title), "X")}


def test_every_seed_story_has_its_topics() -> None:
    from aggregator.model import FetchResult, Limits

    config = load(ROOT / "config.toml", {})
    assert len(config.topics) >= 6 and sum(source.url is not None for source in config.sources) >= 15
    rules = compiled(config.topics, config.sources)
    seed = next((ROOT / "aggregator" / "seeds").glob("*.txt"))
    entries = story_files.read(
        "seed-stories", FetchResult(seed.as_uri(), 1, body=seed.read_bytes()), Limits()
    ).entries
    assert len(entries) == len(WANTED) == 17
    for entry in entries:
        found = {one.topic for one in label(rules, entry, "Seed stories")}
        wanted = next(topics for start, topics in WANTED.items() if entry.title.startswith(start))
        assert wanted <= found <= wanted | MAY.get(" ".join(entry.title.split()[:2]), set()), (
            entry.title,
            found,
        )


# ---------------------------------------------------------------- what the README shows


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


def shown(text: str) -> list[tuple[str, str]]:
    """(command, output) of a console block."""
    parts = re.split(r"^\$ (.*)\n", text, flags=re.M)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def is_shown(output: str, said: str) -> bool:
    """Whether it says this; `…` stands for what differs from time to time."""
    return re.fullmatch(re.escape(output).replace("…", ".+"), said) is not None


def test_what_the_readme_shows_is_what_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All console blocks, one after the other, in one folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AGGREGATOR_CONFIG", raising=False)
    sessions = [step for block in blocks("console") for step in shown(block)]
    assert len(sessions) >= 7
    for command, output in sessions:
        program, *words = shlex.split(command)
        if program == "cd":
            monkeypatch.chdir(words[0])
            continue
        assert program == "aggregator", command
        done = CliRunner().invoke(group, words, prog_name="aggregator")
        assert done.exit_code == 0, done.output
        assert is_shown(output, done.output), f"{command}\n{done.output}"


@pytest.mark.parametrize(
    ("output", "said", "expected"),
    [
        ("a …\n", "a 17 b\n", True),
        ("a …\n", "a \n", False),
        ("a.b\n", "a-b\n", False),
        ("…\n", "a\nb\n", False),
        ("", "a\n", False),
    ],
)
def test_how_outputs_are_compared(output: str, said: str, expected: bool) -> None:
    assert is_shown(output, said) == expected


# Commands that need root, a network or other machines: the tests that try what they do.
ELSEWHERE = {
    "scripts/run": "test_docs",
    "scripts/run serve": "test_docs",
    "sudo scripts/install-systemd": "test_install",
    "dask scheduler": "test_dask",
    "dask worker tcp://10.0.0.5:8786": "test_dask",
    "aggregator daemon": "test_daemon",
}


def test_other_commands_of_the_readme_are_tried_elsewhere() -> None:
    commands = {line.partition("#")[0].strip() for block in blocks("sh") for line in block.splitlines()}
    assert commands <= set(ELSEWHERE)
    for command, name in ELSEWHERE.items():
        assert command in README
        word = command.removeprefix("sudo scripts/").split()[-1 if "daemon" in command else 0]
        assert word.split("/")[-1] in (ROOT / "tests" / f"{name}.py").read_text(encoding="utf-8"), command


def test_scripts_run_sets_up_and_passes_on_what_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "run", tmp_path / "scripts" / "run")
    for path, text in (
        ("scripts/setup", "echo set up"),
        (".venv/bin/aggregator", 'echo "$(basename "$PWD")" "$@"'),
    ):
        (tmp_path / path).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / path).chmod(0o755)
    for words, expected in (([], f"{tmp_path.name} run --verbose"), (["serve"], "/ serve")):
        done = subprocess.run(
            [tmp_path / "scripts" / "run", *words], cwd="/", capture_output=True, text=True, check=True
        )
        assert done.stdout == f"set up\n{expected}\n"


def test_the_path_of_an_entry_is_through_functions_that_exist() -> None:
    walk = README.partition("The path of one entry")[2].partition("\n\nWhat people add")[0]
    names = re.findall(r"`([a-z_.]+(?:\.[A-Z]\w+)?(?:\.\w+)?)`", walk)
    assert len(names) >= 25
    assert [name for name in names if not is_there(importlib.import_module("aggregator"), name)] == []


PACKAGE = ROOT / "aggregator"
LARGE = 300  # lines of a module from which on it says where to begin


def named_by(path: Path) -> tuple[str, list[str]]:
    """(module, the names that its docstring tells to start with)."""
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    first = " ".join(text.split()).partition("Start reading at ")[2].partition(";")[0]
    return module, re.findall(r"`([\w.]+)`", first.partition(". ")[0])


def test_packages_and_large_modules_say_where_to_start_reading() -> None:
    for path in sorted(PACKAGE.rglob("*.py")):
        module, names = named_by(path)
        lines = path.read_text(encoding="utf-8").count("\n")
        is_large = lines >= LARGE and path.parent.name != "store"
        assert names or not (path.name == "__init__.py" or is_large), f"{module}: {lines} lines"
        for name in names:
            assert (path.parent / name).exists() or is_there(importlib.import_module(module), name), (
                module,
                name,
            )


def is_there(found: object, name: str) -> bool:
    """Whether it has what this name leads to, be it a module that was not loaded yet."""
    for part in name.split("."):
        if not hasattr(found, part) and isinstance(found, types.ModuleType):
            try:
                found = importlib.import_module(f"{found.__name__}.{part}")
            except ImportError:
                return False
        else:
            found = getattr(found, part, None)
    return found is not None


def test_the_readme_goes_from_why_to_how_it_is_built() -> None:
    assert re.findall(r"^## (.*)", README, re.M) == [
        "Try it",
        "Use it",
        "Configure it",
        "Run it for real",
        "How it works",
        "How good it is",
        "How it is built",
    ]


def test_files_that_the_readme_leads_to_are_there() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert pictures and all((ROOT / path).stat().st_size < 150_000 for path in pictures)
    named = re.findall(r"`((?:aggregator|scripts|tests)/[\w./-]+)", README)
    assert len(named) > 15 and [path for path in named if not (ROOT / path).exists()] == []
