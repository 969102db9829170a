"""OPML ↔ feeds. Reads every dialect in any declared encoding (lxml; what is no OPML by listparser), writes
the plainest.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from aggregator import urls
from aggregator.errors import UsageError
from aggregator.patterns import lazy
from aggregator.records import dataclass, replace
from aggregator.text import characters, excerpts, plain

MAX_BYTES, MAX_FEEDS, MAX_DEPTH = 20_000_000, 50_000, 50


@dataclass(frozen=True, slots=True)
class Outline:
    """A feed of a list. `folders`: where it stood, outermost first."""

    url: str
    title: str = ""
    site: str | None = None
    folders: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    id: str | None = None  # of the source, in files that we wrote


@dataclass(frozen=True, slots=True)
class Found:
    """`damage`: in words, where the file holds more feeds than could be read, or ends before its end.
    `beyond`: feeds that are left out because there are more than MAX_FEEDS; the first warning says so.
    """

    feeds: tuple[Outline, ...]
    warnings: tuple[str, ...] = ()
    damage: str | None = None
    beyond: int = 0


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
    outlines = _outlines(data)
    if outlines is None:
        return _bounded(_each_once(_by_listparser(data)))
    return _bounded(replace(_each_once(outlines), damage=_damage(data, outlines)))


def _bounded(found: Found) -> Found:
    beyond = len(found.feeds) - MAX_FEEDS
    if beyond <= 0:
        return found
    words = too_many(beyond)
    return replace(found, feeds=found.feeds[:MAX_FEEDS], warnings=(words, *found.warnings), beyond=beyond)


def too_many(beyond: int) -> str:
    """In words."""
    return (
        f"holds more than {MAX_FEEDS:,} feeds; the last {beyond:,} {'is' if beyond == 1 else 'are'} left out"
    )


_COMMENT = lazy(rb"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)", re.S)
_END = lazy(rb"</\s*(?:[\w.-]+:)?opml|<\s*(?:[\w.-]+:)?opml\b[^>]*/>", re.I)
_ADDRESS = lazy(rb"\sxmlurl\s*=\s*[\"']\s*[^\s\"']", re.I)


def _damage(data: bytes, found: Iterable[Outline]) -> str | None:
    """What of the file was not read, by its own account: its end, or addresses that it holds."""
    said = _COMMENT.sub(b"", data.replace(b"\x00", b""))
    if not _END.search(said):
        return f"breaks off in line {said.rstrip().count(10) + 1}, before its end (</opml>)"
    lost = len(_ADDRESS.findall(said)) - sum(1 for outline in found if outline.url)
    if lost <= 0:
        return None
    return f"is damaged: {lost} of its addresses can't be read (a quotation mark or < too many?)"


def _each_once(outlines: Iterable[Outline]) -> Found:
    """One feed in several folders is one feed."""
    warnings, found = [], dict[str, Outline]()
    for outline in outlines:
        trouble = _trouble(outline)
        if trouble is not None:
            warnings.append(left_out(outline, trouble))
        elif (first := found.setdefault(outline.url, outline)) is not outline:
            found[outline.url] = replace(first, folders=(*first.folders, *outline.folders))
    return Found(tuple(found.values()), tuple(warnings))


def left_out(outline: Outline, trouble: str) -> str:
    """In words."""
    shown = excerpts.snippet(outline.title or outline.url, 60) or "an outline without a title"
    return f"left out “{shown}”: {trouble}"


def _trouble(outline: Outline) -> str | None:
    """Why this is no feed that can be polled."""
    if not outline.url:
        return "no address of a feed"
    if urls.is_web(outline.url):
        return None
    return f"{excerpts.snippet(outline.url, 80)} is no web address"


_ID = "{urn:aggregator:opml}id"
_PAGES = ("link", "include")  # types of outlines whose `url` is a page, or another list


# Addresses that were never escaped; not in UTF-16, where a NUL follows.
_BARE_AMPERSAND = lazy(rb"&(?![a-zA-Z][a-zA-Z0-9]{0,30};|#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};|\x00)")


def _outlines(data: bytes) -> list[Outline] | None:
    """Every outline that has an address or could have one; None where this is no OPML."""
    from lxml import etree

    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(_BARE_AMPERSAND.sub(b"&amp;", data.lstrip(b" \t\r\n")), parser)
    except etree.XMLSyntaxError:
        return None
    if root is None or _name(root) != "opml":
        return None
    found: list[Outline] = []
    bodies = [one for one in root.iterchildren() if _name(one) == "body"]
    for body in (*bodies, root):  # outlines that stand in none count too
        _walk(body, (), found)
    return found


def _name(element: Any) -> str:
    """Of an element, in whatever namespace."""
    return str(element.tag).rpartition("}")[2].lower()


@dataclass(frozen=True, slots=True)
class _Said:
    """What an outline says of itself, in whatever dialect."""

    title: str
    url: str  # of a feed; "" where there is none
    kind: str
    page: str  # its `url`, whatever that is
    site: str | None
    categories: tuple[str, ...]
    id: str | None


def _walk(parent: Any, folders: tuple[str, ...], found: list[Outline]) -> None:
    for element in parent.iterchildren():
        if _name(element) != "outline":
            continue
        said = _said({str(name).lower(): str(value) for name, value in element.attrib.items()})
        feed = _feed(said, folders, is_leaf=not len(element))
        if feed is not None:
            found.append(feed)
        is_folder = bool(said.title and not said.url)
        _walk(element, (*folders, said.title) if is_folder else folders, found)


def _said(attributes: Mapping[str, str]) -> _Said:
    kind, page = attributes.get("type", "").lower(), attributes.get("url", "")
    categories = [part.strip(" /") for part in attributes.get("category", "").split(",")]
    return _Said(
        title=plain.title(attributes.get("text", "").strip() or attributes.get("title", "")),
        url=attributes.get("xmlurl") or ("" if kind in _PAGES else page),
        kind=kind,
        page=page,
        site=attributes.get("htmlurl") or None,
        categories=tuple(filter(None, categories)),
        id=attributes.get(_ID),
    )


def _feed(said: _Said, folders: tuple[str, ...], is_leaf: bool) -> Outline | None:
    """None of a folder; one without an address where it could have had one."""
    if said.url or (is_leaf and (said.kind == "rss" or said.site)):
        return Outline(address(said.url), said.title, said.site, folders, said.categories, said.id)
    if is_leaf and said.page:
        return Outline("", said.title or said.page, None, folders)
    return None


_UNESCAPED = lazy(r"[\s<>\"]")
OF_FEEDS = lazy(r"(?i:feed|feeds|pcast|itpc|podcast):(//)?")  # schemes by which browsers call a reader


def address(url: str) -> str:
    """`feed:https://…` is that address; `feed://…` and the like mean http. What was never escaped is."""
    url = _UNESCAPED.sub(lambda sign: quote(sign[0]), characters.clean(url).strip())
    found = OF_FEEDS.match(url)
    if found is None:
        return url
    rest = url[found.end() :]
    return rest if rest.lower().startswith(("http://", "https://")) else f"http://{rest.lstrip('/')}"


def _by_listparser(data: bytes) -> list[Outline]:
    import listparser  # here: it takes a quarter of a second to import

    parsed = listparser.parse(data)
    if not parsed.get("version") and not parsed.get("feeds"):
        raise UsageError("not an OPML file: no <opml> and no feed in it")
    return [
        Outline(
            address(feed.get("url") or ""),
            plain.title(feed.get("title") or ""),
            None,
            tuple((feed.get("categories") or [[]])[0]),
        )
        for feed in parsed.get("feeds", [])
    ]


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


def write(title: str, feeds: Iterable[Outline], ids: bool = False) -> bytes:
    """OPML 2.0 as the usual importers want it: text, title, type="rss" for every format, xmlUrl, htmlUrl;
    same input, same bytes (F61). A feed stands in its folders; `ids`: ours are written too, for our import.
    """
    namespace = ' xmlns:aggregator="urn:aggregator:opml"' if ids else ""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<opml version="2.0"{namespace}>',
        "  <head>",
        f"    <title>{_attribute(_words(title))}</title>",
        "  </head>",
        "  <body>",
    ]
    body = list(_in_folders(feeds, ids)) or ['<outline text="No feeds yet"/>']  # OPML 2.0 wants one at least
    lines += [f"    {line}" for line in body]
    return "\n".join([*lines, "  </body>", "</opml>", ""]).encode()


def _in_folders(feeds: Iterable[Outline], ids: bool) -> Iterator[str]:
    """Lines; those of no folder first."""
    by_folder: dict[tuple[str, ...], list[Outline]] = {(): []}
    for feed in feeds:
        by_folder.setdefault(feed.folders[:1], []).append(feed)
    yield from (_line(feed, ids) for feed in by_folder.pop(()))
    for (folder,), inside in by_folder.items():
        name = _attribute(_words(folder))
        yield f'<outline text="{name}" title="{name}">'
        yield from (f"  {_line(feed, ids)}" for feed in inside)
        yield "</outline>"


def _line(feed: Outline, ids: bool) -> str:
    name = _attribute(_words(feed.title) or urls.host(feed.url) or feed.url)
    url = _attribute(feed.url)
    # Importers and validators stumble over addresses in brackets (IPv6); a site's page can be left out.
    site = feed.site if feed.site and "[" not in feed.site else ""
    categories = ",".join(f"/{one}" for one in feed.categories)
    own = feed.id if ids else None
    more = (("htmlUrl", site), ("category", categories), ("aggregator:id", own))
    said = "".join(f' {key}="{_attribute(value)}"' for key, value in more if value)
    return f'<outline type="rss" text="{name}" title="{name}" xmlUrl="{url}"{said}/>'


def _words(text: str) -> str:
    """Importers and validators take it for HTML, where `R&D` is an error and a tag vanishes; double escaping
    shows in others.
    """
    return re.sub(r"&\u2060?(?=[^\s&<])", "＆", plain.line(text).replace("<", "‹"))


def _attribute(text: str) -> str:
    return html.escape(characters.clean(text), quote=True).replace("&#x27;", "'")
