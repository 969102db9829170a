"""What is lost between a source and what is published of it, field by field.

The sources are read a second time here, with lxml alone and none of the product's own code, so that a fault of its
parser is no fault of the ruler too. What is published is read from the Atom feed of everything and its archive.
"""

from __future__ import annotations

import calendar
import html
import json
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_tz
from html.entities import name2codepoint
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

import lxml.html
from lxml import etree

FIELDS = ("title", "text", "links", "pictures", "players", "enclosures", "dates", "authors", "categories")
ATOM, MEDIA = "http://www.w3.org/2005/Atom", "http://search.yahoo.com/mrss/"
DC, CONTENT = "http://purl.org/dc/elements/1.1/", "http://purl.org/rss/1.0/modules/content/"
PLAIN = ("", ATOM, "http://purl.org/rss/1.0/", DC, "http://purl.org/atom/ns#", CONTENT)
TEXTS = ("description", "encoded", "content", "summary", "body", "fulltext")
DATES = ("pubDate", "published", "date", "issued", "created", "updated", "modified")
# rules of their own, not those of the product: what a person would call a counter, and what says who sent a reader
COUNTER = re.compile(
    r"pixel|count(?:er)?[./?]|/track|beacon|stat(?:s|ic\.hotjar)?[./]|feedburner\.com/~[a-z]/|doubleclick|/b\.gif|1x1|blank\.|spacer|"
    r"feeds\.\w+\.com/~|feedpress\.me/(?:link/)?\d+/\d+|feedsportal\.com/|bluekai\.com|googleadservices\.com|assoc-amazon\.|services\.google\.com/feedback/abg|analytics|hits\.|wp\.com/b\.|medium\.com/_/stat|share|facebook|twitter|gravatar|emoji|smil(?:ey|ies)",
    re.I,
)
TRACKS = re.compile(
    r"^(?:utm_|rref|igsh|GA_|WT\.|tid$|cid$|pcrid|s_kwcid|at_|ns_|fb|gclid|cmp|mc_|ref|src|source|from|feature|rss|xtor|ocid|campaign|trk|_|si$|partner|CMP|traffic)",
    re.I,
)
ALLOWED = re.compile(r"^(?:https?|mailto):", re.I)  # what opens no page in a browser (ftp:, irc:) is let go
ZERO_YEAR = re.compile(r"(?:^|[A-Za-z]{3} )0\d{3}\b")  # year 1 and the like, which no source means
CONTINUES = "[\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
TWICE = re.compile(f"[\xc2-\xdf]{CONTINUES}|[\xe0-\xef]{CONTINUES}{{2}}|[\xf0-\xf4]{CONTINUES}{{3}}")
ENTITY = re.compile(rb"&([A-Za-z]{2,8});")
DOCTYPE = re.compile(
    rb"<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>", re.S
)  # with it libxml keeps &lt; apart from the text
BLANKS = re.compile(r"(?<=:)\s*/\s*/")  # `https: //host`
FLASH = re.compile(r"\.swf|flash|youtube\.com/v/", re.I)  # YouTube's /v/ is its player of the days of Flash
RELATIVE = re.compile(r"(?![a-zA-Z][\w+.-]*:|//)")
WORD = re.compile(r"\w+")
YOUNGEST, OLDEST = 86_400, 86_400 * 365  # seconds that a date may lie ahead; 1970 is no year of news


@dataclass(slots=True)
class Said:
    """What one item says: field → values."""

    feed: str
    number: int
    guid: str
    link: str
    base: str
    values: dict[str, list[str]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)  # its markup
    summaries: list[str] = field(default_factory=list)  # markup beside a longer one
    repeated: bool = False  # the document had one with its guid or link before
    damaged: bool = False  # its XML is not well-formed: where its elements end is a guess
    pictured: bool = False  # that longer one has pictures of its own


class Printed(NamedTuple):
    """A published item, made comparable."""

    words: frozenset[str]
    letters: str
    addresses: frozenset[str]
    markup: str
    also: bool


class Loss(NamedTuple):
    feed: str
    number: int
    guid: str
    field: str
    value: str
    why: str  # "" where no rule explains it


# ---------------------------------------------------------------- the source


def name(element: etree._Element) -> str:
    """Also where damage left a tag that is no name, such as `{…}a:b`."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def space(element: etree._Element) -> str:
    return element.tag.rpartition("}")[0].removeprefix("{") if isinstance(element.tag, str) else ""


def items(feed: str, body: bytes) -> Iterator[Said]:
    parser = etree.XMLParser(
        recover=True, huge_tree=True, resolve_entities=False, no_network=True, strip_cdata=True
    )
    try:
        root = etree.fromstring(ENTITY.sub(character, DOCTYPE.sub(b"", body.lstrip(), count=1)), parser)
    except (etree.XMLSyntaxError, ValueError):
        return
    if root is None:
        return
    inside = [one for one in root.iter() if name(one) in ("item", "entry")]
    wrong = sorted(error.line for error in parser.error_log)  # type: ignore[attr-defined]  # lxml-stubs leave it out
    lines = [one.sourceline or 0 for one in inside]
    names: Counter[str] = Counter()
    for number, (one, first, after) in enumerate(zip(inside, lines, [*lines[1:], 1 << 30], strict=True)):
        said = item(feed, number, one)
        said.damaged = bisect_right(wrong, after) > bisect_left(wrong, first)
        own = {said.guid, page_of(said.link)} - {""}
        said.repeated = any(names[one] for one in own)
        names.update(own)
        yield said


def character(found: re.Match[bytes]) -> bytes:
    """Of an entity of HTML: XML knows but five, and libxml drops what it does not know."""
    name = found[1].decode()
    code = None if name in ("lt", "gt", "amp", "quot", "apos") else name2codepoint.get(name)
    return found[0] if code is None else f"&#{code};".encode()


def healed(text: str) -> str:
    """Letters of UTF-8 that were encoded twice, as a person reads them."""
    return TWICE.sub(lambda found: once(found.group()), text)


def once(letter: str) -> str:
    try:
        return b"".join(map(byte_of, letter)).decode("utf-8")
    except UnicodeError:
        return letter


def byte_of(sign: str) -> bytes:
    """Of a character that was read as Windows-1252, or as Latin-1 where that has none."""
    try:
        return sign.encode("cp1252")
    except UnicodeError:
        return sign.encode("latin-1")


def item(feed: str, number: int, element: etree._Element) -> Said:
    said = Said(feed, number, "", "", "", {key: [] for key in FIELDS})
    children = [child for child in element if isinstance(child.tag, str)]
    for child in children:
        if space(child) in PLAIN:
            read_element(child, said)
    said.values["enclosures"] += [one.get("url") or "" for one in element.iter(f"{{{MEDIA}}}content")]
    said.base = said.link or "https://unknown.example/"
    texts = [
        inside(child)
        for child in children
        if name(child) in TEXTS and space(child) in PLAIN and not child.get("src")
    ]
    for text in texts:
        read_markup(text, said)
    said.texts, said.summaries = texts, sorted(texts, key=len)[:-1]
    said.pictured = any("<img" in text for text in texts if text not in said.summaries)
    for key, found in said.values.items():
        said.values[key] = [one for one in dict.fromkeys(found) if one and one.strip()]
    return said


def inside(element: etree._Element) -> str:
    """Markup, be it escaped or not."""
    if not len(element):
        return text_of(element)
    return (element.text or "") + "".join(etree.tostring(part, encoding="unicode") for part in element)


def text_of(element: etree._Element) -> str:
    return "".join(element.itertext()).strip()


def read_element(child: etree._Element, said: Said) -> None:
    tag, own, values = name(child), text_of(child), said.values
    if tag == "link":
        read_link(child, own, said)
    elif tag in ("guid", "id"):
        said.guid = own
    elif tag == "title" and space(child) != DC:
        values["title"].append(own)
    elif tag == "enclosure":
        values["enclosures"].append(child.get("url") or "")
    elif tag in DATES:
        values["dates"].append(own)
    elif tag in ("author", "creator"):
        values["authors"].append(next((text_of(part) for part in child if name(part) == "name"), own))
    elif tag in ("category", "subject"):
        values["categories"].append((child.get("label") or child.get("term") or own).strip())


def read_link(child: etree._Element, own: str, said: Said) -> None:
    relation = child.get("rel", "alternate")
    if relation == "enclosure":
        said.values["enclosures"].append(child.get("href") or "")
    elif relation == "alternate":
        said.link = said.link or child.get("href") or own


def _empty(tree: Any, *names: str) -> None:
    """Nothing is in these any more."""
    for one in tree.iter(*names):
        one.text = ""
        for inner in list(one):
            one.remove(inner)


def read_markup(text: str, said: Said) -> None:
    tree = parsed(text)
    if tree is None:
        return
    etree.strip_elements(tree, etree.Comment, with_tail=False)
    values = said.values
    _empty(tree, "script", "style", "noscript", "template")
    values["text"].append(tree.text_content())
    for one in tree.iter("a", "area"):
        values["links"].append(one.get("href") or "")
    for one in tree.iter("img"):
        values["pictures"].append(one.get("data-src") or one.get("src") or "")
    for one in tree.iter("iframe", "embed", "video", "audio", "source"):
        if one.tag != "source" or (one.getparent() is not None and one.getparent().tag in ("video", "audio")):
            values["players"].append(one.get("data-src") or one.get("src") or "")
    for key in ("links", "pictures", "players"):
        values[key] = [one for one in values[key] if one and not one.startswith(("#", "data:", "about:"))]


def text_within(markup: str) -> str:
    tree = parsed(markup)
    return "" if tree is None else tree.text_content()


def parsed(text: str) -> lxml.html.HtmlElement | None:
    try:
        return lxml.html.fragment_fromstring(clean(text), create_parent="div") if text.strip() else None
    except (etree.ParserError, ValueError):
        return None


def clean(text: str) -> str:
    return "".join(sign for sign in text if sign in "\t\n\r" or ord(sign) >= 32)


# ---------------------------------------------------------------- what is published


def printed(output: Path) -> dict[str, Printed]:
    """Published id → the item, of the feed of everything and of its archive."""
    found: dict[str, Printed] = {}
    for path in [output / "all.atom", *sorted((output / "archive").glob("all-*.atom"))]:
        for entry in etree.parse(str(path), etree.XMLParser(huge_tree=True)).iter(f"{{{ATOM}}}entry"):
            markups = [entry.findtext(f"{{{ATOM}}}{tag}") or "" for tag in ("content", "summary")]
            trees = [tree for tree in map(parsed, markups) if tree is not None]
            own = [
                value
                for part in entry.iter()
                if isinstance(part.tag, str)
                for value in (part.text or "", *part.attrib.values())
            ]
            inner = [
                value for tree in trees for part in tree.iter() for value in map(str, part.attrib.values())
            ]
            texts = [*(tree.text_content() for tree in trees), *own]
            found[entry.findtext(f"{{{ATOM}}}id") or ""] = Printed(
                frozenset(word for text in texts for word in words(text)),
                " ".join(map(letters, texts)),
                frozenset(
                    address(one) for value in (*inner, *own) if len(value) < 4000 for one in places(value)
                ),
                " ".join((*inner, *own)),
                any("Also in:" in text for text in texts),
            )
    return found


def places(value: str) -> Iterable[str]:
    """One address, or those of a srcset."""
    return (
        (value, *(part.split()[0] for part in value.split(", ") if part.split()))
        if ", " in value
        else (value,)
    )


def words(text: str) -> list[str]:
    return WORD.findall(plain(text))


def letters(text: str) -> str:
    return "".join(words(text))


def plain(text: str) -> str:
    for _ in range(2):
        text = html.unescape(text)
    return unicodedata.normalize("NFKC", re.sub(r"</?[a-zA-Z][^<>]*>", " ", text)).casefold()


def address(value: str, base: str = "") -> str:
    """Without what makes no difference: scheme, `www.`, tracking, letter case of escapes, a closing slash."""
    try:
        value = BLANKS.sub("//", value.strip())
        while (meant := html.unescape(value)) != value:
            value = meant
        parts = urlsplit(urljoin(base, value) if base and RELATIVE.match(value) else value)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return value
    query = sorted(
        (key, one) for key, one in parse_qsl(parts.query, keep_blank_values=True) if not TRACKS.match(key)
    )
    path = re.sub(r"/+", "/", unquote(unquote(parts.path))).rstrip("/")
    return f"{host}{unicodedata.normalize('NFC', path)}?{query}".replace(" ", "").replace("+", "")


def page_of(link: str) -> str:
    """An address and the place within it: one page may hold several items."""
    return f"{address(link)}#{link.partition('#')[2]}" if link else ""


# ---------------------------------------------------------------- lost or not


def is_there(key: str, value: str, said: Said, item_: Printed, at: int) -> bool:
    return any(_is_there(key, one, said, item_, at) for one in dict.fromkeys((value, healed(value))))


def _is_there(key: str, value: str, said: Said, item_: Printed, at: int) -> bool:
    if "\ufffd" in value and key in ("title", "text"):  # what the ruler can't read, the product may
        return {*words(re.sub(r"\w*\ufffd[\w\ufffd]*", " ", value))} <= item_.words
    if key == "title":
        return letters(value) in item_.letters
    if key == "text":
        own = set(words(value))
        # words that a tag parts in one reading and not in the other
        gone = [word for word in own - item_.words if word not in item_.letters and not joined(word, item_)]
        return len(gone) <= max(1, len(own) // 50)
    if key in ("links", "pictures", "enclosures"):
        if RELATIVE.match(value):  # what it is relative to has many answers: the item, the channel, xml:base
            tail = address(re.sub(r"^(?:\.{0,2}/)+", "", value), "https://unknown.example/").partition("/")[2]
            return any(f"/{one}".endswith(f"/{tail}") for one in item_.addresses)
        return address(value, said.base) in item_.addresses
    if key == "players":
        return address(value, said.base) in item_.addresses or any(
            len(part) > 5 and part in item_.markup for part in re.split(r"[/?&=#]", value)[3:]
        )
    if key == "dates":
        when = seconds(value)
        return when is not None and abs(when - at) <= 86_400
    return {*map(bare, words(value))} <= {*map(bare, item_.words)}


def joined(word: str, item_: Printed) -> bool:
    """Two words that stand apart in what is published: something was shown between them, such as a player."""
    return any(
        word[:place] in item_.words and word[place:] in item_.words for place in range(2, len(word) - 1)
    )


def bare(word: str) -> str:
    """Without accents: `vidéo` and `video` are one category."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", word) if not unicodedata.combining(sign))


def seconds(said: str) -> int | None:
    if ZERO_YEAR.search(said):
        return None
    if (found := parsedate_tz(said)) is not None:
        try:
            return calendar.timegm(found[:6]) - (found[9] or 0)
        except (ValueError, OverflowError):
            return None
    try:
        when = datetime.fromisoformat(said)
        return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None


Rule = tuple[str, tuple[str, ...], Callable[[str, Said], bool]]
RULES: tuple[Rule, ...] = (
    ("tracking pixel, counter or button", ("links", "pictures"), lambda value, said: bool(COUNTER.search(value))),
    ("no web address", ("links", "pictures", "players", "enclosures"), lambda value, said: not is_address(value, said.base)),
    ("dead Flash", ("players", "enclosures"), lambda value, said: bool(FLASH.search(value))),
    ("zero or illegible date", ("dates",), lambda value, said: (when := seconds(value)) is None or when < OLDEST),
    ("date in the future", ("dates",), lambda value, said: (seconds(value) or 0) > datetime.now(UTC).timestamp() + YOUNGEST),
    ("one of several dates", ("dates",), lambda value, said: len(said.values["dates"]) > 1),
    ("`undefined` and the like", ("authors", "categories"), lambda value, said: value.strip().lower() in ("undefined", "null", "none", "n/a", "[]") or not words(value)),
    ("an e-mail address", ("authors",), lambda value, said: "@" in value),
    ("of a summary, the text has pictures of its own", ("pictures",), lambda value, said: said.pictured and in_summary(value, said)),
    ("of a summary, the text is there too", ("links",), lambda value, said: in_summary(value, said)),
    ("of a summary, the text is there too", ("text",), lambda value, said: value in map(text_within, said.summaries)),
    ("fallback or source text of a player", ("text",), lambda value, said: any(re.search(r"<iframe|frameborder=", text) for text in said.values["text"] + said.texts)),
    ("a style sheet in a comment", ("text",), lambda value, said: any("<!--" in html.unescape(text) for text in said.texts)),
    ("its page, with nothing but tracking behind it", ("links",), lambda value, said: value.startswith("?") and not address(value, said.base).partition("?")[2].strip("[]")),
    ("a date and nothing else", ("dates",), lambda value, said: not any(found for key, found in said.values.items() if key != "dates")),
    ("in XML that is not well-formed, read in another way", FIELDS, lambda value, said: said.damaged),
    ("a title of signs", ("title",), lambda value, said: not words(value)),
)  # fmt: skip


def in_summary(value: str, said: Said) -> bool:
    return any(value in html.unescape(text) for text in said.summaries)


def is_address(value: str, base: str) -> bool:
    try:
        parts = urlsplit(urljoin(base, html.unescape(value.strip())))
        host = parts.hostname or ""
        return bool(ALLOWED.match(parts.geturl())) and (
            parts.scheme not in ("http", "https") or ("." in host and not re.search(r"[\s“”<>\"]", host))
        )
    except ValueError:
        return False


def explained(key: str, value: str, said: Said) -> str:
    return next((rule for rule, fields, holds in RULES if key in fields and holds(value, said)), "")


def compare(
    documents: Sequence[tuple[str, bytes]], dump: str, output: Path, step: Callable[[], None]
) -> list[Loss]:
    """Prints the table; returns what is lost and why."""
    stored: dict[tuple[str, str], list[dict[str, str]]] = {}
    of_source: dict[str, list[dict[str, str]]] = {}
    sizes: Counter[str] = Counter()
    for line in dump.splitlines():
        record = json.loads(line)
        sizes[record["story"]] += 1
        of_source.setdefault(record["source"], []).append(record)
        for key in {record["guid"], page_of(record["link"] or ""), letters(record["title"] or "")}:
            if key:
                stored.setdefault((record["source"], key), []).append(record)
    published = printed(output)
    total, says, kept = 0, Counter[str](), Counter[str]()
    losses: list[Loss] = []
    for feed, body in documents:
        for said in items(feed, body):
            total += 1
            record = matched(said, stored) or alike(said, of_source.get(feed, []), published)
            item_ = published.get(record["story"]) if record else None
            for key in FIELDS:
                if said.values[key]:
                    says[key] += 1
                    gone = list(losses_of(key, said, record, item_, sizes))
                    losses += gone
                    kept[key] += not gone
        step()
    table(total, says, kept, losses)
    return losses


def matched(said: Said, stored: Mapping[tuple[str, str], list[dict[str, str]]]) -> dict[str, str] | None:
    """What was stored of an item: by guid, by link, by title; where several have the same, by all that they have."""
    title = letters(next(iter(said.values["title"]), ""))
    for one in (said.guid, page_of(said.link), title):
        found = stored.get((said.feed, one), []) if one else []
        if len(found) > 1:
            found = [record for record in found if letters(record["title"] or "") == title]
        if len(found) == 1:
            return found[0]
    return None


def alike(
    said: Said, records: Sequence[dict[str, str]], published: Mapping[str, Printed]
) -> dict[str, str] | None:
    """The same of an item that has none of these: the one that holds most of its words, and nearly all."""
    own = set(words(" ".join((*said.values["title"], *said.values["text"], *said.values["enclosures"]))))
    shares = [
        (len(own & published[record["story"]].words) / len(own), -place)
        for place, record in enumerate(records)
        if own and record["story"] in published
    ]
    share, place = max(shares, default=(0.0, 0))
    return records[-place] if share >= 0.8 else None


def losses_of(
    key: str, said: Said, record: dict[str, str] | None, item_: Printed | None, sizes: Counter[str]
) -> Iterator[Loss]:
    for value in said.values[key]:
        if record is None or item_ is None:
            why = (
                explained(key, value, said)
                if record is None
                else "its story is not in the feed of everything"
            )
        else:
            if is_there(key, value, said, item_, seconds(record["published"]) or 0):
                continue
            why = explained(key, value, said)
            if not why and (said.repeated or sizes[record["story"]] > 1):
                why = "a copy or a repeated item: another telling speaks"
        yield Loss(said.feed, said.number, said.guid or said.link, key, value, why)


def table(total: int, says: Counter[str], kept: Counter[str], losses: Sequence[Loss]) -> None:
    print(f"lost    {total} items; a field is lost where one of its values is")
    print(f"        {'field':12}{'say it':>8}{'kept':>8}{'lost':>8}{'explained':>11}{'NOT':>6}   by")
    for key in FIELDS:
        of_items: dict[tuple[str, int], list[str]] = {}
        for loss in losses:
            if loss.field == key:
                of_items.setdefault((loss.feed, loss.number), []).append(loss.why)
        clear = [whys for whys in of_items.values() if all(whys)]
        by = Counter(whys[0] for whys in clear)
        rules = ", ".join(f"{rule} {number}" for rule, number in by.most_common())
        print(
            f"        {key:12}{says[key]:8}{kept[key]:8}{len(of_items):8}{len(clear):11}{len(of_items) - len(clear):6}   {rules}"
        )
