"""Labelled entries through the real store and the real fold, in a database of their own: what comes out is
what users get.
"""

from __future__ import annotations

import csv
import functools
import hashlib
import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aggregator import fold
from aggregator.batches import batches
from aggregator.errors import UsageError
from aggregator.measure import Gold, Score, score, wilson
from aggregator.model import Entry, Feed, PollResult, Source, SourceState
from aggregator.parse import dates, normal
from aggregator.store import Store, entries, lookup, open_writer, sources

__all__ = ["Pair", "folded", "gold", "labelled", "pairs", "polls", "replayed", "wilson"]

_TITLE, _TEXT = ("title", "headline"), ("content", "text", "body", "summary", "description")
_TIME, _SOURCE, _LINK = (
    ("published", "date", "arrival", "ts", "time", "timestamp", "first_seen"),
    ("source", "src", "publisher", "feed"),
    ("link", "url"),
)
PAIR_COLUMNS = frozenset(
    ["kind", "lang", "title_a", "summary_a", "title_b", "summary_b", "same_source", "text", "event"]
)
FALLBACK = 1_600_000_000  # the time of entries without one: all at once
NOW = 4_000_000_000  # later than any labelled entry, so that no date is clamped


def labelled(path: Path, settings: fold.Windows | None = None) -> list[Score]:
    """A score per level that the file has gold for: `story` for text, `event` for event; a lone `story`
    measures both. Raises UsageError.
    """
    records = _records(path)
    found = folded(records, settings or fold.Windows())
    text, event = gold(records, "story"), gold(records, "event")
    if not text.groups and not event.groups:
        raise UsageError(f"{path}: no entry has a gold `story` or `event`")
    told = {name: story for name, (story, _) in found.items()}
    happened = {name: event for name, (_, event) in found.items()}
    scores = [_scored("text", text, told), _scored("event", event if event.groups else text, happened)]
    return [one for one in scores if one is not None]


def _scored(level: str, wanted: Gold, found: Mapping[str, str]) -> Score | None:
    return score(level, wanted.groups, found, wanted.gray) if wanted.groups else None


def gold(records: Mapping[str, Mapping[str, Any]], column: str) -> Gold:
    """What a file says of one level, `story` or `event`. Who is `gray` to whom is not judged as an event."""
    groups = {name: str(r[column]) for name, r in records.items() if r.get(column) is not None}
    gray: dict[str, set[str]] = {}
    for name, record in records.items() if column == "event" else ():
        for other in record.get("gray") or ():
            gray.setdefault(name, set()).add(str(other))
            gray.setdefault(str(other), set()).add(name)
    return Gold(groups, gray)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two items that must come together or stay apart. `wanted`, `found`: `text` and `event` → `same`,
    `different`, and wanted `any` too.
    """

    kind: str
    language: str
    titles: tuple[str, str]
    wanted: Mapping[str, str]
    found: Mapping[str, str]

    @property
    def wrong(self) -> tuple[str, ...]:
        """The levels that are not as wanted."""
        return tuple(level for level, said in self.wanted.items() if said not in ("any", self.found[level]))


def pairs(path: Path, settings: fold.Windows | None = None) -> list[Pair]:
    """Of a table of pairs, each in a store of its own, the second item an hour after the first. Raises
    UsageError.
    """
    found = _rows(path)
    missing = sorted(PAIR_COLUMNS - set(found[0] if found else ()))
    if missing:
        raise UsageError(f"{path}: has no column {missing[0]}; expected {', '.join(sorted(PAIR_COLUMNS))}")
    for number, row in enumerate(found, 2):
        if trouble := _trouble(row):
            raise UsageError(f"{path}:{number}: {trouble}")
    return [_pair(row, settings or fold.Windows()) for row in found]


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, delimiter="\t", restval=""))
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8 ({error})") from None


def _trouble(row: Mapping[str, str]) -> str | None:
    wrong = [level for level in ("text", "event") if row[level] not in ("same", "different", "any")]
    return f'{wrong[0]} is "{row[wrong[0]]}"; expected same, different or any' if wrong else None


def _pair(row: Mapping[str, str], settings: fold.Windows) -> Pair:
    placed = folded(_items(row), settings)
    (story, event), (other_story, other_event) = placed["a"], placed["b"]
    said = {
        "text": "same" if story == other_story else "different",
        "event": "same" if event == other_event else "different",
    }
    titles, wanted = (row["title_a"], row["title_b"]), {"text": row["text"], "event": row["event"]}
    return Pair(row["kind"], row["lang"], titles, wanted, said)


def _items(row: Mapping[str, str]) -> dict[str, dict[str, object]]:
    first = "Daily Example" if row["kind"] == "short suffix" else "Example one"
    second = first if row["same_source"] == "1" else "Example two"
    return {"a": _side(row, "a", first, FALLBACK), "b": _side(row, "b", second, FALLBACK + 3600)}


def _side(row: Mapping[str, str], side: str, source: str, at: int) -> dict[str, object]:
    return {
        "title": row[f"title_{side}"],
        "summary": row[f"summary_{side}"],
        "source": source,
        "link": f"https://{source.lower().replace(' ', '-')}.example/{side}",
        "published": at,
        "lang": row["lang"],
    }


def _records(path: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    with path.open("rb") as lines:  # a line that is not UTF-8 is named like any other that is no JSON
        for number, line in enumerate(lines, 1):
            if line.strip():
                record = _record(line, f"{path}:{number}")
                found[_text(record.get("id", record.get("entry", number)))] = record
    return found


def _record(line: bytes, place: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{place}: is no JSON ({error}); expected one entry a line") from None
    if not isinstance(record, dict):
        example = '{"title": …, "summary": …, "story": …, "event": …}'
        raise UsageError(f"{place}: expected an object such as {example}")
    if not isinstance(record.get("gray") or [], list):
        raise UsageError(f'{place}: expected a list of ids as `gray`, such as ["7", "12"]')
    return record


def _first(record: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((_text(record[name]) for name in names if record.get(name) not in (None, "")), "")


def _text(value: object) -> str:
    """Half a surrogate, which JSON can say, can't be stored."""
    return str(value).encode("utf-8", "replace").decode()


def _entry(name: str, record: Mapping[str, Any]) -> tuple[str, Entry]:
    source = "s-" + hashlib.sha256((_first(record, _SOURCE) or name).encode()).hexdigest()[:12]
    text = _summary_and_text(record)
    entry = Entry(
        source=source,
        key=name,
        guid=f"urn:item:{name}",
        link=_first(record, _LINK) or None,
        title=_first(record, _TITLE),
        text=text,
        summary=text[:300],
        published=_published(record),
        language=_first(record, ("lang", "language")) or None,
        said="{}",
    )
    return source, normal.finish(entry, NOW)


def _summary_and_text(record: Mapping[str, Any]) -> str:
    """Summary and text, once where they are the same."""
    parts = (_first(record, ("summary", "description")), _first(record, _TEXT))
    return " ".join(dict.fromkeys(filter(None, parts)))


def _published(record: Mapping[str, Any]) -> int:
    said = next((record[key] for key in _TIME if record.get(key) not in (None, "")), None)
    if re.fullmatch(r"\d{1,15}(\.\d*)?", str(said), re.ASCII):
        return int(float(str(said)))
    at = dates.read(said, dates.Habits(NOW))
    return FALLBACK if at is None else at


def folded(
    records: Mapping[str, Mapping[str, Any]], settings: fold.Windows, cycle: int | None = None
) -> dict[str, tuple[str, str]]:
    """Name → (story, event) after cycles of so many entries each, in the order of their time; None: after one
    cycle over all.
    """
    with replayed(polls(records, cycle), settings) as store:
        return {
            str(entry.guid).removeprefix("urn:item:"): (str(story), str(event))
            for entry, story, event, _, _ in lookup.dump(store)
        }


def polls(records: Mapping[str, Mapping[str, Any]], cycle: int | None = None) -> Iterator[list[PollResult]]:
    """Cycle after cycle of so many entries, in the order of their time; None: one cycle."""
    found = [_entry(name, record) for name, record in records.items()]
    said = zip(found, records.values(), strict=True)
    titles = {source: _first(record, _SOURCE) for (source, _), record in said}
    if cycle is not None:
        found.sort(key=lambda one: one[1].published or 0)
    for part in batches(found, cycle or max(1, len(found))):
        yield [_polled(source, titles[source], group) for source, group in _by_source(part).items()]


def _by_source(found: Iterable[tuple[str, Entry]]) -> dict[str, list[Entry]]:
    groups: dict[str, list[Entry]] = {}
    for source, entry in found:
        groups.setdefault(source, []).append(entry)
    return groups


def _polled(source: str, title: str, group: Sequence[Entry]) -> PollResult:
    return PollResult(source, NOW, SourceState(polled=NOW), Feed(title=title), tuple(group))


@contextmanager
def replayed(cycles: Iterable[Iterable[PollResult]], settings: fold.Windows) -> Iterator[Store]:
    """A store in memory after these cycles: what each one brings is stored, then folded."""
    with _empty().in_memory() as store:
        for cycle in cycles:
            for polled in cycle:
                _absorb(store, polled)
            fold.fold(store, settings, sources.titles(store))
        yield store


@functools.cache
def _empty() -> Store:
    """Made once, since making the tables takes longer than folding a pair."""
    with tempfile.TemporaryDirectory() as folder, open_writer(Path(folder) / "eval.db") as made:
        return made.in_memory()


def _absorb(store: Store, polled: PollResult) -> None:
    entries.absorb(
        store,
        Source(polled.source, path="/"),
        polled,
        settle=lambda new: polled.memory,
        keep=lambda entry: True,
        notice=lambda memory: None,
    )
