"""Reads and checks what the user wrote. What is wrong is told all at once.

In: a path and the environment. Out: a `Config`, or a ConfigError with a line for each mistake. Start reading
at `load`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from aggregator.config import environment, lines, quick, rules, tables, values
from aggregator.config.lines import Problem
from aggregator.config.values import Config
from aggregator.errors import ConfigError, UsageError

MAX_FILE = 20_000_000


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
        environment.resolve(raw, (), env if secrets else environment.Unset(env), problems, read)
    checked = _checked(path.absolute().parent, raw, problems)
    if problems or checked is None:
        told = [(at, environment.without_secrets(words, read)) for at, words in problems]
        raise ConfigError("\n".join(f"{path}:{line}" for line in _with_lines(text, told)))
    return values.config(path, checked)


def _checked(folder: Path, raw: dict[str, Any], problems: list[Problem]) -> Any:
    """The file as `model` has it, None where its form is wrong. To what is known to be wrong adds what else
    is.
    """
    known = {at for at, _ in problems}
    file = _validate(raw, problems)
    if file is not None:
        problems += [(at, words) for at, words in rules.problems(folder, file) if at not in known]
    return file


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


def _tables(path: Path, text: str) -> dict[str, Any]:
    try:
        return tables.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax(path, str(error), text)) from None
    except RecursionError:
        raise ConfigError(f"{path}:1: nested too deeply") from None


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
    "Invalid value (at end of document)": "a value, or the ] of a list, is missing",
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


def _validate(raw: dict[str, Any], problems: list[Problem]) -> Any:
    if (read := quick.read(raw)) is not None:
        return read
    from pydantic import ValidationError

    from aggregator.config.model import File

    try:
        return File.model_validate(raw)
    except ValidationError as error:
        from aggregator.config import mistakes

        problems += mistakes.in_words(error.errors())
        return None


def _with_lines(text: str, problems: Iterable[Problem]) -> list[str]:
    """`14: sources[2].interval: …`, in the order of the file, each once."""
    where = lines.find(text)
    placed = {(lines.line(where, at), f"{lines.shown(at)}: " if at else "", words) for at, words in problems}
    return [f"{number}: {key}{words}" for number, key, words in sorted(placed)]


def refuse_unknown_topics(config: Config, wanted: Iterable[str]) -> None:
    """What `--topic` names. Raises UsageError."""
    known = [topic.id for topic in config.topics]
    for topic in wanted:
        if topic not in known:
            raise UsageError(
                f"--topic {topic}: there is no such topic; there are {', '.join(known) or 'none'}"
            )
