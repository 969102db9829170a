"""What is allowed in config.toml and yet hardly meant so: for `check`, and with `--strict` an error."""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from aggregator import kinds, query
from aggregator.config import lines
from aggregator.config.rules import lies_in
from aggregator.config.values import Config
from aggregator.model import Source
from aggregator.text.phrases import span

Doubt = tuple[lines.Path, str]


def _own(config: Config) -> Iterator[tuple[int, Source]]:
    """(place in the file, source): without those of reading lists."""
    known = {source.id: source for source in config.sources if source.reading_list is None}
    return ((place, known[name]) for place, name in enumerate(config.tables) if name in known)


def told(config: Config, text: str, found: Iterable[Doubt]) -> list[str]:
    """Each with its line: `config.toml:14: sources[2].path: …`. `text`: of the file."""
    doubted = list(found)
    where = lines.find(text) if doubted else {}
    numbered = sorted((lines.line(where, at), lines.shown(at), words) for at, words in doubted)
    return [f"{config.path}:{number}: {key}: {words}" for number, key, words in numbered]


def faults(config: Config) -> Iterator[Doubt]:
    """What the file itself can't tell, and what ends every cycle."""
    for number, topic in enumerate(config.topics):
        for place, example in enumerate(topic.like):
            path = example.removeprefix("file:")
            if example.startswith("file:") and not os.path.isfile(path):
                yield ("topics", number, "like", place), f"there is no such file: {path}"
    if os.path.isdir(config.database):
        yield ("service", "database"), f"is a folder, {config.database}; name a file in it"
    if os.path.exists(config.output) and not os.path.isdir(config.output):
        yield ("service", "output"), f"is a file, {config.output}; name a folder"


def doubts(config: Config) -> Iterator[Doubt]:
    yield from _same_addresses(config)
    yield from _intervals(config)
    yield from _sources(config)
    yield from _topics(config)
    yield from _queries(config)
    yield from _hooks(config)
    if (window := max(config.text_window or 0, config.event_window or 0)) > config.retention:
        forgotten = (
            f"is shorter than [fold] looks back ({span(window)}): what is told again later is new then"
        )
        yield ("retention", "entries"), forgotten
    if (trouble := _served_elsewhere(config)) is not None:
        yield ("service", "base_url"), trouble


def _same_addresses(config: Config) -> Iterator[Doubt]:
    seen: dict[str, str] = {}
    for number, source in _own(config):
        address = kinds.same(source)
        if address in seen:
            yield (
                ("sources", number, kinds.of(source).key),
                f'is the same as that of "{seen[address]}": it is read twice; remove one',
            )
        seen.setdefault(address, source.id)


def _intervals(config: Config) -> Iterator[Doubt]:
    least = config.pace.min_interval
    words = f"is shorter than poll.min_interval ({least} s), which holds"
    if config.pace.interval < least:
        yield ("poll", "interval"), words
    for number, source in _own(config):
        if source.interval is not None and source.interval < least:
            yield ("sources", number, "interval"), words


def _sources(config: Config) -> Iterator[Doubt]:
    for number, source in _own(config):
        kind = kinds.of(source)
        if (words := kind.doubt(source)) is not None:
            yield ("sources", number, kind.key), words
        elif source.path is not None and lies_in(Path(source.path), config.output):
            yield ("sources", number, kind.key), "lies in the output folder: what is published would be read"
    for one in config.lists:
        if not one.is_remote and not os.path.isfile(one.where):
            yield ("sources", config.tables.index(one.id), "opml"), f"there is no such file: {one.where}"


def _topics(config: Config) -> Iterator[Doubt]:
    named = {topic for source in config.sources for topic in source.topics}
    for number, topic in enumerate(config.topics):
        has_rule = topic.match or topic.sources or topic.starters or topic.like
        if not has_rule and topic.id not in named:
            advice = "give `match`, `starter`, `like` or `sources`, or name it in the `topics` of a source"
            yield ("topics", number, "id"), f'"{topic.id}" stays empty: {advice}'


def _queries(config: Config) -> Iterator[Doubt]:
    for key, text in _written(config):
        for note in query.notes(text) if text else ():
            yield key, note


def _written(config: Config) -> Iterator[tuple[tuple[str, int, str], str | None]]:
    """All queries, by their keys."""
    for number, topic in enumerate(config.topics):
        yield ("topics", number, "match"), topic.match
        yield ("topics", number, "exclude"), topic.exclude
    for number, source in _own(config):
        yield ("sources", number, "include"), source.include
        yield ("sources", number, "exclude"), source.exclude


def _hooks(config: Config) -> Iterator[Doubt]:
    folder = config.path.absolute().parent
    for number, hook in enumerate(config.hooks):
        at = "hooks", number
        if hook.run and not _is_command(hook.run[0], folder):
            yield (*at, "run"), f"there is no such command: {hook.run[0]}"
        if hook.notify and importlib.util.find_spec("apprise") is None:
            yield (*at, "notify"), "needs the package apprise: install feed-aggregator[notify]"
        if hook.on == "digest" and not any(topic.digest for topic in config.topics):
            yield (*at, "on"), 'no topic has a digest, so this is told nothing: give one `digest = "daily"`'


def _is_command(name: str, folder: Path) -> bool:
    """Whether it can be started in this folder: a name is looked for on the PATH, a path begins there."""
    return shutil.which(name if "/" not in name else str(folder / name)) is not None


def _served_elsewhere(config: Config) -> str | None:
    """All links of the feeds lead to base_url; behind a proxy its port is the proxy's."""
    if config.serve is None:
        return None
    address = urlsplit(config.site.base_url)
    port = address.port or (443 if address.scheme == "https" else 80)
    if port == config.serve[1] or (address.port is None and not _is_here(address.hostname or "")):
        return None
    listens = f"[serve] listens on port {config.serve[1]}"
    return f"leads to port {port}, but {listens}; links of the feeds lead nowhere"


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
