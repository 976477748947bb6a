"""`GSP CONFIRM`: the answer to a challenge, which `stages.prove` compares; of who is registered nothing is asked."""

from __future__ import annotations

from gateway.content import Decision, text
from gateway.forms import Form
from gateway.forms._common import EVERYBODY, notice
from gateway.forms._fields import CONFIRM_FIELDS
from gateway.ports import Situation


def decide(situation: Situation) -> Decision:
    """Only mails of registered people come here: a challenge answered once more, or by somebody else."""
    return notice(
        situation,
        text("You are registered already: there is nothing to confirm"),
        text("You can begin. “GSP HELP” brings the guide and the blank forms."),
        blanks=("help",),
    )


FORM = Form(
    name="confirm",
    title="CONFIRM",
    fields=CONFIRM_FIELDS,
    senders=EVERYBODY,
    decide=decide,
    summary="Confirm your registration, with the word that you were sent.",
)
