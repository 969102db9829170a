"""What the user pinned leads its story and event, what the user hid is not published.

In: the name of an entry. Out: what was done, in words. Start reading at `pin`.
"""

from __future__ import annotations

from aggregator import answers
from aggregator.edition import View
from aggregator.errors import UsageError
from aggregator.records import replace
from aggregator.store import Reader, Store, overrides, stories, unpublished
from aggregator.store.overrides import Override

PIN, HIDE = "pin", "hide"


def heeding(view: View, store: Reader) -> View:
    """The view, with what the user pinned and hid."""
    words = overrides.overrides(store)
    return replace(
        view,
        pinned=frozenset(word.a for word in words if word.kind == PIN),
        hidden=frozenset(word.a for word in words if word.kind == HIDE),
    )


def pin(store: Store, name: str, now: int) -> str:
    """The entry leads its story and event. Returns what was done, in words. Raises UsageError."""
    return _say(store, PIN, name, now, "leads what it is in from now on")


def hide(store: Store, name: str, now: int) -> str:
    """The story of the entry is published no more. Raises UsageError."""
    return _say(store, HIDE, name, now, "is hidden, with what is the same story")


def unpin(store: Store, name: str) -> str:
    return _take_back(store, PIN, name, "was not pinned", "leads no more than others")


def unhide(store: Store, name: str) -> str:
    return _take_back(store, HIDE, name, "was not hidden", "is published again")


def _say(store: Store, kind: str, name: str, now: int, done: str) -> str:
    entry, member = answers.find_folded(store, name)
    with store.transaction() as writer:
        if kind == PIN:
            for other in stories.of_events(store, [member.event]):
                for one in other.members:
                    overrides.forget_overrides(writer, PIN, one.entry.public_id, None)
        overrides.remember_override(writer, Override(kind, entry.public_id, "", kind), now)
        unpublished.mark_event(writer, member.event)
    return f"entry {entry.id} {done}"


def _take_back(store: Store, kind: str, name: str, never: str, done: str) -> str:
    entry = answers.find(store, name)
    member = stories.place(store, entry.id)
    with store.transaction() as writer:
        if not overrides.forget_overrides(writer, kind, entry.public_id, None):
            raise UsageError(f"{name}: entry {entry.id} {never}")
        if member is not None:
            unpublished.mark_event(writer, member.event)
    return f"entry {entry.id} {done}"
