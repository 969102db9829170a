"""An editor's commands: stories by hand, overrides and topics listed, words on folds as data."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from aggregator import cycle
from aggregator.cli import group, topics
from aggregator.cli.moments import rfc3339
from aggregator.config import load
from aggregator.errors import ConfigError, UsageError
from aggregator.model import Topic
from aggregator.store import open_writer
from aggregator.suggest import Happening, Suggestion
from tests.helpers import NOW, config, entry, put

TOPICS = '[[topics]]\nid = "harbour"\nmatch = "harbour"\n[[topics]]\nid = "culture"\nmatch = "museum"\n'
Command = Callable[..., Any]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command in a folder with two stories; gives what it prints as JSON where it is asked for that."""
    settings = config(
        tmp_path,
        f'[[sources]]\nid = "a"\npath = "none.txt"\n[[sources]]\nid = "b"\npath = "none.txt"\n{TOPICS}',
    )
    with open_writer(settings.database) as store:
        put(
            store,
            entry("a", "1", "Ferry sinks in the harbour", at=NOW - 900),
            entry("b", "2", "Museum opens a wing", at=NOW - 800),
        )
        cycle.run(settings, store, None, NOW)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, given: str | bytes | None = None) -> Any:
        done = CliRunner().invoke(
            group, ["--config", str(tmp_path / "config.toml"), *arguments], input=given, standalone_mode=False
        )
        if done.exception is not None:
            raise done.exception
        return json.loads(done.stdout) if "--json" in arguments else done.output

    return run


def _feed(tmp_path: Path, name: str) -> list[dict[str, Any]]:
    settings = load(tmp_path / "config.toml", {})
    items: list[dict[str, Any]] = json.loads((settings.output / name).read_text())["items"]
    return items


def test_a_story_by_hand_is_published_like_any_other(command: Command, tmp_path: Path) -> None:
    text = "Divers reached the wreck.\n\nMore at https://news.example/wreck."
    made = command(
        "add",
        "--title",
        "Divers reach the wreck",
        "--topic",
        "harbour",
        "--date",
        "2026-09-20 10:00",
        "--json",
        "-",
        given=text,
    )
    assert made["topics"] == ["harbour"] and made["story"] == made["entry"]
    (item,) = [one for one in _feed(tmp_path, "harbour.json") if one["id"] == made["entry"]]
    assert item["title"] == "Divers reach the wreck" and item["date_published"] == "2026-09-20T10:00:00Z"
    assert (
        '<a href="https://news.example/wreck"' in item["content_html"]
        and item["content_html"].count("<p>") == 2
    )
    assert "stories/" in item["url"], "without a link it has a page of its own"
    again = command(
        "add", "--title", "Divers reach the wreck", "--topic", "harbour", "--json", "-", given=text
    )
    assert again["number"] == made["number"] and len(_feed(tmp_path, "all.json")) == 3


def test_a_story_by_hand_outlives_new_rules_and_a_refold(command: Command, tmp_path: Path) -> None:
    made = command("add", "--title", "Chess in the park", "--topic", "culture", "--json")
    path = tmp_path / "config.toml"
    path.write_text(path.read_text().replace('match = "museum"', 'match = "painting"'))
    settings = load(path, {})
    with open_writer(settings.database) as store:
        cycle.run(settings, store, None, NOW + 60)
        cycle.refold(settings, store, None, NOW + 120)
    assert [one["id"] for one in _feed(tmp_path, "culture.json")] == [made["entry"]]


def test_a_story_by_hand_is_back_in_a_topic_that_left_the_config_and_came_back(
    command: Command, tmp_path: Path
) -> None:
    made = command("add", "--title", "Chess in the park", "--topic", "culture", "--json")
    path = tmp_path / "config.toml"
    before = path.read_text()
    for text in (before.replace('"culture"', '"arts"'), before):
        path.write_text(text)
        settings = load(path, {})
        with open_writer(settings.database) as store:
            cycle.run(settings, store, None, NOW + 60)
    assert made["entry"] in [one["id"] for one in _feed(tmp_path, "culture.json")]


@pytest.mark.parametrize(
    ("name", "again", "topics"),
    [
        ("another topic", ["culture"], ["culture"]),
        ("one more", ["harbour", "culture"], ["culture", "harbour"]),
        ("none: as before", [], ["harbour"]),
    ],
)
def test_a_story_again_is_in_the_topics_named_last(
    command: Command, tmp_path: Path, name: str, again: list[str], topics: list[str]
) -> None:
    first = command("add", "--title", "Chess in the park", "--topic", "harbour", "--json")
    named = [part for topic in again for part in ("--topic", topic)]
    made = command("add", "--title", "Chess in the park", *named, "--json")
    assert made["entry"] == first["entry"] and made["topics"] == topics, name
    for topic in ("harbour", "culture"):
        assert (made["entry"] in [one["id"] for one in _feed(tmp_path, f"{topic}.json")]) == (topic in topics)
    assert sorted(one["other"] for one in command("overrides", "list", "--json")) == topics


def test_a_story_by_hand_with_a_known_link_is_that_item(command: Command, tmp_path: Path) -> None:
    settings = load(tmp_path / "config.toml", {})
    with open_writer(settings.database) as store:
        put(store, entry("a", "3", "Council votes on the bridge", link="https://n.example/bridge"))
        cycle.run(settings, store, None, NOW)
    said = command(
        "add", "--title", "Council votes on the bridge", "--link", "https://n.example/bridge?utm_source=x"
    )
    assert "within the story “Council votes on the bridge”" in said


@pytest.mark.parametrize(
    ("arguments", "given", "words"),
    [
        (["--title", " "], None, "has no words"),
        (["--title", "x", "--link", "nowhere"], None, "is no web address"),
        (["--title", "x", "--topic", "sport"], None, "there are harbour, culture"),
        (["--title", "x", "--date", "soon"], None, "is no date"),
        (["--title", "x", "--date", "2031-01-01"], None, "lies in the future"),
        (["--title", "x", "--date", "2026-09-01 25:00"], None, 'what is "25:00"'),
        (["--title", "x", "-"], b"\xff", "byte 1 is not UTF-8"),
        (["--title", "x", "-"], b"x" * 1_000_001, "larger than 1 MB"),
    ],
)
def test_what_is_no_story_is_refused(
    command: Command, arguments: list[str], given: bytes | None, words: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=words):
        command("add", *arguments, given=given)
    assert len(_feed(tmp_path, "all.json")) == 2


def test_no_config_names_the_source_of_stories_by_hand(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='"by-hand" is reserved'):
        config(tmp_path, '[[sources]]\nid = "by-hand"\npath = "x.txt"\n')


def test_words_on_folds_are_data(command: Command) -> None:
    joined = command("join", "1", "2", "--json")
    assert (
        "“Museum opens a wing” is told under “Ferry sinks in the harbour” in feeds of one item an event"
        in joined["done"]
    )
    first, second = joined["entries"]
    assert first["event"] == second["event"] and first["story"] != second["story"]
    command("add", "--title", "Chess in the park", "--topic", "culture")
    (word, topic) = command("overrides", "list", "--json")
    assert (word["kind"], word["level"], word["title"], word["other_title"]) == (
        "join", "event", "Ferry sinks in the harbour", "Museum opens a wing",
    )  # fmt: skip
    assert (topic["kind"], topic["title"], topic["other"]) == ("topic", "Chess in the park", "culture")
    line = command("overrides", "list").splitlines()[1]
    assert line.split("\t")[1:] == ["join event", "1 Ferry sinks in the harbour", "2 Museum opens a wing"]
    assert (word["number"], topic["number"]) == (1, 3)
    apart = command("join", "2", "1", "--undo", "--json")
    assert apart["entries"][0]["event"] != apart["entries"][1]["event"], "at once"
    as_text = command("join", "1", "2", "--level", "text", "--json")
    assert (
        "everywhere" in as_text["done"] and as_text["entries"][0]["story"] == as_text["entries"][1]["story"]
    )
    split = command("split", "2", "--json")
    assert split["entries"][0]["story"] == split["entries"][0]["entry"]


def test_a_pair_that_is_joined_again_the_other_way_round_is_one_word(command: Command) -> None:
    for words in ("1 2", "2 1", "1 2 --level text"):
        command("join", *words.split(" "))
    assert [word["level"] for word in command("overrides", "list", "--json")] == ["text"]
    command("join", "2", "1", "--undo")
    assert command("overrides", "list", "--json") == []


FERRY, MUSEUM = "“Ferry sinks in the harbour” (a, entry 1)", "“Museum opens a wing” (b, entry 2)"


@pytest.mark.parametrize(
    ("name", "words", "entry_", "expected"),
    [
        ("alone", [], "1", ["level   none: it stands alone"]),
        (
            "of an event, the first to tell it",
            ["join 1 2"],
            "1",
            ["level   none: its event began with it", "lead    it leads its event", "yours   joined with “Museum opens a wing” as one event"],
        ),
        ("of an event, another one", ["join 1 2"], "2", [f"lead    {FERRY}", "yours   joined with “Ferry sinks in the harbour” as one event"]),
        ("the editor's lead", ["join 1 2", "pin 2"], "1", ["level   none: its event began with it", f"lead    {MUSEUM}"]),
        ("pinned", ["join 1 2", "pin 2"], "2", ["lead    it leads its event", "yours   pinned: it leads"]),
        ("of a story", ["join 1 2 --level text"], "1", ["level   none: its story began with it", "lead    it leads its story", "yours   joined with “Museum opens a wing” as one story"]),
        ("hidden", ["hide 1"], "1", ["level   none: it stands alone", "lead    none: it is hidden", "yours   hidden: its story is not published"]),
        ("its event goes on without it", ["join 1 2", "hide 1"], "1", [f"lead    {MUSEUM}"]),
        ("split", ["join 1 2", "split 2"], "2", ["level   none: it stands alone", "yours   split from “Ferry sinks in the harbour”"]),
        ("the other one of a split", ["join 1 2", "split 2"], "1", ["yours   split from “Museum opens a wing”"]),
        ("by hand", ["add --title Chess --topic culture"], "3", ["topic   culture: put there by hand", "yours   put in the topic culture"]),
    ],
)  # fmt: skip
def test_why_says_who_leads_and_what_you_said(
    command: Command, name: str, words: list[str], entry_: str, expected: list[str]
) -> None:
    for word in words:
        command(*word.split(" "))
    lines = [line.strip() for line in command("why", entry_).splitlines()]
    assert [line for line in expected if line not in lines] == [], (name, lines)
    says_who_leads = [any(line.startswith("lead ") for line in said) for said in (lines, expected)]
    assert says_who_leads[0] == says_who_leads[1], "only where there are several, or nothing"


@pytest.mark.parametrize(
    ("name", "least", "words", "there", "near"),
    [
        ("one is enough", 1, [], ["told"], []),
        ("one of two", 2, [], [], ["match: ferry; but told by 1 of 2 sources"]),
        ("two of two", 2, ["join 1 2"], ["told"], []),
        ("two of three", 3, ["join 1 2"], [], ["match: ferry; but told by 2 of 3 sources"]),
    ],
)
def test_why_leaves_out_topics_that_want_more_sources(
    command: Command,
    tmp_path: Path,
    name: str,
    least: int,
    words: list[str],
    there: list[str],
    near: list[str],
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'{path.read_text()}[[topics]]\nid = "told"\nmatch = "ferry"\nmin_sources = {least}\n')
    added = command("add", "--title", "Ferry to Ischia", "--json")
    assert ("told" in added["topics"]) is (least == 1), name
    for word in words:
        command(*word.split(" "))
    said = command("why", "1", "--json")
    assert [one["topic"] for one in said["topics"] if one["topic"] == "told"] == there, name
    assert [one["missing"] for one in said["near_topics"] if one["topic"] == "told"] == near, name
    assert [line for line in command("why", "1").splitlines() if line.startswith("  not     told")] == [
        f"  not     told: {one}" for one in near
    ]


def test_why_names_the_lead_as_data(command: Command) -> None:
    alone = command("why", "1", "--json")
    assert alone["lead"] == alone["entry"]
    command("join", "1", "2")
    command("pin", "2")
    assert command("why", "1", "--json")["lead"] == command("why", "2", "--json")["entry"]
    for number in ("1", "2"):
        command("hide", number)
    assert command("why", "1", "--json")["lead"] is None


IN_EVENTS = "in feeds of one item an event"


@pytest.mark.parametrize(
    ("name", "before", "joined", "expected"),
    [
        ("the first leads", [], "1 2", f"“Museum opens a wing” is told under “Ferry sinks in the harbour” {IN_EVENTS}"),
        ("what is pinned leads", ["pin 2"], "1 2", f"“Ferry sinks in the harbour” is told under “Museum opens a wing” {IN_EVENTS}"),
        ("of a story too", ["pin 2"], "1 2 --level text", "“Ferry sinks in the harbour” is told under “Museum opens a wing” everywhere"),
        (
            "both under a third",
            ["add --title Chess", "pin 3", "join 1 3"],
            "1 2",
            f"“Ferry sinks in the harbour” and “Museum opens a wing” are told under “Chess” {IN_EVENTS}",
        ),
        ("one of them hidden", ["hide 1"], "1 2", f"“Ferry sinks in the harbour” is told under “Museum opens a wing” {IN_EVENTS}"),
        ("both hidden", ["hide 1", "hide 2"], "1 2", ""),
    ],
)  # fmt: skip
def test_join_says_what_is_told_under_what(
    command: Command, name: str, before: list[str], joined: str, expected: str
) -> None:
    for word in before:
        command(*word.split(" "))
    done = command("join", *joined.split(" "), "--json")["done"]
    what = "story" if "text" in joined else "event"
    assert done == f"entries 1 and 2 are one {what} now" + (f"; {expected}" if expected else ""), name


def test_topics_are_listed_with_what_they_have(command: Command) -> None:
    harbour, culture = command("topics", "list", "--json")
    assert (harbour["id"], harbour["match"], harbour["stories"]) == ("harbour", "harbour", 1)
    assert culture["newest"] == rfc3339(NOW - 800)
    assert command("topics", "list").splitlines()[1].startswith("harbour\t")


@pytest.mark.parametrize(
    ("name", "topic", "rule"),
    [
        ("words", "match = 'ferry'", "ferry"),
        ("a starter", "starter = 'business'", "starter business"),
        ("several, with own words", "match = 'x'\nstarter = ['world', 'food']", "x; starter world, food"),
        ("sources", "sources = ['a']", "all of a"),
        ("sources that name it", "", "all of c"),
        ("examples", "like = ['Ferry sinks']", "like 1 example"),
        ("learning", "match = 'x'\nlearn = true", "x; what it learns"),
        ("nothing", "", "–"),
    ],
)
def test_a_topic_is_listed_with_all_that_places_a_story_there(
    command: Command, tmp_path: Path, name: str, topic: str, rule: str
) -> None:
    named = "topics = ['t']" if name == "sources that name it" else ""
    path = tmp_path / "config.toml"
    path.write_text(
        f"{path.read_text()}[[sources]]\nid = 'c'\npath = 'n.txt'\n{named}\n[[topics]]\nid = 't'\n{topic}\n"
    )
    assert command("topics", "list").splitlines()[-1].split("\t")[-1] == rule
    said = command("topics", "list", "--json")[-1]
    assert {"starter", "like", "learn", "sources"} <= set(said) and said["learn"] == ("learn" in topic)
    assert said["sources"] == (["c"] if named else ["a"] if "sources" in topic else [])


def test_a_long_list_of_sources_is_cut_short() -> None:
    assert topics._shown_rule(Topic("t", "T"), list("abcdef")) == "all of a, b, c, d, e and 1 more"
    assert topics._shown_rule(Topic("t", "T"), list("abcde")) == "all of a, b, c, d, e"


@pytest.mark.parametrize(("events", "headlines"), [(3, 3), (4, 4), (5, 4)])
def test_a_suggestion_names_its_first_headlines(events: int, headlines: int) -> None:
    happenings = tuple(Happening(n, (f"Ferry {n} sinks",), 1, False) for n in range(events))
    shown = topics._topic_toml("ferry", Suggestion(("ferry",), happenings)).splitlines()
    assert (
        shown[0].startswith(f"# {events} events")
        and sum(one.startswith("#   ") for one in shown) == headlines
    )


COPY = "Ferry Alesund sinks off Bergen with 214 people aboard after a fire, rescuers say"
TOLD = {
    "copies": [(COPY, ""), (COPY, "")],
    "two tellings": [
        ("Ferry Alesund sinks off Bergen with 214 aboard", ""),
        ("Alesund ferry sinks near Bergen, 214 aboard", ""),
    ],
    "three tellings": [
        ("Ferry Alesund sinks off Bergen with 214 aboard", ""),
        ("Alesund ferry sinks near Bergen, 214 aboard", ""),
        ("Bergen: ferry Alesund with 214 aboard sinks", ""),
    ],
}


@pytest.mark.parametrize(
    ("told", "key", "words"),
    [
        ("copies", "story", "entries 1 and 2 are two stories now"),
        ("two tellings", "event", "entries 1 and 2 are two events now"),
        (
            "three tellings",
            "event",
            "1: entry 1 founded its event; split the other stories out of it instead",
        ),
    ],
)
def test_of_two_the_first_one_can_be_split_too(tmp_path: Path, told: str, key: str, words: str) -> None:
    """By its own name, and back; where there are more, it is not known what stays together."""
    settings = config(tmp_path, "".join(f'[[sources]]\nid = "{one}"\npath = "x"\n' for one in "abc"))

    def places() -> set[str]:
        done = CliRunner().invoke(group, ["--config", str(settings.path), "dump"])
        return {json.loads(line)[key] for line in done.stdout.splitlines()}

    def say(*arguments: str) -> str:
        done = CliRunner().invoke(group, ["--config", str(settings.path), *arguments], standalone_mode=False)
        return str(done.exception) if done.exception else done.stderr.strip()

    with open_writer(settings.database) as store:
        for number, (title, text) in enumerate(TOLD[told]):
            put(store, entry("abc"[number], "1", title, text, at=NOW - 900 + number))
        cycle.run(settings, store, None, NOW)
    assert len(places()) == 1
    assert say("split", "1") == words
    apart = len(TOLD[told]) == 2
    assert len(places()) == (2 if apart else 1)
    with open_writer(settings.database) as store:
        cycle.refold(settings, store, None, NOW + 60)
    assert len(places()) == (2 if apart else 1), "for good"
    back = "the split of entry 1 is forgotten" if apart else "1: entry 1 was not split"
    assert say("split", "1", "--undo") == back and len(places()) == 1
