"""The labelled sets that there are, and a run of each through the real store and fold.

A window of real days is parsed by the reader of JSON Feed, from documents as a feed of each outlet would be,
and comes in as it was first seen, hour by hour.
"""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

from aggregator import evaluate, fold
from aggregator.measure import Gold, Tally, largest, tallies
from aggregator.model import Entry, Feed, FetchResult, Limits, PollResult, Source, SourceState
from aggregator.parse import parse
from aggregator.store import Store

KINDS = {"days": "real days", "stream": "open stream", "titles": "titles", "summaries": "summaries",
         "own": "our own", "copies": "copies", "pairs": "pairs"}  # fmt: skip
LEVELS = {"event": "event", "text": "story"}
HOUR = 3600

Rows = list[dict[str, Any]]


class Placed(NamedTuple):
    """Where an item went, and the reason that the store has for it."""

    story: str
    event: str
    level: str | None = None
    against: str | None = None
    score: float = 0.0
    features: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What a run gives. `tallies`: level → gold group → tally."""

    tallies: dict[str, dict[str, Tally]]
    largest: dict[str, int]
    whole: int | None = None  # items of the largest event, those without gold counted
    placed: dict[str, Placed] | None = None
    remarks: tuple[str, ...] = ()
    golds: dict[str, Gold] = field(default_factory=dict)  # by level
    items: dict[str, dict[str, Any]] = field(default_factory=dict)  # those with gold, as the file has them


@dataclass(frozen=True, slots=True)
class Ruler:
    """One labelled set, or one way of running it."""

    name: str
    kind: str
    run: Callable[..., Found]
    arguments: tuple[Any, ...]
    cost: int = 1  # seconds, roughly: the long ones go first

    @property
    def set(self) -> str:
        """Runs of one set, or of its titles and its texts, are no evidence for each other."""
        first = self.name.split(",")[0].split(" by ")[0]
        return first.split()[0] if self.kind in ("titles", "summaries") else first

    def is_there(self) -> bool:
        return all(part.exists() for part in self.arguments if isinstance(part, Path))

    def measure(self) -> Found:
        return self.run(*self.arguments)


@dataclass(frozen=True, slots=True)
class Days:
    """Which windows of real days, and how they are run."""

    windows: tuple[str, ...] = ()  # () all
    hours: float = 1.0  # 0: everything in one cycle
    slice: bool = False  # the labelled items alone


def rulers(shared: Path, own: Path, days: Days) -> list[Ruler]:
    """All that we know of, whether their files are there or not."""
    return [
        *_days(shared / "streams", days),
        *_labelled(shared / "labelled"),
        *_own(own),
        Ruler("pairs", "pairs", pairs, (shared / "streams" / "pairs.tsv",)),
    ]


def _days(folder: Path, days: Days) -> Iterator[Ruler]:
    numbers = days.windows or tuple(
        sorted(path.stem.removeprefix("gold") for path in folder.glob("gold*.jsonl")) or ("1", "2")
    )
    for number in numbers:
        files = (folder / f"{name}{number}{ending}" for name, ending in (("gold", ".jsonl"), ("window", ".jsonl"), ("gray", ".tsv")))  # fmt: skip
        yield Ruler(f"real days {number}", "days", window, (*files, days.hours, days.slice), 30)


def _labelled(folder: Path) -> Iterator[Ruler]:
    stream = folder / "cluster_open_stream.jsonl"
    yield Ruler("open stream", "stream", open_stream, (stream, None), 12)
    for cycle in (20, 100):
        yield Ruler(f"open stream by {cycle}", "stream", open_stream, (stream, cycle), 20)
    yield Ruler("uci, small stories", "titles", clusters, (folder / "cluster_uci_headlines.tsv",), 2)
    yield Ruler("allsides, titles", "titles", clusters, (folder / "cluster_allsides_dated.jsonl", "title"), 2)
    yield Ruler("fnc headlines", "titles", clusters, (folder / "cluster_fnc_headlines.tsv",), 2)
    yield Ruler("gnews titles", "titles", clusters, (folder / "cluster_gnews_T.tsv",), 10)
    yield Ruler("allsides", "summaries", clusters, (folder / "cluster_allsides_dated.jsonl",), 3)
    yield Ruler("fnc bodies", "summaries", clusters, (folder / "cluster_fnc_bodies.jsonl",), 2)
    yield Ruler("gnews snippets", "summaries", clusters, (folder / "cluster_gnews_TS.tsv",), 15)
    for name, shown in (("feed_synth", "short copies"), ("natural", "long copies")):
        files = (folder / f"dup_{name}_items.jsonl", folder / f"dup_{name}_pairs.tsv")
        yield Ruler(shown, "copies", copies, files, 8)


def _own(folder: Path) -> Iterator[Ruler]:
    yield Ruler("our own set", "own", own_set, (folder / "sameness.jsonl",), 2)
    yield Ruler("our own days", "own", own_set, (folder / "realdays.jsonl",), 2)
    yield Ruler("our own pairs", "pairs", pairs, (folder / "pairs.tsv",))


def rows(path: Path) -> Rows:
    with path.open(encoding="utf-8") as file:
        if path.suffix == ".jsonl":
            return [json.loads(line) for line in file]
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def placements(store: Store) -> dict[str, Placed]:
    """By guid."""
    found = store.rows(
        "SELECT e.guid, s.public_id, v.public_id, m.level, a.guid, m.score, m.features FROM entry e "
        "JOIN member m ON m.entry = e.id JOIN story s ON s.id = m.story JOIN event v ON v.id = s.event "
        "LEFT JOIN entry a ON a.id = m.against"
    )
    return {
        guid.removeprefix("urn:item:"): Placed(
            story, event, level, against and against.removeprefix("urn:item:"), score, features
        )
        for guid, story, event, level, against, score, features in found
    }


def replay(cycles: Iterable[Iterable[PollResult]]) -> dict[str, Placed]:
    with evaluate.replayed(cycles, fold.Windows()) as store:
        return placements(store)


# ------------------------------------------------------------------ real days


def window(gold: Path, whole: Path, gray: Path, hours: float, only_gold: bool) -> Found:
    labelled = {row["id"]: row for row in rows(gold)}
    items = list(labelled.values()) if only_gold else rows(whole)
    here = {item["id"] for item in items}
    items += [row for row in labelled.values() if row["id"] not in here]
    placed = replay(seen_cycles(items, hours))
    unjudged = grays(gray)
    golds = {
        level: Gold({name: row[column] for name, row in labelled.items()}, unjudged[column])
        for level, column in LEVELS.items()
    }
    missing = len(items) - len(placed)
    remarks = (f"{missing} items did not come in",) if missing else ()
    return _found(golds, placed, labelled, remarks)


def _found(
    golds: dict[str, Gold],
    placed: dict[str, Placed],
    items: dict[str, dict[str, Any]],
    remarks: tuple[str, ...] = (),
) -> Found:
    sizes = defaultdict[str, int](int)
    for one in placed.values():
        sizes[one.event] += 1
    groups = {level: {name: getattr(one, LEVELS[level]) for name, one in placed.items()} for level in golds}
    return Found(
        {level: tallies(gold, groups[level]) for level, gold in golds.items()},
        {level: largest(gold, groups[level]) for level, gold in golds.items()},
        max(sizes.values()),
        placed,
        remarks,
        golds,
        items,
    )


def grays(path: Path) -> dict[str, dict[str, set[str]]]:
    """Level (`event`, `story`) → item → items that it is not judged against."""
    found = {column: defaultdict[str, set[str]](set) for column in LEVELS.values()}
    for line in path.read_text(encoding="utf-8").splitlines():
        level, a, b = line.split()
        found[level][a].add(b)
        found[level][b].add(a)
    return {level: dict(pairs) for level, pairs in found.items()}


def seen_cycles(items: Rows, hours: float) -> Iterator[list[PollResult]]:
    """What an outlet shows for the first time, hour after hour."""
    seen = {item["id"]: item["seen"] for item in items}
    step = int(hours * HOUR) or 1 << 40
    coming = defaultdict[int, list[PollResult]](list)
    for outlet in sorted({item["outlet"] for item in items}):
        source, feed, entries = document(outlet, [item for item in items if item["outlet"] == outlet])
        cycles = defaultdict[int, list[Entry]](list)
        for entry in entries:
            cycles[seen[str(entry.guid)] // step].append(entry)
        for cycle, group in cycles.items():
            coming[cycle].append(
                PollResult(source, evaluate.NOW, SourceState(polled=evaluate.NOW), feed, tuple(group))
            )
    for cycle in sorted(coming):
        yield coming[cycle]


def document(outlet: str, items: Rows) -> tuple[str, Feed, tuple[Entry, ...]]:
    """(source id, feed, entries) of the JSON Feed that would show all these items."""
    source = re.sub(r"[^a-z0-9]+", "-", outlet.lower()).strip("-") or "outlet"
    said = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet,
        "home_page_url": f"https://{source}.example/",
        "items": [_shown(item) for item in sorted(items, key=lambda item: -item["published"])],
    }
    return source, *read(source, said)


def _shown(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": item["id"],
        "url": item["link"],
        "title": item["title"],
        "date_published": iso(item["published"]),
        "content_text": item["summary"] or item["title"],
    }


def read(source: str, said: dict[str, Any]) -> tuple[Feed, tuple[Entry, ...]]:
    body = json.dumps(said, ensure_ascii=False).encode()
    fetched = FetchResult(f"{source}.json", evaluate.NOW, body=body)
    parsed = parse(Source(source, path=f"{source}.json"), fetched, Limits())
    if parsed.failure is not None:
        raise ValueError(f"{source}: {parsed.failure.detail}")
    return parsed.feed, parsed.entries


def iso(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


# ------------------------------------------------------------------ patched together


def clusters(path: Path, texts: str = "all") -> Found:
    """`texts`: "title" leaves the summaries out."""
    found = rows(path)
    if "tail" in found[0]:
        found = [row for row in found if row["tail"] == "1"]
    placed = replay(evaluate.polls(_records(found, texts != "title")))
    return _found({"event": Gold({row["id"]: row["story"] for row in found})}, placed, _by_id(found))


def open_stream(path: Path, cycle: int | None) -> Found:
    """Stories among singles (`x…`); two singles of one era are not judged against each other."""
    found = rows(path)
    eras = defaultdict[str, set[str]](set)
    for row in found:
        if row["story"].startswith("x"):
            eras[row["era"]].add(row["id"])
    gray = {name: era for era in eras.values() for name in era}
    gold = Gold({row["id"]: row["story"] for row in found}, gray, singles_beside=True)
    return _found({"event": gold}, replay(evaluate.polls(_records(found), cycle)), _by_id(found))


def _by_id(found: Rows) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in found}


def _records(found: Rows, texts: bool = True) -> dict[str, dict[str, Any]]:
    return {
        row["id"]: {
            "title": row.get("title", ""),
            "summary": (row.get("summary") or row.get("body") or "") if texts else "",
            "published": row.get("arrival") or row.get("date") or None,
        }
        for row in found
    }


def own_set(path: Path) -> Found:
    records = _by_id(rows(path))
    placed = replay(evaluate.polls(records))
    return _found(
        {level: evaluate.gold(records, column) for level, column in LEVELS.items()}, placed, records
    )


def copies(items: Path, labels: Path) -> Found:
    """Pairs that are one text; what is not listed is different, `gray` counts neither way."""
    placed = replay(evaluate.polls(_records(rows(items))))
    judged = {frozenset((row["a"], row["b"])): row["label"] for row in rows(labels)}
    stories = defaultdict[str, list[str]](list)
    for name, one in placed.items():
        stories[one.story].append(name)
    claimed = {frozenset(pair) for group in stories.values() for pair in combinations(sorted(group), 2)}
    sums = defaultdict[str, Tally](Tally)
    wanted = {pair for pair, label in judged.items() if label == "dup"}
    for pair in wanted | claimed:
        if judged.get(pair) != "gray":
            sums[min(pair)] = _plus(sums[min(pair)], pair in wanted, pair in claimed)
    templates = sum(judged.get(pair) == "template" for pair in claimed)
    return Found({"text": dict(sums)}, {"text": max(map(len, stories.values()))}, None, placed,
                 (f"{templates} templates folded",))  # fmt: skip


def _plus(tally: Tally, wanted: bool, claimed: bool) -> Tally:
    return tally._replace(
        hits=tally.hits + 2 * (wanted and claimed),
        wrong=tally.wrong + 2 * (claimed and not wanted),
        missed=tally.missed + 2 * (wanted and not claimed),
    )


# ------------------------------------------------------------------ pairs


def pairs(path: Path) -> Found:
    """The tally of a pair is 1 of 1 where it is as wanted."""
    found = evaluate.pairs(path)
    sums = {
        str(number): Tally(items=1.0, precision=float(not pair.wrong), recall=float(not pair.wrong))
        for number, pair in enumerate(found)
    }
    remarks = tuple(
        f"{pair.kind} ({pair.language}): {level} {pair.found[level]}, should be {pair.wanted[level]}: "
        f"{' / '.join(pair.titles)}"
        for pair in found
        for level in pair.wrong
    )
    return Found({"pairs": sums}, {}, remarks=remarks)
