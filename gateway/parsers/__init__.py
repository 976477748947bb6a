"""The contract of a parser: a large library reads a stranger's file in a process that can do nothing else.

One module, one `PARSER`: octets to a JSON object. `python -m gateway.parsers NAME` is that process: octets on its
standard input, `{"trouble": "", "content": ...}` on its standard output. gateway/parsing.py starts it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Parser = Callable[[bytes], dict[str, Any]]


class Unreadable(Exception):
    """The file cannot be read. `trouble`: "encrypted", "broken" or "too much"; no text of the file."""

    def __init__(self, trouble: str) -> None:
        super().__init__(trouble)
        self.trouble = trouble
