"""`dataclass` and `replace`, as the standard library has them, for classes of plain values.

The standard library writes and compiles six functions for each class when it is made, whether anybody needs
them or not: of a hundred classes that was a third of what a cycle with nothing to do takes. Here `__init__`
is compiled when the first value is made, and the other functions are the same for all classes.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from dataclasses import field
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass, replace
else:

    def dataclass(cls=None, *, frozen=False, slots=False):
        """A class without bases that are dataclasses, without `__post_init__`, of fields that have a default
        or a `default_factory` at most. What can't be changed has slots.
        """
        if frozen and not slots:
            raise TypeError("what can't be changed has slots")

        def made(cls):
            return _made(cls, frozen, slots)

        return made if cls is None else made(cls)

    def replace(value, /, **changes):
        """The same but for these fields."""
        cls = value.__class__
        return cls(**(dict(zip(cls.__match_args__, cls._values(value), strict=True)) | changes))


_OF_THE_CLASS = ("ClassVar", "typing.ClassVar")
_WITHOUT_SLOTS = ("__dict__", "__weakref__")  # what a class has then


def _made(cls: type, frozen: bool, slots: bool) -> type:
    said = inspect.get_annotations(cls)
    kinds = {name: kind for name, kind in said.items() if not str(kind).startswith(_OF_THE_CLASS)}
    functions = _functions(cls.__dict__, kinds, frozen)
    return _with_slots(cls, functions, frozen) if slots else _changed(cls, functions)


def _functions(given: Mapping[str, Any], kinds: dict[str, Any], frozen: bool) -> dict[str, Any]:
    """What a class of these fields has beside its own. `given`: what its text says."""
    names = tuple(kinds)
    return {
        "__dataclass_fields__": _Fields(kinds, {name: given[name] for name in names if name in given}),
        "__match_args__": names,
        "_values": staticmethod(_reader(names)),
        "__init__": _first_init,
        "__repr__": given.get("__repr__", _repr),
        "__eq__": given.get("__eq__", _eq),
        "__hash__": given.get("__hash__", _hash if frozen else None),
    }


def _with_slots(cls: type, functions: dict[str, Any], frozen: bool) -> type:
    """It has to be made anew."""
    names = functions["__match_args__"]
    given = {name: value for name, value in cls.__dict__.items() if name not in (*names, *_WITHOUT_SLOTS)}
    given |= functions | {"__slots__": names, "__reduce__": _reduce}
    if frozen:
        given |= {"__setattr__": _no_change, "__delattr__": _no_change}
    made = type(cls)(cls.__name__, cls.__bases__, given)
    made.__qualname__ = cls.__qualname__
    return made


def _changed(cls: type, functions: dict[str, Any]) -> type:
    """A class without slots can be kept."""
    for name in [name for name, value in cls.__dict__.items() if isinstance(value, dataclasses.Field)]:
        delattr(cls, name)
    for name, value in functions.items():
        setattr(cls, name, value)
    return cls


class _Fields:
    """`__dataclass_fields__`, made when somebody asks for it: of most classes nobody does."""

    def __init__(self, kinds: dict[str, Any], defaults: dict[str, Any]) -> None:
        self._kinds, self._defaults = kinds, defaults
        self._made: dict[str, dataclasses.Field[Any]] = {}

    def __get__(self, value: object, cls: type) -> dict[str, dataclasses.Field[Any]]:
        if not self._made:
            self._made = {name: _field(name, kind, self._defaults) for name, kind in self._kinds.items()}
        return self._made


def _field(name: str, kind: Any, given: dict[str, Any]) -> dataclasses.Field[Any]:
    """As `dataclasses.fields` tells it."""
    said = given.get(name, dataclasses.MISSING)
    made: Any = said if isinstance(said, dataclasses.Field) else field(default=said)
    made.name, made.type = name, kind
    made._field_type = dataclasses._FIELD  # type: ignore[attr-defined]  # private, and the same since 3.7
    return made  # type: ignore[no-any-return]  # `Any`, so that its private parts can be set


def _reader(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """What gives the values of all fields."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


def _first_init(self: Any, *given: Any, **named: Any) -> None:
    """What stands for `__init__` until it is needed."""
    cls: Any = next(one for one in type(self).__mro__ if one.__dict__.get("__init__") is _first_init)
    cls.__init__ = _init(cls)
    cls.__init__(self, *given, **named)


def _init(cls: Any) -> Any:
    """`def __init__(self, a, b=b_default): a_set(self, a); b_set(self, b)`, or `self.a = a` where that may
    be.
    """
    scope: dict[str, Any] = {"missing": dataclasses.MISSING}
    given, lines = ["self"], []
    for name, one in cls.__dataclass_fields__.items():
        parameter, value = _parameter(name, one, scope)
        given.append(parameter)
        if cls.__setattr__ is _no_change:
            scope[f"{name}_set"] = cls.__dict__[name].__set__
            lines.append(f" {name}_set(self, {value})")
        else:
            lines.append(f" self.{name} = {value}")
    exec("\n".join([f"def __init__({', '.join(given)}):", *lines, " pass"]), scope)
    scope["__init__"].__qualname__ = f"{cls.__qualname__}.__init__"
    return scope["__init__"]


def _parameter(name: str, one: dataclasses.Field[Any], scope: dict[str, Any]) -> tuple[str, str]:
    """(how it stands in the signature, what the field is set to); what these refer to goes into `scope`."""
    if one.default_factory is not dataclasses.MISSING:
        scope[f"{name}_make"] = one.default_factory
        return f"{name}=missing", f"{name}_make() if {name} is missing else {name}"
    if one.default is not dataclasses.MISSING:
        scope[f"{name}_default"] = one.default
        return f"{name}={name}_default", name
    return name, name


def _repr(self: Any) -> str:
    shown = (f"{name}={value!r}" for name, value in zip(self.__match_args__, self._values(self), strict=True))
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _eq(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return self._values(self) == self._values(other)


def _hash(self: Any) -> int:
    return hash(self._values(self))


def _reduce(self: Any) -> tuple[type, tuple[Any, ...]]:
    return self.__class__, self._values(self)


def _no_change(self: object, name: str, *_: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot change field {name!r}")


__all__ = ["dataclass", "field", "replace"]
