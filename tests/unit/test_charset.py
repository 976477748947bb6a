"""Files that do not say their charset: what the words say, not what was declared."""

from __future__ import annotations

import pytest

from gateway.attachments import AttachmentReading
from gateway.mime.charset import charset_of
from tests.support.cost import allowed, spent
from tests.unit.test_attachments import ONE, TWO, read

WORDS = {
    "ar": "الرمز;المكان;ملاحظات\n{one};مومباسا;ختم مفقود\n{two};القاهرة;\n",
    "es": "Código;Lugar;Observación\n{one};Málaga;faltó el sello\n{two};Cádiz;\n",
    "fr": "Code;Lieu;Remarque\n{one};Saint-Étienne;scellé enlevé à l’entrée\n{two};Nîmes;\n",
    "de": "Code;Ort;Bemerkung\n{one};Köln;Siegel fehlt größtenteils\n{two};Füssen;\n",
    "ru": "Код;Место;Примечание\n{one};Москва;нет акцизной марки\n{two};г. Тверь;\n",
    "zh": "代码;地点;备注\n{one};上海;封条缺失\n{two};天津港;\n",
}
PAGES = [
    ("ar", "cp1256"),
    ("es", "cp1252"),
    ("fr", "cp1252"),
    ("de", "latin-1"),
    ("ru", "cp1251"),
    ("ru", "koi8-r"),
    ("ru", "cp866"),
    ("zh", "gb18030"),
]
WIDE = [(language, charset) for language in WORDS for charset in ("utf-16-le", "utf-16-be", "utf-16", "utf-32")]


def table(language: str, charset: str) -> bytes:
    return WORDS[language].format(one=ONE, two=TWO).encode(charset)


@pytest.mark.parametrize(("language", "charset"), [*PAGES, *WIDE, *((one, "utf-8-sig") for one in WORDS)])
def test_every_word_of_a_table_comes_back_whatever_the_program_wrote_it_in(language: str, charset: str) -> None:
    reading: AttachmentReading = read(table(language, charset), "list.csv")
    assert [uim.text for uim in reading.uims] == [ONE, TWO]
    rows = [line.split(";") for line in WORDS[language].format(one=ONE, two=TWO).split("\n") if line]
    assert [list(cells) for _, cells in reading.table] == rows


@pytest.mark.parametrize("language", WORDS)
def test_one_word_beside_the_uims_is_enough(language: str) -> None:
    charset = next(charset for name, charset in PAGES if name == language)
    words = WORDS[language].split(";")[1] + f"\n{ONE}\n"
    assert words.encode(charset).decode(charset_of(words.encode(charset))) == words


def test_what_was_declared_counts_where_the_octets_allow_it() -> None:
    octets = "Łódź".encode("iso-8859-2")
    assert charset_of(octets, "iso-8859-2") == "iso-8859-2"
    assert charset_of("Łódź".encode(), "iso-8859-2") == "utf-8"


@pytest.mark.parametrize(
    "octets", [b"", b"\xff", b"\x81\x8d\x8f" * 9, bytes(range(256)) * 4, b"a\0b" * 100, b"\0" * 99]
)
def test_any_octets_have_a_charset_they_can_be_read_in(octets: bytes) -> None:
    octets.decode(charset_of(octets), "replace")


def test_a_large_file_is_looked_at_in_its_beginning_only() -> None:
    octets = "Москва;нет марки\n".encode("cp1251") * 500_000
    began = spent()
    assert charset_of(octets) == "cp1251"
    assert spent() - began < allowed(1)
