"""What is known at a glance to be safe is what cleaning would leave as it is."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from aggregator.text import characters, embedded, markup, settled
from tests.payloads import PAYLOADS

MAX_LENGTH = 4096
DEPTH = 50

LINK = '<a href="https://a.example/x?b=1&amp;c=2" rel="noopener noreferrer">'
PICTURE = '<img src="https://a.example/i.png" alt="a &quot;b&quot;" width="20" height="10">'
DEEPEST = "<div>" * DEPTH + "x" + "</div>" * DEPTH

# fmt: off
SETTLED = [
    ("a paragraph", "<p>One &amp; two &lt;p&gt; three&nbsp;four</p>"),
    ("a link", f"<p>{LINK}x</a></p>"),
    ("a plain link", f"<p>{LINK.replace('?b=1&amp;c=2', '')}x</a></p>"),
    ("a long one", LINK.replace("x?b=1&amp;c=2", "x" * (MAX_LENGTH - len("https://a.example/"))) + "x</a>"),
    ("a link with a tooltip", '<a href="https://a.example/" title="x" rel="noopener noreferrer">x</a>'),
    ("a player's link", f'<a href="https://a.example/" class="{embedded.CLASS}" rel="noopener noreferrer">x</a>'),
    ("a picture", f"<figure>{PICTURE}<figcaption>x</figcaption></figure>"),
    ("pictures to choose from", '<img src="https://a.example/i.png" srcset="https://a.example/i.png 1x, https://a.example/j.png 2x">'),
    ("a time", '<time datetime="2026-09-07T10:00:00Z">7 September</time>'),
    ("lists in lists", "<ul><li>a<ol><li>b</li></ol></li></ul>"),
    ("words in words", "<b><i>a</i><b>c</b></b>"),
    ("headings", "<h2>a</h2><h3>b</h3><hr><p>c<br>d</p>"),
    ("a table", "<table>\n<thead><tr><th>a</th></tr></thead><tbody>\n<tr> <td><p>b</p><ul><li>c</li></ul></td><td></td></tr></tbody></table>"),
    ("a table in a cell", "<table><tbody><tr><td><table><tbody><tr><td>a</td></tr></tbody></table></td></tr></tbody></table>"),
    ("meanings", "<dl><dt>a</dt><dd><p>b</p></dd></dl>"),
    ("a program in a language", '<p><code class="language-c">a</code> <abbr title="b">c</abbr></p>'),
    ("a program", "<pre><code>a &lt; b\n\n</code></pre>"),
    ("as deep as it is known", DEEPEST),
]
UNSETTLED = [
    ("an address to write to", '<a href="mailto://a@b.example:x" rel="noopener noreferrer">x</a>'),
    ("a loose ampersand", "<p>a & b</p>"), ("another reference", "<p>&copy;</p>"), ("a quotation mark as a reference", "<p>&quot;</p>"),
    ("a loose sign", "<p>a > b</p>"), ("an open tag", "<p>a <b"), ("a blank that is not written so", "<p>a\xa0b</p>"),
    ("not closed", "<p>a"), ("closed only", "a</p>"), ("crossed", "<b><i>a</b></i>"), ("capitals", "<P>a</P>"), ("a blank in a tag", "<p >a</p>"),
    ("a block in a paragraph", "<p><div>a</div></p>"), ("a list in a paragraph", "<p><ul><li>a</li></ul></p>"),
    ("a rule in a paragraph", "<p>a<hr>b</p>"), ("a block deep in a paragraph", "<p><b><h2>a</h2></b></p>"),
    ("a heading in a heading", "<h2><div><h3>a</h3></div></h2>"), ("an item in no list", "<li>a</li>"), ("an item in a block", "<ul><div><li>a</li></div></ul>"),
    ("a link in a link", f"{LINK}<b>{LINK}a</a></b></a>"), ("deeper than is known", f"<div>{DEEPEST}</div>"),
    ("an element that is not known", "<details><summary>a</summary>b</details>"), ("words in a table", "<table>a<tbody><tr><td>b</td></tr></tbody></table>"),
    ("words behind a cell", "<table><tbody><tr><td>b</td> a</tr></tbody></table>"), ("a row in no body", "<table><tr><td>b</td></tr></table>"),
    ("a line in a row", "<table><tbody><tr><br><td>b</td></tr></tbody></table>"), ("a picture in a table", f"<table>{PICTURE}</table>"),
    ("a table in a paragraph", "<p><table></table></p>"), ("a cell in no row", "<td>a</td>"), ("a meaning in no list", "<dd>a</dd>"),
    ("another language", '<code class="x">a</code>'), ("an attribute of a program", '<code title="a">b</code>'), ("a script", "<script>a</script>"),
    ("an attribute", '<p onclick="a">a</p>'), ("an attribute of a link", f'<a onclick="a" {LINK[3:]}a</a>'), ("twice", f'<a href="https://b.example/" {LINK[3:]}a</a>'),
    ("a link without rel", '<a href="https://a.example/">a</a>'), ("rel before it", '<a rel="noopener noreferrer" href="https://a.example/">a</a>'),
    ("another rel", '<a href="https://a.example/" rel="me">a</a>'), ("no address", '<a rel="noopener noreferrer">a</a>'),
    ("a script's address", LINK.replace("https:", "javascript:") + "a</a>"), ("a relative one", LINK.replace("https://a.example", "") + "a</a>"),
    ("one that tracks", LINK.replace("b=1", "utm_source=1") + "a</a>"), ("one to be escaped", LINK.replace("/x", "/é") + "a</a>"),
    ("a reference in one", LINK.replace("&amp;", "&lt;") + "a</a>"), ("none that is written so", LINK.replace("&amp;", "&") + "a</a>"),
    ("one that is too long", LINK.replace("x?b=1&amp;c=2", "x" * (MAX_LENGTH + 1 - len("https://a.example/"))) + "x</a>"),
    ("another class", '<a href="https://a.example/" class="x" rel="noopener noreferrer">a</a>'),
    ("a picture without one", '<img alt="a">'), ("one that counts readers", PICTURE.replace('"20"', '"1"')), ("or has no height", PICTURE.replace('"10"', '"0"')),
    ("a size that is none", PICTURE.replace('"20"', '"20em"')), ("single quotes", PICTURE.replace('"20"', "'20'")),
    ("a set that is not kept", '<img src="https://a.example/i.png" srcset="/j.png 2x">'),
    ("a set behind what stands in for it", '<img src="https://a.example/i.png" srcset="https://a.example/blank.png 1x">'),
    ("a line end that gets lost", "<pre>\na</pre>"),
]
# fmt: on


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in SETTLED])
def test_what_is_known_is_what_cleaning_leaves(text: str) -> None:
    assert markup._is_settled(text)
    assert markup._washed(text, None, None) == text == markup.safe(text)


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in UNSETTLED])
def test_of_all_else_it_says_no(text: str) -> None:
    assert not markup._is_settled(text)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_S8_nothing_active_is_known(payload: str) -> None:
    for text in (payload, f"<p>{payload}</p>", f"{LINK}{payload}</a>", PICTURE.replace("a &quot;b", payload)):
        if markup._is_settled(characters.clean(text)):
            assert markup._washed(text, None, None) == characters.clean(text)


def _soup(chance: random.Random, depth: int = 0) -> str:
    """Mostly well nested, of elements that are known and some that are not."""
    made = []
    for _ in range(chance.randrange(4)):
        if chance.random() < 0.4 or depth > 6:
            made.append(
                chance.choice(("a ", "\n", "&amp;", "é", "<br>", "<hr>", PICTURE, "&nbsp;", "</p>", "&"))
            )
        else:
            made.append(_element(chance, depth))
    return "".join(made)


def _element(chance: random.Random, depth: int) -> str:
    name = chance.choice((*settled._PAIRED, *("p", "ul", "ol", "a", "row") * 4))
    if name == "row":
        cells = "".join(f"<td>{_soup(chance, depth + 4)}</td>" for _ in range(chance.randrange(3)))
        return f"<table><tbody><tr>{cells}</tr></tbody>{chance.choice(('', ' ', 'a', '<br>', cells))}</table>"
    if name in ("ul", "ol"):
        items = "".join(f"<li>{_soup(chance, depth + 2)}</li>" for _ in range(chance.randrange(3)))
        return f"<{name}>{items}</{name}>"
    return f"{LINK if name == 'a' else f'<{name}>'}{_soup(chance, depth + 1)}</{name}>"


def _known(chance: random.Random) -> Iterator[str]:
    for _ in range(8000):
        text = _soup(chance)
        if "<" in text and markup._is_settled(text):
            yield text


_PARTS = (
    "https://", "http:/", "//", "mailto:", "javascript:", "a.example", "/", "?", "&amp;", "&quot;", "&nbsp;", "=", "x", "%20", "é", " ", "'", "#", "data:", "@",
    "\t", ":", "www.", "utm_source=1", "1x", ", ", "100", "0", "1", "%", "\n", "&#106;", "&lt;",
)  # fmt: skip
_WITH_VALUE = (
    '<a href="{}" rel="noopener noreferrer">x</a>', '<a href="https://a.example/" title="{}" rel="noopener noreferrer">x</a>', '<img src="{}">',
    *(f'<img src="https://a.example/i" {name}="{{}}">' for name in ("alt", "srcset", "sizes", "width", "height")),
    '<time datetime="{}">x</time>', '<abbr title="{}">x</abbr>', '<code class="{}">x</code>',
)  # fmt: skip


def test_S8_whatever_an_attribute_says() -> None:
    chance, known = random.Random(1), 0
    for _ in range(20_000):
        value = "".join(chance.choices(_PARTS, k=chance.randrange(5)))
        text = chance.choice(_WITH_VALUE).format(value)
        if markup._is_settled(text):
            known += 1
            assert markup._washed(text, "https://b.example/q", None) == text
    assert known > 1000


def test_S13_whatever_is_known_would_stay_as_it_is() -> None:
    known = list(_known(random.Random(1)))
    assert len(known) > 1000
    for text in known:
        assert markup._washed(text, "https://b.example/", None) == text
