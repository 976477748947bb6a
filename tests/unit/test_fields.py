"""Named fields of markings: where they stand in a code, and what is said of fields that do not go together."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway import data
from gateway.content import Uim, VerdictKind
from gateway.identifiers import gs1
from gateway.library import Scheme, lint, load
from gateway.library.fields import NAMES, Field, Validity, cut, overlapping
from gateway.library.proposal import examine
from gateway.library.schemes import Answers, Catalogue, read

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    return read(data.pattern_texts())[0]


def scheme(name: str) -> Scheme:
    return next(one for one in catalogue().schemes if one.id == name)


def shown(name: str, uim: str) -> dict[str, str]:
    code = gs1.normalise(uim)
    return {part.field.name: code[part.start : part.end] for part in scheme(name).parts(code)}


@pytest.mark.parametrize(
    ("name", "uim", "fields"),
    [
        ("se-upui-L", "QCALL7hT2kQ9mZb7Kd25051914",
         {"prefix": "QCALL", "serial": "7hT2kQ9mZ", "product code": "b7Kd", "time stamp": "25051914"}),
        ("gb-upui", "QCUKTaB3dE6gH9XyZ425051914",
         {"prefix": "QCUKT", "middle block": "aB3dE6gH9XyZ4", "time stamp": "25051914"}),
        ("gb-upui", "QCUKTaB3dE6gH9XyZ4", {"prefix": "QCUKT", "middle block": "aB3dE6gH9XyZ4"}),
        ("ru-pack", "04600000123455a<B,7=ZACN8k9+Q",
         {"gtin": "04600000123455", "serial": "a<B,7=Z", "price": "ACN8", "verification code": "k9+Q"}),
        ("ru-block", "(01)04600000123455(21)a<B,7=Z(8005)139000(93)k9+Q",
         {"gtin": "04600000123455", "serial": "a<B,7=Z", "price": "139000", "verification code": "k9+Q"}),
        ("ru-block", "010460000012345521a<B,7=Z800513900093k9+Q",  # every separator was lost
         {"gtin": "04600000123455", "serial": "a<B,7=Z", "price": "139000", "verification code": "k9+Q"}),
        ("gs1-eu-tpx", "(01)09520000123451(235)9Zx1aB3dE6gH9(8008)25051914",
         {"gtin": "09520000123451", "issuer code": "9Z", "extension": "x1", "serial": "aB3dE6gH9",
          "time stamp": "25051914"}),
        ("eu-upui-L", "QCTESTaB3dE6gH9XyZ425051914", {"time stamp": "25051914"}),
        ("gs1-article", "4006381333931", {"gtin": "4006381333931"}),
    ],
)  # fmt: skip
def test_the_fields_of_a_code_are_named_with_their_characters(name: str, uim: str, fields: dict[str, str]) -> None:
    assert shown(name, uim) == fields


def test_a_field_whose_place_is_not_published_claims_no_characters() -> None:
    assert [field.name for field in scheme("eu-upui-L").fields if not field.placed] == ["prefix", "middle block"]


def test_every_published_scheme_has_fields_and_their_names_are_those_of_the_schema() -> None:
    schema: Any = json.loads(Path(data.folder("pattern_library") / "schema.json").read_text("utf-8"))
    assert set(schema["$defs"]["field"]["properties"]["name"]["enum"]) == set(NAMES)
    assert [one.id for one in catalogue().schemes if one.decides is not None and not one.fields] == []


def test_what_was_not_read_in_a_source_is_marked_in_the_field_too() -> None:
    assert {one.id for one in catalogue().schemes if any(field.assumed for field in one.fields)} == {
        "kz-pack", "pl-ids", "ru-block",
    }  # fmt: skip


def test_who_answers_is_a_party_a_state_that_is_none_or_nobody() -> None:
    answers = {name: catalogue().answers(scheme(name)) for name in ("se-upui-L", "ru-pack", "sscc")}
    assert answers == {"se-upui-L": Answers.PARTY, "ru-pack": Answers.NO_PARTY, "sscc": Answers.NOBODY}


# --- validity ---------------------------------------------------------------------------------


def test_a_uim_made_before_its_marking_was_used_is_told() -> None:
    early, right = load(data.pattern_texts()).verdicts(
        [Uim("QCUKTaB3dE6gH9XyZ422063023"), Uim("QCUKTaB3dE6gH9XyZ422070100")], NOW
    )
    assert early.kind is right.kind is VerdictKind.SURE
    (remark,) = early.remarks
    assert dict(remark.values) == {"date": date(2022, 7, 1), "scheme": "United Kingdom, pack code"}
    assert right.remarks == ()


def test_the_last_day_of_a_marking_is_its_last() -> None:
    validity = Validity(end=date(2025, 5, 19))
    fields = (Field("time stamp", -8),)
    for code, said in (("QX25051923", False), ("QX25052000", True), ("QX00000000", False)):
        assert (validity.fault(cut(fields, code), code, "") is not None) is said


# --- what does not go together ----------------------------------------------------------------


def wrong(**changed: object) -> list[str]:
    raw = {
        "id": "ke-new", "title": "Kenya, new", "party": "KE", "level": "unit packet", "structure": "prefix and serial",
        "fields": [{"name": "prefix", "at": [0, 4]}, {"name": "serial", "at": [4, None]}],
        "pattern": r"KEXY\d{8}", "prefixes": ["KEXY"], "length": {"min": 12, "max": 12}, "decides": "sure", "rank": 90,
        "valid": ["KEXY25051914"], "confidence": "high", "verified": True, "source": "made up",
    }  # fmt: skip
    found = examine(data.pattern_texts(), yaml.safe_dump({"schemes": [raw | changed]}).encode())
    return [problem.text for problem in found.problems]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({}, []),
        ({"fields": [{"name": "prefix", "at": [0, 4]}, {"name": "time stamp", "at": [-8, None]}]}, []),
        ({"fields": [{"name": "prefix", "at": [0, 5]}, {"name": "serial", "at": [4, 12]}]},
         ["serial: it stands where “prefix” stands."]),
        ({"fields": [{"name": "serial", "at": [4, 13]}]}, ["serial: the code ends before it."]),
        ({"fields": [{"name": "gtin", "at": [4, 12]}]}, []),
        ({"fields": [{"name": "gtin", "at": [3, 11]}]}, ["gtin: what stands there in sample 1 is no such number."]),
        ({"fields": [{"name": "time stamp", "at": [3, 11]}]},
         ["time stamp: what stands there in sample 1 is no time stamp."]),
        ({"fields": [{"name": "gtin", "ai": "01"}]}, ["gtin: sample 1 has no such characters."]),
        ({"fields": [{"name": "secret", "at": [0, 4]}]},
         [f"fields.1.name: it must be one of: {', '.join(NAMES)}."]),
        ({"fields": [{"name": "serial", "what": "x" * 121}]}, ["fields: this is too long: at most 120 characters."]),
        ({"agency": "QC"}, ["agency: QC is not how the prefix begins."]),
        ({"validity": {"from": "2026-01-02", "to": "2026-01-01"}}, ["validity: it ends before it begins."]),
        ({"validity": {"from": "2026-02-30"}},
         ["validity: each day is written in quotation marks, year first, such as \"2027-01-31\"."]),
        ({"picture": "../stamp.png"}, ["picture: it does not keep to the published schema."]),
    ],
)  # fmt: skip
def test_a_description_that_does_not_go_together_is_refused_with_the_field(
    changed: dict[str, object], says: list[str]
) -> None:
    assert wrong(**changed) == says


def test_a_field_from_the_beginning_and_one_from_the_end_may_meet() -> None:
    assert list(overlapping((Field("serial", 2, None), Field("time stamp", -8)), 50)) == []


def test_the_linter_sees_a_field_that_a_sample_has_not() -> None:
    texts = dict(data.pattern_texts())
    texts["france.yaml"] = texts["france.yaml"].replace("name: body, at: [5, null]", "name: serial, at: [40, 45]")
    assert [problem.text for problem in lint(texts)] == ["serial: sample 1 has no such characters."]
