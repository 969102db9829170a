"""Why a story is in its event, in words. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain

from aggregator import cluster
from aggregator.cluster import Point, Vector
from aggregator.dedupe import Fingerprint
from aggregator.fold.merging import Member
from aggregator.model import Reason
from aggregator.text import roots
from aggregator.text.phrases import span

SHOWN = 8  # shared words that are named, at most
TELLING = 0.9  # share of the likeness that the words make up which are named


def of_member(
    member: Member, story: Point, nearest: Point, said: Fingerprint | None, against: int | None
) -> Reason:
    """`said`: by the nearest story, where that is known; `against` is the entry that founded it."""
    shared = _telling(story.vector, nearest.vector)
    if said is not None:
        shared = _as_written(shared, said)
    features = (
        ("shared words", ", ".join(shared)),
        ("closest story", f"{member.closest:.0%} sure"),
        ("all stories", f"{member.average:.0%} sure on average"),
        ("time between", _time_between(story, nearest)),
    )
    return Reason("event", against, member.likeness, cluster.THRESHOLD, features)


def _time_between(a: Point, b: Point) -> str:
    if a.undated or b.undated:
        return f"not known; counts as {span(int(cluster.hours_between(a, b) * 3600))}"
    return span(abs(a.at - b.at))


def _as_written(terms: Sequence[str], said: Fingerprint) -> list[str]:
    """The word that stands for each term, the first of several; a term is a root."""
    root, wanted = roots.roots(said.language), set(terms)
    written: dict[str, str] = {}
    for word in chain(said.title, said.body):
        term = root[word]
        if term in wanted:
            wanted.remove(term)
            written[term] = word
            if not wanted:
                break
    return [written.get(term, term) for term in terms]


def _telling(a: Vector, b: Vector) -> list[str]:
    """The terms of both that make up most of their likeness, those first that do so most."""
    parts = sorted([(-a[term] * b[term], term) for term in a.keys() & b.keys()])
    whole, sofar = math.fsum(part for part, _ in parts), 0.0
    found: list[str] = []
    for part, term in parts[:SHOWN]:
        if sofar <= TELLING * whole:
            break
        found.append(term)
        sofar += part
    return found
