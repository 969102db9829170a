"""What a body is, by its first bytes: a declared type is wrong too often to be believed."""

from __future__ import annotations

import json
import re
from typing import Literal

from aggregator.model import Failure
from aggregator.parse import mend
from aggregator.patterns import lazy
from aggregator.text import characters, excerpts, plain

_MAGIC = (
    (b"\x89PNG", "a PNG image"), (b"GIF8", "a GIF image"), (b"\xff\xd8\xff", "a JPEG image"), (b"RIFF", "a media file"), (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"), (b"\x1f\x8b", "a gzip file"), (b"BM", "a bitmap image"), (b"\x00\x00\x01\x00", "an icon"), (b"ID3", "an audio file"),
    (b"\x7fELF", "a program"), (b"OggS", "a media file"), (b"wOF", "a font"),
)  # fmt: skip
_DECLARATION = lazy(rb"<\?xml[\s?]", re.I)
_FOREIGN_ROOTS = frozenset({b"html", b"head", b"body", b"svg", b"opml", b"urlset", b"sitemapindex", b"plist"})

# How pages that stand before a feed introduce themselves; searched in the first 64 kB, in lower case.
_CHALLENGES = (
    (
        (
            "cf-browser-verification",
            "cf_chl_",
            "challenge-platform",
            "cf-error-details",
            "attention required! | cloudflare",
            "just a moment...",
        ),
        "a Cloudflare challenge page",
    ),
    (
        (
            "captcha",
            "recaptcha",
            "hcaptcha",
            "are you a robot",
            "are you human",
            "verify you are human",
            "px-captcha",
        ),
        "a captcha page",
    ),
    (("incapsula", "_incap_", "imperva"), "an Imperva block page"),
    (
        ("access denied", "request blocked", "you have been blocked", "akamai"),
        "a page that says access is denied",
    ),
    (
        ("enable javascript and cookies", "ddos-guard", "ddos protection", "checking your browser", "anubis"),
        "a browser check page",
    ),
)
_TITLE = lazy(r"<title[^>]{0,200}>(.{0,1000}?)</title", re.I | re.S)
_LOGIN = lazy(r"type=[\"']?password|name=[\"']?password", re.I)

_ARRAY = lazy(rb"\[\s*[\]\[{\"]")  # a list in JSON; “[Video] …” is a headline
# The beginning of a JSON Feed, as most programs write it.
JSON_FEED = lazy(r"\{\s*\"version\"\s*:\s*\"https?:\\?/\\?/(?:www\.)?jsonfeed\.org")
MOST_DECLARATIONS = 5  # a page about XML may show many
_NO_TEXT = lazy(rb"[\x00-\x08\x0e-\x1f\x80-\xff]")

Kind = Literal["empty", "json", "xml", "stories"]


def kind(body: bytes, local: bool) -> Kind:
    """Which reader is to try it. Text files of stories are local only."""
    head = body[:4096].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")
    if not head and not body.strip(b"\xef\xbb\xbf\x00 \t\r\n"):
        return "empty"
    if head[:1] == b"{" or _ARRAY.match(head) or _holds_json_feed(body):
        return "json"
    return "stories" if local and _may_be_stories(head) else "xml"


def _holds_json_feed(body: bytes) -> bool:
    """Whether one follows what a server said before it; a page, or a feed, may show one."""
    start = body[: mend.HEAD]
    if b"jsonfeed.org" not in start or mend.root(start) in (*_FOREIGN_ROOTS, *mend.FEED_ROOTS):
        return False
    return bool(JSON_FEED.search(start.decode("latin-1")))


def _may_be_stories(head: bytes) -> bool:
    return not head.startswith((b"<", b"\xff\xfe<", b"\xfe\xff")) and not _is_binary(head)


def _is_binary(head: bytes) -> bool:
    """Files of media have bytes in their heads that no text has; a text may begin with “BMW”."""
    return any(head.startswith(magic) for magic, _ in _MAGIC) and bool(_NO_TEXT.search(head))


def foreign(body: bytes) -> bool:
    """Whether this is something else although it may hold elements of feeds: a page about RSS, an image with
    <entry> in it.

    Not where a whole feed follows what a server said before it.
    """
    start = body[: mend.HEAD]
    return mend.root(start) in _FOREIGN_ROOTS and not any(
        mend.root(start[declaration.start() :]) in mend.FEED_ROOTS
        for declaration in list(_DECLARATION.finditer(start))[:MOST_DECLARATIONS]
    )


def known_root(body: bytes) -> bool:
    return mend.root(body) in (b"", *mend.FEED_ROOTS)


def _xml_in_words(root: bytes) -> str:
    if root in _OTHER_ROOTS:
        return _OTHER_ROOTS[root]
    if root not in mend.FEED_ROOTS:
        return f"XML with <{root.decode('ascii', 'replace')}> at its root, not a feed"
    return "a feed with neither a title nor an entry, or a damaged one"


def stranger(body: bytes) -> Failure:
    """What this is, since it is no feed (C1), by name where it blocks us."""
    for magic, what in _MAGIC:
        if body.startswith(magic):
            return Failure("not-a-feed", f"{what}, not a feed")
    text = body[:65536].decode("utf-8", "replace")
    name = mend.root(body)
    if name not in _OTHER_ROOTS and _is_page(name, text.lower()):
        return _page(text, text.lower())
    if not name:
        return Failure("not-a-feed", f"text, not a feed: “{excerpts.snippet(plain.text(text[:400]), 60)}”")
    return Failure("not-a-feed", _xml_in_words(name))


_OTHER_ROOTS = {
    b"svg": "an SVG image, not a feed",
    b"opml": "an OPML list of feeds; add its feeds with `aggregator sources import`",
    b"urlset": "a sitemap, not a feed",
    b"sitemapindex": "a sitemap, not a feed",
}


def _is_page(name: bytes, lowered: str) -> bool:
    signs = "<html" in lowered or "<body" in lowered or "<!doctype html" in lowered[:2000]
    return signs or name in (b"html", b"head", b"body")


def _page(text: str, lowered: str) -> Failure:
    if len(plain.text(text)) < 6000:  # an article may well speak of captchas
        for signs, what in _CHALLENGES:
            if any(sign in lowered for sign in signs):
                return Failure(
                    "blocked", f"{what} instead of the feed; ask the site to let feed readers through"
                )
    if _LOGIN.search(text):
        return Failure(
            "blocked",
            "a login page instead of the feed; the feed may need credentials (`headers` of the source)",
        )
    found = _TITLE.search(text)
    title = f" (“{excerpts.snippet(plain.title(found.group(1)), 60)}”)" if found else ""
    return Failure(
        "not-a-feed",
        f"a web page{title}, not a feed; `aggregator sources add` with its address finds its feed",
    )


def json_stranger(value: object) -> Failure:
    """JSON that is no JSON Feed: often an error message, shown."""
    if isinstance(value, dict):
        for name in ("message", "error", "detail", "title", "msg"):
            if value.get(name):
                said = (
                    value[name]
                    if isinstance(value[name], str)
                    else json.dumps(value[name], ensure_ascii=False)
                )
                said = characters.clean(said)
                words = f"JSON, not a feed; it says: “{excerpts.snippet(said, 80)}”"
                return Failure("not-a-feed", words)
    return Failure("not-a-feed", "JSON, but no JSON Feed (no “version” of jsonfeed.org)")
