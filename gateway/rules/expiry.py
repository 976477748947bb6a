"""When the owner of a key is warned that it will expire, and who else is told (exchange.md 3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.content import Decision, FilledForm, Letter, Text, texts
from gateway.events import Event, EventKind, MailKind
from gateway.facts import Correspondent, Digest, Fingerprint, PartyCode, key_mark
from gateway.letters import KeyExpiry
from gateway.ports import View
from gateway.treaty import Role

DAYS = (60, 30, 14, 7, 1)  # before expiry
_AT_LAST = 7  # days before it, from which on the Secretariat is told too
KINDS = {"openpgp": "OpenPGP", "smime": "S/MIME"}  # of keys, by scheme, as people call them


@dataclass(frozen=True, slots=True)
class EndingKey:
    """A key that will expire and that no later one replaces; `party` "": ours. `warned`: of the last warning, days."""

    scheme: str
    fingerprint: Fingerprint
    party: PartyCode
    person: int
    until: datetime
    warned: int | None = None

    @property
    def mark(self) -> Digest:
        """Names this key with this expiry in the record: a key that is extended is warned of anew."""
        return key_mark(self.fingerprint, self.until)


def due(key: EndingKey, now: datetime) -> int | None:
    """Which of the warnings is due: the latest, where several were missed; None: none, or it was given."""
    left = key.until - now
    reached = [days for days in DAYS if left <= timedelta(days=days)]
    if left <= timedelta() or not reached:
        return None
    return min(reached) if key.warned is None or min(reached) < key.warned else None


def warn(key: EndingKey, days: int, view: View, now: datetime) -> Decision:
    """The warning: to the owner, to whoever may vouch for a new key, and of our own key to the Secretariat."""
    left = -((now - key.until) // timedelta(days=1))  # a day that has begun counts
    event = Event(EventKind.KEY_WARNED, party=key.party, person=key.person, count=days, digest=key.mark)
    letters = [
        Letter(
            MailKind.NOTICE,
            to,
            subject,
            KeyExpiry(key.fingerprint, KINDS[key.scheme], key.until, left, *more),
            form=_form(more[0] or to.address) if key.party else None,
        )
        for to, subject, more in _readers(key, left, view, now)
        if to.key is not None  # whoever cannot be written to has had a notice in clear, or has never had a key
    ]
    return Decision(events=(event,), letters=tuple(letters))


def _form(address: str) -> FilledForm:
    """The renewal in one step: to be sent back with the new key attached, and nothing to write."""
    return FilledForm("renew", {"address": address, "earlier": "keep"})


def _others(key: EndingKey, owner: Correspondent, left: int, view: View, now: datetime) -> tuple[Correspondent, ...]:
    """Whoever may vouch for a new key: the administrators; of those for whom they may not, at last the Secretariat."""
    if owner.role in (Role.DESK, Role.OFFICER):
        return view.administrators(key.party, now)
    if owner.role is Role.SECRETARIAT or left > _AT_LAST:
        return ()
    return view.secretariat(now)


def _readers(
    key: EndingKey, left: int, view: View, now: datetime
) -> list[tuple[Correspondent, Text, tuple[str, bool]]]:
    """To whom, under which subject; whose key it is, and whether it is ours."""
    if not key.party:
        subject = texts(
            "The focal point's own key expires in {count} day",
            "The focal point's own key expires in {count} days",
            left,
        )
        return [(to, subject, ("", True)) for to in view.secretariat(now)]
    owner = view.correspondent(key.person, now) if key.person else view.desk(key.party, now)
    if owner is None:
        return []
    subject = texts(
        "Your key expires in {count} day: please renew it", "Your key expires in {count} days: please renew it", left
    )
    told = _others(key, owner, left, view, now)
    other = texts(
        "The key of {owner} expires in {count} day",
        "The key of {owner} expires in {count} days",
        left,
        owner=owner.address,
    )
    return [(owner, subject, ("", False)), *((to, other, (owner.address, False)) for to in told)]
