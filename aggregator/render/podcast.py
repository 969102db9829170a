"""What podcast apps read beside RSS: `itunes:` of an episode and of the channel that has one, and `podcast:`.

https://help.apple.com/itc/podcasts_connect/#/itcb54353390, https://podcastindex.org/namespace/1.0
feedgen's podcast extension is of no use for it: `explicit` is yes, no or clean there (now true or false), its
categories are those before 2019, a picture has to end in .jpg or .png.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from aggregator import urls
from aggregator.model import Enclosure, Origin, Site
from aggregator.patterns import lazy
from aggregator.render.prepare import Prepared
from aggregator.text import clock, plain

Element = tuple[str, str, dict[str, str]]
"""(prefixed name, text, attributes)"""

# Elements with attributes, by their names in `Entry.extras`; of those in `REPEATED` an episode has several.
ATTRIBUTES = {
    "podcast:season": ("name",), "podcast:episode": ("display",), "podcast:person": ("role", "group", "img", "href"),
    "podcast:transcript": ("url", "type", "language", "rel"), "podcast:chapters": ("url", "type"),
    "podcast:socialInteract": ("uri", "protocol", "accountId", "accountUrl", "priority"),
    "podcast:soundbite": ("startTime", "duration"), "podcast:location": ("geo", "osm", "rel", "country"), "podcast:license": ("url",),
    "thr:in-reply-to": ("ref", "href", "source"),
}  # fmt: skip
REPEATED = frozenset(
    {
        "podcast:person",
        "podcast:transcript",
        "podcast:socialInteract",
        "podcast:soundbite",
        "podcast:location",
        "thr:in-reply-to",
    }
)
_FILES = frozenset({"podcast:transcript", "podcast:chapters"})
_ADDRESSES = frozenset({"url", "uri", "img", "href", "accountUrl", "source"})
_IRI = lazy(r"[a-z][a-z0-9+.-]*:[^\s<>\"{}|\\^`]+\Z", re.I)  # an id of an item
_SECONDS = lazy(r"\d{1,6}(\.\d{1,6})?\Z", re.ASCII)  # of a soundbite
_NEEDED = {
    "podcast:season": "text", "podcast:episode": "text", "podcast:person": "text", "podcast:transcript": "url", "podcast:chapters": "url",
    "podcast:socialInteract": "uri", "podcast:soundbite": "duration", "podcast:location": "text", "podcast:license": "text", "thr:in-reply-to": "ref",
}  # fmt: skip
_NUMBER = lazy(r"[1-9]\d{0,8}\Z")
_NUMBERS = frozenset({"podcast:season", "podcast:episode"})
_SAID = {
    "itunes:title": lazy(r".{1,300}\Z"), "itunes:season": _NUMBER, "itunes:episode": _NUMBER,
    "itunes:episodeType": lazy(r"(full|trailer|bonus)\Z"), "itunes:explicit": lazy(r"(true|false)\Z"),
}  # fmt: skip
_DURATION = lazy(r"\d{1,6}\Z|\d{1,4}(:[0-5]\d){1,2}\Z", re.ASCII)
# What Apple plays, by the end of the address: validators complain of `itunes:` beside anything else.
_PLAYABLE = lazy(r"\.(m4a|mp3|mov|mp4|m4v)\Z")
_PLAYED = ("audio/", "video/")
# What readers take for a web address: odd hosts (`localhost`, an underscore, a user) are said as media only.
_PLAIN_HOST = lazy(r"https?://([a-z0-9-]+\.)+[a-z0-9][a-z0-9-]*(:\d+)?/")
_CATEGORIES = (
    "News", "Arts", "Business", "Comedy", "Education", "Fiction", "Government", "History", "Health & Fitness", "Kids & Family", "Leisure", "Music",
    "Religion & Spirituality", "Science", "Society & Culture", "Sports", "Technology", "True Crime", "TV & Film",
)  # fmt: skip
# RFC 2606: says that there is no such address, where the config gives none
_NOBODY = "nobody@aggregator.invalid"
_MAIL = lazy(r"(?:mailto:)?([\w.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)\Z", re.ASCII)


def enclosure(one: Prepared) -> Enclosure | None:
    """The one for which RSS has room: what can be played before pictures and papers."""
    plain = [media for media in one.enclosures if _PLAIN_HOST.match(media.url)]
    return next((media for media in plain if media.type.startswith(_PLAYED)), plain[0] if plain else None)


def value(name: str, said: str) -> dict[str, str]:
    """What `Entry.extras` holds of an element with attributes; "text" is its text. Files were once said as
    `address type`.
    """
    record: object = None
    if said.startswith("{"):
        with suppress(ValueError):
            record = json.loads(said)
    elif name in _FILES and " " in said:
        record = dict(zip(("url", "type"), said.split(" ", 1), strict=True))
    if not isinstance(record, dict):
        record = {"text": said}
    return {key: plain.line(str(text)) for key, text in record.items()}


def element(name: str, said: str) -> Element | None:
    """One with attributes; None where it lacks what it is for."""
    record = value(name, said)
    attributes = {
        key: record[key]
        for key in ATTRIBUTES[name]
        if record.get(key) and (key not in _ADDRESSES or urls.publishable(record[key]) == record[key])
    }
    if name == "thr:in-reply-to" and not _IRI.match(attributes.get("ref", "")):
        return None
    if name == "podcast:soundbite" and not all(
        _SECONDS.match(attributes.get(key, "")) for key in ATTRIBUTES[name]
    ):
        return None
    text = record.get("text", "")
    if not {**attributes, "text": text}.get(_NEEDED[name]) or (name in _NUMBERS and not _NUMBER.match(text)):
        return None
    return name, text, attributes


def duration(said: str) -> str | None:
    """As it stands where it is in Apple's form, else in seconds."""
    if _DURATION.match(said):
        return said
    seconds = clock.seconds(said)
    return str(seconds) if seconds else None


def _is_episode(played: Enclosure) -> bool:
    return played.type.startswith(_PLAYED) and bool(_PLAYABLE.search(played.url))


def of_item(one: Prepared) -> list[Element]:
    """`itunes:` of an episode in RSS; none for what is not played."""
    played = enclosure(one)
    if played is None or not _is_episode(played):
        return []
    said = {name: plain.line(text) for name, text in reversed(one.item.entry.extras)}
    found: list[Element] = [
        (name, said[name], {}) for name, form in _SAID.items() if form.match(said.get(name, ""))
    ]
    if lasts := duration(said.get("itunes:duration", "")) or duration(str(played.duration or "")):
        found.append(("itunes:duration", lasts, {}))
    if cover := one.image or urls.publishable(show(one).icon):
        found.append(("itunes:image", "", {"href": cover}))
    return found


def show(one: Prepared) -> Origin:
    """The podcast that an episode is of, also where a blog that announced it leads."""
    origins = (one.item.origin, *(telling.origin for telling in one.item.also))
    return next((origin for origin in origins if origin.extras), origins[0])


def _owner(title: str, contact: str | None) -> list[Element]:
    mail = _MAIL.match(contact or "")
    return [("itunes:name", title, {}), ("itunes:email", mail[1] if mail else _NOBODY, {})]


def of_channel(items: Sequence[Prepared], site: Site) -> list[tuple[Element, list[Element]]]:
    """`itunes:` of a channel that has an episode, with the elements in each: what Apple and validators ask
    of one. It is none to be listed in a catalogue: that is for those who made the episodes.
    """
    found = [(one, of_item(one)) for one in items]
    episodes = [one for one, elements in found if elements]
    if not episodes:
        return []
    title = plain.line(site.title)[:255]
    is_explicit = any(("itunes:explicit", "true", {}) in elements for _, elements in found)
    return [
        (("itunes:author", title, {}), []),
        (("itunes:owner", "", {}), _owner(title, site.contact)),
        (("itunes:explicit", "true" if is_explicit else "false", {}), []),
        (("itunes:category", "", {"text": _category(episodes)}), []),
        (("itunes:block", "Yes", {}), []),
        *((("itunes:image", "", {"href": cover}), list[Element]()) for cover in _cover(episodes)),
    ]


def _cover(episodes: Sequence[Prepared]) -> list[str]:
    """That of the podcast of most episodes, if they have any; of several the first by its name, so that it is
    the same whatever came last.
    """
    counts = Counter(icon for one in episodes if (icon := urls.publishable(show(one).icon)))
    return sorted(counts, key=lambda icon: (-counts[icon], icon))[:1]


def _category(episodes: Sequence[Prepared]) -> str:
    """The one that most of them are in; news where none says so."""
    counts = Counter(text for one in episodes for name, text in show(one).extras if name == "itunes:category")
    return max(_CATEGORIES, key=lambda name: counts[name])
