"""The editor's desk: pages with buttons that say what `split`, `join`, `pin` and `hide` say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from http.cookies import SimpleCookie
from typing import Any

from aggregator import answers, cycle, edition, query
from aggregator.config import Config
from aggregator.cycle import composed
from aggregator.editing import COOKIE, Gate
from aggregator.errors import AggregatorError, UsageError
from aggregator.model import Entry, Item, Story
from aggregator.records import dataclass
from aggregator.render import pages
from aggregator.store import Reader, Store, open_reader, open_writer, stories
from aggregator.web import Answer

LISTED = 60  # events, or entries that were found
ENTRY = re.compile(r"[0-9]{1,18}")
PATIENCE = 20.0  # seconds that a change waits for a cycle
REMEMBERED = 20  # words of the editor, on a page
Verb = Callable[[Store, str, str, int], str]
VERBS: dict[str, Verb] = {
    "split": lambda store, entry, _, at: cycle.split(store, entry, at),
    "join": lambda store, entry, other, at: cycle.join(store, entry, other, "event", at),
    "unsplit": lambda store, entry, *_: cycle.unsplit(store, entry),
    "unjoin": lambda store, entry, other, _: cycle.unjoin(store, entry, other),
    "pin": lambda store, entry, _, at: cycle.pin(store, entry, at),
    "unpin": lambda store, entry, *_: cycle.unpin(store, entry),
    "hide": lambda store, entry, _, at: cycle.hide(store, entry, at),
    "unhide": lambda store, entry, *_: cycle.unhide(store, entry),
}
# button → the one that takes it back
UNDONE = {"split": "unsplit", "join": "unjoin", "pin": "unpin", "hide": "unhide"}


@dataclass(frozen=True, slots=True)
class _Teller:
    """Shows stories as an event's page at the desk does."""

    titles: Mapping[str, str]  # of sources, by id
    pinned: frozenset[str]  # published ids of entries
    hidden: frozenset[str]
    odd: int | None  # the story that is least like the others
    lead: int | None  # the entry under which the event is published

    @classmethod
    def of(cls, config: Config, store: Reader, why: answers.Explanation) -> _Teller:
        words = answers.overrides(store)
        pinned, hidden = (
            frozenset(word.a for word in words if word.kind == kind) for kind in ("pin", "hide")
        )
        lead = composed.lead(config, store, (why.story, *why.siblings))
        return cls(answers.titles(store), pinned, hidden, why.odd, None if lead is None else lead.id)

    def told(self, story: Story) -> pages.Told:
        entries = [member.entry for member in story.members]
        lead = next((one for one in entries if one.id == story.lead), entries[0])
        copies = [one for one in entries if one.id != lead.id]
        return pages.Told(
            lead.id,
            lead.title,
            lead.link,
            self._source(lead),
            story.published,
            edition.likeness(story),
            story.id == self.odd,
            self.lead in {one.id for one in entries},
            _is_any_of(entries, self.pinned),
            _is_any_of(entries, self.hidden),
            tuple((one.id, one.title, self._source(one)) for one in copies),
        )

    def _source(self, entry: Entry) -> str:
        return self.titles.get(entry.source, entry.source)


def _is_any_of(entries: Sequence[Entry], names: frozenset[str]) -> bool:
    return any(one.public_id in names for one in entries)


@dataclass(frozen=True, slots=True)
class _Stored:
    """What a page of the desk shows of the store."""

    found: Sequence[pages.Offer] = ()  # events to choose from, or entries that were sought
    told: Sequence[pages.Told] = ()  # the stories of the event that was chosen
    page: str = ""  # the published page of that event
    before: Sequence[pages.Said] = ()  # what was split and joined


class EditorDesk:
    """Implements `web.Editor` over the config of the moment."""

    def __init__(self, config: Config, clock: Callable[[], int]) -> None:
        self._config, self._clock = config, clock
        self._gate = Gate(config.site.base_url.split("/")[2], config.desk_token)
        self._neighbours = [
            pages.Neighbour("all", "Everything"),
            *(pages.Neighbour(topic.id, topic.title) for topic in config.topics),
        ]

    def answer(
        self, path: str, changes: bool, given: dict[str, str], environ: dict[str, Any], from_here: bool
    ) -> Answer:
        verb = path.removeprefix("desk").strip("/")
        if changes and verb == "login":
            return self._login(given.get("token", ""))
        if not self._gate.lets_in(environ, from_here):
            return self._closed()
        if not changes:
            return self._page(verb, given)
        if not self._gate.means_it(environ, given.get("key", "")):
            return self._refused(
                "403 Forbidden",
                "Nothing was done: this form is not of our pages, or of a server that was started anew "
                "since.",
            )
        if verb not in VERBS:
            return self._refused("404 Not Found", "There is no such button.")
        return self._change(verb, given)

    def _page(self, name: str, given: dict[str, str]) -> Answer:
        """Of an entry, or what there is to choose from; that too at a button's address."""
        if name and name not in VERBS and not ENTRY.fullmatch(name):
            return self._refused("404 Not Found", "There is no such page at the desk.")
        return self._shown(name, given)

    def _refused(self, status: str, words: str) -> Answer:
        return Answer(pages.desk_refused(self._config.site, self._neighbours, words), status=status)

    def _login(self, token: str) -> Answer:
        if not self._gate.opens(token):
            return Answer(pages.desk_login(self._config.site, self._neighbours), status="401 Unauthorized")
        cookie = SimpleCookie({COOKIE: self._gate.session()})
        cookie[COOKIE]["path"], cookie[COOKIE]["samesite"], cookie[COOKIE]["httponly"] = (
            "/desk",
            "Strict",
            True,
        )
        if self._config.site.base_url.startswith("https:"):
            cookie[COOKIE]["secure"] = True
        return _see("/desk", ("Set-Cookie", cookie[COOKIE].OutputString()))

    def _change(self, verb: str, given: dict[str, str]) -> Answer:
        at = self._clock()
        entry, other = given.get("entry", ""), given.get("other", "").strip()
        try:
            with open_writer(self._config.database, PATIENCE) as store:
                said = VERBS[verb](store, entry, other, at)
                cycle.fold_again(self._config, store, at)
                if verb == "join" and (below := cycle.told_under(self._config, store, entry, other, "event")):
                    said = f"{said}; {below}"
        except AggregatorError as error:
            return self._shown(given.get("back", ""), {}, str(error), "400 Bad Request")
        return self._shown(given.get("back", ""), {}, said)

    def _closed(self) -> Answer:
        if self._config.desk_token is None:
            return _plain("403 Forbidden", "the desk opens on this machine only; set serve.desk_token")
        return Answer(pages.desk_login(self._config.site, self._neighbours), status="401 Unauthorized")

    def _shown(self, entry: str, given: dict[str, str], said: str = "", status: str = "200 OK") -> Answer:
        """The stories of an entry's event, or what there is to choose from."""
        asked = given.get("q", "")[:500]
        try:
            with open_reader(self._config.database) as store:
                stored = self._stored(store, entry, asked)
        except UsageError as error:
            return self._refused("404 Not Found", str(error))
        except query.QueryError as error:
            stored, said, status = _Stored(), str(error), "400 Bad Request"
        except AggregatorError as error:
            return self._refused("503 Service Unavailable", str(error))
        return Answer(self._printed(stored, asked, said, status != "200 OK"), status=status)

    def _printed(self, stored: _Stored, asked: str, said: str, failed: bool) -> bytes:
        site, neighbours, key = self._config.site, self._neighbours, self._gate.key
        return pages.desk(
            site, neighbours, key, said, stored.found, stored.told, stored.page, asked, stored.before, failed
        )

    def _stored(self, store: Reader, entry: str, asked: str) -> _Stored:
        before = _said(answers.overrides(store))
        if ENTRY.fullmatch(entry):
            why = answers.why(store, entry)
            told = [why.story, *why.siblings]
            page = self._published(store, told).get(why.story.event)
            return _Stored((), self._event(store, why), (page and page.page) or "", before)
        return _Stored(self._found(store, asked), before=before)

    def _event(self, store: Reader, why: answers.Explanation) -> list[pages.Told]:
        teller = _Teller.of(self._config, store, why)
        newest_first = sorted((why.story, *why.siblings), key=lambda story: -story.published)
        return [teller.told(story) for story in newest_first]

    def _found(self, store: Reader, asked: str) -> list[pages.Offer]:
        titles = answers.titles(store)
        if asked.strip():
            hits = answers.search(store, asked, LISTED, self._clock())
            return [pages.Offer(one.id, one.title, titles.get(one.source, one.source)) for one, _ in hits]
        several = _most_told(store)
        items = self._published(store, [story for told in several for story in told])
        return [_offer(told, items.get(told[0].event), titles) for told in several]

    def _published(self, store: Reader, found: Sequence[Story]) -> dict[int, Item]:
        """Event → the item that it is published as, under its lead; without those of which all is hidden."""
        events = {member.entry.id: story.event for story in found for member in story.members}
        view = composed.view(self._config, "desk", "event")
        return {events[item.entry.id]: item for item in composed.items(self._config, store, view, found)}


def _offer(told: Sequence[Story], item: Item | None, titles: Mapping[str, str]) -> pages.Offer:
    lead = item.entry if item else told[0].members[0].entry
    title = lead.title if item else answers.headline(told[0])
    entry = lead.id if item else told[0].lead
    return pages.Offer(
        entry, title, titles.get(lead.source, lead.source), len(told), (item and item.page) or ""
    )


def _most_told(store: Reader) -> list[tuple[Story, ...]]:
    """The stories of each of the newest events, those first that have most."""
    counts = Counter(story.event for story in stories.newest(store, None, 10 * LISTED))
    chosen = [event for event, _ in counts.most_common(LISTED)]
    told: dict[int, list[Story]] = {event: [] for event in chosen}
    for story in stories.of_events(store, chosen):
        told[story.event].append(story)
    return [tuple(of_event) for of_event in sorted(told.values(), key=len, reverse=True) if of_event]


def _said(words: Sequence[answers.Word]) -> list[pages.Said]:
    """What buttons said, the newest first."""
    found = [word for word in words if word.kind in UNDONE]
    return [
        pages.Said(UNDONE[word.kind], word.a, word.b if word.kind == "join" else "", _in_words(word), word.at)
        for word in reversed(found[-REMEMBERED:])
    ]


def _in_words(word: answers.Word) -> str:
    other = f"“{word.other or word.b}”"
    done = {"split": f"split from {other}", "join": f"joined with {other}", "pin": "pinned", "hide": "hidden"}
    return f"“{word.title or word.a}” {done[word.kind]}"


def _plain(status: str, words: str) -> Answer:
    return Answer(f"{words}\n".encode(), "text/plain; charset=utf-8", status)


def _see(where: str, *headers: tuple[str, str]) -> Answer:
    return Answer(b"", "text/plain; charset=utf-8", "303 See Other", (("Location", where), *headers))
