"""What all readers share: identity, dates, limits, digest. From loose pieces to an `Entry` in our normal
form.

In: what a format says. Out: values of `model`, cut and cleaned. Start reading at `finish`.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from typing import Any

from aggregator import urls
from aggregator.model import (
    Category,
    Enclosure,
    Entry,
    Failure,
    Feed,
    FetchResult,
    Limits,
    ParseResult,
    Person,
)
from aggregator.patterns import lazy
from aggregator.records import replace
from aggregator.text import characters, clock, excerpts, markup, plain, words

UNTITLED = "Untitled"  # an item that has nothing else either is left out
MAX_GUID = 2048
MAX_CONTENT = 2 * markup.MAX_HTML  # so that what is cut to it is not cut again
MAX_SAID = 1_000_000
MAX_SUMMARY = 1000
MAX_NAME = 1000  # of a category, and of authors: papers name thirty in one element
MAX_LISTED = 50  # categories, authors, enclosures, extras of one entry

_TYPES = {
    "mp3": "audio/mpeg", "m4a": "audio/mp4", "ogg": "audio/ogg", "opus": "audio/ogg", "wav": "audio/wav", "mp4": "video/mp4", "m4v": "video/mp4",
    "webm": "video/webm", "mov": "video/quicktime", "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp",
    "avif": "image/avif", "svg": "image/svg+xml", "pdf": "application/pdf", "zip": "application/zip", "torrent": "application/x-bittorrent",
}  # fmt: skip
# also of what is called `image`, or `image/*`
_MEDIA = {"image": "image/jpeg", "video": "video/mp4", "audio": "audio/mpeg"}
# What programs write for a name that they don't have; nobody is called so, but for Nan.
_NOBODY = frozenset({"null", "undefined", "none", "n/a", "[object object]"})
_NOT_A_NAME = frozenset({"NaN", "nan"})
_TYPE = lazy(r"[A-Za-z0-9][\w.+-]{0,60}/[\w.+-]{1,80}$")
_LANGUAGES = json.loads(
    resources.files("aggregator").joinpath("data/languages.json").read_text(encoding="utf-8")
)
_CODES = frozenset(_LANGUAGES["codes"].split())
_WEB_ADDRESS = lazy(r"https?://[^\s<>\"“”«»「」（）]+")
_LANGUAGE = lazy(r"([A-Za-z]{2,3})([-_][A-Za-z0-9]{2,8})*$")


def language(value: object) -> str | None:
    """BCP 47 with the usual letter case (en-US, zh-Hant-TW), in languages that ISO 639-1 and -2 know:
    validators know no others.
    """
    if not isinstance(value, str) or len(value) > 35 or not _LANGUAGE.match(value.strip()):
        return None
    first, *rest = value.strip().replace("_", "-").split("-")
    first = _LANGUAGES["now"].get(first.lower(), first.lower())
    if first not in _CODES:
        return None
    return "-".join(
        [
            first,
            *(
                part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part.lower()
                for part in rest
            ),
        ]
    )


_EMAIL = lazy(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]+\.)+[A-Za-z][A-Za-z0-9-]{1,23}")


def person(name: object, email: object = None, uri: object = None) -> Person | None:
    shown, mail = _unquoted(_name(name)), _mail(email)
    if shown.casefold() in _NOBODY or shown in _NOT_A_NAME:
        shown = ""
    if mail is None and isinstance(uri, str) and uri.startswith("mailto:"):
        return person(name, uri.removeprefix("mailto:")) or person(name)
    if not shown and not mail:
        return None
    return Person(shown or mail or "", mail, urls.clean_link(uri) if isinstance(uri, str) else None)


def _unquoted(name: str) -> str:
    """As mail has names that hold a comma: `"Roe, Jane" <jane@…>`."""
    bare = name[1:-1].strip()
    return bare if bare and name[0] == name[-1] == '"' and '"' not in bare else name


def _mail(said: object) -> str | None:
    return said.strip() if isinstance(said, str) and _EMAIL.fullmatch(said.strip()) else None


def people(found: Iterable[Person | None]) -> tuple[Person, ...]:
    unique: dict[str, Person] = {}
    for one in found:
        if one is not None:
            unique.setdefault(words.fold(one.name), one)
    return tuple(unique.values())[:MAX_LISTED]


def categories(found: Iterable[tuple[object, object, object]]) -> tuple[Category, ...]:
    """(term, scheme, label) → unique categories, in words for people where the term is a bare number."""
    unique: dict[str, Category] = {}
    for term, scheme, label in found:
        text, shown = _name(term), _name(label)
        if text or shown:
            where = scheme if isinstance(scheme, str) and urls.is_id(scheme) else None
            unique.setdefault(words.fold(shown or text), Category(text or shown, where, shown or None))
    return tuple(unique.values())[:MAX_LISTED]


def _name(said: object) -> str:
    return plain.title(said)[:MAX_NAME] if isinstance(said, str) else ""


_MEDIUMS = ("image", "audio", "video", "document", "executable")  # Media RSS


def enclosure(
    url: object, base: str, kind: object = None, length: object = None, **more: Any
) -> Enclosure | None:
    """A media file with type and length; the type from the extension where none is said."""
    link = (urls.magnet(url) or urls.clean_link(url, base)) if isinstance(url, str) else None
    if link is None:
        return None
    return Enclosure(
        link,
        _type(kind, link, more.get("medium")),
        number(length) or 0,
        _name(more.get("title")) or None,
        more.get("medium") if more.get("medium") in _MEDIUMS else None,
        number(more.get("width")),
        number(more.get("height")),
        clock.seconds(more.get("duration")),
    )


def _type(kind: object, link: str, medium: object) -> str:
    """As it is said; else by the extension, else by the medium."""
    said = kind.split(";")[0].strip().lower() if isinstance(kind, str) else ""
    if _TYPE.match(said):
        return said
    if link[:7].lower() == "magnet:":
        return "application/x-bittorrent"
    extension = link.split("?")[0].rsplit("/", 1)[-1].rpartition(".")[2].lower()
    known = _TYPES.get(extension) or _MEDIA.get(str(medium)) or _MEDIA.get(said.partition("/")[0])
    return known or "application/octet-stream"


def number(value: object) -> int | None:
    """A sane whole number ≥ 0, else None."""
    try:
        found = int(float(str(value).strip().replace(",", "")))
    except (ValueError, OverflowError):
        return None
    return found if 0 <= found < 1 << 53 else None


def paragraphs(text: str, links: bool = False) -> str:
    """Plain text as markup: blank lines separate paragraphs, other line ends are kept; `links`: web addresses
    can be followed.
    """
    blocks = [
        [_linked(line) if links else html.escape(line, quote=False) for line in block.splitlines()]
        for block in re.split(r"\n\s*\n", text.strip())
    ]
    return "".join(f"<p>{'<br>'.join(lines)}</p>" for lines in blocks if lines)


_PLAIN_ADDRESS = lazy(r"\s*(?![“„«‘']|&lt)[^\s<>\"]*\s*\Z")
_TARGET = lazy(r"\bhref\s*=\s*[\"']?\s*([^\s\"'<>]+)", re.I)
_OPENING, _AROUND = "\"'<“„«‘", " \t\r\n\"'<>“”„«»‘’"
_BROKEN_LINE = lazy(r"\s*[\r\n]\s*")
_SCHEME = lazy(r"https?:", re.I)


def address(said: str | None) -> str | None:
    """The address that the text of a link means: the target of `<a href="…">`, without quotation marks and
    brackets around it, in one line; of words before it only the address.
    """
    if said is None or _PLAIN_ADDRESS.match(said):
        return said
    text = html.unescape(said.strip()) if said.lstrip().startswith("&lt") else said.strip()
    text = text.strip(_AROUND) if text[:1] in _OPENING else text
    if not _SCHEME.match(text):
        target = _TARGET.search(text) or _WEB_ADDRESS.search(text)
        text = target[target.lastindex or 0] if target else text
    return _BROKEN_LINE.sub("", text)


def _linked(line: str) -> str:
    """One line of plain text as markup, its addresses as links; a sign that ends a sentence ends no
    address.
    """
    pieces, end = [], 0
    for match in _WEB_ADDRESS.finditer(line):
        address = match[0].rstrip(".,;:!?'\"…")
        if address.endswith(")") and "(" not in address:
            address = address.rstrip(")")
        shown = html.escape(address)
        pieces += [html.escape(line[end : match.start()], quote=False), f'<a href="{shown}">{shown}</a>']
        end = match.start() + len(address)
    return "".join(pieces) + html.escape(line[end:], quote=False)


def raw(value: Mapping[str, Any]) -> str:
    """Every element as the source gave it, as JSON."""
    text = json.dumps(value, ensure_ascii=False, default=_plain_value, separators=(",", ":"), sort_keys=True)
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= MAX_SAID else json.dumps({"cut": text[:MAX_SAID]}, ensure_ascii=False)


def _plain_value(value: object) -> object:
    return list(value) if isinstance(value, time.struct_time) else str(value)


def finish(entry: Entry) -> Entry:
    """Cut what is too long, fill title and summary, fix dates, compute key and digest (B9, C5, C6, F28)."""
    link = urls.destination(entry.link)
    guid, link_key = _guid(entry.guid), urls.key(link)
    content = _of_bearable_length(entry.content)
    text = entry.text or plain.text(content) or entry.summary
    title = entry.title or excerpts.snippet(excerpts.sentence(text), 100)
    published = entry.published if entry.published is not None else entry.updated
    return replace(
        entry,
        guid=guid,
        link=link,
        key=guid or link_key or _key_of_words(entry, title, text),
        link_key=link_key,
        content=content,
        text=text[:MAX_CONTENT],
        title=title or _title_of_picture(content) or _title_of_link(link),
        summary=excerpts.snippet(entry.summary or text, MAX_SUMMARY if entry.summary else 300),
        published=published,
        updated=_updated(entry.updated, published),
        digest=_digest(entry, title, text),
    )


def _of_bearable_length(content: str) -> str:
    """Cut between two tags, well nested (F32)."""
    if len(content) <= MAX_CONTENT:
        return content
    return markup.safe(content[: max(content.rfind("<", 0, MAX_CONTENT), 0)] or content[:MAX_CONTENT])


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _guid(said: str | None) -> str | None:
    guid = said.strip() if said else None
    guid = characters.clean(guid) if guid else None
    return f"sha256:{_sha256(guid)}" if guid and len(guid) > MAX_GUID else guid


def _updated(updated: int | None, published: int | None) -> int | None:
    """Nothing is changed before it is published."""
    return updated if updated is None or published is None else max(updated, published)


def _key_of_words(entry: Entry, title: str, text: str) -> str:
    """Of what has neither guid nor link; of what has no words either, by what can be heard or seen."""
    media = "" if title or text else "\n".join(enclosure.url for enclosure in entry.enclosures)
    return _sha256(f"{words.fold(title)}\n{words.fold(text[:500])}{media}")


def _digest(entry: Entry, title: str, text: str) -> str:
    """By which an edit is noticed."""
    media = (enclosure.url for enclosure in entry.enclosures)
    told = (value for name, value in entry.extras if name == "telling")
    return _sha256("\n".join([title, text, entry.link or "", *media, *told]))[:32]


_ALT = lazy(r"<img\b[^<>]*?\salt=\"([^\"]*)\"")


def _title_of_picture(content: str) -> str:
    """What the first picture that says so shows, in words; the name of a file is none."""
    said = (excerpts.snippet(plain.title(found), 100) for found in _ALT.findall(content))
    return next((one for one in said if len(one.split()) > 1), "")


def _title_of_link(link: str | None) -> str:
    return excerpts.snippet(link.split("://", 1)[-1] if link else UNTITLED, 100)


def based(fetched: FetchResult, feed: Feed) -> FetchResult:
    """With the address that relative links start from: a file on disk has none of its own, but may say where
    the feed or its site lives.
    """
    return (
        fetched
        if urls.clean_link(fetched.url)
        else replace(fetched, url=feed.self_link or feed.link or fetched.url)
    )


def _says_something(entry: Entry) -> bool:
    said = (entry.guid, entry.link, entry.text, entry.enclosures, entry.published)
    return entry.title != UNTITLED or any(said)


def _by_link_and_words(entry: Entry) -> Entry:
    digest = "" if entry.guid and entry.link_key else entry.digest
    return replace(entry, key=f"{entry.key}\n{entry.link_key}\n{entry.title}\n{digest}", guid=None)


def unique(feed: Feed, entries: Iterable[Entry], limits: Limits, warnings: list[Failure]) -> ParseResult:
    """One entry a key. What a document gives to several different things identifies nothing: then link and
    title do, or the words (C4).
    """
    found = [entry for entry in entries if _says_something(entry)]
    most = limits.max_entries
    if len(found) > most:
        warnings.append(Failure("too-many", f"more than {most} entries; the first ones are taken"))
    found = found[:most]
    shared = _shared(found)
    kept: dict[str, Entry] = {}
    for entry in found:
        one = _by_link_and_words(entry) if entry.key in shared else entry
        kept.setdefault(one.key, one)
    return ParseResult(feed, tuple(kept.values()), warnings=tuple(warnings))


def _shared(entries: Sequence[Entry]) -> set[str]:
    """Keys that a document gives to several different things.

    The same guid twice is one entry, unless the links differ, three titles share it (seen: one guid on all
    ten posts of a blog), or without links their words do. Without guids, one link with different texts is
    several entries (seen: comments, all with the link of their page).
    """
    by_key: dict[str, list[Entry]] = {}
    for entry in entries:
        by_key.setdefault(entry.key, []).append(entry)
    return {key for key, several in by_key.items() if len(several) > 1 and _are_several(several)}


def _are_several(entries: Sequence[Entry]) -> bool:
    first = entries[0]
    if not first.guid:
        return any((entry.title, entry.digest) != (first.title, first.digest) for entry in entries)
    if any(entry.link_key != first.link_key for entry in entries):
        return True
    titles = {entry.title for entry in entries}
    if len(titles) < 3:
        return not all(_are_alike(entry, first) for entry in entries)
    return True


def _are_alike(one: Entry, other: Entry) -> bool:
    """Whether one may be an edit of the other: most words of the headlines, and most of the beginnings."""
    return all(
        2 * len(a & b) > max(len(a), len(b)) or a == b
        for a, b in zip(_beginnings(one), _beginnings(other), strict=True)
    )


def _beginnings(entry: Entry) -> tuple[set[str], set[str]]:
    return set(words.words(entry.title)), set(words.words(entry.text[:2000]))
