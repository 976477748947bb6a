"""What the rows of the tables say, as the values that a decision sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.events import AskedBefore, Keep, ReferralView
from gateway.facts import (
    Address,
    Digest,
    ExchangeNumber,
    Fingerprint,
    Language,
    Party,
    PartyCode,
    Pending,
    Person,
    PublicKey,
    ReferralNumber,
    proven_ciphertext,
)
from gateway.store.engine import utc
from gateway.treaty import ReferralState, Role, Side


def party(row: Any) -> Party:
    """A row of the registered Parties."""
    return Party(PartyCode(row.code), row.name, Address(row.mailbox), Language(row.language))


def person(row: Any) -> Person:
    """A row of the registered people."""
    return Person(
        row.id,
        PartyCode(row.party),
        Address(row.address),
        row.name,
        Role(row.role),
        Language(row.language),
    )


def desk_person(party: Party) -> Person:
    """A Party's desk, which is no person, as one."""
    return Person(0, party.code, party.mailbox, party.name, Role.DESK, party.language)


def key(row: Any) -> PublicKey:
    """A row of the registered keys."""
    until = row.usable_until
    return PublicKey(
        row.scheme, Fingerprint(row.fingerprint), bytes(row.octets), row.can_encrypt, row.can_sign,
        utc(until) if until else None, row.revoked_at is not None, PartyCode(row.party),
        given=Fingerprint(row.given) if row.given else None,
    )  # fmt: skip


def pending(row: Any) -> Pending:
    """A row of the registrations that are not active yet."""
    party, until = PartyCode(row.party), row.usable_until
    key = PublicKey(
        row.scheme, Fingerprint(row.fingerprint), bytes(row.octets), True, True, utc(until) if until else None,
        party=party,
    )  # fmt: skip
    return Pending(
        row.id, party, Address(row.address), row.name, Role(row.role), Language(row.language), key, row.ordered_by,
        Digest(row.word), utc(row.expires), row.approval, row.proven, row.sent,
    )  # fmt: skip


def referral_number(row: Any) -> ReferralNumber:
    """The number in a row that names a referral."""
    return ReferralNumber(ExchangeNumber(row.year, row.serial), PartyCode(row.party))


def referral_side(rows: Sequence[Any]) -> tuple[ReferralNumber, Side] | None:
    """The referral and side that the first row names; None: there is none."""
    return (referral_number(rows[0]), Side(rows[0].side)) if rows else None


def referral(row: Any) -> ReferralView:
    """A row of the referrals."""
    return ReferralView(
        referral_number(row), ReferralState(row.state), utc(row.asked_at), utc(row.last_activity),
        row.reminders, row.uims, row.answered, bool(row.sealed),
    )  # fmt: skip


def asked(row: Any) -> AskedBefore:
    """An earlier referral of the same UIM."""
    return AskedBefore(Digest(row.digest), referral_number(row))


def keep(row: Any) -> Keep:
    """A row of kept ciphertext."""
    return Keep(
        ExchangeNumber(row.year, row.serial), PartyCode(row.party), Side(row.side), Digest(row.digest),
        row.scheme, proven_ciphertext(bytes(row.ciphertext)),
    )  # fmt: skip
