"""Who else tells an entry of another aggregator's feed, as `render.atom` writes it: links rel=related with a
type of ours (rdf:type) and the title "Outlet: Headline"; the time of each stands in the list "Also in" that
the content ends with. In come an item's links and content; out go extras of the entry, and its content
without what was added.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from aggregator import urls
from aggregator.model import SAME_EVENT, SAME_TEXT
from aggregator.parse import dates
from aggregator.patterns import lazy
from aggregator.text import characters, plain

OURS = "aggregator"  # the generator that our feeds name
MOST = 200  # tellings of an entry that are kept
_ENDS = ": "  # the name of the outlet; within it the blank is one that does not break
_TYPE = "rdf:type"  # as feedparser names the attribute
_LIST = "<p>Also in:</p><ul>"
_OUTLET = lazy(r"<li>(?:<bdi>)?([^<]*)(?:</bdi>)?: (.*?)</li>", re.S)
_TOLD = lazy(r'<a href="([^"]*)"[^>]*>[^<]*</a>(?:</bdi>)? \(<time datetime="([^"]*)">')

Times = Mapping[tuple[str, str], str]
"""(outlet, link) → when it told it."""


def is_telling(link: Mapping[str, Any]) -> bool:
    ours = link.get("rel") == "related" and link.get(_TYPE) in (SAME_TEXT, SAME_EVENT)
    return ours and _ENDS in (link.get("title") or "")


def of_links(
    links: Iterable[Mapping[str, Any]], base: str, content: str, habits: dates.Habits
) -> Iterator[tuple[str, str]]:
    """As extras: ("telling", JSON with outlet, title, link, published (None: not said) and level), at most
    `MOST`.
    """
    told = [link for link in links if is_telling(link)][:MOST]
    times = _times(content) if told else {}
    for link in told:
        address = urls.clean_link(link.get("href"), base)
        if address and (record := _record(link, address, times, habits)):
            yield "telling", json.dumps(record, ensure_ascii=False)


def _record(link: Mapping[str, Any], address: str, times: Times, habits: dates.Habits) -> dict[str, Any]:
    """Empty where no outlet is named."""
    outlet, _, title = map(plain.line, characters.clean(link["title"]).partition(_ENDS))
    if not outlet:
        return {}
    when = dates.first((times.get((outlet, address)),), habits)
    level = "event" if link[_TYPE] == SAME_EVENT else "text"
    return {"outlet": outlet, "title": title, "link": address, "published": when, "level": level}


def _times(content: str) -> Times:
    told = content.rpartition(_LIST)[2]
    return {
        (plain.line(html.unescape(outlet)), html.unescape(link)): when
        for outlet, line in _OUTLET.findall(told)
        for link, when in _TOLD.findall(line)
    }


def own_text(content: str, summary: str, title: str, alone: bool) -> tuple[str, str]:
    """(content, summary) without the list of tellings at their end, and without the title that stands for a
    text where there is none: both are made anew where it is published again. `alone`: there is no content,
    only a summary.
    """
    body, found, tail = content.rpartition(_LIST)
    body = body if found and tail.endswith("</ul>") else content
    if alone and plain.text(body) == title:
        body = ""
    return body, "" if not body and summary == title else summary
