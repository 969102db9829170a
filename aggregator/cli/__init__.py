"""The command line: each command parses, calls one function below, prints. Modules are loaded when their
command is called.

In: words and options. Out: data on the standard output, all else on the standard error, an exit code. Start
reading at `COMMANDS`, then at the module that it names beside a command.
"""

from __future__ import annotations

import errno
import importlib
import io
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import click

from aggregator import __version__, heap
from aggregator.cli.groups import Group, say_no_more
from aggregator.errors import AggregatorError

# heading → command → module of this package that holds it as a function of the same name (with `_command`),
# and what it does in a line: a list of all commands needs none of their modules
GROUPS = {
    "Every day": {
        "run": ("run", "One cycle: poll what is due, store, fold, group, publish."),
        "daemon": ("serve", "Cycles on a schedule until SIGTERM or SIGINT; serves too when [serve] is there."),
        "serve": ("serve", "Serve the output folder, /status, /search, /healthz and /metrics."),
        "status": ("look", "Each source, worst first: state, last success, last new entry, failures, next poll and why then."),
        "search": ("look", "The topic query language over everything stored, newest first."),
    },
    "Sources and topics": {
        "init": ("setup", "Write a commented starter config.toml, with the seed stories beside it, into DIRECTORY."),
        "check": ("setup", "Validate the config, and warn of what is hardly meant so."),
        "help": ("reference", "What a command does, or a key of the config: `help config topics.learn`."),
        "sources": ("sources", "The sources of config.toml: list, add, remove, pause, resume, import and export OPML."),
        "topics": ("topics", "The topics of the config."),
        "plan": ("planning", "What a changed config would do to the published feeds, over stored entries."),
    },
    "An editor's word": {
        "add": ("editor", "Publish a story by hand; its text comes from FILE, or from standard input for -."),
        "why": ("why", "An entry's story and event, what folded it and how sure that was, its topics and their rules."),
        "split": ("folds", "Take ENTRY (id, link or guid) out of the story or event that it was folded into, for good."),
        "join": ("folds", "Make two entries one event, or one story (--level text), for good; says what that hides."),
        "pin": ("editor", "ENTRY (id, link or guid) leads its story and event, whatever else is told, for good."),
        "hide": ("editor", "The story of ENTRY (id, link or guid) is published no more; it stays stored."),
        "overrides": ("editor", "Your words on folds and topics: what was split, joined or put somewhere by hand."),
        "refold": ("folds", "Forget stories and events (not overrides) and fold again; published ids survive."),
        "eval": ("evaluation", "Precision, recall and F1 of each level against FILE."),
    },
    "Upkeep": {
        "dump": ("look", "Every entry as JSON Lines, oldest first."),
        "backup": ("upkeep", "A consistent, verified copy of the database, also while cycles run."),
        "restore": ("upkeep", "Put a copy back in the place of the database; the present one is kept beside it."),
        "doctor": ("upkeep", "Versions with known bugs, database integrity, permissions, what is overdue."),
        "prune": ("upkeep", "Apply retention now: remove entries that are older than it and no longer in their feeds."),
    },
}  # fmt: skip
COMMANDS = {name: command for commands in GROUPS.values() for name, command in commands.items()}


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_PERMISSIONS = "mend the permissions of it and of the folders on the way"
_ADVICE = {
    errno.EACCES: _PERMISSIONS,
    errno.EPERM: _PERMISSIONS,
    errno.EROFS: "choose another place, or mount it to be written to",
    errno.ENAMETOOLONG: "choose a shorter one",
}


class _Lazy(Group):
    """Knows all commands by name and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"aggregator.cli.{COMMANDS[cmd_name][0]}")
        command = getattr(module, f"{cmd_name}_command")
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for heading, commands in GROUPS.items():
            with formatter.section(heading):
                formatter.write_dl([(name, text) for name, (_, text) in commands.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="The config file. [default: $AGGREGATOR_CONFIG, ./config.toml, ~/.config/aggregator/config.toml]",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("-v", "--verbose", is_flag=True, help="Print more, also without a terminal.")
@click.version_option(__version__, "-V", "--version", prog_name="aggregator")
@click.pass_context
def group(context: click.Context, config: Path | None, quiet: bool, verbose: bool) -> None:
    """Many feeds in, each thing told once, out as feeds that any reader can subscribe to."""
    from aggregator.cli.settings import Settings

    context.obj = Settings(config, quiet, verbose)


def main() -> None:
    """The entry point: errors that are meant for people are one line each, anything else is a bug with its
    traceback.
    """
    _open_what_is_closed()
    _escape_what_cannot_be_shown()
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # see `__main__`
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _stopped_early)
    try:
        code = _called()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # all is done; Python only clears up
        heap.leave_to_the_system()
        sys.exit(code)
    except OSError as error:
        words = _of_this_machine(error)
        if words is None:
            raise
        with suppress(OSError):  # where that has no room either
            click.echo(words, err=True)
        say_no_more()
        sys.exit(2)


def _escape_what_cannot_be_shown() -> None:
    """A terminal or locale of another encoding than UTF-8 gets `\\u6771` for what it has no sign for."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _of_this_machine(error: OSError) -> str | None:
    """What is wrong here, and no bug of ours."""
    if error.errno in _NO_ROOM:
        where = error.filename or "the output"
        return f"{where}: can't be written: {error.strerror}; make room and run it again"
    advice = _ADVICE.get(error.errno or 0)
    if advice is None or error.filename is None:
        return None
    return f"{error.filename}: {error.strerror}; {advice}"


def _open_what_is_closed() -> None:
    """Standard streams that whoever called us has closed (`>&-`): what is opened next would stand in their
    places, be it the database, and take what is printed.
    """
    if None in (sys.stdin, sys.stdout, sys.stderr):
        while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
            pass
        os.close(number)
        sys.stdin, sys.stdout, sys.stderr = (
            stream or open(os.devnull, mode)  # noqa: SIM115  # as long as we run
            for stream, mode in ((sys.stdin, "r"), (sys.stdout, "w"), (sys.stderr, "w"))
        )


def _stopped_early(number: int, frame: object) -> None:
    """Before a command listens to signals itself: nothing has begun, so that a cycle ends well."""
    sys.exit(0 if {"run", "daemon"}.intersection(sys.argv) else 128 + number)


def _called() -> int:
    """The exit code of the command."""
    try:
        code = group.main(prog_name="aggregator", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except (AggregatorError, click.ClickException) as error:
        _show(error)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130


def _show(error: AggregatorError | click.ClickException) -> None:
    """Ours as they are, a mistake in the options in one line, all else as click says it."""
    if isinstance(error, AggregatorError):
        for line in str(error).splitlines():
            click.echo(line, err=True)
    elif isinstance(error, click.UsageError) and not isinstance(error, click.exceptions.NoArgsIsHelpError):
        command = error.ctx.command_path if error.ctx else "aggregator"
        said = error.format_message().rstrip(".")
        and_then = " " if said.endswith("?") else "; "
        click.echo(f"{command}: {said}{and_then}`{command} --help` says more", err=True)
    else:
        error.show()
