"""Reads a table whose headings are the labels of a form's block: one row, one block (exchange.md, 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.content import Block, Finding, Severity, Text, text
from gateway.forms import Field, FieldKind, Form
from gateway.forms._grammar import Vocabulary
from gateway.identifiers.written import read_uim

Row = tuple[int, Sequence[str]]  # the line on which it begins, and its cells

_NO_WORD = text("“{got}” was not understood here. Write one of the words of the form.")


def read_table(
    rows: Sequence[Row], form: Form, vocabulary: Vocabulary, where: str, unlike: Mapping[tuple[int, int], Text]
) -> tuple[tuple[Block, ...], tuple[Finding, ...]] | None:
    """The rows in which something is filled in, as blocks of the form; None: these are not its headings.

    The heading of the first field and of one with fixed values must be there: a list of UIMs has neither. `unlike`
    says what is wrong with cells, by line and column, where a UIM should stand.
    """
    columns = _columns(rows[0][1], form, vocabulary) if rows else {}
    if form.group[0] not in columns.values() or not any(field.choices for field in columns.values()):
        return None
    place = next(place for place, field in columns.items() if field is form.group[0])
    blocks: list[Block] = []
    findings: list[Finding] = []
    for number, row in rows[1:]:
        values = {columns[at].name: cell.strip() for at, cell in enumerate(row) if at in columns}
        code = values.pop(form.group[0].name, "")
        if not any(values.values()):
            continue
        uim = unlike.get((number, place)) or read_uim(code)
        if isinstance(uim, Text):
            findings.append(Finding(uim, Severity.PART, where, number, code, form.group[0].name))
            continue
        for field in columns.values():
            if field.kind is FieldKind.CHOICE and values.get(field.name):
                values[field.name] = _word(values[field.name], field, vocabulary, findings, where, number)
        blocks.append(Block({form.group[0].name: uim, **values}, number, where))
    return tuple(blocks), tuple(findings)


def _word(written: str, field: Field, vocabulary: Vocabulary, findings: list[Finding], where: str, number: int) -> str:
    name = vocabulary.choice(field, written)
    if not name:
        findings.append(Finding(text(_NO_WORD.message, got=written), Severity.PART, where, number, written, field.name))
    return name


def _columns(headings: Sequence[str], form: Form, vocabulary: Vocabulary) -> Mapping[int, Field]:
    """Which field of the block each column holds; of two columns for one field the first."""
    found: dict[int, Field] = {}
    for place, heading in enumerate(headings):
        meant = [field for field in vocabulary.label(form, heading) if field in form.group]
        if meant and meant[0] not in found.values():
            found[place] = meant[0]
    return found
