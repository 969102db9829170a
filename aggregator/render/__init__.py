"""Editions → `{name: bytes}`. Pure: the same editions give the same bytes, and nothing here asks the clock."""

from __future__ import annotations

from aggregator.model import Edition, Site

__all__ = ["archive", "feeds"]


def feeds(edition: Edition, site: Site, address: str | None = None) -> dict[str, bytes]:
    """`address`: where the feed is served, if not under its name. `ID.rss`, `ID.atom`, `ID.json`, as far as
    the site has these formats; all from the same prepared items (F62).
    """
    from aggregator.render import atom, jsonfeed, rss
    from aggregator.render.prepare import prepared

    items = prepared(edition, site)
    writers = {"rss": rss.write, "atom": atom.write, "json": jsonfeed.write}
    return {
        f"{edition.id}.{form}": writers[form](
            edition, site, items, address or f"{site.base_url}{edition.id}.{form}"
        )
        for form in site.formats
    }


def archive(edition: Edition, site: Site, number: int, complete: bool) -> dict[str, bytes]:
    """One RFC 5005 archive document; complete ones are never written again."""
    from aggregator.render import atom
    from aggregator.render.prepare import archive_name, prepared

    return {
        archive_name(edition.id, number): atom.write_archive(
            edition, site, prepared(edition, site), number, complete
        )
    }
