"""The HTML of a report, for the browser and for the printer."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway import data
from gateway.document import Cell, Document, Table
from gateway.language import Catalogue
from gateway.reports import _words


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(data.folder("templates")), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


def page(document: Document, catalogue: Catalogue, printed: bool = False) -> str:
    """The whole document in a language, for a screen or (`printed`) for sheets of paper."""
    functions: dict[str, Any] = {
        "document": document,
        "printed": printed,
        "language": catalogue.language,
        "direction": catalogue.direction,
        "_": catalogue.gettext,
        "say": lambda one: _words.sentence(one, catalogue),
        "said": lambda cell: _words.said(cell, catalogue),
        "full": lambda cell: _full(cell, catalogue),
        "begun": lambda cell: _words.begun(cell, catalogue),
        "measured": _words.measured,
        "barred": _words.barred,
        "whole": lambda cell: isinstance(cell, _words.WHOLE),
        "bar": _bar,
        "shade": _words.shade,
    }
    return _environment().get_template("report/page.j2").render(functions)


def _full(cell: Cell, catalogue: Catalogue) -> str:
    """The name of a Party that stands there by its code, "" of anything else."""
    return catalogue.party(cell) if isinstance(cell, str) else ""


def _bar(table: Table, column: int, cell: int) -> int:
    """How long the bar of a count is, in percent of the longest of its column."""
    return round(100 * cell / _words.largest(table, column))
