"""Bars as a plain SVG: what the benchmarks draw."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

ROW, BAR, LEFT, RIGHT = 24, 300, 8, 110  # pixels: a row, the longest bar, and what stands beside it
LETTER = 6.5  # pixels, about


def bars(file: Path, title: str, values: Mapping[str, float], unit: str) -> None:
    """One bar a value, with its name before it and its figure behind it."""
    most = max(values.values(), default=0) or 1
    start = LEFT + LETTER * max(map(len, values), default=0)
    lines = [f'<text x="{LEFT}" y="16" font-weight="bold">{escape(title)}</text>']
    for number, (name, value) in enumerate(values.items(), 1):
        top, long = ROW * number, BAR * value / most
        lines.append(
            f'<text x="{LEFT}" y="{top + 16}">{escape(name)}</text>'
            f'<rect x="{start:.0f}" y="{top + 4}" width="{long:.1f}" height="16" fill="#36c"/>'
            f'<text x="{start + long + 5:.0f}" y="{top + 16}">{figure(value)} {escape(unit)}</text>'
        )
    size = f'width="{start + BAR + RIGHT:.0f}" height="{ROW * (len(values) + 1)}"'
    look = 'font-family="sans-serif" font-size="12"'
    file.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {look}>\n' + "\n".join(lines) + "\n</svg>\n"
    )


def figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
