"""What pages embed: players, lazy pictures, formulas, drawings, forms; nothing of it takes text along."""

from __future__ import annotations

import html
import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.text import embedded, formulas, markup, plain
from tests.payloads import PAYLOADS

BASE = "https://n.example/posts/"
ID = "dQw4w9WgXcQ"


def safe(text: str) -> str:
    """As published, without what says the same everywhere; and stable."""
    once = markup.safe(text, BASE)
    assert markup.safe(once) == once == markup.safe(once, BASE), "S13"
    return re.sub(
        r"\s+", " ", once.replace(' rel="noopener noreferrer"', "").replace(' class="embed"', "")
    ).strip()


def link(address: str, label: str) -> str:
    return f'<a href="{address}">{label}</a>'


WATCH = f"https://www.youtube.com/watch?v={ID}"


@pytest.mark.parametrize(
    ("name", "given", "wanted"),
    [
        (
            "YouTube",
            f'<iframe src="https://www.youtube.com/embed/{ID}?rel=0"></iframe>',
            link(WATCH, "youtube.com"),
        ),
        (
            "what a script would write",
            '<script src="https://gist.github.com/jane/1a2b3c.js?file=x"></script>'
            "<script src='//asciinema.org/a/14.js' id='x' async></script><script src='https://a.example/a/14.js'></script>",
            link("https://gist.github.com/jane/1a2b3c", "gist.github.com")
            + " "
            + link("https://asciinema.org/a/14", "asciinema.org"),
        ),
        (
            "YouTube without cookies",
            f'<iframe src="//www.youtube-nocookie.com/embed/{ID}"></iframe>',
            link(WATCH, "youtube.com"),
        ),
        (
            "with a title",
            f'<iframe title="A talk" src="https://youtube.com/embed/{ID}"></iframe>',
            link(WATCH, "A talk (youtube.com)"),
        ),
        (
            "from a moment on",
            f'<iframe src="https://www.youtube.com/embed/{ID}?start=30"></iframe>',
            link(f"{WATCH}&amp;t=30", "youtube.com"),
        ),
        (
            "a list",
            '<iframe src="https://www.youtube.com/embed/videoseries?list=PL12"></iframe>',
            link("https://www.youtube.com/playlist?list=PL12", "youtube.com"),
        ),
        (
            "of old",
            f'<embed src="http://www.youtube.com/v/{ID}&hl=en&fs=1" type="application/x-shockwave-flash">',
            link(WATCH, "youtube.com"),
        ),
        ("a custom element", f'<lite-youtube videoid="{ID}"></lite-youtube>', link(WATCH, "youtube.com")),
        ("AMP", f'<amp-youtube data-videoid="{ID}"></amp-youtube>', link(WATCH, "youtube.com")),
        (
            "Vimeo",
            '<iframe src="https://player.vimeo.com/video/76979871"></iframe>',
            link("https://vimeo.com/76979871", "vimeo.com"),
        ),
        (
            "Vimeo, unlisted",
            '<iframe src="https://player.vimeo.com/video/7?h=ab1&badge=0"></iframe>',
            link("https://vimeo.com/7/ab1", "vimeo.com"),
        ),
        (
            "Vimeo of old",
            '<embed src="http://vimeo.com/moogaloop.swf?clip_id=7&amp;server=vimeo.com">',
            link("https://vimeo.com/7", "vimeo.com"),
        ),
        (
            "any other",
            '<iframe src="https://video.example/videos/embed/1-2"></iframe>',
            link("https://video.example/videos/embed/1-2", "video.example"),
        ),
        ("of its own host", '<iframe src="/player/7">', link("https://n.example/player/7", "n.example")),
        (
            "lazy",
            '<iframe src="about:blank" data-src="https://v.example/e/1"></iframe>',
            link("https://v.example/e/1", "v.example"),
        ),
        (
            "lazy, and for those without scripts",
            '<iframe data-lazy-src="https://v.example/e/1"></iframe><noscript><iframe src="https://v.example/e/1"></iframe></noscript>',
            link("https://v.example/e/1", "v.example"),
        ),
        ("a counter", '<iframe src="https://t.example/ns.html" width="0" height="0"></iframe>', ""),
        ("hidden", '<iframe src="https://t.example/" style="display: none"></iframe>', ""),
        ("that would act", '<iframe src="javascript:alert(1)"></iframe>', ""),
        ("without an address", "<iframe>Old <b>browser</b></iframe>", "Old <b>browser</b>"),
        (
            "an object",
            '<object data="https://v.example/e/1" title="Film"><p>Sorry</p></object>',
            f"<p>Sorry</p> {link('https://v.example/e/1', 'Film (v.example)')}",
        ),
        (
            "an object that leads there itself",
            '<object data="a.pdf"><a href="a.pdf">Paper</a></object>',
            link("https://n.example/posts/a.pdf", "Paper"),
        ),
        (
            "an object of parameters",
            f'<object><param name="movie" value="https://www.youtube.com/v/{ID}"><embed src="https://www.youtube.com/v/{ID}"></object>',
            link(WATCH, "youtube.com"),
        ),
        (
            "a picture as object",
            '<object type="image/png" data="a.png">A</object>',
            '<img src="https://n.example/posts/a.png">A',
        ),
        (
            "a film with controls",
            '<video controls src="a.mp4"></video>',
            '<video controls="" src="https://n.example/posts/a.mp4"></video>',
        ),
        (
            "a film without",
            '<video autoplay loop src="a.mp4" width="300"></video>',
            f'<video src="https://n.example/posts/a.mp4" width="300" controls=""> {link("https://n.example/posts/a.mp4", "n.example")} </video>',
        ),
        (
            "sources",
            '<audio><source src="a.ogg"><source src="a.mp3"></audio>',
            f'<audio controls=""><source src="https://n.example/posts/a.ogg"><source src="https://n.example/posts/a.mp3"> {link("https://n.example/posts/a.ogg", "n.example")} </audio>',
        ),
        (
            "a sound that closes itself",
            '<audio src="a.mp3"/>After',
            f'<audio src="https://n.example/posts/a.mp3" controls=""> {link("https://n.example/posts/a.mp3", "n.example")} </audio>After',
        ),
    ],
)
def test_a_player_is_a_link(name: str, given: str, wanted: str) -> None:
    assert safe(given) == wanted, name
    assert safe(f"<p>Before</p>{given}<p>After</p>").startswith("<p>Before</p>"), name


def test_a_player_has_no_words_of_the_source() -> None:
    shown = markup.safe(
        'One <iframe title="Film" src="https://v.example/1"></iframe> <a href="/v">v.example</a>', BASE
    )
    assert "Film (v.example)" in shown and 'class="embed"' in shown
    assert plain.text(shown) == "One v.example"
    assert 'class="embed"' not in markup.safe('<p class="embed"><a class="x" href="/y">Two</a></p>', BASE)


@pytest.mark.parametrize(
    ("name", "given", "wanted"),
    [
        ("plain", '<img src="a.jpg">', ["a.jpg"]),
        ("lazy", '<img src="data:image/gif;base64,R0" data-src="a.jpg">', ["a.jpg"]),
        ("lazy alone", '<img data-lazy-src="a.jpg">', ["a.jpg"]),
        ("original", '<img src="grey.gif" data-original="a.jpg">', ["a.jpg"]),
        ("nitro", '<img nitro-lazy-src="a.jpg" src="data:x">', ["a.jpg"]),
        ("and its twin", '<img data-src="a.jpg"><noscript><img src="a.jpg"></noscript>', ["a.jpg"]),
        (
            "a twin of another size",
            '<img src="data:x" data-src="a-300.jpg">\n <noscript><a href="b"><img src="a.jpg"></a></noscript>',
            ["a-300.jpg"],
        ),
        ("the twin first", '<noscript><img src="a.jpg"></noscript><img data-src="a.jpg">', ["a.jpg"]),
        ("the twin alone", '<img src="data:x"><noscript><img src="a.jpg"></noscript>', ["a.jpg"]),
        (
            "a blank, and the twin",
            '<img src="/i/blank.gif"><noscript><img src="a.jpg"></noscript>',
            ["a.jpg"],
        ),
        (
            "no twin",
            '<img src="a.jpg"><noscript><img src="b.jpg"> and <img src="c.jpg"></noscript>',
            ["a.jpg", "b.jpg", "c.jpg"],
        ),
        ("twice on purpose", '<img src="a.jpg"><img src="a.jpg">', ["a.jpg", "a.jpg"]),
        ("a set alone", '<img srcset="a.jpg 1x, b.jpg 2x">', ["a.jpg"]),
        ("a lazy set", '<img src="data:x" data-srcset="a.jpg 300w, b.jpg 600w">', ["a.jpg"]),
        ("a set beside a blank", '<img src="/spacer.gif" srcset="a.jpg 1x">', ["a.jpg"]),
        ("not an address", '<img src="a.jpg" data-original="true" data-src="{json}">', ["a.jpg"]),
        ("JavaScript", '<img src="a.jpg" data-src="javascript:alert(1)">', ["a.jpg"]),
        ("a choice", '<picture><source srcset="a.webp"><img src="a.jpg"></picture>', ["a.jpg"]),
        (
            "a lazy choice",
            '<picture><source data-srcset="a.webp 1x"><img src="data:x" data-src="a.jpg"></picture>',
            ["a.jpg"],
        ),
        ("a choice of nothing", '<picture><source srcset="a.webp"><img src="data:x"></picture>', ["a.webp"]),
        (
            "a choice without a picture",
            '<picture><source srcset="a.webp 1x, b.webp 2x"></picture>',
            ["a.webp"],
        ),
        ("AMP", '<amp-img src="a.jpg" width="3" height="2"></amp-img>', ["a.jpg"]),
        ("in a drawing", '<svg><image xlink:href="a.jpg"/></svg>', ["a.jpg"]),
        ("a counter", '<img src="https://t.example/p.gif" width="1" height="1">', []),
        ("nothing", '<img src="data:image/gif;base64,R0">', []),
        (
            "one, and a counter for others",
            '<img src="a.jpg"><noscript><img src="https://t.example/p" width="1" height="1"></noscript>',
            ["a.jpg"],
        ),
    ],
)
def test_lazy_pictures_are_pictures_each_once(name: str, given: str, wanted: list[str]) -> None:
    shown = safe(f"<p>x</p>{given}<p>y</p>")
    assert [one.removeprefix(BASE) for one in re.findall(r'<img [^>]*?src="([^"]*)"', shown)] == wanted, name
    assert "<p>y</p>" in shown


@pytest.mark.parametrize(
    ("name", "given", "wanted"),
    [
        *[
            (
                f"<{tag}/>",
                f"<p>One</p><{tag}/><p>Two</p>",
                "<p>One</p> <p>Two</p>"
                if tag in ("textarea", "title", "select", "form", "button")
                else "<p>One</p><p>Two</p>",
            )
            for tag in (
                "iframe",
                "script",
                "style",
                "textarea",
                "title",
                "noscript",
                "noembed",
                "object",
                "select",
                "form",
                "button",
                "svg",
                "math",
                "template",
                "canvas",
                "embed",
            )
        ],
        ("a script that closes itself, then one", '<script src="a"/>One<script>var x</script>Two', "OneTwo"),
        ("a script as it should be", "One<script>if (a < b) x('</p>')</script>Two", "OneTwo"),
        ("a style", "<style>p > b {}</style>Two", "Two"),
        (
            "a form",
            "<form action=/x><p>Words</p><input name=q><button>Go</button></form>",
            "<div><p>Words</p> Go </div>",
        ),
        ("a choice", "<select><option>One<option>Two</select>", "<div><div>One<div>Two</div></div></div>"),
        ("a field", "<textarea>Words</textarea>", "<div>Words</div>"),
        ("without scripts", "<noscript><p>Words</p></noscript>", "<p>Words</p>"),
        (
            "a drawing",
            '<svg><title>Chart</title><path d="M0"/><text>One</text><text>Two</text></svg>',
            "Chart One Two",
        ),
        ("a canvas", "<canvas><p>Words</p></canvas>", "<p>Words</p>"),
        ("a template", "<template><p>Words</p></template>", "<p>Words</p>"),
        (
            "a whole page",
            "<html><head><title>T</title><meta name=x></head><body>Words</body></html>",
            "Words",
        ),
        ("a title of its own", "<title>T</title>Words", "T Words"),
        ("CDATA twice", "<![CDATA[<p>Words & more</p>]]>", "<p>Words &amp; more</p>"),
        ("an example", "<xmp>Words</xmp>", "<pre>Words</pre>"),
        ("in the middle", "<center>One</center><center>Two</center>", "<div>One</div><div>Two</div>"),
        (
            "a quote that never ends",
            '<a href="x>One</a> <center>Two</center> Three',
            f"{link('https://n.example/posts/x', 'One')} <div>Two</div> Three",
        ),
        ("a comment", "<!-- <iframe> -->Words<!-->More", "WordsMore"),
        (
            "code",
            '<pre><code class="hl language-c++ lang-x">x</code></pre>',
            '<pre><code class="language-c++ lang-x">x</code></pre>',
        ),
        ("code that isn't", '<p class="language-c"><code class="x">y</code></p>', "<p><code>y</code></p>"),
        ("no class that acts", '<code class="language-a&quot;b language-">y</code>', "<code>y</code>"),
    ],
)
def test_what_is_behind_and_within_stays(name: str, given: str, wanted: str) -> None:
    assert safe(given) == wanted, name


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        ("<mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup>", "E=mc<sup>2</sup>"),
        ("<mfrac><mn>1</mn><mn>2</mn></mfrac>", "1/2"),
        ("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mi>c</mi></mfrac>", "(a+b)/c"),
        ("<msub><mi>x</mi><mi>i</mi></msub>", "x<sub>i</sub>"),
        (
            "<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>0</mn></mrow><mi>n</mi></munderover><mi>i</mi>",
            "∑<sub>i=0</sub><sup>n</sup>i",
        ),
        ("<msqrt><mn>2</mn></msqrt>", "√(2)"),
        ("<mroot><mn>8</mn><mn>3</mn></mroot>", "<sup>3</sup>√(8)"),
        ("<mi>sin</mi><mi>x</mi><mo>&lt;</mo><mn>2</mn><mi>y</mi>", "sin x&lt;2y"),
        ("<semantics><mi>x</mi><annotation encoding='application/x-tex'>\\x</annotation></semantics>", "x"),
        (
            "<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr><mtr><mtd><mn>3</mn></mtd></mtr></mtable>",
            "1, 2; 3",
        ),
        ("bare", "bare"),
        ("<mtext>if so</mtext><script>alert(1)</script>", "if so alert(1)"),
        ("<mi>x</mi><unknown/><mo>∈</mo><mi mathvariant='double-struck'>R</mi>", "x∈R"),
        ("<msup><mi>x</mi></msup>", "x"),
        ("", "alternative"),
        ("<mrow>" * 200 + "<mi>x</mi>", "x"),
    ],
)
def test_a_formula_is_read(formula: str, wanted: str) -> None:
    assert formulas.shown(formula, "alternative") == wanted
    for prefix in ("", "m:"):
        named = re.sub(r"<(/?)(?=[a-z])", rf"<\1{prefix}", formula)
        shown = safe(
            f'<p>Let <{prefix}math alttext="alternative" display="block">{named}</{prefix}math> be</p>'
        )
        assert shown == f"<p>Let {wanted} be</p>"


def test_a_formula_of_tex_is_no_script() -> None:
    assert safe('Let <script type="math/tex; mode=display">a<b</script> be') == "Let a&lt;b be"


@pytest.mark.parametrize(
    "text",
    [
        "<iframe>",
        "<iframe src=//a.b>",
        "<head>",
        "<math>",
        "<script/>",
        "<noscript>",
        "<img><noscript>",
        "<object>",
        "<object></object>",
        "<video src=/x>",
        "<a <",
        "<a b='\"",
        "<a b=",
        "<picture><source srcset=a>",
        "<svg><path/>",
        "<![CDATA[",
        "<img data-",
        "<option>",
        "<!--",
        "<math></math",
        "<math><msup>",
        "<object><param name=src value=/x>",
    ],
)
def test_B8_linear_time_whatever_is_embedded(text: str) -> None:
    many = "<iframe/>" + text * (60_000 // len(text))
    for whole in (many, many + "</iframe></head></math></noscript></video>>"):
        started = time.process_time()
        embedded.shown(whole, BASE)
        assert time.process_time() - started < 1


@pytest.mark.parametrize(("begins", "ends"), [("<math>x", "</math/>"), ("<head>x", "</x:head>")])
def test_B8_what_does_not_end_is_looked_for_once(begins: str, ends: str) -> None:
    started = time.process_time()
    embedded.shown(begins * 80_000 + ends, BASE)
    assert time.process_time() - started < 2  # else it takes ten at least


@pytest.mark.parametrize(("depth", "expected"), [(1, "<b>x</b>"), (5, "<b>x</b>"), (6, ""), (400, "")])
def test_a_page_within_a_page_is_shown_to_a_depth(depth: int, expected: str) -> None:
    text = "<b>x</b>"
    for _ in range(depth):
        text = f'<iframe srcdoc="{html.escape(text)}"></iframe>'
    assert embedded.shown(text, BASE) == expected


PIECES = [
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<iframe src='https://v.example/1'>",
    "</iframe>",
    "<iframe/>",
    "<script/>",
    "<style/>",
    "<textarea>",
    "</textarea>",
    "<title>",
    "</title>",
    "<title/>",
    "<noscript>",
    "</noscript>",
    "<form>",
    "</form>",
    "<button>",
    "</button>",
    "<select>",
    "<option>",
    "</select>",
    "<object data='/x.pdf'>",
    "</object>",
    "<svg>",
    "<path d=''/>",
    "<text>",
    "</text>",
    "</svg>",
    "<math>",
    "<mi>",
    "</mi>",
    "<msup>",
    "</math>",
    "<table>",
    "<tr>",
    "<td>",
    "</table>",
    "<video src=/a.mp4>",
    "</video>",
    "<picture>",
    "<source srcset=/a.webp>",
    "</picture>",
    "<img data-src=/a.jpg>",
    "<img src=/b.jpg>",
    "<ul>",
    "<li>",
    "</ul>",
    "<b>",
    "</b>",
    "<template>",
    "</template>",
    "<embed src=/x>",
    "<center>",
    "<br/>",
    "<pre>",
    "<xmp>",
    "</xmp>",
    "<label>",
    "<!-- -->",
    "<a href='/y'>",
    "</a>",
]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(PIECES), st.integers(0, 999).map(lambda n: f" word{n} ")), max_size=25)
)
@example(["<iframe src='https://v.example/1'>", " word1 ", "<noscript>", " word2 "])
def test_no_word_is_lost(parts: list[str]) -> None:
    text = "".join(parts)
    shown = markup.safe(text, BASE)
    assert markup.safe(shown) == shown, "S13"
    found = re.findall(r"word\d+", plain.text(shown))
    # what stands between <iframe> and </iframe> is for those who know no frames
    spoken = re.sub(r"<iframe src[^>]*>(?:(?!<iframe)(?s:.))*?</iframe>", "", text)
    assert not set(re.findall(r"word\d+", spoken)) - set(found), shown


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(st.sampled_from([*PIECES, *PAYLOADS]), st.text("<>/='\" a&;-!", max_size=6)), max_size=10
    )
)
def test_S8_S13_whatever_is_embedded_is_inert_and_stable(parts: list[str]) -> None:
    shown = markup.safe("".join(parts), BASE)
    assert markup.safe(shown) == shown == markup.safe(shown, BASE)
    assert not re.search(
        r"<(?:script|iframe|object|embed|svg|math|form|style|base|meta|link|template)\b", shown, re.I
    )
    assert not re.search(r"<[^>]*\s(?:on\w+|style)\s*=", re.sub(r'"[^"]*"', '""', shown))


@pytest.mark.parametrize(
    ("name", "said", "wanted"),
    [
        ("addresses", "Jane <jane@k.example>, see <https://k.example/a?b=c>, <mailto:j@k.example>, <www.k.example>",
         "Jane &lt;jane@k.example&gt;, see &lt;https://k.example/a?b=c&gt;, &lt;mailto:j@k.example&gt;, &lt;www.k.example&gt;"),
        ("types", "vector<int>, Map<K,V>, <std::string>", "vector&lt;int&gt;, Map&lt;K,V&gt;, &lt;std::string&gt;"),
        ("placeholders", "cp <from> <your file> <remote-name>", "cp &lt;from&gt; &lt;your file&gt; &lt;remote-name&gt;"),
        ("elements that end", "<org>NATO</org> <turbo-frame>x</turbo-frame>", "NATO  x "),
        ("elements without an end", "<g>x<spacer>y<font color=red>z", "xyz"),
        ("with attributes", "<foo bar=1>x", "x"),
        ("that close themselves", "<foo/>x", "x"),
        ("of programs", "<o:p>x<lj-cut>y", "x y"),
        ("what would act", "<x onclick>y <a@b onclick=alert(1)>", "&lt;x onclick&gt;y &lt;a@b onclick=alert(1)&gt;"),
        ("as long as any", f"<{'x' * 40}>y", f"&lt;{'x' * 40}&gt;y"),
        ("too long for a word", f"<{'x' * 41}>y", "y"),
    ],
)  # fmt: skip
def test_words_in_angle_brackets_are_no_tags(name: str, said: str, wanted: str) -> None:
    assert markup.safe(said).strip() == wanted.strip(), name


def test_B8_many_words_in_angle_brackets_take_linear_time() -> None:
    """Each a name of its own, and none of them has an end."""
    said = "".join(f"<w{number}>" for number in range(40_000))
    started = time.process_time()
    markup.safe(said)
    assert time.process_time() - started < 5
