"""A new kind of source is one value in one table: a folder of e-mail newsletters, added here, is stored and published."""

from __future__ import annotations

import email.policy
import json
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import pytest

from aggregator import cycle, kinds, poll
from aggregator.cli.opml import sources_opml
from aggregator.config import doubts
from aggregator.cycle import Wanted
from aggregator.errors import ConfigError
from aggregator.fetch import Door, Trail
from aggregator.kinds import KINDS, Kind
from aggregator.model import (
    Entry,
    Feed,
    FetchResult,
    Limits,
    ParseResult,
    Person,
    PollResult,
    Source,
    SourceState,
    Task,
)
from aggregator.parse import normal
from aggregator.store import open_writer, sources
from aggregator.text import markup, plain
from tests.helpers import NOW, config

DAY = 86_400


def accepts(source: Source) -> bool:
    return (source.path or "").endswith(".eml")


def fetch(task: Task, door: Door, trail: Trail | None) -> tuple[FetchResult, ...]:
    return door.read(str(task.source.path), task.limits)


def read(source: Source, fetched: FetchResult, limits: Limits) -> ParseResult:
    """One letter is one entry."""
    letter = BytesParser(policy=email.policy.default).parsebytes(fetched.body or b"")
    assert isinstance(letter, EmailMessage)
    body = letter.get_body(("html", "plain"))
    if body is None or not letter["subject"]:
        raise ValueError("no letter")
    content = markup.safe(body.get_content())
    sender = letter["from"].addresses[0]
    made = Entry(
        source.id,
        "",
        guid=str(letter["message-id"]),
        title=plain.title(letter["subject"]),
        authors=(Person(sender.display_name or sender.addr_spec),),
        published=int(letter["date"].datetime.timestamp()),
        content=content,
        text=plain.text(content),
    )
    return ParseResult(Feed(title=sender.display_name, format="mail"), (normal.finish(made),))


LETTERS = Kind("newsletters", "path", "a folder of letters", accepts, fetch, read, rhythm=True)


@pytest.fixture(autouse=True)
def letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "KINDS", [LETTERS, *KINDS])


def write(folder: Path, number: int, subject: str, at: str) -> None:
    letter = EmailMessage()
    letter["Subject"], letter["From"], letter["Date"] = subject, "The Ferry Letter <ferry@letter.example>", at
    letter["Message-ID"] = f"<{number}@letter.example>"
    letter.set_content(f"Plain words of letter {number}")
    letter.add_alternative(f"<p>Words of <b>letter</b> {number} <script>x</script></p>", subtype="html")
    (folder / f"{number}.eml").write_bytes(bytes(letter))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    write(tmp_path, 1, "The harbour is dredged", "Mon, 21 Sep 2026 08:00:00 +0200")
    write(tmp_path, 2, "Zwei Fähren mehr", "Tue, 22 Sep 2026 08:00:00 +0200")
    (tmp_path / "3.eml").write_bytes(b"Subject: \n\nnothing")
    yield tmp_path


def test_letters_are_stored_and_published(folder: Path) -> None:
    settings = config(folder, '[[sources]]\nid = "ferry"\npath = "*.eml"\n')
    with open_writer(settings.database) as store:
        report = cycle.run(settings, store, Wanted(), NOW)
        again = cycle.run(settings, store, Wanted(), NOW + 60)
        memory = sources.memories(store)["ferry"]
        traffic = sources.traffic(store, 0)
    assert (report.collected.new, report.collected.ok, again.collected.not_modified) == (2, 1, 1)
    words = [(source, failure.detail) for source, failure in report.collected.warnings]
    assert words == [("ferry", "3.eml: the document can't be parsed: ValueError: no letter")]
    items = json.loads((settings.output / "all.json").read_bytes())["items"]
    assert [item["title"] for item in items] == ["Zwei Fähren mehr", "The harbour is dredged"]
    assert items[0]["content_html"].strip() == "<p>Words of <b>letter</b> 2 </p>"
    assert items[0]["authors"] == [{"name": "The Ferry Letter"}] and items[0]["_source"]["id"] == "ferry"
    assert memory.posts and memory.why == "a folder of letters: looked at in each cycle", "it has a rhythm"
    assert [one.requests for one in traffic] == [0], "no server was asked"
    assert b"ferry" not in sources_opml(settings, settings.sources, {}), "nobody else can read it"


def test_a_letter_more_is_an_entry_more(folder: Path) -> None:
    task = Task(Source("ferry", path=str(folder / "*.eml")))
    first = poll.poll(task)
    write(folder, 4, "A third ferry", "Wed, 23 Sep 2026 08:00:00 +0200")
    second = poll.poll(replace(task, memory=first.memory))
    third = poll.poll(replace(task, memory=second.memory))
    assert [len(one.entries) for one in (first, second, third)] == [2, 3, 0] and third.not_modified


def test_the_other_kinds_are_what_they_were() -> None:
    shown = {
        "letters": Source("a", path="/x/*.eml"),
        "file": Source("a", path="/x/*.txt"),
        "feed": Source("a", url="https://x.example/f?key=secret"),
        "by hand": Source("a"),
    }
    of = {name: kinds.of(source) for name, source in shown.items()}
    assert {name: kind.name for name, kind in of.items()} == {
        "letters": "newsletters", "file": "files", "feed": "feed", "by hand": "by hand",
    }  # fmt: skip
    assert [(kind.remote, kind.rhythm) for kind in of.values()] == [
        (False, True), (False, False), (True, True), (False, False),
    ]  # fmt: skip
    assert [kinds.public(source) is None for source in shown.values()] == [True, True, False, True]
    assert [kinds.address(source) for source in shown.values()][::3] == ["/x/*.eml", ""]
    assert kinds.stored("a", "/x").path == "/x" and kinds.stored("a", "http://x/").url == "http://x/"


def test_the_config_takes_its_words_from_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        ConfigError,
        match=r"sources\[0\]: needs `path` \(a folder of letters or a local file\) or `url` \(a feed\)",
    ):
        config(tmp_path, "[[sources]]\nid = 'a'\n")
    with pytest.raises(ConfigError, match="has both `path` and `url`; give one of them"):
        config(tmp_path, "[[sources]]\npath = 'a'\nurl = 'http://a.example/'\n")
    strict = replace(LETTERS, doubt=lambda source: "too many letters")
    monkeypatch.setattr(kinds, "KINDS", [strict, *KINDS])
    settings = config(tmp_path, "[[sources]]\npath = 'a.eml'\n")
    assert list(doubts.doubts(settings)) == [(("sources", 0, "path"), "too many letters")]


# ---------------------------------------------------------------- what comes by itself

PUSHED = FetchResult("https://x.example/feed", NOW, body=b"")


def rss(*titles: str) -> bytes:
    items = "".join(f"<item><title>{title}</title><guid>{title}</guid></item>" for title in titles)
    return f"<rss version='2.0'><channel><title>T</title>{items}</channel></rss>".encode()


def taken(task: Task, *titles: str, at: int = NOW) -> PollResult:
    return poll.take(task, [replace(PUSHED, body=rss(*titles), at=at)])


def test_a_poll_is_what_it_fetched_taken(folder: Path) -> None:
    door = Door(clock=lambda: NOW)
    task = Task(Source("ferry", path=str(folder / "*.eml")))
    polled = poll.poll(task, door=door)
    assert polled == poll.take(task, poll.fetch(task, door)) and len(polled.entries) == 2


def test_a_pushed_body_leaves_what_servers_said() -> None:
    memory = SourceState('"v1"', "Mon", "hash", 900, polled=NOW - DAY)
    memory = replace(memory, hints=replace(memory.hints, fresh=60, answered_at="https://y.example/feed"))
    task = Task(Source("x", url="https://x.example/feed"), memory)
    polled = taken(task, "One", "Two")
    after = polled.memory
    assert [entry.title for entry in polled.entries] == ["One", "Two"] and polled.failure is None
    assert (after.etag, after.last_modified, after.body_bytes) == ('"v1"', "Mon", 900)
    assert (after.hints.fresh, after.hints.answered_at) == (60, "https://y.example/feed")
    assert (after.succeeded, polled.wire_bytes, polled.saved_bytes) == (NOW, 0, 0)
    again = taken(replace(task, memory=after), "One", "Two")
    assert again.not_modified and taken(replace(task, memory=after), "Three").entries[0].title == "Three"


def test_a_pushed_body_that_is_no_feed_fails_like_any_other() -> None:
    task = Task(Source("x", url="https://x.example/feed"), SourceState('"v1"'))
    polled = poll.take(task, [replace(PUSHED, body=b"<html>no</html>")])
    assert polled.failure is not None and polled.failure.kind == "not-a-feed" and polled.memory.etag is None


def test_a_kind_that_breaks_its_promise_is_a_failure_of_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(task: Task, door: Door, trail: Trail | None) -> tuple[FetchResult, ...]:
        raise OSError("no mail")

    monkeypatch.setattr(kinds, "KINDS", [replace(LETTERS, fetch=broken)])

    task = Task(Source("ferry", path="x.eml"), SourceState(polled=NOW))
    for fetched in (poll.fetch(task, Door(clock=lambda: NOW)), ()):
        polled = poll.take(task, fetched)
        assert polled.failure is not None and polled.failure.kind == "internal"
    assert poll.take(task, poll.fetch(task, Door(clock=lambda: NOW))).at == NOW
