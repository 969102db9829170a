"""JSON that a strict parser refuses, read as far as it can be: one member after the other, and one item of
its list after the other, so that a bad one takes none of the others with it.

Comments, commas too many or too few, what follows the document and escapes that JSON does not know do no
harm. Nothing is guessed: of an item that can't be read nothing is taken, and what looks like the next one
counts only where it has what every item has.

In: a text. Out: a `Broken`. Start reading at `read`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from aggregator.patterns import lazy
from aggregator.records import dataclass, field

_BLANKS = lazy(r"(?>(?:[\s,\ufeff]|//[^\n]*|/\*.*?(?:\*/|\Z))*)", re.S)
_STRING = r'"(?>[^"\\]*(?:\\.[^"\\]*)*)(?:"|\\?\Z)'
_COMMENT = lazy(rf"({_STRING})|//[^\n]*|/\*.*?(?:\*/|\Z)", re.S)
_COMMAS = lazy(rf"({_STRING})|,(?>[\s,]*)([}}\]]?)", re.S)
_ESCAPE = lazy(r'\\(?:(["\\/bfnrt]|u[0-9A-Fa-f]{4})|(.))', re.S)
# A quotation mark too many ends with its line: from there on what is text and what is not is clear again.
_BRACKET = lazy(r'"(?>[^"\\\n]*(?:\\.[^"\\\n]*)*)(?:"|\n|\\?\Z)|([\[{])|([\]}])', re.S)
_NEXT = lazy(r'\}(?>[\s,]*)(?=\{\s*")')


@dataclass(slots=True)
class Broken:
    """What could be read. `left_out`: why an item could not, by its place among `items`, where it is None."""

    said: dict[str, Any] = field(default_factory=dict)  # the members, without the list
    items: list[Any] = field(default_factory=list)
    left_out: dict[int, str] = field(default_factory=dict)
    is_cut: bool = False  # it breaks off before its end


class _Bad(Exception):
    """A value that can't be read; `end`: where what follows it begins, None where nobody can tell."""

    def __init__(self, words: str, end: int | None) -> None:
        super().__init__(words)
        self.end = end


class _Cut(Exception):
    """The text ends before the document does."""


def read(
    text: str, listed: str, is_item: Callable[[Any], bool], parse_int: Callable[[str], Any] = int
) -> Broken:
    """`listed`: the member that holds the items. `is_item`: whether a value can be nothing else."""
    return _Reader(text, listed, is_item, parse_int).read()


class _Reader:
    def __init__(
        self, text: str, listed: str, is_item: Callable[[Any], bool], parse_int: Callable[[str], Any]
    ) -> None:
        self._text, self._listed, self._is_item = text, listed, is_item
        self._list = re.compile(rf'"{re.escape(listed)}"\s*:\s*\[')
        self._decoder = json.JSONDecoder(strict=False, parse_int=parse_int)
        self._is_lost = False  # a bracket was looked for to the end of the text, and not found
        self._broken = Broken()

    def read(self) -> Broken:
        at = self._past_blanks(0)
        if self._text[at : at + 1] == "{":
            try:
                self._members(at + 1)
            except _Cut:
                self._broken.is_cut = True
        return self._broken

    def _past_blanks(self, at: int) -> int:
        found = _BLANKS.match(self._text, at)
        return found.end() if found else at

    def _members(self, at: int) -> None:
        end = at  # of the member before
        while self._sign(at := self._past_blanks(end)) != "}":
            try:
                end = self._member(at)
            except _Bad as bad:
                if "," not in self._text[end:at]:
                    self._take_back()
                end = self._after_bad_member(at, bad)

    def _take_back(self) -> None:
        """The last member: what follows it without a comma is the rest of its text."""
        if self._broken.said:
            self._broken.said.popitem()

    def _sign(self, at: int) -> str:
        if at >= len(self._text):
            raise _Cut
        return self._text[at]

    def _member(self, at: int) -> int:
        """Where it ends."""
        name, at = self._value(at)
        at = self._past_blanks(at)
        if not isinstance(name, str) or self._sign(at) != ":":
            raise _Bad("no name", None)
        at = self._past_blanks(at + 1)
        if name == self._listed and self._sign(at) == "[":
            return self._items(at + 1)
        self._broken.said[name], at = self._value(at)
        return at

    def _after_bad_member(self, at: int, bad: _Bad) -> int:
        """Where to go on: behind it, or at the list where that is still to come."""
        if bad.end is not None:
            return bad.end
        found = None if self._broken.items else self._list.search(self._text, at)
        if found is None:
            raise _Cut
        return found.start()

    def _items(self, at: int) -> int:
        """Where their list ends."""
        while self._sign(at := self._past_blanks(at)) not in "]}":
            try:
                value, at = self._value(at)
                self._broken.items.append(value)
            except _Bad as bad:
                following = bad.end if bad.end is not None else self._next_item(at)
                self._leave_out(str(bad))
                at = following
        return at + (self._text[at] == "]")

    def _leave_out(self, words: str) -> None:
        self._broken.left_out[len(self._broken.items)] = words
        self._broken.items.append(None)

    def _next_item(self, at: int) -> int:
        """Where one begins for sure."""
        for found in _NEXT.finditer(self._text, at):
            try:
                value, _ = self._decoder.raw_decode(self._text, found.end())
            except (ValueError, RecursionError):
                continue
            if self._is_item(value):
                return found.end()
        raise _Cut

    def _value(self, at: int) -> tuple[Any, int]:
        """(what is there, where it ends). Raises _Bad."""
        try:
            return self._decoder.raw_decode(self._text, at)
        except RecursionError:
            raise _Bad("it is nested too deeply", self._end(at)) from None
        except ValueError as error:
            return self._mended(at, self._end(at), error)

    def _mended(self, at: int, end: int | None, error: ValueError) -> tuple[Any, int]:
        words = getattr(error, "msg", str(error))
        if end is None:
            raise _Bad(words, None)
        try:
            return self._decoder.decode(_mended(self._text[at:end])), end
        except (ValueError, RecursionError):
            raise _Bad(words, end) from None

    def _end(self, at: int) -> int | None:
        """Where the value in brackets that begins here ends."""
        if self._is_lost or self._text[at : at + 1] not in ("{", "["):
            return None
        depth = 0
        for found in self._brackets(at):
            depth += 1 if found[1] else -1
            if not depth:
                return found.end()
        self._is_lost = True
        return None

    def _brackets(self, at: int) -> Iterator[re.Match[str]]:
        return (found for found in _BRACKET.finditer(self._text, at) if found[1] or found[2])


def _mended(value: str) -> str:
    """Without comments, commas too many, and escapes that JSON does not know."""
    value = _COMMENT.sub(lambda found: found[1] or "", value)
    return _COMMAS.sub(_parted, value)


def _parted(found: re.Match[str]) -> str:
    """A text, or what remains of commas: nothing before a bracket."""
    return _ESCAPE.sub(_escaped, found[1]) if found[1] else found[2] or ","


def _escaped(found: re.Match[str]) -> str:
    """`\\'` is an apostrophe, and any other backslash one of the text."""
    if found[1]:
        return found[0]
    return "'" if found[2] == "'" else rf"\\{found[2]}"
