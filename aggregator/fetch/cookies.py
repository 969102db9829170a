"""Cookies of one exchange. Some servers answer with a redirect to where they were asked, and want back the
cookie that they set with it; nothing is kept between polls (P19).
"""

from __future__ import annotations

from collections.abc import Mapping

import requests
from requests.cookies import RequestsCookieJar, get_cookie_header

from aggregator import urls
from aggregator.records import dataclass, field, replace

MAX_LENGTH = 8000  # characters of the header; servers refuse more


@dataclass(frozen=True, slots=True)
class Cookies:
    """Host by host: what one host sets, whatever domain it says, no other host ever gets. Given back only
    where a redirect leads to where we were already: most servers that set cookies want none.
    """

    wanted: bool = False
    jars: Mapping[str, RequestsCookieJar] = field(default_factory=dict)

    def kept(self, url: str, answer: requests.Response) -> Cookies:
        """With what an answer from this address sets."""
        if not answer.cookies:
            return self
        host = urls.host(url)
        jar = RequestsCookieJar()
        jar.update(self.jars.get(host, {}))
        jar.update(answer.cookies)
        return replace(self, jars={**self.jars, host: jar})

    def given(self) -> Cookies:
        """Given back from here on."""
        return replace(self, wanted=True)

    def of(self, url: str) -> str:
        """The `Cookie` header for this address, "" for none: paths, `Secure` and what expired count."""
        jar = self.jars.get(urls.host(url))
        if jar is None or not self.wanted:
            return ""
        asked = requests.Request("GET", url).prepare()
        header = get_cookie_header(jar, asked) or ""  # type: ignore[no-untyped-call]  # of requests
        return header if len(header) <= MAX_LENGTH else ""
