"""JSON Feed 1.1."""

from __future__ import annotations

import json
from typing import Any

from aggregator.model import Edition, Enclosure, Site, Telling
from aggregator.render import extras
from aggregator.render.prepare import Prepared, heading, page_url, rfc3339, source_title, source_url
from aggregator.text import plain


def write(edition: Edition, site: Site, items: tuple[Prepared, ...], address: str) -> bytes:
    """The subscription document; keys in a fixed order."""
    document: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": heading(edition, site),
        "home_page_url": page_url(edition, site),
        "feed_url": address,
        "description": plain.line(edition.description),
        "language": site.language,
        "hubs": [{"type": "WebSub", "url": site.hub}] if site.hub else None,
    }
    # required, also where there are none
    whole = {**_without_nothing(document), "items": [_item(one, site) for one in items]}
    return (json.dumps(whole, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _without_nothing(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if value is not None and value != [] and value != ""}


def _ours(one: Prepared, site: Site) -> dict[str, Any]:
    """Custom members must be objects (JSON Feed 1.1, "Extensions")."""
    item, origin = one.item, one.item.origin
    source = {
        "id": origin.id,
        "title": source_title(origin),
        "url": source_url(item, site),
        "home_page_url": origin.site,
    }
    return {
        "_source": _without_nothing(source),
        "_also_in": {"entries": [_telling(telling) for telling in item.also]} if item.also else None,
        "_rights": {"text": one.rights} if one.rights else None,
        "_comments": {"url": item.entry.comments} if item.entry.comments else None,
        "_elements": extras.record(one) or None,
        "_topics": {"ids": list(item.topics)} if item.topics else None,
    }


def _item(one: Prepared, site: Site) -> dict[str, Any]:
    said = {
        "id": one.id,
        "url": one.link,
        "title": one.title,
        "content_html": one.content,
        "summary": one.summary,
        "image": one.image,
        "date_published": rfc3339(one.published),
        "date_modified": rfc3339(one.updated),
        "authors": [_without_nothing({"name": person.name, "url": person.uri}) for person in one.authors],
        "tags": [category.term for category in one.categories],
        "language": one.language,
        "attachments": [_attachment(enclosure) for enclosure in one.enclosures],
        **_ours(one, site),
    }
    found = _without_nothing(said)
    if "content_html" not in found:
        found["content_text"] = one.summary or one.title  # one of the two is required
    return found


def _telling(telling: Telling) -> dict[str, Any]:
    return _without_nothing(
        {
            "source": telling.origin.id,
            "source_title": source_title(telling.origin),
            "title": plain.line(telling.title),
            "url": telling.link,
            "date_published": rfc3339(telling.published),
            "level": telling.level,
        }
    )


def _attachment(enclosure: Enclosure) -> dict[str, Any]:
    return _without_nothing(
        {
            "url": enclosure.url,
            "mime_type": enclosure.type,
            "title": plain.line(enclosure.title or ""),
            "size_in_bytes": enclosure.length or None,
            "duration_in_seconds": enclosure.duration,
        }
    )
