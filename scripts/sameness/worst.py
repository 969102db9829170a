"""What went wrong, for people to read: false merges of events and of texts, and what was missed."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

from aggregator.measure import Gold
from sameness.rulers import LEVELS, Found, Ruler

MOST = 25  # of each kind, and of each ruler
ITEMS = 60  # shown of one group


def written(there: Sequence[Ruler], found: Sequence[Found]) -> str:
    lines: list[str] = []
    for ruler, one in zip(there, found, strict=True):
        if one.placed is not None and one.golds:
            lines += [f"# {ruler.name}", "", *_Report(one).lines()]
        elif one.remarks:
            lines += [f"# {ruler.name}", "", *(f"- {remark}" for remark in one.remarks), ""]
    return "\n".join(lines) + "\n"


class _Report:
    def __init__(self, found: Found) -> None:
        self.golds, self.items, self.placed = found.golds, found.items, found.placed or {}

    def lines(self) -> Iterator[str]:
        if "event" in self.golds:
            yield from self.merged_events()
            yield from self.weakest()
            yield from self.torn("event")
        if "text" in self.golds:
            yield from self.merged_texts()
            yield from self.torn("text")

    def merged_events(self) -> Iterator[str]:
        gold, groups = self.golds["event"], self.groups("event")
        wrong = {event: self.wrong(gold, items) for event, items in groups.items()}
        yield "## Events that hold most wrong pairs"
        yield ""
        for event in sorted(groups, key=lambda event: -len(wrong[event]))[:MOST]:
            if not wrong[event]:
                break
            said = Counter(gold.groups[item] for item in groups[event])
            yield f"### {len(wrong[event])} wrong pairs: {len(groups[event])} items of {len(said)} events"
            yield ""
            ordered = sorted(groups[event], key=lambda item: (-said[gold.groups[item]], gold.groups[item], self.time(item)))  # fmt: skip
            for item in ordered[:ITEMS]:
                yield f"- [{gold.groups[item]}] {self.told(item)}"
                yield from self.why(item)
            yield ""

    def weakest(self) -> Iterator[str]:
        """Merges that are wrong by themselves, the least sure first."""
        gold = self.golds["event"]
        wrong = [
            (one.score, item)
            for item, one in self.placed.items()
            if one.level == "event" and one.against is not None and self.differ(gold, item, one.against)
        ]
        yield f"## False merges of the lowest likeness ({len(wrong)} in all)"
        yield ""
        for _, item in sorted(wrong)[:MOST]:
            yield f"- {self.told(item)}"
            yield f"  with {self.told(str(self.placed[item].against))}"
            yield from self.why(item)
        yield ""

    def merged_texts(self) -> Iterator[str]:
        gold = self.golds["text"]
        wrong = [pair for items in self.groups("text").values() for pair in self.wrong(gold, items)]
        yield f"## False folds of texts ({len(wrong)} pairs)"
        yield ""
        for a, b in wrong[:MOST]:
            yield f"- {self.told(a)}: {self.summary(a)}"
            yield f"  {self.told(b)}: {self.summary(b)}"
            yield from self.why(b if self.placed[b].level else a)
        yield ""

    def torn(self, level: str) -> Iterator[str]:
        """Gold groups of which most pairs are apart."""
        gold = self.golds[level]
        groups = defaultdict[str, list[str]](list)
        for item, group in gold.groups.items():
            groups[group].append(item)
        missed = {
            group: sum(
                self.place(level, a) != self.place(level, b) and b not in gold.gray.get(a, ())
                for a, b in combinations(items, 2)
            )
            for group, items in groups.items()
        }
        yield f"## Missed, {level}: {sum(missed.values())} pairs"
        yield ""
        for group in sorted(groups, key=lambda group: -missed[group])[:MOST]:
            if not missed[group]:
                break
            yield f"### {missed[group]} pairs apart: {group}, {len(groups[group])} items"
            yield ""
            parts = defaultdict[str, list[str]](list)
            for item in groups[group]:
                parts[self.place(level, item)].append(item)
            for number, items in enumerate(sorted(parts.values(), key=len, reverse=True), 1):
                for item in sorted(items, key=self.time)[:ITEMS]:
                    yield f"- part {number}: {self.told(item)}"
            yield ""

    # -------------------------------------------------------------- pieces

    def groups(self, level: str) -> dict[str, list[str]]:
        """What was put together, of items that have gold."""
        found = defaultdict[str, list[str]](list)
        for item in self.golds[level].groups:
            found[self.place(level, item)].append(item)
        return found

    def place(self, level: str, item: str) -> str:
        one = self.placed.get(item)
        return f"alone {item}" if one is None else str(getattr(one, LEVELS[level]))

    def wrong(self, gold: Gold, items: Sequence[str]) -> list[tuple[str, str]]:
        return [(a, b) for a, b in combinations(items, 2) if self.differ(gold, a, b)]

    @staticmethod
    def differ(gold: Gold, a: str, b: str) -> bool:
        both = a in gold.groups and b in gold.groups
        return both and gold.groups[a] != gold.groups[b] and b not in gold.gray.get(a, ())

    def row(self, item: str) -> dict[str, Any]:
        return self.items.get(item, {})

    def time(self, item: str) -> int:
        row = self.row(item)
        said = row.get("published") or row.get("arrival") or 0
        return int(float(said)) if str(said).replace(".", "", 1).isdigit() else 0

    def told(self, item: str) -> str:
        row, at = self.row(item), self.time(item)
        when = f"{datetime.fromtimestamp(at, UTC):%a %d %H:%M}" if at else ""
        outlet = row.get("outlet") or row.get("source") or row.get("publisher") or ""
        return " ".join(
            part for part in (item, when, outlet, "|", row.get("title") or self.summary(item)) if part
        )

    def summary(self, item: str) -> str:
        row = self.row(item)
        return (row.get("summary") or row.get("body") or "–")[:160]

    def why(self, item: str) -> Iterator[str]:
        one = self.placed.get(item)
        if one is None or one.level is None:
            return
        features = ", ".join(f"{name} {value}" for name, value in json.loads(one.features or "[]"))
        against = f" of {one.against}" if one.against else ""
        yield f"    {one.level}{against} {one.score:.2f}: {features}"
