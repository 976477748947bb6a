"""Sealed mail that is not what it must be: refused for its own reason, and nothing follows from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.correspondence import Correspondent
from gateway.crypto import _packets
from gateway.facts import Envelope
from gateway.mime.armour import armoured
from gateway.outcome import Refused
from tests.support.cost import allowed, spent
from tests.support.focalpoint import DOMAIN, SE_UIM, FocalPoint, focal_point, people_with_keys
from tests.support.sealed import VOUCHED, Domain, border, boxes, name_server
from tests.support.smime import SmimePerson, entity

TEXT = "who bought the carton in the photograph?"


@pytest.fixture(scope="module")
def people() -> Iterator[dict[str, Correspondent]]:
    with people_with_keys() as people:
        everybody = list(people.values())
        for one in everybody:
            for other in everybody:
                one.knows(other.public_key)
        yield people


@dataclass
class Scene:
    """A focal point; the officer has looked up Sweden's desk."""

    point: FocalPoint
    people: dict[str, Correspondent]
    box: str

    def object(self, *readers: str, options: tuple[str, ...] = (), keys: tuple[str, ...] = ()) -> bytes:
        """The officer's text, signed and encrypted to these people (and keys)."""
        officer = self.people["officer"]
        marks = [*(self.people[reader].fingerprint for reader in readers), *keys]
        to = [part for mark in marks[1:] for part in ("--recipient", mark)]
        return officer.seal(entity(TEXT), marks[0], *options, *to)

    def mail(self, octets: bytes, to: str = "", subject: str = "...") -> bytes:
        return self.people["officer"].wrap(octets, to or self.box, self.point.clock(), subject)

    def refused(
        self, raw: bytes, vouched: bytes = VOUCHED, envelope: Envelope | None = None, who: str = "officer"
    ) -> int:
        """The number of the reason; nothing was sent to anybody but (advice) the sender, and nothing opened."""
        before = self.point.gateway.exchange_rows()
        gateway = self.point.gateway
        said = gateway.process(vouched + raw, gateway.border.vouched(vouched + raw, envelope or Envelope()))
        assert isinstance(said, Refused), said
        assert self.point.gateway.exchange_rows() == before
        assert {address for address, _ in self.point.gateway.take_outbox()} <= {self.people[who].address}
        return said.reason.number


@pytest.fixture(scope="module")
def scene(people: dict[str, Correspondent]) -> Iterator[Scene]:
    with focal_point(people, settings=border) as point:
        yield Scene(point, people, look_up(point))


def look_up(point: FocalPoint, who: str = "officer") -> str:
    point.send(who, f"GSP LOOKUP\nKeys for sealed mail: yes\nUIMs:\n{SE_UIM}\n")
    (box,) = boxes(point.delivered()[who][0].text)
    return box


# --- who sent it ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vouched", "number"),
    [
        pytest.param(b"", 110, id="nobody"),
        pytest.param(VOUCHED.replace(b"pass", b"fail"), 110, id="failed"),
        pytest.param(VOUCHED.replace(b"party.example", b"evil.example"), 110, id="another domain"),
        pytest.param(VOUCHED.replace(b"mx.gsp", b"mx.evil"), 110, id="another server"),
        pytest.param(
            b'Authentication-Results: mx.gsp.example.org; dkim=fail reason=";dkim=pass header.d=party.example ;x"\r\n',
            110, id="in quotes",
        ),
        pytest.param(
            b"Authentication-Results: mx.gsp.example.org; spf=pass (; dkim=pass header.d=party.example ; x)\r\n",
            110, id="in a comment",
        ),
        pytest.param(VOUCHED + b"From: stranger@party.example\r\n", 110, id="two senders"),
        pytest.param(VOUCHED + b"Auto-Submitted: auto-replied\r\n", 108, id="a machine"),
    ],
)  # fmt: skip
def test_an_envelope_that_proves_nobody_is_refused(scene: Scene, vouched: bytes, number: int) -> None:
    assert scene.refused(scene.mail(scene.object("desk.se")), vouched) == number


def test_another_registered_sender_cannot_be_named_by_who_logged_in(scene: Scene) -> None:
    envelope = Envelope(authenticated_as=scene.people["colleague"].address, transport="smtp")
    assert scene.refused(scene.mail(scene.object("desk.se")), b"", envelope) == 110


def test_a_stranger_with_a_good_domain_is_refused(scene: Scene) -> None:
    stranger = scene.people["stranger"]
    octets = stranger.seal(entity(TEXT), scene.people["desk.se"].fingerprint)
    assert scene.refused(stranger.wrap(octets, f"se@{DOMAIN}", scene.point.clock())) == 111


# --- for whom it is -------------------------------------------------------------------------------


def test_only_keys_of_the_two_parties_may_open_it(scene: Scene) -> None:
    assert scene.refused(scene.mail(scene.object("desk.se", "stranger"))) == 112
    assert scene.refused(scene.mail(scene.object("desk.se", "desk.fr"))) == 112


def test_hidden_readers_are_refused(scene: Scene) -> None:
    assert scene.refused(scene.mail(scene.object("desk.se", options=("--throw-keyids",)))) == 113
    hidden = ("--hidden-recipient", scene.people["stranger"].fingerprint)
    assert scene.refused(scene.mail(scene.object("desk.se", options=hidden))) == 113


def test_what_its_reader_could_not_open_is_refused(scene: Scene) -> None:
    assert scene.refused(scene.mail(scene.object("officer"))) == 114
    assert scene.refused(scene.mail(scene.object("colleague"))) == 114


def test_what_we_could_open_is_not_sealed(scene: Scene) -> None:
    assert scene.refused(scene.mail(scene.object("desk.se", keys=(scene.point.key,)))) == 116
    assert scene.refused(scene.mail(scene.object(keys=(scene.point.key,)))) == 116


def test_a_passphrase_beside_the_keys_is_refused(scene: Scene) -> None:
    assert scene.refused(scene.mail(scene.object("desk.se", options=("--passphrase", "x", "--symmetric")))) == 104


def test_a_withdrawn_persons_key_is_nobodys(people: dict[str, Correspondent]) -> None:
    with focal_point(people, settings=border) as point:
        scene = Scene(point, people, look_up(point))
        octets = scene.object("desk.se", "colleague")
        point.gateway.registry.revoke(people["colleague"].address, "left")
        assert scene.refused(scene.mail(octets)) == 112


def test_a_replaced_key_opens_nothing_once_its_time_is_over(people: dict[str, Correspondent]) -> None:
    with focal_point(people, settings=border) as point, Correspondent(people["desk.se"].address, "new") as desk:
        scene = Scene(point, people, look_up(point))
        point.gateway.renew_key(desk.address, desk.public_key, at_once=False)
        raw = VOUCHED + scene.mail(scene.object("desk.se"))
        assert point.gateway.process_file(raw)["outcome"] == "taken", "for mail that is under way"
        point.now = point.clock() + timedelta(days=31)
        point.gateway.take_outbox()
        assert scene.refused(scene.mail(scene.object("desk.se"))) == 112
        assert scene.refused(scene.mail(scene.object("desk.ke", "desk.se"))) == 112


# --- anything beside it ---------------------------------------------------------------------------


def preamble(raw: bytes) -> bytes:
    return raw.replace(b"\r\n\r\n--=-=", b"\r\n\r\nthe case of the third: " + TEXT.encode() + b"\r\n--=-=", 1)


def epilogue(raw: bytes) -> bytes:
    return raw + b"\r\nMombasa, 1200 cartons\r\n"


def third_part(raw: bytes) -> bytes:
    boundary = re.search(rb'boundary="([^"]+)"', raw)
    assert boundary
    end = b"--" + boundary[1] + b"--"
    return raw.replace(end, b"--" + boundary[1] + b"\r\n\r\nMombasa\r\n" + end)


def words_in_the_version(raw: bytes) -> bytes:
    return raw.replace(b"Version: 1\r\n", b"Version: 1\r\nCase: Mombasa\r\n", 1)


def words_before_the_armour(raw: bytes) -> bytes:
    return raw.replace(b"-----BEGIN", b"Mombasa\r\n-----BEGIN", 1)


@pytest.mark.parametrize("put", [preamble, epilogue, third_part, words_in_the_version, words_before_the_armour])
def test_a_readable_word_beside_it_is_refused(scene: Scene, put: Callable[[bytes], bytes]) -> None:
    raw = scene.mail(scene.object("desk.se"))
    assert put(raw) != raw
    assert scene.refused(put(raw)) == 102


def test_signed_only_and_clear_mail_are_refused(scene: Scene) -> None:
    officer = scene.people["officer"]
    signed = officer._gpg("--armor", "--sign", "--local-user", officer.fingerprint, stdin=entity(TEXT))
    assert scene.refused(scene.mail(signed)) == 101
    assert scene.refused(f"From: {officer.address}\r\nTo: {scene.box}\r\n\r\n{TEXT}\r\n".encode()) == 101


def test_what_a_client_says_to_those_without_mime_is_no_word_of_the_case(people: dict[str, Correspondent]) -> None:
    with focal_point(people, settings=border) as point:
        scene = Scene(point, people, look_up(point))
        raw = scene.mail(scene.object("desk.se"), subject="1200 cartons, Mombasa")
        said = b"\r\n\r\nThis is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)\r\n--=-="
        assert point.gateway.process_file(VOUCHED + raw.replace(b"\r\n\r\n--=-=", said, 1))["outcome"] == "taken"
        for _, octets in point.gateway.take_outbox():
            assert b"Mombasa" not in octets
            assert b"OpenPGP/MIME encrypted message" not in octets


# --- where it goes --------------------------------------------------------------------------------


def test_an_address_that_is_not_the_senders_is_refused(scene: Scene) -> None:
    octets = scene.object("desk.se")
    token = scene.box.partition("+")[2]
    assert scene.refused(scene.mail(octets, f"fr+{token}")) == 115
    assert scene.refused(scene.mail(octets, f"ke@{DOMAIN}")) == 115
    assert scene.refused(scene.mail(octets, f"de@{DOMAIN}")) == 115
    assert scene.refused(scene.mail(octets, f"se+{'a' * 24}@{DOMAIN}")) == 115
    assert scene.refused(scene.mail(octets, f"{scene.box}, fr@{DOMAIN}")) == 115
    assert scene.refused(scene.mail(octets, f"se@{DOMAIN}", subject=f"[GSP-2026-000001/SE {'a' * 24}]")) == 115


def test_the_token_of_another_officer_or_party_is_refused(scene: Scene) -> None:
    """A colleague of the same Party, and one of the asked Party, who got hold of the officer's address."""
    for who in ("secretariat", "colleague"):
        other = scene.people[who]
        raw = other.wrap(other.seal(entity(TEXT), scene.people["desk.se"].fingerprint), scene.box, scene.point.clock())
        assert scene.refused(raw, who=who) in (111, 115)


def test_the_two_sides_tokens_are_not_exchanged_and_end_with_the_exchange(people: dict[str, Correspondent]) -> None:
    with focal_point(people, settings=border) as point:
        scene = Scene(point, people, look_up(point))
        number = str(point.gateway.process_file(VOUCHED + scene.mail(scene.object("desk.se")))["exchange"])
        (notice,) = [mail for mail in (people["desk.se"].read(octets) for address, octets in point.gateway.take_outbox()
                     if address == people["desk.se"].address) if boxes(mail.text)]  # fmt: skip
        (back,) = boxes(notice.text)
        assert scene.refused(scene.mail(scene.object("desk.se"), back)) == 115
        assert scene.refused(scene.mail(scene.object("desk.se"), back.replace("ke+", "se+"))) == 115
        # Another desk, to which the address was shown.
        france = people["desk.fr"]
        stolen = france.wrap(france.seal(entity(TEXT), people["officer"].fingerprint), back, point.clock())
        assert scene.refused(stolen) == 115
        close(point, number)
        point.gateway.take_outbox()
        assert scene.refused(scene.mail(scene.object("desk.se"))) == 117


def close(point: FocalPoint, number: str) -> None:
    """Time goes by until the exchange closes by itself."""
    for days in (61, 122, 183):
        point.now = point.clock() + timedelta(days=days)
        point.gateway.tick()
    assert [row[2] for row in point.gateway.exchange_rows() if row[0] == number] == ["closed"]


# --- once only ------------------------------------------------------------------------------------


def test_a_copy_has_no_effect_whatever_is_around_it(people: dict[str, Correspondent]) -> None:
    with focal_point(people, settings=border) as point:
        scene = Scene(point, people, look_up(point))
        octets = scene.object("desk.se")
        first = point.gateway.process_file(VOUCHED + scene.mail(octets))
        assert first["outcome"] == "taken"
        point.gateway.take_outbox()
        # The same object in another mail, to another address: the answer is that of the first one.
        again = point.gateway.process_file(VOUCHED + scene.mail(octets, f"se@{DOMAIN}", subject="anew"))
        assert (again["outcome"], again["exchange"]) == ("taken", first["exchange"])
        assert point.gateway.take_outbox() == []
        # A marker packet in front changes the octets and not what is encrypted.
        found = _packets.armoured(octets)
        assert found
        assert scene.refused(scene.mail(armoured("MESSAGE", b"\xca\x03PGP" + found[1]), f"se@{DOMAIN}")) == 118
        # Who is not vouched for does not even learn that it was taken.
        assert scene.refused(scene.mail(octets), b"") == 110
        # Nor does it change what the sender hears, whose server had lost our first answer.
        assert point.gateway.process_file(VOUCHED + scene.mail(octets))["outcome"] == "taken"


# --- S/MIME ---------------------------------------------------------------------------------------


def test_a_cms_object_is_judged_by_its_recipient_infos(people: dict[str, Correspondent]) -> None:
    names = ("officer", "desk.se", "stranger")
    certified = {name: SmimePerson(f"{name}@party.example", name) for name in names}
    try:
        with focal_point(people | certified, settings=border) as point:
            officer = certified["officer"]
            for name in names:
                (officer.folder / f"{name}.pem").write_bytes(certified[name].public_key)
            scene = Scene(point, people, f"se@{DOMAIN}")

            def mail(*readers: str) -> bytes:
                others = [part for reader in readers[1:] for part in ("-recip", f"{reader}.pem")]
                octets = officer.encrypt(officer.sign(entity(TEXT)), "-aes-256-cbc", *others, to=f"{readers[0]}.pem")
                return officer.wrap(octets, scene.box, point.clock())

            assert scene.refused(mail("desk.se", "stranger")) == 112
            assert scene.refused(mail("officer")) == 114
            assert scene.refused(mail("desk.se", "gateway")) == 116
            signed = officer.sign(entity(TEXT), style="opaque")
            head = f"From: {officer.address}\r\nTo: {scene.box}\r\nMIME-Version: 1.0\r\n".encode()
            assert scene.refused(head + signed) == 101
            assert point.gateway.process_file(VOUCHED + mail("desk.se", "officer"))["outcome"] == "taken"
    finally:
        for person in certified.values():
            person.close()


# --- DKIM -----------------------------------------------------------------------------------------


def with_resolver(place: str) -> Callable[[Path], None]:
    def write(home: Path) -> None:
        file = home / "gateway.toml"
        file.write_text(file.read_text().replace("# resolvers = []", f'resolvers = ["{place}"]'))

    return write


def test_the_senders_domain_may_answer_for_him_and_nobody_else(people: dict[str, Correspondent]) -> None:
    ours, other = Domain(), Domain("evil.example")
    impostor = Domain()  # another key under the same name
    with name_server(ours, other) as place, focal_point(people, settings=with_resolver(place)) as point:
        scene = Scene(point, people, look_up(point))
        raw = scene.mail(scene.object("desk.se"))
        assert scene.refused(raw, b"") == 110
        assert scene.refused(other.sign(raw), b"") == 110
        assert scene.refused(impostor.sign(raw), b"") == 110
        assert scene.refused(ours.sign(raw, fields=(b"from", b"subject")), b"") == 110
        assert scene.refused(ours.sign(raw, length=True), b"") == 110
        assert scene.refused(ours.sign(raw, signature_algorithm=b"rsa-sha1"), b"") == 110
        assert scene.refused(ours.sign(raw).replace(b"Subject: ...", b"Subject: ..,"), b"") == 110
        assert scene.refused(ours.sign(raw).replace(b"Version: 1", b"Version: 1 "), b"") == 110
        # What he wrote to the desk itself, sent here by somebody who got hold of it.
        elsewhere = ours.sign(scene.mail(scene.object("desk.se"), "desk.se@party.example"))
        assert scene.refused(elsewhere, b"", Envelope(rcpt_tos=(f"se@{DOMAIN}",), transport="smtp")) == 110
        assert point.gateway.process_file(ours.sign(raw))["outcome"] == "taken"


def test_a_damaged_signature_or_key_is_no_fault_of_ours(people: dict[str, Correspondent]) -> None:
    ours = Domain()
    with name_server(ours) as place, focal_point(people, settings=with_resolver(place)) as point:
        scene = Scene(point, people, look_up(point))
        raw = ours.sign(scene.mail(scene.object("desk.se")))
        signature = raw[: raw.index(b"From:")]
        for old, new in ((b"b=", b"b=!"), (b"s=s1", b"s=s2"), (b"bh=", b"bh=AAAA"), (b"v=1", b"v=2")):
            assert scene.refused(raw.replace(signature, signature.replace(old, new, 1)), b"") == 110


def test_where_no_name_server_answers_the_mail_comes_again(
    people: dict[str, Correspondent], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.transports.dkim._SECONDS", 0.3)
    ours = Domain()
    with name_server(ours) as place:
        pass
    with focal_point(people, settings=with_resolver(place)) as point:
        scene = Scene(point, people, look_up(point))
        said = point.gateway.process_file(ours.sign(scene.mail(scene.object("desk.se"))))
        assert said["outcome"] == "deferred"


def vouched_in_time(point: FocalPoint, raw: bytes) -> str:
    """Whose domain has signed it, found out within a second: the process that listens does nothing else meanwhile."""
    began = spent()
    found = point.gateway.border.vouched(raw, Envelope(rcpt_tos=(f"se@{DOMAIN}",), transport="smtp"))
    assert spent() - began < allowed(2)
    return found.signed_by


def test_no_strangers_mail_keeps_the_listener_busy(people: dict[str, Correspondent]) -> None:
    """dkimpy reads the body before the signature: for its cost the key need not be the sender's."""
    ours = Domain()
    with name_server(ours) as place, focal_point(people, settings=with_resolver(place)) as point:
        raw = ours.sign(Scene(point, people, "").mail(b"x", f"se@{DOMAIN}"), canonicalize=(b"relaxed", b"relaxed"))
        assert vouched_in_time(point, raw) == "party.example"
        head, _, body = raw.partition(b"\r\n\r\n")
        blanks, dull = b" " * 200_000, b"a" * 200_000
        assert vouched_in_time(point, head + b"\r\n\r\n" + blanks + body) == ""
        assert vouched_in_time(point, head + b"\r\n\r\n" + b"\t " * 100_000 + b"." + body) == ""
        assert vouched_in_time(point, head + b"\r\n" + dull) == ""
        assert vouched_in_time(point, head + b"\r\n" + dull[:60_000] + b"\r\n\r\n" + body) == ""
        assert vouched_in_time(point, raw.replace(b"b=", b"b=" + blanks[:50_000] + b"!", 1)) == ""
        assert vouched_in_time(point, raw.replace(b"From:", b"a:\r\n" * 10_000 + b"From:", 1)) == ""


def test_a_domain_that_begins_like_ours_is_another(people: dict[str, Correspondent]) -> None:
    ours = Domain()
    with name_server(ours) as place, focal_point(people, settings=with_resolver(place)) as point:
        scene = Scene(point, people, "")
        for to in (f"se@{DOMAIN}.evil.example", f'"gsp@{DOMAIN}-x" <se@evil.example>'):
            raw = ours.sign(scene.mail(b"x", f"se@{DOMAIN}").replace(f"To: se@{DOMAIN}".encode(), f"To: {to}".encode()))
            assert to.encode() in raw
            assert vouched_in_time(point, raw) == ""
