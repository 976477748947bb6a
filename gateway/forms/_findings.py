"""The table of what was not understood, for a list of which the letter shows only the beginning."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.content import Finding, Sheet, text

MOST = 50  # findings that a letter shows


def findings_sheets(findings: Sequence[Finding], stem: str = "findings") -> tuple[Sheet, ...]:
    """One table of all findings, in their order, where they are more than a letter shows; else none."""
    if len(findings) <= MOST:
        return ()
    headings = (text("File"), text("Page"), text("Line"), text("What was read"), text("What to do"))
    rows = tuple((one.where, str(one.page or ""), str(one.line or ""), one.got, one.text) for one in findings)
    return (Sheet(stem, headings, rows),)
