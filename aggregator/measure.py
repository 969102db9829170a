"""How good is a clustering? Pairwise and B-cubed precision, recall and F1. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass


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


def f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def score(level: str, gold: Mapping[str, str], found: Mapping[str, str]) -> Score:
    """`gold` and `found`: item → group. Items that have no gold are left out."""
    golds, founds = Counter(gold.values()), Counter(found[item] for item in gold)
    both = Counter((group, found[item]) for item, group in gold.items())
    total = max(1, len(gold))
    b3_p = sum(n * n / founds[b] for (_, b), n in both.items()) / total
    b3_r = sum(n * n / golds[a] for (a, _), n in both.items()) / total
    hits = sum(n * (n - 1) // 2 for n in both.values())
    claimed, wanted = (sum(n * (n - 1) // 2 for n in counts.values()) for counts in (founds, golds))
    precision, recall = hits / claimed if claimed else 1.0, hits / wanted if wanted else 1.0
    return Score(level, len(gold), precision, recall, f1(precision, recall), b3_p, b3_r, f1(b3_p, b3_r))


def wilson(right: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927); good for few answers too."""
    if not of:
        return 0.0, 1.0
    share = right / of
    middle = share + z * z / (2 * of)
    spread = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    scale = 1 + z * z / of
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)
