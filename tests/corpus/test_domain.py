"""All that is known of markings and Parties (`../shared/data`) is in the library, with its marks of verification."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway import data
from tests.corpus.places import SHARED, whole

pytestmark = whole
_WORDS = ("scheme", "level", "carrier", "structure", "charset", "distinguishing")
_IMPOSSIBLE = {
    ("ae-dts", "ru-block")
}  # said to be ambiguous, but no code fits both: a serial of 20 against 23 characters
_OTHERS = {"gs1-article"}  # article numbers, which are on every pack and no UIM


@lru_cache(maxsize=2)
def known(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = yaml.safe_load((SHARED.parent / "data" / f"{name}.yaml").read_text("utf-8"))[name]
    return rows


@lru_cache(maxsize=1)
def library() -> dict[str, dict[str, Any]]:
    folder = Path(data.folder("pattern_library"))
    documents = [yaml.safe_load(path.read_text("utf-8")) for path in folder.glob("[a-z]*.yaml")]
    return {scheme["id"]: scheme for document in documents for scheme in document["schemes"]}


def spaced(written: object) -> str:
    return " ".join(str(written).split())


def test_all_42_schemes_are_in_the_library_and_nothing_else_but_article_numbers() -> None:
    ids = [row["id"] for row in known("uim_schemes")]
    assert len(ids) == len(set(ids)) == 42
    assert library().keys() == set(ids) | _OTHERS


def test_all_72_parties_are_in_the_library_with_every_mark() -> None:
    document = yaml.safe_load(data.pattern_texts()["_parties.yaml"])
    assert len(document["parties"]) == 72
    assert {row["iso2"]: row for row in document["parties"]} == {row["iso2"]: row for row in known("parties")}


def test_an_owner_who_is_not_a_party_is_said_to_be_none() -> None:
    others = {row["iso2"] for row in yaml.safe_load(data.pattern_texts()["_parties.yaml"])["others"]}
    assert others == {row["party"] for row in known("uim_schemes") if "NOT a party" in row["party_status"]}


def test_a_scheme_says_of_its_marking_what_the_source_says() -> None:
    for row in known("uim_schemes"):
        ours = library()[row["id"]]
        assert ours["party"] == row["party"]
        assert {key: spaced(ours[key]) for key in _WORDS if key in row} == {
            key: spaced(row[key]) for key in _WORDS if key in row
        }
        assert set(row["valid"]) <= set(ours.get("valid", ()))
        assert {tuple(sample) for sample in row["invalid"]} <= {
            (sample["uim"], sample["because"]) for sample in ours.get("invalid", ())
        }
        ambiguous = {one for one in row.get("ambiguous_with", ()) if (row["id"], one) not in _IMPOSSIBLE}
        assert ambiguous <= set(ours.get("ambiguous_with", ()))
        assert (ours["pattern"] is None) == (row["regex"] is None)


def test_a_scheme_is_as_sure_as_the_source_and_no_surer() -> None:
    for row in known("uim_schemes"):
        ours = library()[row["id"]]
        assert row["confidence"] in (ours["confidence"], ours.get("confidence_note"))
        doubtful = row["confidence"].startswith(("medium", "low", "none")) or "unverified" in row["source"]
        assert ours["verified"] is not doubtful


@pytest.mark.parametrize("key", ["picture", "contact"])
def test_what_is_not_known_of_a_scheme_is_said_to_be_none_known(key: str) -> None:
    for scheme in library().values():
        assert scheme.get(key) or (key == "contact" and scheme["pattern"]), scheme["id"]
