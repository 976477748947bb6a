"""Whether a file that is called text is something else: then not one line of it is read."""

from __future__ import annotations

import re

from gateway.attachments._unread import unread
from gateway.content import Finding, MimePart, text

_OTHER = re.compile(
    rb"PK\x03\x04|MZ[^ -~]|\x7fELF|\xd0\xcf\x11\xe0|%PDF-|\x89PNG|\xff\xd8\xff|GIF8|\x1f\x8b|\{\\rtf|"
    rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|\?xml|table|script|svg)",
    re.IGNORECASE,
)
_UNLIKE = text(
    "The file “{name}” is of another kind than its name says, and was not read. Open it in the program that made it, "
    "save it as CSV or .xlsx, and send that file."
)
_NOTHING = text("No UIM was found in the file “{name}”. Send one UIM on a line.")


def unlike(part: MimePart) -> tuple[Finding, ...]:
    """What to tell of an archive, a web page, a picture that is named as a text file; () where it looks like one."""
    if not _OTHER.match(part.body):
        return ()
    return (unread(_UNLIKE, part.filename),)


def nothing(part: MimePart) -> Finding:
    """What to tell of a file in which there is nothing to read, so that nobody takes it for one that was read."""
    return unread(_NOTHING, part.filename)
