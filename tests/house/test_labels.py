"""No label can be taken for another, in any mix of the six languages; what is written is read back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations

import pytest

from gateway import data, discovery, forms
from gateway.content import Block, FilledForm
from gateway.forms import Form
from gateway.forms._grammar import Vocabulary, is_item, write
from gateway.forms._reading import read_form
from gateway.language import ENGLISH, LANGUAGES, Languages

KNOWN = Languages.from_texts(data.catalogues())
FORMS: dict[str, Form] = discovery.find(forms, "FORM")
VOCABULARY = Vocabulary(FORMS, KNOWN)
# All titles of exchange.md, 1: those of forms that come later are translated, so that they cannot clash either.
TITLES = (
    "REQUEST LOOKUP REPLY MESSAGE STATUS HELP EVALUATION DIFFICULTY REGISTER CONFIRM APPROVE RENEW REVOKE PATTERN "
    "DIRECTORY STATISTICS"
).split()
SAME_IN_FRENCH = {
    "MESSAGE",
    "Message",
    "Questions",
    "Justification",
    "UIM",
    "Description",
    "expert",
    "Source",
    "Structure",
    "possible",
}
SAME_IN_SPANISH = {"UIM", "no"}


def _clashes(labels: Iterable[str]) -> list[tuple[str, str]]:
    return [
        (one, other)
        for one, other in combinations(dict.fromkeys(labels), 2)
        if KNOWN.spellings(one) & KNOWN.spellings(other)
    ]


def _labels() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every set of labels of which a reader has to tell one from the other."""
    for form in FORMS.values():
        yield f"{form.name} head", tuple(field.label for field in form.fields)
        yield f"{form.name} block", tuple(field.label for field in form.group)
        for field in (*form.fields, *form.group):
            if field.choices:
                yield f"{form.name} {field.name}", tuple(choice.label for choice in field.choices)


def test_every_form_has_one_of_the_titles() -> None:
    assert {form.title for form in FORMS.values()} <= set(TITLES)


def test_no_title_is_ambiguous() -> None:
    assert _clashes(TITLES) == []


@pytest.mark.parametrize("labels", [pytest.param(labels, id=kind) for kind, labels in _labels() if labels])
def test_no_label_or_fixed_value_of_a_form_is_ambiguous(labels: tuple[str, ...]) -> None:
    assert _clashes(labels) == []


@pytest.mark.parametrize("name", FORMS)
def test_a_label_of_a_block_is_one_of_the_head_only_where_both_are_the_same_field(name: str) -> None:
    form = FORMS[name]
    for head in form.fields:
        for block in form.group:
            assert head.label == block.label or not KNOWN.spellings(head.label) & KNOWN.spellings(block.label)


def test_no_catalogue_says_something_else_than_another_of_its_language() -> None:
    for language, texts in data.catalogues().items():
        said: dict[str, set[str]] = defaultdict(set)
        for octets in texts:
            alone = Languages.from_texts({language: [octets]}).catalogue(language)
            for label in {*TITLES, *(label for _, labels in _labels() for label in labels)}:
                said[label] |= {alone.gettext(label)} - {label}
        assert {label: words for label, words in said.items() if len(words) > 1} == {}, language


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != ENGLISH])
def test_every_title_label_and_fixed_value_is_translated(language: str) -> None:
    catalogue = KNOWN.catalogue(language)
    wanted = {*TITLES, *(label for _, labels in _labels() for label in labels)} - {"H0", "H1", "H2", "H3"}
    same = {label for label in wanted if catalogue.gettext(label) == label}
    assert same <= {"fr": SAME_IN_FRENCH, "es": SAME_IN_SPANISH}.get(language, set())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_further_spellings_of_the_ten_data_and_of_the_answers(language: str) -> None:
    reply = FORMS["reply"]
    answers = next(field for field in reply.group if field.name == "status").choices
    for label in (*(f.label for f in reply.group if is_item(f)), *(choice.label for choice in answers)):
        assert len(KNOWN.catalogue(language).spellings(label)) > 1, label


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", FORMS)
def test_a_blank_form_is_read_back_in_every_language(name: str, language: str) -> None:
    written = write(FilledForm(name), FORMS[name], KNOWN.catalogue(language))
    form, findings, outside = read_form(written.split("\n"), VOCABULARY)
    assert form.name == name
    assert findings == ()
    assert outside == ""
    assert not any(form.values.values())
    assert form.uims == ()
    assert not any(form.ticks.values())
    assert form.blocks == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_desk_may_answer_with_any_spelling_of_a_status_in_any_language(language: str) -> None:
    status = next(field for field in FORMS["reply"].group if field.name == "status")
    for choice in status.choices:
        for word in KNOWN.catalogue(language).spellings(choice.label):
            lines = ["GSP REPLY", "Exchange: GSP-2026-000042/FR", "", "UIM: ABC1", f"Status: {word.upper()}"]
            form, findings, _ = read_form(lines, VOCABULARY)
            assert findings == ()
            assert form.blocks == (Block({"uim": "ABC1", "status": choice.name}, 4),), word


@pytest.mark.parametrize("word", ["valable", "valide", "Valide", "VALABLE"])
def test_french_desks_say_valid_in_two_words(word: str) -> None:
    lines = ["GSP RÉPONSE", "Échange : GSP-2026-000042/FR", "", "UIM : ABC1", f"Statut : {word}"]
    form, findings, _ = read_form(lines, VOCABULARY)
    assert findings == ()
    assert form.blocks[0].values["status"] == "valid"
