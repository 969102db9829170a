"""When are two links one link? The link to follow and the key to compare are two things (rules as data in
`data/links.json`).

In: addresses as feeds write them. Out: one to `clean_link`, a `key` to compare, ids. Start reading at `key`.
"""

from __future__ import annotations

import functools
import json
import pkgutil
import re
import unicodedata
import uuid
from contextlib import suppress
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urljoin, urlsplit, urlunsplit

from aggregator.patterns import lazy

_RULES = json.loads(pkgutil.get_data("aggregator", "data/links.json") or b"")


def _pattern(rules: list[str]) -> re.Pattern[str]:
    """One for names or values of which a trailing * is a prefix."""
    return lazy("|".join(re.escape(rule).replace(r"\*", ".*") for rule in rules))


_TRACKING, _DOUBTFUL = _pattern(_RULES["tracking"]), _pattern(_RULES["doubtful"])
_TRACKING_VALUES, _DOUBTFUL_VALUES = (
    {name: _pattern(rules) for name, rules in _RULES[which].items()}
    for which in ("tracking_values", "doubtful_values")
)
_SAME_PAGES = [(lazy(rule, re.I), to) for rule, to in _RULES["same_page"]]
_MAY_BE_SEVERAL = lazy(r"https?://[a-z.-]*?(?:youtu|twitter|reddit|\.m\.wik)", re.I)
_DOORS = lazy("|".join(_RULES["doors"]), re.I)
_CACHES = lazy("|".join(_RULES["caches"]))
_SAME_HOSTS = frozenset(_RULES["same_host"])
_SECRET = frozenset(_RULES["secret"])
_PUBLIC = frozenset(_RULES["public"])

# of minted entry ids: a constant of this program, for ever
_NAMESPACE = uuid.UUID("5b1e5b0a-6d1c-5c0e-9d0f-0a3f7f3f8a11")
_SPACE = lazy("[\x00-\x20\x7f-\xa0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff]+")
_ESCAPED_TWICE = lazy(r"&(?:(?:amp|#0{0,5}38|#[xX]0{0,5}26);)+")  # … or three times
_BAD_ESCAPE = lazy(r"%(?![0-9A-Fa-f]{2})")
# Schemes of ids that validators know (registered with IANA) and no reader takes for something active.
_ID_SCHEMES = frozenset({
    "tag", "urn", "http", "https", "ftp", "info", "news", "nntp", "mid", "cid", "xmpp", "sip", "gopher",
    "crid",
})  # fmt: skip
_ID_FORMS = {
    "tag": lazy(r"tag:([a-z0-9._-]+@)?[a-z0-9.-]+,\d{4}(-\d\d(-\d\d)?)?:", re.ASCII),  # RFC 4151
    "urn": lazy(
        r"urn:(uuid:[A-Fa-f0-9]{8}(-[A-Fa-f0-9]{4}){3}-[A-Fa-f0-9]{12}\Z"
        r"|(?!uuid:)[A-Za-z0-9][A-Za-z0-9-]{1,31}:([A-Za-z0-9()+,.:=@;$_!*'-]|%[0-9A-F]{2})+\Z)"
    ),
}
_URI = lazy(r"(//(?P<host>[^/?#]*))?(?P<path>[^?#]*)(\?(?P<query>[^#]*))?(#(?P<fragment>.*))?\Z", re.DOTALL)
_HOST = lazy(r"([a-z0-9._~-]+@)?([a-z0-9._-]+)?(:\d+)?\Z", re.ASCII)
_ESCAPES, _RAW = lazy(r"(?:%[0-9A-Fa-f]{2})+"), lazy(r"[A-Za-z0-9]|%[0-9A-Fa-f]{2}", re.ASCII)
_ESCAPE = lazy("%[0-9A-Fa-f]{2}")
# without the dot: `%2E%2E` must not become a step up
_NEEDLESS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~")
_PORTS = {"http": 80, "https": 443}
MAX_LENGTH = 4096
# RFC 3986: what may stand unescaped in a path and in a query, beside letters and digits.
_PATH_SAFE, _QUERY_SAFE = "/:@!$&'()*+,;=~-._%", "/?:@!$&'()*+,;=~-._%"
_ID_SAFE = "/?:@!$&'()*+,;=~-._"  # … and in an id


def clean_link(href: str | None, base: str | None = None) -> str | None:
    """The absolute http(s) link that a reader opens: percent-encoded, tracking parameters and who logs in
    (`user:password@`, S7) gone, nothing else lost or sorted.

    None where there is no such link (other schemes, no host, over 4,096 characters).
    """
    if not href:
        return None
    return _cleaned_before(href, base) if len(href) <= _REMEMBERED else _cleaned(href, base)


def destination(link: str | None) -> str | None:
    """Where a link leads that names it: what a search engine finds goes through its counter,
    `google.com/url?url=https://page`. The link itself where it names none.
    """
    found = _DOORS.match(link) if link else None
    if found is None:
        return link
    said = next(filter(None, found.groups()))
    own = clean_link(said if "://" in said else unquote(said))
    return own if own and own.startswith(("http://", "https://")) and host(own) != host(found[0]) else link


_PORT = r"(?::(?:[1-9]\d{3}|[1-5]\d{4}|6[0-4]\d{3}))?"  # those that are usual, and are no scheme's own
# Most links: nothing to be escaped, nothing that may track, no step up, no part of a page.
AS_IT_IS = rf"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*{_PORT}(?:/(?:[\w~!$'()*+,=:@-][\w~!$'()*+,=:@.-]*)?)+"
_AS_IT_IS = lazy(AS_IT_IS, re.ASCII)
_WITH_QUERY = lazy(rf"{AS_IT_IS}(?:\?([\w~!$'()*+,=:@./?&-]+))?(?:#[\w~!$'()*+,:@./?-]+)?", re.ASCII)


def _is_with_query(href: str) -> bool:
    """Whether it is such a link with a query in which nothing tracks, or with a part of its page."""
    found = _WITH_QUERY.fullmatch(href)
    return found is not None and not any(map(_tracks, (found[1] or "").split("&")))


_REMEMBERED = 500  # characters; addresses that hold a whole picture are no links


def absolute(href: object, base: str) -> str | None:
    """A web address as it is said, made absolute and nothing else; None for what is none."""
    if not isinstance(href, str) or len(href) > 2000:
        return None
    try:
        found = urljoin(base, href.strip())
        parts = urlsplit(found)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return None
    return found if is_web and found.isprintable() and " " not in found else None


_WEB = lazy(rf"https?://[a-z0-9.-]*[a-z0-9]{_PORT}(?:/[^\s<>\"]*)?")  # most addresses, at a glance


def is_web(address: str) -> bool:
    """Whether this can be polled as it stands: http or https, a host, a port that there is, all of it
    escaped.
    """
    if _WEB.fullmatch(address):
        return True
    try:
        parts = urlsplit(address)
        named = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return named and not re.search(r"[\s<>\"]", address)


# what programs write where they have no link; as a path it would lead nowhere
_NOTHING = frozenset({"n/a", "na", "none", "null", "nil", "undefined", "nan", "-", "--", "[object object]"})


def _cleaned(href: str, base: str | None) -> str | None:
    if _AS_IT_IS.fullmatch(href) or _is_with_query(href):
        return href if len(href) <= MAX_LENGTH else None
    if href.strip().lower() in _NOTHING:
        return None
    try:
        parts = _parts(_tidy(href), base)
        if parts.scheme not in _PORTS or not parts.hostname:
            return None
        netloc = _netloc(parts.scheme, parts.hostname, parts.port)
    except (ValueError, UnicodeError):
        return None
    path = _escaped(_without_dots(parts.path), _PATH_SAFE) or "/"
    query = _escaped(_without_tracking(parts.query), _QUERY_SAFE)
    fragment = _without_tracking(parts.fragment) if "=" in parts.fragment else parts.fragment
    link = urlunsplit((parts.scheme, netloc, path, query, _escaped(fragment, _QUERY_SAFE)))
    if _ESCAPED_TWICE.search(link):  # an empty query went, and what stood around it came together
        return clean_link(link)
    return link if len(link) <= MAX_LENGTH else None


def _parts(text: str, base: str | None) -> SplitResult:
    """Of the absolute address. Raises ValueError."""
    text = _with_host(text, base)
    if base and not text.lower().startswith(("http://", "https://")):
        text = urljoin(_tidy(base), text)
    return urlsplit(text)


# A feed says the same links many times, and what is published shows each in several places.
_cleaned_before = functools.lru_cache(maxsize=4096)(_cleaned)

_HOST_FIRST = lazy(
    r"www\.[a-z0-9-]+(\.[a-z0-9-]+)*\.(?!html?\b|php\b|aspx?\b)[a-z]{2,}(:\d+)?(?=[/?#]|\Z)", re.I
)
_SLASHES = lazy(r"https?:(?:(?:\s*/){2,}\s*|/(?=[a-z0-9-]+\.[a-z0-9.-]+(?:[/:?#]|\Z)))", re.I)


def _with_host(text: str, base: str | None) -> str:
    """What was meant by an address with one slash or three (`http:/host/path`) or blanks between them
    (`https: //host/path`, as machine translation leaves it), and by one without its scheme:
    `www.host/path`, and `host/path` where that is the host which says so.
    """
    if slip := _SLASHES.match(text):
        return f"{slip[0].partition(':')[0]}://{text[slip.end() :]}"
    own = host(base) if base else ""
    named = bool(own) and "." in own and re.match(rf"{re.escape(own)}(?=[/?#]|\Z)", text, re.I)
    if not named and not _HOST_FIRST.match(text):
        return text
    return f"{urlsplit(base).scheme if base and own else 'http'}://{text}"


_MAGNET = lazy(r"magnet:\?[\w.~!$'()*+,;=:@/?&%-]{1,4000}", re.ASCII | re.I)


def magnet(href: object) -> str | None:
    """The address of a torrent, as it is said; None for any other."""
    said = href.strip() if isinstance(href, str) else ""
    return said if _MAGNET.fullmatch(said) else None


def publishable(url: str | None) -> str | None:
    """`clean_link`, where every reader and validator takes the link: not of an IPv6 address
    (`http://[2001:db8::1]/`), which many don't know.
    """
    link = clean_link(url)
    return None if link is None or "://[" in link[:9] else link


_AROUND = "".join(map(chr, range(33))) + "\ufeff\u200b\xa0"
_WITHIN = {9: None, 10: None, 13: None, ord("\\"): "/"}


def _tidy(text: str) -> str:
    """As browsers do (WHATWG URL): spaces around, tabs and line ends within are nothing; other spaces are
    escaped later.

    An `&amp;` that is left in an address was escaped once too often: some readers would follow it as such,
    others not.
    """
    text = text.strip(_AROUND).translate(_WITHIN)
    return _ESCAPED_TWICE.sub("&", text) if "&" in text and ";" in text else text


def _netloc(scheme: str, host: str, port: int | None) -> str:
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    if re.search(r"[\x00-\x20\"<>\\^`{|}%/?#@]", host):
        raise ValueError("a host name can't hold that")
    name = f"[{host}]" if ":" in host else host.lower()
    return name if port is None or port == _PORTS[scheme] else f"{name}:{port}"


def _escaped(text: str, safe: str) -> str:
    """Percent-encoded as RFC 3986, 6.2.2 has it, `%c3%7e` as `%C3~`: some readers rewrite a link so, and then
    two of them disagree.
    """
    return _ESCAPE.sub(_normal_escape, quote(_BAD_ESCAPE.sub("%25", text), safe=safe, errors="replace"))


def _normal_escape(found: re.Match[str]) -> str:
    sign = chr(int(found[0][1:], 16))
    return sign if sign in _NEEDLESS else found[0].upper()


def _without_dots(path: str) -> str:
    """`/a/./b/../c` → `/a/c`, as every client does before it asks (RFC 3986, 5.2.4)."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def _without_tracking(query: str) -> str:
    if not query:
        return ""
    return "&".join(pair for pair in query.split("&") if not _tracks(pair))


def _tracks(pair: str) -> bool:
    """By its name, or by what it says: `ref=rss` tells where a reader came from, `ref=7` which page it is."""
    name, _, value = pair.partition("=")
    return _is_of(unquote(name).lower(), unquote(value).lower(), _TRACKING, _TRACKING_VALUES)


def _is_of(name: str, value: str, names: re.Pattern[str], values: dict[str, re.Pattern[str]]) -> bool:
    return bool(names.fullmatch(name)) or (name in values and bool(values[name].fullmatch(value)))


@functools.lru_cache(maxsize=8192)
def key(url: str | None) -> str | None:
    """What two links of one page have in common, to compare; not to be opened.

    Scheme, letter case of the host, default ports, `www.`, `m.` and AMP forms, fragments (but not routes:
    `#!…`, `#/…`), the order of the query, trailing slashes and tracking make no difference. Parameters that
    may track or may say which page is meant come last, after a blank: see `page_key`. None for no link and
    for a mere home page, which identifies no item.
    """
    link = clean_link(url)
    if link is None:
        return None
    link = _same_page(_without_cache(link))
    return _plain_key(link) if _AS_IT_IS.fullmatch(link) else _any_key(link)


def address_key(address: str) -> str:
    """As `key`, of an address that may be asked: home pages too, and what is no link, each by itself."""
    return key(address) or address


def _any_key(link: str) -> str | None:
    parts = urlsplit(link)
    # Escapes of other charsets than UTF-8 stay apart: `%F1` and `%F2` are two letters, not one that can't be
    # read.
    path = _same_path(unicodedata.normalize("NFC", unquote(parts.path, errors="surrogateescape")))
    sure, doubtful = _compared(parts.query)
    route = _route(parts.fragment)
    if not (path or sure or doubtful or route):
        return None
    place = _same_host(parts.hostname or "") + _behind(":", parts.port) + _quoted(path)
    return place + _behind("?", sure) + _behind("#", route) + _behind(" ", doubtful)


def _without_cache(link: str) -> str:
    """The page's own address, where the link leads to a copy of it and that is an address."""
    own = _CACHES.sub("https://", link)
    return own if own == link or is_web(own) else link


def _same_page(link: str) -> str:
    """The address of several that counts, on sites that are known to have several hosts or forms."""
    if not _MAY_BE_SEVERAL.match(link):
        return link
    return next((rule.sub(to, link) for rule, to in _SAME_PAGES if rule.match(link)), link)


def _plain_key(link: str) -> str | None:
    """Of most links: without port, escapes, query and fragment."""
    _, _, name, path = link.split("/", 3)
    path = _same_path(f"/{path}")
    return _same_host(name) + _quoted(path) if path else None


def _behind(sign: str, said: object) -> str:
    return f"{sign}{said}" if said else ""


def _route(fragment: str) -> str:
    """A fragment that is a page of its own; "" where it is a place in one."""
    return fragment if fragment.startswith(("!", "/")) and len(fragment) > 1 else ""


def _same_host(name: str) -> str:
    labels = name.rstrip(".").split(".")
    while len(labels) > 2 and labels[0] in _SAME_HOSTS:
        labels = labels[1:]
    return ".".join(labels)


# What signs an address for a time: by its name, or because it is a moment or nothing that anybody would type.
_SIGNATURE = lazy(
    r"(?:exp(?:ires?)?|[es]|s[etp]|sig|sign(?:ature)?|token|hash|hmac|auth|verify)=.*|"
    r"[^=]+=(?:\d{9,14}|[\w%+/=.~*-]{16,})",
    re.I,
)


@functools.lru_cache(maxsize=1024)
def media_key(address: str) -> str:
    """What two addresses of one media file have in common, to compare: not the scheme, nor what signs
    them.
    """
    parts = urlsplit(address)
    said = (_SIGNATURE.sub(lambda pair: pair[0].partition("=")[0], one) for one in parts.query.split("&"))
    return f"{parts.netloc}{parts.path}?{'&'.join(sorted(said))}"


def page_key(key: str) -> str:
    """Of a link's key, what surely says which page it is."""
    return key.partition(" ")[0]


def path_and_query(key: str) -> tuple[str, tuple[str, ...]]:
    """Of a link's key, all up to its query, and what its query surely says: `name=value`."""
    path, _, query = page_key(key).partition("#")[0].partition("?")
    return path, tuple(query.split("&")) if query else ()


def _compared(query: str) -> tuple[str, str]:
    """What says which page is meant, and what may say so; each sorted."""
    sure, doubtful = [], []
    for name, value in sorted(parse_qsl(query, keep_blank_values=True, errors="surrogateescape")):
        pair = f"{_quoted(name)}={_quoted(value)}"
        if _is_of(name.lower(), value.lower(), _DOUBTFUL, _DOUBTFUL_VALUES):
            doubtful.append(pair)
        elif value.lower() not in _RULES["same_query"].get(name.lower(), ()):
            sure.append(pair)
    return "&".join(sure), "&".join(doubtful)


def _quoted(text: str) -> str:
    return quote(text, errors="surrogateescape")


def _same_path(path: str) -> str:
    path = re.sub("//+", "/", path).rstrip("/")
    for prefix in _RULES["same_prefix"]:
        if path.startswith(prefix):
            path = "/" + path[len(prefix) :]
    for suffix, plain in _RULES["same_suffix"].items():
        if path.endswith(suffix):
            return f"{path[: -len(suffix)]}{plain}".rstrip("/")
    return path


def is_id(text: str | None) -> bool:
    """Whether this can be an atom:id as it stands: an absolute URI of a registered scheme, canonical (RFC
    4287, 4.2.6.1), at most 2,048 characters.
    """
    if not text or len(text) > 2048:
        return False
    if _AS_IT_IS.fullmatch(text):
        return True
    scheme, colon, rest = text.partition(":")
    if not colon or not rest or scheme not in _ID_SCHEMES:
        return False
    if scheme in _ID_FORMS:
        return bool(_ID_FORMS[scheme].match(text)) and _canonical(rest, _ID_SAFE)
    return _is_canonical_uri(scheme, rest)


def _is_canonical_uri(scheme: str, rest: str) -> bool:
    found = _URI.match(rest)
    if not found or not _is_canonical_host(scheme, found["host"]):
        return False
    path = found["path"]
    if (found["host"] is not None and not path) or {".", ".."} & set(path.split("/")):
        return False
    return all(_canonical(part, _ID_SAFE) for part in (path, found["query"] or "", found["fragment"] or ""))


def _is_canonical_host(scheme: str, host: str | None) -> bool:
    """None: there is none, as in `news:…`."""
    if not host:
        return scheme not in _PORTS
    if host != host.lower() or host.endswith((".", ":", f":{_PORTS.get(scheme)}")):
        return False
    return bool(_HOST.match(host))


def _canonical(part: str, safe: str) -> bool:
    """Whether percent-encoding (RFC 3986, 6.2.2) would leave this as it is: in capitals, nothing escaped in
    vain, UTF-8 in form C.
    """
    if _RAW.sub("", part).strip(safe):
        return False
    for run in _ESCAPES.findall(part):
        try:
            text = unquote(run, errors="strict")
        except UnicodeDecodeError:
            return False
        if (
            run != run.upper()
            or re.search(r"[A-Za-z0-9._~-]", text)
            or unicodedata.normalize("NFC", text) != text
        ):
            return False
    return True


def public_id(source: str, key: str, guid: str | None) -> str:
    """The published id: the guid, byte for byte, where it is one that validators take; else minted from
    source and key, always the same.
    """
    if guid is not None and is_id(guid):
        return guid
    return mint(source, key)


def mint(*parts: str) -> str:
    """A `urn:uuid` that depends on these texts alone."""
    name = "\n".join(parts).encode("utf-8", "replace").decode()
    return f"urn:uuid:{uuid.uuid5(_NAMESPACE, name)}"


def redact(url: str) -> str:
    """For logs, errors, pages and published files: without user, password and the values of secret query
    parameters (S7).
    """
    if _AS_IT_IS.fullmatch(url):  # neither of these
        return url
    try:
        parts = urlsplit(url)
        netloc = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "(a malformed URL)"
    query, fragment = _without_secrets(parts.query), _without_secrets(parts.fragment)
    return urlunsplit((parts.scheme, netloc, parts.path, query, fragment))


_TOKEN = lazy(r"[A-Za-z0-9_\-]+")


def _without_secrets(parameters: str) -> str:
    return "&".join(map(_without_secret, parameters.split("&")))


def _without_secret(pair: str) -> str:
    """A parameter, without its value where that is a secret, or looks like one."""
    name, equals, value = pair.partition("=")
    looks_random = len(value) >= 24 and any(c.isdigit() for c in value) and _TOKEN.fullmatch(value)
    is_secret = name.lower() in _SECRET or (looks_random and name.lower() not in _PUBLIC)
    return f"{name}=…" if equals and is_secret else pair


def host(url: str) -> str:
    """The host name in lower case, "" where there is none."""
    if _AS_IT_IS.fullmatch(url):
        return url.split("/", 3)[2].partition(":")[0]
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def server(url: str) -> str:
    """Whose turn it is: the host by one name, however it is written (`bücher.example`,
    `xn--bcher-kva.example.`).
    """
    name = host(url).rstrip(".")
    if not name.isascii():
        with suppress(UnicodeError):
            return name.encode("idna").decode("ascii").rstrip(".")
    return name


def authority(url: str) -> str:
    """Who speaks there: the host, with its port unless that is one of the usual two. A 429 of one port says
    nothing about another.
    """
    try:
        port = urlsplit(url).port
    except ValueError:
        port = None
    return server(url) if port in (None, *_PORTS.values()) else f"{server(url)}:{port}"


def origin(url: str) -> tuple[str, str, int]:
    """(scheme, host, port): where credentials belong to (RFC 6454)."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return "", "", 0
