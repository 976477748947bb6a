"""Entries of the directory as vCards, version 3.0 (RFC 2426; docs/decisions/0008-vcard.md)."""

from __future__ import annotations

from collections.abc import Sequence

import vobject

from gateway.directory import Entry
from gateway.facts import NO_PARTY
from gateway.language import Catalogue
from gateway.rules.directory import FUNCTIONS

MOST = 1000  # cards of one file: making one takes a millisecond (measured), and a letter is made within a session
MEDIA_TYPE = "text/vcard; charset=utf-8"


def to_vcards(entries: Sequence[Entry], catalogue: Catalogue) -> bytes:
    """One card an entry, with the words of the reader's language; CRLF. At most `MOST` of them."""
    return "".join(_card(entry, catalogue) for entry in entries[:MOST]).encode("utf-8", "replace")


def _card(entry: Entry, catalogue: Catalogue) -> str:
    party = catalogue.party(entry.party) if entry.party != NO_PARTY else ""
    function = catalogue.gettext(FUNCTIONS[entry.function])
    authority = entry.authority or party
    card = vobject.vCard()
    card.add("uid").value = f"gsp-{entry.mark[:32]}"
    card.add("fn").value = _plain(entry.person or authority)
    card.add("n").value = vobject.vcard.Name(family=_plain(entry.person or authority))
    card.add("org").value = [_plain(authority)]
    card.add("role").value = _plain(function)
    card.add("categories").value = [_plain(party)]
    for name, value in (("email", entry.address), ("tel", entry.telephone)):
        if value:
            card.add(name).value = _plain(value)
    if entry.postal:
        card.add("adr").value = vobject.vcard.Address(street=_plain(entry.postal))
    notes = [
        f"{catalogue.gettext(label)}: {_plain(value)}"
        for label, value in (("Languages", entry.languages), ("Remarks", entry.remarks))
        if value
    ]
    if notes:
        card.add("note").value = "\n".join(notes)
    if entry.since is not None:
        card.add("rev").value = entry.since.strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(card.serialize())


def _plain(value: str) -> str:
    """On one line: vobject writes a carriage return as it is, which would begin another property."""
    return " ".join(value.split())
