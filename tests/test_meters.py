"""What Prometheus and the log are told, who may ask, and how long a search may take."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from prometheus_client.parser import text_string_to_metric_families

from aggregator import cycle, fold, logs
from aggregator.cli import livepages, service
from aggregator.cli.livepages import Holder, StorePages
from aggregator.cycle.report import Collected
from aggregator.meters import Meters, Stages, Stored
from aggregator.model import Failure, SourceState, State
from aggregator.render.pages import Results
from aggregator.store import open_reader, open_writer
from aggregator.web import Application
from tests.helpers import NOW, config, entry, put

IDLE = 3600
SEARCH_TERMS = 30


def read(text: bytes) -> dict[str, float]:
    """`name{label}` → value."""
    return {
        f"{one.name}{''.join(one.labels.values()) and '{' + ','.join(one.labels.values()) + '}'}": one.value
        for family in text_string_to_metric_families(text.decode())
        for one in family.samples
    }


def test_dates_are_exact_and_counters_say_why() -> None:
    meters = Meters()
    collected = Collected(
        due=3, ok=1, not_modified=1, failed=1, new=4, updated=2, failures=[("a", Failure("timeout", "x"))]
    )
    meters.tick(1_795_652_105)
    meters.cycle(collected, 7, 1_795_652_111)
    stages = Stages(meters)
    stages.begin("polling")
    stages.begin("folding")
    stages.end()
    found = read(
        meters.text(Stored(True, {"ok": 2, "gone": 1}, {"entry": 9}, 1_795_652_105, {"requests": 5}))
    )
    assert (
        found["aggregator_last_poll_timestamp_seconds"]
        == found["aggregator_last_tick_timestamp_seconds"]
        == 1_795_652_105
    )
    assert found["aggregator_last_cycle_timestamp_seconds"] == 1_795_652_111
    assert (
        found["aggregator_sources{gone}"] == 1
        and found["aggregator_stored{entry}"] == 9
        and found["aggregator_up"] == 1
    )
    assert (
        found["aggregator_poll_failures_total{timeout}"] == 1
        and found["aggregator_polls_total{not_modified}"] == 1
    )
    assert found["aggregator_entries_total{new}"] == 4 and found["aggregator_files_written_total"] == 7
    assert found["aggregator_stage_seconds_count{folding}"] == 1 and "aggregator_week_requests" in found
    assert read(meters.text(Stored(up=False)))["aggregator_up"] == 0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Any:
    settings = config(tmp_path_factory.mktemp("meters"), '[[sources]]\nid = "a"\npath = "none.txt"\n')
    with open_writer(settings.database) as store:
        put(
            store,
            *(entry("a", str(n), f"Ferry number{n} sails", "word " * 50, at=NOW - n) for n in range(40)),
        )
        cycle.run(settings, store, None, NOW)
        with store.transaction() as writer:
            writer.run("UPDATE source SET next_poll = ?", (NOW + 600,))
    return settings


def ask(
    settings: Any,
    path: str,
    meters: Meters | None = None,
    public: bool = False,
    environ: dict[str, str] | None = None,
) -> tuple[str, bytes]:
    application = Application(
        settings.output,
        StorePages(Holder(settings), meters or Meters(), lambda: NOW + 60),
        settings.site.base_url,
        public_metrics=public,
    )
    path, _, text = path.partition("?")
    status, _, body = application.answer(
        {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": text,
            "REMOTE_ADDR": "127.0.0.1",
            **(environ or {}),
        }
    )
    return status, body


@pytest.mark.parametrize(
    ("name", "environ", "public", "status"),
    [
        ("this machine", {}, False, "200"),
        ("this machine, IPv6", {"REMOTE_ADDR": "::1"}, False, "200"),
        ("this machine, as IPv6 says it", {"REMOTE_ADDR": "::ffff:127.0.0.1"}, False, "200"),
        ("another machine", {"REMOTE_ADDR": "192.0.2.1"}, False, "404"),
        ("a proxy", {"HTTP_X_FORWARDED_FOR": "192.0.2.1"}, False, "404"),
        ("a proxy, otherwise", {"HTTP_FORWARDED": "for=x"}, False, "404"),
        ("another machine, as configured", {"REMOTE_ADDR": "192.0.2.1"}, True, "200"),
    ],
)
def test_metrics_are_for_this_machine(
    site: Any, name: str, environ: dict[str, str], public: bool, status: str
) -> None:
    assert ask(site, "/metrics", public=public, environ=environ)[0].startswith(status), name


@pytest.mark.parametrize(("idle", "ok"), [(IDLE - 1, True), (IDLE, False), (None, True)])
def test_R18_health_is_bad_when_nothing_looks_at_what_is_due(site: Any, idle: int | None, ok: bool) -> None:
    meters = Meters()
    if idle is not None:
        meters.tick(NOW + 60 - idle)
    status, body = ask(site, "/healthz", meters)
    assert json.loads(body)["ok"] == ok and status.startswith("200" if ok else "503")


@pytest.mark.parametrize(("late", "ok"), [(6 * 3600 - 1, True), (6 * 3600, False)])
def test_R18_health_is_bad_when_a_source_is_overdue_for_six_hours(late: int, ok: bool) -> None:
    record = livepages._health_record([SourceState(polled=NOW, next_poll=NOW - late)], None, NOW)
    assert (record["ok"], record["oldest_overdue_seconds"]) == (ok, late)


def test_health_counts_the_sources_that_nothing_is_had_from() -> None:
    polled = [SourceState(polled=NOW, state=state) for state in get_args(State)]
    assert livepages._health_record(polled, None, NOW)["failing"] == len(("gone", "blocked", "failing"))


def test_a_search_has_bounds(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    many = "+OR+".join(f"w{n}" for n in range(SEARCH_TERMS + 1))
    assert ask(site, f"/search?q={many}")[0].startswith("400") and ask(
        site, f"/search?q={many.rpartition('+OR+')[0]}"
    )[0].startswith("200")
    assert ask(site, "/search?q=source:a")[0].startswith("200")
    monkeypatch.setattr(livepages, "SEARCH_SECONDS", -1.0)
    assert ask(site, "/search?q=source:a")[0].startswith("503")


@pytest.mark.parametrize(
    ("stories", "counted", "is_all"), [(499, 499, True), (500, 500, True), (501, 500, False)]
)
def test_so_many_results_of_a_search_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stories: int, counted: int, is_all: bool
) -> None:
    monkeypatch.setattr(livepages, "SEARCH_SECONDS", 60.0)
    settings = config(tmp_path, '[[sources]]\nid = "a"\npath = "none.txt"\n')
    with open_writer(settings.database) as store:
        put(store, *(entry("a", f"{n}", f"Ferry w{n}x meets k{n}y", at=NOW - n) for n in range(stories)))
        fold.fold(store, fold.Windows(), {})
    live = StorePages(Holder(settings), Meters(), lambda: NOW)
    with open_reader(settings.database) as store:
        shown = live._results(store, Results("ferry"), 50)
    assert (shown.total, shown.whole, shown.last, len(shown.items)) == (counted, is_all, 10, 50)


def test_the_page_of_a_source_shows_thirty_items(site: Any) -> None:
    assert ask(site, "/source-a.html")[1].count(b"Ferry number") == 30


@pytest.fixture
def fresh() -> Iterator[None]:
    handlers, level = logs.LOGGER.handlers[:], logs.LOGGER.level
    yield
    logs.LOGGER.handlers[:] = handlers
    logs.LOGGER.setLevel(level)


def test_the_log_as_text_and_as_json(fresh: None, capsys: pytest.CaptureFixture[str]) -> None:
    logs.begin("text", "info")
    logs.say("one\nline", "warning")
    logs.say("not told", "debug")
    logs.begin("json", "warning")
    logs.say("not told")
    logs.say("a failed", "error", source="a")
    first, second = capsys.readouterr().err.splitlines()
    assert first == "one\\nline"
    said = json.loads(second)
    assert said.pop("time").endswith("Z") and said == {"level": "error", "message": "a failed", "source": "a"}
    assert logging.getLogger("aggregator").propagate is False


def test_R7_a_log_on_a_full_disk_ends_nothing_and_goes_on_when_there_is_room(
    fresh: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log.txt"
    with log.open("w") as room:
        full = os.open("/dev/full", os.O_WRONLY)
        good = os.dup(room.fileno())
        os.dup2(full, room.fileno())
        monkeypatch.setattr("sys.stderr", room)
        logs.say("while the disk is full")
        os.dup2(good, room.fileno())
        logs.say("when there is room")
        for number in (full, good):
            os.close(number)
    assert log.read_text().splitlines()[-1] == "when there is room"


def _answers(failing: str = "", *answering: str) -> Collected:
    """`failing`: "source: what went wrong"."""
    source, _, detail = failing.partition(": ")
    failures = [(source, Failure("http", detail))] if failing else []
    return Collected(due=len(failures) + len(answering), answered=set(answering), failures=failures)


def test_R19_trouble_is_told_aloud_when_it_begins_changes_and_ends(
    fresh: None, capsys: pytest.CaptureFixture[str]
) -> None:
    troubles = service.Troubles()
    for collected, expected in (
        (_answers("a: gone"), "a: http: gone\n"),
        (_answers("a: gone"), ""),
        (_answers(), ""),  # nothing was due
        (_answers("", "b"), ""),  # it was not asked
        (_answers("a: gone", "b"), ""),
        (_answers("a: busy"), "a: http: busy\n"),
        (_answers("", "a", "b"), "a: answers again\n"),
        (_answers("", "a"), ""),
        (_answers("a: busy"), "a: http: busy\n"),
    ):
        troubles.tell_failures(collected)
        assert capsys.readouterr().err == expected
    for where, words, told in (
        ("lists", ["no list"], "no list\n"),
        ("cycle", ["no list", "full"], "no list\nfull\n"),
        ("lists", ["no list", "too long"], "too long\n"),
        ("cycle", ["full"], ""),
        ("cycle", [], ""),
        ("cycle", ["full"], "full\n"),
    ):
        troubles.tell(where, words)
        assert capsys.readouterr().err == told


def test_R19_a_cycle_is_one_line(fresh: None, capsys: pytest.CaptureFixture[str]) -> None:
    report = cycle.Report(
        NOW, seconds=0.25, collected=Collected(due=5, ok=1, not_modified=2, failed=1, new=3)
    )
    service._log_cycle(report)
    expected = "cycle 0.2 s: 4 polled, 1 with news to read, 1 failed; 3 new entries, 0 files written\n"
    assert capsys.readouterr().err == expected
