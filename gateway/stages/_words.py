"""What the letters call the Protocol's and the record's enumerations: message ids, English the source."""

from __future__ import annotations

from gateway.content import N_
from gateway.events import EventKind
from gateway.rules.directory import FUNCTIONS
from gateway.treaty import Difficulty, ExchangeState, Handling, NoDataReason, Purpose, ReferralState, Role, UimAnswer

HANDLING = {
    Handling.H0: N_("H0: use it only against illicit trade in tobacco products"),
    Handling.H1: N_("H1: do not use it as evidence without asking the other Party first"),
    Handling.H2: N_("H2: do not pass it on without asking the other Party first"),
    Handling.H3: N_("H3: follow the conditions written in the text"),
}
PURPOSE = {
    Purpose.DETECTION: N_("detection of illicit trade"),
    Purpose.INVESTIGATION: N_("investigation of illicit trade"),
}
ANSWER = {
    UimAnswer.PENDING: N_("not answered yet"),
    UimAnswer.VALID: N_("valid"),
    UimAnswer.NOT_VALID: N_("not valid"),
    UimAnswer.NOT_OURS: N_("not ours"),
    UimAnswer.UNDER_INQUIRY: N_("under inquiry"),
    UimAnswer.WITHHELD: N_("withheld"),
}
REASON = {
    NoDataReason.NO_SYSTEM: N_("no system in operation"),
    NoDataReason.NOT_RETAINED: N_("not retained"),
    NoDataReason.NATIONAL_LAW: N_("not permitted by national law"),
    NoDataReason.MORE_INFORMATION: N_("more information needed"),
    NoDataReason.OTHER: N_("other"),
}
ROLE = {
    Role.OFFICER: N_("officer"),
    Role.ADMINISTRATOR: N_("administrator"),
    Role.OBSERVER: N_("observer"),
    Role.SECRETARIAT: N_("Secretariat"),
    Role.DESK: N_("desk"),
}
FUNCTION = FUNCTIONS
ENTRY = (
    (N_("Authority"), "authority"),
    (N_("Person"), "person"),
    (N_("Address"), "address"),
    (N_("Telephone"), "telephone"),
    (N_("Postal address"), "postal"),
    (N_("Languages"), "languages"),
    (N_("Remarks"), "remarks"),
)
REGION = dict(
    enumerate(
        (
            N_("upper left"),
            N_("upper middle"),
            N_("upper right"),
            N_("middle left"),
            N_("middle"),
            N_("middle right"),
            N_("lower left"),
            N_("lower middle"),
            N_("lower right"),
        ),
        1,
    )
)
DIFFICULTY = {
    Difficulty.CANNOT_ENCRYPT: N_("cannot encrypt"),
    Difficulty.CANNOT_READ: N_("cannot read a mail"),
    Difficulty.WRONG_RECIPIENT: N_("wrong recipient"),
    Difficulty.NO_ANSWER: N_("no answer"),
    Difficulty.OTHER: N_("other"),
}
STATE = {
    ReferralState.WAITING: N_("waiting for a usable key of the desk"),
    ReferralState.SENT: N_("sent"),
    ReferralState.DELIVERED: N_("delivered"),
    ReferralState.READ: N_("read"),
    ReferralState.PARTLY_ANSWERED: N_("partly answered"),
    ReferralState.ANSWERED: N_("answered"),
    ReferralState.DECLINED: N_("declined"),
    ReferralState.RETURNED: N_("returned as not theirs"),
    ReferralState.EXPIRED: N_("expired"),
    ReferralState.UNDELIVERABLE: N_("undeliverable"),
    ExchangeState.OPEN: N_("open"),
    ExchangeState.CLOSED: N_("closed"),
}
EVENT = {  # those that an exchange has: no others are ever shown
    EventKind.EXCHANGE_OPENED: N_("exchange opened"),
    EventKind.REFERRAL_SENT: N_("request sent to the desk"),
    EventKind.REFERRAL_WAITING: N_("request waits for a usable key of the desk"),
    EventKind.REFERRAL_RELEASED: N_("waiting request sent to the desk"),
    EventKind.REFERRAL_EXTENDED: N_("further UIMs sent to the desk"),
    EventKind.EXTENSION_WAITING: N_("further UIMs wait for a usable key of the desk"),
    EventKind.DELIVERED: N_("delivered to the desk's mail system"),
    EventKind.READ: N_("opened by the desk"),
    EventKind.UNDELIVERABLE: N_("could not be delivered to the desk"),
    EventKind.ANSWER_RECEIVED: N_("answer received"),
    EventKind.ANSWERED: N_("answered in full"),
    EventKind.DECLINED: N_("declined with a reason"),
    EventKind.RETURNED: N_("returned: the UIMs are not theirs"),
    EventKind.MESSAGE_RECEIVED: N_("message received"),
    EventKind.MESSAGE_WAITING: N_("message waits for a usable key of its reader"),
    EventKind.MESSAGE_RELEASED: N_("waiting message sent"),
    EventKind.ANSWER_WAITING: N_("answer waits for a usable key of the requester"),
    EventKind.ANSWER_RELEASED: N_("waiting answer sent to the requester"),
    EventKind.REMINDED: N_("desk reminded"),
    EventKind.ESCALATED: N_("administrator of the Party told"),
    EventKind.EXPIRED: N_("expired without an answer"),
    EventKind.EXCHANGE_CLOSED: N_("exchange closed"),
    EventKind.SEALED_OFFERED: N_("address and key for sealed mail given"),
    EventKind.SEALED_REFERRED: N_("sealed request passed on unopened"),
    EventKind.SEALED_PASSED: N_("sealed mail passed on unopened"),
    EventKind.EVALUATED: N_("evaluation received"),
    EventKind.NO_DATA: N_("no data given"),
    EventKind.UIMS_NOT_OURS: N_("UIMs said to be not theirs"),
    EventKind.UIMS_MALFORMED: N_("damaged UIMs, and lines that hold none"),
    EventKind.UIMS_REPEATED: N_("UIMs that the own Party had asked before"),
}
