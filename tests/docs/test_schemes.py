"""The catalogue of markings: its pictures can be read by everybody, and its pages invent nothing."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from gateway import data
from gateway.library.changes import schemes_in
from tests.docs import pictures
from tests.docs.generate import ROOT, pages
from tests.docs.pictures import Entry, Run, draw
from tests.docs.schemes import FOLDER

CATALOGUE = {name: content for name, content in pages().items() if name.startswith(FOLDER)}
SCHEMES = {
    scheme: raw
    for name, content in data.pattern_texts().items()
    if not name.startswith("_")
    for scheme, raw in schemes_in(content).items()
}
SVG = "{http://www.w3.org/2000/svg}"


def brightness(colour: str) -> float:
    """Relative luminance (WCAG 2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((brightness(one), brightness(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("night", [False, True])
def test_what_is_written_can_be_read_by_day_and_by_night(night: bool) -> None:
    ink, paper, plain = (
        (pictures.DARK_INK, pictures.DARK_PAPER, pictures.DARK_PLAIN)
        if night
        else (pictures.INK, pictures.PAPER, pictures.PLAIN)
    )
    for ground in (paper, plain, *(pair[night] for pair in pictures.COLOURS)):
        assert contrast(ink, ground) >= 4.5, ground


@pytest.mark.parametrize("night", [False, True])
def test_neighbours_differ_in_brightness_so_that_no_colour_need_be_seen(night: bool) -> None:
    colours = [pair[night] for pair in pictures.COLOURS]
    for one, other in pairwise([*colours, colours[0]]):
        assert contrast(one, other) >= 1.4, (one, other)


def test_a_picture_shows_every_character_and_says_what_it_shows() -> None:
    code = (Run("Q<&", 1, "Prefix"), Run("x" * 30), Run("\x1d"), Run("9Z", 2, "Serial", assumed=True))
    entries = [Entry(1, "Prefix: here"), Entry(2, "Serial: there"), Entry(3, "Date: nobody knows where", placed=False)]
    drawn = draw("A & B", "tells <all>", code, entries)
    root = ElementTree.fromstring(drawn)
    assert root.attrib["role"] == "img"
    said = {one.attrib["id"]: one.text for one in root if "id" in one.attrib}
    assert said == {"title": "A & B", "tells": "tells <all>"}
    assert set(root.attrib["aria-labelledby"].split()) == said.keys()
    cells = [one.text for one in root.iter(f"{SVG}text") if one.attrib["class"] in ("cell", "mark")]
    assert cells == [*"Q<&", *"x" * 30, "GS", *"9Z"]
    kinds = [one.attrib["class"] for one in root.iter(f"{SVG}rect")]
    assert kinds == ["paper", "f f0", "f", "f", "f", "f f1 assumed", "f f0", "f f1", "open"]
    assert "prefers-color-scheme: dark" in drawn


def test_every_marking_has_its_page_and_no_page_is_left_of_one_that_is_gone() -> None:
    names = {"README.md", *(f"{scheme}.{ending}" for scheme in SCHEMES for ending in ("md", "svg"))}
    assert {path.name for path in (ROOT / FOLDER).iterdir()} == names
    assert {name.rpartition("/")[2] for name in CATALOGUE} == names
    assert sorted(re.findall(r"\]\(([\w-]+)\.md\) \|", CATALOGUE[f"{FOLDER}/README.md"])) == sorted(SCHEMES)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_page_says_what_is_not_known(scheme: str) -> None:
    page, raw = CATALOGUE[f"{FOLDER}/{scheme}.md"], SCHEMES[scheme]
    picture = CATALOGUE[f"{FOLDER}/{scheme}.svg"]
    ElementTree.fromstring(picture)
    assert ("✔ what leads to its owner" in page, "✘ not verified" in page) == (raw["verified"], not raw["verified"])
    unpublished = "No format of this marking is published"
    assert (unpublished in page, unpublished in picture) == (not raw["pattern"], not raw["pattern"])
    assert ("## Fields" in page) == bool(raw["pattern"])
    assert ("its place is assumed" in page) == any(one.get("assumed") for one in raw.get("fields", ()))
    assert ("is not published |" in page) == any("at" not in one and "ai" not in one for one in raw.get("fields", ()))
    assert "since when and until when is not known" in page or "validity" in raw


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_page_says_no_field_and_no_title_twice(scheme: str) -> None:
    page = CATALOGUE[f"{FOLDER}/{scheme}.md"]
    fields = [row.split(" | ") for row in re.findall(r"^\| \d+ \| (.*) \|$", page, re.MULTILINE)]
    alike = [(name, what, re.sub(r"\(.*\)", "", where)) for name, where, _, what in fields if "GS1" in where]
    assert len(set(alike)) == len(alike)
    for row in re.findall(r"^\| .*\*malformed\*.*$", page, re.MULTILINE):
        assert row.count(SCHEMES[scheme]["title"]) <= 1, row
