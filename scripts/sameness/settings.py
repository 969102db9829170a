"""Constants of the program with other values, to learn what they are worth."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterator
from types import ModuleType

Setting = tuple[tuple[str, str], ...]
"""(name such as `cluster.THRESHOLD`, value as Python writes it), …"""


def parsed(text: str) -> Setting:
    """`cluster.THRESHOLD=0.22,dedupe.NUMBERS=0.8`"""
    found = []
    for one in text.split(","):
        name, equals, value = one.partition("=")
        if not equals or "." not in name:
            sys.exit(f'"{one}": expected MODULE.NAME=VALUE such as cluster.THRESHOLD=0.22')
        old, new = getattr(*_place(name.strip())), _value(name, value)
        if not isinstance(new, type(old)) and not (isinstance(old, float) and isinstance(new, int)):
            sys.exit(f"{name.strip()} is {old!r}; {value} is of another type")
        found.append((name.strip(), value.strip()))
    return tuple(found)


def _place(name: str) -> tuple[ModuleType, str]:
    path, _, constant = name.rpartition(".")
    try:
        module = importlib.import_module(f"aggregator.{path}")
    except ImportError:
        sys.exit(f"{name}: there is no module aggregator.{path}")
    if not hasattr(module, constant):
        near = ", ".join(sorted(constants(module))) or "no constants"
        sys.exit(f"{name}: aggregator.{path} has no {constant}; it has {near}")
    return module, constant


def _value(name: str, value: str) -> object:
    try:
        return ast.literal_eval(value.strip())
    except (ValueError, SyntaxError):
        sys.exit(f"{name}: {value} is no value; expected one such as 0.22 or None")


def constants(module: ModuleType) -> dict[str, float]:
    """Numbers in capitals that a module defines itself."""
    return {
        target.id: getattr(module, target.id)
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for assigned in (node.targets if isinstance(node, ast.Assign) else [node.target])
        for target in (assigned.elts if isinstance(assigned, ast.Tuple) else [assigned])
        if isinstance(target, ast.Name)
        and target.id.strip("_").isupper()
        and isinstance(getattr(module, target.id), int | float)
    }


def variants(name: str) -> Iterator[tuple[str, Setting]]:
    """(in words, setting) for each constant of a module or of a package's modules: half of it, and twice as
    much, but of a share half way to 1 at most.
    """
    for module in modules(name):
        for constant, value in constants(module).items():
            if constant.startswith("_") or isinstance(value, bool):
                continue
            more = min(2 * value, (1 + value) / 2) if 0 < value < 1 else 2 * value
            for other in (value / 2, more):
                new = round(other) if isinstance(value, int) else round(other, 6)
                place = f"{module.__name__.removeprefix('aggregator.')}.{constant}"
                yield f"{place} {value:g} → {new:g}", ((place, repr(new)),)


def modules(name: str) -> list[ModuleType]:
    """A module, or a package and what is in it."""
    try:
        first = importlib.import_module(f"aggregator.{name}")
    except ImportError:
        sys.exit(f"{name}: there is no module aggregator.{name}")
    inner = [one.name for one in pkgutil.iter_modules(getattr(first, "__path__", []))]
    return [first, *(importlib.import_module(f"aggregator.{name}.{one}") for one in inner)]


def apply(setting: Setting) -> None:
    """For the rest of this process, in the modules that import the name too. What is computed from a constant
    when its module is loaded stays as it was.
    """
    for name, value in setting:
        module, constant = _place(name)
        new = ast.literal_eval(value)
        setattr(module, constant, float(new) if isinstance(getattr(module, constant), float) else new)
        for user, alias in users(module.__name__, constant):
            setattr(user, alias, getattr(module, constant))


def users(module: str, constant: str) -> list[tuple[ModuleType, str]]:
    """(module, its name there) of all that import it, from the module itself or from one that does."""
    direct = [
        (user, alias.asname or alias.name)
        for user in list(sys.modules.values())
        if (getattr(user, "__name__", "") or "").startswith("aggregator.") and inspect.getsourcefile(user)
        for node in ast.walk(ast.parse(inspect.getsource(user)))
        if isinstance(node, ast.ImportFrom) and node.module == module
        for alias in node.names
        if alias.name == constant
    ]
    return [
        *direct,
        *(
            further
            for user, alias in direct
            if hasattr(user, "__path__")
            for further in users(user.__name__, alias)
        ),
    ]


def shown(setting: Setting) -> str:
    return ", ".join(f"{name} = {value}" for name, value in setting) or "as shipped"
