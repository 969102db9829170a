"""What a page hides and no reader should show; and what it hides that would be lost."""

from __future__ import annotations

import re
import time

import pytest

from aggregator.text import markup, unseen

BASE = "https://n.example/p/"
X2 = "<math><msup><mi>x</mi><mn>2</mn></msup></math>"
DRAWN = '<span class="k" aria-hidden="true"><span>x</span><span><span>2</span></span></span>'
SHORT, LONG = "w" * unseen.MAX_PREHEADER, "w" * (unseen.MAX_PREHEADER + 1)


@pytest.mark.parametrize(
    ("name", "given", "wanted"),
    [
        ("a formula drawn beside it", f"a <span><span>{X2}</span>{DRAWN}</span> b", "a x2 b"),
        ("a formula drawn before it", f"a <nobr aria-hidden='true'>x2</nobr><span>{X2}</span> b", "a x2 b"),
        ("with a picture", f'a <span style="display:none">{X2}</span><img src="/x" aria-hidden="true"> b', "a x2 b"),
        ("with its TeX", f'a <span>{X2}</span><script type="math/tex">x^2</script> b', "a x2 b"),
        ("TeX alone", 'a <script type="math/tex">x^2</script> b', "a x^2 b"),
        ("drawn only", f"a {DRAWN} b", "a x2 b"),
        ("a word between", f"a {X2} and {DRAWN} b", "a x2 and x2 b"),
        ("another paragraph", f"<p>{X2}</p><p aria-hidden='true'>b</p>", "x2b"),
        ("a formula that comes first and is hidden", f'<i style="display: none">{X2}</i>b', "x2b"),
        ("a sign beside words", "a <span aria-hidden='true'>★</span> b", "a ★ b"),
        ("a newsletter's first line", f'<div style="display:none">{SHORT}</div><p>b</p>', "b"),
        ("of another kind", "<!-- x --><p>&zwnj;</p><div hidden>a &#847; &zwnj;</div><p>b</p>", "b"),
        ("that is long", f'<div style="DISPLAY : none">{LONG}</div><p>b</p>', f"{LONG}b"),
        ("that holds a link", '<div hidden><a href="/x">a</a></div><p>b</p>', "ab"),
        ("behind words", "<p>b</p><p hidden>the answer</p>", "bthe answer"),
        ("and nothing else", "<p hidden>a</p> <p> </p>", "a"),
        ("found by searching", "<p hidden='until-found'>a</p><p>b</p>", "ab"),
        ("never ended", "<div hidden>a<p>b</p>", "ab"),
    ],
)  # fmt: skip
def test_what_is_seen(name: str, given: str, wanted: str) -> None:
    once = markup.safe(given, BASE)
    assert markup.safe(once) == once, "S13"
    words = re.sub(r"<[^>]*>", "", once).replace("\u200c", "").replace("\u034f", "")
    assert " ".join(words.split()) == wanted


@pytest.mark.parametrize(
    ("given", "is_seen"),
    [
        ('<img src="/x.gif" style="display:none">', False),
        ('<img hidden src="/x.gif">', False),
        ('<img src="/x.gif" style="display:none" data-src="/y.jpg">', True),
        ('<img class="lazyload" src="/x.jpg" style="display:none">', True),
        ('<img src="/x.gif" style="display:block">', True),
        ('<img src="/x.gif" aria-hidden="true">', True),
    ],
)
def test_pictures_that_nobody_sees(given: str, is_seen: bool) -> None:
    assert ("<img" in markup.safe(f"<p>a {given} b</p>", BASE)) is is_seen


def test_looks_for_ends_are_counted() -> None:
    many = "<nobr aria-hidden='true'>" * unseen.MAX_LOOKS + "a" + "</nobr>" * unseen.MAX_LOOKS
    last = f"<nobr aria-hidden='true'>drawn</nobr>{X2}"
    assert "drawn" in markup.safe(many + last)
    assert "drawn" not in markup.safe(many.replace("<nobr aria-hidden='true'>", "", 1) + last)


@pytest.mark.parametrize(
    "text",
    [
        f"{X2}<span aria-hidden='true'>",
        "<nobr aria-hidden='true'>",
        "<div hidden>",
        "<img hidden>",
        "<a b=“",
        "<a hidden ",
        '<iframe src="//a.b"><a href="/x">',
    ],
)
def test_B8_linear_time_whatever_is_hidden(text: str) -> None:
    started = time.process_time()
    markup.safe(text * (60_000 // len(text)))
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("name", "given", "wanted"),
    [
        ("never ended", '<p>a</p><a href="https://b.example/x>b</a> c', "https://b.example/x"),
        ("turned", "<a href=“https://b.example/x” title=”t”>b</a> = “c”", "https://b.example/x"),
        ("turned within a value", '<a href="https://b.example/x" title="=“t”">b</a> c', "https://b.example/x"),
        ("turned in words", "a =“b” <a href='https://b.example/x'>b</a> c", "https://b.example/x"),
    ],
)  # fmt: skip
def test_quotes_that_are_none_take_nothing_along(name: str, given: str, wanted: str) -> None:
    safe = markup.safe(given, BASE)
    assert f'<a href="{wanted}"' in safe
    assert ">b</a>" in safe
    assert "c" in safe


@pytest.mark.parametrize(
    ("name", "given", "wanted"),
    [
        (
            "the page of what is played",
            '<iframe src="https://shop.example/player/1"><a href="https://band.shop.example/a">A by <b>B</b></a></iframe>',
            ("https://band.shop.example/a", "A by B (band.shop.example)"),
        ),
        (
            "another site's page",
            '<iframe src="https://shop.example/1"><a href="https://b.example/a">A</a></iframe>',
            ("https://shop.example/1", "A (shop.example)"),
        ),
        (
            "a site whose name ends alike",
            '<iframe src="https://shop.example/1"><a href="https://myshop.example/a">A</a></iframe>',
            ("https://shop.example/1", "A (shop.example)"),
        ),
        (
            "a title of its own",
            '<iframe title="T" src="https://shop.example/1"><a href="https://shop.example/a">A</a></iframe>',
            ("https://shop.example/a", "T (shop.example)"),
        ),
        (
            "an address for words",
            '<iframe src="https://shop.example/1"><a href="https://b.example/a">https://b.example/a</a></iframe>',
            ("https://shop.example/1", "shop.example"),
        ),
        (
            "a frame that frames another",
            '<iframe src="https://cdn.embedly.com/w.html?url=https%3A%2F%2Fyoutu.example%2F1&image=x"></iframe>',
            ("https://youtu.example/1", "youtu.example"),
        ),
        (
            "itself",
            '<iframe src="https://cdn.embedly.com/w.html?url=https%3A%2F%2Fcdn.embedly.com%2F1"></iframe>',
            (
                "https://cdn.embedly.com/w.html?url=https%3A%2F%2Fcdn.embedly.com%2F1",
                "cdn.embedly.com",
            ),
        ),
        (
            "no link",
            '<iframe src="https://shop.example/1">Frames are missing.</iframe>',
            ("https://shop.example/1", "shop.example"),
        ),
    ],
)
def test_what_a_frame_holds_for_those_who_have_none(name: str, given: str, wanted: tuple[str, str]) -> None:
    address, label = wanted
    assert f'<a href="{address}" class="embed" rel="noopener noreferrer">{label}</a>' in markup.safe(
        given, BASE
    )


def test_tasks_are_done_or_not() -> None:
    tasks = '<li><input type="checkbox" checked disabled> a</li><li><input type=CHECKBOX> b</li><li><input value=c></li>'
    assert markup.safe(f"<ul>{tasks}</ul>").replace("  ", " ") == "<ul><li>☑ a</li><li>☐ b</li><li></li></ul>"


@pytest.mark.parametrize("count", [1, 49, 50, 3000])
def test_F30_short_links_are_whole_ones_however_many_they_are(count: int) -> None:
    links = "".join(f'<a href="/{n}">{n}</a> ' for n in range(count))
    once = markup.safe(links, f"{BASE}{'q' * 100}/")
    assert once.count("<a href=") == count
    assert markup.safe(once) == once, "S13"


def test_S13_links_grow_within_bounds() -> None:
    once = markup.safe('<a href="?">x</a>' * 20_000, f"{BASE}{'q' * 1000}")
    assert len(once) <= 2 * markup.MAX_HTML + 1000


def test_S13_signs_to_escape_are_no_links() -> None:
    assert "&lt;" not in markup.safe("<" * 4000)


@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_picture_within_a_text_takes_the_place_of_no_words(quote: str) -> None:
    picture = f"<img src={quote}data:image/png;base64,{'A' * 3 * markup.MAX_HTML}{quote}>"
    assert markup.safe(f"<p>a</p>{picture}<p>b</p>") == "<p>a</p><p>b</p>"
