"""Groups of commands: a name that is none is answered with the nearest one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from aggregator.text.phrases import nearest

LINE = 500  # characters of a command's help in a list: a sentence, which click would cut at its first line


class Group(click.Group):
    """As click's, but it knows what was probably meant, and which command a mistake is in."""

    def make_context(self, *args: Any, **more: Any) -> click.Context:
        with _heard_out():  # `--help` answers here
            return super().make_context(*args, **more)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with _heard_out():
                return super().invoke(ctx)
        except click.UsageError as error:
            name = ctx.invoked_subcommand
            command = self.get_command(ctx, name) if name else None
            if error.ctx is None and command is not None:  # click's parser does not say it
                error.ctx = click.Context(command, ctx, name)
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.get_short_help_str(LINE)) for name, one in commands if one])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        names, name = self.list_commands(ctx), args[0]
        if name not in names and not name.startswith("-"):
            near = nearest(name.lower(), names)
            meant = f". Did you mean '{near}'?" if near else ""
            raise click.UsageError(f"No such command '{name}'{meant}", ctx)
        return super().resolve_command(ctx, args)


@contextmanager
def _heard_out() -> Iterator[None]:
    """`aggregator dump | head`: who listens has heard enough, which click would call a failure."""
    try:
        yield
    except BrokenPipeError:
        say_no_more()
        raise click.exceptions.Exit(0) from None


def say_no_more() -> None:
    """Python flushes both when it ends, and would complain once more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
