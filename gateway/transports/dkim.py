"""Whether the domain of a mail's sender has signed it (DKIM, RFC 6376), by dkimpy and dnspython."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import dkim
import dns.exception
import dns.resolver

from gateway.facts import Address
from gateway.outcome import REASONS, Defer

_SECONDS = 5.0  # for one question to the name servers
_MOST = 3  # signatures of the right domain that are tried
_SMALLEST_KEY = 1024  # bits: what RFC 8301 still asks verifiers to take
_ALGORITHMS = frozenset({b"rsa-sha256", b"ed25519-sha256"})
# dkimpy's expressions take time by the square of a run of blanks, and hold all threads meanwhile: one mail of a
# stranger could stop the listener for days (measured). An encrypted object has no such runs, few fields, whole lines.
_MOST_HEAD, _MOST_FIELDS, _MOST_SIGNATURE = 64 * 1024, 500, 4000
_MOST_LINES = 1_000_000
_BLANKS = re.compile(rb"[ \t]{21}")
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)
_TAG = re.compile(rb"(?:\A|;)\s*([a-z]+)\s*=\s*([^;]*)")


class _Quiet:
    """dkimpy tells a log what a mail says of itself; this one forgets it."""

    def error(self, *_: object) -> None:
        """Nothing."""

    debug = info = warning = error


class Dkim:
    """Verifies signatures; `resolvers` are name servers as `address` or `address:port`, none: the system's own."""

    def __init__(self, resolvers: Sequence[str] = ()) -> None:
        self._resolvers = resolvers

    def signed(self, raw: bytes, sender: Address, to_domain: str) -> bool:
        """Whether the sender's own domain has signed From, To and the whole body, and the mail is to this domain.

        To is asked for because a signature says nothing of the envelope: what somebody wrote to another reader could
        be sent here. Raises Defer [GSP-303] where no name server answers.
        """
        try:
            domain = sender.rpartition("@")[2].encode("ascii" if sender.isascii() else "idna").lower()
        except UnicodeError:  # no name of the DNS: nobody can sign for it
            return False
        if not _is_bounded(raw):
            return False
        fields = list(_fields(raw))
        to = [value for name, value in fields if name == b"to"]
        ours = re.compile(rb"@" + re.escape(to_domain.lower().encode()) + rb"(?![a-z0-9.-])")
        if len(to) != 1 or not ours.search(to[0].lower()):
            return False
        signatures = [value for name, value in fields if name == b"dkim-signature"]
        chosen = [place for place, value in enumerate(signatures) if _covers(value, domain)][:_MOST]
        return any(self._verified(raw, place) for place in chosen)

    def _verified(self, raw: bytes, place: int) -> bool:
        silent: list[bytes] = []  # names to which no server gave an answer: dkimpy calls such a signature a bad one

        def text(name: bytes, timeout: float) -> bytes | None:
            try:
                return self._text(name, timeout)
            except dns.exception.DNSException:
                silent.append(name)
                return None

        try:
            checked = dkim.DKIM(raw, logger=_Quiet(), minkey=_SMALLEST_KEY, timeout=_SECONDS)
            good = bool(checked.verify(place, dnsfunc=text))
        except (dkim.DKIMException, ValueError, IndexError, KeyError, TypeError):  # a damaged signature or key
            good = False
        if silent and not good:
            raise Defer(REASONS[303])
        return good

    def _text(self, name: bytes, timeout: float) -> bytes | None:
        """The TXT record of a name (RFC 6376, 3.6.2.2); None where there is none, or more than one."""
        try:
            found = self._resolver().resolve(name.decode("ascii"), "TXT", lifetime=timeout, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.resolver.YXDOMAIN, UnicodeDecodeError):
            return None
        records = [b"".join(record.strings) for record in found]
        return records[0] if len(records) == 1 else None

    def _resolver(self) -> dns.resolver.Resolver:
        if not self._resolvers:
            return dns.resolver.Resolver()
        resolver = dns.resolver.Resolver(configure=False)
        places = [place.rpartition(":") if place.count(":") == 1 else (place, "", "53") for place in self._resolvers]
        resolver.nameservers = [dns.nameserver.Do53Nameserver(host, int(port)) for host, _, port in places]
        return resolver


def _is_bounded(raw: bytes) -> bool:
    """Whether dkimpy reads a mail in a time by its size."""
    found = _END_OF_HEAD.search(raw, 0, _MOST_HEAD)
    if found is None or raw.count(b"\n", 0, found.start()) >= _MOST_FIELDS or raw.count(b"\n") > _MOST_LINES:
        return False
    return _BLANKS.search(raw, found.end()) is None


def _fields(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name in lower case, and value, of each header field; a line without a colon is none."""
    head = _END_OF_HEAD.split(raw, maxsplit=1)[0]
    for line in re.split(rb"\r?\n(?![ \t])", head):
        if found := _FIELD.match(line):
            yield found[1].lower(), found[2]


def _covers(value: bytes, domain: bytes) -> bool:
    """Whether a signature is this domain's, over From, To and all of the body, by an algorithm that still counts."""
    if len(value) > _MOST_SIGNATURE:
        return False
    tags = {name: re.sub(rb"\s", b"", content) for name, content in _TAG.findall(value)}
    named = tags.get(b"h", b"").lower().split(b":")
    return (
        tags.get(b"d", b"").lower() == domain
        and {b"from", b"to"} <= set(named)
        and b"l" not in tags
        and tags.get(b"a") in _ALGORITHMS
    )
