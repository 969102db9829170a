"""Who tells an entry where planets and other aggregators are among the sources: the feeds that they took it
from (its extras "origin:…"), and those of whom they report that they tell it too ("telling", see
`parse.tellings`). Pure.

Who is read directly as well counts once and is listed once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from aggregator import urls
from aggregator.model import Entry, Level, Member, Origin, Story, Telling

Direct = Mapping[str, str]
"""Address or id of a feed that is read directly → its source."""


class Report(NamedTuple):
    """Somebody else who tells an entry, by its name alone."""

    outlet: str
    title: str
    link: str
    published: int | None  # None: not said
    level: Level


def direct(origins: Mapping[str, Origin]) -> Direct:
    return {
        name: source for source, origin in origins.items() for name in (origin.url, origin.feed_id) if name
    }


def teller(entry: Entry, read: Direct) -> str:
    if entry.extras:
        for name, value in entry.extras:
            if name in ("origin:id", "origin:url") and value in read:
                return read[value]
    return entry.teller


def others(lead: Member, members: Iterable[Member], read: Direct) -> list[Member]:
    """Without those that are an entry at hand a second time: its outlet is read directly as well, or through
    several aggregators.
    """
    found: dict[str, list[Entry]] = {teller(lead.entry, read): [lead.entry]}
    listed = []
    for member in members:
        of_teller = found.setdefault(teller(member.entry, read), [])
        if not any(_is_one(member.entry, other) for other in of_teller):
            of_teller.append(member.entry)
            listed.append(member)
    return listed


def _is_one(a: Entry, b: Entry) -> bool:
    """Of two that one outlet tells."""
    if not (a.extras or b.extras) or a.source == b.source or not _is_taken(a, b):
        return False
    # An entry without a link has one to the page that the other aggregator gave it.
    return a.link_key == b.link_key or (a.title, a.published) == (b.title, b.published)


def _is_taken(*entries: Entry) -> bool:
    return any(name == "origin:title" for entry in entries for name, _ in entry.extras)


def of_entry(entry: Entry) -> list[Report]:
    found = [json.loads(value) for name, value in entry.extras if name == "telling"]
    return [Report(one["outlet"], one["title"], one["link"], one["published"], one["level"]) for one in found]


def by(
    lead: Entry, same: Sequence[Member], rest: Sequence[Member], origin: Callable[[Entry], Origin]
) -> list[Telling]:
    """Those whom the entries of an item report; `rest` are the other stories of its event, of which all tell
    the event only.
    """
    at_hand = [lead, *(member.entry for member in (*same, *rest))]
    if not _is_any_reported(at_hand):
        return []
    names = {entry.id: origin(entry).title for entry in at_hand}
    of_event = {member.entry.id for member in rest}
    return [_as_telling(entry, report, entry.id in of_event) for entry, report in _reports(at_hand, names)]


def _as_telling(entry: Entry, report: Report, is_of_event: bool) -> Telling:
    published = entry.published or 0 if report.published is None else report.published
    level = "event" if is_of_event else report.level
    return Telling(Origin(entry.source, report.outlet), report.title, report.link, published, level)


def _is_any_reported(entries: Iterable[Entry]) -> bool:
    return any(name == "telling" for entry in entries for name, _ in entry.extras)


def _reports(entries: Sequence[Entry], names: Mapping[int, str]) -> Iterator[tuple[Entry, Report]]:
    """Each once, without those who are at hand themselves: by the link of another entry, or under the name
    that an entry's outlet has.
    """
    if not _is_any_reported(entries):
        return
    known = {(entry.link_key, names.get(entry.id, "")) for entry in entries}
    links = {entry.link_key: entry.id for entry in entries}
    for entry in entries:
        for report in of_entry(entry):
            key = urls.key(report.link)
            if links.get(key, entry.id) == entry.id and (key, report.outlet) not in known:
                known.add((key, report.outlet))
                yield entry, report


def tellers(members: Iterable[Member], read: Direct) -> set[str]:
    """All who tell it, by their sources or, where they are only reported, by their names."""
    entries = [member.entry for member in members]
    if not any(entry.extras for entry in entries):  # as most are
        return {entry.source for entry in entries}
    names = {entry.id: dict(entry.extras).get("origin:title", "") for entry in entries}
    return {teller(entry, read) for entry in entries} | {
        _named(report) for _, report in _reports(entries, names)
    }


def voices(story: Story) -> list[set[str]]:
    """The tellers of each text: those of the story, and those of each other text that is reported of its
    event.
    """
    entries = [member.entry for member in story.members]
    if not any(entry.extras for entry in entries):
        return [{entry.source for entry in entries}]
    reports = [report for _, report in _reports(entries, {})]
    copies = {_named(one) for one in reports if one.level != "event"}
    texts = [{_named(one)} for one in reports if one.level == "event"]
    return [{entry.teller for entry in entries} | copies, *texts]


def _named(report: Report) -> str:
    return f"outlet: {report.outlet}"
