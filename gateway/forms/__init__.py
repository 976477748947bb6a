"""The contract of a form: one file each, declared in English, found by `discovery.find(forms, "FORM")`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from gateway.content import Decision, FilledForm, Letter, Reading
from gateway.facts import ReferralNumber
from gateway.ports import Situation
from gateway.treaty import Role


class FieldKind(StrEnum):
    """How a field is written and read."""

    LINE = "line"  # one line of free text
    TEXT = "text"  # a block of free text
    CHOICE = "choice"  # one of `choices`
    DATE = "date"  # ISO 8601 or what people write; kept as YYYY-MM-DD
    TICKS = "ticks"  # boxes, one per choice
    UIMS = "uims"  # one UIM a line
    EXCHANGE = "exchange"  # number of an exchange or a referral
    PARTY = "party"  # a Party's name in any of the languages, or its code


@dataclass(frozen=True, slots=True)
class Choice:
    """A fixed value: `name` is what is stored and stands in JSON, `label` its English message id."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `label` is the English message id that renders *and* reads it; `hint` helps the writer."""

    name: str
    label: str
    kind: FieldKind
    choices: tuple[Choice, ...] = ()
    required: bool = False
    hint: str = ""
    offered: bool = False  # a blank line names what can be chosen, also where the field is not required
    part: str = ""  # of a form in several parts: a letter that names a field of one part brings that part only
    quiet: bool = False  # written only where it has a value


@dataclass(frozen=True, slots=True)
class Form:
    """A form: its title (message id of the word after `GSP`), its fields, who may send it, what follows.

    `group` are the fields of a repeated block; the first of them begins a new block. `carry` makes
    the letter that brings this form's content to the other side of a referral, again if need be.
    """

    name: str
    title: str
    fields: tuple[Field, ...]
    senders: frozenset[Role]
    decide: Callable[[Situation], Decision]
    group: tuple[Field, ...] = ()
    carry: Callable[[Situation, Reading, ReferralNumber], Letter] | None = None
    summary: str = ""
    opens_exchange: bool = False  # its decision may use the number drawn for a new exchange
    opened_by: str = ""  # or only where this field says yes
    blocks: str = "answers"  # what its JSON calls the blocks
    takes_keys: bool = False  # attached or pasted keys and certificates are for it; any other form ignores them
    takes_files: tuple[str, ...] = ()  # as which files' names end that are for it

    def opens(self, filled: FilledForm) -> bool:
        """Whether a number is drawn for a new exchange before it decides."""
        return self.opens_exchange or (bool(self.opened_by) and filled.get(self.opened_by) == "yes")
