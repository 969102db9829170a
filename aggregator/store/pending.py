"""Whether anything stored waits to be worked on; a look that needs nothing of what would do the work."""

from __future__ import annotations

from aggregator.store.base import Reader
from aggregator.store.intents import free_at


def work(reader: Reader, at: int) -> bool:
    """Entries that wait to be folded, editions to be printed, held edits that may be taken at `at`."""
    waits = reader.value("SELECT EXISTS (SELECT 1 FROM pending_entry) OR EXISTS (SELECT 1 FROM dirty)")
    debts = reader.rows("SELECT e.revisions, e.changed FROM pending_edit p JOIN entry e ON e.id = p.entry")
    return bool(waits) or any(at >= free_at(revisions, changed) for revisions, changed in debts)
