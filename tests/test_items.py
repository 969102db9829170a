"""Level item within one source: what is the same item from poll to poll, and what is not. Nothing is lost, nothing comes twice."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path
from random import Random
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aggregator import answers, poll, urls
from aggregator.errors import UsageError
from aggregator.model import FetchResult, Limits, PollResult, Source, SourceState
from aggregator.parse import parse
from aggregator.store import Store, entries, lookup, open_writer, recognise, sources
from tests.helpers import NOW, entry, put

MAX_NEAR = 100
OWN_WORDS = 8

DAY = 86_400


def item(
    title: str,
    guid: str | None = None,
    link: str | None = None,
    day: float | None = None,
    text: str = "",
    medium: str = "",
) -> str:
    from email.utils import formatdate

    parts = [
        f"<title>{escape(title)}</title>",
        f"<description>{escape(text or f'All about {title}.')}</description>",
    ]
    parts += [f"<guid isPermaLink='false'>{escape(guid)}</guid>"] if guid is not None else []
    parts += [f"<link>{escape(link)}</link>"] if link is not None else []
    parts += [f"<pubDate>{formatdate(NOW + day * DAY, usegmt=True)}</pubDate>"] if day is not None else []
    parts += [f"<enclosure url='{escape(medium)}' type='audio/mpeg' length='1'/>"] if medium else []
    return f"<item>{''.join(parts)}</item>"


def _completed(memory: SourceState, new: int) -> SourceState:
    return poll.with_new_count(memory, new)


def polls(
    store: Store, *documents: list[str], at: int = NOW + 60 * DAY, reduced: bool = False
) -> list[tuple[str, int]]:
    """Poll these one after the other, a day apart; (title, times that it was new or changed) of what is stored then.
    `reduced`: what is known from the document before is not read again.
    """
    marks = None
    for items in documents:
        body = f"<rss version='2.0'><channel><title>A</title><link>https://a.example/</link>{''.join(items)}</channel></rss>"
        fetched = FetchResult("https://a.example/feed", at, 200, body=body.encode())
        parsed = parse(Source("a", url="https://a.example/feed"), fetched, Limits(), before=marks)
        assert parsed.failure is None
        memory = SourceState(polled=at, succeeded=at, state="ok", state_since=at)
        polled = PollResult("a", at, memory, entries=parsed.entries, marks=parsed.marks, held=parsed.held)
        with_memory = functools.partial(_completed, memory)
        entries.absorb(
            store, Source("a", url=fetched.url), polled, with_memory, lambda _: True, lambda _: None
        )
        marks = sources.marks(store, ["a"]).get("a") if reduced else None
        at += DAY
    return store.rows("SELECT title, revisions FROM entry ORDER BY id")


L = "https://a.example/"
WORDS = " ".join(f"word{number}" for number in range(OWN_WORDS - 1))  # and one is the headline
CASES: dict[str, tuple[list[list[str]], list[tuple[str, int]]]] = {
    "the same again": ([[item("A", "1", L + "a", 1)]] * 3, [("A", 0)]),
    "edited": (
        [[item("Quake hits city", "1", L + "a", 1)], [item("Quake hits city, ten dead", "1", L + "a", 1)]],
        [("Quake hits city, ten dead", 1)],
    ),
    "another guid each time, with a link": (
        [[item("A", f"x{n}", L + "a", 1), item("B", f"y{n}", L + "b", 1)] for n in range(4)],
        [("A", 0), ("B", 0)],
    ),
    "… without a date": ([[item("A", f"x{n}", L + "a")] for n in range(4)], [("A", 0)]),
    "… and a date that is always now": (
        [[item("A", f"x{n}", L + "a", 50 + n)] for n in range(9)],
        [("A", 0)],
    ),
    "another link each time, by what no cache knows": (
        [
            [item(one, f"{L}{one}?t={n}&c=x", f"{L}{one}?t={n}&c=x", day) for day, one in enumerate("ABC")]
            for n in range(4)
        ],
        [("A", 0), ("B", 0), ("C", 0)],  # which is no edit
    ),
    "… and one of them was edited": (
        [
            [
                item(one, f"{L}{one}?t={n}", f"{L}{one}?t={n}", day, f"as of {n}" if one == "B" else "")
                for day, one in enumerate("ABC")
            ]
            for n in range(2)
        ],
        [("A", 0), ("B", 1), ("C", 0)],
    ),
    "a link that is https now": (
        [[item("A", "1", "http://a.example/a", 1)], [item("A", "1", "https://www.a.example/a/", 1)]],
        [("A", 0)],
    ),
    "a medium whose address is signed anew": (
        [
            [
                item(
                    "A",
                    "1",
                    L + "a",
                    1,
                    medium=f"http{'s' * n}://c.example/1.mp3?e=17{n}&X-Sig=17999999{n}&id=5",
                )
            ]
            for n in (0, 1)
        ],
        [("A", 0)],
    ),
    "… and is another file": (
        [[item("A", "1", L + "a", 1, medium=f"https://c.example/1.mp3?id={n}")] for n in (5, 6)],
        [("A", 1)],
    ),
    "… of an item that was edited": (
        [
            [item("A", "1", L + "a", 1, f"Text {n}", medium=f"https://c.example/1.mp3?token={n}")]
            for n in (5, 6)
        ],
        [("A", 1)],
    ),
    "… and has one thing more to say": (
        [
            [item(one, one, f"{L}{one}?t=1{'&p=2' * n}", day) for day, one in enumerate("ABC")]
            for n in range(2)
        ],
        [("A", 1), ("B", 1), ("C", 1)],  # a link that says more is another one
    ),
    "… under guids that stay": (
        [[item(one, one, f"{L}{one}?t={n}", day) for day, one in enumerate("ABC")] for n in range(4)],
        [("A", 0), ("B", 0), ("C", 0)],
    ),
    "… of two links alone, under guids that stay": (
        [[item(one, one, f"{L}{one}?t={n}", day) for day, one in enumerate("AB")] for n in range(2)],
        [("A", 1), ("B", 1)],
    ),
    "… of two links alone": (
        [
            [item(one, f"{L}{one}?t={n}", f"{L}{one}?t={n}", day, "x") for day, one in enumerate("AB")]
            for n in range(2)
        ],
        [("A", 0), ("B", 0), ("A", 0), ("B", 0)],
    ),
    "… at another time": (
        [
            [item(one, f"{L}{one}?t={n}", f"{L}{one}?t={n}", day + 9 * n) for day, one in enumerate("ABC")]
            for n in range(2)
        ],
        [("A", 0), ("B", 0), ("C", 0)] * 2,
    ),
    "… with a number of its own": (
        [
            [item("Photo", f"{L}v?t={n}&id={k}", f"{L}v?t={n}&id={k}", 1) for k in range(3 * n, 3 * n + 3)]
            for n in range(2)
        ],
        [("Photo", 0)] * 6,
    ),
    "… without a link": (
        [[item("A", f"x{n}", None, 1), item("B", f"y{n}", None, 2)] for n in range(3)],
        [("A", 0), ("B", 0)],
    ),
    "… without both": ([[item("A", f"x{n}"), item("B", f"y{n}")] for n in range(3)], [("A", 0), ("B", 0)]),
    "… and an edit": (
        [[item("Quake hits city", "1", L + "a", 1)], [item("Quake hits city, ten dead", "2", L + "a", 1)]],
        [("Quake hits city, ten dead", 1)],
    ),
    "neither guid nor link": (
        [[item("A", day=1), item("B", day=1)], [item("B", day=1), item("C", day=2)]],
        [("A", 0), ("B", 0), ("C", 0)],
    ),
    "neither guid nor link, edited": (
        [[item("A", day=1)], [item("A", day=1, text="More of it")]],
        [("A", 1)],
    ),
    "no guid, all link to the home page": (
        [
            [item("A", link=L, day=1), item("B", link=L, day=2)],
            [item("C", link=L, day=3), item("A", link=L, day=1)],
        ],
        [("A", 0), ("B", 0), ("C", 0)],
    ),
    "no guid, all link to one page": (
        [
            [item("A", link=L + "news"), item("B", link=L + "news")],
            [item("B", link=L + "news"), item("C", link=L + "news")],
            [item("C", link=L + "news")],
        ],
        [("A", 0), ("B", 0), ("C", 0)],
    ),
    "guid 0 for all": (
        [
            [item("A", "0", L + "a", 1), item("B", "0", L + "b", 2)],
            [item("B", "0", L + "b", 2), item("C", "0", L + "c", 3)],
        ],
        [("A", 0), ("B", 0), ("C", 0)],
    ),
    "guid 0, one item at a time": (
        [[item(name, "0", L + name, day)] for day, name in enumerate("abcba")],
        [("a", 0), ("b", 0), ("c", 0)],
    ),
    "guid 0, one item at a time, no links": (
        [[item(name, "0", None, day)] for day, name in enumerate("abc")],
        [("a", 0), ("b", 0), ("c", 0)],
    ),
    "the home page as guid of all": (
        [
            [item("A", L, L + "a", 1)],
            [item("B", L, L + "b", 2)],
            [item("B", L, L + "b", 2), item("C", L, L + "c", 3)],
        ],
        [("A", 0), ("B", 0), ("C", 0)],
    ),
    "guids are places in the list": (
        [
            [item(name, str(n), L + name, ord(name) - 95) for n, name in enumerate(names)]
            for names in ("cba", "dcb", "fed", "fed")
        ],
        [("c", 0), ("b", 0), ("a", 0), ("d", 0), ("f", 0), ("e", 0)],
    ),
    "a column under one link each day": (
        [
            [item(title, f"q{day}", L + "quiz", day)]
            for day, title in enumerate(("Rivers of Asia", "Kings and queens", "Songs by the sea"))
        ],
        [("Rivers of Asia", 0), ("Kings and queens", 0), ("Songs by the sea", 0)],
    ),
    "… with one headline": (
        [
            [item("The quiz", f"q{day}", L + "quiz", 3 * day, f"Question {day}: who was it?")]
            for day in range(3)
        ],
        [("The quiz", 0)] * 3,
    ),
    "… a little early": (
        [[item("Headlines", f"q{n}", L + "day", 0.9999 * n, f"Those of day {n}")] for n in range(3)],
        [("Headlines", 0)] * 3,
    ),
    "… twice a day, without a link": (
        [[item("Headlines", f"q{n}", None, 0.4 * n, f"Those of day {n}")] for n in range(3)],
        [("Headlines", 0)] * 3,
    ),
    "a link blog, two posts on one page": (
        [
            [item("First thoughts", "1", "https://b.example/x", 1)],
            [item("Second thoughts", "2", "https://b.example/x", 3)],
        ],
        [("First thoughts", 0), ("Second thoughts", 0)],
    ),
    "one guid and link for two, about different things": (
        [
            [
                item("Good morning", "m", L + "m", 1, "Beer for all"),
                item("Republican art", "m", L + "m", 1, "A look at the White House"),
            ]
        ]
        * 2,
        [("Good morning", 0), ("Republican art", 0)],
    ),
    "the same guid and link twice in one document": ([[item("A", "1", L + "a", 1)] * 2], [("A", 0)]),
    "a guid that comes back for something else": (
        [
            [item("A", "1", L + "a", 1)],
            [item("A", "2", L + "a", 1)],
            [item("A", "2", L + "a", 1), item("New in town", "1", L + "n", 5)],
        ],
        [("A", 0), ("New in town", 0)],
    ),
    "an address as guid stands for its item whatever changes": (
        [
            [item("Old headline", "https://a.example/?p=7", L + "old", 1)],
            [item("All is new", "https://a.example/?p=7", L + "new", 9)],
        ],
        [("All is new", 1)],
    ),
    "guids of two items change places": (
        [
            [item("A", "0", L + "x", 1), item("A", "1")],
            [item("B", "0"), item("B", "1", L + "x", 1)],
            [item("B", "0"), item("B", "1", L + "x", 1)],
        ],
        [("B", 1), ("A", 0), ("B", 0)],
    ),
    "two that fit equally well, and none of them for sure": (
        [
            [item("A", "1", L + "a", 1, "One"), item("A", "2", L + "a", 1, "Two")],
            [item("A", "3", L + "a", 1, "Three")],
        ],
        [("A", 0), ("A", 0), ("A", 0)],
    ),
    "… or one of them for sure": (
        [
            [item("A", "1", L + "a", 1, "One"), item("A", "2", L + "a", 1, "Two")],
            [item("A", "3", L + "a", 1, "Two")],
        ],
        [("A", 0), ("A", 0)],
    ),
    "no guid, and a link that tracks anew each time": (
        [[item("A", None, f"{L}a?cmpid=rss-{n}", 1)] for n in range(3)],
        [("A", 0)],  # which is no edit
    ),
    "… without guid, date": ([[item("A", None, f"{L}a?cmpid=rss-{n}")] for n in range(3)], [("A", 0)]),
    "… or one that says which page is meant, each day": (
        [[item("Help", None, f"{L}view?campaign_id={n}", n)] for n in range(3)],
        [("Help", 0)] * 3,
    ),
    "… at once": (
        [[item("Help", f"g{n}", f"{L}view?campaign_id={n}") for n in range(3)]] * 2,
        [("Help", 0)] * 3,
    ),
    "… one after the other, with guids and no dates": (
        [[item("Help", f"g{n}", f"{L}view?campaign_id={n}")] for n in range(3)],
        [("Help", 0)] * 3,
    ),
    "one guid for two without links, about different things": (
        [
            [
                item("Harbour opens", "0", None, 1, "Music on the pier"),
                item("Fish is dear", "0", None, 1, "Cod costs more"),
            ]
        ]
        * 2,
        [("Harbour opens", 0), ("Fish is dear", 0)],
    ),
    "… under one headline": (
        [[item("News", "0", None, 1, "Music on the pier"), item("News", "0", None, 1, "Cod costs more")]] * 2,
        [("News", 0)] * 2,
    ),
    "… one of which stays": (
        [
            [
                item("Harbour opens", "0", text="Music on the pier"),
                item("Fish is dear", "0", text="Cod costs more"),
            ],
            [item("Fish is dear", "0", text="Cod costs more")],
        ],
        [("Harbour opens", 0), ("Fish is dear", 0)],
    ),
    "one guid twice, edited meanwhile": (
        [
            [
                item("Fire in the harbour quarter", "7", None, 1),
                item("Fire in the harbour quarter is out", "7", None, 1),
            ]
        ]
        * 2,
        [("Fire in the harbour quarter", 0)],
    ),
    "a site that moves, guids and all": (
        [
            [item(one, f"{to}{one}", f"{to}{one}", day) for day, one in enumerate(names)]
            for to, names in ((L, "abc"), ("https://b.example/blog/", "abcd"))
        ],
        [("a", 1), ("b", 1), ("c", 1), ("d", 0)],  # its link is another one indeed
    ),
    "… and another second": (
        [[item("a", f"{to}a", f"{to}a", day)] for day, to in ((1, L), (1.001, "https://b.example/"))],
        [("a", 0)] * 2,
    ),
    "… and no date": (
        [[item("a", f"{to}a", f"{to}a")] for to in (L, "https://b.example/")],
        [("a", 0)] * 2,
    ),
    "… and another page": (
        [[item("a", to, to, 1)] for to in (f"{L}a", "https://b.example/b")],
        [("a", 0)] * 2,
    ),
    "… and another title": (
        [[item(name, f"{to}a", f"{to}a", 1)] for name, to in (("a", L), ("b", "https://b.example/"))],
        [("a", 0), ("b", 0)],
    ),
    "… to a page without a name": (
        [[item("a", to, to, 1)] for to in (f"{L}a/b/", "https://b.example/")],
        [("a", 0)] * 2,
    ),
    "… where one item stayed, which tells that the others are new": (
        [
            [item("a", f"{L}a", f"{L}a", 1), item("x", "x", f"{L}x", 1)],
            [item("a", "https://b.example/a", "https://b.example/a", 1), item("x", "x", f"{L}x", 1)],
        ],
        [("a", 0), ("x", 0), ("a", 0)],
    ),
    "an address that is edited, guid and all": (
        [
            [item("a", one, f"{L}{one}", 1, WORDS), item("x", "x", f"{L}x", 1)]
            for one in ("build-it", "build-a-it", "build-one")
        ],
        [("a", 2), ("x", 0)],  # its link is another one indeed
    ),
    "… at another second": (
        [
            [item("a", one, f"{L}{one}", day, WORDS), item("x", "x", f"{L}x", 1)]
            for one, day in (("build-it", 1), ("build-a-it", 1.001))
        ],
        [("a", 0), ("x", 0), ("a", 0)],
    ),
    "… without its date": (
        [
            [item("a", one, f"{L}{one}", None, WORDS), item("x", "x", f"{L}x", 1)]
            for one in ("build-it", "build-a-it")
        ],
        [("a", 0), ("x", 0), ("a", 0)],
    ),
    "… and another word": (
        [
            [item("a", one, f"{L}{one}", 1, f"{WORDS} {one}"), item("x", "x", f"{L}x", 1)]
            for one in ("build-it", "build-a-it")
        ],
        [("a", 0), ("x", 0), ("a", 0)],
    ),
    "… and another recording": (
        [
            [item("a", one, f"{L}{one}", 1, WORDS, f"{L}{one}.mp3"), item("x", "x", f"{L}x", 1)]
            for one in ("build-it", "build-a-it")
        ],
        [("a", 0), ("x", 0), ("a", 0)],
    ),
    "… in fewer words than its own": (
        [
            [item("a", one, f"{L}{one}", 1, WORDS.rpartition(" ")[0]), item("x", "x", f"{L}x", 1)]
            for one in ("build-it", "build-a-it")
        ],
        [("a", 0), ("x", 0), ("a", 0)],
    ),
    "… which is still there": (
        [
            [item("a", one, f"{L}{one}", 1, WORDS) for one in there]
            for there in (["build-it"], ["build-a-it", "build-it"])
        ],
        [("a", 0), ("a", 0)],
    ),
    "… of two that say the same": (
        [
            [item("a", one, f"{L}{one}", 1, WORDS) for one in there]
            for there in (["one", "two", "three"], ["four", "three"])
        ],
        [("a", 0)] * 4,
    ),
    "no guid: the link is it, however the headline changes": (
        [[item("A", link=L + "a", day=1)], [item("Something else", link=L + "a", day=2)]],
        [("Something else", 1)],
    ),
}


@pytest.mark.parametrize("reduced", [False, True], ids=["whole", "reduced"])
@pytest.mark.parametrize("name", CASES)
def test_from_poll_to_poll(tmp_path: Path, name: str, reduced: bool) -> None:
    documents, wanted = CASES[name]
    with open_writer(tmp_path / "a.db") as store:
        assert polls(store, *documents, reduced=reduced) == wanted
        ids = store.rows("SELECT id, public_id, first_seen FROM entry")
        assert polls(store, documents[-1]) == wanted, "the same document again brings nothing"
        assert store.rows("SELECT id, public_id, first_seen FROM entry") == ids


def test_addresses_that_hold_for_a_time_are_the_newest(tmp_path: Path) -> None:
    with open_writer(tmp_path / "a.db") as store:
        for n in range(9):
            media = f"http{'s' * (n > 0)}://c.example/1.mp3?token={n}"
            polls(store, [item("A", "1", f"http{'s' * (n > 0)}://a.example/a", 1, medium=media)])
        (said,) = entries.all_kept(store, True)
        assert (said.link, said.enclosures[0].url) == (L + "a", "https://c.example/1.mp3?token=8")
        assert lookup.said(store, said.id)
        assert not store.value("SELECT count(*) FROM pending_edit")


_ITEMS = st.tuples(
    st.sampled_from("ABCDE"),
    st.sampled_from([None, "0", "1", "urn:x:1", "https://a.example/"]),
    st.sampled_from([None, L, L + "x", L + "y", L + "x?cmp=1", L + "x?cmp=2"]),
    st.sampled_from([None, 1, 2, 2.5]),
    st.sampled_from(["", "Another text"]),
)
_SWAPPED: list[list[tuple[str, str | None, str | None, float | None, str]]] = [
    [("A", "0", L + "x", 1, ""), ("A", "1", None, None, "")],
    [("B", "0", None, None, ""), ("B", "1", L + "x", 1, "")],
]


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.lists(_ITEMS, max_size=5), min_size=1, max_size=5), st.randoms(use_true_random=False))
@example(_SWAPPED, Random(1))
@example([*_SWAPPED, *_SWAPPED], Random(1))
def test_whatever_guids_and_links_do_no_poll_breaks_and_a_repeat_adds_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    drawn: list[list[tuple[str, str | None, str | None, float | None, str]]],
    random: Random,
) -> None:
    documents = [
        [item(title * 3, guid, link, day, text) for title, guid, link, day, text in one]
        for one in drawn
        if one
    ]
    folder = tmp_path_factory.mktemp("items")
    with open_writer(folder / "a.db") as store, open_writer(folder / "reduced.db") as other:
        polls(store, *documents)
        if not documents:
            return
        before = _identities(store)
        polls(other, *documents, reduced=True)
        assert _identities(other) == before, "nor what is known and not read again"
        polls(store, documents[-1])
        assert _identities(store) == before
        polls(store, random.sample(documents[-1], len(documents[-1])))
        assert _identities(store) == before, "nor does another order"


def _identities(store: Store) -> list[tuple[int, str, int]]:
    return store.rows("SELECT id, public_id, first_seen FROM entry ORDER BY id")


@pytest.mark.parametrize(
    ("item", "index"),
    [
        ({"link": "https://a.example/1"}, "l USING PRIMARY KEY (link_hash=? AND source=?)"),
        ({"link": "https://a.example/1?cmp=2"}, "entry_doubtful"),
        ({"link": None}, "entry_unlinked"),
    ],
)
def test_a_poll_never_walks_what_is_stored_of_its_source(
    tmp_path: Path, item: dict[str, str | None], index: str
) -> None:
    asked: list[str] = []
    with open_writer(tmp_path / "a.db") as store:
        put(store, *(entry("a", f"g{n}", f"Thing {n}", link=f"https://a.example/{n}") for n in range(300)))
        store._conn.set_trace_callback(asked.append)
        put(store, entry("a", "new", "New", at=NOW - 1, **item), entry("a", "g1", "Thing 1"))  # type: ignore[arg-type]  # parameters of a table
        store._conn.set_trace_callback(None)
        plans = [
            detail
            for query in asked
            if query.lstrip().startswith(("SELECT", "UPDATE", "DELETE"))
            for *_, detail in store.rows(f"EXPLAIN QUERY PLAN {query}")
        ]
    assert any(index in plan for plan in plans)
    walks = [plan for plan in plans if plan.startswith("SCAN entry") or plan.endswith("(source=?)")]
    assert not [plan for plan in walks if "entry" in plan], walks


def test_what_is_compared_is_bounded(tmp_path: Path) -> None:
    with open_writer(tmp_path / "a.db") as store:
        column = [
            entry("a", f"g{n}", "The quiz", f"No {n}", NOW - 90_000 * n, "https://a.example/q")
            for n in range(MAX_NEAR + 50)
        ]
        put(store, *column)
        again = [replace(one, guid=f"x{n}", key=f"x{n}") for n, one in enumerate(column)]
        assert put(store, *again[:MAX_NEAR]).new == 0, "the newest are recognised by their words"
        assert put(store, *again[MAX_NEAR:]).new == 50, "what is older is found by its guid alone"


def test_a_held_edit_is_taken_also_where_another_item_has_its_guid_now(tmp_path: Path) -> None:
    """What a source says five times in a row is held back once; its number may go to something else meanwhile."""
    edits = [[item("Quake hits city", "0", L + "a", 1, f"{n} dead")] for n in range(5)]
    with open_writer(tmp_path / "a.db") as store:
        for number, document in enumerate([*edits, [item("New in town", "0", L + "n", 5)]]):
            polls(store, document, at=NOW + 60 * DAY + number)
        assert store.row("SELECT count(*) FROM pending_edit") == (1,)
        assert entries.pay(store, NOW + 90 * DAY, lambda entry: True) == 1
        said = store.rows("SELECT title, text FROM entry ORDER BY id")
    assert said == [("Quake hits city", "4 dead"), ("New in town", "All about New in town.")]


def test_F14_a_guid_that_another_source_has_is_not_published_twice(tmp_path: Path) -> None:
    with open_writer(tmp_path / "a.db") as store:
        one = entry("a", "urn:x:1", "One", link="https://a.example/1")
        put(store, one, replace(one, source="b"), replace(one, source="c"))
        assert len({row[0] for row in store.rows("SELECT public_id FROM entry")}) == 3


def test_a_name_that_several_entries_have_is_asked_back(tmp_path: Path) -> None:
    with open_writer(tmp_path / "a.db") as store:
        put(
            store,
            entry("a", "same", "One thing", link="https://a.example/1"),
            entry("b", "same", "Another thing", link="https://b.example/1"),
            entry("c", "x", "One thing", link="http://www.a.example/1/"),
        )
        with pytest.raises(UsageError, match=r"several entries are meant \(1, 2\)"):
            answers.find(store, "same")
        assert answers.find(store, "2").title == "Another thing", "a number is an entry's"
        assert answers.find(store, "https://a.example/1?utm_source=x").source == "a", (
            "one link of two sources is one item, in whatever form it is given"
        )


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("1", "One"),
        ("urn:x:1", "One"),
        ("https://a.example/1?utm_source=x", "One"),
        ("a.example/1", "One"),
        ("0", "The first under a guid"),
        ("https://home.example/", "Only a home page"),
        ("https://a.example/unknown", None),
    ],
)
def test_what_people_call_an_entry_by(tmp_path: Path, name: str, title: str | None) -> None:
    with open_writer(tmp_path / "a.db") as store:
        put(store, entry("a", "urn:x:1", "One", link="https://a.example/1"))
        put(store, entry("a", "0", "The first under a guid", link="https://a.example/2"))
        put(store, entry("a", "0", "The second under it", link="https://a.example/3", at=NOW - 99))
        put(store, entry("b", "urn:x:4", "Only a home page", link="https://home.example/"))
        found = lookup.find(store, name)
        assert (found[0].title if found else None) == title
        assert len(found) == (0 if title is None else 1 + (name == "0")), "of one guid both are shown"


def test_an_entry_is_found_without_looking_at_all(tmp_path: Path) -> None:
    with open_writer(tmp_path / "a.db") as store:
        for name in ("urn:x:1", "https://a.example/1"):
            for query, values in lookup._ways(name, urls.key(name)):
                steps = [row[3] for row in store.rows(f"EXPLAIN QUERY PLAN {query}", values)]
                assert steps and not [step for step in steps if step.startswith(("SCAN e", "SCAN entry"))]


def test_a_poll_that_brings_nothing_looks_at_no_entry(tmp_path: Path) -> None:
    """A 304 is what most polls are: it costs a source's row, whatever the document before held."""
    asked: list[str] = []
    with open_writer(tmp_path / "a.db") as store:
        polls(store, [item(f"Thing {n}", f"g{n}", f"{L}{n}", n) for n in range(30)])
        store._conn.set_trace_callback(asked.append)
        memory = SourceState(polled=NOW, succeeded=NOW, state="ok", state_since=NOW)
        entries.absorb(
            store,
            Source("a", url="https://a.example/feed"),
            PollResult("a", NOW, memory, not_modified=True),
            functools.partial(_completed, memory),
            lambda one: True,
            lambda one: None,
        )
        store._conn.set_trace_callback(None)
    assert asked and not [one for one in asked if "FROM entry" in one or "present FROM" in one]


@pytest.mark.parametrize(
    ("name", "documents", "expected"),
    [
        ("of the first document", [[item("One", "1")]], {"One": 1}),
        ("with a date", [[item("One", "1", day=1)]], {"One": 0}),
        (
            "what came later was new then",
            [[item("One", "1", day=1)], [item("One", "1", day=1), item("Two", "2")]],
            {"One": 0, "Two": 0},
        ),
        ("also behind an empty document", [[], [item("One", "1")]], {"One": 1}),
    ],
)
def test_of_what_has_no_date_in_a_first_document_nobody_knows_when_it_was_new(
    tmp_path: Path, name: str, documents: list[list[str]], expected: dict[str, int]
) -> None:
    with open_writer(tmp_path / "a.db") as store:
        polls(store, *documents)
        assert dict(store.rows("SELECT title, undated FROM entry")) == expected, name


@pytest.mark.parametrize(
    ("name", "links", "expected"),
    [
        ("three", ["a?ima=4", "b?ima=4&x=1", "c?x=2&ima=4"], {"ima=4"}),
        ("two may agree by chance", ["a?ima=4", "b?ima=4"], set()),
        ("one that says nothing", ["a?ima=4", "b?ima=4", "c"], set()),
        ("none", [], set()),
    ],
)
def test_what_all_links_say(name: str, links: list[str], expected: set[str]) -> None:
    found = [entry("a", link, link, link=f"https://a.example/{link}") for link in links]
    assert recognise.said_by_all(found) == expected, name
