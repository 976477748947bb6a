"""The figures of R10 by number, name, meaning, unit and source; and who may see which of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.content import N_, Text, text
from gateway.events import EXTENSIONS, EventKind
from gateway.facts import PartyCode
from gateway.figures import MIN_GROUP, Figures, Measured, PairFigures, PartyFigures, Period, Totals, Withheld

Value = int | timedelta | None
_K = EventKind
_ASKED = (_K.REFERRAL_SENT, _K.REFERRAL_WAITING)
_ASKED_FURTHER = (*_ASKED, *sorted(EXTENSIONS))
_PASSED = (*_ASKED_FURTHER, _K.ANSWER_RECEIVED, _K.MESSAGE_RECEIVED)
_ENDINGS = (_K.ANSWERED, _K.DECLINED, _K.RETURNED)


class Unit(StrEnum):
    """What a figure counts."""

    PARTIES = "Parties"
    USERS = "users"
    MESSAGES = "messages"
    REQUESTS = "requests"
    UIMS = "UIMs"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `name` is the message id under which people read it, `key` stands in JSON and CSV.

    `of_all`, `of_party`, `of_pair` take it from what was measured; None: it does not exist of that.
    """

    number: int  # of R10
    key: str
    name: str
    meaning: str
    unit: Unit
    events: tuple[EventKind, ...]
    of_all: Callable[[Totals], Value] | None = None
    of_party: Callable[[PartyFigures], Value] | None = None
    of_pair: Callable[[PairFigures], Value] | None = None


FIGURES: tuple[Figure, ...] = (
    Figure(
        1, "registered_parties", N_("Registered Parties"),
        "Parties that were registered at the end of the period. A code of their own under which people of the"
        " Secretariat stand is no Party.",
        Unit.PARTIES, (_K.PARTY_ADDED,), of_all=lambda t: t.registered,
    ),
    Figure(
        2, "users", N_("Users"),
        "People with access at the end of the period, of every role; a desk is not a person.",
        Unit.USERS, (_K.PERSON_ADDED, _K.PERSON_REVOKED), of_all=lambda t: t.users, of_party=lambda p: p.people,
    ),
    Figure(
        3, "active_parties", N_("Active Parties"),
        "Parties that sent a request or gave an answer in the period; of one Party: 1 or 0.",
        Unit.PARTIES, (*_ASKED, _K.ANSWER_RECEIVED), of_all=lambda t: t.active, of_party=lambda p: int(p.active),
    ),
    Figure(
        4, "messages_sent", N_("Messages sent"),
        "Mails of a Party that the gateway passed on, or keeps until the reader's key can be used: requests (one for"
        " each Party asked), further UIMs, answers, messages. The gateway's own receipts, notices and reminders do not"
        " count. Of all Parties together each mail counts once.",
        Unit.MESSAGES, _PASSED, of_all=lambda t: t.counts.messages, of_party=lambda p: p.sent,
    ),
    Figure(
        4, "messages_received", N_("Messages received"),
        "The same mails, counted at the Party to which they went. A mail between two Parties of a group counts as sent"
        " and as received.",
        Unit.MESSAGES, _PASSED, of_party=lambda p: p.received,
    ),
    Figure(
        4, "requests_sent", N_("Requests sent"),
        "Of the messages sent: first questions, one for each Party asked.",
        Unit.REQUESTS, _ASKED, of_all=lambda t: t.counts.requests, of_party=lambda p: p.asking.requests,
        of_pair=lambda p: p.counts.requests,
    ),
    Figure(
        4, "requests_received", N_("Requests received"),
        "Of the messages received: first questions of another Party, or those that a third Party returned as not its"
        " own.",
        Unit.REQUESTS, _ASKED, of_party=lambda p: p.answering.requests,
    ),
    Figure(
        5, "messages_forth", N_("Messages to the asked Party"),
        "Mails from the Party that asks to the Party that is asked. The messages between two Parties are these and"
        " those of the next line, of both directions of asking.",
        Unit.MESSAGES, _PASSED, of_pair=lambda p: p.counts.forth,
    ),
    Figure(
        5, "messages_back", N_("Messages to the asking Party"),
        "Mails from the Party that is asked to the Party that asks.",
        Unit.MESSAGES, (_K.ANSWER_RECEIVED, _K.MESSAGE_RECEIVED), of_pair=lambda p: p.counts.back,
    ),
    Figure(
        6, "uims_asked", N_("UIMs asked about"),
        "UIMs in requests and further mails of a Party. A UIM counts for each Party to which it goes, and again when it"
        " goes out again because the first mail could not be delivered or had expired.",
        Unit.UIMS, _ASKED_FURTHER, of_all=lambda t: t.counts.uims, of_party=lambda p: p.asking.uims,
        of_pair=lambda p: p.counts.uims,
    ),
    Figure(
        6, "uims_received", N_("UIMs received"),
        "The same UIMs, counted at the Party that is asked.",
        Unit.UIMS, _ASKED_FURTHER, of_party=lambda p: p.answering.uims,
    ),
    Figure(
        6, "uims_answered", N_("UIMs answered"),
        "UIMs to which an answer was given, counted at the Party that answers; a UIM that is answered again counts"
        " again.",
        Unit.UIMS, (_K.ANSWER_RECEIVED,), of_all=lambda t: t.counts.uims_answered,
        of_party=lambda p: p.answering.uims_answered, of_pair=lambda p: p.counts.uims_answered,
    ),
    Figure(
        6, "undeclared", N_("Requests without a number of UIMs"),
        "Sealed requests that bear no token of a look-up: the gateway cannot see how many UIMs they hold, and counts"
        " none.",
        Unit.REQUESTS, _ASKED, of_all=lambda t: t.counts.undeclared, of_party=lambda p: p.asking.undeclared,
        of_pair=lambda p: p.counts.undeclared,
    ),
    Figure(
        7, "requests_answered", N_("Requests answered"),
        "Requests that were answered in full for the first time in the period: every UIM has an answer, or the request"
        " was declined or returned. Of a sealed request, whose answers the gateway cannot read: its first answer.",
        Unit.REQUESTS, (*_ENDINGS, _K.ANSWER_RECEIVED), of_all=lambda t: t.counts.answered,
        of_party=lambda p: p.answering.answered, of_pair=lambda p: p.counts.answered,
    ),
    Figure(
        7, "mean_time_to_answer", N_("Mean time to answer"),
        "Of the requests answered in the period: from the question to the full answer, also where the question had to"
        " wait for a key. Requests that were never answered are not in it: see the last line.",
        Unit.TIME, (*_ASKED, *_ENDINGS, _K.ANSWER_RECEIVED), of_all=lambda t: t.counts.mean,
        of_party=lambda p: p.answering.mean, of_pair=lambda p: p.counts.mean,
    ),
    Figure(
        7, "median_time_to_answer", N_("Median time to answer"),
        "The middle of the same times: half of the answers were quicker. A few very late answers move the mean and not"
        " the median.",
        Unit.TIME, (*_ASKED, *_ENDINGS, _K.ANSWER_RECEIVED), of_all=lambda t: t.median,
        of_party=lambda p: p.median_answered, of_pair=lambda p: p.median,
    ),
    Figure(
        7, "mean_time_waited", N_("Mean time waited"),
        "As the mean time to answer, of the Party's own requests.",
        Unit.TIME, (*_ASKED, *_ENDINGS, _K.ANSWER_RECEIVED), of_party=lambda p: p.asking.mean,
    ),
    Figure(
        7, "median_time_waited", N_("Median time waited"),
        "The middle of the same times.",
        Unit.TIME, (*_ASKED, *_ENDINGS, _K.ANSWER_RECEIVED), of_party=lambda p: p.median_waited,
    ),
    Figure(
        8, "unread", N_("Requests left without action"),
        "Requests sent to the Party in the period on which it had done nothing by the end of the period: its mail"
        " program reported no reading, and it sent no answer and no message. Requests that could not be delivered, or"
        " wait for a key, are among them.",
        Unit.REQUESTS, (*_ASKED, _K.READ, _K.ANSWER_RECEIVED, _K.MESSAGE_RECEIVED),
        of_all=lambda t: t.counts.unread, of_party=lambda p: p.answering.unread, of_pair=lambda p: p.counts.unread,
    ),
)  # fmt: skip


WHY_WITHHELD = {
    Withheld.FEW: text(
        "The other totals are not given: in a month of the period fewer than {count} other Parties asked one another,"
        " and a total would tell who they are.", count=MIN_GROUP,
    ),
    Withheld.UNEVEN: text(
        "The other totals are given for whole months only; otherwise they would tell of single exchanges of others."
    ),
    Withheld.OPEN: text(
        "The other totals are given when the period is over; until then they would tell of single exchanges of others."
    ),
}  # fmt: skip


def heading(figure: Figure) -> Text:
    """What stands above or before it in a table."""
    return text("{figure} (hours)", figure=text(figure.name)) if figure.unit is Unit.TIME else text(figure.name)


def cell(value: Value) -> str | int | float:
    """As a table holds it: a number, times in hours; empty where there is none."""
    if isinstance(value, timedelta):
        return round(value / timedelta(hours=1), 1)
    return "" if value is None else value


def everything(measured: Measured) -> Figures:
    """For the Secretariat: all Parties, and who asks whom."""
    return Figures(
        measured.period, measured.totals.registered, None, measured.pairs, measured.totals, measured.parties
    )  # fmt: skip


def seen_by(measured: Measured, party: PartyCode, fewest: int, now: datetime) -> Figures:
    """For people of a Party: its own figures, with whom it has to do, and the totals where these tell nothing more.

    `fewest`: other Parties that asked one another in that month of the period in which they were fewest. Totals are
    given for months that are over, in each of which these were MIN_GROUP at least: subtracted from one another, any two
    of them then tell of such months together, and never of single exchanges.
    """
    pairs = tuple(pair for pair in measured.pairs if party in (pair.asking, pair.asked))
    withheld = _withheld(measured.period, fewest, now)
    totals = None if withheld else measured.totals
    registered, own = measured.totals.registered, measured.of(party)
    return Figures(measured.period, registered, own, pairs, totals, withheld=withheld)


def _withheld(period: Period, others: int, now: datetime) -> Withheld | None:
    if not period.is_whole_months or period.zone != "UTC":
        return Withheld.UNEVEN
    if now < period.end:
        return Withheld.OPEN
    return Withheld.FEW if others < MIN_GROUP else None
