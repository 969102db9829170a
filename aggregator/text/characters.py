"""Characters that may be published: what XML forbids goes, and letters that were encoded twice are mended.

In: a text of anybody. Out: the text as it was meant. Start reading at `clean`.
"""

from __future__ import annotations

import re

from aggregator.patterns import lazy

_ILLEGAL = lazy("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffd-\uffff]")
# UTF-8 that was read as Latin-1 or Windows-1252 and encoded again: "Ã©" for é, which no language writes.
_TWICE = lazy("[\xc2\xc3][\x80-\xbf]")
# What continues such a letter: the bytes from 0x80 to 0xBF in both; quotes and dashes stand behind real
# letters too.
_QUOTES = "‘’“”‹›–—…™«»º"
_CONTINUES = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_LEADS = lazy("[\xc2-\xf4]")
_SUSPECT = lazy(f"[\xc2-\xf4][{_CONTINUES}]")
_LETTER = lazy(f"[\xc2-\xc5\xce-\xd1\xd7-\xdb][{_CONTINUES}]|\xe2[\x80\x82€‚][{_CONTINUES}]")
_FOREIGN = lazy("[^\x00-\x7f]+")
_CONTROLS = bytes({*range(32), 127} - set(b"\t\n\r"))
# What `_ILLEGAL`, `_NONCHARACTERS` and `_SUSPECT` look for is among these, in UTF-8. Each begins with one
# byte, which is looked for as fast as memory is read.
_C1 = lazy(rb"\xc2[\x80-\x9f]")
_END_OF_FIRST_PLANE = lazy(rb"\xef[\xb7\xbf]")
_END_OF_A_PLANE = lazy(rb"\xbf[\xbe\xbf]")
_MAYBE_SUSPECT = lazy(rb"\xc3[\x82-\xb4][\xc2\xc5\xc6\xcb\xe2]")
_NONCHARACTERS = lazy(
    "["
    + "".join(f"{chr((plane << 16) + 0xFFFE)}{chr((plane << 16) + 0xFFFF)}" for plane in range(1, 17))
    + "]"
)


def clean(text: str) -> str:
    """Only characters that XML 1.0 allows and Unicode assigns meaning to, without U+FFFD, the trace of a lost
    one; line ends as LF (S14).
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _is_clean(text):
        return text
    said = text
    if _LEADS.search(text):
        shown = _ILLEGAL.sub(lambda found: found.group() if "\x80" <= found.group() <= "\x9f" else "", text)
        if _SUSPECT.search(shown):
            text = _mended(shown)
    text = _NONCHARACTERS.sub("", _ILLEGAL.sub(_meant, text))
    return text if text == said else clean(text)  # what is left may be letters that were encoded twice


def _is_clean(text: str) -> bool:
    """Whether nothing is to be done, as for most texts: asked many times over, so of bytes first."""
    try:
        data = text.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        return False
    if len(data.translate(None, _CONTROLS)) != len(data):
        return False
    if len(data) == len(text) or not _is_doubtful(data):
        return True
    return not (_ILLEGAL.search(text) or _SUSPECT.search(text) or _NONCHARACTERS.search(text))


def _is_doubtful(data: bytes) -> bool:
    return bool(
        _C1.search(data)
        or _END_OF_FIRST_PLANE.search(data)
        or _END_OF_A_PLANE.search(data)
        or _MAYBE_SUSPECT.search(data)
    )


def _mended(text: str) -> str:
    """UTF-8 that was encoded twice, or three times: all of a text, or letters here and there."""
    while (found := _decoded(text)) is not None:
        text = found
    while True:
        once = _TWICE.sub(lambda found: found.group().encode("latin-1").decode("utf-8"), text)
        if once == text:
            return text
        text = once


def _decoded(text: str) -> str | None:
    """The text as it was meant, where all of its foreign letters were encoded twice, or several
    beyond doubt.
    """
    letters = _LETTER.findall(text)
    certain = sum(len(letter) > 2 or letter[1] not in _QUOTES for letter in letters)
    if certain > 1:
        return _LETTER.sub(lambda found: _once(found.group()) or found.group(), text)
    if letters and not certain:
        return None
    runs: list[str] = []
    for run in _FOREIGN.findall(text):  # of most texts the first one says that it was encoded once
        if (once := _once(run)) is None:
            return None
        runs.append(once)
    meant = iter(runs)
    return _FOREIGN.sub(lambda _: next(meant), text) if runs else None


def _once(letters: str) -> str | None:
    """What these were before the last time that they were encoded; None where they were not."""
    try:
        return b"".join(map(_byte, letters)).decode("utf-8")
    except UnicodeError:
        return None


def _byte(character: str) -> bytes:
    """What Windows-1252 writes a character as, and Latin-1 what that has none for."""
    try:
        return character.encode("cp1252")
    except UnicodeError:
        return character.encode("latin-1")


def _meant(found: re.Match[str]) -> str:
    """C1 controls are Windows-1252 that was taken for Latin-1 ("\x93" for “); every other illegal character
    is nothing.
    """
    character = found.group()
    return character.encode("latin-1").decode("cp1252", "ignore") if "\x80" <= character <= "\x9f" else ""
