"""A code that stands on several lines: what they make together is proposed, and the rest is no marking of its own."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway import data, discovery, forms, library
from gateway.content import Text, Uim, Verdict, VerdictKind, text
from gateway.forms._schema import read_document
from gateway.identifiers import gs1, misreads
from gateway.identifiers.written import read_damaged, read_uims
from gateway.rules.routing import deduplicate

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SE = "QCALL7hT2kQ9mZb7Kd25051914"
RU = "04600000123455a<B,7=ZACN8k9+Q"
TPX = "(01)09520000123451(235)9Zx1aB3dE6gH9(8008)25051914"
LIBRARY = library.load(data.pattern_texts())


def judged(*lines: str, where: str = "", column: int = 0) -> tuple[Verdict, ...]:
    """The verdicts on lines that stand below one another."""
    return LIBRARY.verdicts([Uim(line, where, number, column) for number, line in enumerate(lines, 1)], NOW)


def proposed(verdict: Verdict) -> list[str]:
    """What a verdict says that the code may have been."""
    return [str(dict(one.values)["uim"]) for one in verdict.remarks if "uim" in dict(one.values)]


@pytest.mark.parametrize(
    "lines",
    [
        (SE[:20], SE[20:]),
        (SE[:10], SE[10:20], SE[20:]),
        (RU[:20], RU[20:]),
        (RU[:14], RU[14:]),
        (TPX[:18], TPX[18:36], TPX[36:]),
        (TPX[:36], TPX[36:]),
        ("0009520000123456", "7899"),
    ],
)
def test_a_code_broken_into_lines_is_proposed_whole_and_its_rest_is_said_to_be_that(lines: tuple[str, ...]) -> None:
    first, *rest = judged(*lines)
    assert first.kind is VerdictKind.MALFORMED
    assert proposed(first) == ["".join(lines)]
    assert {one.kind for one in rest} == {VerdictKind.MALFORMED}
    assert {one.remarks[0].message for one in rest} == {misreads.REST}
    assert not any(one.candidates for one in rest)


@pytest.mark.parametrize("code", ["QCALL7hT2kQ9mZb7Kd", "QCUKT7hT2kQ9mZb7Kd", "PWaB3dE6gH9XyZ4", "QCABCaB3dE6gH9XyZ4"])
def test_a_time_stamp_printed_below_a_code_belongs_to_it_and_the_code_goes_where_it_went(code: str) -> None:
    first, stamp = judged(code, "25051914")
    (alone,) = judged(code)
    assert (first.kind, first.candidates) == (alone.kind, alone.candidates)
    assert proposed(first) == [code + "25051914"]
    assert stamp.remarks[0].message == misreads.REST


@pytest.mark.parametrize("lines", [("KPL2F9aK3mW7", "Qz2T25051914"), (SE[:14], SE[14:])])
def test_a_marking_may_be_the_beginning_of_one_that_ends_in_a_time_stamp_and_goes_where_it_went(
    lines: tuple[str, str],
) -> None:
    first, rest = judged(*lines)
    (alone,) = judged(lines[0])
    assert (first.kind, first.candidates) == (VerdictKind.SURE, alone.candidates)
    assert (proposed(first), rest.remarks[0].message) == (["".join(lines)], misreads.REST)


@pytest.mark.parametrize(
    "lines",
    [
        (SE, RU),
        ("KPL2F9aK3mW7", "KPL2F9aK3mW8"),  # each is one
        ("KPL2F9aK3mW7", "QCUKT25051914"),
        ("KPL2F9aK3mW7", "Qz2T25139914"),  # no time stamp
        ("KPL2F9aK25051914", "Qz2T25051914"),  # has its time stamp already
        (SE[:20], SE),
        (SE[:20], "QCUKT7hT2kQ9"),  # a marking of its own
        ("(01)09520000123451(235)9", "5901234123457"),  # an article number of its own
        (SE, "25051914"),  # has its time stamp already
        ("QCALL7hT2kQ9mZb7Kd", "25133914"),  # no time stamp
        ("010952000012345121AB12", "ABC123"),  # a serial number may end anywhere
        ("5901234123457", "ABC12345"),
        ("QCABCaB3dE6gH9", "XyZ4"),  # any text is of that structure
    ],
)
def test_lines_that_are_codes_of_their_own_are_left_as_they_are(lines: tuple[str, ...]) -> None:
    assert [(one.kind, one.remarks) for one in judged(*lines)] == [
        (one.kind, one.remarks) for line in lines for one in judged(line)
    ]


@pytest.mark.parametrize("digits", [3, 4, 5, 6, 7, 9, 10])
def test_serial_numbers_below_one_another_are_no_broken_article_number(digits: int) -> None:
    """Else a third of such a list would not be sent to the Party that the officer names."""
    serials = [str(7919 * number)[-digits:].rjust(digits, "0") for number in range(1, 200)]
    alone = [one.kind for serial in serials for one in judged(serial)]
    assert [one.kind for one in judged(*serials)] == alone


def test_only_lines_right_below_one_another_are_joined() -> None:
    apart = [Uim(SE[:20], "a.csv", 1, 2), Uim(SE[20:], "a.csv", 3, 2)]
    beside = [Uim(SE[:20], "a.csv", 1, 2), Uim(SE[20:], "a.csv", 2, 3)]
    pictured = [Uim(SE[:20], "a.jpg", 1, region=1), Uim(SE[20:], "a.jpg", 2, region=1)]
    for uims in (apart, beside, pictured):
        assert SE not in [code for one in LIBRARY.verdicts(uims, NOW) for code in proposed(one)]


def test_what_stands_below_a_code_in_a_pdf_is_its_rest_or_nothing() -> None:
    broken, whole = LIBRARY.verdicts(
        [Uim(SE[:20], "a.pdf", 2, page=1, below=SE[20:]), Uim(SE, "a.pdf", 4, page=1, below="17")], NOW
    )
    assert (broken.kind, proposed(broken)) == (VerdictKind.MALFORMED, [SE])
    assert (whole.kind, whole.remarks) == (VerdictKind.SURE, ())


def test_the_lines_of_one_cell_are_lines() -> None:
    uims, findings = read_uims([(2, f"{SE}\n{RU}"), (3, f"{SE[:20]}\r\n{SE[20:]}")], "a.xlsx", 2)
    assert ([(uim.text, uim.line) for uim in uims], findings) == (
        [(SE, 2), (RU, 2), (SE[:20], 3), (SE[20:], 3)],
        (),
    )
    assert proposed(LIBRARY.verdicts(uims, NOW)[2]) == [SE]


@pytest.mark.parametrize(
    "cell", ['=HYPERLINK("http://x.example","y")', "=1+cmd|' /C calc'!A0", "+SUM(A1:A9)", "@SUM(1+1)*cmd|' /C calc'!A0"]
)
def test_a_formula_is_called_one_and_a_code_that_begins_like_one_is_not(cell: str) -> None:
    said = read_damaged(cell)
    assert isinstance(said, Text)
    assert said.message.startswith("This is a formula")
    assert read_damaged("=A+9k(x|7") == "=A+9k(x|7"


def test_equal_parts_of_different_codes_are_no_repetitions() -> None:
    other = "QCALL8kT2kQ9mZb7Kd25051914"
    unique, doubled = deduplicate(judged(SE[:20], SE[20:], other[:20], other[20:], SE[:20], SE[20:]), str)
    assert [code for one in unique for code in proposed(one)] == [SE, SE, other, other]
    assert [uim.line for uim in doubled] == [5, 6]


def test_a_list_that_is_broken_throughout_is_looked_into_only_so_far() -> None:
    found = judged(*(part for _ in range(1200) for part in (SE[:20], SE[20:])))
    assert sum(SE in proposed(one) for one in found) == 2000


@pytest.mark.parametrize(
    ("written", "meant", "why"),
    [
        (f"'{SE}", SE, misreads.AROUND),
        (f'"{SE}";', SE, misreads.AROUND),
        (f'"{RU}"', RU, misreads.AROUND),
        (f"{SE},", SE, misreads.AROUND),
        (f"={SE}", SE, misreads.AROUND),  # as a spreadsheet begins a formula
        (f"=+{SE}", SE, misreads.AROUND),
        (f"@{SE}", SE, misreads.AROUND),
        (f"={RU}", RU, misreads.AROUND),
        (f"\uff1d{SE}", SE, misreads.AROUND),
        (f"|{SE}|", SE, misreads.AROUND),
        (f"|{RU}", RU, misreads.AROUND),
        (RU.replace("<", "\u2019"), RU.replace("<", "'"), misreads.TYPOGRAPHIC),
        (RU.replace("<", "\u2014"), RU.replace("<", "-"), misreads.TYPOGRAPHIC),
        (SE[:-8] + "٢٥٠٥١٩١٤", SE, misreads.DIGITS),  # as an Arabic keyboard writes them
        (SE[:-8] + "۲۵۰۵۱۹۱۴", SE, misreads.DIGITS),  # a Persian one
        (f"{SE[:5]}\u00a0{SE[5:]}", SE, misreads.INVISIBLE),
    ],
)
def test_what_a_keyboard_or_a_table_puts_into_a_code_is_named_and_the_code_proposed(
    written: str, meant: str, why: str
) -> None:
    code = read_damaged(written)
    assert isinstance(code, str)
    (verdict,) = judged(code)
    assert verdict.kind is VerdictKind.MALFORMED
    assert (proposed(verdict), verdict.remarks[-1].message) == ([meant], why)


@pytest.mark.parametrize("code", [SE[:20], f"{SE[:20]}...", f"{SE[:20]}…"])
def test_a_cut_code_is_told_by_the_marking_that_it_is_a_part_of(code: str) -> None:
    (verdict,) = judged(code)
    assert dict(verdict.remarks[0].values)["count"] == 20
    assert verdict.candidates[0].scheme == "se-upui-L"


@pytest.mark.parametrize(
    ("scheme", "code", "says"),
    [
        ("se-aui", "QCALL7hT2kQ9mZQCALa01bb25051914", (19, "a")),
        ("cn-32", "505190001234567 GXYC450100123456", (16, text("a space"))),
        ("eu-aui-operator", "0009520000123456789", None),  # it ends too early
    ],
)
def test_where_a_code_leaves_a_structure_is_said(scheme: str, code: str, says: tuple[int, str | Text] | None) -> None:
    (reason,) = LIBRARY.refusal(scheme, code, NOW)
    values = dict(reason.values)
    if says:
        assert (values["position"], values["character"]) == says
    else:
        assert reason.message.startswith("It ends too early")


@pytest.mark.parametrize(
    ("scheme", "code", "begins", "values"),
    [
        ("gs1-eu-7040", "(414)9520000123451(7040)9Zx+", "After (", {"identifier": "7040", "value": "9Zx+"}),
        ("ru-block", "(01)04600000123455(21)ABCDEF(8005)139000", "After (", {"identifier": "21", "value": "ABCDEF"}),
        ("gs1-eu-tpx", "(01)09520000123451(235)9Zx1aB3dE6gH9(21)55", "({identifier}) can", {"identifier": "21"}),
        ("ae-dts", f"(01)09520000123451(21){'A' * 26}", "After (", {"identifier": "21", "value": "A" * 26}),
        ("ae-dts", "(01)09520000123452(21)AB", "The check digit of", {"number": "09520000123452"}),
    ],
)
def test_of_brackets_the_identifier_is_named_whose_value_is_wrong_or_that_stands_there_wrongly(
    scheme: str, code: str, begins: str, values: dict[str, str]
) -> None:
    (reason,) = LIBRARY.refusal(scheme, code, NOW)
    assert reason.message.startswith(begins)
    assert values.items() <= dict(reason.values).items()


def test_a_bar_before_an_identifier_is_a_separator_and_elsewhere_a_misread_one() -> None:
    assert gs1.normalise("0109520000123451|21AB12") == "0109520000123451\x1d21AB12"
    assert gs1.normalise("0109520000|2345121AB12") == "0109520000|2345121AB12"


def test_elements_of_a_list_that_a_program_wrote_are_never_taken_for_one_code() -> None:
    for written in ((f'["{SE[:20]}",', f'"{SE[20:]}"]'), (f'["{SE[:18]}","{SE[18:]}"]',)):
        found = LIBRARY.verdicts(read_uims(enumerate(written, 1))[0], NOW)
        assert len(found) == 2
        assert not any(one.message in {*misreads.PARTS, misreads.STAMP} for verdict in found for one in verdict.remarks)
    document = b'{"form": "lookup", "uims": ["%s", "%s"]}' % (SE[:20].encode(), SE[20:].encode())
    form, _ = read_document(document, discovery.find(forms, "FORM"), "gsp-lookup.json")
    assert form is not None
    assert not any(SE in proposed(one) for one in LIBRARY.verdicts(form.uims, NOW))
