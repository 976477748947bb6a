"""A new or extended key in the place of an earlier one: what must not be taken, what it replaces, who is told (R1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from gateway.content import ClearValue, Decision, Letter, Text, Thread, text
from gateway.events import Event, EventKind, MailKind
from gateway.facts import NO_DIGEST, Correspondent, Digest, Person, PublicKey, Renewal, digest, key_mark
from gateway.letters import Evidence, Renewed
from gateway.ports import View
from gateway.rules.expiry import KINDS
from gateway.treaty import Role

GRACE = timedelta(days=30)  # for mail that is under way, and for a second device
MOST = 8  # keys of one owner at a time: each makes every mail of the owner's slower to verify

_WITHDRAWN = text("This key was withdrawn and cannot be registered again. Make a new one and send that.")
_ANOTHERS = text(
    "This key cannot be registered here. Everybody needs a key of their own: make a new one and send that."
)
_UNCHANGED = text(
    "This is the key that is registered already, and nothing has changed in it. Set a later expiry date or make a new "
    "key, export the public key again, and send that."
)
_SHORTER = text(
    "This key ends earlier than it is registered. It may be an old copy: export the public key again, and send that."
)
_TOO_MANY = text("There are too many keys of this owner already. Wait until some have ended, or extend one of them.")


def objection(key: PublicKey, known: Sequence[PublicKey], view: View, now: datetime) -> Text | None:
    """Why this key must not be registered for the owner of the `known` ones; None: nothing speaks against it."""
    same = next((one for one in known if one.fingerprint == key.fingerprint), None)
    if same is None:
        if view.key_known(key.fingerprint):
            return _ANOTHERS
        return _TOO_MANY if sum(one.usable(now) for one in known) >= MOST else None
    if same.revoked:
        return _WITHDRAWN
    if (same.octets, same.usable_until) == (key.octets, key.usable_until):
        return _UNCHANGED
    if key.usable_until is None or (same.usable_until is not None and same.usable_until <= key.usable_until):
        return None
    return _SHORTER


def extended(key: PublicKey, known: Sequence[PublicKey]) -> bool:
    """Whether it is one of the known keys, with a later end or other subkeys."""
    return any(one.fingerprint == key.fingerprint for one in known)


def replaced(key: PublicKey, known: Sequence[PublicKey], now: datetime) -> tuple[PublicKey, ...]:
    """The keys whose place a new one takes: those of its kind, else (another kind is used from now on) all."""
    if extended(key, known):
        return ()
    usable = [one for one in known if one.usable(now)]
    return tuple(one for one in usable if one.scheme == key.scheme) or tuple(usable)


@dataclass(frozen=True, slots=True, repr=False)
class Order(ClearValue):
    """Whose key it is, the key, and who brings it: the owner, an administrator, or (`actor` None) the operator.

    `at_once`: the earlier keys are withdrawn, not left for `GRACE`. `mail` is the order's digest, if it is a mail.
    """

    owner: Person
    key: PublicKey
    known: Sequence[PublicKey]
    now: datetime
    actor: Person | None = None
    at_once: bool = False
    mail: Digest = NO_DIGEST
    thread: Thread = field(default_factory=Thread)

    @property
    def by_owner(self) -> bool:
        """Whether the owner's own key signed it."""
        return self.actor is not None and (self.actor.id, self.actor.party) == (self.owner.id, self.owner.party)


def renew(order: Order, view: View) -> Decision:
    """Everything that follows from a key without objection: the record, the registry, and who is told."""
    owner, now = order.owner, order.now
    until = now if order.at_once else now + GRACE
    before = replaced(order.key, order.known, now)
    ends = [(one, until if one.usable_until is None else min(one.usable_until, until)) for one in before]
    mark = digest(order.key.fingerprint.encode())
    ordered = order.actor and Event(
        EventKind.RENEWAL_ORDERED, party=owner.party, person=order.actor.id, actor=order.actor.party, digest=order.mail
    )
    events = [
        *((ordered,) if ordered else ()),
        Event(EventKind.KEY_ADDED, party=owner.party, person=owner.id, digest=mark),
        *(
            Event(EventKind.KEY_REPLACED, party=owner.party, person=owner.id, digest=key_mark(one.fingerprint, end))
            for one, end in ends
        ),
    ]
    marks = tuple(one.fingerprint for one in before)
    renewal = Renewal(owner.party, owner.id, owner.address, order.key, marks, until)
    values = Renewed(
        text("The key of {address} was renewed", address=owner.address),
        _KNOWN,
        owner.address,
        KINDS[order.key.scheme],
        order.key.fingerprint,
        order.key.usable_until,
        "" if order.by_owner or order.actor is None else order.actor.address,
        tuple((one.fingerprint, end) for one, end in ends),
        Evidence(now, order.mail) if order.mail else None,
    )
    return Decision(events=tuple(events), letters=_letters(order, values, view), renewals=(renewal,))


_WORKS = text(
    "You need do nothing: that you can read this mail shows that the key works. From now on mail to you is encrypted "
    "to it."
)
_WORKS_FOR_DESK = text(
    "You need do nothing: that you can read this mail shows that the key works. From now on mail to your desk is "
    "encrypted to it."
)
_NOT_YOU = text(
    "If you know of this, you need do nothing. If not, call your Party's administrator or the Secretariat now: "
    "somebody else uses your name."
)
_KNOWN = text(
    "If you know of this, you need do nothing. If not, call the owner of the key now, by telephone: somebody else may "
    "use that name."
)
_VOUCHED = text(
    "You need do nothing more: a confirmation, encrypted to the new key, is on its way to the owner. If it cannot be "
    "read there, send “GSP RENEW” again with the right key."
)


def _letters(order: Order, values: Renewed, view: View) -> tuple[Letter, ...]:
    """To the owner at the new key, which shows that it works, and at the old one, which nobody else can read."""
    owner, now = order.owner, order.now
    before = view.desk(owner.party, now) if owner.role is Role.DESK else view.correspondent(owner.id, now)
    if before is None:
        return ()
    again = extended(order.key, order.known)
    works = text("Your key is registered with its new expiry") if again else text("Your new key is registered")
    letters = [
        Letter(
            MailKind.NOTICE, replace(before, key=order.key), works,
            replace(values, headline=works, next_step=_WORKS_FOR_DESK if owner.role is Role.DESK else _WORKS),
            thread=order.thread if order.by_owner else Thread(),
        )
    ]  # fmt: skip
    if before.key is not None and before.key.fingerprint != order.key.fingerprint:
        subject = text("Your key was replaced by another one")
        letters.append(Letter(MailKind.NOTICE, before, subject, replace(values, headline=subject, next_step=_NOT_YOU)))
    for to in _others(order, view):
        vouched = order.actor is not None and to.person == order.actor.id
        letters.append(
            Letter(
                MailKind.NOTICE, to, values.headline, replace(values, next_step=_VOUCHED) if vouched else values,
                thread=order.thread if vouched else Thread(),
            )
        )  # fmt: skip
    return tuple(letters)


def _others(order: Order, view: View) -> tuple[Correspondent, ...]:
    """Whoever vouched, the Party's administrators, and the Secretariat where it is not about an officer."""
    owner, now = order.owner, order.now
    told = {to.person: to for to in view.administrators(owner.party, now)}
    if owner.role not in (Role.OFFICER, Role.OBSERVER):
        told |= {to.person: to for to in view.secretariat(now)}
    if order.actor is not None and order.actor.id and not order.by_owner:
        actor = view.correspondent(order.actor.id, now)
        told |= {actor.person: actor} if actor else {}
    return tuple(to for to in told.values() if to.key is not None and (not owner.id or to.person != owner.id))
