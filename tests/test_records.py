"""Our `dataclass` is the standard library's, made in a fraction of the time."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from aggregator import records

ROOT = Path(__file__).parent.parent
Way = Callable[..., Any]


def values(way: Way) -> Any:
    @way(frozen=True, slots=True)
    class Value:
        """A value."""

        all: ClassVar[list[str]] = ["a"]
        name: str
        number: int = 1
        parts: tuple[str, ...] = ()
        more: list[int] = dataclasses.field(default_factory=list)

        @property
        def doubled(self) -> int:
            return 2 * self.number

    return Value


def changing(way: Way) -> Any:
    @way(slots=True)
    class Value:
        name: str
        number: int = 1
        parts: tuple[str, ...] = ()
        more: list[int] = dataclasses.field(default_factory=list)

    return Value


def plain(way: Way) -> Any:
    @way
    class Value:
        name: str
        number: int = 1
        parts: tuple[str, ...] = ()
        more: list[int] = dataclasses.field(default_factory=list)

    return Value


def outcome(call: Callable[[], Any]) -> Any:
    """What a call gives, or how it fails."""
    try:
        return call()
    except (TypeError, AttributeError) as error:
        return dataclasses.FrozenInstanceError if isinstance(error, AttributeError) else TypeError


@pytest.mark.parametrize("kind", [values, changing, plain])
@pytest.mark.parametrize(
    ("name", "ask"),
    [
        ("in their order", lambda value, replace: value("a", 2, ("b",), [3])),
        ("by their names", lambda value, replace: value(number=2, name="a")),
        ("with what is not said", lambda value, replace: value("a")),
        ("one too few", lambda value, replace: value()),
        ("one too many", lambda value, replace: value("a", 1, (), [], 5)),
        ("one that is not known", lambda value, replace: value("a", colour="red")),
        ("the same", lambda value, replace: value("a", 2) == value("a", 2)),
        ("another one", lambda value, replace: value("a", 2) == value("a", 3)),
        ("of another class", lambda value, replace: value("a", 2) == ("a", 2, (), [])),
        ("a list of its own", lambda value, replace: value("a").more is value("a").more),
        ("no default on the class", lambda value, replace: hasattr(value, "more") and "slots"),
        ("as a key", lambda value, replace: hash(value("a", more=())) == hash(value("a", more=()))),
        ("another key", lambda value, replace: hash(value("a", more=())) == hash(value("b", more=()))),
        ("with what can't be one", lambda value, replace: hash(value("a", more=[]))),
        ("changed", lambda value, replace: setattr(value("a"), "name", "b")),
        ("taken away", lambda value, replace: delattr(value("a"), "name")),
        ("another one made of it", lambda value, replace: replace(value("a", 2), name="b")),
        ("made of it with what it has not", lambda value, replace: replace(value("a"), colour="red")),
        ("copied", lambda value, replace: copy.deepcopy(value("a", more=[1]))),
        ("as a dictionary", lambda value, replace: dataclasses.asdict(value("a", more=[1]))),
        ("its fields", lambda value, replace: [(f.name, f.type) for f in dataclasses.fields(value)]),
        ("to match", lambda value, replace: value.__match_args__),
        ("what all have", lambda value, replace: getattr(value("a"), "all", "")),
        ("its name", lambda value, replace: (value.__name__, value.__qualname__)),
    ],
)
def test_as_the_standard_library_has_it(
    name: str, ask: Callable[..., Any], kind: Callable[[Way], Any]
) -> None:
    ours = outcome(lambda: ask(kind(records.dataclass), records.replace))
    theirs = outcome(lambda: ask(kind(dataclasses.dataclass), dataclasses.replace))
    assert repr(ours) == repr(theirs), name


@records.dataclass(frozen=True, slots=True)
class Point:
    """Found by its name, as what goes to another process."""

    x: int
    y: int = 0

    def __repr__(self) -> str:
        return f"({self.x}, {self.y})"


@records.dataclass(frozen=True, slots=True)
class Nothing:
    """Without fields."""


def test_what_goes_to_another_process_and_what_says_how_it_is_shown() -> None:
    assert pickle.loads(pickle.dumps(Point(1, 2))) == Point(1, 2)
    assert repr(Point(1)) == "(1, 0)"
    assert (Nothing(), repr(Nothing())) == (Nothing(), "Nothing()")


class Named(Point):
    """Of a class that is none."""

    def __init__(self, name: str) -> None:
        super().__init__(len(name))


def test_a_class_of_one() -> None:
    assert (Named("abc").x, Named("abc").y) == (3, 0)


def test_what_cant_be_changed_has_slots_and_takes_nothing_more() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(Point(1), "colour", "red")  # noqa: B010  # mypy knows that it can't
    with pytest.raises(TypeError, match="has slots"):
        records.dataclass(frozen=True)


def test_nothing_is_compiled_before_it_is_needed() -> None:
    code = """
import dataclasses
dataclasses._create_fn = dataclasses._FuncBuilder = None
import aggregator.cycle.stages, aggregator.cli.run, aggregator.model
print(aggregator.model.Person("Jane"))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)}
    )
    assert (done.stderr, done.stdout) == ("", "Person(name='Jane', email=None, uri=None)\n")
