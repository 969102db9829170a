"""What a sanitiser would drop or lose, said in markup that it keeps: players as links, lazy pictures as
pictures, formulas and drawings as their text, and everything behind a tag that closes itself.

Nothing here makes markup safe: nh3 comes after it. One pass from left to right, in linear time.

In: markup. Out: markup. Start reading at `shown`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from aggregator import urls
from aggregator.patterns import lazy
from aggregator.records import dataclass, field
from aggregator.text import formulas, unseen

# One tag as HTML has it: quotes count behind an equals sign only. Possessive, so that what never ends fails
# at once.
_TAG = lazy(
    r"<(/?)([A-Za-z][^\s/>]*)((?>(?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s\"'>][^\s>]*+|(?=>)))*))>"
)
_ATTRIBUTE = lazy(r"([^\s/>=\"'][^\s/>=]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+)))?")
# … and where a quote is never closed, so that it would take everything behind it along.
_ROUGH_TAG = lazy(r"<(/?)([A-Za-z][^\s/<>]*)([^<>]*)>")
_COMMENT_END = lazy(r"-->|--!>")
# Elements that readers and validators take. nh3 drops all others, and what they hold with those that it takes
# for MathML or SVG (`<mi>`, `<text>`).
KEPT = frozenset({
    "a", "abbr", "address", "article", "aside", "audio", "b", "bdi", "blockquote", "br", "caption", "cite", "code", "col", "colgroup",
    "dd", "del", "details", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header",
    "hgroup", "hr", "i", "img", "ins", "kbd", "li", "main", "mark", "nav", "ol", "p", "picture", "pre", "q", "rp", "rt", "ruby", "s", "samp", "section", "small",
    "source", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "track", "tt", "u", "ul",
    "var", "video", "wbr",
})  # fmt: skip
_COMMON = ("p", "a", "br", "strong", "em", "li", "span", "div", "b", "i", "img", "tt")  # looked for first
_OTHER_TAG = lazy(
    rf"<(?:(?!(?:{'|'.join([*_COMMON, *sorted(KEPT - {'video', 'audio', 'picture', *_COMMON})])})"
    rf"(?=[\s/>]))[A-Za-z]"
    r"|img\b(?![^<>]*?\ssrc\s*=\s*[\"']?(?:https?:)?/))",
    re.I,
)
_LAZY_NAME = lazy(r"data-[a-z-]*(?:src|original|lazy|url|echo)|nitro-lazy", re.I)
# Elements that stand on lines of their own, and that no reader takes as they are.
_BLOCKS = frozenset({
    "center", "dialog", "dir", "fieldset", "form", "legend", "menu", "optgroup", "option", "search", "select", "textarea",
})  # fmt: skip
_LITERAL = frozenset({"listing", "plaintext", "xmp"})
_APART = frozenset({"button", "desc", "label", "output", "text", "title", "tspan"})  # words in a line
_OTHERWISE = {
    "strike": "s",  # what is struck out is not said
    "acronym": "abbr",
    "bdo": "bdi",  # validators call it a risk
    "amp-img": "img",
    "amp-video": "video",
    "amp-audio": "audio",
    "amp-iframe": "iframe",
    "amp-anim": "img",
}
# Other elements of pages, drawings and formulas, and what programs that write pages leave behind. No word in
# angle brackets beside these is one, if nothing ends it: a placeholder, a type, an address.
_ELEMENTS = KEPT | _BLOCKS | _LITERAL | _APART | frozenset({
    "acronym", "animate", "applet", "area", "base", "basefont", "bdo", "bgsound", "big", "blink", "body", "canvas", "circle", "clippath", "cut",
    "data", "datalist", "defs", "doctype", "ellipse", "embed", "filter", "font", "foreignobject", "frame", "frameset", "g", "head", "html", "iframe", "image",
    "input", "isindex", "keygen", "layer", "line", "lineargradient", "link", "lj", "lj-cut", "lj-spoiler", "map", "marker", "marquee", "mask", "math", "menuitem",
    "meta", "metadata", "meter", "more", "multicol", "nextid", "nextpage", "nobr", "noembed", "noframes", "noindex", "nolayer", "noscript", "object", "pagebreak",
    "param", "path", "pattern", "polygon", "polyline", "portal", "progress", "radialgradient", "rb", "rect", "rtc", "script", "slot", "spacer", "stop", "strike",
    "style", "svg", "switch", "symbol", "template", "use", "view", "xml",
})  # fmt: skip
_NO_NAME = lazy(r"(?:https?|ftp|mailto|news|xmpp):.*|[\w.+-]+@[\w.-]+|www\.[\w.-]+", re.I)
_NAME = lazy(r"[A-Za-z](?:[\w,.*-]|::){0,39}")
_END = lazy(r"</(?:[\w-]{1,10}:)?([^\s/>]+)(?=[\s/>])")
_WRITES = lazy(r"(?:https?:)?(//gist\.github\.com/[\w-]+/\w+|//asciinema\.org/a/\w+)\.js(?=[?#]|\Z)")
_PLAYERS = frozenset({"object", "applet", "video", "audio"})

# Where scripts look for what a picture or a player really is, the surest first.
_LAZY = (
    "data-src", "data-lazy-src", "data-original", "data-lazy", "data-actualsrc", "data-cfsrc", "data-echo", "data-litespeed-src", "nitro-lazy-src",
    "data-orig-src", "data-original-src", "data-real-src", "data-hi-res-src", "data-url",
)  # fmt: skip
_LAZY_SETS = ("data-srcset", "data-lazy-srcset", "data-original-set", "nitro-lazy-srcset")
_ADDRESS = lazy(r"[^\s{}\[\]<>]*[./][^\s{}\[\]<>]*")
_BLANK = r"(?:blank|spacer|pixel|placeholder|transparent|loading|loader|lazy|1x1|empty|grey|gray)"
_STANDS_IN = lazy(rf"{_BLANK}[^/]*\Z", re.I)
_STANDS_IN_SOMEWHERE = lazy(rf"<img\b[^<>]{{0,500}}{_BLANK}", re.I)
_SIZES = ("width", "height")
_BESIDE_IMAGE = r"(?>(?:\s|<(?!/noscript|img\b)[^<>]*>)*)"
_ONE_IMAGE = lazy(rf"{_BESIDE_IMAGE}<img\b[^<>]*>{_BESIDE_IMAGE}</noscript\s*>", re.I)
_UNSEEN = lazy(r"<[A-Za-z][^<>]*(?:\bhidden|display\s*:\s*none)", re.I)
_FRAME = lazy(r"<(/?)iframe(?=[\s/>])", re.I)
_LINK_WITHIN = lazy(r"<()(a)(\s[^<>]*)>((?:(?!</a\b).){0,400})</a\b", re.I | re.S)
_HEAD_END = lazy(r"</head(?=[\s/>])[^>]*>?", re.I)
_MATH_END = lazy(r"</(?:[\w-]{1,10}:)?math\s*>", re.I)
CLASS = "embed"  # of a link in the place of a player: its words are ours, not the source's
MAX_LABEL = 200  # characters
MAX_OPEN = 50  # players within players
MAX_DEPTH = 5  # pages within pages; what is deeper is not shown
MAX_GAP = 200  # characters of blanks between a picture and its twin
MAX_TWIN = 5000  # characters within <noscript> that are looked at for it

_YOUTUBE_HOSTS = frozenset({"youtube.com", "youtube-nocookie.com", "m.youtube.com"})
_YOUTUBE_PATH = lazy(r"/(?:embed|v|e|shorts|live)/([\w-]{6,20})(?=[&/]|\Z)")
_VIMEO_PATH = lazy(r"/video/(\d+)\Z")


def shown(text: str, base: str | None = None) -> str:
    """The same markup, with nothing in it that would take its text or its address along when it is
    dropped.
    """
    return _Pass(text, base).run() if concerns(text) else text


def concerns(text: str) -> bool:
    """Whether anything here may have to be said otherwise: a quick look, for most texts need nothing."""
    return bool(
        _OTHER_TAG.search(text)
        or (("data-" in text or "nitro-" in text) and _LAZY_NAME.search(text))
        or ("srcset" in text and _STANDS_IN_SOMEWHERE.search(text))
        or "<![CDATA[" in text
        or _is_quote_open(text)
        or (("hidden" in text or "display" in text) and _UNSEEN.search(text))
    )


def _is_quote_open(text: str) -> bool:
    """Whether the value of an attribute begins and never ends: it would take all the rest along."""
    at = text.rfind('"')
    if at < 0 or not text[max(0, at - 5) : at].rstrip().endswith("="):
        return False
    return text.rfind("<", 0, at) > text.rfind(">", 0, at)


@dataclass
class _Player:
    """An element that plays something, while it is open."""

    name: str
    address: str | None
    title: str
    links: set[str] = field(default_factory=set)  # where its content leads by itself


@dataclass
class _Picture:
    """The last picture, so that what repeats it can be told from what it stands in for."""

    piece: int = -1
    end: int = -1  # in the text
    real: bool = False


@dataclass(frozen=True, slots=True)
class _Image:
    """What an `<img>` shows."""

    own: str | None  # what its address says
    better: str | None  # what scripts would put there
    chosen: str | None  # its set of candidates
    stands_in: bool  # whether its own address shows nothing by itself

    @property
    def address(self) -> str | None:
        return self.better or self.own


@dataclass
class _Pass:
    text: str
    base: str | None
    at: int = 0
    rough: bool = False
    pieces: list[str] = field(default_factory=list)
    players: list[_Player] = field(default_factory=list)
    played: set[str] = field(default_factory=set)
    pictures: dict[str, bool] = field(default_factory=dict)  # address: within a noscript
    last: _Picture = field(default_factory=_Picture)
    noscript: bool = False
    choosing: bool = False  # within <picture>
    choice: str | None = None  # of its sources
    last_ends: dict[str, int] | None = None
    unseen: unseen.Unseen = field(default_factory=lambda: unseen.Unseen(""))
    endless: set[str] = field(default_factory=set)
    depth: int = 0  # pages within pages

    def run(self) -> str:
        if "<![CDATA[" in self.text:
            self.text = re.sub(r"<!\[CDATA\[|\]\]>", "", self.text)
        self.unseen = unseen.Unseen(self.text)
        while (start := self.text.find("<", self.at)) >= 0:
            self.pieces.append(self.text[self.at : start])
            self._markup(start)
        self.pieces.append(self.text[self.at :])
        while self.players:
            self._end_player(self.players[-1].name)
        return "".join(self.pieces)

    def _markup(self, start: int) -> None:
        """What begins with this `<`."""
        if self.text.startswith("<!--", start):
            self.at = self._after_comment(start)
            return
        tag = self._tag(start)
        if tag is None:
            self.pieces.append("&lt;" if self.rough else "<")
            self.at = start + 1
            return
        self.at = tag.end()
        name = tag[2].lower()
        name = _OTHERWISE.get(name, "math" if name.endswith(":math") else name)
        if tag[1]:
            self._close(name)
        else:
            self._open(name, tag)

    def _after_comment(self, start: int) -> int:
        if self.text.startswith((">", "->"), start + 4):  # it ends before it began
            return self.text.index(">", start) + 1
        end = _COMMENT_END.search(self.text, start + 4)
        return end.end() if end else len(self.text)

    def _tag(self, start: int) -> re.Match[str] | None:
        """The tag that begins here; once one was not as it should be, all are read more loosely."""
        tag = None if self.rough else _TAG.match(self.text, start)
        if tag is None and self.text[start + 1 : start + 2].isalpha():
            self.rough = True
        return tag or _ROUGH_TAG.match(self.text, start)

    def _open(self, name: str, tag: re.Match[str]) -> None:
        if unseen.is_marked(tag[3]) and (end := self._end_of_unseen(name, tag)) is not None:
            self.at = end
            return
        handler = self.handlers.get(name)
        if handler is not None:
            handler(self, name, tag)
        elif self._is_said(name, tag):
            self.pieces.append(html.escape(tag[0], quote=False))
        elif (instead := _instead(name)) is not None:
            is_nothing = name in _BLOCKS and tag[0].endswith("/>")
            self.pieces.append(" " if is_nothing else instead[0])
        elif name in KEPT:
            self._keep(name, tag)

    def _end_of_unseen(self, name: str, tag: re.Match[str]) -> int | None:
        """Where an element ends that no page shows; None: it is shown."""
        if name in ("img", "image"):
            return self.unseen.end_of_image(tag.start(), tag.end(), _attributes(tag))
        if name in self.handlers or tag[0].endswith("/>"):
            return None
        return self.unseen.end_of(tag[2], tag.start(), tag.end(), _attributes(tag))

    def _keep(self, name: str, tag: re.Match[str]) -> None:
        as_it_is = not self.rough and name == tag[2].lower()
        self.pieces.append(tag[0] if as_it_is else _made(name, dict(_attributes(tag))))
        if name == "a" and self.players:
            self._link_within(tag)

    def _link_within(self, tag: re.Match[str]) -> None:
        """A link of a player's own text: what it leads to needs no second one."""
        if link := urls.clean_link(_attributes(tag).get("href"), self.base):
            self.players[-1].links.add(link)

    def _is_said(self, name: str, tag: re.Match[str]) -> bool:
        """Whether this is no tag but words in angle brackets: `<jane@a.example>`, `vector<int>`, `<your
        name>`.
        """
        if _NO_NAME.fullmatch(name):
            return True
        is_word = name not in _ELEMENTS and bool(_NAME.fullmatch(name))
        return is_word and "=" not in tag[3] and not tag[3].endswith("/") and not self._ends_later(name)

    def _close(self, name: str) -> None:
        if (instead := _instead(name)) is not None:
            self.pieces.append(instead[1])
        elif name in _PLAYERS:
            self._end_player(name)
        elif name == "noscript":
            self.noscript = False
        elif name == "picture":
            self._end_picture()
        elif name in KEPT and name not in self.handlers:
            self.pieces.append(f"</{name}>")

    def _ends_later(self, name: str) -> bool:
        """Whether an end tag of this name follows at all."""
        if self.last_ends is None:
            self.last_ends = {end[1].lower(): end.start() for end in _END.finditer(self.text)}
        return self.last_ends.get(name, -1) >= self.at

    def _end(self, name: str, tag: re.Pattern[str]) -> re.Match[str] | None:
        """The next end tag. What was not found once is not looked for again: from here on there is none
        either.
        """
        end = None if name in self.endless else tag.search(self.text, self.at)
        if end is None:
            self.endless.add(name)
        return end

    # ------------------------------------------------------------ elements of which little stays

    def _script(self, name: str, tag: re.Match[str]) -> None:
        """Scripts and styles go: to their end, or to the end of everything. Formulas of TeX are no
        scripts.
        """
        following = re.compile(rf"<(/?){name}(?=[\s/>])[^>]*>?", re.I)
        match = following.search(self.text, self.at)
        if tag[0].endswith("/>") and (match is None or not match[1]):
            return
        while match is not None and not match[1]:
            match = following.search(self.text, match.end())
        if match and self._is_formula(tag):
            self.pieces.append(f" {html.escape(self.text[self.at : match.start()], quote=False)} ")
        self.at = match.end() if match else len(self.text)

    def _is_formula(self, tag: re.Match[str]) -> bool:
        """Of TeX, unless it stands there already."""
        of_tex = _attributes(tag).get("type", "").lower().startswith("math/tex")
        return of_tex and not self.unseen.is_beside_formula(tag.start())

    def _embedding_script(self, name: str, tag: re.Match[str]) -> None:
        """A script that writes what lies elsewhere leaves a link to it."""
        if found := _WRITES.match(_attributes(tag).get("src", "").strip()):
            self._link(f"https:{found[1]}", "")
        self._script(name, tag)

    def _head(self, name: str, tag: re.Match[str]) -> None:
        """The head of a whole page says nothing of its text."""
        if end := self._end("head", _HEAD_END):
            self.at = end.end()

    def _math(self, name: str, tag: re.Match[str]) -> None:
        if not tag[0].endswith("/>") and (end := self._end("math", _MATH_END)):
            alternative = _attributes(tag).get("alttext", "")
            self.pieces.append(formulas.shown(self.text[self.at : end.start()], alternative))
            self.at = self.unseen.formula_end = end.end()

    def _input(self, name: str, tag: re.Match[str]) -> None:
        """Of a form nothing, but of a list of tasks which are done."""
        attributes = _attributes(tag)
        if attributes.get("type", "").strip().lower() == "checkbox":
            self.pieces.append("☑ " if "checked" in attributes else "☐ ")

    # ------------------------------------------------------------ players

    def _frame(self, name: str, tag: re.Match[str]) -> None:
        attributes = _attributes(tag)
        address = self._address(attributes, "src")
        if address is None and "srcdoc" not in attributes:
            return
        following = _FRAME.search(self.text, self.at) if name == "iframe" else None
        end = following.start() if following and following[1] else self.at
        if address is None:
            self._page_within(attributes["srcdoc"])
        elif not _is_hidden(attributes):
            self._link(*self._said_instead(end, address, attributes.get("title", "")))
        if following and following[1]:
            self.at = self.text.find(">", following.end()) + 1 or len(self.text)

    def _said_instead(self, end: int, address: str, title: str) -> tuple[str, str]:
        """(address, words) of the link to what a frame shows: what the frame holds for those who have none
        knows them better, `<iframe src="…/player/1"><a href="…/album/song">Song by Band</a></iframe>`.
        """
        found = _LINK_WITHIN.search(self.text, self.at, min(end, self.at + MAX_TWIN))
        if found is None:
            return address, title
        page = urls.clean_link(_attributes(found).get("href"), self.base)
        words = html.unescape(re.sub(r"<[^<>]*>", "", found[4])).strip()
        words = title or ("" if "://" in words else words)
        return (page if page and _is_of(page, address) else address), words

    def _page_within(self, text: str) -> None:
        if self.depth < MAX_DEPTH:
            self.pieces.append(_Pass(text, self.base, depth=self.depth + 1).run())

    def _youtube(self, name: str, tag: re.Match[str]) -> None:
        attributes = _attributes(tag)
        video = attributes.get("videoid") or attributes.get("data-videoid") or ""
        if re.fullmatch(r"[\w-]{6,20}", video):
            self._link(f"https://www.youtube.com/watch?v={video}", attributes.get("playlabel", ""))

    def _object(self, name: str, tag: re.Match[str]) -> None:
        attributes = _attributes(tag)
        address = self._address(attributes, "data", "src")
        if address and attributes.get("type", "").lower().startswith("image/"):
            self.pieces.append(_made("img", {"src": address}))
            address = None
        self._play(_Player(name, address, attributes.get("title", "")))

    def _param(self, name: str, tag: re.Match[str]) -> None:
        attributes = _attributes(tag)
        if self.players and attributes.get("name", "").lower() in ("movie", "src", "url", "filename"):
            self.players[-1].address = self.players[-1].address or self._address(attributes, "value")

    def _medium(self, name: str, tag: re.Match[str]) -> None:
        """Films and sounds stay. Without controls they get some, and a link for those who can't play them."""
        attributes = _attributes(tag)
        address = self._address(attributes, "src")
        kept = _only(attributes, "poster", *_SIZES)
        if "controls" in attributes and _says(attributes, "src") == bool(address):
            self.pieces.append(tag[0])
        else:
            self.pieces.append(_made(name, {"src": address, **kept, "controls": ""}))
            self._play(_Player(name, address, attributes.get("title", "")))
        if address and (tag[0].endswith("/>") or not self._ends_later(name)):
            self._end_player(name)

    def _source(self, name: str, tag: re.Match[str]) -> None:
        attributes = _attributes(tag)
        chosen = self._set(attributes) if self.choosing else None
        self.choice = self.choice or _first(chosen, self.base)
        if chosen and not _says(attributes, "srcset"):
            self.pieces.append(
                _made("source", {"srcset": chosen, **_only(attributes, "type", "media", "sizes")})
            )
            return
        if self.players and self.players[-1].address is None:
            self.players[-1].address = self._address(attributes, "src")
        self.pieces.append(tag[0])

    def _play(self, player: _Player) -> None:
        if len(self.players) < MAX_OPEN:
            self.players.append(player)

    def _end_player(self, name: str) -> None:
        at = next((n for n in range(len(self.players) - 1, -1, -1) if self.players[n].name == name), -1)
        player = self.players.pop(at) if at >= 0 else None
        if player and player.address and player.address not in player.links:
            self._link(player.address, player.title)
        if name in ("video", "audio"):
            self.pieces.append(f"</{name}>")

    def _link(self, address: str, title: str) -> None:
        """Once for each thing that is played."""
        address = _watched(address)
        if address in self.played:
            return
        self.played.add(address)
        host = urls.host(address).removeprefix("www.")
        words = " ".join(title.split())[:MAX_LABEL]
        label = f"{words} ({host})" if words and words.lower() != host else host
        shown_label = html.escape(label, quote=False)
        self.pieces.append(f' <a href="{html.escape(address)}" class="{CLASS}">{shown_label}</a> ')

    def _address(self, attributes: dict[str, str], *names: str) -> str | None:
        """What these say, or what scripts would put there."""
        said = (attributes.get(name, "").strip() for name in (*names, *_LAZY))
        return next(
            (link for one in said if _ADDRESS.fullmatch(one) and (link := urls.clean_link(one, self.base))),
            None,
        )

    # ------------------------------------------------------------ pictures

    def _image(self, name: str, tag: re.Match[str]) -> None:
        attributes = _of_image(name, tag)
        image = self._as_meant(attributes)
        self.choice = None
        if image.address and self.pictures.setdefault(image.address, self.noscript) != self.noscript:
            return  # the same with and without scripts
        self.last = _Picture(len(self.pieces), tag.end(), bool(image.better) or not image.stands_in)
        self.pieces.append(_image_markup(tag, attributes, image))

    def _as_meant(self, attributes: dict[str, str]) -> _Image:
        own = urls.clean_link(attributes.get("src"), self.base)
        chosen, better = self._set(attributes), self._address(attributes)
        stands_in = own is None or bool(_STANDS_IN.search(own))
        if stands_in and not better:
            better = _first(chosen, self.base) or self.choice
        return _Image(own, better, chosen, stands_in)

    def _set(self, attributes: dict[str, str]) -> str | None:
        return next((attributes[name] for name in ("srcset", *_LAZY_SETS) if _says(attributes, name)), None)

    def _noscript(self, name: str, tag: re.Match[str]) -> None:
        """Often the picture before it once more, for readers without scripts: shown once."""
        self.noscript = True
        if (
            self.last.end < 0
            or self.text[self.last.end : self.last.end + MAX_GAP].lstrip()[:9].lower() != "<noscript"
        ):
            return
        twin = _ONE_IMAGE.match(self.text, self.at, self.at + MAX_TWIN)
        if twin and self.last.real:
            self.at, self.noscript = twin.end(), False
        elif twin:
            self.pieces[self.last.piece] = ""
        self.last = _Picture()

    def _picture(self, name: str, tag: re.Match[str]) -> None:
        self.choosing, self.choice, self.last = True, None, _Picture()
        self.pieces.append("<picture>")

    def _end_picture(self) -> None:
        if self.choosing and self.choice:
            self.pieces.append(_made("img", {"src": self.choice}))
        self.choosing, self.choice = False, None
        self.pieces.append("</picture>")

    handlers: ClassVar[dict[str, Callable[[_Pass, str, re.Match[str]], None]]] = {}


_Pass.handlers = {
    "script": _Pass._embedding_script, "style": _Pass._script, **dict.fromkeys(("iframe", "embed"), _Pass._frame),
    **dict.fromkeys(("lite-youtube", "amp-youtube", "youtube-video"), _Pass._youtube), **dict.fromkeys(("object", "applet"), _Pass._object),
    **dict.fromkeys(("img", "image"), _Pass._image), **dict.fromkeys(("video", "audio"), _Pass._medium), "head": _Pass._head, "math": _Pass._math,
    "input": _Pass._input, "param": _Pass._param, "source": _Pass._source, "noscript": _Pass._noscript, "picture": _Pass._picture,
}  # fmt: skip


def _attributes(tag: re.Match[str]) -> dict[str, str]:
    """Names in lower case; the first of several counts, as in browsers."""
    found: dict[str, str] = {}
    for name, one, other, bare in _ATTRIBUTE.findall(tag[3]):
        found.setdefault(name.lower(), html.unescape(one or other or bare.lstrip("\"'")))
    return found


def _is_of(page: str, player: str) -> bool:
    """Whether a page is of the site that a player is from: band.shop.example, shop.example."""
    return f".{urls.host(page)}".endswith(f".{urls.host(player).removeprefix('www.')}")


def _says(attributes: dict[str, str], name: str) -> bool:
    value = attributes.get(name, "").strip()
    return bool(value) and not value.lower().startswith(("data:", "about:", "javascript:"))


def _only(attributes: dict[str, str], *names: str) -> dict[str, str | None]:
    return {name: attributes[name] for name in names if name in attributes}


def _of_image(name: str, tag: re.Match[str]) -> dict[str, str]:
    """Attributes; those of a drawing's `<image>` as `<img>` has them."""
    attributes = _attributes(tag)
    if name == "image":
        attributes.setdefault("src", attributes.get("href") or attributes.get("xlink:href") or "")
    return attributes


def _instead(name: str) -> tuple[str, str] | None:
    """What stands for the start and the end of an element that no reader takes as it is; None: it is no such
    one.
    """
    if name in _BLOCKS:
        return "<div>", "</div>"
    if name in _LITERAL:
        return "<pre>", "</pre>"
    return (" ", " ") if name in _APART or "-" in name else None


def _image_markup(tag: re.Match[str], attributes: dict[str, str], image: _Image) -> str:
    """The picture as it is shown; its words, as browsers do, where there is none."""
    if not (image.address or image.chosen or _is_dot(attributes)):
        return html.escape(attributes.get("alt", ""), quote=False)
    if not image.better and _is_kept(tag, attributes, image.chosen):
        return tag[0]
    return _mended(attributes, image.address, image.chosen, *(_SIZES if image.own else ()))


def _is_kept(tag: re.Match[str], attributes: dict[str, str], chosen: str | None) -> bool:
    """Whether a picture whose own address is shown stands as browsers want it."""
    return tag[2].lower() == "img" and (not chosen or _says(attributes, "srcset"))


def _mended(attributes: dict[str, str], address: str | None, chosen: str | None, *sizes: str) -> str:
    """The picture with the address and the set that it is meant to show."""
    kept = _only(attributes, "alt", "title", "sizes", *sizes)
    return _made("img", {"src": address, "srcset": chosen, **kept})


def _made(name: str, attributes: Mapping[str, str | None]) -> str:
    said = "".join(f' {key}="{html.escape(value)}"' for key, value in attributes.items() if value is not None)
    return f"<{name}{said}>"


def _first(chosen: str | None, base: str | None) -> str | None:
    """The first candidate of a `srcset`."""
    return urls.clean_link(re.split(r",?\s", chosen.strip(), maxsplit=1)[0], base) if chosen else None


def _is_dot(attributes: dict[str, str]) -> bool:
    return {attributes.get(name, "").strip() for name in ("width", "height")} <= {"0", "1"}


def _is_hidden(attributes: dict[str, str]) -> bool:
    """Counters, not players."""
    return _is_dot(attributes) or unseen.is_hidden(attributes)


def _watched(address: str) -> str:
    """Where people watch what is embedded."""
    parts = urlsplit(address)
    host = (parts.hostname or "").removeprefix("www.")
    query = parse_qs(parts.query)
    if host in _YOUTUBE_HOSTS:
        return _on_youtube(parts.path, query) or address
    if host == "cdn.embedly.com" and (page := urls.clean_link(query.get("url", [None])[0])):
        return address if urls.host(page) == host else _watched(page)
    if host == "vimeo.com" and parts.path == "/moogaloop.swf" and "clip_id" in query:
        return f"https://vimeo.com/{query['clip_id'][0]}"
    if host == "player.vimeo.com" and (video := _VIMEO_PATH.match(parts.path)):
        return f"https://vimeo.com/{video[1]}" + "".join(f"/{key}" for key in query.get("h", ())[:1])
    return address


def _on_youtube(path: str, query: dict[str, list[str]]) -> str | None:
    """The page of a video or of a list of them."""
    if (video := _YOUTUBE_PATH.match(path)) and video[1] != "videoseries":
        start = next((f"&t={value[0]}" for value in map(query.get, ("start", "t")) if value), "")
        return f"https://www.youtube.com/watch?v={video[1]}{start}"
    if path.startswith("/embed") and "list" in query:
        return f"https://www.youtube.com/playlist?list={query['list'][0]}"
    return None
