"""The contract of an attachment kind: octets to lines of UIMs or to a form, with findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.content import ClearValue, Finding, MimePart, Uim


@dataclass(frozen=True, slots=True, repr=False)
class AttachmentReading(ClearValue):
    """What an attachment held: UIMs, or the octets of a whole form (JSON), and findings.

    `table`: the rows of a table with headings, with the line on which each begins, for a form whose labels they are.
    """

    uims: tuple[Uim, ...] = ()
    document: bytes = b""
    table: tuple[tuple[int, tuple[str, ...]], ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """One kind: `accepts` looks at media type and name, `read` at the content."""

    accepts: Callable[[MimePart], bool]
    read: Callable[[MimePart], AttachmentReading]
