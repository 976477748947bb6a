"""One request of 20 UIMs, accept to commit, against the bare gpg calls it needs; and with two worker processes."""

from __future__ import annotations

import random
import string
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.meter import Spent, metered
from gateway.correspondence import Correspondent
from gateway.crew import Crew
from gateway.facts import Envelope
from gateway.outcome import Taken
from tests.support.focalpoint import FocalPoint, focal_point, people_with_keys, request

MAILS = 30
ROUNDS = 9  # in turns: the processor's speed changes from minute to minute


def swedish(chance: random.Random, count: int) -> list[str]:
    """So many well-formed UIMs of one Party."""
    alphabet = string.ascii_letters + string.digits
    return ["QCALL" + "".join(chance.choices(alphabet, k=13)) + "25051914" for _ in range(count)]


def run() -> Iterator[tuple[str, str, str]]:
    """Rows of (what, figure, goal)."""
    for name, algorithm in (("Curve25519", "curve25519"), ("RSA-3072", "rsa3072")):
        with (
            people_with_keys(algorithm == "rsa3072") as people,
            focal_point(people, settings=unlimited, algorithm=algorithm) as point,
        ):
            crews = [Crew(point.home, size) for size in (1, 2)]
            try:
                yield from _ratio(name, point, people, crews[0])
                yield from _scaling(name, point, crews)
            finally:
                for crew in crews:
                    crew.stop()


def unlimited(home: Path) -> None:
    """One officer sends more than anybody may in an hour: mails that are deferred would be counted as requests."""
    settings = home / "gateway.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("# person_per_hour = 600", "person_per_hour = 0"), encoding="utf-8")


def requests(point: FocalPoint, count: int, seed: str) -> list[bytes]:
    """So many requests of 20 UIMs each, signed and encrypted."""
    chance = random.Random(seed)
    return [point.mail("officer", request(*swedish(chance, 20), case=f"B-{n}")) for n in range(count)]


def _ratio(name: str, point: FocalPoint, people: dict[str, Correspondent], crew: Crew) -> list[tuple[str, str, str]]:
    ratios, whole, bare = [], [], []
    for turn in range(ROUNDS):
        mails = requests(point, MAILS, f"{name}{turn}")
        crew.process(mails[0], Envelope())
        letters = point.gateway.take_outbox()
        with metered(str(point.home)) as ours:
            for raw in mails[1:]:
                assert isinstance(crew.process(raw, Envelope()), Taken)
        theirs = _bare(point, people, mails[1:], [octets for _, octets in letters])
        point.gateway.take_outbox()
        whole.append(ours.total / (MAILS - 1) * 1000)
        bare.append(theirs.total / (MAILS - 1) * 1000)
        ratios.append(ours.total / theirs.total)
    return [
        (f"{name}: one request of 20 UIMs, CPU", f"{median(whole):.1f} ms", ""),
        (f"{name}: the bare gpg calls it needs, CPU", f"{median(bare):.1f} ms", ""),
        (f"{name}: ratio", f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})", "at most 1.25"),
    ]


def _options(home: Path) -> list[str]:
    return ["gpg", "--homedir", str(home), "--no-options", "--batch", "--no-tty", "--quiet", "--trust-model", "always",
            "--no-auto-check-trustdb", "--no-auto-key-locate", "--no-auto-key-retrieve", "--disable-dirmngr",
            "--lock-never", "--no-random-seed-file"]  # fmt: skip


def _bare(point: FocalPoint, people: dict[str, Correspondent], mails: list[bytes], letters: list[bytes]) -> Spent:
    """gpg from a shell's distance: open each mail, then sign and encrypt two letters of the true size."""
    ring = Path(point.home).parent / "bare.kbx"
    gpg = _options(point.home / "gnupg")
    keyed = [*gpg, "--keyring", str(ring)]
    if not ring.exists():
        for person in people.values():
            subprocess.run([*gpg, "--no-default-keyring", "--keyring", str(ring), "--import"],
                           input=person.public_key, check=True, capture_output=True)  # fmt: skip
    clear = [(people[who].open(_armour(letter))[0], people[who].fingerprint)
             for who, letter in zip(("officer", "desk.se"), letters, strict=True)]  # fmt: skip
    armoured = [_armour(raw) for raw in mails]
    with metered(str(point.home)) as spent:
        for octets in armoured:
            subprocess.run([*keyed, "--decrypt"], input=octets, check=True, capture_output=True)
            for payload, reader in clear:
                subprocess.run([*keyed, "--armor", "--sign", "--encrypt", "--local-user", point.key,
                                "--recipient", reader], input=payload, check=True, capture_output=True)  # fmt: skip
    return spent


def _armour(raw: bytes) -> bytes:
    start, end = raw.index(b"-----BEGIN PGP"), raw.index(b"-----END PGP MESSAGE-----")
    return raw[start : end + 25].replace(b"\r\n", b"\n") + b"\n"


def _scaling(name: str, point: FocalPoint, crews: list[Crew]) -> list[tuple[str, str, str]]:
    """What a second worker brings; beside it, what a second core of this machine brings to gpg alone."""
    rates: tuple[list[float], list[float]] = ([], [])
    bare: tuple[list[float], list[float]] = ([], [])
    homes = [point.home / "gnupg", point.home / "gnupg" / "engine-1"]
    ring = str(point.home / "gnupg" / "pubring.kbx")

    def opened(number: int, raw: bytes) -> None:
        command = [*_options(homes[number]), "--no-default-keyring", "--keyring", ring, "--decrypt"]
        subprocess.run(command, input=_armour(raw), check=False, capture_output=True)  # the signer is not in it

    for turn in range(ROUNDS):
        for crew, workers in zip(crews, (1, 2), strict=True):
            mails = requests(point, MAILS * 2, f"{name} {turn} workers {workers}")
            rates[workers - 1].append(_rate(workers, mails, partial(_taken, crew)))
            point.gateway.take_outbox()
            bare[workers - 1].append(_rate(workers, mails * 2, opened))
    gains = [two / one for one, two in zip(*rates, strict=True)]
    bare_gains = [two / one for one, two in zip(*bare, strict=True)]
    return [
        (f"{name}: requests a second, one worker / two", f"{median(rates[0]):.0f} / {median(rates[1]):.0f}", ""),
        (f"{name}: two workers to one", f"{median(gains):.2f} ({min(gains):.2f} to {max(gains):.2f})", "at least 1.7"),
        (f"{name}: two bare gpg at once to one, on this machine", f"{median(bare_gains):.2f}", ""),
    ]


def _taken(crew: Crew, _: int, raw: bytes) -> None:
    assert isinstance(crew.process(raw, Envelope()), Taken)


def _rate(workers: int, mails: list[bytes], work: Callable[[int, bytes], object]) -> float:
    """Mails a second, by so many threads; raises what the work raises."""

    def share(own: int) -> None:
        for raw in mails[own::workers]:
            work(own, raw)

    started = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(share, range(workers)))
    return len(mails) / (time.perf_counter() - started)
