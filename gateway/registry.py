"""The operator's side of the registry: who takes part, with which key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.content import N_, Decision
from gateway.crypto import _certificate
from gateway.crypto._openssl import Token
from gateway.events import Commit, Event, EventKind
from gateway.facts import Address, Fingerprint, Language, PartyCode, PublicKey, address, digest, party_code
from gateway.ports import CryptoScheme
from gateway.rules import renewal
from gateway.store import Store
from gateway.treaty import Role


class Registry:
    """Registers, lists and withdraws; every change is also an event of the record."""

    def __init__(self, store: Store, schemes: Mapping[str, CryptoScheme], clock: Callable[[], datetime]) -> None:
        self._members = store.members
        self._ledger = store.ledger
        self._view = store.view
        self._roster = store.roster
        self._schemes = schemes
        self._clock = clock

    def add_party(self, code: str, name: str, mailbox: str, language: str, key: bytes | None) -> str:
        """Registers a Party or changes its desk; gives a sentence. Raises ValueError that says what to do."""
        party = party_code(code)
        name = " ".join(name.split())
        if not name:
            raise ValueError("the Party needs a name, by which letters call it")
        public = self.read_key(key, party) if key else None
        new = self._members.add_party(party, name, _address(mailbox), Language(language), public, self._clock())
        said = f"Party {party} ({name}) is {'registered' if new else 'changed'}; its desk is {mailbox}"
        return (
            f"{said}, key {public.fingerprint}." if public else f"{said}, without a key: nothing can be sent to it yet."
        )

    def add_person(self, code: str, mailbox: str, name: str, role: Role, language: str | None, key: bytes) -> str:
        """Registers a person with a key, active at once; gives a sentence. Raises ValueError that says what to do.

        Who is registered gets the key as a further one, and the name and the language that are given.
        """
        party = party_code(code)
        known, name = self._view.person_by_address(_address(mailbox)), " ".join(name.split())
        if known is None and not name:
            raise ValueError("the person needs a name, by which letters and lists call them")
        if known is not None and known.party == party and known.role not in (role, Role.DESK):
            raise ValueError(
                f"{mailbox} is registered as {known.role.value}, and stays it: withdraw this (gsp user revoke), then"
                " add the person with the other role and a new key"
            )
        public = self.read_key(key, party)
        registered = self._view.party(party)
        chosen = Language(language) if language else registered.language if registered else Language("en")
        new = self._members.add_person(party, _address(mailbox), name, role, chosen, public, self._clock())
        if new or known is None:
            return f"{mailbox} is registered as {role.value} of {party}, key {public.fingerprint}."
        name, chosen = name or known.name, Language(language) if language else known.language
        said = {"name": name != known.name, "language": chosen != known.language}
        changed = [what for what, differs in said.items() if differs]
        if changed:
            self._members.describe_person(known.address, name, chosen)
        also = f"; changed: {', '.join(changed)}" if changed else ""
        return f"{mailbox} is known; the key was added, key {public.fingerprint}{also}."

    def renewal(self, mailbox: str, octets: bytes, at_once: bool) -> Decision:
        """All that follows from a new or extended key of a person or desk. Raises ValueError that says what to do."""
        owner = self._view.person_by_address(_address(mailbox))
        if owner is None:
            raise ValueError("no person and no desk has this address: see `gsp user list` and `gsp party list`")
        key, known, now = self.read_key(octets, owner.party), self._view.keys_claimed_by(owner.address), self._clock()
        wrong = renewal.objection(key, known, self._view, now)
        if wrong is not None:
            raise ValueError(wrong.message)
        return renewal.renew(renewal.Order(owner, key, known, now, at_once=at_once), self._view)

    def revoke(self, mailbox: str, reason: str) -> str:
        """Withdraws a person's access; gives a sentence. Raises ValueError that says what to do."""
        if not reason.strip():
            raise ValueError("say why: the reason is kept on record")
        now = self._clock()
        person = self._view.person_by_address(_address(mailbox))
        self._members.revoke(_address(mailbox), reason, now)
        said = f"{mailbox} can no longer use the gateway."
        if person and person.role is Role.ADMINISTRATOR and not self._view.administrators(person.party, now):
            said += f" Party {person.party} has no administrator now: register one."
        return said

    def read_key(self, octets: bytes, party: PartyCode) -> PublicKey:
        """The key or certificate in a file; the scheme is known by the octets, and what only one can read it judges.

        Raises ValueError with a sentence for whoever sent it.
        """
        errors = []
        for scheme in self._schemes.values():
            try:
                key = replace(scheme.read_key(octets), party=party)
            except ValueError as error:
                errors.append(str(error))
                continue
            if doubt := scheme.doubt(key):
                raise ValueError(doubt)
            if not key.can_encrypt:
                raise ValueError(
                    N_(
                        "nothing can be encrypted to this key: it needs an encryption subkey that has not expired"
                        " (a certificate: the key usage for encryption)"
                    )
                )
            return key
        raise ValueError(next((error for error in reversed(errors) if error), N_("there is no key in the file")))

    def note_own_key(self, fingerprint: str) -> None:
        """A new key of our own is on record, as everybody's are."""
        event = Event(EventKind.KEY_ADDED, digest=digest(fingerprint.encode()))
        self._ledger.commit(Commit(self._clock(), (event,)), None)

    def request_certificate(self, folder: Path, mailbox: str, algorithm: str, subject: str) -> bytes:
        """A certificate request (PEM) of the gateway's own for an authority; the new key waits in the home."""
        return _certificate.request(folder, mailbox, algorithm, subject)

    def install_certificate(
        self, folder: Path, octets: bytes, mailbox: str, token: Token | None = None
    ) -> tuple[str, str]:
        """Takes the certificate that an authority issued; gives its SHA-256 and the day of its expiry."""
        made = _certificate.install(folder, octets, mailbox, self._clock(), token)
        mark = _certificate.fingerprint(folder)
        self._ledger.commit(Commit(self._clock(), (Event(EventKind.KEY_ADDED, digest=digest(mark.encode())),)), None)
        return mark, _day(made.not_valid_after_utc)

    def certificates(self) -> tuple[PublicKey, ...]:
        """The registered S/MIME certificates that are not withdrawn."""
        return tuple(
            PublicKey("smime", Fingerprint(row["fingerprint"]), bytes(row["octets"]), row["can_encrypt"],
                      row["can_sign"], party=PartyCode(row["party"]))
            for row in self._members.listed_keys() if row["scheme"] == "smime" and not row["revoked_at"]
        )  # fmt: skip

    def party_rows(self) -> list[tuple[str, ...]]:
        """Code, name, mailbox, language, fingerprint of the desk's usable key."""
        rows: list[tuple[str, ...]] = []
        for party in self._view.parties():
            desk = self._view.desk(party.code, self._clock())
            key = desk.key.fingerprint if desk and desk.key else "none usable"
            rows.append((party.code, party.name, party.mailbox, party.language, key))
        return rows

    def directory_rows(self, code: str = "") -> list[tuple[object, ...]]:
        """Entries of the directory, of all Parties or of one: as `gsp directory list` prints them."""
        wanted = party_code(code) if code else ""
        return [
            (one.party, one.function.value, one.authority, one.person, one.address, one.telephone, one.postal,
             one.languages, one.remarks, one.number or "", _day(one.since))
            for one in self._view.directory()
            if wanted in ("", one.party)
        ]  # fmt: skip

    def standing_rows(self, every: bool, party: str = "") -> list[tuple[object, ...]]:
        """What Parties have not nominated or confirmed, and how often contacts were replaced; `every`: of all Parties.

        Columns: Party, missing functions, since when, reminders, entries, replaced, asked and confirmed on.
        """
        code = party_code(party) if party else ""
        return [
            (one.party, ", ".join(one.missing), _day(one.open_since) if one.missing else "",
             one.steps if one.missing else 0, one.entries, one.replaced, _day(one.asked_at), _day(one.confirmed_at))
            for one in self._roster.standings()
            if (every or one.missing or one.unconfirmed) and code in ("", one.party)
        ]  # fmt: skip

    def person_rows(self) -> list[tuple[str, ...]]:
        """Address, name, Party, role, language, state."""
        rows: list[tuple[str, ...]] = [
            (row["address"], row["name"], row["party"], row["role"], row["language"],
             f"revoked {_day(row['revoked_at'])}" if row["revoked_at"] else "active")
            for row in self._members.people()
        ]  # fmt: skip
        for one in self._view.all_pending():
            state = f"waits for {'approval' if one.proven else 'confirmation'} until {_day(one.expires)}"
            rows.append((one.address, one.name, one.party, one.role.value, one.language, state))
        return rows

    def key_rows(self, within: int | None = None) -> list[tuple[str, ...]]:
        """Fingerprint, scheme, owner, Party, expiry, state; with `within` only those that expire in so many days."""
        now = self._clock()
        rows: list[tuple[str, ...]] = []
        for row in self._members.listed_keys():
            until = row["usable_until"]
            if within is not None and (until is None or row["revoked_at"] or until > now + timedelta(days=within)):
                continue
            state = "revoked" if row["revoked_at"] else "expired" if until and until <= now else "usable"
            rows.append(
                (
                    row["fingerprint"],
                    row["scheme"],
                    row["address"] or "desk",
                    row["party"],
                    _day(until) or "never",
                    state,
                )
            )
        return rows


def _address(written: str) -> Address:
    try:
        return address(written)
    except ValueError:
        raise ValueError(f"{written} is not a mail address: write it as name@domain") from None


def _day(moment: Any) -> str:
    return moment.astimezone(UTC).date().isoformat() if moment else ""
