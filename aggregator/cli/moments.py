"""Times as commands take and print them.

In: Unix times, or what an option says. Out: words, or a Unix time. Start reading at `from_when`.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aggregator.errors import UsageError
from aggregator.text.phrases import moment, span

if TYPE_CHECKING:
    from aggregator.answers import SourceRow


def now() -> int:
    return int(time.time())


def from_when(text: str, present: int, option: str = "--since") -> int:
    """The Unix time of what an option says: a date, or so long ago. Raises UsageError."""
    try:
        at, is_back = moment(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}; write 2026-03-01 or 7d") from None
    return present - at if is_back else at


def rfc3339(at: int | None) -> str | None:
    """UTC, to the second; None stays None."""
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ago(at: int | None, present: int) -> str:
    if at is None:
        return "never"
    return f"{span(present - at)} ago" if at <= present else f"in {span(at - present)}"


PAUSED = "paused: nobody asks it"  # why a source that is not enabled has no next poll


def next_poll(row: SourceRow, present: int) -> str:
    """When a source is asked next, for people."""
    if not row.source.enabled:
        return "–"
    at = row.memory.next_poll
    return "due" if at <= present else f"in {span(at - present)}"


def why_then(row: SourceRow) -> str:
    return row.memory.why if row.source.enabled else PAUSED
