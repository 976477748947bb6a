"""The contract of an attachment kind: octets to lines of UIMs or to a form, with findings.

A kind whose format only a large library reads is a `Foreign` one: the library runs in a process of its own
(gateway/parsers/), and the kind gets what came out of that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gateway.content import ClearValue, Finding, MimePart, Photograph, Text, Uim


@dataclass(frozen=True, slots=True, repr=False)
class AttachmentReading(ClearValue):
    """What an attachment held: UIMs, or the octets of a whole form (JSON), and findings.

    `table`: the rows of a table with headings, with the line on which each begins, for a form whose labels they are;
    `unlike`: by line and column, what to say of a cell of the table where a UIM should stand. `remarks` hold however
    the file is read, `findings` only where it is a list. `where`: what it is called in findings, "" the file's name.
    `more`: the other sheets of the file. `gave_up`: it was too much; no other such file of the mail is opened.
    """

    uims: tuple[Uim, ...] = ()
    document: bytes = b""
    table: tuple[tuple[int, tuple[str, ...]], ...] = ()
    findings: tuple[Finding, ...] = ()
    remarks: tuple[Finding, ...] = ()
    unlike: Mapping[tuple[int, int], Text] = field(default_factory=dict)
    where: str = ""
    more: tuple[AttachmentReading, ...] = ()
    gave_up: bool = False
    pictures: tuple[Photograph, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """One kind: `accepts` looks at media type and name, `read` at the content. `dear`: it costs a process.

    `forms`: the only forms that it is read for, by name, "" a mail without a title; none named: for every form.
    """

    accepts: Callable[[MimePart], bool]
    read: Callable[[MimePart], AttachmentReading]
    dear: bool = False
    forms: frozenset[str] = frozenset()


class Trouble(StrEnum):
    """Why a parser gave nothing."""

    NONE = ""
    ENCRYPTED = "encrypted"
    BROKEN = "broken"
    TOO_MUCH = "too much"  # of memory, of time, or the process died


@dataclass(frozen=True, slots=True, repr=False)
class Parsed(ClearValue):
    """What a parser made of a file: a JSON object as the kind and its parser agree, {} where there was trouble."""

    content: Mapping[str, Any] = field(default_factory=dict)
    trouble: Trouble = Trouble.NONE


# A parser's name (a module of gateway/parsers) and a file's octets; it raises `outcome.Defer` alone.
Parse = Callable[[str, bytes], Parsed]


@dataclass(frozen=True, slots=True)
class Foreign:
    """One kind that needs a library: `parser` names the module of gateway/parsers that `read` gets the result of."""

    accepts: Callable[[MimePart], bool]
    parser: str
    read: Callable[[MimePart, Parsed], AttachmentReading]
    forms: frozenset[str] = frozenset()

    def with_parser(self, parse: Parse) -> Attachment:
        """The kind as the others are."""
        parsed = lambda part: self.read(part, parse(self.parser, part.body))  # noqa: E731
        return Attachment(self.accepts, parsed, True, self.forms)


def joined(found: Mapping[str, Attachment | Foreign], parse: Parse) -> dict[str, Attachment]:
    """All kinds, those that need a library together with what runs it."""
    return {name: kind.with_parser(parse) if isinstance(kind, Foreign) else kind for name, kind in found.items()}
