"""What officers write, in the ways they write it, is what is read; and what is not understood is told by its line."""

from __future__ import annotations

import textwrap
import unicodedata

import pytest

from gateway import data, discovery, forms
from gateway.content import Block, FilledForm, Finding, Severity, text
from gateway.forms import FieldKind, Form
from gateway.forms._grammar import Vocabulary, write
from gateway.forms._reading import read_form
from gateway.forms._values import letters, read_date, tick
from gateway.language import LANGUAGES, Language, Languages
from gateway.stages._words import HANDLING
from tests.support.cost import allowed, spent

KNOWN = Languages.from_texts(data.catalogues())
FORMS: dict[str, Form] = discovery.find(forms, "FORM")
VOCABULARY = Vocabulary(FORMS, KNOWN)
ONE, TWO = "QCALL7hT2kQ9mZb7Kd25051914", "010460123456789021ABC+DEF"


def read(body: str, subject: str = "") -> tuple[FilledForm, tuple[Finding, ...], str]:
    return read_form(body.split("\n"), VOCABULARY, VOCABULARY.subject(subject))


def codes(body: str) -> list[str]:
    return [uim.text for uim in read(body)[0].uims]


def listed(*lines: str) -> list[str]:
    return codes("GSP LOOKUP\n\nUIMs:\n" + "\n".join(lines))


def value(field: str, written: str) -> str:
    form, findings, _ = read(f"GSP REQUEST\n{written}\n")
    assert findings == ()
    return form.get(field)


# --- titles -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "title",
    ["GSP REQUEST", "gsp request", "  *GSP REQUEST*", "GSP: Request", "ＧＳＰ　ＲＥＱＵＥＳＴ", "GSP\u00a0DEMANDE",
     "GSP طلب", "طلب GSP", "GSP 请求", "GSP ЗАПРОС", "GSP SOLICITUD", "\u200fGSP طلب\u200f"],
)  # fmt: skip
def test_a_title_is_known_in_every_language(title: str) -> None:
    assert read(f"Dear colleague,\n\n{title}\nPurpose: detection")[0].name == "request"


@pytest.mark.parametrize("line", ["REQUEST", "GSP REQUESTED", "please see GSP REQUEST below", "GSP", ""])
def test_other_lines_are_no_title(line: str) -> None:
    form, _, outside = read(f"{line}\nPurpose: detection")
    assert form.name == ""
    assert "Purpose: detection" in outside


def test_a_title_in_the_subject_makes_the_whole_text_the_form() -> None:
    form, findings, _ = read(f"Purpose: detection\nUIMs:\n{ONE}\nx y\n", subject="[EXTERNAL] GSP REQUEST")
    assert (form.name, form.get("purpose"), [uim.line for uim in form.uims]) == ("request", "detection", [3])
    assert [finding.line for finding in findings] == [4]


def test_a_title_in_the_text_counts_before_the_subjects() -> None:
    assert read("GSP LOOKUP\nUIMs:\n" + ONE, subject="GSP REQUEST")[0].name == "lookup"


def test_an_answer_to_a_mail_is_no_form_by_its_subject() -> None:
    assert read("Thank you.", subject="Re: your GSP REQUEST")[0].name == ""


# --- labels and values ------------------------------------------------------------------------------


@pytest.mark.parametrize("colon", ["", ":"])
def test_a_form_made_a_table_is_read_by_its_rows(colon: str) -> None:
    rows = (("Case reference", "C-9"), ("Purpose", "detection"), ("Justification", "found at 10:30"), ("UIMs", ONE))
    form, findings, _ = read("GSP REQUEST\n" + "".join(f"{label}{colon}\t{value}\n" for label, value in rows) + TWO)
    assert (form.get("case_reference"), form.get("purpose"), form.get("justification")) == (
        "C-9", "detection", "found at 10:30",
    )  # fmt: skip
    assert ([uim.text for uim in form.uims], findings) == ([ONE, TWO], ())
    reply, findings, _ = read(f"GSP REPLY\nUIM\t{ONE}\nStatus\tvalid\n(a) Date and location of manufacture\tMalmö\n")
    assert (reply.blocks[0].values, findings) == ({"uim": ONE, "status": "valid", "a": "Malmö"}, ())


@pytest.mark.parametrize("headings", ["UIM\tProduct", "Product\tUIM", "Code\tBrand"])
def test_the_headings_of_a_list_in_two_columns_are_no_label_with_a_value(headings: str) -> None:
    first = headings.startswith("Product")
    rows = "\n".join(f"Camel\t{code}" if first else f"{code}\tCamel" for code in (ONE, TWO))
    form, findings, _ = read(f"GSP REQUEST\nPurpose: detection\nUIMs:\n{headings}\n{rows}\n")
    assert ([uim.text for uim in form.uims], form.get("product"), findings) == ([ONE, TWO], "", ())


@pytest.mark.parametrize(
    "closing",
    [
        "Best regards,",
        "С уважением,",
        "此致\n敬礼",
        "مع التحية،",
        "Cordialement",
        "Atentamente,",
        "Sent from my iPhone",
    ],
)
def test_what_closes_a_mail_is_no_part_of_a_text_of_the_form(closing: str) -> None:
    signature = f"\n{closing}\n" + ("" if "iPhone" in closing else "A. Officer\nTelephone +1 555 0100\n")
    assert (
        value("justification", f"Justification: a lorry\n\nwith a trailer\n{signature}") == "a lorry\n\nwith a trailer"
    )
    assert value("questions", f"Questions:\n{signature}") == ""
    reply, _, _ = read(f"GSP REPLY\n\nUIM: {ONE}\nStatus: valid\n(b) Manufacturing facility: Bristol 2\n{signature}")
    assert reply.blocks[0].values["b"] == "Bristol 2"
    message, _, _ = read(f"GSP MESSAGE\n\nMessage: Thank you.\n{signature}")
    assert message.get("message").endswith("0100") == ("iPhone" not in closing)


def test_a_text_goes_on_behind_words_that_could_close_it() -> None:
    long = "\n".join(f"line {number}" for number in range(14))
    said = "P.S. The driver left the lorry behind and fled on foot towards the border."
    closed = f"seen\n\nRegards\nA. Officer\n\n{said}"
    for written in (f"seen\n\nRegards\n{long}", "seen\nRegards\nagain", "seen\n\nRegards to nobody", closed):
        assert value("justification", f"Justification: {written}\n") == written


def test_labels_of_several_languages_may_stand_in_one_form() -> None:
    body = "GSP DEMANDE\nЦель: 调查\nJustification : 在途查获\nReply by：2026-12-01\n\nUIM:\n" + ONE
    form, findings, outside = read(body.replace("Цель", KNOWN.catalogue("ru").gettext("Purpose"))
                                   .replace("调查", KNOWN.catalogue("zh").gettext("investigation")))  # fmt: skip
    assert (form.get("purpose"), form.get("justification"), form.get("reply_by")) == (
        "investigation", "在途查获", "2026-12-01",
    )  # fmt: skip
    assert [uim.text for uim in form.uims] == [ONE]
    assert (findings, outside) == ((), "")


def test_a_label_alone_opens_a_block_to_the_next_label() -> None:
    body = "GSP REQUEST\nQuestions:\nWas it exported?\n\nNote: in 2025\nBy whom?\nPurpose:\n\ndetection\n"
    form, findings, _ = read(body)
    assert form.get("questions") == "Was it exported?\n\nNote: in 2025\nBy whom?"
    assert form.get("purpose") == "detection"
    assert findings == ()


def test_a_line_that_belongs_to_nothing_is_told_with_its_number_and_kept() -> None:
    _, findings, outside = read("GSP REQUEST\n\nPurpose: detection\nUrgency: high\n")
    assert [(finding.line, finding.got) for finding in findings] == [(4, "Urgency: high")]
    assert outside == "Urgency: high"


def test_what_is_said_twice_differently_is_told() -> None:
    form, findings, _ = read("GSP REQUEST\nPurpose: detection\nPurpose: investigation\nPurpose:\n")
    assert form.get("purpose") == "investigation"
    assert [(finding.line, finding.field) for finding in findings] == [(3, "purpose")]


@pytest.mark.parametrize(
    ("written", "severity"),
    [
        ("Purpose: curiosity", Severity.BLOCKS),
        ("Handling: H9", Severity.PART),
        ("To: Atlantis", Severity.BLOCKS),
        ("Exchange: 42", Severity.BLOCKS),
        ("Reply by: tomorrow", Severity.PART),
        ("Reply by: 03/04/2026", Severity.PART),
    ],
)
def test_a_fixed_value_that_is_not_understood_is_told(written: str, severity: Severity) -> None:
    _, findings, _ = read(f"GSP REQUEST\n\n{written}\n")
    assert [(finding.line, finding.severity, finding.got) for finding in findings] == [
        (3, severity, written.split(": ")[1])
    ]


@pytest.mark.parametrize("written", ["H2", "h2", "H 2", "Ｈ２", "*H2*", "H2."])
def test_a_handling_code_is_read_however_it_is_typed(written: str) -> None:
    form, findings, _ = read(f"GSP MESSAGE\n\nHandling: {written}\nMessage: Hello\n")
    assert (form.get("handling"), findings) == ("H2", ())


@pytest.mark.parametrize("written", ["H2 - not passed on", "H2, see text", "H2：不得转交", "（Ｈ２）not passed on"])
def test_words_behind_a_handling_code_do_not_weaken_it_and_are_told(written: str) -> None:
    form, findings, _ = read(f"GSP REPLY\n\nHandling: {written}\n")
    assert form.get("handling") == "H2"
    assert [(finding.severity, finding.field) for finding in findings] == [(Severity.NOTE, "handling")]


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_our_own_letters_line_of_handling_is_read_back_in_every_language(language: Language) -> None:
    for handling, sentence in HANDLING.items():
        line = KNOWN.catalogue(language).gettext(sentence)
        form, findings, _ = read(f"GSP REQUEST\nHandling: {line}\n")
        assert form.get("handling") == handling.value
        assert {finding.severity for finding in findings} == {Severity.NOTE}


@pytest.mark.parametrize("written", ["Confidential", "H4", "H22", "H1 or H2", "H2/H3", "not H2", "2"])
def test_a_handling_that_names_no_single_code_is_told(written: str) -> None:
    form, findings, _ = read(f"GSP REQUEST\n\nHandling: {written}\n")
    assert form.get("handling") == ""
    assert [(finding.severity, finding.got) for finding in findings] == [(Severity.PART, written)]


def test_the_offer_of_codes_without_its_sign_is_no_choice() -> None:
    form, findings, _ = read("GSP MESSAGE\n\nHandling: ? H0 / H1 / H2 / H3\nMessage: Hello\n")
    assert (form.get("handling"), findings) == ("", ())
    _, findings, _ = read("GSP MESSAGE\n\nHandling: H2 ? H0 / H1 / H2 / H3\nMessage: Hello\n")
    assert [finding.field for finding in findings] == ["handling"]


def test_a_long_line_that_a_client_broke_is_one_value() -> None:
    assert value("product", "Product: cigarettes, 1200 cartons,\nbrand not legible") == (
        "cigarettes, 1200 cartons, brand not legible"
    )


def test_text_keeps_an_arrow_that_the_writer_typed() -> None:
    assert value("justification", "Justification:\nroute: Mombasa ← Jebel Ali") == "route: Mombasa ← Jebel Ali"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [60, 66, 72, 76])
def test_long_labels_and_hints_that_a_client_breaks_are_read(language: str, width: int) -> None:
    asked = FilledForm(
        "request", {"product": "cigarettes"}, {"data_requested": frozenset("ej")},
        hints={"purpose": text("please complete or correct this line")},
    )  # fmt: skip
    answered = FilledForm("reply", blocks=(Block({"uim": ONE, "e": "ACME", "j": "", "i": "unknown"}),))
    for filled in (asked, answered):
        written = write(filled, FORMS[filled.name], KNOWN.catalogue(language)).split("\n")
        broken = [part for line in written for part in (textwrap.wrap(line, width, break_long_words=False) or [""])]
        form, findings, outside = read_form(broken, VOCABULARY)
        assert findings == ()
        assert outside == ""
        assert {key: said for key, said in form.values.items() if said} == dict(filled.values)
        assert form.ticked("data_requested") == filled.ticked("data_requested")
        assert [dict(block.values) for block in form.blocks] == [dict(block.values) for block in filled.blocks]


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_words_to_choose_from_none_is_broken(language: str) -> None:
    catalogue = KNOWN.catalogue(language)
    for name, form in FORMS.items():
        written = write(FilledForm(name, {"side": "asking"}), form, catalogue)
        hints = [line.partition("← ")[2] for line in written.split("\n") if "← " in line]
        assert not any(len(hint) > 40 or hint.startswith("/") for hint in hints)
        for field in form.fields:
            words = [catalogue.gettext(choice.label) for choice in field.choices]
            if field.hint:  # the words stand behind its sentence, for which a line has no room
                more = f" ({' / '.join(words)})" if field.kind is FieldKind.CHOICE else ""
                assert catalogue.gettext(field.hint) + more in " ".join(hints)
            elif field.kind is FieldKind.CHOICE and (field.required or field.offered):
                assert all(any(word in hint for hint in hints) for word in words)


# --- dates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    ["2026-11-03", "2026/11/3", "2026.11.03", "3.11.2026", "03. 11. 2026", "3 November 2026", "November 3, 2026",
     "3 nov. 2026", "le 3 novembre 2026", "3 de noviembre de 2026", "3 ноября 2026 г.", "2026年11月3日", "٢٠٢٦-١١-٠٣",
     "3 نوفمبر 2026", "２０２６－１１－０３", "Tuesday, 3 November 2026, 10:00"],
)  # fmt: skip
def test_dates_are_read_as_people_write_them(written: str) -> None:
    assert read_date(written) == "2026-11-03"


@pytest.mark.parametrize("written", ["03/11/2026", "3-11-2026", "03.11.26", "11/03/26"])
def test_a_date_that_can_be_read_in_two_ways_is_not_read(written: str) -> None:
    assert read_date(written) is None


@pytest.mark.parametrize("written", ["25/11/2026", "11/25/2026", "25-11-2026"])
def test_a_day_above_twelve_leaves_no_doubt(written: str) -> None:
    assert read_date(written) == "2026-11-25"


@pytest.mark.parametrize("written", ["", "soon", "31.11.2026", "2026-13-01", "2026", "12", "99999999", "1 2 3 4"])
def test_what_is_no_date_is_none(written: str) -> None:
    assert not read_date(written)


@pytest.mark.parametrize(
    "written",
    ["Обоснование: грузовик\nОбращение: H2", "理由：卡车\n处理：Ｈ２", "التبرير: شاحنة\nالمعالجة: H2",
     "Product: a lorry\nRestriction: h2.", "Justification: a lorry\nbay: H1\nRestriction: H2"],
)  # fmt: skip
def test_a_code_of_handling_behind_another_word_binds_all_the_same(written: str) -> None:
    form, findings, _ = read(f"GSP REQUEST\n{written}\n\nUIMs:\n{ONE}\n")
    assert form.get("handling") == "H2"
    assert [dict(finding.text.values)["label"] for finding in findings] == [text("Handling")]
    if "Product" not in written:
        assert "2" in unicodedata.normalize("NFKC", form.get("justification"))  # the word may mean something else there


def test_where_handling_is_said_no_other_word_counts() -> None:
    form, findings, _ = read("GSP REQUEST\nJustification: a lorry\nBay: H3\nBay: H1 to H2\nHandling: H1\n")
    assert (form.get("handling"), findings) == ("H1", ())


@pytest.mark.parametrize("line", ["Bay 4: H2", "Bay: H2 and H3", "Bay: H2 is closed", "Bay H2", "H2", "Bay: H4"])
def test_what_holds_more_or_less_than_a_code_is_no_handling(line: str) -> None:
    form, findings, _ = read(f"GSP REQUEST\nJustification: a lorry\n{line}\n")
    assert (form.get("handling"), findings) == ("", ())


@pytest.mark.parametrize("label", ["Reason", "Motif", "Motivo", "Причина", "Основание", "السبب", "理由", "原因"])
def test_why_is_asked_may_be_called_the_reason(label: str) -> None:
    assert value("justification", f"{label}: found in transit") == "found in transit"


# --- ticks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "box",
    ["[x]", "[X]", "[ x ]", "[✓]", "[✔]", "[✔\ufe0f]", "☒", "☑", "☑\ufe0f", "(x)", "(X)", "[х]", "✅", "* [x]", "- [x]",
     "［x］", "[*]", "x", "✗"],
)  # fmt: skip
def test_ticks_of_every_kind_count(box: str) -> None:
    form, findings, _ = read(
        f"GSP REQUEST\nData requested:\n{box} (a) Date\n[ ] (b) Facility\n☐ (c)\n[] (d)\n[_] (e)\n"
    )
    assert form.ticked("data_requested") == {"a"}
    assert findings == ()


@pytest.mark.parametrize(
    "lines", ["a, c, j", "(a), (c), (j)", "(a)\n(c)\n(j)", "A C J", "[x] a\n[x] c)\n[x] (j)", "a، c، j", "a/c/j."]
)
def test_data_may_be_named_by_their_letters(lines: str) -> None:
    form, findings, _ = read(f"GSP REQUEST\nData requested:\n{lines}\n\nQuestions: none\n")
    assert form.ticked("data_requested") == {"a", "c", "j"}
    assert findings == ()


def test_data_may_be_named_in_words_of_any_language() -> None:
    french = KNOWN.catalogue("fr").gettext("Manufacturing facility")
    form, _, _ = read(f"GSP REQUEST\nData requested:\nDate and location of manufacture\n{french}\n")
    assert form.ticked("data_requested") == {"a", "b"}


@pytest.mark.parametrize(
    "lines",
    ["(أ) تاريخ ومكان الصنع\n(و) السوق المقصودة للبيع بالتجزئة", "(أ) و(و)", "أ، و", "أ و (و)", "(ا)\n(و)",
     "[х] (а) Дата и место изготовления\n[х] (е) Предполагаемый рынок розничной продажи", "[x] (а)\n[x] (f)",
     "a and f", "a et f", "а и f", "a和f"],
)  # fmt: skip
def test_data_may_be_named_by_the_letters_of_another_alphabet(lines: str) -> None:
    form, findings, _ = read(f"GSP REQUEST\nData requested:\n{lines}\n\nQuestions: none\n")
    assert form.ticked("data_requested") == {"a", "f"}
    assert findings == ()


@pytest.mark.parametrize("word", ["all", "All data", "toutes", "todos los datos", "все", "الكل", "全部", "[x] all"])
def test_all_data_may_be_named_in_one_word(word: str) -> None:
    form, findings, _ = read(f"GSP REQUEST\nData requested: {word}\n")
    assert form.ticked("data_requested") == set("abcdefghij")
    assert findings == ()


def test_letters_that_may_mean_another_one_are_told_with_what_follows_of_it() -> None:
    form, findings, _ = read("GSP REQUEST\nData requested: а, в, е\n")
    assert form.ticked("data_requested") == frozenset()
    assert [finding.text.message.count("all of them are asked for") for finding in findings] == [1]
    form, findings, _ = read("GSP REQUEST\nData requested:\n[x] (b)\n[x] в\n")
    assert form.ticked("data_requested") == {"b"}
    assert [finding.text.message.count("all of them are asked for") for finding in findings] == [0]


def test_the_item_j_is_not_a_tick() -> None:
    assert tick("(j) Intended shipment route") is None
    assert letters("(a) - (d)") == {"a", "b", "c", "d"}
    assert letters("a bad cab") == frozenset()


@pytest.mark.parametrize("name", ["Focal point <gsp@gsp.example.org>", "GSP focal point"])
def test_the_line_by_which_a_client_introduces_a_quotation_is_no_text_of_the_writer(name: str) -> None:
    quoted = "> GSP EVALUATION\n>\n> Exchange: GSP-2026-000042/SE\n> Usefulness:\n"
    introduced = f"On Sun, Nov 22, 2026 at 04:35:22PM +0000, {name} wrote:\n"
    assert read(introduced + quoted)[0].name == "evaluation"
    assert read("Thank you.\n\n" + introduced + quoted)[::2] == (FilledForm(""), "Thank you.")


def test_boxes_count_wherever_they_stand() -> None:
    form, findings, _ = read(
        f"GSP REQUEST\nPurpose: detection\n[x] (b)\n\nUIMs:\n{ONE}\n☑ (f) Intended market\n{TWO}\n"
    )
    assert form.ticked("data_requested") == {"b", "f"}
    assert [uim.text for uim in form.uims] == [ONE, TWO]
    assert findings == ()


def test_another_line_among_the_data_is_told() -> None:
    _, findings, _ = read("GSP REQUEST\nData requested:\n[x] (a)\n[x] the colour of the pack\n")
    assert [(finding.line, finding.severity) for finding in findings] == [(4, Severity.NOTE)]


@pytest.mark.parametrize(
    ("written", "decision"),
    [("approved.", "approve"), ("J’approuve", "approve"), ("Согласен", "approve"), ("同意", "approve"),
     ("Sí", "approve"), ("لا", "refuse"), ("不批准", "refuse"), ("No", "refuse"), ("perhaps", "")],
)  # fmt: skip
def test_a_decision_may_be_said_in_other_words(written: str, decision: str) -> None:
    form, findings, _ = read(f"GSP APPROVE\nPattern change: 7d3b95e3b871\nDecision: {written}\n")
    assert (form.get("decision"), len(findings)) == (decision, not decision)


# --- lists of UIMs ----------------------------------------------------------------------------------


def test_no_character_of_a_uim_is_a_separator_or_lost() -> None:
    every = [f"A1!\"%&'()*+,-./:;=?_{character}z" for character in "!\"%&'()*+,-./:;=?_"]
    assert listed(*every) == every
    assert listed("aB1", "AB1", "ab1,", "ab1.", "'ab1", "ab1;ab2") == ["aB1", "AB1", "ab1,", "ab1.", "'ab1", "ab1;ab2"]


def test_list_numbering_is_dropped_only_where_every_line_has_it() -> None:
    assert listed(f"1. {ONE}", f"2. {TWO}") == listed(f"• {ONE}", f"• {TWO}") == listed(f"1) {ONE}", f"2) {TWO}")
    assert listed(f"1. {ONE}", f"2. {TWO}") == [ONE, TWO]
    assert listed(f"1. {ONE}", TWO) == [TWO]
    assert listed("1.2A", "2.3B") == ["1.2A", "2.3B"]


@pytest.mark.parametrize("apart", ["", "\n"])
@pytest.mark.parametrize(
    "below",
    [
        "",
        "\nRegards,",
        "\nСпасибо!",
        "\n谢谢",
        "\nشكراً،\nأحمد\nهاتف: ٠١٢٣٤٥٦٧٨٩",
        "\nCordialement,\nJ. Dupont\nTél. 01 57 53 12 34",
    ],
)
def test_numbering_that_counts_up_is_dropped_whatever_stands_below_or_between(apart: str, below: str) -> None:
    three = [f"{ONE[:-1]}{last}" for last in "123"]
    form, findings, _ = read(
        "GSP LOOKUP\nUIMs:\n" + "".join(f"{n}) {code}\n{apart}" for n, code in enumerate(three, 8)) + below
    )
    assert ([uim.text for uim in form.uims], findings) == (three, ())
    assert listed(*(f"{n}. {code}" for n, code in enumerate(three, 1)), "", TWO) == [*three, TWO]


@pytest.mark.parametrize(
    "form",
    [
        "{}、",
        "{}．",
        "（{}）",
        "({}) ",
        "{} ",
        "{}- ",
        "{} – ",
        "№{} ",
        "№ {}. ",
        "#{} ",
        "[{}] ",
        "{}º ",
        "{}°) ",
        "{}/ ",
    ],
)
def test_a_list_may_be_numbered_as_people_do_from_one_on(form: str) -> None:
    three = [f"{ONE[:-1]}{last}" for last in "123"]
    for digits in ("123", "１２３", "١٢٣"):
        assert listed(*(form.format(n) + code for n, code in zip(digits, three, strict=True))) == three
    assert listed(*(form.format(n) + code for n, code in enumerate(three, 1)), "", "Regards,") == three
    assert listed(*(form.format(n) + code for n, code in enumerate(three, 11))) != three
    assert listed(*(sign + code for sign, code in zip("①②③", three, strict=True))) == three


def test_a_second_list_below_the_first_may_be_numbered_from_one_again() -> None:
    codes = [f"{ONE[:-1]}{last}" for last in "12345"]
    first, second = (
        [f"{n}. {code}" for n, code in enumerate(codes[:3], 1)],
        [f"{n}. {c}" for n, c in enumerate(codes[3:], 1)],
    )
    assert listed(*first, "Second", *second) == [*codes[:3], "Second", *codes[3:]]
    assert listed(*[f"1 {code}" for code in codes]) != codes, "nothing counts up"


@pytest.mark.parametrize("between", ["Carton", "Box two", "Thanks"])
def test_short_codes_go_on_below_a_word_between_and_a_signature_does_not(between: str) -> None:
    below = ("", "Regards,", "PO12345678", "KE1234", "KEEPSAFEIT")
    assert listed("KE12345678", "", between, "KE12345679", *below) == ["KE12345678", "KE12345679"]


@pytest.mark.parametrize(
    "added",
    """Sent from my iPhone|Sent from my iPhone 15 Pro|*Sent from my iPhone*|Sent from my Samsung Galaxy smartphone.
    Envoyé de mon iPhone|Envoyé depuis mon Galaxy A54|Envoyé à partir de Outlook pour Android
    Отправлено с iPhone|Отправлено из Outlook для iOS|发自我的iPhone|发自我的华为手机|从我的 iPhone 发送
    Enviado desde mi iPhone|Enviado desde Outlook para iOS<https://aka.ms/o0ukef>
    أُرسلت من الـ iPhone|مرسل من الـ iPhone الخاص بي|الحصول على Outlook لـ iOS|获取 Outlook for iOS
    Sent from Yahoo Mail on Android<https://go.onelink.me/107872968?pid=InProduct&c=Global>
    Get Outlook for iOS|Get [Outlook for iOS](https://aka.ms/o0ukef)|Obtenir Outlook pour iOS|Obtener Outlook para iOS
    Отправлено из мобильного приложения Яндекс Почты|Sent from my mobile phone|Envoyé de mon portable|发自网易邮箱大师
    Enviado desde mi móvil|Отправлено с моего телефона|أرسلت من هاتفي|来自我的华为手机
    Von meinem iPhone gesendet|Sent with Proton Mail secure email.""".replace("\n    ", "|").split("|"),
)
def test_what_a_telephone_puts_below_a_mail_is_passed_over(added: str) -> None:
    assert listed(ONE, TWO, added) == listed(ONE, TWO, "", added, "J. Doe") == [ONE, TWO]
    assert listed(ONE, added, TWO) == [ONE, TWO], "the cursor stood below it"
    form, findings, _ = read(f"GSP REQUEST\nProduct: cigarettes\n{added}\nQuestions: By whom?\n{added}\n")
    assert (form.values, findings) == ({"product": "cigarettes", "questions": "By whom?"}, ())


@pytest.mark.parametrize(
    "line",
    [
        f"Sent from my iPhone {ONE}",
        f"Sent from my iPhone {ONE[:18]}",
        "Envoyé de Mombasa le 3 mai",
        "The iPhone of the driver",
        "Sent from my phone to his",
    ],
)
def test_what_only_begins_so_is_told_below_codes_and_stays_in_a_text(line: str) -> None:
    _, findings, _ = read(f"GSP REQUEST\nQuestions: By whom?\n{line}\nUIMs:\n{ONE}\n{line}\n")
    assert [finding.line for finding in findings] == [6]
    assert value("questions", f"Questions: By whom?\n{line}") == f"By whom?\n{line}"


def test_numbers_on_lines_of_their_own_are_no_uims_where_they_count_the_codes() -> None:
    assert listed("1", ONE, "2", TWO) == listed("1.", "", ONE, "", "2.", "", TWO) == [ONE, TWO]
    assert listed("1", ONE, "3", TWO) == ["1", ONE, "3", TWO]
    assert listed("1", "2", ONE) == ["1", "2", ONE]


def test_what_looks_like_numbering_but_belongs_to_a_code_stays() -> None:
    brackets = ["(11) 261101", "(12) 261201", "(13) 261202"]  # lines of one label, as GS1 prints it
    assert listed(*brackets) == [line.replace(" ", "") for line in brackets]
    assert listed("1.QCALL7hT2kQ9", "2.QCALL7hT2kQ8") == ["1.QCALL7hT2kQ9", "2.QCALL7hT2kQ8"]
    assert listed(f"1 {ONE}") == [f"1 {ONE}"], "one line is no list: the library says what it may be"


def test_a_table_drawn_with_bars_is_read_by_rows() -> None:
    rows = ("| Nº | Código | Marca |", "|----|:-----|----|", f"| 1 | {ONE} | x |", f"| | {TWO} | |", "", "Saludos")
    form, findings, _ = read("GSP LOOKUP\nUIMs:\n" + "\n".join(rows))
    assert ([(uim.text, uim.line) for uim in form.uims], findings) == ([(ONE, 5), (TWO, 6)], ())


def test_codes_in_groups_or_in_rows_go_on_behind_an_empty_line_and_a_signature_does_not() -> None:
    grouped = "QCALL 7hT2 kQ9m Zb7K d250 5191 4"
    assert listed(TWO, "", grouped, "", f"2\t{ONE}\tCamel") == [TWO, grouped, ONE]
    assert listed(TWO, "", "FAX 254202817711", "PO Box 48240-00100", "Marktstrasse 12b, 111 51 Ort") == [TWO]


@pytest.mark.parametrize(
    "separator", ["\x1d", "<GS>", "<gs>", "{GS}", "[GS]", "␝", "\\x1d", "\\u001D", "^]", "&#29;", "&#x1D;"]
)
def test_the_group_separator_may_be_written_in_many_ways(separator: str) -> None:
    assert listed(f"0104601234567890{separator}21ABC", ONE) == ["0104601234567890\x1d21ABC", ONE]


@pytest.mark.parametrize("prefix", ["]d2", "]C1", "]Q3", "]e0", "]d1"])
def test_a_scanners_prefix_is_dropped(prefix: str) -> None:
    assert listed(f"{prefix}0104601234567890") == ["0104601234567890"]


@pytest.mark.parametrize(
    "written",
    [f"“{ONE}”", f"«\u00a0{ONE}\u00a0»", f"‘{ONE}’ – see photo…", f"*{ONE}*", f"_{ONE}_", f"\u200e{ONE}\u200f",
     f"\u2066{ONE}\u2069", f"{ONE[:9]}\u200b{ONE[9:]}\ufeff", f"{ONE[:9]}\u00ad{ONE[9:]}", f"  {ONE}\u00a0",
     f"{ONE} <https://urldefense.example/v2/url?u=x>", f"UIM corrected: {ONE}", f"شناسه: {ONE}", f"<UIM> {ONE}"],
)  # fmt: skip
def test_what_programs_put_around_a_uim_is_taken_away(written: str) -> None:
    assert listed(written) == [ONE]


@pytest.mark.parametrize(
    "written",
    ["０１０４６０１２３４５６７８９０", "٠١٠٤٦٠١٢٣٤٥٦٧٨٩٠", f"\u202e{ONE}\u202c",
     f"{ONE[:9]}\u202d{ONE[9:]}", "4.6E+12", "4,60123E+12", f"{ONE}; {TWO}", f"{ONE} and {TWO}", f"the code is {ONE}"],
)  # fmt: skip
def test_a_line_that_is_no_clean_uim_is_told_and_not_mended(written: str) -> None:
    form, findings, _ = read(f"GSP LOOKUP\nUIMs:\n{TWO}\n{written}\n")
    assert [uim.text for uim in form.uims] == [TWO]
    assert [(finding.line, finding.severity, finding.got) for finding in findings] == [(4, Severity.PART, written)]


@pytest.mark.parametrize("written", [ONE.replace("A", "\u0410"), f"{ONE[:9]} {ONE[9:]}"])
def test_a_damaged_code_that_a_repair_may_be_proposed_for_goes_on_as_it_is(written: str) -> None:
    """The library says what it may have been; nobody is asked about it."""
    assert written != ONE
    assert listed(written, TWO) == [written, TWO]


def test_a_code_with_a_colon_is_no_label() -> None:
    assert listed("A:1234567", "AB:12", "X1Y2:3") == ["A:1234567", "AB:12", "X1Y2:3"]


def test_uims_may_stand_behind_a_label_each_or_below_the_title_without_any() -> None:
    assert codes(f"GSP LOOKUP\nUIM: {ONE}\nUIM: {TWO}\n") == [ONE, TWO]
    assert codes(f"GSP LOOKUP\n\n{ONE}\nAB12\n{TWO}\n") == [ONE, "AB12", TWO]


def test_other_text_within_a_list_does_not_end_it_for_the_uims_below() -> None:
    below = "\nThis mail is confidential.\nCall +254700123456\n"
    form, findings, outside = read(f"GSP LOOKUP\nUIMs:\n{ONE}\n\nAnd of the second carton\n\n{TWO}\n{below}")
    assert [uim.text for uim in form.uims] == [ONE, TWO]
    assert findings == ()
    assert outside == "And of the second carton\nThis mail is confidential.\nCall +254700123456"


def test_what_a_spreadsheet_shows_in_a_narrow_column_is_not_passed_over_in_silence() -> None:
    assert listed(ONE, "########", TWO) == [ONE, "########", TWO]


def test_rules_and_empty_lines_are_no_uims() -> None:
    assert listed(ONE, "----------", "", ".", "* * *", TWO) == [ONE, TWO]


# --- replies ----------------------------------------------------------------------------------------


def blocks(body: str) -> list[dict[str, str]]:
    return [{k: v for k, v in block.values.items() if v} for block in read(f"GSP REPLY\n\n{body}")[0].blocks]


def test_a_block_that_says_something_without_its_uim_is_not_lost() -> None:
    form = read("GSP REPLY\n\nUIM: A1\nStatus: valid\n\nUIM:\nStatus: not valid\n\nUIM:\nStatus:\n")[0]
    assert [(block.values.get("uim"), block.values["status"]) for block in form.blocks] == [
        ("A1", "valid"),
        ("", "not valid"),
    ]
    assert len({block.line for block in form.blocks}) == 2


def test_each_uim_has_its_block() -> None:
    body = (
        f"Remarks: all seized\nUIM: {ONE}\nStatus: Valid\n(a) Date and location of manufacture: 19 May 2025,\nMalmö\n"
        f"(b) Manufacturing facility:\nRemarks: second shift\n\nUIM: {TWO}\nStatus:\n\nUIM:\nStatus: valid\n"
    )
    assert blocks(body) == [
        {"uim": ONE, "status": "valid", "a": "19 May 2025,\nMalmö", "uim_remarks": "second shift"},
        {"uim": TWO},
        {"status": "valid"},
    ]
    assert read(f"GSP REPLY\n{body}")[0].get("remarks") == "all seized"


@pytest.mark.parametrize(
    "line", ["(a) Malmö: plant 2", "(a) Date: Malmö: plant 2", "(A) date and location of manufacture: Malmö: plant 2"]
)
def test_an_answer_counts_whatever_became_of_its_label(line: str) -> None:
    assert blocks(f"UIM: {ONE}\nStatus: valid\n{line}\n")[0]["a"] == "Malmö: plant 2"


def test_of_an_answer_in_two_pieces_nothing_is_lost() -> None:
    assert blocks(f"UIM: {ONE}\n(b) Manufacturing facility: Riom\n(c): line 4\n(b): and Lyon\n")[0] == {
        "uim": ONE, "b": "Riom\nand Lyon", "c": "line 4",
    }  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_status_is_read_in_every_language(language: str) -> None:
    catalogue = KNOWN.catalogue(language)
    for status in next(field for field in FORMS["reply"].group if field.name == "status").choices:
        assert blocks(f"UIM: {ONE}\n{catalogue.gettext('Status')}: {catalogue.gettext(status.label)}\n")[0] == {
            "uim": ONE, "status": status.name,
        }  # fmt: skip


# --- replying to a form -----------------------------------------------------------------------------

QUOTED = f"> GSP REPLY\n>\n> Exchange: GSP-2026-000042/SE\n> Handling: H0\n>\n> UIM: {ONE}\n> Status:\n"


def test_a_quoted_form_that_was_filled_in_counts() -> None:
    form, _, outside = read("Please see below.\n\n" + QUOTED.replace("Status:", "Status: not ours"))
    assert (form.name, form.blocks[0].values["status"]) == ("reply", "not ours")
    assert outside == "Please see below."


def test_words_above_a_quoted_form_that_nobody_filled_in_are_no_form() -> None:
    form, findings, outside = read("We need two more weeks.\n\n" + QUOTED)
    assert (form.name, findings, outside) == ("", (), "We need two more weeks.")


OUTLOOK = (
    "From: Focal Point <gsp@focal.example>\nSent: Tuesday, 3 November 2026 10:00\nTo: Desk\nSubject: A question\n\n"
)


def test_outlooks_unmarked_copy_of_the_earlier_mail_is_known_as_such() -> None:
    below = OUTLOOK + "Good morning.\n\n" + QUOTED.replace("> ", "").replace(">", "")
    form, _, outside = read("We need two more weeks.\n\n" + below)
    assert (form.name, outside) == ("", "We need two more weeks.")
    form, _, _ = read("See below.\n\n" + below.replace("Status:", "Status: valid"))
    assert (form.name, form.blocks[0].values["status"]) == ("reply", "valid")
    form, findings, _ = read(f"GSP LOOKUP\nUIMs:\n{TWO}\n\n" + below)
    assert ([uim.text for uim in form.uims], findings) == ([TWO], ())


def test_an_own_form_above_a_quotation_is_the_one_that_counts() -> None:
    form, _, _ = read(
        "GSP MESSAGE\nMessage:\nTwo more weeks, please.\n\nOn 3 Nov 2026, the focal point wrote:\n" + QUOTED
    )
    assert (form.name, form.get("message")) == ("message", "Two more weeks, please.")


def test_an_answer_typed_between_quoted_lines_counts() -> None:
    form, _, _ = read(QUOTED.replace("> Status:\n", "> Status:\nvalid\n"))
    assert form.blocks[0].values["status"] == "valid"


# --- around the form --------------------------------------------------------------------------------


def test_a_signature_is_kept_outside() -> None:
    form, findings, outside = read(f"GSP LOOKUP\nUIMs:\n{ONE}\n-- \nA. Officer\nTel. +254 700 123456\n")
    assert [uim.text for uim in form.uims] == [ONE]
    assert findings == ()
    assert outside == "A. Officer\nTel. +254 700 123456"


def test_a_form_that_goes_on_below_the_signature_is_read_to_its_end() -> None:
    body = f"GSP REQUEST\nProduct: cigarettes\n-- \nA. Officer\nJustification: seized\nUIMs:\n{ONE}\n"
    form, findings, outside = read(body)
    assert (form.get("product"), form.get("justification"), codes(body)) == ("cigarettes", "seized", [ONE])
    assert (findings, outside) == ((), "A. Officer")


# --- writing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_hints_never_come_back_as_values_and_never_make_a_long_line(language: str) -> None:
    filled = FilledForm("request", hints={field.name: text("please complete or correct this line")
                                          for field in FORMS["request"].fields})  # fmt: skip
    written = write(filled, FORMS["request"], KNOWN.catalogue(language))
    assert written.count("←") >= len(FORMS["request"].fields)
    assert all(len(line) <= 72 for line in written.split("\n") if "←" in line)
    form, findings, outside = read(written)
    assert not any(form.values.values())
    assert (findings, outside) == ((), "")


def test_a_group_separator_is_written_so_that_it_can_be_typed_and_read() -> None:
    filled = FilledForm("reply", blocks=(Block({"uim": "0104601234567890\x1d21A"}),))
    written = write(filled, FORMS["reply"], KNOWN.catalogue("en"))
    assert "0104601234567890<GS>21A" in written
    assert read(written)[0].blocks[0].values["uim"] == "0104601234567890\x1d21A"


# --- cost -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    ["UIM: QCALL{n:09d}ABCD", "{n}. QCALL{n:09d}ABCD", "0104{n:012d}<GS>21A", "A:{n:09d}", "not a code {n}",
     "[x] (a) {n}", "", "Purpose: detection", "Name, invoice, order number and {n}", "On {n} somebody wrote:", "-- ",
     "> {n}", "From: {n}"],
)  # fmt: skip
def test_many_lines_of_any_kind_are_read_in_seconds(line: str) -> None:
    lines = ["GSP REQUEST", "", "UIMs:", *(line.format(n=number) for number in range(25_000))]
    started = spent()
    read_form(lines, VOCABULARY)
    assert spent() - started < allowed(1.5)


@pytest.mark.parametrize(
    "piece", ["1", "1 ", ":", ": ", "> ", "[", "[ ", "(a) ", "*", "“", "<", "<GS>", "\u200e", "A:", "@"]
)
def test_one_endless_line_is_read_in_seconds(piece: str) -> None:
    started = spent()
    for head in ("GSP REQUEST\nUIMs:\n", "GSP REPLY\nUIM: 1A\n", "GSP MESSAGE\nMessage:\n", ""):
        read(head + piece * 300_000 + " x")
    assert spent() - started < allowed(6)
