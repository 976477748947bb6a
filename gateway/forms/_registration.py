"""The mails of a registration, from the challenge to the welcome, and what an answer or a decision brings about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from gateway.content import Decision, FilledForm, Letter, Text, Thread, text
from gateway.events import Event, EventKind, MailKind
from gateway.facts import REGISTRATION_LIFE, Address, Correspondent, Digest, Pending
from gateway.forms._common import blanks_for
from gateway.letters import Approval, Challenge, Evidence, Registration, Welcome
from gateway.ports import Policy, View
from gateway.treaty import Role

_NOTHING_MORE = text("Nothing more to do: the guide is on its way, and the person can begin.")


def candidate(pending: Pending) -> Correspondent:
    """Who is to be registered, as a reader: the challenge and the welcome mail are written to nobody else."""
    return Correspondent(pending.address, pending.language, pending.party, 0, pending.role, pending.key)


def challenge(pending: Pending, word: str, policy: Policy) -> Letter:
    """The one mail to an address that is not registered, and only encrypted: without its key there is no mail."""
    values = Challenge(pending.party, pending.role, pending.key.fingerprint, pending.expires, pending.approval)
    return Letter(
        MailKind.CHALLENGE,
        candidate(pending),
        text("Please confirm your registration with the focal point"),
        values,
        form=FilledForm("confirm", {"word": word}),
        thread=Thread(reply_to=f"{policy.mailbox}@{policy.domain}"),
    )


def told(
    to: Correspondent,
    pending: Pending,
    headline: Text,
    next_step: Text,
    *,
    until: datetime | None = None,
    reason: str = "",
    evidence: Evidence | None = None,
    thread: Thread | None = None,
) -> Letter:
    """How a registration stands, to one who ordered or decided it."""
    values = Registration(
        headline, next_step, pending.party, pending.role, pending.name, pending.address, pending.key.fingerprint,
        until, reason, evidence,
    )  # fmt: skip
    return Letter(MailKind.NOTICE, to, headline, values, thread=thread or Thread())


def answered(pending: Pending, mail: Digest, view: View, policy: Policy, now: datetime) -> Decision:
    """The challenge was answered rightly: active, or the Secretariat is asked."""
    event = Event(EventKind.CHALLENGE_ANSWERED, party=pending.party, count=pending.id, digest=mail)
    if not pending.approval:
        return Decision(events=(event,), letters=active(pending, view, policy, now))
    evidence = Evidence(now, mail)
    asked = tuple(_approval(pending, to, view, evidence) for to in _writable(view.secretariat(now)))
    headline = text("{address} has confirmed: the Secretariat decides now", address=pending.address)
    wait = text("Nothing to do now: you will be told the decision.")
    until = now + REGISTRATION_LIFE
    waiting = tuple(
        told(to, pending, headline, wait, until=until, evidence=evidence) for to in _orderer(pending, view, now)
    )
    return Decision(events=(event,), letters=(*asked, *waiting))


def _approval(pending: Pending, to: Correspondent, view: View, evidence: Evidence) -> Letter:
    orderer = view.correspondent(pending.ordered_by, evidence.taken_at)
    party = view.party(pending.party)
    values = Approval(
        pending.id, pending.party, pending.role, pending.name, pending.address, pending.key.fingerprint,
        orderer.address if orderer else "", evidence.taken_at + REGISTRATION_LIFE,
        party.mailbox if party and pending.role is Role.DESK else "", evidence,
    )  # fmt: skip
    subject = text("Please decide on registration {number}", number=pending.id)
    form = FilledForm("approve", {"registration": str(pending.id)})
    return Letter(MailKind.NOTICE, to, subject, values, form=form)


def active(pending: Pending, view: View, policy: Policy, now: datetime, but: int = 0) -> tuple[Letter, ...]:
    """The welcome, and word to who ordered it; of an administrator or desk also to the Party's
    administrators, the Secretariat, and the desk that it replaces. `but`: not to this one."""
    blanks = blanks_for(pending.role)
    mailbox = f"{policy.mailbox}@{policy.domain}"
    welcome = Letter(
        MailKind.NOTICE,
        candidate(pending),
        text("Welcome to the focal point"),
        Welcome(mailbox, pending.role, blanks, pending.party),
        blanks=blanks,
        thread=Thread(reply_to=mailbox),
    )
    seen = (*view.administrators(pending.party, now), *view.secretariat(now)) if pending.role in _SEEN else ()
    readers = {to.person: to for to in (*_orderer(pending, view, now), *_writable(seen)) if to.person != but}
    headline = text("{address} is registered", address=pending.address)
    others = tuple(told(to, pending, headline, _NOTHING_MORE) for to in readers.values())
    return (welcome, *others, *_replaced(pending, headline, view, now), *_outrun(pending, view, now))


def _outrun(pending: Pending, view: View, now: datetime) -> tuple[Letter, ...]:
    """To who ordered the same address for another Party: that order has ended, as an address is one person or desk."""
    headline = text(
        "The registration of {address} has ended: the address was registered otherwise", address=pending.address
    )
    step = text("One address is one person or desk. Ask the person: whoever acts for two Parties needs two addresses.")
    lost = (one for one in view.pending_for(pending.address) if one.id != pending.id)
    return tuple(told(to, one, headline, step) for one in lost for to in _orderer(one, view, now))


def _replaced(pending: Pending, headline: Text, view: View, now: datetime) -> tuple[Letter, ...]:
    """To the desk that ends with this one: the last mail to it, so that nobody takes its place unseen."""
    desk = view.desk(pending.party, now) if pending.role is Role.DESK else None
    step = text(
        "This mailbox is no longer your Party's desk: {address} is. If your Party does not want this, tell the "
        "Secretariat at once.",
        address=pending.address,
    )
    return tuple(told(to, pending, headline, step) for to in _writable((desk,) if desk else ()))


def refused(pending: Pending, reason: str, view: View, now: datetime) -> tuple[Letter, ...]:
    """To who ordered it: the Secretariat has refused, and why. Who was to be registered is not written to."""
    headline = text("The registration of {address} was refused", address=pending.address)
    step = text("Read the Secretariat's reason below. When that is mended, send “GSP REGISTER” again with the key.")
    return tuple(told(to, pending, headline, step, reason=reason) for to in _orderer(pending, view, now))


def ended(pending: Pending, view: View, now: datetime) -> Decision:
    """Nobody answered, or decided, in time."""
    event = Event(EventKind.REGISTRATION_ENDED, party=pending.party, count=pending.id)
    if pending.proven:
        headline = text("The registration of {address} has ended: it was not decided", address=pending.address)
    else:
        headline = text("The registration of {address} has ended: it was not confirmed", address=pending.address)
    step = text("To try again, send “GSP REGISTER” once more, with the key attached.")
    return Decision(
        events=(event,), letters=tuple(told(to, pending, headline, step) for to in _orderer(pending, view, now))
    )


def unreached(address: Address, view: View, now: datetime) -> Decision:
    """The mail server of the new address refuses our question: who ordered it has most likely mistyped it."""
    open_ones = tuple(one for one in view.pending_for(address) if not one.proven)
    headline = text("{address} cannot be reached: the registration has ended", address=address)
    step = text("Check the address, and send “GSP REGISTER” again with the right one and the key.")
    return Decision(
        events=tuple(Event(EventKind.REGISTRATION_ENDED, party=one.party, count=one.id) for one in open_ones),
        letters=tuple(told(to, one, headline, step) for one in open_ones for to in _orderer(one, view, now)),
    )


_SEEN = frozenset(
    {Role.ADMINISTRATOR, Role.DESK}
)  # of these every administrator of the Party hears, and the Secretariat


def _orderer(pending: Pending, view: View, now: datetime) -> tuple[Correspondent, ...]:
    to = view.correspondent(pending.ordered_by, now)
    return _writable((to,)) if to else ()


def _writable(readers: Iterable[Correspondent]) -> tuple[Correspondent, ...]:
    return tuple(to for to in readers if to.key is not None)
