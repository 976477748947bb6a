"""What becomes of a referral on its way: two real Postfix, the gateway's and the Parties', report back to the gateway.

The border server takes the gateway's mail and passes it on; the Parties' server knows most mailboxes and not that of
France's desk; the server of Austria's desk is away. Success, delay and failure are Postfix's own notifications.
"""

from __future__ import annotations

import base64
import email
import email.policy
import re
import shutil
import smtplib
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from email.utils import make_msgid
from pathlib import Path

import pytest

from gateway.correspondence import Correspondent, ReadMail
from tests.support.focalpoint import DOMAIN, FR_UIM, SE_UIM, FocalPoint, focal_point, request
from tests.support.ports import PATIENCE, free_port, until
from tests.support.postfix import Postfix
from tests.support.server import Server

GATEWAY = f"gsp@{DOMAIN}"
AT_UIM = "ZZ-no-scheme-0001"


@dataclass
class Chain:
    """Everything that runs."""

    point: FocalPoint
    border: Postfix
    parties: Postfix
    maildirs: Path
    server: Server

    def submit(self, mail_from: str, raw: bytes, to: str = GATEWAY) -> None:
        """Hands a mail to the border server, which passes it to the gateway by LMTP."""
        with smtplib.SMTP("127.0.0.1", self.border.port, timeout=PATIENCE) as client:
            client.sendmail(mail_from, [to], raw)

    def ask(self, case: str, *uims: str, **values: str) -> str:
        """The officer's request; gives the exchange's number when the gateway has taken it."""
        before = len(self.point.gateway.exchange_rows())
        person = self.point.people["officer"]
        form = request(*uims, case=case)
        for label, value in values.items():
            form = form.replace("Handling:", f"{label.title()}: {value}\nHandling:", 1)
        self.submit(person.address, self.point.mail("officer", form))
        until(lambda: len(self.point.gateway.exchange_rows()) > before, "the request is not taken")
        return str(self.point.gateway.exchange_rows()[0][0])

    def mails(self, who: str) -> list[bytes]:
        """What lies in a person's mailbox, oldest first."""
        new = self.maildirs / self.point.people[who].address / "Maildir" / "new"
        files = sorted(new.iterdir(), key=lambda file: file.stat().st_mtime_ns) if new.exists() else []
        return [file.read_bytes() for file in files]

    def read(self, who: str, words: str, number: str) -> list[ReadMail]:
        """A person's mails about an exchange that hold these words once opened."""
        person = self.point.people[who]
        opened = [person.read(octets) for octets in self.mails(who)]
        return [mail for mail in opened if words in " ".join(mail.text.split()) and number in mail.text]

    def referral(self, number: str) -> bytes:
        """The mail to Sweden's desk about this exchange, as it lies in the mailbox."""
        found: list[bytes] = []

        def arrived() -> bool:
            found[:] = [octets for octets in self.mails("desk.se") if number.encode() in octets]
            return bool(found)

        until(arrived, f"no referral of {number}")
        return found[0]

    def state(self, number: str, party: str) -> str:
        """The state of a referral, as `gsp exchange show` prints it."""
        details = self.point.gateway.exchange_details(number)
        return next(r["state"] for r in details["referrals"] if r["referral"] == f"{number}/{party}")

    def wait_for_state(self, number: str, party: str, state: str) -> None:
        """Returns when a referral has got so far."""
        try:
            until(lambda: self.state(number, party) == state, "")
        except TimeoutError:
            raise AssertionError(
                f"{number}/{party} is {self.state(number, party)}, not {state}\n{self.border.log()}"
            ) from None

    def events(self, number: str) -> list[str]:
        """The trail of an exchange."""
        return [event["event"] for event in self.point.gateway.exchange_details(number)["trail"]]

    def envelope_id(self, number: str, party: str, kind: str = "referral") -> str:
        """The identifier of a mail of the referral, from the outbox."""
        query = "SELECT envelope_id FROM outbox WHERE kind = ? AND serial = ? AND party = ?"
        return str(self._rows(query, kind, int(number[-6:]), party)[0][0])

    def written(self) -> list[tuple[object, ...]]:
        """Everything that a report could change: the record, the mails made, the items for a person, the states.

        Not the count of refusals, which the end of an hour brings.
        """
        events = "SELECT count(*) FROM event WHERE kind != 'refusals'"
        counts = f"SELECT ({events}), (SELECT count(*) FROM outbox), (SELECT count(*) FROM item)"
        return self._rows(counts) + self._rows("SELECT year, serial, party, state, last_activity FROM referral")

    def items(self, number: str) -> list[object]:
        """What a person must look at in an exchange, by the number of the reason."""
        return [row[0] for row in self._rows("SELECT reason FROM item WHERE serial = ?", int(number[-6:]))]

    def _rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.point.home / "gateway.db")) as connection:
            return connection.execute(query, values).fetchall()

    def report(self, raw: bytes, to: str = GATEWAY) -> None:
        """A report from the null reverse-path through the border server; returns when it is through, taken or not."""
        self.submit("", raw, to)
        self.quiet()

    def quiet(self) -> None:
        """Returns when nothing waits, in the gateway's outbox or at a Postfix."""
        # There and back again: what passes from one to the next meanwhile is met on the way.
        servers = (self.border, self.parties, self.border)

        def through() -> bool:
            return not self._sending() and not any(server.waits() for server in servers) and not self._sending()

        until(through, "mail waits")

    def _sending(self) -> bool:
        return self.point.gateway.store.outbox.pending() > 0

    def put_off(self) -> list[str]:
        """What the gateway told the border server to bring again: a report must never go round and round."""
        return re.findall(r".*postfix/lmtp.*status=deferred.*", self.border.log())


@pytest.fixture(scope="module")
def chain(people: dict[str, Correspondent]) -> Iterator[Chain]:
    """Border server, gateway, and the Parties' server."""
    folder = Path(tempfile.mkdtemp(prefix="gb", dir="/tmp"))
    folder.chmod(0o755)
    maildirs, temporary = folder / "mail", folder / "t"
    maildirs.mkdir()
    temporary.mkdir()
    lmtp, nobody = free_port(), free_port()
    known = [person.address for name, person in people.items() if name not in ("desk.fr", "desk.at")]
    parties = Postfix(maildirs=maildirs, mailboxes=known)
    away = people["desk.at"].address
    border = Postfix(
        {
            "relay_domains": f"{DOMAIN}, party.example",
            "relay_recipient_maps": "",
            "transport_maps": f"inline:{{{DOMAIN}=lmtp:inet:127.0.0.1:{lmtp}, "
            f"{{{away}=smtp:[127.0.0.1]:{nobody}}}, {{party.example=smtp:[127.0.0.1]:{parties.port}}}}}",
            "delay_warning_time": "1s",
        }
    )
    back = f"inline:{{{{{DOMAIN}=smtp:[127.0.0.1]:{border.port}}}}}"
    with (parties.folder / "etc" / "main.cf").open("a") as settings:
        settings.write(f"relay_domains = {DOMAIN}\nrelay_recipient_maps =\ntransport_maps = {back}\n")
    try:
        with parties, border, focal_point(people) as point:
            server = Server(point.home, free_port(), lmtp, border.port, temporary)
            server.start()
            try:
                yield Chain(point, border, parties, maildirs, server)
            finally:
                assert server.stop() == 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def report(kind: str, *parts: str) -> bytes:
    """A `multipart/report` (RFC 6522) of these parts."""
    lines = [
        "From: Mail Delivery System <MAILER-DAEMON@party.example>", f"To: {GATEWAY}", "Subject: Report",
        f"Message-ID: {make_msgid(domain='party.example')}", "Auto-Submitted: auto-replied", "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type={kind};\n boundary="=_report"', "",
    ]  # fmt: skip
    for part in parts:
        lines += ["--=_report", part]
    return "\n".join([*lines, "--=_report--", ""]).replace("\n", "\r\n").encode()


def bounce(action: str, named: str = "", message_id: str = "", returned: str = "") -> bytes:
    """A delivery status notification as Postfix writes it (RFC 3464)."""
    status = "5.1.1" if action == "failed" else "2.0.0"
    fields = f"Original-Envelope-Id: {named}\n" if named else ""
    return report(
        "delivery-status",
        "Content-Description: Notification\nContent-Type: text/plain; charset=us-ascii\n\nThis is the mail system.\n",
        "Content-Description: Delivery report\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; "
        f"border.example\n{fields}X-Postfix-Sender: rfc822; {GATEWAY}\n\nFinal-Recipient: rfc822; "
        f"desk.se@party.example\nAction: {action}\nStatus: {status}\nDiagnostic-Code: smtp; 550 5.1.1 unknown user\n",
        returned
        or "Content-Description: Message Headers\nContent-Type: text/rfc822-headers\n\nSubject: ...\n"
        f"Message-ID: {message_id}\n",
    )


def thunderbird(message_id: str, disposition: str = "displayed") -> bytes:
    """A disposition notification in the shape of Thunderbird's (RFC 8098)."""
    return report(
        "disposition-notification",
        "Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 7bit\n\nThis is a Return Receipt for the "
        "mail that you sent to desk.se@party.example.\n",
        'Content-Type: message/disposition-notification; name="MDNPart2.txt"\nContent-Disposition: inline\n'
        "Content-Transfer-Encoding: 7bit\n\nReporting-UA: party.example; Thunderbird 128.0\n"
        f"Final-Recipient: rfc822;desk.se@party.example\nOriginal-Message-ID: {message_id}\n"
        f"Disposition: manual-action/MDN-sent-manually; {disposition}\n",
        'Content-Type: text/rfc822-headers; name="MDNPart3.txt"\nContent-Transfer-Encoding: 7bit\n'
        f"Content-Disposition: inline\n\nReturn-Path: <x@party.example>\nMessage-ID: {message_id}\n",
    )


def exchange_server(message_id: str, disposition: str = "displayed") -> bytes:
    """A disposition notification in the shape of Exchange's, for Outlook: no headers returned, HTML beside text."""
    fields = (
        f"Final-recipient: RFC822; desk.se@party.example\nDisposition: automatic-action/MDN-sent-automatically; "
        f"{disposition}\nX-MSExch-Correlation-Key: 1mQ9kZc3WEqkSgYl1Q0mXg==\nOriginal-Message-ID: {message_id}\n"
        "X-Display-Name: Desk\n"
    )
    encoded = base64.encodebytes(fields.replace("\n", "\r\n").encode()).decode()
    return report(
        "disposition-notification",
        'Content-Type: multipart/alternative; boundary="=_alt"\n\n--=_alt\nContent-Type: text/plain; charset="utf-8"\n'
        "\nYour message was read.\n\n--=_alt\nContent-Type: text/html; charset=utf-8\n\n<p>Your message was read.</p>\n"
        "\n--=_alt--\n",
        f"Content-Type: message/disposition-notification\nContent-Transfer-Encoding: base64\n\n{encoded}",
    )


def message_id(raw: bytes) -> str:
    return str(email.message_from_bytes(raw, policy=email.policy.default)["Message-ID"])


def test_what_postfix_reports_as_delivered_is_delivered(chain: Chain) -> None:
    number = chain.ask("DELIVERED", SE_UIM)
    chain.wait_for_state(number, "SE", "delivered")
    chain.quiet()
    assert chain.events(number).count("delivered") == 1


def test_a_desk_without_a_mailbox_is_undeliverable_and_requester_and_secretariat_are_told_once(chain: Chain) -> None:
    number = chain.ask("NO-MAILBOX", FR_UIM)
    chain.wait_for_state(number, "FR", "undeliverable")
    assert re.search(r"to=<desk\.fr@.*status=bounced \(.*550 5\.1\.1", chain.border.log())
    chain.quiet()
    # Once more, as after a connection that broke before the 250, and as from the next mail to the same desk.
    chain.report(bounce("failed", chain.envelope_id(number, "FR")))
    assert chain.put_off() == []
    told = "its mail system did not take"
    for who in ("officer", "secretariat"):
        until(lambda who=who: chain.read(who, told, number), f"the {who} is not told")  # type: ignore[misc]
        (mail,) = chain.read(who, told, number)
        assert mail.signed_by == chain.point.key
        assert "France" in mail.text
    assert not any(b"France" in octets or b"KPL2" in octets for octets in chain.mails("officer"))
    assert chain.events(number).count("undeliverable") == 1
    assert chain.items(number) == [403]


@pytest.mark.parametrize("client", [thunderbird, exchange_server])
def test_a_mail_client_that_says_displayed_makes_the_referral_read(chain: Chain, client: Callable[..., bytes]) -> None:
    number = chain.ask(f"READ-BY-{client.__name__}", SE_UIM)
    chain.wait_for_state(number, "SE", "delivered")
    raw = chain.referral(number)
    outer = email.message_from_bytes(raw, policy=email.policy.default)
    assert GATEWAY in str(outer["Disposition-Notification-To"])
    chain.report(client(message_id(raw), "deleted"))
    assert chain.state(number, "SE") == "delivered"
    chain.report(client(message_id(raw)))
    assert chain.state(number, "SE") == "read"
    # The server's word that it was delivered may come later: nothing goes backwards, nothing is written twice.
    before = chain.written()
    chain.report(client(message_id(raw)))
    chain.report(bounce("delivered", chain.envelope_id(number, "SE")))
    assert chain.written() == before


def test_a_letter_that_does_not_reach_the_requester_is_for_a_person_and_nobody_is_written_to(chain: Chain) -> None:
    number = chain.ask("REQUESTER-AWAY", SE_UIM)
    chain.wait_for_state(number, "SE", "delivered")
    said = chain.point.mail("desk.se", f"GSP MESSAGE\n\nExchange: {number}/SE\nMessage:\nWe look into it.\n")
    chain.submit(chain.point.people["desk.se"].address, said)
    until(lambda: "message received" in chain.events(number), "the message is not taken")
    chain.quiet()
    trail, (counts, *states) = chain.events(number), chain.written()
    chain.report(bounce("failed", chain.envelope_id(number, "SE", "message")))
    assert chain.items(number) == [403]
    assert (chain.events(number), chain.written()[1:]) == (trail, states)
    assert chain.written()[0][:2] == counts[:2]


def _hostile(chain: Chain, request_id: str, raw: bytes) -> list[tuple[bytes, str]]:
    """Reports that a stranger can write who has seen an officer's mail, and where to they are sent."""
    guessed = "a" * 24
    ours = f"<{guessed}@{DOMAIN}>"
    inner = bounce("failed", guessed, ours).decode()
    head = f"From: desk.se@party.example\r\nTo: {GATEWAY}\r\nSubject: Away\r\nAuto-Submitted: auto-replied\r\n"
    vacation = head + "\r\nI am away.\r\n"
    return [
        (bounce("failed", guessed, ours), GATEWAY),
        (bounce("failed", guessed, ours), f"bounce+{guessed}@{DOMAIN}"),
        (bounce("delivered", "", ours), GATEWAY),
        (bounce("failed", "", request_id), GATEWAY),
        (bounce("delivered", "", request_id), GATEWAY),
        (thunderbird(ours), GATEWAY),
        (thunderbird(request_id), GATEWAY),
        (exchange_server(request_id), f"bounce+{guessed}@{DOMAIN}"),
        # What is returned is an officer's own mail, or a report itself: neither is opened.
        (bounce("failed", guessed, returned=f"Content-Type: message/rfc822\n\n{raw.decode()}"), GATEWAY),
        (bounce("failed", guessed, returned=f"Content-Type: message/rfc822\n\n{inner}"), GATEWAY),
        (bounce("pondering", guessed, ours), GATEWAY),
        (vacation.encode(), GATEWAY),
        (vacation.encode(), f"bounce+{guessed}@{DOMAIN}"),
    ]


def test_forged_reports_change_nothing_and_no_mail_goes_out(chain: Chain) -> None:
    number = chain.ask("FORGED", SE_UIM)
    chain.wait_for_state(number, "SE", "delivered")
    chain.quiet()
    # A message of the desk itself stands in the referral's thread, and its Message-ID is the desk's own.
    desk = chain.point.people["desk.se"]
    said = chain.point.mail("desk.se", f"GSP MESSAGE\n\nExchange: {number}/SE\nMessage:\nWe look into it.\n")
    chain.submit(desk.address, said)
    until(lambda: "message received" in chain.events(number), "the message is not taken")
    chain.quiet()
    before, sent = chain.written(), {who: chain.mails(who) for who in chain.point.people}
    unused = chain.point.mail("officer", request(SE_UIM, case="NEVER-SENT"))
    for raw, to in _hostile(chain, message_id(said), unused):
        chain.report(raw, to)
        assert chain.written() == before, raw.decode()
    assert {who: chain.mails(who) for who in chain.point.people} == sent
    assert chain.put_off() == []


def test_a_delayed_mail_changes_nothing(chain: Chain) -> None:
    number = chain.ask("DELAYED", AT_UIM, to="AT")
    try:
        chain.border.wait_for_log("sender delay notification")
        notice = re.findall(r"sender delay notification: (\w+)", chain.border.log())[-1]
        until(lambda: re.search(rf"{notice}: to=<bounce\+.*status=sent", chain.border.log()), "not reported")
        assert chain.state(number, "AT") == "sent"
        assert chain.events(number) == ["exchange opened", "referral sent"]
    finally:
        chain.border.empty()
