"""`plan`: what a changed config would do.

In: a config beside the present one, and a store that is only read. Out: a table of what comes and goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from aggregator.cli.output import print_json, table
from aggregator.cli.run import progress
from aggregator.cli.settings import Settings, common
from aggregator.config import load
from aggregator.cycle.plan import Change, files, plan
from aggregator.store import open_reader


@click.command("plan")
@click.option(
    "--against",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The changed config; without it, the present file against what is published.",
)
@common(json_output=True)
def plan_command(settings: Settings, against: Path | None) -> None:
    """What a changed config would do to the published feeds, over stored entries. Writes nothing."""
    import os

    config = settings.load(secrets=False)
    other = load(against, os.environ, secrets=False) if against is not None else config
    with open_reader(config.database) as store, progress(settings) as watch:
        changes = plan(store, other, config, watch)
    come, go = files(other, config)
    if settings.json:
        print_json([_change_json(one, come, go) for one in changes])
        return
    table(
        ("topic", "change", "items then", "of these in the feed", "stories then"),
        [_change_cells(one) for one in changes],
    )
    titles = _titles(changes) if settings.verbose else ()
    for line in (*titles, *_file_lines(come, go)):
        click.echo(line)


def _file_lines(come: Sequence[str], go: Sequence[str]) -> Iterator[str]:
    yield from (f"+ {name}" for name in come)
    yield from (f"− {name}" for name in go)


def _change_cells(one: Change) -> tuple[str, ...]:
    """Of folds, items alone: they are of no feed."""
    change = one.topic, f"+{one.added} −{one.removed}", str(one.items)
    if one.topic == "folds":
        return *change, "", ""
    return *change, f"+{one.feed_added} −{one.feed_removed}", str(one.stories)


def _change_json(one: Change, come: list[str], go: list[str]) -> dict[str, object]:
    own = re.compile(rf"{re.escape(one.topic)}(-digest)?\.")
    names = {
        "added": [name for name in come if own.match(name)],
        "removed": [name for name in go if own.match(name)],
    }
    return {
        "files": names,
        "topic": one.topic,
        "added": one.added,
        "removed": one.removed,
        "items": one.items,
        "stories": one.stories,
        "feed": {"added": one.feed_added, "removed": one.feed_removed},
        "came": list(one.came),
        "went": list(one.went),
    }


def _titles(changes: Sequence[Change]) -> Iterator[str]:
    """What comes and goes, by name."""
    for one in changes:
        if one.came or one.went:
            yield f"\n{one.topic}"
        yield from (f"  + {title}" for title in one.came)
        yield from (f"  − {title}" for title in one.went)
