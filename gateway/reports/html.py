"""A report as one HTML file that needs nothing else: no network, no script, no font, no picture from outside."""

from __future__ import annotations

from gateway.document import Document
from gateway.language import Catalogue
from gateway.reports import Format, _page


def write(document: Document, catalogue: Catalogue) -> bytes:
    """The page, UTF-8."""
    return _page.page(document, catalogue).encode("utf-8")


FORMAT = Format("html", write)
