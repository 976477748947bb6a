"""PGP/MIME that Exchange or Google Workspace has taken apart ("mixed up") is put together again.

Exchange turns multipart/encrypted into multipart/mixed with an empty text, the control part and the ciphertext;
Google puts the whole multipart/encrypted below a text that holds a signature separator and nothing else.
Mended only where nothing readable stands beside it. Corpus: pgp-exchange-mangled-mixed-up,
google-workspace-mixed-up.
"""

from __future__ import annotations

from dataclasses import replace

from gateway.content import MimePart
from gateway.mime.text import decode, html_to_lines
from gateway.repairs import Repair

_MOST = 64 * 1024  # octets of a part that shows nothing


def mend(tree: MimePart) -> MimePart:
    """The tree as the sender's program made it, or the same tree."""
    if tree.media_type != "multipart/mixed":
        return tree
    parts = [part for part in tree.children if not _empty(part)]
    if len(parts) == 1 and parts[0].media_type == "multipart/encrypted":
        inner = parts[0]
        return replace(tree, media_type=inner.media_type, parameters=inner.parameters, children=inner.children)
    if (
        len(parts) != 2
        or parts[0].media_type != "application/pgp-encrypted"
        or b"-----BEGIN PGP MESSAGE" not in parts[1].body
    ):
        return tree
    parameters = (*tree.parameters, ("protocol", "application/pgp-encrypted"))
    return replace(tree, media_type="multipart/encrypted", parameters=parameters, children=tuple(parts))


def _empty(part: MimePart) -> bool:
    """Whether a text part shows nothing; "--" is the separator above an empty signature (RFC 3676, 4.3)."""
    if part.filename or part.media_type not in ("text/plain", "text/html") or len(part.body) > _MOST:
        return False
    lines = html_to_lines(decode(part)) if part.media_type == "text/html" else [decode(part)]
    return "".join(lines).strip() in ("", "--")


REPAIR = Repair("outside", mend)
