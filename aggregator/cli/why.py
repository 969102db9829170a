"""`why`: what became of an entry, and which decisions made it so.

In: an entry by id, link or guid, and a store that is only read. Out: lines, or JSON. Start reading at
`why_command`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import starmap

import click

from aggregator import answers, edition
from aggregator.cli.moments import rfc3339
from aggregator.cli.output import print_json
from aggregator.cli.settings import Settings, common
from aggregator.config import Config
from aggregator.cycle import composed, learning
from aggregator.model import Entry, Story
from aggregator.records import dataclass
from aggregator.store import Reader, open_reader
from aggregator.topics import Label


@click.command("why")
@click.argument("entry")
@common(json_output=True)
def why_command(settings: Settings, entry: str) -> None:
    """An entry's story and event, what folded it and how sure that was, its topics and their rules. ENTRY:
    id, link or guid.
    """
    config = settings.load(secrets=False)
    with open_reader(config.database) as store:
        found = _explained(config, store, entry)
    if settings.json:
        print_json(_why_json(found.why) | _beside_json(found))
        return
    near = (f"  not     {one.topic}: {one.rule}" for one in found.missed)
    for line in (*_why_lines(found.why, found.lead, found.titles), *near, *map(_word_line, found.words)):
        click.echo(line)


@dataclass(frozen=True, slots=True)
class _Explained:
    """What `why` says of an entry."""

    why: answers.Explanation
    titles: Mapping[str, str]  # of sources, by id
    lead: Entry | None  # under which it is published; None: it is hidden
    words: tuple[answers.Word, ...]  # of the user, on it
    missed: Sequence[Label]  # topics that it nearly belongs to


def _explained(config: Config, store: Reader, name: str) -> _Explained:
    labelled = answers.why(store, name)
    entry, there = labelled.member.entry, {topic for topic, _, _ in labelled.labels}
    why, untold = answers.told_enough(store, labelled)
    return _Explained(
        why,
        answers.titles(store),
        composed.lead(config, store, (why.story, *why.siblings)),
        answers.words_on(store, entry),
        [*starmap(Label, untold.items()), *learning.missed(config, store, entry, there)],
    )


def _beside_json(found: _Explained) -> dict[str, object]:
    near = [{"topic": one.topic, "missing": one.rule} for one in found.missed]
    return {"lead": found.lead.public_id if found.lead else None, "near_topics": near}


def _why_json(found: answers.Explanation) -> dict[str, object]:
    entry = found.member.entry
    return {
        "entry": entry.public_id,
        "number": entry.id,
        "source": entry.source,
        "guid": entry.guid,
        "link": entry.link,
        "title": entry.title,
        **_fold_json(found),
        "topics": [_topic_json(topic, by, rule) for topic, by, rule in found.labels],
        "headlines": [{"since": rfc3339(at), "title": title} for at, title in found.headlines],
        "overrides": [
            {"kind": kind, "other": other or None, "level": level} for kind, other, level in found.overrides
        ],
    }


def _topic_json(topic: str, by: Entry | None, rule: str) -> dict[str, object]:
    return {"topic": topic, "rule": rule, "entry": by.public_id if by else None}


def _fold_json(found: answers.Explanation) -> dict[str, object]:
    """Where the entry is told, and what decided that."""
    reason, together = found.member.reason, (found.story, *found.siblings)
    return {
        "story": found.story.public_id,
        "event": found.event_id,
        "level": reason.level,
        "against": found.against.public_id if found.against else None,
        "score": reason.score,
        "threshold": reason.threshold,
        "features": dict(reason.features),
        "story_entries": [member.entry.public_id for member in found.story.members],
        "event_stories": [story.public_id for story in together],
        "event_members": [_likeness_json(story, found.odd) for story in together if found.siblings],
    }


def _likeness_json(story: Story, odd: int | None) -> dict[str, object]:
    return {"story": story.public_id, "likeness": edition.likeness(story), "odd": story.id == odd}


def _why_lines(found: answers.Explanation, lead: Entry | None, titles: Mapping[str, str]) -> list[str]:
    entry = found.member.entry
    return [
        _named(entry, titles),
        f"  id      {entry.public_id}",
        f"  link    {entry.link or '–'}",
        f"  story   {found.story.public_id}",
        f"  event   {found.event_id}",
        *_level_lines(found, titles),
        *_lead_lines(found, lead, titles),
        *_company_lines(found, titles),
        *_topic_lines(found),
        *(f"  before  {rfc3339(at)} “{title}”" for at, title in found.headlines),
    ]


def _word_line(word: answers.Word) -> str:
    """What the user said of the entry."""
    other = f"“{word.other or word.b}”"
    said = {
        "split": f"split from {other}",
        "join": f"joined with {other} as one {'story' if word.level == 'text' else 'event'}",
        "topic": f"put in the topic {word.b}",
        "pin": "pinned: it leads",
        "hide": "hidden: its story is not published",
    }
    return f"  yours   {said[word.kind]}"


def _alone(found: answers.Explanation) -> str:
    """What an entry is that was folded into nothing."""
    if found.siblings:
        return "its event began with it"
    return "its story began with it" if len(found.story.members) > 1 else "it stands alone"


def _lead_lines(found: answers.Explanation, lead: Entry | None, titles: Mapping[str, str]) -> Iterator[str]:
    """Under which headline all of it is published, where there are several."""
    if lead is None:
        yield "  lead    none: it is hidden"
    elif lead.id == found.member.entry.id and (found.siblings or len(found.story.members) > 1):
        yield f"  lead    it leads its {'event' if found.siblings else 'story'}"
    elif lead.id != found.member.entry.id:
        yield f"  lead    {_named(lead, titles)}"


def _named(entry: Entry, titles: Mapping[str, str]) -> str:
    headline = entry.title or entry.link or entry.public_id
    return f"“{headline}” ({titles.get(entry.source) or entry.source}, entry {entry.id})"


def _level_lines(found: answers.Explanation, titles: Mapping[str, str]) -> Iterator[str]:
    """At which level it is the same as another, and what of it said so."""
    from aggregator.fold import levels  # what compares is not loaded by other commands

    reason = found.member.reason
    if reason.level is None:
        yield f"  level   none: {_alone(found)}"
    else:
        against = _named(found.against, titles) if found.against else "an entry that is gone"
        yield f"  level   {reason.level}: it {levels.words(reason.level)} {against}"
    if reason.threshold or reason.score:
        yield f"  score   {reason.score:.3f} against a threshold of {reason.threshold:.3f}"
    for name, value in reason.features:
        yield f"          {name}: {value}"


def _company_lines(found: answers.Explanation, titles: Mapping[str, str]) -> Iterator[str]:
    """Who else is in its story, and the other stories of its event."""
    for member in found.story.members:
        if member.entry.id != found.member.entry.id:
            yield f"  also    {_named(member.entry, titles)}: {member.reason.level or 'leads'}"
    for story in found.siblings:
        yield f"  event   {_sure(story, found.odd)}{_named(story.members[0].entry, titles)}"


def _topic_lines(found: answers.Explanation) -> Iterator[str]:
    for topic, by, rule in found.labels:
        other = f", by entry {by.id}" if by and by.id != found.member.entry.id else ""
        yield f"  topic   {topic}: {rule}{other}"
    if not found.labels:
        yield "  topic   none: no topic's rule matches"


def _sure(story: Story, odd: int | None) -> str:
    """How sure it is that a story belongs to the event, and whether it is the one that fits least."""
    likeness = edition.likeness(story)
    if likeness is None:
        return ""
    return f"{likeness:.0%} sure{', the odd one out' if story.id == odd else ''}: "
