"""One focal point per module: a refused mail changes nothing, so the tests may share it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.correspondence import Correspondent
from tests.support.focalpoint import FocalPoint, focal_point


@pytest.fixture(scope="module")
def gate(people: dict[str, Correspondent]) -> Iterator[FocalPoint]:
    """A focal point for mails that must be refused."""
    with focal_point(people) as made:
        yield made
