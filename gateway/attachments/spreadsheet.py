"""Spreadsheets (XLSX, XLSM, ODS, XLS): visible rows of text. A number or a date where a UIM should stand is told.

Which sheets and cells are read, and why: docs/decisions/0007-spreadsheets-received.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.attachments import AttachmentReading, Foreign, Parsed, Trouble
from gateway.attachments._headings import coded_columns, passed_over, uim_column
from gateway.attachments._kind import nothing
from gateway.attachments._unread import in_trouble
from gateway.content import ClearValue, Finding, MimePart, Severity, Text, Uim, text, texts
from gateway.identifiers.written import read_uims
from gateway.mime.tree import one_line

_ENDINGS = (".xlsx", ".xlsm", ".ods", ".xls")
_TYPES = frozenset(
    {
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.ms-excel.sheet.macroenabled.12",
        "application/vnd.oasis.opendocument.spreadsheet",
    }
)
_MOST = 250_000
_ABOVE = 10  # rows in which headings are looked for: lists have titles above them
_OLE = b"\xd0\xcf\x11\xe0"
_TROUBLES = {
    Trouble.ENCRYPTED: text(
        "The spreadsheet “{name}” is protected by a password and cannot be opened. Your mail is encrypted already: "
        "save the file without the password and send it again."
    ),
    Trouble.BROKEN: text(
        "The spreadsheet “{name}” cannot be read: it is damaged, or of another kind than its name says. Open it, save "
        "it as .xlsx or CSV, and send that file."
    ),
    Trouble.TOO_MUCH: text(
        "The spreadsheet “{name}” is too large or too intricate to be read. Copy the columns that are needed into a "
        "new file, save it as CSV, and send that file."
    ),
}
_UNLIKE = {
    "number": text(
        "This cell holds a number: a spreadsheet drops zeros in front of it and digits behind the fifteenth. Format "
        "the column as text, type the UIM again, and send the file."
    ),
    "date": text(
        "This cell holds a date or time: the spreadsheet has made it of what was typed. Format the column as text, "
        "type the UIM again, and send the file."
    ),
    "truth": text("This cell holds TRUE or FALSE, not a UIM. Format the column as text and type the UIM again."),
    "error": text("This cell shows an error, not a UIM. Format the column as text and type the UIM again."),
    "formula": text("This cell is calculated, and no value is saved in the file. Type the UIM in its place, as text."),
}
_MACROS = text("The file holds macros. They were neither run nor read.")
_OLD = text(
    "In an .xls file it cannot be seen which rows are hidden and which cells are calculated: all of them were read. "
    "Save as .xlsx to be told."
)
_HIDDEN_SHEET = text("This sheet is hidden and was not read. If it counts, show it and send the file again.")
_HIDDEN_ROWS = text(
    "These rows are hidden and were not read: {rows}. If they count, show them and send the file again."
)
_HIDDEN_COLUMNS = text(
    "These columns are hidden and were not read: {columns}. If they count, show them and send the file again."
)
_NO_HEADING = text("This sheet was not read: no column of it is headed “UIM”.")
_TOO_LONG = text("The file has more lines than are accepted; the rest was not read. Send the rest in another mail.")


@dataclass(frozen=True, slots=True, repr=False)
class _Sheet(ClearValue):
    """One sheet: `rows` from its headings on; `column` of the UIMs; `kinds` of the cells that are no text.

    `columns`: those that may hold UIMs, where no heading says which one does.
    """

    where: str
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    column: int
    columns: tuple[int, ...]
    kinds: Mapping[tuple[int, int], str] = field(default_factory=dict)


def accepts(part: MimePart) -> bool:
    """Files named .xlsx, .xlsm, .ods or .xls, and nameless ones of these types."""
    name = part.filename.lower()
    return name.endswith(_ENDINGS) or (part.media_type in _TYPES and "." not in name)


def read(part: MimePart, parsed: Parsed) -> AttachmentReading:
    """The sheets that have a column headed UIM; where none has, the first that is not empty."""
    name = part.filename
    if parsed.trouble:
        return in_trouble(parsed, _TROUBLES, name)
    remarks = [Finding(_MACROS, Severity.NOTE, name)] if parsed.content.get("macros") else []
    if part.body.startswith(_OLE):
        remarks.append(Finding(_OLD, Severity.NOTE, name))
    sheets: list[_Sheet] = []
    for told in parsed.content.get("sheets", ()):
        where = f"{name} › {one_line(str(told['name']))}"
        remarks += _remarks(told, where)
        if told["visible"] and told["rows"]:
            sheets.append(_sheet(told["rows"], where))
    chosen = [sheet for sheet in sheets if not sheet.columns] or sheets[:1]
    passed = [sheet for sheet in sheets if not any(sheet is one for one in chosen)]
    remarks += [Finding(_NO_HEADING, Severity.NOTE, sheet.where) for sheet in passed]
    readings = tuple(map(_reading, chosen))
    if any(one.uims or one.findings for one in readings):
        return AttachmentReading(remarks=tuple(remarks), more=readings)
    first = readings[0] if readings else AttachmentReading()  # where it is a table, its findings do not count
    return AttachmentReading(remarks=tuple(remarks), more=(replace(first, findings=(nothing(part),)),))


def _remarks(told: Mapping[str, Any], where: str) -> list[Finding]:
    """What was not read of a sheet, and what was calculated."""
    if not told["visible"]:
        return [Finding(_HIDDEN_SHEET, Severity.NOTE, where)] if told["rows"] else []
    found = []
    if told["hidden_rows"]:
        found.append(Finding(text(_HIDDEN_ROWS.message, rows=told["hidden_rows"]), Severity.PART, where))
    if told["hidden_columns"]:
        found.append(Finding(text(_HIDDEN_COLUMNS.message, columns=told["hidden_columns"]), Severity.NOTE, where))
    if told["formulae"]:
        sentence = texts(
            "One cell is calculated; the value saved in the file was taken. Check it: {first}.",
            "{count} cells are calculated; the values saved in the file were taken. Check them, from {first} on.",
            int(told["formulae"]),
            first=told["first"],
        )
        found.append(Finding(sentence, Severity.NOTE, where))
    if told["cut"]:
        found.append(Finding(_TOO_LONG, Severity.PART, where))
    return found


def _sheet(rows: Sequence[tuple[int, Sequence[str | Sequence[str]]]], where: str) -> _Sheet:
    kinds: dict[tuple[int, int], str] = {}
    plain: list[tuple[int, tuple[str, ...]]] = []
    for number, row in rows:
        if set(map(type, row)) == {str}:
            plain.append((number, tuple(map(str, row))))
            continue
        for place, cell in enumerate(row):
            if not isinstance(cell, str):
                kinds[number, place] = cell[0]
        plain.append((number, tuple(cell if isinstance(cell, str) else cell[1] for cell in row)))
    for above, (_, cells) in enumerate(plain[:_ABOVE]):
        column = uim_column(cells)
        if column >= 0:
            return _Sheet(where, tuple(plain[above:]), column, (), kinds)
    first = plain[0][1]
    column = next((place for place, cell in enumerate(first) if cell.strip() or (plain[0][0], place) in kinds), 0)
    columns = coded_columns((row for _, row in plain), column)
    return _Sheet(where, tuple(plain), columns[0], columns, kinds)


def _reading(sheet: _Sheet) -> AttachmentReading:
    """A sheet as a list of UIMs, and as a table."""
    column = sheet.column
    cells = [(number, row[column]) for number, row in sheet.rows if len(row) > column]
    # Without a known heading, the first rows without a digit are titles and one.
    told = [any(map(str.isdigit, cell)) or (number, column) in sheet.kinds for number, cell in cells[:_ABOVE]]
    cells = cells[1 if not sheet.columns or True not in told else told.index(True) :]
    unlike = {place: _UNLIKE[kind] for place, kind in sheet.kinds.items() if kind in _UNLIKE}
    uims, findings = _listed(cells, column, unlike, sheet.where)
    further = passed_over(sheet.rows[0][1], sheet.where, sheet.rows[0][0], sheet.columns)
    return AttachmentReading(
        uims[:_MOST], table=sheet.rows, findings=(*further, *findings), unlike=unlike, where=sheet.where
    )


def _listed(
    cells: Sequence[tuple[int, str]], column: int, unlike: Mapping[tuple[int, int], Text], where: str
) -> tuple[tuple[Uim, ...], tuple[Finding, ...]]:
    wrong = [
        Finding(unlike[number, column], Severity.PART, where, number, cell, "uims", column + 1)
        for number, cell in cells
        if (number, column) in unlike
    ]
    uims, findings = read_uims([(n, cell) for n, cell in cells if (n, column) not in unlike], where, column + 1)
    return uims, tuple(sorted((*wrong, *findings), key=lambda finding: finding.line))


ATTACHMENT = Foreign(accepts, "sheets", read)
