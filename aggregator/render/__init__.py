"""Editions → `{name: bytes}`. Pure: the same editions give the same bytes, and nothing here asks the clock."""

from __future__ import annotations

from aggregator.model import Edition, Site
from aggregator.render import atom, jsonfeed, rss
from aggregator.render.prepare import archive_name, prepared

__all__ = ["archive", "feeds"]


def feeds(edition: Edition, site: Site, name: str | None = None) -> dict[str, bytes]:
    """`ID.rss`, `ID.atom`, `ID.json`, as far as the site has these formats; all from the same prepared items (F62)."""
    items = prepared(edition, site)
    base = name or edition.id
    writers = {"rss": rss.write, "atom": atom.write, "json": jsonfeed.write}
    return {f"{base}.{form}": writers[form](edition, site, items, base) for form in site.formats}


def archive(edition: Edition, site: Site, number: int, complete: bool) -> dict[str, bytes]:
    """One RFC 5005 archive document; complete ones are never written again."""
    return {archive_name(edition.id, number): atom.write_archive(edition, site, prepared(edition, site), number, complete)}
