"""Mails as files: reads what is to be processed, writes what would be sent."""

from __future__ import annotations

import os
import re
from pathlib import Path


def read(path: Path) -> tuple[tuple[str, bytes], ...]:
    """Name and octets of a mail file, or of every `.eml` in a folder, in the order of their names.

    Raises ValueError where there is nothing to read.
    """
    files = sorted(path.glob("*.eml")) if path.is_dir() else [path]
    try:
        return tuple((file.name, file.read_bytes()) for file in files)
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from None


def write(folder: Path, message_id: str, octets: bytes) -> Path:
    """Writes one finished (encrypted) mail as `.eml`, readable by the owner only; gives the file.

    The name is made of the Message-ID, so the same mail written twice is one file; a reader never sees half of it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^A-Za-z0-9.-]", "_", message_id.strip("<>").partition("@")[0])[:100] or "mail"
    target = folder / f"{name.lstrip('.')}.eml"
    partial = target.with_suffix(".part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(target)
    return target
