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
    is_cut: bool = False  # the document breaks off; what it says after its last whole item is left out
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
            self._warn(f"{type(error).__name__}: {str(error)[:200]}")
        self._tell(0, "")

    def leave_out(self, why: str) -> None:
        """One more item, of which nothing can be read."""
        self.number += 1
        self._warn(why)

    def _warn(self, why: str) -> None:
        self.warnings.append(Failure("parse", f"item {self.number} is left out: {why}"))

    def stopped(self, error: BaseException) -> None:
        """Between two items, or by the last one."""
        bound: Bound = "memory" if isinstance(error, MemoryError) else "cpu"
        self.reached.setdefault(bound, f"what follows item {self.number}")

    def parsed(self, feed: Feed) -> ParseResult:
        """With a failure where a bound was reached, or nothing is whole of what breaks off."""
        parsed = normal.unique(feed, self.entries, self.limits, self.warnings)
        for bound, where in self.reached.items():
            parsed = replace(parsed, failure=bounds.failure(bound, self.limits, where), reached=bound)
        return _cut(parsed) if self.is_cut else parsed

    def _tell(self, number: int, title: object) -> None:
        for report in bounds.report:
            report(number, title if isinstance(title, str) else "")


def _cut(parsed: ParseResult) -> ParseResult:
    """What was read of a document that breaks off."""
    many = len(parsed.entries)
    read = "1 whole item was read" if many == 1 else f"{many or 'no'} whole items were read"
    trouble = Failure("truncated", f"the document breaks off before its end; {read}")
    if not many and parsed.failure is None:
        return ParseResult(failure=trouble)
    return replace(parsed, warnings=(*parsed.warnings, trouble))
