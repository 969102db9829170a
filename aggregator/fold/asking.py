"""What is asked of entries, so that a mistake of ours in the answer ends nothing: an entry that can't be read
is like no other, two that can't be compared are two, and this is said.

In: a question about entries. Out: its answer, or what holds where there is none. Start reading at `Asker`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from aggregator.errors import AggregatorError
from aggregator.store.members import PendingEntry

SAID = 5  # mistakes that are named, at most; the same one mostly comes many times

Answer = TypeVar("Answer")


class Asker:
    """Asks, and notes what went wrong (B7: what one feed says never keeps others from being folded)."""

    def __init__(self) -> None:
        self.troubles: list[str] = []

    def ask(self, question: Callable[[], Answer], otherwise: Answer, *of: PendingEntry) -> Answer:
        """The answer about these entries; `otherwise` where there is none."""
        try:
            return question()
        except (AggregatorError, MemoryError):  # of the store, or of the machine
            raise
        except Exception as error:
            self._note(error, of)
            return otherwise

    def _note(self, error: Exception, of: tuple[PendingEntry, ...]) -> None:
        if len(self.troubles) < SAID:
            told = " and ".join(f"“{entry.title[:60]}” of {entry.source}" for entry in of)
            self.troubles.append(
                f"can't compare {told} ({type(error).__name__}: {str(error)[:100]}): kept apart; "
                "this is a mistake of aggregator, please report it with this line"
            )
