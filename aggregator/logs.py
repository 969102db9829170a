"""The log of the daemon: text or JSON, a line an event, on the standard error (`[log]` of the config)."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Literal

Format = Literal["text", "json"]
Level = Literal["debug", "info", "warning", "error"]
LOGGER = logging.getLogger("aggregator")


def printable(text: str) -> str:
    """Control characters of feed data can't forge another line (S22)."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return printable(record.getMessage())


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        said = {"time": at, "level": record.levelname.lower(), "message": printable(record.getMessage())}
        return json.dumps(said | getattr(record, "fields", {}), ensure_ascii=False)


class _Here(logging.Handler):
    """The standard error as it is when something is said, not as it was when the log began. Where that can't
    be written (its disk is full, its reader has gone) the line is lost, and the work goes on.
    """

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):
            print(self.format(record), file=sys.stderr, flush=True)


def begin(form: Format = "text", level: Level = "info") -> None:
    """Send what is logged from here on there; called again after the config changed."""
    handler = _Here()
    handler.setFormatter(_Json() if form == "json" else _Text())
    LOGGER.handlers[:] = [*(one for one in LOGGER.handlers if not isinstance(one, _Here)), handler]
    LOGGER.propagate = False
    LOGGER.setLevel(level.upper())


def say(text: str, level: Level = "info", **fields: object) -> None:
    """`fields`: what a program reads of it, in JSON."""
    if not any(isinstance(one, _Here) for one in LOGGER.handlers):
        begin()
    LOGGER.log(getattr(logging, level.upper()), text, extra={"fields": fields})
