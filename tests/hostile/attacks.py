"""What each hostile test is an answer to; `python -m tests.docs.generate` writes the table of them in `SECURITY.md`.

`@attack(kind, sent)` stands on a function that makes a hostile mail, whose answer is the parameter beside it, or, with
the answer, on a test. A test with `{}` in what is sent has a row for each id of its parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from gateway.outcome import Cause

# The kinds in the order of the table; those of the second list must be shown for OpenPGP and for S/MIME.
EFAIL_OUTSIDE = "EFAIL, direct exfiltration"
EFAIL_INSIDE = "EFAIL, changed ciphertext"
CONTENT = "Johnny, you are fired: CMS"
MIME = "Johnny, you are fired: MIME"
IDENTITY = "Johnny, you are fired: identity"
INTERFACE = "Johnny, you are fired: status lines (SigSpoof)"
PARTLY_SIGNED = "Partly signed"
PARTLY_ENCRYPTED = "Partly encrypted"
FROM = "Signer is not From"
HEADERS = "Header protection (RFC 9788) confused"
KEY_IDS = "Colliding key IDs"
EXPIRED = "Expired keys and subkeys"
REVOKED = "Revoked after signing"
WEAK = "Weak algorithms"
REPLAY = "Sent again, re-wrapped"
SMUGGLING = "SMTP smuggling"
STARTTLS = "STARTTLS injection"
KINDS = (
    EFAIL_OUTSIDE, EFAIL_INSIDE, CONTENT, MIME, IDENTITY, INTERFACE, PARTLY_SIGNED, PARTLY_ENCRYPTED, FROM, HEADERS,
    KEY_IDS, EXPIRED, REVOKED, WEAK, REPLAY, SMUGGLING, STARTTLS,
)  # fmt: skip
IN_BOTH = frozenset(KINDS) - {CONTENT, INTERFACE, SMUGGLING, STARTTLS}

Answer = int | Cause | str
_T = TypeVar("_T", bound=Callable[..., Any])


@dataclass(frozen=True)
class Attack:
    """A kind of attack, what is sent, and the answer: the number of the refusal, the cause in the log, or words."""

    kind: str
    sent: str
    answer: Answer | None


def attack(kind: str, sent: str, answer: Answer | None = None) -> Callable[[_T], _T]:
    """Marks a test, or what makes its mail."""
    assert kind in KINDS

    def mark(thing: _T) -> _T:
        thing.attack = Attack(kind, sent, answer)  # type: ignore[attr-defined]
        return thing

    return mark
