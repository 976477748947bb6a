"""The pattern library as a value: the texts of `pattern_library/` turned, linted and asked (R2, R3)."""

from __future__ import annotations

from gateway.library.lint import lint, load, pairs
from gateway.library.live import LiveLibrary
from gateway.library.patterns import PatternLibrary
from gateway.library.schemes import Problem, Scheme, TreatyParty

__all__ = ["LiveLibrary", "PatternLibrary", "Problem", "Scheme", "TreatyParty", "lint", "load", "pairs"]
