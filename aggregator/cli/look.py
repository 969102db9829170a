"""`status`, `search`, `dump`: looking at what is stored.

In: options, and a store that is only read. Out: tables, lines, or JSON. Start reading at `status_command`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import click

from aggregator import answers, query
from aggregator.cli.moments import ago, from_when, next_poll, now, rfc3339, why_then
from aggregator.cli.output import counted, print_json, table
from aggregator.cli.settings import Settings, common
from aggregator.config import Config
from aggregator.cycle import learning
from aggregator.errors import UsageError
from aggregator.learn import Quality
from aggregator.model import Entry
from aggregator.records import dataclass
from aggregator.render import formats
from aggregator.states import CONDITIONS, WORST_FIRST
from aggregator.store import Reader, is_there, lookup, open_reader

_ORDER: dict[str, int] = {state: place for place, state in enumerate(WORST_FIRST)}
_COLOURS: dict[str, str] = {**{one.name: one.colour for one in CONDITIONS}, "disabled": "dim"}


@click.command("status")
@click.option(
    "--state", "states", type=click.Choice(WORST_FIRST), multiple=True, help="Only these; may be repeated."
)
@common(json_output=True)
def status_command(settings: Settings, states: tuple[str, ...]) -> None:
    """Each source, worst first: state, last success, last new entry, failures, next poll and why then."""
    config, present = settings.load(secrets=False), now()
    if not is_there(config.database):
        raise UsageError(f"{config.database}: nothing was polled yet; `aggregator run` does the first cycle")
    found = _stored(config, present)
    rows = [row for row in found.rows if not states or row.state in states]
    if settings.json:
        print_json({"sources": [_source_json(row) for row in rows], **_sums_json(found)})
        return
    _status_table(rows, present)
    settings.say(_sums_line(found.week, found.counts))
    if found.learned:
        settings.say(_learned_line(found.learned))


@dataclass(frozen=True, slots=True)
class _Stored:
    """What `status` tells of."""

    rows: Sequence[answers.SourceRow]  # worst first
    week: answers.Week
    counts: Mapping[str, int]  # of entries, stories and events
    learned: Mapping[str, Quality]  # of topics that learn, by id


def _stored(config: Config, present: int) -> _Stored:
    with open_reader(config.database) as store:
        rows = sorted(answers.source_rows(config, store, present), key=_badness)
        return _Stored(rows, answers.week(store, present), lookup.counts(store), learning.quality(store))


def _sums_json(found: _Stored) -> dict[str, object]:
    counts = found.counts
    return {
        "week": _week_json(found.week),
        "entries": counts["entry"],
        "stories": counts["story"],
        "events": counts["event"],
        "learned": _learned_json(found.learned),
    }


def _week_json(week: answers.Week) -> dict[str, int]:
    return {
        "requests": week.requests,
        "not_modified": week.not_modified,
        "failed": week.failed,
        "new": week.new,
        "bytes": week.wire_bytes,
        "saved_bytes": week.saved_bytes,
    }


def _status_table(rows: Sequence[answers.SourceRow], present: int) -> None:
    table(
        ("source", "state", "last success", "last new", "failures", "next poll", "why then"),
        [_status_cells(row, present) for row in rows],
        wrap=True,
        styles=[_COLOURS.get(row.state, "") for row in rows],
    )


def _learned_json(known: Mapping[str, Quality]) -> dict[str, object]:
    return {
        topic: {
            "certain": one.certain,
            "precision": round(one.precision, 3) if one.is_measured else None,
            "recall": round(one.recall, 3) if one.is_measured else None,
        }
        for topic, one in sorted(known.items())
    }


def _sums_line(week: answers.Week, counts: Mapping[str, int]) -> str:
    saved = f"{week.saved_bytes / 1e6:.1f} MB saved" if week.saved_bytes else "nothing saved yet"
    stored = f"{counted(counts['entry'], 'entry')} in {counted(counts['story'], 'story')}"
    return (
        f"{stored} and {counted(counts['event'], 'event')}; "
        f"this week {counted(week.requests, 'request')}, "
        f"{week.not_modified} of them answered “not modified”, "
        f"{week.wire_bytes / 1e6:.1f} MB fetched, {saved}"
    )


def _learned_line(known: Mapping[str, Quality]) -> str:
    """How well topics are known that learn, on entries that were held out."""
    figures = (
        f"{topic} {one.precision:.0%} right, {one.recall:.0%} found"
        if one.is_measured
        else f"{topic} by {one.certain} entries, too few to measure"
        for topic, one in sorted(known.items())
    )
    return f"learned, on entries held out: {'; '.join(figures)}"


def _badness(row: answers.SourceRow) -> tuple[int, int, str]:
    return _ORDER[row.state], -row.memory.failures, row.source.id


def _status_cells(row: answers.SourceRow, present: int) -> tuple[str, ...]:
    memory = row.memory
    return (
        row.source.id,
        row.state,
        ago(memory.succeeded, present),
        ago(memory.last_new, present),
        str(memory.failures or ""),
        next_poll(row, present),
        "; ".join(filter(None, (memory.failure.detail if memory.failure else "", why_then(row), row.push))),
    )


def _source_json(row: answers.SourceRow) -> dict[str, object]:
    memory, failure = row.memory, row.memory.failure
    return {
        "id": row.source.id,
        "title": row.title,
        "enabled": row.source.enabled,
        "state": memory.state,
        "since": rfc3339(memory.state_since or None),
        "polled": rfc3339(memory.polled),
        "last_success": rfc3339(memory.succeeded),
        "last_new": rfc3339(memory.last_new),
        "failures": memory.failures,
        "failure": None if failure is None else {"kind": failure.kind, "detail": failure.detail},
        "next_poll": rfc3339(memory.next_poll or None) if row.source.enabled else None,
        "why": why_then(row),
        "push": row.push or None,
        "moved_to": memory.moved.asked if memory.moved else None,
    }


OF_ENTRIES = ("text", "json")  # what was found one by one, for people and for programs; else it is a feed
FORMS = list(dict.fromkeys([*OF_ENTRIES, *(form.name for form in formats.feeds())]))


@click.command("search")
@click.argument("text", metavar="QUERY")
@click.option("--format", "form", type=click.Choice(FORMS), default="text", show_default=True)
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="At most so many results."
)
@click.option("--since", metavar="D", help="Not older than a date (2026-03-01) or a duration (7d).")
@click.option("--before", metavar="D", help="Older than a date or a duration.")
@common(json_output=True)
def search_command(
    settings: Settings, text: str, form: str, limit: int, since: str | None, before: str | None
) -> None:
    """The topic query language over everything stored, newest first."""
    config = settings.load(secrets=False)
    with _query_named():
        text = _within(text, since=since, before=before)
        with open_reader(config.database) as store:
            if form in OF_ENTRIES:
                _show_found(settings, store, text, limit, form == "json" or settings.json)
            else:
                click.echo(_search_feed(config, store, text, form, limit), nl=False)


def _show_found(settings: Settings, store: Reader, text: str, limit: int, as_json: bool) -> None:
    found, titles = [entry for entry, _ in answers.search(store, text, limit, now())], answers.titles(store)
    if as_json:
        for entry in found:
            print_json(_hit_json(entry))
        return
    table(("entry", "published", "source", "title"), [_hit_cells(entry, titles) for entry in found])
    if not found:
        settings.say("nothing stored matches")


@contextmanager
def _query_named() -> Iterator[None]:
    """A query that can't be read is an error of this command's."""
    try:
        yield
    except query.QueryError as error:
        raise UsageError(f"search: {error}") from None


def _search_feed(config: Config, store: Reader, text: str, form: str, limit: int) -> bytes:
    from aggregator.cycle import search_feed

    feed = formats.FORMATS[form]
    return search_feed(config, store, answers.stories_of(store, text, limit, now()), text, feed, limit)


def _hit_json(entry: Entry) -> dict[str, object]:
    return {
        "entry": entry.public_id,
        "number": entry.id,
        "source": entry.source,
        "title": entry.title,
        "link": entry.link,
        "published": rfc3339(entry.published),
        "summary": entry.summary,
    }


def _hit_cells(entry: Entry, titles: Mapping[str, str]) -> tuple[str, ...]:
    at = str(rfc3339(entry.published))[:16].replace("T", " ")
    return str(entry.id), at, titles.get(entry.source) or entry.source, entry.title


def _within(text: str, **moments: str | None) -> str:
    """A query with bounds of time. Raises QueryError, UsageError."""
    query.parse(text)
    given = {name: moment for name, moment in moments.items() if moment is not None}
    for name, moment in given.items():
        from_when(moment, now(), f"--{name}")
    bounds = [f'{name}:"{moment}"' for name, moment in given.items()]
    return " ".join([f"({text})", *bounds]) if bounds else text


@click.command("dump")
@common(json_output=True)  # which it is anyway
@click.option("--raw", is_flag=True, help="Also every element as the source gave it.")
def dump_command(settings: Settings, raw: bool) -> None:
    """Every entry as JSON Lines, oldest first."""
    config = settings.load(secrets=False)
    with open_reader(config.database) as store:
        for entry, story, event, level, topics in lookup.dump(store):
            folded = {"story": story, "event": event, "level": level}
            said = {"raw": json.loads(lookup.said(store, entry.id) or "null")} if raw else {}
            print_json({**_dumped(entry), **folded, "topics": list(topics), **said})


def _dumped(entry: Entry) -> dict[str, object]:
    return {
        "entry": entry.public_id,
        "source": entry.source,
        "guid": entry.guid,
        "link": entry.link,
        "title": entry.title,
        "published": rfc3339(entry.published),
        "first_seen": rfc3339(entry.first_seen),
    }
