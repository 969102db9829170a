"""Where a site's feeds may be: what its page names, then the usual places. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urlsplit

from aggregator import urls
from aggregator.patterns import lazy

TYPES = (
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
    "application/json",
    "text/xml",
    "application/xml",
)
USUAL = (
    "feed",
    "rss",
    "atom.xml",
    "feed.xml",
    "rss.xml",
    "index.xml",
    "feed.json",
    "feeds/posts/default",
    "?feed=rss2",
    "blog/feed",
    "news/rss.xml",
    "rss/index.xml",
)
MAX_PAGE = 2_000_000
_HINT = lazy(r"(^|[/._?=-])(rss|atom|feeds?|rdf)([/._?=&-]|$|xml)", re.I)


class _Links(HTMLParser):
    """`<link rel=alternate>` of feed types, `<a>` that look like feeds, and the base."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.named: list[str] = []
        self.hinted: list[str] = []
        self.base: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        href = given.get("href", "").strip()
        if not href:
            return
        if tag == "base":
            self.base = self.base or href
        elif tag == "link" and _is_feed(given.get("rel", ""), given.get("type", "")):
            self.named.append(href)
        elif tag == "a" and _HINT.search(href):
            self.hinted.append(href)


def named(page: bytes, url: str) -> tuple[str, ...]:
    """The feeds that a page names, in its order: first by `link`, then by `a`; none twice."""
    parser = _Links()
    parser.feed(page[:MAX_PAGE].decode("utf-8", "replace"))
    base = urls.absolute(parser.base, url) or url
    found = [urls.clean_link(href, base) for href in (*parser.named, *parser.hinted)]
    return tuple(dict.fromkeys(link for link in found if link and link != url))


def usual(url: str) -> tuple[str, ...]:
    """Where feeds usually are: below the page, then at the root of the site; patterns of well-known hosts."""
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}/"
    below = url if url.endswith("/") else url + "/"
    usual = (base + path for path in USUAL for base in (below, root))
    return tuple(dict.fromkeys([*_of_known_hosts(url, below), *usual]))


def _of_known_hosts(url: str, below: str) -> Iterator[str]:
    parts = urlsplit(url)
    channel = re.search(r"/channel/(UC[\w-]+)", parts.path)
    if channel and (parts.hostname or "").endswith("youtube.com"):
        yield f"https://www.youtube.com/feeds/videos.xml?channel_id={channel[1]}"
    if re.fullmatch(r"/@[\w.]+/?", parts.path):
        yield url.rstrip("/") + ".rss"  # Mastodon and its kin
    if (parts.hostname or "").endswith("reddit.com"):
        yield below + ".rss"


def is_comments(url: str, title: str) -> bool:
    """Feeds of comments come last."""
    return "comment" in url.lower() or "comment" in title.lower()


def _is_feed(rel: str, kind: str) -> bool:
    return "alternate" in rel.lower().split() and kind.split(";")[0].strip().lower() in TYPES
