"""Plain text → words to compare and to search for. Case and accents never matter; scripts without spaces give
bigrams.

The full-text index of the store holds these words too, so that topics and search agree on what a word is.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Iterator

from aggregator.patterns import lazy

# Scripts written without spaces: Thai, Lao, Myanmar, Khmer, kana, CJK ideographs and their extensions.
_DENSE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
# Vowel signs of Indic scripts are part of a word but not `\w`; the danda (U+0964, U+0965) is a full stop.
_INDIC = "\u0900-\u0963\u0966-\u0dff\u0f71-\u0fbc"
_TOKEN = lazy(rf"(?P<dense>[{_DENSE}]+)|(?:(?![{_DENSE}])(?:[^\W_]|[{_INDIC}]))+")
_DENSE_START = lazy(f"[{_DENSE}]")
_SPACED = lazy(rf"[\w{_INDIC}]+")  # words of a text without dense scripts and underscores
# What is no letter and no digit of ASCII becomes a blank: in UTF-8 no other character has such bytes.
_BLANKED = bytes(code if code > 127 or chr(code).isalnum() else 32 for code in range(256))
# Accents of Latin, Greek and Cyrillic, points of Hebrew, vowel marks and tatweel of Arabic; and what has no
# shape of its own within a word: soft hyphens, and the joiners that Persian and Indic scripts write or leave
# out.
_MARKS = lazy(
    "[\u00ad\u200c\u200d\u2060\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640"
    "\u064b-\u065f\u0670]+"
)


def fold(text: str) -> str:
    """Case and accents gone: `Élysée` and `elysee` are equal. Marks that carry meaning (Indic vowels, kana
    voicing) stay.
    """
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return unicodedata.normalize("NFC", _MARKS.sub("", decomposed))


def words(text: str) -> list[str]:
    """The words of `text` in order, folded; runs of a script without spaces as overlapping pairs of
    characters.
    """
    return _words(fold(text))


def _words(folded: str) -> list[str]:
    if folded.isascii():
        return folded.encode().translate(_BLANKED).decode().split()
    if not _DENSE_START.search(folded):
        return list(_spaced(folded))
    found: list[str] = []
    for match in _TOKEN.finditer(folded):
        token = match.group()
        if match.lastgroup == "dense":
            found.extend(token[i : i + 2] for i in range(max(1, len(token) - 1)))
        else:
            found.append(token)
    return found


def _spaced(folded: str) -> Iterator[str]:
    """The words of a text without dense scripts: most of them stand between blanks and signs of ASCII."""
    data = folded.encode("utf-8", "surrogatepass").translate(_BLANKED)
    for token in data.decode("utf-8", "surrogatepass").split():
        if token.isalnum():
            yield token
        else:
            yield from _SPACED.findall(token)


def is_dense(word: str) -> bool:
    """Whether this begins with a character of a script without spaces."""
    return _DENSE_START.match(word) is not None


def holds_dense(text: str) -> bool:
    """Whether any of it is of a script without spaces."""
    return _DENSE_START.search(text) is not None


# Letters that no decomposition takes apart, and what people type for them on other keyboards.
_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t", "ŋ": "n", "ĸ": "k", "ŀ": "l", "ƀ": "b", "ɖ": "d", "ǥ": "g", "ŉ": "n"}
)  # fmt: skip
_LETTER = lazy(f"[{''.join(map(chr, _LETTERS))}]")


def sought(text: str) -> str:
    """As `fold`, and `Łódź` is `lodz`, `Øre` is `ore`: for looking up only, never to tell two texts apart."""
    folded = fold(text)
    if folded.isascii():
        return folded
    return folded.translate(_LETTERS) if _LETTER.search(folded) else folded


def search_words(text: str) -> list[str]:
    """As `words`, of `sought` text: what the full-text index holds, and what queries are compared by."""
    plain = _plain(text)
    return _words(sought(text)) if plain is None else plain.split()


def apart(text: str) -> str:
    """Its `search_words` in order, with a blank at least before and behind each: one is looked for there
    without taking most texts apart.
    """
    plain = _plain(text)
    return f" {' '.join(_words(sought(text))) if plain is None else plain} "


# What prints a text beside ASCII in most of English: none of it is of a word, before or after it is `sought`.
_PARTING = tuple(sign.encode() for sign in "’‘“”–—…\xa0«»•")
_PLAIN = bytes(code + 32 if chr(code) in string.ascii_uppercase else _BLANKED[code] for code in range(256))


def _plain(text: str) -> str | None:
    """Words of ASCII in small letters, with blanks for all between them; None where there are others."""
    data = text.encode("utf-8", "surrogatepass")
    if not text.isascii():
        for sign in _PARTING:
            data = data.replace(sign, b" ")
        if not data.isascii():
            return None
    return data.translate(_PLAIN).decode()


LETTERS = 12  # of a word, more than which few have on average


def first_search_words(text: str, most: int) -> list[str]:
    """The first so many of `search_words`; of a long text only the beginning is looked at."""
    beginning = text[: most * LETTERS]
    found = search_words(beginning)
    if len(found) <= most and len(beginning) < len(text):  # its last word may go on behind it
        found = search_words(text)
    return found[:most]


def is_character(word: str) -> bool:
    """Whether this is a single character of a script without spaces."""
    return len(word) == 1 and is_dense(word)
