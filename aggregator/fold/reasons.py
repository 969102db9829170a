"""Why a story is in its event, in words. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from aggregator import cluster
from aggregator.cluster import Point, Vector
from aggregator.fold.merging import Member
from aggregator.model import Reason
from aggregator.text import vocabulary
from aggregator.text.phrases import span

LANGUAGE = 40  # words that the language of a text is told by
SHOWN = 8  # shared words that are named, at most
TELLING = 0.9  # share of the likeness that the words make up which are named


def of_member(
    member: Member, story: Point, nearest: Point, words: Sequence[str], against: int | None
) -> Reason:
    """`words` are those of the nearest story as they were written; `against` is the entry that founded it."""
    stem = vocabulary.stems(vocabulary.language(words[:LANGUAGE]))
    written = {stem[word]: word for word in reversed(words)}
    shared = [written.get(term, term) for term in _telling(story.vector, nearest.vector)]
    features = (
        ("shared words", ", ".join(shared)),
        ("closest story", f"{member.closest:.0%} sure"),
        ("all stories", f"{member.average:.0%} sure on average"),
        ("time between", span(abs(story.at - nearest.at))),
    )
    return Reason("event", against, member.likeness, cluster.THRESHOLD, features)


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
