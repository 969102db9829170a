"""The query language: one table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import query, topics
from aggregator.model import Category, Entry, Person, Source, Topic

ENTRY = Entry("bbc-world", "k", title="Honduras Élection: Nasralla alleges fraud", text="The U.S. tightens H-1B visas. 東京都で地震。 Green card rules.", language="en-GB",
              authors=(Person("Ann Author"),), categories=(Category("World news"),))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("honduras", True), ("HONDURAS", True), ("election", True), ("élection", True), ("hondura", False), ("hondur*", True), ('"green card"', True), ('"card green"', False),
        ("green card", True), ("honduras AND peru", False), ("honduras OR peru", True), ("peru honduras OR green", True), ("NOT peru", True), ("honduras NOT fraud", False),
        ("honduras AND NOT peru", True), ("(peru OR honduras) fraud", True), ("title:green", False), ("title:fraud", True), ("title:(honduras fraud)", True), ("author:ann", True),
        ("author:fraud", False), ("source:bbc", True), ('source:"world service"', True), ("category:world", True), ("lang:en", True), ("lang:en-gb", True), ("lang:fr", False),
        ("U.S.", True), ("H-1B", True), ("h-1b*", True), ("東京", True), ("京都", True), ("大阪", False), ('"nasralla alleg"*', True), ("NOT NOT honduras", True), ("or", False),
        ("title: fraud", True), ("TITLE:(fraud OR x)", True), ("title:author:ann", True), ("NOT title:green", True), ("title:(NOT green)", True), ("peru OR honduras AND fraud", True), ("(peru OR honduras) AND peru", False),
        ("peru AND x OR honduras", True), ("honduras AND not", False), ("élec*", True), ("ELEC*", True), ("(((honduras)))", True), ("“green”", True), ("震", True), ("title:震", False), ("title:" * 1300 + "fraud", True),
    ],
)  # fmt: skip
def test_matches(text: str, wanted: bool) -> None:
    parsed = query.parse(text)
    assert (query.match(parsed, query.doc(ENTRY, "BBC World Service")) is not None) == wanted


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("", 1, "empty"), ("a OR", 5, "ends"), ("(a", 1, "not closed"), ("a)", 2, "no opening"), ("foo:bar", 1, "no field"), ('"a', 1, "not closed"), ("AND a", 1, "expected a word"),
        ("...", 1, "holds no word"), ("()", 2, "expected a word"), ("a ()", 4, "expected a word"), ("a b)", 4, "no opening"), ("NOT", 4, "ends"), ("AND", 1, "expected"), ("a OR OR b", 6, "expected"), ('""', 1, "holds no word"),
        ("title:", 7, "ends"), ("a title:", 9, "ends"), ("x title:(", 10, "ends"), ("title:NOT a", 7, "expected"), ("*", 1, "holds no word"), ("a*b", 1, "end of a word"), ("*b", 1, "end of a word"), ("x -b", 3, "NOT b"), ("http://a.example", 1, "no field"),
        ("(" * 1000 + "a" + ")" * 1000, 52, "nest"), ("NOT " * 3000 + "a", 8001, "at most"), ("(" * 60 + "a", 52, "nest"), ("x" * 9000, 8001, "at most"),
    ],
)  # fmt: skip
def test_errors_have_a_position(text: str, position: int, words: str) -> None:
    with pytest.raises(query.QueryError) as caught:
        query.parse(text)
    assert words in str(caught.value) and abs(caught.value.position - position) <= 1


@given(st.text(alphabet='ab OR AND NOT()":*title', max_size=40))
def test_any_text_is_a_query_or_an_error(text: str) -> None:
    try:
        parsed = query.parse(text)
    except query.QueryError:
        return
    query.match(parsed, query.doc(ENTRY))
    query.prefilter(parsed)


def test_labels_and_their_rules() -> None:
    rules = topics.compiled(
        [
            Topic("americas", "A", match="honduras", exclude="football"),
            Topic("bbc", "B", sources=("bbc-world",)),
            Topic("own", "O"),
            Topic("none", "N", match="peru"),
        ],
        [Source("bbc-world", url="https://b.example/", topics=("own",), exclude="peru")],
    )
    assert [(label.topic, label.rule) for label in topics.label(rules, ENTRY, "BBC")] == [
        ("americas", "match: honduras"), ("bbc", "everything of bbc-world (the topic's sources)"), ("own", "everything of bbc-world (the source's topics)")]  # fmt: skip
    assert topics.keeps(rules, ENTRY, "BBC")
