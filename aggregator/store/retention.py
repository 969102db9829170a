"""Which entries go: the decision alone, from what is stored."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

PER_SOURCE = 100_000  # entries kept of one source whatever the retention says (B9)


def doomed(
    aged: Iterable[int],
    beyond: Iterable[int],
    documents: Mapping[str, Collection[int]],
    configured: Collection[str],
) -> list[int]:
    """`aged`: entries that are older than the retention; `beyond`: those beyond the `PER_SOURCE` newest of
    theirs; `documents`: source → the entries that its last document holds.

    An entry that is still in its feed stays: removed, it would come back as new at the next poll. What a
    source told last that is not `configured` any more goes by its age.
    """
    held = {entry for source in configured for entry in documents.get(source, ())}
    return sorted({*aged, *beyond} - held)
