"""What to do with an item of a document: the decision alone, from what is stored, what was said and the
clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from aggregator.store.recognise import StoredItem

# insert: it is new · update: it reads differently now · hold: so it does, but it was edited too often lately;
# the edit is kept as a debt, and taken when its time has come · leave: it says what is stored
Intent = Literal["insert", "update", "hold", "leave"]

MOST_CORRECTED = 12  # edits and corrections of an entry, after which its authors and picture stay as they are
FREE_EDITS = 3  # an entry may change so often at once
# seconds; then the gap between two edits that we take doubles, from the first of these to the second
FIRST_GAP, LONGEST_GAP = 300, 86_400


def decide(stored: StoredItem | None, digest: str, at: int) -> Intent:
    """`digest`: of what the document says; `at`: when it was fetched."""
    if stored is None:
        return "insert"
    if stored.digest == digest:
        return "leave"
    return "update" if at >= free_at(stored.revisions, stored.changed) else "hold"


def free_at(revisions: int, changed: int) -> int:
    """From when on an entry that was edited so often, last at `changed`, may change again.

    Content that differs at each fetch (counters, advertisements) must not look like news each time (C7).
    """
    if revisions < FREE_EDITS:
        return 0
    return changed + min(LONGEST_GAP, FIRST_GAP << min(revisions - FREE_EDITS, 9))


def may_correct(stored: StoredItem, at: int) -> bool:
    """Whether other authors, categories or another picture are taken, of an entry that says what is stored.
    What comes in another way at each fetch is left alone after a while (C7).
    """
    return stored.revisions < MOST_CORRECTED and at >= free_at(stored.revisions, stored.changed)
