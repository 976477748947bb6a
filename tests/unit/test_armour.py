"""What is armoured is read back, with the checksum that RFC 9580 describes."""

from __future__ import annotations

import pytest

from gateway.crypto import _packets
from gateway.mime.armour import armoured


@pytest.mark.parametrize("octets", [b"", b"x", bytes(range(256)) * 3])
def test_the_reader_that_we_have_reads_the_armour_that_we_write(octets: bytes) -> None:
    found = _packets.armoured(armoured("MESSAGE", octets))
    assert found == (b"", octets, b"\r\n")


def test_the_checksum_is_the_one_of_the_standard() -> None:
    # CRC-24/OPENPGP of "123456789" is 21CF02 (catalogue of parametrised CRC algorithms).
    assert b"\r\n=Ic8C\r\n" in armoured("MESSAGE", b"123456789")
