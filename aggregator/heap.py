"""What a process that lives for months gives back to the system: glibc keeps what its threads needed once."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from contextlib import contextmanager

ARENAS = 2
_SELDOM = (50_000, 20, 20)  # new objects before the youngest are looked through, and so on: gc.set_threshold
_M_ARENA_MAX = -8  # of malloc.h


def few_arenas() -> None:
    """glibc gives each thread a heap, and each keeps what its largest body needed: 180 MB instead of 130
    after a hostile cycle (B2). To be called before the threads begin.
    """
    import ctypes  # most commands need none of it

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)


def give_back() -> None:
    """What nobody uses any more, also between what is used: after a cycle, before a document is measured."""
    import ctypes

    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)  # of glibc


def collect_seldom() -> None:
    """From here on: of what is loaded when a command starts nothing is garbage, and looking for it takes a
    twentieth of a cycle with nothing due.
    """
    gc.set_threshold(*_SELDOM)


def leave_to_the_system() -> None:
    """All that is there: before it ends Python would look through it, which takes an eighth of a cycle with
    nothing due.
    """
    gc.freeze()


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Cycles of references are looked for seldom, and only among what is made in here: looking through all
    that is loaded, again and again, takes a tenth of the time. One within another does no harm.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


__all__ = ["collect_seldom", "few_arenas", "give_back", "leave_to_the_system", "seldom_collected"]
