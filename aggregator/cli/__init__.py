"""The command line: each command parses, calls one function below, prints. Modules are loaded when their
command is called.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
from pathlib import Path

import click

from aggregator import __version__
from aggregator.errors import AggregatorError

# command → module of this package that holds it as a function of the same name (with `_command` where Python
# has the word)
COMMANDS = {
    "run": "run", "daemon": "serve", "serve": "serve", "check": "setup", "init": "setup", "sources": "sources", "status": "look",
    "search": "look", "why": "look", "dump": "look", "split": "folds", "join": "folds", "refold": "folds", "eval": "folds", "plan": "folds",
    "add": "editor", "overrides": "editor", "topics": "editor",
    "backup": "upkeep", "restore": "upkeep", "doctor": "upkeep", "prune": "upkeep",
}  # fmt: skip


class _Lazy(click.Group):
    """Knows all commands by name and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = getattr(importlib.import_module(f"aggregator.cli.{module}"), f"{cmd_name}_command")
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="The config file. [default: $AGGREGATOR_CONFIG, else ./config.toml]",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("-v", "--verbose", is_flag=True, help="Print more, also without a terminal.")
@click.version_option(__version__, prog_name="aggregator")
@click.pass_context
def group(context: click.Context, config: Path | None, quiet: bool, verbose: bool) -> None:
    """Many feeds in, each thing told once, out as feeds that any reader can subscribe to."""
    from aggregator.cli.common import Settings

    context.obj = Settings(config, quiet, verbose)


def main() -> None:
    """The entry point: errors that are meant for people are one line each, anything else is a bug with its
    traceback.
    """
    try:
        code = group.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except AggregatorError as error:
        for line in str(error).splitlines():
            click.echo(line, err=True)
        sys.exit(error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "aggregator"
        click.echo(f"{command}: {error.format_message().rstrip('.')}; `{command} --help` says more", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:  # `aggregator dump | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        click.echo(f"{error.filename or 'the output'}: can't be written: {error.strerror}", err=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(2)
