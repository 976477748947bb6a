"""Entries of the directory as vCard 3.0 (RFC 2426): every program can take the file apart, whatever stands in it."""

from __future__ import annotations

import pytest
import vobject

from gateway.directory import Entry
from gateway.language import LANGUAGES
from gateway.stages._cards import MOST, to_vcards
from gateway.treaty import Function
from tests.support import samples
from tests.support.rendering import languages

ENTRY = Entry(
    samples.KE, Function.CONTACT_POINT, "Autorité des douanes; bureau, 海关总署 " * 3, "أحمد العلي", "o@kra.example",
    "+254 20 499", "Forodha, Haile Selassie Avenue\nNairobi", "Kiswahili, English", "hours: 8–17; closed on Sunday",
    since=samples.NOW,
)  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_card_is_version_3_in_short_lines_and_reads_back(language: str) -> None:
    octets = to_vcards((ENTRY, ENTRY), languages().catalogue(language))
    lines = octets.split(b"\r\n")
    assert max(len(line.decode("utf-8")) for line in lines) <= 75, "and no sign is cut in two"
    assert b"\n" not in octets.replace(b"\r\n", b"")
    assert not octets.startswith(b"\xef\xbb\xbf")
    cards = list(vobject.readComponents(octets.decode()))
    assert len(cards) == 2
    for card in cards:
        assert card.validate(raiseException=True)
        assert (card.version.value, card.fn.value, card.email.value) == ("3.0", ENTRY.person, ENTRY.address)
        assert card.org.value == [ENTRY.authority.strip()]
        assert "closed on Sunday" in card.note.value


def test_an_unchanged_entry_has_the_same_uid_and_a_changed_one_another() -> None:
    catalogue = languages().catalogue("en")
    other = Entry(samples.KE, Function.CONTACT_POINT, "Customs", "B", since=samples.NOW)
    uids = [str(card.uid.value) for card in vobject.readComponents(to_vcards((ENTRY, other), catalogue).decode())]
    again = [str(card.uid.value) for card in vobject.readComponents(to_vcards((other, ENTRY), catalogue).decode())]
    assert uids == again[::-1]
    assert len(set(uids)) == 2


def test_one_file_has_no_more_cards_than_a_mail_can_be_made_with() -> None:
    few = Entry(samples.KE, Function.EXPERT, "Customs")
    assert to_vcards((few,) * (MOST + 5), languages().catalogue("en")).count(b"BEGIN:VCARD") == MOST
