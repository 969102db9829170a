"""After a change of rules only those stories are looked at that it may concern, and the topics are those that looking at
all of them gives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator import fold, learn
from aggregator.config import Config
from aggregator.cycle import changes, learning
from aggregator.cycle.labels import Labeller, label, what_to_look_at
from aggregator.cycle.publisher import publish_changed
from aggregator.model import Story, Topic
from aggregator.store import Store, labels, open_writer, stories, unpublished
from tests.helpers import NOW, config, entry, put

SOURCES = {"a": "", "b": ""}
FIRST = {
    "ships": 'match = "ferry OR ship*"',
    "art": 'match = "museum NOT closed"',
    "from-a": 'sources = ["a"]',
}
HEADLINES = [
    "Ferry sinks in the harbour",
    "Shipping lanes closed by ice",
    "Museum opens a wing",
    "Museum closed for repairs",
    "Łódź tram line extended",
    "東京で地震、津波の心配なし",
    "Election day nears",
    "Ferry museum turns fifty",
    "Nothing of note today",
]


def settings(folder: Path, topics: dict[str, str], sources: dict[str, str] = SOURCES) -> Config:
    """id → other keys."""
    said = [
        f'[[sources]]\nid = "{one}"\nurl = "https://{one}.example/feed"\n{keys}\n'
        for one, keys in sources.items()
    ]
    said += [f'[[topics]]\nid = "{one}"\n{keys}\n' for one, keys in topics.items()]
    return config(folder, "".join(said))


@pytest.mark.parametrize(
    ("name", "then", "all_of_them"),
    [
        ("a word more", {**FIRST, "ships": 'match = "ferry OR ship* OR tram"'}, False),
        ("a word less", {**FIRST, "ships": 'match = "ferry"'}, False),
        ("a beginning", {**FIRST, "ships": 'match = "elect*"'}, False),
        ("letters of other scripts", {**FIRST, "ships": 'match = "lodz"'}, False),
        ("a phrase", {**FIRST, "ships": 'match = "\\"ferry museum\\""'}, False),
        ("what was left out", {**FIRST, "art": 'match = "museum"'}, False),
        ("what is left out", {**FIRST, "art": 'match = "museum"\nexclude = "ferry"'}, False),
        ("another source", {**FIRST, "from-a": 'sources = ["b"]'}, True),
        ("a topic more", {**FIRST, "vote": 'match = "election"'}, False),
        ("a topic less", {"ships": FIRST["ships"]}, False),
        ("another order", dict(reversed(FIRST.items())), False),
        ("a title alone", {**FIRST, "ships": 'title = "Ships"\nmatch = "ferry OR ship*"'}, False),
        ("a rule without a word of its own", {**FIRST, "ships": 'match = "source:a"'}, True),
        ("a script without spaces", {**FIRST, "ships": 'match = "地震"'}, False),
        ("shipped words", {**FIRST, "vote": 'starter = "politics"'}, True),
    ],
)  # fmt: skip
def test_a_changed_rule_gives_the_topics_that_looking_at_everything_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, then: dict[str, str], all_of_them: bool
) -> None:
    before, after = settings(tmp_path, FIRST), settings(tmp_path, then)
    with open_writer(before.database) as store:
        put(store, *(entry("ab"[n % 2], str(n), title, at=NOW - 90 * n) for n, title in enumerate(HEADLINES)))
        fold.fold(store, fold.Windows(), {})
        label(before, store)
        with store.in_memory() as whole:
            whole.set_meta("rules of topics", "{}")
            label(after, whole)
            expected = labels.labelled(whole)
        seen: list[int] = []
        count = labels.label

        def counted(store: Store, decide: Callable[[Story], labels.Labels]) -> int:
            seen.append(count(store, decide))
            return seen[-1]

        monkeypatch.setattr(labels, "label", counted)
        label(after, store)
        assert labels.labelled(store) == expected, name
    assert (sum(seen) == len(HEADLINES)) is all_of_them, (
        "no more than it may concern, whatever is of the two sources here"
    )


@pytest.mark.parametrize(
    ("name", "first", "then", "looked_at"),
    [
        ("a source more", SOURCES, {**SOURCES, "c": ""}, 0),
        ("a source less", SOURCES, {"a": ""}, 0),
        ("a source names a topic", SOURCES, {**SOURCES, "a": 'topics = ["art"]'}, 5),
        ("it names it no more", {**SOURCES, "a": 'topics = ["art"]'}, SOURCES, 5),
        ("it leaves something out", SOURCES, {**SOURCES, "a": 'exclude = "ferry"'}, 4),
        ("it lets something in", {**SOURCES, "a": 'include = "museum"'}, SOURCES, 5),
    ],
)
def test_a_changed_source_gives_the_topics_that_looking_at_everything_gives(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    first: dict[str, str],
    then: dict[str, str],
    looked_at: int,
) -> None:
    before, after = settings(tmp_path, FIRST, first), settings(tmp_path, FIRST, then)
    with open_writer(before.database) as store:
        put(store, *(entry("ab"[n % 2], str(n), title, at=NOW - 90 * n) for n, title in enumerate(HEADLINES)))
        cycle_of(before, store)
        with store.in_memory() as whole:
            whole.set_meta("rules of topics", "{}")
            cycle_of(after, whole)
            expected = labels.labelled(whole), stories.folds(whole)
        seen: list[int] = []
        count = labels.label

        def counted(store: Store, decide: Callable[[Story], labels.Labels]) -> int:
            seen.append(count(store, decide))
            return seen[-1]

        monkeypatch.setattr(labels, "label", counted)
        cycle_of(after, store)
        assert (labels.labelled(store), stories.folds(store)) == expected, name
    assert sum(seen) == looked_at, "of nine"


def cycle_of(config: Config, store: Store) -> None:
    """What a cycle does with what is stored."""
    changes.let_in(config, store)
    fold.fold(store, fold.Windows(), {})
    label(config, store)


def test_TAUGHT_BY_what_other_rules_teach_is_asked_of_the_newest_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And of what stood in the topic: what it learned by another rule is no reason any more."""
    monkeypatch.setattr(learning, "TAUGHT_BY", 4)
    learns = {**FIRST, "ships": f"{FIRST['ships']}\nlearn = true"}
    before, after = (
        settings(tmp_path, learns),
        settings(tmp_path, {**learns, "ships": 'match = "tram"\nlearn = true'}),
    )
    with open_writer(before.database) as store:
        put(store, *(entry("ab"[n % 2], str(n), title, at=NOW - 90 * n) for n, title in enumerate(HEADLINES)))
        cycle_of(before, store)
        seen: list[str] = []
        decide = Labeller.topics_of

        def noted(labeller: Labeller, story: Story) -> list[tuple[str, int, str]]:
            seen.append(story.members[0].entry.title)
            return decide(labeller, story)

        monkeypatch.setattr(Labeller, "topics_of", noted)
        cycle_of(after, store)
    assert sorted(seen) == sorted([*HEADLINES[:4], "Łódź tram line extended", "Ferry museum turns fifty"])


@pytest.mark.parametrize(
    ("topic", "words", "sources"),
    [
        (Topic("t", "T", match="ferry OR ship*"), '"ferry" OR "ship"*', frozenset()),
        (Topic("t", "T", sources=("a",)), "", frozenset({"a"})),
    ],
)
def test_where_a_rule_looks(topic: Topic, words: str, sources: frozenset[str]) -> None:
    found = what_to_look_at([topic])
    assert found is not None and (found.words, found.sources) == (words, sources)


def test_a_store_of_before_is_looked_at_whole(tmp_path: Path) -> None:
    made = settings(tmp_path, FIRST)
    with open_writer(made.database) as store:
        put(store, entry("a", "1", HEADLINES[0]))
        fold.fold(store, fold.Windows(), {})
        store.set_meta("rules", "of an earlier version")
        assert _labelled(made, store) == {"ships", "from-a"}


def _labelled(made: Config, store: Store) -> set[str]:
    label(made, store)
    return set(labels.labelled(store))


ALL_FOUR = {"ships", "art", "from-a", "index"}  # some of their items are in the topic, too
LEARNS = {**FIRST, "ships": f"{FIRST['ships']}\nlearn = true"}


@pytest.mark.parametrize(
    ("name", "first", "then", "written"),
    [
        ("nothing", FIRST, FIRST, set()),
        ("a word that nothing has", FIRST, {**FIRST, "art": 'match = "museum NOT closed OR zebra"'}, set()),
        ("a word more", FIRST, {**FIRST, "art": 'match = "museum"'}, {"art", "index"}),
        ("a word less", FIRST, {**FIRST, "ships": 'match = "ferry"'}, {"ships", "index"}),
        ("a rule without a word of its own", FIRST, {**FIRST, "art": 'match = "source:b"'}, ALL_FOUR),
        ("another source", FIRST, {**FIRST, "from-a": 'sources = ["b"]'}, ALL_FOUR),
        ("it learns", FIRST, LEARNS, set()),
        ("it learns no more", LEARNS, FIRST, set()),
    ],
)
def test_a_changed_rule_publishes_its_topic_and_what_shows_it(
    tmp_path: Path, name: str, first: dict[str, str], then: dict[str, str], written: set[str]
) -> None:
    """`written`: stems of what is; pages of sources and `all` say of each item which topics it is in. And in
    the end each file is what it is where everything is written anew.
    """
    before, after = settings(tmp_path, first), settings(tmp_path, then)
    with open_writer(before.database) as store:
        put(
            store,
            *(
                entry("ab"[n % 2], str(n), title, at=NOW - 90 * n, link=f"https://{n}.example/")
                for n, title in enumerate(HEADLINES)
            ),
        )
        cycle_of(before, store)
        publish_changed(before, store, NOW)
        cycle_of(after, store)
        changed = {one for one in first if first[one] != then[one]}
        assert changed <= set(unpublished.dirty_editions(store)), "its page may say how well it learned"
        found = publish_changed(after, store, NOW + 60)
        stems = {one.partition(".")[0] for one in found.written} - {"all", "source-a", "source-b"}
        assert stems == written, name
        elsewhere = replace(after, output=tmp_path / "elsewhere")
        publish_changed(elsewhere, store, NOW + 60)
    assert _files(after.output) == _files(elsewhere.output), name


def _files(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def test_a_rule_of_a_topic_that_does_not_learn_teaches_nothing_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = settings(tmp_path, LEARNS, {**SOURCES, "a": 'topics = ["art"]'})
    after = settings(tmp_path, {**LEARNS, "art": 'match = "election"', "more": 'match = "tram"'})
    with open_writer(before.database) as store:
        put(store, *(entry("ab"[n % 2], str(n), title, at=NOW - 90 * n) for n, title in enumerate(HEADLINES)))
        cycle_of(before, store)
        assert store.meta("learned")
        taught: list[int] = []
        monkeypatch.setattr(learn, "teach", lambda examples: taught.append(len(examples)))
        cycle_of(after, store)
        assert taught == []
        assert learn.load(store.meta("learned counts") or "{}").topic_sizes.keys() <= {"ships"}
