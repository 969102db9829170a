"""What is clustered of the stories that folding remembers, in little memory."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from typing import TypeVar

from aggregator.cluster import Point
from aggregator.records import dataclass

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


USUAL = 64  # words of a story, on average: of longer ones fewer are held


@dataclass(frozen=True, slots=True)
class _Resting:
    """A point in a third of the memory, its weights to the last bit."""

    at: int
    source: str
    words: tuple[str, ...]
    weights: array[float]
    undated: bool

    @classmethod
    def of(cls, point: Point) -> _Resting:
        return cls(
            point.at, point.source, tuple(point.vector), array("d", [*point.vector.values()]), point.undated
        )

    def woken(self, story: int) -> Point:
        return Point(
            story, self.at, self.source, dict(zip(self.words, self.weights, strict=True)), self.undated
        )


class Points(dict[int, Point]):
    """Story → what is clustered of it. Values of the dictionary are those that came or were asked for lately;
    few of the others ever are again.
    """

    def __init__(self, awake: int, most: int) -> None:
        """So many values after a batch, and so many stories."""
        super().__init__()
        self._awake, self._most = awake, most
        self._resting: dict[int, _Resting] = {}

    def __missing__(self, story: int) -> Point:
        self[story] = found = self._resting[story].woken(story)
        return found

    def wake(self, stories: Iterable[int]) -> list[int]:
        """Afterwards those of these that are known are values of the dictionary; returns the others."""
        unknown = []
        for story in [story for story in stories if story not in self]:
            if story in self._resting:
                self[story] = self._resting[story].woken(story)
            else:
                unknown.append(story)
        return unknown

    def bound(self) -> None:
        """After a batch."""
        if len(self) > self._awake or len(self) + len(self._resting) > self._most:
            self._rest()
            halve(self._resting, self._most)
            halve(self._resting, self._most * USUAL, lambda point: len(point.words))

    def _rest(self) -> None:
        for story, point in self.items():
            if story not in self._resting:
                self._resting[story] = _Resting.of(point)
        super().clear()

    def clear(self) -> None:
        super().clear()
        self._resting.clear()


def _one(_: object) -> int:
    return 1


def halve(cache: dict[_Key, _Value], most: int, size: Callable[[_Value], int] = _one) -> None:
    """Where it holds more than `most`, forgets what came first. `size` of a value: each counts as one."""
    held = sum(map(size, cache.values()))
    if held > most:
        for key in list(cache):
            if held <= most // 2:
                break
            held -= size(cache.pop(key))
