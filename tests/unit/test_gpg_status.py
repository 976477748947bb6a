"""GnuPG's status lines, read strictly: one line that is missing or too many is a refusal (security.md A8, A15)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.crypto._status import listing, read
from gateway.outcome import Cause

MARK, SUB = "A" * 40, "B" * 40
OPENED = ["DECRYPTION_KEY x y -", "BEGIN_DECRYPTION", "PLAINTEXT 62 1 ", "DECRYPTION_OKAY", "GOODMDC", "END_DECRYPTION"]
VALID = f"VALIDSIG {SUB} 2026-11-21 1795240447 0 4 0 22 10 00 {MARK}"
GOOD = ["NEWSIG", "SIG_ID id 2026-11-21 1795240447", "GOODSIG AAAA Officer", VALID]


def said(*lines: str):  # type: ignore[no-untyped-def]
    return read("".join(f"[GNUPG:] {line}\n" for line in lines).encode())


def test_a_good_signature_is_by_the_primary_key_at_its_time() -> None:
    (signature,) = said(*OPENED, *GOOD).signatures
    assert (signature.cause, signature.fingerprint) == (Cause.NONE, MARK)
    assert signature.made_at == datetime.fromtimestamp(1795240447, UTC)


@pytest.mark.parametrize(
    ("word", "cause"),
    [
        ("BADSIG AAAA Officer", Cause.BAD_SIGNATURE),
        ("ERRSIG AAAA 22 10 00 1795240447 9", Cause.BAD_SIGNATURE),
        ("NO_PUBKEY AAAA", Cause.UNKNOWN_KEY),
        ("EXPKEYSIG AAAA Officer", Cause.EXPIRED_KEY),
        ("EXPSIG AAAA Officer", Cause.EXPIRED_KEY),
        ("REVKEYSIG AAAA Officer", Cause.REVOKED_KEY),
    ],
)
def test_one_complaint_spoils_a_signature_even_beside_good_lines(word: str, cause: Cause) -> None:
    assert [one.cause for one in said(*GOOD, word).signatures] == [cause]
    assert [one.cause for one in said("NEWSIG", word).signatures] == [cause]
    assert [one.cause for one in said("NEWSIG", word, GOOD[3]).signatures] == [cause]


@pytest.mark.parametrize("missing", [2, 3])
def test_good_and_valid_are_both_needed(missing: int) -> None:
    lines = [line for place, line in enumerate(GOOD) if place != missing]
    assert [one.cause for one in said(*lines).signatures] == [Cause.BAD_SIGNATURE]


def test_every_signature_counts() -> None:
    assert [one.cause for one in said(*GOOD, *GOOD).signatures] == [Cause.NONE, Cause.NONE]
    assert [one.cause for one in said(*GOOD, "NEWSIG", "BADSIG A x").signatures] == [Cause.NONE, Cause.BAD_SIGNATURE]
    assert len(said("NEWSIG", *GOOD).signatures) == 2
    assert len(said(*GOOD[1:]).signatures) > 0


@pytest.mark.parametrize("weak", ["1", "2", "3"])
def test_a_weak_hash_is_no_good_signature(weak: str) -> None:
    lines = [line.replace(" 22 10 00 ", f" 22 {weak} 00 ") for line in GOOD]
    assert [one.cause for one in said(*lines).signatures] == [Cause.WEAK_ALGORITHM]


def test_a_signature_of_a_key_is_none_of_a_text() -> None:
    lines = [line.replace(" 10 00 ", " 10 10 ") for line in GOOD]
    assert [one.cause for one in said(*lines).signatures] == [Cause.BAD_SIGNATURE]


@pytest.mark.parametrize(
    "lines",
    [
        [line for line in OPENED if line != "DECRYPTION_OKAY"],
        [line for line in OPENED if line != "GOODMDC"],
        [line for line in OPENED if not line.startswith("PLAINTEXT")],
        [*OPENED, "DECRYPTION_FAILED"],
        [*OPENED, "PLAINTEXT 62 1 "],
        [*OPENED, "BEGIN_DECRYPTION"],
        [],
    ],
)
def test_a_message_is_opened_only_when_every_line_says_so(lines: list[str]) -> None:
    assert said(*OPENED).opened
    assert not said(*lines).opened


def test_only_whole_lines_that_begin_with_the_mark_count() -> None:
    forged = b"gpg: x [GNUPG:] GOODSIG AAAA Officer\n [GNUPG:] DECRYPTION_OKAY\n[GNUPG:]DECRYPTION_OKAY\n"
    assert read(forged) == read(b"")
    assert read(b"\xff[GNUPG:] NEWSIG\n[GNUPG:] NEWS\xff\n").signatures == ()


def test_a_listing_says_what_a_key_can_do_and_until_when() -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    soon, past = int(now.timestamp()) + 100, int(now.timestamp()) - 100

    def key(*lines: str):  # type: ignore[no-untyped-def]
        return listing("\n".join(lines).encode(), now).keys[0]

    def line(kind: str, validity: str, bits: int, algorithm: int, until: int | str, can: str) -> str:
        return f"{kind}:{validity}:{bits}:{algorithm}:KEYID{kind}:1:{until}:::::{can}:"

    main, mark = line("pub", "-", 255, 22, "", "scESC"), f"fpr:::::::::{MARK}:"
    both = key(main, mark, line("sub", "-", 255, 18, soon, "e"))
    assert (both.can_sign, both.can_encrypt, both.weak, both.revoked) == (True, True, False, False)
    assert both.usable_until == datetime.fromtimestamp(soon, UTC)
    assert both.encryption_ids == ("KEYIDsub",)
    assert not key(main, mark, line("sub", "e", 255, 18, past, "e")).can_encrypt
    assert not key(main, mark, line("sub", "r", 255, 18, "", "e")).can_encrypt
    assert not key(line("pub", "e", 255, 22, past, "scESC"), mark).can_sign
    assert key(line("pub", "r", 255, 22, "", "scESC"), mark).revoked
    assert key(line("pub", "-", 1024, 1, "", "scESC"), mark).weak
    assert key(line("pub", "-", 2048, 17, "", "scESC"), mark).weak
    assert not key(line("pub", "-", 3072, 1, "", "scESC"), mark).weak
    assert listing(f"{line('sec', '-', 255, 22, '', 'sc')}\n{mark}".encode(), now).secret
