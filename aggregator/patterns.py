"""Regular expressions that cost nothing until they are used: a command that needs three of them does not
compile two hundred.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


def lazy(pattern: AnyStr, flags: int | re.RegexFlag = 0) -> re.Pattern[AnyStr]:
    """What `re.compile` gives, for a module's own patterns; compiled when the first of its methods is called.
    Not for the functions of `re`, which take none but real ones.
    """
    return cast("re.Pattern[AnyStr]", _Lazy(pattern, flags))


class _Lazy:
    """Keeps each method that was asked for, so that the next call finds it at once."""

    def __init__(self, pattern: Any, flags: int | re.RegexFlag) -> None:
        self._written = pattern, flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(re.compile(*self._written), name)
        setattr(self, name, found)
        return found
