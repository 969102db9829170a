"""The states of health that a source may be in: a table, for all who tell of them. `health` decides which it
is.

What is added here is told of everywhere: `status`, its page, the notices and the hooks (`model.State` names
it for type checkers).
"""

from __future__ import annotations

from typing import Literal, get_args

from aggregator.model import State
from aggregator.records import dataclass


@dataclass(frozen=True, slots=True)
class Condition:
    """A state in words: of a notice (`it …`), and what is to be done about it."""

    name: State
    said: str
    advice: str
    colour: str = ""  # on a terminal
    is_trouble: bool = False  # hooks are told when a source comes to it
    here: str = ""  # what is to be done about a file on this machine, where that is something else
    is_failure: bool = False  # nothing is to be had from it: `/healthz` counts these


# fmt: off
CONDITIONS = (  # the worst first
    Condition("gone", "is gone", "The server says that it is gone for good (410). Remove it: `aggregator sources remove ID`.", "red", True, is_failure=True),
    Condition("blocked", "blocks us", "It does not let feed readers in. Ask the site to, or give credentials in `headers`; else remove it.", "red", True, is_failure=True),
    Condition("failing", "fails", "Look at its address in a browser; if it stays so, remove it or give its new address.", "red", True,
              here="If it stays so, remove the source or give its new `path`.", is_failure=True),
    Condition("silent", "is silent", "It answers but brings nothing new, for much longer than is usual for it. It may have moved without saying so.", "yellow", True),
    Condition("slow", "asks for patience", "The server asked us to come more rarely; we do. Nothing to do.", "yellow"),
    Condition("moved", "has moved", "Its new address is used already; `aggregator sources update` writes it into config.toml.", "cyan"),
    Condition("new", "is new", "It was not polled yet."),
    Condition("ok", "is back", "It is back; nothing to do."),
)
# fmt: on
BY_NAME = {one.name: one for one in CONDITIONS}
assert BY_NAME.keys() == set(get_args(State))

Shown = State | Literal["disabled"]
# Disabled by the config is no state of health, and least of all trouble.
WORST_FIRST: tuple[Shown, ...] = (*BY_NAME, "disabled")
