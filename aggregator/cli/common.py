"""What all commands share: options, the loaded config, how errors end, how data is printed."""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from aggregator.errors import ConfigError, UsageError
from aggregator.records import dataclass, replace
from aggregator.text.phrases import moment, span

if TYPE_CHECKING:
    from rich.text import Text

    from aggregator.answers import SourceRow
    from aggregator.config import Config
    from aggregator.store import Store

R = TypeVar("R")

CONFIG_HELP = (
    "The config file. [default: $AGGREGATOR_CONFIG, ./config.toml, ~/.config/aggregator/config.toml]"
)
LOCK_WAIT = 300  # seconds that a command waits for the end of a cycle that runs


@dataclass(frozen=True, slots=True)
class Settings:
    """The common options, wherever on the line they stood."""

    config: Path | None = None
    quiet: bool = False
    verbose: bool = False
    json: bool = False

    @property
    def path(self) -> Path:
        """`--config`, else `$AGGREGATOR_CONFIG`, else `./config.toml`, else the user's own one where there is
        one.
        """
        named = self.config or os.environ.get("AGGREGATOR_CONFIG")
        if named:
            return Path(named)
        here, home = Path("config.toml"), os.environ.get("XDG_CONFIG_HOME") or "~/.config"
        own = Path(home).expanduser() / "aggregator" / "config.toml"
        return own if not here.exists() and own.exists() else here

    def load(self, secrets: bool = True) -> Config:
        """`secrets` False: for a command that asks no source, and needs none of their secrets."""
        from aggregator.config import load

        if not self.path.exists():
            raise ConfigError(
                f"{self.path}: there is no such file; "
                "`aggregator init` writes one to start from, --config names another"
            )
        return load(self.path, os.environ, secrets)

    def writer(self, config: Config, patient: bool = True, make: bool = True) -> Store:
        """The database to change; a cycle that runs on it is waited for, with a word, unless not
        `patient`. Made where it is missing, unless not `make`: then that is a UsageError.
        """
        from aggregator.store import is_there, open_writer

        if not make and not is_there(config.database):
            raise UsageError(f"{config.database}: there is no database yet; `aggregator run` makes it")

        def waiting() -> None:
            self.say(
                f"another cycle is running on {config.database}; waiting for its end (Ctrl-C leaves it be)"
            )

        return open_writer(config.database, LOCK_WAIT if patient else 0, waiting)

    def say(self, text: str) -> None:
        """A line for people, unless they want quiet."""
        if not self.quiet:
            click.echo(text, err=True)

    @property
    def talkative(self) -> bool:
        """Whether a person looks at this run (cron has no terminal)."""
        return not self.quiet and (self.verbose or sys.stderr.isatty())


def common(json_output: bool = False) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Adds the common options to a command, which gets one `Settings` as its first argument."""
    options = [
        click.option("--config", "config_path", type=click.Path(path_type=Path), help=CONFIG_HELP),
        click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors."),
        click.option("-v", "--verbose", is_flag=True, help="Print more, also without a terminal."),
    ]
    if json_output:
        options.append(click.option("--json", "as_json", is_flag=True, help="Print data as JSON."))

    def decorate(command: Callable[..., R]) -> Callable[..., R]:
        wrapped = _with_settings(command)
        for option in reversed(options):
            wrapped = option(wrapped)
        return wrapped

    return decorate


def _with_settings(command: Callable[..., R]) -> Callable[..., R]:
    """Takes what the common options say out of what a command is given."""

    @click.pass_context
    @functools.wraps(command)
    def wrapped(context: click.Context, /, *args: Any, **given: Any) -> R:
        base: Settings = context.find_root().obj or Settings()
        settings = replace(
            base,
            config=given.pop("config_path") or base.config,
            quiet=given.pop("quiet") or base.quiet,
            verbose=given.pop("verbose") or base.verbose,
            json=given.pop("as_json", False),
        )
        return command(settings, *args, **given)

    return wrapped


def now() -> int:
    return int(time.time())


def from_when(text: str, present: int, option: str = "--since") -> int:
    """The Unix time of what an option says: a date, or so long ago. Raises UsageError."""
    try:
        at, is_back = moment(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}; write 2026-03-01 or 7d") from None
    return present - at if is_back else at


def rfc3339(at: int | None) -> str | None:
    """UTC, to the second; None stays None."""
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def counted(number: int, noun: str) -> str:
    """`1 source`, `2 sources`; `1 new entry`, `2 new entries`."""
    several = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number} {noun if number == 1 else several}"


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))


def ago(at: int | None, present: int) -> str:
    if at is None:
        return "never"
    return f"{span(present - at)} ago" if at <= present else f"in {span(at - present)}"


PAUSED = "paused: nobody asks it"  # why a source that is not enabled has no next poll


def next_poll(row: SourceRow, present: int) -> str:
    """When a source is asked next, for people."""
    if not row.source.enabled:
        return "–"
    at = row.memory.next_poll
    return "due" if at <= present else f"in {span(at - present)}"


def why_then(row: SourceRow) -> str:
    return row.memory.why if row.source.enabled else PAUSED


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    wrap: bool = False,
    styles: Sequence[str] = (),
) -> None:
    """A table on stdout that fits the terminal, its last column wrapped or cut; piped, tab-separated and
    whole, for `cut` and `awk`. `styles`: of each row, on a terminal with colours (not with NO_COLOR).
    """
    found = list(rows)
    if not sys.stdout.isatty():
        click.echo("".join(f"{_piped(row)}\n" for row in (columns, *found)), nl=False)  # one write for all
    else:
        _on_terminal(columns, found, wrap, styles)


def _on_terminal(
    columns: Sequence[str], rows: Sequence[Sequence[str]], wrap: bool, styles: Sequence[str]
) -> None:
    from rich.console import Console
    from rich.segment import Segment, Segments

    console = Console()
    lines = _laid_out(columns, rows, console.width, wrap, styles)
    # All of them at once: a line takes rich a tenth of the time that it takes by itself.
    segments = (Segment(f"{line.plain}\n", console.get_style(line.style or "none")) for line in lines)
    console.print(Segments(segments), end="")


def _piped(row: Sequence[str]) -> str:
    """A line for `cut` and `awk`."""
    line = "\t".join(row)
    if line.count("\t") < len(row) and "\n" not in line:
        return line
    return "\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in row)


NARROW, WIDEST = 24, 26  # characters: less is no room for the last column; more is too much for another one
INDENT = 4  # of a last column that stands below


def _laid_out(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int,
    wrap: bool,
    styles: Sequence[str] = (),
) -> Iterator[Text]:
    """A table's lines, the columns' names first."""
    from rich.text import Text

    layout = _Layout.of(columns, rows, width, wrap)
    for line in layout.heading(columns):
        yield Text(line.rstrip(), style="bold")
    for row, style in zip(rows, styles or [""] * len(rows), strict=True):
        yield from (Text(line.rstrip(), style=style) for line in layout.lines(row))


@dataclass(frozen=True, slots=True)
class _Layout:
    """The last column takes what the others leave; where that is too little, it stands below them."""

    widths: Sequence[int]  # cells of each column but the last
    is_below: bool
    room: int  # cells of a line of the last column
    wrap: bool

    @classmethod
    def of(cls, columns: Sequence[str], rows: Sequence[Sequence[str]], width: int, wrap: bool) -> _Layout:
        from rich.cells import cell_len

        lengths = ([cell_len(cell) for cell in row[:-1]] for row in (columns, *rows))
        widths = [min(WIDEST, max(column)) for column in zip(*lengths, strict=True)]
        room = width - _used(widths)
        is_below = room < NARROW and any(cell_len(row[-1]) > room for row in rows)
        return cls(widths, is_below, max(1, width - INDENT) if is_below else room, wrap)

    def heading(self, columns: Sequence[str]) -> list[str]:
        return [_fitted(columns, self.widths)] if self.is_below else self.lines(columns)

    def lines(self, row: Sequence[str]) -> list[str]:
        others, last = _fitted(row, self.widths), _in_lines(row[-1], self.room, self.wrap)
        if self.is_below:
            return [others, *(" " * INDENT + line for line in last if line)]
        return [f"{others}  {last[0]}", *(" " * _used(self.widths) + line for line in last[1:])]


def _used(widths: Sequence[int]) -> int:
    """Cells of a line that all columns but the last take."""
    return sum(widths) + 2 * len(widths)


def _fitted(row: Sequence[str], widths: Sequence[int]) -> str:
    from rich.cells import set_cell_size

    return "  ".join(set_cell_size(_cut(cell, size), size) for cell, size in zip(row, widths, strict=False))


def _in_lines(cell: str, room: int, wrap: bool) -> list[str]:
    if not wrap:
        return [_cut(cell, room)]
    import textwrap

    fits = len(cell) <= room and cell.isprintable()
    return [cell] if fits else textwrap.wrap(cell, room) or [""]


def _cut(cell: str, room: int) -> str:
    from rich.cells import cell_len, set_cell_size

    return cell if cell_len(cell) <= room else set_cell_size(cell, room - 1) + "…"
