"""Every kind of damage with the sentence that an officer reads, and every way to write one GS1 code."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import pytest

from gateway.content import Text, Uim, VerdictKind
from gateway.data import catalogues
from gateway.identifiers.written import read_damaged
from gateway.language import LANGUAGES, Languages
from gateway.rules import routing
from tests.support import rendering, samples
from tests.unit.test_library import NOW, SWEDISH, UZBEK, shipped, verdict

TPX = "01095200001234512359Zx1aB3dE6gH9\x1d800825051914"
ITEM = "010541000001234021Xy7kQ9pL2m"

DAMAGE = [
    ("O for 0", UZBEK.replace("0101", "O101"), f"Perhaps {UZBEK}: character 5 may be 0, not O."),
    ("I for 1", UZBEK.replace("0101", "0I01"), f"Perhaps {UZBEK}: character 6 may be 1, not I."),
    ("l for 1", "QCALL7hT2kQ9mZb7Kd250519l4", f"Perhaps {SWEDISH}: character 25 may be 1, not l."),
    ("1 for L", "QCA1L7hT2kQ9mZb7Kd25051914", f"Perhaps {SWEDISH}: character 4 may be L, not 1."),
    ("B for 8", UZBEK.replace("0478", "047B"), f"Perhaps {UZBEK}: character 4 may be 8, not B."),
    ("S for 5", "QCALL7hT2kQ9mZb7Kd2S051914", f"Perhaps {SWEDISH}: character 20 may be 5, not S."),
    ("Z for 2", "KPLZF9aK3mW7Qz2T25051914", "Perhaps KPL2F9aK3mW7Qz2T25051914: character 4 may be 2, not Z."),
    ("G for 6", UZBEK.replace("0116", "011G"), f"Perhaps {UZBEK}: character 10 may be 6, not G."),
    ("a letter where digits stand", UZBEK.replace("0101", "0x01"), "Character 6 is x, where only digits stand: "),
    ("one lost", "QCALL7hT2kQ9mZb7K25051914", "One character is missing: it has 25, not 26 ("),
    ("one of the prefix lost", SWEDISH[1:], f"Perhaps {SWEDISH}: Q may have been lost at place 1."),
    ("one written twice", "QCALL7hT22kQ9mZb7Kd25051914", f"Perhaps {SWEDISH}: character 10 (2) may have been written"),
    ("a leading zero lost", UZBEK[1:], f"Perhaps {UZBEK}: a zero at its beginning was lost."),
    ("a formula that lost a zero", f"={UZBEK[1:]}", f"Perhaps {UZBEK}: a zero at its beginning was lost."),
    ("the same, quoted", f"'{UZBEK[1:]}'", f"Perhaps {UZBEK}: a zero at its beginning was lost."),
    ("a formula with a wrong digit", f"={UZBEK[1:].replace('4780', '4781')}", "Character 1 is =, where only digits"),
    ("a number of a spreadsheet", "4.6E+12", "A spreadsheet has turned"),
    ("a column too narrow", "########", "A spreadsheet shows this where its column is too narrow"),
    ("Q read as O", "O" + SWEDISH[1:], f"Perhaps {SWEDISH}: character 1 may be Q, not O."),
    ("two of the prefix swapped", "QACLL7hT2kQ9mZb7Kd25051914", "characters 2 and 3 may have been swapped."),
    ("letters that touch", SWEDISH.replace("m", "rn"), "the characters rn from 13 on may be one m."),
    ("hyphens", "KPL2F-9aK3mW7Qz2T-25051914", "hyphens were put between its parts."),
    ("other brackets", "[01]09520000123451[21]AB12", "its identifiers were put into brackets of another kind."),
    ("signs around it", f"[{SWEDISH}]", f"Perhaps {SWEDISH}: signs around it"),
    (
        "several in one",
        SWEDISH * 2,
        f"These are probably 2 codes without a space between them: {SWEDISH} is the first.",
    ),
    (
        "several with a bar between",
        f"{SWEDISH}|{SWEDISH[:-2]}07",
        "These are probably 2 codes without a space between",
    ),
    (
        "several with commas between",
        ",".join([SWEDISH] * 3),
        "These are probably 3 codes without a space between them",
    ),
    ("a code and another text", f"{SWEDISH}|GARBAGE12345", "Character 27 is |, which does not occur in: "),
    ("too long", SWEDISH * 9, "It has 234 characters: no known marking is as long. If these are several codes"),
    ("small letters behind a number", UZBEK.lower(), "All its letters are small"),
    ("cut by a program", "QCUKTaB3dE6gH9...", "It ends in three dots"),
    ("a cut link", "id.gs1.org/01/09520000123451/21", "It is a GS1 Digital Link, but not whole"),
    ("a letter with an accent", "KPL2F9aK3m\u00e97Qz2T", "“\u00e9” occurs in no marking"),
    ("Cyrillic, not known", "\u0410B12D3E45F6", "“\u0410” is not the Latin A, but only looks like it."),
    ("Cyrillic in a mere shape", "\u0410B12D3E45F67", "Character 1 is \u0410: it only looks like A."),
    ("small letters throughout", SWEDISH.lower(), "Capital and small letters were made equal"),
    ("small letters, no loss", "leat1et012345", "Perhaps LEAT1ET012345: capital and small letters were confused."),
    ("one small letter", "QCaLL7hT2kQ9mZb7Kd25051914", f"Perhaps {SWEDISH}: character 3 may be A, not a."),
    ("cut at the column's width", UZBEK[:24], "It ends after 24 of 29 characters, as if cut at the edge"),
    ("cut behind the prefix", SWEDISH[:11], "It ends after 11 of 14 characters, as if cut at the edge"),
    ("&amp; for &", UZBEK.replace("&", "&amp;"), f"Perhaps {UZBEK}: a mail program wrote & or = in another way."),
    ("a separator lost", "010952000012345110LOT721AB12", "the group separator before (21) was lost."),
    ("full width", "QCALL\uff17hT2kQ9mZb7Kd25051914", f"Perhaps {SWEDISH}: character 6 is a full-width one"),
    ("Cyrillic", "QC\u0410LL7hT2kQ9mZb7Kd25051914", f"Perhaps {SWEDISH}: character 3 is a Cyrillic letter"),
    ("Greek", "QC\u0391LL7hT2kQ9mZb7Kd25051914", f"Perhaps {SWEDISH}: character 3 is a Greek letter"),
    ("no such month", "QCALL7hT2kQ9mZb7Kd25131914", "25131914 at its end is not a time stamp (YYMMDDhh): no month 13."),
    ("no such day", "QCALL7hT2kQ9mZb7Kd25023014", "that month has no day 30."),
    ("no such hour", "QCALL7hT2kQ9mZb7Kd25051924", "no hour 24."),
]


@lru_cache(maxsize=8)
def said(language: str, sentence: Text) -> str:
    return Languages.from_texts(catalogues()).catalogue(language).say(sentence)


def remarks(written: str) -> tuple[Text, ...]:
    read = read_damaged(written)
    return (read,) if isinstance(read, Text) else verdict(read).remarks


@pytest.mark.parametrize(("damaged", "words"), [each[1:] for each in DAMAGE], ids=[each[0] for each in DAMAGE])
def test_each_damage_has_its_sentence_in_every_language(damaged: str, words: str) -> None:
    found = remarks(damaged)
    told = next((one for one in found if words in said("en", one)), None)
    assert told is not None, [said("en", one) for one in found]
    english = said("en", told)
    for language in LANGUAGES:
        here = said(language, told)
        assert (here == english) == (language == "en"), here
        if "uim" in dict(told.values):
            assert str(dict(told.values)["uim"]) in here


def test_no_zero_is_missed_at_an_article_number_behind_a_formula_sign() -> None:
    assert [dict(one.values)["uim"] for one in remarks("=4006381333931")] == ["4006381333931"]


@pytest.mark.parametrize(
    "written",
    [
        TPX,
        "]d2" + TPX,
        TPX.replace("\x1d", "<GS>"),
        "(01)09520000123451(235)9Zx1aB3dE6gH9(8008)25051914",
        "]Q3https://id.gs1.org/01/09520000123451/235/9Zx1aB3dE6gH9?8008=25051914",
        "https://tobacco.example/some/path/01/09520000123451/235/9Zx1aB3dE6gH9?8008=25051914",
        "id.gs1.org/01/09520000123451/235/9Zx1aB3dE6gH9?8008=25051914",
    ],
)
def test_one_pack_code_is_the_same_however_it_is_written(written: str) -> None:
    assert shipped().canonical(written) == TPX
    assert verdict(written).candidates[0].scheme == "gs1-eu-tpx"


@pytest.mark.parametrize(
    "written",
    [
        "https://example.com/01/05410000012340/21/Xy7kQ9pL2m?17=261231",
        "(01)05410000012340(10)LOT7(21)Xy7kQ9pL2m",
        "(01)05410000012340(17)261231(21)Xy7kQ9pL2m",
        "01054100000123401726123121Xy7kQ9pL2m",
        ITEM + "\x1d10LOT7",
    ],
)
def test_a_lot_or_a_date_beside_the_serial_number_changes_nothing(written: str) -> None:
    assert verdict(written).kind is VerdictKind.HINT
    assert verdict(written).candidates == verdict(ITEM).candidates


def test_percent_signs_of_a_link_are_decoded() -> None:
    assert shipped().canonical("https://id.gs1.org/01/05410000012340/21/Xy%2F7k%21") == "010541000001234021Xy/7k!"


def test_what_only_looks_like_a_link_is_left_as_it_is() -> None:
    for code in ("QCUKTa/01/05410000012341", "a.b/01/xyz", "https://example.com/hello"):
        assert shipped().canonical(code) == code


@pytest.mark.parametrize(
    ("form", "scheme"), [(SWEDISH, "se-upui-L"), (SWEDISH[:18], "se-upui-i"), (SWEDISH[:14], "se-upui-s")]
)
def test_long_time_stamp_less_and_short_form_are_recognised_as_such(form: str, scheme: str) -> None:
    assert (verdict(form).kind, verdict(form).candidates[0].scheme) == (VerdictKind.SURE, scheme)


def test_a_proposal_stands_in_a_letter_as_code_from_left_to_right() -> None:
    letter = samples.letter("receipt", "ar")
    (damaged,) = shipped().verdicts([Uim("(01)0952O000123451(21)AB12-77")], NOW)
    values = replace(letter.values, malformed=(routing.note(damaged),), findings=())
    html = rendering.seen(replace(letter, values=values, form=None), "ar").html
    assert '<code dir="ltr">(01)09520000123451(21)AB12-77</code>' in html
