"""The errors that aggregator raises on purpose. All of them are one line, meant for a person.

AggregatorError
├── ConfigError     config.toml (or a file that it names) does not say what it must        exit 2
├── UsageError      a command was called with something that can't be meant                exit 2
│   └── NoConnectionError  … an address where nobody answers, or not securely
├── LockedError     another cycle holds the lock                                           exit 75
├── Stopped         we were asked to stop, and left what was in hand                        exit 0
├── StoreError      the database can't be used as it is                                    exit 2
└── PublishError    the output folder can't be written                                     exit 2

Trouble with one source is never raised: it travels as a `model.Failure` inside the value that the source's
step returns.
"""

from __future__ import annotations


class AggregatorError(Exception):
    """Base of all errors that are shown as one line instead of a traceback. Exit code 1 is kept for bugs."""

    exit_code = 2


class ConfigError(AggregatorError):
    """One or more problems in the configuration, a line each, in `file:line: key: what to do` form."""


class UsageError(AggregatorError):
    """A command was called with an argument that names nothing or makes no sense."""


class NoConnectionError(UsageError):
    """Nobody answers at that address, or not securely."""


class LockedError(AggregatorError):
    """Another cycle is running on this database (EX_TEMPFAIL, so that cron jobs can tell)."""

    exit_code = 75


class Stopped(AggregatorError):
    """Work was left because we were asked to stop. Nothing is lost: the next cycle goes on from there."""

    exit_code = 0


class StoreError(AggregatorError):
    """The database is missing, damaged, foreign, newer than this program, or can't be written."""


class PublishError(AggregatorError):
    """The output folder can't be written; what stood there is intact."""
