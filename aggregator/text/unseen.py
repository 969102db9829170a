"""What a page hides, which would be seen once its styles are gone: a formula as scripts draw it beside the
same formula for programs, the line that a newsletter shows to mail programs only, pictures that count
readers.

Nothing else that is hidden goes: a page may open it by a script, and readers run none.

In: markup and where in it an element begins. Out: where the element ends that is to be left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from aggregator.patterns import lazy
from aggregator.records import dataclass, field

MAX_PREHEADER = 300  # characters of text
MAX_LEAD = 4000  # characters of markup before it: tags, and nothing said
MAX_LOOKS = 50  # for the end of an element that stays, in one text

_MARK = lazy(r"hidden|display\s*:\s*none", re.I)
_HIDDEN = lazy(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_LAZY = lazy(r"\b(?:data-|nitro-|loading\b|class\s*=\s*[\"'][^\"'<>]*lazy)", re.I)
# What may stand between a formula and the same once more: no paragraph, and no word.
_BESIDE = r"(?:\s|</?(?:span|a|nobr|mjx-[\w-]+)(?=[\s/>])[^<>]*>)*"
_ONLY_BESIDE = lazy(_BESIDE, re.I)
_FORMULA_NEXT = lazy(rf"{_BESIDE}<(?:[\w-]+:)?math(?=[\s/>])", re.I)
_SHOWS = lazy(r"<(?:[\w-]+:)?(?:a|img|video|audio|iframe|object|embed|math|svg|table|h[1-6])(?=[\s/>])", re.I)
_COMMENT_OR_TAG = lazy(r"<!--.*?-->|<[^<>]*>", re.S)
_INVISIBLE = lazy(
    r"(?:\s|&(?:nbsp|zwnj|zwj|shy|#\d+|#x[0-9a-f]+);|[\u00ad\u034f\u200b-\u200f\u2060\ufeff])+", re.I
)


def is_marked(attributes: str) -> bool:
    """Whether an element with these may be hidden: a quick look."""
    return bool(_MARK.search(attributes))


def is_hidden(attributes: Mapping[str, str]) -> bool:
    """From everybody. `until-found` is opened by whoever searches the page."""
    is_said = "hidden" in attributes and attributes["hidden"].strip().lower() != "until-found"
    return is_said or bool(_HIDDEN.search(attributes.get("style", "")))


@dataclass
class Unseen:
    """Of one text, read from left to right."""

    text: str
    formula_end: int = -1  # where the last formula ended
    looks: int = field(default=0)

    def is_beside_formula(self, start: int) -> bool:
        """Whether nothing but tags of lines stands between the last formula and here."""
        return 0 <= self.formula_end <= start and bool(
            _ONLY_BESIDE.fullmatch(self.text, self.formula_end, start)
        )

    def end_of_image(self, start: int, end: int, attributes: Mapping[str, str]) -> int | None:
        """Where an image ends that is to be left out, `end`; None: it is shown."""
        if attributes.get("aria-hidden") == "true" and self.is_beside_formula(start):
            return end
        return end if is_hidden(attributes) and not _LAZY.search(self.text, start, end) else None

    def end_of(self, name: str, start: int, end: int, attributes: Mapping[str, str]) -> int | None:
        """Where an element ends that is to be left out, its end tag included; None: it is shown."""
        if self.looks >= MAX_LOOKS:
            return None
        found = None
        if attributes.get("aria-hidden") == "true":
            found = self._end_of_drawn(name, start, end)
        elif is_hidden(attributes) and not self._says(0, start):
            found = self._end_of_preheader(name, end)
        self.looks += found is None
        return found

    def _end_of_drawn(self, name: str, start: int, end: int) -> int | None:
        """Of a formula for the eye alone, beside that for programs."""
        after = self._element_end(name, end)
        if after is None:
            return None
        return after if self.is_beside_formula(start) or _FORMULA_NEXT.match(self.text, after) else None

    def _end_of_preheader(self, name: str, end: int) -> int | None:
        after = self._element_end(name, end)
        if after is None or _SHOWS.search(self.text, end, after) or not self._says(after, after + MAX_LEAD):
            return None
        return after if len(self._words(end, after)) <= MAX_PREHEADER else None

    def _says(self, start: int, end: int) -> bool:
        """Whether there is anything to see there, as far as that is looked for."""
        return end - start > MAX_LEAD or bool(_SHOWS.search(self.text, start, end) or self._words(start, end))

    def _words(self, start: int, end: int) -> str:
        return _INVISIBLE.sub(" ", _COMMENT_OR_TAG.sub("", self.text[start:end])).strip()

    def _element_end(self, name: str, at: int) -> int | None:
        """Behind its end tag."""
        depth = 1
        for tag in re.compile(rf"<(/?){re.escape(name)}(?=[\s/>])[^<>]*>", re.I).finditer(self.text, at):
            depth += -1 if tag[1] else not tag[0].endswith("/>")
            if not depth:
                return tag.end()
        return None
