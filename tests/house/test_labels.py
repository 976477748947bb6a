"""No label can be taken for another, in any mix of the six languages; what is written is read back."""

from __future__ import annotations

from itertools import combinations

import pytest

from gateway import data, discovery, forms
from gateway.content import FilledForm
from gateway.forms import Form
from gateway.forms._grammar import Vocabulary, write
from gateway.forms._reading import read_form
from gateway.language import LANGUAGES, Languages

KNOWN = Languages.from_texts(data.catalogues())
FORMS: dict[str, Form] = discovery.find(forms, "FORM")
VOCABULARY = Vocabulary(FORMS, KNOWN)


def test_no_title_is_ambiguous() -> None:
    for one, other in combinations(FORMS.values(), 2):
        assert not KNOWN.spellings(one.title) & KNOWN.spellings(other.title)


@pytest.mark.parametrize("name", FORMS)
def test_no_label_or_fixed_value_of_a_form_is_ambiguous(name: str) -> None:
    for fields in (FORMS[name].fields, FORMS[name].group):
        for one, other in combinations(fields, 2):
            assert not KNOWN.spellings(one.label) & KNOWN.spellings(other.label), (one.name, other.name)
        for field in fields:
            for first, second in combinations(field.choices, 2):
                assert not KNOWN.spellings(first.label) & KNOWN.spellings(second.label), (first.name, second.name)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", FORMS)
def test_a_blank_form_is_read_back_in_every_language(name: str, language: str) -> None:
    written = write(FilledForm(name), FORMS[name], KNOWN.catalogue(language))
    form, findings, outside = read_form(written.split("\n"), VOCABULARY)
    assert form.name == name
    assert findings == ()
    assert outside == ""
    assert not any(form.values.values())


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_titles_are_translated(language: str) -> None:
    same = {form.title for form in FORMS.values() if KNOWN.catalogue(language).gettext(form.title) == form.title}
    assert same <= {"MESSAGE"}  # the same word in French
