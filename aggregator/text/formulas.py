"""MathML → HTML that every reader shows and every validator takes: x² as x<sup>2</sup>, a fraction as a/b.

The W3C validator warns of MathML in content of type "html" ("Non-html tag"), and half of all readers drop it.
"""

from __future__ import annotations

import html

from aggregator.patterns import lazy
from aggregator.records import dataclass, field

MAX_DEPTH = 30  # of elements in one formula; what is deeper is shown on one line

_TOKEN = lazy(r"<(/?)(?:[\w-]+:)?([A-Za-z][\w-]*)[^<>]*?(/?)>|([^<]+)|<")
_WORDS = frozenset({"mi", "mtext", "ms"})
_LEAVES = _WORDS | {"mn", "mo"}
_DROPPED = frozenset({"annotation", "annotation-xml"})  # the same again, for programs


@dataclass
class _Node:
    name: str
    children: list[_Node] = field(default_factory=list)
    text: str = ""


def shown(formula: str, alternative: str = "") -> str:
    """What stands between `<math>` and `</math>` as HTML; the alternative text where there is nothing."""
    return _joined(_parsed(formula).children) or html.escape(alternative, quote=False)


def _parsed(formula: str) -> _Node:
    root = _Node("mrow")
    path = [root]
    for slash, name, closed, text in _TOKEN.findall(formula):
        tag = name.lower()
        if text:
            _add_text(path[-1], text)
        elif slash and tag in (names := [node.name for node in path[1:]]):
            del path[len(names) - names[::-1].index(tag) :]
        elif tag and not slash:
            node = _Node(tag)
            path[-1].children.append(node)
            if not closed and len(path) < MAX_DEPTH:
                path.append(node)
    return root


def _add_text(node: _Node, text: str) -> None:
    if node.name in _LEAVES:
        node.text += text
    elif text.strip():
        node.children.append(_Node("mtext", text=text))


def _joined(nodes: list[_Node]) -> str:
    """Words apart, everything else side by side: `sin x`, but `2x`."""
    line, after_word = "", False
    for node in nodes:
        piece = _html(node)
        if piece:
            apart = bool(line) and (after_word or _is_word(node)) and _touch(line, piece)
            line += f" {piece}" if apart else piece
            after_word = _is_word(node)
    return line


def _is_word(node: _Node) -> bool:
    return node.name in _WORDS and len(node.text.strip()) > 1


def _touch(left: str, right: str) -> bool:
    return left[-1] not in " (" and right[0] not in " ),;"


def _html(node: _Node) -> str:
    name, parts = node.name, node.children
    if name in _DROPPED:
        return ""
    if name in _LEAVES:
        return _sign(node) + _joined(parts)
    if name == "mspace":
        return " "
    if name == "msqrt":
        return f"√({_joined(parts)})"
    if name in _STACKED and len(parts) == 2:
        return _STACKED[name](*parts)
    if name in _SCRIPTS and len(parts) == len(_SCRIPTS[name]) + 1:
        scripts = zip(_SCRIPTS[name], parts[1:], strict=True)
        return _html(parts[0]) + "".join(f"<{tag}>{_html(part)}</{tag}>" for tag, part in scripts)
    if name in _LISTS:
        return _LISTS[name].join(filter(None, map(_html, parts)))
    return _joined(parts)


_SCRIPTS = {
    "msup": ("sup",), "msub": ("sub",), "msubsup": ("sub", "sup"), "mover": ("sup",), "munder": ("sub",), "munderover": ("sub", "sup"),
}  # fmt: skip


_LISTS = {"mtable": "; ", "mtr": ", ", "mlabeledtr": ", "}


def _fraction(over: _Node, under: _Node) -> str:
    return f"{_grouped(over)}/{_grouped(under)}"


def _root(of: _Node, degree: _Node) -> str:
    return f"<sup>{_html(degree)}</sup>√({_html(of)})"


_STACKED = {"mfrac": _fraction, "mroot": _root}


def _sign(node: _Node) -> str:
    return html.escape(html.unescape(" ".join(node.text.split())), quote=False)


def _grouped(node: _Node) -> str:
    """In brackets where more than one sign stands above or below a line."""
    piece = _html(node)
    return piece if len(node.children) < 2 else f"({piece})"
