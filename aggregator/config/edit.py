"""Edits of config.toml in place: comments and layout stay; what would not load is not written."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT, Table

from aggregator.config.environment import variable
from aggregator.config.ids import named_id
from aggregator.config.load import load
from aggregator.config.tables import Short, short
from aggregator.config.values import Config
from aggregator.errors import ConfigError, UsageError
from aggregator.patterns import lazy
from aggregator.records import dataclass
from aggregator.text.phrases import nearest

_ORDER = ("id", "url", "path", "title", "topics", "interval", "priority", "include", "exclude")
_HERE = "\0"  # which no TOML file holds: where sources are that were just added


def add_source(path: Path, fields: Mapping[str, Any]) -> str:
    """Add one source at the end of the sources; returns its id. Raises ConfigError where the result would not
    load.
    """
    return add_sources(path, [fields])[0]


def _with_ids(found: Iterable[Mapping[str, Any]], taken: set[str]) -> Iterator[dict[str, Any]]:
    for fields in found:
        address = str(fields.get("url") or fields.get("path") or "")
        name = fields.get("id") or named_id(str(fields.get("title") or ""), address, taken)
        taken.add(name)
        yield {**fields, "id": name, "title": _harmless(fields.get("title"))}


def _harmless(title: str | None) -> str | None:
    """None where others called a feed `env:SECRET`, which would publish what our environment holds."""
    return None if title and variable(title) else title


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Without those that say nothing."""
    return {key: value for key, value in fields.items() if value}


def add_sources(
    path: Path, found: Sequence[Mapping[str, Any]], new_topics: Sequence[tuple[str, str]] = ()
) -> list[str]:
    """Add several; those without an id get one made from their title or host. `new_topics`: (id, title) of
    topics that they name and that are to be made.
    """
    if not found:
        return []
    config = load(path, os.environ)
    file = _read(path, [len(config.tables) - 1])  # tomlkit goes on behind the last one
    _add_topics(file.document, new_topics)
    sources = _tables(file.document, "sources")
    taken = {*config.tables, *(source.id for source in config.sources)}
    named = list(_with_ids(found, taken))
    # Where the last table ends tomlkit knows; thousands of new ones are put there as text, in a third of the
    # time.
    place = tomlkit.table().add(tomlkit.comment(_HERE))
    sources.append(place)
    tables = "[[sources]]\n".join(map(_as_text, named))
    _write(path, file, tomlkit.dumps(file.document).replace(place.as_string(), tables))
    return [str(fields["id"]) for fields in named]


def _tables(document: Any, name: str) -> AoT:
    """An array of tables; made where it is missing, or an empty list. Raises UsageError."""
    if not document.get(name):
        document.pop(name, None)
        before = tomlkit.dumps(document)
        if before.strip() and not before.endswith("\n\n"):
            document.add(tomlkit.nl())
        document.append(name, tomlkit.aot())
    found = document[name]
    if not isinstance(found, AoT):
        raise UsageError(f"{name} = […]: can't be edited; write a [[{name}]] table for each")
    return found


def _as_text(fields: Mapping[str, Any]) -> str:
    """The lines of a source's table, with an empty one behind them."""
    told = [key for key in _ORDER if fields.get(key) is not None]
    return "".join(f"{key} = {_value(fields[key])}\n" for key in told) + "\n"


_ESCAPED = lazy(r'[\x00-\x1f\x7f"\\]')


def _value(value: Any) -> str:
    """As TOML has it; most are texts without anything to escape."""
    if isinstance(value, str) and not _ESCAPED.search(value):
        return f'"{value}"'
    return str(tomlkit.item(value).as_string())


def _add_topics(document: Any, found: Sequence[tuple[str, str]]) -> None:
    if not found:
        return
    topics = _tables(document, "topics")
    for name, title in found:
        table = tomlkit.table()
        table.add("id", name)
        if variable(title) is None:
            table.add("title", title)
        table.add(tomlkit.nl())
        topics.append(table)


def remove_source(path: Path, source: str) -> None:
    """What stands behind it, after an empty line, is about what follows, and stays. Raises UsageError where
    there is no such source, or where something still names it.
    """
    numbers = _numbers(load(path, os.environ, secrets=False), [source])
    file = _read(path, numbers)
    tables, place = _tables(file.document, "sources"), file.short.places[numbers[0]]
    left = _behind(tables[place])
    del tables[place]
    instead = tomlkit.table().add(tomlkit.comment(_HERE))
    tables.insert(place, instead)
    header_and_it = re.compile(rf"^.*\n{re.escape(instead.as_string())}", re.M)
    _write(path, file, header_and_it.sub(lambda _: left, tomlkit.dumps(file.document)))


def _behind(table: Any) -> str:
    """What tomlkit takes for the end of a table: the comments behind its last value that an empty line sets
    apart from it.
    """
    said = [at for at, (key, _) in enumerate(table.value.body) if key is not None]
    last = table.value.body[said[-1]][1] if said else None
    within = _behind(last) if isinstance(last, Table) else ""
    tail = "".join(one.as_string() for _, one in table.value.body[said[-1] + 1 if said else 0 :])
    apart = re.search(r"(?:^|\n)[ \t]*\n(.*)", tail, re.S)
    return within + (apart[1].lstrip("\n") if apart else "")


def move_sources(path: Path, addresses: Mapping[str, str]) -> None:
    """Write the new addresses of sources, by id; an id is written too where it was made from the old one, so
    that nothing comes again as new.
    """
    with _edited(path, list(addresses)) as (tables, places):
        for place, (source, url) in zip(places, addresses.items(), strict=True):
            tables[place]["url"] = url
            if "id" not in tables[place]:
                tables[place]["id"] = source


def enable_sources(path: Path, sources: Collection[str], enabled: bool) -> None:
    """Poll them no more, or again. What is the default is not written."""
    with _edited(path, sources) as (tables, places):
        for place in places:
            if enabled:
                tables[place].pop("enabled", None)
            else:
                tables[place]["enabled"] = False


@contextmanager
def _edited(path: Path, sources: Collection[str]) -> Iterator[tuple[AoT, list[int]]]:
    """All sources of the file, and where these are among them; what was made of them is written. Raises
    UsageError where there is no such source.
    """
    numbers = _numbers(load(path, os.environ, secrets=False), sources)
    file = _read(path, numbers)
    yield _tables(file.document, "sources"), [file.short.places[number] for number in numbers]
    _write(path, file, tomlkit.dumps(file.document))


def _numbers(config: Config, sources: Iterable[str]) -> list[int]:
    """Which of the tables of sources they are. Raises UsageError."""
    listed = {one.id: one.reading_list for one in config.sources if one.reading_list is not None}
    numbers = {name: number for number, name in enumerate(config.tables)}
    for source in sources:
        if source in listed:
            raise UsageError(f"{source}: is of the reading list {listed[source]}; change it there")
        refuse_unknown(config.tables, source)
    return [numbers[source] for source in sources]


def refuse_unknown(known: Sequence[str], source: str) -> None:
    """Raises UsageError where there is no source of this id."""
    if source not in known:
        near = nearest(source, known)
        meant = f"did you mean {near}?" if near else "`aggregator sources list` shows them"
        raise UsageError(f"{source}: no such source; {meant}")


@dataclass(frozen=True, slots=True)
class _File:
    bom: bool
    ends: str  # of lines
    short: Short
    document: Any  # tomlkit's, of the short text


def _read(path: Path, apart: Collection[int]) -> _File:
    """`apart`: the places of sources whose tables are to be changed."""
    data = path.read_bytes()
    text = data.decode("utf-8-sig")
    text += "" if text.endswith("\n") else "\n"  # or a new table is glued to the last line
    ends = "\r\n" if "\r\n" in text else "\n"
    shortened = short(text.replace("\r\n", "\n"), apart)
    return _File(data.startswith(b"\xef\xbb\xbf"), ends, shortened, tomlkit.parse(shortened.text))


def _try(trial: Path, path: Path) -> None:
    """Raises ConfigError, in words of the file that it is to become."""
    try:
        load(trial, os.environ)
    except ConfigError as error:
        raise ConfigError(str(error).replace(str(trial), str(path))) from None


def _write(path: Path, file: _File, text: str) -> None:
    """What became of the short text. Whole or not at all, with the same permissions; first loaded, as a
    trial.
    """
    whole = file.short.restored(text).replace("\n", file.ends)
    data = (b"\xef\xbb\xbf" if file.bom else b"") + whole.encode()
    with _unfinished(path, data) as trial:  # beside the file, or where a link to it stands: paths begin there
        _try(trial, path)
        if not path.is_symlink():
            _replace(path, trial)
            return
    target = path.resolve()
    with _unfinished(target, data) as other:
        _replace(target, other)


def _replace(target: Path, by: Path) -> None:
    os.chmod(by, target.stat().st_mode)
    os.replace(by, target)


@contextmanager
def _unfinished(path: Path, data: bytes) -> Iterator[Path]:
    """A file of another name beside this one, for as long as nobody has moved it."""
    try:
        number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    except OSError as error:
        advice = f"mend the permissions of its folder, {path.parent.absolute()}"
        raise ConfigError(f"{path}: can't be written: {error.strerror}; {advice}") from None
    made = Path(name)
    try:
        with os.fdopen(number, "wb") as written:
            written.write(data)
            written.flush()
            os.fsync(written.fileno())
        yield made
    finally:
        made.unlink(missing_ok=True)
