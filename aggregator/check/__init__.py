"""Checks of an output folder, for `scripts/check-feeds`: what is published there is well-formed, safe,
complete, and agrees. Reads only.
"""

from aggregator.check.folder import folder, notes

__all__ = ["folder", "notes"]
