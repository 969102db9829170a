"""Topics beyond rules: shipped lists, examples, what entries teach, near misses, suggestions, terms."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from lxml import html

from aggregator import answers, cycle, learn, starters, suggest, topics
from aggregator.cli import group
from aggregator.config import load
from aggregator.cycle import learning
from aggregator.errors import ConfigError
from aggregator.learn import Example, features
from aggregator.model import Entry, Source, Topic
from aggregator.store import Store, lookup, open_reader, open_writer, unpublished
from aggregator.text.words import fold
from tests.helpers import NOW, config, entry, put

MANY = 50
FEW = 8
FEW_WORDS = 60
LEAST_EVENTS = 3
FEW_EVENTS = 10
MANY_EVENTS = 20
BROAD = 0.8
BEGINNING = 60


def found(title: str, text: str = "", *wanted: str) -> dict[str, int]:
    return {
        one.topic: one.score
        for one in starters.match(starters.lexicon(wanted or starters.names()), title, text)
    }


def test_there_are_sixteen_lists_in_four_languages() -> None:
    assert len(starters.names()) == 16
    for name in starters.names():
        text = (Path(starters.__file__).parent / "data" / "starters" / f"{name}.txt").read_text(
            encoding="utf-8"
        )
        places = [line.partition(":")[0] for line in text.splitlines()[1:]]
        assert places == [f"{code}{kind}" for code in ("en", "de", "fr", "es") for kind in ("", " title")], (
            name
        )
        assert starters.title(name)[0].isupper()


@pytest.mark.parametrize(
    ("title", "text", "topic", "score"),
    [
        ("Stock market falls", "", "business", 2),
        ("A quiet day", "On Wall Street shares fell.", "business", 2),
        ("A bank", "", "business", 1),
        ("A quiet day", "The bank of a river.", "business", 0),
        ("Bank raises prices", "", "business", 2),
        ("Börse: Leitzins steigt", "", "business", 4),
        ("La Bourse recule", "", "business", 2),
        ("Premier League: Arsenal beat Chelsea", "", "sports", 5),
        ("x " * 70 + "nothing", "nasdaq", "business", 2),
        ("Quiet", "word " * BEGINNING + "nasdaq", "business", 0),
        ("Quiet", "word " * (BEGINNING - 1) + "nasdaq", "business", 2),
        ("Stocks, stocks, stocks", "", "business", 1),
    ],
)
def test_one_telling_word_or_two_hints(title: str, text: str, topic: str, score: int) -> None:
    assert found(title, text).get(topic, 0) == score


@pytest.mark.parametrize(
    ("title", "topic", "expected"),
    [
        ("El alcalde dijo que esa calle se cierra", "science", 0),
        ("Un homme et un chien sur le pont", "world", 0),
        ("The UN says the harbour is closed", "world", 1),
        ("Les mers du sud sont calmes", "health", 0),
        ("Coronation of a carnival prince", "health", 0),
        ("Coronavirus: Schulen öffnen wieder", "health", 2),
        ("El modelo de contrato cambia", "style", 0),
        ("Una bolsa de plástico en el río", "business", 0),
        ("A bus conductor retires", "culture", 0),
        ("Uma noite em Lisboa", "sports", 0),
        ("Robert Koch war in der Stadt", "food", 0),
        ("Schülerin gewinnt Lesewettbewerb", "business", 0),
        ("Die Gewinner der Verlosung", "business", 0),
        ("Reederei meldet Gewinn", "business", 2),
        ("Gewinnwarnung der Reederei", "business", 2),
    ],
)
def test_everyday_words_of_other_languages_are_no_words_of_a_topic(
    title: str, topic: str, expected: int
) -> None:
    assert found(title, "").get(topic, 0) == expected


def labelled(topic: Topic, title: str, text: str = "") -> tuple[str, ...]:
    rules = topics.compiled([topic], [Source("a")])
    return tuple(
        one.rule for one in topics.label(rules, Entry("a", "k", title=title, text=text, summary=text), "A")
    )


# English words that other languages of a list hold too, and that mean the same in both
SHARED = frozenset(
    [
        "prison",
        "justice",
        "college",
        "colleges",
        "restaurant",
        "restaurants",
        "chef",
        "cafe",
        "cancer",
        "medicine",
        "election",
        "elections",
        "ministry",
        "religion",
        "islamic",
        "theater",
        "pollution",
        "em",
        "club",
        "outfit",
        "computer",
        "computers",
        "destination",
        "israeli",
        "ukraine",
        "afghanistan",
        "usa",
    ]
)


@pytest.mark.parametrize("name", starters.names())
def test_a_word_of_another_language_is_no_other_word_of_english(name: str) -> None:
    """All lines are looked for in every text: a German `promi*` is in `promise`, a French `mode*` in `modern`."""
    folder = Path(starters.__file__).parent / "data"
    lines = (folder / "starters" / f"{name}.txt").read_text(encoding="utf-8").splitlines()[1:]
    scopes = dict(line.split(": ", 1) for line in lines if line)
    common = {fold(word) for word in (folder / "words" / "en.txt").read_text(encoding="utf-8").split()}
    for scope, words in scopes.items():
        own = scopes["en"] + (scopes["en title"] if scope.endswith("title") else "")
        known = set(fold(own).replace('"', " ").replace("*", " ").split()) | SHARED
        for word in () if scope.startswith("en") else re.sub('"[^"]* [^"]*"[*]?', "", words).split():
            plain = fold(word.strip('"*'))
            meant = {one for one in common if one == plain or (word.endswith("*") and one.startswith(plain))}
            assert meant <= known, (scope, word, sorted(meant - known)[:5])


def test_a_starter_is_a_rule_beside_the_own_one() -> None:
    topic = Topic("money", "Money", match="purse", exclude="football", starters=("business", "technology"))
    assert labelled(topic, "Nasdaq falls") == ("starter business: nasdaq",)
    assert labelled(topic, "Nasdaq falls: football club") == () and labelled(topic, "A purse") == (
        "match: purse",
    )
    assert labelled(topic, "Bank of computers") != (), "a hint of each"
    assert labelled(topic, "A bank") == ()


@pytest.mark.parametrize("words", [0, FEW_WORDS - 1, FEW_WORDS])
@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ("ferry", "match: ferry"),
        ("ferr*", "match: ferr*"),
        ("erry", None),
        ("erry*", None),
        ("ferr", None),
        ('"ferry sinks"', 'match: "ferry sinks"'),
        ('"ferry sink"*', 'match: "ferry sink"*'),
        ('"ferry sink"', None),
        ('"sinks today"', None),  # the one ends the title, the other begins the text
        ("title:today", None),
        ("today", "match: today"),
        ("lodz", "match: lodz"),
        ("東京", "match: 東京"),
        ("京", "match: 京"),
        ("NOT war", "match: nothing that it excludes"),
    ],
)
def test_FEW_a_rule_finds_the_same_among_few_words_and_among_many(
    words: int, match: str, expected: str | None
) -> None:
    """`words`: of another topic."""
    other = " OR ".join(f"other{number}" for number in range(words))
    found = [Topic("t", "T", match=match), *([Topic("o", "O", match=other)] if other else [])]
    one = Entry("a", "k", title="A ferry sinks", text="Today in Łódź, 東京都")
    assert [label.rule for label in topics.label(topics.compiled(found, [Source("a")]), one, "A")] == (
        [expected] if expected else []
    )


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ("storm ferry", "match: without storm"),
        ("storm ferry NOT peru", "match: without storm"),
        ("storm wind ferry", None),  # more is missing than is there
        ("storm wind ferry harbour", "match: without storm, wind"),
        ("ferry NOT harbour", "match: with harbour, which it leaves out"),
        ("ferry harbour storm NOT sinks", "match: without storm and with sinks, which it leaves out"),
        ("storm", None),
        ("storm NOT peru", None),  # that a word is absent brings nothing near
        ("storm source:a", None),
        ("storm lang:en", None),
        ("storm since:2001-01-01", None),
        ("storm (ferry OR ship)", "match: without storm"),
        ("(storm OR wind) ferry", "match: without (storm OR wind)"),
        ("storm OR wind ferry", "match: without wind"),
        ("storm wind ferry harbour OR wind ferry", "match: without wind"),  # the nearest of what would do
        ("storm OR wind", None),
        ("storm (source:a NOT peru)", None),
    ],
)
def test_a_near_miss_of_a_rule(match: str, expected: str | None) -> None:
    rules = topics.compiled([Topic("t", "T", match=match)], [Source("a")])
    missed = topics.missed(rules, Entry("a", "k", title="Ferry sinks in the harbour", language="en"), "A")
    assert [one.rule for one in missed] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("likeness", "needed", "expected"),
    [
        (0.7, 1.0, True),
        (0.69, 1.0, False),
        (0.99, 1.0, True),
        (1.0, 1.0, False),
        (1.0, math.inf, False),  # nothing is given the topic
        (1.0, -math.inf, False),  # everything is
    ],
)
def test_NEARLY_what_was_learned_nearly_places(likeness: float, needed: float, expected: bool) -> None:
    assert learn.is_near(likeness, needed) is expected


@pytest.mark.parametrize(("certain", "expected"), [(MANY - 1, False), (MANY, True)])
def test_MANY_how_right_it_is_is_said_where_it_can_be_told(certain: int, expected: bool) -> None:
    assert learn.Quality(certain, 0.29, 0.1, 1.0).is_measured is expected


def test_what_is_missing() -> None:
    rules = topics.compiled(
        [
            Topic("money", "Money", exclude="football", starters=("business",)),
            Topic("far", "Far", match="peru election NOT sport"),
            Topic("no", "No", match="chile"),
        ],
        [Source("a")],
    )
    missed = {one.topic: one.rule for one in topics.missed(rules, Entry("a", "k", title="Peru: a bank"), "A")}
    assert missed["far"] == "match: without election"
    assert "a second one is missing" in missed["money"] and "no" not in missed
    held = topics.missed(rules, Entry("a", "k", title="Nasdaq football"), "A")
    assert held[0].rule == "starter business: nasdaq; but exclude: football"


# ---------------------------------------------------------------- what entries teach

SHIPS = ("harbour", "ferry", "captain", "deck", "sail", "anchor", "cargo")
TREES = ("forest", "oak", "leaf", "timber", "bark", "root", "grove")


def headlines(words: tuple[str, ...], number: int, rule: str | None = None) -> list[str]:
    """Made of some of these words, each other ones; the rule's word first in some."""
    made = []
    for n in range(number):
        some = [words[(n + step) % len(words)] for step in (0, 1, 3)]
        made.append(f"{rule + ' ' if rule else ''}{' '.join(some)} report {n % 9}")
    return made


def taught(examples: list[Example]) -> tuple[learn.Model, dict[str, learn.Quality]]:
    counts, quality = learn.teach(examples)
    return learn.Model(learn.load(learn.dump(counts))), quality


def lesson(open_set: bool = False) -> list[Example]:
    """Ships are known by “vessel”, trees by “wood”; as many of each are not."""
    made = []
    for topic, words, rule in (("ships", SHIPS, "vessel"), ("trees", TREES, "wood")):
        for title in headlines(words, 60, rule):
            whole = features(title, "")
            made.append(Example(whole, frozenset((topic,)), learn.without(whole, [rule])))
        made += [Example(features(title, "")) for title in headlines(words, 20 if open_set else 60)]
    if open_set:
        others = tuple(f"{letter}{letter}thing" for letter in "abcdefghijklm")
        made += [Example(features(title, "")) for title in headlines(others, 400)]
    return made


def test_what_comes_with_a_rules_words_is_found_without_them() -> None:
    model, quality = taught(lesson())
    for title, topic in (("Ferry captain drops anchor", "ships"), ("Oak and leaf in the grove", "trees")):
        guess = model.guess(features(title, ""), explained=True)
        assert guess is not None and guess.topic == topic and guess.likeness >= quality[topic].threshold, (
            title
        )
        assert set(guess.words) <= {*SHIPS, *TREES} and guess.words
    assert all(one.precision >= learn.PRECISION and one.certain == 60 for one in quality.values())


@pytest.mark.parametrize(
    ("title", "terms", "left"),
    [
        ("vessels sink deeper", (), {"vessels", "vessel*", "sink", "deeper"}),
        ("vessels sink deeper", ("vessel",), {"sink", "deeper"}),
        ("vessels sink deeper", ("Vessels",), {"vessel*", "sink", "deeper"}),
        ("vessels sink deeper", ("deep sink", "ves"), set()),
        ("nasdaq sinks", (), {"nasdaq", "sinks", "§business", "§§business"}),
        ("nasdaq sinks", ("sinks",), {"nasdaq"}),
    ],
)
def test_a_rules_words_are_hidden_and_what_begins_so(
    title: str, terms: tuple[str, ...], left: set[str]
) -> None:
    assert learn.without(features(title, ""), terms) == left


@pytest.mark.parametrize(
    ("name", "own", "likenesses", "expected"),
    [
        ("as like as the usual ones, and a quarter more", 10, [9, 8, 7, 3], 5),
        ("the two least like of ten are unusual", 10, [9, 2.9], 1),
        ("nothing is like it", 10, [1, 1], 0),
        ("none of its own is recognised", 0, [9, 8], 0),
    ],
)
def test_how_many_of_the_others_belong_to_a_topic(
    name: str, own: int, likenesses: list[float], expected: int
) -> None:
    def held(likeness: float, guessed: str, topic: str) -> learn.Held:
        guess = learn.Guess(guessed, likeness, 0.0)
        return learn.Guess("ships", 0.0, 0.0), guess, frozenset((topic,))

    others = [held(0.1, "trees", "ships"), held(0.1, "ships", "trees")]  # taken for what they are not
    mine = [held(number, "ships", "ships") for number in range(1, own + 1)]
    assert learn._belonging("ships", [*mine, *others * 5], likenesses) == expected, name


def test_where_most_is_about_something_else_it_is_left_alone() -> None:
    model, quality = taught(lesson(open_set=True))
    for title in ("aathing ccthing ddthing", "eething bbthing"):
        guess = model.guess(features(title, ""))
        assert guess is None or not guess.is_supported or guess.likeness < quality[guess.topic].threshold, (
            title
        )
    guess = model.guess(features("Ferry captain drops anchor", ""))
    assert guess is not None and guess.likeness >= quality["ships"].threshold


MONEY = tuple(f"{letter}{letter}ledger" for letter in "abcdefghijklm")


@pytest.mark.parametrize(("known_by", "expected"), [("nasdaq ", 0), ("", 60)])
def test_a_topic_that_learns_alone_is_told_from_what_shipped_lists_know(known_by: str, expected: int) -> None:
    """Of entries that no rule knows, half tell of money: as many of them are taken for ships as nothing else knows."""
    ships = [one for one in lesson() if one.topics != {"trees"}][:120]
    money = [Example(features(f"{known_by}{title}", "")) for title in headlines(MONEY, 60)]
    unknown = headlines(MONEY, 60)
    model, quality = taught([*ships, *money, *(Example(features(title, "")) for title in unknown)])
    assert set(quality) == {"ships"}, "nobody asked about the others"
    guesses = [model.guess(features(title, "")) for title in unknown]
    assert sum(one is not None and one.topic == "ships" for one in guesses) == expected
    ferry = model.guess(features("Ferry captain drops anchor", ""))
    assert ferry is not None and ferry.topic == "ships" and ferry.likeness >= quality["ships"].threshold


@pytest.mark.parametrize(("share", "is_another"), [(0.25, True), (0.26, False)])
def test_AKIN_a_list_that_knows_a_topics_own_entries_is_no_other_subject(
    share: float, is_another: bool
) -> None:
    own = [
        Example(features("nasdaq ferry" if n < 100 * share else "ferry", ""), frozenset({"ships"}))
        for n in range(100)
    ]
    others = learn._beside_others([*own, Example(features("nasdaq falls", ""))])[-1]
    assert bool(others.topics) is is_another


def lesson_of(belonging: dict[str, int], certain: int = MANY) -> learn._Lesson:
    base = learn.Counts(topic_sizes=Counter(dict.fromkeys(belonging, 60) | {"ships": certain}))
    return learn._Lesson((), base, (), (), (), belonging)


@pytest.mark.parametrize(
    ("name", "belonging", "certain", "covered"),
    [
        ("few look like another subject", {"ships": 100, "§§money": 12}, MANY, 1.0),
        ("more do", {"ships": 200, "§§money": 37}, MANY, 0.5),
        ("many do", {"ships": 100, "§§money": 20, "§§sports": 5}, MANY, 0.0),
        ("few examples can't tell", {"ships": 100, "§§money": 500}, MANY - 1, 1.0),
        ("nothing is known of other subjects", {"ships": 100}, MANY, 0.0),
    ],
)
def test_ELSEWHERE_what_looks_like_other_subjects_is_not_covered(
    name: str, belonging: dict[str, int], certain: int, covered: float
) -> None:
    assert lesson_of(belonging, certain).known_as({"ships"}) == pytest.approx(covered), name


@pytest.mark.parametrize(("known_by", "share"), [("nasdaq", 0.5), ("", 0.12)])
def test_SUREST_UNTOLD_of_what_looks_like_a_topic_that_learns_alone_a_part_is_given_it(
    known_by: str, share: float
) -> None:
    """Seventy entries without the rule's word, each with its own share of words of the topic; the others tell
    of what the shipped lists know, or of what nobody does.
    """
    ships = [one for one in lesson() if one.topics == {"ships"}]
    titles = [" ".join((*SHIPS[: 1 + n % 7], *TREES[: n // 14], *["pier"] * (n // 7 % 2))) for n in range(70)]
    money = (*headlines(MONEY, 12, known_by), *headlines(MONEY, 188))
    others = [Example(features(title, "")) for title in (*titles, *money)]
    alone = learn._Lesson.of(learn._beside_others([*ships, *others]))
    counts, quality = learn.teach([*ships, *others])
    model, threshold = learn.Model(counts), quality["ships"].threshold
    guesses = [model.guess(one.features) for one in others]
    given = sum(one is not None and one.topic == "ships" and one.likeness >= threshold for one in guesses)
    assert alone.belonging["ships"] > 20
    assert given == pytest.approx(share * alone.belonging["ships"], abs=1), "but for ties"


@pytest.mark.parametrize(("others", "is_told"), [(170, False), (300, True)])
def test_TOO_MANY_where_all_looks_like_the_only_topic_nothing_is_given_it(others: int, is_told: bool) -> None:
    """Of 160 entries like its own, and some that are not."""
    ships = [one for one in lesson() if one.topics == {"ships"}]
    titles = (*headlines(SHIPS, 160), *headlines(MONEY, others - 160))
    _, quality = learn.teach([*ships, *(Example(features(title, "")) for title in titles)])
    assert (quality["ships"].threshold < math.inf) is is_told


def test_a_list_that_knows_one_of_several_topics_is_no_other_subject() -> None:
    """However little of all their entries together it knows."""
    ships = [Example(features("nasdaq ferry", ""), frozenset({"ships"}))] * 10
    trees = [Example(features("oak", ""), frozenset({"trees"}))] * 90
    assert not learn._beside_others([*ships, *trees, Example(features("nasdaq falls", ""))])[-1].topics


@pytest.mark.parametrize(
    "rows",
    [
        [[0, 0]],
        [[1, -1, 5], [-7, -3, 2]],
        [[learn.MILLION * 20, -learn.MILLION * 20]] * 5000,
        [[-1] * 20, [1] * 20, [-1] * 20],
    ],
)
def test_what_stands_side_by_side_is_added_at_once(rows: list[list[int]]) -> None:
    added = sum(map(learn._side_by_side, rows))
    assert learn._apart(added, len(rows[0])) == [sum(column) for column in zip(*rows, strict=True)]


def test_the_same_entries_teach_the_same() -> None:
    first, again = learn.teach(lesson(True)), learn.teach(lesson(True))
    assert learn.dump(first[0]) == learn.dump(again[0]) and first[1] == again[1]


def test_nobody_teaches_nobody_learns() -> None:
    model, quality = taught([Example(features("Ferry", ""))] * 9)
    assert quality == {} and model.guess(features("Ferry", "")) is None


@pytest.mark.parametrize(("number", "known"), [(FEW - 1, False), (FEW, True)])
def test_few_entries_teach_nothing_but_what_is_like_them(number: int, known: bool) -> None:
    lesson_ = [Example(features(title, ""), frozenset(("ships",))) for title in headlines(SHIPS, number)]
    _, quality = taught([*lesson_, *(Example(features(title, "")) for title in headlines(TREES, 30))])
    assert ("ships" in quality) == known


@pytest.mark.parametrize(
    ("found_", "least", "precision"),
    [
        ([], float("inf"), 0.0),
        ([(1.0, True)] * 9 + [(2.0, True)], float("-inf"), 1.0),
        ([(1.0, False), *[(2.0, True)] * 9], float("-inf"), 0.9),
        ([(1.0, False), *[(2.0, True)] * 8], 2.0, 1.0),
        ([(1.0, True), (2.0, False)], float("inf"), 0.0),
    ],
)
def test_precision_is_kept(found_: list[tuple[float, bool]], least: float, precision: float) -> None:
    assert learn._least(found_) == (least, precision)


# ---------------------------------------------------------------- in a cycle

LEARNING = '[[sources]]\nid = "a"\npath = "none.txt"\n[[topics]]\nid = "ships"\nmatch = "vessel"\nlearn = true\nexclude = "toy"\n[[topics]]\nid = "trees"\nmatch = "wood"\nlearn = true\n'


def published(settings: Any, topic: str) -> set[str]:
    return {one["title"] for one in json.loads((settings.output / f"{topic}.json").read_text())["items"]}


def tell(settings: Any, titles: list[str], now: int, first: int = 0) -> None:
    with open_writer(settings.database) as store:
        put(
            store,
            *(entry("a", str(first + n), title, at=now - 60 - n) for n, title in enumerate(titles)),
            at=now,
        )
        cycle.run(settings, store, None, now)


def test_a_topic_learns_and_a_rules_word_holds(tmp_path: Path) -> None:
    settings = config(tmp_path, LEARNING)
    lesson_ = headlines(SHIPS, 60, "vessel") + headlines(TREES, 60, "wood")
    # what is folded as one text would teach but once
    tell(settings, [f"{title} {n * 7}{chr(97 + n % 26)}" for n, title in enumerate(lesson_)], NOW)
    new = [
        "Ferry captain drops anchor in the harbour",
        "Toy ferry captain drops anchor",
        "wood for a ferry captain with cargo on deck",
    ]
    tell(settings, new, NOW + 3600, 1000)
    ships, trees = published(settings, "ships"), published(settings, "trees")
    assert new[0] in ships and new[1] not in ships, "exclude holds for what is learned"
    assert new[2] in trees and new[2] not in ships, "a rule's word holds"
    path = str(tmp_path / "config.toml")
    said = json.loads(CliRunner().invoke(group, ["--config", path, "status", "--json"]).stdout)["learned"]
    assert said["ships"]["certain"] == 60 and said["ships"]["precision"] >= 0.9
    with open_writer(settings.database) as store:
        number = store.value("SELECT id FROM entry WHERE title = ?", (new[0],))
    why = json.loads(CliRunner().invoke(group, ["--config", path, "why", str(number), "--json"]).stdout)
    assert why["topics"][0]["topic"] == "ships" and why["topics"][0]["rule"].startswith("learned: ")


def test_one_example_finds_what_is_like_it(tmp_path: Path) -> None:
    (tmp_path / "seeds.txt").write_text("Museum opens a wing for ancient coins\n")
    settings = config(
        tmp_path,
        '[[sources]]\nid = "a"\npath = "none.txt"\n[[topics]]\nid = "honduras"\nlike = ["Honduras election turmoil deepens"]\n'
        '[[topics]]\nid = "coins"\nlike = ["file:seeds.txt"]\n',
    )
    tell(
        settings,
        [
            "Honduras election turmoil grows as votes are counted",
            "Ancient coins in the museum",
            "Tax rise for farmers",
            "Rain in spring",
        ],
        NOW,
    )
    assert published(settings, "honduras") == {"Honduras election turmoil grows as votes are counted"}
    assert published(settings, "coins") == {"Ancient coins in the museum"}


def test_the_page_of_a_topic_says_how_well_it_is_learned(tmp_path: Path) -> None:
    def note(topic: str) -> str:
        page: Any = html.document_fromstring((settings.output / f"{topic}.html").read_bytes())
        return str(page.xpath("string(//main/p[@class='meta'])"))

    def known(topic: str) -> str:
        with open_reader(settings.database) as store:
            return learning.notes(settings, store).get(topic, "")

    settings = config(tmp_path, LEARNING)
    lesson_ = headlines(SHIPS, 60, "vessel") + headlines(TREES, 60, "wood")
    tell(settings, [f"{title} {n * 7}{chr(97 + n % 26)}" for n, title in enumerate(lesson_)], NOW)
    first = note("ships")
    assert first == known("ships") and "% of what it finds is right" in first and not note("all")
    # As much again teaches something else; both topics say so, although what is new is in one of them.
    more = [f"{title} {n * 9}{chr(97 + n % 26)} vessel" for n, title in enumerate(headlines(TREES, 80))]
    tell(settings, more, NOW + 3600, 1000)
    with open_reader(settings.database) as store:
        assert unpublished.count(store) == 0
    assert note("ships") == known("ships") and note("trees") == known("trees") and note("ships") != first
    settings = config(tmp_path, LEARNING.replace("learn = true\n", ""))
    with open_writer(settings.database) as store:
        cycle.run(settings, store, None, NOW + 7200)
    assert note("ships") == note("trees") == ""


@pytest.mark.parametrize(
    ("name", "topic", "expected"),
    [
        ("a headline, whatever the text", 'like = ["ferry Sinks"]', {"Ferry sinks", "FERRY SINKS"}),
        ("an id", 'like = ["3"]', {"Tax rise"}),
        ("a story with its text", 'like = ["file:seeds.txt"]', {"Ferry sinks"}),
        ("many teach, and are in it too", f"like = ['Tax rise', {', '.join(f'{chr(34)}Owl {n}{chr(34)}' for n in range(9))}]", {"Tax rise"}),
        ("unless it is excluded", 'like = ["ferry sinks"]\nexclude = "crew"', {"FERRY SINKS"}),
        ("another topic's word holds beside it", 'like = ["Rain in spring"]', {"Rain in spring"}),
    ],
)  # fmt: skip
def test_an_example_is_in_its_topic(tmp_path: Path, name: str, topic: str, expected: set[str]) -> None:
    (tmp_path / "seeds.txt").write_text("Ferry sinks\nThe crew of a ferry swam ashore on Friday morning.\n")
    settings = config(
        tmp_path,
        f'[[sources]]\nid = "a"\npath = "none.txt"\n[[sources]]\nid = "b"\npath = "none.txt"\n'
        f'[[topics]]\nid = "rain"\nmatch = "rain"\nlearn = true\n[[topics]]\nid = "t"\n{topic}\n',
    )
    with open_writer(settings.database) as store:
        put(
            store,
            entry("a", "1", "Ferry sinks", "The crew of a ferry swam ashore on Friday morning.", at=NOW - 5),
            entry("b", "2", "FERRY SINKS", "Accounts of a club for model ships.", at=NOW - 4),
            entry("b", "3", "Tax rise", "Farmers protest in the capital.", at=NOW - 3),
            entry("b", "4", "Rain in spring", "Gardens are green.", at=NOW - 2),
        )
        cycle.run(settings, store, None, NOW)
        why = {
            title: store.value("SELECT topics FROM stories WHERE title = ?", (title,)) for title in expected
        }
    assert published(settings, "t") == expected, (name, why)


def test_an_entry_is_an_example_by_its_id(tmp_path: Path) -> None:
    settings = config(tmp_path, '[[sources]]\nid = "a"\npath = "none.txt"\n')
    tell(settings, ["Ferry captain drops anchor", "Old ferry with a new captain", "Tax rise"], NOW)
    with open_writer(settings.database) as store:
        public_id = store.value("SELECT public_id FROM entry WHERE id = 1")
    settings = config(
        tmp_path, f'[[sources]]\nid = "a"\npath = "none.txt"\n[[topics]]\nid = "t"\nlike = ["{public_id}"]\n'
    )
    with open_writer(settings.database) as store:
        cycle.run(settings, store, None, NOW + 60)
    assert "Ferry captain drops anchor" in published(settings, "t") and "Tax rise" not in published(
        settings, "t"
    )


@pytest.mark.parametrize(
    ("topic", "words"),
    [
        ('starter = "busines"', 'there is no starter "busines"; did you mean "business"?'),
        ('starter = ["world", "x"]', 'there is no starter "x"; there are business, '),
        ('scheme = "http://a.example/"', "says nothing without a `term`"),
        ("learn = 1", "learn"),
        ("like = 3", "like"),
    ],
)
def test_keys_that_are_wrong(tmp_path: Path, topic: str, words: str) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml:") as caught:
        config(tmp_path, f'[[topics]]\nid = "t"\n{topic}\n')
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("none.txt", "none.txt: can't be read: No such file or directory"),
        ("x" * 300, "x: can't be read: File name too long"),
        ("none\\u0000", "none\\x00': can't be read: embedded null byte"),
    ],
)
def test_a_file_of_examples_that_can_not_be_read(tmp_path: Path, name: str, words: str) -> None:
    settings = config(
        tmp_path, f'[[sources]]\nid = "a"\npath = "x"\n[[topics]]\nid = "t"\nlike = ["file:{name}"]\n'
    )
    with pytest.raises(ConfigError, match=f"t: like: .*{re.escape(words)}"):
        tell(settings, ["One"], NOW)


def test_a_term_is_published(tmp_path: Path) -> None:
    scheme = "http://cv.iptc.org/newscodes/mediatopic/"
    settings = config(
        tmp_path,
        f'[[sources]]\nid = "a"\npath = "x"\n[[topics]]\nid = "t"\ntitle = "Ships"\nmatch = "ferry"\nscheme = "{scheme}"\nterm = "medtop:04000000"\n',
    )
    tell(settings, ["Ferry sinks", "Rain"], NOW)
    atom = ElementTree.parse(settings.output / "all.atom").getroot()
    names = {"a": "http://www.w3.org/2005/Atom"}
    said = {
        one.findtext("a:title", None, names): [dict(c.attrib) for c in one.findall("a:category", names)]
        for one in atom.findall("a:entry", names)
    }
    assert said == {
        "Ferry sinks": [{"term": "medtop:04000000", "scheme": scheme, "label": "Ships"}],
        "Rain": [],
    }
    rss = ElementTree.parse(settings.output / "t.rss").getroot().findall("channel/item/category")
    assert [(one.get("domain"), one.text) for one in rss] == [(scheme, "medtop:04000000")]
    assert json.loads((settings.output / "t.json").read_text())["items"][0]["tags"] == ["medtop:04000000"]


# ---------------------------------------------------------------- topics that are missing


def test_what_is_in_no_topic_is_grouped(tmp_path: Path) -> None:
    def happening(number: int, title: str, has_topic: bool = False, sources: int = 1) -> suggest.Happening:
        return suggest.Happening(number, (title,), sources, has_topic)

    said = [
        "Volcano erupts near Reykjavik",
        "Lava of the volcano reaches a road",
        "Volcano closes airspace with lava",
        "Volcano sleeps",
    ]
    groups = suggest.suggest(
        [
            *(happening(n, title, sources=n) for n, title in enumerate(said)),
            *(happening(10 + n, f"Tax story number{n}", True) for n in range(9)),
            happening(30, "Two alone"),
            happening(31, "Two together"),
        ]
    )
    assert [one.words[0] for one in groups] == ["volcano"] and "lava" in groups[0].words
    assert [one.event for one in groups[0].events] == [3, 2, 1, 0]


@pytest.mark.parametrize(("events", "is_group"), [(LEAST_EVENTS - 1, False), (LEAST_EVENTS, True)])
def test_a_group_has_some_events(events: int, is_group: bool) -> None:
    made = [suggest.Happening(n, (f"Volcano news {n}",), 1, False) for n in range(events)]
    assert bool(suggest.suggest(made)) == is_group


@pytest.mark.parametrize(
    ("name", "events", "best"),
    [
        ("what is in all sorts of news is behind", {"former": 9, "climate": 6}, "climate"),
        ("unless there is nothing else", {"former": 9}, "former"),
        ("a word of no list is not for that above all", {"climate": 10, "qxqx": 4}, "climate"),
        ("but as much as the rarest of a list", {"climate": 8, "qxqx": 8}, "qxqx"),
        ("what is nobody's topic is none", {"year": 9}, None),
    ],
)
def test_the_word_that_tells_most_names_the_group(
    name: str, events: dict[str, int], best: str | None
) -> None:
    titles = [f"the {word} of zq{n}{word}" for word, many in events.items() for n in range(many)]
    titles += [f"the zz{n}zz" for n in range(90)]
    made = [suggest.Happening(n, (title,), 1, title.startswith("the zz")) for n, title in enumerate(titles)]
    assert [one.words[0] for one in suggest.suggest(made, 1)] == ([best] if best else []), name


def test_a_word_that_is_everyday_in_one_language_is_so_in_all() -> None:
    assert suggest._least([{"a": 2.0, "b": 1.0}, {"a": 0.5, "c": 3.0}]) == {"a": 0.5, "b": 1.0, "c": 3.0}


@pytest.mark.parametrize(
    ("events", "with_it", "is_group"),
    [(100, 20, True), (100, 21, False), (12, FEW_EVENTS, True), (12, FEW_EVENTS + 1, False)],
)
def test_a_word_of_more_than_every_fifth_event_names_no_topic(
    events: int, with_it: int, is_group: bool
) -> None:
    made = [
        suggest.Happening(n, (f"volcano qx{n}x" if n < with_it else f"qx{n}x",), 1, False)
        for n in range(events)
    ]
    assert bool(suggest.suggest(made)) == is_group


@pytest.mark.parametrize(
    ("with_it", "elsewhere", "is_company"),
    [(4, 4, True), (4, 5, False), (2, 0, True), (1, 0, False)],
)
def test_words_that_come_with_a_topics_word_are_seldom_elsewhere(
    with_it: int, elsewhere: int, is_company: bool
) -> None:
    group = [
        suggest.Happening(n, ("volcano lava" if n < with_it else "volcano",), 1, False) for n in range(4)
    ]
    others = [suggest.Happening(10 + n, ("lava",), 1, True) for n in range(elsewhere)]
    [found] = suggest.suggest([*group, *others])
    assert found.words == (("volcano", "lava") if is_company else ("volcano",))


@pytest.mark.parametrize(
    ("events", "in_topic", "says_something"),
    [
        (MANY_EVENTS, int(MANY_EVENTS * BROAD), False),
        (MANY_EVENTS, int(MANY_EVENTS * BROAD) - 1, True),
        (MANY_EVENTS - 1, MANY_EVENTS - 1, True),
    ],
)
def test_a_topic_that_takes_nearly_everything_is_none(
    events: int, in_topic: int, says_something: bool
) -> None:
    topics = {event: ["news" if event < in_topic else "volcano"] for event in range(events)}
    assert suggest.placed(topics) == set(range(0 if says_something else in_topic, events))


def test_what_stands_in_no_feed_is_in_no_topic(tmp_path: Path) -> None:
    """`min_sources` applied: told by one source alone, it is not there."""
    settings = config(
        tmp_path,
        '[[sources]]\nid = "a"\npath = "x"\n[[topics]]\nid = "t"\nmatch = "volcano"\none_per = "event"\nmin_sources = 2\n',
    )
    places = ("Reykjavik", "Naples", "Quito", "Manila")
    tell(settings, [f"Volcano erupts near {place}, {n * 31} flee" for n, place in enumerate(places)], NOW)
    with open_reader(settings.database) as store:
        [found] = answers.suggested(store, 0, 10)
    assert "volcano" in found.words and len(found.events) >= LEAST_EVENTS


def test_suggestions_are_ready_for_the_config(tmp_path: Path) -> None:
    settings = config(tmp_path, '[[sources]]\nid = "a"\npath = "x"\n')
    places = ("Reykjavik", "Naples", "Quito", "Manila")
    tell(settings, [f"Volcano erupts near {place}, {n * 31} flee" for n, place in enumerate(places)], NOW)
    path = tmp_path / "config.toml"
    done = CliRunner().invoke(group, ["--config", str(path), "topics", "suggest", "--since", "36500d"])
    assert "[[topics]]" in done.stdout and "volcano" in done.stdout
    path.write_text(path.read_text() + done.stdout)
    assert [topic.id for topic in load(path, {}).topics]
    as_json = CliRunner().invoke(
        group, ["--config", str(path), "topics", "suggest", "--since", "36500d", "--json"]
    )
    assert json.loads(as_json.stdout)[0]["events"] >= 3


def test_dump_tells_topics_in_effect(tmp_path: Path) -> None:
    """`min_sources` applied: what one source alone tells is in no feed of such a topic."""
    body = "".join(f'[[sources]]\nid = "{name}"\npath = "x"\n' for name in "ab")
    settings = config(
        tmp_path,
        body
        + '[[topics]]\nid = "most"\nmatch = "NOT xyzzy"\nmin_sources = 2\none_per = "event"\n[[topics]]\nid = "all-of-it"\nmatch = "NOT xyzzy"\n',
    )
    with open_writer(settings.database) as store:
        put(
            store,
            entry("a", "1", "Ferry Ålesund sinks off Bergen with 214 aboard", at=NOW - 900),
            entry("b", "1", "Ålesund ferry sinks near Bergen, 214 aboard", at=NOW - 800),
            entry("a", "2", "Tax rise for farmers", at=NOW - 700),
        )
        cycle.run(settings, store, None, NOW)
        assert store.rows("SELECT stories, sources FROM events ORDER BY stories DESC") == [
            (2, 2),
            (1, 1),
        ]
        assert [row[0] for row in store.rows("SELECT level FROM folds")] == ["event"]
    lines = CliRunner().invoke(group, ["--config", str(tmp_path / "config.toml"), "dump"]).stdout.splitlines()
    told = {one["title"][:4]: one["topics"] for one in map(json.loads, lines)}
    assert told == {"Ferr": ["all-of-it", "most"], "Åles": ["all-of-it", "most"], "Tax ": ["all-of-it"]}


@pytest.mark.parametrize(
    ("one_per", "least", "alone", "told_by_two", "told_by_three"),
    [
        ("story", 2, [], ["Ferry", "Ålesund"], ["Ferry", "Ålesund", "Ålesund"]),
        ("story", 3, [], [], ["Ferry", "Ålesund", "Ålesund"]),
        ("entry", 2, [], ["Ferry", "Ålesund", "Ålesund"], ["Ferry", "Ålesund", "Ålesund", "Ålesund"]),
        ("entry", 3, [], [], ["Ferry", "Ålesund", "Ålesund", "Ålesund"]),
        ("event", 2, [], ["Ferry"], ["Ferry"]),
        ("event", 3, [], [], ["Ferry"]),
    ],
)
def test_enough_independent_sources_tell_the_event_whatever_one_item_is(
    tmp_path: Path,
    one_per: str,
    least: int,
    alone: list[str],
    told_by_two: list[str],
    told_by_three: list[str],
) -> None:
    """A copy is no second voice; the feed follows when another source joins, and agrees with `dump`."""
    body = "".join(f'[[sources]]\nid = "{name}"\npath = "x"\n' for name in "abcd")
    body += f'[[topics]]\nid = "most"\nmatch = "ferry OR tax"\nmin_sources = {least}\none_per = "{one_per}"\n'
    settings = config(tmp_path, '[publish]\nlead = "first"\n' + body)
    first = entry("a", "1", "Ferry Ålesund sinks off Bergen with 214 aboard", at=NOW - 900)
    second = entry("b", "1", "Ålesund ferry sinks near Bergen, 214 aboard", at=NOW - 800)
    copy = entry("d", "1", "Ålesund ferry sinks near Bergen, 214 aboard", at=NOW - 700)
    third = entry("c", "1", "Ålesund: ferry with 214 aboard sinks, Bergen says", at=NOW - 600)

    def told(store: Store, *said: Entry) -> list[str]:
        put(store, *said)
        cycle.run(settings, store, None, NOW)
        items = json.loads((settings.output / "most.json").read_text())["items"]
        of_dump = {one.public_id: topics for one, _, _, _, topics in lookup.dump(store)}
        assert bool(items) == any("most" in topics for topics in of_dump.values())
        return sorted(one["title"].partition(" ")[0].rstrip(":") for one in items)

    with open_writer(settings.database) as store:
        tax = entry("a", "2", "Tax rise for farmers", at=NOW - 500)
        assert told(store, first, tax) == alone
        assert told(store, second, copy) == told_by_two
        assert told(store, third) == told_by_three
