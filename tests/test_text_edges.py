"""Titles, sentences, snippets, plain text, safe markup and words of any script, case by case; queries and
their measures.
"""

from __future__ import annotations

import math
import time

import pytest

from aggregator import measure, query
from aggregator.text import excerpts, markup, plain
from aggregator.text.words import fold, is_character, search_words, words

MAX_TITLE = 1000
MAX_LENGTH = 8000


@pytest.mark.parametrize(
    ("said", "title", "literal", "line"),
    [
        (
            "Why <script> tags block",
            "Why <script> tags block",
            "Why <script> tags block",
            "Why ‹script› tags block",
        ),
        ("<b>Bold</b> move", "Bold move", "<b>Bold</b> move", "‹b›Bold‹/b› move"),
        ("C++ <vector> notes", "C++ <vector> notes", "C++ <vector> notes", "C++ ‹vector› notes"),
        ("<a href='x'>y</a>", "y", "<a href='x'>y</a>", "‹a href='x'›y‹/a›"),
        ("a < b", "a < b", "a < b", "a < b"),
        ("AT&amp;T", "AT&T", "AT&T", "AT&\u2060amp;T"),
        ("AT&amp;amp;T", "AT&amp;T", "AT&amp;T", "AT&\u2060amp;amp;T"),
        ("&lt;b&gt;x&lt;/b&gt;", "<b>x</b>", "<b>x</b>", "&\u2060lt;b&\u2060gt;x&\u2060lt;/b&\u2060gt;"),
        (
            "&lt;script&gt;x&lt;/script&gt;",
            "x",
            "<script>x</script>",
            "&\u2060lt;script&\u2060gt;x&\u2060lt;/script&\u2060gt;",
        ),
        ("&lt;i onclick=a()&gt;x", "x", "<i onclick=a()>x", "&\u2060lt;i onclick=a()&\u2060gt;x"),
        ("x<!-- hidden -->y", "x y", "x<!-- hidden -->y", "x‹!-- hidden -->y"),
        ("&#8217;s", "’s", "’s", "&\u2060#8217;s"),
        ("&unknown;", "&unknown;", "&unknown;", "&\u2060unknown;"),
        ("&#x110000;x", "x", "x", "&\u2060#x110000;x"),
        ("&nbsp;x&nbsp;", "x", "x", "&\u2060nbsp;x&\u2060nbsp;"),
        ("a\nb\t c", "a b c", "a b c", "a b c"),
        ("a\0b\ufffdc\ud800d", "abcd", "abcd", "abcd"),
        ("Use <br> here", "Use here", "Use <br> here", "Use ‹br› here"),
        ("\ufeff\u200bx\u2060", "\ufeff\u200bx\u2060", "\ufeff\u200bx\u2060", "x"),
        ("", "", "", ""),
    ],
)
def test_F27_F67_a_title_as_markup_as_text_and_as_a_line(
    said: str, title: str, literal: str, line: str
) -> None:
    assert (plain.title(said), plain.literal_title(said), plain.line(said)) == (title, literal, line)


def test_F27_a_title_has_a_thousand_characters_at_most() -> None:
    assert plain.title("x" * MAX_TITLE) == "x" * MAX_TITLE
    assert plain.title("x" * (MAX_TITLE + 1)) == "x" * (MAX_TITLE - 1) + "…"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two.", "One."),
        ("Is it? Yes.", "Is it?"),
        ("Wait... what? Yes", "Wait..."),
        ("He said “Go!” Then left", "He said “Go!”"),
        ("(The end.) Next", "(The end.)"),
        ("日本。東京", "日本。"),
        ("v1.2 is out. Get it", "v1.2 is out."),
        ("The U.S. won. Then", "The U.S. won."),
        ("J. K. Rowling wrote. It", "J. K. Rowling wrote."),
        ("approx. 5 m. Next", "approx. 5 m."),
        ("Example Inc. fell. Then", "Example Inc. fell."),
        ("No end", "No end"),
        ("", ""),
    ],
)  # fmt: skip
def test_F28_the_first_sentence(text: str, expected: str) -> None:
    assert excerpts.sentence(text) == expected


@pytest.mark.parametrize("unit", ["A. ", "No. ", "U.S. ", "approx. ", "e.g. "])
def test_B8_the_first_sentence_takes_linear_time(unit: str) -> None:
    """Of 30 kB, which are read in the process of the daemon, it took twelve seconds."""
    text = unit * 100_000
    started = time.process_time()
    assert excerpts.sentence(text) == text
    assert time.process_time() - started < 2


@pytest.mark.parametrize("word", ["approx", "Corp", "Dr", "A", "No"])
@pytest.mark.parametrize(
    ("before", "is_apart"), [("", True), ("a (", True), ("a " * 9, True), ("x", False), ("x" * 9, False)]
)
def test_F28_an_abbreviation_is_a_whole_word(before: str, is_apart: bool, word: str) -> None:
    text = f"{before}{word}. Next one."
    assert excerpts.sentence(text) == (text if is_apart else f"{before}{word}.")


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("one two three", 8, "one two…"),
        ("one, two three", 8, "one…"),
        ("one, two three four", 18, "one, two three…"),
        ("one two, three four", 14, "one two…"),
        ("fives, a bcdef", 10, "fives…"),
        ("four, a bcdefgh", 10, "four, a…"),
        ("x" * 20, 5, "xxxx…"),
        ("a " + "x" * 20, 10, "a xxxxxxx…"),
        ("end. of this text", 8, "end…"),
        ("  a \n b  ", 3, "a b"),
        ("日本語テスト、です", 8, "日本語テスト…"),
        ("", 5, ""),
    ],
)  # fmt: skip
def test_a_snippet_ends_at_a_clause_or_a_word(text: str, length: int, expected: str) -> None:
    assert excerpts.snippet(text, length) == expected and len(expected) <= length


@pytest.mark.parametrize(
    ("name", "title", "text", "expected"),
    [
        ("more than the title", "Ferry sinks", "It was old and full.", "It was old and full."),
        ("the title again", "Ferry sinks", "Ferry sinks", ""),
        ("the title as a sentence", "Ferry sinks", "Ferry sinks off Ålesund today.", ""),
        ("a title that was cut", "Ferry sinks off…", "Ferry sinks off Ålesund", ""),
        ("twenty characters more", "Ferry sinks", "Ferry sinks" + "x" * 19, ""),
        ("one more than these", "Ferry sinks", "Ferry sinks" + "x" * 20, "Ferry sinks" + "x" * 20),
        ("begins otherwise", "Ferry sinks", "A ferry sinks", "A ferry sinks"),
        ("no title", "", "It was old.", "It was old."),
        ("nothing", "Ferry sinks", "", ""),
    ],
)
def test_what_a_text_says_beside_its_title(name: str, title: str, text: str, expected: str) -> None:
    assert excerpts.beside(title, text, 40) == expected, name


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("<p>a</p><p>b</p>", "a\nb"),
        ("a<br>b<hr/>c", "a\nb\nc"),
        ("<tr><td>a</td><td>b</td></tr>", "a b"),
        ("<ul><li>a<li>b</ul>", "a\nb"),
        ("a<wbr>b<i>c</i>", "abc"),
        ("<script>x</script>y", "y"),
        ("<script/>x", "x"),
        ("<style>x", ""),
        ("a<!-- b", "a"),
        ("<!DOCTYPE html>a<?php x ?>b", "a b"),
        ("&lt;b&gt; &amp;amp;", "<b> &amp;"),
        ("1 < 2 > 0", "1 < 2 > 0"),
        ("<b title='>'>x</b>", "x"),
        ("&nbsp;a &nbsp; b", "a b"),
        ("a\n\n  b", "a\nb"),
        ("<details><summary>S</summary>inner</details>a", "S\ninner\na"),
        ("<table><caption>a</caption><tr><td>b</table>", "a\nb"),
        ("a<video>b</video>c", "a\nb\nc"),
        ("<aside>a</aside><address>b</address>c<main>d</main>", "a\nb\nc\nd"),
        ("10<sup>6</sup> m<SUP class='x'> +2 </sup>", "10⁶ m⁺²"),
        ("10<sup>−12</sup>, 2<sup>1234</sup>, 2<sup>12345</sup>", "10⁻¹², 2¹²³⁴, 212345"),
        ('word<sup><a href="#n">1</a></sup>', "word¹"),
        ('Hi <img class="e" alt="👩‍👩‍👧" src="/w.png"> <IMG src=x alt=\'❤️\'>', "Hi 👩‍👩‍👧 ❤️"),
        ('<img alt="A man" src="/w.png"><img alt="" src="/w.png"><img alt=" " src="/w.png">x', "x"),
        (f'<img alt="{"☃" * 20}" src="/w.png">,<img alt="{"☃" * 21}" src="/w.png">', "☃" * 20 + ","),
        ("He said <q cite='/x'>yes</q>, <qa>no</qa>", "He said “yes”, no"),
        ("<ruby>漢<rt>かん</rt>字<rt>じ</rt></ruby>", "漢(かん)字(じ)"),
        ("<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>", "漢(かん)"),
        ("1<sup>st</sup> x<sup>n</sup> a<sup>1", "1st xn a1"),
    ],
)  # fmt: skip
def test_plain_text_of_markup(said: str, expected: str) -> None:
    assert plain.text(said) == expected


REL = 'rel="noopener noreferrer"'


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("<script>alert(1)</script>a", "a"),
        ("<a href='javascript:alert(1)'>x</a>", f"<a {REL}>x</a>"),
        ("<a href='data:text/html,x'>x</a>", f"<a {REL}>x</a>"),
        ("<a href='/x'>x</a>", f'<a href="https://a.example/x" {REL}>x</a>'),
        ("<a href='#n'>x</a>", f'<a href="https://a.example/p#n" {REL}>x</a>'),
        ("<a href='https: //b.example/'>x</a>", f'<a href="https://b.example/" {REL}>x</a>'),
        (
            "<a href='mailto:a@b.example?subject=x y'>x</a>",
            f'<a href="mailto:a@b.example?subject=x%20y" {REL}>x</a>',
        ),
        (
            "<base href='https://evil.example/'><a href=x>x</a>",
            f'<a href="https://a.example/d/x" {REL}>x</a>',
        ),
        ("<img src=x onerror=alert(1)>", '<img src="https://a.example/d/x">'),
        ("<img src=/a width=1 height=1>", ""),
        ("<img src=/a width=1 height=2>", '<img src="https://a.example/a" width="1" height="2">'),
        ("<img alt=x>", "x"),
        ("<img src='data:image/png;base64,AA' alt='E = m &lt; 2'> y", "E = m &lt; 2 y"),
        ("<img src='cid:1'>y", "y"),
        ("<img src='data:,' alt=x width=1 height=1>y", "y"),
        (
            "<img src=/a alt='I &lt;3 it, a < b > c, &lt;&lt;b>i>'>",
            '<img src="https://a.example/a" alt="I &lt;3 it, a &lt; b &gt; c, i&gt;">',
        ),
        ("<strike class=x>5</strike> <STRIKE>4</STRIKE> 3", "<s>5</s> <s>4</s> 3"),
        ("a <bdo dir=rtl>b</bdo>", 'a <bdi dir="rtl">b</bdi>'),
        ("<acronym title='Old'>O</acronym>", '<abbr title="Old">O</abbr>'),
        ("<iframe srcdoc='&lt;p>x&lt;/p>&lt;script>y&lt;/script>'>z</iframe>", "<p>x</p>"),
        (
            "<iframe srcdoc='<b>x</b>' src=https://v.example/1></iframe>",
            f' <a href="https://v.example/1" class="embed" {REL}>v.example</a> ',
        ),
        ("<img src=/a width=100% height=5x>", '<img src="https://a.example/a" width="100%">'),
        (
            "<img src=/a srcset='/b 2x, javascript:x 3x'>",
            '<img src="https://a.example/a" srcset="https://a.example/b 2x">',
        ),
        ("<p style='color:red'>x</p>", "<p>x</p>"),
        ("<p dir=rtl>x</p><p dir=x>y</p>", '<p dir="rtl">x</p><p>y</p>'),
        ("<p title='a<b>c'>x</p>", '<p title="ac">x</p>'),
        ("<code class='language-py evil'>x</code>", '<code class="language-py">x</code>'),
        ("<pre>\n\nx</pre>", "<pre>x</pre>"),
        ("<meta http-equiv=refresh content=0>x", "x"),
        ("<math><mi>x</mi></math>", "x"),
        ("<svg onload=alert(1)>", ""),
        ("<b>x", "<b>x</b>"),
        ("a & b", "a &amp; b"),
        ("a\xa0b", "a&nbsp;b"),
    ],
)
def test_S8_F30_safe_markup(said: str, expected: str) -> None:
    found = markup.safe(said, "https://a.example/d/", "https://a.example/p")
    assert found == expected and markup.safe(found, "https://a.example/d/") == expected


@pytest.mark.parametrize(
    ("said", "folded", "sought"),
    [
        ("ÉLYSÉE", ["elysee"], ["elysee"]),
        ("Straße", ["strasse"], ["strasse"]),
        ("ﬁn", ["fin"], ["fin"]),
        ("İstanbul", ["istanbul"], ["istanbul"]),
        ("Łódź", ["łodz"], ["lodz"]),
        ("Øre", ["øre"], ["ore"]),
        ("e\u0301", ["e"], ["e"]),
        ("a\u00adb", ["ab"], ["ab"]),
        ("a_b", ["a", "b"], ["a", "b"]),
        ("can't", ["can", "t"], ["can", "t"]),
        ("x²", ["x2"], ["x2"]),
        ("日", ["日"], ["日"]),
        ("日本", ["日本"], ["日本"]),
        ("日本語 a", ["日本", "本語", "a"], ["日本", "本語", "a"]),
        ("हिन्दी", ["हिन्दी"], ["हिन्दी"]),
        ("…—!", [], []),
        ("", [], []),
    ],
)  # fmt: skip
def test_words_to_compare_and_words_to_search(said: str, folded: list[str], sought: list[str]) -> None:
    assert (words(said), search_words(said)) == (folded, sought)
    assert is_character(said) == (said == "日") and fold(fold(said)) == fold(said)


@pytest.mark.parametrize(
    ("text", "shown", "prefilter", "size"),
    [
        ("a", "a", '"a"', 1),
        ("a b", "(a AND b)", '("a") AND ("b")', 2),
        ("a OR b", "(a OR b)", '("a") OR ("b")', 2),
        ("a AND b OR c", "((a AND b) OR c)", '(("a") AND ("b")) OR ("c")', 3),
        ("NOT a", "NOT a", None, 1),
        ("NOT NOT a", "a", '"a"', 1),
        ("a OR NOT b", "(a OR NOT b)", None, 2),
        ("a NOT b", "(a AND NOT b)", '("a")', 2),
        ("title:(a b)", "(title:a AND title:b)", '(title : "a") AND (title : "b")', 2),
        ("title:since:7d", "since:7d", None, 1),
        ('title:"a b"*', 'title:"a b"*', 'title : "a b" *', 1),
        ("ab*", "ab*", '"ab" *', 1),
        ("since:7d a", "(since:7d AND a)", '("a")', 2),
        ("author:x", "author:x", None, 1),
        ("C++", "C++", '"c"', 1),
        ("日", "日", None, 1),
        ("日本", "日本", '"日本"', 1),
        ("title:日", "title:日", None, 1),
    ],
)  # fmt: skip
def test_a_query_shown_and_narrowed(text: str, shown: str, prefilter: str | None, size: int) -> None:
    parsed = query.parse(text)
    assert (query.shown(parsed), query.prefilter(parsed), query.size(parsed)) == (shown, prefilter, size)
    assert query.shown(query.parse(shown)) == shown, "what is shown can be typed"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x" * (MAX_LENGTH + 1), "at character 8001: a query has at most 8000 characters"),
        ("(" * 51 + "a" + ")" * 51, "at character 52: parentheses nest deeper than 50"),
        ("a)", "at character 2: this closing parenthesis has no opening one"),
        ("a (b", "at character 3: this parenthesis is not closed"),
        ('a "b', "at character 3: this quotation mark is not closed"),
        ("a OR OR b", "at character 6: expected a word, not “OR”"),
        ("()", "at character 2: expected a word, not “)”"),
        ("title:", "at character 7: the query ends where a word was expected"),
        (
            "http://x",
            "at character 1: there is no field “http:”; fields are title:, author:, source:, category:, lang:, since:, before: (or quote the word)",
        ),
        ("a -b", "at character 3: “-b”: to leave a word out write NOT b"),
        ("a*b", "at character 2: “a*b”: a * stands at the end of a word only"),
        (
            "a*",
            'at character 2: “a*” would match every word that begins so; write two letters before the *, or "a*" in quotation marks to look for that',
        ),
        ("*", "at character 1: “*” holds no word"),
        (
            "since:",
            "at character 7: expected a date or a duration after since:, such as since:2026-03-01 or since:7d",
        ),
        (
            "before:2026-13-01",
            "at character 8: “2026-13-01” is no date or duration; write before:2026-03-01 or before:7d",
        ),
        ('since:""', "at character 7: “” is no date or duration; write since:2026-03-01 or since:7d"),
    ],
)
def test_what_is_no_query_is_told_where_and_why(text: str, expected: str) -> None:
    with pytest.raises(query.QueryError) as caught:
        query.parse(text)
    assert str(caught.value) == expected


def test_the_longest_and_the_deepest_query() -> None:
    assert query.shown(query.parse("x" * MAX_LENGTH)) == "x" * MAX_LENGTH
    assert query.shown(query.parse("(" * 50 + "a" + ")" * 50)) == "a"


@pytest.mark.parametrize(
    ("queries", "text", "expected"),
    [
        (["harbour"], "The Harbours, HARBOUR!", ["HARBOUR"]),
        (["harb*"], "The Harbours, HARBOUR!", ["Harbours", "HARBOUR"]),
        (['"old town"'], "Old town, new town", ["Old", "town", "town"]),
        (['"old to"*'], "Old town, new", ["Old", "town"]),
        (["é"], "E é e x", ["E", "é", "e"]),
        (["日本"], "日本語", ["日本語"]),
        ([], "a", []),
        (["a"], "", []),
    ],
)  # fmt: skip
def test_words_that_were_sought_are_marked(queries: list[str], text: str, expected: list[str]) -> None:
    terms = [term for one in queries for term in query.sought_for(query.parse(one))]
    pieces = query.marked(terms, text)
    assert [piece for piece, is_sought in pieces if is_sought] == expected
    assert "".join(piece for piece, _ in pieces) == text and query.occurrences(terms, text) == len(expected)


@pytest.mark.parametrize(
    ("gold", "found", "gray", "expected"),
    [
        ({"a": "1"}, {}, {}, (1.0, 1.0, 1.0, 1.0, 0, 0, 1.0, 1)),
        ({"a": "1", "b": "1"}, {"a": "x", "b": "x"}, {}, (1.0, 1.0, 1.0, 1.0, 0, 0, 1.0, 2)),
        (
            {"a": "1", "b": "1", "c": "2"},
            dict.fromkeys("abc", "x"),
            {},
            (1 / 3, 1.0, 5 / 9, 1.0, 2, 0, 0.0, 3),
        ),
        ({"a": "1", "b": "1", "c": "2"}, {"a": "x", "b": "y"}, {}, (1.0, 0.0, 1.0, 2 / 3, 0, 1, 1.0, 1)),
        ({"a": "1", "b": "2"}, {"a": "x", "b": "x"}, {}, (0.0, 1.0, 0.5, 1.0, 1, 0, 0.0, 2)),
        (
            {"a": "1", "b": "2"},
            {"a": "x", "b": "x"},
            {"a": {"b"}, "b": {"a"}},
            (1.0, 1.0, 1.0, 1.0, 0, 0, 1.0, 2),
        ),
        ({"a": "1"}, {"a": "x", "b": "x"}, {}, (1.0, 1.0, 1.0, 1.0, 0, 0, 1.0, 1)),
    ],
)
def test_scores_by_hand(
    gold: dict[str, str], found: dict[str, str], gray: dict[str, set[str]], expected: tuple[float, ...]
) -> None:
    one = measure.score("text", gold, found, gray)
    told = (
        one.precision,
        one.recall,
        one.b3_precision,
        one.b3_recall,
        one.wrong,
        one.missed,
        one.apart,
        one.largest,
    )
    assert all(map(math.isclose, told, expected)), told


@pytest.mark.parametrize(
    ("right", "of", "low", "high"),
    [
        (0, 0, 0.0, 1.0),
        (0, 1, 0.0, 0.793),
        (1, 1, 0.207, 1.0),
        (50, 100, 0.404, 0.596),
        (100, 100, 0.963, 1.0),
    ],
)
def test_the_interval_of_a_share(right: int, of: int, low: float, high: float) -> None:
    """Figures as in Wilson's paper's method, worked out by hand for one and for a hundred answers."""
    found = measure.wilson(right, of)
    assert math.isclose(found[0], low, abs_tol=0.0005) and math.isclose(found[1], high, abs_tol=0.0005)
