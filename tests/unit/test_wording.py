"""Words of the pattern library stand in the reader's language in every letter; what a Party wrote stays as written."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from functools import cache
from html import unescape

import pytest
from python_calamine import CalamineWorkbook

from gateway import data
from gateway.content import FilledForm, Letter, Text, Uim, text
from gateway.facts import Language, PartyCode, Wording
from gateway.letters import Receipt, Suggestion, UimNote
from gateway.library import LiveLibrary
from gateway.library.schemes import Catalogue, read
from gateway.rules.digest import Today, tasks_of
from tests.support.rendering import Seen, languages, seen
from tests.support.world import NOW, OPENED, World

OTHERS = ("ar", "es", "fr", "ru", "zh")


@cache
def shipped() -> Catalogue:
    return read(data.pattern_texts())[0]


def say(language: str, sentence: Text) -> str:
    return languages().catalogue(language).say(sentence)


@pytest.mark.parametrize("language", OTHERS)
def test_every_title_of_the_shipped_library_is_said_in_the_readers_language(language: str) -> None:
    english, theirs = languages().catalogue("en"), languages().catalogue(language)
    for scheme in shipped().schemes:
        said = theirs.value(scheme.title)
        assert english.value(scheme.title) == scheme.title
        if scheme.party and english.party(scheme.party) in scheme.title:
            assert said.startswith(theirs.party(scheme.party)), said
        for name in re.findall(r"[A-Z]{3,}\w*|\w+\(\w\)|GS1", scheme.title):  # what is a name in every language
            assert name in said


def test_a_title_that_a_party_described_itself_stays_as_it_was_written() -> None:
    for written in ("Kenya, stamp of 2027", "Timbre {count} <b>", "印花"):
        assert say("ar", text("{scheme}", scheme=Wording(written))) == written


@cache
def letters() -> tuple[Letter, Letter, Letter]:
    """Receipt, look-up and the table of the library, of a sample of every scheme and of misread ones."""
    world = World()
    world.live = LiveLibrary(data.pattern_texts())
    uims = [sample for scheme in shipped().schemes for sample in scheme.valid[:1]]
    uims += ["QCALL7hT2kQ9mZb7Kd2505191", "QCALL7hT2kQ9mZb7Kd250519140", "04780101164394TF&csaNNW1kK0"]
    asked = world.send("officer", "request", OPENED, uims).letters
    receipt = next(one for one in asked if isinstance(one.values, Receipt))
    more = [f"QCALL7hT2kQ9mZb7Kd2505{day:02}{hour:02}" for day in range(1, 29) for hour in (9, 10)]
    return receipt, *(world.send("officer", "lookup", {}, some).letters[0] for some in ([*uims, *more], []))


def read_by(letter: Letter, language: str) -> Seen:
    return seen(replace(letter, to=replace(letter.to, language=Language(language))))


@pytest.mark.parametrize("language", OTHERS)
def test_no_letter_holds_a_title_in_another_language_than_its_own(language: str) -> None:
    """The names of schemes stand in sentences, in tables of the letter, and in its spreadsheets."""
    theirs = languages().catalogue(language)
    english = {one.title for one in shipped().schemes if theirs.value(one.title) != one.title}
    for letter in letters():
        mail = read_by(letter, language)
        whole = " ".join([re.sub(r"\s+", " ", mail.text), unescape(re.sub("<[^>]*>", "", mail.html))])
        for octets in (octets for name, octets in mail.attachments.items() if name.endswith(".xlsx")):
            rows = CalamineWorkbook.from_filelike(io.BytesIO(octets)).get_sheet_by_index(0).to_python()
            whole += " ".join(str(cell) for row in rows for cell in row)
        assert [title for title in english if re.search(rf"(?<!\w){re.escape(title)}(?!\w)", whole)] == []
    assert theirs.value(next(one.title for one in shipped().schemes if one.id == "fr-upui")) in whole
    for english in ("no public structure found", "printed text", "the ID issuer"):
        assert english not in whole
    assert "QCALL(5) + serial(9)" in whole  # a formula is the same for everybody


@pytest.mark.parametrize("language", OTHERS)
def test_a_digest_names_the_markings_that_mislead_in_the_readers_language(language: str) -> None:
    title = next(one.title for one in shipped().schemes if one.id == "ke-egms")
    today = Today(NOW, doubted=((PartyCode("KE"), title), (PartyCode("KE"), Wording("Kenya, stamp of 2027"))))
    (task,) = (one for one in tasks_of(PartyCode("KE"), today) if "GSP PATTERN" in one.says.message)
    assert [say(language, line) for line in task.lines] == [say(language, text(title)), "Kenya, stamp of 2027"]


def test_in_html_what_is_put_into_a_sentence_is_isolated_from_its_direction() -> None:
    """Else `QCALL، Allexis` in an Arabic sentence turns around, and so does the file name of an Arabic officer here."""
    page = read_by(letters()[1], "ar").html
    assert "<bdi>QCALL</bdi>، وهي بادئة جهة إصدار المعرِّفات <bdi>Allexis</bdi>" in page
    assert "<bdi>السويد</bdi>: " in page
    assert "<bdi>رمز فرز الكرتونات</bdi>." in page
    assert re.search(r'<code dir="ltr">QCALL7hT2kQ9mZb7Kd25051914</code>', page)


def test_in_html_each_of_several_titles_is_isolated_and_no_mark_of_html_is_shown() -> None:
    titles = (Wording("Kenya, <b>stamp</b>"), next(one.title for one in shipped().schemes if one.id == "se-upui-L"))
    receipt, sentence = letters()[0], text("It has this structure: {scheme}.", scheme=titles)
    assert isinstance(receipt.values, Receipt)
    note = UimNote(Uim("X1"), (sentence,))
    page = read_by(replace(receipt, values=replace(receipt.values, ambiguous=(note,))), "ar").html
    assert "<bdi>Kenya, &lt;b&gt;stamp&lt;/b&gt;</bdi>؛ <bdi>السويد، رمز العلبة مع ختم زمني</bdi>" in page


def test_in_a_form_from_right_to_left_the_hint_stands_apart_from_the_value() -> None:
    """Else the example of the hint stands where the value is read: `ke-stamp-2027 … ← ke-stamp`."""
    form = FilledForm("pattern", {"scheme": "ke-stamp"})
    page = read_by(replace(letters()[0], form=form), "ar").html
    assert "رمز النظام: <bdi>ke-stamp</bdi> ← <bdi>اسم قصير مثل ke-stamp-2027</bdi>" in page
    assert "الطول: ← <bdi>26 أو 14-26</bdi>" in page


@pytest.mark.parametrize("language", ["en", *OTHERS])
def test_a_party_and_its_marking_are_named_once_in_what_is_said_of_a_uim(language: str) -> None:
    """Not `Sweden: It has this structure: Sweden, …`, nor a second line that repeats which marking it nearly is."""
    theirs = languages().catalogue(language)
    parties = {theirs.party(one.party) for one in shipped().schemes if one.party}
    receipt, answer, _ = (read_by(letter, language).text for letter in letters())
    for whole in (receipt, answer):
        lines = re.sub(r"\n +(?![- ])", " ", whole).split("\n")
        assert len(lines) > 50
        assert [line for line in lines if any(line.count(name) > 1 for name in parties)] == []
    title = theirs.value(next(one.title for one in shipped().schemes if one.id == "se-upui-L"))
    sweden = theirs.party(PartyCode("SE"))
    bare = title.removeprefix(sweden)[1:].strip()
    for code, length in (("QCALL7hT2kQ9mZb7Kd2505191", "25"), ("QCALL7hT2kQ9mZb7Kd250519140", "27")):
        for whole, end in ((receipt, r"\n(?=\S)"), (answer, r"\n\n(?=\S+\n)")):
            said = re.sub(r"\s+", " ", re.split(end, whole.partition(f"\n{code}\n")[2], maxsplit=1)[0])
            assert (said.count(sweden), said.count(bare)) == (1, 1), said
            assert length in said


def test_a_marking_whose_title_does_not_begin_with_its_party_keeps_its_whole_title() -> None:
    """A Party may call its markings as it likes: Niger's is not cut out of `Nigeria, stamp`."""
    reason = text("It has this structure: {scheme}.", scheme=Wording("Nigeria, stamp"))
    doubted = text("{reason} {experience}", reason=reason, experience=text("Please confirm."))
    note = UimNote(Uim("X1"), (), (Suggestion(PartyCode("NE"), Wording("Nigeria, stamp"), reason),
                                   Suggestion(PartyCode("NG"), Wording("Nigeria, stamp"), doubted)))  # fmt: skip
    receipt = letters()[0]
    assert isinstance(receipt.values, Receipt)
    shown = read_by(replace(receipt, values=replace(receipt.values, ambiguous=(note,))), "en").text
    assert "- Niger: It has this structure: Nigeria, stamp." in shown
    assert "- Nigeria: It has this structure: stamp. Please confirm." in shown


@pytest.mark.parametrize("language", ["en", *OTHERS])
def test_the_table_of_the_library_names_each_part_of_a_marking_once(language: str) -> None:
    (octets,) = (o for name, o in read_by(letters()[2], language).attachments.items() if name.endswith(".xlsx"))
    headings, *rows = CalamineWorkbook.from_filelike(io.BytesIO(octets)).get_sheet_by_index(0).to_python()
    column = headings.index(say(language, text("Parts (in square brackets: assumed)")))
    parts = [str(row[column]).split(" + ") for row in rows]
    assert max(map(len, parts)) > 3
    assert [row for row in parts if len(set(row)) < len(row)] == []
    assert any(part.startswith("[") for row in parts for part in row)
