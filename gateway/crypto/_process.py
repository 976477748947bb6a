"""Programs that encrypt and decrypt, fed from memory files that have no name: nothing is on disk."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.outcome import REASONS, Defer

LIMIT_SECONDS = 100


def waited(process: subprocess.Popen[bytes]) -> int:
    """The exit status. Waits in one system call; Popen's own timeout polls, up to 50 ms late."""
    descriptor = os.pidfd_open(process.pid)
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        if not poll.poll(LIMIT_SECONDS * 1000):
            process.kill()
            process.wait()
            raise Defer(REASONS[303])
        return process.wait()
    finally:
        os.close(descriptor)


@contextmanager
def memory(octets: bytes) -> Iterator[int]:
    """A file in memory that has no name, holding these octets, read from its beginning."""
    file = os.memfd_create("gsp", os.MFD_CLOEXEC)
    try:
        view = memoryview(octets)
        while view:
            view = view[os.write(file, view) :]
        os.lseek(file, 0, os.SEEK_SET)
        yield file
    finally:
        os.close(file)


def content(file: int) -> bytes:
    """All that was written to a memory file."""
    size = os.fstat(file).st_size
    return os.pread(file, size, 0) if size else b""
