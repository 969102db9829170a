"""Labelled entries through the real store and the real fold, in a database of their own: what comes out is
what users get. And answers of a person, which become labelled entries.

In: a labelled file, or answers. Out: a score per level, or lines of such a file. Start reading at `labelled`.
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
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aggregator import fold
from aggregator.batches import batches
from aggregator.errors import UsageError
from aggregator.measure import Gold, Score, score, wilson
from aggregator.model import Entry, Feed, PollResult, Source, SourceState
from aggregator.parse import dates, normal
from aggregator.records import dataclass
from aggregator.store import Store, entries, lookup, open_writer, sources

__all__ = [
    "Answer",
    "Pair",
    "answered",
    "can_be_kept",
    "folded",
    "gold",
    "is_answered",
    "keep",
    "labelled",
    "pairs",
    "polls",
    "replayed",
    "wilson",
]

_TITLE, _TEXT = ("title", "headline"), ("content", "text", "body", "summary", "description")
_TIME, _SOURCE, _LINK = (
    ("published", "date", "arrival", "ts", "time", "timestamp", "first_seen"),
    ("source", "src", "publisher", "feed"),
    ("link", "url"),
)
PAIR_COLUMNS = frozenset(
    ["kind", "lang", "title_a", "summary_a", "title_b", "summary_b", "same_source", "text", "event"]
)
Record = dict[str, Any]  # a line of a labelled file
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
    return Gold(groups, _gray(records) if column == "event" else {})


def _gray(records: Mapping[str, Mapping[str, Any]]) -> dict[str, set[str]]:
    """Whoever names it, it holds both ways."""
    found: dict[str, set[str]] = {}
    for name, record in records.items():
        for other in record.get("gray") or ():
            found.setdefault(name, set()).add(str(other))
            found.setdefault(str(other), set()).add(name)
    return found


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


def pairs(path: Path) -> list[Pair]:
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
    return [_pair(row) for row in found]


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, delimiter="\t", restval=""))
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8 ({error})") from None


def _trouble(row: Mapping[str, str]) -> str | None:
    wrong = [level for level in ("text", "event") if row[level] not in ("same", "different", "any")]
    return f'{wrong[0]} is "{row[wrong[0]]}"; expected same, different or any' if wrong else None


def _pair(row: Mapping[str, str]) -> Pair:
    placed = folded(_items(row), fold.Windows())
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


def _records(path: Path) -> dict[str, Record]:
    found: dict[str, Record] = {}
    places: dict[str, int] = {}
    for number, record in _numbered(path):
        name = _text(record.get("id", record.get("entry", number)))
        if name in found:
            words = f'the id "{name}" is that of line {places[name]}, too; an entry has one line'
            raise UsageError(f"{path}:{number}: {words}")
        found[name], places[name] = record, number
    return found


def _numbered(path: Path) -> Iterator[tuple[int, Record]]:
    with path.open("rb") as lines:  # a line that is not UTF-8 is named like any other that is no JSON
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield number, _record(line, f"{path}:{number}")


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


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody says of two entries: whether they are the same text, or the same event."""

    one: Entry
    other: Entry
    level: str
    is_same: bool


def can_be_kept(path: Path) -> Mapping[str, Record]:
    """What was kept there before. Raises UsageError where answers can't be added to this file, before anybody
    has given one in vain.
    """
    is_new = not path.exists()
    try:
        path.open("a").close()
    except OSError as error:
        raise UsageError(f"{path}: can't be written: {error.strerror}") from None
    if not is_new:
        return _records(path)
    path.unlink()
    return {}


def is_answered(known: Mapping[str, Record], one: Entry, other: Entry, level: str) -> bool:
    """Whether labelled entries say already if the two are the same there."""
    column = "story" if level == "text" else "event"
    rows = [known.get(entry.public_id, {}) for entry in (one, other)]
    is_open = any(
        name in map(str, row.get("gray") or ())
        for row, name in zip(rows, (other.public_id, one.public_id), strict=True)
    )
    return all(_group(row, column) is not None for row in rows) and not (is_open and column == "event")


def keep(path: Path, answer: Answer) -> None:
    """The labelled file says this as well then, and each entry still has one line. Raises UsageError."""
    rows = answered(_records(path) if path.exists() else {}, answer)
    unfinished = path.with_name(f".{path.name}.unfinished")
    with unfinished.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows.values())
    unfinished.replace(path)


def answered(known: Mapping[str, Record], answer: Answer) -> dict[str, Record]:
    """Labelled entries with what an answer adds. It says nothing of what was not asked: one event may be two
    texts, and of two texts that differ it is left open (`gray`) whether they tell one event.
    """
    rows = {name: dict(row) for name, row in known.items()}
    a, b = answer.one.public_id, answer.other.public_id
    rows.setdefault(a, _line(answer.one))
    rows.setdefault(b, _line(answer.other))
    is_open = _is_open(rows, answer)
    for column in _columns(answer):
        (_unite if answer.is_same else _part)(rows, column, a, b)
    if is_open:
        _part(rows, "event", a, b)
    _leave_open(rows, a, b, is_open)
    return rows


def _columns(answer: Answer) -> tuple[str, ...]:
    """What an answer says something of: one text is one event, and two events are two texts."""
    if answer.level == "text":
        return ("story", "event") if answer.is_same else ("story",)
    return ("event",) if answer.is_same else ("story", "event")


def _is_open(rows: Mapping[str, Record], answer: Answer) -> bool:
    """Whether two texts that differ may still tell one event, for all that was said."""
    is_of_texts = answer.level == "text" and not answer.is_same
    return is_of_texts and not _is_together(rows, "event", answer.one.public_id, answer.other.public_id)


def _line(entry: Entry) -> Record:
    """An entry as `eval FILE` reads it: all that folding looks at."""
    said = {
        "id": entry.public_id,
        "title": entry.title,
        "summary": entry.summary,
        "text": entry.text if entry.text != entry.summary else "",
        "link": entry.link,
        "source": entry.source,
        "published": datetime.fromtimestamp(entry.published or 0, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "lang": entry.language,
    }
    return {key: value for key, value in said.items() if value}


def _group(row: Record, column: str) -> str | None:
    return None if row.get(column) is None else str(row[column])


def _is_together(rows: Mapping[str, Record], column: str, a: str, b: str) -> bool:
    return _group(rows[a], column) == _group(rows[b], column) is not None


def _unite(rows: Mapping[str, Record], column: str, a: str, b: str) -> None:
    """Their groups are one."""
    groups = [group for group in (_group(rows[a], column), _group(rows[b], column)) if group is not None]
    group = groups[0] if groups else _new_group(rows, column, a)
    for name, row in rows.items():
        if name in (a, b) or _group(row, column) in groups:
            row[column] = group


def _part(rows: Mapping[str, Record], column: str, a: str, b: str) -> None:
    """Each is in a group, the second not in that of the first: the newest answer wins."""
    if _group(rows[a], column) is None:
        rows[a][column] = _new_group(rows, column, a)
    if _group(rows[b], column) is None or _is_together(rows, column, a, b):
        rows[b][column] = _new_group(rows, column, b)


def _new_group(rows: Mapping[str, Record], column: str, name: str) -> str:
    taken = {_group(row, column) for row in rows.values()}
    return next(one for one in (name, *(f"{name}#{n}" for n in range(2, len(rows) + 3))) if one not in taken)


def _leave_open(rows: Mapping[str, Record], a: str, b: str, is_open: bool) -> None:
    """Whether the two are judged as an event."""
    for name, other in ((a, b), (b, a)):
        gray = [one for one in rows[name].pop("gray", None) or () if str(one) != other]
        if is_open and name == a:
            gray.append(other)
        if gray:
            rows[name]["gray"] = gray


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
        raw="{}",
    )
    return source, normal.finish(entry)


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
        complete=lambda new: polled.memory,
        keep=lambda entry: True,
        notice=lambda memory: None,
    )
