"""Generated pages are what the code would write now; every form, reason and setting is on its page."""

from __future__ import annotations

import inspect
import json
import re

import pytest
from jsonschema import Draft202012Validator

from gateway.forms import Form
from gateway.outcome import REASONS, Cause
from gateway.settings import Settings
from tests.docs import attacks
from tests.docs.generate import ROOT, found_forms, pages, replies, settings, states
from tests.hostile.attacks import IN_BOTH, KINDS


@pytest.mark.parametrize("name", sorted(pages()))
def test_a_generated_page_is_up_to_date(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == pages()[name], "run: python -m tests.docs.generate"


def test_no_schema_of_a_form_that_is_gone_is_published() -> None:
    published = {path.name for path in (ROOT / "docs" / "schemas").iterdir()}
    assert published == {f"gsp-{form.name}.json" for form in found_forms()}


@pytest.mark.parametrize("form", found_forms(), ids=lambda form: form.name)
def test_a_published_schema_is_one(form: Form) -> None:
    name = f"docs/schemas/gsp-{form.name}.json"
    Draft202012Validator.check_schema(json.loads(pages()[name]))


def test_every_reply_has_its_row() -> None:
    rows = re.findall(r"^\| GSP-(\d+) \|", replies(), re.MULTILINE)
    assert sorted(map(int, rows)) == sorted(REASONS)


def test_every_setting_of_a_section_has_its_row() -> None:
    page = settings()
    assert "| `domain` | required |" in page
    for name, field in Settings.model_fields.items():
        fields = getattr(field.annotation, "model_fields", {})
        # The sections without a line in the file belong to commands that are not there yet.
        if name != "digest":
            for setting in fields:
                assert f"| `{name}.{setting}` |" in page


def test_a_closed_way_is_never_shown_as_open() -> None:
    read = next(line for line in states().splitlines() if line.startswith("| read |"))
    assert " answered |" not in read


def test_every_kind_of_attack_has_its_test_for_each_scheme_that_it_reaches() -> None:
    tried = {(row.kind, row.scheme) for row in attacks.rows()}
    assert {kind for kind, _ in tried} == set(KINDS)
    missing = {(kind, scheme) for kind in IN_BOTH for scheme in ("OpenPGP", "S/MIME")} - tried
    assert missing == set()


def _named(value: object) -> str:
    """The same in every process: several collect the tests."""
    return str(getattr(value, "__name__", value))[:60]


@pytest.mark.parametrize(("title", "test", "answer"), list(attacks.tests()), ids=_named)
def test_the_answer_in_the_table_is_the_one_that_the_test_demands(title: str, test: object, answer: object) -> None:
    source = inspect.getsource(test)  # type: ignore[arg-type]
    demanded = source[source.index(f"def {title}") :]
    if isinstance(answer, Cause):
        assert f"Cause.{answer.name}" in demanded
    elif answer == "GSP-201":
        assert "201" in demanded
