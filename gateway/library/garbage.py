"""When garbage is not looked for: where many values are made at once and nearly all of them stay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unswept() -> Iterator[None]:
    """Looks for none meanwhile, which took up to a tenth of the time in which a library is loaded or a list judged.

    Of threads that do so at once the first that ends has it looked for again.
    """
    was_looked_for = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_looked_for:
            gc.enable()
