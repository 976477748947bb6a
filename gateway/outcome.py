"""Four answers, three exceptions that lead to them, and one table of reasons.

A `Reason` is data: its number is what a foreign mail administrator quotes on the telephone.
The class digit of the enhanced status code (RFC 3463) is computed from the basic reply code
(RFC 5321, 4.2), so the two cannot contradict each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.facts import ExchangeNumber, Person, ReferralNumber


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a mail was not simply taken.

    `code` is the SMTP reply code, `detail` the subject.detail of the enhanced code, `public` the one
    sentence a stranger may read, `remedy` what the operator (or the other administrator) should do.
    """

    number: int
    code: int
    detail: str
    public: str
    remedy: str

    @property
    def enhanced(self) -> str:
        """The enhanced status code, e.g. `5.7.1`."""
        return f"{self.code // 100}.{self.detail}"

    @property
    def reply(self) -> str:
        """The whole reply line, e.g. `550 5.7.1 [GSP-101] not encrypted ...`."""
        return f"{self.code} {self.enhanced} [GSP-{self.number}] {self.public}"


def _table(*rows: tuple[int, int, str, str, str]) -> dict[int, Reason]:
    return {row[0]: Reason(*row) for row in rows}


# 1xx structure, before anything is opened; 2xx after decryption has begun (one reply for all);
# 3xx causes that may pass; 4xx for a person; 5xx recipient addresses.
REASONS: dict[int, Reason] = _table(
    (101, 550, "7.1", "this mailbox takes only encrypted and signed mail; encrypt the message to the focal point's key",
     "Ask the sender to switch on encryption and signing; the key is printed by `gsp key export`."),
    (102, 550, "7.1", "the message has readable parts beside the encrypted one; encrypt the whole message",
     "A server on the way may add a banner or footer: exempt the focal point's address there."),
    (103, 550, "7.5", "the message is not encrypted to the focal point's key",
     "The sender uses another or an old key; send him the output of `gsp key export`."),
    (104, 550, "7.6", "the message uses an encryption scheme that is not accepted here",
     "OpenPGP with integrity protection (RFC 9580, SEIPD) is needed; no passphrase-only encryption."),
    (105, 550, "6.0", "the message's MIME structure is beyond the limits",
     "Too many parts or levels, or header fields out of bounds; ask the sender to write a plain mail."),
    (106, 552, "3.4", "the message is larger than this mailbox accepts",
     "The limit is [smtp] max_size; the sender should split the list."),
    (107, 554, "4.6", "the message is looping", "Look at the Received fields: two systems forward to each other."),
    (108, 550, "7.1", "automatic messages are not accepted here", "An auto-responder answered us; nothing to do."),
    (109, 550, "6.0", "bare CR or LF in the message", "The sending server does not follow RFC 5321, 2.3.8."),
    (110, 550, "7.1", "sealed mail is taken only where the server or login of its sender proves who sent it",
     "Sealed mail needs a DKIM signature of the sender's domain over From and To, a login, or `[border] authserv_id`."),
    (111, 550, "7.1", "the sender of this sealed mail is not registered here, or may not ask or answer",
     "Register the person: `gsp user add`."),
    (112, 550, "7.1", "the sealed mail is encrypted to a key that is not registered for one of the two Parties",
     "The sender should encrypt to the desk's key, which GSP LOOKUP gives, and to registered ones only."),
    (113, 550, "7.1", "the sealed mail hides for whom it is encrypted; switch hidden recipients off",
     "GnuPG's options --throw-keyids and --hidden-recipient do that."),
    (114, 550, "7.1", "the sealed mail is not encrypted to a key of its reader, who could not open it",
     "Encrypt to the key that came with the address: of the desk, or of the officer who asked."),
    (115, 550, "7.1", "this address is not for this sender: the token is another's, or the Party is his own",
     "Take address and token from the sender's own GSP LOOKUP, or reply to the mail; one Party a mail."),
    (116, 550, "7.1", "the sealed mail is encrypted to the focal point, too: leave that out, or write to its mailbox",
     "Mail that the focal point may read goes to its mailbox, as a form."),
    (117, 550, "7.1", "the exchange is closed and takes no more mail", "A new GSP LOOKUP gives a new address."),
    (118, 550, "7.1", "this sealed mail was taken before in another wrapping", "A copy has no effect."),
    (201, 550, "7.1", "not accepted as coming from a registered user; quote this number to the focal point",
     "The operator's log has the true cause under the same arrival digest."),
    (301, 451, "3.2", "busy, try again later", "All workers are occupied; the other server will come again."),
    (302, 452, "3.1", "out of storage, try again later", "Disk or the store of held mail is full."),
    (303, 451, "3.0", "a part of the gateway is not available, try again later", "Database or gpg-agent away."),
    (304, 451, "3.0", "fault, try again later", "A defect: the log line with this number says where."),
    (305, 450, "7.1", "too many messages, try again later", "A rate limit was reached."),
    (306, 451, "3.0", "this takes longer than expected, try again later", "The limit for one mail was reached."),
    (401, 250, "0.0", "held for a person", "Three attempts neither ended nor said why: look at the log."),
    (402, 250, "0.0", "a letter could not be encrypted", "Register a usable key: `gsp key list --expiring 30`."),
    (403, 250, "0.0", "a desk is undeliverable", "The desk's mail server refuses: check the mailbox with the Party."),
    (404, 250, "0.0", "no desk for a Party", "Register the Party: `gsp party add`."),
    (405, 250, "0.0", "reminders exhausted", "The desk does not act: speak with the Party's administrator."),
    (501, 550, "1.1", "no such mailbox here", "The address is mistyped, or the token is not one of ours."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Taken:
    """Done, also "done with complaints". `repeated`: the same mail had been taken before."""

    form: str = ""
    exchange: ExchangeNumber | None = None
    referrals: tuple[ReferralNumber, ...] = ()
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The sender must change something; nothing is kept."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Deferred:
    """An outside cause that may pass: the same mail may come again."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Held:
    """A person must look; the ciphertext is kept."""

    reason: Reason


Answer = Taken | Refused | Deferred | Held


@dataclass(frozen=True, slots=True)
class Beginning:
    """What the ledger knows of an arrival: an answer already given, or the number of attempts since when."""

    answer: Answer | None
    attempts: int
    since: datetime


class Cause(StrEnum):
    """The true cause of a refusal, for the operator's log only. Never sent to anybody."""

    NONE = "none"
    CANNOT_DECRYPT = "cannot decrypt"
    NOT_TO_OUR_KEY = "not encrypted to our key"
    NO_INTEGRITY = "no integrity protection"
    TOO_LARGE_INSIDE = "too large once opened"
    NOT_SIGNED = "no signature inside"
    SEVERAL_SIGNATURES = "more than one signature"
    BAD_SIGNATURE = "bad signature"
    UNKNOWN_KEY = "signed by a key that is not registered"
    EXPIRED_KEY = "signed by an expired key"
    REVOKED_KEY = "signed by a revoked key"
    UNTRUSTED = "certificate does not lead to a trust anchor of its Party"
    REVOCATION_UNKNOWN = "revocation list missing or out of date"
    WRONG_TIME = "signature time out of bounds"
    WEAK_ALGORITHM = "weak algorithm"
    PARTLY_SIGNED = "only a part is signed"
    FROM_OF_ANOTHER = "From is not the signer's address"
    FROM_UNCLEAR = "From is not exactly one clean address"
    REPLAY = "signature was accepted before"
    WRONG_WORD = "the word of the challenge is wrong or of no use any more"
    NOT_VOUCHED = "nobody vouches for the sender's address"
    NOT_HIS = "token, Party or exchange is not the sender's"
    WRONG_READER = "encrypted to other readers than the two Parties"
    NOT_FOR_US = "signed text is addressed to somebody else"
    AUTOMATIC = "automatic mail"
    NESTING = "layers beyond the limit"


class Failure(Exception):
    """A reason and nothing else: no text, no value, no cause chain. `person`: who was proven to have signed."""

    def __init__(self, reason: Reason, cause: Cause = Cause.NONE, person: Person | None = None) -> None:
        super().__init__(reason.number)
        self.reason = reason
        self.cause = cause
        self.person = person


class Refuse(Failure):
    """Leads to `Refused`. Usage: `raise Refuse(REASONS[201], Cause.NOT_SIGNED)`."""


class Defer(Failure):
    """Leads to `Deferred`."""


class Hold(Failure):
    """Leads to `Held`."""


class LostRace(Exception):
    """Another transaction changed what the decision was based on: decide again."""
