"""Markup → plain text: of bodies, and of titles, which come as text or as markup and go out so that nobody
takes them for markup.

In: markup, or a text that may hold some. Out: text. Start reading at `text` and `title`.
"""

from __future__ import annotations

import functools
import html
import re

from aggregator.patterns import lazy
from aggregator.text import characters, embedded, excerpts

MAX_TITLE = 1000  # characters
MAX_MARKUP = 1_600_000  # characters of markup that are read
_CDATA, _CDATA_END = "<![CDATA[", "]]>"
_BLOCK = (
    r"<(?:/?(?:p|div|li|ul|ol|dl|h[1-6]|tr|table|caption|blockquote|section|article|aside|main|nav|address|"
    r"hgroup|figure|figcaption|dd|dt|pre|header|footer|details|summary|center|form|fieldset|legend|option|"
    r"video|audio)|br|hr)\b[^<>]*>"
)
_CELL = r"</t[dh]\s*>"
_BLOCKS, _CELLS, _APART_TAG = lazy(_BLOCK, re.I), lazy(_CELL, re.I), lazy(f"{_BLOCK}|{_CELL}", re.I)
# Powers and notes, with links around them: 10<sup>6</sup> is not 106.
_WITHIN_SUP = r"(?>(?:\s|<(?!/?sup\b)[^<>]*>)*)"
_RAISED = lazy(rf"<sup\b[^<>]*>{_WITHIN_SUP}([+\-−–]?\d{{1,4}}){_WITHIN_SUP}</sup\s*>", re.I)
# Letters that are pictures, and what browsers write around quotations and readings of characters.
_SIGN = lazy(r"""<img\b[^<>]*\balt=(["'])([^\x00-\x7f\w]{1,20})\1[^<>]*>""", re.I)
_QUOTED = lazy(r"<(/?)q\b[^<>]*>", re.I)
_READING = lazy(r"<rt\b[^<>]*>([^<>]*)</rt\s*>", re.I)
_RAISE = str.maketrans("0123456789+-−–", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")
_HIDDEN = lazy(r"<(script|style)\b[^<>]*(?<!/)>.*?(?:</\1\s*>|\Z)", re.I | re.S)
# links that stand for players, as `embedded` makes them: no words of the source
_EMBED = lazy(rf'<a href="[^"<>]*" class="{embedded.CLASS}"[^<>]*>[^<]*</a>')
_COMMENT = lazy(r"<!--.*?(?:-->|\Z)|<![^>]*>|<\?[^>]*>", re.S)
_ANY_TAG = lazy(r"</?[A-Za-z](?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*/?>|</?[A-Za-z][^<>]*>")


def text(markup: str) -> str:
    """Plain text of markup: tags gone, entities once, blocks on lines of their own, white space collapsed;
    links that we put in the place of players are no text.
    """
    text = characters.clean(markup)[:MAX_MARKUP]
    if "<" in text:
        text = _EMBED.sub(" ", text) if embedded.CLASS in text else text
        text = _spoken(_HIDDEN.sub(" ", _COMMENT.sub(" ", text)))
        text = _ANY_TAG.sub("", _CELLS.sub(" ", _BLOCKS.sub("\n", text)))
    if "&" in text:
        text = characters.clean(html.unescape(text))
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _spoken(text: str) -> str:
    """The same markup, with as signs what browsers show and no tag leaves behind."""
    lower = text.lower()
    if "<sup" in lower:
        text = _RAISED.sub(lambda found: found[1].translate(_RAISE), text)
    if "<img" in lower:
        text = _SIGN.sub(r"\2", text)
    if "<q" in lower:
        text = _QUOTED.sub(lambda tag: "”" if tag[1] else "“", text)
    if "<rt" in lower and "<rp" not in lower:
        text = _READING.sub(r"(\1)", text)
    return text


# … and of a sign that is missing or too small: `<[CDATA[`, `<![cdata[`
_CDATA_SLIP = lazy(r"\s*(?:<!?|!)?\[CDATA\[(.*)\]\]\s*>?\s*\Z", re.I | re.S)


def _as_cdata(text: str) -> str:
    """With the signs of CDATA as they should be, where all of it is in CDATA."""
    found = _CDATA_SLIP.match(text) if "[" in text[:40] else None
    return f"{_CDATA}{found[1]}{_CDATA_END}" if found else text


def without_cdata(text: str) -> str:
    """What was put into CDATA twice, without it: to HTML it is a comment that ends at the first tag in it."""
    text = _as_cdata(text)
    pieces, at = [], 0
    while (start := text.find(_CDATA, at)) >= 0 and (end := text.find(_CDATA_END, start)) >= 0:
        pieces += [text[at:start], text[start + len(_CDATA) : end]]
        at = end + len(_CDATA_END)
    return "".join([*pieces, text[at:]])


_KNOWN_TAG = lazy(
    r"</?(?:a|abbr|acronym|article|aside|b|base|button|details|label|main|marquee|nav|option|param|"
    r"select|summary|applet|bdi|bdo|big|blink|blockquote|body|br|center|cite|code|dd|del|dfn|div|dl|dt|"
    r"em|embed|figure|font|form|frame|"
    r"h[1-6]|head|hr|html|i|iframe|img|input|ins|kbd|li|link|mark|meta|nobr|noscript|object|ol|p|"
    r"picture|pre|q|s|samp|script|section|small|source|span|strike|strong|style|sub|"
    r"sup|svg|table|tbody|td|template|textarea|th|title|tr|tt|u|ul|var|video|audio|wbr|math|semantics|"
    r"annotation|mrow|mi|mn|mo|ms|mtext|mspace|msub|msup|msubsup|mfrac|msqrt|mroot|mover|munder|"
    r"munderover|mtable|mtr|mtd|mstyle|mglyph)\b(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>",
    re.I,
)
# a line end names no element
_NAME_ALONE = lazy(r"<(?!(?:br|hr|p|wbr|img)>)[a-z][a-z0-9-]*>", re.I)
_ACTIVE_TAG = lazy(
    r"</?(?:script|style|iframe|object|embed|svg|math|form|input|button|base|meta|link|template|applet|"
    r"frame)\b[^<>]*>|<[a-z][^<>]*\bon\w+\s*=[^<>]*>",
    re.I,
)
_LEFT_OVER = lazy(r"&(?!(?:lt|gt|amp);)(?:#\d{2,5}|[A-Za-z]{2,8}\d?);")
_ENTITY = lazy(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def title(text: str) -> str:
    """A title as plain text on one line: real tags removed (`a < b` and `<3` stay, and the names of elements
    in “Why <script> tags block”), entities resolved once (F27).
    """
    text = characters.clean(text)[: 8 * MAX_TITLE]
    if (in_cdata := _as_cdata(text)) is not text:
        text = without_cdata(in_cdata)
    if "<" in text and not _names_elements(text):
        text = _KNOWN_TAG.sub(_gap, _spoken(re.sub(r"<!--.*?-->", " ", text, flags=re.S)))
    if "&" in text:
        text = _resolved(text)
        # Text, not markup; but some readers show titles as HTML, so that nothing that could act there may be
        # left.
        text = text if _names_elements(text) else _ACTIVE_TAG.sub("", text)
    return _one_line(text)


def _gap(tag: re.Match[str]) -> str:
    """What stays of a tag of a title: two lines are two words."""
    return " " if _APART_TAG.fullmatch(tag[0]) else ""


def literal_title(text: str) -> str:
    """A title that is said to be text: nothing in it is a tag. Entities are resolved once all the same, for
    many feeds escape twice.
    """
    text = characters.clean(text)[: 8 * MAX_TITLE]
    return _one_line(_resolved(text) if "&" in text else text)


def _names_elements(text: str) -> bool:
    """Whether all tags are names of elements that the text speaks of: without attributes, never closed, and
    with no word right behind them.
    """
    tags = list(_KNOWN_TAG.finditer(text))
    return bool(tags) and all(
        _NAME_ALONE.fullmatch(tag[0]) and not text[tag.end() : tag.end() + 1].isalnum() for tag in tags
    )


def _resolved(text: str) -> str:
    text = characters.clean(_ENTITY.sub(lambda match: html.unescape(match.group()), text))
    # What then is left as a named letter or sign (&rsquo;) is meant as one; &lt; &gt; &amp; may be meant
    # literally.
    return _LEFT_OVER.sub(lambda match: html.unescape(match.group()), text)


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    return _closed(text if len(text) <= MAX_TITLE else excerpts.snippet(text, MAX_TITLE))


_TURNS = lazy("[\u202a-\u202e\u2066-\u2069]")
_TURNS_BACK = {
    **dict.fromkeys("\u202a\u202b\u202d\u202e", "\u202c"),
    **dict.fromkeys("\u2066\u2067\u2068", "\u2069"),
}


def _closed(text: str) -> str:
    """What a title turns from right to left it turns back: what a page or a reader shows behind it would be
    turned, too (Unicode Standard Annex 9).
    """
    if text.isascii():
        return text
    is_open: list[str] = []
    for sign in _TURNS.findall(text):
        if back := _TURNS_BACK.get(sign):
            is_open.append(back)
        elif sign in is_open:
            del is_open[len(is_open) - 1 - is_open[::-1].index(sign) :]
    return text + "".join(reversed(is_open))


_TAG_LIKE = lazy(r"<([/!?]?[A-Za-z][^<>]*)>")
_ENTITY_LIKE = lazy(r"&(?=#?\w+;)")


def line(text: str) -> str:
    """Plain text on one line for titles and names of a feed, that no client can take for markup (F27, F67).

    Half of all readers decode or strip what looks like a tag or an entity in a title, the others show it:
    `<b>` is published as ‹b›, and a literal `&amp;` gets an invisible joiner after its first sign.
    """
    return _line_before(text) if len(text) <= _REMEMBERED else _line(text)


def _line(text: str) -> str:
    text = " ".join(characters.clean(text).replace("\ufeff", "").split()).strip("\u200b\u2060 ")
    if "<" in text:
        text = re.sub(r"<(?=[A-Za-z/!?])", "‹", _TAG_LIKE.sub(r"‹\1›", text.replace("<>", "‹›")))
    return _ENTITY_LIKE.sub("&\u2060", text) if "&" in text else text


_REMEMBERED = 500  # characters; names and titles have fewer
_line_before = functools.lru_cache(maxsize=2048)(_line)  # a source has its name in each of its items
