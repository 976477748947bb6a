"""One letter of every type with plausible values, for tests and screenshots. Synthetic UIMs only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from gateway.content import (
    Block,
    ClearValue,
    FilledForm,
    Finding,
    Letter,
    Photograph,
    Severity,
    Sheet,
    Thread,
    Uim,
    text,
    texts,
)
from gateway.directory import NOMINATED, Entry, EntryChange, Standing
from gateway.events import EventKind, MailKind, OpenReferral, PatternChange
from gateway.facts import (
    NO_PARTY,
    Correspondent,
    Language,
    PartyCode,
    PartyName,
    address,
    digest,
    exchange_number,
    referral_number,
)
from gateway.figures import Merits, Period, Quality, Question
from gateway.forms import statistics
from gateway.letters import (
    Advice,
    AnsweredUim,
    AnswerLetter,
    Approval,
    Challenge,
    Closed,
    Evidence,
    Help,
    KeyExpiry,
    KeyNotice,
    Lookup,
    LookupLine,
    MessageLetter,
    Notice,
    Receipt,
    Referral,
    ReferredPart,
    Registration,
    Reminder,
    Renewed,
    Status,
    StatusLine,
    Suggestion,
    Thanks,
    TrailLine,
    Turn,
    UimNote,
    Welcome,
)
from gateway.markings import Change, Described
from gateway.rosters import DifficultyLetter, Roster, RosterChanged, RosterDue, RosterOverdue
from gateway.rules import merits
from gateway.rules.digest import Ending as EndingKey
from gateway.rules.digest import Today, headline, observed, tasks_of, tasks_of_secretariat
from gateway.rules.directory import asking_form, own_form
from gateway.rules.directory import sheet as roster_sheet
from gateway.rules.periods import latest
from gateway.rules.quality import own
from gateway.rules.sealed import SealedAnswer
from gateway.rules.statistics import everything, seen_by
from gateway.rules.survey import Ended, Ending, Evaluated, survey_form
from gateway.rules.weekly import Weeks, charts_for, figures_for, news, notes_for, sheets_for
from gateway.summary import Chart, Digest, Figure, Task
from gateway.treaty import (
    Difficulty,
    ExchangeState,
    Function,
    Handling,
    Item,
    NoDataReason,
    ReferralState,
    Role,
    Side,
    UimAnswer,
)
from tests.support.figures import quarter

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
EARLIER = datetime(2026, 11, 7, 16, 5, tzinfo=UTC)
DIGEST = digest(b"test")
EXCHANGE = exchange_number("GSP-2026-000042")
REFERRAL = referral_number("GSP-2026-000042/SE")
KE, SE, FR, AT = PartyCode("KE"), PartyCode("SE"), PartyCode("FR"), PartyCode("AT")
EVIDENCE = Evidence(NOW, DIGEST)
# Every sign that a UIM may hold and that a mail, a web page or a spreadsheet could damage.
UIMS = (
    "QCALL7hT2kQ9mZb7Kd25051914",
    "QCALLaa11bb22cABCD25060107",
    "=cmd|'/c calc'!A1",
    '-1+2<b>&amp;"x"',
    "@SUM(A1),;:=?_%*!.",
    "(01)05410000012345(21)Xy7kQ9pL2m",
    "010541000001234521Xy7kQ9pL2m\x1d8005AB12",
    "'0105410000012345_x0041_",
)
REASON = text("The prefix {prefix} is the mark of the issuer for {party}.", prefix="QCALL", party="SE")
CHOICES = (Suggestion(SE, "eu_sweden", text("Its first letters are QCALL.")), Suggestion(AT, "eu", text("Fits too.")))


def uim(number: int = 0, line: int = 0) -> Uim:
    """One of the samples."""
    return Uim(UIMS[number], line=line)


def note(number: int = 0) -> UimNote:
    """A UIM with a remark."""
    return UimNote(uim(number, 12 + number), (text("One sign is missing at the end."),))


def findings() -> tuple[Finding, ...]:
    """What was not understood, of two kinds."""
    return (
        Finding(text("Write the date as year-month-day."), Severity.PART, "", 9, "3rd of Nov.", "date_of_seizure"),
        Finding(texts("{count} line is no UIM.", "{count} lines are no UIMs.", 3), Severity.PART, "list.csv", 4),
    )


def reply_form(count: int = 2) -> FilledForm:
    """The reply form as a desk gets it."""
    empty = dict.fromkeys(("status", "a", "b", "f", "uim_remarks"), "")
    blocks = tuple(Block({"uim": UIMS[i % len(UIMS)], **empty}) for i in range(count))
    return FilledForm("reply", {"exchange": str(REFERRAL), "handling": "H0"}, blocks=blocks)


def request_form() -> FilledForm:
    """A request that lacks its justification."""
    return FilledForm(
        "request",
        {"case_reference": "MOM-2026-0117", "purpose": "investigation", "product": "cigarettes"},
        {"data_requested": frozenset({"a", "b"})},
        (uim(0), uim(1)),
        hints={"justification": text("please complete or correct this line")},
    )


def sheet(count: int = 3) -> Sheet:
    """A table of UIMs."""
    return Sheet(
        "GSP-2026-000042-SE", (text("UIM"), text("Status")), tuple((UIMS[i % len(UIMS)], "") for i in range(count))
    )


def _figures(party: PartyCode | None = None, parties: int = 6) -> ClearValue:
    """Of a quarter, to a Party or to the Secretariat."""
    measured = quarter(parties)
    others = {code for pair in measured.pairs for code in (pair.asking, pair.asked)} - {party}
    found = everything(measured) if party is None else seen_by(measured, party, len(others), NOW)
    all_ = Quality(
        16, 12, 1, 4, 2, {NoDataReason.NATIONAL_LAW: 2, None: 1},
        {Question.USEFUL: {5: 3, 3: 1}, Question.COMPLETE: {1: 3, 2: 1}, Question.CLEAR: {1: 5}},
    )  # fmt: skip
    if party is None:
        return statistics.letter(found, ((text("Quality of requests and answers"), all_, measured.totals.counts),))
    asks, asked = own(all_, Side.ASKING), replace(own(all_, Side.ANSWERING), malformed=None, repeated=None)
    return statistics.letter(
        found,
        ((text("Quality of what your Party asked"), asks, measured.totals.counts),
         (text("Quality of what your Party was asked"), asked, measured.totals.counts)),
    )  # fmt: skip


def _receipt(nothing_sent: bool = False) -> Receipt:
    sent = (
        ReferredPart(REFERRAL, 2, ("eu_sweden",)),
        ReferredPart(referral_number("GSP-2026-000042/FR"), 1, ("eu_france",), waiting=True),
    )
    asked = UimNote(uim(1), before=(referral_number("GSP-2026-000017/SE"),))
    return Receipt(
        None if nothing_sent else EXCHANGE,
        "MOM-2026-0117",
        EVIDENCE,
        11,
        () if nothing_sent else sent,
        ambiguous=(UimNote(uim(2, 14), (), CHOICES),),
        hints=(note(3),),
        not_a_party=(note(4),),
        not_a_uim=(note(5),),
        malformed=(UimNote(Uim(UIMS[6], "list.xlsx › Packs", 9, 2)),),
        unknown=(UimNote(Uim(UIMS[7], "list.pdf", 4, page=2)),),
        own=(note(0),),
        no_desk=(note(1),),
        deskless=(PartyCode("AT"),),
        repeated=(asked,),
        doubled=1,
        again=(Uim(UIMS[0], "list.xlsx › Packs", 12, 2), uim(0, 3)),
        findings=findings(),
    )


PICTURES = (
    Photograph("IMG_2041.HEIC", b"\xff\xd8\xff", 640, 480,
               ((UIMS[0], "Data Matrix", 1), (UIMS[1], "QR Code", 6), ("<two words>", "Aztec", 9))),
    Photograph("صورة.jpg", b"\xff\xd8\xff", 480, 640, ((UIMS[2], "EAN-13", 5),)),
)  # fmt: skip


def referral(count: int = 2, extended: bool = False) -> Referral:
    """A referral with that many UIMs."""
    return Referral(
        REFERRAL, KE, "MOM-2026-0117", "investigation", "1200 cartons without fiscal stamps found in transit",
        Handling.H2, date(2026, 12, 1), ((text("Place of seizure"), "Mombasa"), (text("Product"), "cigarettes")),
        tuple(Item), "Was this batch declared for export?\nWhich consignee was named?",
        tuple(UimNote(uim(i % len(UIMS))) for i in range(count)), count, EVIDENCE, extended,
    )  # fmt: skip


def _answer(remaining: int = 1, declined: bool = False) -> AnswerLetter:
    valid = ((Item.A, "2025-05-19, Riom"), (Item.B, "Riom 2"), (Item.F, "France"), (Item.J, "Le Havre\nMombasa"))
    answers = (
        AnsweredUim(UIMS[0], UimAnswer.VALID, valid, "Sold duty free."),
        AnsweredUim(UIMS[2], UimAnswer.NOT_VALID),
        AnsweredUim(UIMS[6], UimAnswer.UNDER_INQUIRY, (), "Next week."),
    )
    return AnswerLetter(
        REFERRAL, SE, Handling.H1, () if declined else answers, remaining, declined,
        NoDataReason.NATIONAL_LAW if declined else None, "See Article 12 of our act.", EVIDENCE, 4,
        (ReferredPart(referral_number("GSP-2026-000042/AT"), 1, ("eu",)),), (note(3),),
        (UimNote(uim(2, 14), (), CHOICES),), (note(0),), (note(1),), (PartyCode("AT"),),
    )  # fmt: skip


def _status(whole_trail: bool = False, cut: bool = False) -> Status:
    line = StatusLine(REFERRAL, KE, ReferralState.PARTLY_ANSWERED, EARLIER, NOW, 20, 7)
    if not whole_trail:
        return Status((line,), (line,), cut=cut)
    trail = tuple(TrailLine(NOW, kind, SE, KE, 2, DIGEST) for kind in EventKind)
    return Status(number=EXCHANGE, state=ExchangeState.OPEN, trail=trail)


ENTRIES = (
    Entry(FR, Function.DESK, "", "", "uim@douane.example", since=EARLIER),
    Entry(SE, Function.COMPETENT_AUTHORITY, "Public Health Agency", "", "registry@fohm.example", "+46 10 205 20 00",
          "Box 1, 171 82 Solna", "Swedish, English", "weekdays 8–16", 3, EARLIER),
    Entry(SE, Function.CONTACT_POINT, "Swedish Customs", "A. Andersson", "point@tull.example", "+46 771 520 520",
          languages="Swedish, English", number=7, since=EARLIER),
    Entry(SE, Function.EXPERT, "", "Dr. E. Ek", "e@lab.example", number=9, since=EARLIER),
    Entry(SE, Function.ADMINISTRATOR, "", "M. Admin", "admin@tull.example", since=EARLIER),
)  # fmt: skip
_OWN = ENTRIES[1:4]


def _roster_changed(wrote: bool) -> RosterChanged:
    changes = (
        EntryChange(_OWN[1], replace(_OWN[1], person="B. Berg", telephone="", remarks="=1+1<b>")),
        EntryChange(_OWN[0], replace(_OWN[0], telephone="+46 10 205 21 00")),
        EntryChange(None, _OWN[2]),
        EntryChange(replace(_OWN[2], person="Old"), None),
    )
    return RosterChanged(SE, changes, _OWN, False, wrote, EVIDENCE if wrote else None)


def _overdue() -> RosterOverdue:
    return RosterOverdue(
        (Standing(FR, NOMINATED[1:], EARLIER, steps=2),),
        (Standing(SE, (), EARLIER, 3, asked_at=EARLIER), Standing(AT, (), EARLIER, 2, asked_at=EARLIER,
                                                                  confirmed_at=datetime(2025, 9, 2, tzinfo=UTC))),
    )  # fmt: skip


def _described(new: bool = True) -> Described:
    return Described(
        "Sweden, stamp of 2027", "se-stamp-2027", "Folkhälsomyndigheten", r"QCALL[0-9A-Za-z]+\d\d\d\d", "QCALL",
        "QCALL + serial(9) + year(4)", "18", text("certain"), "folkhalsomyndigheten.se", "QCALL7hT2kQ9mZ2027", new,
    )  # fmt: skip


_STANDINGS = (
    Standing(KE, NOMINATED[1:], EARLIER, 1),
    Standing(SE, NOMINATED[:1], EARLIER, 2, told_at=EARLIER),
)


def _of_secretariat() -> tuple[Digest, tuple[Sheet, ...]]:
    """Of three weeks, with all that may wait for the Secretariat, and its tables; made as `digests` does."""
    period = Period(date(2026, 10, 26), date(2026, 11, 15))
    single = tuple(replace(quarter(2 + place % 4), period=week) for place, week in enumerate(latest(period, 8)))
    known = Weeks(replace(quarter(), period=period), quarter(4), single, quarter())
    waits = PatternChange(DIGEST, "", ("se-stamp-2027",), SE, EARLIER, 7, SE)
    silent = (
        OpenReferral(REFERRAL, KE, ReferralState.READ, EARLIER, 2),
        OpenReferral(referral_number("GSP-2026-000017/FR"), KE, ReferralState.UNDELIVERABLE, EARLIER, 0),
    )
    tasks = tasks_of_secretariat(
        Today(
            NOW, silent, (AT,), (FR,), (EndingKey("desk@kra.example", KE, Role.DESK, date(2026, 12, 1)),),
            patterns=(waits,), standings=_STANDINGS, items=1, difficulties=2,
        )
    )  # fmt: skip
    marks = merits.figures_for(NO_PARTY, Merits(12, 1, 4, 2, 4.25, 9), Merits(8, without_data=1))
    digest = Digest(
        NO_PARTY, period.first, period.last, 3, headline(NO_PARTY, tasks), tasks,
        (*figures_for(NO_PARTY, known), *marks), charts_for(NO_PARTY, known), news([FR], [SE], [KE], 1, [SE]),
        f"4711:{DIGEST}", notes_for(NO_PARTY, known, 0, NOW),
    )  # fmt: skip
    return digest, sheets_for(NO_PARTY, known)


def weekly(quiet: bool = False) -> Digest:
    """A Party's weekly digest; `quiet`: nothing has to be done and nothing happened."""
    last = date(2026, 11, 15)
    mondays = tuple(last - timedelta(days=6 + 7 * back) for back in reversed(range(8)))
    waits = texts("{count} request waits for your answer.", "{count} requests wait for your answer.", 7)
    asked = {"number": "GSP-2026-000042/KE", "party": PartyName(SE)}
    lines = tuple(
        texts("{number}, asked by {party} {count} day ago", "{number}, asked by {party} {count} days ago", day, **asked)
        for day in (9, 8, 5, 2, 1)
    )
    ends = texts(
        "{count} key ends soon: please have it renewed.", "{count} keys end soon: please have them renewed.", 1
    )
    tasks = (
        Task(waits, lines, 2), Task(ends, (text("{owner}: {day}", owner="o@kra.example", day=last),)),
        *tasks_of(KE, Today(NOW, standings=_STANDINGS)),
    )  # fmt: skip
    numbers = (3, 0, 4, 2, 0, 5, 7, 4), (1, 2, 0, 3, 0, 6, 2, 12)
    series = tuple(zip((text("Requests sent"), text("Requests received")), numbers, strict=True))
    return Digest(
        KE, last - timedelta(days=6), last, 1,
        text("You need do nothing today: nothing waits for your Party.") if quiet else waits, () if quiet else tasks,
        (
            Figure(text("Requests sent"), 0 if quiet else 4, 0 if quiet else 7),
            Figure(text("Requests received"), 0 if quiet else 12, 2),
            Figure(text("Median time to answer"), text("none"), texts("{count} hour", "{count} hours", 31)),
            *(() if quiet else merits.figures_for(KE, Merits(12, 1, 4, 2, 4.25, 9), Merits(8, without_data=1))),
        ),
        () if quiet else (Chart(text("Your Party's requests by week"), mondays, series),),
        () if quiet else (text("New Party: {party}", party=PartyName(FR)),), DIGEST,
        (text("Totals of all Parties are left out where they would tell of single exchanges."),),
    )  # fmt: skip


def _of_observer() -> Digest:
    """A Party's digest to somebody who may only read."""
    asked = OpenReferral(REFERRAL, SE, ReferralState.READ, EARLIER, 2)
    _, told = observed(REFERRAL.party, "", Today(NOW, (asked,), (KE,), standings=_STANDINGS))
    return replace(weekly(), headline=headline(KE, (), told), tasks=(), observed=told)


_DIGEST, _TABLES = _of_secretariat()


class Sample(NamedTuple):
    """A letter's values with what usually goes with them."""

    values: ClearValue
    kind: MailKind = MailKind.NOTICE
    form: FilledForm | None = None
    sheets: tuple[Sheet, ...] = ()
    blanks: tuple[str, ...] = ()
    survey: FilledForm | None = None
    side: Side = Side.ASKING


_FORMS = ("request", "lookup", "reply", "message", "status")
_MESSAGE = FilledForm("message", {"exchange": str(REFERRAL), "handling": "H0"})
_LINES = (
    LookupLine(uim(0), text("One Party answers for it."), CHOICES, ()),
    LookupLine(uim(6), text("No pattern fits."), (), (text("One sign is missing at the end."),)),
)

# By name; the part before ":" is the template.
SAMPLES: dict[str, Sample] = {
    "receipt": Sample(_receipt(), MailKind.RECEIPT, request_form()),
    "receipt:all sent": Sample(Receipt(EXCHANGE, "", EVIDENCE, 2, (ReferredPart(REFERRAL, 2, ("eu",), chosen=True),)),
                               MailKind.RECEIPT),
    "receipt:photographs": Sample(replace(_receipt(), pictures=PICTURES), MailKind.RECEIPT, request_form()),
    "receipt:nothing sent": Sample(_receipt(True), MailKind.RECEIPT, request_form()),
    "receipt:nothing new": Sample(Receipt(EXCHANGE, "", EVIDENCE, 1, asked_already=True), MailKind.RECEIPT),
    "receipt:nothing to do": Sample(Receipt(None, "", EVIDENCE, 1, not_a_party=(note(),)), MailKind.RECEIPT),
    "referral": Sample(referral(), MailKind.REFERRAL, reply_form(), (sheet(),)),
    "referral:extended": Sample(referral(60, True), MailKind.REFERRAL, reply_form(), (sheet(60),)),
    "answer": Sample(_answer(), MailKind.ANSWER, _MESSAGE),
    "answer:whole": Sample(_answer(0), MailKind.ANSWER, _MESSAGE),
    "answer:survey": Sample(AnswerLetter(REFERRAL, SE, Handling.H1, _answer().answers[:2], 0, False, None, "", EVIDENCE,
                                         2), MailKind.ANSWER, _MESSAGE, survey=survey_form(REFERRAL, Side.ASKING)),
    "answer:declined": Sample(_answer(4, True), MailKind.ANSWER, _MESSAGE),
    "message": Sample(MessageLetter(REFERRAL, KE, Handling.H0, "Which port?\n\nGSP REPLY\nThank you.", EVIDENCE),
                      MailKind.MESSAGE, _MESSAGE),
    "thanks": Sample(Thanks(REFERRAL, text("Your answer has been passed on."), 3, 1, EVIDENCE, findings(), True),
                     form=reply_form(1)),
    "thanks:done": Sample(Thanks(REFERRAL, text("Your answer has been passed on."), 4, 0, EVIDENCE)),
    "thanks:survey": Sample(Thanks(REFERRAL, text("Your answer was passed on to the requester."), 4, 0, EVIDENCE),
                            MailKind.RECEIPT, survey=survey_form(REFERRAL, Side.ANSWERING), side=Side.ANSWERING),
    **{
        f"evaluated:{ending.value}": Sample(
            Evaluated(REFERRAL, 4, ending, EVIDENCE, (AT, FR), ending is Ending.BEFORE), MailKind.RECEIPT,
            survey_form(REFERRAL, Side.ASKING) if ending is Ending.PENDING else None)
        for ending in Ending
    },
    "ended": Sample(Ended(EXCHANGE, KE, NOW, to_desk=True), form=survey_form(REFERRAL, Side.ANSWERING)),
    "ended:requester": Sample(Ended(EXCHANGE, KE, NOW, to_desk=False), blanks=("request",)),
    "notice": Sample(Notice(text("Your request was not sent."), text("Please write the justification."),
                            "MOM-2026-0117", findings(), EVIDENCE), form=request_form()),
    "reminder": Sample(Reminder(REFERRAL, Role.DESK, KE, EARLIER, 14, 2, True, 1), MailKind.REMINDER, reply_form()),
    "reminder:administrator": Sample(Reminder(REFERRAL, Role.ADMINISTRATOR, KE, EARLIER, 14, 2, True, 1),
                                     MailKind.REMINDER),
    "reminder:officer": Sample(Reminder(REFERRAL, Role.OFFICER, SE, EARLIER, 7, 2), MailKind.REMINDER),
    **{
        f"turn:{state.value} {role.value}{' released' * released}": Sample(Turn(REFERRAL, state, role, NOW, released))
        for state in (ReferralState.UNDELIVERABLE, ReferralState.EXPIRED, ReferralState.WAITING)
        for role in (Role.OFFICER, Role.SECRETARIAT)
        for released in (False, True)
        if not released or state is ReferralState.WAITING
    },
    "turn:waiting requester": Sample(Turn(REFERRAL, ReferralState.WAITING, Role.ADMINISTRATOR, NOW, to_requester=True)),
    "closed": Sample(Closed(EXCHANGE, NOW, 60)),
    "status": Sample(_status()),
    "status:trail": Sample(_status(True)),
    "status:empty": Sample(Status()),
    "status:cut": Sample(_status(cut=True)),
    "lookup": Sample(Lookup(_LINES, (SE, FR), (PartyCode("AT"),), findings()), form=request_form()),
    "lookup:nothing": Sample(Lookup(_LINES[1:], (), ())),
    "help": Sample(Help("gsp@gsp.example.org", Role.OFFICER, _FORMS), blanks=_FORMS),
    "advice": Sample(Advice(NOW, encrypted=False)),
    "advice:not signed": Sample(Advice(NOW, encrypted=True)),
    "key_notice": Sample(KeyNotice("A" * 40, 2), MailKind.KEY_NOTICE),
    "key_expiry": Sample(KeyExpiry("A" * 40, "OpenPGP", NOW + timedelta(days=14), 14),
                         form=FilledForm("renew", {"address": "o@tull.example", "earlier": "keep"})),
    "key_expiry:administrator": Sample(KeyExpiry("A" * 40, "OpenPGP", NOW + timedelta(days=2), 2, "o@tull.example"),
                                       form=FilledForm("renew", {"address": "o@tull.example", "earlier": "keep"})),
    "renewed": Sample(
        Renewed(text("Your new key is registered"), text("You need do nothing."), "o@tull.example", "S/MIME", "B" * 64,
                NOW + timedelta(days=365), "admin@tull.example", (("A" * 40, NOW + timedelta(days=30)),), EVIDENCE)),
    "renewed:extended": Sample(
        Renewed(text("Your new key is registered"), text("You need do nothing."), "o@tull.example", "OpenPGP", "A" * 40,
                None)),
    "challenge": Sample(Challenge(SE, Role.OFFICER, "A" * 40, NOW + timedelta(days=14), approval=False),
                        MailKind.CHALLENGE, FilledForm("confirm", {"word": "k7qm2xtt9ak7qm2xtt9ak7qm"})),
    "challenge:desk": Sample(Challenge(SE, Role.DESK, "B" * 64, NOW + timedelta(days=14), approval=True),
                             MailKind.CHALLENGE, FilledForm("confirm", {"word": "k7qm2xtt9ak7qm2xtt9ak7qm"})),
    "approval": Sample(
        Approval(17, SE, Role.DESK, "Sweden", "desk.new@tull.example", "A" * 40, "admin@tull.example",
                 NOW + timedelta(days=14), "desk@tull.example", EVIDENCE),
        form=FilledForm("approve", {"registration": "17"})),
    "pattern": Sample(
        Change(text("Please decide on a change of the pattern library"),
               text("Please decide: reply, signed and encrypted, and write “{approve}” or “{refuse}” after "
                    "“{decision}” in the form below. A refusal needs a reason. Once approved it counts at once, for "
                    "everybody; the operator can take it back.",
                    approve=text("approve"), refuse=text("refuse"), decision=text("Decision")),
               "3f9a1c20bd44", SE, "admin@tull.example", (_described(), _described(new=False)),
               (text("“{title}”: the code {sample} would no longer be recognised.", title="Austria, pack code",
                     sample="LEAT1x7kQ9mZb"),
                text("“{title}”: the code {sample} would be taken for: {now}.", title="France, pack code",
                     sample="KPL2F9aK3mW7Qz2T25051914", now="Sweden, stamp of 2027"),
                text("{sample}, a sample of this change, is also a code of “{title}”: the officer would have to "
                     "choose.", title="Sweden, pack code", sample="QCALL7hT2kQ9mZ"))),
        form=FilledForm("approve", {"pattern": "3f9a1c20bd44"})),
    "pattern:refused": Sample(
        Change(text("The change of the pattern library was refused"),
               text("Read the Secretariat's reason below. When that is mended, send “GSP PATTERN” again."),
               "3f9a1c20bd44", SE, "admin@tull.example", (_described(),), reason="Send the regulation.",
               evidence=EVIDENCE)),
    "registration": Sample(
        Registration(text("{address} was asked to confirm", address="o@tull.example"),
                     text("Nothing to do now: you will be told the decision."), SE, Role.OFFICER, "O. Officer",
                     "o@tull.example", "A" * 40, NOW + timedelta(days=14), evidence=EVIDENCE)),
    "registration:refused": Sample(
        Registration(text("The registration of {address} was refused", address="o@tull.example"),
                     text("Nothing to do now: you will be told the decision."), SE, Role.ADMINISTRATOR, "O. Officer",
                     "o@tull.example", "A" * 40, reason="Two are enough.")),
    "welcome": Sample(Welcome("gsp@gsp.example.org", Role.OFFICER, _FORMS, SE), blanks=_FORMS),
    "welcome:desk": Sample(Welcome("gsp@gsp.example.org", Role.DESK, _FORMS, SE), blanks=_FORMS),
    "roster": Sample(Roster(ENTRIES), form=asking_form(), sheets=roster_sheet(ENTRIES)),
    "roster:party": Sample(Roster(_OWN, SE), form=asking_form(), sheets=roster_sheet(_OWN)),
    "roster:keeper": Sample(Roster(ENTRIES, keeper=True), form=own_form(_OWN), sheets=roster_sheet(ENTRIES)),
    "roster:keeper of nothing": Sample(Roster((), keeper=True), form=own_form(())),
    "roster:many": Sample(Roster(ENTRIES * 30), form=asking_form(), sheets=roster_sheet(ENTRIES * 30)),
    "roster_changed": Sample(_roster_changed(False), form=asking_form(), sheets=roster_sheet(_OWN)),
    "roster_changed:wrote": Sample(_roster_changed(True), form=own_form(_OWN)),
    "roster_changed:confirmed": Sample(RosterChanged(SE, (), _OWN, True, True, EVIDENCE), form=own_form(_OWN)),
    "roster_due": Sample(RosterDue(SE, (), 0), form=own_form(_OWN, confirm=True)),
    "roster_due:reminder": Sample(RosterDue(SE, (), 14), form=own_form(_OWN, confirm=True)),
    "roster_due:nominate": Sample(
        RosterDue(SE, NOMINATED, 14),
        form=FilledForm("directory", blocks=tuple(Block({"function": str(one), "authority": ""}) for one in NOMINATED)),
    ),
    "roster_overdue": Sample(_overdue(), form=asking_form()),
    "difficulty": Sample(
        DifficultyLetter(Difficulty.CANNOT_READ, SE, Role.OFFICER, "O. Officer", "o@tull.example", str(EXCHANGE),
                         "The answer opens as an empty page.\nWe use Thunderbird.", EVIDENCE),
        form=FilledForm("difficulty", {"kind": "cannot read", "address": "o@tull.example"})),
    "difficulty:answer": Sample(
        DifficultyLetter(None, KE, Role.SECRETARIAT, "Head", "head@fctc.example", "", "Update it.", EVIDENCE,
                         answer=True), form=FilledForm("difficulty")),
    "sealed_answer": Sample(SealedAnswer(REFERRAL, SE, "o@tull.example", ("se-0123456789abcdef.asc",), EVIDENCE),
                            survey=survey_form(REFERRAL, Side.ASKING)),
    "statistics": Sample(_figures(KE), form=FilledForm("statistics", {})),
    "statistics:few": Sample(_figures(KE, 4), form=FilledForm("statistics", {})),
    "statistics:secretariat": Sample(_figures(), form=FilledForm("statistics", {})),
    "digest": Sample(weekly(), MailKind.DIGEST, sheets=(sheet(),)),
    "digest:quiet": Sample(weekly(quiet=True), MailKind.DIGEST),
    "digest:observer": Sample(_of_observer(), MailKind.DIGEST),
    "digest:secretariat": Sample(_DIGEST, MailKind.DIGEST, sheets=_TABLES),
    "key_expiry:ours": Sample(KeyExpiry("B" * 64, "S/MIME", NOW + timedelta(days=60), 60, ours=True)),
}  # fmt: skip


def reader(language: str = "en") -> Correspondent:
    """Somebody who reads that language."""
    return Correspondent(address("desk@tull.example"), Language(language), SE, 0, Role.DESK, None)


def letter(name: str, language: str = "en") -> Letter:
    """The sample of that name, to a reader of that language."""
    sample = SAMPLES[name]
    return Letter(
        sample.kind,
        reader(language),
        text("Request {number}", number=str(REFERRAL)),
        sample.values,
        sample.form,
        sample.blanks,
        sample.sheets,
        Thread("[GSP-2026-000042/SE k7Qm2xTt9a]", "<1@kra.example>", ("<0@kra.example>", "<1@kra.example>"),
               "gsp+k7Qm2xTt9a@gsp.example.org"),
        side=sample.side,
        survey=sample.survey,
    )  # fmt: skip
