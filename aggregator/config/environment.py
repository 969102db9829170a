"""Values that stand in the environment: `"env:NAME"` in the place of a token or an address.

In: the tables of a config. Out: the same with the values, and what must not be shown. Start reading at
`resolve`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aggregator.config import lines
from aggregator.config.lines import Problem
from aggregator.patterns import lazy


class Unset(dict[str, str]):
    """The environment, and for every name that it lacks a value that could be one: a URL, or a header."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return f"https://unset.invalid:443/{name}"


_VARIABLE = lazy(r"env:([A-Za-z_][A-Za-z0-9_]*)")


def variable(value: str) -> str | None:
    """The environment variable that is to be read in the place of this value, if any."""
    found = _VARIABLE.fullmatch(value) if value.startswith("env:") else None
    return found[1] if found else None


def resolve(
    value: Any, path: lines.Path, env: Mapping[str, str], problems: list[Problem], read: dict[str, str]
) -> None:
    """Put the value of the environment variable in the place of every "env:NAME"; `read`: value → name."""
    for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
        if isinstance(inner, dict | list):
            resolve(inner, (*path, key), env, problems, read)
        elif isinstance(inner, str) and (name := variable(inner)):
            if name in env:
                value[key] = env[name]
                read[env[name]] = name
            else:
                problems.append(((*path, key), f"the environment variable {name} is not set"))


def without_secrets(words: str, read: Mapping[str, str]) -> str:
    """What is wrong with a value is told, not the value: logs and terminals show it to others. Longest first:
    one may hold another.
    """
    for value, name in sorted(read.items(), key=lambda pair: -len(pair[0])):
        words = words.replace(value, f"env:{name}") if value else words
    return words
