"""Single decisions at their edges, that scripts/mutants breaks one at a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from aggregator import cycle, dedupe, fold, health, schedule, urls
from aggregator.cycle.retention import due
from aggregator.dedupe import headline
from aggregator.edition import View, compose
from aggregator.errors import StoreError
from aggregator.model import Failure, Head, Member, Origin, Pace, PollHints, Reason, SourceState, Story
from aggregator.store import Store, lookup, open_writer, queue, retention, upkeep
from tests.helpers import NOW, entry, put

JUMP = 3 * 86_400

HOUR, DAY = 3600, 86_400
PACE = Pace(1800, 300, DAY)
PIER = (
    "The harbour board said on Friday that the eastern pier will be closed to ships from the first week of May because divers have found cracks in "
    "several of its concrete piles; repairs are to take half a year, and the fishing fleet is to land its catch at the old quay until the autumn."
)


def homes(store: Store) -> dict[str, str]:
    """guid → story"""
    return {str(one.guid): str(story) for one, story, _, _, _ in lookup.dump(store)}


# ---------------------------------------------------------------- the store


def test_prune_leaves_what_is_still_in_its_feed(tmp_path: Path) -> None:
    with open_writer(tmp_path / "t.db") as store:
        put(store, entry("a", "old", "Left its feed"), entry("a", "kept", "Stays in its feed"))
        put(
            store, entry("a", "kept", "Stays in its feed"), entry("a", "new", "Came later"), at=NOW + 90 * DAY
        )
        fold.fold(store, fold.Windows(), {})
        assert upkeep.prune(store, NOW + 1, {"a"}) == 1
        assert sorted(homes(store)) == ["kept", "new"]


@pytest.mark.parametrize(
    ("name", "aged", "beyond", "documents", "wanted"),
    [
        ("what is old goes", [1, 2], [], {}, [1, 2]),
        ("but not what its feed still holds", [1, 2], [], {"a": [2, 3]}, [1]),
        ("whoever asks: what one holds of another's", [1, 2], [], {"a": [2], "b": [1]}, []),
        ("of a source that left the config by its age", [1, 2], [], {"gone": [2]}, [1, 2]),
        ("what is too much goes however new", [], [7], {"a": [8]}, [7]),
        ("and stays where its feed holds that much", [], [7], {"a": [7, 8]}, []),
        ("once, where it is both", [3, 1], [3], {}, [1, 3]),
        ("nothing old, nothing too much", [], [], {"a": [1]}, []),
    ],
)
def test_R13_what_is_pruned(
    name: str, aged: list[int], beyond: list[int], documents: dict[str, list[int]], wanted: list[int]
) -> None:
    assert retention.doomed(aged, beyond, documents, {"a", "b"}) == wanted, name


@pytest.mark.parametrize(
    ("name", "pruned", "last_cycle", "wanted"),
    [
        ("a new store", None, None, "wait"),
        ("just now", NOW, NOW, "no"),
        ("today", NOW - DAY + 1, NOW - HOUR, "no"),
        ("a day ago", NOW - DAY, NOW - HOUR, "yes"),
        ("in the future, by a clock that was wrong", NOW + 1, NOW, "yes"),
        ("the last cycle is not known", NOW - DAY, None, "yes"),
        ("the longest rest that is none", NOW - 9 * DAY, NOW - JUMP, "yes"),
        ("a long rest, or a clock that jumped", NOW - 9 * DAY, NOW - JUMP - 1, "wait"),
        ("a clock that went back", NOW - 9 * DAY, NOW + 1, "wait"),
    ],
)
def test_R13_when_retention_applies(
    name: str, pruned: int | None, last_cycle: int | None, wanted: str
) -> None:
    assert due(pruned, last_cycle, NOW) == wanted, name


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    (tmp_path / "t.db").touch()
    with pytest.raises(StoreError, match="is empty, which ours never is; restore a backup"):
        open_writer(tmp_path / "t.db")
    assert (tmp_path / "t.db").stat().st_size == 0


# ---------------------------------------------------------------- texts

SIX, SEVEN = (
    "Ferry strike strands travellers harbour Korvik",
    "Ferry strike strands travellers harbour Korvik overnight",
)
TEASER = "The company said it would refund every ticket that was sold until noon."
OTHER_TEASER = "Hundreds slept on benches while crews and owners went on talking."


@pytest.mark.parametrize(
    ("name", "title", "other", "same"),
    [
        ("seven telling words", SEVEN, SEVEN, True),
        ("six", SIX, SIX, False),
        ("seven, and common words between them", SEVEN, f"{SEVEN[:-9]} for the overnight", True),
        ("in another order", SEVEN, "Harbour strike strands travellers ferry Korvik overnight", False),
    ],
)
def test_a_headline_that_nobody_writes_by_chance(name: str, title: str, other: str, same: bool) -> None:
    """Whatever the first words below it are."""
    a, b = dedupe.fingerprint(title, TEASER), dedupe.fingerprint(other, OTHER_TEASER)
    assert (dedupe.decide(a, b).level == "text") is same


def test_opposite_words_are_named() -> None:
    found = headline.edits("Harbour traffic rises in spring", "Harbour traffic falls in spring", "en")
    assert found.veto is not None and found.veto[0] == headline.OPPOSITE


@pytest.mark.parametrize(("seen", "stands"), [(1, 0), (2, 1)])
def test_a_sentence_stands_with_the_second_title_that_it_says_nothing_of(
    tmp_path: Path, seen: int, stands: int
) -> None:
    titles = ["Tram derails in Linz", "Mayor of Graz resigns"][:seen]
    with open_writer(tmp_path / "t.db") as store:
        put(
            store,
            *(
                entry("a", str(n), title, "Write to us at any time.", at=NOW - n)
                for n, title in enumerate(titles)
            ),
        )
        fold.fold(store, fold.Windows(), {})
        found = store.value("SELECT count(*) FROM standing WHERE stands = 1")
    assert found == stands


# ---------------------------------------------------------------- folding


@pytest.mark.parametrize(("level", "link"), [("item", "https://n.example/pier"), ("text", None)])
def test_a_split_holds_whatever_folded_it(tmp_path: Path, level: str, link: str | None) -> None:
    # of one item: the same link, and texts that have little in common
    other = PIER if level == "text" else "Cracks in the piles of the pier."
    with open_writer(tmp_path / "t.db") as store:
        put(
            store,
            entry("a", "1", "Eastern pier closed for half a year", PIER, at=NOW - 900, link=link),
            entry("b", "2", "Eastern pier closed for half a year", other, at=NOW - 800, link=link),
        )
        fold.fold(store, fold.Windows(), {})
        assert len(set(homes(store).values())) == 1
        assert {found for _, _, _, found, _ in lookup.dump(store)} == {None, level}
        cycle.split(store, "2", NOW)
        queue.forget(store, None)
        fold.fold(store, fold.Windows(text_window=None if level == "item" else 7 * DAY), {})
        assert len(set(homes(store).values())) == 2


@pytest.mark.parametrize(("apart", "wanted"), [(HOUR, 1), (HOUR + 1, 2)])
def test_the_window_of_texts_at_its_edge(tmp_path: Path, apart: int, wanted: int) -> None:
    """Also where the window of events is wider."""
    with open_writer(tmp_path / "t.db") as store:
        put(store, entry("a", "1", "Eastern pier closed for half a year", PIER, at=NOW - 9000),
            entry("b", "2", "Eastern pier closed for half a year", PIER, at=NOW - 9000 + apart))  # fmt: skip
        fold.fold(store, fold.Windows(text_window=HOUR, event_window=3 * DAY), {})
        assert len(set(homes(store).values())) == wanted


# ---------------------------------------------------------------- polling


@pytest.mark.parametrize(
    ("gap", "silence", "wanted"),
    [
        (HOUR, 14 * DAY, False),
        (HOUR, 14 * DAY + 1, True),
        (10 * DAY, 80 * DAY, False),
        (10 * DAY, 80 * DAY + 1, True),
    ],
)
def test_silence_at_its_edges(gap: int, silence: int, wanted: bool) -> None:
    """Two weeks, or eight of its own long gaps."""
    posts = tuple(NOW - silence - number * gap for number in range(9))
    assert health.silent(SourceState(polled=NOW, succeeded=NOW, posts=posts), NOW) == wanted


def test_P10_the_first_gap_is_the_usual_one_and_then_it_doubles() -> None:
    plans = [
        schedule.after_failure(NOW, PACE, number, Failure("timeout", "x"), "s") for number in range(1, 5)
    ]
    gaps = [plan.why.rpartition(" after ")[2] for plan in plans]
    assert gaps == ["30 min", "1 h", "2 h", "4 h"]
    assert 1800 <= plans[0].next_poll - NOW <= 1800 * 5 // 4


def test_P10_what_was_not_reached_is_tried_sooner() -> None:
    """Posts every two days: asked for daily, and four times a day while its host can't be found."""
    posts = tuple(NOW - number * 2 * DAY for number in range(9))
    waits = {
        kind: schedule.after_failure(NOW, PACE, 1, Failure(kind, "x"), "s", posts).next_poll - NOW
        for kind in ("dns", "connect", "timeout")
    }
    assert waits["dns"] < 6 * HOUR * 5 // 4 + 1 and waits["dns"] == waits["connect"]
    assert waits["timeout"] >= 24 * HOUR


def test_P7_the_first_interval_is_no_shorter_than_the_least() -> None:
    for number in range(50):
        plan = schedule.after_success(NOW, PACE, (), PollHints(), f"source {number}", first=True)
        assert plan.next_poll >= NOW + PACE.min_interval


# ---------------------------------------------------------------- the same text

MORE = (
    " and engineers from the capital want to look at the whole structure once more before anybody decides, as they had told it in March already when "
    "asked"
)
STORM = (
    "The storm {} people in the valley and {} are without power, the county said on Friday; {} were lost. Helpers from the whole region have come with "
    "boats, blankets, tents, food and water, and the army is to bring more of them tomorrow, weather permitting."
)
AWAY = "Ships keep away from the pier, reports {} of the eastern harbour in May."
TOWNS = "Ayr Bath Cork Deal Eton Fowey Goole Hull Ilkley Jarrow Kendal Leeds Malton Neath Oban Perth"
LEVELS = " ".join(f"{town} {number}" for number, town in enumerate(TOWNS.split(), 101))


@pytest.mark.parametrize(
    ("name", "a", "b", "same"),
    [
        (
            "two thirds of a text under another headline",
            ("Eastern pier closed for half a year", PIER),
            ("Divers find cracks in concrete piles, pier closed", PIER[:190] + MORE),
            True,
        ),
        (
            "other figures in a like text",
            ("Storm hits the valley of Towy", STORM.format("killed 12", "30 villages", "400 homes")),
            (
                "Storm hits the valley of Towy",
                STORM.format(
                    "has killed at least 15 or so",
                    "another 41 of all of the villages",
                    "perhaps some 520 of the old homes",
                ),
            ),
            False,
        ),
        (
            "a correction",
            ("Storm kills 12 in the valley of Towy", PIER),
            ("CORRECTED: Storm kills 15 in the valley of Towy", PIER),
            True,
        ),
        (
            "a long text that says what a short one does",
            ("Cracks in the pier", "Divers have found cracks in the piles of the eastern pier."),
            ("Cracks in the pier", f"Divers have found cracks in the piles of a pier. {PIER}{MORE}"),
            False,
        ),
        (
            "another agency",
            ("Pier closed to ships", AWAY.format("Reuters")),
            ("Pier closed to ships", AWAY.format("Bloomberg")),
            True,
        ),
        (
            "another place",
            ("Pier closed to ships", AWAY.format("Fleetwood")),
            ("Pier closed to ships", AWAY.format("Morecambe")),
            False,
        ),
        (
            "a table with a slip",
            ("Water levels in centimetres today", LEVELS),
            ("Water levels in centimetres today", LEVELS.replace("105", "155")),
            True,
        ),
    ],
)
def test_one_text_or_not(name: str, a: tuple[str, str], b: tuple[str, str], same: bool) -> None:
    reason = dedupe.decide(dedupe.fingerprint(*a), dedupe.fingerprint(*b))
    assert (reason.level == "text") == same, (name, reason)


# ---------------------------------------------------------------- editions


def made(number: int, at: int, text: str = "Some text.") -> Story:
    one = entry("a", f"g{number}", f"Title {number}", text, at, f"https://a.example/{number}")
    one = replace(one, id=number, public_id=f"urn:x:{number}", first_seen=NOW, changed=at)
    member = Member(one, number, number, Reason(None))
    return Story(number, one.public_id, number, number, (member,), ("world",), at, at)


def composed(told: list[Story]) -> int:
    """How many items its feed has."""
    heads = {one.event: Head(one.public_id, one.published) for one in told}
    origins = {
        "a": Origin("a", "A", "https://a.example/feed", "https://a.example/", "https://a.example/feed")
    }
    return len(compose(View("w", "W", "", "https://d.example/", limit=10), told, heads, origins, {}).items)


@pytest.mark.parametrize(("age", "wanted"), [(48 * HOUR, 40), (48 * HOUR + 1, 10)])
def test_F26_a_burst_stays_for_two_days(age: int, wanted: int) -> None:
    assert composed([made(number, NOW - age) for number in range(1, 41)]) == wanted


def test_F25_thirty_items_whatever_their_size() -> None:
    old = [made(number, NOW - 9 * DAY - number, "word " * 5000) for number in range(1, 101)]
    heads = {one.event: Head(one.public_id, one.published) for one in old}
    view = View("w", "W", "", "https://d.example/", limit=50, size=500_000)
    assert len(compose(view, old, heads, {}, {}).items) == 30


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://www.a.example/p", "https://a.example/p", True),
        ("https://www.example/p", "https://example/p", False),
        ("https://m.example/p", "https://www.example/p", False),
    ],
)
def test_the_name_of_a_host_is_no_prefix(one: str, other: str, same: bool) -> None:
    assert (urls.key(one) == urls.key(other)) == same
