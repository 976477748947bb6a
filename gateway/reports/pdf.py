"""A report as a tagged PDF, to be printed and to be read aloud: the same page, set by WeasyPrint (PDF/UA-1)."""

from __future__ import annotations

from typing import Any, NoReturn

from gateway.document import Document
from gateway.language import Catalogue
from gateway.reports import Format, _page


def write(document: Document, catalogue: Catalogue) -> bytes:
    """The PDF, with its language, title and structure. It loads nothing from outside."""
    import weasyprint  # half a second and 60 MB

    page = weasyprint.HTML(string=_page.page(document, catalogue, printed=True), url_fetcher=_nothing)
    return bytes(page.write_pdf(pdf_variant="pdf/ua-1"))


def _nothing(*_: Any, **__: Any) -> NoReturn:
    raise ValueError("a report loads nothing from outside")


FORMAT = Format("pdf", write)
