"""What is kept how long: when that is looked at, and what goes then (`store.retention` decides on each
entry).

In: a `Config`, an open `Store`, the time. Out: how many entries went. Start reading at `prune`.
"""

from __future__ import annotations

from typing import Literal

from aggregator.config import Config
from aggregator.cycle import told
from aggregator.model import BY_HAND
from aggregator.stop import Stop
from aggregator.store import Store, upkeep, vocabulary

DAY = 86_400
JUMP = 3 * DAY  # seconds since the last cycle, from which on the clock may be wrong

# no: it was done today · wait: not before tomorrow · yes
Due = Literal["no", "wait", "yes"]


def due(pruned: int | None, last_cycle: int | None, now: int) -> Due:
    """Once a day, so that no cycle pays for it. A new store has nothing old. Where the clock went on by days
    since the last cycle, or back, it may be wrong; where it was a long rest, retention applies a day later
    (R13).
    """
    if pruned is not None and 0 <= now - pruned < DAY:
        return "no"
    is_clock_good = last_cycle is None or 0 <= now - last_cycle <= JUMP
    return "yes" if pruned is not None and is_clock_good else "wait"


def prune(config: Config, store: Store, now: int) -> int:
    """Remove what is older than the config keeps it; returns how many entries."""
    configured = {source.id for source in config.sources} | {BY_HAND}
    removed = upkeep.prune(store, now - config.retention, configured)
    longest_window = max(config.text_window or 0, 3 * (config.event_window or 0), DAY)
    vocabulary.forget_postings(store, now - longest_window - config.retention)
    told.count(config, store, Stop())
    return removed
