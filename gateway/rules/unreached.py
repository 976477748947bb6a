"""An answer or a message that does not reach its reader: it is kept, and those who can mend it are told."""

from __future__ import annotations

from datetime import datetime

from gateway.content import N_, Decision, Letter, text
from gateway.events import ExchangeView, ForAPerson, MailKind
from gateway.facts import Address, PartyCode, ReferralNumber
from gateway.letters import Notice
from gateway.ports import Policy, View
from gateway.rules.exchange import apart
from gateway.treaty import Side

CARRIES = frozenset({MailKind.ANSWER, MailKind.MESSAGE})  # what somebody wrote, which nobody else has

_HEADLINE = text("A mail with an answer could not be delivered")
_ONCE_MORE = N_(
    "Please see that mail reaches {address} again. The mail in {number} is kept; then the operator of the focal "
    "point can send it once more."
)
_ASK_AGAIN = N_(
    "The access of {address} was withdrawn before the mail in {number} was delivered, and nobody else can open it. "
    "The desk can ask for it once more by GSP MESSAGE in {number}."
)


def unreached(
    view: View, policy: Policy, exchange: ExchangeView, party: PartyCode, side: Side, reader: Address, now: datetime,
    withdrawn: bool = False,
) -> Decision:  # fmt: skip
    """What follows when the mail to this address was given up: its Party's desk and administrators, and the
    Secretariat, are told, none of them at the address that failed; nothing of the case is said.

    `withdrawn`: it was given up because the reader's access has been withdrawn; nobody can open it then.
    """
    number = ReferralNumber(exchange.number, party)
    own = exchange.asking_party if side is Side.ASKING else party
    desk = view.desk(own, now)
    told = {one.address: one for one in (desk, *view.administrators(own, now), *view.secretariat(now)) if one}
    told.pop(reader, None)
    step = text(_ONCE_MORE if not withdrawn else _ASK_AGAIN, address=str(reader), number=str(number))
    letters = tuple(
        Letter(MailKind.NOTICE, one, _HEADLINE, Notice(_HEADLINE, step), thread=apart(policy, exchange.number))
        for one in told.values()
        if one.key is not None
    )
    return Decision(letters=letters, for_a_person=(ForAPerson(403, exchange.number, party),))
