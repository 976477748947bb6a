"""`gsp demo`: the whole exchange is played, and nothing but its own folder is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import gsp


def test_the_demonstration_plays_an_exchange_and_leaves_a_real_gateway_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the desks in the database that a variable names would get the keys of the demonstration."""
    real = tmp_path / "real.db"
    monkeypatch.setenv("GSP_DATABASE__URL", f"sqlite:///{real}")
    monkeypatch.setenv("GSP_DOMAIN", "real.example")
    ran = gsp("demo")
    assert (ran.status, ran.err) == (0, ""), ran
    assert not real.exists()
    assert "real.example" not in ran.out
    for seen in ("GSP REQUEST", "Riom 2", "Searched all", "none found"):
        assert seen in ran.flat, seen
