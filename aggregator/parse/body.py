"""The body of an answer before anybody says what it means: mended, its items told apart, and those left out
that are known. All of it takes time and memory that follow its size, whoever wrote it.
"""

from __future__ import annotations

from aggregator.model import FetchResult, ItemMarks, Limits
from aggregator.parse import LITTLE, dates, encoding, mend, reduce
from aggregator.records import dataclass

SHALLOW, FEW = 60, 60  # elements that are open at once, attributes of one element


@dataclass(frozen=True, slots=True)
class Body:
    """UTF-8, without a declaration."""

    text: bytes
    habits: dates.Habits  # how all of it writes dates, also where only a part is read
    skipped: tuple[tuple[int, ...], tuple[str, ...]]  # as `mend.skipped` tells
    outline: reduce.Outline | None  # None where items can't be told apart with certainty
    part: reduce.Part | None = None  # None where nothing of it is known
    is_cut: bool = False  # it breaks off; `text` is what is whole of it

    def is_little(self, most: int) -> bool:
        """Whether what is to be read is so little, and so plain, that reading it can't take long: what takes
        more time than follows its size does so within one item. `most`: bytes of all items together.
        """
        if self.outline is None:
            return len(self.text) <= LITTLE
        if self.outline.depth > SHALLOW or self.outline.attributes > FEW:
            return False
        spans, text = self.outline.spans, self.text
        if self.part is not None:
            spans, text = self.part.new, self.part.text
        items = [end - start for start, end in spans]
        return len(text) <= most and max(0, len(text) - sum(items), *items) <= LITTLE


def of(fetched: FetchResult, limits: Limits, before: ItemMarks | None = None) -> Body:
    """`before`: of the items of the source's last document."""
    text = mend.mended(encoding.as_utf8(fetched.body or b"", dict(fetched.headers).get("content-type")))
    text, is_cut = mend.whole(text)
    habits = dates.habits(mend.numeric_dates(text), fetched.at)
    # Where an item is to be left out, it is one of the whole document.
    outline = None if limits.without or is_cut else reduce.outline(text)
    if outline is not None and len(outline.spans) > limits.max_entries:
        outline = None
    part = None if outline is None or before is None else reduce.part(text, outline, before)
    return Body(text, habits, mend.skipped(text), outline, part, is_cut)
