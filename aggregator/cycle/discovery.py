"""From the address of a site or a feed to the feeds there."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator import discover, fetch
from aggregator.config import Config
from aggregator.model import Fetched, Parsed, Request, Source
from aggregator.parse.isolate import Workers
from aggregator.text.phrases import span


@dataclass(frozen=True, slots=True)
class Candidate:
    """A feed that was found and read."""

    url: str
    title: str
    items: int
    rhythm: str


def find_feeds(config: Config, address: str) -> tuple[Candidate, ...]:
    """The address itself if it is a feed, else the feeds that its page names, else those at the usual places; best first."""
    workers = Workers(1)
    try:
        fetched = fetch.get(Request(address), config.limits)
        found = _read(config, workers, fetched)
        if found is not None:
            return (found,)
        if fetched.body is None:
            return ()
        for links in (discover.named(fetched.body, fetched.url), discover.usual(fetched.url)):
            candidates = [one for link in links[:8] if (one := _read(config, workers, fetch.get(Request(link), config.limits))) is not None]
            unique = {one.url: one for one in candidates}
            if unique:
                return tuple(sorted(unique.values(), key=lambda one: (discover.is_comments(one.url, one.title), -one.items)))
        return ()
    finally:
        workers.close()


def _read(config: Config, workers: Workers, fetched: Fetched) -> Candidate | None:
    if fetched.body is None:
        return None
    parsed = workers.parse(Source("candidate", url=fetched.url), fetched, config.limits)
    if parsed.failure is not None:
        return None
    return Candidate(fetched.permanent or fetched.url, parsed.feed.title, len(parsed.entries), _rhythm(parsed))


def _rhythm(parsed: Parsed) -> str:
    posts = sorted(entry.published for entry in parsed.entries if entry.published is not None)
    if len(posts) < 2:
        return "rhythm unknown"
    return f"one every {span(max(60, (posts[-1] - posts[0]) // (len(posts) - 1)))}"
