"""Keys and certificates that somebody sends in a mail: attached, or pasted into the text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.content import KeyFile, MimePart

MOST = 5  # files handed over: one more than anybody needs, so that "too many" can be said
_KEY_TYPES = frozenset({"application/pgp-keys"})
_CERTIFICATE_TYPES = frozenset(
    {
        "application/pkix-cert",
        "application/x-x509-ca-cert",
        "application/x-x509-user-cert",
        "application/x-x509-email-cert",
        "application/x-pkcs7-certificates",
        "application/pem-certificate-chain",
        "application/x-pem-file",
        "application/pkcs12",  # a secret key: read only to say so
        "application/x-pkcs12",
    }
)
_CMS_TYPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_ENDINGS = (".cer", ".crt", ".pem", ".der", ".p7c", ".p7b", ".p12", ".pfx")
_KEY_ENDINGS = (".asc", ".gpg", ".pgp", ".key")
_BLOCK = re.compile(
    r"-----BEGIN (PGP (?:PUBLIC|PRIVATE) KEY BLOCK|CERTIFICATE|PKCS7|(?:[A-Z0-9]+ )?PRIVATE KEY)-----", re.ASCII
)
_DATA = re.compile(r"[A-Za-z0-9+/=]+", re.ASCII)
_INVISIBLE = re.compile("[\u00a0\u00ad\u200b-\u200f\u2060\ufeff]")
_PACKETS = (b"\x98", b"\x99", b"\xc6", b"\x94", b"\x95", b"\xc5")  # a key, public or secret (RFC 9580, 4.2)
_PEM = b"-----BEGIN CERTIFICATE-----"


def is_key(part: MimePart) -> bool:
    """Whether an attachment is meant as a key or certificate: by its type, its name, or its first octets."""
    name, head = part.filename.lower(), part.body[:100].removeprefix(b"\xef\xbb\xbf").lstrip().decode("latin-1")
    if part.media_type in _KEY_TYPES | _CERTIFICATE_TYPES:
        return True
    if part.media_type in _CMS_TYPES:
        return part.parameter("smime-type").lower() == "certs-only" or name.endswith((".p7c", ".p7b"))
    if name.endswith(_ENDINGS) or _BLOCK.match(head):
        return True
    return name.endswith(_KEY_ENDINGS) and part.body[:1] in _PACKETS


def is_secret(key: KeyFile) -> bool:
    """Whether it is a secret key in plain sight; whatever else is secret, the readers of keys find."""
    return re.search(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY", key.octets) is not None or key.octets[:1] in (
        b"\x94",
        b"\x95",
        b"\xc5",
    )


def attached_keys(parts: Sequence[MimePart]) -> tuple[KeyFile, ...]:
    """The files among the attachments that are keys or certificates, octets as they came."""
    return tuple(KeyFile(part.filename, part.body) for part in parts if is_key(part))


def pasted_keys(lines: Sequence[str]) -> tuple[tuple[str, ...], tuple[KeyFile, ...]]:
    """(the lines with blank ones in place of each block, the blocks). A block within a quotation is nobody's gift.

    Clients drop or add empty lines and spaces: the armour is made anew of its head and its lines of data.
    """
    left, keys = list(lines), list[KeyFile]()
    place = 0
    while place < len(left):
        begins = _BLOCK.fullmatch(_bare(left[place]))
        end = _end(left, place, begins[1]) if begins else None
        if begins and end is not None:
            kind = begins[1]
            data = [line for line in map(_bare, left[place + 1 : end]) if _DATA.fullmatch(line)]
            block = "\n".join((f"-----BEGIN {kind}-----", *([""] if "PGP" in kind else []), *data,
                               f"-----END {kind}-----", ""))  # fmt: skip
            keys.append(KeyFile("", block.encode("ascii")))
            left[place : end + 1] = [""] * (end + 1 - place)
            place = end
        place += 1
    return tuple(left), tuple(keys)


def gathered(keys: Sequence[KeyFile]) -> tuple[KeyFile, ...]:
    """Each once, and no more than a few. Certificates in PEM are one file: a chain is often sent in pieces."""
    each = [key for place, key in enumerate(keys) if all(key.octets != before.octets for before in keys[:place])]
    chain = [key for key in each if key.octets.lstrip().startswith(_PEM)]
    if len(chain) > 1:
        whole = KeyFile(chain[0].name, b"\n".join(key.octets.strip() for key in chain) + b"\n")
        each = [whole if key is chain[0] else key for key in each if key is chain[0] or key not in chain]
    return tuple(each[:MOST])


def _bare(line: str) -> str:
    return _INVISIBLE.sub("", line).strip()


def _end(lines: Sequence[str], first: int, kind: str) -> int | None:
    for place in range(first + 1, len(lines)):
        bare = _bare(lines[place])
        if bare == f"-----END {kind}-----":
            return place
        if _BLOCK.fullmatch(bare):
            return None
    return None
