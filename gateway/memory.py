"""Memory of a process: out of core files and, where the system allows, off the swap; and when it is tidied."""

from __future__ import annotations

import ctypes
import gc
import resource

from gateway import logs

_VALUES = 20_000  # made and not given back since the last look
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


def settle() -> None:
    """For this process, when all is loaded: garbage is looked for in what comes, and not every few hundred values.

    What a large list is made of stays until it is answered: looking for garbage in it took a sixth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_VALUES)


def _mlockall(flags: int) -> int:
    return int(ctypes.CDLL(None, use_errno=True).mlockall(flags))
