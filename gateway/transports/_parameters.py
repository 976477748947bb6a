"""Path and parameters of MAIL and RCPT; the DSN parameters of RFC 3461 are checked and taken."""

from __future__ import annotations

import re
from collections.abc import Sequence

_KEYWORD = re.compile(r"[A-Z0-9][A-Z0-9-]*")
# RFC 3461, 4: printable ASCII but + and =, or + and two hexadecimal digits; RFC 6533 adds UTF-8.
_XTEXT = re.compile(r"(?:[!-*,-<>-~\u0080-\U0010ffff]|\+[0-9A-F]{2})+")
_CHECKS = {
    ("MAIL", "RET"): re.compile(r"FULL|HDRS"),
    ("MAIL", "ENVID"): re.compile(rf"(?=.{{1,100}}\Z){_XTEXT.pattern}"),
    ("RCPT", "NOTIFY"): re.compile(r"NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY)){0,2}"),
    ("RCPT", "ORCPT"): re.compile(rf"(?=.{{1,500}}\Z)[A-Z0-9-]+;{_XTEXT.pattern}"),
}

# RFC 5321, 4.1.2: a path in angle brackets; a source route is ignored (its appendix C).
_PATH = re.compile(r'<(?:@[^:<>\s]+:)?((?:"(?:[^"\\]|\\.)*"|[^\s<>"])*)>(?:\s+(.*))?')


def path(text: str) -> tuple[str | None, str | None]:
    """Address and the rest of the line; `<>` for the null path; (None, None) where there is no path."""
    found = _PATH.fullmatch(text)
    if not found or (found[1] and "@" not in found[1]):
        return None, None
    return found[1] or "<>", found[2] or ""


def without_dsn(command: str, params: Sequence[str]) -> dict[str, str | bool] | None:
    """The parameters (in capitals) that remain when the DSN ones are checked; None: a syntax error.

    A delivery is final here and the sender hears the result in the session, so what RET, ENVID,
    NOTIFY and ORCPT ask for is done by the server that handed the mail over.
    """
    seen: dict[str, str | bool] = {}
    for param in params:
        keyword, equals, value = param.partition("=")
        if not _KEYWORD.fullmatch(keyword) or keyword in seen or (equals and not value):
            return None
        seen[keyword] = value if equals else True
    for (of, keyword), check in _CHECKS.items():
        given = seen.pop(keyword, None) if of == command else None
        if given is not None and (given is True or not check.fullmatch(str(given))):
            return None
    return seen
