"""How the pages look, as a short text to compare: the templates and the style sheet, without what renders
them.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path


@functools.cache
def design() -> str:
    """Changes whenever a template or the style sheet does: every page is then printed anew, or the policy
    would forbid its old style.
    """
    files = sorted(Path(__file__).with_name("templates").iterdir())
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
