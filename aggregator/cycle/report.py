"""What a cycle did, and how a shell looks on while it does it."""

from __future__ import annotations

from collections.abc import Callable

from aggregator.model import Failure, Folded
from aggregator.publish import Written
from aggregator.records import dataclass, field


@dataclass(slots=True)
class Collected:
    """The tally of a cycle's polls."""

    due: int = 0
    ok: int = 0
    not_modified: int = 0
    failed: int = 0
    new: int = 0
    updated: int = 0
    answered: set[str] = field(default_factory=set)  # sources that did not fail
    found_by_poll: set[str] = field(default_factory=set)  # sources of which no push brought what is new
    failures: list[tuple[str, Failure]] = field(default_factory=list)
    warnings: list[tuple[str, Failure]] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """What a cycle did."""

    started: int
    seconds: float = 0.0
    collected: Collected = field(default_factory=Collected)
    folded: Folded = field(default_factory=Folded)
    written: Written = field(default_factory=Written)
    warnings: list[str] = field(default_factory=list)

    @property
    def all_failed(self) -> bool:
        """Every polled source failed (exit code 3)."""
        return self.collected.due > 0 and self.collected.failed >= self.collected.due


@dataclass(frozen=True, slots=True)
class Watch:
    """How a shell looks on: called with the stage, how many steps it has, and for each one."""

    stage: Callable[[str, int], None] = lambda name, steps: None
    step: Callable[[int], None] = lambda steps: None
