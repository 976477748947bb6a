"""Keeps what is in clear in memory out of core files and, where the system allows, off the swap."""

from __future__ import annotations

import ctypes
import resource

from gateway import logs

_CURRENT, _FUTURE, _ON_FAULT = 1, 2, 4  # <sys/mman.h>, mlockall(2)


def keep_private() -> None:
    """For this process: no core file; every page stays in memory from its first use on.

    Where the limit on locked memory (`LimitMEMLOCK=` in the unit) is finite nothing is locked: with a lock that
    reached the limit, asking for memory would fail later. The unit forbids swap in any case.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    soft, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    locked = soft == resource.RLIM_INFINITY and not _mlockall(_CURRENT | _FUTURE | _ON_FAULT)
    logs.note("private", memory_locked=locked)


def _mlockall(flags: int) -> int:
    return int(ctypes.CDLL(None, use_errno=True).mlockall(flags))
