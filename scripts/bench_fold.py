"""How fast both levels together fold: items a second on one core, memory, and the cost of an item in a small
and in a large store.

Items are made up (seeded, so that every run folds the same): words by Zipf's law, a third of them copies or
other tellings of an
earlier one, 50,000 a week with a window of a week for text; `--week` says otherwise. In a store that holds
less than a week the windows
are not full yet: to see what the size of the store alone costs, let its smallest size hold one.
"""

from __future__ import annotations

import argparse
import itertools
import random
import resource
import tempfile
import time
from pathlib import Path

from aggregator import fold
from aggregator.model import Entry, PollResult, Source, SourceState
from aggregator.parse import normal
from aggregator.store import Store, entries, open_writer

START = 1_700_000_000
WEEK = 7 * 86_400
NEXT = 10_000  # items that tell what one costs in a store of some size


class Maker:
    """Items one after the other, so many a week."""

    def __init__(self, week: int = 50_000) -> None:
        self.week = week
        self.rng = random.Random(7)
        self.vocabulary = [
            "".join(self.rng.choices("abcdefghijklmnopqrstuvwxyz", k=self.rng.randint(4, 10)))
            for _ in range(40_000)
        ]
        self.weights = list(itertools.accumulate(1 / (rank + 10) for rank in range(len(self.vocabulary))))
        self.recent: list[tuple[list[str], list[str]]] = []
        self.number = 0

    def fill(self, store: Store, count: int) -> None:
        """Into the store, a thousand at a time, so that the maker's own memory doesn't count."""
        memory = SourceState(polled=START)
        while count:
            part: dict[str, list[Entry]] = {}
            for _ in range(min(1000, count)):
                one = made(self.number, START + self.number * WEEK // self.week, self)
                part.setdefault(one.source, []).append(one)
                self.number += 1
                count -= 1
            for source, group in part.items():
                polled = PollResult(source, START + WEEK * 600, memory, entries=tuple(group))
                entries.absorb(
                    store,
                    Source(source, path="/"),
                    polled,
                    lambda new: memory,
                    lambda entry: True,
                    lambda m: None,
                )


def made(number: int, at: int, by: Maker) -> Entry:
    rng, recent = by.rng, by.recent

    def drawn(count: int) -> list[str]:
        return rng.choices(by.vocabulary, cum_weights=by.weights, k=count)

    if recent and rng.random() < 0.33:
        title, body = rng.choice(recent)
        if rng.random() < 0.5:
            body = [*body, "continue", "reading"]
        else:
            title, body = (
                rng.sample(title, len(title)),
                [word if rng.random() < 0.6 else drawn(1)[0] for word in body],
            )
    else:
        title, body = drawn(9), drawn(30)
        recent.append((title, body))
        del recent[:-4000]
    entry = Entry(
        source=f"s{number % 500}",
        key="",
        guid=str(number),
        title=" ".join(title),
        text=" ".join(body),
        published=at,
        raw="{}",
    )
    return normal.finish(entry)


def folded(store: Store) -> list[tuple[int, float]]:
    """(items so far, CPU seconds so far), batch by batch."""
    marks = [(0, time.process_time())]
    fold.fold(
        store,
        fold.Windows(7 * 86_400, 72 * 3600),
        {},
        lambda count: marks.append((marks[-1][0] + count, time.process_time())),
    )
    return marks


def cost(marks: list[tuple[int, float]], since: int = 0) -> float:
    """CPU microseconds of an item, of those from about `since` on."""
    first = next(mark for mark in marks if mark[0] >= since)
    return (marks[-1][1] - first[1]) / (marks[-1][0] - first[0]) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="scripts/bench fold", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument(
        "sizes",
        nargs="*",
        type=int,
        default=[10_000, 100_000],
        metavar="ITEMS",
        help="stored entries to measure at, growing",
    )
    parser.add_argument("--week", type=int, default=50_000, help="items a week (50,000)")
    arguments = parser.parse_args()
    maker = Maker(arguments.week)
    with tempfile.TemporaryDirectory() as folder:
        path, stored = Path(folder) / "bench.db", 0
        for size in arguments.sizes:
            with open_writer(path) as store:
                maker.fill(store, size - stored + NEXT)
            with open_writer(path) as store:  # as a cycle finds it
                marks = folded(store)
            bulk = [mark for mark in marks if mark[0] <= size - stored]
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"bulk    {bulk[-1][0]:9,} items into a store of {stored:9,}: {1e6 / cost(bulk):6.0f} items/s, {cost(bulk):.0f} µs each; peak memory {peak:.0f} MB"
            )
            print(
                f"next    {NEXT:9,} items into a store of {size:9,}: {cost(marks, size - stored):.0f} µs each",
                flush=True,
            )
            stored = size + NEXT
            with open_writer(path) as store:
                maker.fill(store, 300)
                print(
                    f"few           300 items into a store of {stored:9,}: {cost(folded(store)):.0f} µs each, from a cold start",
                    flush=True,
                )
            stored += 300


if __name__ == "__main__":
    main()
