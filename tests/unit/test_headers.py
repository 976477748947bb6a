"""Header fields: one clean address, threads, tokens, what is protected."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.facts import Envelope
from gateway.mime import headers
from gateway.mime.tree import parse

TOKEN = "abcdefghijklmnopqrstuvwx"
OFFICER = "officer@gov.example"


@pytest.mark.parametrize(
    "value",
    [
        OFFICER,
        f"<{OFFICER}>",
        f"Officer One <{OFFICER}>",
        f'"Officer, One" <{OFFICER}>',
        f'"Officer \\"One\\"" <{OFFICER}>',
        f'"{OFFICER}" <{OFFICER}>',
        f'"eve@evil.example" <{OFFICER}>',
        f"J. Doe <{OFFICER}>",
        f"Officer (Kenya) <{OFFICER}>",
        f"{OFFICER} (Officer One)",
        f"=?utf-8?q?Zo=C3=AB?= <{OFFICER}>",
        f"=?utf-8?b?ZXZlQGV2aWwuZXhhbXBsZQ==?= <{OFFICER}>",
        f"Zoë Müller <{OFFICER}>",
        f"  Officer <{OFFICER}>\t",
    ],
)
def test_what_honest_clients_write_is_one_address(value: str) -> None:
    assert headers.one_address((value,)) == OFFICER


def test_an_address_beyond_ascii_is_one_address() -> None:
    assert headers.one_address(("用户@例子.example",)) == "用户@例子.example"


@pytest.mark.parametrize(
    "values",
    [
        (),
        ("",),
        (OFFICER, OFFICER),
        (OFFICER, "eve@evil.example"),
        (f"{OFFICER}, eve@evil.example",),
        (f"{OFFICER}, ",),
        (f"{OFFICER} <eve@evil.example>",),
        (f"eve@evil.example <{OFFICER}>",),
        (f"<{OFFICER}> <eve@evil.example>",),
        (f"<eve@evil.example> {OFFICER}",),
        (f"eve@evil.example (x) <{OFFICER}>",),
        (f"(eve@evil.example) {OFFICER}",),
        (f"{OFFICER} (eve@evil.example)",),
        (f"{OFFICER} ((nested))",),
        (f"Group: {OFFICER};",),
        ("undisclosed-recipients:;",),
        (f"<{OFFICER}",),
        (f"Officer {OFFICER}>",),
        (f"<@relay.example:{OFFICER}>",),
        ("officer@[127.0.0.1]",),
        ('"of ficer"@gov.example',),
        ("officer@gov.example@evil.example",),
        (f"Officer\x00 <{OFFICER}>",),
        (f"Officer\r\nX: y <{OFFICER}>",),
        (f'"unclosed <{OFFICER}>',),
        (f"(x).<{OFFICER}>",),
        (f"<{OFFICER}>\u2028(x)",),
        ("=?utf-8?q?x?=officer@gov.example",),
        (f"O'Neil, J <{OFFICER}>",),
        ("(" * 900 + OFFICER,),
        ("x" * 1000 + f" <{OFFICER}>",),
    ],
)
def test_anything_that_two_programs_could_read_differently_is_no_address(values: tuple[str, ...]) -> None:
    assert headers.one_address(values) is None


@given(st.text(alphabet='ab@.<>(),;:"\\ []\t=?', max_size=30))
def test_an_address_that_is_found_is_the_only_one_outside_quotes(value: str) -> None:
    found = headers.one_address((value,))
    if found is not None:
        bare = value[: value.rindex("<")] if "<" in value else ""
        assert value.rstrip().endswith((found, f"<{found}>", ")"))
        assert "@" not in bare or '"' in bare


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (OFFICER, (OFFICER,)),
        (
            f'"One, Officer" <{OFFICER}>, Two <b@c.example> , d@e.example (Three)',
            (OFFICER, "b@c.example", "d@e.example"),
        ),
        (f"{OFFICER} <eve@evil.example>", ("eve@evil.example",)),
        (f'"{OFFICER}" <eve@evil.example>', ("eve@evil.example",)),
        (f'"a <{OFFICER}>" <eve@evil.example>', ("eve@evil.example",)),
        (f"One, Officer <{OFFICER}>", (OFFICER,)),
        ("undisclosed-recipients:;", ()),
        ('"unclosed', ()),
    ],
)
def test_the_addresses_of_a_to_field_are_what_stands_in_the_brackets(value: str, found: tuple[str, ...]) -> None:
    assert headers.addresses((value,)) == found


def test_tokens_are_found_in_addresses_and_tags_once_each() -> None:
    texts = (f"Gateway <reply+{TOKEN.upper()}@gsp.example>", f"Re: [GSP-2026-000042/KE {TOKEN}] x", "reply+short@gsp")
    assert headers.tokens(texts) == (TOKEN,)
    assert headers.envelope_tokens(Envelope(rcpt_tos=(f"reply+{TOKEN}@gsp.example", "gsp@gsp.example"))) == (TOKEN,)


def test_outside_headers_are_taken_as_they_stand() -> None:
    seen = headers.visible(
        parse(
            b"From: a@b.example\r\nFrom: c@d.example\r\nReceived: one\r\nReceived: two\r\nMessage-ID: <1@x>\r\n"
            b"References: <2@x> <3@x>\r\nIn-Reply-To: <3@x> (yours)\r\nAuto-Submitted: auto-replied; x\r\n"
            b"Subject: =?utf-8?q?Re=3A_[GSP-2026-000042/KE?= " + TOKEN.encode() + b"]\r\n\r\n"
        )
    )
    assert seen.from_ == ("a@b.example", "c@d.example")
    assert (seen.message_id, seen.in_reply_to, seen.references) == ("<1@x>", "<3@x>", ("<2@x>", "<3@x>"))
    assert (seen.received_count, seen.auto_submitted) == (2, True)
    assert headers.tokens((seen.subject_tag,)) == (TOKEN,)


@pytest.mark.parametrize(("value", "automatic"), [("no", False), ("No", False), ("auto-generated", True), ("", False)])
def test_what_says_that_a_machine_wrote_it_is_automatic(value: str, automatic: bool) -> None:
    assert headers.is_automatic(parse(f"Auto-Submitted: {value}\r\n\r\n".encode())) is automatic


@pytest.mark.parametrize("parameter", ['hp="cipher"', "hp=clear", 'protected-headers="v1"'])
def test_protected_headers_are_read_where_the_part_says_so(parameter: str) -> None:
    raw = (
        f"Subject: =?utf-8?q?caf=C3=A9?=\r\nFrom: a@b.example\r\nTo: gsp@gsp.example\r\nCc: c@d.example\r\n"
        f"HP-Outer: Subject: ...\r\nContent-Type: text/plain; {parameter}\r\n\r\nx"
    )
    inside = headers.protected(parse(raw.encode()))
    assert (inside.subject, inside.from_) == ("café", ("a@b.example",))
    assert inside.to == ("gsp@gsp.example", "c@d.example")


def test_text_that_looks_like_header_fields_protects_nothing() -> None:
    assert headers.protected(parse(b"Subject: forged\r\nContent-Type: text/plain\r\n\r\n")).subject == ""


def test_a_subject_with_line_ends_inside_becomes_one_line() -> None:
    assert headers.decoded("=?utf-8?q?a=0D=0ABcc=3A_eve=40evil.example?=") == "a Bcc: eve@evil.example"


def bodies(raw: str) -> list[bytes]:
    payload = headers.without_legacy_display(parse(raw.replace("\n", "\r\n").encode()))
    return [part.body for part in payload.walk() if not part.children]


def test_the_copy_of_header_fields_in_the_text_is_not_read_as_text() -> None:
    text = 'Content-Type: text/plain; hp-legacy-display="1"; hp="cipher"\n\nSubject: a\n  folded\nTo: b@c\n\nGSP HELP\n'
    assert bodies(text) == [b"GSP HELP\r\n"]


def test_the_copy_is_left_where_nothing_says_it_is_one() -> None:
    assert bodies('Content-Type: text/plain; hp="cipher"\n\nSubject: a\n\nx') == [b"Subject: a\r\n\r\nx"]
    assert bodies("Content-Type: text/plain; hp-legacy-display=1\n\nSubject: a\n\nx") == [b"Subject: a\r\n\r\nx"]


def test_the_copy_in_text_and_html_and_the_older_form_are_left_out() -> None:
    alternative = (
        'Content-Type: multipart/alternative; boundary=b; hp="cipher"\n\n--b\n'
        "Content-Type: text/plain; hp-legacy-display=1\n\nSubject: a\n\ntext\n--b\n"
        "Content-Type: text/html; hp-legacy-display=1\n\n"
        '<p><div class="header-protection-legacy-display"><pre>Subject: a</pre></div>html</p>\n--b--\n'
    )
    assert bodies(alternative) == [b"text", b"<p>html</p>"]
    older = (
        'Content-Type: multipart/mixed; boundary=b; protected-headers="v1"\n\n--b\n'
        'Content-Type: text/rfc822-headers; protected-headers="v1"\n\nSubject: a\n--b\n'
        "Content-Type: text/plain\n\ntext\n--b--\n"
    )
    assert bodies(older) == [b"text"]
