"""`help`: of a command, and of a key of the config, from the schema that editors read too."""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Iterator, Sequence
from typing import Any

import click

from aggregator.cli.settings import Settings, common
from aggregator.errors import UsageError
from aggregator.text.phrases import nearest

Schema = dict[str, Any]


@click.command("help")
@click.argument("words", nargs=-1, metavar="[COMMAND… | config [SECTION.KEY]]")
@common()
def help_command(settings: Settings, words: tuple[str, ...]) -> None:
    """What a command does, or a key of the config: `help config topics.learn`."""
    context = click.get_current_context()
    if words[:1] == ("config",):
        for line in _of_config(words[1] if len(words) > 1 else ""):
            click.echo(line)
        return
    found = _context(context.find_root(), words)
    click.echo(found.command.get_help(found))


def _context(root: click.Context, words: tuple[str, ...]) -> click.Context:
    """Of the command that `words` lead to from the root. Raises UsageError."""
    found = root
    for word in words:
        group = found.command
        inner = group.get_command(found, word) if isinstance(group, click.Group) else None
        if inner is None:
            names = group.list_commands(found) if isinstance(group, click.Group) else []
            near = nearest(word.lower(), names)
            meant = f'did you mean "{near}"?' if near else "`aggregator --help` lists them"
            raise UsageError(f'help: there is no command "{" ".join(words)}"; {meant}')
        found = click.Context(inner, found, word)
    return found


def keys() -> dict[str, Schema]:
    """`section.key` → its schema, in the order of the file."""
    schema: Schema = json.loads(pkgutil.get_data("aggregator.config", "schema.json") or b"{}")
    shapes = schema["$defs"]
    return {
        f"{section}.{key}": one
        for section, said in schema["properties"].items()
        for key, one in _shape(said, shapes).get("properties", {}).items()
    }


def _shape(said: Schema, shapes: dict[str, Schema]) -> Schema:
    """The section behind a reference, a list, or a choice with null."""
    if "$ref" in said:
        return _shape(shapes[said["$ref"].rpartition("/")[2]], shapes)
    if "items" in said:
        return _shape(said["items"], shapes)
    for option in said.get("anyOf", ()):
        if "$ref" in option:
            return _shape(option, shapes)
    return said


def _of_config(wanted: str) -> Iterator[str]:
    known = keys()
    found = [key for key in known if wanted in (key, key.partition(".")[0], key.partition(".")[2], "")]
    if not found:
        raise _unknown(wanted, [*known, *(key.partition(".")[2] for key in known)])
    for key in found:
        yield f"{key}  {_kind(known[key])}"
        if text := known[key].get("description"):
            yield f"    {text}"


def _unknown(wanted: str, names: Sequence[str]) -> UsageError:
    near = nearest(wanted, names)
    meant = f'; did you mean "{near}"?' if near else ""
    return UsageError(f'help config: there is no key "{wanted}"{meant}')


def _kind(said: Schema) -> str:
    """What may stand there, and what holds where nothing does."""
    options = said.get("anyOf", [said])
    words = " | ".join(dict.fromkeys(_one(option) for option in options if option.get("type") != "null"))
    if "default" not in said or said["default"] is None:
        return words
    examples: Sequence[str] = next((one["examples"] for one in options if "examples" in one), ())
    return f"{words}, default {_as_written(said['default'], examples)}"


# What a unit stands for, the largest first, as `config.units` reads them.
_DURATIONS = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))
_SIZES = (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000), ("B", 1))


def _as_written(default: object, examples: Sequence[str]) -> str:
    """As config.toml would have it: a duration or a size with its unit."""
    if isinstance(default, dict):
        return f"{{ {', '.join(f'{key} = {json.dumps(value)}' for key, value in default.items())} }}"
    if not examples or type(default) is not int:
        return json.dumps(default, ensure_ascii=False)
    return f'"{_with_unit(default, _SIZES if examples[0].endswith("B") else _DURATIONS)}"'


def _with_unit(value: int, units: Sequence[tuple[str, int]]) -> str:
    """`units`: with their sizes, the largest first: the first that it is a multiple of."""
    fitting = ((value // size, unit) for unit, size in units if value and value % size == 0)
    number, unit = next(fitting, (0, units[-1][0]))
    return f"{number}{unit}"


def _one(option: Schema) -> str:
    if "enum" in option:
        return " | ".join(json.dumps(value) for value in option["enum"])
    if "const" in option:
        return json.dumps(option["const"])
    if "$ref" in option:
        return "table"
    if option.get("type") == "array":
        return f"list of {_one(option.get('items', {}))}"
    if examples := option.get("examples"):
        return f"such as {json.dumps(examples[0])}"
    return {"string": "text", "integer": "number", "boolean": "true | false", "object": "table"}.get(
        option.get("type", ""), "value"
    )
