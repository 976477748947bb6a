"""The contract of a repair: one client's or server's damage each, MIME tree to MIME tree, pure.

A repair is idempotent, leaves every other mail alone, and never joins clear and encrypted parts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.content import MimePart


@dataclass(frozen=True, slots=True)
class Repair:
    """`where`: "outside" (before decryption) or "inside"; `mend` gives the mended tree or the same one."""

    where: str
    mend: Callable[[MimePart], MimePart]
