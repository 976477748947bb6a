"""Every question that the view asks the database, prepared once: building one costs more than running it (measured)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select

from gateway.events import EventKind, MailKind
from gateway.store.prepared import Prepared
from gateway.store.tables import (
    EventRow,
    ExchangeRow,
    KeptRow,
    KeyRow,
    OutboxRow,
    PartyRow,
    PendingRow,
    PersonRow,
    ReferralRow,
    SignatureRow,
    ThreadRow,
    TokenRow,
    UimRow,
    table,
)
from gateway.treaty import ExchangeState

_PARTIES, _PEOPLE, _KEYS = table(PartyRow), table(PersonRow), table(KeyRow)
_EXCHANGES, _REFERRALS, _UIMS = table(ExchangeRow), table(ReferralRow), table(UimRow)
_TOKENS, _THREADS, _KEPT, _EVENTS = table(TokenRow), table(ThreadRow), table(KeptRow), table(EventRow)
_SIGNATURES, _OUTBOX, _PENDING = table(SignatureRow), table(OutboxRow), table(PendingRow)


def _is(column: Any) -> Any:
    """The column has the value that is given under its own name."""
    return column == bindparam(column.name)


def _of(rows: Any) -> Any:
    return and_(_is(rows.c.year), _is(rows.c.serial))


# --- who --------------------------------------------------------------------------------------------

_ACTIVE = _PEOPLE.c.revoked_at.is_(None)
_LIKE = func.lower(_PEOPLE.c.address) == bindparam("folded")  # SQLite folds the case of ASCII letters only
_DESK = and_(_KEYS.c.person == 0, _is(_KEYS.c.party))
_ENCRYPTING = Prepared(
    select(_KEYS)
    .where(_KEYS.c.can_encrypt, _KEYS.c.revoked_at.is_(None))
    .order_by(_KEYS.c.registered_at.desc(), _KEYS.c.fingerprint)
)

PARTIES = Prepared(select(_PARTIES).where(_PARTIES.c.until.is_(None)).order_by(_PARTIES.c.code))
PARTY = PARTIES.where(_is(_PARTIES.c.code))
PERSON = Prepared(select(_PEOPLE).where(_PEOPLE.c.id == bindparam("person"), _ACTIVE))
PEOPLE = Prepared(select(_PEOPLE).where(_ACTIVE).order_by(_PEOPLE.c.id))
PEOPLE_LIKE = PEOPLE.where(_LIKE)
ROLE = PEOPLE.where(_is(_PEOPLE.c.role))
ROLE_IN_PARTY = ROLE.where(_is(_PEOPLE.c.party))
KEY = Prepared(select(_KEYS).where(_is(_KEYS.c.fingerprint)))
DESK_KEYS = Prepared(select(_KEYS).where(_DESK))
DESK_ENCRYPTING = _ENCRYPTING.where(_DESK)
PERSON_ENCRYPTING = _ENCRYPTING.where(_is(_KEYS.c.person))
PARTY_KEYS = Prepared(
    select(_KEYS)
    .outerjoin(_PEOPLE, _PEOPLE.c.id == _KEYS.c.person)
    .where(_is(_KEYS.c.party), _KEYS.c.revoked_at.is_(None), or_(_KEYS.c.person == 0, _ACTIVE))
    .order_by(_KEYS.c.person, _KEYS.c.registered_at.desc(), _KEYS.c.fingerprint)
)
OWNED_KEYS = Prepared(select(_KEYS, _PEOPLE.c.address).join(_PEOPLE, _PEOPLE.c.id == _KEYS.c.person))
OWNED_KEYS_LIKE = OWNED_KEYS.where(_LIKE)
ALL_PENDING = Prepared(select(_PENDING).order_by(_PENDING.c.id))
PENDING = ALL_PENDING.where(_PENDING.c.id == bindparam("number"))
PENDING_FOR = ALL_PENDING.where(_is(_PENDING.c.folded))

# --- exchanges --------------------------------------------------------------------------------------

_ASKED = select(_REFERRALS.c.serial).where(
    _is(_REFERRALS.c.party), _REFERRALS.c.year == _EXCHANGES.c.year, _REFERRALS.c.serial == _EXCHANGES.c.serial
)
# By the digests alone: told the Party too, SQLite looks through all exchanges of that Party (measured).
_BEFORE = Prepared(
    select(_UIMS.c.digest, _UIMS.c.year, _UIMS.c.serial, _UIMS.c.party, _EXCHANGES.c.asking)
    .join(_EXCHANGES, and_(_UIMS.c.year == _EXCHANGES.c.year, _UIMS.c.serial == _EXCHANGES.c.serial))
    .order_by(_UIMS.c.id)
)


@lru_cache(maxsize=128)
def before(count: int) -> Prepared:
    """Earlier referrals of so many UIMs: `digest0`, `digest1`, ..."""
    return _BEFORE.where(_UIMS.c.digest.in_([bindparam(f"digest{place}") for place in range(count)]))


EXCHANGE = Prepared(select(_EXCHANGES).where(_of(_EXCHANGES)))
NEWEST = Prepared(
    select(_EXCHANGES).order_by(_EXCHANGES.c.year.desc(), _EXCHANGES.c.serial.desc()).limit(bindparam("limit"))
)
OF_PARTY = Prepared(  # open ones first
    select(_EXCHANGES)
    .where(or_(_EXCHANGES.c.asking == bindparam("party"), _ASKED.exists()))
    .order_by(_EXCHANGES.c.state == ExchangeState.CLOSED.value, _EXCHANGES.c.year.desc(), _EXCHANGES.c.serial.desc())
    .limit(bindparam("limit"))
)
OPEN = Prepared(
    select(_EXCHANGES)
    .where(_EXCHANGES.c.state == ExchangeState.OPEN.value)
    .order_by(_EXCHANGES.c.year, _EXCHANGES.c.serial)
)
_SEALED = select(_EVENTS.c.id).where(
    _EVENTS.c.year == _REFERRALS.c.year, _EVENTS.c.serial == _REFERRALS.c.serial,
    _EVENTS.c.party == _REFERRALS.c.party, _EVENTS.c.kind == EventKind.SEALED_REFERRED.value,
)  # fmt: skip
REFERRALS = Prepared(
    select(_REFERRALS, _SEALED.exists().label("sealed")).where(_of(_REFERRALS)).order_by(_REFERRALS.c.party)
)
TOKEN = Prepared(select(_TOKENS).where(_is(_TOKENS.c.digest)))
MESSAGE = Prepared(select(_THREADS).where(_is(_THREADS.c.message_id), _THREADS.c.party != "").order_by(_THREADS.c.id))
THREAD = Prepared(
    select(_THREADS.c.message_id)
    .where(_of(_THREADS), _is(_THREADS.c.side), _THREADS.c.party.in_([bindparam("party"), bindparam("whole")]))
    .order_by(_THREADS.c.id)
)
UIMS = Prepared(select(_UIMS.c.digest, _UIMS.c.answer).where(_of(_UIMS), _is(_UIMS.c.party)).order_by(_UIMS.c.id))
TRAIL = Prepared(select(_EVENTS).where(_of(_EVENTS)).order_by(_EVENTS.c.id))
KEPT = Prepared(select(_KEPT).where(_of(_KEPT), _is(_KEPT.c.party), _is(_KEPT.c.side)).order_by(_KEPT.c.id))
WAITING = Prepared(select(_KEPT).where(_KEPT.c.waiting, _KEPT.c.party != "").order_by(_KEPT.c.id))
SIGNATURE = Prepared(select(_SIGNATURES.c.digest).where(_is(_SIGNATURES.c.digest)))
ENVELOPE = Prepared(
    select(_OUTBOX.c.year, _OUTBOX.c.serial, _OUTBOX.c.party, _OUTBOX.c.side).where(
        _is(_OUTBOX.c.envelope_id), _OUTBOX.c.party != ""
    )
)
CHALLENGE = Prepared(
    select(_OUTBOX.c.rcpt_to).where(_is(_OUTBOX.c.envelope_id), _OUTBOX.c.kind == MailKind.CHALLENGE.value)
)
ADVISED = Prepared(
    select(_EVENTS.c.id)
    .where(
        _EVENTS.c.kind == EventKind.ADVISED.value,
        _is(_EVENTS.c.person),
        _EVENTS.c.at >= bindparam("since"),
    )
    .limit(1)
)
_REGISTRATIONS = Prepared(
    select(func.count().label("orders"))
    .select_from(_EVENTS)
    .where(_EVENTS.c.kind == EventKind.REGISTRATION_ORDERED.value, _EVENTS.c.at > bindparam("since"))
)
DIRECTORY_ORDERS = Prepared(
    select(func.count().label("orders"))
    .select_from(_EVENTS)
    .where(_EVENTS.c.kind == EventKind.DIRECTORY_ORDERED.value, _is(_EVENTS.c.party), _EVENTS.c.at > bindparam("since"))
)
REGISTRATIONS_BY = _REGISTRATIONS.where(_is(_EVENTS.c.actor), _is(_EVENTS.c.person))
REGISTRATIONS_FOR = _REGISTRATIONS.where(_is(_EVENTS.c.party))
REPLACED = Prepared(
    select(_EVENTS.c.id).where(_EVENTS.c.kind == EventKind.KEY_REPLACED.value, _is(_EVENTS.c.digest)).limit(1)
)
LAST_EVENT = Prepared(select(_EVENTS.c.at).order_by(_EVENTS.c.id.desc()).limit(1))
