"""What proves a mail's sender from outside: the domain that has signed it (DKIM), or a login at our own listener.

This is done by the process that speaks to the network: the workers, which open mail, have none.
"""

from __future__ import annotations

import hmac
from dataclasses import replace
from datetime import datetime

from gateway.events import EventKind
from gateway.facts import UNANSWERED, Address, Envelope, Person, address
from gateway.home import HomeKey
from gateway.mime import headers
from gateway.mime.tree import parse_fields
from gateway.outcome import Failure, Refuse
from gateway.ports import Policy
from gateway.store import Store
from gateway.transports.dkim import Dkim


class Border:
    """`dkim` None: no name server is asked."""

    def __init__(self, store: Store, key: HomeKey, policy: Policy, dkim: Dkim | None) -> None:
        self._view = store.view
        self._logins = store.logins
        self._key = key
        self._policy = policy
        self._own = Address(f"{policy.mailbox}@{policy.domain}")
        self._dkim = dkim

    def vouched(self, raw: bytes, envelope: Envelope) -> Envelope:
        """The envelope, with the signing domain where the mail may be sealed and is from somebody registered."""
        sender = self._sender(raw, envelope) if self._dkim else None
        if sender is None or self._dkim is None:
            return envelope
        try:
            signed = self._dkim.signed(raw, sender, self._policy.domain)
        except Failure:
            return replace(envelope, signed_by=UNANSWERED)
        return replace(envelope, signed_by=sender.rpartition("@")[2] if signed else "")

    def login(self, name: str, password: str) -> str:
        """The registered address that a name and password belong to, "" for none."""
        try:
            person = self._view.person_by_address(address(name))
        except ValueError:
            return ""
        number = self._logins.current(person.party, person.id) if person else 0
        right = self._key.password(person.party, person.id, number) if person else ""
        same = hmac.compare_digest(right.encode(), password.strip().lower().encode("utf-8", "replace"))
        return person.address if person and number and same else ""

    def give_login(self, name: str, now: datetime) -> str:
        """A new password for a registered person or desk; the one before it ends. Raises ValueError."""
        person = self._person(name)
        self._logins.note(EventKind.LOGIN_GIVEN, person.party, person.id, now)
        return self._key.password(person.party, person.id, self._logins.current(person.party, person.id))

    def withdraw_login(self, name: str, now: datetime) -> None:
        """The password ends. Raises ValueError."""
        person = self._person(name)
        self._logins.note(EventKind.LOGIN_WITHDRAWN, person.party, person.id, now)

    def _person(self, name: str) -> Person:
        person = self._view.person_by_address(address(name))
        if person is None:
            raise ValueError("no active person or desk has this address: see `gsp user list` and `gsp party list`")
        return person

    def _sender(self, raw: bytes, envelope: Envelope) -> Address | None:
        try:
            part = parse_fields(raw)
        except Refuse:
            return None
        recipients = envelope.rcpt_tos or headers.addresses((*part.header("To"), *part.header("Cc")))
        tokens = headers.tokens((*recipients, *part.header("Subject")))
        if not part.header("DKIM-Signature") or not (tokens or headers.sealed_places(recipients, self._own)):
            return None
        sender = headers.one_address(part.header("From"))
        try:
            return sender if sender and self._view.person_by_address(sender) else None
        except Failure:  # the database is away: the worker says so
            return None
