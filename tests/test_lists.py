"""Reading lists: OPML somewhere, whose outlines are sources, and stay so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aggregator.config import Config, edit, load
from aggregator.cycle import lists
from aggregator.cycle.network import Network
from aggregator.errors import ConfigError, UsageError
from aggregator.model import Failure, Fetched, Request
from tests.helpers import NOW, config

DAY = 86_400
BODY = '[[sources]]\nid = "mine"\nurl = "https://mine.example/feed"\n[[sources]]\nid = "list"\nopml = "{}"\npriority = 3\ntopics = ["news"]\n[[sources]]\nid = "last"\nurl = "https://last.example/feed"\n[[topics]]\nid = "news"\n[[topics]]\nid = "far-away"\ntitle = "Far away"\n[[topics]]\nid = "all-of-it"\nsources = ["list"]\n'


def opml(*feeds: tuple[str, str]) -> str:
    inner = "".join(f'<outline text="{title}" xmlUrl="{url}"/>' for title, url in feeds)
    return f'<opml version="2.0"><body><outline text="Far away">{inner}</outline></body></opml>'


A, B, C = (
    ("Alpha", "https://a.example/feed"),
    ("Beta", "https://b.example/feed"),
    ("Gamma", "https://c.example/feed"),
)


def written(settings: Config, *feeds: tuple[str, str]) -> None:
    path = settings.path.parent / "list.opml"
    path.write_text(opml(*feeds))
    stamp = int(path.stat().st_mtime) + len(feeds) + 5
    os.utime(path, (stamp, stamp))


def listed(settings: Config) -> dict[str, bool]:
    return {one.id: one.enabled for one in settings.sources if one.reading_list == "list"}


def test_a_file_is_followed_and_what_leaves_it_is_paused(tmp_path: Path) -> None:
    settings = config(tmp_path, BODY.format("list.opml"))
    assert [one.id for one in settings.sources] == ["mine", "last"]
    written(settings, A, B, ("Mine, again", "https://mine.example/feed"))
    assert lists.sync(settings, NOW) == (True, []) and lists.sync(settings, NOW) == (False, [])
    settings = load(settings.path, {})
    assert listed(settings) == {"alpha": True, "beta": True}, "what the config names itself comes first"
    alpha = next(one for one in settings.sources if one.id == "alpha")
    assert (alpha.url, alpha.title, alpha.topics, alpha.priority) == (A[1], "Alpha", ("news", "far-away"), 3)
    assert set(settings.topics[2].sources) == {"list", "alpha", "beta"}
    written(settings, B, C, (*A[:1], "https://other.example/"))
    assert lists.sync(settings, NOW) == (True, [])
    settings = load(settings.path, {})
    assert listed(settings) == {"beta": True, "gamma": True, "alpha-2": True, "alpha": False}
    written(settings, A)
    lists.sync(settings, NOW)
    assert listed(load(settings.path, {}))["alpha"] is True, "back under its id"


def test_what_is_no_list_changes_nothing(tmp_path: Path) -> None:
    settings = config(tmp_path, BODY.format("list.opml"))
    written(settings, A, B)
    lists.sync(settings, NOW)
    for text in ("no list", opml()):
        (tmp_path / "list.opml").write_text(text)
        changed, (words,) = lists.sync(settings, NOW)
        assert (
            not changed
            and words.startswith("list: ")
            and listed(load(settings.path, {})) == {"alpha": True, "beta": True}
        )
    (tmp_path / "list.opml").unlink()
    assert "can't be read" in lists.sync(settings, NOW)[1][0]


def test_a_list_of_the_web_is_asked_once_a_day_with_validators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = config(tmp_path, BODY.format("https://lists.example/news.opml"))
    asked: list[Request] = []
    answers = [
        Fetched("", NOW, 200, (("ETag", '"1"'),), opml(A).encode()), Fetched("", NOW, 304), Fetched("", NOW, failure=Failure("timeout", "too late")),
    ]  # fmt: skip

    def get(network: Network, config: Config, request: Request) -> Fetched:
        asked.append(request)
        return answers.pop(0)

    monkeypatch.setattr(Network, "get", get)
    assert lists.sync(settings, NOW) == (True, []) and lists.sync(settings, NOW + DAY - 1) == (False, [])
    assert lists.sync(settings, NOW + DAY) == (False, []) and asked[1].etag == '"1"'
    assert lists.sync(settings, NOW + 2 * DAY) == (False, ["list: https://lists.example/news.opml: too late"])
    assert len(asked) == 3 and listed(load(settings.path, {})) == {"alpha": True}


def test_edits_of_the_file_find_their_table(tmp_path: Path) -> None:
    settings = config(tmp_path, BODY.format("list.opml"))
    written(settings, A)
    lists.sync(settings, NOW)
    with pytest.raises(UsageError, match="of the reading list list"):
        edit.remove_source(settings.path, "alpha")
    edit.enable_source(settings.path, "last", False)
    assert [one.id for one in load(settings.path, {}).sources if not one.enabled] == ["last"]
    edit.remove_source(settings.path, "last")
    assert [one.id for one in load(settings.path, {}).sources] == ["mine", "alpha"]


def test_a_list_is_nothing_else(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`url` and `opml`"):
        config(tmp_path, '[[sources]]\nurl = "https://a.example/"\nopml = "x.opml"\n')


def test_thousands_load_in_no_time(tmp_path: Path) -> None:
    settings = config(tmp_path, BODY.format("list.opml"))
    written(settings, *((f"Feed {n}", f"https://h{n}.example/feed") for n in range(2000)))
    lists.sync(settings, NOW)
    assert len(load(settings.path, {}).sources) == 2002
