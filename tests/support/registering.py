"""Registration by mail, as an administrator and the people whom he registers do it in their mail clients."""

from __future__ import annotations

import email.policy
from collections.abc import Mapping
from email.message import EmailMessage

from gateway.correspondence import Correspondent
from tests.support.focalpoint import FocalPoint, form_of
from tests.support.smime import SmimePerson

REGISTER = """GSP REGISTER

Address: {address}
Name: {name}
Role: {role}
Language: English
Party: {party}
"""


def with_key(text: str, name: str, octets: bytes, media_type: str) -> EmailMessage:
    """A text with one key attached, as clients do it."""
    made = EmailMessage(policy=email.policy.SMTP)
    made.set_content(text, cte="quoted-printable")
    main, _, sub = media_type.partition("/")
    made.add_attachment(octets, maintype=main, subtype=sub, filename=name)
    return made


def order(person: Correspondent | SmimePerson, role: str = "officer", party: str = "", text: str = "") -> EmailMessage:
    """`GSP REGISTER` for somebody, with his public key or certificate."""
    form = text or REGISTER.format(address=person.address, name=f"Name of {person.name}", role=role, party=party)
    if isinstance(person, SmimePerson):
        return with_key(form, "certificate.cer", person.public_key, "application/x-x509-user-cert")
    return with_key(form, "key.asc", person.public_key, "application/pgp-keys")


def ordered(point: FocalPoint, by: str, whom: str, role: str = "officer", party: str = "") -> str:
    """Orders a registration; gives the form with the word that came to the new person, who alone can read it."""
    point.send(by, order(point.people[whom], role, party))  # type: ignore[arg-type]
    mails = point.delivered()
    assert sorted(mails) == sorted({by, whom}), {name: [mail.text for mail in found] for name, found in mails.items()}
    (challenge,) = mails[whom]
    return form_of(challenge.text)


def registered(point: FocalPoint, by: str, whom: str, role: str = "officer", party: str = "") -> Mapping[str, str]:
    """Orders a registration and answers the challenge; gives the texts that follow, by reader."""
    form = ordered(point, by, whom, role, party)
    answer = point.send(whom, form)
    assert answer["outcome"] == "taken", answer
    return {name: mails[0].text for name, mails in point.delivered().items()}
