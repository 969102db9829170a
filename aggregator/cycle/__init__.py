"""What shells call: `run`, and the parts of it that they need alone.

Each is loaded when it is first asked for: a cycle with nothing to do needs no parser, no network and no
renderer. (`plan` is a function of the module of its name.)

In: a `Config`, an open `Store`, the time. Out: a `Report`. Start reading at `stages.Stages`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aggregator.cycle.byhand import add
    from aggregator.cycle.changes import introduce
    from aggregator.cycle.collect import polls
    from aggregator.cycle.discovery import find_feeds
    from aggregator.cycle.due import Wanted, anything_due, lacks_files, tasks
    from aggregator.cycle.overrides import join, split, told_under, unjoin, unsplit
    from aggregator.cycle.pins import hide, pin, unhide, unpin
    from aggregator.cycle.publisher import sweep
    from aggregator.cycle.report import Report, Watch
    from aggregator.cycle.searches import search_feed, search_items, source_items
    from aggregator.cycle.stages import fold_again, refold
    from aggregator.cycle.turn import run

__all__ = [
    "Report",
    "Wanted",
    "Watch",
    "add",
    "anything_due",
    "find_feeds",
    "fold_again",
    "hide",
    "introduce",
    "join",
    "lacks_files",
    "pin",
    "polls",
    "refold",
    "run",
    "search_feed",
    "search_items",
    "source_items",
    "split",
    "sweep",
    "tasks",
    "told_under",
    "unhide",
    "unjoin",
    "unpin",
    "unsplit",
]  # fmt: skip

_MODULES = {
    "byhand": ("add",), "changes": ("introduce",), "collect": ("polls",), "discovery": ("find_feeds",), "due": ("Wanted", "anything_due", "lacks_files", "tasks"),
    "searches": ("search_feed", "search_items", "source_items"), "publisher": ("sweep",), "overrides": ("join", "split", "told_under", "unjoin", "unsplit"),
    "report": ("Report", "Watch"), "stages": ("fold_again", "refold"), "turn": ("run",),
    "pins": ("hide", "pin", "unhide", "unpin"),
}  # fmt: skip
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
