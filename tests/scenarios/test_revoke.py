"""Access is withdrawn by mail: from then on the person's mails are refused like a stranger's."""

from __future__ import annotations

from tests.support.focalpoint import SE_UIM, FocalPoint, request

COLLEAGUE = "GSP REVOKE\n\nAddress: colleague@party.example\n"
ADMIN = "GSP REVOKE\n\nAddress: admin@party.example\nWithout successor: yes\n"


def test_an_officer_withdrawn_by_mail_is_refused_from_then_on(point: FocalPoint) -> None:
    before = point.mail("colleague", "GSP STATUS\n")
    assert point.send("colleague", "GSP STATUS\n")["outcome"] == "taken"
    point.delivered()
    order = point.mail("admin", COLLEAGUE)
    taken = point.gateway.process_file(order)
    assert (taken["outcome"], taken["form"]) == ("taken", "revoke")
    told = point.delivered()
    assert sorted(told) == ["admin"]
    assert told["admin"][0].subject == "The access of colleague@party.example was withdrawn"
    assert told["admin"][0].outer_subject == "..."
    for mail in (before, point.mail("colleague", request(SE_UIM)), point.mail("colleague", COLLEAGUE)):
        refused = point.gateway.process_file(mail)
        assert refused["outcome"] == "refused"
    assert point.delivered() == {}
    point.gateway.process_file(order)
    assert point.delivered() == {}, "the order once more does nothing"
    assert not point.gateway.audit.verify().problems


def test_an_officers_order_changes_nothing(point: FocalPoint) -> None:
    point.send("officer", COLLEAGUE)
    told = point.delivered()
    assert sorted(told) == ["officer"]
    assert point.send("colleague", "GSP STATUS\n")["outcome"] == "taken"


def test_the_secretariat_withdraws_an_administrator_and_his_orders_end(point: FocalPoint) -> None:
    assert point.send("secretariat", ADMIN)["outcome"] == "taken"
    assert sorted(point.delivered()) == ["secretariat"]
    assert point.send("admin", COLLEAGUE)["outcome"] == "refused"
    assert point.send("colleague", "GSP STATUS\n")["outcome"] == "taken"
