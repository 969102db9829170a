"""What podcasts say beside RSS, whole: feedparser keeps the last of several `podcast:` elements, either their
text or their attributes, and of `itunes:explicit` one word of five.

https://help.apple.com/itc/podcasts_connect/#/itcb54353390, https://podcastindex.org/namespace/1.0
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from feedparser.api import StrictFeedParser

from aggregator import urls
from aggregator.model import Person
from aggregator.parse import normal
from aggregator.parse.mixin import Mixin
from aggregator.patterns import lazy
from aggregator.text import plain

_PODCAST = (
    "https://podcastindex.org/namespace/1.0",
    "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md",
)
_EXPLICIT = {"yes": "true", "true": "true", "explicit": "true", "no": "false", "false": "false", "clean": "false"}  # fmt: skip
_MEDIA_TYPE = lazy(r"[a-z]+/[\w.+-]+\Z")
# Elements of an item: the attributes that are passed on, by their names in feedparser (lower case), those
# among them that are web addresses, and what has to be there. "" is the text.
_ELEMENTS: dict[str, tuple[dict[str, str], frozenset[str], frozenset[str]]] = {
    "podcast:season": ({"name": "name"}, frozenset(), frozenset({""})),
    "podcast:episode": ({"display": "display"}, frozenset(), frozenset({""})),
    "podcast:person": ({"role": "role", "group": "group", "img": "img", "href": "href"}, frozenset({"img", "href"}), frozenset({""})),
    "podcast:transcript": ({"url": "url", "type": "type", "language": "language", "rel": "rel"}, frozenset({"url"}), frozenset({"url", "type"})),
    "podcast:chapters": ({"url": "url", "type": "type"}, frozenset({"url"}), frozenset({"url", "type"})),
    "podcast:socialInteract": ({"uri": "uri", "protocol": "protocol", "accountid": "accountId", "accounturl": "accountUrl", "priority": "priority"},
                       frozenset({"uri", "accounturl"}), frozenset({"uri", "protocol"})),
    "podcast:soundbite": ({"starttime": "startTime", "duration": "duration"}, frozenset(), frozenset({"starttime", "duration"})),
    "podcast:location": ({"geo": "geo", "osm": "osm", "rel": "rel", "country": "country"}, frozenset(), frozenset({""})),
    "podcast:license": ({"url": "url"}, frozenset({"url"}), frozenset({""})),
    # RFC 4685: what an item answers
    "thr:in-reply-to": ({"ref": "ref", "href": "href", "source": "source"}, frozenset({"href", "source"}), frozenset({"ref"})),
}  # fmt: skip
_MOST = 20  # elements of one name that an episode has


class Elements(Mixin):
    """What the parsers of `dialect` keep of a podcast's elements."""

    namespaces = StrictFeedParser.namespaces | dict.fromkeys(_PODCAST, "podcast")
    _matchnamespaces: ClassVar[dict[str, str]] = {
        address.lower(): prefix for address, prefix in namespaces.items()
    }

    # Name and e-mail of the owner would overwrite those of itunes:author.
    def _start_itunes_name(self, attributes: Any) -> None:
        self.push("itunes_name", 1)

    def _end_itunes_name(self) -> None:
        self.pop("itunes_name")

    def _start_itunes_email(self, attributes: Any) -> None:
        self.push("itunes_email", 1)

    def _end_itunes_email(self) -> None:
        self.pop("itunes_email")

    def _end_itunes_explicit(self) -> None:
        self.pop("itunes_explicit")


def _handlers(key: str) -> tuple[Callable[[Any, Any], None], Callable[[Any], None]]:
    """Of one element: each occurrence is a record of its attributes, with its text under ""."""

    def start(parser: Any, attributes: Any) -> None:
        parser._get_context().setdefault(key, []).append(dict(attributes))
        parser.push(key, 0)

    def end(parser: Any) -> None:
        text = parser.pop(key)
        records = parser._get_context().get(key)
        if records:
            records[-1][""] = text or ""

    return start, end


def _key(name: str) -> str:
    """As feedparser has it."""
    return name.lower().replace(":", "_")


for _name in map(_key, _ELEMENTS):
    _start, _end = _handlers(_name)
    setattr(Elements, f"_start_{_name}", _start)
    setattr(Elements, f"_end_{_name}", _end)


def explicit(said: Any) -> str | None:
    """`itunes:explicit` of a feed or an item: "true", "false" or None."""
    value = dict.get(said, "itunes_explicit")
    return _EXPLICIT.get(value.strip().lower()) if isinstance(value, str) else None


def owner(said: Any) -> tuple[Person, ...]:
    """Who stands in for the author where a podcast names none."""
    return normal.people([normal.person(dict.get(said, "itunes_name"), dict.get(said, "itunes_email"))])


def of_channel(said: Any) -> tuple[tuple[str, str], ...]:
    """What a podcast says of all its episodes: `itunes:explicit`, and its categories, the main one first."""
    found = [("itunes:explicit", value)] if (value := explicit(said)) else []
    found += [
        ("itunes:category", plain.title(tag["term"])[:100])
        for tag in dict.get(said, "tags") or ()
        if tag.get("scheme") == "http://www.itunes.com/" and isinstance(tag.get("term"), str)
    ]
    return tuple(found[:_MOST])


def of_item(item: Any, channel: Mapping[str, str], base: str) -> Iterator[tuple[str, str]]:
    """The extras of an episode (see `Entry`); `channel`: what holds for all of them."""
    if said := explicit(item) or (channel.get("itunes:explicit") if _is_episode(item) else None):
        yield "itunes:explicit", said
    title = dict.get(item, "itunes_title")
    if isinstance(title, str) and title.strip():
        yield "itunes:title", plain.title(title)[:300]
    for name in _ELEMENTS:
        for value in _values(name, item, base):
            yield name, value


def _is_episode(item: Any) -> bool:
    return any(link.get("rel") == "enclosure" for link in dict.get(item, "links") or ())


def _values(name: str, item: Any, base: str) -> list[str]:
    records = dict.get(item, _key(name))
    kept = records[:_MOST] if isinstance(records, list) else []
    return [value for record in kept if (value := _value(name, record, base))]


def _said(value: object, base: str | None) -> str:
    """`base`: of an address, against which it is read; None for words."""
    text = plain.title(value)[:1000] if isinstance(value, str) else ""
    return text if base is None else urls.clean_link(text, base) or ""


def _value(name: str, record: Mapping[str, Any], base: str) -> str | None:
    """The text alone where there is nothing else, else a JSON object; None where it lacks what it needs."""
    attributes, addresses, needed = _ELEMENTS[name]
    found = {
        shown: text
        for said, shown in {"": "text", **attributes}.items()
        if (text := _said(record.get(said), base if said in addresses else None))
    }
    if any(attributes.get(one, "text") not in found for one in needed):
        return None
    if "type" in needed and not _MEDIA_TYPE.match(found["type"]):
        return None
    bare = list(found) == ["text"] and not found["text"].startswith("{")
    return found["text"] if bare else json.dumps(found, ensure_ascii=False)
