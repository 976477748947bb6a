"""How much one person and one Party may send: when the next mail, or so many further UIMs, may come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.treaty import Role

# How many people somebody may order to be registered in a day, by role; how many may be for one Party; and how many
# challenges one address is sent before its registration has ended: our mail to those who are not registered.
REGISTRATIONS_PER_DAY = {Role.ADMINISTRATOR: 30, Role.SECRETARIAT: 300}
REGISTRATIONS_PER_PARTY = 60
CHALLENGES_PER_ADDRESS = 5
# Each change of a Party's entries is a mail to every administrator.
DIRECTORY_ORDERS_PER_DAY = 10
ENTRIES_PER_PARTY = 100
# Each proposal is a mail to everybody of the Secretariat, who must look at it.
PATTERN_CHANGES_PER_DAY = 20
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Allowance:
    """Mails an hour and UIMs a day; 0: as many as they like."""

    person_per_hour: int
    party_per_hour: int
    person_uims_per_day: int
    party_uims_per_day: int


def next_mail(last_but: datetime | None, now: datetime) -> datetime | None:
    """When one mail more may come; None: now. `last_but`: when the last came but as many as are allowed less one."""
    if last_but is None or last_but + HOUR <= now:
        return None
    return last_but + HOUR


def next_uims(used: Iterable[tuple[datetime, int]], wanted: int, most: int, now: datetime) -> datetime | None:
    """When `wanted` UIMs more may come, by those of each mail before, newest first; None: now.

    A single list is never too long here, however long it is: the limit of a request is another rule.
    """
    if not most or not wanted:
        return None
    room = max(most - wanted, 0)
    for at, count in used:
        room -= count
        if room < 0:
            free = at + DAY
            return free if free > now else None
    return None
