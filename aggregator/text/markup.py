"""Markup → safe markup (nh3, one Rust pass). What a feed says is never trusted.

In: markup of anybody. Out: HTML that may be published. Start reading at `safe`.
"""

from __future__ import annotations

import html
import re
import threading
from urllib.parse import quote

import nh3

from aggregator import urls
from aggregator.patterns import lazy
from aggregator.text import characters, embedded, plain, settled

# characters of one fragment before sanitising: nh3 is quadratic in nesting (80,000 open <div>: 13 s)
MAX_HTML = 400_000
MAX_DEPTH = 90  # open elements; published markup nests less than 100 deep (S13)

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


def safe(markup: str, base: str | None = None, page: str | None = None) -> str:
    """HTML that any reader may show: nothing active, every link absolute, well nested. Stable: a second pass
    changes nothing (S13). Relative links start from `base`, those to a place in the text (`#note`) from
    `page`.
    """
    text = characters.clean(markup)
    if "<" not in text and "&" not in text:
        return html.escape(text, quote=False).replace("\xa0", "&nbsp;")  # as nh3 writes it
    return text if len(text) <= MAX_HTML and _is_settled(text) else _washed(text, base, page)


def _is_settled(text: str) -> bool:
    _place.base = _place.page = None
    return settled.is_settled(text, _attribute)


def _washed(text: str, base: str | None, page: str | None) -> str:
    text = plain.without_cdata(text)
    if len(text) > MAX_HTML and "data:" in text:
        text = _DATA.sub('="data:,"', text)
    text = _shortened(text)
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
    if _is_overgrown(once, text, max(len(base or ""), len(page or ""))):  # nothing but signs to escape
        once = html.escape(re.sub('[<>&"]', "", plain.text(text)), quote=False)
    # What stood between two letters may be gone, and HTML drops a mark of the byte order at its beginning.
    return characters.clean(once).lstrip("\ufeff")


def _is_overgrown(once: str, text: str, base: int) -> bool:
    """Whether this became much longer than the text, and not by links that were short (`/a`) and are whole
    now, of `base` characters more.
    """
    more = len(once) - (2 * len(text) + 1000)
    if more <= 0 or len(once) > 2 * MAX_HTML + 1000:
        return more > 0
    return more > once.count('="http') * (base + len(f" {_REL}"))


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
    if "=“" in text or "=”" in text:
        text = _CURLED.sub(lambda tag: _CURLED_VALUE.sub(r'="\1"', tag[0]), text)
    bounded = _bounded(embedded.shown(text, base))
    _place.base, _place.page = base, page or base
    safe_html = _CLEANER.clean(bounded)
    if _REL_AMID in safe_html:
        safe_html = _REL_BEFORE_OTHERS.sub(rf"<a\1\2 {_REL}>", safe_html)
    if "<img" in safe_html:
        safe_html = _USELESS.sub("", safe_html)
    return _PRE.sub(r"\1", safe_html) if "<pre" in safe_html else safe_html


# `https: //host` is no address to nh3, which drops it
_APART = lazy(r"""(\b(?:href|src)=["']?https?:)(?:\s+/\s*/\s*|/\s+/\s*|//\s+)""", re.I)
_MAYBE_APART = lazy(r":(?:\s+/|/\s|//\s)")
# quotes that programs for prose have turned
_CURLED = lazy(r"<[A-Za-z][^<>\"]*=[“”″][^<>\"]*>")
_CURLED_VALUE = lazy(r"=[“”″]([^“”″]*)[“”″]")
# pictures within the text, which are not passed on, so that they don't take the place of words
_DATA = lazy(r"""=\s*(?:"data:[^"]{1000,}"|'data:[^']{1000,}')""", re.I)
_MOVES = lazy(r"<(?:table|h[1-6]|tr|td|th|caption|ruby)\b")
# nh3 puts it last, and then what comes after it into the place of an attribute that it drops
_REL = 'rel="noopener noreferrer"'
_REL_AMID = f"{_REL} "
_REL_BEFORE_OTHERS = lazy(rf'<a((?: [a-z]+="[^"]*")*?) {_REL}((?: [a-z]+="[^"]*")+)>')
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
    """Cut what would take nh3 quadratic time: nesting, attributes of one tag."""
    if text.count("<") <= MAX_DEPTH:
        return text if len(text) < 20_000 or text.count("=") < 2000 else _few_attributes(text)
    shallow = _shallow(text)
    if shallow is not text:
        # Deeper than anything sane (or a list of tags never closed): the text stays, the markup goes.
        return html.escape(plain.text(shallow), quote=False)
    return _few_attributes(text)


def _shallow(text: str) -> str:
    """Without the tags that `MAX_DEPTH` others are open around, by a linear scan; the same object where there
    are none.
    """
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
    return "".join(pieces) + text[end:] if pieces else text


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
