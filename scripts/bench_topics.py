"""How well topics do on labelled news: shipped lists alone, with what they teach, and twenty examples a topic;
and how much of what is learned is right where a topic learns alone, or where the topics cover all but one.

`bench topics [FOLDER]`: FOLDER holds topic_*.tsv (id, topic, title, summary); what is missing is left out, and named.
Accuracy: an item that is given its topic counts by the number of topics that it is given; beside it that of the best methods
known to us, and the speed of labelling.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aggregator import learn, starters, topics
from aggregator.learn import Example
from aggregator.model import Entry, Topic


@dataclass(frozen=True, slots=True)
class Ruler:
    """A labelled set: its topics with the shipped lists that speak of them; published accuracies of others (hand-written
    keyword rules, rules that teach, fully supervised, twenty examples with unlabelled items)."""

    name: str
    titles: bool
    lists: dict[str, tuple[str, ...]]
    others: tuple[float, float, float, float]


AG = {
    "World": ("world",),
    "Sports": ("sports",),
    "Business": ("business",),
    "Sci/Tech": ("technology", "science"),
}
UCI = {
    "Business": ("business",),
    "Entertainment": ("entertainment",),
    "Sci/Tech": ("technology", "science"),
    "Health": ("health",),
}
BBC = {"sport": ("sports",), "business": ("business",), "politics": ("politics",), "tech": ("technology",), "entertainment": ("entertainment", "culture")}  # fmt: skip
RULERS = (
    Ruler("ag", False, AG, (0.750, 0.862, 0.891, 0.783)), Ruler("ag", True, AG, (0.523, 0.690, 0.794, 0.418)),
    Ruler("uci_titles", True, UCI, (0.627, 0.843, 0.940, 0.606)), Ruler("bbc", False, BBC, (0.831, 0.930, 0.972, 0.877)),
    Ruler("bbc", True, BBC, (0.620, 0.662, 0.807, 0.380)),
)  # fmt: skip
EXAMPLES, DRAWS = 20, 3


@dataclass(frozen=True, slots=True)
class Item:
    gold: str
    entry: Entry
    features: learn.Features


def items(folder: Path, ruler: Ruler) -> list[Item]:
    made = []
    with (folder / f"topic_{ruler.name}.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            text = "" if ruler.titles else row.get("summary") or ""
            entry = Entry("a", row["id"], title=row["title"], text=text, summary=text)
            made.append(Item(row["topic"], entry, learn.features(entry.title, text)))
    return made


def by_rules(ruler: Ruler, found: Sequence[Item]) -> list[dict[str, tuple[str, ...]]]:
    """For each item the topics that shipped lists give it, with their terms."""
    rules = topics.compiled([Topic(name, name, starters=lists) for name, lists in ruler.lists.items()], [])
    return [{one.topic: one.terms for one in topics.label(rules, item.entry, "")} for item in found]


def taught(found: Sequence[Item], known: Sequence[dict[str, tuple[str, ...]]]) -> list[set[str]]:
    """The topics of each item, learned where none is known."""
    examples = [
        Example(
            item.features,
            frozenset(terms),
            learn.without(item.features, [one for some in terms.values() for one in some]),
        )
        for item, terms in zip(found, known, strict=True)
    ]
    counts, quality = learn.teach(examples)
    model, given = learn.Model(counts), []
    for item, terms in zip(found, known, strict=True):
        guess = None if terms else model.guess(item.features)
        sure = (
            guess is not None and guess.topic in quality and guess.likeness >= quality[guess.topic].threshold
        )
        given.append({guess.topic} if guess is not None and sure else set(terms))
    return given


def accuracy(found: Sequence[Item], given: Sequence[set[str]]) -> float:
    return sum(1 / len(some) for item, some in zip(found, given, strict=True) if item.gold in some) / len(
        found
    )


def precision(found: Sequence[Item], ruler: Ruler, some: Sequence[frozenset[str]]) -> float:
    """Of what is learned by these topics, and no others, how much is right; the mean of all such choices."""
    shares = []
    for topics_ in some:
        lists = {name: ruler.lists[name] for name in sorted(topics_)}
        known = by_rules(Ruler(ruler.name, ruler.titles, lists, ruler.others), found)
        given = taught(found, known)
        learned = [
            (item, one) for item, one, rule in zip(found, given, known, strict=True) if one and not rule
        ]
        shares.append(sum(item.gold in one for item, one in learned) / len(learned) if learned else 1.0)
    return sum(shares) / len(shares)


def by_examples(found: Sequence[Item], seed: int) -> float:
    """Some items of each topic are known; how right the others are."""
    drawn, places = random.Random(seed), dict[str, list[int]]()
    for place, item in enumerate(found):
        places.setdefault(item.gold, []).append(place)
    chosen = {place for some in places.values() for place in drawn.sample(some, EXAMPLES)}
    known: list[dict[str, tuple[str, ...]]] = [
        {item.gold: ()} if place in chosen else {} for place, item in enumerate(found)
    ]
    given = taught(found, known)
    rest = [place for place in range(len(found)) if place not in chosen]
    return accuracy([found[place] for place in rest], [given[place] for place in rest])


def speed(found: Sequence[Item]) -> tuple[float, float]:
    """Items a second: by the rules of fifty topics, by what sixteen have learned."""
    made = [Topic(f"t{n}", "T", match=f'"word{n} of" OR harbour{n} OR title:ferry*') for n in range(50)]
    rules, start = topics.compiled(made, []), time.perf_counter()
    for item in found:
        topics.label(rules, item.entry, "")
    ruled = len(found) / (time.perf_counter() - start)
    known = by_rules(Ruler("all", True, {name: (name,) for name in starters.names()}, (0, 0, 0, 0)), found)
    counts, _ = learn.teach(
        [Example(item.features, frozenset(terms)) for item, terms in zip(found, known, strict=True)]
    )
    model, start = learn.Model(counts), time.perf_counter()
    for item in found:
        model.guess(learn.features(item.entry.title, item.entry.text))
    return ruled, len(found) / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench topics", description=__doc__)
    default = Path(os.environ.get("AGGREGATOR_SHARED") or Path(__file__).parents[2] / "shared") / "labelled"
    parser.add_argument("folder", nargs="?", type=Path, default=default)
    folder: Path = parser.parse_args().folder
    print(
        f"{'accuracy':18}{'rules':>8}{'+ learned':>11}{'20 examples':>13}   others: rules, taught, supervised, 20 examples"
        f"{'precision, alone':>20}{'all but one':>13}"
    )
    last: list[Item] = []
    for ruler in RULERS:
        if not (folder / f"topic_{ruler.name}.tsv").exists():
            print(f"{ruler.name}: not in {folder}, left out", file=sys.stderr)
            continue
        found = last = items(folder, ruler)
        known = by_rules(ruler, found)
        few = sum(by_examples(found, seed) for seed in range(DRAWS)) / DRAWS
        figures = accuracy(found, [set(terms) for terms in known]), accuracy(found, taught(found, known)), few
        name = f"{ruler.name}{', titles' if ruler.titles else ''}"
        others = ", ".join(f"{one:.3f}" for one in ruler.others)
        every = frozenset(ruler.lists)
        alone = precision(found, ruler, [frozenset((one,)) for one in sorted(every)])
        but_one = precision(found, ruler, [every - {one} for one in sorted(every)])
        line = f"{name:18}{figures[0]:8.3f}{figures[1]:11.3f}{figures[2]:13.3f}   {others:50}"
        print(f"{line}{alone:16.3f}{but_one:13.3f}", flush=True)
    if last:
        ruled, learned = speed(last)
        print(
            f"labelling: {ruled:.0f} items/s by the rules of 50 topics, {learned:.0f} by what 16 have learned"
        )


if __name__ == "__main__":
    main()
