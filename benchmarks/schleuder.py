"""One mail in and one mail out (a GSP MESSAGE relayed) beside Schleuder, from Debian, on mails of the same size."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.meter import metered
from gateway.correspondence import Correspondent
from gateway.facts import Envelope
from gateway.outcome import Taken
from tests.support.focalpoint import SE_UIM, focal_point, people_with_keys, request
from tests.support.sink import sink

MAILS = 40
SCHLEUDER_MAILS = 6
TEXT = ("The consignment was examined at the port and the seals were found broken on two sides.\r\n" * 110)[:9500]
CONFIG = """lists_dir: {state}/lists
listlogs_dir: {state}/logs
keyword_handlers_dir: {state}/none
filters_dir: {state}/none
log_level: warn
keyserver:
superadmin: root@localhost
smtp_settings:
  address: 127.0.0.1
  port: {port}
  enable_starttls_auto: false
database:
  production:
    adapter: sqlite3
    database: {state}/db.sqlite
    timeout: 5000
"""
BUILD = """require 'schleuder'
ActiveRecord::Schema.verbose = false
load '/usr/lib/ruby/vendor_ruby/schleuder/db/schema.rb'
list, said = ListBuilder.new({email: 'list@lists.example', fingerprint: ARGV[0], receive_encrypted_only: true,
  receive_signed_only: true, log_level: 'warn'}, ARGV[1], ARGV[2]).run
abort "no list: #{said} #{list && list.errors.full_messages}" unless list && list.persisted?
"""


def run() -> Iterator[tuple[str, str, str]]:
    """Rows of (what, figure, goal)."""
    if shutil.which("schleuder") is None:
        raise SystemExit("the comparison needs Debian's schleuder: apt-get install schleuder")
    for name, rsa, goal in (("RSA-3072", True, 20), ("Curve25519", False, 35)):
        ours, theirs = _gateway(rsa), _schleuder(rsa)
        yield f"{name}: a message relayed, CPU", f"{ours * 1000:.1f} ms", ""
        yield f"{name}: Schleuder, CPU", f"{theirs * 1000:.0f} ms", ""
        yield f"{name}: Schleuder to ours", f"{theirs / ours:.0f} times", f"at least {goal}"


def _gateway(rsa: bool) -> float:
    algorithm = "rsa3072" if rsa else "curve25519"
    with people_with_keys(rsa) as people, focal_point(people, algorithm=algorithm) as point, sink() as received:
        number = point.send("officer", request(SE_UIM))["exchange"]
        point.gateway.take_outbox()
        body = f"GSP MESSAGE\n\nExchange: {number}/SE\n\nMessage:\n{TEXT}\n"
        mails = [point.mail("officer", f"{body}{n}\n") for n in range(MAILS)]
        with metered(str(point.home)) as spent:
            for raw in mails:
                assert isinstance(point.gateway.process(raw, Envelope()), Taken)
            point.deliver_to(received.port)
        assert sum(to == people["desk.se"].address for to, _ in received.mails) == MAILS
    return spent.total / MAILS


def _schleuder(rsa: bool) -> float:
    state = Path(tempfile.mkdtemp(prefix="gs", dir="/tmp"))
    try:
        with sink() as received, Correspondent("member@client.example", "member", rsa) as member:
            return _measure(state, received.port, member, rsa, received.mails)
    finally:
        home = state / "lists/lists.example/list"
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, capture_output=True)
        shutil.rmtree(state, ignore_errors=True)


def _measure(state: Path, port: int, member: Correspondent, rsa: bool, mails: list[tuple[str, bytes]]) -> float:
    (state / "schleuder.yml").write_text(CONFIG.format(state=state, port=port))
    home = state / "lists/lists.example/list"
    home.mkdir(parents=True, mode=0o700)
    environment = {**os.environ, "SCHLEUDER_CONFIG": str(state / "schleuder.yml"), "LC_ALL": "C.UTF-8"}
    gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]
    algorithm = "default" if rsa else "future-default"
    subprocess.run([*gpg, "--quick-generate-key", "list@lists.example <list@lists.example>", algorithm, "default",
                    "never"], check=True, capture_output=True)  # fmt: skip
    listing = subprocess.run([*gpg, "--list-keys", "--with-colons"], check=True, capture_output=True, text=True)
    key = next(line.split(":")[9] for line in listing.stdout.splitlines() if line.startswith("fpr"))
    for part in ("request", "owner"):
        subprocess.run([*gpg, "--quick-add-uid", key, f"list@lists.example <list-{part}@lists.example>"], check=True,
                       capture_output=True)  # fmt: skip
    subprocess.run([*gpg, "--import"], input=member.public_key, check=True, capture_output=True)
    for trusted in (key, member.fingerprint):
        subprocess.run([*gpg, "--import-ownertrust"], input=f"{trusted}:6:\n".encode(), check=True, capture_output=True)
    public = subprocess.run([*gpg, "--armor", "--export", key], check=True, capture_output=True).stdout
    member.knows(public)
    (state / "build.rb").write_text(BUILD)
    subprocess.run(["ruby", str(state / "build.rb"), key, member.address, member.fingerprint], check=True,
                   env=environment, capture_output=True)  # fmt: skip
    made = [
        member.write("list@lists.example", key, f"{TEXT}\n{n}\n", datetime.now(UTC)) for n in range(SCHLEUDER_MAILS)
    ]
    with metered(str(state)) as spent:
        for raw in made:
            subprocess.run(["schleuder", "work", "list@lists.example"], input=raw.replace(b"\r\n", b"\n"), check=True,
                           env=environment, capture_output=True)  # fmt: skip
    assert len(mails) == SCHLEUDER_MAILS, f"Schleuder delivered {len(mails)} of {SCHLEUDER_MAILS}"
    return spent.total / SCHLEUDER_MAILS
