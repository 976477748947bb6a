"""The base of every value that holds clear text (content.py): it cannot be printed, formatted, logged or pickled."""

from __future__ import annotations

from typing import NoReturn


class ClearValue:
    """Base of all clear values: shows its type and nothing else."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: clear text>"

    __str__ = __repr__

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError("clear text is not formatted")

    def __reduce__(self) -> NoReturn:
        raise TypeError("clear text is not pickled")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("clear text is not pickled")
