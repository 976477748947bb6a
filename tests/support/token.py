"""A PKCS #11 token for the tests: SoftHSM with RSA keys and certificates, in a folder that is the user's HOME."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "493817-pin"
LABEL = "gsp"


class Token:
    """Use it with `HOME` set to `home`: that is where SoftHSM's library looks for its configuration."""

    def __init__(self, home: Path) -> None:
        self.home = home
        (home / ".config" / "softhsm2").mkdir(parents=True)
        (home / "tokens").mkdir()
        configuration = f"directories.tokendir = {home}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
        (home / ".config" / "softhsm2" / "softhsm2.conf").write_text(configuration)
        self._run("softhsm2-util", "--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", "so-" + PIN)

    def make_key(self, name: str, number: str, bits: int = 2048) -> None:
        """An RSA key pair on the token, and a certificate for it, without which gnupg-pkcs11-scd does not see it."""
        self._tool("--keypairgen", "--key-type", f"rsa:{bits}", "--label", name, "--id", number)
        made = self.home / f"{name}.der"
        self.openssl(
            "req", "-new", "-x509", "-days", "3650", "-subj", f"/CN={name}", "-outform", "DER", "-out", str(made),
            "-engine", "pkcs11", "-keyform", "engine", "-key", f"{self.uri(name)};pin-value={PIN}",
        )  # fmt: skip
        self._tool("--write-object", str(made), "--type", "cert", "--label", name, "--id", number)

    def uri(self, name: str) -> str:
        """The URI of a secret key (RFC 7512), without the PIN."""
        return f"pkcs11:token={LABEL};object={name};type=private"

    def openssl(self, *arguments: str) -> bytes:
        """What `openssl` gives, with this token's library as engine."""
        return self._run("openssl", *arguments)

    def grips(self, gnupg: Path) -> dict[str, str]:
        """The key grips, by the name of the key, as an operator reads them."""
        listed = self._run("gpg-connect-agent", "--homedir", str(gnupg), "SCD LEARN --force", "/bye").decode()
        friendly = [line.split() for line in listed.splitlines() if line.startswith("S KEY-FRIEDNLY")]
        return {name.removeprefix("/CN="): grip for _, _, grip, name, *_ in friendly}

    def gone(self) -> None:
        """As if the token had been pulled out."""
        (self.home / "tokens").rename(self.home / "pulled")

    def _tool(self, *arguments: str) -> None:
        self._run("pkcs11-tool", "--module", MODULE, "--token-label", LABEL, "--login", "--pin", PIN, *arguments)

    def _run(self, *command: str) -> bytes:
        environment = os.environ | {"HOME": str(self.home), "PKCS11_MODULE_PATH": MODULE}
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        assert done.returncode == 0, (command[0], done.stderr, done.stdout)
        return done.stdout
