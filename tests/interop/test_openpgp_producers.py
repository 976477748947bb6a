"""Mails written by every OpenPGP program at hand are taken, and each reads and verifies what the gateway writes.

Writes docs/interoperability.md when asked to (`WRITE_DOCS=1`); else the page must say what was found.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gateway.correspondence import Correspondent
from tests.support import npm
from tests.support.focalpoint import DOMAIN, SE_UIM, FocalPoint, focal_point, request

PAGE = Path(__file__).resolve().parents[2] / "docs" / "interoperability.md"
KINDS = {"Curve25519": False, "RSA-3072": True}
# What tests/interop/test_thunderbird.py shows.
THUNDERBIRD = "| Thunderbird (whole mails, from its own windows) |" + " taken (as by default); read and verified |" * 2


@dataclass
class Keys:
    """Files that the programs are given: the person's secret key, the gateway's public key."""

    secret: Path
    gateway: Path
    folder: Path


def run(command: list[str], octets: bytes, **more: object) -> bytes:
    """The program's standard output; its failure is the test's."""
    done = subprocess.run(command, input=octets, capture_output=True, check=False, **more)  # type: ignore[call-overload]
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}: {done.stderr[-400:]!r}"
    return bytes(done.stdout)


def gnupg(person: Correspondent, keys: Keys, octets: bytes, writing: bool, compressed: bool) -> bytes:
    if not writing:
        clear, signer = person.open(octets)
        assert signer
        return clear
    key = person.knows(keys.gateway.read_bytes())
    return person.seal(octets, key, "-z", "6" if compressed else "0")


def sop(program: str) -> Callable[[Correspondent, Keys, bytes, bool, bool], bytes]:
    """Any program with the stateless OpenPGP command line."""

    def peer(_: Correspondent, keys: Keys, octets: bytes, writing: bool, compressed: bool) -> bytes:
        if writing:
            return run([program, "encrypt", f"--sign-with={keys.secret}", str(keys.gateway)], octets)
        verified = keys.folder / f"verified-{program}"
        verified.unlink(missing_ok=True)
        clear = run(
            [program, "decrypt", f"--verify-out={verified}", f"--verify-with={keys.gateway}", str(keys.secret)], octets
        )
        assert len(verified.read_text().split("\n")[0].split()) >= 2
        return clear

    return peer


def sequoia(_: Correspondent, keys: Keys, octets: bytes, writing: bool, compressed: bool) -> bytes:
    if writing:
        return run(
            ["sq", "encrypt", "--compression", "zlib" if compressed else "none", "--signer-key", str(keys.secret),
             "--recipient-cert", str(keys.gateway)], octets)  # fmt: skip
    return run(
        ["sq", "decrypt", "-n", "1", "--signer-cert", str(keys.gateway), "--recipient-key", str(keys.secret)], octets
    )


def rnp(_: Correspondent, keys: Keys, octets: bytes, writing: bool, compressed: bool) -> bytes:
    home = keys.folder / "rnp"
    if not home.exists():
        home.mkdir(mode=0o700)
        for key in (keys.secret, keys.gateway):
            run(["rnpkeys", "--homedir", str(home), "--import-key", str(key)], b"")
    source, target = keys.folder / "rnp.in", keys.folder / "rnp.out"
    source.write_bytes(octets)
    target.unlink(missing_ok=True)
    common = ["rnp", "--homedir", str(home), "--password", "", "--output", str(target), "--overwrite"]
    if writing:
        run([*common, "--armor", "--sign", "--encrypt", "-z", "6" if compressed else "0", "-u", "desk.se@party.example",
             "-r", f"gsp@{DOMAIN}", str(source)], b"")  # fmt: skip
    else:
        done = subprocess.run([*common, "--decrypt", str(source)], capture_output=True, check=False)
        assert done.returncode == 0
        assert b"Good signature" in done.stdout + done.stderr
    return target.read_bytes()


def openpgpjs(_: Correspondent, keys: Keys, octets: bytes, writing: bool, compressed: bool) -> bytes:
    script = str(node_folder() / "peer.mjs")
    # Node refuses RSA PKCS#1 v1.5 decryption in crypto.privateDecrypt, which OpenPGP.js 4 used; 6 has its own.
    task = "encrypt" if writing else "decrypt"
    return run(["node", script, task, str(keys.secret), str(keys.gateway), *(["z"] if compressed else [])], octets)


def node_folder() -> Path:
    """A folder with OpenPGP.js installed from the registry, kept for the run."""
    here = Path(__file__).parent / "openpgpjs"
    return npm.installed("gsp-openpgp-6.3.2", [here / "package.json", here / "peer.mjs"])


PEERS: dict[str, tuple[Callable[..., bytes], bool]] = {  # name: (peer, can it choose compression)
    "GnuPG": (gnupg, True),
    "Sequoia sq": (sequoia, True),
    "Sequoia sqop": (sop("sqop"), False),
    "RNP": (rnp, True),
    "GopenPGP gosop": (sop("gosop"), False),
    "PGPainless": (sop("pgpainless-cli"), False),
    "OpenPGP.js 6": (openpgpjs, True),
}


@contextmanager
def setting(kind: str, people: dict[str, Correspondent]) -> Iterator[tuple[FocalPoint, Keys]]:
    """A focal point whose Swedish desk has a key of this kind, and the files the programs need."""
    folder = Path(tempfile.mkdtemp(prefix="gi", dir="/tmp"))
    try:
        with (
            Correspondent("desk.se@party.example", "desk.se", KINDS[kind]) as desk,
            focal_point({**people, "desk.se": desk}) as point,
        ):
            keys = Keys(folder / "secret.asc", folder / "gateway.asc", folder)
            keys.secret.write_bytes(desk._gpg("--armor", "--export-secret-keys", desk.fingerprint))
            keys.gateway.write_bytes(point.gateway.own_key())
            yield point, keys
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def exchanged(name: str, point: FocalPoint, keys: Keys) -> str:
    """What one program writes is taken, and it reads what the gateway writes; gives the cell of the page."""
    peer, chooses = PEERS[name]
    desk = point.people["desk.se"]
    for compressed in (False, True) if chooses else (False,):
        point.gateway.take_outbox()
        # Other words each time: the same signature is never accepted twice.
        inner = (
            f"Content-Type: text/plain; charset=utf-8\r\n\r\nGSP HELP\r\n\r\n-- \r\n{name} {compressed}\r\n".encode()
        )
        armoured = peer(desk, keys, inner, True, compressed)
        outcome = point.gateway.process_file(desk.wrap(armoured, f"gsp@{DOMAIN}", datetime.now(UTC)))
        assert outcome["outcome"] == "taken", (name, compressed, outcome)
    ((_, octets),) = point.gateway.take_outbox()
    start, end = octets.index(b"-----BEGIN PGP"), octets.index(b"-----END PGP MESSAGE-----") + 25
    clear = peer(desk, keys, octets[start:end].replace(b"\r\n", b"\n") + b"\n", False, False)
    assert b'hp="cipher"' in clear, name
    how = "compressed and not" if chooses else "as by default"
    return f"taken ({how}); read and verified"


def test_every_program_writes_to_the_gateway_and_reads_it(people: dict[str, Correspondent]) -> None:
    found: dict[tuple[str, str], str] = {}
    for kind in KINDS:
        with setting(kind, people) as (point, keys):
            for name in PEERS:
                found[name, kind] = exchanged(name, point, keys)
            point.gateway.take_outbox()
            assert point.send("officer", request(SE_UIM))["outcome"] == "taken"
            assert SE_UIM in point.delivered()["desk.se"][0].text
    rows = "\n".join(f"| {name} | " + " | ".join(found[name, kind] for kind in KINDS) + " |" for name in PEERS)
    rows += f"\n{THUNDERBIRD}"
    page = (
        "# Interoperability\n\nWritten by `tests/interop/test_openpgp_producers.py` (`WRITE_DOCS=1`): a signed and "
        "encrypted mail written by each\nprogram is taken by the gateway, and each opens and verifies what the gateway "
        "writes.\n\n"
        f"| program | {' | '.join(KINDS)} |\n|---|{'---|' * len(KINDS)}\n{rows}\n\n"
        "Not read by GnuPG 2.2, the engine used now: OpenPGP v6 keys and messages (RFC 9580, SEIPD version 2).\n"
    )
    if os.environ.get("WRITE_DOCS"):
        PAGE.write_text(page)
    assert PAGE.read_text() == page
