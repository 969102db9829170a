"""What has to be published anew beside what is new: what somebody removed from the folder, what another
config or program looks different with; and which files are nobody's any more. Pure: names in, names out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from aggregator.config import Config
from aggregator.cycle.digests import name_of
from aggregator.cycle.editions import ALL
from aggregator.model import Topic
from aggregator.records import dataclass
from aggregator.render import formats
from aggregator.render.formats import HTML

SOURCES = "sources"  # the edition of what happened to sources
# files that every site has; those of the front page are made with the edition of everything
WITH_FRONT_PAGE = ("index.html", "feeds.opml", "sources.opml")
OF_EVENTS, OF_ARCHIVES = "stories/", "archive/"  # folders
OF_SOURCE = "source-"  # what the name of a source's page begins with


@dataclass(frozen=True, slots=True)
class Names:
    """Of everything that a config publishes."""

    topics: frozenset[str]
    digests: frozenset[str]
    endings: frozenset[str]
    sources: frozenset[str] = frozenset()  # of their pages

    @property
    def editions(self) -> frozenset[str]:
        return self.topics | self.digests | self.sources | {SOURCES}


@dataclass(frozen=True, slots=True)
class Lost:
    """What is to be made again: names of editions; whether the pages of all events."""

    editions: frozenset[str] = frozenset()
    events: bool = False


def digest_names(topics: Sequence[Topic]) -> dict[str, Topic]:
    """Name of a topic's digest → the topic."""
    return {name_of(topic): topic for topic in topics if topic.digest is not None}


def names_of(config: Config) -> Names:
    endings = {HTML.ending, *(form.ending for form in formats.named(config.site.formats))}
    topics = {ALL.id, *(topic.id for topic in config.topics)}
    of_sources = frozenset(page_of(source.id) for source in config.sources)
    return Names(frozenset(topics), frozenset(digest_names(config.topics)), frozenset(endings), of_sources)


def page_of(source: str) -> str:
    """The name of a source's page."""
    return f"{OF_SOURCE}{source}"


def lost(names: Names, published: Collection[str], missing: Collection[str]) -> Lost:
    """What makes the missing files of those that were published; everything where nothing ever was."""
    if not published:
        return Lost(names.editions, events=True)
    wanted: set[str] = set()
    for name in missing:
        wanted |= _made_with(name)
    return Lost(names.editions & wanted, any(name.startswith(OF_EVENTS) for name in missing))


def _made_with(name: str) -> set[str]:
    """Names that the edition may have which this file is made with."""
    if name.startswith(OF_ARCHIVES):
        return {_of_archive(name)}
    if name in WITH_FRONT_PAGE:
        return {ALL.id}
    base = name.partition(".")[0]
    return {base, of_older_page(base)}


def _of_archive(name: str) -> str:
    return name.removeprefix(OF_ARCHIVES).rpartition("-")[0]


def of_older_page(base: str) -> str:
    """The topic of a page of older items (`ID-2`); "" where it is no such name."""
    topic, _, number = base.rpartition("-")
    return topic if number.isdecimal() and int(number) > 1 else ""


def numbered(names: Iterable[str]) -> dict[tuple[str, str], set[int]]:
    """(what is before a number, what after) → the numbers of these files: of `archive/all-7.atom` it is 7, of
    (`archive/all`, `.atom`).
    """
    found: dict[tuple[str, str], set[int]] = {}
    for name in names:
        before, number, after = parts(name)
        if number:
            found.setdefault((before, after), set()).add(number)
    return found


def parts(name: str) -> tuple[str, int, str]:
    """(what is before the number of a file, it, what after); 0: it has none."""
    base, dot, ending = name.rpartition(".")
    before, _, number = base.rpartition("-")
    has_one = number.isdecimal() and not number.startswith("0") and not name.startswith(OF_EVENTS)
    return (before, int(number), dot + ending) if has_one else (base, 0, dot + ending)


def left_over(config: Config, published: Iterable[str]) -> set[str]:
    """Files that no edition of the config makes."""
    names = names_of(config)
    return {name for name in published if is_left_over(names, name)}


def is_left_over(names: Names, name: str) -> bool:
    """Whether this file is of a topic that left the config, or of a format that is not published any more."""
    base, _, ending = name.rpartition(".")
    if name.startswith(OF_EVENTS) or name in WITH_FRONT_PAGE or base == SOURCES:
        return False
    if name.startswith(OF_ARCHIVES):
        return _of_archive(name) not in names.topics or f".{ending}" not in names.endings
    if base in names.topics or base in names.digests:
        return f".{ending}" not in names.endings
    return f".{ending}" != HTML.ending or (
        base not in names.sources and of_older_page(base) not in names.topics
    )


__all__ = [
    "SOURCES",
    "Lost",
    "Names",
    "digest_names",
    "is_left_over",
    "lost",
    "names_of",
    "numbered",
    "of_older_page",
    "page_of",
    "parts",
]
