"""The user's word on folds: `split` and `join`, remembered for good. Of two that contradict each other the
newer one holds: the older one is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aggregator import answers, fold
from aggregator.config import Config
from aggregator.cycle import composed
from aggregator.errors import UsageError
from aggregator.fold import levels
from aggregator.model import Entry, Member, Story
from aggregator.store import Reader, Store, Writer, events, overrides, queue, stories, vocabulary
from aggregator.store.overrides import Override


def split(store: Store, name: str, now: int) -> str:
    """Take an entry out of what it was folded into. Returns what was done, in words. Raises UsageError."""
    entry, member = answers.find_folded(store, name)
    story = stories.stories(store, [member.story])[0]
    with store.transaction() as writer:
        if len(story.members) > 1:
            return _split_story(writer, name, entry, story, member.reason.level or "text", now)
        if len(stories.of_events(writer, [member.event])) > 1:
            return _split_event(writer, name, entry, story, now)
    raise UsageError(f"{name}: entry {entry.id} stands alone already")


def _founded(name: str, entry: Entry, story: Story) -> UsageError:
    others = ", ".join(str(other.entry.id) for other in story.members if other.entry.id != entry.id)
    return UsageError(
        f"{name}: entry {entry.id} founded its story; split the others out of it instead ({others})"
    )


def _other_member(name: str, founder: Entry, story: Story) -> Member:
    """The one that goes in the place of the entry that founded a story of two, which keeps its id."""
    others = [member for member in story.members if member.entry.id != founder.id]
    if len(others) > 1:
        raise _founded(name, founder, story)
    return others[0]


def _split_story(writer: Writer, name: str, entry: Entry, story: Story, level: str, now: int) -> str:
    done = f"entry {entry.id} is a story of its own now"
    if story.public_id == entry.public_id:
        other = _other_member(name, entry, story)
        done = f"entries {entry.id} and {other.entry.id} are two stories now"
        entry, level = other.entry, other.reason.level or "text"
    mine = {entry.public_id}
    overrides.retract(writer, "join", levels.names(), mine, _ids([story]) - mine)
    overrides.remember_override(writer, Override("split", entry.public_id, story.public_id, level), now)
    with vocabulary.recounted(writer, (entry.public_id, story.public_id)):
        alone, _ = events.take_out(writer, entry)
        fold.know(writer, entry.id, alone, own=True)
    return done


def _only_other(writer: Writer, name: str, founder: Entry, story: Story) -> Story:
    """The story that goes in the place of the one that founded an event of two, which keeps its id."""
    others = [one for one in stories.of_events(writer, [story.event]) if one.id != story.id]
    if len(others) > 1:
        raise UsageError(
            f"{name}: entry {founder.id} founded its event; split the other stories out of it instead"
        )
    return others[0]


def _split_event(writer: Writer, name: str, entry: Entry, story: Story, now: int) -> str:
    event = stories.heads(writer, [story.event])[story.event].public_id
    done = f"entry {entry.id} is an event of its own now"
    if event == story.public_id:
        founder, story = entry, _only_other(writer, name, entry, story)
        entry = _founder(story)
        done = f"entries {founder.id} and {entry.id} are two events now"
    mine = _ids([story])
    overrides.retract(writer, "join", levels.names(), mine, _ids_of_event(writer, story.event) - mine)
    overrides.remember_override(writer, Override("split", entry.public_id, event, "event"), now)
    with vocabulary.recounted(writer, (entry.public_id,)):
        events.leave_event(writer, story.id)
    return done


def _founder(story: Story) -> Entry:
    """Whose id the story has; the first where that one is gone."""
    entries = [member.entry for member in story.members]
    return next((one for one in entries if one.public_id == story.public_id), entries[0])


def unsplit(store: Store, name: str) -> str:
    """Forget a split; the story of the entry is taken apart and waits to be folded by the rules."""
    asked = answers.find(store, name)
    with store.transaction() as writer:
        entry = _that_was_split(store, writer, asked)
        if entry is None:
            raise UsageError(f"{name}: entry {asked.id} was not split")
        overrides.forget_overrides(writer, "split", entry.public_id, None)
        _unmake(writer, [entry], "text")
    return f"the split of entry {asked.id} is forgotten"


def _that_was_split(store: Store, reader: Reader, entry: Entry) -> Entry | None:
    """The entry itself, or the only one that was split from what it founded."""
    splits = [word for word in overrides.overrides(reader) if word.kind == "split"]
    if any(word.a == entry.public_id for word in splits):
        return entry
    others = {word.a for word in splits if word.b == entry.public_id}
    return answers.find(store, others.pop()) if len(others) == 1 else None


def join(store: Store, one: str, other: str, level: str, now: int) -> str:
    """Make two entries one story or one event. Raises UsageError."""
    a, b = answers.find(store, one), answers.find(store, other)
    if a.id == b.id:
        raise UsageError(f"{one} and {other} are the same entry, {a.id}")
    with store.transaction() as writer:
        _retract_splits(store, writer, a, b, level)
        overrides.forget_overrides(writer, "join", a.public_id, b.public_id)  # said the other way round too
        overrides.remember_override(writer, Override("join", a.public_id, b.public_id, level), now)
        done = fold.join(writer, a.public_id, b.public_id, level)
    them = f"entries {a.id} and {b.id} are one {'story' if level == 'text' else 'event'}"
    return f"{them} {'now' if done else 'as soon as both are folded'}"


def _retract_splits(store: Store, writer: Writer, a: Entry, b: Entry, level: str) -> None:
    """The newest word on a pair wins."""
    (story, event), (other_story, other_event) = _companions(store, a), _companions(store, b)
    overrides.retract(writer, "split", {"event"}, event, other_event)
    if level == "text":
        overrides.retract(writer, "split", levels.of_stories(), story, other_story)


def told_under(config: Config, store: Reader, one: str, other: str, level: str) -> str:
    """Which of two entries that were joined are told under another headline from now on, in words; "" where
    they are not together yet, or hidden. Raises UsageError.
    """
    a, b = answers.find(store, one), answers.find(store, other)
    found = _together(store, a, b, level)
    lead = composed.lead(config, store, found, "story" if level == "text" else "event") if found else None
    if lead is None:
        return ""
    return _told_below(lead, [entry for entry in (a, b) if entry.id != lead.id], level)


def _told_below(lead: Entry, below: Sequence[Entry], level: str) -> str:
    titles = " and ".join(f"“{entry.title}”" for entry in below)
    where = "everywhere" if level == "text" else "in feeds of one item an event"
    return f"{titles} {'is' if len(below) == 1 else 'are'} told under “{lead.title}” {where}"


def _together(store: Reader, a: Entry, b: Entry, level: str) -> tuple[Story, ...]:
    """The story, or the stories of the event, that both are in."""
    places = stories.place(store, a.id), stories.place(store, b.id)
    if places[0] is None or places[1] is None:
        return ()
    if level == "text":
        return stories.stories(store, [places[0].story]) if places[0].story == places[1].story else ()
    return stories.of_events(store, [places[0].event]) if places[0].event == places[1].event else ()


def _companions(store: Reader, entry: Entry) -> tuple[set[str], set[str]]:
    """Published ids of all that is in the entry's story, and in its event."""
    member = stories.place(store, entry.id)
    if member is None:
        return {entry.public_id}, {entry.public_id}
    return _ids(stories.stories(store, [member.story])), _ids_of_event(store, member.event)


def _ids(found: Iterable[Story]) -> set[str]:
    return {
        name
        for story in found
        for name in (story.public_id, *(member.entry.public_id for member in story.members))
    }


def _ids_of_event(store: Reader, event: int) -> set[str]:
    head = stories.heads(store, [event])[event].public_id
    return {head, *stories.aliases(store, head)} | _ids(stories.of_events(store, [event]))


def _levels_of_join(reader: Reader, both: set[str]) -> set[str]:
    """The levels on which two entries, by their published ids, were joined."""
    said = overrides.overrides(reader)
    return {word.level for word in said if word.kind == "join" and {word.a, word.b} == both}


def unjoin(store: Store, one: str, other: str) -> str:
    """Forget a join; the stories that it made one are taken apart and wait to be folded by the rules."""
    a, b = answers.find(store, one), answers.find(store, other)
    with store.transaction() as writer:
        joined = _levels_of_join(writer, {a.public_id, b.public_id})
        if not overrides.forget_overrides(writer, "join", a.public_id, b.public_id):
            raise UsageError(f"{one} and {other} were not joined")
        for level in joined:
            _unmake(writer, [a, b], level)
    return f"the join of entries {a.id} and {b.id} is forgotten"


def _unmake(writer: Writer, found: Iterable[Entry], level: str) -> None:
    """Their stories, or all stories of their events, wait to be folded again."""
    places = [place for entry in found if (place := stories.place(writer, entry.id)) is not None]
    if level == "text":
        queue.unmake(writer, {place.story for place in places})
    else:
        everything = stories.of_events(writer, sorted({place.event for place in places}))
        queue.unmake(writer, {story.id for story in everything})
