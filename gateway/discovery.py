"""Finds the plug-ins of a folder: one module, one constant."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import Any


def find(package: ModuleType, constant: str) -> dict[str, Any]:
    """Every plug-in of a package, by module name, in alphabetical order.

    A module that does not define the constant is an error: a half-written plug-in must be seen
    at the start, not when a mail needs it. Modules whose names begin with `_` are not plug-ins.
    """
    plugins: dict[str, Any] = {}
    for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        if found.name.startswith("_"):
            continue
        module = importlib.import_module(f"{package.__name__}.{found.name}")
        if not hasattr(module, constant):
            raise TypeError(f"{module.__name__} does not define {constant}")
        plugins[found.name] = getattr(module, constant)
    return plugins
