"""The three levels of sameness, over a real store."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from aggregator import answers, cycle, dedupe, fold
from aggregator.errors import StoreError
from aggregator.fold.asking import SAID, Asker
from aggregator.fold.batch import Batch
from aggregator.fold.cache import FoldCache
from aggregator.fold.usual import Usual
from aggregator.model import Entry, Folded
from aggregator.store import Store, entries, lookup, members, open_writer, queue
from tests.helpers import NOW, entry, put

HOUR = 3600
QUAKE = "A strong earthquake shook the coast of northern Chile on Monday, killing at least four people and cutting power to a quarter of a million homes, the interior ministry said."


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_writer(tmp_path / "t.db") as found:
        yield found


def told(store: Store) -> dict[str, tuple[str, str, str | None]]:
    """guid → (story, event, level)"""
    return {
        str(one.guid): (str(story), str(event), level) for one, story, event, level, _ in lookup.dump(store)
    }


def run(store: Store, settings: fold.Windows | None = None) -> Folded:
    return fold.fold(store, settings or fold.Windows(), {})


def test_item_same_canonical_link_anywhere(store: Store) -> None:
    put(
        store,
        entry("a", "1", "Rain in Rome", link="https://www.n.example/x?utm_source=a", at=NOW - 9),
        entry("b", "2", "Rome: rain", link="http://n.example/x/", at=NOW - 5),
    )
    run(store)
    found = told(store)
    assert found["1"][0] == found["2"][0] and found["2"][2] == "item" and found["1"][2] is None


def test_item_a_link_that_one_source_shares_out_identifies_nothing(store: Store) -> None:
    put(
        store,
        entry("a", "1", "Comment by Ann on the harbour", link="https://n.example/x"),
        entry("a", "2", "Comment by Bob on the budget", link="https://n.example/x"),
        entry("b", "3", "An article of another kind altogether", link="https://n.example/x"),
    )
    run(store)
    assert len({story for story, _, _ in told(store).values()}) == 3


def test_text_syndicated_with_other_links(store: Store) -> None:
    put(
        store,
        entry("a", "1", "Strong quake hits northern Chile", QUAKE, link="https://a.example/1", at=NOW - 9000),
        entry(
            "b",
            "2",
            "UPDATE 1-Strong quake hits northern Chile - Daily B",
            QUAKE + " Read more",
            link="https://b.example/2",
            at=NOW - 8000,
        ),
    )
    run(store)
    found = told(store)
    assert found["1"][0] == found["2"][0] and found["2"][2] == "text"


def test_text_templates_stay_apart(store: Store) -> None:
    weather = "Today will be partly cloudy in the south with a high of {} degrees and light winds from the west, turning to rain in the evening hours."
    put(
        store,
        entry("a", "1", "Weather for Oslo, 3 May", weather.format(17), at=NOW - 9000),
        entry("a", "2", "Weather for Oslo, 4 May", weather.format(12), at=NOW - 8000),
    )
    run(store)
    found = told(store)
    assert found["1"][0] != found["2"][0]


def test_event_other_words_same_happening(store: Store) -> None:
    put(
        store,
        entry("a", "1", "Strong earthquake hits northern Chile, four dead", QUAKE, at=NOW - 9000),
        entry(
            "b",
            "2",
            "Four killed as powerful earthquake strikes Chile coast",
            "Rescue teams in northern Chile searched collapsed houses after the earthquake; power failed in Iquique.",
            at=NOW - 8000,
        ),
        entry(
            "c",
            "3",
            "Central bank leaves interest rates unchanged",
            "The governor said that inflation was falling slowly.",
            at=NOW - 7000,
        ),
    )
    run(store)
    found = told(store)
    assert (
        found["1"][1] == found["2"][1] != found["3"][1]
        and found["1"][0] != found["2"][0]
        and found["2"][2] == "event"
    )


def test_windows_and_switched_off_levels(store: Store) -> None:
    put(
        store,
        entry("a", "1", "Strong quake hits northern Chile", QUAKE, at=NOW - 40 * 86_400),
        entry("b", "2", "Strong quake hits northern Chile", QUAKE, at=NOW),
    )
    run(store)
    assert len({story for story, _, _ in told(store).values()}) == 2, "eight days apart are not one text"
    queue.forget(store, None)
    put(store, entry("c", "3", "Strong quake hits northern Chile", QUAKE, at=NOW - 60))
    run(store, fold.Windows(None, None))
    assert len({story for story, _, _ in told(store).values()}) == 3


def _mixed() -> list[Entry]:
    words = [
        "harbour",
        "budget",
        "museum",
        "tunnel",
        "vaccine",
        "orchestra",
        "glacier",
        "airline",
        "referendum",
        "satellite",
    ]
    found = []
    for number, word in enumerate(words):
        text = f"The {word} commission published its report on Tuesday and asked for {number + 3} million more after the {word} inquiry found cracks in the plan, officials said."
        found.append(
            entry("a", f"{word}-1", f"Report on the {word} asks for more money", text, at=NOW - 9000 + number)
        )
        found.append(
            entry(
                "b",
                f"{word}-2",
                f"Report on the {word} asks for more money",
                text + " Continue reading",
                at=NOW - 8000 + number,
            )
        )
        found.append(
            entry(
                "c",
                f"{word}-3",
                f"{word.title()} inquiry: cracks found, commission wants money",
                f"What the {word} commission said about the cracks.",
                at=NOW - 7000 + number,
            )
        )
    return found


def test_the_order_of_arrival_does_not_matter(tmp_path: Path) -> None:
    results = []
    for seed in range(3):
        found = _mixed()
        random.Random(seed).shuffle(found)
        with open_writer(tmp_path / f"{seed}.db") as store:
            put(store, *found)
            run(store)
            results.append(told(store))
    assert results[0] == results[1] == results[2]


def test_ids_survive_growth_and_refold(store: Store) -> None:
    found = _mixed()
    put(store, *found[:12])
    run(store)
    before = told(store)
    put(store, *found[12:])
    run(store)
    grown = told(store)
    assert all(grown[guid][0] == story for guid, (story, _, _) in before.items())
    queue.forget(store, None)
    run(store)
    again = told(store)
    assert {guid: story for guid, (story, _, _) in again.items()} == {
        guid: story for guid, (story, _, _) in grown.items()
    }


def test_a_second_fold_has_nothing_to_do(store: Store) -> None:
    put(store, *_mixed())
    run(store)
    assert run(store) == Folded()


def test_why_says_level_partner_score_and_features(store: Store) -> None:
    put(
        store,
        entry("a", "1", "Strong quake hits northern Chile", QUAKE, at=NOW - 9000),
        entry("b", "2", "Strong quake hits northern Chile", QUAKE, at=NOW - 8000),
    )
    run(store)
    found = answers.why(store, "2")
    assert found.member.reason.level == "text" and found.against is not None and found.against.guid == "1"
    assert (
        found.member.reason.score >= found.member.reason.threshold > 0
        and dict(found.member.reason.features)["shared phrases"]
    )


def test_split_and_join_are_remembered_for_good(store: Store) -> None:
    put(
        store,
        entry("a", "1", "Strong quake hits northern Chile", QUAKE, at=NOW - 9000),
        entry("b", "2", "Strong quake hits northern Chile", QUAKE, at=NOW - 8000),
        entry(
            "c",
            "3",
            "Museum opens a new wing",
            "Visitors queued for hours to see the paintings.",
            at=NOW - 7000,
        ),
    )
    run(store)
    cycle.split(store, "2", NOW)
    cycle.join(store, "1", "3", "text", NOW)
    for _ in range(2):
        found = told(store)
        assert found["1"][0] != found["2"][0] and found["1"][0] == found["3"][0]
        queue.forget(store, None)
        run(store)
    cycle.unsplit(store, "2")
    cycle.unjoin(store, "1", "3")
    run(store)
    found = told(store)
    assert found["1"][0] == found["2"][0] != found["3"][0]


@pytest.mark.parametrize(
    ("words", "stories_apart", "events_apart"),
    [
        # two of the words say the opposite of each other: the newer one holds
        (["join 1 2 text", "split 2"], "1|2|3|4", "1|2|3|4"),
        (["join 1 2 event", "split 2"], "1|2|3|4", "1|2|3|4"),
        (["join 1 2 text", "split 2", "join 1 2 text"], "12|3|4", "12|3|4"),
        (["join 1 2 text", "split 2", "join 2 1 event"], "1|2|3|4", "12|3|4"),
        (["join 1 2 event", "split 2", "join 1 2 event"], "1|2|3|4", "12|3|4"),
        # … be it by way of others
        (["join 1 2 text", "join 2 3 text", "split 3"], "12|3|4", "12|3|4"),
        (["join 1 2 event", "join 2 3 event", "split 3"], "1|2|3|4", "12|3|4"),
        (["join 1 2 event", "join 1 3 event", "split 3", "join 3 2 event"], "1|2|3|4", "123|4"),
        (["join 1 2 text", "join 1 3 event", "split 3", "join 2 3 text"], "123|4", "123|4"),
        # these are of other pairs, and both hold
        (["join 1 2 text", "join 3 4 text", "split 2"], "1|2|34", "1|2|34"),
        (["join 1 2 text", "split 2", "join 2 3 text"], "1|23|4", "1|23|4"),
    ],
    ids=lambda one: ", ".join(one) if isinstance(one, list) else "",
)
def test_of_two_words_of_the_user_the_newer_one_holds(
    store: Store, words: list[str], stories_apart: str, events_apart: str
) -> None:
    put(
        store,
        entry("a", "1", "Strong quake hits northern Chile", QUAKE, at=NOW - 9000),
        entry(
            "b",
            "2",
            "Central bank leaves rates unchanged",
            "Inflation is seen to fall by spring.",
            at=NOW - 8000,
        ),
        entry(
            "c",
            "3",
            "Museum opens a new wing",
            "Visitors queued for hours to see the paintings.",
            at=NOW - 7000,
        ),
        entry(
            "d",
            "4",
            "Opera cancels its season",
            "Singers and stage hands are on strike over pay.",
            at=NOW - 6000,
        ),
    )
    run(store)
    for at, word in enumerate(words):
        kind, *rest = word.split()
        if kind == "join":
            cycle.join(store, rest[0], rest[1], rest[2], NOW + at)
        else:
            cycle.split(store, rest[0], NOW + at)
    for what in ("at once", "after a refold"):
        found = told(store)
        for place, wanted in ((0, stories_apart), (1, events_apart)):
            groups: dict[str, str] = {}
            for guid in sorted(found):
                groups[str(found[guid][place])] = groups.get(str(found[guid][place]), "") + guid
            assert "|".join(groups.values()) == wanted, (what, ("stories", "events")[place])
        queue.forget(store, None)
        run(store)


def test_a_join_while_folding_leaves_no_trace_of_the_story_that_is_gone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fold, "BATCH", 2)
    put(
        store,
        entry(
            "c",
            "museum",
            "Museum opens a new wing",
            "Visitors queued for hours to see the paintings.",
            at=NOW - 9000,
        ),
        entry("a", "quake", "Strong quake hits northern Chile", QUAKE, at=NOW - 8000),
        entry("b", "copy", "Strong quake hits northern Chile", QUAKE, at=NOW - 7000),
    )
    run(store)
    cycle.join(store, "quake", "museum", "text", NOW)
    queue.forget(store, None)
    run(store)  # the third entry is a copy of one that the join took along a batch ago
    found = told(store)
    assert found["quake"][0] == found["museum"][0] and found["copy"][0]


def test_what_the_user_split_or_joined_is_found_by_later_copies(store: Store) -> None:
    other = QUAKE.replace("the interior ministry said", "officials in the capital said")
    put(
        store,
        entry("a", "quake", "Strong quake hits northern Chile", QUAKE, at=NOW - 9000),
        entry("b", "other", "Strong quake hits northern Chile", other, at=NOW - 8000),
        entry(
            "c",
            "museum",
            "Museum opens a new wing",
            "Visitors queued for hours to see the paintings.",
            at=NOW - 7000,
        ),
        entry(
            "c",
            "opera",
            "Opera cancels its season",
            "Singers and stage hands are on strike over pay since Monday.",
            at=NOW - 6500,
        ),
    )
    run(store)
    cycle.split(store, "other", NOW)
    cycle.join(store, "museum", "opera", "text", NOW)
    put(
        store,
        entry("d", "copy of other", "Strong quake hits northern Chile", other, at=NOW - 6000),
        entry(
            "d",
            "copy of opera",
            "Opera cancels its season",
            "Singers and stage hands are on strike over pay since Monday.",
            at=NOW - 5000,
        ),
    )
    run(store)
    found = told(store)
    assert found["copy of other"][0] == found["other"][0] != found["quake"][0]
    assert found["copy of opera"][0] == found["opera"][0] == found["museum"][0]


def test_old_news_does_not_hide_what_is_stored_since_from_the_new(store: Store) -> None:
    title = "Freighter strikes pillar of the harbour bridge in Valparaiso"
    put(store, entry("a", "1", title, at=NOW - 9000))
    run(store)
    put(
        store,
        entry(
            "b", "old", "Harbour bridge of Valparaiso: freighter strikes, pillar holds", at=NOW - 300 * 86_400
        ),
        entry("b", "2", title, at=NOW - 8000),
    )
    run(store)
    assert told(store)["2"][0] == told(store)["1"][0] != told(store)["old"][0]


def test_an_edit_keeps_the_id_and_the_headline_history(store: Store) -> None:
    put(store, entry("a", "1", "Strong quake hits Chile", QUAKE, at=NOW - 9000))
    run(store)
    before = told(store)
    assert (
        put(
            store, entry("a", "1", "Strong quake hits northern Chile", QUAKE, at=NOW - 9000), at=NOW + 60
        ).updated
        == 1
    )
    assert told(store)["1"][:2] == before["1"][:2]
    assert [title for _, title in answers.why(store, "1").headlines] == ["Strong quake hits Chile"]


def test_a_refold_of_the_newest_counts_no_word_twice(store: Store) -> None:
    put(store, *_mixed())
    run(store)

    def counted() -> tuple[dict[str, int], str | None]:
        return {
            term: number for term, number in store.rows("SELECT term, events FROM term") if number
        }, store.meta("events seen")

    before = counted()
    queue.forget(store, NOW - 8995)
    run(store)
    assert counted() == before


def test_an_entry_that_comes_back_is_in_the_story_that_it_founded(store: Store) -> None:
    put(
        store,
        entry("a", "1", "Strong quake hits northern Chile", QUAKE, at=NOW - 9000),
        entry("b", "2", "Strong quake hits northern Chile", QUAKE, at=NOW - 8000),
    )
    run(store)
    before = told(store)
    number = store.value("SELECT id FROM entry WHERE guid = '1'")
    entries.keep_again(store, [(number, True, False)])
    run(store)
    assert (
        "1" not in {guid for guid, (story, _, _) in told(store).items() if story}
        or told(store)["2"][0] == before["2"][0]
    )
    entries.keep_again(store, [(number, False, True)])
    run(store)
    assert told(store)["1"][0] == told(store)["2"][0] == before["1"][0]


def test_two_cases_of_a_template_are_no_event_and_a_toll_that_rises_is(store: Store) -> None:
    weather = "Today will be partly cloudy in {0} with light winds from the west, turning to rain in {0} in the evening hours, the office said."
    toll = "A strong earthquake shook the coast of northern Chile on Monday, killing at least {} people and cutting power, the interior ministry said."
    put(
        store,
        entry("a", "1", "Weather for Oslo", weather.format("Oslo"), at=NOW - 9000),
        entry("a", "2", "Weather for Bergen", weather.format("Bergen"), at=NOW - 8990),
        entry("b", "3", "Chile quake kills 4", toll.format("four"), at=NOW - 9000),
        entry("c", "4", "Chile quake kills 19", toll.format("nineteen"), at=NOW - 5000),
    )
    run(store)
    found = told(store)
    assert found["1"][1] != found["2"][1]
    assert found["3"][1] == found["4"][1] and found["3"][0] != found["4"][0]


RATED = [
    "Northern Shipping Outperform", "Summer Timber Market Perform", "Golden Foods and Dairies Outperform", "Crystal Glass Market Perform",
    "White Paper Outperform", "Green Valley Railways Market Perform", "Bright Optics Outperform", "Silver Mining Market Perform",
]  # fmt: skip


def rated(number: int) -> Entry:
    title = RATED[number]
    rating = "Market Perform" if title.endswith("Perform") else "Outperform"
    company = title.removesuffix(rating)
    body = f'The analyst Larkspur Capital left its rating of {company}Inc. at "{rating}" with a target of {40 + 7 * number} dollars.'
    # written small, and words that anything begins with first, so that no name tells which it is
    return entry("ratings", str(number), title.lower(), body.lower(), at=NOW - 3600 - 600 * number)


@pytest.mark.parametrize(
    ("name", "cycles", "events"),
    [
        ("at once", [range(8)], 8),
        ("one by one after the first ones", [range(7), [7]], 6),
        ("TELLS: fewer don't say what is usual", [range(7)], 5),
    ],
)
def test_what_is_usual_in_a_source_makes_no_event(
    store: Store, name: str, cycles: list[Sequence[int]], events: int
) -> None:
    for numbers in cycles:
        put(store, *(rated(number) for number in numbers))
        fold.fold(store, fold.Windows(), {})
    assert store.value("SELECT count(*) FROM event") == events, name


@pytest.mark.parametrize(
    ("name", "lines", "usual"),
    [
        ("USUAL: half of them", ["ferry alder"] * 4 + ["ferry"] * 4, {"ferry", "alder"}),
        ("not quite half", ["ferry alder"] * 4 + ["ferry"] * 5, {"ferry"}),
        ("TELLS: too few to tell", ["ferry alder"] * 7, set()),
        ("RECENT: what was told before them", ["ferry"] * 30 + ["alder"] * 30, {"alder"}),
    ],
)
def test_what_is_usual_is_counted_in_what_a_source_told_last(
    store: Store, name: str, lines: list[str], usual: set[str]
) -> None:
    names = [f"{chr(97 + number // 26)}{chr(97 + number % 26)}zyx" for number in range(len(lines))]
    put(
        store,
        *(
            entry("a", own, f"{own} {line}", at=NOW - 9000 + number)
            for number, (own, line) in enumerate(zip(names, lines, strict=True))
        ),
    )
    fold.fold(store, fold.Windows(text_window=None), {})
    with store.transaction() as writer:
        found = Batch(writer, fold.Windows(), FoldCache(writer, {}), Folded(), []).usual
        assert found.of("a") == usual, name
        assert found.of("nobody") == set()


def test_what_is_usual_counts_no_story_of_the_batch_twice(store: Store) -> None:
    put(store, *(entry("a", str(n), f"{'abcd'[n]}zyx ferry", at=NOW - 9000 + n) for n in range(4)))
    with store.transaction() as writer:
        waiting = members.entries(writer, queue.pending(writer), 1000)
        batch = Batch(writer, fold.Windows(text_window=None), FoldCache(writer, {}), Folded(), waiting)
        batch.run()
        found = Usual(writer, batch.memory, batch.coming, batch.placed)
        assert found.of("a") == set(), "four are fewer than TELLS, also when they are written"


@pytest.mark.parametrize("question", ["decide", "series", "another_case", "fingerprint"])
def test_B7_a_mistake_in_comparing_two_ends_nothing_and_is_said(
    store: Store, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    """A headline once had a word that ended the fold, and with it all cycles that came."""
    right = getattr(dedupe, question)

    def mistaken(*given: object, **named: object) -> object:
        if any("Skarvoy" in str(one) for one in given):
            raise KeyError("dolları")
        return right(*given, **named)

    monkeypatch.setattr(dedupe, question, mistaken)
    put(
        store,
        entry("a", "1", "Ferry to Skarvoy sinks, 12 drown", at=NOW - 9),
        entry("b", "2", "Ferry to Skarvoy sinks with 12 on board", at=NOW - 8),
        entry("c", "3", "Rain floods the old town of Brisola", at=NOW - 7),
        entry("d", "4", "Rain floods the old town of Brisola", at=NOW - 6),
    )
    done = run(store)
    found = told(store)
    assert found["1"][0] != found["2"][0], "two, as nobody knows better"
    assert found["3"][0] == found["4"][0], "all others are compared"
    assert "Skarvoy" in done.troubles[0] and "KeyError" in done.troubles[0]


def test_SAID_one_mistake_is_not_told_of_each_pair() -> None:
    asker = Asker()
    assert [asker.ask(lambda: 1 // 0, number) for number in range(SAID + 1)] == [*range(SAID + 1)]
    assert len(asker.troubles) == SAID


@pytest.mark.parametrize("error", [StoreError("the disk is full"), MemoryError()])
def test_what_is_no_mistake_of_ours_ends_the_fold(error: Exception) -> None:
    def question() -> int:
        raise error

    with pytest.raises(type(error)):
        Asker().ask(question, 1)
