"""Groups of commands: a name that is none is answered with the nearest one."""

from __future__ import annotations

import difflib

import click


class Group(click.Group):
    """As click's, but it knows what was probably meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        names, name = self.list_commands(ctx), args[0]
        if name not in names and not name.startswith("-"):
            near = (
                [name.lower()] if name.lower() in names else difflib.get_close_matches(name.lower(), names, 1)
            )
            meant = f". Did you mean '{near[0]}'?" if near else ""
            raise click.UsageError(f"No such command '{name}'{meant}", ctx)
        return super().resolve_command(ctx, args)
