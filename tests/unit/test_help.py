"""`GSP HELP`: the guide, and the blank forms that the asker may send."""

from __future__ import annotations

import pytest

from gateway.letters import Help
from tests.support.world import FORMS, World, readers


@pytest.mark.parametrize("who", ["officer", "SE", "admin", "observer", "secretariat"])
def test_everybody_gets_exactly_forms_that_his_role_may_send(who: str) -> None:
    world = World()
    decision = world.send(who, "help")
    (letter,) = decision.letters
    assert isinstance(letter.values, Help)
    assert letter.values.forms == letter.blanks
    assert letter.values.mailbox == "gsp@gsp.example"
    role = world.people[who].role
    assert all(role in FORMS[name].senders for name in letter.blanks)
    assert ("request" in letter.blanks) == (role in FORMS["request"].senders)


def test_an_empty_mail_is_a_call_for_help() -> None:
    decision = World().send("officer", "")
    assert isinstance(decision.letters[0].values, Help)
    assert readers(decision.letters) == ["officer notice"]
