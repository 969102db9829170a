"""The log-odds of `aggregator.cluster`, found anew: a logistic regression over the pairs of stories that the fold
compares, of every labelled set that is there, each set with the same weight.

Prints the coefficients over all sets and over all but each one: what carries over comes out alike.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sameness import rulers

from aggregator import cluster
from aggregator.cluster import Point
from aggregator.store import Store, rows

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("ODDS", "ODDS_COSINE", "ODDS_LOG_COSINE", "ODDS_HOUR", "ODDS_SAME_SOURCE")
KINDS = ("days", "stream", "titles", "summaries")
LEAST = 0.1  # cosine from which on a pair counts
RIDGE = 1e-6  # keeps what a set says nothing of (one source each, no dates) from running away
STEPS = 30
MOST = 20_000  # pairs of a set, every so many of them: more change nothing but the time


class Pair(NamedTuple):
    """Its features, one for each coefficient, and whether it tells one happening."""

    features: tuple[float, ...]
    same: bool


def features(a: Point, b: Point) -> tuple[float, ...]:
    alike = cluster.cosine(a.vector, b.vector)
    hours = abs(a.at - b.at) / 3600
    return (1.0, alike, math.log(alike + 0.01), hours, float(bool(a.source) and a.source == b.source))


def compared(ruler: rulers.Ruler) -> list[Pair]:
    """The labelled pairs that a run of this set compares."""
    seen: dict[tuple[int, int], tuple[float, ...]] = {}
    names: dict[int, str] = {}
    probability, placements = cluster.probability, rulers.placements

    def noted(a: Point, b: Point) -> float:
        seen[a.story, b.story] = features(a, b)
        return probability(a, b)

    def named(store: Store) -> dict[str, rulers.Placed]:
        query = f"SELECT s.id, e.guid FROM story s JOIN entry e ON e.id = {rows.FOUNDER}"
        names.update((story, guid.removeprefix("urn:item:")) for story, guid in store.rows(query))
        return placements(store)

    cluster.probability, rulers.placements = noted, named
    try:
        gold = ruler.measure().golds["event"]
    finally:
        cluster.probability, rulers.placements = probability, placements
    found: list[Pair] = []
    for (a, b), values in seen.items():
        one, other = names.get(a, ""), names.get(b, "")
        if (
            one in gold.groups
            and other in gold.groups
            and other not in gold.gray.get(one, ())
            and values[1] >= LEAST
        ):
            found.append(Pair(values, gold.groups[one] == gold.groups[other]))
    return found[:: len(found) // MOST + 1]


def fitted(sets: Sequence[Sequence[Pair]]) -> list[float]:
    """Newton's method. Every set weighs as much as every other."""
    size = len(NAMES)
    odds = [0.0] * size
    for _ in range(STEPS):
        gradient, curvature = [0.0] * size, [[RIDGE * (i == j) for j in range(size)] for i in range(size)]
        for pairs in sets:
            for values, same in pairs:
                sure = 1 / (1 + math.exp(-sum(w * x for w, x in zip(odds, values, strict=True))))
                for i, x in enumerate(values):
                    gradient[i] += (same - sure) * x / len(pairs)
                    for j in range(i + 1):
                        curvature[i][j] += sure * (1 - sure) * x * values[j] / len(pairs)
        for i in range(size):
            for j in range(i):
                curvature[j][i] = curvature[i][j]
        odds = [w + step for w, step in zip(odds, solved(curvature, gradient), strict=True)]
    return odds


def solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Gauss and Jordan, with pivots."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for place in range(len(rows)):
        best = max(range(place, len(rows)), key=lambda row: abs(rows[row][place]))
        rows[place], rows[best] = rows[best], rows[place]
        for other in range(len(rows)):
            if other != place:
                factor = rows[other][place] / rows[place][place]
                rows[other] = [x - factor * y for x, y in zip(rows[other], rows[place], strict=True)]
    return [row[-1] / row[place] for place, row in enumerate(rows)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path(os.environ.get("AGGREGATOR_SHARED", ROOT.parent / "shared")),
    )
    folder = parser.parse_args().folder
    here = [
        ruler for ruler in rulers.rulers(folder, ROOT / "tests" / "data", rulers.Days())
        if ruler.kind in KINDS and " by " not in ruler.name and ruler.is_there()
    ]  # fmt: skip
    if not here:
        sys.exit(f"{folder}: no labelled set is here")
    sets = {ruler.name: compared(ruler) for ruler in here}
    print(f"{'':28}" + "".join(f"{name:>18}" for name in ("pairs", "one happening", *NAMES)))
    for left_out in (None, *sets):
        used = [pairs for name, pairs in sets.items() if name != left_out]
        counted = (sum(map(len, used)), sum(pair.same for pairs in used for pair in pairs))
        numbers = "".join(f"{value:18.2f}" for value in fitted(used))
        label = "all sets" if left_out is None else f"without {left_out}"
        print(f"{label:28}{counted[0]:18,}{counted[1]:18,}{numbers}", flush=True)
    print("shipped" + " " * 57 + "".join(f"{getattr(cluster, name):18.2f}" for name in NAMES))


if __name__ == "__main__":
    main()
