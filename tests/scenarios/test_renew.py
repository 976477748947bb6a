"""A key is renewed by mail, with the clients' own programs: by its owner, by an administrator, by no thief."""

from __future__ import annotations

import email.policy
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from gateway.correspondence import Correspondent
from gateway.facts import Address
from gateway.treaty import Role
from tests.scenarios.test_waiting import states, without_key
from tests.support.focalpoint import SE_UIM, FocalPoint, request
from tests.support.smime import Authority, SmimePerson, pem

OWN = "GSP RENEW\n"
COLLEAGUE = "colleague@party.example"
DESK = "desk.se@party.example"


@pytest.fixture
def fresh(point: FocalPoint) -> Iterator[Correspondent]:
    """The colleague with a new key."""
    with Correspondent(COLLEAGUE, "colleague") as person:
        person.knows(point.gateway.own_key())
        yield person


def with_key(form: str, *keys: bytes, kind: str = "application/pgp-keys", name: str = "key.asc") -> EmailMessage:
    """A form with files attached, as a mail client makes it."""
    mail = EmailMessage(policy=email.policy.SMTP)
    mail.set_content(form, cte="quoted-printable")
    main, _, sub = kind.partition("/")
    for number, key in enumerate(keys):
        mail.add_attachment(key, maintype=main, subtype=sub, filename=f"{number}{name}")
    return mail


def send(point: FocalPoint, who: Correspondent, body: EmailMessage | str) -> dict[str, object]:
    """A mail of somebody whose key is not the one that the focal point knows by his short name."""
    return point.gateway.process_file(who.write("gsp@gsp.example.org", point.key, body, point.clock()))


def mails_to(point: FocalPoint, address: str) -> list[bytes]:
    return [octets for to, octets in point.gateway.take_outbox() if to == address]


def usable(point: FocalPoint, address: str) -> list[str]:
    now = point.clock()
    return [key.fingerprint for key in point.gateway.store.view.keys_claimed_by(Address(address)) if key.usable(now)]


def mail(point: FocalPoint, who: str, body: EmailMessage) -> bytes:
    person = point.people[who]
    assert isinstance(person, Correspondent)
    return person.write("gsp@gsp.example.org", point.key, body, point.clock())


def renewed(point: FocalPoint, who: str, body: EmailMessage) -> None:
    done = point.gateway.process_file(mail(point, who, body))
    assert (done["outcome"], done["form"]) == ("taken", "renew")


def test_a_new_key_signed_by_the_old_one_is_used_at_once(point: FocalPoint, fresh: Correspondent) -> None:
    old = point.people["colleague"]
    renewed(point, "colleague", with_key(OWN, fresh.public_key))
    sent = point.gateway.take_outbox()
    assert sorted(to for to, _ in sent) == ["admin@party.example", COLLEAGUE, COLLEAGUE]
    subjects = set()
    for to, octets in sent:
        if to != COLLEAGUE:
            continue
        try:
            told = fresh.read(octets)
        except ValueError:
            told = old.read(octets)
        subjects.add(told.subject)
        assert fresh.fingerprint in told.text
        assert told.signed_by == point.key
    assert subjects == {"Your new key is registered", "Your key was replaced by another one"}
    assert send(point, fresh, "GSP STATUS\n")["outcome"] == "taken"
    (answer,) = mails_to(point, COLLEAGUE)
    assert fresh.read(answer).text
    assert point.send("colleague", "GSP STATUS\n")["outcome"] == "taken", "the old one, for some time"
    (answer,) = mails_to(point, COLLEAGUE)
    assert fresh.read(answer).text
    point.now = datetime.now(UTC) + timedelta(days=31)
    assert usable(point, COLLEAGUE) == [fresh.fingerprint]
    assert not point.gateway.audit.verify().problems


def test_a_key_that_is_extended_by_its_owner_lasts_longer(point: FocalPoint, fresh: Correspondent) -> None:
    fresh._gpg("--quick-set-expire", fresh.fingerprint, "20d")
    fresh._gpg("--quick-set-expire", fresh.fingerprint, "20d", "*")
    ending = fresh._gpg("--armor", "--export", fresh.fingerprint)
    renewed(point, "colleague", with_key("GSP RENEW\n\nEarlier key: withdraw now\n", ending))
    point.gateway.take_outbox()
    point.gateway.tick()
    warning = next(
        mail for mail in (fresh.read(octets) for octets in mails_to(point, COLLEAGUE)) if "20 days" in mail.subject
    )
    fresh._gpg("--quick-set-expire", fresh.fingerprint, "1y")
    fresh._gpg("--quick-set-expire", fresh.fingerprint, "1y", "*")
    point.gateway.tick()
    reply = "\n".join(f"> {line}" for line in warning.text.splitlines())
    longer = fresh._gpg("--armor", "--export", fresh.fingerprint)
    assert send(point, fresh, with_key(f"Here it is.\n\n{reply}\n", longer))["form"] == "renew"
    (told,) = mails_to(point, COLLEAGUE)
    assert fresh.read(told).subject == "Your key is registered with its new expiry"
    (key,) = [
        one
        for one in point.gateway.store.view.keys_claimed_by(Address(COLLEAGUE))
        if one.fingerprint == fresh.fingerprint
    ]
    assert key.usable_until is not None
    assert key.usable_until > datetime.now(UTC) + timedelta(days=300)
    assert send(point, fresh, with_key(OWN, longer))["form"] == "renew"
    (told,) = mails_to(point, COLLEAGUE)
    assert "nothing has changed" in " ".join(fresh.read(told).text.split())


def test_the_administrator_vouches_for_the_desks_key_and_what_waited_goes_out(point: FocalPoint) -> None:
    without_key(point, "SE")
    number = point.send("officer", request(SE_UIM))["exchange"]
    assert states(point, number) == ["waiting"]
    point.gateway.take_outbox()
    with Correspondent(DESK, "desk.se") as desk:
        desk.knows(point.gateway.own_key())
        admin = point.people["admin"]
        renewed(point, "admin", with_key(f"GSP RENEW\n\nAddress: {DESK}\n", admin.public_key, desk.public_key))
        (confirmed,) = mails_to(point, DESK)
        assert "you can read this mail" in " ".join(desk.read(confirmed).text.split())
        point.gateway.tick()
        (referral,) = mails_to(point, DESK)
        assert SE_UIM in desk.read(referral).text
        assert states(point, number) == ["sent"]


def test_a_change_to_smime_and_back(point: FocalPoint, fresh: Correspondent) -> None:
    with SmimePerson(COLLEAGUE, "colleague") as certified:
        certified.knows(point.gateway.own_certificate())
        body = with_key(OWN, certified.public_key, kind="application/pkix-cert", name="colleague.cer")
        renewed(point, "colleague", body)
        told = [certified.read(octets) for octets in mails_to(point, COLLEAGUE) if b"application/pkcs7-mime" in octets]
        assert [mail.subject for mail in told] == ["Your new key is registered"]
        assert "S/MIME" in told[0].text
        back = with_key(OWN, fresh.public_key).as_bytes(policy=email.policy.SMTP)
        octets = certified.write("gsp@gsp.example.org", "", back, point.clock())
        assert point.gateway.process_file(octets)["form"] == "renew"
        told = [fresh.read(one) for one in mails_to(point, COLLEAGUE) if b"multipart/encrypted" in one]
        assert [mail.subject for mail in told] == ["Your new key is registered"]
    assert send(point, fresh, "GSP STATUS\n")["outcome"] == "taken"


def test_a_key_pasted_into_the_text_is_as_good(point: FocalPoint, fresh: Correspondent) -> None:
    body = f"GSP RENEW\n\nAddress: {COLLEAGUE}\nEarlier key: withdraw now\n\n{fresh.public_key.decode()}\n"
    done = point.send("colleague", body)
    assert done["form"] == "renew"
    assert usable(point, COLLEAGUE) == [fresh.fingerprint]
    assert point.send("colleague", "GSP STATUS\n")["outcome"] == "refused"


# --- thieves and mistakes --------------------------------------------------------------------------------


def refused(point: FocalPoint, who: str, body: EmailMessage, sentence: str) -> None:
    before = point.gateway.registry.key_rows()
    renewed(point, who, body)
    ((name, (told,)),) = point.delivered().items()
    assert name == who
    assert told.subject == "No key was renewed"
    assert sentence in " ".join(told.text.split())
    assert point.gateway.registry.key_rows() == before


def test_a_stranger_renews_nothing(point: FocalPoint) -> None:
    with Correspondent(COLLEAGUE, "colleague") as thief:
        thief.knows(point.gateway.own_key())
        assert send(point, thief, with_key(OWN, thief.public_key))["outcome"] == "refused"
    assert point.gateway.take_outbox() == []


def test_for_another_party_nobody_renews(point: FocalPoint) -> None:
    with Correspondent("officer@party.example", "officer") as thief:
        form = "GSP RENEW\n\nAddress: officer@party.example\n"
        refused(point, "admin", with_key(form, thief.public_key), "Check the address")
        refused(point, "colleague", with_key(form, thief.public_key), "Check the address")


def test_a_key_of_another_address_and_one_of_somebody_else_are_not_taken(point: FocalPoint) -> None:
    officer, stranger = point.people["officer"].public_key, point.people["stranger"].public_key
    refused(point, "colleague", with_key(OWN, stranger), "stranger@party.example, not for colleague@party.example")
    refused(point, "colleague", with_key(OWN, officer), "officer@party.example, not for colleague@party.example")
    with Correspondent("officer@party.example", "officer") as both:
        both._gpg("--quick-add-uid", both.fingerprint, f"colleague <{COLLEAGUE}>")
        key = both._gpg("--armor", "--export", both.fingerprint)
        point.gateway.registry.add_person("KE", "officer@party.example", "", Role.OFFICER, None, key)
        refused(point, "colleague", with_key(OWN, key), "a key of their own")


def test_weak_keys_secret_keys_and_no_keys_are_refused_with_the_reason(point: FocalPoint, fresh: Correspondent) -> None:
    fresh._gpg("--quick-generate-key", "colleague <weak@party.example>", "rsa1024", "sign", "never")
    weak = fresh._gpg("--armor", "--export", "weak@party.example")
    refused(point, "colleague", with_key(OWN, weak), "algorithm is too weak")
    secret = fresh._gpg("--armor", "--export-secret-keys", fresh.fingerprint)
    refused(point, "colleague", with_key(OWN, secret, fresh.public_key), "this is a secret key")
    refused(point, "colleague", with_key(OWN), "No key was found")
    refused(point, "colleague", with_key(OWN, b"\x99" + b"x" * 300_000), "too large")


def test_a_certificate_must_lead_to_the_partys_own_authority(point: FocalPoint) -> None:
    anchors = point.home / "smime" / "anchors" / "SE"
    anchors.mkdir(parents=True)
    authority = Authority("Root of SE")
    (anchors / "root.pem").write_bytes(pem(authority.certificate))
    issuer = Authority("Issuing", authority)
    with SmimePerson(COLLEAGUE, "x") as foreign, SmimePerson(COLLEAGUE, "colleague", issuer) as certified:
        body = with_key(OWN, foreign.public_key, kind="application/pkix-cert", name="a.cer")
        refused(point, "colleague", body, "does not lead to a trust anchor of the Party")
        pieces = certified.public_key, pem(issuer.certificate)
        renewed(point, "colleague", with_key(OWN, *pieces, kind="application/pkix-cert", name="b.cer"))
        assert len(usable(point, COLLEAGUE)) == 2, "the certificate, with its issuer in a file of its own"


def test_a_renewal_mailed_again_does_nothing(point: FocalPoint, fresh: Correspondent) -> None:
    order = mail(point, "colleague", with_key(OWN, fresh.public_key))
    assert point.gateway.process_file(order)["outcome"] == "taken"
    point.gateway.take_outbox()
    events = point.gateway.last_event_at()
    assert point.gateway.process_file(order)["outcome"] == "taken", "known, and said so"
    assert point.gateway.take_outbox() == []
    assert point.gateway.last_event_at() == events


def test_a_stolen_key_that_was_replaced_puts_no_other_in_its_place(point: FocalPoint, fresh: Correspondent) -> None:
    renewed(point, "colleague", with_key(OWN, fresh.public_key))
    point.gateway.take_outbox()
    with Correspondent(COLLEAGUE, "colleague") as thief:
        renewed(point, "colleague", with_key(OWN, thief.public_key))
        (told,) = mails_to(point, COLLEAGUE)
        assert "was replaced" in " ".join(fresh.read(told).text.split())
        assert thief.fingerprint not in usable(point, COLLEAGUE)


def test_a_form_that_wants_no_key_passes_over_the_one_that_clients_attach(point: FocalPoint) -> None:
    own = point.people["officer"].public_key
    done = point.gateway.process_file(mail(point, "officer", with_key(request(SE_UIM), own)))
    assert done["referrals"]
    receipt = point.delivered()["officer"][0]
    assert "key.asc" not in receipt.text


def test_replaced_keys_are_not_warned_of(point: FocalPoint, fresh: Correspondent) -> None:
    renewed(point, "colleague", with_key(OWN, fresh.public_key))
    with SmimePerson("officer@party.example", "officer") as certified:
        body = with_key(OWN, certified.public_key, kind="application/pkix-cert", name="officer.cer")
        renewed(point, "officer", body)
    point.gateway.take_outbox()
    point.now = datetime.now(UTC) + timedelta(days=20)
    point.gateway.tick()
    assert [to for to, _ in point.gateway.take_outbox() if to in (COLLEAGUE, "officer@party.example")] == []
