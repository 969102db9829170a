"""Who may use the editor's desk, and which of its requests are meant: pure decisions on WSGI requests.

Pages of others can make a browser send a form to us. So a change needs all of: a browser that says the form
is of our own pages (Origin, RFC 6454; Sec-Fetch-Site), the host name that we are known by (a name of somebody
else's may be pointed at this machine), and a key that stands in our pages alone and is new with each start.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

COOKIE = "desk"
FORM = "application/x-www-form-urlencoded"


class Gate:
    """`public`: the host and port of the public address; `token`: what opens the desk from elsewhere, if
    anything does.
    """

    def __init__(self, public: str, token: str | None) -> None:
        self._public, self._token = public.lower(), token
        self.key = secrets.token_urlsafe(24)  # of this start; in every form

    def session(self) -> str:
        """What a browser shows that gave the token."""
        return hmac.new(self.key.encode(), (self._token or "").encode(), hashlib.sha256).hexdigest()

    def opens(self, given: str) -> bool:
        return self._token is not None and hmac.compare_digest(given.encode(), self._token.encode())

    def lets_in(self, environ: Mapping[str, Any], is_from_here: bool) -> bool:
        """Whether the pages of the desk may be shown."""
        if self._has_session(environ):
            return self._knows(environ, True)
        return self._token is None and is_from_here and self._knows(environ, False)

    def means_it(self, environ: Mapping[str, Any], key: str) -> bool:
        """Whether a form comes from a page of ours."""
        content = str(environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()
        origin, site = environ.get("HTTP_ORIGIN"), environ.get("HTTP_SEC_FETCH_SITE", "same-origin")
        host = str(environ.get("HTTP_HOST", "")).lower()
        is_ours = origin is not None and _netloc(str(origin)) == host != ""
        return (
            content == FORM
            and is_ours
            and site == "same-origin"
            and hmac.compare_digest(key.encode(), self.key.encode())
        )

    def _has_session(self, environ: Mapping[str, Any]) -> bool:
        if self._token is None:
            return False
        try:
            cookie = SimpleCookie(str(environ.get("HTTP_COOKIE", ""))).get(COOKIE)
        except CookieError:
            return False
        return cookie is not None and hmac.compare_digest(cookie.value.encode(), self.session().encode())

    def _knows(self, environ: Mapping[str, Any], public: bool) -> bool:
        """Whether the request names us by a name that is ours."""
        host = str(environ.get("HTTP_HOST", "")).lower()
        return _is_loopback(host) or (public and host == self._public)


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
