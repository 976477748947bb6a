"""The Protocol's words as enumerations.

Source: Protocol to Eliminate Illicit Trade in Tobacco Products, Article 8; the working
group's report FCTC/MOP/3/5. Values are what the database and JSON hold and never change.
"""

from __future__ import annotations

from enum import StrEnum


class Item(StrEnum):
    """The ten data of Article 8.4.1, by their letter."""

    A = "a"
    B = "b"
    C = "c"
    D = "d"
    E = "e"
    F = "f"
    G = "g"
    H = "h"
    I = "i"  # noqa: E741 - the treaty's letter
    J = "j"


class Purpose(StrEnum):
    """The two purposes for which Article 8.9 (b) allows a request."""

    DETECTION = "detection"
    INVESTIGATION = "investigation"


class Handling(StrEnum):
    """What the other side may do with the content."""

    H0 = "H0"  # only against illicit tobacco trade
    H1 = "H1"  # not as evidence without asking
    H2 = "H2"  # not passed on without asking
    H3 = "H3"  # see the text


class Role(StrEnum):
    """What a registered person may do (R1, R23); DESK is a Party's registered mailbox."""

    OFFICER = "officer"
    ADMINISTRATOR = "administrator"
    OBSERVER = "observer"
    SECRETARIAT = "secretariat"
    DESK = "desk"


class UimAnswer(StrEnum):
    """What the asked Party says of one UIM; PENDING is: nothing yet."""

    PENDING = "pending"
    VALID = "valid"
    NOT_VALID = "not valid"
    NOT_OURS = "not ours"
    UNDER_INQUIRY = "under inquiry"
    WITHHELD = "withheld"


# Of these something is still expected of the asked Party.
OPEN_ANSWERS = frozenset({UimAnswer.PENDING, UimAnswer.UNDER_INQUIRY})


class NoDataReason(StrEnum):
    """Why an asked Party gives no data."""

    NO_SYSTEM = "no system in operation"
    NOT_RETAINED = "not retained"
    NATIONAL_LAW = "not permitted by national law"
    MORE_INFORMATION = "more information needed"
    OTHER = "other"


class Function(StrEnum):
    """For what somebody stands in the directory; DESK and ADMINISTRATOR are told by the registry."""

    COMPETENT_AUTHORITY = "competent authority"  # Article 8.8
    CONTACT_POINT = "contact point"  # Article 28: administrative assistance
    CENTRAL_AUTHORITY = "central authority"  # Article 29: mutual legal assistance
    EXPERT = "expert"
    DESK = "desk"
    ADMINISTRATOR = "administrator"


class Difficulty(StrEnum):
    """What somebody has trouble with (R15)."""

    CANNOT_ENCRYPT = "cannot encrypt"
    CANNOT_READ = "cannot read"
    WRONG_RECIPIENT = "wrong recipient"
    NO_ANSWER = "no answer"
    OTHER = "other"


class Side(StrEnum):
    """The two sides of a referral."""

    ASKING = "asking"
    ANSWERING = "answering"


class ReferralState(StrEnum):
    """States of a referral (exchange.md, 3). WAITING: its mail cannot be encrypted now."""

    WAITING = "waiting"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    PARTLY_ANSWERED = "partly answered"
    ANSWERED = "answered"
    DECLINED = "declined"
    RETURNED = "returned"
    EXPIRED = "expired"
    UNDELIVERABLE = "undeliverable"


# Its mail is out, and something is still expected of the desk.
ASKED = frozenset({ReferralState.SENT, ReferralState.DELIVERED, ReferralState.READ, ReferralState.PARTLY_ANSWERED})


class ExchangeState(StrEnum):
    """States of an exchange."""

    OPEN = "open"
    CLOSED = "closed"
