"""The unit of config/: systemd understands every line, and finds little that the gateway could reach."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from gateway import settings

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
    assert [line for line in analysed("verify", str(unit)).stderr.splitlines() if UNIT.name in line] == []
    unit.write_text(unit.read_text().replace("[Service]", "[Service]\nNoSuchSetting=1"))
    assert f"{UNIT.name}:" in analysed("verify", str(unit)).stderr


def test_an_opened_door_would_be_found(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    kept = [line for line in UNIT.read_text().splitlines() if not line.startswith(("CapabilityBounding", "SystemCall"))]
    unit.write_text("\n".join(kept))
    found = analysed("security", "--offline=true", f"--threshold={_EXPOSURE}", "--no-pager", str(unit))
    assert found.returncode == 1


def test_systemd_understands_the_credential_of_the_passphrase(tmp_path: Path) -> None:
    """With the drop-in the unit is as closed as before, and the setting names the credential's place."""
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/gsp-gateway/.venv/bin/gsp", "/bin/true"))
    drop_in = UNIT.with_name(UNIT.name + ".d") / "passphrase.conf"
    lines = drop_in.read_text()
    unit.write_text(unit.read_text().replace("[Install]", lines.partition("[Service]")[2] + "\n[Install]"))
    found = analysed("verify", str(unit))
    assert [line for line in found.stderr.splitlines() if UNIT.name in line] == []
    assert analysed("security", "--offline=true", f"--threshold={_EXPOSURE}", "--no-pager", str(unit)).returncode == 0
    (name,) = re.findall(r"^LoadCredentialEncrypted=([\w-]+):/", lines, re.MULTILINE)
    (variable, place) = re.findall(r"^Environment=(\w+)=%d/([\w-]+)$", lines, re.MULTILINE)[0]
    assert place == name
    home = tmp_path / "h"
    home.mkdir()
    (home / "gateway.toml").write_text('domain = "gsp.example.org"\n')
    found_settings = settings.load(home, {variable: f"/run/credentials/{UNIT.name}/{place}"})
    assert found_settings.openpgp.passphrase_file == Path(f"/run/credentials/{UNIT.name}/{name}")
