"""What a process that lives for months gives back to the system: glibc keeps what its threads needed once."""

from __future__ import annotations

import contextlib
import ctypes
import gc

ARENAS = 2
_M_ARENA_MAX = -8  # of malloc.h


def few_arenas() -> None:
    """glibc gives each thread a heap, and each keeps what its largest body needed: 180 MB instead of 130
    after a hostile cycle (B2). To be called before the threads begin.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)


def give_back() -> None:
    """What nobody uses any more, also between what is used: after a cycle, before a document is measured."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)  # of glibc


__all__ = ["few_arenas", "give_back"]
