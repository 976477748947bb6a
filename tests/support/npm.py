"""Packages of the npm registry that programs in tests need, installed once for the machine."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def installed(name: str, files: Sequence[Path]) -> Path:
    """The folder with these files, one of them `package.json`, and what that names.

    It gets its name when all of it is there: a run that was broken off leaves nothing that looks complete.
    """
    folder = Path(tempfile.gettempdir()) / name
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{name}-") as beside:
            made = Path(beside) / name
            made.mkdir()
            for file in files:
                shutil.copy(file, made)
            subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=made, check=True)
            with suppress(OSError):  # another process of the tests was faster
                made.rename(folder)
    return folder
