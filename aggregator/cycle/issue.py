"""From the store to the output folder: what changed is labelled, composed, rendered and written; nothing else
is touched.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from urllib.parse import quote

from aggregator import edition, opml, render, topics
from aggregator.config import Config
from aggregator.cycle import changes, digests, learning
from aggregator.cycle.byhand import topics_by_hand
from aggregator.cycle.ownpages import Made, OwnPages
from aggregator.cycle.signatures import look, rules_signature
from aggregator.cycle.words import heeding
from aggregator.edition import View
from aggregator.model import Edition, Item, Story, Topic
from aggregator.publish import Folder, Written
from aggregator.render import formats, pages, sourcesfeed
from aggregator.render.formats import HTML, Format
from aggregator.stop import Stop
from aggregator.store import Store, folding, sources, stories
from aggregator.store.events import unprinted

ALL = Topic("all", "Everything", "Everything that came in, each thing told once")
# times the limit: stories looked at for one edition; more as long as all of them are of the last days
FETCH = 2
FETCH_PICKY = 40  # … where few of them will be chosen
FETCH_MOST = 5000
BATCH = 1000  # stories that go into the archive at a time
DEFAULT_LIMIT = 50
ON_FRONT = 2000  # newest stories among which those of the front page are looked for
PORTION, EDITION = (
    1000,
    20,
)  # pages of events that are printed together; for how many of them an edition counts
_EVENT = "event:"  # what the name of a dirty event begins with, before its number


def label(config: Config, store: Store, stop: Stop | None = None) -> None:
    """Topics for stories that are new or read differently; for all of them after the rules changed."""
    stop = stop or Stop()
    rules = topics.compiled(config.topics, config.sources)
    titles = sources.titles(store)
    signature = rules_signature(config)
    if store.meta("rules") != signature:
        changes.hold_back(config, store)
        stories.unlabel_all(store, [topic.id for topic in config.topics])
        store.set_meta("rules", signature)

    if not stories.any_unlabelled(store):
        return
    known, anew = learning.learned(config, store, rules, titles)
    if anew:
        stories.unlabel_newest(store, learning.TAUGHT_BY)
    by_hand = topics_by_hand(folding.overrides(store.conn))
    there = {topic.id for topic in config.topics}

    def decide(story: Story) -> list[tuple[str, int, str]]:
        found: dict[str, tuple[str, int, str]] = {}
        for member in story.members:
            for topic in by_hand.get(member.entry.public_id, ()):
                if topic in there:
                    found.setdefault(topic, (topic, member.entry.id, "put there by hand"))
            for one in topics.label(rules, member.entry, titles.get(member.entry.source, "")):
                found.setdefault(one.topic, (one.topic, member.entry.id, one.rule))
        if known is not None and not known.learners & found.keys():
            entry = next(member.entry for member in story.members if member.entry.id == story.lead)
            guess = known.label(entry, ())
            if guess is not None and not topics.excluded(
                rules, entry, titles.get(entry.source, ""), guess.topic
            ):
                found[guess.topic] = (guess.topic, entry.id, guess.rule)
        return list(found.values())

    while stories.label(store, decide):
        stop.check()


def issue(config: Config, store: Store, now: int, stop: Stop | None = None) -> Written:
    """Print what is dirty, or missing in the folder. Marks it printed when it is on disk, so that a crash
    before repeats it (R4).

    In portions, so that little is done again where a stop or a crash ends it, and memory holds no more than
    one: pages first, then the feeds that lead to them. What goes, goes when everything is there.
    """
    stop, folder = stop or Stop(), Folder(config.output)
    anew = _mark(config, store, folder)
    dirty = stories.dirty(store)
    if not dirty:
        return Written(unchanged=len(folder.names()))
    if store.meta("born") is None:
        store.set_meta("born", str(now))
    press, before = Press(config, store, anew), set(folder.names())
    remove: set[str] = {name for name in folder.names() if _belongs_to_nobody(config, name)}
    made: set[str] = set()
    removing: list[str] = []  # events of which a page goes: printed only when that has gone
    total = Written()
    portions = _portions(config, dirty)
    for part in portions:
        events = [name for name in part if name.startswith(_EVENT)]
        own = _own_pages(press, events, before, stop)
        files = dict(own.files)
        remove |= set().union(*own.gone.values())
        removing += [f"{_EVENT}{event}" for event in own.gone]
        editions = part[len(events) :]
        for name in editions:
            stop.check()
            files.update(_printed(press, folder, name))
        if part is portions[-1] and part[-1] in press.topics:
            files.update(press.index())
        made |= files.keys()
        total += folder.write(files, (), now, stop.check)
        stories.printed(store, [name for name in part if name not in removing])
        for name in editions:
            if store.meta(unprinted(name)):
                store.set_meta(unprinted(name), "")
    total += folder.write({}, remove - made, now, gone=_left(config, store, now))
    stories.printed(store, removing)
    return replace(total, unchanged=len(folder.names()) - len(total.written))


def _left(config: Config, store: Store, now: int) -> dict[str, int]:
    """Files of topics that left the config, and since when; kept in the store, so that another folder knows."""
    present = {topic.id for topic in config.topics}
    left: dict[str, int] = json.loads(store.meta("topics left") or "{}")
    left |= {topic: now for topic in json.loads(store.meta("topics") or "[]") if topic not in left}
    left = {topic: since for topic, since in sorted(left.items()) if topic not in present}
    store.set_meta("topics left", json.dumps(left))
    store.set_meta("topics", json.dumps(sorted(present)))
    forms = (*formats.named(config.site.formats), HTML)
    return {f"{topic}{form.ending}": since for topic, since in left.items() for form in forms}


def _portions(config: Config, dirty: Iterable[str]) -> list[list[str]]:
    """Names of what is to be printed: the pages of events first, topics last."""
    names = {topic.id for topic in (*config.topics, ALL)}
    portions: list[list[str]] = [[]]
    weight = 0
    for name in sorted(dirty, key=lambda name: (name in names, not name.startswith(_EVENT))):
        if weight >= PORTION:
            portions.append([])
            weight = 0
        portions[-1].append(name)
        weight += 1 if name.startswith(_EVENT) else EDITION
    return portions


def _own_pages(press: Press, events: Sequence[str], before: Container[str], stop: Stop) -> Made:
    maker = OwnPages(press.config, press.store, press.origins, press.priorities, press.neighbours)
    return maker.of([int(name.removeprefix(_EVENT)) for name in events], before, stop.check)


def _printed(press: Press, folder: Folder, name: str) -> dict[str, bytes]:
    """The files of an edition."""
    if name == "sources":
        return press.sources()
    if name in press.digests:
        return press.digest(name)
    topic = press.topics.get(name)  # None: it left the config
    return {} if topic is None else press.edition(topic, folder)


def _mark(config: Config, store: Store, folder: Folder) -> bool:
    """What else has to be printed: everything after a change of settings or program, and what somebody
    removed from the folder. Whether it is everything.
    """
    signature = look(config)
    everything = ["all", "sources", *(topic.id for topic in config.topics), *_digest_names(config)]
    if store.meta("printed with") != signature:
        stories.mark_dirty(store, everything)
        stories.mark_all_events(store)
        store.set_meta("printed with", signature)
        return True
    missing = folder.missing()
    lost = {name.partition(".")[0] for name in missing}
    lost |= {topic for name in lost if (topic := _topic_of_older(name))}
    marked = {name for name in everything if name in lost} | {
        name.partition("/")[2].rpartition("-")[0] for name in missing if name.startswith("archive/")
    }
    if lost & {"index", "feeds"}:
        marked.add("all")
    if not folder.names():
        marked |= set(everything)
        stories.mark_all_events(store)
    if any(name.startswith("stories/") for name in missing):
        stories.mark_all_events(store)
    if marked:
        stories.mark_dirty(store, marked & set(everything))
    return False


def _topic_of_older(base: str) -> str:
    """The topic of a page of older items (`ID-2`); "" where it is no such name."""
    topic, _, number = base.rpartition("-")
    return topic if number.isdecimal() and int(number) > 1 else ""


def _belongs_to_nobody(config: Config, name: str) -> bool:
    """Files of topics that left the config, and of formats that are not published any more."""
    base, _, ending = name.rpartition(".")
    if name.startswith("stories/") or base in ("index", "feeds", "sources"):
        return False
    if base in _digest_names(config):
        return f".{ending}" not in {
            HTML.ending,
            *(form.ending for form in formats.named(config.site.formats)),
        }
    topic = base.removeprefix("archive/").rpartition("-")[0] if name.startswith("archive/") else base
    there = {"all", *(one.id for one in config.topics)}
    if f".{ending}" == HTML.ending and topic not in there:
        return _topic_of_older(topic) not in there
    if topic not in there:
        return True
    published = {HTML.ending, *(form.ending for form in formats.named(config.site.formats))}
    return f".{ending}" not in published and not name.startswith("archive/")


def _digest_names(config: Config) -> dict[str, Topic]:
    """Name of a topic's digest → the topic."""
    return {f"{topic.id}-digest": topic for topic in config.topics if topic.digest is not None}


def print_newest_archives(config: Config, store: Store) -> None:
    """The archive documents that still grow are to be printed anew: what stands in them may be told otherwise
    now.
    """
    with store.transaction():
        for topic in (ALL, *config.topics):
            newest = stories.archives(store, topic.id)
            if newest and not store.meta(unprinted(topic.id)):
                store.set_meta(unprinted(topic.id), str(newest))


class Press:
    """Makes editions from the store for one issue; what several of them need is asked for once."""

    def __init__(self, config: Config, store: Store, anew: bool = False) -> None:
        """`anew`: pages look different now, those of complete archive documents too."""
        self.config, self.store, self.anew = config, store, anew
        self.topics = {topic.id: topic for topic in (*config.topics, ALL)}
        self.origins = sources.origins(store, config.sources)
        self.priorities = {source.id: source.priority for source in config.sources}
        self.neighbours = [
            pages.Neighbour(topic.id, topic.title, topic.description) for topic in (ALL, *config.topics)
        ]
        self.words = heeding(View("", "", "", ""), store)
        self.made: dict[str, Edition] = {}
        self.digests = _digest_names(config)

    def view(self, topic: Topic) -> View:
        config = self.config
        # Who chose how many items a feed has wants that many; else it also keeps to a size.
        size = (
            edition.FEED_SIZE
            if topic.limit is None and config.limit == DEFAULT_LIMIT and config.site.content == "full"
            else None
        )
        view = View(topic.id, config.site.title if topic is ALL else topic.title, topic.description, config.site.base_url,
                    topic.one_per or config.one_per, topic.limit or config.limit, size, topic.min_sources, topic.per_source,
                    config.lead, config.event_lead, topic.sort or config.sort, None if topic is ALL else topic.id)  # fmt: skip
        return replace(view, pinned=self.words.pinned, hidden=self.words.hidden)

    def compose(self, view: View, found: Sequence[Story], without: Container[str] = ()) -> Edition:
        if view.one_per == "event":
            found = stories.of_events(self.store, {story.event for story in found})
        heads = stories.heads(self.store, {story.event for story in found})
        return edition.compose(view, found, heads, self.origins, self.priorities, without)

    def done_with(self, view: View, found: Sequence[Story]) -> set[str]:
        """What is in an archive document stays there, and does not come back into the feed when others leave
        it (F60).
        """
        if not stories.archives(self.store, view.id):
            return set()
        ids = {story.public_id for story in found} | {
            member.entry.public_id for story in found for member in story.members
        }
        ids |= {
            head.public_id for head in stories.heads(self.store, {story.event for story in found}).values()
        }
        return stories.archived(self.store, view.id, ids, least=1)

    def newest(self, topic: Topic) -> Edition:
        """The items of the feed. Looks further back where too little was chosen, or everything is young
        enough to stay beyond the limit (F26).
        """
        view = self.view(topic)
        picky = view.min_sources > 1 or view.per_source is not None or view.one_per == "event"
        wanted = min(FETCH_MOST, (view.limit or DEFAULT_LIMIT) * (FETCH_PICKY if picky else FETCH))
        while True:
            found = stories.newest(self.store, None if topic is ALL else topic.id, wanted)
            made = self.compose(view, found, self.done_with(view, found))
            young = bool(found) and found[-1].published >= found[0].published - edition.BURST_WINDOW
            if (
                len(found) < wanted
                or wanted >= FETCH_MOST
                or not (young or (picky and len(made.items) < (view.limit or 0)))
            ):
                return made
            wanted = min(FETCH_MOST, wanted * 4)

    def edition(self, topic: Topic, folder: Folder) -> dict[str, bytes]:
        """The feeds, the page and the archive documents of one topic."""
        made = self.newest(topic)
        files = self.archives(topic, made, folder)
        made = self.made[topic.id] = replace(
            made, updated=self.as_of(topic.id, made.updated), archive=stories.archives(self.store, topic.id)
        )
        site = self.config.site
        files.update(render.feeds(made, site))
        files[f"{topic.id}.html"] = pages.topic(made, site, self.neighbours)
        return files

    def digest(self, name: str) -> dict[str, bytes]:
        """The feeds and the page of a topic's digests."""
        made = digests.printed(self.config, self.store, self.digests[name])
        made = replace(made, updated=self.as_of(name, made.updated))
        return {
            **render.feeds(made, self.config.site),
            f"{name}{HTML.ending}": pages.digest(made, self.config.site, self.neighbours),
        }

    def as_of(self, name: str, newest: int) -> int:
        """The date of a feed: its newest change, never backwards, not even when that item leaves it (F20); of
        one still empty, our first day.
        """
        date = max(newest, int(self.store.meta(f"updated {name}") or 0))
        if newest:
            self.store.set_meta(f"updated {name}", str(date))
        return date or int(self.store.meta("born") or 0)

    def archives(self, topic: Topic, current: Edition, folder: Folder) -> dict[str, bytes]:
        """Items that left the feed go into the newest archive document; one that is full is complete, and
        never written again (RFC 5005).
        """
        if current.items:
            self.place(topic, current)
        newest = stories.archives(self.store, topic.id)
        noted = self.store.meta(unprinted(topic.id))
        lost = {
            int(name.rpartition("-")[2].partition(".")[0])
            for name in folder.missing()
            if name.startswith(f"archive/{topic.id}-")
        }
        documents = lost | set(range(int(noted), newest + 1) if noted else ())
        files: dict[str, bytes] = {}
        for number in sorted({*documents, *self.older_pages(topic, newest, folder)}):
            made, complete = self.archive(topic, number), number < newest
            if number in documents:
                files.update(render.archive(made, self.config.site, number, complete))
            files.update(self.older_page(made, number, complete))
        return files

    def older_pages(self, topic: Topic, newest: int, folder: Folder) -> list[int]:
        """Archive documents that have no page, or one that looks different now."""
        there = set() if self.anew else set(folder.names()) - set(folder.missing())
        names = {number: pages.older_name(topic.id, number) for number in range(1, newest + 1)}
        return [
            number for number, name in names.items() if name not in there and not self.is_of_a_topic(name)
        ]

    def is_of_a_topic(self, page: str) -> bool:
        """Whether a topic has this name: its own page comes first."""
        return page.removesuffix(HTML.ending) in self.topics

    def older_page(self, made: Edition, number: int, complete: bool) -> dict[str, bytes]:
        name = pages.older_name(made.id, number)
        if self.is_of_a_topic(name):
            return {}
        return {name: pages.older(made, self.config.site, self.neighbours, number, complete)}

    def place(self, topic: Topic, current: Edition) -> None:
        """Gives everything that left the feed its archive document."""
        view = replace(self.view(topic), limit=None)
        oldest, present = current.since, {item.id for item in current.items}
        # what fair mixing leaves out does not come back
        until = oldest if view.per_source is None else 1 << 62
        for left in stories.left_behind(
            self.store, None if topic is ALL else topic.id, topic.id, until, view.one_per == "entry", BATCH
        ):
            composed = self.compose(view, left).items
            known = stories.archived(
                self.store, topic.id, {item.id for item in composed} | {story.public_id for story in left}
            )
            items = [
                item
                for item in reversed(composed)
                if item.published <= until and item.id not in present and item.id not in known
            ]
            newest = stories.archives(self.store, topic.id)
            held = self.archived(topic, newest) if newest else []
            placed = edition.archive_places({item.id: edition.weight(item) for item in items}, newest, len(stories.in_archive(self.store, topic.id, newest)) if newest else 0,
                                            sum(map(edition.weight, held)))  # fmt: skip
            # What is told within another item, or by too few until now, is done with too: under number 0.
            silent = (
                set()
                if view.one_per == "entry"
                else {story.public_id for story in left if story.published <= oldest}
                - present
                - known
                - set(placed)
            )
            if placed and not self.store.meta(unprinted(topic.id)):
                self.store.set_meta(unprinted(topic.id), str(max(1, newest)))
            stories.archive(self.store, topic.id, {**dict.fromkeys(sorted(silent), 0), **placed})

    def archived(self, topic: Topic, number: int) -> list[Item]:
        """The items of an archive document that are still stored, newest first."""
        ids = stories.in_archive(self.store, topic.id, number)
        wanted = set(ids)
        view = replace(self.view(topic), limit=None, min_sources=1)
        found = (
            stories.of_event_ids(self.store, ids)
            if view.one_per == "event"
            else stories.by_public_id(self.store, ids)
        )
        return [item for item in self.compose(view, found).items if item.id in wanted]

    def archive(self, topic: Topic, number: int) -> Edition:
        """What an archive document holds."""
        view, items = self.view(topic), self.archived(topic, number)
        updated = max((item.updated for item in items), default=0) or self.as_of(topic.id, 0)
        return Edition(topic.id, view.title, view.description, tuple(items), updated)

    def front(self) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
        """(events that most sources tell, other stories that are new)."""
        view = replace(self.view(ALL), id="front", one_per="event", limit=None, size=None)
        events = edition.most_told(stories.told_by_several(self.store, ON_FRONT))
        heads, found = stories.heads(self.store, events), stories.of_events(self.store, events)
        told = edition.compose(view, found, heads, self.origins, self.priorities)
        fresh = edition.mixed(stories.founders(self.store, ON_FRONT), events)
        view = replace(view, one_per="story")
        new = edition.compose(view, stories.stories(self.store, fresh), {}, self.origins, self.priorities)
        return told.items, new.items

    def index(self) -> dict[str, bytes]:
        """The front page and the list of published feeds."""
        site = self.config.site
        newest = [self.made.get(topic.id) or self.newest(topic) for topic in (ALL, *self.config.topics)]
        form = formats.best_first(site.formats)[0]
        feeds = [
            opml.Outline(
                f"{site.base_url}{one.id}{form.ending}",
                pages.feed_title(one.id, one.title, site),
                f"{site.base_url}{one.id}{HTML.ending}",
            )
            for one in [
                *newest,
                *(digests.printed(self.config, self.store, topic) for topic in self.digests.values()),
            ]
        ]
        read = [opml.Outline(origin.url, origin.title, origin.site) for source in self.config.sources
                if (origin := self.origins[source.id]).url]  # fmt: skip
        return {
            "index.html": pages.index(newest, *self.front(), site, self.neighbours),
            "feeds.opml": opml.write(f"Feeds of {site.title}", feeds),
            "sources.opml": opml.write(f"Sources of {site.title}", read),
        }

    def sources(self) -> dict[str, bytes]:
        """What happened to sources, as feeds and as a page."""
        notices = sources.notices(self.store)
        site = self.config.site
        rows = [
            pages.SourceLine(
                s.id, self.origins[s.id].title, self.origins[s.id].url, self.origins[s.id].site, s.enabled
            )
            for s in self.config.sources
        ]
        updated = self.as_of("sources", max((one.at for one in notices), default=0))
        return {
            **sourcesfeed.write(notices, site, updated),
            "sources.html": pages.sources(notices, rows, site, self.neighbours),
        }


def sweep(config: Config, store: Store, now: int) -> Written:
    """After retention: pages of stories and events that are no longer stored go."""
    folder = Folder(config.output)
    live = {edition.page(public_id) for public_id in stories.all_public_ids(store)}
    return folder.write(
        {}, {name for name in folder.names() if name.startswith("stories/") and name not in live}, now
    )


def search_feed(
    config: Config, store: Store, found: Sequence[Story], text: str, form: Format, limit: int
) -> bytes:
    """A search as a feed: the stories that match, as an edition of their own."""
    view = View(
        "search",
        f"Search: {text}",
        f"Everything stored that matches {text}",
        config.site.base_url,
        "story",
        limit,
        lead=config.lead,
        event_lead=config.event_lead,
    )
    press = Press(config, store)
    made = edition.compose(heeding(view, store), found, {}, press.origins, press.priorities)
    # The address of the feed itself is the search, so that a reader that subscribes finds it again.
    # No hub: what changes here is found when it is asked for, and nobody is told.
    return render.feeds(
        made,
        replace(config.site, formats=(form.name,), hub=None),
        address=f"{config.site.base_url}search?q={quote(text)}&format={form.name}",
    )[f"search{form.ending}"]


def search_items(config: Config, store: Store, found: Sequence[int]) -> list[Item]:
    """Stories by their numbers, in this order, as items for a page."""
    press = Press(config, store)
    view = View(
        "search", "", "", config.site.base_url, "story", None, lead=config.lead, event_lead=config.event_lead
    )
    items: list[Item] = []
    heard = heeding(view, store)
    for story in sorted(stories.stories(store, list(found)), key=lambda story: found.index(story.id)):
        items += edition.compose(heard, [story], {}, press.origins, press.priorities).items
    return items


__all__ = ["ALL", "Press", "issue", "label", "print_newest_archives", "search_feed", "search_items", "sweep"]
