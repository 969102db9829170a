"""Commands of others: what hangs, prints without end or leaves others behind holds nothing up (R15)."""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path

import pytest

from aggregator import commands
from tests.processes import LONG, until

KEPT = 4000

GIVEN = b'{"on": "story"}' * 20_000  # more than a pipe holds


def shell(words: str) -> tuple[str, ...]:
    return ("/bin/sh", "-c", words)


def _here(text: str) -> tuple[str, ...]:
    return (sys.executable, "-c", text)


@pytest.mark.parametrize(
    ("name", "command", "code", "said"),
    [
        ("reads all", _here(f"import sys; sys.exit(len(sys.stdin.buffer.read()) != {len(GIVEN)})"), 0, b""),
        ("reads nothing", shell("exit 0"), 0, b""),
        ("closes its input", shell("exec <&-; exit 3"), 3, b""),
        ("closes its errors", shell("exec 2>&-; sleep 0.3; cat > /dev/null; exit 4"), 4, b""),
        ("closes all", shell("exec <&- 2>&- >&-; sleep 0.3; exit 5"), 5, b""),
        ("says something", shell("echo no mail today >&2; exit 1"), 1, b"no mail today\n"),
        ("says it at last", shell("cat > /dev/null; echo late >&2; exit 1"), 1, b"late\n"),
        ("prints aside", shell("echo much; exit 0"), 0, b""),
        ("is killed", shell("kill -9 $$"), -9, b""),
        ("leaves one behind", shell("sleep 20 & exit 0"), 0, b""),
        ("leaves one behind, in a session of its own", shell("setsid sleep 20 & exit 0"), 0, b""),
        ("leaves one behind that talks", shell("setsid yes >&2 & echo x; exit 0"), 0, None),
        ("hangs", shell("sleep 20"), None, b""),
        ("hangs, and so do its children", shell("setsid sleep 20 & sleep 20"), None, b""),
        (
            "hangs and does not want to end",
            shell("trap '' TERM INT HUP; sleep 20 & wait; sleep 20"),
            None,
            b"",
        ),
        ("prints without end", shell("exec yes >&2"), None, b""),
    ],
)
def test_R15_a_command_is_over_when_it_is(
    tmp_path: Path, name: str, command: tuple[str, ...], code: int | None, said: bytes | None
) -> None:
    """With what it said, or after its time: here two seconds."""
    looks: list[float] = []

    def overdue() -> bool:
        looks.append(time.monotonic())
        return False

    before = len(os.listdir("/proc/self/fd"))
    started = time.monotonic()
    ended = commands.run(command, GIVEN, tmp_path, 2.0, overdue)
    took = time.monotonic() - started
    assert ended.code == code and said in (None, ended.said)
    assert len(ended.said) <= KEPT and len(os.listdir("/proc/self/fd")) == before
    assert 2.0 <= took < LONG / 2 if code is None else took < 2.0
    assert code is not None or len(looks) > 10, "it shows that it lives"


def test_R16_a_command_ends_with_who_is_asked_to_stop(tmp_path: Path) -> None:
    """After a while, with all that it started in its group."""
    started = time.monotonic()
    words = "sleep 20 & echo $! > child; wait"
    ended = commands.run(shell(words), b"", tmp_path, LONG, lambda: time.monotonic() - started > 0.5)
    assert ended.code is None and time.monotonic() - started < LONG / 2
    child = (tmp_path / "child").read_text().strip()
    until(lambda: _has_ended(child), "what it started has ended")


def _has_ended(process: str) -> bool:
    """Whether it is gone, or waits for somebody to ask how it ended."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return True
    return status.rpartition(")")[2].split()[0] in "ZX"


def test_the_end_of_what_a_command_says_is_kept(tmp_path: Path) -> None:
    """The reason comes last; what is before it takes no memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    words = "head -c 200000000 /dev/zero >&2; echo the reason >&2; exit 1"
    ended = commands.run(shell(words), b"", tmp_path, LONG, lambda: False)
    assert ended.code == 1 and ended.said.endswith(b"the reason\n") and len(ended.said) == KEPT
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 20_000, "kilobytes"
