"""Events merged best first, and taken apart again: pure on values, then over a real store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import check, cluster, cycle, fold
from aggregator.cluster import Cluster, Vector
from aggregator.config import Config
from aggregator.cycle import Wanted
from aggregator.fold.merging import LARGE, Bond, ByHand, Closest, Outcome, merges
from aggregator.model import Reason
from aggregator.store import Store, events, folding, open_writer, stories, upkeep
from aggregator.text.words import words
from tests.helpers import NOW, config, entry, put

WINDOW = 72 * 3600


@dataclass
class Inside:
    """What is known of the inside of some events."""

    bonds: dict[int, dict[int, Bond]] = field(default_factory=dict)
    vectors: dict[int, Vector] = field(default_factory=dict)

    def bonds_of(self, event: Cluster) -> dict[int, Bond] | None:
        return self.bonds.get(event.id)

    def vectors_of(self, stories: list[int]) -> list[tuple[int, Vector]]:
        return [(story, self.vectors[story]) for story in stories if story in self.vectors]


def vector(title: str) -> Vector:
    return cluster.weighted(cluster.terms(words(title), (), "en"), cluster.Rarity({}, 1000, "en"))


def event(number: int, *found: tuple[int, Vector], at: int = 0) -> Cluster:
    """One of these stories, told one second after the other."""
    made = Cluster(number, {}, 0, 1 << 62, 0)
    for place, (story, one) in enumerate(found):
        made.absorb(Cluster(number, one, 1, at + place, at + place, {story: at + place}))
    return made


def single(number: int, title: str, at: int = 0) -> Cluster:
    return event(number, (number, vector(title)), at=at)


def pairs(found: list[Cluster], vectors: dict[int, Vector]) -> dict[tuple[int, int], Closest]:
    return {
        (a.id, b.id): max(Closest(cluster.cosine(vectors[x], vectors[y]), x, y) for x in a.members for y in b.members)
        for a in found for b in found if a.id < b.id
    }  # fmt: skip


def merged(
    found: list[Cluster],
    inside: Inside | None = None,
    forbidden: frozenset[tuple[int, int]] = frozenset(),
    together: frozenset[tuple[int, int]] = frozenset(),
) -> Outcome:
    inside = inside or Inside()
    vectors = {**inside.vectors, **{next(iter(one.members)): one.total for one in found if one.size == 1}}
    return merges(
        {one.id: one for one in found}, pairs(found, vectors), WINDOW, inside, ByHand(forbidden, together)
    )


def test_events_merge_best_first_and_the_older_stays() -> None:
    found = [
        single(1, "Strong earthquake hits northern Chile", 10),
        single(2, "Earthquake in northern Chile kills four", 20),
        single(3, "Central bank holds rates", 30),
    ]
    outcome = merged(found)
    (merge,) = outcome.merges
    assert (
        (merge.kept, merge.gone, merge.near, merge.founder) == (1, 2, 1, 2)
        and outcome.clusters[1].size == 2
        and outcome.successors() == {2: 1}
    )
    assert (
        set(merge.common[: merge.telling]) == {"earthquak", "northern", "chil"}
        and merge.gap == 10
        and merge.average == merge.cosine
    )
    far = [single(1, "Same words here again"), single(2, "Same words here again", 9 * 86_400)]
    assert merged(far).merges == [], "beyond the window"


def test_what_is_kept_apart_from_a_part_is_kept_apart_from_the_whole() -> None:
    quake = "Strong earthquake hits northern Chile"
    found = [single(1, quake, 10), single(2, quake, 20), single(3, "Earthquake hits northern Chile", 30)]
    assert [(merge.kept, merge.gone) for merge in merged(found, forbidden=frozenset({(2, 3)})).merges] == [
        (1, 2)
    ]


def test_two_that_are_kept_apart_may_both_join_others() -> None:
    quake, bank = "Strong earthquake hits northern Chile", "Central bank leaves key interest rate unchanged"
    found = [single(1, quake), single(2, quake, 1), single(3, bank), single(4, bank, 1)]
    outcome = merged(found, forbidden=frozenset({(2, 4)}))
    assert {(merge.kept, merge.gone) for merge in outcome.merges} == {(1, 2), (3, 4)}


FERRY, FERRY_TOO, LATE = (
    "Ferry sinks off Brannock, ninety rescued",
    "Harbour of Brannock: dredging contract awarded",
    "Dredging contract for Brannock harbour awarded to Haas",
)


def early(score: float = 0.23) -> tuple[Cluster, Inside]:
    """Two stories that were merged by little, before the one came that the second belongs with."""
    vectors = {1: vector(FERRY), 2: vector(FERRY_TOO)}
    return event(1, *vectors.items()), Inside({1: {2: Bond(score, 1)}}, vectors)


def test_a_story_leaves_an_event_when_one_comes_that_it_is_more_like() -> None:
    whole, inside = early()
    outcome = merged([whole, single(9, LATE, 60)], inside)
    assert {frozenset(one.members) for one in outcome.clusters.values()} == {
        frozenset({1}),
        frozenset({2, 9}),
    }
    assert outcome.clusters[1].members.keys() == {1}, "the founder's part keeps the number"
    assert [(merge.kept, merge.gone) for merge in outcome.merges] == [(9, -2)], (
        "what has no id yet takes that of the other"
    )
    assert [(cut.event, cut.parts) for cut in outcome.cuts] == [(1, (1, -2))] and outcome.cuts[0].terms == {
        "brannock": 1
    }


@pytest.mark.parametrize(
    ("why", "score", "known", "joined"),
    [
        ("it was bound by more than now", 0.9, True, False),
        ("the user joined them", 0.23, True, True),
        ("its inside is not known", 0.23, False, False),
    ],
)
def test_an_event_stays_whole_where(why: str, score: float, known: bool, joined: bool) -> None:
    whole, inside = early(score)
    outcome = merged(
        [whole, single(9, LATE, 60)],
        inside if known else Inside(vectors=inside.vectors),
        together=frozenset({(2, 1)}) if joined else frozenset(),
    )
    assert not outcome.cuts and outcome.clusters[1].members.keys() >= {1, 2}, why


def test_a_large_event_is_not_taken_apart() -> None:
    vectors = {number: vector(FERRY) for number in range(1, LARGE + 1)}
    inside = Inside({1: {number: Bond(0.1, 1) for number in range(2, LARGE + 1)}}, vectors)
    outcome = merged([event(1, *vectors.items()), single(LARGE + 1, FERRY, 60)], inside)
    assert not outcome.cuts and outcome.clusters[1].size == LARGE + 1


def test_parts_are_kept_apart_from_what_the_whole_was() -> None:
    wanted = {
        frozenset(): {frozenset({1}), frozenset({2, 9, 10})},
        frozenset({(1, 9)}): {frozenset({1}), frozenset({2, 10}), frozenset({9})},
    }
    for forbidden, groups in wanted.items():
        whole, inside = early()
        outcome = merged(
            [whole, single(9, "Brannock harbour dredging delayed", 60), single(10, LATE, 70)],
            inside,
            forbidden,
        )
        assert {frozenset(one.members) for one in outcome.clusters.values()} == groups


_TITLES = st.lists(
    st.sampled_from(
        ["ferry", "brannock", "harbour", "quake", "chile", "bank", "rates", "minister", "verdict", "strike"]
    ),
    min_size=1,
    max_size=5,
).map(" ".join)


@settings(max_examples=200, deadline=None)
@given(st.lists(_TITLES, min_size=2, max_size=12), st.data())
def test_nothing_is_lost_whatever_was_merged_before(titles: list[str], data: st.DataObject) -> None:
    """Any events, with any bonds (of circles and of strangers too): it ends, every story stands once, every number that is gone has a successor."""
    vectors = {number: vector(title) for number, title in enumerate(titles, 1)}
    found, inside, left = [], Inside(vectors=vectors), list(vectors)
    while left:
        size = data.draw(st.integers(1, len(left)))
        members, left = left[:size], left[size:]
        found.append(event(members[0], *((story, vectors[story]) for story in members)))
        bond = st.builds(Bond, st.floats(0, 1), st.integers(1, len(titles) + 2))
        inside.bonds[members[0]] = data.draw(st.dictionaries(st.sampled_from(members), bond))
    numbers = {one.id for one in found}
    outcome = merges({one.id: one for one in found}, pairs(found, vectors), WINDOW, inside)
    assert sorted(story for one in outcome.clusters.values() for story in one.members) == sorted(vectors)
    assert all(one.size == len(one.members) for one in outcome.clusters.values())
    successors = outcome.successors()
    assert (
        set(successors.values()) <= outcome.clusters.keys()
        and not successors.keys() & outcome.clusters.keys()
    )
    assert numbers <= successors.keys() | outcome.clusters.keys()
    assert all(merge.gone < 0 for merge in outcome.merges if merge.kept < 0), (
        "an id that readers know is never given up for none"
    )


# ------------------------------------------------------------ over a store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_writer(tmp_path / "t.db") as found:
        yield found


def bound(store: Store, one: str, other: str, score: float) -> None:
    """Make the events of two entries one, as a cycle would have."""
    with store.transaction() as conn:
        first, second = folding.placed(conn, one), folding.placed(conn, other)
        assert first is not None and second is not None and first.event != second.event
        events.merge_events(
            conn,
            [
                (
                    first.event,
                    second.event,
                    Reason("event", first.entry, score, cluster.THRESHOLD, (("shared words", "brannock"),)),
                )
            ],
        )
        folding.count_terms(conn, {"brannock": -1})


def told(store: Store) -> dict[str, tuple[str, str, str | None]]:
    """guid → (story, event, level)"""
    return {
        str(one.guid): (str(story), str(event), level) for one, story, event, level, _ in stories.dump(store)
    }


def test_a_story_that_leaves_its_event_keeps_its_id_and_the_event_keeps_its_own(store: Store) -> None:
    put(store, entry("a", "1", FERRY, at=NOW - 900), entry("b", "2", FERRY_TOO, at=NOW - 800))
    fold.fold(store, fold.Settings(), {})
    alone = told(store)
    bound(store, alone["1"][0], alone["2"][0], 0.23)
    assert told(store)["2"][1] == alone["1"][1] and stories.aliases(store, alone["1"][1]) == (alone["2"][1],)
    put(store, entry("c", "3", LATE, at=NOW - 700))
    done = fold.fold(store, fold.Settings(), {})
    found = told(store)
    assert found["1"] == alone["1"], "the founder keeps the id of the event"
    assert found["2"] == (alone["2"][0], found["3"][0], "event") and found["3"][1] == found["3"][0]
    assert (done.events_new, done.events_changed) == (1, 1)
    assert stories.aliases(store, alone["1"][1]) == () and stories.aliases(store, found["3"][1]) == (
        alone["2"][1],
    )
    assert folding.frequencies(store.conn, ["brannock"]) == {"brannock": 2}, "in two events"


@pytest.mark.parametrize("joined", ["the two of an event", "a third with one of them"])
def test_what_the_user_joined_is_not_taken_apart(store: Store, joined: str) -> None:
    put(
        store,
        entry("a", "m", "Museum opens a new wing", at=NOW - 990),
        entry("a", "f", FERRY, at=NOW - 900),
        entry("b", "h", FERRY_TOO, at=NOW - 800),
    )
    fold.fold(store, fold.Settings(), {})
    alone = told(store)
    bound(store, alone["f"][0], alone["h"][0], 0.23)
    one = "f" if joined == "the two of an event" else "m"
    cycle.join(store, one, "h", "event", NOW)
    put(store, entry("c", "l", LATE, at=NOW - 700))
    fold.fold(store, fold.Settings(), {})
    found = told(store)
    assert found[one][1] == found["h"][1]


def test_an_id_is_not_given_twice_when_its_entry_comes_back_with_another_date(store: Store) -> None:
    text = "A strong earthquake shook the coast of northern Chile on Monday, killing at least four people."
    put(store, entry("a", "1", "Strong quake hits northern Chile", text, at=NOW - 9000))
    put(store, entry("b", "2", "Strong quake hits northern Chile", text, at=NOW + 3000), at=NOW + 4000)
    fold.fold(store, fold.Settings(), {})
    before = told(store)
    assert before["1"][0] == before["2"][0]
    with store.transaction() as conn:
        conn.execute("UPDATE source SET present = '[]'")
    assert upkeep.prune(store, NOW + 1000) == 1
    put(store, entry("a", "1", "Strong quake hits northern Chile", text, at=NOW + 5000), at=NOW + 86_400)
    fold.fold(store, fold.Settings(), {})
    assert {(story, event) for story, event, _ in told(store).values()} == {before["1"][:2]}
    assert store.conn.execute("SELECT count(*), (SELECT count(*) FROM event) FROM story").fetchone() == (1, 1)


def test_counts_of_words_never_fall_below_none(store: Store) -> None:
    put(
        store,
        *(entry(f"s{n}", f"{n}", "Zanzibarian kumquat smugglers", at=NOW - 9000 + n) for n in range(12)),
    )
    fold.fold(store, fold.Settings(), {})
    for n in range(1, 12):
        cycle.split(store, f"{n + 1}", NOW)
    for day, word in enumerate(["arrested", "court", "verdict", "appeal"]):
        put(
            store,
            *(
                entry("z", f"{word}{n}", f"Kumquat smugglers Zanzibarian {word}", at=NOW - 8000 + day)
                for n in range(3)
            ),
        )
        fold.fold(store, fold.Settings(), {})
    assert store.conn.execute("SELECT min(events) FROM term").fetchone()[0] >= 0


# ------------------------------------------------------------ as it is published


SOURCES = '[publish]\none_per = "event"\nlimit = 2\n' + "".join(
    f'[[sources]]\nid = "{name}"\nurl = "https://{name}.example/feed"\n' for name in "abcd"
)
HOUR, DAY = 3600, 86_400


def published(settings: Config, public_id: str) -> str | None:
    """The date of an item of the feed of everything."""
    found = re.search(
        rf"<id>{public_id}</id>.*?<published>(.*?)</published>",
        (settings.output / "all.atom").read_text(encoding="utf-8"),
        re.S,
    )
    return found[1] if found else None


def test_the_date_of_an_event_stays_when_an_older_story_comes_to_it(tmp_path: Path) -> None:
    desk = config(tmp_path, SOURCES)
    with open_writer(desk.database) as store:
        put(store, entry("c", "3", "Haas wins order for dredging, shares rise", at=NOW - 700))
        put(store, entry("a", "1", FERRY, at=NOW - 7900), entry("b", "2", FERRY_TOO, at=NOW - 7800))
        fold.fold(store, fold.Settings(), {})
        alone = told(store)
        bound(store, alone["1"][0], alone["2"][0], 0.23)
        cycle.run(desk, store, Wanted(), NOW)
        before = published(desk, alone["3"][0])
        put(
            store,
            entry(
                "d",
                "4",
                "Dredging contract for Brannock harbour awarded to Haas, shares rise on order",
                at=NOW - 500,
            ),
        )
        cycle.run(desk, store, Wanted(), NOW + 60)
        assert told(store)["2"][1] == alone["3"][1], "the older story is in it now"
        assert before and published(desk, alone["3"][0]) == before


def test_F60_what_is_in_an_archive_does_not_come_back_into_the_feed(tmp_path: Path) -> None:
    desk = config(tmp_path, SOURCES)
    with open_writer(desk.database) as store:
        put(
            store,
            entry("a", "1", "Central bank leaves key interest rate unchanged", at=NOW - 5 * DAY),
            at=NOW - 5 * DAY,
        )
        put(
            store,
            entry("a", "2", "Strong earthquake hits northern Chile", at=NOW - 2 * HOUR),
            entry("b", "3", "Rescue teams search collapsed houses in Iquique", at=NOW - HOUR),
        )
        cycle.run(desk, store, Wanted(), NOW)
        put(
            store,
            entry(
                "c",
                "4",
                "Northern Chile earthquake leaves rescue teams searching collapsed houses in Iquique",
                at=NOW - 1800,
            ),
            at=NOW + 60,
        )
        cycle.run(desk, store, Wanted(), NOW + 60)
        assert len({event for _, event, _ in told(store).values()}) == 2
        assert list(check.folder(desk.output)) == []


def test_a_copy_without_a_link_has_a_page_to_lead_to(tmp_path: Path) -> None:
    desk = config(tmp_path, SOURCES.replace('one_per = "event"\n', ""))
    title = "Strong earthquake hits northern Chile"
    with open_writer(desk.database) as store:
        put(
            store,
            entry("a", "1", title, at=NOW - 5000, link="https://a.example/2"),
            entry("b", "2", title, at=NOW - 3000),
        )
        put(
            store,
            entry("c", "3", "Museum opens a new wing", at=NOW - 5000),
            entry("d", "4", "Museum opens a new wing", at=NOW - 3000, link="https://d.example/4"),
        )
        cycle.run(desk, store, Wanted(), NOW)
        pages = set(re.findall(r"stories/\w+\.html", (desk.output / "all.atom").read_text(encoding="utf-8")))
        assert len(pages) == 2 and all((desk.output / page).exists() for page in pages)
        cycle.sweep(desk, store, NOW)
        assert all((desk.output / page).exists() for page in pages)


def test_stories_by_their_id_are_those_alone_and_by_that_of_their_event_all(store: Store) -> None:
    put(store, entry("a", "1", FERRY, at=NOW - 900), entry("b", "2", FERRY_TOO, at=NOW - 800))
    fold.fold(store, fold.Settings(), {})
    alone = told(store)
    bound(store, alone["1"][0], alone["2"][0], 0.9)
    assert [one.public_id for one in stories.by_public_id(store, [alone["1"][0]])] == [alone["1"][0]]
    assert [one.public_id for one in stories.of_event_ids(store, [alone["1"][1]])] == [
        alone["1"][0],
        alone["2"][0],
    ]
    assert stories.of_event_ids(store, [alone["2"][1]]) == (), "that id was merged away"
