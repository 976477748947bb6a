"""Real Postfix in front of our LMTP and SMTP doors, with the snippets of `config/postfix`."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import data
from gateway.outcome import REASONS, Deferred, Refused, Taken
from gateway.settings import Outbound
from gateway.transports.submission import Submission, Verdict
from tests.support.certificates import self_signed
from tests.support.doors import DOMAIN, Recorder, open_lmtp, open_smtp
from tests.support.dovecot import Dovecot
from tests.support.ports import PATIENCE, until
from tests.support.postfix import Postfix

OFFICER = "o@customs.example"
GATEWAY = f"gsp@{DOMAIN}"
MAIL = f"From: {OFFICER}\r\nTo: {GATEWAY}\r\nSubject: ...\r\n\r\n.dot\r\nx\r\n".encode()


def snippet(name: str, changes: dict[str, str]) -> str:
    """A shipped snippet with addresses and ports of the test in place of its own."""
    text = (data.folder("config") / "postfix" / name).read_text()
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


def main_lines(text: str) -> dict[str, str]:
    return {key: value.strip() for key, value in re.findall(r"^(\w+) =(.*)$", text, re.MULTILINE)}


def send(port: int, mail_from: str, rcpt_to: str | list[str], octets: bytes = MAIL) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as client:
        client.sendmail(mail_from, rcpt_to, octets, ["RET=HDRS", "ENVID=abc"], ["NOTIFY=SUCCESS,FAILURE"])


class Border:
    """Postfix handing our domain on by LMTP, and delivering the officer's mail to Dovecot."""

    def __init__(self) -> None:
        self.process = Recorder()
        self.door = open_lmtp(self.process)
        self.dovecot = Dovecot()
        lines = main_lines(snippet("lmtp.main.cf", {"127.0.0.1:8024": f"127.0.0.1:{self.door.__enter__()}"}))
        self.postfix = Postfix(lines, maildirs=self.dovecot.maildirs, mailboxes=[OFFICER])


@pytest.fixture(scope="module")
def shared_border() -> Iterator[Border]:
    border = Border()
    with border.dovecot, border.postfix:
        yield border
    border.door.__exit__(None, None, None)


@pytest.fixture
def border(shared_border: Border) -> Border:
    shared_border.process.answer = Taken()
    # Reports on the mails of the test before.
    shared_border.postfix.wait_for_empty()
    shared_border.process.mails.clear()
    return shared_border


def test_mail_passes_from_postfix_to_us_octet_for_octet(border: Border) -> None:
    send(border.postfix.port, OFFICER, [GATEWAY, f"reply+abc@{DOMAIN}"])
    until(lambda: border.process.mails, border.postfix.log())
    raw, envelope = border.process.mails[0]
    assert raw.endswith(b"\r\n\r\n.dot\r\nx\r\n")
    assert envelope.mail_from == OFFICER
    assert set(envelope.rcpt_tos) == {GATEWAY, f"reply+abc@{DOMAIN}"}
    assert envelope.transport == "lmtp"
    border.postfix.wait_for_log("status=sent (250 2.0.0 taken)")


def test_refusal_becomes_a_bounce_that_quotes_our_number(border: Border) -> None:
    border.process.answer = Refused(REASONS[201])
    before = len(border.dovecot.mails(OFFICER))
    send(border.postfix.port, OFFICER, GATEWAY)
    bounce = border.dovecot.wait_for_mails(OFFICER, "INBOX", before + 1)[-1]
    assert b"Status: 5.7.1" in bounce
    assert b"[GSP-201]" in bounce


def test_deferred_mail_stays_in_the_queue_and_comes_again(border: Border) -> None:
    border.process.answer = Deferred(REASONS[303])
    send(border.postfix.port, OFFICER, GATEWAY)
    border.postfix.wait_for_log("status=deferred (host 127.0.0.1[127.0.0.1] said: 451 4.3.0 [GSP-303]")
    assert border.postfix.waits()
    border.process.answer = Taken()
    seen = len(border.process.mails)
    border.postfix.flush()
    until(lambda: len(border.process.mails) > seen, "the mail did not come again")
    border.postfix.wait_for_empty()


def test_unknown_address_is_refused_for_that_recipient_only(border: Border) -> None:
    send(border.postfix.port, OFFICER, [f"nobody@{DOMAIN}", GATEWAY])
    until(lambda: border.process.mails, border.postfix.log())
    assert border.process.mails[0][1].rcpt_tos == (GATEWAY,)
    border.postfix.wait_for_log(f"to=<nobody@{DOMAIN}>")
    border.postfix.wait_for_log("[GSP-501]")


def test_report_with_the_null_sender_arrives_as_such(border: Border) -> None:
    send(border.postfix.port, "", GATEWAY)
    until(lambda: border.process.mails, border.postfix.log())
    assert border.process.mails[0][1].mail_from == ""


def test_as_content_filter_the_sending_server_hears_our_answer() -> None:
    process = Recorder()
    with open_smtp(process) as port:
        changes = {"192.0.2.25:25": "127.0.0.1:{port2}", "127.0.0.1:8025": f"127.0.0.1:{port}"}
        text = snippet("filter.master.cf", changes)
        lines = main_lines(re.sub(r"^#   ", "", text, flags=re.MULTILINE))
        with Postfix(lines, master=text) as postfix:
            send(postfix.port2, OFFICER, GATEWAY)
            assert process.mails[0][0].endswith(b"\r\n\r\n.dot\r\nx\r\n")
            assert process.mails[0][1].mail_from == OFFICER
            process.answer = Refused(REASONS[101])
            with pytest.raises(smtplib.SMTPDataError, match="GSP-101"):
                send(postfix.port2, OFFICER, GATEWAY)
            process.answer = Deferred(REASONS[301])
            with pytest.raises(smtplib.SMTPDataError, match="GSP-301"):
                send(postfix.port2, OFFICER, GATEWAY)
            with pytest.raises(smtplib.SMTPRecipientsRefused, match="GSP-501"):
                send(postfix.port2, OFFICER, f"nobody@{DOMAIN}")
            with pytest.raises(smtplib.SMTPRecipientsRefused, match="Relay access denied"):
                send(postfix.port2, OFFICER, "someone@elsewhere.example")
            assert not postfix.waits()


def outbound(port: int, tls: str = "none", ca_file: Path | None = None) -> Outbound:
    return Outbound(host="127.0.0.1", port=port, tls=tls, ca_file=ca_file)


def test_a_batch_goes_out_over_one_connection_with_reports_asked_for(border: Border) -> None:
    before = len(border.dovecot.mails(OFFICER))
    with Submission(outbound(border.postfix.port), DOMAIN) as submission:
        results = [submission.send(f"bounce+x@{DOMAIN}", OFFICER, MAIL, f"env+{n}=") for n in range(3)]
        refused = submission.send(GATEWAY, "not an address@", MAIL, "e")
        again = submission.send(GATEWAY, OFFICER, MAIL, "e")
    assert [r.verdict for r in (*results, again)] == [Verdict.SENT] * 4
    assert results[0].code == 250
    assert refused.verdict is Verdict.PERMANENT
    border.dovecot.wait_for_mails(OFFICER, "INBOX", before + 4)
    # NOTIFY=SUCCESS: Postfix reports the delivery to the envelope sender, with our ENVID.
    until(lambda: any(b"env+0=" in raw for raw, _ in border.process.mails), border.postfix.log())
    report = next(raw for raw, _ in border.process.mails if b"env+0=" in raw)
    assert b"Original-Envelope-Id: env+0=" in report
    assert b"Action: delivered" in report


def test_mail_goes_out_by_starttls_and_only_to_a_server_that_proves_its_name(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    certificate, key = self_signed(tmp_path)
    tls = {
        "smtpd_tls_security_level": "encrypt",
        "smtpd_tls_cert_file": str(certificate),
        "smtpd_tls_key_file": str(key),
    }
    with Dovecot() as dovecot, Postfix(tls, maildirs=dovecot.maildirs, mailboxes=[OFFICER]) as postfix:
        with Submission(outbound(postfix.port, "starttls", certificate), DOMAIN) as trusting:
            assert trusting.send(GATEWAY, OFFICER, MAIL, "e").verdict is Verdict.SENT
        with Submission(outbound(postfix.port, "starttls"), DOMAIN) as strict:
            stranger = strict.send(GATEWAY, OFFICER, MAIL, "e")
        with Submission(outbound(postfix.port), DOMAIN) as clear:
            unwilling = clear.send(GATEWAY, OFFICER, MAIL, "e")
        assert len(dovecot.wait_for_mails(OFFICER, "INBOX", 1)) == 1
    assert (stranger.verdict, stranger.server) == (Verdict.TRANSIENT, True)
    assert (unwilling.verdict, unwilling.code, unwilling.server) == (Verdict.TRANSIENT, 530, True)
