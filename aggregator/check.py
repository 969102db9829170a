"""Checks of an output folder, for `scripts/check-feeds`: what is published there must be well-formed, safe, and agree. Reads only."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from aggregator import urls
from aggregator.text import markup

_ATOM = "{http://www.w3.org/2005/Atom}"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
_RFC822 = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\Z")
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
LARGE = 5_000_000  # bytes


def folder(path: Path) -> Iterator[str]:
    """One line for each finding; nothing for a good folder."""
    feeds = sorted([*path.glob("*.rss"), *path.glob("*.atom"), *path.glob("*.json"), *path.glob("archive/*.atom")])
    if not feeds:
        yield f"{path}: no feed there"
    seen: dict[str, dict[str, list[str]]] = {}
    for feed in feeds:
        if feed.name.startswith("."):
            continue
        try:
            ids = yield from _feed(feed)
        except (ValueError, etree.XMLSyntaxError) as error:
            yield f"{feed}: is not well-formed: {error}"
            continue
        seen.setdefault(feed.stem, {})[feed.suffix] = ids
    for name, forms in seen.items():
        if len({tuple(ids) for ids in forms.values()}) > 1:
            yield f"{path / name}: the formats {', '.join(sorted(forms))} do not hold the same items"


def _feed(path: Path) -> Any:
    data = path.read_bytes()
    if len(data) > LARGE:
        yield f"{path}: {len(data)} bytes, more than {LARGE}"
    if data.startswith(b"\xef\xbb\xbf") or b"<!DOCTYPE" in data[:2000]:
        yield f"{path}: starts with a BOM or has a DOCTYPE"
    if markup.clean(data.decode("utf-8")) != data.decode("utf-8"):
        yield f"{path}: holds characters that XML does not allow"
    reader = {".rss": _rss, ".atom": _atom, ".json": _json}[path.suffix]
    items = list(reader(data))
    ids = [item["id"] for item in items]
    if len(set(ids)) != len(ids) or not all(ids):
        yield f"{path}: an id is missing or there twice"
    for item in items:
        for trouble in _item(item):
            yield f"{path}: {item['id']}: {trouble}"
    return ids


def _item(item: dict[str, Any]) -> Iterator[str]:
    if not item["title"]:
        yield "no title"
    if urls.follow(item["link"]) is None:
        yield f"the link {item['link']!r} is no absolute web address"
    if not item["source"]:
        yield "names no source"
    for date in item["dates"]:
        if not (_RFC3339.match(date) or _RFC822.match(date)):
            yield f"the date {date!r} is not in its form"
    if item["content"] and markup.safe(item["content"]) != item["content"]:
        yield "its content is changed by sanitising it again"


def _rss(data: bytes) -> Iterator[dict[str, Any]]:
    for item in etree.fromstring(data, _PARSER).iter("item"):
        yield {"id": item.findtext("guid"), "title": item.findtext("title"), "link": item.findtext("link"), "source": item.findtext("source"),
               "dates": [item.findtext("pubDate") or ""], "content": item.findtext(_CONTENT) or ""}  # fmt: skip


def _atom(data: bytes) -> Iterator[dict[str, Any]]:
    for entry in etree.fromstring(data, _PARSER).iter(f"{_ATOM}entry"):
        links = [link.get("href") for link in entry.findall(f"{_ATOM}link") if link.get("rel") == "alternate"]
        yield {"id": entry.findtext(f"{_ATOM}id"), "title": entry.findtext(f"{_ATOM}title"), "link": links[0] if len(links) == 1 else None,
               "source": entry.findtext(f"{_ATOM}source/{_ATOM}title"), "dates": [entry.findtext(f"{_ATOM}updated") or "", entry.findtext(f"{_ATOM}published") or ""],
               "content": entry.findtext(f"{_ATOM}content") or ""}  # fmt: skip


def _json(data: bytes) -> Iterator[dict[str, Any]]:
    for item in json.loads(data)["items"]:
        yield {"id": item["id"], "title": item.get("title"), "link": item.get("url"), "source": item.get("_source"),
               "dates": [item.get("date_published", ""), item.get("date_modified", "")], "content": item.get("content_html") or ""}  # fmt: skip


def main() -> None:
    """`python -m aggregator.check FOLDER`"""
    if len(sys.argv) != 2:
        sys.exit("usage: scripts/check-feeds FOLDER")
    findings = list(folder(Path(sys.argv[1])))
    for line in findings:
        print(line)
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
