"""`gsp doctor`: a home that is well is found well; each fault is found, under its name, with what to do."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway import data, service
from gateway.events import Commit, Event, EventKind, ForAPerson
from gateway.facts import Address, Fingerprint, Language, PartyCode, PublicKey
from gateway.treaty import Role
from tests.cli.running import failed_in_one_line, gsp
from tests.support.certificates import self_signed
from tests.support.ports import free_port
from tests.support.sink import sink

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A home, made once; a test works on a copy of it."""
    folder = Path(tempfile.mkdtemp(dir="/tmp", prefix="g"))
    service.init(folder / "h", "gsp.example.org")
    yield folder / "h"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def home(made: Path, folder: Path) -> Path:
    """A fresh home, closed to others as `gsp init` leaves it, with a Party whose desk has a key."""
    shutil.copytree(made, folder / "h", symlinks=True, ignore=shutil.ignore_patterns("S.*"))
    return folder / "h"


@pytest.fixture
def mail_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The next mail server, which the home is told to use."""
    with sink() as server:
        monkeypatch.setenv("GSP_OUTBOUND__PORT", str(server.port))
        yield server.port


def examined(home: Path) -> dict[str, list[tuple[str, str]]]:
    """What `gsp doctor --json` found: result and finding by check; its exit status says whether anything is wrong."""
    ran = gsp("doctor", "--json", home=home)
    found: dict[str, list[tuple[str, str]]] = {}
    for one in ran.json:
        found.setdefault(one["check"], []).append((one["result"], one["finding"]))
    wrong = [one for one in ran.json if one["result"] == "wrong"]
    assert ran.status == (1 if wrong else 0)
    if wrong:
        assert failed_in_one_line(ran).startswith(f"gsp: {len(wrong)} check(s)")
    return found


def wrong(home: Path) -> dict[str, str]:
    """The findings that are wrong, by check."""
    found = examined(home)
    return {name: says for name, findings in found.items() for result, says in findings if result == "wrong"}


def desk(home: Path, until: datetime | None) -> None:
    """Registers a desk with a key that can be used until then."""
    key = PublicKey("openpgp", Fingerprint("A" * 40), b"octets", True, True, until)
    with service.Gateway.open(home) as gateway:
        box = Address("desk@kra.example")
        gateway.store.members.add_party(PartyCode("KE"), "Kenya", box, Language("en"), key, NOW)


def certificate(folder: Path, days: float) -> Path:
    """A TLS certificate that ends in so many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(NOW - timedelta(days=400)).not_valid_after(NOW + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / f"{days}.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.usefixtures("mail_server")
def test_a_home_that_is_well_is_found_well(home: Path) -> None:
    desk(home, None)
    found = examined(home)
    assert {result for findings in found.values() for result, _ in findings} == {"right", "note"}
    assert set(found) >= {
        "programs", "permissions", "own key", "encryption", "registered keys", "items", "outgoing mail", "TLS",
        "clock", "pattern library", "templates", "languages",
    }  # fmt: skip
    assert gsp("doctor", home=home).status == 0


@pytest.mark.usefixtures("mail_server")
def test_a_gateway_to_which_no_mail_can_come_is_wrong(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ("right", "mail comes in by SMTP, LMTP") in examined(home)["doors"]
    monkeypatch.setenv("GSP_SMTP__PORT", "0")
    assert ("right", "mail comes in by LMTP") in examined(home)["doors"]
    monkeypatch.setenv("GSP_LMTP__PORT", "0")
    monkeypatch.setenv("GSP_HTTP__PORT", str(free_port()))
    assert "no mail can come in" in wrong(home)["doors"]


@pytest.mark.usefixtures("mail_server")
@pytest.mark.parametrize("path", ["", "gnupg", "secret.key", "smime"])
def test_what_is_open_to_other_users_is_wrong(home: Path, path: str) -> None:
    (home / path).chmod(0o755 if (home / path).is_dir() else 0o644)
    (says,) = wrong(home).values()
    assert "chmod -R go-rwx" in says
    subprocess.run(["chmod", "-R", "go-rwx", str(home / path)], check=True)
    assert wrong(home) == {}


@pytest.mark.usefixtures("mail_server")
def test_the_gateways_own_key_that_ends_soon_is_wrong_and_renewing_it_mends_it(home: Path) -> None:
    with service.Gateway.open(home) as gateway:
        mark = gateway.fingerprint
    for which in ((), ("*",)):
        subprocess.run(
            ["gpg", "--homedir", str(home / "gnupg"), "--batch", "--quick-set-expire", mark, "20d", *which],
            check=True, capture_output=True,
        )  # fmt: skip
    subprocess.run(["gpgconf", "--homedir", str(home / "gnupg"), "--kill", "all"], check=True, capture_output=True)
    assert "gsp key renew" in wrong(home)["own key"]
    assert gsp("key", "renew", home=home).status == 0
    assert wrong(home) == {}


@pytest.mark.usefixtures("mail_server")
def test_an_office_of_the_secretariat_needs_no_key_for_its_desk(home: Path) -> None:
    """As docs/administrator.md registers one: nobody asks it."""
    with service.Gateway.open(home) as gateway:
        gateway.registry.add_party("XS", "Secretariat", "office@secretariat.example", "en", None)
        assert "gsp party add XS" in wrong(home)["registered keys"], "nobody of the Secretariat stands there yet"
        key = PublicKey("openpgp", Fingerprint("B" * 40), b"octets", True, True, None)
        head = Address("head@secretariat.example")
        gateway.store.members.add_person(PartyCode("XS"), head, "Head", Role.SECRETARIAT, Language("en"), key, NOW)
    assert wrong(home) == {}


@pytest.mark.usefixtures("mail_server")
def test_a_desk_whose_key_has_expired_is_wrong_and_one_that_ends_soon_is_noted(home: Path) -> None:
    desk(home, NOW - timedelta(days=1))
    assert "gsp party add KE" in wrong(home)["registered keys"]
    desk(home, NOW + timedelta(days=20))
    ((result, says),) = examined(home)["registered keys"]
    assert result == "note"
    assert "A" * 40 in says


def test_a_next_mail_server_that_is_away_is_wrong(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GSP_OUTBOUND__PORT", str(free_port()))
    assert wrong(home)["outgoing mail"].endswith("see [outbound]")
    shown = gsp("doctor", home=home)
    assert "see [outbound]" in shown.flat, "in the table too, where brackets could be taken for a style"
    assert shown.status == 1


def test_a_next_mail_server_without_the_wanted_tls_is_wrong(
    home: Path, mail_server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GSP_OUTBOUND__TLS", "starttls")
    assert "cannot be used" in wrong(home)["outgoing mail"]


@pytest.mark.usefixtures("mail_server")
def test_a_mailbox_that_is_away_is_wrong(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n")
    port = free_port()
    for name, value in (
        ("HOST", "127.0.0.1"), ("PORT", str(port)), ("USER", "gsp"), ("PASSWORD_FILE", str(tmp_path / "password")),
    ):  # fmt: skip
        monkeypatch.setenv(f"GSP_IMAP__0__{name}", value)
    (says,) = wrong(home).values()
    assert f"127.0.0.1:{port}" in says
    assert says.endswith("see [[imap]]")


@pytest.mark.usefixtures("mail_server")
@pytest.mark.parametrize(("days", "says"), [(-3.5, "expired 4 days ago"), (10.5, "expires in 10 days"), (20.5, "")])
def test_a_tls_certificate_that_has_expired_or_soon_will_is_wrong(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, days: float, says: str
) -> None:
    monkeypatch.setenv("GSP_SMTP__TLS_CERTIFICATE", str(certificate(tmp_path, days)))
    monkeypatch.setenv("GSP_SMTP__TLS_KEY", str(self_signed(tmp_path)[1]))
    found = wrong(home)
    assert set(found) == ({"TLS"} if says else set())
    if says:
        assert says in found["TLS"]
        assert "renew" in found["TLS"]


@pytest.mark.usefixtures("mail_server")
@pytest.mark.parametrize("missing", ["certificate", "key"])
def test_a_tls_file_that_is_not_there_is_wrong(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, missing: str
) -> None:
    for what, path in zip(("certificate", "key"), self_signed(tmp_path), strict=True):
        monkeypatch.setenv(f"GSP_SMTP__TLS_{what.upper()}", str(tmp_path / "none" if what == missing else path))
    assert f"see [smtp] tls_{missing}" in wrong(home)["TLS"]


@pytest.mark.usefixtures("mail_server")
def test_a_clock_behind_the_record_is_wrong(home: Path) -> None:
    with service.Gateway.open(home) as gateway:
        gateway.store.ledger.commit(Commit(NOW + timedelta(hours=2), (Event(EventKind.HELP_ASKED),)), None)
    assert "NTP" in wrong(home)["clock"]


@pytest.mark.usefixtures("mail_server")
def test_a_record_that_was_never_sealed_is_noted_and_one_not_sealed_for_a_day_is_wrong(home: Path) -> None:
    assert examined(home)["record"][0][0] == "note"
    with service.Gateway.open(home, lambda: NOW - timedelta(days=2)) as gateway:
        gateway.audit.seal()
    assert examined(home)["record"][0][0] == "right"
    with service.Gateway.open(home) as gateway:
        gateway.store.ledger.commit(Commit(NOW, (Event(EventKind.REMINDED),)), None)
    ((mark, says),) = examined(home)["record"]
    assert (mark, "gsp audit seal" in says) == ("wrong", True)
    assert gsp("audit", "seal", home=home).status == 0
    assert examined(home)["record"][0][0] == "right"


def test_what_waits_for_a_person_is_noted(home: Path) -> None:
    with service.Gateway.open(home) as gateway:
        gateway.store.ledger.commit(Commit(NOW, items=(ForAPerson(405, party=PartyCode("KE")),)), None)
    ((result, says),) = examined(home)["items"]
    assert result == "note"
    assert "item 1, GSP-405" in says


# --- what was installed -------------------------------------------------------------------------------


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped data, which the gateway reads instead."""
    for name in ("templates", "pattern_library", "config"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.setattr(data, "folder", lambda name: tmp_path / name)
    return tmp_path


@pytest.mark.usefixtures("mail_server")
def test_a_template_that_is_broken_is_wrong(home: Path, shipped: Path) -> None:
    with (shipped / "templates" / "letters" / "receipt.j2").open("a") as file:
        file.write("{% if %}")
    assert wrong(home) == {"templates": "the template letters/receipt.j2 is broken: restore it from the installation"}


@pytest.mark.usefixtures("mail_server")
def test_a_sentence_that_is_not_translated_is_noted(home: Path, shipped: Path) -> None:
    path = shipped / "templates" / "locale" / "fr.po"
    path.write_text(path.read_text().replace('msgid "Kind of key"\nmsgstr "Type de clé"', 'msgid "Kind"\nmsgstr "x"'))
    findings = examined(home)["languages"]
    assert [result for result, _ in findings] == ["note"] * len(findings)
    assert any("readers of fr" in says for _, says in findings)


def test_a_catalogue_that_is_broken_stops_every_command_with_its_name(home: Path, shipped: Path) -> None:
    (shipped / "templates" / "locale" / "ru.po").write_text('msgid "x\n')
    assert "language ru" in failed_in_one_line(gsp("doctor", home=home))


def test_a_library_that_is_broken_stops_every_command_and_lint_says_where(home: Path, shipped: Path) -> None:
    path = shipped / "pattern_library" / "sweden.yaml"
    path.write_text(path.read_text() + "\nno such field: 1\n")
    assert "sweden.yaml" in failed_in_one_line(gsp("doctor", home=home))
    lint = gsp("pattern", "lint")
    assert "sweden.yaml" in lint.flat
    assert "problem(s)" in failed_in_one_line(lint)


@pytest.mark.usefixtures("mail_server")
def test_mistakes_in_the_file_of_outside_facts_are_named(home: Path) -> None:
    facts = home / "facts.yaml"
    for octets, told in ((b"parties: 5", "line 1: parties is a list"), (b"\xff\xfe", "not text in UTF-8")):
        facts.write_bytes(octets)
        (says,) = wrong(home).values()
        assert told in says
    facts.unlink()
    assert wrong(home) == {}
