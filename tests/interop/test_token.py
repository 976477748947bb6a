"""The gateway's keys on a PKCS #11 token (SoftHSM): the disk holds no secret key, mail goes in and out as ever."""

from __future__ import annotations

import email
import subprocess
from pathlib import Path

import pytest

from gateway import service
from gateway.correspondence import Correspondent
from tests.cli.running import failed_in_one_line, gsp
from tests.support.focalpoint import DOMAIN, SE_UIM, FocalPoint, focal_point, request
from tests.support.smime import Authority, SmimePerson, new_key, pem
from tests.support.token import MODULE, PIN, Token

MAILBOX = f"gsp@{DOMAIN}"


@pytest.fixture
def token(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Token:
    """A token, and its PIN in a file, as the settings name it."""
    (folder / "pin").write_text(PIN + "\n")
    monkeypatch.setenv("HOME", str(folder))
    return Token(folder)


def on_token(home: Path) -> None:
    """What docs/operator.md has the operator write for a token."""
    gnupg = home / "gnupg"
    (gnupg / "gnupg-pkcs11-scd.conf").write_text(f"providers p\nprovider-p-library {MODULE}\n")
    with (gnupg / "gpg-agent.conf").open("a") as file:
        file.write("scdaemon-program /usr/bin/gnupg-pkcs11-scd\n")
    subprocess.run(["gpgconf", "--homedir", str(gnupg), "--kill", "all"], check=True)


def with_pin(folder: Path, home: Path) -> None:
    settings = (home / "gateway.toml").read_text()
    assert '# passphrase_file = ""' in settings
    (home / "gateway.toml").write_text(
        settings.replace('# passphrase_file = ""', f'passphrase_file = "{folder / "pin"}"')
    )


def secrets_in(home: Path) -> list[str]:
    """Names of files with a secret key in them that is not a mere pointer to a token."""
    files = (home / "gnupg" / "private-keys-v1.d").glob("*.key")
    return [file.name for file in files if b"shadowed-private-key" not in file.read_bytes()]


def moved(point: FocalPoint, token: Token, folder: Path) -> None:
    """The OpenPGP key of a focal point is one on the token from now on, the one on the disk deleted."""
    point.gateway.close()
    on_token(point.home)
    with_pin(folder, point.home)
    grips = token.grips(point.home / "gnupg")
    assert sorted(grips) == ["encrypt", "sign"]
    old = [name.stem for name in (point.home / "gnupg" / "private-keys-v1.d").glob("*.key")]
    done = gsp("key", "renew", "--token", grips["sign"], grips["encrypt"], home=point.home)
    assert done.status == 0, done
    for grip in old:
        (point.home / "gnupg" / "private-keys-v1.d" / f"{grip}.key").unlink()
    point.start()
    for person in point.people.values():
        point.key = person.knows(point.gateway.own_key())


def test_an_exchange_with_the_openpgp_key_on_a_token(
    token: Token, folder: Path, people: dict[str, Correspondent]
) -> None:
    token.make_key("sign", "01")
    token.make_key("encrypt", "02")
    with focal_point(people) as point:
        moved(point, token, folder)
        assert secrets_in(point.home) == []
        assert point.gateway.self_test()
        assert point.send("officer", request(SE_UIM))["outcome"] == "taken"
        signed = {mail.signed_by for mails in point.delivered().values() for mail in mails}
        assert signed == {point.gateway.fingerprint}
        assert gsp("audit", "seal", home=point.home).status == 0
        assert gsp("audit", "verify", home=point.home).status == 0
        token.gone()
        point.gateway.close()
        point.start()
        answer = point.send("officer", "GSP HELP\n")
        assert (answer["outcome"], answer["refusal"]["code"]) == ("deferred", 451), "not the sender's fault"
        with pytest.raises(ValueError, match="token"):
            point.gateway.check_keys()


def test_a_wrong_pin_and_a_wrong_key_are_said(token: Token, folder: Path) -> None:
    token.make_key("sign", "01")
    service.init(folder / "h", DOMAIN)
    on_token(folder / "h")
    with_pin(folder, folder / "h")
    grip = token.grips(folder / "h" / "gnupg")["sign"]
    said = failed_in_one_line(gsp("key", "renew", "--token", grip, "A" * 40, home=folder / "h"))
    assert "no key with this grip is on the token" in said
    (folder / "pin").write_text("wrong-pin\n")
    said = failed_in_one_line(gsp("key", "renew", "--token", grip, grip, home=folder / "h"))
    assert "check the PIN" in said


# --- S/MIME -----------------------------------------------------------------------------------------------


def smime_on(token: Token, folder: Path, home: Path) -> None:
    (home / "gateway.toml").write_text(
        f'domain = "{DOMAIN}"\n[smime]\nkey = "{token.uri("smime")}"\nmodule = "{MODULE}"\npin_file = "{folder}/pin"\n'
    )


def asked(token: Token) -> bytes:
    """A request for a certificate with the key on the token, as docs/operator.md has the operator make it."""
    return token.openssl(
        "req", "-new", "-engine", "pkcs11", "-keyform", "engine", "-key", f"{token.uri('smime')};pin-value={PIN}",
        "-subj", "/CN=Focal point", "-addext", f"subjectAltName=email:{MAILBOX}",
        "-addext", "keyUsage=critical,digitalSignature,nonRepudiation,keyEncipherment",
        "-addext", "extendedKeyUsage=emailProtection",
    )  # fmt: skip


def test_an_exchange_with_the_smime_key_on_a_token(
    token: Token, folder: Path, people: dict[str, Correspondent]
) -> None:
    token.make_key("smime", "05")
    root = Authority("Root")
    middle = Authority("Middle", root)
    with (
        SmimePerson("officer@party.example", "officer") as officer,
        focal_point(people | {"officer": officer}) as point,
    ):
        before = point.mail("officer", "GSP HELP\n")
        point.gateway.close()
        smime_on(token, folder, point.home)
        point.start()
        (folder / "gsp.pem").write_bytes(pem(middle.sign_request(asked(token)), middle.certificate))
        done = gsp("key", "install", folder / "gsp.pem", home=point.home)
        assert done.status == 0, done
        (point.home / "smime" / "key.pem").unlink()
        point.gateway.close()
        point.start()
        officer.knows(point.gateway.own_certificate())
        for raw in (before, point.mail("officer", request(SE_UIM))):
            assert point.gateway.process_file(raw)["outcome"] == "taken", "the old key in smime/old still opens"
        assert {mail.signed_by for mail in point.delivered()["officer"]} == {"gateway"}
        assert point.gateway.self_test()
        point.send("officer", "GSP STATUS\n")
        ((_, octets),) = point.gateway.take_outbox()
        sealed = email.message_from_bytes(octets).get_payload(decode=True)
        decrypt = ["-decrypt", "-binary", "-inform", "DER", "-recip", "own.pem", "-inkey", "own.key"]
        signed = officer.cms(*decrypt, stdin=sealed)  # type: ignore[arg-type]
        (folder / "root.pem").write_bytes(pem(root.certificate))
        verify = ["openssl", "cms", "-verify", "-purpose", "smimesign", "-no-CApath", "-no-CAstore", "-CAfile"]
        done_so = subprocess.run([*verify, str(folder / "root.pem")], input=signed, capture_output=True, check=False)
        assert done_so.returncode == 0, "the chain is in the signature"
        late = point.mail("officer", "GSP HELP\n\n")
        token.gone()
        assert not point.gateway.self_test()
        answer = point.gateway.process_file(late)
        assert (answer["outcome"], answer["refusal"]["code"]) == ("deferred", 451), "not the sender's fault"


def test_a_certificate_whose_key_is_not_on_the_token_is_not_installed(token: Token, folder: Path) -> None:
    token.make_key("smime", "05")
    service.init(folder / "h", DOMAIN)
    smime_on(token, folder, folder / "h")
    (folder / "gsp.pem").write_bytes(pem(Authority().issue(MAILBOX, new_key())))
    assert "for a key that is not here" in failed_in_one_line(
        gsp("key", "install", folder / "gsp.pem", home=folder / "h")
    )


@pytest.mark.parametrize("key", ["smime/key.pem", "pkcs11:token=x?pin-value=1234"])
def test_the_pin_stands_in_no_setting(folder: Path, key: str) -> None:
    service.init(folder / "h", DOMAIN)
    (folder / "h" / "gateway.toml").write_text(f'domain = "{DOMAIN}"\n[smime]\nkey = "{key}"\n')
    said = failed_in_one_line(gsp("key", "list", home=folder / "h"))
    assert "pin_file" in said
    assert "1234" not in said
