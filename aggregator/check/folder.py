"""A whole folder: the formats of a topic agree, archives are a chain that holds each item once, pages and
lists lead where they say.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from lxml import etree

from aggregator import urls
from aggregator.check import feeds
from aggregator.check.feeds import Document
from aggregator.publish import LARGE, PACKED, recorded
from aggregator.render import formats
from aggregator.render.formats import HTML, OPML

_FETCHING = (
    "//script|//iframe|//object|//embed|//img|//video|//audio|//source|//base"
    "|//link[@rel='stylesheet' or @rel='preload' or @rel='preconnect']"
)


def folder(path: Path) -> Iterator[str]:
    """One line for each finding; nothing for a good folder."""
    names = feeds.names(path)
    if not names:
        yield f"{path}: no feed there"
    documents: dict[Path, Document] = {}
    for name in names:
        yield from (f"{name}: {finding}" for finding in _alone(name, documents))
    yield from _agreement(path, documents)
    yield from _archives(path, documents)
    for page in sorted([*path.glob(f"*{HTML.ending}"), *path.glob(f"stories/*{HTML.ending}")]):
        yield from (f"{page}: {finding}" for finding in _page(page, path, documents))
    for opml in sorted(path.glob(f"*{OPML.ending}")):
        yield from (f"{opml}: {finding}" for finding in _opml(opml))
    yield from _files(path)


def notes(path: Path) -> Iterator[str]:
    """What is no fault, but worth knowing."""
    for name in feeds.names(path):
        if name.parent == path and (size := name.stat().st_size) > LARGE:
            advice = 'a smaller publish.limit or content = "summary" would make it lighter'
            yield f"{name}: {size / 1e6:.1f} MB; {advice}"


def _alone(name: Path, documents: dict[Path, Document]) -> Iterator[str]:
    """What is wrong with one feed by itself; it is put into `documents`."""
    try:
        documents[name] = feeds.read(name)
        yield from feeds.findings(documents[name])
    except (ValueError, KeyError, etree.XMLSyntaxError) as error:
        yield f"is not well-formed: {error}"


def _agreement(path: Path, documents: dict[Path, Document]) -> Iterator[str]:
    """The same items with the same id, title, link, author and date in every format (F62)."""
    seen: dict[str, dict[str, Any]] = {}
    for name, document in documents.items():
        if name.parent == path:
            rows = [(row.id, row.title, row.link, row.author, row.at) for row in document.items]
            seen.setdefault(name.stem, {})[name.suffix] = rows
    for stem, forms in seen.items():
        first = next(iter(forms.values()))
        if any(rows != first for rows in forms.values()):
            yield f"{path / stem}: the formats {', '.join(sorted(forms))} do not hold the same items"


def _archives(path: Path, documents: dict[Path, Document]) -> Iterator[str]:
    """From each feed by prev-archive to the first document: all there, all marked as archives, no item twice
    (F60).
    """
    reached: set[Path] = set()
    for name, document in documents.items():
        form = formats.of_file(name.name)
        if name.parent == path and form is not None and form.archive is not None:
            yield from _chain(name, document, path, documents, reached)
    for name in documents:
        if name.parent != path and name not in reached:
            yield f"{name}: no feed leads to this archive document"


def _is_archive_of(document: Document, archive: Document) -> bool:
    return archive.archive and archive.links.get("current") == document.links.get("self")


def _chain(
    name: Path, document: Document, path: Path, documents: dict[Path, Document], reached: set[Path]
) -> Iterator[str]:
    """The archive of one feed; what it leads to is added to `reached`."""
    ids = [row.id for row in document.items]
    here: Document | None = document
    while here is not None and (address := here.links.get("prev-archive")):
        there = path / "archive" / address.rsplit("/", 1)[-1]
        if there in reached:
            yield f"{here.path}: its archives go in a circle"
            break
        reached.add(there)
        here = documents.get(there)
        if here is None:
            yield f"{name}: the archive document {address} is not there"
        elif _is_archive_of(document, here):
            ids += [row.id for row in here.items]
        else:
            yield f"{there}: is not marked as an archive of {name.name}"
    if len(set(ids)) != len(ids):
        yield f"{name}: {len(ids) - len(set(ids))} items are more than once in it and its archives"


def _page(page: Path, path: Path, documents: dict[Path, Document]) -> Iterator[str]:
    document: Any = etree.HTML(page.read_text(encoding="utf-8"))
    if document.xpath(_FETCHING) or [a for a in document.xpath("//@*") if a.attrname.startswith("on")]:
        yield "runs something, or fetches something by itself"
    if len(document.xpath("//h1[not(ancestor::article)]")) != 1:
        yield "has not exactly one first heading"
    addresses = [address.strip().lower() for address in document.xpath("//a/@href")]
    if any(address.startswith(("javascript:", "data:", "vbscript:")) for address in addresses):
        yield "has a link that would act"
    known = {document.links.get("self") for document in documents.values()} | _unread(path, documents)
    yield from _announced(document.xpath("//link[@rel='alternate']"), known)


def _announced(alternates: Sequence[Any], known: Collection[str | None]) -> Iterator[str]:
    """`known`: addresses of the feeds that are here."""
    if not alternates:
        yield "announces no feed"
    for link in alternates:
        if link.get("href") not in known or not link.get("title") or not link.get("type"):
            yield f"announces {link.get('href')}, which is not here, or without title and type"


def _unread(path: Path, documents: dict[Path, Document]) -> set[str | None]:
    """Addresses of the feeds in formats that nobody reads here: they stand beside the others."""
    bases = {
        address.removesuffix(name.name)
        for name, document in documents.items()
        if (address := document.links.get("self", "")).endswith(f"/{name.name}")
    }
    others = [form for form in formats.feeds() if form.name not in feeds.READERS]
    there = [name.name for form in others for name in path.glob(f"*{form.ending}")]
    return {f"{base}{name}" for base in bases for name in there}


def _opml(opml: Path) -> Iterator[str]:
    try:
        outlines = list(etree.fromstring(opml.read_bytes()).iter("outline"))
    except etree.XMLSyntaxError as error:
        yield f"is not well-formed: {error}"
        return
    addresses = [outline.get("xmlUrl") for outline in outlines if outline.get("xmlUrl")]
    if len(set(addresses)) != len(addresses):
        yield "lists a feed twice"
    for outline in outlines:
        if not outline.get("text"):
            yield "has an outline without text"
        address = outline.get("xmlUrl")
        if address is not None and (
            urls.clean_link(address) is None or outline.get("type") != "rss" or not outline.get("title")
        ):
            yield f"{address}: lacks an absolute address, a title or the type “rss”"


def _files(path: Path) -> Iterator[str]:
    """Each file is as it was published, and its packed form is one of it."""
    files, _ = recorded(path)  # nothing: a folder without our record may be checked too
    for name, known in sorted(files.items()):
        file = path / name
        if not file.is_file():
            yield f"{file}: was published and is not there"
            continue
        data = file.read_bytes()
        if hashlib.sha256(data).hexdigest() != known["sha256"]:
            yield f"{file}: is not what was published"
        packed = file.with_name(file.name + PACKED)
        if packed.exists() and not _holds(packed, data):
            yield f"{packed}: is not a form of {file.name}"


def _holds(packed: Path, data: bytes) -> bool:
    try:
        return gzip.decompress(packed.read_bytes()) == data
    except (OSError, EOFError, zlib.error):
        return False
