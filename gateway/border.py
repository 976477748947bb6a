"""What the outside says of a mail's sender: the domain that has signed it (DKIM), asked of the name servers.

This is done by the process that speaks to the network: the workers, which open mail, have none.
"""

from __future__ import annotations

from dataclasses import replace

from gateway.facts import UNANSWERED, Address, Envelope
from gateway.mime import headers
from gateway.mime.tree import parse_fields
from gateway.outcome import Failure, Refuse
from gateway.ports import Policy, View
from gateway.transports.dkim import Dkim


class Border:
    """`dkim` None: no name server is asked."""

    def __init__(self, view: View, policy: Policy, dkim: Dkim | None) -> None:
        self._view = view
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
