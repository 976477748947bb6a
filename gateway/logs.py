"""The only module that logs: takes facts, never text; caps foreign loggers.

One line an event, `key=value`, to standard error (systemd's journal keeps it). Of a foreign
exception only its type and our line number are written: its message may quote the data.
"""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import datetime
from enum import Enum

from gateway.facts import ExchangeNumber, ReferralNumber
from gateway.outcome import Cause, Reason

# What a log line may hold. `str` is for digests, addresses of transports and enumerations only:
# a house test looks at every call.
LogValue = int | float | str | bool | Enum | datetime | ExchangeNumber | ReferralNumber

_OURS = "gateway"
_logger = logging.getLogger(_OURS)


def configure(verbose: bool = False) -> None:
    """Sends our lines to standard error; no configuration can lower the cap on foreign loggers."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    _logger.setLevel(logging.DEBUG if verbose else logging.INFO)
    for name in ("mail", "mail.log", "gnupg", "sqlalchemy", "apscheduler", "imapclient", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # aiosmtpd and python-gnupg quote data even at WARNING and ERROR (libraries.md, 10).
    for name in ("mail", "mail.log", "gnupg"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def note(what: str, **facts: LogValue) -> None:
    """Writes one line of facts, e.g. `note("taken", arrival=digest, form="request")`."""
    _logger.info(_line(what, facts))


def warn(what: str, **facts: LogValue) -> None:
    """As `note`, for what somebody should look at."""
    _logger.warning(_line(what, facts))


def refused(reason: Reason, cause: Cause, **facts: LogValue) -> None:
    """The operator's line of a refusal: the number the stranger was told, and the true cause."""
    _logger.warning(_line("refused", {"reason": reason.number, "cause": cause, **facts}))


def fault(error: BaseException, **facts: LogValue) -> None:
    """A foreign exception by type and place only."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/gateway/" in f.filename]
    place = f"{frames[-1].filename.rpartition('/gateway/')[2]}:{frames[-1].lineno}" if frames else "?"
    _logger.error(_line("fault", {"type": type(error).__name__, "at": place, **facts}))


def _line(what: str, facts: dict[str, LogValue]) -> str:
    parts = [what.replace(" ", "-")]
    for key, value in facts.items():
        shown = value.value if isinstance(value, Enum) else value
        parts.append(f"{key}={str(shown)!r}" if " " in str(shown) else f"{key}={shown}")
    return " ".join(parts)
