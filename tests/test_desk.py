"""The editor's desk: what its buttons do, and who may press them."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from lxml import html

from aggregator import answers, cycle
from aggregator.cli import deskpages
from aggregator.cli.deskpages import EditorDesk
from aggregator.config import Config
from aggregator.editing import Gate
from aggregator.edition import View, compose
from aggregator.errors import UsageError
from aggregator.model import Head
from aggregator.server import Running
from aggregator.store import open_reader, open_writer
from aggregator.web import Application
from tests.helpers import NOW, config, entry, put
from tests.test_publishing import ORIGINS, SITE, made, story

TOKEN = "a token of sixteen and more"


def _settings(folder: Path, more: str = "") -> Config:
    settings = config(
        folder,
        f'[serve]\ndesk = true\n{more}[[sources]]\nid = "a"\npath = "n.txt"\n[[sources]]\nid = "b"\npath = "n.txt"\n',
    )
    with open_writer(settings.database) as store:
        put(
            store,
            entry("a", "1", "Ferry sinks in the harbour", at=NOW - 900),
            entry("b", "2", "Museum opens a wing", at=NOW - 800),
        )
        cycle.run(settings, store, None, NOW)
    return settings


class Browser:
    """Sends what a browser sends."""

    def __init__(self, settings: Config) -> None:
        application = Application(
            settings.output, None, settings.site.base_url, editor=EditorDesk(settings, lambda: NOW + 60)
        )
        self.running = Running(application, "127.0.0.1", 0)
        self.host = f"127.0.0.1:{self.running.port}"

    def __call__(self, method: str, path: str, form: dict[str, str] | None = None, **headers: str) -> Any:
        conn = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=10)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        conn.request(method, path, urlencode(form) if form else None, {"Host": self.host, **sent})
        answer = conn.getresponse()
        body = answer.read().decode()
        conn.close()
        return answer.status, dict(answer.getheaders()), body

    def key(self, **headers: str) -> str:
        page: Any = html.document_fromstring(self("GET", "/desk/1", None, **headers)[2])
        return str(page.xpath("//input[@name='key']/@value")[0])

    def press(self, verb: str, given: dict[str, str], **headers: str) -> Any:
        usual = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{self.host}"}
        return self("POST", f"/desk/{verb}", given, **(usual | headers))


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Config, Browser]]:
    settings = _settings(tmp_path_factory.mktemp("desk"))
    browser = Browser(settings)
    yield settings, browser
    browser.running.close()


def _words(settings: Config) -> list[tuple[str, str]]:
    with open_reader(settings.database) as store:
        return [(word.kind, word.title) for word in answers.overrides(store)]


def _published(settings: Config) -> list[str]:
    items = json.loads((settings.output / "all.json").read_text())["items"]
    return [item["title"] for item in items]


@pytest.mark.parametrize(
    ("name", "key", "headers"),
    [
        ("a page of somebody else", None, {"Origin": "https://evil.example"}),
        ("a page of no origin", None, {"Origin": "null"}),
        ("another port of ours", None, {"Origin": "http://127.0.0.1:1"}),
        ("no origin", None, {"Origin": ""}),
        ("the browser says so", None, {"Sec-Fetch-Site": "cross-site"}),
        ("another site of the same name", None, {"Sec-Fetch-Site": "same-site"}),
        ("without the key", "", {}),
        ("with another key", "x" * 32, {}),
        ("a key that is no ASCII", "\u00e9", {}),
        ("a form of plain text", None, {"Content-Type": "text/plain"}),
        ("a name pointed at us", None, {"Host": "evil.example", "Origin": "http://evil.example"}),
        ("through a proxy", None, {"X-Forwarded-For": "203.0.113.9"}),
    ],
)
def test_S20_forms_of_others_change_nothing(
    here: tuple[Config, Browser], name: str, key: str | None, headers: dict[str, str]
) -> None:
    settings, browser = here
    given = {"key": browser.key() if key is None else key, "entry": "1", "other": "2"}
    assert browser.press("join", given, **headers)[0] == 403, name
    assert _words(settings) == []


def test_what_a_link_leads_to_changes_nothing(here: tuple[Config, Browser]) -> None:
    settings, browser = here
    asked = urlencode({"key": browser.key(), "entry": "1", "other": "2"})
    assert browser("GET", f"/desk/join?{asked}")[0] == 200 and _words(settings) == []
    assert browser("PUT", "/desk/join")[0] == 405 and browser.press("erase", {"key": browser.key()})[0] == 404


def test_buttons_say_what_commands_say(here: tuple[Config, Browser]) -> None:
    settings, browser = here
    key = browser.key()

    def press(verb: str, entry: str, other: str = "") -> tuple[int, str]:
        status, headers, body = browser.press(
            verb, {"key": key, "entry": entry, "other": other, "back": entry}
        )
        assert (
            headers["Cache-Control"] == "no-store"
            and "form-action 'self'" in headers["Content-Security-Policy"]
        )
        role = "status" if status == 200 else "alert"
        return status, str(html.document_fromstring(body).xpath(f"string(//p[@role='{role}'])"))

    assert press("join", "1", "2")[0] == 200 and [kind for kind, _ in _words(settings)] == ["join"]
    page = html.document_fromstring(browser("GET", "/desk/2")[2])
    assert page.xpath("//ol//h3/*/text()") == ["Museum opens a wing", "Ferry sinks in the harbour"]
    assert press("split", "2") == (200, "entry 2 is an event of its own now")
    assert _words(settings) == [("split", "Museum opens a wing")]
    assert press("hide", "1")[0] == 200 and _published(settings) == ["Museum opens a wing"]
    assert press("unhide", "1")[0] == 200 and len(_published(settings)) == 2
    status, words = press("unhide", "1")
    assert status == 400 and "was not hidden" in words
    assert press("pin", "1")[0] == 200 and ("pin", "Ferry sinks in the harbour") in _words(settings)
    assert press("unpin", "1")[0] == 200 and ("pin", "Ferry sinks in the harbour") not in _words(settings)
    # What was said can be taken back from the page itself, as `split --undo` and `join --undo` do.
    assert press("join", "1", "2")[0] == 200
    for verb, left in (("unjoin", []), ("unsplit", None)):
        if left is None:
            assert press("join", "1", "2")[0] == press("split", "2")[0] == 200
        shown: Any = html.document_fromstring(browser("GET", "/desk")[2])
        fields = shown.xpath(f"//form[@action='/desk/{verb}'][1]//input")
        given = {str(field.get("name")): str(field.get("value")) for field in fields}
        assert browser.press(verb, {**given, "key": ""})[0] == 403
        assert browser.press(verb, given)[0] == 200 and _words(settings) == []
    assert "Ferry sinks" in browser("GET", "/desk?q=ferry")[2] and browser("GET", "/desk/999")[0] == 404
    assert browser("GET", "/desk?q=%22")[0] == 400


@pytest.mark.parametrize(
    ("name", "method", "path", "given", "status", "words"),
    [
        ("no entry", "GET", "/desk/999", {}, 404, "999: no stored entry has this id"),
        ("no page", "GET", "/desk/cellar", {}, 404, "There is no such page at the desk."),
        ("no button", "POST", "/desk/erase", {}, 404, "There is no such button."),
        (
            "a form of a server before",
            "POST",
            "/desk/pin",
            {"key": "x" * 32},
            403,
            "Nothing was done: this form",
        ),
        ("no query", "GET", "/desk?q=%28", {}, 400, "at character 2"),
        (
            "nothing to join with",
            "POST",
            "/desk/join",
            {"entry": "1", "other": " "},
            400,
            "“”: no stored entry",
        ),
        ("nothing to hide", "POST", "/desk/hide", {"entry": "", "back": "1"}, 400, "“”: no stored entry"),
    ],
)
def test_what_is_refused_is_told_in_the_sites_clothes(
    here: tuple[Config, Browser],
    name: str,
    method: str,
    path: str,
    given: dict[str, str],
    status: int,
    words: str,
) -> None:
    _, browser = here
    if method == "GET":
        found, headers, body = browser("GET", path)
    else:
        found, headers, body = browser.press(path.removeprefix("/desk/"), {"key": browser.key()} | given)
    page: Any = html.document_fromstring(body)
    assert found == status and headers["Content-Type"].startswith("text/html"), name
    assert str(page.xpath("string(//p[@role='alert'])")).startswith(words), name
    assert page.xpath("//nav") and headers["Cache-Control"] == "no-store", name


def test_the_desk_shows_which_story_leads(here: tuple[Config, Browser]) -> None:
    settings, browser = here

    def leading() -> list[str]:
        page: Any = html.document_fromstring(browser("GET", "/desk/1")[2])
        return [str(one) for one in page.xpath("//li[.//b='leads']/h3/*/text()")]

    assert leading() == [], "a story alone leads nothing"
    given = {"key": browser.key(), "entry": "1", "other": "2", "back": "1"}
    for verb, expected in (
        ("join", ["Ferry sinks in the harbour"]),
        ("pin", ["Museum opens a wing"]),
        ("unpin", ["Ferry sinks in the harbour"]),
        ("unjoin", []),
    ):
        of = {"entry": "2", "other": "1"} if "pin" in verb else {}
        assert browser.press(verb, given | of)[0] == 200 and leading() == expected, verb
    assert _words(settings) == []


def test_the_desk_lists_an_event_by_its_lead_and_leads_to_its_page(here: tuple[Config, Browser]) -> None:
    settings, browser = here

    def listed(path: str) -> list[tuple[str, list[str]]]:
        page: Any = html.document_fromstring(browser("GET", path)[2])
        found = page.xpath("//ul[1]/li[h3/a]")
        return [(one.xpath("string(h3)"), one.xpath("p/a/@href")) for one in found]

    apart = listed("/desk")
    assert [title for title, _ in apart] == ["Museum opens a wing", "Ferry sinks in the harbour"]
    given = {"key": browser.key(), "entry": "1", "other": "2", "back": "1"}
    for verb, of, lead in (
        ("join", {}, "Ferry sinks in the harbour"),  # its newest story is the other one
        ("pin", {"entry": "2"}, "Museum opens a wing"),
        ("unpin", {"entry": "2"}, "Ferry sinks in the harbour"),
    ):
        assert browser.press(verb, given | of)[0] == 200
        ((title, (page,)),) = listed("/desk")
        assert title == lead and page.startswith("/stories/"), verb
    with open_writer(settings.database) as store:
        cycle.run(settings, store, None, NOW)
    assert browser("GET", page)[0] == 200
    one: Any = html.document_fromstring(browser("GET", "/desk/2")[2])
    assert one.xpath("//a[.='As published']/@href") == [page]
    assert listed("/desk?q=ferry") == [("Ferry sinks in the harbour", [])]
    both = {"key": browser.key(), "back": "1"}
    for entry_ in ("1", "2"):
        browser.press("hide", both | {"entry": entry_})
    assert [len(links) for _, links in listed("/desk")] == [0], "what is hidden can still be found"
    for entry_ in ("1", "2"):
        browser.press("unhide", both | {"entry": entry_})
    browser.press("unjoin", given)
    assert listed("/desk") == apart and _words(settings) == []


def test_pins_and_hidden_stories_are_taken_back_from_the_page(here: tuple[Config, Browser]) -> None:
    settings, browser = here
    for verb, words in (("pin", "“Museum opens a wing” pinned"), ("hide", "“Museum opens a wing” hidden")):
        assert browser.press(verb, {"key": browser.key(), "entry": "2", "back": "2"})[0] == 200
        page: Any = html.document_fromstring(browser("GET", "/desk")[2])
        assert words in page.text_content()
        fields = page.xpath(f"//form[@action='/desk/un{verb}']//input")
        given = {str(field.get("name")): str(field.get("value")) for field in fields}
        assert browser.press(f"un{verb}", given)[0] == 200 and _words(settings) == []


def test_elsewhere_a_token_opens_it(tmp_path: Path) -> None:
    settings = _settings(tmp_path, f'desk_token = "{TOKEN}"\n')
    browser = Browser(settings)
    try:
        assert browser("GET", "/desk")[0] == 401 and 'name="key"' not in browser("GET", "/desk/1")[2]
        assert browser.press("login", {"token": "wrong"})[0] == 401
        status, headers, _ = browser.press("login", {"token": TOKEN})
        assert status == 303 and headers["Location"] == "/desk"
        cookie = headers["Set-Cookie"]
        assert {"HttpOnly", "SameSite=Strict", "Path=/desk"} <= {part.strip() for part in cookie.split(";")}
        shown = cookie.partition(";")[0]
        given = {"key": browser.key(Cookie=shown), "entry": "1"}
        assert browser.press("hide", given)[0] == 401 and _words(settings) == []
        assert browser.press("hide", given, Cookie=shown, Origin="https://evil.example")[0] == 403
        assert browser.press("hide", given, Cookie=shown)[0] == 200
        assert browser("GET", "/desk", Cookie="desk=forged")[0] == 401
    finally:
        browser.running.close()


def test_the_public_name_is_known_with_a_token_only() -> None:
    gate = Gate("news.example.org", TOKEN)
    session = {"HTTP_COOKIE": f"desk={gate.session()}"}
    assert gate.lets_in({"HTTP_HOST": "news.example.org", **session}, False)
    assert not gate.lets_in({"HTTP_HOST": "evil.example", **session}, False)
    assert not Gate("news.example.org", None).lets_in({"HTTP_HOST": "news.example.org"}, True)
    assert Gate("news.example.org", None).lets_in({"HTTP_HOST": "[::1]:8080"}, True)


def test_what_is_pinned_leads_and_what_is_hidden_is_left_out() -> None:
    stories = [story(n, made(n, "abc"[n - 1], f"Title {n}", NOW - 100 + n), event=1) for n in (1, 2, 3)]

    def lead(priorities: dict[str, int] | None = None, **words: Any) -> list[str]:
        view = View("all", "", "", SITE.base_url, "event", event_lead="first", **words)
        made = compose(view, stories, {1: Head("urn:x:1", NOW)}, ORIGINS, priorities or {})
        return [item.entry.title for item in made.items]

    assert lead() == ["Title 1"] and lead(pinned=frozenset({"urn:x:3"})) == ["Title 3"]
    assert lead({"b": 9}, pinned=frozenset({"urn:x:3"})) == ["Title 3"], "before priority"
    assert lead(hidden=frozenset({"urn:x:1"})) == ["Title 2"]
    assert lead(hidden=frozenset({"urn:x:1", "urn:x:2", "urn:x:3"})) == []


@pytest.mark.parametrize("verb", ["pin", "hide"])
def test_a_word_that_was_not_said_is_not_taken_back(here: tuple[Config, Browser], verb: str) -> None:
    settings, _ = here
    with open_writer(settings.database) as store, pytest.raises(UsageError, match="was not"):
        {"pin": cycle.unpin, "hide": cycle.unhide}[verb](store, "2")


def test_the_desk_shows_the_last_words_of_its_editor() -> None:
    said = [answers.Word("pin", "", number, f"id{number}", "", "", "", number, 0) for number in range(21)]
    other = answers.Word("join", "topic", 99, "x", "", "", "", 1, 0)
    assert [one.at for one in deskpages._said(said)] == list(range(20, 0, -1))
    assert [one.verb for one in deskpages._said([said[0], replace(other, kind="label")])] == ["unpin"]
