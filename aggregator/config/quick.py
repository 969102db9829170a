"""A config that is as its JSON Schema says, read without pydantic, which takes longer to load than a cycle
with nothing to do takes in all. Whatever is otherwise is left to pydantic, which says in words what it is.
"""

from __future__ import annotations

import json
import pkgutil
import re
from collections.abc import Callable
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


def read(raw: dict[str, Any]) -> SimpleNamespace | None:
    """What TOML says, with defaults, durations in seconds and sizes in bytes, as the model of pydantic has
    it; None where that has to look at it.
    """
    schema = json.loads(pkgutil.get_data("aggregator.config", "schema.json") or b"{}")
    try:
        found = _read(raw, schema, schema["$defs"])
    except _Doubt:
        return None
    assert isinstance(found, SimpleNamespace)
    return found


def _read(value: Any, schema: Schema, shapes: dict[str, Schema]) -> Any:
    while "$ref" in schema:
        schema = shapes[schema["$ref"].rpartition("/")[2]]
    for option in schema.get("anyOf", ()):
        try:
            return _read(value, option, shapes)
        except _Doubt:
            continue
    reader = _READERS.get(schema.get("type", ""))
    if reader is None or ("enum" in schema and value not in schema["enum"]):
        raise _Doubt
    return reader(value, schema, shapes)


def _text(value: Any, schema: Schema, shapes: dict[str, Schema]) -> str | int:
    if type(value) is not str:
        raise _Doubt
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        raise _Doubt
    pattern = schema.get("pattern")
    if pattern is None:
        return value
    if not re.fullmatch(pattern, value):
        raise _Doubt
    try:
        return _UNITS[pattern](value) if pattern in _UNITS else value
    except ValueError:
        raise _Doubt from None


def _number(value: Any, schema: Schema, shapes: dict[str, Schema]) -> int:
    if type(value) is not int or not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        raise _Doubt
    return value


def _truth(value: Any, schema: Schema, shapes: dict[str, Schema]) -> bool:
    if type(value) is not bool or schema.get("const", value) != value:
        raise _Doubt
    return value


def _list(value: Any, schema: Schema, shapes: dict[str, Schema]) -> list[Any]:
    if type(value) is not list or not schema.get("minItems", 0) <= len(value) <= schema.get(
        "maxItems", len(value)
    ):
        raise _Doubt
    return [_read(one, schema["items"], shapes) for one in value]


def _table(value: Any, schema: Schema, shapes: dict[str, Schema]) -> SimpleNamespace | dict[str, Any]:
    if type(value) is not dict:
        raise _Doubt
    if "properties" not in schema:
        if len(value) > schema.get("maxProperties", len(value)):
            raise _Doubt
        return {name: _read(one, schema["additionalProperties"], shapes) for name, one in value.items()}
    known: dict[str, Schema] = schema["properties"]
    if not value.keys() <= known.keys():
        raise _Doubt
    return SimpleNamespace(**{
        name: _read(value[name], one, shapes) if name in value else _default(one, shapes)
        for name, one in known.items()
    })  # fmt: skip


def _default(schema: Schema, shapes: dict[str, Schema]) -> Any:
    """Of a section what its keys have; a key without a default has to be there."""
    if "$ref" in schema:
        return _read({}, schema, shapes)
    if "default" not in schema:
        raise _Doubt
    default = schema["default"]
    return _read(default, schema, shapes) if isinstance(default, dict) else default


_READERS: dict[str, Callable[[Any, Schema, dict[str, Schema]], Any]] = {
    "string": _text, "integer": _number, "boolean": _truth, "array": _list, "object": _table,
}  # fmt: skip
