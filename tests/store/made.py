"""Values for the tests of the store, and a reader of its tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from gateway.events import Commit, Event, EventKind, Keep, MailKind, OutgoingMail, UimFact
from gateway.facts import (
    NO_MESSAGE_ID,
    NO_PARTY,
    Address,
    Digest,
    EncryptedMail,
    Envelope,
    ExchangeNumber,
    Fingerprint,
    Language,
    MessageId,
    PartyCode,
    PublicKey,
    ReferralNumber,
    VisibleHeaders,
    digest,
    proven_ciphertext,
)
from gateway.store import Store
from gateway.store.engine import connect
from gateway.treaty import Side, UimAnswer

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KE, SE, FR = PartyCode("KE"), PartyCode("SE"), PartyCode("FR")
NUMBER = ExchangeNumber(2026, 42)
REFERRAL = ReferralNumber(NUMBER, SE)


def at(**later: float) -> datetime:
    """So much after NOW."""
    return NOW + timedelta(**later)


def token_digest_of(referral: ReferralNumber, side: Side) -> Digest:
    """Stands in for the keyed digest of a referral's token."""
    return digest(f"{referral} {side}".encode())


def uim(number: int) -> Digest:
    """The keyed digest of some UIM."""
    return digest(f"uim {number}".encode())


def facts(*numbers: int, answer: UimAnswer = UimAnswer.PENDING) -> tuple[UimFact, ...]:
    """UIMs of these numbers, with one answer."""
    return tuple(UimFact(uim(number), answer) for number in numbers)


def arriving(name: str = "mail") -> EncryptedMail:
    """An encrypted mail; its digest follows from the name."""
    octets = name.encode()
    return EncryptedMail("openpgp", proven_ciphertext(octets), digest(octets), VisibleHeaders(), Envelope(), 4)


def outgoing(name: str, number: ExchangeNumber | None = NUMBER, party: PartyCode = SE,
             side: Side = Side.ANSWERING, not_before: datetime | None = None) -> OutgoingMail:  # fmt: skip
    """A finished mail whose ids follow from the name."""
    octets = f"ciphertext of {name}".encode()
    return OutgoingMail(
        MailKind.REFERRAL, MessageId(f"<{name}@gsp.example>"), f"env-{name}", Address("gsp@gsp.example"),
        Address("desk@party.example"), proven_ciphertext(octets), digest(octets), number, party, side, not_before,
    )  # fmt: skip


def keep(party: PartyCode = SE, side: Side = Side.ASKING, number: ExchangeNumber = NUMBER) -> Keep:
    """Ciphertext that a later step needs again."""
    octets = f"kept {number} {party} {side}".encode()
    return Keep(number, party, side, digest(octets), "openpgp", proven_ciphertext(octets))


def of(kind: EventKind, party: PartyCode = NO_PARTY, *, number: ExchangeNumber = NUMBER, actor: PartyCode = NO_PARTY,
       uims: tuple[UimFact, ...] = (), message_id: str = NO_MESSAGE_ID) -> Event:  # fmt: skip
    """An event of an exchange; `count` is the number of its UIMs."""
    return Event(kind, number, party, 0, actor, len(uims), uims=uims, message_id=MessageId(message_id))


def opening(number: ExchangeNumber = NUMBER, *, uims: Sequence[int] = (1, 2), asked: Sequence[PartyCode] = (SE,),
            kind: EventKind = EventKind.REFERRAL_SENT) -> tuple[Event, ...]:  # fmt: skip
    """The events of a request by KE, every UIM referred to each Party asked."""
    opened = Event(EventKind.EXCHANGE_OPENED, number, person=7, actor=KE, count=len(uims),
                   message_id=MessageId(f"<request-{number}@officer.example>"))  # fmt: skip
    return (opened, *(of(kind, party, number=number, uims=facts(*uims)) for party in asked))


def write(store: Store, *events: Event, when: datetime = NOW, **more: Any) -> None:
    """Commits these events without an answer to any mail."""
    store.ledger.commit(Commit(when, events, **more), None)


def key(mark: str = "A", *, until: datetime | None = None, can_encrypt: bool = True) -> PublicKey:
    """A public key; the fingerprint is the mark forty times."""
    return PublicKey("openpgp", Fingerprint(mark * 40), b"public octets", can_encrypt, True, until)


def with_parties(store: Store) -> None:
    """Registers KE, SE and FR, each desk with a key."""
    for mark, code in zip("123", (KE, SE, FR), strict=True):
        mailbox = Address(f"desk.{code.lower()}@party.example")
        store.members.add_party(code, f"Party {code}", mailbox, Language("en"), key(mark), NOW)


def rows(url: str, query: str) -> list[Any]:
    """What a query finds, read by an own connection."""
    engine = connect(url)
    try:
        with engine.connect() as connection:
            return list(connection.execute(text(query)))
    finally:
        engine.dispose()
