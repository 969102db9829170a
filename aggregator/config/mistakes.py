"""What pydantic finds wrong in a config, in the words of whoever wrote it. Loaded where something is wrong.

In: pydantic's errors. Out: a `Problem` for each. Start reading at `in_words`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, get_args

from aggregator.config import lines, model
from aggregator.config.lines import Problem
from aggregator.config.rules import ALIKE
from aggregator.text.phrases import nearest


def in_words(errors: Sequence[Any]) -> list[Problem]:
    """`errors`: as `ValidationError.errors` has them."""
    return [_one_in_words(dict(one)) for one in _that_say_more(errors)]


def _that_say_more(found: Sequence[Any]) -> list[Any]:
    """A level of sameness is a table or false: pydantic tells of both, what is wrong within the table says
    more.
    """
    within = {one["loc"][:2] for one in found if len(one["loc"]) > 3}

    def says_more(at: tuple[int | str, ...]) -> bool:
        is_of_a_level = at[0] == "fold" and len(at) == 3
        return not is_of_a_level or (at[-1] == "literal[False]" and at[:2] not in within)

    return [one for one in found if says_more(one["loc"])]


def _one_in_words(error: dict[str, Any]) -> Problem:
    """One pydantic error as path and words."""
    path: lines.Path = tuple(part for part in error["loc"] if part not in ("Level", "literal[False]"))
    if error["type"] == "missing":
        return path[:-1] if path[:-1] else path, f"`{path[-1]}` is missing"
    if error["type"] == "extra_forbidden":
        return path, _unknown(str(path[-1]), path[:-1])
    key = ".".join(str(part) for part in path if not isinstance(part, int))
    return path, _wrong_form(error["type"], key, error["input"]) or _wrong_value(error, key)


def _wrong_form(kind: str, key: str, value: object) -> str | None:
    """What should stand there, where we know better than pydantic does."""
    if kind == "string_pattern_mismatch":
        return _mismatch(key.rpartition(".")[2], value)
    if kind == "literal_error" and key in ("fold.text", "fold.event"):
        return 'expected { window = "7d" } or false'
    if kind == "list_type" and isinstance(value, dict):
        return f"there may be several: write [[{key}]]"
    if kind == "list_type" and isinstance(value, str) and _shown(value):
        return f'"{value}": expected a list: write ["{value}"]'
    if kind == "model_type" and isinstance(value, list) and "." not in key:
        return f"there is one: write [{key}]"
    return None


def _wrong_value(error: dict[str, Any], key: str) -> str:
    """What was given, unless it is a secret, and what pydantic says of it."""
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "value_error":
        return message
    shown = _shown(error["input"]) if key not in _SECRET else ""
    return f"{shown}: {_plain(message)}" if shown else _plain(message)


_SECRET = ("serve.desk_token",)  # never shown
_CLOCKS = ("digest_at",)


def _mismatch(key: str, value: object) -> str:
    """What text of a certain form should look like."""
    if key in _CLOCKS:
        return f'"{value}" is no time of day such as "07:00"'
    return f'"{value}" is no id: use 1 to 64 of a–z, 0–9 and -'


def _shown(value: object) -> str:
    """What was given, where that is short."""
    if isinstance(value, str):
        return f'"{value}"' if len(value) < 80 else ""
    return "" if isinstance(value, dict | list) else str(value).lower()


# What pydantic says → what a person wrote wrong.
_PLAIN = (
    (r"^Input should be ", "expected "),
    (r"a valid dictionary or (instance of|object to extract fields from).*", "a table"),
    (r"a valid integer.*", "a whole number"), (r"a valid string", "text in quotes"),
    (r"a valid boolean.*", "true or false"), (r"a valid list", "a list"), (r"a valid dictionary", "a table"),
    (r"greater than or equal to (\S+)", r"\1 or more"), (r"less than or equal to (\S+)", r"at most \1"),
    (r"^(List|String|Dictionary) should have at least 1 .*", "is empty"),
    (r"^String should have at least (\d+) .*", r"is shorter than \1 characters"),
    (r"^String should have at most (\d+) characters?.*", r"is longer than \1 characters"),
    (r"^(List|Dictionary) should have at most (\d+) items? .*", r"holds more than \2 items"),
)  # fmt: skip


def _plain(message: str) -> str:
    for pattern, plain in _PLAIN:
        message = re.sub(pattern, plain, message)
    return message


def _unknown(key: str, where: lines.Path) -> str:
    """An unknown key with the nearest one that is known there."""
    section = _section(where)
    known = list(section.model_fields)
    near = nearest(key, known, ALIKE)
    if elsewhere := _tables_with(key):
        return f"unknown key; it stands in {' and '.join(elsewhere)}"
    return f"unknown key; did you mean `{near}`?" if near else f"unknown key; known here: {', '.join(known)}"


def _tables_with(key: str) -> list[str]:
    """The tables of the file that know this key."""
    fields = model.File.model_fields.items()
    found = [
        (name, field)
        for name, field in fields
        for one in _models(field.annotation)
        if key in one.model_fields
    ]
    return [f"[[{name}]]" if isinstance(field.default, list) else f"[{name}]" for name, field in found]


def _section(where: lines.Path) -> Any:
    """The model of a table of the file: of its field, one table or several, or a level of sameness."""
    section: Any = model.File
    for name in (part for part in where if isinstance(part, str)):
        models = _models(section.model_fields[name].annotation) if name in section.model_fields else []
        if not models:
            return section
        section = models[0]
    return section


def _models(annotation: Any) -> list[Any]:
    """The tables that a field may hold."""
    if hasattr(annotation, "model_fields"):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]
