"""Reading, checking, and turning what the user wrote into values of `model`.

In: a path and the environment. Out: a `Config`, or a ConfigError with a line for each mistake. Start reading
at `load`.
"""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from aggregator import __version__, kinds, query, urls
from aggregator.config import lines, lists, quick, tables
from aggregator.errors import ConfigError, UsageError
from aggregator.model import BY_HAND, Category, EventLead, Hook, Limits, Pace, Site, Sort, Source, Topic, Unit
from aggregator.patterns import lazy
from aggregator.records import dataclass, replace
from aggregator.text.phrases import nearest
from aggregator.text.words import sought

RESERVED = frozenset({"all", "index", "feeds", "sources", "archive", "stories", "status", "search", BY_HAND})
MAX_FILE = 20_000_000
ALIKE = 0.5  # how much a name has to be like another, of 1, to have been meant
MAX_ADDRESS = 2000  # characters of a url, as the shape of the config has it


Problem = tuple[lines.Path, str]


@dataclass(frozen=True, slots=True)
class Config:
    """All that config.toml says, checked, with defaults and absolute paths. Durations in seconds, sizes in
    bytes.
    """

    path: Path
    site: Site
    database: Path
    output: Path
    pace: Pace
    limits: Limits
    concurrency: int
    executor: str
    dask_scheduler: str | None
    push: bool
    per_host: int
    host_gap: float
    pause_host: bool
    text_window: int | None
    event_window: int | None
    lead: Literal["first", "longest"]
    event_lead: EventLead
    sort: Sort
    limit: int
    one_per: Unit
    retention: int
    serve: tuple[str, int] | None
    ping_url: str | None
    sources: tuple[Source, ...]
    topics: tuple[Topic, ...]
    hooks: tuple[Hook, ...] = ()
    public_metrics: bool = False
    tables: tuple[str, ...] = ()  # ids of all [[sources]] of the file, reading lists among them, in its order
    lists: tuple[lists.ReadingList, ...] = ()
    desk: bool = False
    desk_token: str | None = None
    log: tuple[Literal["text", "json"], Literal["debug", "info", "warning", "error"]] = ("text", "info")


def load(path: Path, env: Mapping[str, str], secrets: bool = True) -> Config:
    """`secrets` False: for commands that ask no source; what the environment lacks is made up.

    Raises ConfigError with a line for each problem: `config.toml:14: sources[2].interval: "soon" is not a
    duration such as "30m"`.
    """
    text = _text(path)
    raw = _tables(path, text)
    problems: list[Problem] = []
    read: dict[str, str] = {}
    if "env:" in text or "\\" in text:  # an escape may spell it in another way
        _resolve(raw, (), env if secrets else _Unset(env), problems, read)
    unset = {at for at, _ in problems}
    checked = _validate(raw, problems)
    if checked is not None:
        problems += [(at, words) for at, words in _cross(path.absolute().parent, checked) if at not in unset]
    if problems or checked is None:
        told = [(at, _without_secrets(words, read)) for at, words in problems]
        raise ConfigError("\n".join(f"{path}:{line}" for line in _with_lines(text, told)))
    return _config(path, checked)


def refuse_unknown_topics(config: Config, wanted: Iterable[str]) -> None:
    """What `--topic` names. Raises UsageError."""
    known = [topic.id for topic in config.topics]
    for topic in wanted:
        if topic not in known:
            raise UsageError(
                f"--topic {topic}: there is no such topic; there are {', '.join(known) or 'none'}"
            )


def _tables(path: Path, text: str) -> dict[str, Any]:
    try:
        return tables.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax(path, str(error), text)) from None
    except RecursionError:
        raise ConfigError(f"{path}:1: nested too deeply") from None


def _with_lines(text: str, problems: Iterable[Problem]) -> list[str]:
    """`14: sources[2].interval: …`, in the order of the file, each once."""
    where = lines.find(text)
    placed = {(lines.line(where, at), f"{lines.shown(at)}: " if at else "", words) for at, words in problems}
    return [f"{number}: {key}{words}" for number, key, words in sorted(placed)]


def _text(path: Path) -> str:
    """UTF-8, with or without BOM, any line ends."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from None
    if len(data) > MAX_FILE:
        raise ConfigError(f"{path}: more than {MAX_FILE // 1_000_000} MB is no config")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}:{data.count(10, 0, error.start) + 1}: is not UTF-8; save the file as UTF-8"
        ) from None


# What Python's parser says of a file that is no TOML, and what is wrong with it to whoever wrote it
_SYNTAX = {
    "Invalid initial character for a key part": "a key is expected here: no comma stands before }, and "
    "{ … } is one line",
    "Unclosed array": "a comma or ] is missing",
    "Unclosed inline table": "a comma or } is missing; { … } is one line",
    "Unterminated string": "a quote is missing",
    'Expected "\'"': "a quote is missing",
    "Expected ']' at the end of a table declaration": "a ] is missing",
    "Expected ']]' at the end of an array declaration": "]] is missing",
    "Invalid value": 'no value: text stands in straight quotes ("World"), '
    "yes and no are true and false in small letters",
    "Illegal character '\\n'": "a quote is missing at the end of this line",
    "Expected newline or end of document after a statement": "the value ends here, and more follows: "
    'text stands in straight quotes ("30m")',
    "Invalid hex value": "in double quotes a backslash begins a sign: write '…', or two backslashes",
    "Unescaped '\\' in a string": "in double quotes a backslash begins a sign: write '…', or two backslashes",
    "Invalid statement": "expected key = value, or [section]",
    "Expected '=' after a key in a key/value pair": "expected key = value; a key has no blanks",
}


_TWICE = (
    r"^Cannot declare \((?P<section>.*?),?\) twice",
    r"^Cannot mutate immutable namespace \((?P<section>.*?),?\)",
    r"^Duplicate inline table key (?P<key>'.*?')",
    r"^Cannot overwrite a value",
)


def _syntax(path: Path, message: str, text: str) -> str:
    found = re.search(r"\(at line (\d+), column (\d+)\)$", message)
    number = found[1] if found else str(text.count("\n") + 1)
    line = text.split("\n")[int(number) - 1]
    for pattern in _TWICE:
        message = re.sub(pattern, lambda one: f"{_named_twice(one, line)} is there twice", message)
    for said, meant in _SYNTAX.items():
        message = message.replace(said, meant)
    return f"{path}:{number}: {re.sub(r' *[(]at .*[)]$', '', message)}" + (
        f" (column {found[2]})" if found else " (at the end of the file)"
    )


def _named_twice(said: re.Match[str], line: str) -> str:
    """The key or section, of what Python's parser says or else of its line."""
    named = said.groupdict()
    if section := named.get("section"):
        return f"[{section}]".replace("'", "").replace(", ", ".")
    key = named.get("key") or re.split(r"=|\]", line, maxsplit=1)[0].strip(" \t[")
    return key.replace("'", "").replace('"', "")


class _Unset(dict[str, str]):
    """The environment, and for every name that it lacks a value that could be one: a URL, or a header."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return f"https://unset.invalid:443/{name}"


_VARIABLE = lazy(r"env:([A-Za-z_][A-Za-z0-9_]*)")


def variable(value: str) -> str | None:
    """The environment variable that is to be read in the place of this value, if any."""
    found = _VARIABLE.fullmatch(value) if value.startswith("env:") else None
    return found[1] if found else None


def _resolve(
    value: Any, path: lines.Path, env: Mapping[str, str], problems: list[Problem], read: dict[str, str]
) -> None:
    """Put the value of the environment variable in the place of every "env:NAME"; `read`: value → name."""
    for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
        if isinstance(inner, dict | list):
            _resolve(inner, (*path, key), env, problems, read)
        elif isinstance(inner, str) and (name := variable(inner)):
            if name in env:
                value[key] = env[name]
                read[env[name]] = name
            else:
                problems.append(((*path, key), f"the environment variable {name} is not set"))


def _without_secrets(words: str, read: Mapping[str, str]) -> str:
    """What is wrong with a value is told, not the value: logs and terminals show it to others. Longest first:
    one may hold another.
    """
    for value, name in sorted(read.items(), key=lambda pair: -len(pair[0])):
        words = words.replace(value, f"env:{name}") if value else words
    return words


def _validate(raw: dict[str, Any], problems: list[Problem]) -> Any:
    if (read := quick.read(raw)) is not None:
        return read
    from pydantic import ValidationError

    from aggregator.config.model import File

    try:
        return File.model_validate(raw)
    except ValidationError as error:
        problems += [_in_words(dict(one)) for one in _that_say_more(error.errors())]
        return None


def _that_say_more(found: Sequence[Any]) -> list[Any]:
    """A level of sameness is a table or false: pydantic tells of both, what is wrong within the table says
    more.
    """
    within = {one["loc"][:2] for one in found if len(one["loc"]) > 3}

    def says_more(at: tuple[int | str, ...]) -> bool:
        is_of_a_level = at[0] == "fold" and len(at) == 3
        return not is_of_a_level or (at[-1] == "literal[False]" and at[:2] not in within)

    return [one for one in found if says_more(one["loc"])]


def _in_words(error: dict[str, Any]) -> Problem:
    """One pydantic error as path and words."""
    path: lines.Path = tuple(part for part in error["loc"] if part not in ("Level", "literal[False]"))
    if error["type"] == "missing":
        return path[:-1] if path[:-1] else path, f"`{path[-1]}` is missing"
    if error["type"] == "extra_forbidden":
        return path, _unknown(str(path[-1]), path[:-1])
    key = ".".join(str(part) for part in path if not isinstance(part, int))
    return path, _wrong_form(error["type"], key, error["input"]) or _wrong_value(error, key)


def _wrong_form(kind: str, key: str, value: object) -> str | None:
    """What should stand there, where we know better than pydantic does."""
    if kind == "string_pattern_mismatch":
        return _mismatch(key.rpartition(".")[2], value)
    if kind == "literal_error" and key in ("fold.text", "fold.event"):
        return 'expected { window = "7d" } or false'
    if kind == "list_type" and isinstance(value, dict):
        return f"there may be several: write [[{key}]]"
    if kind == "list_type" and isinstance(value, str) and _shown(value):
        return f'"{value}": expected a list: write ["{value}"]'
    if kind == "model_type" and isinstance(value, list) and "." not in key:
        return f"there is one: write [{key}]"
    return None


def _wrong_value(error: dict[str, Any], key: str) -> str:
    """What was given, unless it is a secret, and what pydantic says of it."""
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "value_error":
        return message
    shown = _shown(error["input"]) if key not in _SECRET else ""
    return f"{shown}: {_plain(message)}" if shown else _plain(message)


_SECRET = ("serve.desk_token",)  # never shown
_CLOCKS = ("digest_at",)


def _mismatch(key: str, value: object) -> str:
    """What text of a certain form should look like."""
    if key in _CLOCKS:
        return f'"{value}" is no time of day such as "07:00"'
    return f'"{value}" is no id: use 1 to 64 of a–z, 0–9 and -'


def _shown(value: object) -> str:
    """What was given, where that is short."""
    if isinstance(value, str):
        return f'"{value}"' if len(value) < 80 else ""
    return "" if isinstance(value, dict | list) else str(value).lower()


# What pydantic says → what a person wrote wrong.
_PLAIN = (
    (r"^Input should be ", "expected "),
    (r"a valid dictionary or (instance of|object to extract fields from).*", "a table"),
    (r"a valid integer.*", "a whole number"), (r"a valid string", "text in quotes"),
    (r"a valid boolean.*", "true or false"), (r"a valid list", "a list"), (r"a valid dictionary", "a table"),
    (r"greater than or equal to (\S+)", r"\1 or more"), (r"less than or equal to (\S+)", r"at most \1"),
    (r"^(List|String|Dictionary) should have at least 1 .*", "is empty"),
    (r"^String should have at least (\d+) .*", r"is shorter than \1 characters"),
    (r"^String should have at most (\d+) characters?.*", r"is longer than \1 characters"),
    (r"^(List|Dictionary) should have at most (\d+) items? .*", r"holds more than \2 items"),
)  # fmt: skip


def _plain(message: str) -> str:
    for pattern, plain in _PLAIN:
        message = re.sub(pattern, plain, message)
    return message


def _unknown(key: str, where: lines.Path) -> str:
    """An unknown key with the nearest one that is known there."""
    section = _section(where)
    known = list(section.model_fields)
    near = nearest(key, known, ALIKE)
    if elsewhere := _tables_with(key):
        return f"unknown key; it stands in {' and '.join(elsewhere)}"
    return f"unknown key; did you mean `{near}`?" if near else f"unknown key; known here: {', '.join(known)}"


def _tables_with(key: str) -> list[str]:
    """The tables of the file that know this key."""
    from aggregator.config import model

    fields = model.File.model_fields.items()
    found = [
        (name, field)
        for name, field in fields
        for one in _models(field.annotation)
        if key in one.model_fields
    ]
    return [f"[[{name}]]" if isinstance(field.default, list) else f"[{name}]" for name, field in found]


def _section(where: lines.Path) -> Any:
    """The model of a table of the file: of its field, one table or several, or a level of sameness."""
    from aggregator.config import model

    section: Any = model.File
    for name in (part for part in where if isinstance(part, str)):
        models = _models(section.model_fields[name].annotation) if name in section.model_fields else []
        if not models:
            return section
        section = models[0]
    return section


def _models(annotation: Any) -> list[Any]:
    """The tables that a field may hold."""
    if hasattr(annotation, "model_fields"):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


def _cross(folder: Path, file: Any) -> Iterator[Problem]:
    """What one key alone can't tell. Paths are relative to the folder."""
    yield from _service(folder, file)
    yield from _addresses(file)
    yield from _poll(file.poll)
    yield from _twice("topics", file.topics)
    yield from _twice("sources", file.sources)
    made_ids = _made_ids(file.sources)
    for number, topic in enumerate(file.topics):
        yield from _topic_problems(number, topic, made_ids)
    yield from _names_of_digests(file)
    yield from _names_of_sources(file, made_ids)
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


def _topic_problems(number: int, topic: Any, made_ids: list[str]) -> Iterator[Problem]:
    if topic.id in RESERVED:
        yield ("topics", number, "id"), f'"{topic.id}" is reserved; choose another id'
    yield from _known(("topics", number, "sources"), topic.sources, made_ids, "source")
    yield from _queries(("topics", number), topic, "match", "exclude")
    yield from _starters(("topics", number, "starter"), topic.starter)
    if topic.scheme is not None and topic.term is None:
        yield ("topics", number, "scheme"), "says nothing without a `term`"
    if topic.digest_at is not None and topic.digest is None:
        yield ("topics", number, "digest_at"), 'says nothing without `digest = "daily"` or "weekly"'


_HOST = r"(\[[0-9A-Fa-f:.]+\]|[^\s/:\[\]]+)"


def _poll(poll: Any) -> Iterator[Problem]:
    if poll.min_interval > poll.max_interval:
        yield ("poll", "min_interval"), "is longer than poll.max_interval"
    yield from _dask(poll)
    for number, host in enumerate(poll.allow_hosts):
        if not re.fullmatch(rf"{_HOST}:\d{{1,5}}", host) or not 0 < int(host.rpartition(":")[2]) < 65536:
            yield ("poll", "allow_hosts"), f'"{host}" (number {number + 1}) is no "host:port"'


def _addresses(file: Any) -> Iterator[Problem]:
    addresses = {
        ("service", "base_url"): file.service.base_url,
        ("service", "ping_url"): file.service.ping_url,
        ("publish", "hub"): file.publish.hub,
    }
    for path, address in addresses.items():
        if address is not None and not urls.is_web(address):
            yield path, f'"{address}" is no web address such as "https://news.example.org/"'


def _dask(poll: Any) -> Iterator[Problem]:
    if poll.executor == "dask" and not poll.dask_scheduler:
        yield ("poll", "executor"), 'is "dask", which needs `dask_scheduler`, such as "tcp://127.0.0.1:8786"'
    if poll.dask_scheduler and not re.fullmatch(rf"[a-z]+://{_HOST}:\d{{1,5}}(/\S*)?", poll.dask_scheduler):
        yield (
            ("poll", "dask_scheduler"),
            f'"{poll.dask_scheduler}" is no address of a scheduler such as "tcp://127.0.0.1:8786"',
        )


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


def _of_address(url: str) -> str | None:
    if not urls.is_web(url):
        return f'"{url}" is no web address: only http and https are polled'
    if "@" in url and "@" in urlsplit(url).netloc:
        return 'holds a user or password; secrets go into `headers = { Authorization = "env:NAME" }`'
    return None


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
    if source.url is not None and (words := _of_address(source.url)):
        yield (*at, "url"), words
    if source.opml is not None and "://" in source.opml and (words := _of_address(source.opml)):
        yield (*at, "opml"), words
    for key in ("path", "opml"):
        if _has_control(getattr(source, key)):
            yield (*at, key), _CONTROL
    if source.headers:
        yield from _headers(at, source.headers)
    yield from _queries(at, source, "include", "exclude")


def _one_place(given: Sequence[str]) -> str:
    """What is wrong with a source that says where it is in several ways, or in none."""
    if not given:
        return f"needs {' or '.join(f'`{key}` ({words})' for key, words in kinds.config_keys().items())}"
    keys = " and ".join(f"`{key}`" for key in given)
    return f"has {'both ' if len(given) == 2 else ''}{keys}; give one of them"


def _headers(at: lines.Path, headers: Mapping[str, str]) -> Iterator[Problem]:
    for name, value in headers.items():
        if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", name) or not re.fullmatch(
            r"[!-~\x80-\xff]([\t -~\x80-\xff]*[!-~\x80-\xff])?", value
        ):
            yield (
                (*at, "headers", name),
                "is no header that can be sent: no line ends, no blanks in the name and around the value, "
                "nothing but Latin letters, not empty",
            )
        elif value.startswith("env:") and variable(value) is None:
            yield (*at, "headers", name), f'"{value}" names no variable: env: and letters, digits and _'
        elif name.lower() in (
            "host",
            "content-length",
            "connection",
            "transfer-encoding",
            "accept-encoding",
            "if-none-match",
            "if-modified-since",
        ):
            yield (*at, "headers", name), "is a header that we set ourselves"


def _queries(at: lines.Path, table: Any, *keys: str) -> Iterator[Problem]:
    for key in keys:
        if (text := getattr(table, key)) is not None:
            try:
                query.parse(text)
            except query.QueryError as error:
                yield (*at, key), str(error)


DIGEST_AT = "07:00"  # of a digest, where the config does not say when
EVENT_SOURCES = 2  # that a hook waits for, where it does not say how many
LIST_INTERVAL = 86_400  # seconds between two looks at a reading list that says no other one


def _with_listed(topic: Topic, listed: Sequence[Source]) -> Topic:
    """Who names a reading list among a topic's sources means all that are in it."""
    more = tuple(one.id for one in listed if one.reading_list in topic.sources)
    return replace(topic, sources=(*topic.sources, *more)) if more else topic


def _own_source(folder: Path, name: str, one: Any) -> Source:
    return Source(
        name,
        one.url,
        str(folder / one.path) if one.path else None,
        one.title,
        tuple(one.topics),
        one.interval,
        one.priority,
        one.include,
        one.exclude,
        tuple(one.headers.items()),
        one.enabled,
    )


def _reading_list(folder: Path, name: str, one: Any) -> lists.ReadingList:
    where = one.opml if "://" in one.opml else str(folder / one.opml)
    shared = replace(_own_source(folder, name, one), interval=None, title=None)
    return lists.ReadingList(name, where, one.interval or LIST_INTERVAL, shared)


def _starters(at: lines.Path, wanted: Any) -> Iterator[Problem]:
    if wanted:
        from aggregator import starters

        for name in _several(wanted):
            if name not in starters.names():
                near = nearest(name, starters.names(), ALIKE)
                known = f'did you mean "{near}"?' if near else f"there are {', '.join(starters.names())}"
                yield at, f'there is no starter "{name}"; {known}'


def _several(said: str | list[str]) -> tuple[str, ...]:
    """One, or a list."""
    return (said,) if isinstance(said, str) else tuple(said)


def _topic(folder: Path, one: Any) -> Topic:
    wanted, clock = _several(one.starter), one.digest_at or DIGEST_AT
    return Topic(
        one.id,
        one.title or one.id.replace("-", " ").title(),
        one.description,
        one.match,
        one.exclude,
        tuple(one.sources),
        one.one_per,
        one.min_sources,
        one.per_source,
        one.limit,
        like=tuple(_example(folder, example) for example in one.like),
        learn=one.learn,
        starters=wanted,
        scheme=one.scheme,
        term=one.term,
        sort=one.sort,
        digest=one.digest,
        digest_at=(int(clock[:2]), int(clock[3:])),
    )


def _terms(file: Any) -> tuple[tuple[str, Category], ...]:
    """Topic → its category, of those that have a term."""
    return tuple((one.id, Category(one.term, one.scheme, one.title)) for one in file.topics if one.term)


def _hook(one: Any) -> Hook:
    """Its name is made of what it does, so that it stays the same wherever it stands in the file."""
    told_by = EVENT_SOURCES if one.min_sources is None else one.min_sources
    said = repr((one.on, one.match, told_by, one.run, one.notify))
    name = f"{one.on}-{hashlib.sha256(said.encode()).hexdigest()[:8]}"
    return Hook(name, one.on, one.match, told_by, tuple(one.run or ()), one.notify, one.timeout)


def _names_of_digests(file: Any) -> Iterator[Problem]:
    digests = {f"{topic.id}-digest" for topic in file.topics if topic.digest}
    for number, topic in enumerate(file.topics):
        if topic.id in digests:
            yield ("topics", number, "id"), f'"{topic.id}" is where the digest of another topic is published'


def _names_of_sources(file: Any, made_ids: Sequence[str]) -> Iterator[Problem]:
    taken = {f"source-{name}" for name in made_ids}
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


def _example(folder: Path, said: str) -> str:
    return f"file:{folder / said[5:]}" if said.startswith("file:") else said


def _known(at: lines.Path, wanted: list[str], known: list[str], what: str) -> Iterator[Problem]:
    for one in wanted:
        if one not in known:
            near = nearest(one, known, ALIKE)
            yield at, f'"{one}" is no {what} of this file' + (f'; did you mean "{near}"?' if near else "")


_SAY_NOTHING = {"www", "feeds", "feed", "rss", "feedburner", "com", "org", "net", "co", "uk", "html"}


def made_id(address: str, taken: set[str]) -> str:
    """From the host of a URL or the name of a file, unique among `taken`."""
    host = _host(address) if "://" in address else Path(address).stem
    labels = [label for label in host.split(".") if label not in _SAY_NOTHING]
    base = re.sub(r"[^a-z0-9]+", "-", "-".join(labels or [host]).lower()).strip("-")[:56] or "source"
    if base in RESERVED:
        base += "-source"
    name, number = base, 2
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    return name


def _host(address: str) -> str:
    """Of a URL; "" where it has none, or one that nothing can be at (`http://[x]/`)."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def named_id(title: str, address: str, taken: Collection[str], kind: str = "source") -> str:
    """For what is written into the file: from its title, else from its address; unique among `taken`."""
    base = slug(title)[:48].strip("-")
    if len(base) < 2:
        return made_id(address, set(taken)) if address else _unique(kind, taken)
    return _unique(f"{base}-{kind}" if base in RESERVED else base, taken)


def slug(text: str) -> str:
    """Words of Latin letters and digits, joined by dashes: `Łódź & Co` is `lodz-co`."""
    return "-".join(re.findall(r"[a-z0-9]+", sought(text).replace("'", "").replace("’", "")))


def _unique(base: str, taken: Collection[str]) -> str:
    name, number = base, 2
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    return name


def _made_ids(sources: list[Any]) -> list[str]:
    """The ids of all sources in order, with those that were left out made from host or file name."""
    taken = {source.id for source in sources if source.id}
    found = []
    for source in sources:
        name = source.id or made_id(kinds.address(source) or source.opml or "", taken)
        taken.add(name)
        found.append(name)
    return found


def _config(path: Path, file: Any) -> Config:
    folder = path.absolute().parent
    database = folder / file.service.database
    told = _sources(folder, database, file)
    base = file.service.base_url.rstrip("/") + "/"
    return Config(
        path=path,
        site=_site(file, base),
        database=database,
        output=folder / file.service.output,
        limits=_limits(file, base),
        ping_url=file.service.ping_url,
        log=(file.log.format, file.log.level),
        retention=file.retention.entries,
        **_of_polling(file.poll),
        **_of_grouping(file.fold, file.publish),
        **_of_serving(file.serve),
        sources=told.sources,
        topics=told.topics,
        tables=told.tables,
        lists=told.lists,
        hooks=tuple(_hook(one) for one in file.hooks),
    )


def _of_polling(poll: Any) -> dict[str, Any]:
    return {
        "pace": Pace(poll.interval, poll.min_interval, poll.max_interval),
        "concurrency": poll.concurrency,
        "executor": poll.executor,
        "dask_scheduler": poll.dask_scheduler,
        "push": poll.push,
        "per_host": poll.per_host,
        "host_gap": float(poll.host_gap),
        "pause_host": poll.pause_host,
    }


def _of_grouping(fold: Any, publish: Any) -> dict[str, Any]:
    return {
        "text_window": fold.text.window if fold.text else None,
        "event_window": fold.event.window if fold.event else None,
        "lead": fold.lead,
        "event_lead": publish.lead,
        "sort": publish.sort,
        "limit": publish.limit,
        "one_per": publish.one_per,
    }


def _of_serving(serve: Any) -> dict[str, Any]:
    return {
        "serve": (serve.host, serve.port) if serve else None,
        "public_metrics": bool(serve and serve.metrics),
        "desk": bool(serve and serve.desk),
        "desk_token": serve.desk_token if serve else None,
    }


@dataclass(frozen=True, slots=True)
class _Sources:
    """What the tables of sources and topics say, with what reading lists said last."""

    sources: tuple[Source, ...]
    topics: tuple[Topic, ...]
    tables: tuple[str, ...]  # ids of the tables in the file, in their order
    lists: tuple[lists.ReadingList, ...]


def _sources(folder: Path, database: Path, file: Any) -> _Sources:
    named = list(zip(_made_ids(file.sources), file.sources, strict=True))
    own = tuple(_own_source(folder, name, one) for name, one in named if one.opml is None)
    reading_lists = tuple(_reading_list(folder, name, one) for name, one in named if one.opml is not None)
    topics = tuple(_topic(folder, one) for one in file.topics)
    titles = {topic.id: topic.title for topic in topics}
    listed = tuple(lists.sources(reading_lists, database, own, titles))
    with_listed = tuple(_with_listed(topic, listed) for topic in topics)
    return _Sources((*own, *listed), with_listed, tuple(name for name, _ in named), reading_lists)


def _site(file: Any, base: str) -> Site:
    return Site(
        file.service.title,
        base,
        file.service.language,
        file.service.contact,
        file.publish.hub,
        tuple(dict.fromkeys(file.publish.formats)),
        file.publish.content,
        max(300, min(3600, file.poll.interval)),
        file.serve is not None,
        _terms(file),
        file.publish.images,
    )


def _limits(file: Any, base: str) -> Limits:
    agent = f"aggregator/{__version__} (+{file.service.contact or base})"
    return Limits(
        agent.encode("ascii", "ignore").decode(),
        float(file.poll.timeout),
        file.poll.max_bytes,
        frozenset(host.lower() for host in file.poll.allow_hosts),
        parse_seconds=float(file.poll.parse_timeout),
        parse_memory=file.poll.parse_memory,
    )
