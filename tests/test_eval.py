"""What an editor says of folds becomes a labelled file that `eval` measures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator import evaluate
from aggregator.errors import UsageError
from aggregator.evaluate import Answer, Record
from tests.helpers import entry

Given = tuple[str, str, str, bool]  # an entry, another, the level, whether they are the same there


def answer(one: str, other: str, level: str, is_same: bool) -> Answer:
    first, second = (
        replace(
            entry("s", name, f"Ferry {name} sinks", "It was old.", link=f"https://s.example/{name}"),
            public_id=name,
        )
        for name in (one, other)
    )
    return Answer(first, second, level, is_same)


def groups(rows: dict[str, Record], column: str) -> dict[str, str]:
    return {name: row[column] for name, row in rows.items() if column in row}


@pytest.mark.parametrize(
    ("name", "given", "stories", "events", "gray"),
    [
        ("one text is one event", [("a", "b", "text", True)], {"a": "a", "b": "a"}, {"a": "a", "b": "a"}, {}),
        (
            "two texts: whether one event was not asked",
            [("a", "b", "text", False)],
            {"a": "a", "b": "b"},
            {"a": "a", "b": "b"},
            {"a": ["b"]},
        ),
        (
            "one event: whether one text was not asked",
            [("a", "b", "event", True)],
            {},
            {"a": "a", "b": "a"},
            {},
        ),
        (
            "two events are two texts",
            [("a", "b", "event", False)],
            {"a": "a", "b": "b"},
            {"a": "a", "b": "b"},
            {},
        ),
        (
            "an entry of two questions keeps both answers",
            [("a", "b", "text", True), ("b", "c", "text", True)],
            {"a": "a", "b": "a", "c": "a"},
            {"a": "a", "b": "a", "c": "a"},
            {},
        ),
        (
            "two groups become one",
            [("a", "b", "event", True), ("c", "d", "event", True), ("d", "b", "event", True)],
            {},
            {"a": "c", "b": "c", "c": "c", "d": "c"},
            {},
        ),
        (
            "two texts of one event",
            [("a", "b", "text", False), ("a", "b", "event", True)],
            {"a": "a", "b": "b"},
            {"a": "a", "b": "a"},
            {},
        ),
        (
            "one event of two texts",
            [("a", "b", "event", True), ("a", "b", "text", False)],
            {"a": "a", "b": "b"},
            {"a": "a", "b": "a"},
            {},
        ),
        (
            "the newest answer wins",
            [("a", "b", "event", True), ("b", "c", "event", True), ("c", "a", "event", False)],
            {"c": "c", "a": "a"},
            {"a": "a#2", "b": "a", "c": "a"},
            {},
        ),
    ],
)
def test_what_answers_say_together(
    name: str, given: list[Given], stories: dict[str, str], events: dict[str, str], gray: dict[str, list[str]]
) -> None:
    rows: dict[str, Record] = {}
    for one in given:
        rows = evaluate.answered(rows, answer(*one))
    assert (groups(rows, "story"), groups(rows, "event")) == (stories, events), name
    assert {key: row["gray"] for key, row in rows.items() if "gray" in row} == gray, name


def test_a_kept_file_has_a_line_an_entry_and_is_measured(tmp_path: Path) -> None:
    """Beside lines of somebody else, which stay as they are."""
    file, mine = tmp_path / "kept.jsonl", '{"id": "x", "title": "Bank falls", "story": "x", "more": [1]}'
    file.write_text(mine + "\n")
    for one in (("a", "b", "text", True), ("b", "c", "event", True), ("x", "a", "event", False)):
        evaluate.can_be_kept(file)
        evaluate.keep(file, answer(*one))
    lines = file.read_text().splitlines()
    rows = {row["id"]: row for row in map(json.loads, lines)}
    assert len(lines) == 4 and list(tmp_path.iterdir()) == [file]
    assert rows["x"] == json.loads(mine) | {"event": "x"}
    assert rows["a"]["link"] == "https://s.example/a" and rows["a"]["published"].endswith("Z")
    assert {one.level: one.items for one in evaluate.labelled(file)} == {"text": 3, "event": 4}


def test_a_file_that_is_none_is_named_before_anybody_answers(tmp_path: Path) -> None:
    file = tmp_path / "kept.jsonl"
    evaluate.can_be_kept(file)
    assert not file.exists(), "nothing was said yet"
    file.write_text("no JSON\n")
    with pytest.raises(UsageError, match=r"kept\.jsonl:1: is no JSON"):
        evaluate.can_be_kept(file)


@pytest.mark.parametrize(
    ("name", "given", "level", "expected"),
    [
        ("nothing", [], "text", False),
        ("one text", [("a", "b", "text", True)], "text", True),
        ("one text is one event", [("a", "b", "text", True)], "event", True),
        ("two texts", [("a", "b", "text", False)], "text", True),
        ("two texts may be one event", [("a", "b", "text", False)], "event", False),
        ("one event may be one text", [("a", "b", "event", True)], "text", False),
        ("two events", [("a", "b", "event", False)], "event", True),
        ("one of the two", [("a", "c", "text", True)], "text", False),
    ],
)
def test_nobody_is_asked_twice(name: str, given: list[Given], level: str, expected: bool) -> None:
    rows: dict[str, Record] = {}
    for one in given:
        rows = evaluate.answered(rows, answer(*one))
    for pair in (answer("a", "b", level, True), answer("b", "a", level, True)):
        assert evaluate.is_answered(rows, pair.one, pair.other, level) == expected, name
