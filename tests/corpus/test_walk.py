"""No mail of the corpus is left out: each has one outcome, and a test that puts it through the stages."""

from __future__ import annotations

import re
from collections import Counter

from gateway.outcome import REASONS, Cause
from tests.corpus import test_openpgp_corpus, test_smime_corpus
from tests.corpus.places import CORPUS, OUTCOMES, ROWS, SHARED, whole

BESIDE = {"README.md", "MANIFEST.md", "index.tsv"}
WALKS = (test_openpgp_corpus.test_a_mail_gets_its_verdict, test_smime_corpus.test_a_mail_gets_its_verdict)


def on_disk() -> set[str]:
    """Every mail that lies there, whether the index names it or not."""
    names = {str(path.relative_to(CORPUS)) for path in CORPUS.rglob("*") if path.is_file()}
    return {name for name in names if not name.startswith("keys/")} - BESIDE


def walked() -> Counter[str]:
    """The mails that the two walks are given, by the ids of their parameters."""
    marks = [mark for walk in WALKS for mark in walk.pytestmark if mark.name == "parametrize"]  # type: ignore[attr-defined]
    return Counter(one.id for mark in marks for one in mark.args[1])


def test_every_mail_of_the_corpus_is_walked_once() -> None:
    assert {row["file"] for row in ROWS} == on_disk()
    assert walked() == Counter(on_disk())


@whole
def test_every_mail_of_the_corpus_has_its_outcome_and_no_other_is_named() -> None:
    assert set(OUTCOMES) == on_disk()
    assert len(OUTCOMES) >= 198, SHARED


def test_an_outcome_is_taken_or_a_number_and_a_cause_that_exist() -> None:
    causes = {cause.value for cause in Cause}
    for name, expected in OUTCOMES.items():
        found = re.fullmatch(r"taken|(\d{3})(?: (.+))?", expected.outcome)
        assert found, name
        assert expected.outcome == "taken" or int(found[1]) in REASONS, name
        assert (found[2] in causes) is (found[1] == "201"), name


def test_another_outcome_than_the_proposed_one_has_its_reason() -> None:
    for row in ROWS:
        outcome, why = OUTCOMES[row["file"]]
        proposed = row["gateway_verdict"].startswith("ACCEPT")
        assert proposed is (outcome == "taken") or why, row["file"]
