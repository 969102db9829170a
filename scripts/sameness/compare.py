"""One setting against another on the same sets: a paired bootstrap over gold groups, and what a choice made on
the other sets would have given on each.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import starmap

from aggregator.measure import Tally, figures, total
from sameness.rulers import Found, Ruler

DRAWS = 1000
SEED = 7  # the same draws in every run and for every alternative


def b3(tally: Tally) -> float:
    return figures("", tally).b3_f1


def pairwise(tally: Tally) -> float:
    return figures("", tally).f1


MEASURES: dict[str, tuple[str, Callable[[Tally], float]]] = {
    "event B³ F1": ("event", b3),
    "event pairwise F1": ("event", pairwise),
    "text pairwise F1": ("text", pairwise),
    "pairs as wanted": ("pairs", b3),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """Of one measure on one ruler: what the second setting gives more than the first, and that in each draw."""

    first: float
    second: float
    draws: Sequence[float]

    @property
    def value(self) -> float:
        return self.second - self.first

    def interval(self) -> tuple[float, float]:
        """95 %."""
        ordered = sorted(self.draws)
        cut = len(ordered) // 40
        return ordered[cut], ordered[-cut - 1]

    def sure(self) -> bool:
        """Whether the interval leaves 0 out."""
        low, high = self.interval()
        return low > 0 or high < 0

    def change(self) -> str:
        low, high = self.interval()
        return f"{self.value:+.3f} [{low:+.3f}, {high:+.3f}]" + (" *" if self.sure() else "")

    def shown(self) -> str:
        return f"{self.first:.3f} {self.second:.3f}  {self.change()}"


def difference(
    measure: Callable[[Tally], float], first: Mapping[str, Tally], second: Mapping[str, Tally]
) -> Difference:
    """Groups are drawn with replacement, for both settings the same."""
    both = Counter((first.get(group, Tally()), second.get(group, Tally())) for group in first | second)
    kinds, weights, size = list(both), list(both.values()), both.total()
    rng, draws = random.Random(SEED), []
    for _ in range(DRAWS):
        drawn = Counter(rng.choices(range(len(kinds)), weights, k=size))
        one, other = (
            total([Tally(*(count * value for value in kinds[kind][side])) for kind, count in drawn.items()])
            for side in (0, 1)
        )
        draws.append(measure(other) - measure(one))
    return Difference(measure(total(first.values())), measure(total(second.values())), draws)


def differences(
    there: Sequence[Ruler], first: Sequence[Found], second: Sequence[Found]
) -> dict[str, list[tuple[Ruler, Difference]]]:
    """By measure."""
    return {
        name: [
            (ruler, difference(measure, one.tallies[level], other.tallies[level]))
            for ruler, one, other in zip(there, first, second, strict=True)
            if level in one.tallies
        ]
        for name, (level, measure) in MEASURES.items()
    }


def mean(found: Sequence[tuple[Ruler, Difference]]) -> Difference:
    """Over the rulers of each kind, then over the kinds, in each draw too."""
    kinds: dict[str, list[Difference]] = {}
    for ruler, one in found:
        kinds.setdefault(ruler.kind, []).append(one)
    return _mean([_mean(group) for group in kinds.values()])


def _mean(found: Sequence[Difference]) -> Difference:
    size = len(found)
    return Difference(
        sum(one.first for one in found) / size,
        sum(one.second for one in found) / size,
        [sum(draws) / size for draws in zip(*(one.draws for one in found), strict=True)],
    )


def show(name: str, there: Sequence[Ruler], first: Sequence[Found], second: Sequence[Found]) -> None:
    print(f"\nagainst: {name}")
    for measure, found in differences(there, first, second).items():
        if not found:
            continue
        print(f"{measure:28} first second  difference, 95 % (* is no noise)")
        for ruler, one in found:
            print(f"  {ruler.name:26} {one.shown()}")
        print(f"  {'mean of kinds':26} {mean(found).shown()}")


def left_out(there: Sequence[Ruler], names: Sequence[str], found: Sequence[Sequence[Found]]) -> None:
    """For each set: the setting that is best on all other sets (mean of B³ F1 and pairwise F1, event level),
    and what it gives on this one.
    """
    sets: dict[str, list[int]] = {}
    for place, ruler in enumerate(there):
        if "event" in found[0][place].tallies:
            sets.setdefault(ruler.set, []).append(place)
    if len(sets) < 2:
        return
    scores = [{name: _mean_score(one, places) for name, places in sets.items()} for one in found]
    print("\nleft out                     best on the others: gives here (the first gives)")
    gained = []
    for name in sets:
        others = [sum(score for other, score in one.items() if other != name) for one in scores]
        best = others.index(max(others))
        gained.append((scores[best][name], scores[0][name]))
        print(f"  {name:26} {names[best]}: {scores[best][name]:.3f} ({scores[0][name]:.3f})")
    chosen, always = (sum(values) / len(gained) for values in zip(*gained, strict=True))
    print(f"  {'mean':26} {chosen:.3f} ({always:.3f}): {chosen - always:+.3f}")


def _mean_score(found: Sequence[Found], places: Sequence[int]) -> float:
    sums = [total(found[place].tallies["event"].values()) for place in places]
    return sum(starmap(lambda *values: sum(values) / 2, ((b3(one), pairwise(one)) for one in sums))) / len(
        sums
    )
