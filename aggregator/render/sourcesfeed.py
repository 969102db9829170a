"""`sources.rss` and its like: what happened to sources, one item a change of state, in words with what
to do.
"""

from __future__ import annotations

import html
from collections.abc import Sequence

from aggregator import render, urls
from aggregator.model import Edition, Entry, Item, Origin, Site, StateChange
from aggregator.records import replace
from aggregator.render import formats
from aggregator.states import BY_NAME


def write(notices: Sequence[StateChange], site: Site, updated: int) -> dict[str, bytes]:
    """In the formats that have it; newest first."""
    items = tuple(
        sorted(
            (_item(notice, site) for notice in notices),
            key=lambda item: (item.published, item.id),
            reverse=True,
        )
    )
    edition = Edition(
        "sources",
        "Sources",
        "What happened to the sources: died, moved, gone, silent, blocked, back",
        items,
        updated,
    )
    in_these = tuple(one.name for one in formats.feeds() if one.of_sources)
    return render.feeds(edition, replace(site, formats=in_these))


def _item(notice: StateChange, site: Site) -> Item:
    entry = _entry(notice)
    link = f"{site.base_url}sources.html"
    origin = Origin(notice.source, site.title, feed_id=urls.mint("sources", site.title))
    return Item(entry.public_id, entry, origin, link, notice.at, notice.at)


def _entry(notice: StateChange) -> Entry:
    public_id = urls.mint("notice", notice.source, str(notice.at), notice.state)
    return Entry(
        source=notice.source,
        key=public_id,
        title=f"{notice.title} {BY_NAME[notice.state].said}",
        summary=notice.words,
        text=notice.words,
        content=f"<p>{html.escape(notice.words)}</p>",
        public_id=public_id,
        published=notice.at,
        changed=notice.at,
        first_seen=notice.at,
    )
