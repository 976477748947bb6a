"""A whole focal point on this machine: what each person writes and sees, and what the database holds."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from gateway import inspection, service
from gateway.correspondence import Correspondent, ReadMail
from gateway.home import Home
from gateway.treaty import Role

DOMAIN = "gsp.example.org"
OFFICER_UIMS = (
    "QCALL7hT2kQ9mZb7Kd25051914",
    "QCALLaa11bb22cABCD25060107",
    "QCALL9pL2mXy7kQ3F425112009",
    "QCALL7hT2kQ9mZ",
    "KPL2F9aK3mW7Qz2T25051914",
    "KPL2FbX81Lw5Rr0V25070316",
    "KPL2F4TzP09qWe7U25081122",
    "PWPK7Tz21Qx8Lm4A25060512",
    "04600000123455a<B,7=ZACN8k9+Q",
    "QCALL7hT2kQ9mZb7Kd25131914",
    "4006381333931",
    "LEAT1x7Kp2Qm9Za25051914",
)
REQUEST = """GSP REQUEST

Case reference: MOM-2026-0117
Purpose: investigation
Justification: 1200 cartons without fiscal stamps found in transit
Handling: H2
Date of seizure: 2026-11-03
Place of seizure: Mombasa
Product: cigarettes, 1200 cartons

Data requested:
[x] (a) Date and location of manufacture
[x] (b) Manufacturing facility
[ ] (c) Machine used
[x] (f) Intended market of retail sale

Questions:
Was this batch declared for export?

UIMs:
{uims}
"""
# No GSP_* variable counts: one may name the database of a real gateway, whose desks would get the keys of these.
_ENVIRON: dict[str, str] = {}
ANSWERS = (
    ("valid", "2025-05-19, Riom", "Riom 2", "France"),
    ("not valid", "", "", ""),
    ("under inquiry", "", "", ""),
)


def run() -> None:
    """Plays the demonstration and removes everything it made."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=100, color_system=None)
    folder = Path(tempfile.mkdtemp(prefix="gd", dir="/tmp"))
    try:
        with ExitStack() as stack:
            _play(console, folder / "home", stack)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _play(console: Console, home: Path, stack: ExitStack) -> None:
    _step(console, 1, "The operator makes the gateway and registers three Parties and an officer")
    made = service.init(home, DOMAIN, environ=_ENVIRON)
    gateway = stack.enter_context(service.Gateway.open(home, environ=_ENVIRON))
    officer = stack.enter_context(Correspondent("officer@kra.example", "Officer, Kenya"))
    desks = {
        "KE": stack.enter_context(Correspondent("desk@kra.example", "Desk, Kenya")),
        "FR": stack.enter_context(Correspondent("bureau@douane.example", "Desk, France")),
        "SE": stack.enter_context(Correspondent("desk@tullverket.example", "Desk, Sweden")),
    }
    for code, name, language in (("KE", "Kenya", "en"), ("FR", "France", "fr"), ("SE", "Sweden", "en")):
        desk = desks[code]
        _say(console, gateway.registry.add_party(code, name, desk.address, language, desk.public_key))
    said = gateway.registry.add_person("KE", officer.address, "Officer", Role.OFFICER, "en", officer.public_key)
    _say(console, said)
    key = officer.knows(gateway.own_key())
    for desk in desks.values():
        desk.knows(gateway.own_key())
    _say(console, f"The gateway's key: {made.openpgp}")

    _step(console, 2, "The officer writes a form, signs and encrypts it in the mail client, and sends it")
    request = REQUEST.format(uims="\n".join(OFFICER_UIMS))
    _mail(console, "What the officer writes", officer.address, made.mailbox, "Request", request, "blue")
    raw = officer.write(made.mailbox, key, request, datetime.now(UTC))
    _say(console, f"On the wire: {len(raw)} octets, all of them ciphertext but the header fields.")
    outcome = gateway.process_file(raw)
    _say(console, f"The gateway's answer to the mail server: {inspection.outcome_sentence(outcome)}")
    _say(
        console, f"The same mail again: {inspection.outcome_sentence(gateway.process_file(raw))} Nothing is sent twice."
    )

    _step(console, 3, "What arrives: the officer's receipt, and a referral at each desk")
    people = {person.address: person for person in (officer, *desks.values())}
    arrived = _deliver(console, gateway, people)

    _step(console, 4, "France's desk completes the form it was sent, and replies")
    referral = next(mail for to, mail in arrived if to == desks["FR"].address)
    reply = _fill(_form_of(referral.text))
    _mail(console, "What the desk writes", desks["FR"].address, referral.reply_to, referral.subject, reply, "blue")
    answer = desks["FR"].write(
        referral.reply_to, key, reply, datetime.now(UTC), referral.outer_subject, referral.message_id
    )
    _say(console, inspection.outcome_sentence(gateway.process_file(answer)))

    _step(console, 5, "The answer, in the officer's language; the desk is thanked")
    _deliver(console, gateway, people)

    _step(console, 6, "What the database holds: metadata, and nothing of the content")
    _database(console, Home(home), (*OFFICER_UIMS, "MOM-2026-0117", "Mombasa", "declared for export", "Riom"))
    _say(console, "That was all of it. To run one for real: README.md, or docs/operator.md behind Postfix.")


def _deliver(
    console: Console, gateway: service.Gateway, people: dict[str, Correspondent]
) -> list[tuple[str, ReadMail]]:
    arrived = []
    for address, octets in gateway.take_outbox():
        mail = people[address].read(octets)
        arrived.append((address, mail))
        names = ", ".join(name for name, _ in mail.attachments)
        _mail(
            console,
            f"What {people[address].name} sees" + (f"  (attached: {names})" if names else ""),
            f"gsp@{DOMAIN}",
            address,
            f"{mail.subject}   (outside the encryption: {mail.outer_subject})",
            mail.text,
            "green",
        )
    return arrived


def _form_of(text: str) -> str:
    """The reply form in a mail: from its title to the end."""
    lines = text.replace("\r\n", "\n").split("\n")
    start = max(number for number, line in enumerate(lines) if line.strip().startswith("GSP "))
    return "\n".join(lines[start:])


def _fill(form: str) -> str:
    """The form with the blanks of each block completed, as somebody at the desk would."""
    lines, block = [], -1
    for line in form.split("\n"):
        label, colon, value = line.partition(":")
        status, *items = ANSWERS[max(block, 0) % len(ANSWERS)]
        blank = bool(colon) and not value.strip(" \u00a0")
        if label.strip().startswith("UIM") and value.strip():
            block += 1
        elif block >= 0 and blank and label.strip().lower().startswith(("statut", "status", "état")):
            line = f"{line.rstrip()} {status}"
        elif block >= 0 and blank and label.startswith(("(a)", "(b)", "(f)")):
            line = f"{line.rstrip()} {items['abf'.index(label[1])]}".rstrip()
        lines.append(line)
    return "\n".join(lines)


def _database(console: Console, home: Home, words: tuple[str, ...]) -> None:
    connection = sqlite3.connect(home.database)
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table' ORDER BY name")]
    for table in tables:
        if table in ("exchange", "referral", "event", "uim"):
            cursor = connection.execute(f"SELECT * FROM {table} LIMIT 4")  # noqa: S608 - our own table names
            names = [column[0] for column in cursor.description]
            shown = [" ".join(f"{n}={_short(v)}" for n, v in zip(names, row, strict=True)) for row in cursor]
            count = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
            console.print(Text(f"  {table}: {count} rows", style="bold"))
            for line in shown:
                console.print(Text(f"    {line}", overflow="ellipsis", no_wrap=True))
    connection.close()
    octets = b"".join(path.read_bytes() for path in sorted(home.root.rglob("*")) if path.is_file())
    found = [word for word in words if word.encode() in octets]
    _say(
        console,
        f"Searched all {len(octets):,} octets of the gateway's folder for the {len(words)} UIMs and case details: "
        + (f"FOUND {len(found)}" if found else "none found."),
    )
    if found:
        raise ValueError("clear text was found in the gateway's folder: this is a defect")


def _short(value: object) -> str:
    shown = str(value)
    return shown if len(shown) <= 24 else f"{shown[:16]}…"


def _step(console: Console, number: int, title: str) -> None:
    console.print()
    if console.is_terminal:
        console.rule(f"[bold]{number}. {title}", align="left")
    else:
        console.print(f"{number}. {title}", style="bold")
        console.print("-" * (len(title) + 3))


def _say(console: Console, sentence: str) -> None:
    console.print(Text(f"  {sentence}"))


def _mail(console: Console, title: str, sender: str, to: str, subject: str, body: str, colour: str) -> None:
    text = f"From: {sender}\nTo: {to}\nSubject: {subject}\n\n{body.replace(chr(13), '').rstrip()}"
    if console.is_terminal:
        console.print(Panel(Text(text), title=title, title_align="left", border_style=colour, box=box.ROUNDED))
        return
    console.print()
    console.print(Text(f"== {title} =="))
    for line in text.split("\n"):
        console.print(Text(f"| {line}"), soft_wrap=True)
