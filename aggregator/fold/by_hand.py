"""What the user says of entries that are folded, done at once.

In: two entries that are one. Out: their stories or events, merged. Start reading at `join`.
"""

from __future__ import annotations

from aggregator import dedupe
from aggregator.fold.cache import FoldCache
from aggregator.fold.coming import look_at
from aggregator.model import Reason
from aggregator.store import Writer, events, members, overrides, vocabulary


def join(writer: Writer, a: str, b: str, level: str) -> bool:
    """Make two entries one story or one event, the older of these leading; inside a transaction. False where
    one is not folded yet.
    """
    one, other = members.placed(writer, a), members.placed(writer, b)
    if one is None or other is None:
        return False
    with vocabulary.recounted(writer, (a, b)):
        if level == "text":
            _join_stories(writer, one, other)
        elif level == "event":
            _join_events(writer, one, other)
    return True


def _join_stories(writer: Writer, one: members.Placed, other: members.Placed) -> None:
    kept, gone = sorted((one, other), key=lambda place: (place.published, place.story))
    if kept.story != gone.story:
        members.merge_stories(writer, kept.story, gone.story, _joined("text", kept.entry))
        know(writer, gone.entry, kept.story)


def _join_events(writer: Writer, one: members.Placed, other: members.Placed) -> None:
    # an event is as old as its founder, whichever of its stories was named
    age = {event: at for event, (_, at) in events.founders(writer, (one.event, other.event)).items()}
    kept, gone = sorted((one, other), key=lambda place: (age[place.event], place.event))
    if kept.event != gone.event:
        events.merge_events(writer, [(kept.event, gone.event, _joined("event", kept.entry))])


def _joined(level: str, against: int) -> Reason:
    return Reason(level, against, 1.0, 1.0, overrides.JOINED)


def know(writer: Writer, entry: int, story: int, own: bool = False) -> None:
    """After the user's word: the words of this entry find this story from now on; `own`: they are those of
    the story itself.
    """
    memory = FoldCache(writer, {})
    coming = look_at(members.entries(writer, [entry], dedupe.BODY_CHARACTERS), memory, writer)
    one = coming.news[0]
    coming.describe(one)
    written = members.Additions(writer, memory.numbers)
    written.postings(one.terms, one.entry.published, story)
    if own:
        written.vector(story, one.vector)
    written.flush()
    vocabulary.count_terms(writer, dict.fromkeys(one.terms, 0))  # they are known words from now on
