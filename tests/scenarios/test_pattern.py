"""A Party's new marking, by mail: proposed, approved, and at once what every gateway on the database goes by."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage

import pytest
from python_calamine import CalamineWorkbook

from gateway import service
from gateway.correspondence import Correspondent
from gateway.digests import Digests
from tests.support.focalpoint import FocalPoint, focal_point, form_of, request
from tests.support.patterns import stamp
from tests.support.postgres import Postgres

STAMP = stamp(id="se-stamp", party="SE", title="Sweden, stamp")
CODE = "KESTAMP87654321"


@pytest.fixture(params=["sqlite", "postgresql"])
def point(
    request: pytest.FixtureRequest, people: dict[str, Correspondent], monkeypatch: pytest.MonkeyPatch
) -> Iterator[FocalPoint]:
    """A focal point on each kind of database."""
    server = Postgres() if request.param == "postgresql" else None
    if server is not None:
        monkeypatch.setenv("GSP_DATABASE__URL", server.url())
    try:
        with focal_point(people) as made:
            yield made
    finally:
        if server is not None:
            server.stop()


def with_file(octets: bytes, name: str = "stamp.yaml", kind: str = "application/yaml") -> EmailMessage:
    mail = EmailMessage()
    mail.set_content("GSP PATTERN\n")
    maintype, _, subtype = kind.partition("/")
    mail.add_attachment(octets, maintype=maintype, subtype=subtype, filename=name)
    return mail


def test_what_is_approved_by_one_gateway_leads_the_next_request_at_another(point: FocalPoint) -> None:
    with service.Gateway.open(point.home, clock=point.clock) as other:
        assert point.send("admin", with_file(STAMP))["form"] == "pattern"
        mails = point.delivered()
        assert "waits for the decision of the Secretariat" in mails["admin"][0].subject
        asked = mails["secretariat"][0].text
        assert r"KESTAMP\d{8}" in asked
        before = other.process_file(point.mail("officer", request(CODE)))
        assert before["referrals"] == []
        point.delivered()
        reply = form_of(asked).replace("Decision:", "Decision: approve")
        assert point.send("secretariat", reply)["outcome"] == "taken"
        assert "version 1" in point.delivered()["admin"][0].subject
        after = other.process_file(point.mail("officer", request(CODE, case="C-2")))
        assert after["referrals"] == [f"{after['exchange']}/SE"]
        assert CODE in point.delivered()["desk.se"][0].text
        other.process_file(point.mail("officer", "GSP LOOKUP\n"))
        (library,) = point.delivered()["officer"]
        (table,) = [octets for name, octets in library.attachments if name.endswith(".xlsx")]
        rows = CalamineWorkbook.from_filelike(io.BytesIO(table)).get_sheet_by_index(0).to_python()
        (row,) = [row for row in rows if row[0] == "Sweden, stamp"]
        assert row[1:4] == ["SE", "Sweden", "yes"]
        assert len(rows) > 40
        point.now = point.clock() + timedelta(days=7)
        Digests(other).send(at_once=True)
        digests = {who: mails[0].text for who, mails in point.delivered().items()}
        assert "the markings of Sweden are described anew" in " ".join(digests["admin"].split())
        assert not other.audit.verify().problems


@pytest.mark.parametrize("point", ["sqlite"], indirect=True)
def test_what_is_wrong_or_hostile_comes_back_in_words_and_what_waits_is_in_the_secretariats_digest(
    point: FocalPoint,
) -> None:
    bomb = b"a: &a [x, x]\n" + b"".join(b"%c: &%c [*%c, *%c]\n" % (n + 1, n + 1, n, n) for n in range(97, 117))
    for octets, says in (
        (bomb, "references (&, *) and types (!) are not taken"),
        (STAMP.replace(b"SE", b"KE"), "you describe the markings of your own Party only"),
        (b"schemes: [" + b"[" * 3000, "too large"),
    ):
        assert point.send("admin", with_file(octets))["outcome"] == "taken"
        mails = point.delivered()
        assert list(mails) == ["admin"]
        assert says in " ".join(mails["admin"][0].text.split())
    assert point.send("officer", with_file(STAMP))["outcome"] == "taken"
    assert "Your role may not send this form" in point.delivered()["officer"][0].subject
    point.send("admin", with_file(STAMP.replace(b"\n", b"\r\n"), "Stamp.yaml.txt", "text/plain"))  # of Windows' editor
    assert "waits for the decision of the Secretariat" in point.delivered()["admin"][0].subject
    assert point.send("admin", f"GSP PATTERN\n{STAMP.decode()}")["outcome"] == "taken"  # pasted: it takes its place
    assert "waits for the decision of the Secretariat" in point.delivered()["admin"][0].subject
    point.send("admin", f"GSP PATTERN\n{STAMP.decode().replace('    rank', 'rank')}")
    mended = " ".join(point.delivered()["admin"][0].text.split())
    assert "attach the patterns as a file (.yaml): mail programs change the spaces" in mended
    assert "Line 14: “rank” stands too far left." in mended
    point.send("admin", f"GSP PATTERN\n{STAMP.decode().replace('level:', 'level: unit:')}")
    mended = " ".join(point.delivered()["admin"][0].text.split())
    assert "The file is not valid YAML: line 8. Look there, and in the line above, for a tab" in mended
    point.send("admin", with_file(b"\xff\xd8\xff", "stamp.jpg", "image/jpeg"))
    assert "The picture “stamp.jpg” was not taken" in " ".join(point.delivered()["admin"][0].text.split())
    point.now = point.clock() + timedelta(days=7)
    Digests(point.gateway).send(at_once=True)
    digests = {who: " ".join(mails[0].text.split()) for who, mails in point.delivered().items()}
    assert "1 change of the pattern library waits for your approval." in digests["secretariat"]
    assert "Sweden: se-stamp" in digests["secretariat"]
    assert "waits for your approval" not in digests["admin"]
