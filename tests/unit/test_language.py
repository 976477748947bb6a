"""One catalogue says and reads; values, plurals, Parties and times are said as the language has it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from gateway import data
from gateway.content import text, texts
from gateway.facts import PartyCode
from gateway.language import LANGUAGES, Languages, negotiate, normalise

KNOWN = Languages.from_texts(data.catalogues())
PO = """
msgid ""
msgstr ""
"Language: fr\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"

msgid "Purpose"
msgstr "Finalité"

msgctxt "read as"
msgid "Purpose"
msgstr "But | Objet de la demande"

msgid "{count} UIM of {party}"
msgid_plural "{count} UIMs of {party}"
msgstr[0] "{count} UIM de {party}"
msgstr[1] "{count} UIM de {party} (plusieurs)"

msgid "It was read on {when}."
msgstr "Lu le {when}."

msgid "empty"
msgstr ""
"""


def french() -> Languages:
    return Languages.from_texts({"fr": [PO.encode()]})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Date of seizure", "  DATE  of\u00a0seizure "),
        ("Finalité", "finalite"),
        ("Finalité", "ＦＩＮＡＬＩＴÉ"),
        ("Réponse", "Re\u0301ponse"),
        ("الغرض", "\u200fالغـــرض\u200e"),
        ("حالة", "حَالَة"),
        ("أسئلة", "اسئلة"),
        ("Ещё", "еще"),
        ("Straße", "STRASSE"),
        ("Case reference", "*Case\u00adreference*"),
        ("UIMs", "“UIMs”"),
    ],
)
def test_case_accents_spaces_width_and_marks_of_direction_do_not_tell_labels_apart(one: str, other: str) -> None:
    assert normalise(one) == normalise(other) != ""


def test_letters_that_mean_something_do_tell_labels_apart() -> None:
    assert normalise("valid") != normalise("not valid")
    assert normalise("有效") != normalise("无效")


def test_what_a_catalogue_lacks_is_said_in_english() -> None:
    catalogue = french().catalogue("fr")
    assert catalogue.gettext("Purpose") == "Finalité"
    assert catalogue.gettext("empty") == "empty"
    assert catalogue.gettext("Never heard of") == "Never heard of"
    assert catalogue.say(texts("one thing", "{count} things", 3)) == "3 things"


def test_plural_forms_are_those_of_the_language() -> None:
    catalogue = french().catalogue("fr")

    def said(count: int) -> str:
        return catalogue.say(texts("{count} UIM of {party}", "{count} UIMs of {party}", count, party="Kenya"))

    assert said(0) == "0 UIM de Kenya"
    assert said(2) == "2 UIM de Kenya (plusieurs)"


def test_what_a_person_wrote_is_never_filled_in_a_second_time() -> None:
    sentence = text("“{got}” on line {line}: {unknown}", got="{line} {got}", line=3)
    assert KNOWN.catalogue("en").say(sentence) == "“{line} {got}” on line 3: {unknown}"


def test_times_are_utc_and_say_so() -> None:
    nairobi = datetime(2026, 11, 21, 12, 30, tzinfo=timezone(timedelta(hours=3)))
    for language in LANGUAGES:
        said = KNOWN.catalogue(language).say(text("{when}", when=nairobi))
        assert "UTC" in said
        assert said.endswith(" 09:30 UTC")  # to the minute, of 24 hours
    assert "09:30" in KNOWN.catalogue("fr").value(nairobi)
    assert "2026" in KNOWN.catalogue("fr").value(date(2026, 11, 21))
    assert KNOWN.catalogue("en").value(datetime(2026, 1, 2, tzinfo=UTC)).endswith("UTC")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_instant_says_its_day_as_a_day_is_said(language: str) -> None:
    """In numbers, as Arabic has it in its middle form, 05/06 is the fifth of June or the sixth of May."""
    catalogue, at = KNOWN.catalogue(language), datetime(2026, 6, 5, 12, tzinfo=UTC)
    assert catalogue.value(at.date()) in catalogue.value(at)
    assert "05/06" not in catalogue.value(at)


def test_a_sentence_within_a_sentence_is_translated() -> None:
    inner = text("Purpose")
    assert french().catalogue("fr").say(text("It was read on {when}.", when=inner)) == "Lu le Finalité."


def test_every_spelling_of_every_language_is_read() -> None:
    known = french()
    assert known.spellings("Purpose") == {"purpose", "finalite", "but", "objetdelademande"}


@pytest.mark.parametrize(
    ("written", "code"),
    [("Kenya", "KE"), ("ke", "KE"), ("KENIA", "KE"), ("Кения", "KE"), ("肯尼亚", "KE"), ("كينيا", "KE"),
     ("Suède", "SE"), ("European Union", "EU"), ("UK", "GB"), ("EL", "GR")],
)  # fmt: skip
def test_a_party_is_known_by_its_name_in_any_language_and_by_its_code(written: str, code: str) -> None:
    assert KNOWN.party(written) == code


def test_what_is_no_party_is_none() -> None:
    assert KNOWN.party("Atlantis") is None
    assert KNOWN.party("") is None


def test_parties_are_named_in_the_readers_language() -> None:
    names = {str(code): KNOWN.catalogue(code).party(PartyCode("SE")) for code in LANGUAGES}
    assert names == {
        "ar": "السويد", "en": "Sweden", "es": "Suecia", "fr": "Suède", "ru": "Швеция", "zh": "瑞典"
    }  # fmt: skip
    assert KNOWN.catalogue("en").party(PartyCode("QX")) == "QX"


@pytest.mark.parametrize(
    ("asked", "given"), [("fr-CH", "fr"), ("FR", "fr"), ("zh_Hant_TW", "zh"), ("pt", "en"), ("", "en"), ("ar-EG", "ar")]
)
def test_the_nearest_of_the_six_languages_is_chosen(asked: str, given: str) -> None:
    assert negotiate(asked) == given
    assert KNOWN.catalogue(asked).language == given


def test_only_arabic_runs_from_right_to_left() -> None:
    assert {str(code): KNOWN.catalogue(code).direction for code in LANGUAGES if code != "ar"} == dict.fromkeys(
        ("en", "es", "fr", "ru", "zh"), "ltr"
    )
    assert KNOWN.catalogue("ar").direction == "rtl"


def test_a_broken_catalogue_is_an_error_at_the_start() -> None:
    with pytest.raises(ValueError, match="catalogue of the language fr"):
        Languages.from_texts({"fr": [b"this is no catalogue\n"]})


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("ar", (0, 1, 2, 3, 3, 5, 5, 4, 3, 5)),
        ("ru", (2, 0, 1, 1, 2, 2, 2, 2, 1, 2)),
        ("fr", (0, 0, *(1,) * 8)),
        ("zh", (0,) * 10),
    ],
)
def test_a_number_takes_the_plural_form_of_the_catalogue_that_holds_the_sentence(
    language: str, forms: tuple[int, ...]
) -> None:
    catalogue = Languages.from_texts(data.catalogues()).catalogue(language)
    assert tuple(map(catalogue._messages.plural_form, (0, 1, 2, 3, 10, 11, 14, 100, 103, 111))) == forms


def test_fourteen_days_in_arabic() -> None:
    catalogue = Languages.from_texts(data.catalogues()).catalogue("ar")
    said = catalogue.ngettext("No mail was exchanged for {count} day.", "No mail was exchanged for {count} days.", 14)
    assert said.endswith("{count} يوماً.")
