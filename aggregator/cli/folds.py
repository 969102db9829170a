"""`split`, `join`, `refold`: what was folded, overruled and done again.

In: entries by id, link or guid. Out: overrides, stories and events made anew.
"""

from __future__ import annotations

import click

from aggregator import answers, cycle
from aggregator.cli.moments import from_when, now
from aggregator.cli.output import counted, print_json
from aggregator.cli.run import progress
from aggregator.cli.settings import Settings, common
from aggregator.store import Reader


@click.command("split")
@click.argument("entry")
@click.option("--undo", is_flag=True, help="Forget the split; the rules decide again, at once.")
@common(json_output=True)
def split_command(settings: Settings, entry: str, undo: bool) -> None:
    """Take ENTRY (id, link or guid) out of the story or event that it was folded into, for good."""
    config = settings.load()
    with settings.writer(config, make=False) as store:
        done = cycle.unsplit(store, entry) if undo else cycle.split(store, entry, now())
        cycle.fold_again(config, store, now())
        _tell(settings, store, done, entry)


def _tell(settings: Settings, store: Reader, done: str, *entries: str) -> None:
    """What was done, and where the entries stand now."""
    if not settings.json:
        settings.say(done)
        return
    places = [answers.why(store, entry) for entry in entries]
    stand = [
        {"entry": one.member.entry.public_id, "story": one.story.public_id, "event": one.event_id}
        for one in places
    ]
    print_json({"done": done, "entries": stand})


@click.command("join")
@click.argument("entry")
@click.argument("other")
@click.option("--level", type=click.Choice(["text", "event"]), default="event", show_default=True)
@click.option("--undo", is_flag=True, help="Forget the join; the rules decide again, at once.")
@common(json_output=True)
def join_command(settings: Settings, entry: str, other: str, level: str, undo: bool) -> None:
    """Make two entries one event, or one story (--level text), for good; says what that hides."""
    config = settings.load()
    with settings.writer(config, make=False) as store:
        done = cycle.unjoin(store, entry, other) if undo else cycle.join(store, entry, other, level, now())
        cycle.fold_again(config, store, now())
        below = "" if undo else cycle.told_under(config, store, entry, other, level)
        _tell(settings, store, f"{done}; {below}" if below else done, entry, other)


@click.command("refold")
@click.option("--since", metavar="D", help="Only stories since a date or a duration ago (30d).")
@common(json_output=True)
def refold_command(settings: Settings, since: str | None) -> None:
    """Forget stories and events (not overrides) and fold again; published ids survive."""
    config = settings.load()
    with settings.writer(config) as store, progress(settings) as watch:
        begin = None if since is None else from_when(since, now())
        report = cycle.refold(config, store, begin, now(), watch)
    folded, written = report.folded, len(report.written.written)
    if settings.json:
        print_json({"stories": folded.stories_new, "events": folded.events_new, "files": written})
        return
    told = f"{counted(folded.stories_new, 'story')}, {counted(folded.events_new, 'event')}"
    settings.say(f"{told}; {counted(written, 'file')} changed")
