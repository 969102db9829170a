"""What `merging` found, into the store and into what is remembered: events that are one now, stories that
stand elsewhere, and why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from aggregator.fold import merging
from aggregator.fold.cache import FoldCache
from aggregator.fold.merging import Group, Member
from aggregator.model import Reason
from aggregator.records import dataclass, replace
from aggregator.store import Writer, events, members


@dataclass(frozen=True, slots=True)
class Applied:
    """Events that are gone for good, new ones, and of each group that is not what an event was before the
    event that it stands for, the first of several.
    """

    gone: int
    founded: int
    changed: tuple[int, ...]


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
    _move(writer, groups, targets, before, where.gone)
    why = _reasons(groups, targets, before, founders, reason)
    gone = [
        (targets[place], event, why.get(founders[event][0] or 0) or Reason("event"))
        for event, place in sorted(where.gone.items())
    ]
    _say_why(writer, gone, why)
    memory.forget_events(set(where.gone))
    for group, target in zip(groups, targets, strict=True):
        memory.events.update(dict.fromkeys(group.stories, target))
    return Applied(len(where.gone), where.events.count(None), _stood_for(groups, targets, before, where.gone))


def _placed(
    groups: Sequence[Group], before: Mapping[int, int], founders: Mapping[int, tuple[int | None, int]]
) -> merging.Placed:
    """Which event each group is, by who founded the events and when."""
    stories = {event: story for event, (story, _) in founders.items() if story is not None}
    return merging.placed(groups, before, stories, {event: at for event, (_, at) in founders.items()})


def _move(
    writer: Writer,
    groups: Sequence[Group],
    targets: Sequence[int],
    before: Mapping[int, int],
    gone: Mapping[int, int],
) -> None:
    """Stories that stood elsewhere; those of an event that goes as a whole move with it (`gone`: event →
    group).
    """
    for place, (group, target) in enumerate(zip(groups, targets, strict=True)):
        moved = [
            story for story in group.stories if before[story] != target and gone.get(before[story]) != place
        ]
        if moved:
            events.move_stories(writer, moved, target)


def _stood_for(
    groups: Sequence[Group], targets: Sequence[int], before: Mapping[int, int], gone: Mapping[int, int]
) -> tuple[int, ...]:
    """Of each group that changed the event that it stands for: the first of those that are one now."""
    first = dict(zip(groups, targets, strict=True))
    for event, place in gone.items():
        first[groups[place]] = min(event, first[groups[place]])
    return tuple(first[group] for group in _changed(groups, targets, before))


def _split_off(writer: Writer, story: int, before: Mapping[int, int]) -> int:
    """A new event, founded by a story that was told within another one."""
    was = ("was in one event with", events.headline(writer, before[story]))
    return events.stand(writer, story, (was,))


def _changed(groups: Sequence[Group], targets: Sequence[int], before: Mapping[int, int]) -> list[Group]:
    sizes: dict[int, int] = {}
    for event in before.values():
        sizes[event] = sizes.get(event, 0) + 1
    return [
        group for group, target in zip(groups, targets, strict=True)
        if len(group.stories) != sizes.get(target) or any(before[story] != target for story in group.stories)
    ]  # fmt: skip


def _say_why(writer: Writer, gone: Sequence[tuple[int, int, Reason]], why: Mapping[int, Reason]) -> None:
    """`gone`: (event that stays, event that is merged into it, why); `why`: of each story in its event."""
    events.merge_events(writer, gone)
    names = members.public_ids(writer, why)
    events.record_reasons(writer, [(names[story], found) for story, found in why.items() if story in names])


def _reasons(
    groups: Sequence[Group],
    targets: Sequence[int],
    before: Mapping[int, int],
    founders: Mapping[int, tuple[int | None, int]],
    reason: Callable[[Member], Reason],
) -> dict[int, Reason]:
    """Story → why it is in its event, of all events that changed. Who founded it, or is alone, has no
    level.
    """
    changed = {group.stories[0] for group in _changed(groups, targets, before)}
    found: dict[int, Reason] = {}
    for group, target in zip(groups, targets, strict=True):
        if group.stories[0] not in changed:
            continue
        if len(group.stories) > 1:
            founder = founders[target][0] if target in founders else group.stories[0]
            for member in group.members:
                why = reason(member)
                found[member.story] = replace(why, level=None) if member.story == founder else why
        elif target in founders:  # what stands anew says what it was with
            found[group.stories[0]] = Reason(None)
    return found
