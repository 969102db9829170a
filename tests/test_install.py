"""What is installed beside the program: units, image, web servers, monitoring; and help about the config."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from aggregator.cli import group
from aggregator.cli.reference import keys
from aggregator.config import load
from aggregator.cycle.report import Collected
from aggregator.errors import UsageError
from aggregator.meters import Meters, Stages, Stored

ROOT = Path(__file__).parent.parent
SCRIPTS = ROOT / "scripts"


def test_install_writes_a_config_that_works_and_folders_that_others_read(tmp_path: Path) -> None:
    done = subprocess.run(
        [SCRIPTS / "install-systemd"],
        env={**os.environ, "DESTDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "nothing was started" in done.stdout
    settings = load(tmp_path / "etc/aggregator/config.toml", {})
    assert (
        str(settings.database) == "/var/lib/aggregator/aggregator.db"
        and str(settings.output) == "/srv/aggregator"
    )
    assert (tmp_path / "srv/aggregator").stat().st_mode & 0o005 == 0o005, (
        "a web server reads what is published"
    )
    assert (tmp_path / "var/lib/aggregator").stat().st_mode & 0o007 == 0, "the database is nobody else's"
    assert (tmp_path / "etc/aggregator/secrets.env").stat().st_mode & 0o007 == 0
    mine = "# mine\n" + (tmp_path / "etc/aggregator/config.toml").read_text()
    (tmp_path / "etc/aggregator/config.toml").write_text(mine)
    timer = subprocess.run(
        [SCRIPTS / "install-systemd", "--timer"],
        env={**os.environ, "DESTDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    for said, takes, leaves in ((done, "service", "cycle.timer"), (timer, "cycle.timer", "service")):
        steps = re.findall(r"not done: systemctl (.*)", said.stdout)
        wanted, other = (f"aggregator{'-' if one[0] == 'c' else '.'}{one}" for one in (takes, leaves))
        assert steps == ["daemon-reload", f"disable --now {other}", f"enable {wanted}", f"restart {wanted}"]
        assert (f"({wanted})" in said.stdout) and (
            ("systemctl reload aggregator" in said.stdout) == (takes == "service")
        ), "a timer has nothing that reloads"
    assert (tmp_path / "etc/aggregator/config.toml").read_text() == mine, "an upgrade leaves the config alone"
    assert (
        subprocess.run([SCRIPTS / "install-systemd", "--bogus"], capture_output=True, check=False).returncode
        == 2
    )


@pytest.mark.parametrize(
    ("name", "kind"), [("aggregator.service", "notify"), ("aggregator-cycle.service", "oneshot")]
)
def test_units_are_hardened(name: str, kind: str) -> None:
    unit = (SCRIPTS / "systemd" / name).read_text()
    assert f"Type={kind}" in unit and "User=aggregator" in unit and "DynamicUser" not in unit
    for line in (
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
        "ReadWritePaths=/srv/aggregator",
        "SystemCallFilter=@system-service",
    ):
        assert re.search(rf"^{re.escape(line)}$", unit, re.M), line
    assert ("WatchdogSec" in unit) == (kind == "notify")


def test_the_image_runs_as_nobody_and_says_whether_it_is_well() -> None:
    image = (SCRIPTS / "docker" / "Dockerfile").read_text()
    assert "USER 65534:65534" in image and "HEALTHCHECK" in image and "notify" in image
    compose = (SCRIPTS / "docker" / "compose.yaml").read_text()
    assert "- ./config:/etc/aggregator:ro" in compose, "a file that is mounted by itself stays the old one"
    assert "read_only: true" in compose and "127.0.0.1:8080:8080" in compose


def test_web_servers_say_each_header_once() -> None:
    nginx = re.sub(r"#.*", "", (SCRIPTS / "web" / "nginx.conf").read_text())
    blocks = re.findall(r"location[^{]*\{((?:[^{}]|\{[^{}]*\})*)\}", nginx)
    proxied = next(block for block in blocks if "proxy_pass" in block)
    assert "add_header" not in proxied, "the daemon says its own"
    files = next(block for block in blocks if "root /srv" in block)
    headers = re.findall(r"add_header (\S+)", files)
    assert len(headers) == len(set(headers)) == 4 and "add_header" not in nginx.replace(files, "")
    assert re.search(r"location = /metrics \{ deny all; \}", nginx)
    caddy = (SCRIPTS / "web" / "Caddyfile").read_text()
    assert caddy.count("{") == caddy.count("}") and "/metrics" in caddy


def test_alerts_and_the_board_ask_for_what_there_is() -> None:
    meters = Meters()
    meters.tick(1)
    meters.cycle(Collected(), 0, 1)
    stages = Stages(meters)
    stages.begin("polling")
    stages.end()
    there = meters.text(
        Stored(True, {"ok": 1}, {"entry": 1}, 1, {"wire_bytes": 1, "saved_bytes": 1})
    ).decode()
    names = set(re.findall(r"^# TYPE (aggregator_\w+)", there, re.M))
    asked = (SCRIPTS / "monitoring" / "alerts.yaml").read_text() + (
        SCRIPTS / "monitoring" / "grafana.json"
    ).read_text()
    for name in set(re.findall(r"aggregator_[a-z_]+", asked)):
        assert name in names or name.removesuffix("_bucket") in names, name
    assert len(json.loads((SCRIPTS / "monitoring" / "grafana.json").read_text())["panels"]) == 8


def test_the_distribution_has_a_name_of_its_own() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["name"] == "feed-aggregator" and "aggregator" in project["project"]["scripts"]
    assert {"Homepage", "Changelog"} <= set(project["project"]["urls"])
    data = project["tool"]["setuptools"]["package-data"]["aggregator"]
    for path in (ROOT / "aggregator" / "data").rglob("*"):
        relative = path.relative_to(ROOT / "aggregator")
        assert path.is_dir() or any(relative.match(one) for one in data) or path.suffix == ".pyc", relative


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["config", "topics.learn"], "topics.learn  true | false, default false"),
        (["config", "digest"], '"daily" | "weekly"'),
        (["config", "poll"], "poll.interval  such as"),
        (["config"], "hooks.run"),
        (["sources", "pause"], "Poll these sources no more"),
        (["status"], "worst first"),
        ([], "Every day"),
    ],
)
def test_help(words: list[str], said: str) -> None:
    done = CliRunner().invoke(group, ["help", *words], standalone_mode=False)
    assert done.exception is None and said in done.output, done.output


@pytest.mark.parametrize(
    ("words", "said"), [(["config", "lern"], 'did you mean "learn"'), (["nothing"], "no command")]
)
def test_help_of_nothing(words: list[str], said: str) -> None:
    done = CliRunner().invoke(group, ["help", *words], standalone_mode=False)
    assert isinstance(done.exception, UsageError) and said in str(done.exception)


def test_every_key_says_what_it_may_be() -> None:
    assert len(keys()) > 60 and all("." in key for key in keys())
