"""Digests and hooks: what is told once a day, and who is told of what, once."""

from __future__ import annotations

import json
import re
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from aggregator import cycle, digest, fold
from aggregator.commands import Ended
from aggregator.config import Config
from aggregator.cycle import hooks
from aggregator.errors import ConfigError, Stopped
from aggregator.model import Item, Origin, State, StateChange
from aggregator.stop import Stop
from aggregator.store import digests, open_writer
from tests.helpers import config, entry, put

MOST = 50

BERLIN = ZoneInfo("Europe/Berlin")
DAY = 86_400


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


@pytest.mark.parametrize(
    ("name", "now", "rhythm", "begin", "end"),
    [
        (
            "after seven",
            "2026-03-05T07:00:01+01:00",
            "daily",
            "2026-03-04T07:00+01:00",
            "2026-03-05T07:00+01:00",
        ),
        ("at seven", "2026-03-05T07:00+01:00", "daily", "2026-03-04T07:00+01:00", "2026-03-05T07:00+01:00"),
        (
            "before seven",
            "2026-03-05T06:59:59+01:00",
            "daily",
            "2026-03-03T07:00+01:00",
            "2026-03-04T07:00+01:00",
        ),
        ("23 hours", "2026-03-29T12:00+02:00", "daily", "2026-03-28T07:00+01:00", "2026-03-29T07:00+02:00"),
        ("25 hours", "2026-10-25T12:00+01:00", "daily", "2026-10-24T07:00+02:00", "2026-10-25T07:00+01:00"),
        ("a week", "2026-03-05T12:00+01:00", "weekly", "2026-02-23T07:00+01:00", "2026-03-02T07:00+01:00"),
        (
            "Monday, early",
            "2026-03-02T06:00+01:00",
            "weekly",
            "2026-02-16T07:00+01:00",
            "2026-02-23T07:00+01:00",
        ),
        (
            "Monday, at seven",
            "2026-03-02T07:00+01:00",
            "weekly",
            "2026-02-23T07:00+01:00",
            "2026-03-02T07:00+01:00",
        ),
    ],
)
def test_when_a_digest_is_due(name: str, now: str, rhythm: Any, begin: str, end: str) -> None:
    assert digest.boundary(at(now), rhythm, (7, 0), BERLIN) == (at(begin), at(end)), name


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


SEVEN = int(datetime(2026, 3, 5, 7, tzinfo=UTC).timestamp())
TOPIC = '[[sources]]\nid = "a"\npath = "none.txt"\n[[sources]]\nid = "b"\npath = "none.txt"\n[[topics]]\nid = "ships"\ntitle = "Ships"\nmatch = "ferry OR harbour"\ndigest = "daily"\n'
TEXT = "The ferry Ålesund with 214 people on board sank off Bergen after its engine room caught fire, rescuers said on Wednesday."


def items(settings: Config, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((settings.output / name).read_text())["items"]
    return found


@pytest.mark.parametrize(
    ("name", "moved_to", "hours", "expected"),
    [
        ("later on the same day", "09:00", 2, ["5 March 2026", "Ferry strike ends"]),
        ("earlier on the next day", "05:00", 22, ["6 March 2026", "Ferry strike ends"]),
        ("not at all", "07:00", 24, ["6 March 2026", "Ferry strike ends"]),
    ],
)
def test_a_digest_goes_on_where_the_last_one_ended(
    tmp_path: Path, utc: None, name: str, moved_to: str, hours: int, expected: list[str]
) -> None:
    """`hours`: from the day before the first digest to the second one."""
    first, second = SEVEN, SEVEN + (hours - 24 if hours > 24 else hours) * 3600
    with open_writer(config(tmp_path, TOPIC).database) as store:
        put(store, entry("a", "1", "A new harbour for Bergen", at=first - 60), at=first - 60)
        cycle.run(config(tmp_path, TOPIC), store, None, first)
        put(store, entry("a", "2", "Ferry strike ends", at=first + 60), at=first + 60)
        moved = config(tmp_path, f'{TOPIC}digest_at = "{moved_to}"\n')
        cycle.run(moved, store, None, second)
    newest, oldest = items(moved, "ships-digest.json")
    assert newest["title"] == f"Ships: {expected[0]}", name
    assert re.findall("<strong>(.*?)</strong>", newest["content_html"]) == expected[1:], name
    assert re.findall("<strong>(.*?)</strong>", oldest["content_html"]) == ["A new harbour for Bergen"]


def test_a_digest_is_made_once_and_never_changes(tmp_path: Path, utc: None) -> None:
    settings = config(tmp_path, TOPIC)
    with open_writer(settings.database) as store:
        put(
            store,
            entry("a", "0", "Old harbour news", at=SEVEN - 2 * DAY - 1),
            entry("a", "1", "A new harbour for Bergen", at=SEVEN - 9 * 3600, link="https://a.example/1"),
            entry(
                "a", "2", "Ferry Ålesund sinks off Bergen", TEXT, at=SEVEN - 3600, link="https://a.example/2"
            ),
            entry("b", "2", "Ferry sinks", TEXT, at=SEVEN - 1800, link="https://b.example/2"),
            entry("a", "3", "Rain", at=SEVEN - 100),
            at=SEVEN - 60,
        )
        cycle.run(settings, store, None, SEVEN - 1)
        assert items(settings, "ships-digest.json") == [], (
            "its time has not come: the one of the day before had nothing"
        )
        cycle.run(settings, store, None, SEVEN)
        (made,) = items(settings, "ships-digest.json")
        assert made["title"] == "Ships: 5 March 2026" and made["date_published"].startswith(
            "2026-03-05T07:00:00"
        )
        html = made["content_html"]
        assert re.findall("<strong>(.*?)</strong>", html) == [
            "Ferry Ålesund sinks off Bergen",
            "A new harbour for Bergen",
        ], "most told first; neither older nor of another topic"
        assert html.count("https://a.example/2") == 2 and "https://b.example/2" in html
        before = (settings.output / "ships-digest.atom").read_bytes()
        put(store, entry("a", "4", "Harbour closed", at=SEVEN - 50), at=SEVEN + 60)
        cycle.run(settings, store, None, SEVEN + 120)
        assert (settings.output / "ships-digest.atom").read_bytes() == before
        of_topic = (settings.output / "ships.html").read_text()
        assert '<a href="https://desk.example/ships-digest.html">Ships: the day</a>' in of_topic
        page = (settings.output / "ships-digest.html").read_text()
        assert (
            "Ships: 5 March 2026" in page
            and "ships-digest.atom" in (settings.output / "feeds.opml").read_text()
        )
        cycle.run(settings, store, None, SEVEN + DAY + 5)
        titles = [one["title"] for one in items(settings, "ships-digest.json")]
        assert titles == ["Ships: 6 March 2026", "Ships: 5 March 2026"], (
            "what came late is of the day on which it came"
        )
        cycle.run(settings, store, None, SEVEN + 2 * DAY + 5)
        assert len(items(settings, "ships-digest.json")) == 2, "a day without news has none"
    plain = config(tmp_path, TOPIC.replace('digest = "daily"\n', ""))
    with open_writer(plain.database) as store:
        cycle.run(plain, store, None, SEVEN + DAY + 60)
    assert not list(settings.output.glob("ships-digest.*"))
    assert "ships-digest" not in (settings.output / "ships.html").read_text()


@pytest.mark.parametrize(
    ("name", "items", "expected"),
    [
        ("what most sources tell", [("a", 1, SEVEN), ("b", 2, SEVEN - 9)], ["b", "a"]),
        ("the newest of equals", [("a", 2, SEVEN - 9), ("b", 2, SEVEN)], ["b", "a"]),
        ("by the id at last", [("b", 1, SEVEN), ("a", 1, SEVEN)], ["a", "b"]),
        (
            "no more than fifty",
            [(f"{n:02}", 1, SEVEN) for n in range(MOST + 1)],
            [f"{n:02}" for n in range(50)],
        ),
    ],
)
def test_the_order_of_a_digest(name: str, items: list[tuple[str, int, int]], expected: list[str]) -> None:
    made = composed([one_told(id_, sources, at) for id_, sources, at in items])
    assert re.findall("<strong>(.*?)</strong>", made.html) == expected, name
    assert re.findall(r"^\d+\. (.*)", made.text, re.M) == expected and made.events == len(items), name


def one_told(id_: str, sources: int, at: int, title: str = "", summary: str = "") -> Item:
    made = replace(entry("a", id_, title or id_), summary=summary)
    return Item(id_, made, Origin("a", "A"), "https://a.example/", at, at, sources=sources)


def composed(items: list[Item]) -> digest.Digest:
    return digest.compose(
        "ships", "Ships", "urn:ships", SEVEN, items, "5 March 2026", "https://desk.example/ships.html"
    )


@pytest.mark.parametrize(
    ("events", "words"),
    [(MOST, ""), (MOST + 1, "1 more event"), (MOST + 20, "20 more events")],
)
def test_what_is_too_much_for_a_digest_is_counted(events: int, words: str) -> None:
    made = composed([one_told(f"{n:03}", 1, SEVEN) for n in range(events)])
    assert made.events == events and ("more" in made.text) == bool(words)
    assert not words or made.text.endswith(f"\n\n{words}: https://desk.example/ships.html")
    assert not words or made.html.endswith(f'<p><a href="https://desk.example/ships.html">{words}</a></p>')


@pytest.mark.parametrize(
    ("summary", "lines"),
    [("Ferry Anna sinks", 3), ("It was old.", 4), ("", 3)],
)
def test_a_digest_says_no_headline_twice(summary: str, lines: int) -> None:
    made = composed([one_told("a", 1, 10, "Ferry Anna sinks", summary)])
    assert len(made.text.splitlines()) == lines and made.text.count("Ferry Anna sinks") == 1
    assert made.html.count("Ferry Anna sinks") == 1 and ("<br>It was" in made.html) == (lines == 4)


def test_a_cycle_has_something_to_do_when_a_digest_is_due(tmp_path: Path, utc: None) -> None:
    from aggregator.cycle import due

    settings = config(tmp_path, TOPIC)
    with open_writer(settings.database) as store:
        put(store, entry("a", "1", "A new harbour", at=SEVEN - 3600), at=SEVEN - 60)
        cycle.run(settings, store, None, SEVEN - 50)
        assert due.nothing(settings, store, None, SEVEN - 1) and not due.nothing(settings, store, None, SEVEN)


# ---------------------------------------------------------------- hooks

WRITES = "import sys; open('told.jsonl', 'ab').write(sys.stdin.buffer.read() + b'\\n')"


def hook(body: str, code: str = WRITES) -> str:
    return f"[[hooks]]\n{body}\nrun = {json.dumps([sys.executable, '-c', code])}\n"


def told(folder: Path) -> list[dict[str, Any]]:
    path = folder / "told.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


SOURCES = "".join(f'[[sources]]\nid = "{name}"\npath = "none.txt"\n' for name in "abcd")


def run(settings: Config, now: int, *found: Any) -> list[str]:
    with open_writer(settings.database) as store:
        put(store, *found, at=now)
        return cycle.run(settings, store, None, now).warnings


def test_a_new_story_that_matches_is_told_once(tmp_path: Path) -> None:
    settings = config(tmp_path, SOURCES + hook('on = "story"\nmatch = "ferry"'))
    assert run(settings, SEVEN, entry("a", "1", "An older ferry", at=SEVEN - 60)) == []
    assert told(tmp_path) == [], "a new hook is told of what comes after it"
    run(
        settings,
        SEVEN + 60,
        entry("a", "2", "Ferry Ålesund sinks", TEXT, at=SEVEN, link="https://a.example/2"),
        entry("a", "3", "Rain", at=SEVEN),
    )
    run(
        settings,
        SEVEN + 120,
        entry("b", "2", "Ferry Ålesund sinks", TEXT, at=SEVEN + 90),
        entry("a", "2", "Ferry Ålesund sinks, ten dead", TEXT, at=SEVEN),
    )
    (one,) = told(tmp_path)
    assert (
        one["on"] == "story"
        and one["story"]["title"] == "Ferry Ålesund sinks"
        and one["story"]["link"] == "https://a.example/2"
    )
    with open_writer(settings.database) as store:
        cycle.refold(settings, store, None, SEVEN + 180)
        cycle.run(settings, store, None, SEVEN + 240)
    assert len(told(tmp_path)) == 1, "nor after a refold"


def test_an_event_is_told_when_so_many_tell_it(tmp_path: Path) -> None:
    settings = config(tmp_path, SOURCES + hook('on = "event"\nmin_sources = 3'))
    run(settings, SEVEN)
    titles = (
        "Ferry Ålesund sinks off Bergen with 214 aboard",
        "Ålesund ferry sinks near Bergen, 214 aboard",
        "Bergen: ferry Ålesund sinks, 214 rescued",
        "214 rescued as Ålesund ferry sinks off Bergen",
    )
    for n, (source, title) in enumerate(zip("abcd", titles, strict=True)):
        run(
            settings,
            SEVEN + 600 * n,
            entry(source, str(n), title, at=SEVEN + 600 * n - 60, link=f"https://{source}.example/{n}"),
        )
        assert len(told(tmp_path)) == (n >= 2), n
    assert told(tmp_path)[0]["event"]["independent"] == 3


def test_an_event_is_told_when_a_join_by_hand_makes_so_many_tell_it(tmp_path: Path) -> None:
    settings = config(tmp_path, SOURCES + hook('on = "event"\nmin_sources = 2'))
    run(settings, SEVEN)
    found = [
        entry("a", "1", "Ferry Ålesund sinks off Bergen", at=SEVEN),
        entry("b", "2", "Rescuers look for survivors all night", at=SEVEN),
        entry("c", "3", "A cellist retires in Selm", at=SEVEN),
    ]
    run(settings, SEVEN + 60, *found)
    assert told(tmp_path) == []
    with open_writer(settings.database) as store:
        for one, other, now in ((1, 2, SEVEN + 120), (2, 1, SEVEN + 240)):
            cycle.join(store, str(one), str(other), "event", now)
            cycle.run(settings, store, None, now + 60)
            assert [(event["event"]["independent"]) for event in told(tmp_path)] == [2], "once"
        mark = store.meta(f"hook {settings.hooks[0].name}")
        cycle.run(settings, store, None, SEVEN + 400)
        assert store.meta(f"hook {settings.hooks[0].name}") == mark


def test_a_source_that_died_and_a_digest_are_told(tmp_path: Path, utc: None) -> None:
    settings = config(tmp_path, TOPIC + hook('on = "source"') + hook('on = "digest"'))
    run(settings, SEVEN - 60, entry("a", "1", "A new harbour", at=SEVEN - 3600))
    with open_writer(settings.database) as store:
        with store.transaction() as writer:
            for state in get_args(State):
                notice = StateChange("a", "A", SEVEN, "ok", state, "It is gone.")
                writer.run(
                    "INSERT INTO state_change (source, title, at, before, state, words) VALUES (?, ?, ?, ?, ?, ?)",
                    (notice.source, notice.title, notice.at, notice.before, notice.state, notice.words),
                )
        cycle.run(settings, store, None, SEVEN + 5)
        cycle.run(settings, store, None, SEVEN + 65)
    states = [one["source"]["state"] for one in told(tmp_path) if one["on"] == "source"]
    assert sorted(states) == ["blocked", "failing", "gone", "silent"], "the others are no trouble"
    (made,) = [one["digest"] for one in told(tmp_path) if one["on"] == "digest"]
    assert made["title"] == "Ships: 5 March 2026" and "1. A new harbour" in made["text"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import sys; sys.exit('no mail today')", "exit code 1: no mail today"),
        ("import time; time.sleep(60)", "was ended, because it took longer than 1 s"),
        (None, "can't be started: No such file"),
    ],
)  # fmt: skip
def test_a_hook_that_fails_is_named_and_ends_nothing(tmp_path: Path, code: str | None, words: str) -> None:
    body = (
        hook('on = "story"\ntimeout = "1s"', code)
        if code
        else '[[hooks]]\non = "story"\nrun = ["/none/notify"]\n'
    )
    settings = config(tmp_path, SOURCES + body + hook('on = "story"\nmatch = "ferry"'))
    run(settings, SEVEN)
    (warning,) = run(settings, SEVEN + 60, entry("a", "2", "Ferry sinks", at=SEVEN))
    assert words in warning and warning.startswith("hooks[0] (story): ")
    assert warning.endswith("; not told: “Ferry sinks”") and len(told(tmp_path)) == 1, "others are told"
    assert run(settings, SEVEN + 120) == [], "it is not tried again"


def test_R15_a_hook_that_takes_long_leaves_the_rest_to_the_next_cycle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was not begun is told then."""
    monkeypatch.setattr(hooks, "LONG", 0.0)
    settings = config(tmp_path, SOURCES + hook('on = "story"\nmatch = "rain OR snow OR wind"'))
    run(settings, SEVEN)
    found = [
        entry("a", f"{n}", f"{word} in {word}land", at=SEVEN)
        for n, word in enumerate(("Rain", "Snow", "Wind"))
    ]
    counts = []
    for n in range(3):
        run(settings, SEVEN + 60 * n, *(found if n == 0 else [entry("b", f"{n}", f"Number {n} is drawn")]))
        counts.append(len(told(tmp_path)))
    assert counts == [1, 2, 3]


def test_R15_what_a_stop_left_untold_is_told_by_the_next_cycle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = config(tmp_path, SOURCES + hook('on = "story"\nmatch = "rain OR snow OR wind"'))
    run(settings, SEVEN)
    tell, stop = hooks._tell, Stop()

    def last_words(*given: Any) -> str | None:
        stop.set()  # it comes while the first one is told
        return tell(*given)

    with open_writer(settings.database) as store:
        found = [entry("a", word, f"{word} in {word}land", at=SEVEN) for word in ("Rain", "Snow", "Wind")]
        put(store, *found, at=SEVEN + 60)
        cycle.run(replace(settings, hooks=()), store, None, SEVEN + 60)
        monkeypatch.setattr(hooks, "_tell", last_words)
        with pytest.raises(Stopped):
            hooks.run(settings, store, SEVEN + 60, stop)
        monkeypatch.undo()
        assert len(told(tmp_path)) == 1
        hooks.run(settings, store, SEVEN + 120, Stop())
    assert [one["story"]["title"] for one in told(tmp_path)] == [one.title for one in found]


def test_what_fails_again_and_again_is_one_line(tmp_path: Path) -> None:
    settings = config(tmp_path, SOURCES + '[[hooks]]\non = "story"\nrun = ["/none/notify"]\n')
    run(settings, SEVEN)
    found = [
        entry("a", f"{n}", f"{word} in {word}land", at=SEVEN)
        for n, word in enumerate(("Rain", "Snow", "Wind"))
    ]
    (warning,) = run(settings, SEVEN + 60, *found)
    assert warning.endswith("; not told: “Rain in Rainland” and 2 more")


@pytest.mark.parametrize(("new", "looked_at"), [(99, 99), (100, 100), (101, 100)])
def test_a_hook_looks_at_so_many_things_in_a_cycle(tmp_path: Path, new: int, looked_at: int) -> None:
    settings = config(tmp_path, SOURCES + hook('on = "story"\nmatch = "ferry"'))
    with open_writer(settings.database) as store:
        hooks.run(settings, store, SEVEN, Stop())
        put(store, *(entry("a", f"{n}", f"w{n}x meets k{n}y", at=SEVEN) for n in range(new)), at=SEVEN)
        fold.fold(store, fold.Windows(), {})
        hooks.run(settings, store, SEVEN, Stop())
        mark = hooks._mark(store, settings.hooks[0])
    assert mark is not None and mark.after == looked_at


@pytest.mark.parametrize(("seconds", "messages"), [(19.9, 4), (20.0, 4), (20.1, 3), (60.0, 2), (60.1, 1)])
def test_R15_telling_one_hook_takes_a_minute_of_a_cycle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, messages: int
) -> None:
    """`seconds`: that it takes to tell one thing."""
    present, told = [0.0], []

    def tell(_: object, hook: object, message: hooks.Message, stop: Stop) -> None:
        present[0] += seconds
        told.append(message.key)

    monkeypatch.setattr(hooks, "time", SimpleNamespace(monotonic=lambda: present[0]))
    monkeypatch.setattr(hooks, "_tell", tell)
    settings = config(tmp_path, SOURCES + hook('on = "story"'))
    with open_writer(settings.database) as store:
        hooks.run(settings, store, SEVEN, Stop())
        put(store, *(entry("a", f"{n}", f"w{n}x meets k{n}y", at=SEVEN) for n in range(9)), at=SEVEN)
        fold.fold(store, fold.Windows(), {})
        hooks.run(settings, store, SEVEN, Stop())
    assert len(told) == messages


def test_many_things_are_told_in_portions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "MOST", 2)
    settings = config(tmp_path, SOURCES + hook('on = "story"'))
    run(settings, SEVEN)
    run(
        settings,
        SEVEN + 60,
        *(
            entry("a", str(n), f"{word} in {word}land", at=SEVEN)
            for n, word in enumerate(("Rain", "Snow", "Wind"))
        ),
    )
    assert len(told(tmp_path)) == 2
    run(settings, SEVEN + 120, entry("b", "9", "Hail", at=SEVEN + 70))
    run(settings, SEVEN + 180, entry("b", "8", "Fog", at=SEVEN + 70))
    assert [one["story"]["title"].split()[0] for one in told(tmp_path)] == [
        "Rain",
        "Snow",
        "Wind",
        "Hail",
        "Fog",
    ]


@pytest.mark.parametrize(
    ("name", "said", "expected"),
    [
        ("of a command, its last 300 characters", hooks._in_words("x", Ended(3, b"-" + b"a" * 300)), f"x: exit code 3: {'a' * 300}"),
        ("of a headline, a hundred", hooks._named(["a" * 101]), f"“{'a' * 99}…”"),
        ("and a hundred as they are", hooks._named(["a" * 100, "b", "c"]), f"“{'a' * 100}” and 2 more"),
    ],
)  # fmt: skip
def test_how_much_is_said_of_what_went_wrong(name: str, said: str, expected: str) -> None:
    assert said == expected, name


@pytest.mark.parametrize(("length", "said"), [(1000, 1000), (1001, 1000)])
def test_of_a_long_summary_a_thousand_characters_are_told(length: int, said: int) -> None:
    assert len(hooks._said(one_told("1", 1, SEVEN, "Rain", "a" * length)).partition("\n")[0]) == said


def test_what_is_claimed_is_told_once(tmp_path: Path) -> None:
    with open_writer(tmp_path / "a.db") as store:
        assert (
            digests.claim(store, "h", "k", 1)
            and not digests.claim(store, "h", "k", 2)
            and digests.claim(store, "g", "k", 2)
        )


def test_an_address_of_apprise(tmp_path: Path) -> None:
    settings = config(tmp_path, SOURCES + '[[hooks]]\non = "story"\nnotify = "no address"\n')
    run(settings, SEVEN)
    (warning,) = run(settings, SEVEN + 60, entry("a", "2", "Ferry sinks", at=SEVEN))
    assert "notify: is no address" in warning or "feed-aggregator[notify]" in warning


APPRISE = """
import pathlib, time
class NotifyFormat: HTML, TEXT = "html", "text"
class Apprise:
    def add(self, address):
        self.address = address
        return address != "nobody://"
    def notify(self, title, body, body_format):
        if self.address == "hang://":
            time.sleep(60)
        pathlib.Path(__file__).with_name("told").write_text(f"{title}|{body}|{body_format}")
        return self.address != "full://"
"""


@pytest.mark.parametrize(
    ("address", "warning", "told"),
    [
        ("somebody://secret", None, True),
        ("nobody://", "notify: is no address that Apprise knows", False),
        ("full://", "notify: was not taken", True),
        ("hang://", "notify: was ended, because it took longer than 1 s", False),
    ],
)
def test_what_apprise_says_and_that_it_may_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, warning: str | None, told: bool
) -> None:
    """By another package of its name, beside a module of the config's folder that is none."""
    package = tmp_path / "path" / "apprise"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(APPRISE)
    root = Path(__file__).resolve().parent.parent
    monkeypatch.setenv("PYTHONPATH", f"{package.parent}:{root}")
    (tmp_path / "apprise.py").write_text("raise SystemExit('of the folder')")
    hook = (
        f'[[hooks]]\non = "story"\nnotify = "{address}"\ntimeout = "{1 if address == "hang://" else 60}s"\n'
    )
    settings = config(tmp_path, SOURCES + hook)
    run(settings, SEVEN)
    warnings = run(settings, SEVEN + 60, entry("a", "2", "Ferry sinks", at=SEVEN, link="https://a.example/2"))
    assert [one.partition("): ")[2].partition("; not told")[0] for one in warnings] == [warning] * bool(
        warning
    )
    assert (package / "told").exists() is told
    if told:
        assert (package / "told").read_text() == "Ferry sinks|https://a.example/2|text"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('[[hooks]]\non = "story"\n', "either `run`"),
        ('[[hooks]]\non = "story"\nrun = ["x"]\nnotify = "y"\n', "either `run`"),
        ('[[hooks]]\non = "never"\nrun = ["x"]\n', "on"),
        ('[[hooks]]\non = "source"\nrun = ["x"]\nmatch = "y"\n', "says nothing of a source"),
        ('[[hooks]]\non = "story"\nrun = ["x"]\nmatch = "("\n', "at character"),
        ('[[topics]]\nid = "t"\ndigest = "hourly"\n', "digest"),
        ('[[topics]]\nid = "t"\ndigest = "daily"\ndigest_at = "24:00"\n', "digest_at"),
        (
            '[[topics]]\nid = "t"\ndigest = "daily"\n[[topics]]\nid = "t-digest"\n',
            "where the digest of another topic",
        ),
    ],
)
def test_hooks_and_digests_that_are_wrong(tmp_path: Path, body: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config(tmp_path, body)
    assert words in str(caught.value)
