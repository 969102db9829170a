"""What is told by most: in which order, and whether it is news still. The store's choice and the pages agree
by it.
"""

LATELY = 3 * 86_400  # seconds before the newest


def order(tellers: int, last: int, newest: int) -> tuple[bool, int, int]:
    """To sort events by: told by most first, below what is told by several now what was told by most earlier.
    `last`: when it was told last; `newest`: the same of all of them.
    """
    return not is_lately(last, newest), -tellers, -last


def is_lately(last: int, newest: int) -> bool:
    """Whether it was told in the same days as the newest."""
    return last >= newest - LATELY
