"""How commands print data: as a table, as JSON, numbers with their nouns.

In: rows of text. Out: lines on stdout. Start reading at `table`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from aggregator.records import dataclass

if TYPE_CHECKING:
    from rich.text import Text


def counted(number: int, noun: str) -> str:
    """`1 source`, `2 sources`; `1 new entry`, `2 new entries`."""
    several = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number} {noun if number == 1 else several}"


def print_json(value: Any) -> None:
    """In UTF-8, or with escapes where something else is wanted."""
    is_unicode = sys.stdout.encoding.lower() == "utf-8"
    click.echo(json.dumps(value, ensure_ascii=not is_unicode))


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    wrap: bool = False,
    styles: Sequence[str] = (),
) -> None:
    """A table on stdout that fits the terminal, its last column wrapped or cut; piped, tab-separated and
    whole, for `cut` and `awk`. `styles`: of each row, on a terminal with colours (not with NO_COLOR).
    """
    found = list(rows)
    if not sys.stdout.isatty():
        click.echo("".join(f"{_piped(row)}\n" for row in (columns, *found)), nl=False)  # one write for all
    else:
        _on_terminal(columns, found, wrap, styles)


def _on_terminal(
    columns: Sequence[str], rows: Sequence[Sequence[str]], wrap: bool, styles: Sequence[str]
) -> None:
    from rich.console import Console
    from rich.segment import Segment, Segments

    console = Console()
    lines = _laid_out(columns, rows, console.width, wrap, styles)
    # All of them at once: a line takes rich a tenth of the time that it takes by itself.
    segments = (Segment(f"{line.plain}\n", console.get_style(line.style or "none")) for line in lines)
    console.print(Segments(segments), end="")


def _piped(row: Sequence[str]) -> str:
    """A line for `cut` and `awk`."""
    line = "\t".join(row)
    if line.count("\t") < len(row) and "\n" not in line:
        return line
    return "\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in row)


NARROW, WIDEST = 24, 26  # characters: less is no room for the last column; more is too much for another one
INDENT = 4  # of a last column that stands below


def _laid_out(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int,
    wrap: bool,
    styles: Sequence[str] = (),
) -> Iterator[Text]:
    """A table's lines, the columns' names first."""
    from rich.text import Text

    layout = _Layout.of(columns, rows, width, wrap)
    for line in layout.heading(columns):
        yield Text(line.rstrip(), style="bold")
    for row, style in zip(rows, styles or [""] * len(rows), strict=True):
        yield from (Text(line.rstrip(), style=style) for line in layout.lines(row))


@dataclass(frozen=True, slots=True)
class _Layout:
    """The last column takes what the others leave; where that is too little, it stands below them."""

    widths: Sequence[int]  # cells of each column but the last
    is_below: bool
    room: int  # cells of a line of the last column
    wrap: bool

    @classmethod
    def of(cls, columns: Sequence[str], rows: Sequence[Sequence[str]], width: int, wrap: bool) -> _Layout:
        from rich.cells import cell_len

        lengths = ([cell_len(cell) for cell in row[:-1]] for row in (columns, *rows))
        widths = [min(WIDEST, max(column)) for column in zip(*lengths, strict=True)]
        room = width - _used(widths)
        is_below = room < NARROW and any(cell_len(row[-1]) > room for row in rows)
        return cls(widths, is_below, max(1, width - INDENT) if is_below else room, wrap)

    def heading(self, columns: Sequence[str]) -> list[str]:
        return [_fitted(columns, self.widths)] if self.is_below else self.lines(columns)

    def lines(self, row: Sequence[str]) -> list[str]:
        others, last = _fitted(row, self.widths), _in_lines(row[-1], self.room, self.wrap)
        if self.is_below:
            return [others, *(" " * INDENT + line for line in last if line)]
        return [f"{others}  {last[0]}", *(" " * _used(self.widths) + line for line in last[1:])]


def _used(widths: Sequence[int]) -> int:
    """Cells of a line that all columns but the last take."""
    return sum(widths) + 2 * len(widths)


def _fitted(row: Sequence[str], widths: Sequence[int]) -> str:
    from rich.cells import set_cell_size

    return "  ".join(set_cell_size(_cut(cell, size), size) for cell, size in zip(row, widths, strict=False))


def _in_lines(cell: str, room: int, wrap: bool) -> list[str]:
    if not wrap:
        return [_cut(cell, room)]
    import textwrap

    fits = len(cell) <= room and cell.isprintable()
    return [cell] if fits else textwrap.wrap(cell, room) or [""]


def _cut(cell: str, room: int) -> str:
    from rich.cells import cell_len, set_cell_size

    return cell if cell_len(cell) <= room else set_cell_size(cell, room - 1) + "…"
