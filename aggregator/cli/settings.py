"""The options that all commands have, and the config and database that they name.

In: what was typed, and the environment. Out: one `Settings`, given to each command. Start reading at
`common`.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from aggregator.errors import ConfigError, UsageError
from aggregator.records import dataclass, replace

if TYPE_CHECKING:
    from aggregator.config import Config
    from aggregator.store import Store

R = TypeVar("R")
CONFIG_HELP = (
    "The config file. [default: $AGGREGATOR_CONFIG, ./config.toml, ~/.config/aggregator/config.toml]"
)
LOCK_WAIT = 300  # seconds that a command waits for the end of a cycle that runs


def _may_be_there(path: Path) -> bool:
    """Also where this user may not look: whoever reads it says why."""
    try:
        return path.exists()
    except OSError:
        return True


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
        return own if not os.path.exists(here) and os.path.exists(own) else here

    def load(self, secrets: bool = True) -> Config:
        """`secrets` False: for a command that asks no source, and needs none of their secrets."""
        from aggregator.config import load

        if not _may_be_there(self.path):
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
