"""The HTML of letters in a real browser: no fault that axe-core knows, nothing wider than the window."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import reports
from gateway.digests import page
from gateway.rules.report import document
from tests.docs.screens import receipt_to_a_photograph
from tests.support import reporting, samples
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
    folder = Path(tempfile.gettempdir()) / "gsp-axe-4.10.3"
    if not (folder / "node_modules" / "axe-core" / "axe.min.js").exists():
        folder.mkdir(exist_ok=True)
        shutil.copy(Path(__file__).parent / "axe" / "package.json", folder / "package.json")
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True)
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


def test_the_checker_finds_what_is_wrong(browser: Browser, axe: str) -> None:
    html = page(seen("digest").inner)
    browser.show(re.sub(r' alt="[^"]*"', "", html).replace("color:#1b1b1b", "color:#bbbbbb"))
    found = _faults(browser, axe)
    assert isinstance(found, list)
    assert {"image-alt", "color-contrast"} <= {fault for fault, _ in found}
