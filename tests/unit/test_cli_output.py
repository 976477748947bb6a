"""What every command prints goes through one place."""

from __future__ import annotations

import pytest

from gateway.cli import _output


def test_a_reader_that_has_seen_enough_is_no_failure() -> None:
    """`gsp stats | head`: click ends the command quietly, nobody is told of a broken pipe."""
    with pytest.raises(BrokenPipeError), _output.failing():
        raise BrokenPipeError


def test_what_a_person_can_mend_is_told_in_one_line() -> None:
    with pytest.raises(_output.Failed, match="there is no room"), _output.failing():
        raise OSError("there is no room")
