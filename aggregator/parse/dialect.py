"""feedparser's two parsers, the strict one and the loose one, taught whose an element is, and every date.

feedparser takes every element by its name, wherever it stands: the caption of a photograph became the text of
its article, and the date of a related story the date of the item (feedjira#457, feedparser#139).

In: bytes. Out: feedparser's record, with nothing of an item in the wrong place. Start reading at `parse`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple
from xml.parsers import expat

from feedparser import FeedParserDict
from feedparser.api import LooseFeedParser, StrictFeedParser
from feedparser.exceptions import UndeclaredNamespace

from aggregator import urls
from aggregator.parse import podcast
from aggregator.parse.mixin import Mixin
from aggregator.patterns import lazy
from aggregator.records import dataclass

# Elements without a prefix whose children are theirs: what holds a feed, what holds an item, what names
# people.
_HOLDERS = frozenset(
    {"rss", "channel", "feed", "item", "entry", "items", "author", "contributor", "source", "textinput"}
)
_MIXED = frozenset({("georss", "gml"), ("gml", "georss")})  # `<georss:where><gml:Point>` is one statement
_ITEMS = frozenset({"item", "entry"})
_DATES = frozenset({
    "published", "updated", "created", "expired",  # feedparser's names for what it parses
    "date", "datetime", "publishdate", "publicationdate", "publisheddate", "dcterms_available", "dc_created", "dc_modified", "dc_issued",
    "prism_publicationdate", "prism_coverdate", "prism_modificationdate",
})  # fmt: skip
_LINKS = frozenset({"href", "src", "poster"})
_XHTML = "application/xhtml+xml"
_TAG = lazy(r"<(/?)([A-Za-z_][\w:.-]*)(?:[^<>]*?(/)?)>")
# an element of mere text whose end is missing, before the next one of an item or the item's end
_UNENDED = lazy(
    r"<(title|link|guid|pubdate|author|category|comments)((?:\s[^<>]*)?(?<!/)>)([^<>]+)(?=</?(?!\1\b)"
    r"(?:item|title|link|guid|pubdate|description|author|category|comments|enclosure|source"
    r"|(?:dc|content|media):\w+)[\s/>])",
    re.I,
)
_ESCAPED = lazy(r"&(?:(?:amp|#38);)+")
_ADDRESS = lazy(
    r"(?:mailto:)?(?<![\w.+@-])([\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z][A-Za-z0-9-]{1,62})"
    r"(?:\?subject=[^\s()<>]*)?"
)


@dataclass
class Document:
    """What feedparser made of a document: `feed` and `entries` are its dictionaries, `version` names the
    dialect and is empty where there is none; `damaged` where it is not well-formed. Each entry has `dates`,
    [(element, text)], in their order.
    """

    feed: Any
    entries: list[Any]
    version: str
    damaged: bool


def parse(body: bytes) -> Document:
    """`body` is UTF-8, without a declaration of anything else; what is not well-formed is read all the same.
    Relative links stay so, but for what xml:base says of them.
    """
    parser: Any = _Strict("", None, "utf-8")
    damaged = not _strictly(parser, body)
    if damaged:
        parser = _Loose("", None, "utf-8", {})
        parser.resolve_relative_uris = parser.sanitize_html = False
        parser.feed(_UNENDED.sub(_ended, body.decode("utf-8", "replace")))
    return Document(parser.feeddata, parser.entries, parser.version or "", damaged)


def _ended(found: re.Match[str]) -> str:
    """With its end, where it holds text: else what follows is its own (`<author><name>`)."""
    name, opened, text = found.groups()
    return f"<{name}{opened}{text}</{name}>" if text.strip() else found[0]


class _Params(FeedParserDict):  # type: ignore[misc]  # untyped
    """What feedparser knows of the element that is open: asked for with every piece of text, and copied. Its
    keys have no other names, so that a plain look is enough.
    """

    get = dict.get

    def __deepcopy__(self, memo: object) -> _Params:
        return _Params(self)


def _strictly(parser: Any, body: bytes) -> bool:
    """Whether it is well-formed."""
    parser.resolve_relative_uris = parser.sanitize_html = False
    try:
        _Events(parser).read(body)
    except (expat.ExpatError, UndeclaredNamespace):
        return False
    return True


_Name = tuple[str | None, str]  # namespace, local name


class _Attributes(dict[_Name, str]):
    """Of an element, as SAX gives them."""

    __slots__ = ("_by_qname",)

    def __init__(self, said: Iterable[tuple[_Name, str, str]]) -> None:
        """(name, name with its prefix, value)"""
        self._by_qname: dict[str, str] = {}
        for name, qname, value in said:
            self[name] = self._by_qname[qname] = value

    def getQNames(self) -> Iterable[str]:
        return self._by_qname

    def getValueByQName(self, name: str) -> str:
        return self._by_qname[name]


_NO_ATTRIBUTES = _Attributes(())


class _Events:
    """What expat finds, told to a parser of feedparser as SAX would, in a quarter of the time: names are
    taken apart once, and the text between two tags is one piece, not a line at a time. Nothing is read from
    elsewhere.
    """

    def __init__(self, parser: Any) -> None:
        self._parser = parser
        self._names: dict[str, tuple[_Name, str]] = {}  # and with its prefix

    def read(self, body: bytes) -> None:
        """Raises expat.ExpatError where that is not well-formed."""
        reader = expat.ParserCreate(None, " ")
        reader.namespace_prefixes = reader.buffer_text = True
        reader.StartElementHandler, reader.EndElementHandler = self._start, self._end
        reader.CharacterDataHandler = self._parser.characters
        reader.StartNamespaceDeclHandler = self._parser.startPrefixMapping
        reader.Parse(body, True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        said = _NO_ATTRIBUTES
        if attributes:
            said = _Attributes((*self._parted(one), value) for one, value in attributes.items())
        self._parser.startElementNS(self._parted(name)[0], None, said)

    def _end(self, name: str) -> None:
        self._parser.endElementNS(self._parted(name)[0], None)

    def _parted(self, said: str) -> tuple[_Name, str]:
        """expat writes `namespace name prefix`, `namespace name`, `name`."""
        known = self._names.get(said)
        if known is None:
            namespace, *rest = said.split(" ")
            name = (namespace, rest[0]) if rest else (None, said)
            qname = f"{rest[1]}:{rest[0]}" if len(rest) > 1 else name[1]
            known = self._names[said] = name, qname
        return known


def name_and_address(text: str) -> tuple[str, str | None]:
    """`jane@news.example (Jane Doe)`, `Jane Doe <jane@news.example>`, `Jane Doe, jane@news.example` and the
    like, with top-level domains of any length; the name is empty where there is only an address.
    """
    address = _ADDRESS.search(text[:1000])
    if address is None:
        return text.strip(), None
    name = (text[: address.start()] + text[address.end() :]).replace("&lt;", "<").replace("&gt;", ">")
    name = re.sub(r"\(\s*\)|<\s*>|\[\s*\]", "", name).strip(" \t\r\n,;:|-–—")
    if name.startswith("(") and name.endswith(")"):
        name = name[1:-1].strip()
    return name, address[1]


class _Open(NamedTuple):
    """An element that is open."""

    prefix: str
    name: str
    is_of_a_text: bool = False  # markup
    kept: str | None = None  # what a foreign one is kept as, for the record only
    around: tuple[str, str | None, int] | None = None  # what of its own is to be forgotten at its end


class _OwnElements(Mixin):
    """Between a parser of feedparser and the class that knows what elements mean: only those that
    count pass.
    """

    # feedparser resolves a guid against the address of the feed as if it were a link: at another address
    # every item would be another one.
    can_be_relative_uri = StrictFeedParser.can_be_relative_uri - {"id"}

    def __init__(self, *given: Any) -> None:
        self._open: list[_Open] = []
        self._unbalanced: frozenset[str] = frozenset()  # as often open as not: what follows is not inside
        super().__init__(*given)
        self.contentparams = _Params()

    def push_content(self, tag: str, attrs_d: dict[str, str], kind: str, expecting_text: int) -> None:
        super().push_content(tag, attrs_d, kind, expecting_text)
        self.contentparams = _Params(self.contentparams)

    def unknown_starttag(self, tag: str, attrs: list[tuple[str, str]]) -> None:
        prefix, name = self._parted(tag)
        if self._is_markup() or self._counts(prefix, name):
            if name not in self._unbalanced or name in _ITEMS:
                self._open.append(_Open(prefix, name, self._is_of_a_text(), None, self._around()))
            super().unknown_starttag(tag, self._as_html(attrs) if self.incontent else attrs)
            return
        kept = f"{self._open[-1].name}/{tag}"
        if kept == "link/a":
            self._lead_to(dict(attrs).get("href"))
        self._open.append(_Open(prefix, name, False, kept, None))
        self.push(kept, 1)

    def unknown_endtag(self, tag: str) -> None:
        prefix, name = self._parted(tag)
        at = next((n for n in range(len(self._open) - 1, -1, -1) if self._open[n][:2] == (prefix, name)), -1)
        ended = self._open[at] if at >= 0 else _Open(prefix, name)
        if ended.kept is not None:
            text = self.pop(ended.kept)
            if ended.kept.startswith("link/"):
                self._lead_to(text)
        elif ended.is_of_a_text:
            self._end_of_markup(name)
        else:
            super().unknown_endtag(tag)
        if at >= 0:
            del self._open[at:]
        if ended.around is not None:
            self.baseuri, self.lang, depth = ended.around
            del self.basestack[depth:], self.langstack[depth:]

    def _is_markup(self) -> bool:
        """Whether an element that begins is one of a text. What is XML of another kind is none."""
        kind = str(self.contentparams.get("type", ""))
        return bool(self.incontent) and (kind == _XHTML or not kind.endswith("xml"))

    def _is_of_a_text(self) -> bool:
        """Whether an element that begins stands in a text that will have an end: one that has none holds
        all the rest of the item.
        """
        around = self._open[-1] if self._open else None
        return (
            bool(self.incontent)
            and around is not None
            and (around.is_of_a_text or around.name not in _HOLDERS)
        )

    def _as_html(self, attributes: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Of an element of a text: HTML has no xml:lang, and knows nothing of an xml:base within the text."""
        said = dict(attributes)
        if "xml:lang" in said and "lang" not in said:
            attributes = [*attributes, ("lang", said["xml:lang"])]
        base = urls.absolute(said.get("xml:base"), self.baseuri) or self.baseuri
        if not base or base == self.contentparams.get("base"):
            return attributes
        return [
            (name, (name in _LINKS and not value.startswith("#") and urls.absolute(value, base)) or value)
            for name, value in attributes
        ]

    def _end_of_markup(self, name: str) -> None:
        """feedparser ends what it knows by that name: `<summary>` of `<details>` the description around it,
        `<source>` of a film the feed that an item is from. To HTML `</br>` is one more `<br>`.
        """
        if name == "svg" and self.svgOK:
            self.svgOK -= 1
        if self.contentparams.get("type") == _XHTML and name != "br":
            self.handle_data(f"</{name}>", escape=0)
        self.depth -= 1

    def _around(self) -> tuple[str, str | None, int]:
        """What xml:base and xml:lang say outside of an element that begins. feedparser takes the base of one
        item's text along to the next ones, where nothing around them has a base.
        """
        return self.baseuri, self.lang, len(self.basestack)

    def _lead_to(self, address: Any) -> None:
        """What an element within the link of an item says: `<link><a href="…">…</a></link>`."""
        said = address.split() if isinstance(address, str) else []
        if self.inentry and said and said[0].lower().startswith(("http://", "https://")):
            self.entries[-1].setdefault("address", said[0])

    def pop(self, element: str, strip_whitespace: int = 1) -> Any:
        if element == "item" and self.elementstack and self.elementstack[-1][0] == element:
            # to HTML `<link>` has no end: `<link/>https://…`
            self._lead_to("".join(map(str, self.elementstack[-1][2])))
        if element == "link" and self.elementstack and self.elementstack[-1][0] == element:
            self._unescape(self.elementstack[-1][2])
        value = super().pop(element, strip_whitespace)
        if element in _DATES and value and self.inentry and self._open:
            self._note_date(element, value)
        return value

    def _unescape(self, pieces: list[str | bytes]) -> None:
        """An address that was escaped several times: feedparser makes `&ampb=2` of `&amp;amp;b=2`."""
        text = "".join(piece if isinstance(piece, str) else piece.decode() for piece in pieces)
        pieces[:] = [_ESCAPED.sub("&", text)]

    def _note_date(self, element: str, value: Any) -> None:
        """As what the item itself said it: feedparser keeps one of several."""
        prefix, name, *_ = self._open[-1]
        said = element if name in _ITEMS else f"{prefix}_{name}" if prefix else name
        if name in _ITEMS or (len(self._open) > 1 and self._open[-2].name in _ITEMS):
            self.entries[-1].setdefault("dates", []).append((said, value))

    def _parted(self, tag: str) -> tuple[str, str]:
        prefix, _, name = tag.lower().rpartition(":")
        return self.namespacemap.get(prefix or None, prefix) if prefix else "", name

    def _counts(self, prefix: str, name: str) -> bool:
        """Whether this is an element of the feed or of the item itself, not of something within it."""
        if not self._open or not (self.infeed or self.inentry):
            return True
        parent_prefix, parent, _, kept, _ = self._open[-1]
        if kept is not None or (self.incontent and not self._is_markup()):
            return False
        if name in _ITEMS and not self.inentry:
            return True
        if not parent_prefix:
            return parent in _HOLDERS or (parent == "image" and not self.inentry)
        return parent_prefix in (prefix, "rdf") or (parent_prefix, prefix) in _MIXED

    # Of a picture or a film, not of the item; `parse.feeds` takes them where an item says nothing else.
    def _start_media_title(self, attrs_d: dict[str, str]) -> None:
        self.push_content("media_title", attrs_d, "text/plain", 1)

    def _end_media_title(self) -> None:
        self._say_of_medium("title", self.pop_content("media_title"))

    def _say_of_medium(self, name: str, text: str | None) -> None:
        """Of the one file within whose element it stands; of a group it says nothing of each."""
        around = self._open[-2][:2] if len(self._open) > 1 else None
        if text and self.inentry and around == ("media", "content"):
            self._get_context()["media_content"][-1].setdefault(name, text)

    def _start_media_description(self, attrs_d: dict[str, str]) -> None:
        self.push_content("media_description", attrs_d, "text/plain", 1)

    def _end_media_description(self) -> None:
        self._say_of_medium("description", self.pop_content("media_description"))

    def _start_itunes_summary(self, attrs_d: dict[str, str]) -> None:
        self.push_content("itunes_summary", attrs_d, "text/plain", 1)

    def _end_itunes_summary(self) -> None:
        self.pop_content("itunes_summary")

    # Only a point is passed on; to feedparser an area beside it is the place.
    def _start_georss_box(self, attrs_d: dict[str, str]) -> None:
        self.push("area", 1)

    def _end_georss_box(self) -> None:
        self.pop("area")

    _start_georss_line = _start_georss_polygon = _start_georss_box
    _end_georss_line = _end_georss_polygon = _end_georss_box

    def _start_link(self, attrs_d: dict[str, str]) -> None:
        if attrs_d.get("rel") == "enclosure":
            attrs_d.setdefault("type", "")  # feedparser says that it is a page
        super()._start_link(attrs_d)
        if not self.elementstack or self.elementstack[-1][0] != "link":  # it has an address as attribute
            self.push("link/text", 1)

    def _end_link(self) -> None:
        """`<link uri="at://…">https://…</link>`: the text is the link of RSS, whatever its attributes are."""
        if not self.elementstack or self.elementstack[-1][0] != "link/text":
            super()._end_link()
        elif text := self.pop("link/text"):
            context = self._get_context()
            context["links"].insert(-1, FeedParserDict(rel="alternate", type="text/html", href=text))
            context["link"] = text

    def _start_guid(self, attrs_d: dict[str, str]) -> None:
        super()._start_guid(attrs_d)
        if self.inentry and "ispermalink" in attrs_d:
            self.entries[-1]["permalink"] = attrs_d["ispermalink"].strip().lower()

    def _cdf_common(self, attrs_d: dict[str, str]) -> None:
        """`<item href="…" lastmod="…">` of the Channel Definition Format; feedparser's own takes the wrong
        element for the link.
        """
        if self.inentry:
            self._lead_to(attrs_d.get("href"))

    # Whoever answers for a channel wrote none of its items ("Apps Support").
    def _start_managingeditor(self, attrs_d: dict[str, str]) -> None:
        self.push("managingeditor", 1)

    def _end_managingeditor(self) -> None:
        self.pop("managingeditor")

    def _end_image(self) -> None:
        """`<image>` of an item may hold an address as its text."""
        address = self.pop("image")
        self.inimage = 0
        if self.inentry and address:
            self._save("image/url", address)

    def _start_author(self, attrs_d: dict[str, str]) -> None:
        """feedparser gives the next author what it knows of the last one: an address, a page, a name."""
        super()._start_author(attrs_d)
        for known in ("author", "author_detail"):
            self._get_context().pop(known, None)

    def _sync_author_detail(self, key: str = "author") -> None:
        """feedparser's own knows no top-level domain of more than four letters."""
        context = self._get_context()
        people = context.get(f"{key}s") or [FeedParserDict()]
        if people[-1] or not context.get(key):
            super()._sync_author_detail(key)
            return
        detail = people[-1]
        name, address = name_and_address(context[key])
        if name:
            detail["name"] = name
        if address:
            detail["email"] = address
        context[f"{key}_detail"] = detail


_C1 = lazy("[\x80-\x9f]")


class _Text(str):
    """What feedparser looks through sign by sign for controls that are letters of Windows-1252, and most
    texts have none.
    """

    __slots__ = ()

    def translate(self, table: Any) -> str:
        return super().translate(table) if _C1.search(self) else str(self)


class _Strict(_OwnElements, podcast.Elements, StrictFeedParser):  # type: ignore[misc]  # untyped
    """Of well-formed documents. Knows namespaces, so also elements that are foreign without a prefix."""

    def __init__(self, *given: Any) -> None:
        self._own: set[str | None] = {None}  # namespaces of what holds a feed or an item
        # what the open elements are said to be; None: as feedparser knows it
        self._shown: list[str | None] = []
        super().__init__(*given)

    def decode_entities(self, element: str, data: str) -> str:
        return _Text(data)

    def startElementNS(self, name: _Name, qname: str | None, attrs: Any) -> None:
        if name[0] not in self._own:
            if not self._open or name[1].lower() in _HOLDERS:
                self._own.add(name[0])
            else:
                qname = self._if_foreign(name)
        self._shown.append(qname)
        super().startElementNS(name, qname, attrs)

    def endElementNS(self, name: _Name, qname: str | None) -> None:
        super().endElementNS(name, self._shown.pop())

    def _if_foreign(self, name: _Name) -> str | None:
        """`<title xmlns="http://other.example/">` is no title of a feed. None: as feedparser knows it."""
        namespace, local = name
        if self.incontent or str(namespace).lower() in self._matchnamespaces:
            return None
        is_prefixed = any(prefix and uri == namespace for prefix, uri in self.namespaces_in_use.items())
        return None if is_prefixed else f"foreign:{local}"


class _Loose(_OwnElements, podcast.Elements, LooseFeedParser):  # type: ignore[misc]  # untyped
    """Of the others. An element that is opened more often than it is closed holds nothing."""

    def feed(self, data: str) -> None:
        balance: Counter[str] = Counter()
        for slash, tag, closed in _TAG.findall(data):
            if not closed:
                balance[tag.lower().rpartition(":")[2]] += -1 if slash else 1
        self._unbalanced = frozenset(name for name, count in balance.items() if count)
        super().feed(data)
