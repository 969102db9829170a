"""WebSub, the side that subscribes (W3C Recommendation of January 2018): a real hub on loopback that asks back, pushes
and forgets, and what is believed of it.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from aggregator import cycle, poll, websub
from aggregator.answers import source_rows
from aggregator.config import Config
from aggregator.cycle import Wanted, push
from aggregator.cycle.network import Network, opened
from aggregator.fetch import Door
from aggregator.mailbox import Full, Mailbox
from aggregator.model import FetchResult, Pace, Source, SourceState, Task
from aggregator.server import Running
from aggregator.stop import Stop
from aggregator.store import lookup, open_writer, pushes, sources
from aggregator.web import LARGEST_PUSH, Application
from aggregator.websub import Subscription
from tests.helpers import NOW, config

MOST_BODIES = 200
RETRY = 3600
SLIPS = 60
LEASE = 10 * 86_400
SHORTEST = 300
LONGEST = 90 * 86_400

DAY = 86_400
SOME = Subscription("a", "https://a.example/feed", "https://hub.example/", "token", "secret")
LIVE = replace(SOME, asked_at=NOW, verified_at=NOW, leased_until=NOW + 10 * DAY)
HUB, TOPIC = SOME.hub, SOME.topic


@pytest.mark.parametrize(
    ("ahead", "live", "works", "asks"),
    [
        (0, True, True, None),
        (SLIPS, True, True, None),
        (SLIPS + 1, False, False, "subscribe"),
        (365 * DAY, False, False, "subscribe"),
    ],
)
def test_R13_what_a_clock_that_was_ahead_noted_of_a_subscription_is_asked_for_anew(
    ahead: int, live: bool, works: bool, asks: str | None
) -> None:
    """It would have been polled at a tenth of its rate until that year is over, though its hub forgot it."""
    then = NOW + ahead
    noted = replace(LIVE, asked_at=then, verified_at=then, leased_until=then + 10 * DAY, pushed_at=then)
    known = websub.by_clock(noted, NOW)
    assert (known.is_live(NOW), known.works(NOW), websub.wanted(known, HUB, TOPIC, NOW)) == (
        live,
        works,
        asks,
    )
    asked = websub.asked(known, "subscribe", NOW)
    if asks:
        assert websub.wanted(asked, HUB, TOPIC, NOW + 1) is None, "once"
        again = websub.answered(asked, "subscribe", TOPIC, "864000", NOW + 2)
        assert again is not None and again.works(NOW + 2) and websub.by_clock(again, NOW + 2) == again


@pytest.mark.parametrize(
    ("name", "known", "hub", "topic", "now", "expected"),
    [
        ("a hub is new", None, HUB, TOPIC, NOW, "subscribe"),
        ("there is none", None, None, TOPIC, NOW, None),
        ("it does not say which feed it is", None, HUB, None, NOW, None),
        ("asked just now", websub.asked(SOME, "subscribe", NOW), HUB, TOPIC, NOW + RETRY - 1, None),
        (
            "not verified for an hour",
            websub.asked(SOME, "subscribe", NOW),
            HUB,
            TOPIC,
            NOW + RETRY,
            "subscribe",
        ),
        (
            "the second time it waits for two",
            replace(SOME, asked_at=NOW, tries=2),
            HUB,
            TOPIC,
            NOW + 2 * RETRY - 1,
            None,
        ),
        (
            "… and then asks",
            replace(SOME, asked_at=NOW, tries=2),
            HUB,
            TOPIC,
            NOW + 2 * RETRY,
            "subscribe",
        ),
        (
            "never longer than a week",
            replace(SOME, asked_at=NOW, tries=90),
            HUB,
            TOPIC,
            NOW + 7 * DAY,
            "subscribe",
        ),
        ("a lease is young", LIVE, HUB, TOPIC, NOW + 8 * DAY - 1, None),
        ("a lease is renewed before it ends", LIVE, HUB, TOPIC, NOW + 8 * DAY, "subscribe"),
        ("the source left", LIVE, None, None, NOW, "unsubscribe"),
        ("the source left, the lease is over", LIVE, None, None, NOW + 10 * DAY, None),
        ("another hub: this one ends first", LIVE, "https://other.example/", TOPIC, NOW, "unsubscribe"),
        (
            "… then the other begins",
            replace(LIVE, wish="unsubscribe"),
            "https://other.example/",
            TOPIC,
            NOW,
            "subscribe",
        ),
        ("another address of the feed", LIVE, HUB, "https://b.example/feed", NOW, "unsubscribe"),
    ],
)
def test_what_a_hub_is_asked_for(
    name: str, known: Subscription | None, hub: str | None, topic: str | None, now: int, expected: str | None
) -> None:
    assert websub.wanted(known, hub, topic, now) == expected, name


@pytest.mark.parametrize(
    ("name", "mode", "topic", "lease", "until"),
    [
        ("as asked", "subscribe", TOPIC, "1000", NOW + 1000),
        ("without a lease", "subscribe", TOPIC, "", NOW + LEASE),
        ("shorter than anybody can renew", "subscribe", TOPIC, "1", NOW + SHORTEST),
        ("for ever", "subscribe", TOPIC, "99999999999", NOW + LONGEST),
        ("no number", "subscribe", TOPIC, "-5", NOW + LEASE),
        ("another topic", "subscribe", TOPIC + "2", "1000", None),
        ("an end that nobody asked for", "unsubscribe", TOPIC, "", None),
        ("rubbish", "", TOPIC, "", None),
    ],
)
def test_what_is_meant_is_what_was_asked(
    name: str, mode: str, topic: str, lease: str, until: int | None
) -> None:
    after = websub.answered(websub.asked(SOME, "subscribe", NOW), mode, topic, lease, NOW)
    assert (after.leased_until if after else None) == until, name


@pytest.mark.parametrize(
    ("signature", "expected"),
    [
        ("sha256=" + hmac.new(b"secret", b"body", "sha256").hexdigest(), True),
        ("SHA1=" + hmac.new(b"secret", b"body", "sha1").hexdigest().upper(), True),
        ("sha512=" + hmac.new(b"secret", b"body", "sha512").hexdigest(), True),
        ("sha256=" + hmac.new(b"other", b"body", "sha256").hexdigest(), False),
        ("sha256=" + hmac.new(b"secret", b"bodx", "sha256").hexdigest(), False),
        ("md5=" + hmac.new(b"secret", b"body", "md5").hexdigest(), False),
        ("", False), ("sha256", False), ("sha256=é", False),
    ],
)  # fmt: skip
def test_who_knows_the_secret(signature: str, expected: bool) -> None:
    assert websub.is_signed("secret", signature, b"body") is expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            '<https://h/>; rel="hub", <https://a/feed>; rel=self',
            {"hub": "https://h/", "self": "https://a/feed"},
        ),
        (
            '<https://h/?a=1,2;b>; title="x, y"; rel="hub other"',
            {"hub": "https://h/?a=1,2;b", "other": "https://h/?a=1,2;b"},
        ),
        ("<https://h1/>; rel=hub, <https://h2/>; rel=hub", {"hub": "https://h1/"}),
        ("rubbish", {}),
        ("<>; rel", {}),
        ("", {}),
    ],
)
def test_link_headers(header: str, expected: dict[str, str]) -> None:
    assert websub.links(header) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://news.example.org/", True),
        ("http://93.184.216.34/", True),
        ("http://127.0.0.1:8080/", False),
        ("http://localhost/", False),
        ("http://10.0.0.5/", False),
        ("https://desk.lan/", False),
        ("http://[::1]/", False),
        ("http://nas/", False),
        ("ftp://news.example.org/", False),
    ],
)
def test_where_hubs_can_call(address: str, expected: bool) -> None:
    assert websub.is_public(address) is expected


def test_S20_a_mailbox_has_bounds_and_believes_only_what_is_signed() -> None:
    box = Mailbox()
    box.expect([LIVE, replace(SOME, source="b", token="over")])
    signed = "sha256=" + hmac.new(b"secret", b"body", "sha256").hexdigest()
    assert not box.put("nobody", signed, b"body", "", NOW)
    assert not box.put("over", signed, b"body", "", NOW), "no lease"
    assert box.put("token", "sha256=00", b"body", "", NOW) and not box.waiting, "dropped, without a word"
    for _ in range(MOST_BODIES):
        assert box.put("token", signed, b"body", "", NOW)
    with pytest.raises(Full):
        box.put("token", signed, b"body", "", NOW)
    letters, changed = box.take()
    assert len(letters) == MOST_BODIES and [one.pushed_at for one in changed] == [NOW] and not box.waiting
    assert box.put("token", signed, b"body", "", NOW)


def test_what_a_hub_said_meanwhile_is_not_forgotten() -> None:
    box = Mailbox()
    asked = websub.asked(SOME, "subscribe", NOW)
    box.expect([asked])
    question = {"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.challenge": "x"}
    assert box.verify("token", question, NOW) == "x"
    box.expect([asked])
    assert box.take()[1][0].is_live(NOW)
    assert box.verify("token", question | {"hub.challenge": ""}, NOW) is None
    assert box.verify("token", {"hub.mode": "denied", "hub.topic": TOPIC, "hub.reason": "full"}, NOW) == ""
    assert box.take()[1][0].trouble == "the hub says no: full"


def test_links_of_the_answer_say_more_than_the_document() -> None:
    body = (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:x</id><title>x</title><link rel="hub" href="https://old.example/"/>'
        b'<link rel="self" href="https://a.example/feed?a=1&amp;utm_source=x"/><entry><id>1</id><title>One</title></entry></feed>'
    )
    task = Task(Source("a", url="https://a.example/feed"))
    said = (("content-type", "application/atom+xml"),)
    hints = poll.take(task, [FetchResult("https://a.example/feed", NOW, 200, said, body)]).memory.hints
    assert (hints.hub, hints.topic) == ("https://old.example/", "https://a.example/feed?a=1&utm_source=x")
    linked = (*said, ("link", '<https://new.example/>; rel="hub", </feed>; rel="self"'))
    hints = poll.take(task, [FetchResult("https://a.example/feed", NOW, 200, linked, body)]).memory.hints
    assert (hints.hub, hints.topic) == ("https://new.example/", "https://a.example/feed")


def test_a_json_feed_names_its_hub() -> None:
    body = b'{"version":"https://jsonfeed.org/version/1.1","title":"x","feed_url":"https://a.example/feed","hubs":[{"type":"rssCloud","url":"https://c/"},{"type":"WebSub","url":"https://h.example/"}],"items":[{"id":"1","title":"One"}]}'
    polled = poll.take(
        Task(Source("a", url="https://a.example/f")), [FetchResult("https://a.example/f", NOW, 200, (), body)]
    )
    assert (polled.memory.hints.hub, polled.memory.hints.topic) == (
        "https://h.example/",
        "https://a.example/feed",
    )


# ---------------------------------------------------------------- with a real hub


FEED = """<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:ferry</id><title>Ferry</title><link rel="hub" href="{hub}"/>
<link rel="self" href="{topic}"/>{entries}</feed>"""
ENTRY = "<entry><id>urn:ferry:{0}</id><title>Ferry {0} leaves harbour number {0}</title><updated>2026-09-21T08:0{0}:00Z</updated></entry>"


@dataclass
class Hub:
    """A publisher and its hub at one address; asks back before it answers, if it has a voice."""

    entries: str = ENTRY.format(1)
    calls: str = ""  # where the subscriber listens in truth
    forms: list[dict[str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    status: int = 202
    server: ThreadingHTTPServer | None = None

    @property
    def base(self) -> str:
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.server_address[1]}/"

    def feed(self) -> bytes:
        return FEED.format(hub=f"{self.base}hub", topic=f"{self.base}feed", entries=self.entries).encode()

    def call(self, callback: str, asked: dict[str, str]) -> bytes | None:
        """What the subscriber answers; None: no."""
        path = urlsplit(callback).path
        try:
            with urllib.request.urlopen(f"{self.calls}{path[1:]}?{urlencode(asked)}", timeout=10) as answer:
                body: bytes = answer.read()
                return body
        except urllib.error.HTTPError as error:
            error.close()
            return None

    def verify(self, form: dict[str, str]) -> None:
        question = {
            "hub.mode": form["hub.mode"],
            "hub.topic": form["hub.topic"],
            "hub.challenge": "c-42",
            "hub.lease_seconds": "864000",
        }
        assert self.call(form["hub.callback"], question) == b"c-42"

    def deliver(self, body: bytes, secret: str) -> int:
        path = urlsplit(self.forms[0]["hub.callback"]).path
        signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        request = urllib.request.Request(
            f"{self.calls}{path[1:]}",
            body,
            {"X-Hub-Signature": signature, "Content-Type": "application/atom+xml"},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code


@pytest.fixture
def hub() -> Iterator[Hub]:
    made = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            self.answer(200, made.feed())

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(sent).items()}
            made.forms.append(form)
            if made.status == 202:
                made.verify(form)
            self.answer(made.status, b"")

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *values: object) -> None:
            pass

    made.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


@dataclass
class Desk:
    """A daemon's cycles by hand, with its server and its mailbox."""

    config: Config
    mailbox: Mailbox
    network: Network
    now: int = NOW

    def cycle(self, *, polls: bool = True) -> cycle.Report:
        with open_writer(self.config.database) as store:
            wanted = Wanted() if polls else Wanted(ids=frozenset({"nobody"}))
            return cycle.run(self.config, store, wanted, self.now, network=self.network, mailbox=self.mailbox)

    def state(self) -> tuple[list[str], SourceState, Subscription | None]:
        with open_writer(self.config.database) as store:
            titles = sorted(entry.title for entry, *_ in lookup.dump(store))
            return titles, sources.memories(store)["ferry"], pushes.all_of(store).get("ferry")


@pytest.fixture
def desk(tmp_path: Path, hub: Hub) -> Iterator[Desk]:
    port = urlsplit(hub.base).port
    body = f'[serve]\n[poll]\nhost_gap = "0s"\nallow_hosts = ["127.0.0.1:{port}"]\n[[sources]]\nid = "ferry"\nurl = "{hub.base}feed"\n'
    settings = config(tmp_path, body)
    mailbox, moment = Mailbox(), [NOW]
    network = Network(Door(clock=lambda: float(made.now)))
    made = Desk(settings, mailbox, network)
    moment[0] = made.now
    application = Application(
        settings.output, None, settings.site.base_url, clock=lambda: float(made.now), mailbox=mailbox
    )
    running = Running(application, "127.0.0.1", 0, LARGEST_PUSH)
    hub.calls = f"http://127.0.0.1:{running.port}/"
    yield made
    running.close()
    network.close()


def test_a_feed_is_subscribed_to_pushed_and_polled_less(desk: Desk, hub: Hub) -> None:
    assert desk.cycle().warnings == []
    form = hub.forms[0]
    assert form["hub.mode"] == "subscribe" and form["hub.topic"] == f"{hub.base}feed"
    assert form["hub.callback"].startswith("https://desk.example/push/") and len(form["hub.secret"]) > 40
    desk.cycle(polls=False)  # takes over what the hub said
    titles, _, known = desk.state()
    assert known is not None and known.is_live(desk.now) and len(titles) == 1

    # Only what is new is pushed; what the feed holds beside it is still there.
    desk.now += 60
    secret = form["hub.secret"]
    hub.entries = ENTRY.format(2)
    assert hub.deliver(hub.feed(), secret) == 202
    assert hub.deliver(hub.feed().replace(b"Ferry 2", b"Ferry 3"), "guessed") == 202, "dropped"
    asked = len(hub.asked)
    assert desk.cycle(polls=False).collected.new == 1
    titles, memory, _ = desk.state()
    assert [title[:7] for title in titles] == ["Ferry 1", "Ferry 2"] and len(hub.asked) == asked
    with open_writer(desk.config.database) as store:
        assert len(store.value("SELECT present FROM source").split(",")) == 2
        assert source_rows(desk.config, store, desk.now)[0].push == "its hub pushes"
        assert [
            task.pace.interval for task in cycle.tasks(desk.config, store, Wanted(True), desk.now + 90_000)
        ] == [18_000]
    assert memory.next_poll - desk.now >= 18_000 and memory.failures == 0

    # What a poll finds first was not pushed: the hub is trusted again when it pushes.
    desk.now = memory.next_poll
    hub.entries = ENTRY.format(4)
    assert desk.cycle().collected.new == 1
    memory, known = desk.state()[1:]
    assert known is not None and known.is_live(desk.now) and not known.works(desk.now)
    assert known.in_words(desk.now) == "its hub left something out, which a poll found" == memory.why
    assert memory.next_poll == desk.now + 1800
    desk.now += 60
    assert hub.deliver(hub.feed(), secret) == 202
    desk.cycle(polls=False)
    assert (after := desk.state()[2]) is not None and after.works(desk.now)
    assert after.in_words(desk.now) == "its hub pushes"

    # Rubbish is no failure of the source.
    assert hub.deliver(b"<html>no</html>", secret) == 202
    assert "is left out" in desk.cycle(polls=False).warnings[0] and desk.state()[1].failures == 0


@pytest.mark.parametrize(("is_pushed", "polls"), [(True, 0), (False, 1)])
def test_what_a_hub_brought_is_not_polled_too(desk: Desk, hub: Hub, is_pushed: bool, polls: int) -> None:
    desk.cycle()
    desk.cycle(polls=False)  # takes over what the hub said
    asked = len(hub.asked)
    desk.now += DAY  # its time has come, pushed or not
    hub.entries = ENTRY.format(2)
    if is_pushed:
        assert hub.deliver(hub.feed(), hub.forms[0]["hub.secret"]) == 202
    report = desk.cycle()
    assert report.warnings == [] and report.collected.new == 1
    assert len(hub.asked) - asked == polls


def test_a_lease_is_renewed_and_one_that_ends_brings_the_old_rate_back(desk: Desk, hub: Hub) -> None:
    desk.cycle()
    desk.cycle(polls=False)
    desk.now += 8 * DAY
    desk.cycle(polls=False)
    assert [form["hub.mode"] for form in hub.forms] == ["subscribe"] * 2
    assert hub.forms[0]["hub.callback"] == hub.forms[1]["hub.callback"]
    desk.cycle(polls=False)
    _, _, known = desk.state()
    assert known is not None and known.leased_until == desk.now + 864_000
    hub.status = 500  # from now on it forgets us
    desk.now += 5 * DAY
    desk.cycle()  # polls, and plans the next poll ten times later
    assert desk.state()[1].next_poll >= desk.now + 18_000
    desk.now += 4 * DAY
    assert any("answered 500" in words for words in desk.cycle(polls=False).warnings)
    desk.now = known.leased_until
    desk.cycle(polls=False)
    _, memory, known = desk.state()
    assert known is not None and not known.is_live(desk.now)
    assert memory.next_poll <= desk.now + 1800


def test_a_source_that_leaves_is_unsubscribed(desk: Desk, hub: Hub) -> None:
    desk.cycle()
    desk.cycle(polls=False)
    desk.config = replace(desk.config, sources=())
    desk.cycle()
    assert [form["hub.mode"] for form in hub.forms] == ["subscribe", "unsubscribe"]
    assert hub.deliver(hub.feed(), hub.forms[0]["hub.secret"]) == 410
    desk.cycle()
    with open_writer(desk.config.database) as store:
        assert pushes.all_of(store) == {}


@pytest.mark.parametrize(
    ("name", "base_url", "key"),
    [
        ("nobody can call", "http://127.0.0.1:8080/", ""),
        ("not wished", "https://desk.example/", "push = false\n"),
    ],
)
def test_no_hub_is_asked(tmp_path: Path, hub: Hub, name: str, base_url: str, key: str) -> None:
    port = urlsplit(hub.base).port
    text = f'[service]\nbase_url = "{base_url}"\n[serve]\n[poll]\n{key}allow_hosts = ["127.0.0.1:{port}"]\n[[sources]]\nurl = "{hub.base}feed"\n'
    (tmp_path / "config.toml").write_text(text)
    from aggregator.config import load

    settings = load(tmp_path / "config.toml", {})
    with open_writer(settings.database) as store:
        cycle.run(settings, store, Wanted(), NOW, mailbox=Mailbox())
    assert hub.asked and not hub.forms


def test_a_hub_that_does_not_answer_is_asked_once_a_cycle(desk: Desk, hub: Hub) -> None:
    """And an address that no hub may have is named, not asked (S2)."""
    hub.status = 500
    assert "answered 500" in desk.cycle().warnings[0]
    known = desk.state()[2]
    assert known is not None and "answered 500" in known.trouble and len(hub.forms) == 1
    desk.now += RETRY - 1
    desk.cycle(polls=False)
    assert len(hub.forms) == 1


def test_S2_a_hub_inside_our_network_is_refused(tmp_path: Path) -> None:
    settings = config(tmp_path, '[serve]\n[[sources]]\nid = "a"\nurl = "https://a.example/feed"\n')
    memory = SourceState(polled=NOW, next_poll=NOW + DAY)
    memory = replace(memory, hints=replace(memory.hints, hub="http://127.0.0.1:9/", topic=TOPIC))
    with open_writer(settings.database) as store, opened(Stop()) as network:
        sources.remember(store, [(settings.sources[0], memory)])
        words = push.sync(settings, store, Mailbox(), network, cycle.Report(NOW), Stop())
    assert len(words) == 1 and "127.0.0.1" in words[0]


@pytest.mark.parametrize(("wanted", "asked"), [(9, 9), (10, 10), (11, 10)])
def test_so_many_hubs_are_asked_in_a_cycle(tmp_path: Path, wanted: int, asked: int) -> None:
    body = "".join(f'[[sources]]\nid = "s{n}"\nurl = "https://s{n}.example/feed"\n' for n in range(wanted))
    settings = config(tmp_path, f"[serve]\n{body}")
    with open_writer(settings.database) as store, opened(Stop()) as network:
        for number, source in enumerate(settings.sources, 1):  # each refused at once: it is in our network
            hints = replace(SourceState().hints, hub=f"http://127.0.0.1:{number}/", topic=source.url)
            sources.remember(store, [(source, SourceState(polled=NOW, hints=hints))])
        assert len(push.sync(settings, store, Mailbox(), network, cycle.Report(NOW), Stop())) == asked
        assert len(pushes.all_of(store)) == asked


def test_a_pace_is_slowed_within_a_week() -> None:
    assert push.slowed(Pace(1800, 300, DAY)) == Pace(18_000, 3000, 7 * DAY)


ENDED = replace(LIVE, wish="unsubscribe", asked_at=NOW)


@pytest.mark.parametrize(
    ("name", "one", "at", "is_kept"),
    [
        ("it is wanted, as long as nobody answers", replace(SOME, asked_at=NOW), NOW + 9 * DAY, True),
        ("the hub ended it", replace(ENDED, leased_until=0), NOW, False),
        ("the hub may still end it", ENDED, NOW + RETRY, True),
        ("no hub ended it in time", ENDED, NOW + RETRY + 1, False),
    ],
)
def test_which_subscriptions_are_forgotten(
    tmp_path: Path, name: str, one: Subscription, at: int, is_kept: bool
) -> None:
    with open_writer(tmp_path / "a.db") as store:
        pushes.keep(store, [one])
        known = pushes.all_of(store)
        push._forget_ended(store, known, at)
        assert ("a" in pushes.all_of(store), "a" in known) == (is_kept, is_kept), name


@pytest.mark.parametrize(
    ("name", "at", "found", "missed"),
    [
        ("a poll found what was not pushed", LIVE.leased_until - 1, {"a"}, True),
        ("it found nothing", LIVE.leased_until - 1, {"b"}, False),
        ("its lease is over: nobody said that it would be pushed", LIVE.leased_until, {"a"}, False),
    ],
)
def test_what_a_hub_left_out(tmp_path: Path, name: str, at: int, found: set[str], missed: bool) -> None:
    with open_writer(tmp_path / "a.db") as store:
        pushes.keep(store, [LIVE])
        known = pushes.all_of(store)
        push._note_missed(store, known, found, at)
        expected = at if missed else 0
        assert (known["a"].missed_at, pushes.all_of(store)["a"].missed_at) == (expected, expected), name


HOUR = 3600


@pytest.mark.parametrize(
    ("name", "one", "next_poll", "not_before", "expected"),
    [
        ("it is pushed", LIVE, NOW + DAY, 0, NOW + DAY),
        ("it was never verified", replace(LIVE, verified_at=0, leased_until=0), NOW + DAY, 0, NOW + DAY),
        ("its lease is over", replace(LIVE, leased_until=NOW), NOW + DAY, 0, NOW + HOUR),
        ("it is polled sooner anyway", replace(LIVE, leased_until=NOW), NOW + 60, 0, NOW + 60),
        ("its server asked for more", replace(LIVE, leased_until=NOW), NOW + DAY, NOW + HOUR, NOW + DAY),
    ],
)
def test_what_is_not_pushed_any_more_is_polled_as_before(
    tmp_path: Path, name: str, one: Subscription, next_poll: int, not_before: int, expected: int
) -> None:
    body = f'[poll]\ninterval = "1h"\n[[sources]]\nid = "a"\nurl = "{TOPIC}"\n'
    settings = config(tmp_path, body)
    memory = SourceState(polled=NOW, next_poll=next_poll, not_before=not_before)
    with open_writer(settings.database) as store:
        sources.remember(store, [(settings.sources[0], memory)])
        push._poll_again(settings, store, {"a": one}, NOW)
        assert sources.memories(store)["a"].next_poll == expected, name
