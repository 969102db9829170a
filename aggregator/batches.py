"""Long sequences, some at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def batches(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Of at most `size` each, in their order (`itertools.batched` of Python 3.12, which keeps the kind of
    sequence).
    """
    for start in range(0, len(values), size):
        yield values[start : start + size]
