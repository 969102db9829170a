"""Events clustered best first, again and again: pure on values, then over a real store."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator import check, cluster, cycle, evaluate, fold
from aggregator.cluster import Point, linkage
from aggregator.config import Config
from aggregator.cycle import Wanted
from aggregator.dedupe import Case
from aggregator.fold.merging import ByHand, Group, Member, Pair, Probabilities, groups, pair, placed
from aggregator.model import Reason
from aggregator.store import (
    Store,
    events,
    lookup,
    members,
    open_writer,
    overrides,
    queue,
    stories,
    upkeep,
    vocabulary,
)
from aggregator.text.words import words
from tests.helpers import NOW, change, config, entry, put

WINDOW = 72 * 3600
HOUR, DAY = 3600, 86_400


NOTHING = ByHand()


class Table(Probabilities):
    """Probabilities that are given, 0 for every other pair."""

    def __init__(self, points: Mapping[int, Point], given: Mapping[Pair, float]) -> None:
        super().__init__(points, WINDOW)
        self._given = given

    def _computed(self, a: int, b: int) -> float:
        return self._given.get((a, b), 0.0)


def told_by(sources: str) -> dict[int, Point]:
    """A story of each of these sources (a dot: not known), one an hour."""
    return {
        story: Point(story, story * HOUR, source.strip("."), {}) for story, source in enumerate(sources, 1)
    }


def edges_of(given: Mapping[Pair, float]) -> list[Pair]:
    return [key for key, likeness in given.items() if likeness >= cluster.THRESHOLD]


def partition(
    points: Mapping[int, Point], given: Mapping[Pair, float], by_hand: ByHand = NOTHING
) -> set[frozenset[int]]:
    found = groups(points, edges_of(given), Table(points, given), by_hand)
    assert sorted(story for group in found for story in group.stories) == sorted(points), "nothing is lost"
    return {frozenset(group.stories) for group in found}


def wanted(said: str) -> set[frozenset[int]]:
    """`12 3`: the first two are one event, the third another."""
    return {frozenset(map(int, group)) for group in said.split()}


def all_pairs(stories: str, likeness: float) -> dict[Pair, float]:
    return {pair(a, b): likeness for a, b in combinations(map(int, stories), 2)}


@pytest.mark.parametrize(
    ("name", "sources", "given", "expected"),
    [
        ("two, just over the threshold", "ab", {(1, 2): 0.551}, "12"),
        ("two, just under it", "ab", {(1, 2): 0.549}, "1 2"),
        ("one source tells one happening seldom twice", "aa", {(1, 2): 0.6}, "1 2"),
        ("but it does where that is sure", "aa", {(1, 2): 0.62}, "12"),
        ("two sources that are not known are two", "..", {(1, 2): 0.56}, "12"),
        ("the surer pair goes first, and alone", "abc", {(1, 2): 0.6, (2, 3): 0.9}, "1 23"),
        ("whichever of them is older", "abc", {(1, 2): 0.9, (2, 3): 0.6}, "12 3"),
        (
            "a third comes to two by the closer one, if that is sure",
            "abc",
            {(1, 2): 0.9, (2, 3): 0.65},
            "123",
        ),
        ("all pairs are half sure", "abcd", all_pairs("1234", 0.7), "1234"),
        ("a chain breaks in the middle", "abcd", {(1, 2): 0.8, (2, 3): 0.7, (3, 4): 0.8}, "12 34"),
        (
            "two events are harder to merge than a story and an event",
            "abcd",
            {(1, 2): 0.9, (3, 4): 0.9, **{key: 0.58 for key in [(1, 3), (1, 4), (2, 3), (2, 4)]}},
            "12 34",
        ),
        ("a story that is as near is not", "abc", {(1, 2): 0.9, (1, 3): 0.58, (2, 3): 0.58}, "123"),
        (
            "nor are two events that are sure",
            "abcd",
            {**all_pairs("1234", 0.66), (1, 2): 0.9, (3, 4): 0.9},
            "1234",
        ),
        (
            "unless the same outlets tell them again",
            "abab",
            {**all_pairs("1234", 0.66), (1, 2): 0.9, (3, 4): 0.9},
            "12 34",
        ),
        ("nothing is alike", "abc", {}, "1 2 3"),
    ],
)
def test_events_grow_best_first(name: str, sources: str, given: dict[Pair, float], expected: str) -> None:
    assert partition(told_by(sources), given) == wanted(expected), name


def test_groups_are_in_the_order_of_time_and_say_what_each_story_is_nearest_to() -> None:
    points = {
        7: Point(7, 10, "a", {}), 3: Point(3, 20, "b", {}), 5: Point(5, 30, "c", {}), 4: Point(4, 5, "d", {}),
    }  # fmt: skip
    given = {(3, 7): 0.8, (5, 7): 0.9, (3, 5): 0.7}
    alone, event = groups(points, edges_of(given), Table(points, given))
    assert alone == Group((Member(4),)) and event.stories == (7, 3, 5)
    assert [(one.nearest, one.closest, round(one.average, 9)) for one in event.members] == [
        (5, 0.9, 0.85), (7, 0.8, 0.75), (7, 0.9, 0.8),
    ]  # fmt: skip
    assert (
        event.members[0].likeness == pytest.approx(0.9**0.8 * 0.85**0.2) and alone.members[0].likeness == 0.0
    )


@pytest.mark.parametrize(
    ("name", "apart", "together", "expected"),
    [
        ("nothing was said", [], [], "123 4"),
        ("what is kept apart from a part is kept apart from the whole", [(2, 3)], [], "12 3 4"),
        ("even from the surest", [(1, 2)], [], "13 2 4"),
        ("what the user joined is one, however unlike", [], [(1, 4)], "1423"),
        ("and what is near to a part of it comes along", [], [(3, 4)], "1234"),
        ("what is apart from one of two that were joined is so from both", [(2, 4)], [(1, 4)], "14 23"),
        ("three that were joined in two pairs", [], [(3, 4), (2, 4)], "1234"),
        ("what was said of others does not matter", [(8, 9), (1, 9)], [(7, 9), (4, 9)], "123 4"),
    ],
)  # fmt: skip
def test_what_the_user_said(name: str, apart: list[Pair], together: list[Pair], expected: str) -> None:
    given = {(1, 2): 0.97, (1, 3): 0.95, (2, 3): 0.9}
    said = ByHand(frozenset(apart), frozenset(together))
    assert partition(told_by("abcd"), given, said) == wanted(expected), name


def test_two_that_are_kept_apart_may_both_join_others() -> None:
    given = {(1, 2): 0.9, (3, 4): 0.9, (2, 4): 0.95}
    assert partition(told_by("abcd"), given, ByHand(frozenset({(2, 4)}))) == wanted("12 34")


Streams = tuple[dict[int, Point], dict[Pair, float]]


@st.composite
def streams(draw: st.DrawFn) -> Streams:
    """Stories of a few sources, and how sure each pair is: no two pairs alike, so that chance decides nothing."""
    points = told_by(draw(st.text("abc.", min_size=1, max_size=9)))
    pairs = list(combinations(points, 2))
    sure = draw(st.permutations(range(len(pairs))))
    above = draw(st.integers(0, 100)) / 100  # of all pairs, those that are likely
    likely = {
        key: (1 - ((rank + 1) / (len(pairs) + 1)) ** (1 + above)) ** 0.7
        for key, rank in zip(pairs, sure, strict=True)
    }
    return points, likely


@settings(max_examples=200, deadline=None)
@given(streams(), st.data())
def test_neither_order_nor_numbers_matter(stream: Streams, data: st.DataObject) -> None:
    points, given = stream
    expected = partition(points, given)
    order = data.draw(st.permutations(list(points)))
    edges = data.draw(st.permutations(edges_of(given)))
    again = groups({story: points[story] for story in order}, edges, Table(points, given))
    assert again == groups(points, edges_of(given), Table(points, given))
    number = dict(zip(points, order, strict=True))
    renumbered = {number[a]: Point(number[a], one.at, one.source, {}) for a, one in points.items()}
    said = {pair(number[a], number[b]): likeness for (a, b), likeness in given.items()}
    assert partition(renumbered, said) == {frozenset(number[story] for story in group) for group in expected}


@settings(max_examples=200, deadline=None)
@given(streams(), st.data())
def test_what_the_user_said_always_holds(stream: Streams, data: st.DataObject) -> None:
    points, given = stream
    colours = {story: data.draw(st.integers(0, 2)) for story in points}
    pairs = [key for key in given if data.draw(st.booleans())]
    together = frozenset((a, b) for a, b in pairs if colours[a] == colours[b])
    apart = frozenset((a, b) for a, b in pairs if colours[a] != colours[b])
    found = partition(points, given, ByHand(apart, together))
    place = {story: group for group in found for story in group}
    assert all(place[a] == place[b] for a, b in together)
    assert all(place[a] != place[b] for a, b in apart)


# ------------------------------------------------------------ which event it is


def group(*stories: int) -> Group:
    return Group(tuple(map(Member, stories)))


@pytest.mark.parametrize(
    ("name", "found", "before", "founders", "age", "kept", "gone"),
    [
        ("as it was", [(1, 2)], {1: 10, 2: 10}, {10: 1}, {10: 5}, (10,), {}),
        (
            "the older of two is kept",
            [(1, 2)],
            {1: 10, 2: 20},
            {10: 1, 20: 2},
            {10: 9, 20: 5},
            (20,),
            {10: 0},
        ),
        (
            "of the same age the smaller number",
            [(1, 2)],
            {1: 20, 2: 10},
            {10: 2, 20: 1},
            {10: 5, 20: 5},
            (10,),
            {20: 0},
        ),
        ("it follows its founder", [(2, 3), (1,)], {1: 10, 2: 10, 3: 10}, {10: 1}, {10: 5}, (None, 10), {}),
        (
            "it follows its founder into another's",
            [(1, 9), (2, 3)],
            {1: 10, 2: 10, 3: 10, 9: 90},
            {10: 1, 90: 9},
            {10: 5, 90: 1},
            (90, None),
            {10: 0},
        ),
        (
            "its founder is gone: most of its stories",
            [(1,), (2, 3)],
            {1: 10, 2: 10, 3: 10},
            {},
            {10: 5},
            (None, 10),
            {},
        ),
        (
            "its founder is elsewhere: most of its stories",
            [(1,), (2, 3)],
            {1: 10, 2: 10, 3: 10},
            {10: 77},
            {10: 5},
            (None, 10),
            {},
        ),
        ("of as many the first", [(1,), (2,)], {1: 10, 2: 10}, {}, {10: 5}, (10, None), {}),
        (
            "two change a story",
            [(1, 3), (2,)],
            {1: 10, 2: 20, 3: 20},
            {10: 1, 20: 2},
            {10: 5, 20: 6},
            (10, 20),
            {},
        ),
    ],
)
def test_which_event_a_group_is(
    name: str,
    found: list[tuple[int, ...]],
    before: dict[int, int],
    founders: dict[int, int],
    age: dict[int, int],
    kept: tuple[int | None, ...],
    gone: dict[int, int],
) -> None:
    where = placed([group(*stories) for stories in found], before, founders, age)
    assert (where.events, dict(where.gone)) == (kept, gone), name


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 5)), min_size=1, max_size=9), st.data())
def test_every_event_of_before_is_kept_or_gone_exactly_once(
    of_story: list[tuple[int, int]], data: st.DataObject
) -> None:
    before = {story: event for story, (event, _) in enumerate(of_story, 1)}
    now: dict[int, list[int]] = {}
    for story, (_, part) in enumerate(of_story, 1):
        now.setdefault(part, []).append(story)
    known = sorted(set(before.values()))
    founders = {
        event: founder
        for event in known
        if (founder := data.draw(st.none() | st.integers(1, len(of_story) + 3))) is not None
    }
    age = {event: data.draw(st.integers(0, 3)) for event in known}
    found = [group(*stories) for stories in now.values()]
    where = placed(found, before, founders, age)
    kept = [event for event in where.events if event is not None]
    assert len(where.events) == len(found) and sorted([*kept, *where.gone]) == known
    for event, place in where.gone.items():
        stays = where.events[place]
        assert stays is not None and (age[stays], stays) < (age[event], event), (
            "an id is never given up for none"
        )
    for event in known:
        if founders.get(event) in before:
            place = where.events.index(event) if event in kept else where.gone[event]
            assert founders[event] in found[place].stories


# ------------------------------------------------------------ how sure it is


def vector(title: str) -> cluster.Vector:
    return cluster.weighted(cluster.terms(words(title), (), "en"), cluster.Rarity({}, 1000, "en"))


def angle(likeness: float) -> tuple[cluster.Vector, cluster.Vector]:
    """Two vectors of unit length with this cosine."""
    return {"x": 1.0}, {"x": likeness, "y": (1 - likeness**2) ** 0.5}


@pytest.mark.parametrize(
    ("name", "likeness", "hours", "sources", "expected"),
    [
        ("nothing in common", 0.0, 0, "ab", 0.0),
        ("hardly anything", 0.01, 0, "ab", 0.0),
        ("a little", 0.1, 0, "ab", 0.0186),
        ("a fifth", 0.2, 0, "ab", 0.2642),
        ("a quarter", 0.25, 0, "ab", 0.5102),
        ("half", 0.5, 0, "ab", 0.9803),
        ("the same words", 1.0, 0, "ab", 0.9999),
        ("half, a day later", 0.5, 24, "ab", 0.5291),
        ("half, a day before", 0.5, -24, "ab", 0.5291),
        ("half, of one source", 0.5, 0, "aa", 0.9483),
        ("half, of one source a day later", 0.5, 24, "aa", 0.2925),
        ("half, of unknown sources a day later", 0.5, 24, "..", 0.5291),
        ("the same words three days later", 1.0, 72, "ab", 0.1007),
        ("the same words three days later, of one source", 1.0, 72, "aa", 0.0396),
    ],
)  # fmt: skip
def test_probability(name: str, likeness: float, hours: int, sources: str, expected: float) -> None:
    one, other = angle(likeness)
    a = Point(1, NOW, sources[0].strip("."), one)
    b = Point(2, NOW + hours * HOUR, sources[1].strip("."), other)
    assert cluster.probability(a, b) == pytest.approx(expected, abs=0.00006), name
    assert cluster.probability(a, b) == cluster.probability(b, a)


@pytest.mark.parametrize(
    ("name", "hours", "undated", "expected"),
    [
        ("both have a date", 0, (False, False), 0.0),
        ("one has none", 0, (True, False), cluster.UNKNOWN),
        ("the other has none", 0, (False, True), cluster.UNKNOWN),
        ("just nearer than what is not known", cluster.UNKNOWN - 1, (True, True), cluster.UNKNOWN),
        ("further", cluster.UNKNOWN + 1, (True, True), cluster.UNKNOWN + 1),
        ("further, before", -cluster.UNKNOWN - 1, (True, False), cluster.UNKNOWN + 1),
    ],
)
def test_nobody_knows_the_time_of_what_has_no_date(
    name: str, hours: float, undated: tuple[bool, bool], expected: float
) -> None:
    one, other = angle(0.5)
    a = Point(1, NOW, "a", one, undated[0])
    b = Point(2, NOW + int(hours * HOUR), "b", other, undated[1])
    assert cluster.hours_between(a, b) == expected, name
    known = Point(2, NOW + int(expected * HOUR), "b", other)
    assert cluster.probability(a, b) == cluster.probability(Point(1, NOW, "a", one), known), name


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("one pair is what it is", (0.7, 0.7, 1, 1, 2), 0.7),
        ("CLOSEST: the closest counts four times", (0.81, 0.16, 1, 1, 2), 0.81**0.8 * 0.16**0.2),
        ("CROWD_POWER: two and two", (0.8, 0.8, 2, 2, 4), 0.8 / 2**0.15),
        ("the smaller counts", (0.8, 0.8, 2, 30, 32), 0.8 / 2**0.15),
        ("a single story is no crowd", (0.8, 0.8, 1, 30, 31), 0.8),
        ("under CROWD", (0.8, 0.8, 3, 3, 6), 0.8 / 3**0.15),
        ("CROWD", (0.8, 0.8, 4, 4, 8), 0.8 / 4**0.15),
        ("beyond CROWD", (0.8, 0.8, 5, 5, 10), 0.8 / 4**0.15),
        ("REPEATED_POWER: one source twice", (0.8, 0.8, 1, 1, 1), 0.8 / 2**0.15),
        ("six stories of two sources", (0.8, 0.8, 1, 5, 2), 0.8 / 3**0.15),
    ],
)  # fmt: skip
def test_linkage(name: str, given: tuple[float, float, int, int, int], expected: float) -> None:
    assert linkage(*given) == pytest.approx(expected, abs=1e-9), name


@pytest.mark.parametrize(("gap", "sure"), [(WINDOW, True), (WINDOW + 1, False)])
def test_beyond_the_window_nothing_is_one_event(gap: int, sure: bool) -> None:
    same = vector("Strong earthquake hits northern Chile")
    at = {1: Point(1, NOW, "a", same), 2: Point(2, NOW + gap, "b", same)}
    assert (Probabilities(at, WINDOW).between(2, 1) > 0) is sure


def test_another_case_is_asked_once_and_only_where_it_matters() -> None:
    asked: list[Pair] = []

    def another_case(a: int, b: int) -> Case:
        asked.append((a, b))
        return Case.LIKELY if 3 in (a, b) else Case.NO

    one, half = angle(0.5)
    points = {
        1: Point(1, NOW, "a", one),
        2: Point(2, NOW, "b", half),
        3: Point(3, NOW, "c", half),
        4: Point(4, NOW, "d", angle(0.1)[1]),
        5: Point(5, NOW + WINDOW + 1, "e", one),
        6: Point(6, NOW, "f", {"z": 1.0}),
    }
    known = Probabilities(points, WINDOW, another_case)
    for _ in range(2):
        assert known.between(1, 2) == known.between(2, 1) == pytest.approx(0.9803, abs=0.0005)
        assert known.between(3, 1) == known.between(1, 3) == 0.0, "a case of its own"
        assert (
            0 < known.between(1, 4) < cluster.THRESHOLD and known.between(5, 1) == known.between(1, 6) == 0.0
        )
    assert asked == [(1, 2), (1, 3)]


@pytest.mark.parametrize(
    ("size", "case", "together"),
    [(1, Case.SURE, False), (10, Case.SURE, False), (11, Case.SURE, True), (2, Case.LIKELY, True)],
)
def test_APART_two_events_of_which_a_tenth_are_two_cases(
    monkeypatch: pytest.MonkeyPatch, size: int, case: Case, together: bool
) -> None:
    """The last story is another case of the first one, and like all others, which are one event."""
    points = told_by("abcdefghijklmnop"[: size + 1])
    last = max(points)
    monkeypatch.setattr(cluster, "probability", lambda a, b: 0.99)
    whole = ByHand(together=frozenset((1, other) for other in range(2, last)))
    known = Probabilities(points, WINDOW, lambda a, b: case if (a, b) == (1, last) else Case.NO)
    found = groups(points, list(combinations(points, 2)), known, whole)
    assert len(found) == (1 if together else 2)
    assert known.cases([1], [last]) == (case is Case.SURE)


def test_each_pair_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However large the events grow: it is what the time goes into."""
    counted: Counter[Pair] = Counter()

    def probability(a: Point, b: Point) -> float:
        counted[a.story, b.story] += 1
        return 0.9

    monkeypatch.setattr(cluster, "probability", probability)
    points = told_by("abcdefgh")
    edges = [(story, story + 1) for story in range(1, 8)]
    (whole,) = groups(points, edges, Probabilities(points, WINDOW))
    assert whole.stories == tuple(points) and set(counted.values()) == {1}


FERRY, FERRY_TOO, LATE = (
    "Ferry sinks off Brannock, ninety rescued",
    "Harbour of Brannock: dredging contract awarded",
    "Dredging contract for Brannock harbour awarded to Haas",
)


# ------------------------------------------------------------ over a store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_writer(tmp_path / "t.db") as found:
        yield found


def bound(store: Store, one: str, other: str, score: float) -> None:
    """Make the events of two entries one, as a cycle would have."""
    with store.transaction() as writer:
        first, second = members.placed(writer, one), members.placed(writer, other)
        assert first is not None and second is not None and first.event != second.event
        events.merge_events(
            writer,
            [
                (
                    first.event,
                    second.event,
                    Reason("event", first.entry, score, cluster.THRESHOLD, (("shared words", "brannock"),)),
                )
            ],
        )
        vocabulary.count_terms(writer, {"brannock": -1})


def told(store: Store) -> dict[str, tuple[str, str, str | None]]:
    """guid → (story, event, level)"""
    return {
        str(one.guid): (str(story), str(event), level) for one, story, event, level, _ in lookup.dump(store)
    }


def test_a_story_that_leaves_its_event_keeps_its_id_and_the_event_keeps_its_own(store: Store) -> None:
    put(store, entry("a", "1", FERRY, at=NOW - 900), entry("b", "2", FERRY_TOO, at=NOW - 800))
    fold.fold(store, fold.Windows(), {})
    alone = told(store)
    bound(store, alone["1"][0], alone["2"][0], 0.23)
    assert told(store)["2"][1] == alone["1"][1] and stories.aliases(store, alone["1"][1]) == (alone["2"][1],)
    put(store, entry("c", "3", LATE, at=NOW - 700))
    done = fold.fold(store, fold.Windows(), {})
    found = told(store)
    assert found["1"] == alone["1"], "the founder keeps the id of the event"
    assert found["2"] == (alone["2"][0], found["3"][0], "event") and found["3"][1] == found["3"][0]
    assert (done.events_new, done.events_changed) == (1, 1)
    assert stories.aliases(store, alone["1"][1]) == () and stories.aliases(store, found["3"][1]) == (
        alone["2"][1],
    )
    assert vocabulary.frequencies(store, ["brannock"]) == {"brannock": 2}, "in two events"


@pytest.mark.parametrize("joined", ["the two of an event", "a third with one of them"])
def test_what_the_user_joined_is_not_taken_apart(store: Store, joined: str) -> None:
    put(
        store,
        entry("a", "m", "Museum opens a new wing", at=NOW - 990),
        entry("a", "f", FERRY, at=NOW - 900),
        entry("b", "h", FERRY_TOO, at=NOW - 800),
    )
    fold.fold(store, fold.Windows(), {})
    alone = told(store)
    bound(store, alone["f"][0], alone["h"][0], 0.23)
    one = "f" if joined == "the two of an event" else "m"
    cycle.join(store, one, "h", "event", NOW)
    put(store, entry("c", "l", LATE, at=NOW - 700))
    fold.fold(store, fold.Windows(), {})
    found = told(store)
    assert found[one][1] == found["h"][1]


def test_an_id_is_not_given_twice_when_its_entry_comes_back_with_another_date(store: Store) -> None:
    text = "A strong earthquake shook the coast of northern Chile on Monday, killing at least four people."
    put(store, entry("a", "1", "Strong quake hits northern Chile", text, at=NOW - 9000))
    put(store, entry("b", "2", "Strong quake hits northern Chile", text, at=NOW + 3000), at=NOW + 4000)
    fold.fold(store, fold.Windows(), {})
    before = told(store)
    assert before["1"][0] == before["2"][0]
    with store.transaction() as writer:
        writer.run("UPDATE source SET present = '[]'")
    assert upkeep.prune(store, NOW + 1000, {"a", "b"}) == 1
    put(store, entry("a", "1", "Strong quake hits northern Chile", text, at=NOW + 5000), at=NOW + 86_400)
    fold.fold(store, fold.Windows(), {})
    assert {(story, event) for story, event, _ in told(store).values()} == {before["1"][:2]}
    assert store.row("SELECT count(*), (SELECT count(*) FROM event) FROM story") == (1, 1)


def test_an_event_that_merges_leads_to_the_older(store: Store) -> None:
    """Two stories that have little in common, until one comes that both are like."""
    put(store, entry("a", "1", "Haas shares rise after order from ministry", at=NOW - 900))
    put(store, entry("b", "2", "Dredging of Brannock harbour to begin", at=NOW - 800))
    first = fold.fold(store, fold.Windows(), {})
    alone = told(store)
    assert first.events_new == 2 and alone["1"][1] != alone["2"][1]
    put(
        store,
        entry(
            "c",
            "3",
            "Haas shares rise: ministry order for dredging of Brannock harbour to begin",
            at=NOW - 700,
        ),
    )
    done = fold.fold(store, fold.Windows(), {})
    found = told(store)
    assert {event for _, event, _ in found.values()} == {alone["1"][1]}, "the older one"
    assert [found[guid][0] for guid in "12"] == [alone[guid][0] for guid in "12"]
    assert alone["2"][1] in stories.aliases(store, alone["1"][1]), "what was published leads there"
    assert (done.events_new, done.events_changed) == (-1, 1), "one less, and the other one changed"


OLD = (
    ("shared words", "brannock"),
    ("closest pair", "0.31"),
    ("time between", "2 minutes"),
)


def test_an_old_store_is_folded_on_and_keeps_its_ids(store: Store) -> None:
    """Its events were made by other rules, with scores and features that are made no more."""
    put(store, entry("a", "1", FERRY, at=NOW - 900), entry("b", "2", FERRY_TOO, at=NOW - 800))
    put(store, entry("c", "m", "Museum opens a new wing", at=NOW - 850))
    fold.fold(store, fold.Windows(), {})
    alone = told(store)
    bound(store, alone["1"][0], alone["2"][0], 0.23)
    bound(store, alone["1"][0], alone["m"][0], 0.21)
    with store.transaction() as writer:
        old = json.dumps(OLD)
        writer.run("UPDATE member SET features = ?, threshold = 0.19 WHERE level = 'event'", (old,))
    before = told(store)
    put(store, entry("d", "x", "Parliament debates the budget", at=NOW - 700))
    fold.fold(store, fold.Windows(), {})
    assert {guid: told(store)[guid] for guid in before} == before, "what nothing new touches stays as it was"
    put(store, entry("d", "4", "Ninety rescued as ferry sinks off Brannock", at=NOW - 600))
    fold.fold(store, fold.Windows(), {})
    found = told(store)
    assert found["4"][1] == found["1"][1] == alone["1"][1], "an id that readers know stays"
    assert [found[guid][:2] for guid in "2m"] == [(alone[guid][0], alone[guid][0]) for guid in "2m"]
    assert not {alone["2"][1], alone["m"][1]} & {*stories.aliases(store, alone["1"][1])}, "they stand again"


# ------------------------------------------------------------ the user's word


RUSHED = (
    "Freighter rams Corvell bridge, pillar holds",
    "Corvell bridge: pillar holds after freighter rams it",
    "Pillar of Corvell bridge holds, freighter stuck",
)


def rammed(store: Store) -> str:
    """One event of three stories; its id."""
    put(store, *(entry(source, guid, title, at=NOW - 9000 + int(guid))
                 for source, guid, title in zip("abc", "123", RUSHED, strict=True)))  # fmt: skip
    fold.fold(store, fold.Windows(), {})
    (event,) = {event for _, event, _ in told(store).values()}
    assert len({story for story, _, _ in told(store).values()}) == 3
    return event


def test_a_split_holds_and_nothing_follows_what_was_split_off(store: Store) -> None:
    event = rammed(store)
    cycle.split(store, "2", NOW)
    alone = told(store)["2"]
    assert alone[1] == alone[0] != event
    for number, source in enumerate("defg", 4):
        put(store, entry(source, f"{number}", f"{RUSHED[number % 3]}, crew {number}", at=NOW - 9000 + number))
        fold.fold(store, fold.Windows(), {})
        found = told(store)
        assert (found["1"][1], found["3"][1]) == (event, event)
        assert found["2"][:2] == alone[:2]
    assert all(one[1] in (event, alone[1]) for one in told(store).values())


@pytest.mark.parametrize(
    ("name", "joined", "kept"),
    [
        ("with its founder", ("2", "1"), "1"),
        ("with a newer story of its event", ("2", "3"), "1"),
        ("the other way round", ("3", "2"), "1"),
        ("an older event takes it over", ("3", "m"), "m"),
    ],
)
def test_the_older_event_keeps_its_name_whichever_stories_are_joined(
    store: Store, name: str, joined: tuple[str, str], kept: str
) -> None:
    rammed(store)
    put(store, entry("m", "m", "Museum opens a new wing", at=NOW - 90_000))
    fold.fold(store, fold.Windows(), {})
    before = {number: one[1] for number, one in told(store).items()}
    for _ in range(2):  # a split is possible again: who was split off founded nothing
        cycle.split(store, "2", NOW)
        cycle.join(store, *joined, "event", NOW)
        if "2" not in joined:
            cycle.join(store, "2", "3", "event", NOW)
        found = told(store)
        assert {found[number][1] for number in {"1", "2", "3", *joined}} == {before[kept]}, name


def test_a_join_of_events_holds_against_what_comes_and_against_a_refold(store: Store) -> None:
    event = rammed(store)
    put(store, entry("m", "m", "Museum opens a new wing", at=NOW - 8000))
    fold.fold(store, fold.Windows(), {})
    museum = told(store)["m"]
    cycle.join(store, "m", "2", "event", NOW)
    assert told(store)["m"][1] == event and stories.aliases(store, event)
    put(store, entry("n", "n", "Museum opens a new wing of glass", at=NOW - 7000),
        entry("e", "4", "Freighter stuck at Corvell bridge: pillar holds", at=NOW - 6900))  # fmt: skip
    fold.fold(store, fold.Windows(), {})
    for _ in range(2):
        found = told(store)
        assert found["m"][1] == found["2"][1] == found["1"][1] == found["4"][1] == event
        assert found["m"][0] == museum[0]
        queue.forget(store, None)
        fold.fold(store, fold.Windows(), {})


BEGUN = NOW // vocabulary.PERIOD * vocabulary.PERIOD  # a week of postings
TIMES = (BEGUN - vocabulary.PERIOD - 1, BEGUN - 2, BEGUN - 1, BEGUN, BEGUN + 1, BEGUN + vocabulary.PERIOD)


@pytest.mark.parametrize(
    ("name", "since", "until", "most", "found"),
    [
        ("all, newest first", 0, 2 * NOW, 9, TIMES[::-1]),
        ("at these very times", BEGUN - 2, BEGUN, 9, TIMES[3:0:-1]),
        ("as many as are asked for, in another week", 0, BEGUN, 3, TIMES[3:0:-1]),
        ("within a second", BEGUN - 1, BEGUN - 1, 9, TIMES[2:3]),
        ("from no time to none", BEGUN + 2, BEGUN + 9, 9, ()),
    ],
)
def test_stories_are_found_by_a_word_across_weeks(
    store: Store, name: str, since: int, until: int, most: int, found: tuple[int, ...]
) -> None:
    with store.transaction() as writer:
        written = members.Additions(writer, {})
        for story, at in enumerate(TIMES):
            written.postings({"ferry": story, "bridge": 9}, at, story)
        written.flush()
    expected = [(at, TIMES.index(at), TIMES.index(at)) for at in found]
    assert vocabulary.postings(store, "ferry", since, until, most) == expected, name
    vocabulary.forget_postings(store, since)
    left = [at for at, _, _ in vocabulary.postings(store, "ferry", 0, 2 * NOW, 9)]
    assert left == [at for at in TIMES[::-1] if at >= since], "what is forgotten"


def _counts(store: Store) -> tuple[object, ...]:
    words = store.rows("SELECT term, events FROM term WHERE events > 0 ORDER BY term")
    postings = store.rows("SELECT term, at, count(*) FROM posting GROUP BY term, at")
    return words, postings, store.meta("events seen")


@pytest.mark.parametrize(
    ("word", "undo"),
    [
        (lambda store: cycle.split(store, "2", NOW), lambda store: cycle.unsplit(store, "2")),
        (
            lambda store: cycle.join(store, "m", "2", "event", NOW),
            lambda store: cycle.unjoin(store, "2", "m"),
        ),
        (lambda store: cycle.join(store, "m", "2", "text", NOW), lambda store: cycle.unjoin(store, "m", "2")),
    ],
)
def test_a_word_taken_back_leaves_no_trace(
    store: Store, word: Callable[[Store], str], undo: Callable[[Store], str]
) -> None:
    """At once, and nothing else is folded again."""
    rammed(store)
    put(store, entry("m", "m", "Museum opens a new wing", at=NOW - 8000))
    put(store, entry("d", "4", FERRY, at=NOW - 7999), entry("e", "5", FERRY_TOO, at=NOW - 7998))
    fold.fold(store, fold.Windows(), {})
    before, counts = told(store), _counts(store)
    word(store)
    assert told(store) != before
    undo(store)
    with_ferry = {name: place for name, place in told(store).items() if name in "45"}
    assert with_ferry == {name: before[name] for name in "45"}, "not even unmade meanwhile"
    fold.fold(store, fold.Windows(), {})
    assert told(store) == before
    assert overrides.overrides(store) == ()
    assert _counts(store) == counts


@pytest.mark.parametrize("since", [NOW - 9000, NOW - 8998, NOW - 8997, NOW])
def test_a_refold_of_the_newest_keeps_published_ids(store: Store, since: int) -> None:
    rammed(store)
    put(store, entry("m", "m", "Museum opens a new wing", at=NOW - 8000))
    put(store, entry("d", "4", FERRY, at=NOW - 7999), entry("e", "5", FERRY_TOO, at=NOW - 7998))
    fold.fold(store, fold.Windows(), {})
    before = told(store)
    queue.forget(store, since)
    fold.fold(store, fold.Windows(), {})
    assert told(store) == before


# ------------------------------------------------------------ how many events a word is in


def counted(store: Store) -> tuple[dict[str, int], int]:
    """Of the words that are in an event, in how many; and how many events there are."""
    words_of = store.rows("SELECT term, events FROM term WHERE events <> 0")
    return dict(words_of), int(store.meta("events seen") or 0)


def recounted(store: Store) -> tuple[dict[str, int], int]:
    """The same from the stored vectors and events."""
    words_of = store.rows(
        "SELECT w.term, count(DISTINCT s.event) FROM story s JOIN words w ON w.story = s.id GROUP BY w.term"
    )
    return dict(words_of), store.value("SELECT count(*) FROM event")


@pytest.mark.parametrize(
    ("name", "vector"),
    [
        ("of a text without words", {}),
        ("of one word, which is all of it", {"ferry": 1.0}),
        ("of words in several scripts, and of next to no weight", {"łodz": 0.8, "東京": 0.6, "b2": 0.0001}),
    ],
)
def test_a_vector_is_stored_as_it_is(store: Store, name: str, vector: cluster.Vector) -> None:
    with store.transaction() as writer:
        numbers = vocabulary.numbered(writer, vector)
        assert vocabulary.numbered(writer, vector) == numbers, "the same again"
    terms, weights = vocabulary.packed(vector, numbers)
    words = {number: word for word, number in numbers.items()}
    assert vocabulary.unpacked(terms, weights, words) == vector, name
    found = store.column(f"SELECT word.value FROM (SELECT ? AS terms) v, {vocabulary.WORDS} word", (terms,))
    assert [words[number] for number in found] == list(vector), "as SQL has them"
    change(store, "INSERT INTO event (id, public_id, id_hash, published, changed) VALUES (1, 'x', 1, 1, 1)")
    change(
        store,
        "INSERT INTO story (id, public_id, id_hash, event, published, changed) VALUES (1, 'x', 1, 1, 1, 1)",
    )
    change(store, "INSERT INTO vector VALUES (1, ?, ?)", terms, weights)
    assert dict(store.rows("SELECT term, weight FROM words WHERE story = 1")) == vector, "as people see them"


_HEADLINES = st.lists(
    st.sampled_from(
        ["ferry", "brannock", "harbour", "quake", "chile", "bank", "rates", "minister", "verdict", "strike"]
    ),
    min_size=1,
    max_size=6,
).map(" ".join)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(_HEADLINES, st.sampled_from("abcd"), st.integers(0, 90)), min_size=1, max_size=14),
    st.integers(1, 5),
    st.integers(0, 90),
)
@example(
    told_things=[
        ("ferry ferry brannock verdict minister verdict", "a", 63), ("ferry ferry ferry ferry", "a", 90),
        ("bank ferry ferry strike verdict brannock", "a", 46), ("ferry ferry ferry ferry", "a", 0),
        *[("ferry", "a", 0)] * 6, ("ferry quake ferry", "d", 30), *[("ferry", "a", 0)] * 3,
    ],
    size=1, since=50,
)  # fmt: skip
def test_words_are_counted_once_for_each_event(
    told_things: list[tuple[str, str, int]], size: int, since: int
) -> None:
    records = {
        f"{number}": {"title": title, "source": source, "published": evaluate.FALLBACK + hour * HOUR}
        for number, (title, source, hour) in enumerate(told_things)
    }
    with evaluate.replayed(evaluate.polls(records, size), fold.Windows()) as store:
        assert counted(store) == recounted(store), "after cycles of any size"
        queue.forget(store, evaluate.FALLBACK + since * HOUR)
        fold.fold(store, fold.Windows(), {})
        assert counted(store) == recounted(store), "after a refold of the newest"
        queue.forget(store, None)
        fold.fold(store, fold.Windows(), {})
        assert counted(store) == recounted(store), "after a refold of everything"


def test_counts_of_words_never_fall_below_none(store: Store) -> None:
    put(
        store,
        *(entry(f"s{n}", f"{n}", "Zanzibarian kumquat smugglers", at=NOW - 9000 + n) for n in range(12)),
    )
    fold.fold(store, fold.Windows(), {})
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
        fold.fold(store, fold.Windows(), {})
    assert store.value("SELECT min(events) FROM term") >= 0


# ------------------------------------------------------------ as it is published


SOURCES = '[publish]\none_per = "event"\nlimit = 2\n' + "".join(
    f'[[sources]]\nid = "{name}"\nurl = "https://{name}.example/feed"\n' for name in "abcd"
)


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
        put(store, entry("c", "3", "Haas shares rise after order from ministry", at=NOW - 700))
        put(store, entry("a", "1", FERRY, at=NOW - 7900), entry("b", "2", FERRY_TOO, at=NOW - 7800))
        fold.fold(store, fold.Windows(), {})
        alone = told(store)
        bound(store, alone["1"][0], alone["2"][0], 0.23)
        cycle.run(desk, store, Wanted(), NOW)
        before = published(desk, alone["3"][0])
        put(
            store,
            entry(
                "d",
                "4",
                "Haas shares rise after Brannock harbour dredging order from ministry",
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
    fold.fold(store, fold.Windows(), {})
    alone = told(store)
    bound(store, alone["1"][0], alone["2"][0], 0.9)
    assert [one.public_id for one in stories.by_public_id(store, [alone["1"][0]])] == [alone["1"][0]]
    assert [one.public_id for one in stories.of_event_ids(store, [alone["1"][1]])] == [
        alone["1"][0],
        alone["2"][0],
    ]
    assert stories.of_event_ids(store, [alone["2"][1]]) == (), "that id was merged away"
