"""What has to hold between the keys of a config, and what the form of one alone can't tell.

In: the file as `model` has it. Out: a `Problem` for each rule that is broken. Start reading at `problems`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aggregator import kinds, query, urls
from aggregator.config import lines
from aggregator.config.environment import variable
from aggregator.config.ids import RESERVED, made_ids
from aggregator.config.lines import Problem
from aggregator.config.values import several
from aggregator.headers import OURS
from aggregator.patterns import lazy
from aggregator.text.phrases import nearest

ALIKE = 0.5  # how much a name has to be like another, of 1, to have been meant
MAX_ADDRESS = 2000  # characters of a url, as the shape of the config has it
_FIELD_NAME = lazy(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_FIELD_VALUE = lazy(r"[!-~\x80-\xff]([\t -~\x80-\xff]*[!-~\x80-\xff])?")


def problems(folder: Path, file: Any) -> Iterator[Problem]:
    """`file`: as `model.File`, its paths relative to the folder."""
    yield from _service(folder, file)
    yield from _addresses(file)
    yield from _poll(file.poll)
    yield from _twice("topics", file.topics)
    yield from _twice("sources", file.sources)
    ids = made_ids(file.sources)
    for number, topic in enumerate(file.topics):
        yield from _topic_problems(number, topic, ids)
    yield from _names_of_digests(file)
    yield from _names_of_sources(file, ids)
    for number, hook in enumerate(file.hooks):
        yield from _hook_problems(number, hook)
    yield from _source_problems(file)


def _twice(name: str, items: Iterable[Any]) -> Iterator[Problem]:
    """Ids that two of these tables have."""
    seen: set[str] = set()
    for number, item in enumerate(items):
        if item.id in seen:
            yield (name, number, "id"), f'"{item.id}" is the id of another one already; ids are unique'
        if item.id:
            seen.add(item.id)


def _addresses(file: Any) -> Iterator[Problem]:
    addresses = {
        ("service", "base_url"): file.service.base_url,
        ("service", "ping_url"): file.service.ping_url,
        ("publish", "hub"): file.publish.hub,
    }
    for path, address in addresses.items():
        if address is not None and not urls.is_web(address):
            yield path, f'"{address}" is no web address such as "https://news.example.org/"'


def _service(folder: Path, file: Any) -> Iterator[Problem]:
    if re.search(r"[?#]", file.service.base_url):
        yield ("service", "base_url"), "is the address of a folder: without ? and #"
    yield from _places(folder, file.service.database, file.service.output)
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", file.service.language):
        yield ("service", "language"), f'"{file.service.language}" is no language tag such as "en" or "pt-BR"'
    for key in ("title", "contact", "database", "output"):
        if _has_control(getattr(file.service, key)):
            yield ("service", key), _CONTROL


_CONTROL = "holds a line end or control character"


def _has_control(text: str | None) -> bool:
    """Whether a text of one line holds what no name and no path has."""
    return text is not None and re.search(r"[\x00-\x1f]", text) is not None


def lies_in(file: Path, folder: Path) -> bool:
    """Whether a file is or would be in the folder, as the paths are written or where links lead."""
    for follow in (os.path.abspath, os.path.realpath):
        inner, outer = Path(follow(file)), Path(follow(folder))
        if outer in (inner, *inner.parents):
            return True
    return False


def _places(folder: Path, database: str, output: str) -> Iterator[Problem]:
    if _is_root(output):
        yield ("service", "output"), "is the root of the disk; published files need a folder of their own"
    elif not _has_control(database + output) and lies_in(folder / database, folder / output):
        yield (
            ("service", "database"),
            "lies in the output folder, where everybody could fetch it; choose another place",
        )


def _is_root(place: str) -> bool:
    """Whether a path, however it is written (`/`, `//`, `/x/..`), is the root of the disk."""
    return os.path.isabs(place) and Path(os.path.normpath(place)).parent == Path(os.path.normpath(place))


_HOST = r"(\[[0-9A-Fa-f:.]+\]|[^\s/:\[\]]+)"


def _poll(poll: Any) -> Iterator[Problem]:
    if poll.min_interval > poll.max_interval:
        yield ("poll", "min_interval"), "is longer than poll.max_interval"
    yield from _dask(poll)
    for number, host in enumerate(poll.allow_hosts):
        if not re.fullmatch(rf"{_HOST}:\d{{1,5}}", host) or not 0 < int(host.rpartition(":")[2]) < 65536:
            yield ("poll", "allow_hosts"), f'"{host}" (number {number + 1}) is no "host:port"'


def _dask(poll: Any) -> Iterator[Problem]:
    if poll.executor == "dask" and not poll.dask_scheduler:
        yield ("poll", "executor"), 'is "dask", which needs `dask_scheduler`, such as "tcp://127.0.0.1:8786"'
    if poll.dask_scheduler and not re.fullmatch(rf"[a-z]+://{_HOST}:\d{{1,5}}(/\S*)?", poll.dask_scheduler):
        yield (
            ("poll", "dask_scheduler"),
            f'"{poll.dask_scheduler}" is no address of a scheduler such as "tcp://127.0.0.1:8786"',
        )


def _source_problems(file: Any) -> Iterator[Problem]:
    places, topic_ids = [*kinds.config_keys(), "opml"], [topic.id for topic in file.topics]
    for number, source in enumerate(file.sources):
        yield from _source(("sources", number), source, places)
        if source.topics:
            yield from _known(("sources", number, "topics"), source.topics, topic_ids, "topic")


def _source(at: lines.Path, source: Any, places: Sequence[str]) -> Iterator[Problem]:
    """`places`: keys that say where a source is."""
    given = [key for key in places if getattr(source, key) is not None]
    if len(given) != 1:
        yield at, _one_place(given)
    if source.id in RESERVED:
        yield (*at, "id"), f'"{source.id}" is reserved; choose another id'
    yield from _where(at, source)
    if source.headers:
        yield from _headers(at, source.headers)
    yield from _queries(at, source, "include", "exclude")


def _where(at: lines.Path, source: Any) -> Iterator[Problem]:
    """What is wrong with where a source is."""
    if source.url is not None and (words := _of_address(source.url)):
        yield (*at, "url"), words
    if source.opml is not None and "://" in source.opml and (words := _of_address(source.opml)):
        yield (*at, "opml"), words
    for key in ("path", "opml"):
        if _has_control(getattr(source, key)):
            yield (*at, key), _CONTROL


def _one_place(given: Sequence[str]) -> str:
    """What is wrong with a source that says where it is in several ways, or in none."""
    if not given:
        return f"needs {' or '.join(f'`{key}` ({words})' for key, words in kinds.config_keys().items())}"
    keys = " and ".join(f"`{key}`" for key in given)
    return f"has {'both ' if len(given) == 2 else ''}{keys}; give one of them"


def _of_address(url: str) -> str | None:
    if urls.is_web(url.replace(" ", "%20")) and " " in url:
        return f'"{url}" has a blank in it; write %20'
    if not urls.is_web(url):
        return f'"{url}" is no web address: only http and https are polled'
    if "@" in url and "@" in urlsplit(url).netloc:
        return 'holds a user or password; secrets go into `headers = { Authorization = "env:NAME" }`'
    return None


def _headers(at: lines.Path, headers: Mapping[str, str]) -> Iterator[Problem]:
    for name, value in headers.items():
        if (words := _of_header(name, value)) is not None:
            yield (*at, "headers", name), words


def _of_header(name: str, value: str) -> str | None:
    if not _FIELD_NAME.fullmatch(name) or not _FIELD_VALUE.fullmatch(value):
        return (
            "is no header that can be sent: no line ends, no blanks in the name and around the value, "
            "nothing but Latin letters, not empty"
        )
    if value.startswith("env:") and variable(value) is None:
        return f'"{value}" names no variable: env: and letters, digits and _'
    return "is a header that we set ourselves" if name.lower() in OURS else None


def _topic_problems(number: int, topic: Any, ids: list[str]) -> Iterator[Problem]:
    if topic.id in RESERVED:
        yield ("topics", number, "id"), f'"{topic.id}" is reserved; choose another id'
    yield from _known(("topics", number, "sources"), topic.sources, ids, "source")
    yield from _queries(("topics", number), topic, "match", "exclude")
    yield from _starters(("topics", number, "starter"), topic.starter)
    if topic.scheme is not None and topic.term is None:
        yield ("topics", number, "scheme"), "says nothing without a `term`"
    if topic.digest_at is not None and topic.digest is None:
        yield ("topics", number, "digest_at"), 'says nothing without `digest = "daily"` or "weekly"'


def _starters(at: lines.Path, wanted: Any) -> Iterator[Problem]:
    if wanted:
        from aggregator import starters

        for name in several(wanted):
            if name not in starters.names():
                near = nearest(name, starters.names(), ALIKE)
                known = f'did you mean "{near}"?' if near else f"there are {', '.join(starters.names())}"
                yield at, f'there is no starter "{name}"; {known}'


def _names_of_digests(file: Any) -> Iterator[Problem]:
    digests = {f"{topic.id}-digest" for topic in file.topics if topic.digest}
    for number, topic in enumerate(file.topics):
        if topic.id in digests:
            yield ("topics", number, "id"), f'"{topic.id}" is where the digest of another topic is published'


def _names_of_sources(file: Any, ids: Sequence[str]) -> Iterator[Problem]:
    taken = {f"source-{name}" for name in ids}
    for number, topic in enumerate(file.topics):
        if topic.id in taken:
            yield ("topics", number, "id"), f'"{topic.id}" is where the page of a source is published'


def _hook_problems(number: int, one: Any) -> Iterator[Problem]:
    at: lines.Path = ("hooks", number)
    if (one.run is None) == (one.notify is None):
        yield (*at, "run"), "a hook has either `run`, a command, or `notify`, an address"
    if one.run and any("\0" in part for part in one.run):
        yield (*at, "run"), "holds a zero character, which no command line can"
    yield from _queries(at, one, "match")
    if one.match is not None and one.on not in ("story", "event"):
        yield (*at, "match"), f"says nothing of a {one.on}; only stories and events match a query"
    if one.min_sources is not None and one.on != "event":
        yield (*at, "min_sources"), f"says nothing of a {one.on}; only an event is told by several sources"
    if one.timeout == 0:
        yield (*at, "timeout"), "no command can be done in that; it has to be more than 0"


def _queries(at: lines.Path, table: Any, *keys: str) -> Iterator[Problem]:
    for key in keys:
        if (text := getattr(table, key)) is not None:
            try:
                query.parse(text)
            except query.QueryError as error:
                yield (*at, key), str(error)


def _known(at: lines.Path, wanted: list[str], known: list[str], what: str) -> Iterator[Problem]:
    for one in wanted:
        if one not in known:
            near = nearest(one, known, ALIKE)
            yield at, f'"{one}" is no {what} of this file' + (f'; did you mean "{near}"?' if near else "")
