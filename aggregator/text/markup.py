"""Markup → safe markup (nh3, one Rust pass), markup → plain text. What a feed says is never trusted.

In: markup of anybody. Out: HTML that may be published (`safe`), or text (`plain`, `line`). Start reading at
`safe`.
"""

from __future__ import annotations

import html
import re
import threading
from urllib.parse import quote

import nh3

from aggregator import urls
from aggregator.patterns import lazy
from aggregator.text import embedded, settled

# characters of one fragment before sanitising: nh3 is quadratic in nesting (80,000 open <div>: 13 s)
MAX_HTML = 400_000
MAX_DEPTH = 90  # open elements; published markup nests less than 100 deep (S13)
MAX_TITLE = 1000

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

_ATTRIBUTES = {
    "*": {"lang", "dir", "title"},
    "a": {"href", "hreflang", "class"},
    "img": {"src", "srcset", "alt", "width", "height", "sizes"},
    "video": {"src", "poster", "width", "height", "controls"},
    "audio": {"src", "controls"},
    "source": {"src", "srcset", "type", "media", "sizes"},
    "track": {"src", "kind", "srclang", "label"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align", "scope"},
    "ol": {"start", "reversed", "type"},
    "li": {"value"},
    "time": {"datetime"},
    "abbr": {"title"},
    "code": {"class"},
    "pre": {"class"},
    "details": {"open"},
    "col": {"span"},
    "colgroup": {"span"},
}
# RFC 6068: what stands for itself in an address and its header fields
_MAIL_SAFE = "@:/?&=+,;.!$'()*~-_%"
_VOID = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
})  # fmt: skip
# What `embedded` leaves of these is damaged
_DROP_WITH_CONTENT = {"script", "style", "iframe", "noembed", "noframes"}


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


def safe(markup: str, base: str | None = None, page: str | None = None) -> str:
    """HTML that any reader may show: nothing active, every link absolute, well nested. Stable: a second pass
    changes nothing (S13). Relative links start from `base`, those to a place in the text (`#note`) from
    `page`.
    """
    text = clean(markup)
    if "<" not in text and "&" not in text:
        return html.escape(text, quote=False).replace("\xa0", "&nbsp;")  # as nh3 writes it
    return text if len(text) <= MAX_HTML and _is_settled(text) else _washed(text, base, page)


def _is_settled(text: str) -> bool:
    _place.base = _place.page = None
    return settled.is_settled(text, _attribute)


def _washed(text: str, base: str | None, page: str | None) -> str:
    text = _shortened(_opened(text) if _CDATA in text else text)
    once = _cleaned(text, base, page)
    # misplaced tables, headings in headings, pictures that turn out to be none: what is moved around lies
    # still after a few rounds
    for _ in range(4):
        if (
            not (_MOVES.search(once) or embedded.concerns(once))
            or (again := _cleaned(once, base, page)) == once
        ):
            break
        once = again
    if len(once) > 2 * len(text) + 1000:  # nothing but signs to escape
        once = html.escape(re.sub('[<>&"]', "", plain_text(text)), quote=False)
    return clean(once)  # what stood between two letters may be gone


_CDATA, _CDATA_END = "<![CDATA[", "]]>"


def _opened(text: str) -> str:
    """What was put into CDATA twice, without it: to HTML it is a comment that ends at the first tag in it."""
    pieces, at = [], 0
    while (start := text.find(_CDATA, at)) >= 0 and (end := text.find(_CDATA_END, start)) >= 0:
        pieces += [text[at:start], text[start + len(_CDATA) : end]]
        at = end + len(_CDATA_END)
    return "".join([*pieces, text[at:]])


_MEDIA = lazy(r"<(img|video|audio|source|track)\b[^>]*>|</(?:video|audio|picture)>|<picture>")


def without_media(safe_html: str) -> tuple[str, tuple[str, ...]]:
    """(the same without anything that a browser would fetch by itself, what it would have fetched). For pages
    of ours; takes what `safe` made.
    """
    found: dict[str, None] = {}

    def words(match: re.Match[str]) -> str:
        attributes = dict(re.findall(r'([a-z]+)="([^"]*)"', match.group()))
        if attributes.get("src"):
            found.setdefault(html.unescape(attributes["src"]))
        return (
            f"<em>[{attributes['alt']}]</em>"
            if match[1] == "img" and attributes.get("alt", "").strip()
            else ""
        )

    return _MEDIA.sub(words, safe_html), tuple(found)


_HEADING = lazy(r"<(/?)h([1-5])\b")


def with_headings_below(safe_html: str) -> str:
    """The same below a heading of the page's own: each heading one level lower. Takes what `safe` made."""
    return _HEADING.sub(lambda tag: f"<{tag[1]}h{int(tag[2]) + 1}", safe_html)


def _cleaned(text: str, base: str | None, page: str | None) -> str:
    if _MAYBE_APART.search(text):
        text = _APART.sub(r"\1//", text)
    bounded = _bounded(embedded.shown(text, base))
    _place.base, _place.page = base, page or base
    safe_html = _CLEANER.clean(bounded)
    if "<img" in safe_html:
        safe_html = _USELESS.sub("", safe_html)
    return _PRE.sub(r"\1", safe_html) if "<pre" in safe_html else safe_html


# `https: //host` is no address to nh3, which drops it
_APART = lazy(r"""(\b(?:href|src)=["']?https?:)(?:\s+/\s*/\s*|/\s+/\s*|//\s+)""", re.I)
_MAYBE_APART = lazy(r":(?:\s+/|/\s|//\s)")
_MOVES = lazy(r"<(?:table|h[1-6]|tr|td|th|caption|ruby)\b")
# HTML drops the first line end there, each time it is read
_PRE = lazy(r'(<pre(?:\s+[a-z]+="[^"]*")*>)\n+')
# Pictures without a source or of one pixel (counters), as nh3 writes them: every value in double quotes.
_USELESS = lazy(
    r'<img(?:\s+(?!src=)[a-z]+="[^"]*")*\s*>|<img(?=[^>]* width="[01]")(?=[^>]* height="[01]")[^>]*>'
)


class _Place(threading.local):
    """Where links of what is being cleaned start from: one cleaner serves all texts, for making one takes
    longer than most texts do.
    """

    base: str | None = None
    page: str | None = None  # of links to a place in the text


_place = _Place()


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Absolute links, sane numbers; None drops the attribute."""
    kept = _KEPT.get(name)
    if kept is not None:
        return kept(tag, value)
    return _TAG_IN_TOOLTIP.sub("", value[:2000]) if "<" in value else value[:2000]


def _address(tag: str, value: str) -> str | None:
    return urls.clean_link(value, _place.page if value.startswith("#") else _place.base)


def _link_or_mail(tag: str, value: str) -> str | None:
    if value.lstrip()[:7].lower() == "mailto:":
        return quote(value.strip(), safe=_MAIL_SAFE)
    return urls.magnet(value) or _address(tag, value)


def _classes(tag: str, value: str) -> str | None:
    known = _EMBED_CLASS if tag == "a" else _LANGUAGE_CLASS
    return " ".join(filter(known.fullmatch, value.split())) or None


def _length(tag: str, value: str) -> str | None:
    return value.strip() if _LENGTH.fullmatch(value) else None


def _direction(tag: str, value: str) -> str | None:
    return value if value.lower() in ("ltr", "rtl", "auto") else None


def _sources(tag: str, value: str) -> str | None:
    return _srcset(value, _place.base)


# attribute → (element, value) → what is kept of the value
_KEPT = {
    "href": _link_or_mail, "src": _address, "poster": _address, "srcset": _sources,
    "class": _classes, "width": _length, "height": _length, "dir": _direction,
}  # fmt: skip


_EMBED_CLASS = lazy(embedded.CLASS)
_LENGTH = lazy(r"\s*\d{1,5}%?\s*")
_TAG_IN_TOOLTIP = lazy(r"<(?=[A-Za-z/!?<])[^<>]*>?")  # a mistake or a trap; `I <3 it` is none
_CLEANER = nh3.Cleaner(
    tags=set(embedded.KEPT),
    clean_content_tags=_DROP_WITH_CONTENT,
    attributes=_ATTRIBUTES,
    attribute_filter=_attribute,
    url_schemes={"http", "https", "mailto", "magnet"},
    link_rel="noopener noreferrer",
    strip_comments=True,
)


# What a program is written in, for readers that colour it (WHATWG HTML, 4.5.15).
_LANGUAGE_CLASS = lazy(r"lang(?:uage)?-[A-Za-z0-9][A-Za-z0-9+#._-]{0,30}")


def _srcset(value: str, base: str | None) -> str | None:
    """Candidates are separated by a comma and white space; a URL may hold commas of its own (WHATWG HTML,
    parse a srcset).
    """
    found = []
    for candidate in re.split(r",\s+|,$", value.strip()):
        link, _, descriptor = candidate.strip().partition(" ")
        absolute = urls.clean_link(link.strip(","), base)
        if absolute is None or not re.fullmatch(r"|\d+(\.\d+)?x|\d+w( \d+h)?", descriptor.strip()):
            continue
        found.append(f"{absolute.replace(',', '%2C')} {descriptor.strip()}".strip())
    return ", ".join(found) or None


def _shortened(text: str) -> str:
    """Cut to a length that nh3 takes; what was cut to MAX_HTML may grow to more, and must not be cut
    again.
    """
    if len(text) <= 2 * MAX_HTML + 1000:
        return text
    return text[: text.rfind("<", 0, MAX_HTML)] if "<" in text[:MAX_HTML] else text[:MAX_HTML]


def _bounded(text: str) -> str:
    """Cut what would take nh3 quadratic time: nesting (counted by a linear scan), attributes of one tag."""
    if text.count("<") <= MAX_DEPTH:
        return text if len(text) < 20_000 or text.count("=") < 2000 else _few_attributes(text)
    is_open: list[str] = []
    pieces, end = [], 0
    for match in _TAG.finditer(text):
        name = match.group(2).lower()
        if name in _VOID:
            continue
        if match.group(1):
            _close(is_open, name)
            continue
        _close_implied(is_open, name)
        if len(is_open) < MAX_DEPTH:
            is_open.append(name)
        else:
            pieces.append(text[end : match.start()])
            close = text.find(">", match.end())
            end = len(text) if close < 0 else close + 1
    if pieces:
        # Deeper than anything sane (or a list of tags never closed): the text stays, the markup goes.
        return html.escape(plain_text("".join(pieces) + text[end:], _trust=True), quote=False)
    return _few_attributes(text)


_TAG = lazy(r"<(/?)([A-Za-z][A-Za-z0-9]*)")
# End tags that may be left out (WHATWG HTML, 13.1.2.4): what a start tag closes, and within what it closes
# nothing.
_ITEMS = frozenset({"ul", "ol", "menu"})
_CELLS_OF = frozenset({"table"})
_BEHIND_A_PARAGRAPH = (
    "address", "article", "aside", "blockquote", "center", "details", "dir", "div", "dl", "fieldset",
    "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main",
    "menu", "nav", "ol", "p", "pre", "section", "table", "ul",
)  # fmt: skip
_IMPLIED: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    **dict.fromkeys(
        _BEHIND_A_PARAGRAPH,
        (frozenset({"p"}), frozenset({"table", "td", "th", "caption", "button", "object"})),
    ),
    "li": (frozenset({"li"}), _ITEMS),
    **dict.fromkeys(("dt", "dd"), (frozenset({"dt", "dd"}), frozenset({"dl"}))),
    **dict.fromkeys(("td", "th"), (frozenset({"td", "th"}), _CELLS_OF)),
    "tr": (frozenset({"tr"}), _CELLS_OF),
    **dict.fromkeys(("thead", "tbody", "tfoot"), (frozenset({"thead", "tbody", "tfoot"}), _CELLS_OF)),
    **dict.fromkeys(("option", "optgroup"), (frozenset({"option"}), frozenset({"select"}))),
    **dict.fromkeys(("rt", "rp", "rb"), (frozenset({"rt", "rp", "rb"}), frozenset({"ruby"}))),
}


def _close(is_open: list[str], name: str) -> None:
    """An end tag ends all that is open within its element; one without an element ends nothing."""
    if name in is_open:
        while is_open.pop() != name:
            pass


def _close_implied(is_open: list[str], name: str) -> None:
    """What a start tag ends that had no end tag of its own."""
    closed, walls = _IMPLIED.get(name, (frozenset(), frozenset()))
    for place in range(len(is_open) - 1, -1, -1) if closed else ():
        if is_open[place] in closed:
            del is_open[place:]
            return
        if is_open[place] in walls:
            return


def _few_attributes(text: str) -> str:
    """Tags with more than a hundred attributes lose them all (80,000 attributes on one tag take nh3 11 s)."""
    return re.sub(
        r"<([A-Za-z][A-Za-z0-9]*)\s[^<>]*>",
        lambda m: m.group() if m.group().count("=") <= 100 else f"<{m.group(1)}>",
        text,
    )


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


def plain_text(markup: str, _trust: bool = False) -> str:
    """Plain text of markup: tags gone, entities once, blocks on lines of their own, white space collapsed;
    links that we put in the place of players are no text.
    """
    text = clean(markup)[: 4 * MAX_HTML]
    if "<" in text:
        text = _EMBED.sub(" ", text) if embedded.CLASS in text else text
        text = _spoken(_HIDDEN.sub(" ", _COMMENT.sub(" ", text)))
        text = _ANY_TAG.sub("", _CELLS.sub(" ", _BLOCKS.sub("\n", text)))
    if "&" in text:
        text = clean(html.unescape(text))
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
    text = clean(text)[: 8 * MAX_TITLE]
    if text.lstrip().startswith(_CDATA) and text.rstrip().endswith(_CDATA_END):
        text = _opened(text)
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
    text = clean(text)[: 8 * MAX_TITLE]
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
    text = clean(_ENTITY.sub(lambda match: html.unescape(match.group()), text))
    # What then is left as a named letter or sign (&rsquo;) is meant as one; &lt; &gt; &amp; may be meant
    # literally.
    return _LEFT_OVER.sub(lambda match: html.unescape(match.group()), text)


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_TITLE else snippet(text, MAX_TITLE)


_TAG_LIKE = lazy(r"<([/!?]?[A-Za-z][^<>]*)>")
_ENTITY_LIKE = lazy(r"&(?=#?\w+;)")


def line(text: str) -> str:
    """Plain text on one line for titles and names of a feed, that no client can take for markup (F27, F67).

    Half of all readers decode or strip what looks like a tag or an entity in a title, the others show it:
    `<b>` is published as ‹b›,
    and a literal `&amp;` gets an invisible joiner after its first sign.
    """
    text = " ".join(clean(text).replace("\ufeff", "").split()).strip("\u200b\u2060 ")
    if "<" in text:
        text = re.sub(r"<(?=[A-Za-z/!?])", "‹", _TAG_LIKE.sub(r"‹\1›", text.replace("<>", "‹›")))
    return _ENTITY_LIKE.sub("&\u2060", text) if "&" in text else text


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
