"""A digest: what was told of a topic in a day or a week, as one text. Pure; no language model, nobody's words
changed.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Literal

from aggregator.model import Item
from aggregator.records import dataclass
from aggregator.text import excerpts

Rhythm = Literal["daily", "weekly"]
MOST = 50  # events that a digest tells; of others it says how many there are
SUMMARY = 280  # characters of an event's summary
NAMED = 8  # outlets that are named, at most


@dataclass(frozen=True, slots=True)
class Digest:
    """One entry of a topic's digest, as it was made: it never changes."""

    topic: str
    until: int  # Unix time of its end, which is its date
    public_id: str
    title: str
    html: str
    text: str
    events: int


def boundary(now: int, rhythm: Rhythm, at: tuple[int, int], zone: tzinfo | None = None) -> tuple[int, int]:
    """(beginning, end) of the last whole day, or week from Monday to Monday, that ended by `now` at this hour
    and minute of the zone (None: that of the machine). A day in which clocks change has 23 or 25 hours.
    """
    present = datetime.fromtimestamp(now).astimezone(zone)
    end = _at(present, at)
    if end > present:
        end = _at(end - timedelta(days=1), at)
    if rhythm == "weekly":
        end = _at(end - timedelta(days=end.weekday()), at)
    begin = _at(end - timedelta(days=7 if rhythm == "weekly" else 1), at)
    return int(begin.timestamp()), int(end.timestamp())


def _at(day: datetime, at: tuple[int, int]) -> datetime:
    """That day at this time, in the zone's offset of that day."""
    naive = day.replace(hour=at[0], minute=at[1], second=0, microsecond=0, tzinfo=None)
    return naive.astimezone() if day.tzinfo is None else naive.replace(tzinfo=day.tzinfo)


def compose(
    topic: str, title: str, public_id: str, until: int, items: Sequence[Item], day: str, page: str
) -> Digest:
    """`items`: one an event. What most sources tell comes first, the newest of equals. `page`: where the rest
    of it is.
    """
    ordered = sorted(items, key=lambda item: (-item.sources, -item.published, item.id))
    shown, more = ordered[:MOST], len(ordered[MOST:])
    return Digest(
        topic,
        until,
        public_id,
        f"{title}: {day}",
        "<ol>" + "".join(map(_as_html, shown)) + "</ol>" + (_more_as_html(more, page) if more else ""),
        "\n\n".join([*_numbered(shown), *([f"{_more(more)}: {page}"] if more else [])]),
        len(ordered),
    )


def _numbered(items: Sequence[Item]) -> list[str]:
    return [f"{number}. {_as_text(item)}" for number, item in enumerate(items, 1)]


def _more(events: int) -> str:
    return f"{events} more {'event' if events == 1 else 'events'}"


def _more_as_html(events: int, page: str) -> str:
    return f'<p><a href="{html.escape(page)}">{_more(events)}</a></p>'


def _told_by(item: Item) -> list[tuple[str, str]]:
    """(outlet, link) of each source that tells it, the leading one first; each once."""
    tellings = [
        (item.origin.title, item.link),
        *((one.origin.title, one.link or item.link) for one in item.also),
    ]
    return list({name: (name, link) for name, link in reversed(tellings)}.values())[::-1][:NAMED]


def _as_html(item: Item) -> str:
    outlets = ", ".join(
        f'<a href="{html.escape(link)}">{html.escape(name)}</a>' for name, link in _told_by(item)
    )
    summary = excerpts.beside(item.entry.title, item.entry.summary, SUMMARY)
    return (
        f'<li><p><a href="{html.escape(item.link)}"><strong>{html.escape(item.entry.title)}</strong></a>'
        + (f"<br>{html.escape(summary)}" if summary else "")
        + f"<br><small>{outlets}</small></p></li>"
    )


def _as_text(item: Item) -> str:
    summary = excerpts.beside(item.entry.title, item.entry.summary, SUMMARY)
    outlets = ", ".join(name for name, _ in _told_by(item))
    return "\n   ".join(line for line in (item.entry.title, summary, item.link, f"({outlets})") if line)
