"""The HTML of letters in a real browser: no fault that axe-core knows, nothing wider than the window."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import reports
from gateway.digests import page
from gateway.rules.report import document
from tests.docs.screens import receipt_to_a_photograph
from tests.support import npm, reporting, samples
from tests.support.chromium import DESK, PHONE, Browser, chromium
from tests.support.rendering import languages, seen

LANGUAGES = ("ar", "en", "es", "fr", "ru", "zh")
_RUN = "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => [v.id, v.nodes[0].html]))"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as shown:
        yield shown


@pytest.fixture(scope="module")
def axe() -> str:
    """The checker, from the npm registry."""
    folder = npm.installed("gsp-axe-core-4.10.3", [Path(__file__).parent / "axe" / "package.json"])
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def _faults(browser: Browser, axe: str) -> object:
    browser.run(f"{axe};1")
    return browser.run(_RUN)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_digest_is_accessible_in_the_dark_too_and_fits_a_telephone(browser: Browser, axe: str, language: str) -> None:
    html = page(seen("digest", language).inner)
    for width, dark in ((PHONE, False), (PHONE, True), (DESK, False), (DESK, True)):
        browser.show(html, width, dark)
        assert browser.run("document.documentElement.scrollWidth") <= width
        assert browser.run("[...document.images].every(i => i.naturalWidth == 720)")
        if (width == PHONE) == dark:  # what differs between the four are width and colours
            assert _faults(browser, axe) == []


@pytest.mark.parametrize(("language", "checked"), tuple(zip(LANGUAGES, (PHONE, DESK) * 3, strict=True)))
def test_a_report_is_accessible_and_fits_a_telephone(browser: Browser, axe: str, language: str, checked: int) -> None:
    """A check of so long a page takes seconds: of three languages as on a telephone in the dark, of three at a desk."""
    made = document(reporting.measurements(), reporting.SECRETARIAT)
    html = reports.formats()["html"].write(made, languages().catalogue(language)).decode()
    for width in (PHONE + DESK - checked, checked):
        browser.show(html, width, dark=width == PHONE)
        assert browser.run("document.documentElement.scrollWidth") <= width
    assert _faults(browser, axe) == []


# The first sample of each template; the digest has a test of its own.
_LETTERS = {name.partition(":")[0]: name for name in reversed(samples.SAMPLES) if not name.startswith("digest")}


@pytest.mark.parametrize("name", _LETTERS.values())
def test_every_letter_is_accessible(browser: Browser, axe: str, name: str) -> None:
    """In Arabic, in the dark: direction and colours are where mistakes are made."""
    browser.show(seen(name, "ar").html, PHONE, dark=True)
    assert _faults(browser, axe) == []


def test_a_receipt_to_a_photograph_is_accessible_and_its_picture_fits_a_telephone(browser: Browser, axe: str) -> None:
    browser.show(page(receipt_to_a_photograph("ar").inner), PHONE, dark=True)
    assert browser.run("document.documentElement.scrollWidth") <= PHONE
    assert browser.run("[...document.images].map(i => i.naturalWidth > 400 && i.width < i.naturalWidth)") == [True]
    assert _faults(browser, axe) == []


# Words of the cells of tables that stand on two lines; where a row is a list, the headings are for screen readers only.
_BROKEN = """[...document.querySelectorAll('table th, table td:not(.long)')].flatMap(cell => {
  if (cell.closest('thead') && getComputedStyle(cell.closest('thead')).position == 'absolute') return [];
  const found = [], texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) for (const word of texts.currentNode.data.matchAll(/[^\\s\\/-]+/g)) {
    const range = document.createRange();
    range.setStart(texts.currentNode, word.index);
    range.setEnd(texts.currentNode, word.index + word[0].length);
    const tops = [...range.getClientRects()].filter(r => r.width).map(r => Math.round(r.top));
    if (new Set(tops).size > 1) found.push(word[0]);
  }
  return found;
})"""


@pytest.mark.parametrize("name", ["receipt", "status", "status:trail", "statistics:secretariat"])
def test_no_word_or_number_of_a_table_is_broken_and_no_table_is_wider_than_the_window(
    browser: Browser, name: str
) -> None:
    """At the widths at which a table becomes lists, and at a desk; in the languages with the longest words."""
    for language in ("ru", "es"):
        html = seen(name, language).html
        for width in (PHONE, 673, 1089):
            browser.show(html, width)
            assert browser.run("document.documentElement.scrollWidth") <= width
            assert browser.run(_BROKEN) == []
    browser.show(html.replace("overflow-wrap:break-word", "overflow-wrap:anywhere"), DESK)
    assert browser.run(_BROKEN) != [], "the test notices broken words"


def test_the_checker_finds_what_is_wrong(browser: Browser, axe: str) -> None:
    html = page(seen("digest").inner)
    browser.show(re.sub(r' alt="[^"]*"', "", html).replace("color:#1b1b1b", "color:#bbbbbb"))
    found = _faults(browser, axe)
    assert isinstance(found, list)
    assert {"image-alt", "color-contrast"} <= {fault for fault, _ in found}
