"""How good is a clustering? Pairwise and B-cubed precision, recall and F1, of sums that can be resampled.
Pure.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import NamedTuple

from aggregator.records import dataclass, field

SURE = 1.96  # standard deviations around a mean that hold 95 % of all


class Tally(NamedTuple):
    """What some items add up to. Pairs are counted from both ends, so that each item has its half."""

    items: float = 0.0  # that B³ is counted over
    precision: float = 0.0  # sum of the items' B³ precision
    recall: float = 0.0
    hits: float = 0.0  # pairs put together that belong together
    wrong: float = 0.0  # put together and different
    missed: float = 0.0  # apart although they belong together
    singles: float = 0.0  # items that nothing belongs to
    apart: float = 0.0  # of them, how far they are by themselves


@dataclass(frozen=True, slots=True)
class Gold:
    """What careful people say. `gray`: item → items that it is not judged against."""

    groups: Mapping[str, str]  # item → group
    gray: Mapping[str, Container[str]] = field(default_factory=dict)
    # Of a stream of stories among unrelated news: B³ is that of the stories, and singles are apart as far as
    # their own B³ precision goes.
    singles_beside: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """Of one level. Pairwise: of all pairs put together, how many belong together. B³ (Bagga and Baldwin
    1998): the same per item.
    """

    level: str
    items: int
    precision: float
    recall: float
    f1: float
    b3_precision: float
    b3_recall: float
    b3_f1: float
    wrong: int = 0  # pairs put together that are different
    missed: int = 0  # pairs apart that belong together
    apart: float = 1.0  # share of the items alone in gold that are alone
    largest: int = 0  # items of the largest group that was found


def f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def tallies(gold: Gold, found: Mapping[str, str]) -> dict[str, Tally]:
    """Gold group → its tally. `found`: item → group; an item that is missing there is alone."""
    groups, clusters = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for item, group in gold.groups.items():
        groups[group].append(item)
        clusters[found.get(item, f"alone {item}")].append(item)
    return {
        group: total(_tally(gold, item, clusters[found.get(item, f"alone {item}")], items) for item in items)
        for group, items in groups.items()
    }


def _tally(gold: Gold, item: str, cluster: Sequence[str], group: Sequence[str]) -> Tally:
    ours, theirs = _judged(gold, item, cluster), _judged(gold, item, group)
    both = sum(gold.groups[other] == gold.groups[item] for other in ours)
    precision, single = both / len(ours), len(group) == 1
    counts = float(not (single and gold.singles_beside))
    apart = precision if gold.singles_beside else float(len(ours) == 1)
    return Tally(
        items=counts,
        precision=counts * precision,
        recall=counts * both / len(theirs),
        hits=both - 1,
        wrong=len(ours) - both,
        missed=len(theirs) - both,
        singles=float(single),
        apart=apart if single else 0.0,
    )


def _judged(gold: Gold, item: str, others: Sequence[str]) -> list[str]:
    """Those of them that the item is judged against, and itself."""
    gray = gold.gray.get(item, ())
    return [other for other in others if other == item or other not in gray]


def total(found: Iterable[Tally]) -> Tally:
    return Tally(*map(math.fsum, zip(*found, strict=True)))


def figures(level: str, tally: Tally, largest: int = 0) -> Score:
    """Of all items that went into the tally."""
    items, claimed, wanted = tally.items or 1.0, tally.hits + tally.wrong, tally.hits + tally.missed
    b3_p, b3_r = tally.precision / items, tally.recall / items
    precision, recall = tally.hits / claimed if claimed else 1.0, tally.hits / wanted if wanted else 1.0
    return Score(
        level,
        round(tally.items),
        precision,
        recall,
        f1(precision, recall),
        b3_p,
        b3_r,
        f1(b3_p, b3_r),
        wrong=round(tally.wrong / 2),
        missed=round(tally.missed / 2),
        apart=tally.apart / tally.singles if tally.singles else 1.0,
        largest=largest,
    )


def largest(gold: Gold, found: Mapping[str, str]) -> int:
    """Items of the largest group, of those that have gold."""
    return max(
        Counter(found.get(item, f"alone {item}") for item in gold.groups).values(),
        default=0,
    )


def score(
    level: str,
    gold: Mapping[str, str],
    found: Mapping[str, str],
    gray: Mapping[str, Container[str]] | None = None,
) -> Score:
    """`gold` and `found`: item → group; `gray`: item → items that it is not judged against. Items that have
    no gold are left out.
    """
    said = Gold(gold, gray or {})
    return figures(level, total(tallies(said, found).values()), largest(said, found))


def wilson(right: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927); good for few answers too."""
    if not of:
        return 0.0, 1.0
    share, z = right / of, SURE
    middle = share + z * z / (2 * of)
    spread = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    scale = 1 + z * z / of
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)
