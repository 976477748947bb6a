"""CSV files: a table in text."""

from __future__ import annotations

from gateway.attachments import Attachment
from gateway.attachments._columns import read
from gateway.content import MimePart


def accepts(part: MimePart) -> bool:
    """Files named .csv or .tsv, or of type text/csv."""
    return part.filename.lower().endswith((".csv", ".tsv")) or part.media_type == "text/csv"


ATTACHMENT = Attachment(accepts, read)
