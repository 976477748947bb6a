"""Whose keys there are in a town: what every crowd says of them, whichever encryption it has."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

Ring = tuple[str, int]  # whose keys, and the how manieth of his


class Held(Protocol):
    """A key: the fingerprint that the registry knows it by, and what is given to others."""

    @property
    def mark(self) -> str: ...

    @property
    def public(self) -> bytes: ...


K = TypeVar("K", bound=Held)


class Holders(Generic[K]):
    """People by short name with their keys, oldest first."""

    rings: dict[str, list[K]]

    def last(self, name: str) -> Ring:
        """The keys that somebody has made last."""
        return name, len(self.rings[name]) - 1

    def address(self, name: str) -> str:
        return f"{name}@party.example"

    def public(self, ring: Ring) -> bytes:
        return self.rings[ring[0]][ring[1]].public

    def mark(self, ring: Ring) -> str:
        """The fingerprint that the registry knows a key by."""
        return self.rings[ring[0]][ring[1]].mark
