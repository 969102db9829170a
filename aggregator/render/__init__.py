"""Editions → `{name: bytes}`. Pure: the same editions give the same bytes, and nothing here asks the clock.

`formats` is the table of what can be written; `feeds` and `archive` write one edition in all that is wanted
of it; `pages`, `sourcesfeed` make the rest.

Start reading at `feeds`; `prepare.prepared` is what all formats share.
"""

from __future__ import annotations

from aggregator.model import Edition, Site
from aggregator.render import formats

__all__ = ["archive", "feeds"]


def feeds(edition: Edition, site: Site, address: str | None = None) -> dict[str, bytes]:
    """The feeds of an edition (`ID.rss`, `ID.atom` …) in the formats of the site, all from the same prepared
    items (F62). `address`: where the feed is served, if not under its name.
    """
    from aggregator.render.prepare import prepared  # when something is written: see `formats`

    items = prepared(edition, site)
    files: dict[str, bytes] = {}
    for form in formats.named(site.formats):
        if form.write is not None:
            name = f"{edition.id}{form.ending}"
            files[name] = form.write(edition, site, items, address or f"{site.base_url}{name}")
    return files


def archive(edition: Edition, site: Site, number: int, complete: bool) -> dict[str, bytes]:
    """One RFC 5005 archive document, in every published format that has archives; complete ones are never
    written again.
    """
    from aggregator.render.prepare import archive_name, prepared

    items = prepared(edition, site)
    return {
        archive_name(edition.id, number, form): form.archive(edition, site, items, number, complete)
        for form in formats.with_archives(site.formats)
        if form.archive is not None
    }
