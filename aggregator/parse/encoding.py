"""What is said of a document's encoding is wrong too often: the bytes decide where they can (C8). From bytes
in any encoding to UTF-8.
"""

from __future__ import annotations

import codecs
import contextlib
import re
from collections.abc import Iterator, Sequence

from aggregator.parse import mend
from aggregator.patterns import lazy

_BOMS = (
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
# without a BOM
_STARTS = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<\0", "utf-16-be"),
    (b"{\0", "utf-16-le"),
    (b"\0{\0", "utf-16-be"),
)
_EBCDIC = b"\x4c\x6f\xa7\x94"  # "<?xm"
_NAMED = lazy(
    rb"<\?xml[^<>]{0,200}?encoding\s*=\s*(?:\"([^\"<>]{1,60})\"|'([^'<>]{1,60})'|([^\s\"'?<>]{1,60}))"
)
_CHARSET = lazy(r"charset\s*=\s*(?:[\"']([^\"'<>]{1,60})|([^\"';,<>]{1,60}))", re.I)
# What these codecs mean in the wild, as browsers read them
# (https://encoding.spec.whatwg.org/#names-and-labels).
_MEANT = {
    "iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874", "shift_jis": "cp932", "euc_kr": "cp949",
    "gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "iso2022_jp": "iso2022_jp_ext",
}  # fmt: skip
# Names that Python has no codec for, without their signs: labels of browsers, and habits.
_LABELS = {
    "unicode11utf8": "utf-8", "unicode20utf8": "utf-8", "visual": "iso8859-8", "logical": "iso8859-8", "suneugreek": "iso8859-7", "isolatin9": "iso8859-15",
    "koi": "koi8-r", "koi8": "koi8-r", "koi8r": "koi8-r", "koi8u": "koi8-u", "koi8ru": "koi8-u", "macintosh": "mac-roman", "mac": "mac-roman", "macroman": "mac-roman",
    "macukrainian": "mac-cyrillic", "gb231280": "gb2312", "chinese": "gb2312", "cnbig5": "big5", "big5eten": "big5", "eucpkdfmtjapanese": "euc_jp", "windows31j": "cp932",
    "shiftjis": "cp932", "sjis": "cp932", "ksc5601": "cp949", "ksc56011987": "cp949", "ksc56011989": "cp949", "isoir149": "cp949", "tis620": "cp874", "ansi": "cp1252",
}  # fmt: skip
# Code pages of Windows that are no `cpNNN` of Python.
_PAGES = {
    "65001": "utf-8", "20866": "koi8-r", "21866": "koi8-u", "51932": "euc_jp", "51949": "euc_kr", "54936": "gb18030", "10000": "mac-roman", "10007": "mac-cyrillic",
    "50220": "iso2022_jp", **{str(28590 + part): f"iso8859-{part}" for part in range(1, 16)},
}  # fmt: skip
_PAGE = lazy(r"(?:cp|win|windows|ms|microsoft|ansi|dos|ibm|codepage)+(\d{3,5})")
_PART = lazy(r"(?:iso)?8859(\d{1,2})[ei]?")
# Encodings of one family that hold signs which the usual one lacks.
_WIDER = {"euc_jp": "euc_jis_2004", "cp932": "shift_jis_2004", "big5hkscs": "cp950"}
# Codecs of Python that interpret what they read; and UTF-7, in which markup can hide.
_NEVER = frozenset(
    {"utf-7", "idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"}
)
# encodings that fit any bytes, and are the default of many servers: weak evidence
_ANY = frozenset({"cp1252", "iso8859-1"})
_CYRILLIC = ("cp1251", "koi8-u")
# What a language is written in where nobody says in what, likeliest first. One byte a letter reads any text,
# several only the right ones.
_OF_LANGUAGES = {
    **dict.fromkeys(["ru", "uk", "be", "bg", "mk", "kk", "ky", "tt"], _CYRILLIC),
    **dict.fromkeys(["pl", "cs", "sk", "hu", "sl", "hr", "bs", "ro", "sq"], ("cp1250",)),
    **dict.fromkeys(["he", "iw", "yi"], ("cp1255",)),
    **dict.fromkeys(["ar", "fa", "ur"], ("cp1256",)),
    **dict.fromkeys(["lt", "lv", "et"], ("cp1257",)),
    "el": ("cp1253",), "tr": ("cp1254",), "az": ("cp1254",), "vi": ("cp1258",), "th": ("cp874",),
    "ja": ("euc_jp", "cp932"), "ko": ("cp949",), "zh": ("gb18030", "big5hkscs"),
    "zh-tw": ("big5hkscs", "gb18030"), "zh-hk": ("big5hkscs", "gb18030"),
}  # fmt: skip
_LATIN = frozenset({"cp1250", "cp1254", "cp1257", "cp1258"})  # much as windows-1252
_LANGUAGE = lazy(
    rb"<(?:dc:)?language[^<>]{0,60}>\s*(?:<!\[CDATA\[)?\s*([A-Za-z]{2}(?:[-_][A-Za-z]{2})?)\b"
    rb"|\sxml:lang\s*=\s*[\"']([A-Za-z]{2}(?:[-_][A-Za-z]{2})?)\b",
    re.I,
)
_WORD_BEYOND = lazy(rb"[\x80-\xff]{2,}")
_LANGUAGE_WITHIN = 20_000  # bytes
_SURE = 4  # so many characters of several bytes that are UTF-8 are no accident


def _declared(body: bytes) -> str | None:
    named = _NAMED.search(body, 0, 2000)
    return _codec((named[1] or named[2] or named[3]).decode("ascii", "replace")) if named else None


def as_utf8(body: bytes, content_type: str | None) -> bytes:
    """The document in UTF-8, its declaration without an encoding. Bytes that fit nowhere are read as
    windows-1252, one by one.
    """
    if (unmistakable := _by_its_start(body)) is not None:
        return unmistakable
    said = [codec for codec in (_declared(body), _from_header(content_type)) if codec]
    if body.isascii():
        # other alphabets in letters of ASCII
        hidden = next((codec for codec in said if codec.startswith(("iso2022", "hz"))), None)
        return _encoded(body, hidden) if hidden else mend.undeclared(body)
    said.sort(key=lambda codec: codec in _ANY)
    return _guessed(body, said)


def _by_its_start(body: bytes) -> bytes | None:
    """In UTF-8, where the first bytes alone tell what it is in; else None."""
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return _encoded(body[len(mark) :], codec)
    start = body.lstrip(b" \t\r\n")[:4]
    for mark, codec in _STARTS:
        if start.startswith(mark):
            return _encoded(body, codec)
    if start == _EBCDIC:
        return _encoded(body, _declared(body.decode("cp037").encode("latin-1", "replace")) or "cp037")
    return None


def _is_utf8(body: bytes, said: Sequence[str]) -> bool:
    """Whether it can be read so, and nothing that was said speaks against it, or so many letters for it."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    if not said or said[0] == "utf-8" or said[0] in _ANY:
        return True
    return sum(1 for c in text[:200_000] if ord(c) > 127) >= _SURE


def _guessed(body: bytes, said: list[str]) -> bytes:
    if _is_utf8(body, said):
        return mend.undeclared(body)
    if (text := _of_language(body, said)) is not None or (text := _as_said(body, said)) is not None:
        return _undeclared(text)
    if said and said[0] not in ("utf-8", *_ANY):
        text = body.decode(said[0], "replace")
        if text.count("\ufffd") * 100 < len(text):
            return _undeclared(text)
    return _undeclared(_mostly_utf8(body))


def _of_language(body: bytes, said: Sequence[str]) -> str | None:
    """In the encoding of the language that the document names, where what is said of it can't be right or is
    a server's default; None where that knows better, or it is UTF-8 after all, or in Latin letters.
    """
    found = _LANGUAGE.search(body, 0, _LANGUAGE_WITHIN)
    if found is None or any(codec not in ("utf-8", *_ANY) for codec in said) or _is_mostly_utf8(body):
        return None
    language = (found[1] or found[2]).decode().lower().replace("_", "-")
    possible = _OF_LANGUAGES.get(language) or _OF_LANGUAGES.get(language[:2], ())
    if _LATIN.issuperset(possible):
        possible = () if said and said[0] in _ANY else possible
    elif not _is_foreign(body):
        return None
    texts = [text for codec in possible if (text := _strictly(body, codec)) is not None]
    # Taken for each other, these have their capitals within words.
    return max(texts, key=_small_letters) if texts and possible == _CYRILLIC else next(iter(texts), None)


def _is_foreign(body: bytes) -> bool:
    """Whether words are made of letters beyond ASCII, which stand alone in those of Latin letters."""
    together = sum(len(word) for word in _WORD_BEYOND.findall(body))
    return 2 * together > len(body) - len(body.decode("ascii", "ignore"))


def _strictly(body: bytes, codec: str) -> str | None:
    try:
        return body.decode(codec)
    except UnicodeDecodeError:
        return None


def _small_letters(text: str) -> int:
    return sum(map(str.islower, text))


def _as_said(body: bytes, said: list[str]) -> str | None:
    """By the first codec of these, or of a wider one of its family, that reads all of it; None where none
    does.
    """
    for codec in (one for name in said for one in (name, _WIDER.get(name)) if one):
        with contextlib.suppress(UnicodeError, LookupError, ValueError):
            if codec != "utf-8":
                return body.decode(codec)
    return None


def _mostly_utf8(body: bytes) -> str:
    """UTF-8 with something else in it: pairs of surrogates (from Java and MySQL), or single bytes of
    windows-1252; where these prevail, all is.
    """
    if (text := _of_surrogates(body)) is not None:
        return text
    if _is_mostly_utf8(body):
        return body.decode("utf-8", "aggregator-cp1252")
    return body.decode("cp1252", "replace")


def _of_surrogates(body: bytes) -> str | None:
    try:
        pairs = body.decode("utf-8", "surrogatepass")
    except UnicodeError:
        return None
    return pairs.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _is_mostly_utf8(body: bytes) -> bool:
    """Whether more letters of several bytes fit than bytes do not."""
    fits = body.decode("utf-8", "ignore")
    fitting, strange = len(fits) - len(fits.encode("ascii", "ignore")), len(body) - len(fits.encode())
    return strange <= fitting or _of_surrogates(body) is not None


def _single_bytes(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("aggregator-cp1252", _single_bytes)


def _codec(name: str) -> str | None:
    """The codec that is meant by a name, however it is written; None for names that mean none of text."""
    return next(filter(None, map(_of_text, _written(name))), None)


def _written(name: str) -> Iterator[str]:
    """What a name may be written as: itself, and without the signs, prefixes and spellings of its author."""
    tidy = name.strip(" \t\r\n\"';,").lower()
    yield tidy
    bare = re.sub(r"[^a-z0-9]", "", tidy)
    bare = re.sub(r"\A(?:cs|x+)(?=[a-z])", "", bare)
    if bare in _LABELS:
        yield _LABELS[bare]
    if part := _PART.fullmatch(bare):
        yield f"iso8859-{part[1]}"
    if page := _PAGE.fullmatch(bare):
        yield _PAGES.get(page[1], f"cp{page[1]}")
    if bare.startswith("mac"):
        yield f"mac-{bare[3:]}"
    yield bare


def _of_text(name: str) -> str | None:
    """Python's codec of this name, or the one that browsers take for it."""
    try:
        found = codecs.lookup(name).name
        b"a".decode(found)  # raises for those that are none of text, such as "hex"
    except (LookupError, ValueError):
        return None
    found = _MEANT.get(found, found)
    # What is declared in letters of one byte is not in letters of two.
    return None if found.replace("_", "-") in _NEVER or found.startswith(("utf-16", "utf-32")) else found


def _from_header(content_type: str | None) -> str | None:
    found = _CHARSET.search(content_type or "")
    return _codec(found[1] or found[2]) if found else None


def _encoded(body: bytes, codec: str) -> bytes:
    return _undeclared(body.decode(codec, "aggregator-cp1252" if codec == "utf-8" else "replace"))


def _undeclared(text: str) -> bytes:
    return mend.undeclared(text.lstrip("\ufeff").encode("utf-8", "replace"))
