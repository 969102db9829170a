"""A config that is as its JSON Schema says, read without pydantic, which takes longer to load than a cycle
with nothing to do takes in all. Whatever is otherwise is left to pydantic, which says in words what it is.
"""

from __future__ import annotations

import functools
import json
import pkgutil
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from aggregator.config import units

Schema = dict[str, Any]
# Of JSON Schema what the shape of the config uses; tests hold that it uses nothing else.
KEYWORDS = frozenset({
    "$defs", "$ref", "additionalProperties", "anyOf", "const", "default", "description", "enum", "examples",
    "items", "maxItems", "maxLength", "maxProperties", "maximum", "minItems", "minLength", "minimum",
    "pattern", "properties", "required", "title", "type",
})  # fmt: skip
_UNITS: dict[str, Callable[[str], int]] = {
    units.DURATION: units.duration,
    units.SOME_DURATION: units.duration,
    units.SIZE: units.size,
    units.SOME_SIZE: units.size,
}


class _Doubt(Exception):
    """Something is not as the schema says."""


Reader = Callable[[Any], Any]
"""A value as TOML has it → as the model of pydantic has it; _Doubt where it is not as one schema says."""


def read(raw: dict[str, Any]) -> SimpleNamespace | None:
    """What TOML says, with defaults, durations in seconds and sizes in bytes, as the model of pydantic has
    it; None where that has to look at it.
    """
    schema = json.loads(pkgutil.get_data("aggregator.config", "schema.json") or b"{}")
    try:
        found = _reader(schema, schema["$defs"])(raw)
    except _Doubt:
        return None
    assert isinstance(found, SimpleNamespace)
    return found


def _reader(schema: Schema, shapes: dict[str, Schema]) -> Reader:
    """Made once, for thousands of values of one schema."""
    while "$ref" in schema:
        schema = shapes[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        return _any_of([_reader(option, shapes) for option in schema["anyOf"]])
    make = _READERS.get(schema["type"])
    read = make(schema, shapes) if make else _nothing
    return _one_of(schema["enum"], read) if "enum" in schema else read


def _any_of(readers: Sequence[Reader]) -> Reader:
    def any_of(value: Any) -> Any:
        for read in readers:
            try:
                return read(value)
            except _Doubt:
                continue
        raise _Doubt

    return any_of


def _one_of(known: Sequence[Any], read: Reader) -> Reader:
    def one_of(value: Any) -> Any:
        if value not in known:
            raise _Doubt
        return read(value)

    return one_of


def _nothing(value: Any) -> Any:
    """Of what TOML has no value for."""
    raise _Doubt


def _text(schema: Schema, shapes: dict[str, Schema]) -> Reader:
    least, most = schema.get("minLength", 0), schema.get("maxLength", sys.maxsize)
    pattern = schema.get("pattern")

    def text(value: Any) -> str:
        if type(value) is not str or not least <= len(value) <= most:
            raise _Doubt
        return value

    return text if pattern is None else _patterned(pattern, text)


_compiled = functools.cache(re.compile)  # those that are needed, each once


def _patterned(pattern: str, read: Reader) -> Reader:
    unit = _UNITS.get(pattern)

    def patterned(value: Any) -> str | int:
        text: str = read(value)
        if not _compiled(pattern).fullmatch(text):
            raise _Doubt
        try:
            return unit(text) if unit else text
        except ValueError:
            raise _Doubt from None

    return patterned


def _number(schema: Schema, shapes: dict[str, Schema]) -> Reader:
    least, most = schema.get("minimum", -sys.maxsize), schema.get("maximum", sys.maxsize)

    def number(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise _Doubt
        return value

    return number


def _truth(schema: Schema, shapes: dict[str, Schema]) -> Reader:
    wanted = (schema["const"],) if "const" in schema else (False, True)

    def truth(value: Any) -> bool:
        if type(value) is not bool or value not in wanted:
            raise _Doubt
        return value

    return truth


def _list(schema: Schema, shapes: dict[str, Schema]) -> Reader:
    least, most = schema.get("minItems", 0), schema.get("maxItems", sys.maxsize)
    read = _reader(schema["items"], shapes)

    def items(value: Any) -> list[Any]:
        if type(value) is not list or not least <= len(value) <= most:
            raise _Doubt
        return [read(one) for one in value]

    return items


def _table(schema: Schema, shapes: dict[str, Schema]) -> Reader:
    return _section(schema, shapes) if "properties" in schema else _names(schema, shapes)


def _names(schema: Schema, shapes: dict[str, Schema]) -> Reader:
    """Of a table with any names."""
    most, read = schema.get("maxProperties", sys.maxsize), _reader(schema["additionalProperties"], shapes)

    def names(value: Any) -> dict[str, Any]:
        if type(value) is not dict or len(value) > most:
            raise _Doubt
        return {name: read(one) for name, one in value.items()}

    return names


def _section(schema: Schema, shapes: dict[str, Schema]) -> Reader:
    """Of a table whose keys are known."""
    known = {name: _reader(one, shapes) for name, one in schema["properties"].items()}
    defaults = _defaults(schema["properties"], known)
    required = known.keys() - defaults.keys()

    def section(value: Any) -> SimpleNamespace:
        if type(value) is not dict or not required <= value.keys() <= known.keys():
            raise _Doubt
        found = SimpleNamespace(**defaults)
        vars(found).update((name, known[name](one)) for name, one in value.items())
        return found

    return section


def _defaults(schemas: Mapping[str, Schema], known: Mapping[str, Reader]) -> dict[str, Any]:
    """Of a section what its keys have; without keys that have to be there."""
    given = {
        name: {} if "$ref" in one else one["default"] for name, one in schemas.items() if "default" in one
    }
    return {name: known[name](one) if isinstance(one, dict) else one for name, one in given.items()}


_READERS: dict[str, Callable[[Schema, dict[str, Schema]], Reader]] = {
    "string": _text, "integer": _number, "boolean": _truth, "array": _list, "object": _table,
}  # fmt: skip
