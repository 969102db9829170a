"""What `merging` found, into the store and into what is remembered: events that are one now, stories that
stand elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.fold.memory import Memory
from aggregator.fold.merging import Outcome
from aggregator.model import Reason
from aggregator.store import Store, events, folding


def settle(store: Store, memory: Memory, outcome: Outcome, reasons: Sequence[Reason]) -> tuple[int, int]:
    """`reasons` of the merges, in their order. Returns how many events are gone for good, less those that are
    new, and how many changed.
    """
    conn, into = store.conn, outcome.successors()
    moved = _moved(memory, outcome, into)
    alone = [event for event in sorted(moved) if event < 0]
    numbers = {
        event: events.stand(
            conn, -event, (("was in one event with", events.headline(conn, memory.event_of(-event))),)
        )
        for event in alone
    }
    for event, stories in sorted(moved.items()):
        events.move_stories(conn, stories, numbers.get(event, event))
    done = [
        (numbers.get(into[merge.gone], into[merge.gone]), merge.gone, reason)
        for merge, reason in zip(outcome.merges, reasons, strict=True)
        if merge.gone > 0
    ]
    events.merge_events(conn, done)
    parts = [
        (folding.public_id(conn, -merge.gone), reason)
        for merge, reason in zip(outcome.merges, reasons, strict=True)
        if merge.gone < 0
    ]
    events.bind(conn, parts)
    for event in {*into.values(), *moved, *(cut.event for cut in outcome.cuts)} & outcome.clusters.keys():
        known = outcome.clusters[event]
        known.id = numbers.get(event, event)
        memory.clusters[known.id] = known
        memory.events.update(dict.fromkeys(known.members, known.id))
    for gone in into:
        memory.clusters.pop(gone, None)
    memory.forget_events({merge.gone for merge in outcome.merges if merge.large})
    changed = {kept for kept, _, _ in done} | {numbers.get(event, event) for event in moved}
    return len(done) - len(numbers), len(changed)


def _moved(memory: Memory, outcome: Outcome, into: dict[int, int]) -> dict[int, list[int]]:
    """Event → the stories that are there now although the event that they were in is not."""
    placed = outcome.placed() if outcome.cuts else {}
    found: dict[int, list[int]] = {}
    stories = sorted({story for cut in outcome.cuts for story in cut.members})
    before = memory.events_of(stories)
    for story in stories:
        was = before[story]
        if placed[story] != into.get(was, was):
            found.setdefault(placed[story], []).append(story)
    return found
