"""Search and topics are one language: what a topic's rule finds, search finds, in every script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator import answers, query
from aggregator.store import Store, open_writer
from tests.helpers import NOW, change, entry, put

TITLES = (
    "Café Zürich: die große Straße am Fußballplatz",
    "NHKニュース 東京都で大雨",
    "ＡＩ が変える日本の首相",
    "Москва: ёлка и Ёлки",
    "भूकंप से केरल में दस की मौत",
    "ไทยแลนด์ น้ำท่วม",
    "한국 대통령 사임",
    "Don’t look up: O'Neill’s U.S. H-1B visa",
    "ﬁnal ofﬁce ²",
    "İstanbul'da ısı",
    "C++ and AT&T at 25.5%",
    "Élysée naïve résumés",
    "العربية: مَكتبة",
    "Łódź & Øresund: .NET, Æsir",
    "C#, at t, net",
    "ΑΘΗΝΑ Ελλάδα",
    "plain words of a headline",
)


@pytest.fixture(scope="module")
def desk_of_many_scripts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = open_writer(tmp_path_factory.mktemp("search") / "a.db")
    put(
        store,
        *(
            entry("a", f"g{n}", title, text=f"Body {n} {TITLES[(n + 3) % len(TITLES)]}")
            for n, title in enumerate(TITLES)
        ),
    )
    yield store
    store.close()


def by_looking(store: Store, text: str) -> set[int]:
    wanted = query.parse(text)
    from aggregator.store import lookup

    return {one.id for one, _ in lookup.entries(store) if query.match(wanted, query.doc(one)) is not None}


@pytest.mark.parametrize(
    "text",
    [
        "strasse",
        "Straße",
        "fussball*",
        "FUSSBALLPLATZ",
        "nhk",
        "東京",
        "雨",
        "大雨",
        "ai",
        "首相",
        "елки",
        "ёлк*",
        "केरल",
        "के*",
        "ไทย",
        "대통*",
        "o'neill",
        "o’neill",
        "u.s.",
        "h-1b",
        "final",
        "office",
        "istanbul",
        "c++",
        "at&t",
        "25.5",
        "elysee",
        "résum*",
        "مكتبة",
        "αθηνα",
        "title:strasse",
        "title:(雨 OR nhk)",
        '"grosse strasse"',
        '"die gros"*',
        "plain NOT words",
        "NOT plain",
        "lodz",
        "Łódź",
        "ores*",
        "aesir",
        ".NET",
        "c#",
        "AT&T",
        "ısı",
    ],
)
def test_search_finds_what_a_topic_finds(desk_of_many_scripts: Store, text: str) -> None:
    found = {one.id for one, _ in answers.search(desk_of_many_scripts, text, 100, NOW)}
    assert found == by_looking(desk_of_many_scripts, text) and (found or text == "plain NOT words"), text


_WORDS = st.sampled_from(sorted({part for title in TITLES for part in title.split()}))


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(_WORDS, st.integers(0, 3), st.integers(1, 8), st.booleans())
def test_whatever_part_of_a_word_is_asked_for(
    desk_of_many_scripts: Store, word: str, start: int, length: int, prefix: bool
) -> None:
    text = word[start : start + length].strip("'’-*()\":") + ("*" if prefix else "")
    try:
        query.parse(text)
    except query.QueryError:
        return
    assert {one.id for one, _ in answers.search(desk_of_many_scripts, text, 100, NOW)} == by_looking(
        desk_of_many_scripts, text
    )


@pytest.mark.parametrize(
    ("name", "summary", "text", "columns"),
    [
        ("cut from the text", "A ferry sinks…", "A ferry sinks off the coast.", ["text"]),
        ("all of the text", "A ferry sinks.", "<A> ferry sinks", ["text"]),
        ("cut within a word", "A ferry sin…", "A ferry sinks off the coast.", ["summary", "text"]),
        ("of other words", "The ferry is lost.", "A ferry sinks off the coast.", ["summary", "text"]),
        ("of words from its middle", "ferry sinks", "A ferry sinks off the coast.", ["summary", "text"]),
        ("of a text without words", "A ferry sinks.", "…", ["summary"]),
    ],
)
def test_a_summary_that_the_text_begins_with_is_indexed_once(
    tmp_path: Path, name: str, summary: str, text: str, columns: list[str]
) -> None:
    with open_writer(tmp_path / "a.db") as store:
        for edited in (f"{text} Again.", text):
            put(store, entry("a", "1", "News", edited, summary=summary))
        change(store, "CREATE VIRTUAL TABLE temp.indexed USING fts5vocab (main, entry_fts, col)")
        assert store.column("SELECT col FROM indexed WHERE term = 'ferry' ORDER BY col") == columns, name
        assert len(answers.search(store, '"a ferry" OR "the ferry" OR "ferry sinks"', 9, NOW)) == 1
        change(store, "DELETE FROM entry")
        assert store.rows("SELECT * FROM indexed") == [], "what went in comes out"


def test_an_edit_and_a_removal_are_found_anew(tmp_path: Path) -> None:
    with open_writer(tmp_path / "a.db") as store:
        put(store, entry("a", "1", "Alte Straße"))
        put(store, entry("a", "1", "Neue Gasse"))
        assert [answers.search(store, text, 9, NOW) != () for text in ("straße", "gasse")] == [False, True]
        change(store, "DELETE FROM entry")
        assert answers.search(store, "gasse", 9, NOW) == () and store.row(
            "SELECT count(*) FROM entry_fts WHERE entry_fts MATCH 'gasse'"
        ) == (0,)
        change(store, "INSERT INTO entry_fts (entry_fts) VALUES ('integrity-check')")
