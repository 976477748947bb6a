"""A real LibreOffice that saves one table in every format and locale: as officers' machines do.

Each file is written by a process of its own, with a profile of its own, all at once: a process gives one format.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

_SPACES = {
    "office": "office", "style": "style", "text": "text", "table": "table", "number": "datastyle",
    "fo": "xsl-fo-compatible",
}  # fmt: skip
_SPACE = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{of}:1.0"' for name, of in _SPACES.items())
_SECONDS = 240  # a bad moment of a slow machine; it takes three


@dataclass(frozen=True)
class Wanted:
    """One file: the locale of its document, and the filter, with options, that writes it."""

    language: str
    country: str
    convert_to: str

    @property
    def ending(self) -> str:
        return self.convert_to.partition(":")[0]


def csv(separator: str, charset: int) -> str:
    """LibreOffice's filter for CSV: cells as they are shown. `charset`: its number (76 UTF-8, 1 1252, 34 1251)."""
    return f"csv:Text - txt - csv (StarCalc):{ord(separator)},34,{charset},1,,0,false,true"


@contextmanager
def saved(rows: Mapping[str, Sequence[Sequence[str | float]]], wanted: Sequence[Wanted]) -> Iterator[list[bytes]]:
    """The files, in order; `rows` of each language. Fails with what LibreOffice said."""
    folder = Path(tempfile.mkdtemp(dir="/tmp", prefix="lo"))
    running = []
    try:
        for number, one in enumerate(wanted):
            place = folder / str(number)
            place.mkdir()
            (place / "list.fods").write_text(_document(one, rows[one.language]))
            running.append((place / f"list.{one.ending}", _start(place, one.convert_to)))
        for path, process in running:
            said = process.communicate(timeout=_SECONDS)[0]
            assert path.exists(), said
        yield [path.read_bytes() for path, _ in running]
    finally:
        for _, process in running:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _start(place: Path, convert_to: str) -> subprocess.Popen[str]:
    command = ["soffice", f"-env:UserInstallation={(place / 'profile').as_uri()}", "--headless", "--norestore",
               "--convert-to", convert_to, "--outdir", str(place), str(place / "list.fods")]  # fmt: skip
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "HOME": str(place), "LC_ALL": "C.UTF-8"},
    )  # fmt: skip


def _document(one: Wanted, rows: Sequence[Sequence[str | float]]) -> str:
    """A flat OpenDocument spreadsheet; numbers with two decimals, as the locale writes them."""
    locale = f'fo:language="{one.language}" fo:country="{one.country}"'
    body = "".join(f"<table:table-row>{''.join(map(_cell, row))}</table:table-row>" for row in rows)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document {_SPACE} office:version="1.3" '
        'office:mimetype="application/vnd.oasis.opendocument.spreadsheet"><office:styles>'
        f'<style:default-style style:family="table-cell"><style:text-properties {locale}/></style:default-style>'
        f"</office:styles><office:automatic-styles>"
        f'<number:number-style style:name="N" number:language="{one.language}" number:country="{one.country}">'
        '<number:number number:decimal-places="2" number:min-integer-digits="1" number:grouping="true"/>'
        '</number:number-style><style:style style:name="kg" style:family="table-cell" style:data-style-name="N"/>'
        f'</office:automatic-styles><office:body><office:spreadsheet><table:table table:name="Packs">{body}'
        "</table:table></office:spreadsheet></office:body></office:document>"
    )


def _cell(value: str | float) -> str:
    """Text, a whole number as it is, or another number in the locale's way."""
    if isinstance(value, float):
        return f'<table:table-cell table:style-name="kg" office:value-type="float" office:value="{value}"/>'
    if isinstance(value, int):
        return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
    lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in value.split("\n"))
    return f'<table:table-cell office:value-type="string">{lines}</table:table-cell>'
