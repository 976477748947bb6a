"""The octets of one mail as SMTP carries them: where they end, and what must not be in them."""

from __future__ import annotations

END = b".\r\n"


class Body:
    """The octets between DATA and the final dot, in pieces that end in `.CRLF` or were cut by the reader.

    Only CRLF.CRLF ends the mail (RFC 5321, 4.1.1.4): a server before us that ends it elsewhere must not
    be able to smuggle a second mail in (CVE-2023-51764, CVE-2024-27305).
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: list[bytes] = []
        self._last = b"\r\n"  # the CRLF of the DATA command: a dot may follow at once
        self._size = 0
        self.pieces = 0
        self._lf = self._cr = self._crlf = 0
        self.complete = False

    def add(self, piece: bytes, ended: bool = True) -> None:
        """One piece; `ended`: the reader found `.CRLF` at its end."""
        self.pieces += 1
        self._count(piece)
        if ended and (self._last + piece[-5:])[-5:] == b"\r\n.\r\n":
            self.complete = True
            piece = piece[:-3]
        last, self._last = self._last, (self._last + piece[-2:])[-2:]
        self._size += len(piece)
        if self.too_large:
            self._kept.clear()  # read to its end, not kept
        else:
            # RFC 5321, 4.5.2: a dot that begins a line was put there. Piece by piece, so that the loop stays awake.
            self._kept.append((last + piece).replace(b"\r\n.", b"\r\n")[len(last) :])

    def _count(self, piece: bytes) -> None:
        self._lf += piece.count(b"\n")
        self._cr += piece.count(b"\r")
        self._crlf += piece.count(b"\r\n") + (self._last[-1:] == b"\r" and piece[:1] == b"\n")

    @property
    def too_large(self) -> bool:
        """Whether more came than was announced (RFC 1870: counted as on the wire)."""
        return self._size > self._limit

    @property
    def bare(self) -> bool:
        """Whether a CR or LF stands alone."""
        return not self._lf == self._cr == self._crlf

    def octets(self) -> bytes:
        """The mail, without the dots that were put before dots."""
        whole = b"".join(self._kept)
        self._kept.clear()
        return whole
