"""MIME parts become the lines that their writer saw."""

from __future__ import annotations

import pytest

from gateway.content import MimePart
from gateway.mime.text import attachments, decode, html_lines, html_to_lines, plain_lines
from gateway.mime.tree import parse
from tests.support.cost import allowed, spent


def part(body: bytes | str, kind: str = "text/plain", **parameters: str) -> MimePart:
    octets = body.encode() if isinstance(body, str) else body
    return MimePart((), kind, tuple(parameters.items()), "", "", octets, (), octets)


def lines(source: str) -> list[str]:
    return [line for line in html_to_lines(source) if line]


@pytest.mark.parametrize(
    ("octets", "charset", "said"),
    [
        ("Précision".encode(), "utf-8", "Précision"),
        ("Précision".encode("cp1252"), "utf-8", "Précision"),
        ("Précision".encode("latin-1"), "no-such-charset", "Précision"),
        ("Précision".encode(), "", "Précision"),
        ("Код".encode("koi8-r"), "koi8-r", "Код"),
        ("标识".encode("gb18030"), "gb2312", "标识"),
        ("코드".encode("euc-kr"), "ks_c_5601-1987", "코드"),
        ("UIM".encode("utf-16"), "utf-16", "UIM"),
        ("UIM".encode("utf-16"), "utf-8", "UIM"),
        ("\ufeffUIM".encode(), "us-ascii", "UIM"),
        (b"a\x00b", "utf-8", "ab"),
    ],
)
def test_a_charset_is_believed_only_where_it_fits(octets: bytes, charset: str, said: str) -> None:
    assert decode(part(octets, charset=charset)) == said


@pytest.mark.parametrize("charset", ["punycode", "idna", "rot13", "hex", "unicode_escape", "utf-7"])
def test_codecs_that_are_no_charset_of_mail_are_not_run(charset: str) -> None:
    started = spent()
    assert decode(part(b"a-" + b"zzz9" * 100_000 + rb"\x41", charset=charset)).endswith(r"\x41")
    assert spent() - started < allowed(1)


def test_flowed_lines_are_joined_and_keep_their_depth() -> None:
    body = "> quoted \r\n> on\r\nown \r\nline\r\n-- \r\nname\r\n >not quoted"
    assert plain_lines(part(body, format="flowed")) == ("> quoted on", "own line", "-- ", "name", ">not quoted")


def test_delsp_joins_without_the_space() -> None:
    assert plain_lines(part("0104 \r\n5678", format="flowed", delsp="yes")) == ("01045678",)


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_every_line_end_ends_a_line_and_a_group_separator_does_not(end: str) -> None:
    assert plain_lines(part(f"one{end}two\x1dthree{end}")) == ("one", "two\x1dthree", "")


def test_html_shows_what_a_reader_sees() -> None:
    source = (
        "<html><head><title>no</title><style>p{}</style></head><body><script>no()</script>"
        "<p>UIM:&nbsp;01046012<wbr>34567890&shy;21<b>ABC</b>&amp;x</p><div style='display:none'>hidden</div>"
        "<table><tr><td>a</td><td>b</td></tr></table><!-- no --></body></html>"
    )
    assert [line.replace("\u00a0", " ") for line in lines(source)] == ["UIM: 010460123456789021ABC&x", "a\tb"]


@pytest.mark.parametrize("separator", ["\x1d", "&#29;", "&#029;", "&#x1D;", "&#x001d;", "&#29"])
def test_a_group_separator_written_as_a_number_is_one(separator: str) -> None:
    assert html_to_lines(f"<p>0109520000123451{separator}Z&#290;&#x1d6;") == ["0109520000123451\x1dZĢǖ"]


def test_addresses_behind_links_are_left_out() -> None:
    assert lines("<a href='https://safelinks.example/?url=0104'>0104ABC</a>") == ["0104ABC"]


def test_boxes_of_word_and_of_forms_become_ticks() -> None:
    source = (
        "<p><span style='font-family:Wingdings'>\u00fe</span> a</p><p><span style='font-family:Wingdings'>\u00a8</span>"
        " b</p><p><input type=checkbox checked> c</p><p><input type=checkbox> d</p>"
        "<p>fine <span style='font-family:Wingdings'>J</span></p>"
    )
    assert [" ".join(line.split()) for line in lines(source)] == ["☑ a", "☐ b", "☑ c", "☐ d", "fine"]


@pytest.mark.parametrize(
    ("opens", "closes"), [("", ""), ("<p>", "</p>"), ("<p class=MsoNormal>", "</p>"), ("<div>\n", "\n</div>")]
)
def test_a_row_of_a_table_is_a_line_whatever_a_word_processor_puts_into_its_cells(opens: str, closes: str) -> None:
    rows = [["1", "A", "x"], ["", "B", "y"], ["3", "C", ""]]
    cells = ["".join(f"<td>{opens}{cell}{closes}</td>\n" for cell in row) for row in rows]
    table = "".join(f"<tr>\n{row}</tr>\n" for row in cells)
    shown = html_to_lines(f"<p>above</p><table><tbody>{table}</tbody></table><p>below</p>")
    assert [line for line in shown if line] == ["above", "1\tA\tx", "\tB\ty", "3\tC", "below"]


def test_lines_within_a_cell_and_tables_within_tables_stay_lines() -> None:
    shown = html_to_lines(
        "<table><tr><td></td><td><p>a</p><p>b</p><table><tr><td>c<tr><td>d</table></td></tr></table>e"
    )
    assert [line.strip() for line in shown if line] == ["a", "b", "c", "d", "e"]


def test_quotations_are_marked() -> None:
    assert lines("new<blockquote>old<blockquote>older</blockquote></blockquote>end") == [
        "new", "> old", "> > older", "end",
    ]  # fmt: skip


def test_lines_in_pre_stay_as_they_are() -> None:
    assert lines("<pre>one  two\nthree</pre>") == ["one  two", "three"]


MIXED = (
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
    b'Content-Type: multipart/alternative; boundary="c"\r\n\r\n--c\r\nContent-Type: text/plain\r\n\r\nplain\r\n--c\r\n'
    b"Content-Type: text/html\r\n\r\n<p>html</p>\r\n--c--\r\n--b\r\n"
    b"Content-Type: text/plain; name=list.txt\r\nContent-Disposition: attachment; filename=list.txt\r\n\r\n"
    b"code\r\n--b--\r\n"
)


def test_attached_text_is_not_the_mails_text() -> None:
    tree = parse(MIXED)
    assert plain_lines(tree) == ("plain",)
    assert [line for line in html_lines(tree) if line] == ["html"]
    assert [found.filename for found in attachments(tree)] == ["list.txt"]


@pytest.mark.parametrize(
    "source",
    ["<blockquote>" * 5000 + "x<br>" * 5000, "<b>" * 20_000 + "</i>" * 20_000, "<!--" * 50_000, "&" * 200_000,
     "<a x='" * 50_000, "<![CDATA[" * 30_000, "<" * 100_000, "<p style='" + "display:" * 50_000 + "'>"],
)  # fmt: skip
def test_html_made_to_be_slow_is_not(source: str) -> None:
    started = spent()
    html_to_lines(source)
    assert spent() - started < allowed(2)
