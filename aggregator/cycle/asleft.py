"""A large output folder, known to be as the last publication left it: told by its folders, without a look at
each of its files, of which there are more the more is archived.

What came or went since changes a folder. What somebody changed in place does not: where there are `MANY`
files, all are looked at again when that has not been done for `LOOK_EVERY`; fewer are looked at each time.
"""

from __future__ import annotations

from aggregator.config import Config
from aggregator.publish import Folder, as_left
from aggregator.records import dataclass
from aggregator.store import Reader, Store, rows

MANY = 2_000  # files: a look at so many takes about 10 ms
LOOK_EVERY = 3600  # seconds
# Under this name the store keeps [when all files were looked at, the folders, how many files].
_NOTE = "folder as left"


@dataclass(frozen=True, slots=True)
class Look:
    """What is missing in the folder, when that was looked for, and whether nothing came or went since a
    publication was through.
    """

    missing: frozenset[str]
    at: int
    is_as_left: bool


def files(config: Config, store: Reader, now: int) -> int:
    """How many files of ours stand there; 0: they are to be looked at."""
    said = _noted(store)
    if said is None:
        return 0
    at, folders, count = said
    if count < MANY or not 0 <= now - at < LOOK_EVERY:
        return 0
    return count if folders and folders == as_left(config.output) else 0


def look(config: Config, store: Reader, folder: Folder, now: int) -> Look:
    """At all files, or at none."""
    said = _noted(store)
    if said is not None and files(config, store, now):
        return Look(frozenset(), said[0], is_as_left=True)
    return Look(frozenset(folder.missing()), now, is_as_left=False)


def note(store: Store, folder: Folder, looked: int) -> None:
    """As it is now it is left, where it is a large one. `looked`: when all its files were looked at."""
    count = len(folder.names())
    if count >= MANY:
        store.set_meta(_NOTE, rows.dump([looked, as_left(folder.path), count]))


def forget(store: Store) -> None:
    """A publication begins: where it does not come to its end nothing is known of the folder."""
    if store.meta(_NOTE):
        store.set_meta(_NOTE, "")


def _noted(store: Reader) -> tuple[int, str, int] | None:
    """(when all files were looked at, the folders, how many files)"""
    said = store.meta(_NOTE)
    if not said:
        return None
    at, folders, count = rows.load(said)
    return at, folders, count


__all__ = ["LOOK_EVERY", "MANY", "Look", "files", "forget", "look", "note"]
