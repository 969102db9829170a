"""Parts of a text for people who look at many: its first sentence, and as much as there is room for."""

from __future__ import annotations

from aggregator.patterns import lazy

_SENTENCE_END = lazy(r"[.!?。！？…][\"'”’»)\]]*(?=\s|$)|[。！？]")
_CLAUSE_END = lazy(r"[,;:–—](?=\s)|[、，；：]")
_NO_END = lazy(
    r"\b(?:[A-Z]|[A-Za-z]\.[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|Sen|Rep|Gov|Gen|Lt|Col|Sgt|Jr|Sr|No|vs|etc|Inc|"
    r"Ltd|Co|Corp|approx|ca|Nr|bzw)$"
)
_LONGEST_NO_END = 6  # characters of these, "approx"


def sentence(text: str) -> str:
    """The first sentence of a text. `U.S.` and `Dr.` end none."""
    for match in _SENTENCE_END.finditer(text):
        start = match.start()
        if text[start] == "." and _NO_END.search(text[max(0, start - _LONGEST_NO_END - 1) : start]):
            continue
        return text[: match.end()]
    return text


def snippet(text: str, length: int) -> str:
    """At most `length` characters, cut at a clause if one ends in the second half, else at a word, with an
    ellipsis.
    """
    text = " ".join(text.split(None, length + 1)[: length + 1])  # more is cut anyway
    if len(text) <= length:
        return text
    head = text[: length - 1]
    ends = [match.start() for match in _CLAUSE_END.finditer(head) if match.start() >= length // 2]
    cut = ends[-1] if ends else head.rfind(" ")
    if cut < length // 2:
        cut = len(head)
    return head[:cut].rstrip(" ,;:–—-.、，；：") + "…"


def beside(title: str, text: str, length: int) -> str:
    """A snippet of what a text says beside its title: nothing where it only says the title again."""
    headline = title.rstrip("…")
    repeats = bool(headline) and text.startswith(headline) and len(text) < len(title) + 20
    return "" if repeats else snippet(text, length)
