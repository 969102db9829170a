"""Where relative links of a feed start from. A feed often lies on another host than its site (a copy, a
service that counts readers): its own address is the last that is meant, except where the format says so.
"""

from __future__ import annotations

from aggregator import urls
from aggregator.model import Feed


def of_items(feed: Feed, address: str) -> str:
    """The base of links of items: the site's; in Atom the document's (RFC 4287, 2, RFC 3986, 5.1.3), if that
    lies on the site's host.
    """
    site = feed.link
    if site is None or (feed.format.startswith("atom") and _host(site) == _host(address)):
        return address
    return f"{site}/" if address.startswith(f"{site}/") else site


def of_content(link: str | None, feed: Feed, address: str) -> str:
    """The base of what an item holds: its page, if that is one of the site. A link blog's items lead
    elsewhere, and its pictures don't.
    """
    base = of_items(feed, address)
    if link is None or (base == address and feed.format.startswith("atom")):
        return base
    return link if feed.link is None or _are_of_one_site(link, feed.link) else base


def _host(url: str) -> str:
    return urls.host(url).removeprefix("www.")


def _are_of_one_site(one: str, other: str) -> bool:
    """Whether their hosts are the same, or of one owner: `edition.news.example` and `news.example`."""
    a, b = _host(one), _host(other)
    return a == b or (a.split(".")[-2:] == b.split(".")[-2:] and not a.replace(".", "").isdigit())
