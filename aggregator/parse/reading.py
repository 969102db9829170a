"""Items one after the other: a bad one is left out with a warning; a bound that is reached ends the poll, and
what was read until then is kept.
"""

from __future__ import annotations

from collections.abc import Callable

from aggregator.model import Bound, Entry, Failure, Feed, Limits, ParseResult
from aggregator.parse import bounds, normal
from aggregator.records import dataclass, field, replace

STOPS = (MemoryError, bounds.OutOfTime)


@dataclass(slots=True)
class Reading:
    """What was read of a document so far."""

    limits: Limits
    entries: list[Entry] = field(default_factory=list)
    warnings: list[Failure] = field(default_factory=list)
    reached: dict[Bound, str] = field(default_factory=dict)  # a bound → at which item
    number: int = 0  # of the item that is being read, from 1

    @property
    def room(self) -> int:
        """One more than may come: `normal.unique` says when there are too many."""
        return max(0, self.limits.max_entries + 1 - len(self.entries))

    def take(self, make: Callable[[], Entry], title: object = "") -> None:
        """One more item. After one that took too much memory the others are read; after the last
        second none.
        """
        self.number += 1
        if self.number == self.limits.without:
            return
        self._tell(self.number, title)
        try:
            self.entries.append(make())
        except MemoryError:
            self.reached.setdefault("memory", bounds.named(self.number, title))
        except bounds.OutOfTime:
            self.reached["cpu"] = bounds.named(self.number, title)
            raise
        except Exception as error:
            detail = f"{type(error).__name__}: {str(error)[:200]}"
            self.warnings.append(Failure("parse", f"item {self.number} is left out: {detail}"))
        self._tell(0, "")

    def stopped(self, error: BaseException) -> None:
        """Between two items, or by the last one."""
        bound: Bound = "memory" if isinstance(error, MemoryError) else "cpu"
        self.reached.setdefault(bound, f"what follows item {self.number}")

    def parsed(self, feed: Feed) -> ParseResult:
        """With a failure where a bound was reached."""
        parsed = normal.unique(feed, self.entries, self.limits, self.warnings)
        for bound, where in self.reached.items():
            parsed = replace(parsed, failure=bounds.failure(bound, self.limits, where), reached=bound)
        return parsed

    def _tell(self, number: int, title: object) -> None:
        for report in bounds.report:
            report(number, title if isinstance(title, str) else "")
