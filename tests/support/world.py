"""A ledger in memory and people who send forms: decisions are taken and committed, without mail or cryptography."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from gateway import data, forms
from gateway.content import (
    Block,
    Candidacy,
    Candidate,
    Decision,
    DecryptedMail,
    FilledForm,
    Finding,
    KeyFile,
    Letter,
    MimePart,
    ProtectedHeaders,
    Reading,
    SignatureFact,
    Submission,
    Text,
    Uim,
    Verdict,
    VerdictKind,
    text,
)
from gateway.discovery import find
from gateway.events import Commit, ExchangeView, Keep, MailKind, OutgoingMail, Pattern
from gateway.facts import (
    NO_NUMBER,
    Address,
    Digest,
    EncryptedMail,
    Envelope,
    ExchangeNumber,
    Fingerprint,
    Language,
    MessageId,
    Moment,
    PartyCode,
    Pending,
    Person,
    PublicKey,
    ReferralNumber,
    Sender,
    Token,
    VisibleHeaders,
    digest,
    proven_ciphertext,
)
from gateway.library import LiveLibrary
from gateway.mime.tree import parse
from gateway.outcome import REASONS, Cause, Refuse
from gateway.ports import Policy, Situation
from gateway.rules import exchange as rules
from gateway.stages import decide, identify, prove
from gateway.store import Store
from gateway.treaty import Role, Side

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KE, SE, FR, AT = map(PartyCode, ("KE", "SE", "FR", "AT"))
FORMS = find(forms, "FORM")
OPENED = {"case_reference": "C-1", "purpose": "investigation", "justification": "cartons in transit"}

_K = VerdictKind
_RANKS: dict[str, tuple[VerdictKind, tuple[tuple[str, int], ...]]] = {
    "SE": (_K.SURE, (("SE", 95),)),
    "FR": (_K.SURE, (("FR", 95),)),
    "KE": (_K.SURE, (("KE", 95),)),
    "PL": (_K.SURE, (("PL", 95),)),  # no desk here
    "SF": (_K.SURE, (("SE", 95), ("FR", 90))),  # SE's, else FR's
    "SX": (_K.SURE, (("SE", 95), ("FR", 60), ("AT", 60))),  # SE's, else a choice
    "SD": (_K.SURE, (("SE", 95), ("FR", 60), ("PL", 60))),  # SE's, else a choice, in which is one without a desk
    "SP": (_K.SURE, (("SE", 95), ("PL", 90))),  # SE's, else that of a Party without a desk
    "SK": (_K.SURE, (("SE", 95), ("KE", 90))),  # SE's, else the asking Party's own
    "AM": (_K.AMBIGUOUS, (("SE", 85), ("FR", 85))),
    "AP": (_K.AMBIGUOUS, (("PL", 60), ("FR", 60))),
    "HI": (_K.HINT, ()),
    "RU": (_K.NOT_A_PARTY, (("RU", 90),)),
    "EA": (_K.NOT_A_UIM, ()),
    "MA": (_K.MALFORMED, ()),
}


class FirstTwoLetters:
    """A pattern library that goes by the first two characters; brackets are only a way of writing."""

    version = 0

    def texts(self) -> Mapping[str, str]:
        return data.pattern_texts()

    def verdicts(self, uims: Sequence[Uim], now: datetime) -> tuple[Verdict, ...]:
        return tuple(self._verdict(uim) for uim in uims)

    def decoded(self, verdict: Verdict) -> tuple[Text, ...]:
        return ()

    def _verdict(self, uim: Uim) -> Verdict:
        kind, ranks = _RANKS.get(uim.text[:2], (_K.UNKNOWN, ()))
        found = (Candidate(c, f"{c} scheme", PartyCode(c), rank, text("It fits."), True) for c, rank in ranks)
        return Verdict(uim, kind, tuple(found))

    def leading(self, uims: Sequence[Uim], party: PartyCode, now: datetime) -> tuple[Pattern | None, ...]:
        found = ((v.uim.text[:2], {c.party for c in v.candidates}) for v in self.verdicts(uims, now))
        return tuple(Pattern(name, digest(name.encode()), 1) if party in led else None for name, led in found)

    def canonical(self, uim: str) -> str:
        return uim.replace("(", "").replace(")", "")


class PlainKeyed:
    """Digests and tokens that a test can compute."""

    def uim(self, canonical: str) -> Digest:
        return digest(f"uim {canonical}".encode())

    def token(self, referral: ReferralNumber, side: Side) -> Token:
        return Token(hashlib.sha256(f"{referral} {side}".encode()).hexdigest()[:20])

    def token_digest(self, token: str) -> Digest:
        return digest(f"token {token}".encode())

    def identifier(self, *parts: str) -> str:
        return base64.b32encode(hashlib.sha256("\n".join(parts).encode()).digest()[:15]).decode().lower()


KEYED = PlainKeyed()


def key_file(
    mark: str, *addresses: str, until: datetime | None = None, scheme: str = "openpgp", encrypts: bool = True
) -> bytes:
    """A toy key as somebody sends it; `mark` is repeated to make its fingerprint."""
    end = until.isoformat() if until else "never"
    return " ".join(("KEY", (mark * 40)[:40], scheme, end, str(encrypts), *addresses)).encode()


def read_key(octets: bytes, party: PartyCode) -> PublicKey:
    """The toy key; anything else is refused with itself as the reason."""
    kind, *words = octets.decode().split(" ")
    if kind != "KEY":
        raise ValueError(octets.decode())
    mark, scheme, end, encrypts, *addresses = words
    until = None if end == "never" else datetime.fromisoformat(end)
    return PublicKey(scheme, Fingerprint(mark), octets, encrypts == "True", True, until, False, party, tuple(addresses))


def _token_digest_of(referral: ReferralNumber, side: Side) -> Digest:
    return KEYED.token_digest(KEYED.token(referral, side))


class World:
    """Parties KE, SE, FR, AT with desks; people `officer` and `chief` (KE), `colleague` and `admin` (SE), ...

    `expired`: desks (codes) and people (names) whose key cannot be used. `log` are the letters of every decision.
    """

    def __init__(self, expired: Sequence[str] = (), policy: Mapping[str, Any] | None = None) -> None:
        self.now = NOW
        self.store = Store("sqlite:///:memory:", _token_digest_of)
        self.view = self.store.view
        self.policy = Policy("gsp.example", "gsp", **{"subaddress": True, **(policy or {})})
        self.live: LiveLibrary | None = None  # else: FirstTwoLetters
        self.log: list[Letter] = []
        self.decisions: list[Decision] = []
        self._marks = itertools.count(1)
        self._readings: dict[Digest, tuple[Submission, Reading]] = {}
        self.people: dict[str, Person] = {}
        for code in (KE, SE, FR, AT):
            self.register_desk(code, expired=code in expired)
        for name, code, role in (
            ("officer", KE, Role.OFFICER), ("chief", KE, Role.ADMINISTRATOR), ("observer", AT, Role.OBSERVER),
            ("colleague", SE, Role.OFFICER), ("admin", SE, Role.ADMINISTRATOR), ("secretariat", AT, Role.SECRETARIAT),
        ):  # fmt: skip
            self.register(name, code, role, expired=name in expired)

    def register_desk(self, code: PartyCode, expired: bool = False) -> None:
        """A Party and its desk, or a further key for it."""
        box = Address(f"desk.{code.lower()}@party.example")
        self.store.members.add_party(code, code, box, Language("en"), self._key(expired), self.now)
        self.people[code] = Person(0, code, box, code, Role.DESK, Language("en"))

    def register(self, name: str, code: PartyCode, role: Role, expired: bool = False) -> None:
        """A person, or a further key for one."""
        box = Address(f"{name}@party.example")
        self.store.members.add_person(code, box, name, role, Language("en"), self._key(expired), self.now)
        found = self.view.person_by_address(box)
        assert found is not None
        self.people[name] = found

    def _key(self, expired: bool) -> PublicKey:
        mark = Fingerprint(f"{next(self._marks):040X}")
        return PublicKey("openpgp", mark, b"public", True, True, NOW if expired else None)

    # --- what people do ---------------------------------------------------------------------------

    def send(
        self,
        who: str,
        form: str,
        values: Mapping[str, str] | None = None,
        uims: Sequence[str] = (),
        blocks: Sequence[Mapping[str, str]] = (),
        **more: Any,
    ) -> Decision:
        """One form from one person, decided and committed. `more`: as `situation`."""
        situation = self.situation(who, form, values, uims, blocks, **more)
        decision = decide.decide(situation, FORMS)
        self.commit(decision, situation.submission)
        return decision

    def situation(
        self,
        who: str,
        form: str,
        values: Mapping[str, str] | None = None,
        uims: Sequence[str] = (),
        blocks: Sequence[Mapping[str, str]] = (),
        ticks: str = "",
        findings: Sequence[Finding] = (),
        leftover: str = "",
        tokens: Sequence[str] = (),
        in_reply_to: str = "",
        keys: Sequence[bytes] = (),
        references: tuple[str, ...] = (),
        attached: Sequence[bytes] = (),
    ) -> Situation:
        """What a form sees of a mail."""
        filled = FilledForm(
            form,
            dict(values or {}),
            {"data_requested": frozenset(ticks)} if ticks else {},
            tuple(Uim(uim, line=line) for line, uim in enumerate(uims, start=1)),
            tuple(Block(dict(block), line) for line, block in enumerate(blocks, start=1)),
        )
        files = tuple(KeyFile(f"key{place}.asc", octets) for place, octets in enumerate(keys))
        more = tuple(KeyFile(f"file{place}.yaml", octets) for place, octets in enumerate(attached))
        reading = Reading(filled, tuple(findings), leftover, tuple(tokens), files, more)
        submission = self._submission(who, in_reply_to, references)
        self._readings[submission.mail.mail.digest] = (submission, reading)
        opens = form in FORMS and FORMS[form].opens(filled)
        number = self.store.ledger.draw(self.now) if opens else NO_NUMBER
        return self._situation(submission, reading, number)

    def _situation(self, submission: Submission, reading: Reading, number: ExchangeNumber = NO_NUMBER) -> Situation:
        return Situation(
            submission=submission,
            reading=reading,
            view=self.view,
            library=self.live(self.view) if self.live else FirstTwoLetters(),
            keyed=KEYED,
            policy=self.policy,
            moment=Moment(self.now, number),
            recall=self._recall,
            read_key=read_key,
        )

    def _recall(self, keep: Keep) -> Reading:
        if keep.digest not in self._readings:
            raise Refuse(REASONS[201], Cause.CANNOT_DECRYPT)
        return self._readings[keep.digest][1]

    def forget_mails(self) -> None:
        """As if what was kept could no longer be opened."""
        self._readings.clear()

    def _submission(self, who: str, in_reply_to: str, references: tuple[str, ...]) -> Submission:
        person = self.people[who]
        octets = f"ciphertext {next(self._marks)} of {who}".encode()
        own = f"<{digest(octets)[:12]}@party.example>"
        visible = VisibleHeaders((person.address,), own, in_reply_to, references)
        mail = EncryptedMail("openpgp", proven_ciphertext(octets), digest(octets), visible, Envelope(), len(octets))
        leaf = MimePart((), "text/plain", (), "", "", b"", (), b"")
        sender = Sender(person, Fingerprint("A" * 40))
        signature = SignatureFact(sender.fingerprint, self.now, digest(b"signature " + octets))
        return Submission(DecryptedMail(mail, leaf, ProtectedHeaders(), signature), sender)

    # --- what follows -----------------------------------------------------------------------------

    def commit(self, decision: Decision, submission: Submission | None = None) -> None:
        """Writes a decision to the ledger as the pipeline does; a letter without a key is not sent."""
        outgoing = [self._sealed(letter) for letter in decision.letters if letter.to.key or _in_clear(letter)]
        self.store.ledger.commit(
            Commit(
                at=self.now,
                events=decision.events,
                outgoing=tuple(outgoing),
                keeps=decision.keeps,
                released=decision.released,
                items=decision.for_a_person,
                based_on=decision.based_on,
                signature=submission.mail.signature.digest if submission else Digest(""),
                pending=decision.pending,
                renewals=decision.renewals,
                entries=decision.entries,
                patterns=decision.patterns,
            ),
            None,
        )
        self.log += decision.letters
        self.decisions.append(decision)

    def _sealed(self, letter: Letter) -> OutgoingMail:
        octets = f"mail {next(self._marks)}".encode()
        identifier = digest(octets)[:16]
        return OutgoingMail(
            letter.kind, MessageId(f"<{identifier}@gsp.example>"), identifier, Address("gsp@gsp.example"),
            letter.to.address, proven_ciphertext(octets), digest(octets), letter.exchange, letter.party, letter.side,
        )  # fmt: skip

    def resume(self, keep: Keep) -> Decision:
        """What waited is decided again; raises Hold while it must wait on."""
        submission, reading = self._readings[keep.digest]
        referral = ReferralNumber(keep.exchange, keep.party)
        decision = decide.resume(self._situation(submission, reading), keep, referral, FORMS)
        self.commit(decision)
        return decision

    def confirm(self, pending: Pending, written: str, by: str = "", key: Fingerprint | None = None) -> Decision:
        """Who is to be registered answers with these words, signed by his key; as the pipeline does, or refused."""
        octets = f"ciphertext {next(self._marks)} of {pending.address}".encode()
        visible = VisibleHeaders((by or pending.address,))
        mail = EncryptedMail("openpgp", proven_ciphertext(octets), digest(octets), visible, Envelope(), len(octets))
        tree = parse(f"Content-Type: text/plain; charset=utf-8\r\n\r\n{written}\r\n".encode())
        fact = SignatureFact(key or pending.key.fingerprint, self.now, digest(b"signature " + octets))
        opened = DecryptedMail(mail, tree, ProtectedHeaders(), fact)
        waiting = identify.challenged(self.view, identify.claimed_address(visible), self.now)
        candidacy = identify.identify(opened, self.view, Moment(self.now), self.policy, waiting)
        assert isinstance(candidacy, Candidacy)
        decision = prove.prove(candidacy, self.view, KEYED, self.policy, Moment(self.now))
        self.commit(decision)
        return decision

    def tick(self) -> list[Letter]:
        """What the clock asks for now; gives the letters."""
        before = len(self.log)
        for exchange in self.view.open_exchanges():
            for referral in exchange.referrals:
                due = rules.due(referral, self.now, self.policy)
                if due:
                    now = self.exchange(exchange.number)
                    self.commit(rules.carry_out(due, self.view, KEYED, self.policy, now, referral, self.now))
            if rules.closes(self.exchange(exchange.number), self.now, self.policy):
                self.commit(rules.close(self.view, self.policy, self.exchange(exchange.number), self.now))
        return self.log[before:]

    # --- what can be seen -------------------------------------------------------------------------

    def exchange(self, number: ExchangeNumber | None) -> ExchangeView:
        """The exchange, which must exist."""
        found = self.view.exchange(number) if number else None
        assert found is not None
        return found

    def opened(self, *uims: str, who: str = "officer", **values: str) -> ExchangeNumber:
        """The number of the exchange that a request for these UIMs opens."""
        number = self.send(who, "request", OPENED | values, uims).answer_exchange
        assert number is not None
        return number

    def state(self, number: ExchangeNumber, party: PartyCode) -> str:
        """The state of one referral, "" where there is none."""
        found = self.exchange(number).referral(party)
        return found.state.value if found else ""

    def messages(self) -> int:
        """How many mails lie in the outbox."""
        return self.store.outbox.pending()


def _in_clear(letter: Letter) -> bool:
    return letter.kind is MailKind.KEY_NOTICE


def to(letters: Sequence[Letter], address: str) -> list[Letter]:
    """The letters to one person, by the part of the address before the @."""
    return [letter for letter in letters if letter.to.address.startswith(address + "@")]


def readers(letters: Sequence[Letter]) -> list[str]:
    """Who gets a letter and of which kind, sorted: `desk.se referral`."""
    return sorted(f"{letter.to.address.partition('@')[0]} {letter.kind.value}" for letter in letters)


def said(value: Any) -> str:
    """All sentences, names and values of a clear value, for searching in tests."""
    if hasattr(value, "__dataclass_fields__"):
        return " ".join(said(getattr(value, name)) for name in value.__dataclass_fields__)
    if isinstance(value, Mapping):
        return " ".join(said(one) for pair in value.items() for one in pair)
    if isinstance(value, list | tuple | set | frozenset):
        return " ".join(map(said, value))
    return str(value)
