"""One item of several tellings: what the lead lacks comes from the others, and nothing false is said by it.
Pure.

Within a story (same item, same text) the others speak for the lead: its body may be the longest, its episode
data those of the podcast it announces. Within an event they are other people's texts: one stands in for a
lead without any, and is named (`Item.text_of`); its authors, rights and numbers are never the lead's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from aggregator import urls
from aggregator.model import Enclosure, Entry
from aggregator.patterns import lazy
from aggregator.records import replace
from aggregator.text import clock

PLAYED = ("audio/", "video/")
_EPISODE = ("itunes:", "podcast:")
_UNKNOWN_TYPE = "application/octet-stream"
_WORD = lazy(r"\w+")


def unite(
    lead: Entry, same: Sequence[Entry], others: Sequence[Entry], name: Callable[[Entry], str], most: int
) -> tuple[Entry, Entry]:
    """(the lead with what it lacks, the entry whose text it holds). `same`: of its own story, `others`: of
    its event; `name`: of an entry's source; at most so many media come from others.
    """
    if not (same or others):  # as most are: nobody has more to say
        return _with_own_media(lead), lead
    told, everybody = _told(lead, same, others, name), (lead, *same, *others)
    united = replace(
        told.entry,
        image=next((one.image for one in everybody if one.image), None),
        categories=next((one.categories for one in everybody if one.categories), ()),
        comments=next((one.comments for one in (lead, *same) if one.comments), None),
        enclosures=_enclosures((lead, *same), others, name, most),
        extras=(*lead.extras, *_episode(lead, same)),
    )
    return united, told.teller


def _with_own_media(entry: Entry) -> Entry:
    """None twice, and each as long as its episode."""
    media = _enclosures((entry,), (), lambda _: "", 0)
    return entry if media == entry.enclosures else replace(entry, enclosures=media)


class _Told(NamedTuple):
    """The lead with a text, and who wrote it."""

    entry: Entry
    teller: Entry


def _told(lead: Entry, same: Sequence[Entry], others: Sequence[Entry], name: Callable[[Entry], str]) -> _Told:
    teller = _teller(lead, same, others)
    text = replace(lead, content=teller.content, text=teller.text, language=lead.language or teller.language)
    if any(teller is one for one in others):
        return _Told(replace(text, summary=f"{name(teller)}: {teller.summary}"), teller)
    brief = next((one.summary for one in (lead, teller, *same) if one.summary), "")
    return _Told(replace(text, summary=brief, authors=lead.authors or teller.authors), teller)


def _teller(lead: Entry, same: Sequence[Entry], others: Sequence[Entry]) -> Entry:
    """Whose body is published: the lead's, unless it has none, or only the beginning of a longer one of its
    own story.
    """
    longest = max((one for one in same if _has_body(one)), key=_length, default=None)
    if longest and (not _has_body(lead) or (_length(longest) > _length(lead) and _is_part(lead, longest))):
        return longest
    if _has_body(lead) or longest:
        return lead
    return max((one for one in others if _has_body(one)), key=_length, default=lead)


def _has_body(entry: Entry) -> bool:
    return bool(entry.content or entry.text or entry.summary)


def _length(entry: Entry) -> int:
    return len(entry.text)


def _is_part(short: Entry, long: Entry) -> bool:
    """Whether every word of the one stands in the other, in this order: a teaser, and its article."""
    words, all_words = (" ".join(_WORD.findall(entry.text.casefold())) for entry in (short, long))
    # A body of pictures alone is no beginning of anything.
    return bool(words) and words in all_words


def _enclosures(
    own: Iterable[Entry], others: Iterable[Entry], name: Callable[[Entry], str], most: int
) -> tuple[Enclosure, ...]:
    """Each address once, those of others under the name of their source."""
    found: dict[str, Enclosure] = {}
    for entry in own:
        for media in _timed(entry):
            _add(found, media)
    limit = len(found) + most
    for entry in others:
        for media in _timed(entry):
            if len(found) < limit:
                _add(found, replace(media, title=media.title or name(entry)))
    return tuple(found.values())


def _add(found: dict[str, Enclosure], media: Enclosure) -> None:
    """Under the address to compare; of two with the same one, each says what the other leaves out."""
    address = urls.address_key(media.url)
    known = found.get(address)
    if known is None:
        found[address] = media
        return
    found[address] = replace(
        known,
        type=known.type if known.type != _UNKNOWN_TYPE else media.type,
        length=known.length or media.length,
        medium=known.medium or media.medium,
        width=known.width or media.width,
        height=known.height or media.height,
        duration=known.duration or media.duration,
    )


def _timed(entry: Entry) -> Iterator[Enclosure]:
    """The media of an entry; what can be played lasts as long as its episode."""
    seconds = next((clock.seconds(value) for name, value in entry.extras if name == "itunes:duration"), None)
    for media in entry.enclosures:
        yield (
            replace(media, duration=seconds)
            if media.duration is None and _is_played(media) and seconds
            else media
        )


def _is_played(media: Enclosure) -> bool:
    return media.type.startswith(PLAYED)


def _episode(lead: Entry, same: Sequence[Entry]) -> Iterator[tuple[str, str]]:
    """What the first other entry with something to play says of it, where the lead says nothing of
    this name.
    """
    said = {name for name, _ in lead.extras}
    if not any(map(_is_played, lead.enclosures)):
        episode = next((one for one in same if any(map(_is_played, one.enclosures))), lead)
        for name, value in episode.extras:
            if name.startswith(_EPISODE) and name not in said:
                yield name, value
