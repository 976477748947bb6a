"""Photographs (JPEG, PNG, HEIC) of requests and look-ups: each code in one is a UIM with its number and place.

What is read, refused and shown, and why: docs/decisions/0013-photographs.md.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from gateway.attachments import AttachmentReading, Foreign, Parsed, Trouble
from gateway.attachments._unread import is_ornament, unread
from gateway.content import Finding, MimePart, Photograph, Severity, Text, Uim, text

_ENDINGS = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".heic", ".heif", ".hif")
_TYPES = frozenset({"image/jpeg", "image/pjpeg", "image/jpg", "image/png", "image/heic", "image/heif"})
_FORMS = frozenset({"", "request", "lookup"})
_LONGEST = 250  # characters of a UIM
_MOST_THUMBNAIL = 64_000
_NO_CODE = text(
    "No code could be read in the picture “{name}”. Take it again from straight above, closer, sharp and in even "
    "light; or type the code that is printed beside the pattern. Patterns of loose round dots (DotCode) cannot be "
    "read from pictures: type what is printed."
)
_BROKEN = text(
    "The picture “{name}” cannot be read: it is damaged, or of another kind than JPEG, PNG and HEIC. Take or save it "
    "again as JPEG and send that."
)
_TOO_MUCH = text(
    "The picture “{name}” is too intricate to be read. Cut out the part with the codes, save it as JPEG, and send that."
)
_REFUSED: dict[str, Text] = {
    "large": text(
        "The picture “{name}” is too large: at most 64 million pixels and 32 MB are read. Make it smaller, or cut out "
        "the part with the codes, and send that."
    ),
    "animated": text(
        "The picture “{name}” moves: it holds several pictures, and it cannot be known which one counts. Send one "
        "still picture."
    ),
}
_CUT = text(
    "Not everything in this picture was looked at: it shows too much. If codes are missing below, photograph fewer "
    "packs at a time."
)
_NO_UIM = text("This code holds something else than a UIM: letters that no UIM has, or too many. It was left out.")


def accepts(part: MimePart) -> bool:
    """Files named .jpg, .png, .heic and the like, and nameless ones of these types."""
    name = part.filename.lower()
    return name.endswith(_ENDINGS) or (part.media_type in _TYPES and "." not in name)


def read(part: MimePart, parsed: Parsed) -> AttachmentReading:
    """The codes, numbered as in the small picture that the receipt shows."""
    name = part.filename or part.media_type.partition("/")[2].upper()
    content = parsed.content
    if parsed.trouble or content.get("refused"):
        too_much = parsed.trouble is Trouble.TOO_MUCH
        sentence = _REFUSED.get(str(content.get("refused"))) or (_TOO_MUCH if too_much else _BROKEN)
        return AttachmentReading(remarks=_unread(part, name, sentence), gave_up=too_much)
    try:
        codes = tuple(map(_code, content["codes"]))
        picture = _picture(name, content, codes)
    except (KeyError, TypeError, ValueError):  # the process has read a stranger's file
        return AttachmentReading(remarks=_unread(part, name, _BROKEN))
    if not codes:
        return AttachmentReading(remarks=_unread(part, name, _NO_CODE))
    uims: list[Uim] = []
    others: list[Finding] = []
    for number, (said, _, region) in enumerate(codes, 1):
        if _is_plain(said):
            uims.append(Uim(said, name, number, region=region))
        else:
            others.append(Finding(_NO_UIM, Severity.PART, name, number, said[:_LONGEST], "uims", region=region))
    cut = [Finding(_CUT, Severity.PART, name)] if content.get("cut") else []
    return AttachmentReading(tuple(uims), remarks=(*cut, *others), pictures=(picture,))


def _unread(part: MimePart, name: str, sentence: Text) -> tuple[Finding, ...]:
    """What is said of a picture without codes, but of a logo in a signature."""
    return () if is_ornament(part) else (unread(sentence, name),)


def _code(told: Mapping[str, Any]) -> tuple[str, str, int]:
    """One code as the process told it. Raises ValueError, KeyError or TypeError for anything else."""
    x, y = (int(place) for place in told["at"])
    if not (0 <= x <= 1000 and 0 <= y <= 1000):
        raise ValueError("no place in a picture")
    return str(told["text"]), str(told["kind"])[:30], 1 + min(x * 3 // 1000, 2) + 3 * min(y * 3 // 1000, 2)


def _picture(name: str, told: Mapping[str, Any], codes: tuple[tuple[str, str, int], ...]) -> Photograph:
    """The small picture. Raises ValueError, KeyError or TypeError for what cannot be one."""
    try:
        octets = base64.b64decode(told["thumbnail"], validate=True)
    except binascii.Error:
        raise ValueError("no picture") from None
    width, height = int(told["width"]), int(told["height"])
    if not octets.startswith(b"\xff\xd8\xff") or len(octets) > _MOST_THUMBNAIL:
        raise ValueError("no small JPEG")
    if not (0 < width <= 640 and 0 < height <= 640):
        raise ValueError("no small picture")
    return Photograph(name, octets, width, height, codes)


def _is_plain(code: str) -> bool:
    """Whether a code is written as UIMs are: visible ASCII and the group separator."""
    return 0 < len(code) <= _LONGEST and all(sign == "\x1d" or "!" <= sign <= "~" for sign in code)


ATTACHMENT = Foreign(accepts, "pictures", read, _FORMS)
