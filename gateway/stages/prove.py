"""Compares what came back from who is to be registered with the word of the challenge: once, in time, or refused."""

from __future__ import annotations

import re

from gateway.content import Candidacy, Decision, MimePart
from gateway.facts import Moment
from gateway.forms._registration import answered
from gateway.mime.text import html_lines, plain_lines
from gateway.outcome import REASONS, Cause, Refuse
from gateway.ports import Keyed, Policy, View
from gateway.stages.identify import challenged

_WORD = re.compile(r"(?<![0-9A-Za-z])[A-Za-z2-7]{24}(?![0-9A-Za-z])")
_MOST = 20  # words of that look that one mail may try


def prove(candidacy: Candidacy, view: View, keyed: Keyed, policy: Policy, moment: Moment) -> Decision:
    """What follows from a right answer: the person is active, or the Secretariat is asked for its approval.

    Two Parties may have ordered the same person with the same key: the word tells whose challenge is answered.
    Raises Refuse [GSP-201] for every other mail. The registration is looked up anew: it may have been answered,
    withdrawn or ordered once more since the mail was opened.
    """
    key = candidacy.pending.key.fingerprint
    said = {keyed.token_digest(word) for word in _words(candidacy.mail.tree)}
    waiting = challenged(view, candidacy.pending.address, moment.now)
    pending = next((one for one in waiting if one.key.fingerprint == key and one.word in said), None)
    if pending is None or view.person_by_address(pending.address) or view.key_known(key):
        raise Refuse(REASONS[201], Cause.WRONG_WORD)  # or registered by the operator meanwhile, or for somebody else
    return answered(pending, candidacy.mail.mail.digest, view, policy, moment.now)


def _words(tree: MimePart) -> list[str]:
    """Everything in the text that looks like a word of ours: a reply may quote it, and need not keep the form."""
    lines = (*plain_lines(tree), *html_lines(tree))
    return [word for line in lines for word in _WORD.findall(line)][:_MOST]
