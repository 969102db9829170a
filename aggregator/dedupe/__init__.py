"""The same text? Two fingerprints of entries → a `Reason` with score, threshold and what decided. Pure.

Containment of word 3-shingles finds copies, cut and lengthened ones too. What folds by it, or by its title,
is looked at again by guards, each with its feature in words: numbers, names, negations, opposite words,
another order, a text that stands under every title of its source. They tell templates (weather, results,
series) from copies, and the contrary of a piece of news from the news, and are worth more than any threshold.
SimHash and MinHash were measured and are the wrong tools for items of feed length (recall 0.59 and 0.52).

Start reading at `decision.decide`.
"""

from __future__ import annotations

from aggregator.dedupe.cases import Case, another_case
from aggregator.dedupe.decision import Between, containment, decide, series, share_words, title_similarity
from aggregator.dedupe.fingerprints import (
    BODY_CHARACTERS,
    Fingerprint,
    clean_title,
    fingerprint,
    forget,
    marks,
)
from aggregator.dedupe.standing import Said, parts, tells_apart

__all__ = [
    "BODY_CHARACTERS",
    "Between",
    "Case",
    "Fingerprint",
    "Said",
    "another_case",
    "clean_title",
    "containment",
    "decide",
    "fingerprint",
    "forget",
    "marks",
    "parts",
    "series",
    "share_words",
    "tells_apart",
    "title_similarity",
]
