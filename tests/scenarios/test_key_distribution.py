"""Our own key reaches whoever writes to us: with the first mail, in header fields, a directory, signatures."""

from __future__ import annotations

import base64
import email
import email.policy
import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway import service
from gateway.cli import main
from gateway.correspondence import Correspondent
from tests.support.focalpoint import DOMAIN, SE_UIM, FocalPoint, focal_point, request
from tests.support.smime import Authority, SmimePerson, pem

MAILBOX = f"gsp@{DOMAIN}"


def gsp(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments[:2], "--home", str(home), *arguments[2:]])


@contextmanager
def fresh_ring() -> Iterator[list[str]]:
    """A GnuPG home without any key, as the beginning of a command."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="g") as folder:
        yield ["gpg", "--homedir", folder, "--batch", "--quiet", "--no-autostart", "--trust-model", "always"]


def imported(octets: bytes) -> tuple[list[str], list[str]]:
    """The fingerprints and the names that GnuPG takes from a key."""
    with fresh_ring() as gpg:
        subprocess.run([*gpg, "--import"], input=octets, check=True, capture_output=True)
        done = subprocess.run([*gpg, "--with-colons", "--list-keys"], check=True, capture_output=True, text=True)
    rows = [line.split(":") for line in done.stdout.splitlines()]
    following = [rows[place + 1][9] for place, row in enumerate(rows) if row[0] == "pub"]
    return following, [row[9] for row in rows if row[0] == "uid"]


def brought(point: FocalPoint, who: str) -> list[list[bytes]]:
    """The keys that came with each of a person's new mails."""
    mails = point.delivered().get(who, [])
    return [[octets for name, octets in mail.attachments if name.endswith(".asc")] for mail in mails]


def test_the_first_mail_brings_the_key_and_no_other_one_until_it_changes(point: FocalPoint) -> None:
    point.send("officer", request(SE_UIM))
    mails = point.delivered()
    for who in ("officer", "desk.se"):
        ((name, octets),) = [one for one in mails[who][0].attachments if one[0].endswith(".asc")]
        assert imported(octets) == ([point.gateway.fingerprint], [f"Focal point <{MAILBOX}>"])
        assert name == f"OpenPGP-0x{point.gateway.fingerprint[-16:]}.asc"
    point.send("officer", "GSP STATUS\n")
    assert brought(point, "officer") == [[]]
    point.gateway.close()
    point.start()
    point.send("officer", "GSP HELP\n")
    assert brought(point, "officer") == [[]], "known after a restart: it stands in the ledger"
    assert gsp(point.home, "key", "renew").exit_code == 0
    point.gateway.close()
    point.start()
    point.people["officer"].knows(point.gateway.own_key())  # the test's client cannot read on without it
    point.send("officer", "GSP STATUS\n")
    ((octets,),) = brought(point, "officer")
    assert imported(octets)[0] == [point.gateway.fingerprint]


def test_a_further_key_of_the_same_person_is_another_program_that_does_not_know_ours(point: FocalPoint) -> None:
    point.send("officer", "GSP HELP\n")
    assert [len(keys) for keys in brought(point, "officer")] == [1]
    officer = point.people["officer"]
    again = Correspondent(officer.address, "officer")
    try:
        point.gateway.registry.add_person("KE", officer.address, "officer", role(), "en", again.public_key)
        again.knows(point.gateway.own_key())
        point.send("officer", "GSP STATUS\n")
        ((_, octets),) = point.gateway.take_outbox()
        assert [name[-4:] for name, _ in again.read(octets).attachments] == [".asc"]
    finally:
        again.close()


def role():  # type: ignore[no-untyped-def]
    from gateway.treaty import Role

    return Role.OFFICER


def test_the_key_stands_inside_the_encryption_only(point: FocalPoint) -> None:
    point.send("officer", "GSP HELP\n")
    ((_, octets),) = point.gateway.take_outbox()
    assert b"PUBLIC KEY" not in octets
    assert b"pgp-keys" not in octets


def test_every_mail_has_the_header_field_that_a_mail_program_learns_the_key_from(point: FocalPoint) -> None:
    point.send("officer", request(SE_UIM))
    sent = point.gateway.take_outbox()
    assert len(sent) == 2
    for _, octets in sent:
        outer = email.message_from_bytes(octets, policy=email.policy.default)
        (field,) = outer.get_all("Autocrypt")
        attributes = dict(part.strip().split("=", 1) for part in str(field).split(";"))
        assert attributes["addr"] == outer["From"].addresses[0].addr_spec == MAILBOX
        key = base64.b64decode("".join(attributes["keydata"].split()))
        assert imported(key) == ([point.gateway.fingerprint], [f"Focal point <{MAILBOX}>"])
        assert len(str(field)) < 10_000
        encrypted_to_the_header(key)


def encrypted_to_the_header(key: bytes) -> None:
    with fresh_ring() as gpg:
        subprocess.run([*gpg, "--import"], input=key, check=True, capture_output=True)
        done = subprocess.run([*gpg, "--recipient", MAILBOX, "--encrypt"], input=b"x", check=True, capture_output=True)
    assert done.stdout


def test_the_chain_of_our_certificate_is_in_the_signature(people: dict[str, Correspondent], tmp_path: Path) -> None:
    """A reader who knows nothing but the root of our authority can check the signature."""
    root = Authority("Root")
    middle = Authority("Middle", root)
    with (
        SmimePerson("officer@party.example", "officer") as officer,
        focal_point(people | {"officer": officer}) as point,
    ):
        issued = middle.sign_request(gsp(point.home, "key", "request").output.encode())
        (tmp_path / "gsp.pem").write_bytes(pem(issued, middle.certificate))
        assert gsp(point.home, "key", "install", str(tmp_path / "gsp.pem")).exit_code == 0
        point.gateway.close()
        point.start()
        point.send("officer", "GSP HELP\n")
        ((_, octets),) = point.gateway.take_outbox()
        assert b"Autocrypt" not in octets
        sealed = email.message_from_bytes(octets).get_payload(decode=True)
        decrypt = ["-decrypt", "-binary", "-inform", "DER", "-recip", "own.pem", "-inkey", "own.key"]
        opened = officer.cms(*decrypt, stdin=sealed)  # type: ignore[arg-type]
        (tmp_path / "root.pem").write_bytes(pem(root.certificate))
        verify = ["openssl", "cms", "-verify", "-purpose", "smimesign", "-no-CApath", "-no-CAstore", "-CAfile"]
        done = subprocess.run([*verify, str(tmp_path / "root.pem")], input=opened, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


# --- Web Key Directory ------------------------------------------------------------------------------------


def test_the_directory_is_the_one_that_gnupg_makes(point: FocalPoint, tmp_path: Path) -> None:
    mask = os.umask(0o077)
    try:
        done = gsp(point.home, "key", "wkd", str(tmp_path / "www"))
    finally:
        os.umask(mask)
    assert done.exit_code == 0, done.output
    assert gsp(point.home, "key", "wkd", str(tmp_path / "www")).exit_code == 0, "a second run renews it"
    places = [tmp_path / "www" / ".well-known" / "openpgpkey"]
    places.append(places[0] / DOMAIN)
    theirs = made_by_gnupg(point, tmp_path)
    for place in places:
        files = {str(path.relative_to(place)): path.read_bytes() for path in place.glob("hu/*")}
        assert files == theirs
        assert (place / "policy").read_bytes() == b""
    for path in (tmp_path / "www").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o644), path


def made_by_gnupg(point: FocalPoint, tmp_path: Path) -> dict[str, bytes]:
    """The directory's files by `gpg-wks-client --install-key`."""
    libexec = subprocess.run(["gpgconf", "--list-dirs", "libexecdir"], check=True, capture_output=True, text=True)
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="g") as folder:
        (tmp_path / "key.gpg").write_bytes(point.gateway.publication.key.minimal)
        client = [f"{libexec.stdout.strip()}/gpg-wks-client", "--quiet", "--directory", str(tmp_path / "theirs")]
        (tmp_path / "theirs").mkdir()
        done = subprocess.run(
            [*client, "--install-key", f"{tmp_path}/key.gpg", MAILBOX], env=os.environ | {"GNUPGHOME": folder},
            capture_output=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    place = tmp_path / "theirs" / DOMAIN
    return {str(path.relative_to(place)): path.read_bytes() for path in place.glob("hu/*")}


def test_a_key_that_names_another_address_is_not_put_where_nobody_would_take_it(
    point: FocalPoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GSP_MAILBOX", "focal")
    done = gsp(point.home, "key", "wkd", str(tmp_path))
    assert done.exit_code != 0
    assert f"does not name focal@{DOMAIN}" in str(done.exception) + done.output
    assert list(tmp_path.iterdir()) == []


def test_a_name_for_another_address_is_not_published(tmp_path: Path, folder: Path) -> None:
    """A key that was made elsewhere may have further names, and subkeys for other uses."""
    home = folder / "h"
    service.init(home, DOMAIN)
    gpg = [
        "gpg",
        "--homedir",
        str(home / "gnupg"),
        "--batch",
        "--quiet",
        "--passphrase",
        "",
        "--pinentry-mode",
        "loopback",
    ]
    with service.Gateway.open(home) as gateway:
        mark = gateway.fingerprint
    for change in (["--quick-add-uid", mark, "x <x@other.example>"], ["--quick-add-key", mark, "ed25519", "auth"]):
        subprocess.run([*gpg, *change], check=True, capture_output=True)
    with service.Gateway.open(home) as gateway:
        assert imported(gateway.publication.key.minimal) == ([mark], [f"Focal point <{MAILBOX}>"])
        assert len(imported(gateway.publication.key.armoured)[1]) == 2
        packets = subprocess.run(
            ["gpg", "--homedir", str(home / "gnupg"), "--list-packets"],
            input=gateway.publication.key.minimal, capture_output=True, check=True,
        ).stdout  # fmt: skip
        assert packets.count(b":public sub key packet:") == 1
