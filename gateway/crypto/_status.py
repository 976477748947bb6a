"""What GnuPG says, read strictly: status lines (doc/DETAILS, "Format of the --status-fd output") and key listings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.facts import Fingerprint, fingerprint
from gateway.outcome import Cause

_PREFIX = "[GNUPG:] "
_WEAK_CIPHERS = frozenset({"1", "2", "3", "4"})  # IDEA, 3DES, CAST5, Blowfish (RFC 9580, 9.3)
_WEAK_HASHES = frozenset({"1", "2", "3"})  # MD5, SHA-1, RIPEMD-160
_OVER_DATA = frozenset({"00", "01"})  # of a document, not of a key (RFC 9580, 5.2.1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 8192  # bits
_RSA, _STRONG = frozenset({"1", "2", "3"}), frozenset({"18", "19", "22"})


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature as GnuPG judged it; `cause` NONE is good."""

    cause: Cause
    fingerprint: Fingerprint | None
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """A run's status lines, in what matters to us."""

    opened: bool  # decrypted, the modification detection code was right, and one text was inside
    found_key: bool  # one of our secret keys opened the session key
    failed: bool
    sealed: bool
    bad_recipient: bool
    made_key: bool
    readers: tuple[str, ...]  # key ids that a message names
    signatures: tuple[Signature, ...]
    weak: bool = False  # encrypted with a cipher of 64-bit blocks


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key as listed."""

    fingerprint: Fingerprint
    encryption_ids: tuple[str, ...]
    can_encrypt: bool
    can_sign: bool
    weak: bool
    costly: bool  # so long that every mail of its owner would keep a processor busy
    revoked: bool
    usable_until: datetime | None
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """The keys of a listing, and whether a secret key was among them."""

    keys: tuple[ListedKey, ...]
    secret: bool


def read(octets: bytes) -> Said:
    """The meaning of a status file. Only whole lines that begin with the prefix count."""
    lines = [
        line[len(_PREFIX) :].split(" ")
        for line in octets.decode("utf-8", "replace").split("\n")
        if line.startswith(_PREFIX)
    ]
    words = [line[0] for line in lines]
    opened = "DECRYPTION_OKAY" in words and "GOODMDC" in words and "DECRYPTION_FAILED" not in words
    return Said(
        # Two texts in one message: GnuPG gives the first, and a signature may speak of the other.
        opened=opened and words.count("BEGIN_DECRYPTION") == 1 and words.count("PLAINTEXT") == 1,
        found_key="DECRYPTION_KEY" in words,
        failed="DECRYPTION_FAILED" in words,
        sealed="SIG_CREATED" in words and "END_ENCRYPTION" in words,
        bad_recipient="INV_RECP" in words,
        made_key="KEY_CREATED" in words,
        readers=tuple(line[1] for line in lines if line[0] == "ENC_TO" and len(line) > 1),
        signatures=tuple(_signatures(lines)),
        weak=any(line[0] == "DECRYPTION_INFO" and line[2:3] and line[2] in _WEAK_CIPHERS for line in lines),
    )


def _signatures(lines: list[list[str]]) -> list[Signature]:
    blocks: list[list[list[str]]] = []
    for line in lines:
        if line[0] == "NEWSIG":
            blocks.append([])
        elif blocks:
            blocks[-1].append(line)
        elif line[0] in ("GOODSIG", "BADSIG", "ERRSIG", "VALIDSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG"):
            blocks.append([line])
    return [_signature(block) for block in blocks]


_CAUSES = (
    ("BADSIG", Cause.BAD_SIGNATURE),
    ("REVKEYSIG", Cause.REVOKED_KEY),
    ("EXPKEYSIG", Cause.EXPIRED_KEY),
    ("EXPSIG", Cause.EXPIRED_KEY),
    ("NO_PUBKEY", Cause.UNKNOWN_KEY),
    ("ERRSIG", Cause.BAD_SIGNATURE),
)


def _signature(block: list[list[str]]) -> Signature:
    said = {line[0]: line for line in block}
    cause = next((cause for word, cause in _CAUSES if word in said), Cause.NONE)
    valid = said.get("VALIDSIG")
    if valid is None or len(valid) < 11 or "GOODSIG" not in said:
        return Signature(cause if cause is not Cause.NONE else Cause.BAD_SIGNATURE, None, _EPOCH)
    if valid[8] in _WEAK_HASHES:
        cause = Cause.WEAK_ALGORITHM
    if valid[9] not in _OVER_DATA:
        cause = Cause.BAD_SIGNATURE
    made_at = datetime.fromtimestamp(int(valid[3]), UTC)
    return Signature(cause, fingerprint(valid[10]), made_at)


def listing(octets: bytes, now: datetime) -> Listing:
    """The keys in a `--with-colons` listing (doc/DETAILS, "Format of the colon listings")."""
    keys: list[list[list[str]]] = []
    secret = False
    for line in octets.decode("utf-8", "replace").split("\n"):
        fields = line.split(":")
        if fields[0] in ("sec", "ssb"):
            secret = True
        if fields[0] in ("pub", "sec"):
            keys.append([])
        if keys:
            keys[-1].append(fields)
    return Listing(tuple(_key(lines, now) for lines in keys), secret)


def _key(lines: list[list[str]], now: datetime) -> ListedKey:
    main = lines[0]
    subkeys = [line for line in lines if line[0] in ("sub", "ssb", "pub", "sec") and line[1] not in ("r", "i", "n")]
    encrypting = [line for line in subkeys if "e" in line[11] and not _past(line, now)]
    signing = [line for line in subkeys if "s" in line[11] and not _past(line, now)]
    alive = main[1] not in ("r", "i", "n", "d") and not _past(main, now)
    ends = [_time(main[6])]
    if encrypting:
        times = [_time(line[6]) for line in encrypting]
        ends.append(None if None in times else max(time for time in times if time))
    until = min((end for end in ends if end), default=None)
    return ListedKey(
        fingerprint=fingerprint(next(line[9] for line in lines if line[0] == "fpr")),
        encryption_ids=tuple(line[4] for line in lines if line[0] in ("sub", "ssb", "pub", "sec") and "e" in line[11]),
        can_encrypt=alive and bool(encrypting),
        can_sign=alive and bool(signing),
        weak=any(_weak(line) for line in (main, *encrypting, *signing)),
        costly=any(int(line[2] or 0) > _LONGEST for line in lines if line[0] in ("sub", "ssb", "pub", "sec")),
        revoked=main[1] == "r",
        usable_until=until,
        addresses=tuple(_address(line[9]) for line in lines if line[0] == "uid" and line[1] != "r" and "@" in line[9]),
    )


def _weak(line: list[str]) -> bool:
    return int(line[2] or 0) < 2048 if line[3] in _RSA else line[3] not in _STRONG


def _address(name: str) -> str:
    """The address in a user ID, `Name (comment) <address>` or the address alone (RFC 9580, 5.11)."""
    return name.rpartition("<")[2].partition(">")[0].strip()


def _time(seconds: str) -> datetime | None:
    return datetime.fromtimestamp(int(seconds), UTC) if seconds else None


def _past(line: list[str], now: datetime) -> bool:
    end = _time(line[6])
    return end is not None and end <= now
