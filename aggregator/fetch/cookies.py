"""Cookies of one exchange. Some servers answer with a redirect to where they were asked, and want back the cookie
that they set with it; nothing is kept between polls (P19).
"""

from __future__ import annotations

import requests
from requests.cookies import RequestsCookieJar, get_cookie_header

from aggregator import urls

MAX_LENGTH = 8000  # characters of the header; servers refuse more


class Cookies:
    """Host by host: what one host sets, whatever domain it says, no other host ever gets. Given back only
    where a redirect leads to where we were already: most servers that set cookies want none.
    """

    def __init__(self) -> None:
        self.wanted = False
        self._jars: dict[str, RequestsCookieJar] = {}

    def keep(self, url: str, answer: requests.Response) -> None:
        """What an answer from this address sets."""
        if answer.cookies:
            self._jars.setdefault(urls.host(url), RequestsCookieJar()).update(answer.cookies)

    def of(self, url: str) -> str:
        """The `Cookie` header for this address, "" for none: paths, `Secure` and what expired count."""
        jar = self._jars.get(urls.host(url))
        if jar is None or not self.wanted:
            return ""
        asked = requests.Request("GET", url).prepare()
        header = get_cookie_header(jar, asked) or ""  # type: ignore[no-untyped-call]
        return header if len(header) <= MAX_LENGTH else ""
