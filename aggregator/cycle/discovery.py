"""From the address of a site or a feed to the feeds there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from aggregator import discover, urls
from aggregator.config import Config
from aggregator.cycle.network import Network, opened
from aggregator.errors import NoConnectionError, UsageError
from aggregator.model import Failure, FetchResult, ParseResult, Request, Source
from aggregator.parse.isolate import Workers
from aggregator.records import dataclass
from aggregator.stop import Stop
from aggregator.text.phrases import span

TRIED = 8  # links of a page, and usual places, that are looked at


@dataclass(frozen=True, slots=True)
class Candidate:
    """A feed that was found and read."""

    url: str
    title: str
    items: int
    rhythm: str


def find_feeds(config: Config, address: str) -> tuple[Candidate, ...]:
    """The address itself if it is a feed, else the feeds that its page names, else the first at the usual
    places; best first.

    Raises UsageError where the address itself can't be read, or is neither a feed nor a page.
    """
    workers = Workers(1)
    try:
        with opened(Stop()) as network:
            return _find(config, workers, network, address)
    finally:
        workers.close()


def _find(config: Config, workers: Workers, network: Network, address: str) -> tuple[Candidate, ...]:
    fetched = network.get(config, Request(address))
    if fetched.body is None:
        raise _nothing_came(address, fetched)
    found = _read(config, workers, address, fetched)
    if isinstance(found, Candidate):
        return (found,)
    named = _tried(config, workers, network, discover.named(fetched.body, fetched.url))
    by_url = {one.url: one for one in named}
    if by_url:
        return tuple(sorted(by_url.values(), key=_likeliest_first))
    if not _is_page(fetched):
        raise UsageError(f"{urls.redact(address)}: {found.detail}")
    guessed = _tried(config, workers, network, discover.usual(fetched.url))
    return tuple(islice(guessed, 1))  # no guess more than it takes


def _is_page(fetched: FetchResult) -> bool:
    """Whether a person would see a site there. Who asks for a text or a picture means that, not the site."""
    kind = next((value for name, value in fetched.headers if name.lower() == "content-type"), "")
    head = (fetched.body or b"")[:4096].lower()
    return "html" in kind.lower() or b"<html" in head or b"<!doctype html" in head


def _nothing_came(address: str, fetched: FetchResult) -> UsageError:
    failure = fetched.failure
    words = f"{urls.redact(address)}: {failure.detail if failure else 'nothing came'}"
    return (
        NoConnectionError(words)
        if failure and failure.kind in ("tls", "connect", "timeout")
        else UsageError(words)
    )


def _likeliest_first(one: Candidate) -> tuple[bool, int]:
    return discover.is_comments(one.url, one.title), -one.items


def _tried(config: Config, workers: Workers, network: Network, links: Sequence[str]) -> Iterator[Candidate]:
    """Those of the first links that are feeds; each is asked for when it is its turn."""
    for link in links[:TRIED]:
        if (one := _try(config, workers, network, link)) is not None:
            yield one


def _try(config: Config, workers: Workers, network: Network, link: str) -> Candidate | None:
    fetched = network.get(config, Request(link))
    found = _read(config, workers, link, fetched) if fetched.body is not None else None
    return found if isinstance(found, Candidate) else None


def _read(config: Config, workers: Workers, link: str, fetched: FetchResult) -> Candidate | Failure:
    parsed = workers.parse(Source("candidate", url=fetched.url), fetched, config.limits)
    if parsed.failure is not None:
        return parsed.failure
    # Where a temporary redirect leads today is not the feed's address.
    return Candidate(fetched.permanent or link, parsed.feed.title, len(parsed.entries), _rhythm(parsed))


def _rhythm(parsed: ParseResult) -> str:
    posts = sorted(entry.published for entry in parsed.entries if entry.published is not None)
    if len(posts) < 2:
        return "rhythm unknown"
    return f"one every {span(max(60, (posts[-1] - posts[0]) // (len(posts) - 1)))}"
