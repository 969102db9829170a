"""Checks of an output folder, for `scripts/check-feeds`: what is published there is well-formed, safe,
complete, and agrees. Reads only.

In: the folder. Out: findings, a line each. Start reading at `folder`.
"""

from aggregator.check.folder import folder, notes

__all__ = ["folder", "notes"]
