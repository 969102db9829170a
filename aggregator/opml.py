"""OPML ↔ feeds. Reads every dialect (listparser), writes the plainest."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

from aggregator.errors import UsageError
from aggregator.text import markup

MAX_BYTES, MAX_FEEDS, MAX_DEPTH = 20_000_000, 50_000, 50


@dataclass(frozen=True, slots=True)
class Outline:
    """A feed of a list. `folders`: where it stood, outermost first."""

    url: str
    title: str = ""
    site: str | None = None
    folders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    feeds: tuple[Outline, ...]
    warnings: tuple[str, ...] = ()


def read(data: bytes) -> Found:
    """Each feed once, http and https only. Raises UsageError where this is no OPML, has a DTD, or is beyond
    all bounds (S16).
    """
    if len(data) > MAX_BYTES:
        raise UsageError(f"an OPML file of more than {MAX_BYTES // 1_000_000} MB is none")
    head = data[:4096].replace(b"\x00", b"").lower()
    if b"<!doctype" in head or b"<!entity" in data.replace(b"\x00", b"").lower():
        raise UsageError("the OPML file has a DTD, which none needs; it is not read")
    if _depth(data) > MAX_DEPTH:
        raise UsageError(f"the OPML file nests deeper than {MAX_DEPTH}")
    import listparser  # here: it takes a quarter of a second to import

    parsed = listparser.parse(data)
    if not parsed.get("version") and not parsed.get("feeds"):
        raise UsageError("not an OPML file: no <opml> and no feed in it")
    warnings, found = [], dict[str, Outline]()
    for feed in parsed.get("feeds", [])[:MAX_FEEDS]:
        url = markup.clean(feed.get("url") or "").strip()
        title = markup.title(feed.get("title") or "")
        if not url.lower().startswith(("http://", "https://")):
            warnings.append(
                f"left out “{markup.snippet(title or url, 60)}”: {markup.snippet(url, 80) or 'no address'} is no web address"
            )
            continue
        categories = feed.get("categories") or [[]]
        found.setdefault(url, Outline(url, title, None, tuple(categories[0])))
    return Found(tuple(found.values()), tuple(warnings))


def _depth(data: bytes) -> int:
    """How deep outlines nest; listparser recurses."""
    depth = deepest = 0
    for match in re.finditer(rb"<(/?)outline\b[^>]*?(/?)>", data, re.I):
        if match[1]:
            depth -= 1
        elif not match[2]:
            depth += 1
            deepest = max(deepest, depth)
    return deepest


def write(title: str, feeds: Iterable[Outline]) -> bytes:
    """OPML 2.0 as the usual importers want it: text, title, type="rss" for every format, xmlUrl, htmlUrl;
    same input, same bytes (F61).
    """
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<opml version="2.0">', "  <head>", f"    <title>{_attribute(_words(title))}</title>",
             "  </head>", "  <body>"]  # fmt: skip
    for feed in feeds:
        name = _attribute(_words(feed.title) or feed.url)
        # Importers and validators stumble over addresses in brackets (IPv6); a site's page can be left out.
        site = f' htmlUrl="{_attribute(feed.site)}"' if feed.site and "[" not in feed.site else ""
        lines.append(
            f'    <outline type="rss" text="{name}" title="{name}" xmlUrl="{_attribute(feed.url)}"{site}/>'
        )
    if len(lines) == 6:
        lines.append('    <outline text="No feeds yet"/>')  # OPML 2.0 wants one outline at least
    return "\n".join([*lines, "  </body>", "</opml>", ""]).encode()


def _words(text: str) -> str:
    """Importers and validators take it for HTML, where `R&D` is an error and a tag vanishes; double escaping
    shows in others.
    """
    return re.sub(r"&\u2060?(?=[^\s&<])", "＆", markup.line(text).replace("<", "‹"))


def _attribute(text: str) -> str:
    return html.escape(markup.clean(text), quote=True).replace("&#x27;", "'")
