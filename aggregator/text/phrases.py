"""Numbers as people say them."""

from __future__ import annotations


def span(seconds: int) -> str:
    """A duration: "45 s", "1.5 h", "3 d"."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if abs(seconds) >= size:
            return (
                f"{seconds / size:.2g} {unit}"
                if abs(seconds) < 10 * size
                else f"{round(seconds / size)} {unit}"
            )
    return f"{seconds} s"
