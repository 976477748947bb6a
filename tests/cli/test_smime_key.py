"""`gsp key request` and `gsp key install`: a certificate of an authority in place of the self-signed one."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from gateway import service
from gateway.cli import main
from gateway.correspondence import Correspondent
from tests.support.focalpoint import DOMAIN, focal_point
from tests.support.smime import Authority, SmimePerson, pem


def gsp(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments[:2], "--home", str(home), *arguments[2:]])


def test_the_certificate_of_an_authority_is_used_from_the_next_start_and_mail_to_the_old_one_is_read(
    people: dict[str, Correspondent], tmp_path: Path
) -> None:
    with (
        SmimePerson("officer@party.example", "officer") as officer,
        focal_point(people | {"officer": officer}) as point,
    ):
        before = point.mail("officer", "GSP HELP\n")
        asked = gsp(point.home, "key", "request", "--algorithm", "p256", "--subject", "CN=Focal point,O=Treaty,C=CH")
        assert asked.exit_code == 0, asked.output
        authority = Authority()
        issued = authority.sign_request(asked.output.encode())
        (tmp_path / "gsp.pem").write_bytes(pem(issued, authority.certificate))
        done = gsp(point.home, "key", "install", str(tmp_path / "gsp.pem"))
        assert done.exit_code == 0, done.output
        point.gateway.close()
        point.start()
        shown = gsp(point.home, "key", "export", "--smime").output
        assert shown.encode() == pem(issued, authority.certificate)
        officer.knows(shown.encode())
        for raw in (before, point.mail("officer", "GSP STATUS\n")):
            assert point.gateway.process_file(raw)["outcome"] == "taken"
        assert [mail.signed_by for mail in point.delivered()["officer"]] == ["gateway", "gateway"]
        assert point.gateway.self_test()


def test_a_certificate_for_another_key_is_refused_with_the_remedy(tmp_path: Path) -> None:
    home = tmp_path / "h"
    service.init(home, DOMAIN)
    with SmimePerson(f"gsp@{DOMAIN}", "other") as other:
        (tmp_path / "other.pem").write_bytes(other.public_key)
    done = gsp(home, "key", "install", str(tmp_path / "other.pem"))
    assert done.exit_code != 0
    assert "gsp key request" in str(done.exception) + done.output
