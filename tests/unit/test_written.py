"""A line of a list that is no clean code: what goes on to the library, and what is told at once."""

from __future__ import annotations

import json

import pytest

from gateway.content import Text, VerdictKind
from gateway.identifiers.written import read_damaged, read_uim, read_uims
from gateway.mime.text import html_to_lines
from tests.support.misreadings import proposals
from tests.unit.test_library import SWEDISH, verdict

OTHER = "QCALLaa11bb22cABCD25060107"
RUSSIAN = '04600000123455a"B,7=ZACN8k9+Q'
CARTON = "5051900012345678 GXYC450100123456"  # as printed, on two lines or with a space


@pytest.mark.parametrize(
    "written",
    [
        "Q\u0421ALL7hT2kQ9mZb7Kd25051914",
        "\uff31CALL7hT2kQ9mZb7Kd25051914",
        "QCALL 7hT2kQ9mZ b7Kd 25051914",
    ],
    ids=["Cyrillic", "full width", "printed in groups"],
)
def test_a_code_that_can_be_restored_is_judged_and_the_right_one_proposed(written: str) -> None:
    read = read_damaged(written)
    assert read == written  # a repair is proposed, not made
    found = verdict(written)
    assert (found.kind, proposals(found)) == (VerdictKind.MALFORMED, [SWEDISH])


def test_a_code_with_a_space_of_its_own_is_recognised() -> None:
    assert read_damaged(CARTON) == CARTON
    assert verdict(CARTON).kind is VerdictKind.NOT_A_PARTY


@pytest.mark.parametrize("written", ["5O51900012345678 GXYC450100123456", "5051900012345678 gxyc450100123456"])
def test_a_damaged_code_with_a_space_of_its_own_goes_on_to_the_library(written: str) -> None:
    assert read_damaged(written) == written
    assert proposals(verdict(written)) == [CARTON.replace(" ", "")]


@pytest.mark.parametrize(
    "before",
    [
        "[12/05/2025, 14:33] Officer One: ",
        "[14:33, 12/05/2025] +254 20 1234567: ",
        "[5/12/25, 2:33:10\u202fPM] Officer One: ",
        "12/05/2025, 14:33 - Officer One: ",
        "12.05.25, 14:33 - Officer One: ",
    ],
)
def test_what_a_conversation_puts_before_a_message_is_no_part_of_the_code(before: str) -> None:
    assert read_damaged(before + SWEDISH) == SWEDISH
    assert isinstance(read_damaged(before + "see you"), Text)


@pytest.mark.parametrize(
    "line",
    [
        "1200 cartons seized 2025-11-03",
        "container MSKU1234567 from Kenya",
        f"{SWEDISH} QCALLaa11bb22cABCD25060107",
        "254 20 1234567 890",
        "\u0448\u0442\u0440\u0438\u0445\u043a\u043e\u0434 1200 1234567",
        "\u0441\u0438\u0433\u0430\u0440\u0435\u0442\u044b12345678",
        "123456789012 " * 10 + "x",
        "1" + " " * 60_000 + "2",
    ],
    ids=[
        "words and a date",
        "a container",
        "two codes",
        "a telephone number",
        "Russian words",
        "a Russian word",
        "a row of numbers",
        "blanks without end",
    ],
)
def test_a_line_that_is_no_code_is_told_at_once(line: str) -> None:
    assert isinstance(read_damaged(line), Text)


def test_what_answers_a_referral_is_read_strictly() -> None:
    assert isinstance(read_uim("Q\u0421ALL7hT2kQ9mZb7Kd25051914"), Text)


def test_a_letter_that_looks_latin_and_one_that_does_not_are_told_apart() -> None:
    alike, foreign = read_uim("\u0410B12D3E45F6"), read_uim("KPL2F9aK3m\u00e97Qz2T")
    assert isinstance(alike, Text)
    assert isinstance(foreign, Text)
    assert "is not the Latin {meant}" in alike.message
    assert "occurs in no marking" in foreign.message


@pytest.mark.parametrize(
    "written",
    [
        f'["{SWEDISH}","{OTHER}"]',
        f'[\n  "{SWEDISH}",\n  "{OTHER}"\n]',
        f'{{"uims": [\n"{SWEDISH}",\n"{OTHER}"\n]}}',
        f'"{SWEDISH}",\n"{OTHER}"',  # the brackets stood on lines of which the form's reader takes no notice
        f"[\u201c{SWEDISH}\u201d,\n\u201c{OTHER}\u201d]",
    ],
    ids=["one line", "a line each", "with a name", "without brackets", "with the quotation marks of a word processor"],
)
def test_every_element_of_a_json_list_is_a_uim_of_its_own(written: str) -> None:
    uims, findings = read_uims(enumerate(written.split("\n"), 1))
    assert [uim.text for uim in uims] == [SWEDISH, OTHER]
    assert all(written.split("\n")[uim.line - 1].find(uim.text) > 0 for uim in uims)
    assert findings == ()


def test_what_json_writes_in_another_way_is_what_the_code_says() -> None:
    written = f"[{json.dumps(RUSSIAN)}, {json.dumps(chr(0x1D).join((CARTON[:16], CARTON[17:])))}]"
    assert [uim.text for uim in read_uims([(1, written)])[0]] == [RUSSIAN, CARTON.replace(" ", "\x1d")]


@pytest.mark.parametrize(
    "rows",
    [
        (f"{SWEDISH}\tMarlboro\t200", f"{OTHER}\tCamel\t10"),
        ("Brand\tUIM\tArticle", f"Marlboro\t{SWEDISH}\t4006381333931", f"Camel\t{OTHER}\t4006381333931"),
        (f"\t1\t{SWEDISH}", f"\t2\t{OTHER}"),  # as cells of a table in HTML come
        (f"{SWEDISH}\t", OTHER),
    ],
    ids=["code first", "with headings", "numbered", "an empty cell"],
)
def test_of_rows_copied_out_of_a_table_the_column_with_codes_is_read(rows: tuple[str, ...]) -> None:
    uims, findings = read_uims(enumerate(rows, 1))
    assert [uim.text for uim in uims] == [SWEDISH, OTHER]
    assert all(uim.text in rows[uim.line - 1] for uim in uims)
    assert findings == ()


def test_a_table_of_an_html_mail_is_read_so() -> None:
    shown = html_to_lines(f"<table><tr><th>UIM<th>Brand<tr><td>{SWEDISH}<td>Camel<tr><td>{OTHER}<td>Camel</table>")
    uims, findings = read_uims(enumerate(shown, 1))
    assert [uim.text for uim in uims] == [SWEDISH, OTHER]
    assert findings == ()


def test_a_damaged_code_of_such_a_column_is_told_and_a_row_without_one_is_too() -> None:
    uims, findings = read_uims(enumerate((f"{SWEDISH}\tCamel", "QCALL 7hT\tCamel", "\tCamel 20 pieces"), 1))
    assert [uim.text for uim in uims] == [SWEDISH]
    assert [(one.line, one.got) for one in findings] == [(2, "QCALL 7hT"), (3, "Camel 20 pieces")]


def test_rows_with_two_columns_of_codes_are_told_and_not_cut() -> None:
    uims, findings = read_uims([(1, f"{SWEDISH}\t{OTHER}"), (2, OTHER)])
    assert [uim.text for uim in uims] == [OTHER]
    assert [one.line for one in findings] == [1]


@pytest.mark.parametrize(
    "line",
    [
        f'"{SWEDISH}", "{OTHER}"',
        f'"{SWEDISH}";"{OTHER}"',
        f'{{"uim": "{SWEDISH}", "quantity": 3}}',
        f'"{SWEDISH}"}},',
        f"['{SWEDISH}',",
        f"'{OTHER}']",
        "[",
        "}],",
    ],
)
def test_a_piece_of_a_list_that_cannot_be_read_is_told_with_what_to_write(line: str) -> None:
    uims, (finding,) = read_uims([(7, line)])
    assert uims == ()
    assert finding.text.message.startswith("This is a piece of a list that a program wrote. Write each UIM alone")
    assert (finding.line, finding.got) == (7, line)


def test_a_list_of_which_one_line_is_no_element_is_read_line_by_line() -> None:
    """Nothing is lost: what can be repaired goes on to the library with its signs, the rest is told."""
    uims, findings = read_uims(enumerate((f'["{SWEDISH}",', f'"{OTHER}",', "1200 cartons]"), 1))
    assert [uim.text for uim in uims] == [f'"{OTHER}",']
    assert [finding.line for finding in findings] == [1, 3]


@pytest.mark.parametrize("line", [f'"{SWEDISH}"', f'"{SWEDISH}",', "[01]09520000123457[21]AB12", '(01)09520000123451"'])
def test_one_line_alone_is_no_list(line: str) -> None:
    assert [uim.text for uim in read_uims([(1, line)])[0]] == [line]


@pytest.mark.parametrize(
    "drawn",
    [
        f"| {SWEDISH} |\n| {OTHER} |",
        f"| Code |\n|------|\n| {SWEDISH} |\n| {OTHER} |",
        f" Code | Note\n------+-----\n {SWEDISH} | 20 pieces\n {OTHER} | Camel",
        f"20 pieces | {SWEDISH}\nCamel | {OTHER}",
    ],
)
def test_of_a_table_drawn_with_bars_the_column_with_codes_is_read_whatever_is_drawn_around_it(drawn: str) -> None:
    uims, findings = read_uims(enumerate(drawn.split("\n"), 1))
    assert ([uim.text for uim in uims], findings) == ([SWEDISH, OTHER], ())


def test_rules_alone_are_no_table_and_a_row_without_a_code_is_told_and_gives_none() -> None:
    assert [uim.text for uim in read_uims([(1, "|||"), (2, "||")])[0]] == ["|||", "||"]
    for rows in ((f"| a | {SWEDISH} |", "| b |  |"), (f"a\t{SWEDISH}", "b\t")):
        uims, findings = read_uims(enumerate(rows, 1))
        assert ([uim.text for uim in uims], [(one.line, one.got) for one in findings]) == ([SWEDISH], [(2, "b |")])


def test_two_codes_on_a_line_of_bars_are_not_parted_and_told_as_they_were_written() -> None:
    for line in (f"{SWEDISH} | {OTHER}", f"| {SWEDISH} | {OTHER} |"):
        uims, findings = read_uims([(3, line)])
        assert (uims, [(one.line, one.got) for one in findings]) == ((), [(3, line)])
    for one in (f"|{SWEDISH}|", f"{SWEDISH}|{OTHER}"):
        assert [uim.text for uim in read_uims([(1, one)])[0]] == [one], "without spaces it is the library's to propose"
