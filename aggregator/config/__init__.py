"""config.toml → `Config`. Every error with file, line, key and what to do; all of them at once.

In: the file and the environment. Out: one `Config` of values of `model`, or a ConfigError with all that is
wrong. Start reading at `load`; `model` is the shape of the file.
"""

from __future__ import annotations

from aggregator.config.changes import sweeping
from aggregator.config.load import load
from aggregator.config.values import Config

__all__ = ["Config", "load", "sweeping"]
