"""How fast both levels together fold: items a second on one core, memory, and the cost of an item in a small and in a large store.

Items are made up (seeded, so that every run folds the same): words by Zipf's law, a third of them copies or other tellings of an
earlier one, spread over two weeks with a window of a week.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from aggregator import fold
from aggregator.model import Entry, Memory, Polled, Source
from aggregator.parse import normal
from aggregator.store import Store, entries, open_writer

START = 1_700_000_000
WEEKS = 14 * 86_400


def made(number: int, at: int, rng: random.Random, vocabulary: list[str], weights: list[float], recent: list[tuple[list[str], list[str]]]) -> Entry:
    if recent and rng.random() < 0.33:
        title, body = rng.choice(recent)
        if rng.random() < 0.5:
            body = [*body, "continue", "reading"]
        else:
            title, body = rng.sample(title, len(title)), [word if rng.random() < 0.6 else rng.choices(vocabulary, weights)[0] for word in body]
    else:
        title, body = rng.choices(vocabulary, weights, k=9), rng.choices(vocabulary, weights, k=30)
        recent.append((title, body))
        del recent[:-4000]
    entry = Entry(source=f"s{number % 500}", key="", guid=str(number), title=" ".join(title), text=" ".join(body), published=at, said="{}")
    return normal.finish(entry, START + WEEKS * 40)


def fill(store: Store, count: int, start: int, rng: random.Random, vocabulary: list[str], weights: list[float]) -> None:
    recent: list[tuple[list[str], list[str]]] = []
    found: dict[str, list[Entry]] = {}
    for number in range(count):
        one = made(start + number, START + WEEKS * (start + number) // max(1, count + start), rng, vocabulary, weights, recent)
        found.setdefault(one.source, []).append(one)
    memory = Memory(polled=START)
    for source, group in found.items():
        polled = Polled(source, START + WEEKS * 40, memory, entries=tuple(group))
        entries.absorb(store, Source(source, path="/"), polled, lambda new: memory, lambda entry: True, lambda m: None)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rng = random.Random(7)
    vocabulary = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(4, 10))) for _ in range(40_000)]
    weights = [1 / (rank + 10) for rank in range(len(vocabulary))]
    settings = fold.Settings(7 * 86_400, 72 * 3600)
    with tempfile.TemporaryDirectory() as folder, open_writer(Path(folder) / "bench.db") as store:
        fill(store, count, 0, rng, vocabulary, weights)
        marks: list[tuple[int, float]] = []
        done, started = 0, time.process_time()

        def progress(steps: int) -> None:
            nonlocal done
            done += steps
            marks.append((done, time.process_time() - started))

        fold.fold(store, settings, {}, progress)
        total = marks[-1][1]
        first = next(seconds for steps, seconds in marks if steps >= min(10_000, count)) / min(10_000, count)
        last = (total - next((seconds for steps, seconds in marks if steps >= count - 10_000), 0.0)) / min(10_000, count)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"bulk    {count} items in {total:.1f} s CPU: {count / total:.0f} items/s; "
              f"the first 10,000 took {first * 1e6:.0f} µs each, the last {last * 1e6:.0f} µs; peak {peak:.0f} MB")
        fill(store, 300, count, rng, vocabulary, weights)
        started = time.process_time()
        fold.fold(store, settings, {})
        print(f"few     300 new items into a store of {count}: {(time.process_time() - started) / 300 * 1e6:.0f} µs each, from a cold start")


if __name__ == "__main__":
    main()
