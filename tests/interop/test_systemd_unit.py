"""The unit of config/: systemd understands every line, and finds little that the gateway could reach."""

from __future__ import annotations

import subprocess
from pathlib import Path

UNIT = Path(__file__).parents[2] / "config" / "gsp-gateway.service"
_EXPOSURE = "20"  # tenths of systemd's scale from 0 to 10


def analysed(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)


def test_systemd_calls_the_exposure_low() -> None:
    found = analysed("security", "--offline=true", f"--threshold={_EXPOSURE}", "--no-pager", str(UNIT))
    assert found.returncode == 0, found.stdout


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/gsp-gateway/.venv/bin/gsp", "/bin/true"))
    found = analysed("verify", str(unit))
    assert [line for line in found.stderr.splitlines() if UNIT.name in line] == []


def test_an_opened_door_would_be_found(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    kept = [line for line in UNIT.read_text().splitlines() if not line.startswith(("CapabilityBounding", "SystemCall"))]
    unit.write_text("\n".join(kept))
    found = analysed("security", "--offline=true", f"--threshold={_EXPOSURE}", "--no-pager", str(unit))
    assert found.returncode == 1
