"""The formats that are published: one table, that everybody iterates who has to do with one.

A new format is a `Format` in `FORMATS`. Its name is then taken by `publish.formats` and `search --format`,
its files are written, served, compressed, announced by pages, told to hubs, and removed when it leaves the
config. Nothing heavy is imported here: reading a config needs the names and none of the writers.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal

from aggregator.model import Edition, Site
from aggregator.records import dataclass

if TYPE_CHECKING:
    from aggregator.render.prepare import Prepared

Use = Literal["feed", "page", "list"]
"""What people subscribe to, what they read, and lists of feeds."""


@dataclass(frozen=True, slots=True)
class Format:
    """One format. A feed has a `write`; pages and lists are made of several editions and have functions of
    their own.
    """

    name: str  # in the config
    ending: str  # of its files, with the dot: letters and digits
    media_type: str
    title: str  # for people
    use: Use = "feed"
    # (edition, site, its items, the address that the feed is read at) → the document
    write: Callable[[Edition, Site, tuple[Prepared, ...], str], bytes] | None = None
    # (edition, site, its items, number, whether it is complete) → an archive document (RFC 5005)
    archive: Callable[[Edition, Site, tuple[Prepared, ...], int, bool], bytes] | None = None
    by_default: bool = False  # published where the config names no formats
    of_sources: bool = False  # the feed of what happened to sources is published in it, always
    shown: bool = False  # browsers show it as it is; else they are given the page that stands beside it


def _lazily(module: str, function: str = "write") -> Callable[..., bytes]:
    """A writer of this package, imported when something is written."""

    def write(*given: Any) -> bytes:
        writer = getattr(importlib.import_module(f"aggregator.render.{module}"), function)
        data = writer(*given)
        assert isinstance(data, bytes)
        return data

    return write


RSS = Format(
    "rss",
    ".rss",
    "application/rss+xml",
    "RSS",
    write=_lazily("rss"),
    by_default=True,
    of_sources=True,
)
ATOM = Format(
    "atom",
    ".atom",
    "application/atom+xml",
    "Atom",
    write=_lazily("atom"),
    archive=_lazily("atom", "write_archive"),
    by_default=True,
    of_sources=True,
)
JSON = Format(
    "json",
    ".json",
    "application/feed+json",
    "JSON Feed",
    write=_lazily("jsonfeed"),
    by_default=True,
)
HTML = Format("html", ".html", "text/html", "Page", use="page", shown=True)
OPML = Format("opml", ".opml", "text/x-opml", "OPML", use="list")

FORMATS: dict[str, Format] = {one.name: one for one in (RSS, ATOM, JSON, HTML, OPML)}


def feeds() -> tuple[Format, ...]:
    """What can be subscribed to, in the order of the table."""
    return tuple(one for one in FORMATS.values() if one.use == "feed")


def feed(name: str) -> Format | None:
    """The feed format of this name; None where there is none."""
    found = FORMATS.get(name)
    return found if found is not None and found.use == "feed" else None


def named(names: Iterable[str]) -> list[Format]:
    """The feed formats of these names, in this order; names of none are left out."""
    return [found for name in names if (found := feed(name)) is not None]


def with_archives(names: Iterable[str]) -> list[Format]:
    """The feed formats of these names that have archive documents."""
    return [one for one in named(names) if one.archive is not None]


def by_default() -> tuple[str, ...]:
    """Names of what is published where the config names no formats."""
    return tuple(one.name for one in feeds() if one.by_default)


def of_file(name: str) -> Format | None:
    """The format of a published file, by its ending; None for a file of no format."""
    return next((one for one in FORMATS.values() if name.endswith(one.ending)), None)


def is_subscribed(name: str) -> bool:
    """Whether a published file is a feed that people subscribe to, and no document of its archive."""
    found = of_file(name)
    return found is not None and found.use == "feed" and "/" not in name


def best_first(names: Iterable[str]) -> list[Format]:
    """These feed formats, those first that lead to all that was ever in the feed (its archives)."""
    return sorted(named(names), key=lambda one: one.archive is None)
