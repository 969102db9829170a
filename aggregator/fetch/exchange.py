"""What one exchange with a server may use, and where it goes on after a redirect."""

from __future__ import annotations

from collections.abc import Callable

from aggregator.fetch.aside import Aside
from aggregator.fetch.budget import Budget
from aggregator.fetch.cookies import Cookies
from aggregator.fetch.watchdog import Guard
from aggregator.model import Limits
from aggregator.records import dataclass, field

Resolver = Callable[[str, int], list[str]]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request, who watches it, and what it shares with the others of its door."""

    guard: Guard
    limits: Limits
    resolver: Resolver
    budget: Budget
    aside: Aside  # where names are looked up
    now: int  # Unix time at its start


@dataclass(frozen=True, slots=True)
class Trail:
    """Where an exchange goes on, after redirects: the next request is made in its host's turn. Travels to any
    executor.
    """

    url: str  # to be asked next
    permanent: str | None = None  # where the leading 301/308 redirects lead so far
    leading: bool = True  # whether all redirects so far were of those
    # (address, cookies) of each request so far: the same one twice is a circle
    asked: frozenset[tuple[str, str]] = frozenset()
    hops: int = 0
    seconds: float = 0.0  # of all requests so far; waiting for a turn does not count
    cookies: Cookies = field(default_factory=Cookies)

    def led(self, to: str, permanently: bool, asked: frozenset[tuple[str, str]], cookies: Cookies) -> Trail:
        """After one more redirect."""
        leading = self.leading and permanently
        permanent = to if leading else self.permanent
        return Trail(to, permanent, leading, asked, self.hops + 1, self.seconds, cookies)
