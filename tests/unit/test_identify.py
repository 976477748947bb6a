"""Who wrote a mail: key, From and what the signed part says must all name one registered person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.content import Candidacy, DecryptedMail, SignatureFact, Submission
from gateway.facts import (
    Address,
    Digest,
    EncryptedMail,
    Envelope,
    Fingerprint,
    Language,
    Moment,
    PartyCode,
    Pending,
    Person,
    PublicKey,
    Sender,
    VisibleHeaders,
    digest,
    proven_ciphertext,
)
from gateway.mime import headers
from gateway.mime.tree import parse
from gateway.outcome import Cause, Refuse
from gateway.pipeline import _tried
from gateway.ports import Policy
from gateway.stages.identify import challenged, claimed_address, identify, vouched_for, vouched_sender
from gateway.treaty import Role

NOW = datetime(2026, 11, 21, tzinfo=UTC)
MARK = Fingerprint("A" * 40)
OFFICER = Address("officer@kra.example")
PERSON = Person(7, PartyCode("KE"), OFFICER, "", Role.OFFICER, Language("en"))
POLICY = Policy("gsp.example", "gsp", True)
OUTSIDE = VisibleHeaders(from_=("Officer <Officer@KRA.example>",))


class People:
    """A registry with one officer; `seen` are signatures that were accepted."""

    def __init__(self, *seen: Digest) -> None:
        self._seen = seen

    def sender_by_fingerprint(self, fingerprint: Fingerprint, now: datetime) -> Sender | None:
        return Sender(PERSON, fingerprint) if (fingerprint, now) == (MARK, NOW) else None

    def signature_seen(self, seen: Digest) -> bool:
        return seen in self._seen


def mail(inside: str = "", visible: VisibleHeaders = OUTSIDE, mark: Fingerprint = MARK) -> DecryptedMail:
    tree = parse(f"{inside}\n\nGSP HELP\n".replace("\n", "\r\n").encode())
    encrypted = EncryptedMail("openpgp", proven_ciphertext(b"x"), digest(b"x"), visible, Envelope(), 1)
    return DecryptedMail(encrypted, tree, headers.protected(tree), SignatureFact(mark, NOW, digest(b"signature")))


def cause(opened: DecryptedMail, *seen: Digest) -> Cause:
    with pytest.raises(Refuse) as failure:
        identify(opened, People(*seen), Moment(NOW), POLICY)  # type: ignore[arg-type]
    assert failure.value.reason.number == 201
    return failure.value.cause


PROTECTED = 'Content-Type: text/plain; protected-headers="v1"'


@pytest.mark.parametrize(
    "inside",
    [
        "",
        "Subject: x",
        f"From: {OFFICER}\nTo: request@GSP.example, other@kra.example\n{PROTECTED}",
        f"To: other@kra.example\nCc: Gateway <gsp@gsp.example>\n{PROTECTED}",
        "Auto-Submitted: no",
    ],
)
def test_a_mail_signed_by_its_sender_for_this_gateway_has_its_sender(inside: str) -> None:
    submission = identify(mail(inside), People(), Moment(NOW), POLICY)  # type: ignore[arg-type]
    assert isinstance(submission, Submission)
    assert submission.sender == Sender(PERSON, MARK)


@pytest.mark.parametrize(
    ("opened", "expected"),
    [
        (mail(visible=VisibleHeaders()), Cause.FROM_UNCLEAR),
        (mail(visible=VisibleHeaders(from_=(OFFICER, OFFICER))), Cause.FROM_UNCLEAR),
        (mail(visible=VisibleHeaders(from_=(f"{OFFICER} <eve@evil.example>",))), Cause.FROM_UNCLEAR),
        (mail(visible=VisibleHeaders(from_=("colleague@kra.example",))), Cause.FROM_OF_ANOTHER),
        (mail(visible=VisibleHeaders(from_=(f'"{OFFICER}" <eve@evil.example>',))), Cause.FROM_OF_ANOTHER),
        (mail(mark=Fingerprint("B" * 40)), Cause.UNKNOWN_KEY),
        (mail(f"From: colleague@kra.example\n{PROTECTED}"), Cause.FROM_OF_ANOTHER),
        (mail(f"From: {OFFICER}\nFrom: {OFFICER}\n{PROTECTED}"), Cause.FROM_OF_ANOTHER),
        (mail("From: colleague@kra.example"), Cause.FROM_OF_ANOTHER),
        (mail(f"To: colleague@kra.example\n{PROTECTED}"), Cause.NOT_FOR_US),
        (mail(f"To: gsp@gsp.example.evil.example\n{PROTECTED}"), Cause.NOT_FOR_US),
        (mail(f"To: gsp@gsp.example <x@evil.example>\n{PROTECTED}"), Cause.NOT_FOR_US),
        (mail("To: colleague@kra.example"), Cause.NOT_FOR_US),
        (mail("Auto-Submitted: auto-generated"), Cause.AUTOMATIC),
        (mail(visible=replace(OUTSIDE, auto_submitted=True)), Cause.AUTOMATIC),
    ],
)
def test_every_disagreement_is_the_one_refusal(opened: DecryptedMail, expected: Cause) -> None:
    assert cause(opened) is expected


def waiting(box: str = OFFICER, **more: bool) -> Pending:
    """A registration that waits for its challenge, with a key that is nobody's."""
    key = PublicKey("openpgp", Fingerprint("B" * 40), b"public", True, True)
    until = NOW + timedelta(days=1)
    return Pending(
        1, PartyCode("KE"), Address(box), "", Role.OFFICER, Language("en"), key, 7, digest(b"word"), until, **more
    )


def test_what_the_key_of_a_registration_signed_is_no_submission() -> None:
    one = waiting()
    opened = mail(mark=one.key.fingerprint)
    found = identify(opened, People(), Moment(NOW), POLICY, (one,))  # type: ignore[arg-type]
    assert found == Candidacy(opened, one)
    assert not hasattr(found, "sender")


@pytest.mark.parametrize(
    ("opened", "expected"),
    [
        (mail(mark=Fingerprint("C" * 40)), Cause.UNKNOWN_KEY),
        (mail(f"To: colleague@kra.example\n{PROTECTED}", mark=Fingerprint("B" * 40)), Cause.NOT_FOR_US),
        (mail(f"From: colleague@kra.example\n{PROTECTED}", mark=Fingerprint("B" * 40)), Cause.FROM_OF_ANOTHER),
        (mail(visible=replace(OUTSIDE, auto_submitted=True), mark=Fingerprint("B" * 40)), Cause.AUTOMATIC),
        (mail(visible=VisibleHeaders(from_=("x@kra.example",)), mark=Fingerprint("B" * 40)), Cause.UNKNOWN_KEY),
    ],
)
def test_a_candidate_is_held_to_the_same_checks_and_named_nowhere(opened: DecryptedMail, expected: Cause) -> None:
    with pytest.raises(Refuse) as failure:
        identify(opened, People(), Moment(NOW), POLICY, (waiting(),))  # type: ignore[arg-type]
    assert failure.value.cause is expected
    assert failure.value.person is None


def test_only_a_challenge_that_waits_opens_the_door_for_its_key() -> None:
    class Found:
        def __init__(self, one: Pending) -> None:
            self.one = one

        def pending_for(self, box: Address) -> tuple[Pending, ...]:
            return (self.one,) if box == OFFICER else ()

    spent = replace(waiting().key, usable_until=NOW)
    assert challenged(Found(waiting()), OFFICER, NOW)  # type: ignore[arg-type]
    for one in (waiting(proven=True), replace(waiting(), expires=NOW), replace(waiting(), key=spent)):
        assert challenged(Found(one), OFFICER, NOW) == ()  # type: ignore[arg-type]
    assert challenged(Found(waiting()), Address("x@kra.example"), NOW) == ()  # type: ignore[arg-type]


def test_a_signature_is_accepted_once() -> None:
    assert cause(mail(), digest(b"signature")) is Cause.REPLAY


def test_a_from_field_that_is_unclear_claims_nobodys_address() -> None:
    assert claimed_address(OUTSIDE) == "Officer@kra.example"
    assert claimed_address(VisibleHeaders(from_=("a@b.example", "c@d.example"))) == ""


CLEAR = "From: officer@kra.example\nAuthentication-Results: {results}\n\nGSP HELP"
BORDER = replace(POLICY, authserv_id="mx.gsp.example")


@pytest.mark.parametrize(
    ("results", "vouched"),
    [
        ("mx.gsp.example; dmarc=pass header.from=kra.example", True),
        ("mx.gsp.example; dkim=pass header.d=kra.example", True),
        ("mx.gsp.example; dmarc=fail header.from=kra.example", False),
        ("mx.gsp.example; dmarc=pass header.from=evil.example", False),
        ("mx.gsp.example; dmarc=pass header.from=kra.example.evil.example", False),
        ('mx.gsp.example; dkim=fail reason="; dkim=pass header.d=kra.example ; x"', False),
        ("mx.gsp.example; spf=pass (; dkim=pass header.d=kra.example ; x)", False),
        ("mx.evil.example; dmarc=pass header.from=kra.example", False),
        ("mx.gsp.example.evil.example; dmarc=pass header.from=kra.example", False),
        ("mx.gsp.example; spf=pass smtp.mailfrom=kra.example", False),
    ],
)
def test_only_the_border_server_vouches_for_a_sender(results: str, vouched: bool) -> None:
    raw = CLEAR.format(results=results).encode()
    assert vouched_sender(raw, Envelope("officer@kra.example"), BORDER) == (OFFICER if vouched else None)
    assert vouched_sender(raw, Envelope("officer@kra.example"), POLICY) is None
    assert vouched_sender(raw, Envelope(""), BORDER) is None


@pytest.mark.parametrize(("transport", "counts"), [("smtp", False), ("lmtp", True), ("imap", True)])
def test_where_people_log_in_nobody_is_taken_for_the_border_server(transport: str, counts: bool) -> None:
    raw = CLEAR.format(results="mx.gsp.example; dkim=pass header.d=kra.example").encode()
    envelope = Envelope("officer@kra.example", transport=transport)
    login = replace(BORDER, open_smtp=True)
    assert (vouched_sender(raw, envelope, login), vouched_for(None, raw, envelope, login)) == (
        (OFFICER, OFFICER) if counts else (None, None)
    )
    assert vouched_for(None, raw, envelope, BORDER) == OFFICER
    assert vouched_for(None, raw, replace(envelope, authenticated_as=OFFICER), login) == OFFICER


def test_keys_withdrawn_over_the_years_do_not_make_every_mail_slower() -> None:
    good = PublicKey("openpgp", MARK, b"", True, True)
    gone = [replace(good, fingerprint=Fingerprint(f"{number:040X}"), revoked=True) for number in range(1000)]
    tried = _tried((*gone, good))
    assert good in tried
    assert len(tried) < 20
