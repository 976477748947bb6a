"""What real clients and odd writers put into the text of a mail is read as the corpus says it must be.

These mails were not written for this gateway: none has the title of a form, and many write `UIM: code` where a form has
a list. So a title is put above their lines where the whole grammar is meant (`_form`), and their own `UIM:` lines are
begun like the blocks of `GSP REPLY`; else the lines and the codes are looked at by themselves. The corpus is read where
it lies, beside the repository.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway import data, discovery, forms
from gateway.content import FilledForm, Finding, MimePart, VerdictKind
from gateway.forms import Form
from gateway.forms._grammar import Vocabulary
from gateway.forms._lines import form_lines
from gateway.forms._reading import read_form
from gateway.forms._values import tick
from gateway.identifiers.written import read_uims
from gateway.language import Languages
from gateway.library import load
from gateway.mime.text import html_lines, html_to_lines, plain_lines
from gateway.mime.tree import parse
from gateway.repairs import winmail
from tests.corpus.places import CORPUS, whole

pytestmark = pytest.mark.corpus
FORMS: dict[str, Form] = discovery.find(forms, "FORM")
LIBRARY = load(data.pattern_texts())
VOCABULARY = Vocabulary(FORMS, Languages.from_texts(data.catalogues()))
ONE = "010460123456789021ABC+DEF"
OTHER = "04601234567890ABCDEFGAACqx7"
THIRD = '+AA1==;,"&'
SUFFIXES = {".eml", ".mbox", ".txt", ".html"}
# `UIM:` behind a title: what the manifest wants to be found, and nothing else.
FOUND = {
    "text-banner-html-exchange": (ONE,),
    "text-banner-multilingual-plain": (ONE,),
    "text-dot-and-from-lines": (ONE,),
    "text-flowed-quoted-depth": (ONE,),
    "text-gmail-reply-spanish": (ONE,),
    "text-html-wbr-shy-split": (ONE, OTHER),
    "text-nbsp-and-zero-width": (ONE, OTHER),
    "text-outlook-reply-header-french-html": (ONE,),
    "text-utf16-body": (ONE,),
}


def _lines(name: str) -> list[str]:
    """The plain lines of a corpus mail, the lines of its HTML where it has no plain text."""
    path = CORPUS / name
    if path.suffix == ".html":
        return html_to_lines(path.read_text("utf-8", "replace"))
    if path.suffix == ".txt":
        return path.read_text("utf-8").split("\n")
    tree = parse(path.read_bytes())
    return list(plain_lines(tree) or html_lines(tree))


def _made(name: str) -> list[str]:
    return _lines(f"selfmade/{name}.eml")


def _form(title: str, lines: list[str]) -> tuple[FilledForm, tuple[Finding, ...], str]:
    return read_form([title, *lines], VOCABULARY)


def _codes(form: FilledForm) -> tuple[str, ...]:
    return tuple(block.values["uim"] for block in form.blocks if block.values.get("uim"))


@pytest.mark.parametrize("name", FOUND)
def test_the_codes_of_a_mail_are_found_and_no_others(name: str) -> None:
    form, _, _ = _form("GSP REPLY", _made(name))
    assert _codes(form) == FOUND[name]


def test_a_banner_above_the_title_is_put_aside() -> None:
    banner = _made("text-banner-multilingual-plain")
    place = next(place for place, line in enumerate(banner) if line.startswith("UIM"))
    form, findings, outside = read_form([*banner[:place], "GSP REPLY", "", *banner[place:]], VOCABULARY)
    assert _codes(form) == (ONE,)
    assert findings == ()
    assert "ACHTUNG" in outside


def test_digits_that_are_not_ascii_are_told_and_not_converted() -> None:
    (line,) = [line for line in _made("text-arabic-indic-digits") if "٠١" in line]
    uims, findings = read_uims([(1, line.split(":")[1])])
    assert uims == ()
    assert [finding.line for finding in findings] == [1]


def test_a_false_charset_is_not_believed() -> None:
    (line,) = [line for line in _made("text-charset-lie-utf8-is-1252") if line]
    assert line.startswith("Précision ")
    uims, findings = read_uims([(1, line.split(" ")[1])])
    assert ([uim.text for uim in uims], findings) == ([ONE], ())


def test_dots_and_from_lines_stay() -> None:
    assert {".", "From here on"} <= set(_made("text-dot-and-from-lines"))


def test_what_a_spreadsheet_damaged_is_told() -> None:
    listed = [line for line in _made("text-excel-damaged-codes") if line and line != "UIM"]
    uims, findings = read_uims(enumerate(listed, 1))
    assert "4.60123E+12" in [finding.got for finding in findings]
    assert "4.60123E+12" not in [uim.text for uim in uims]
    # A lost leading zero shows only where a pattern knows the length: such a code is taken as written.
    assert "4601234567890" in [uim.text for uim in uims]


def test_a_code_broken_by_format_flowed_is_joined() -> None:
    assert f"The code is {ONE} and ends." in _made("text-flowed-delsp-yes")


def test_an_answer_between_quotations_counts_and_what_is_quoted_does_not() -> None:
    form, _, _ = _form("GSP REQUEST", ["Data requested:", *_made("text-flowed-quoted-depth")])
    assert form.ticked("data_requested") == {"a"}
    assert [uim.text for uim in form.uims] == [ONE]


def test_letters_that_only_look_latin_are_told() -> None:
    codes = [line.partition(":")[2] for line in _made("text-fullwidth-and-homoglyph") if line]
    uims, findings = read_uims(enumerate(codes, 1))
    judged = LIBRARY.verdicts(uims, datetime(2026, 11, 21, tzinfo=UTC))
    assert [verdict.kind for verdict in judged] == [VerdictKind.UNKNOWN]
    assert "it only looks like" in judged[0].remarks[0].message
    assert len(findings) + len(judged) == len(codes) == 2


def test_boxes_drawn_with_a_symbol_font_are_ticks_and_a_smiley_is_none() -> None:
    form, _, _ = _form("GSP REQUEST", ["Data requested:", *_made("text-html-checkbox-wingdings")])
    assert form.ticked("data_requested") == {"a", "c", "f"}


def test_no_code_comes_from_a_rewritten_link() -> None:
    lines = _made("text-html-safelinks")
    form, findings, _ = _form("GSP REPLY", lines)
    assert (_codes(form), findings) == ((ONE, OTHER), ())
    assert not any("safelinks" in line for line in lines)


def test_a_line_is_never_split_at_a_comma_or_semicolon() -> None:
    form, findings, _ = _form("GSP REPLY", _made("text-list-separators-must-not-split")[1:2])
    assert (_codes(form), findings) == (("AB,CD;EF/GH",), ())
    numbered = [line for line in _made("text-list-separators-must-not-split") if line[:2] in ("1)", "- ")]
    uims, findings = read_uims(enumerate(numbered, 1))
    assert ([uim.text for uim in uims], findings) == ([ONE, OTHER], ())


def test_marks_that_thunderbird_sets_for_bold_are_dropped_with_the_numbers_of_a_list() -> None:
    uims, findings = read_uims(enumerate(_made("text-plain-asterisk-bold-from-html"), 1))
    # No issuer's code begins with a star or an underscore: at both ends they are bold and underlined text.
    assert [uim.text for uim in uims] == [ONE, OTHER]
    # Words before so short a code are told: it could be anything.
    assert [finding.got for finding in findings] == [f"<UIM> {THIRD}"]


def test_marks_of_direction_around_a_code_are_dropped() -> None:
    codes = [line.partition(":")[2] for line in _made("text-rtl-marks-around-code") if line]
    uims, findings = read_uims(enumerate(codes, 1))
    assert ([uim.text for uim in uims], findings) == ([ONE, OTHER, "+AA1=="], ())


def test_a_code_that_shows_otherwise_than_it_reads_is_refused() -> None:
    form, findings, _ = _form("GSP REPLY", _made("text-rtl-override-spoof"))
    assert _codes(form) == ()
    assert len(findings) == 1


def test_what_stands_below_a_signature_is_not_dropped() -> None:
    # The box stands in the line of an address and `UIM corrected` is no label: kept for a person to see.
    _, _, outside = _form("GSP REQUEST", _made("text-signature-then-text-below"))
    assert "[x] (a)" in outside
    assert ONE in outside


def test_a_form_that_goes_on_below_a_signature_is_read() -> None:
    lines = _made("text-signature-then-text-below")
    apart = "\n".join(lines).replace("[x]", "\n[x]").replace("UIM corrected:", "UIMs:").split("\n")
    form, _, _ = _form("GSP REQUEST", ["Data requested:", *apart])
    assert form.ticked("data_requested") == {"a"}
    assert [uim.text for uim in form.uims] == [ONE]


def test_typographic_quotes_are_no_part_of_a_code() -> None:
    form, findings, _ = _form("GSP REPLY", _made("text-smart-punctuation")[:2])
    assert (_codes(form), findings) == ((ONE, OTHER), ())
    assert tick("• (a)") is None


@whole
@pytest.mark.parametrize(
    ("name", "own", "earlier"),
    [
        ("talon/mail_ru.html", "Hi. I am fine.", "Hello! How are you?"),
        ("talon/ms_outlook_2010.html", "Hi. I am fine.", "Hello! How are you?"),
        ("talon/windows_mail.html", "Hi. I am fine.", "Hello! How are you?"),
        ("talon/outlook.eml", "Hello", "We will be in touch again with any further updates,"),
        ("chatmail/gmx-quote.eml", "YIPPEEEEEE", "Now?"),
        ("crisp/email_german_outlook.txt", "Fusce bibendum", "This is the original message content."),
        ("kde-mimetreeparser/outlook.mbox", "habs gerade getestet:", "Program Manager"),
    ],
)
def test_an_earlier_mail_below_is_not_the_answer(name: str, own: str, earlier: str) -> None:
    _, body, outside = form_lines(["GSP MESSAGE", "Message:", *_lines(name)], VOCABULARY)
    mine = "\n".join(line for _, line in body)
    assert own in mine
    assert earlier not in mine
    assert "Original" not in mine
    assert earlier in "\n".join(outside) or earlier in "\n".join(line for line in _lines(name) if line.startswith(">"))


@whole
def test_answers_between_quotations_stay_together() -> None:
    lines = _lines("crisp/email_tricky_18_inline_reply.txt")
    form, findings, _ = _form("GSP MESSAGE", ["Message:", *lines])
    said = form.get("message")
    assert "I think option A is great." in said
    assert "Option C is not suitable" in said
    assert "opinion on" not in said
    assert findings == ()


@whole
@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("schleuder/charset_mails__ks_c_5601-1987.eml", "스티해"),
        ("kde-mimetreeparser/applehtmlwithattachments.mbox", "This is an HTML message with attachments."),
        ("thunderbird/html-entities-and-styles.eml", "I need to call AT&T because my phone is broken. A < B."),
        ("thunderbird/test-alt-plain-HTML-reversed.eml", "Plain Text"),
        ("stalwart/020.eml", "HTML Body"),
        ("fairemail/email_homo.eml", "Test"),
    ],
)
def test_the_text_of_a_mail_is_seen(name: str, wanted: str) -> None:
    tree = parse((CORPUS / name).read_bytes())
    assert wanted in [line.strip() for line in (*plain_lines(tree), *html_lines(tree))]


@whole
def test_flowed_paragraphs_are_one_line() -> None:
    lines = [line for line in _lines("thunderbird/format-flowed.eml") if line.strip()]
    assert lines[0].startswith("first first")
    assert "last last" in lines[0]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=str(path.relative_to(CORPUS)))
        for path in sorted(CORPUS.rglob("*"))
        if path.suffix in SUFFIXES and "keys" not in path.parts
    ],
)
def test_no_mail_of_the_corpus_stops_the_reader(path: Path) -> None:
    lines = _lines(str(path.relative_to(CORPUS)))
    form, _, outside = _form("GSP MESSAGE", ["Message:", *lines])
    assert form.name == "message"
    # What a person sees is in the message or beside it; only quotations and their introductions are put away.
    kept = "".join((form.get("message") + outside).split())
    titled = any(VOCABULARY.title(line) for line in lines)
    assert kept or titled or not any(line.strip(" -") and not line.lstrip().startswith(">") for line in lines)


@whole
@pytest.mark.parametrize(
    ("name", "names", "wanted"),
    [
        ("body", [], "text/html"),
        ("two-files", ["AUTHORS", "README"], ""),
        ("unicode-mapi-attr", ["example.dat"], "text/html"),
    ],
)
def test_what_outlook_wrapped_is_unwrapped(name: str, names: list[str], wanted: str) -> None:
    octets = (CORPUS / "mimekit" / f"{name}.tnef").read_bytes()
    part = MimePart((), "application/ms-tnef", (), "attachment", "winmail.dat", octets, (), octets)
    found = winmail.mend(part).children
    assert [one.filename for one in found if one.filename] == names
    assert [one.media_type for one in found if not one.filename] == ([wanted] if wanted else [])
