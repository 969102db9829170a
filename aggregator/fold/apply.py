"""What `merging` found, into the store and into what is remembered: events that are one now, stories that
stand elsewhere, and why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from aggregator.fold import merging
from aggregator.fold.cache import FoldCache
from aggregator.fold.merging import Group, Member
from aggregator.model import Reason
from aggregator.records import dataclass, replace
from aggregator.store import Writer, events, members

Founders = Mapping[int, tuple[int | None, int]]
"""Event → the story that founded it (None: not stored any more), and when it was first told."""


@dataclass(frozen=True, slots=True)
class Applied:
    """Events that are gone for good, new ones, and of each group that is not what an event was before the
    event that it stands for, the first of several.
    """

    gone: int
    founded: int
    changed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Regrouping:
    """Groups, each with the event that it is now, beside what was before.

    `before`: story → event; `gone`: event that is merged into another one → place of the group that stands
    for it.
    """

    groups: Sequence[Group]
    targets: Sequence[int]
    before: Mapping[int, int]
    founders: Founders
    gone: Mapping[int, int]

    def pairs(self) -> Iterator[tuple[Group, int]]:
        return zip(self.groups, self.targets, strict=True)


def apply(
    writer: Writer,
    memory: FoldCache,
    groups: Sequence[Group],
    before: Mapping[int, int],
    reason: Callable[[Member], Reason],
) -> Applied:
    """`before`: story → event, of all stories of the groups. `reason` says why a story is in its event."""
    founders = events.founders(writer, set(before.values()))
    where = _placed(groups, before, founders)
    targets = [
        _split_off(writer, group.stories[0], before) if event is None else event
        for group, event in zip(groups, where.events, strict=True)
    ]
    change = _Regrouping(groups, targets, before, founders, where.gone)
    _move(writer, change)
    _merge(writer, change, reason)
    memory.forget_events(set(where.gone))
    for group, target in change.pairs():
        memory.events.update(dict.fromkeys(group.stories, target))
    return Applied(len(where.gone), where.events.count(None), _stood_for(change))


def _placed(groups: Sequence[Group], before: Mapping[int, int], founders: Founders) -> merging.Placed:
    """Which event each group is, by who founded the events and when."""
    stories = {event: story for event, (story, _) in founders.items() if story is not None}
    return merging.placed(groups, before, stories, {event: at for event, (_, at) in founders.items()})


def _split_off(writer: Writer, story: int, before: Mapping[int, int]) -> int:
    """A new event, founded by a story that was told within another one."""
    was = ("was in one event with", events.headline(writer, before[story]))
    return events.stand(writer, story, (was,))


def _move(writer: Writer, change: _Regrouping) -> None:
    """Stories that stood elsewhere; those of an event that goes as a whole move with it."""
    before, gone = change.before, change.gone
    for place, (group, target) in enumerate(change.pairs()):
        moved = [
            story for story in group.stories if before[story] != target and gone.get(before[story]) != place
        ]
        if moved:
            events.move_stories(writer, moved, target)


def _merge(writer: Writer, change: _Regrouping, reason: Callable[[Member], Reason]) -> None:
    """Events that are one now, and why each story is in its event."""
    why = _reasons(change, reason)
    merged = [
        (change.targets[place], event, why.get(change.founders[event][0] or 0) or Reason("event"))
        for event, place in sorted(change.gone.items())
    ]
    events.merge_events(writer, merged)
    names = members.public_ids(writer, why)
    events.record_reasons(writer, [(names[story], found) for story, found in why.items() if story in names])


def _stood_for(change: _Regrouping) -> tuple[int, ...]:
    """Of each group that changed the event that it stands for: the first of those that are one now."""
    first = dict(change.pairs())
    for event, place in change.gone.items():
        group = change.groups[place]
        first[group] = min(event, first[group])
    return tuple(first[group] for group, _ in _changed(change))


def _changed(change: _Regrouping) -> list[tuple[Group, int]]:
    """Groups that are not what their event was before, each with that event."""
    before, sizes = change.before, Counter(change.before.values())
    return [
        (group, target) for group, target in change.pairs()
        if len(group.stories) != sizes[target] or any(before[story] != target for story in group.stories)
    ]  # fmt: skip


def _reasons(change: _Regrouping, reason: Callable[[Member], Reason]) -> dict[int, Reason]:
    """Story → why it is in its event, of all events that changed. Who founded it, or is alone, has no
    level.
    """
    found: dict[int, Reason] = {}
    for group, target in _changed(change):
        if len(group.stories) > 1:
            founder = change.founders[target][0] if target in change.founders else group.stories[0]
            for member in group.members:
                why = reason(member)
                found[member.story] = replace(why, level=None) if member.story == founder else why
        elif target in change.founders:  # what stands anew says what it was with
            found[group.stories[0]] = Reason(None)
    return found
