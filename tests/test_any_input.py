"""What holds whatever comes in: of hosts and plans, lists and configs, entries and measures. The same inputs
each time.
"""

from __future__ import annotations

import itertools
import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import cluster, dedupe, measure, opml, schedule, urls
from aggregator.config import edit, load
from aggregator.config.ids import named_id, slug
from aggregator.dedupe import numbers, particulars
from aggregator.model import Entry, Failure, Feed, Limits, Pace, PollHints
from aggregator.parse import normal
from aggregator.publish import MANIFEST, recorded
from aggregator.text import characters, excerpts, markup, phrases, plain
from tests.helpers import NOW, config

MAX_GUID = 2048

DAY = 86_400
PACE = Pace(1800, 300, DAY)
TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
ODD = st.text(st.sampled_from("<>&;/!?\"'=#aZ b\n\t\0\u200b\ufeff\ud800é日…"), max_size=24)
SECONDS = st.one_of(st.none(), st.integers(0, 10**9))


def same(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, derandomize=True, database=None)


@same(60)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=30),
    st.integers(1, 3),
    st.sampled_from([0.0, 1.0, 2.5]),
)
def test_P12_no_host_has_more_in_flight_nor_sooner_than_it_may_and_nobody_is_forgotten(
    added: list[tuple[str, bool]], per_host: int, gap: float
) -> None:
    hosts = schedule.Hosts[int](per_host, gap)
    for number, (host, first) in enumerate(added):
        hosts.add(number, host, first)
    flying, started, done, now = list[tuple[str, int]](), dict[str, list[float]](), set[int](), 0.0
    while len(done) < len(added):
        for number in hosts.ready(now, 5):
            host = added[number][0]
            flying.append((host, number))
            started.setdefault(host, []).append(now)
            assert sum(one == host for one, _ in flying) <= per_host
        if flying:
            host, number = flying.pop(0)
            done.add(number)
            hosts.finished(host, now)
        now += 0.5
        assert now < 1000, "somebody waits for ever"
    for times in started.values():
        assert all(later - earlier >= gap for earlier, later in itertools.pairwise(times))
    assert not hosts.waiting


@same(80)
@given(
    st.lists(st.integers(NOW - 4000 * DAY, NOW + 9 * DAY), max_size=40),
    st.builds(
        PollHints,
        ttl=SECONDS,
        update_period=SECONDS,
        fresh=SECONDS,
        skip_hours=st.lists(st.integers(0, 23), max_size=24).map(tuple),
        skip_days=st.lists(st.integers(0, 6), max_size=7).map(tuple),
    ),
    SECONDS,
    st.booleans(),
)
def test_P7_P8_P21_a_plan_is_neither_too_soon_nor_for_ever(
    posts: list[int], hints: PollHints, hold: int | None, first: bool
) -> None:
    plan = schedule.after_success(NOW, PACE, sorted(posts, reverse=True), hints, "s", first, hold)
    assert NOW + PACE.min_interval <= plan.next_poll <= NOW + 3 * DAY and plan.why
    assert plan.next_poll >= NOW + min(max(hints.ttl or 0, hints.fresh or 0, hold or 0), schedule.SERVER_CAP)
    assert (
        plan.not_before in (0, NOW + min(hold or 0, schedule.SERVER_CAP))
        and plan.next_poll >= plan.not_before
    )


@same(80)
@given(
    st.integers(1, 10_000),
    st.sampled_from(["dns", "connect", "timeout", "rate-limited", "gone", "status", "not-a-feed"]),
    SECONDS,
    st.lists(st.integers(NOW - 400 * DAY, NOW), max_size=9),
)
def test_P9_P10_after_failures_a_source_is_asked_more_rarely_never_never(
    failures: int, kind: str, wait: int | None, posts: list[int]
) -> None:
    plan = schedule.after_failure(NOW, PACE, failures, Failure(kind, "x", wait), "s", posts)
    assert NOW + PACE.min_interval <= plan.next_poll <= NOW + 7 * DAY
    assert plan.next_poll >= plan.not_before and (kind != "rate-limited" or plan.not_before > NOW)
    assert kind == "gone" or plan.next_poll >= NOW + min(wait or 0, schedule.SERVER_CAP)


OUTLINES = st.lists(
    st.builds(
        opml.Outline,
        st.from_regex(r"\Ahttps://[a-z]{1,8}\.example/[a-z0-9?&=%'#é]{0,12}\Z"),
        st.sampled_from(["R&D", "a <b> c", "日本", "x\ny", "AT&amp;T", "1 < 2", "“q”"]),
        st.one_of(st.none(), st.just("https://a.example/?a=1&b=2")),
        st.lists(TEXT.filter(str.strip), max_size=1).map(tuple),
    ),
    max_size=6,
    unique_by=lambda one: opml.address(one.url),
)


@same(60)
@given(TEXT, OUTLINES)
def test_F61_a_list_that_we_wrote_reads_back(title: str, feeds: list[opml.Outline]) -> None:
    written = opml.write(title, feeds)
    found = opml.read(written)
    assert {one.url for one in found.feeds} == {opml.address(one.url) for one in feeds} and not found.warnings
    assert {one.site for one in found.feeds} <= {None, "https://a.example/?a=1&b=2"}
    again = opml.write(title, found.feeds)
    assert {one.title for one in opml.read(again).feeds} == {one.title for one in found.feeds}


@same(12)
@given(TEXT, st.from_regex(r"\Ahttps://[a-z]{1,8}\.example/[a-z0-9?&='#%\\$é]{0,20}\Z"))
def test_whatever_a_feed_is_called_its_source_is_written_so_that_it_loads(title: str, url: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = config(Path(folder), '[[sources]]  # mine\nid = "a"\nurl = "https://a.example/x"\n')
        name = edit.add_source(settings.path, {"url": url, "title": title})
        added = next(one for one in load(settings.path, {}).sources if one.id == name)
        assert (added.url, added.title) == (url, title) and "  # mine\n" in settings.path.read_text()
        edit.remove_source(settings.path, name)
        assert load(settings.path, {}).sources == settings.sources


@same(80)
@given(st.one_of(TEXT, ODD), st.lists(st.sampled_from(["news", "a-b", "all", "source"])))
def test_an_id_of_any_title_is_one_and_is_new(title: str, taken: list[str]) -> None:
    name = named_id(title, "", taken)
    assert name not in taken and name == slug(name) and 1 <= len(name) <= 64


@same(120)
@given(st.one_of(TEXT, ODD), st.integers(2, 60))
def test_F27_F67_lines_and_snippets_of_anything(text: str, length: int) -> None:
    title, line, snippet = plain.title(text), plain.line(text), excerpts.snippet(text, length)
    assert len(snippet) <= length and "\n" not in title + line + snippet
    assert plain.line(line) == line and characters.clean(line) == line and characters.clean(title) == title
    assert plain.text(markup.safe(line)) == plain.text(markup.safe(plain.line(line)))
    assert excerpts.sentence(text) == text[: len(excerpts.sentence(text))]


@same(120)
@given(st.one_of(TEXT, ODD))
def test_S8_text_as_paragraphs_is_safe_and_says_the_same(text: str) -> None:
    for links in (False, True):
        made = normal.paragraphs(characters.clean(text), links)
        assert "".join(plain.text(made).split()) == "".join(characters.clean(text).split())


ENTRIES = st.lists(
    st.builds(
        Entry,
        source=st.just("s"),
        key=st.just(""),
        guid=st.sampled_from([None, "", " ", "1", "2", "x" * 3000]),
        link=st.sampled_from([None, "https://a.example/1", "https://a.example/2", "https://a.example/"]),
        title=st.sampled_from(["", "One", "Two", "Three"]),
        text=st.sampled_from(["", "text", "other words of another thing"]),
        published=st.sampled_from([None, NOW - 5]),
        updated=st.sampled_from([None, NOW - 9, NOW - 1]),
        raw=st.just("{}"),
    ),
    max_size=8,
)


@same(80)
@given(ENTRIES)
def test_C4_entries_of_other_links_or_of_many_titles_are_never_one(found: list[Entry]) -> None:
    made = [normal.finish(one) for one in found]
    for one in made:
        assert one.key and one.title and len(one.guid or "") <= MAX_GUID
        assert one.updated is None or one.published is None or one.updated >= one.published
    kept = normal.unique(Feed(), made, Limits(), []).entries
    assert len({one.key for one in kept}) == len(kept)
    told = [one for one in made if one.title != normal.UNTITLED or one.text or one.guid or one.link]
    assert {one.link_key for one in told if one.link_key} == {one.link_key for one in kept if one.link_key}
    for guid in {one.guid for one in told if one.guid}:
        titles = {one.title for one in told if one.guid == guid}
        left = {one.title for one in kept} & titles
        assert left == titles or len(titles) < 3, "three titles of one guid are three entries"
    assert normal.unique(Feed(), made, Limits(), []).entries == kept


@same(60)
@given(ENTRIES, st.integers(1, 4))
def test_B9_more_entries_than_the_bound_are_told(found: list[Entry], most: int) -> None:
    warnings: list[Failure] = []
    made = [normal.finish(one) for one in found]
    kept = normal.unique(Feed(), made, Limits(max_entries=most), warnings).entries
    assert len(kept) <= most and (not warnings or len(made) > most)
    assert [one.kind for one in warnings] in ([], ["too-many"])


GROUPS = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from("123"))


@same(80)
@given(GROUPS, GROUPS)
def test_measures_stay_within_their_bounds(gold: dict[str, str], found: dict[str, str]) -> None:
    one = measure.score("x", gold, found)
    shares = (one.precision, one.recall, one.f1, one.b3_precision, one.b3_recall, one.b3_f1, one.apart)
    assert all(0 <= share <= 1 + 1e-9 for share in shares) and one.items == len(gold)
    assert one.wrong >= 0 and one.missed >= 0 and one.largest <= len(gold)
    perfect = measure.score("x", gold, gold)
    assert (perfect.wrong, perfect.missed, perfect.precision, perfect.recall) == (0, 0, 1, 1)
    other = measure.score("x", {name: found.get(name, f"alone {name}") for name in gold}, gold)
    assert (one.wrong, one.missed) == (other.missed, other.wrong), "gold and found the other way round"


@same(80)
@given(
    st.from_regex(
        r"\Ahttps?://[a-z]{1,5}:PASSWORD@[a-z]{1,5}\.example/[a-z/]{0,5}\?[a-z&=]{0,9}&token=SECRET&?[a-z=]{0,5}\Z"
    )
)
def test_S7_neither_password_nor_token_is_shown(url: str) -> None:
    shown = urls.redact(url)
    assert "PASSWORD" not in shown and "SECRET" not in shown and "token=…" in shown
    assert urls.redact(shown) == shown and urls.host(shown) == urls.host(url)


@same(80)
@given(st.integers(0, 10**10))
def test_a_span_is_short_and_never_negative(seconds: int) -> None:
    number, unit = phrases.span(seconds).split(" ")
    size = {"s": 1, "min": 60, "h": 3600, "d": DAY}[unit]
    assert abs(float(number) * size - seconds) <= size / 2 or float(number) < 10


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["files", "gone", "all.html", "../x", "sha256", "size"]), inner, max_size=4
        ),
    ),
    max_leaves=8,
)


@same(40)
@given(JSON)
def test_S18_a_manifest_of_anything_names_only_files_of_its_folder(said: object) -> None:
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / MANIFEST).write_text(json.dumps(said))
        files, gone = recorded(Path(name))
    assert all(".." not in name and not name.startswith("/") for name in (*files, *gone))
    assert all(isinstance(one["size"], int) for one in files.values())


# Letters that a pattern which ignores case takes for others, and digits of other scripts: what it finds need
# not be in the table that it was made of.
LIKE_OTHERS = str.maketrans({"i": "ı", "I": "İ", "s": "ſ", "k": "\u212a", "1": "١", "2": "２", "5": "५"})
SAID = (
    *numbers._UNITS, *particulars._ROW, *numbers._WORDS, "Solara", "Lindoy v Skarvoy", "M62", "CVE-2031-401", "aged", "12", "1,250", "5.1", "v2", "$", "24 hours",
    "magnitude", "21st", "second climber", "Black Friday", "% off", "deals", "briefing:", "no", "not", "UPDATE 2-", "|", "–", "…", "²", "½", "第12話", "三月", "(Reuters)",
)  # fmt: skip
WORDS = st.lists(
    st.tuples(st.sampled_from(SAID), st.booleans()).map(lambda said: said[0].translate(LIKE_OTHERS) if said[1] else said[0]),
    max_size=8,
).map(" ".join)  # fmt: skip


@same(400)
@given(WORDS, WORDS, WORDS, WORDS, st.sampled_from(["en", "de", "tr", "ru", "ja", "", "xx"]), st.booleans())
def test_whatever_two_items_say_they_can_be_compared(
    title: str, other_title: str, text: str, other_text: str, language: str, one_source: bool
) -> None:
    one = dedupe.fingerprint(title, text, language=language)
    other = dedupe.fingerprint(other_title, other_text, language=language)
    between = dedupe.Between(one_source, DAY)
    assert dedupe.decide(one, other, between).level in (None, "text")
    assert dedupe.another_case(one, other, between) in dedupe.Case
    assert isinstance(cluster.terms(one.title, one.body, one.language), dict)
