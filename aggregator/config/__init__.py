"""config.toml → `Config`. Every error with file, line, key and what to do; all of them at once."""

from __future__ import annotations

from aggregator.config.changes import sweeping
from aggregator.config.load import Config, load

__all__ = ["Config", "load", "sweeping"]
