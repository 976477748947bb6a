"""The examples of docs/exchange.md are read by the program's own reader, as text and as JSON, and say the same."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from gateway import data, discovery, forms
from gateway.content import Block, FilledForm, Uim
from gateway.facts import REGISTRATION_LIFE
from gateway.forms import Form
from gateway.forms._grammar import Vocabulary
from gateway.forms._reading import read_form
from gateway.forms._schema import read_document
from gateway.language import Languages
from gateway.rules.limits import CHALLENGES_PER_ADDRESS, REGISTRATIONS_PER_DAY, REGISTRATIONS_PER_PARTY
from gateway.treaty import Role
from tests.docs.pages import ROOT, blocks

PAGE = ROOT / "docs" / "exchange.md"
FORMS: dict[str, Form] = discovery.find(forms, "FORM")
VOCABULARY = Vocabulary(FORMS, Languages.from_texts(data.catalogues()))
TEXTS, DOCUMENTS = blocks(PAGE, "form"), blocks(PAGE, "json")


def understood(text: str) -> FilledForm:
    """The form in a text of which every line must be understood."""
    form, findings, outside = read_form(text.rstrip("\n").split("\n"), VOCABULARY)
    assert form.name
    assert findings == ()
    assert outside == ""
    return form


def bare(form: FilledForm) -> FilledForm:
    """A form without where things stood, and without empty values."""
    return replace(
        form,
        values={name: value for name, value in form.values.items() if value},
        uims=tuple(Uim(uim.text) for uim in form.uims),
        blocks=tuple(Block({k: v for k, v in block.values.items() if v}) for block in form.blocks),
    )


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.split("\n")[0])
def test_every_line_of_an_example_is_understood(text: str) -> None:
    form = understood(text)
    for field in FORMS[form.name].fields:
        given = form.get(field.name) or form.ticked(field.name) or (field.name == "uims" and form.uims)
        assert given or not field.required, field.name


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: json.loads(document)["form"])
def test_the_same_as_json_says_the_same(document: str) -> None:
    name = json.loads(document)["form"]
    form, findings = read_document(document.encode(), FORMS, "gsp.json")
    assert findings == ()
    assert form is not None
    text = next(text for text in TEXTS if understood(text).name == name)
    assert bare(form) == bare(understood(text))


def test_the_bounds_of_registration_are_those_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    administrator, secretariat = (REGISTRATIONS_PER_DAY[role] for role in (Role.ADMINISTRATOR, Role.SECRETARIAT))
    assert (
        f"An administrator may order {administrator} registrations a day, the Secretariat's people {secretariat}"
        in page
    )
    assert f"and {REGISTRATIONS_PER_PARTY} may be ordered for one Party" in page
    assert f"for {REGISTRATION_LIFE.days} days, for this key and this address" in page
    assert "five times at most for one address" in page
    assert CHALLENGES_PER_ADDRESS == 5


def test_every_form_has_an_example_as_text_and_as_json_and_its_schema_is_linked() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert {understood(text).name for text in TEXTS} == set(FORMS)
    assert {json.loads(document)["form"] for document in DOCUMENTS} == set(FORMS)
    assert set(re.findall(r"\(schemas/gsp-(\w+)\.json\)", page)) == set(FORMS)
