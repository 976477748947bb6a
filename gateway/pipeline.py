"""The flow, told once: a mail becomes an answer; the only place that catches everything.

Order is security: until `identify` has answered, only the layers of cryptography are parsed. What a mail
changes is decided as a value and written in one transaction; only then does the other server hear 250.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import assert_never

from gateway import logs, unopened
from gateway.content import Candidacy, Decision, Letter, Reading, RenderedMail, Submission
from gateway.events import Commit, Event, EventKind, ForAPerson, Keep, MailKind, OutgoingMail
from gateway.facts import (
    NO_DIGEST,
    NO_NUMBER,
    NO_PARTY,
    Address,
    DeliveryReport,
    Digest,
    DispositionReport,
    EncryptedMail,
    Envelope,
    Moment,
    PublicKey,
    ReferralNumber,
    VisibleHeaders,
)
from gateway.outcome import (
    REASONS,
    Answer,
    Cause,
    Defer,
    Deferred,
    Failure,
    Held,
    Hold,
    LostRace,
    Refuse,
    Refused,
    Taken,
)
from gateway.parts import Parts, raced
from gateway.ports import SealedMail, Situation, View
from gateway.stages import advise, classify, decide, decrypt, encrypt, identify, prove, read, track
from gateway.stages._doubt import Unsealable, doubting, useful
from gateway.stages._introduce import introduce
from gateway.treaty import Side

ATTEMPTS = 3  # runs that neither ended nor said why, before a person must look
_MOST_REVOKED = 8  # keys of one owner, tried only so that the log can name the cause
SETTLING = timedelta(minutes=2)  # so long more runs than that may be copies that came at once, each at a worker


# Sent once, of what somebody wrote or of a week: it waits for a usable key and is never given up for want of one.
_CARRIES = frozenset({MailKind.REFERRAL, MailKind.ANSWER, MailKind.MESSAGE, MailKind.DIGEST})


class Pipeline:
    """`process` for mails, `carry_out` for what the clock brings, `resume` for what waited."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._own = Address(f"{parts.policy.mailbox}@{parts.policy.domain}")

    def process(self, raw: bytes, envelope: Envelope) -> Answer:
        """The answer to one mail, after everything that follows from it is committed."""
        now = self._parts.clock()
        arrival = NO_DIGEST
        try:
            mail = classify.classify(
                raw, envelope, tuple(self._parts.schemes.values()), self._parts.max_size, self._own
            )
            if isinstance(mail, EncryptedMail):
                arrival = mail.digest
                return self._encrypted(mail, now)
            if isinstance(mail, SealedMail):
                arrival = mail.mail.digest
                return unopened.passed_on(mail, raw, now, self._parts, self._consequences)
            return self._report(mail, now)
        except Failure as failure:
            return self._ended(failure, arrival, raw, envelope, now)
        except Exception as error:  # the one place: an unknown fault is transient, and its text is not looked at
            logs.fault(error, arrival=arrival)
            return Deferred(REASONS[304])

    def carry_out(self, decision: Decision, moment: Moment, cause: str) -> None:
        """Renders, encrypts and commits a decision that no mail caused; `cause` makes its Message-IDs."""
        commit = self._consequences(decision, moment, cause, NO_DIGEST, NO_DIGEST)
        self._parts.ledger.commit(commit, None)

    def shown(self, letter: Letter, moment: Moment) -> RenderedMail:
        """A letter as its reader would see it, not encrypted, for a preview."""
        return self._parts.render(letter, moment, self._parts.keyed.identifier("preview", letter.kind.value))

    def remind(self, decision: Decision, referral: ReferralNumber, moment: Moment, cause: str) -> None:
        """As `carry_out`, with the desk's reply form filled where a kept request can still be opened."""
        for request in self._parts.view.kept(referral.exchange, NO_PARTY, Side.ASKING):
            with suppress(Failure):
                situation = self._situation(*self._reopen(request, moment.now), moment, self._parts.view)
                decision = decide.reminded(situation, decision, referral)
                break
        self.carry_out(decision, moment, cause)

    def resume(self, keep: Keep, referral: ReferralNumber) -> bool:
        """Sends what waited for a usable key; False when it still cannot be sent."""
        now = self._parts.clock()
        try:
            situation = self._situation(*self._reopen(keep, now), Moment(now), self._parts.view)
            decision = decide.resume(situation, keep, referral, self._parts.vocabulary.forms)
            if any(letter.to.key is None for letter in decision.letters[:1]):
                return False
            self.carry_out(decision, Moment(now), f"resume {keep.digest} {referral} {keep.side}")
            return True
        except (Failure, LostRace, Unsealable) as failure:
            cause = failure.cause if isinstance(failure, Failure) else Cause.NONE
            logs.warn("still waiting", referral=referral, cause=cause)
            return False

    def again(self, keep: Keep, sender: Address) -> Answer:
        """A held mail once more, after the defect was mended; `sender` is the address that stood in From.

        What the mail replied to and the tag of its subject were not kept: the form must say them.
        """
        now = self._parts.clock()
        visible = VisibleHeaders(from_=(sender,))
        octets = len(keep.ciphertext.octets)
        mail = EncryptedMail(keep.scheme, keep.ciphertext, keep.digest, visible, Envelope(transport="held"), octets)
        try:
            return self._meant(self._open(mail, now), now)
        except Refuse as refusal:
            logs.refused(refusal.reason, refusal.cause, arrival=mail.digest, transport="held")
            return Refused(refusal.reason)
        except Failure as failure:
            return Deferred(failure.reason)
        except LostRace:
            return Deferred(REASONS[301])
        except Exception as error:  # as in `process`: the defect is still there
            logs.fault(error, arrival=mail.digest)
            return Deferred(REASONS[304])

    # --- encrypted mail ---------------------------------------------------------------------------

    def _encrypted(self, mail: EncryptedMail, now: datetime) -> Answer:
        begin = partial(self._parts.ledger.begin, mail, now)
        beginning = raced(begin)
        # A refusal is not remembered against the sender: the cause may be mended (a key registered since).
        if isinstance(beginning.answer, Taken | Held):
            logs.note("repeated", arrival=mail.digest)
            return beginning.answer
        if beginning.attempts > ATTEMPTS:
            if now - beginning.since < SETTLING:
                raise Defer(REASONS[301])
            return self._hold(mail, now)
        try:
            opened = self._open(mail, now)
            if isinstance(opened, Submission):
                self._parts.guard.admit(opened.sender.person, 0, now)
            return raced(lambda: self._meant(opened, now))
        except Refuse as refusal:
            # The signature that was accepted before may be this very mail's: another worker, or another gateway,
            # took it meanwhile. The sender must not hear that a mail is refused that was taken.
            answer = raced(begin).answer if refusal.cause in (Cause.REPLAY, Cause.WRONG_WORD) else None
            if isinstance(answer, Taken | Held):
                return answer
            raise

    def _open(self, mail: EncryptedMail, now: datetime) -> Submission | Candidacy:
        parts = self._parts
        sender = identify.claimed_address(mail.visible)
        with parts.view.snapshot() as view:
            pending = identify.challenged(view, sender, now) if sender else ()
            claimed = (*_tried(view.keys_claimed_by(sender)), *(one.key for one in pending)) if sender else ()
        try:
            decrypted = decrypt.decrypt(mail, parts.schemes[mail.scheme], claimed, parts.open_limit)
        except Refuse as refusal:  # the same work and the same reply; only the log is told which it was
            raise refusal if sender else Refuse(REASONS[201], Cause.FROM_UNCLEAR) from None
        with parts.view.snapshot() as view:
            return identify.identify(decrypted, view, Moment(now), parts.policy, pending)

    def _meant(self, opened: Submission | Candidacy, now: datetime) -> Answer:
        match opened:
            case Submission():
                return self._carry(opened, now)
            case Candidacy():
                return self._prove(opened, now)
            case _:
                assert_never(opened)

    def _prove(self, candidacy: Candidacy, now: datetime) -> Answer:
        """A challenge is answered, or the mail is refused: who is not registered gets no further."""
        parts, moment = self._parts, Moment(now)
        arrival = candidacy.mail.mail.digest
        with parts.view.snapshot() as view:
            decision = prove.prove(candidacy, view, parts.keyed, parts.policy, moment)
        commit = self._consequences(decision, moment, arrival, arrival, candidacy.mail.signature.digest)
        parts.ledger.commit(commit, Taken(form="confirm"))
        logs.note("challenge answered", arrival=arrival, registration=decision.events[0].count)
        return Taken(form="confirm")

    def _carry(self, submission: Submission, now: datetime) -> Answer:
        """Decides and commits; a key that turns out unusable is doubted, and it is decided again without it."""
        doubted: set[str] = set()
        useless: set[str] = set()
        while True:
            try:
                return self._decided(submission, now, frozenset(doubted), frozenset(useless))
            except Unsealable as unsealable:
                (useless if unsealable.brought else doubted).add(unsealable.fingerprint)

    def _decided(
        self, submission: Submission, now: datetime, doubted: frozenset[str], useless: frozenset[str]
    ) -> Answer:
        parts = self._parts
        arrival = submission.mail.mail.digest
        reading = self._read(submission)
        if reading.form.uims:
            parts.guard.admit(submission.sender.person, len(reading.form.uims), now)
        form = parts.vocabulary.forms.get(reading.form.name)
        opens = form is not None and form.opens(reading.form)
        moment = Moment(now, parts.ledger.draw(now) if opens else NO_NUMBER)
        with parts.view.snapshot() as view:
            seen = doubting(view, doubted) if doubted else view
            situation = self._situation(submission, reading, moment, seen)
            situation = replace(situation, read_key=useful(parts.read_key, useless)) if useless else situation
            decision = decide.decide(situation, parts.vocabulary.forms)
        commit = self._consequences(decision, moment, arrival, arrival, submission.mail.signature.digest)
        answer = Taken(
            form=reading.form.name,
            exchange=decision.answer_exchange,
            referrals=tuple(
                ReferralNumber(decision.answer_exchange, party)
                for party in decision.answer_parties
                if decision.answer_exchange
            ),
        )
        parts.ledger.commit(commit, answer)
        logs.note("taken", arrival=arrival, form=answer.form or "none", letters=len(commit.outgoing))
        return answer

    def _read(self, submission: Submission) -> Reading:
        parts = self._parts
        mail = submission.mail
        return read.read(mail.tree, mail.headers, mail.mail, parts.vocabulary, parts.attachments)

    def _situation(self, submission: Submission, reading: Reading, moment: Moment, view: View) -> Situation:
        parts = self._parts
        return Situation(
            submission=submission,
            reading=reading,
            view=view,
            library=parts.library(view),
            keyed=parts.keyed,
            policy=parts.policy,
            moment=moment,
            recall=lambda keep: self._reopen(keep, moment.now)[1],
            read_key=parts.read_key,
        )

    def _reopen(self, keep: Keep, now: datetime) -> tuple[Submission, Reading]:
        """Kept ciphertext opened and read again: the stages are pure, so it reads the same."""
        parts = self._parts
        submission = identify.reopened(keep, parts.schemes[keep.scheme], parts.view, parts.open_limit, Moment(now))
        return submission, self._read(submission)

    # --- what follows -----------------------------------------------------------------------------

    def _consequences(
        self, decision: Decision, moment: Moment, cause: str, arrival: Digest, signature: Digest
    ) -> Commit:
        outgoing: list[OutgoingMail] = []
        items = list(decision.for_a_person)
        brought = {one.key.fingerprint for one in decision.pending}
        brought |= {one.key.fingerprint for one in decision.renewals}
        for position, letter in enumerate(introduce(decision.letters, self._parts.own_key)):
            mail = self._letter(letter, moment, f"{cause} {position}")
            if mail is None and letter.to.key is not None and letter.to.key.fingerprint in brought:
                raise Unsealable(letter.to.key.fingerprint, brought=True)
            if mail is None and letter.to.key is not None and letter.kind in _CARRIES:
                raise Unsealable(letter.to.key.fingerprint)
            if mail is None:
                items.append(ForAPerson(402, letter.exchange, letter.party, arrival))
            else:
                outgoing.append(mail)
        return Commit(
            at=moment.now,
            events=decision.events,
            outgoing=tuple(outgoing),
            keeps=decision.keeps,
            released=decision.released,
            items=tuple(items),
            based_on=decision.based_on,
            arrival=arrival,
            signature=signature,
            pending=decision.pending,
            renewals=decision.renewals,
            entries=decision.entries,
            digests=decision.digests,
            patterns=decision.patterns,
        )

    def _letter(self, letter: Letter, moment: Moment, cause: str) -> OutgoingMail | None:
        """The finished mail, or None where it cannot be encrypted: never a clear copy."""
        parts = self._parts
        identifier = parts.keyed.identifier("mail", cause, letter.kind.value, letter.to.address)
        rendered = parts.render(letter, moment, identifier)
        key = letter.to.key
        scheme = parts.schemes.get(key.scheme if key else "openpgp")
        if scheme is None:
            return None
        try:
            return encrypt.encrypt(rendered, scheme, identifier, parts.policy)
        except Hold:
            return None

    # --- reports, refusals, and what a person must see --------------------------------------------

    def _report(self, report: DeliveryReport | DispositionReport, now: datetime) -> Answer:
        parts = self._parts
        decision = track.track(report, parts.view, parts.keyed, parts.policy, Moment(now))
        if not decision.events and not decision.for_a_person:
            logs.note("report on nothing we know, or nothing new")
            return Taken(form="report")
        events = " ".join(f"{event.exchange}/{event.party} {event.kind} {event.count}" for event in decision.events)
        versions = " ".join(str(version) for _, version in decision.based_on)
        try:
            # By the version too: a desk that is undeliverable again, for further UIMs, is told of again.
            self.carry_out(decision, Moment(now), f"report {events} {versions}")
        except LostRace:
            raise Defer(REASONS[301]) from None
        return Taken(form="report", exchange=decision.answer_exchange)

    def _hold(self, mail: EncryptedMail, now: datetime) -> Answer:
        keep = Keep(NO_NUMBER, NO_PARTY, Side.ASKING, mail.digest, mail.scheme, mail.ciphertext)
        item = ForAPerson(401, arrival=mail.digest)
        answer = Held(REASONS[401])
        claimed = identify.claimed_address(mail.visible)
        person = self._parts.view.person_by_address(claimed) if claimed else None
        number, party = (person.id, person.party) if person else (0, NO_PARTY)
        event = Event(EventKind.MAIL_HELD, person=number, actor=party, digest=mail.digest)
        self._parts.ledger.commit(
            Commit(at=now, events=(event,), keeps=(keep,), items=(item,), arrival=mail.digest), answer
        )
        logs.warn("held", arrival=mail.digest)
        return answer

    def _ended(self, failure: Failure, arrival: Digest, raw: bytes, envelope: Envelope, now: datetime) -> Answer:
        """The answer that an expected failure leads to. The exception object is dropped here."""
        ledger = self._parts.ledger
        try:
            if isinstance(failure, Defer):
                logs.warn("deferred", reason=failure.reason.number, arrival=arrival)
                if arrival:
                    ledger.undo_attempt(arrival)
                return Deferred(failure.reason)
            logs.refused(failure.reason, failure.cause, arrival=arrival, transport=envelope.transport)
            if arrival:
                ledger.undo_attempt(arrival)
                ledger.finish(arrival, Refused(failure.reason), now)
            self._parts.guard.refused(failure, arrival, now)
            self._advise(failure, raw, envelope, now)
        except Failure as second:
            return Deferred(second.reason)
        except Exception as error:  # as in `process`: a worker must not end by what a stranger sends
            logs.fault(error, arrival=arrival)
            return Deferred(REASONS[304])
        return Refused(failure.reason)

    def _advise(self, failure: Failure, raw: bytes, envelope: Envelope, now: datetime) -> None:
        decision = advise.advise(failure, raw, envelope, self._parts.view, self._parts.policy, now)
        for event in decision.events:
            try:
                self.carry_out(decision, Moment(now), f"advice {event.person} {now.date()}")
            except LostRace:
                logs.note("advised already", person=event.person)


def _tried(keys: Sequence[PublicKey]) -> tuple[PublicKey, ...]:
    """The keys that a signature is tried with: not all that somebody ever had withdrawn, each of which takes time."""
    return (*(key for key in keys if not key.revoked), *[key for key in keys if key.revoked][:_MOST_REVOKED])
