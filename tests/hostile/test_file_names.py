"""The name of an attached file is a stranger's word: in letters it stands on one line, cleaned, and does nothing."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from functools import cache
from html import unescape
from html.parser import HTMLParser
from urllib.parse import quote

import pytest

from gateway.content import Finding, Severity, Uim, text
from gateway.forms._grammar import Vocabulary
from gateway.letters import Receipt, UimNote
from gateway.mime.tree import parse
from gateway.stages import _lines
from tests.support import samples
from tests.support.rendering import Seen, languages, seen
from tests.support.world import FORMS

NAMES = {
    "turned": "photo\u202egpj.exe",
    "isolated": "\u2067صورة\u2069\u200f\u061c 1.jpg",
    "broken lines": "a\r\n\r\nGSP REQUEST\u2028To: SE\u2029UIM:\x0bx\x85.jpg",
    "a form's title": "GSP REPLY",
    "a label": "Status: valid",
    "HTML": "<img src=x onerror=alert(1)><script>alert(1).jpg",
    "out of an attribute": "a\" onerror='alert(1)' x=\".jpg",
    "entities": "&lt;b&gt;&#x202e;.jpg",
    "a template": "{{ 7*7 }}{count}{name}%(x)s${x}.jpg",
    "folders": "..\\..\\..//etc/passwd",
    "very long": "x" * 3000 + ".jpg",
    "very long in Chinese": "字" * 300 + ".jpg",
    "nothing to be seen": "\u200b\u2060\ufeff\xad.jpg",
    "half a character": "a\ud800.jpg",
}


def named(name: str) -> str:
    """A name as a mail brings it."""
    octets = quote(name.encode("utf-8", "surrogatepass"))
    return parse(f"Content-Disposition: attachment; filename*=utf-8''{octets}\r\n\r\nx".encode()).filename


@cache
def shown(name: str, language: str) -> Seen:
    """A receipt in which the name stands wherever one can: of a UIM, of a photograph, in findings and sentences."""
    picture = replace(samples.PICTURES[0], name=name)
    findings = (
        Finding(text("The file “{name}” was not read.", name=name), Severity.PART, name),
        Finding(text("No code."), Severity.PART, name, 4),
        Finding(text("No code."), Severity.PART, name, 4, page=2, got=name),
    )
    unknown = (UimNote(Uim("X1", name, 3, 2)), UimNote(Uim("X2", name, 1, region=5)))
    values = Receipt(
        None, "C-1", samples.EVIDENCE, 2, unknown=unknown, again=(Uim("X2", name, 1, region=5),), findings=findings,
        pictures=(picture,),
    )  # fmt: skip
    return seen(replace(samples.letter("receipt:photographs", language), values=values, form=None))


class _Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "bdi":
            self.found.append((tag, tuple(name for name, _ in attrs)))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_hostile_file_name_does_nothing_in_a_letter_but_name_the_file(name: str, language: str) -> None:
    kept = named(NAMES[name])
    mail, usual = shown(kept, language), shown("a.jpg", language)
    assert _Tags(mail.html).found == _Tags(usual.html).found
    assert len(mail.text.split("\n")) - len(usual.text.split("\n")) < 20  # of wrapped lines only
    for part in (mail.text, unescape(mail.html)):
        assert not [c for c in part if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c != "\n"]
    vocabulary = Vocabulary(FORMS, languages())
    assert [line for line in mail.text.split("\n") if line[:2] != "| " and vocabulary.title(line)] == []
    assert all(sum(map(_lines.columns, line)) <= 78 for line in mail.text.split("\n"))


def test_what_is_left_of_a_name_tells_which_file_it_is() -> None:
    left = {name: named(written) for name, written in NAMES.items()}
    assert left["turned"] == "photogpj.exe"
    assert left["isolated"] == "صورة 1.jpg"
    assert left["broken lines"] == "a GSP REQUEST To: SE UIM: x .jpg"
    assert left["folders"] == "passwd"
    assert left["HTML"] == "<img src=x onerror=alert(1)><script>alert(1).jpg"
    assert left["very long"].endswith("xxx.jpg")
    assert max(map(len, left.values())) == 60
    assert re.fullmatch("字+…字+.jpg", left["very long in Chinese"])
