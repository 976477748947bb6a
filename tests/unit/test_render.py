"""Letters: every one in every language, nothing of a reader's words lost or obeyed, headers protected."""

from __future__ import annotations

import email.policy
import re
from dataclasses import replace
from email.message import EmailMessage
from functools import cache
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import DictLoader

from gateway.content import FilledForm, Finding, Letter, Severity, Uim, text
from gateway.events import EventKind
from gateway.facts import NO_PARTY
from gateway.letters import LetterValues, MessageLetter, Notice, Reminder, Status, TrailLine, Turn, UimNote
from gateway.stages import _entity, _lines, _sandbox
from gateway.treaty import ExchangeState, Handling, ReferralState, Role
from tests.support import samples
from tests.support.rendering import Seen, seen

LANGUAGES = ("en", "ar", "es", "fr", "ru", "zh")
HOSTILE = (
    "x\r\nBcc: eve@evil.example\n\n<script>alert(1)</script>{{ letter }}{count}%(x)s"
    "\u2028\x00\ud800\u202e=?utf-8?q?=0D=0A?="
)


class _Page(HTMLParser):
    """What a browser or a screen reader makes of a page."""

    VOID = frozenset({"meta", "br", "img"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.copied: list[str] = []
        self.balanced = True
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "code":
            self.copied.append("")

    def handle_endtag(self, tag: str) -> None:
        self.balanced = self.balanced and bool(self.open) and self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "code" in self.open:
            self.copied[-1] += data


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


_shown = cache(seen)  # three tests look at each sample


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_every_letter_renders_in_every_language(name: str, language: str) -> None:
    mail = _shown(name, language)
    for part in (mail.text, mail.html):
        assert "clear text" not in part  # a Text or another value was printed instead of said
        assert not re.search(r"\{\w+\}|Undefined|<bound method|gateway\.|None\b", part)
    assert not re.search(r"</?(bdi|p|ul|br|h1)\b", mail.text)


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_the_page_is_well_formed_accessible_and_loads_nothing(name: str, language: str) -> None:
    page = _Page(_shown(name, language).html)
    assert page.balanced
    assert not page.open
    tags = [tag for tag, _ in page.tags]
    assert not {"script", "link", "iframe", "object", "form", "a"} & set(tags)
    pictures = [attributes for tag, attributes in page.tags if tag == "img"]
    assert all(re.fullmatch(r"cid:(chart|photograph)\d\.[!-~]+", str(one["src"])) and one["alt"] for one in pictures)
    assert not any(
        key in ("href", "style") or key.startswith("on") or (key == "src" and tag != "img")
        for tag, attributes in page.tags
        for key in attributes
    )
    root = next(attributes for tag, attributes in page.tags if tag == "html")
    assert root == {"lang": language, "dir": "rtl" if language == "ar" else "ltr"}
    headings = [tag for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == "h1"
    assert headings.count("h1") == 1
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_the_first_line_of_both_parts_is_the_same_next_step(name: str, language: str) -> None:
    mail = _shown(name, language)
    first = re.sub(r"\s+", "", mail.text.split("\n\n")[0])
    heading = re.search(r"<h1>(.*?)</h1>", mail.html)
    assert heading
    assert re.sub(r"\s+|<[^>]*>", "", heading[1]).replace("&#39;", "'") == first


def test_a_uim_says_from_which_cell_page_or_line_it_came_and_where_it_stands_again(language: str) -> None:
    mail = seen("receipt", language)
    shown = " ".join(mail.text.split())
    places = (
        "list.xlsx › Packs[^;]{2,12}B9",
        "list.pdf[^;]{2,12}2[^;]{2,12}4",
        "Packs[^;؛；]{2,12}B12 ?[;؛；] ?[^;؛；]{1,8}3",
    )
    if language == "ar":  # a line that begins with a name in Latin letters would be read from the left
        places = (
            "الخلية B9 في list.xlsx › Packs",
            "الصفحة 2، السطر 4 في list.pdf",
            "B12 في list.xlsx › Packs؛ السطر 3",
        )
    for place in places:
        assert re.search(place, shown), place
    assert "B12" in mail.html


def test_a_uim_stands_alone_on_its_line_and_is_copied_exactly(language: str) -> None:
    notes = tuple(UimNote(Uim(uim)) for uim in samples.UIMS)
    letter = samples.letter("referral", language)
    mail = seen(replace(letter, values=replace(samples.referral(), uims=notes, total=len(notes))))
    expected = [uim.replace("\x1d", "<GS>") for uim in samples.UIMS]
    lines = mail.text.split("\n")
    assert all(uim in lines for uim in expected)
    copied = _Page(mail.html).copied
    assert [one for one in copied if one in expected] == expected


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=200))
@settings(max_examples=40)
def test_no_uim_is_ever_broken(uim: str) -> None:
    letter = samples.letter("referral")
    mail = seen(replace(letter, values=replace(samples.referral(), uims=(UimNote(Uim(uim)),), total=1)))
    assert uim in mail.text.split("\n")
    assert uim in _Page(mail.html).copied


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_sentences_are_readable_in_78_columns(name: str, language: str) -> None:
    letter = replace(samples.letter(name, language), form=None, blanks=())
    for line in seen(letter).text.split("\n"):
        columns = sum(_lines.columns(character) for character in line)
        assert columns <= 78 or " " not in line.strip()


def _strings(mail: Seen) -> list[str]:
    return [f"{name}: {value}" for name, value in mail.outer.items()]


def test_no_chinese_line_begins_with_a_sign_that_closes_or_ends_with_one_that_opens() -> None:
    for before in range(30, 45):
        lines = _lines.wrapped("字" * before + "。（" + "字" * 60 + "），" + "字" * 9).split("\n")
        assert len(lines) > 1
        assert all(sum(map(_lines.columns, line)) <= 78 for line in lines)
        assert not any(line.startswith(("。", "）", "，")) or line.endswith("（") for line in lines)


def test_in_french_no_line_begins_with_a_closing_sign_or_ends_with_an_opening_one() -> None:
    for before in range(40, 80):
        said = "a" * before + " « GSP DIFFICULTÉ », « Ligne par ligne » ; et « b » : " + "c" * 40
        lines = _lines.wrapped(said).split("\n")
        assert not any(line.lstrip()[:1] in "»;:" or line.endswith("«") for line in lines), lines
        assert " ".join(lines) == said


@pytest.mark.parametrize("name", ["challenge", "challenge:desk"])
def test_who_is_to_change_nothing_in_a_form_is_not_told_to_fill_it_in(name: str) -> None:
    shown = seen(name)
    assert "with this form as it is" in shown.text
    assert "with this form as it is" in shown.html
    assert "filled in" not in shown.text + shown.html


def test_the_survey_says_when_it_closes_the_exchange_and_when_it_does_not() -> None:
    shown = seen("answer:survey")
    for whole in (shown.text, shown.html):
        assert "in its last line or another Party has yet to answer." in " ".join(whole.split())


@pytest.mark.parametrize("name", ["receipt", "answer", "lookup"])
def test_parties_without_a_desk_are_named_where_a_party_is_to_be_chosen(name: str) -> None:
    said = " ".join(seen(name).text.split())
    assert said.count("cannot be asked through it: Austria. With the form “GSP DIFFICULTY”") == 1


def test_nothing_is_injected_into_a_header() -> None:
    letter = samples.letter("referral")
    bad = replace(
        letter,
        subject=text("{case}", case=HOSTILE),
        thread=replace(
            letter.thread, tag=HOSTILE, in_reply_to="<a\r\nBcc: x@y>", references=("<ok@x>\r\nBcc: z@z", HOSTILE)
        ),
        sheets=(replace(samples.sheet(), stem='../../etc/x"\r\nBcc: a@b'),),
    )
    mail = seen(bad)
    assert "Bcc" not in mail.inner
    assert "Bcc" not in mail.outer
    assert mail.inner["In-Reply-To"] is None
    assert mail.inner["References"] == "<ok@x>"
    assert "\n" not in str(mail.inner["Subject"])
    assert "=0D=0A" in str(mail.inner["Subject"])  # as written, not as an encoded word
    outer = EmailMessage(policy=email.policy.SMTP)
    for name, value in mail.outer.items():
        outer[name] = value.replace("\r\n ", " ")
    assert set(mail.attachments) == {"etc-x-Bcc-a-b.csv", "etc-x-Bcc-a-b.xlsx"}
    for line in mail.payload.split(b"\r\n"):
        assert not line.startswith(b"Bcc")


def test_what_people_write_is_shown_and_never_obeyed() -> None:
    message = MessageLetter(samples.REFERRAL, samples.KE, Handling.H0, HOSTILE, samples.EVIDENCE)
    mail = seen(replace(samples.letter("message"), values=message))
    assert "&lt;script&gt;" in mail.html
    assert "<script" not in mail.html
    assert "{{ letter }}{count}%(x)s" in mail.text
    assert "\u202e" not in mail.text + mail.html


def test_a_form_written_by_somebody_else_cannot_pass_for_the_gateways_own() -> None:
    lines = seen("message").text.split("\n")
    assert "| GSP REPLY" in lines
    assert "GSP REPLY" not in lines


@pytest.mark.parametrize("name", ["help", "welcome"])
def test_the_address_to_write_to_and_the_forms_title_are_the_gateways_own_words(name: str, language: str) -> None:
    """A bar before the address would be copied with it."""
    mail = _shown(name, language)
    for part in (mail.text, unescape(re.sub(r"<[^>]+>", "", mail.html))):
        assert "gsp@gsp.example.org" in part
        assert "| gsp@" not in part
        assert "| GSP" not in part


def test_every_octet_is_printable_ascii_with_crlf(language: str) -> None:
    payload = seen("referral", language).payload
    assert re.fullmatch(rb"(?:[\t\x20-\x7e]{0,998}\r\n)*", payload)


def test_outside_the_encryption_stands_only_the_tag() -> None:
    mail = seen("referral")
    assert mail.outer["Subject"] == "[GSP-2026-000042/SE k7Qm2xTt9a]"
    letter = samples.letter("referral")
    assert seen(replace(letter, thread=replace(letter.thread, tag=""))).outer["Subject"] == "..."


def test_header_fields_are_protected_as_rfc_9788_has_it() -> None:
    mail = seen("referral")
    assert mail.inner["Content-Type"].params["hp"] == "cipher"
    assert mail.inner["Content-Type"].params["protected-headers"] == "v1"  # without it Thunderbird shows the outer ones
    assert mail.inner["Subject"] == "Request GSP-2026-000042/SE [GSP-2026-000042/SE k7Qm2xTt9a]"
    assert [str(value) for value in mail.inner.get_all("HP-Outer")] == [
        line.replace("\r\n", "") for line in _strings(mail) if not line.startswith("Autocrypt:")
    ]
    for name in ("From", "To", "Date", "Message-ID", "In-Reply-To", "References"):
        assert str(mail.inner[name]) == mail.outer[name].replace("\r\n", "")
    assert mail.outer["Message-ID"] == "<k7qm2xtt9a@gsp.example.org>"


def test_a_notice_about_a_key_can_go_in_clear() -> None:
    mail = seen("key_notice")
    assert "hp" not in mail.inner["Content-Type"].params
    assert set(mail.inner.keys()) == {"Content-Type"}
    assert mail.outer["Subject"].startswith("Request")


def test_every_mail_is_known_as_automatic() -> None:
    assert seen("receipt").outer["Auto-Submitted"] == "auto-replied"
    for name in ("referral", "answer", "message", "reminder", "key_notice"):
        assert seen(name).outer["Auto-Submitted"] == "auto-generated"


def test_only_a_referral_asks_to_be_told_when_it_is_read() -> None:
    assert seen("referral").outer["Disposition-Notification-To"] == "gsp@gsp.example.org"
    assert "Disposition-Notification-To" not in seen("answer").outer


def test_a_mail_to_an_address_beyond_ascii_is_written_as_rfc_6532_has_it() -> None:
    letter = samples.letter("closed")
    to = replace(letter.to, address="служба@пример.example")
    assert b"To: \xd1\x81\xd0\xbb" in seen(replace(letter, to=to)).payload


def test_the_attachments_hold_every_uim_although_the_letter_shows_the_first_only() -> None:
    mail = seen("referral:extended")
    assert len(mail.attachments["GSP-2026-000042-SE.csv"].splitlines()) == 61
    assert "60 UIMs" in mail.text


def test_the_same_letter_gives_the_same_octets() -> None:
    assert seen("referral", "ar").payload == seen("referral", "ar").payload


def test_an_unknown_name_in_a_template_is_an_error() -> None:
    letter = samples.letter("notice")
    with pytest.raises(AttributeError):
        seen(replace(letter, values=FilledForm("request")))
    made = _sandbox.environment(DictLoader({}), html=True)
    with pytest.raises(Exception, match="undefined"):
        made.from_string("{{ nothing }}").render()


def test_templates_cannot_reach_beyond_the_values_they_are_given() -> None:
    made = _sandbox.environment(DictLoader({}), html=False)
    values = Notice(text("a"), text("b"))
    for source in ("{{ letter.__class__ }}", "{{ ''.__class__.__mro__ }}", "{{ letter.__reduce__() }}"):
        with pytest.raises(Exception, match=r"unsafe|undefined"):
            made.from_string(source).render(letter=values)


def test_many_references_keep_the_first_and_the_latest() -> None:
    ids = [f"<{number}@x>" for number in range(50)]
    kept = _entity.identifiers("References", ids)[1].split("\r\n ")
    assert kept == [ids[0], *ids[-19:]]


def test_a_status_list_names_the_other_party() -> None:
    asked, to_answer = seen("status").html.split("Your Party asks")
    assert "Kenya" in asked
    assert "Sweden" in to_answer
    assert "Kenya" not in to_answer


def test_what_stands_behind_an_empty_cell_of_a_table_keeps_its_heading() -> None:
    """An exchange is opened for no Party: who opened it, and how many UIMs it has, is told as such."""
    opened = TrailLine(samples.NOW, EventKind.EXCHANGE_OPENED, NO_PARTY, samples.KE, 2, samples.DIGEST)
    mail = seen(written(Status(number=samples.EXCHANGE, state=ExchangeState.OPEN, trail=(opened,))))
    told = [line.strip() for line in mail.text.split("== What happened ==")[1].split("\n")]
    assert told[4:8] == ["By: Kenya", "UIMs: 2", "SHA-256 of the mail:", samples.DIGEST]
    assert 'data-label="Party: "></td>' in mail.html
    assert "td:empty{display:none}" in mail.html


@pytest.mark.parametrize("name", ["referral", "notice", "help"])
def test_a_form_from_right_to_left_has_its_letters_at_the_label_and_its_values_isolated(name: str) -> None:
    mail = seen(name, "ar")
    for form in re.findall(r'<pre dir="rtl">(.*?)</pre>', mail.html, re.DOTALL):
        assert unescape(re.sub("</?bdi>", "", form)).strip("\n") in mail.text
        for line in form.strip("\n").split("\n"):
            assert re.fullmatch(r"(?:[^<>]*[\u0600-\u06ff][^<>]*)?(?:<bdi>[^<>]+</bdi>)?", line), line
            assert not re.search(r"<bdi>[^<]*\([a-j]\)[^<]*[\u0600-\u06ff]", line)
    assert '<pre dir="auto">' in seen(name, "fr").html


@pytest.mark.parametrize("name", ["receipt:nothing new", "receipt:nothing sent", "receipt:nothing to do"])
def test_where_nothing_went_out_the_receipt_does_not_say_that_it_is_on_its_way(name: str) -> None:
    text = seen(name).text
    assert text.startswith("Nothing ")
    assert "on its way" not in text


def test_a_receipt_says_at_once_that_part_of_the_mail_could_not_be_read(language: str) -> None:
    """Who reads only the first line must not think that all is done."""
    receipt = samples.letter("receipt", language)
    values = replace(receipt.values, sent=receipt.values.sent[:1], findings=())  # type: ignore[attr-defined, type-var]
    unread = Finding(text("The file “{name}” was not read.", name="list.xlsx"), Severity.PART, "list.xlsx")
    first = {}
    for name, findings in (("none", ()), ("note", (replace(unread, severity=Severity.NOTE),)), ("part", (unread,))):
        letter = replace(receipt, values=replace(values, findings=findings), form=None)
        first[name] = seen(letter, language).text.partition("\n\n")[0]
    assert first["none"] == first["note"] != first["part"]


@pytest.mark.parametrize("name", ["receipt", "lookup", "thanks"])
def test_what_was_understood_stands_under_another_heading_than_what_was_not(name: str) -> None:
    letter = samples.letter(name, "en")
    note = Finding(text("This line was read."), Severity.NOTE, line=3)
    lost = Finding(text("This line was lost."), Severity.PART, line=4)
    heard = replace(letter, values=replace(letter.values, findings=(note, lost)))  # type: ignore[type-var]
    shown = " ".join(seen(heard, "en").text.split())
    assert (
        "== What was not understood == Line 4 This line was lost. == Please note == Line 3 This line was read." in shown
    )
    only = replace(letter, values=replace(letter.values, findings=(note,)))  # type: ignore[type-var]
    assert "== What was not understood" not in seen(only, "en").text


def test_a_file_that_a_sentence_names_is_not_named_above_it_too() -> None:
    receipt = samples.letter("receipt", "en")
    unread = Finding(text("The file “{name}” was not read.", name="list.xlsx"), Severity.PART, "list.xlsx")
    here = replace(unread, text=text("It holds formulae."))
    cell = replace(unread, text=text("This is a date."), line=3, column=2)
    values = replace(receipt.values, findings=(unread, here, cell))  # type: ignore[type-var]
    shown = seen(replace(receipt, values=values), "en")
    for whole in (shown.text, unescape(re.sub("<[^>]*>", "", shown.html))):
        assert whole.count("The file “list.xlsx” was not read.") == 1
        assert (whole.count("File “list.xlsx”"), whole.count("list.xlsx, cell B3")) == (1, 1)


def test_who_was_not_told_is_not_said_to_have_been_told() -> None:
    desk = Reminder(samples.REFERRAL, Role.DESK, samples.KE, samples.EARLIER, 14, 2, True, told=0)
    assert "administrator" not in seen(written(desk)).text
    assert "administrator" in seen(written(replace(desk, told=1))).text
    turn = Turn(samples.REFERRAL, ReferralState.UNDELIVERABLE, Role.OFFICER, samples.NOW, told=0)
    assert "Secretariat" not in seen(written(turn)).text
    assert "Secretariat" in seen(written(replace(turn, told=1))).text


def written(values: LetterValues) -> Letter:
    """A letter that says this."""
    return replace(samples.letter("closed", "en"), values=values)
