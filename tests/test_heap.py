"""What was needed once is given back to the system."""

from __future__ import annotations

import ctypes
import gc
from pathlib import Path

import pytest

from aggregator import heap


def resident() -> int:
    """Bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="not glibc")
def test_B2_what_lies_between_things_in_use_is_given_back() -> None:
    heap.give_back()
    before = resident()
    pieces = [bytes(60_000) for _ in range(1500)]  # below what glibc asks the system for by itself
    kept = pieces[::150]
    del pieces
    heap.give_back()
    assert len(kept) == 10 and resident() - before < 30_000_000, "of 90 MB"


def test_what_is_loaded_is_not_looked_through_meanwhile_and_again_afterwards() -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    with heap.seldom_collected():
        assert gc.isenabled() and gc.get_threshold() != before
        assert gc.get_freeze_count() > frozen
        within = gc.get_threshold()
        with heap.seldom_collected():
            assert gc.get_threshold() == within
        assert gc.get_threshold() == within
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)
