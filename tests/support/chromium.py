"""A real Chromium without a window, driven by its own protocol through a pipe: pages shown, looked at, measured."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.ports import PATIENCE

PHONE, DESK = 390, 1100  # CSS pixels


class Browser:
    """One tab. Pages have no network: what they load from outside is an error."""

    def __init__(self, to: int, back: int) -> None:
        self._to, self._back = to, os.fdopen(back, "rb")
        self._last, self._rest = 0, b""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._frame = self.do("Page.getFrameTree")["frameTree"]["frame"]["id"]

    def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the Chrome DevTools Protocol to the tab, and its result."""
        return self._call(method, self._session, **parameters)

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression, awaited."""
        found = self.do("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def show(self, html: str, width: int = DESK, dark: bool = False) -> None:
        """Shows a page, with the width of a window in CSS pixels."""
        self.do("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 600)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.do("Emulation.setEmulatedMedia", features=[scheme])
        self.do("Page.navigate", url="about:blank")  # else what the page before forbids (CSP) is forbidden to this one
        self.do("Page.setDocumentContent", frameId=self._frame, html=html)
        self.run(
            "Promise.all([...document.images].map(i => i.decode())).then(() => document.fonts.ready).then(() => 1)"
        )

    def picture(self, height: int = 0) -> bytes:
        """The whole page as PNG, or its first so many pixels."""
        width, whole = self.run("[innerWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": width, "height": min(whole, height or whole), "scale": 1}
        shot = self.do("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    def _call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        self._last += 1
        asked = {"id": self._last, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        _write(self._to, json.dumps(asked).encode() + b"\0")
        while True:
            answer = json.loads(self._message())
            if answer.get("id") == self._last:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def _message(self) -> bytes:
        while b"\0" not in self._rest:
            more = self._back.read1(1 << 20)
            assert more, "Chromium has ended"
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        return message


def _write(to: int, octets: bytes) -> None:
    while octets:
        octets = octets[os.write(to, octets) :]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with a profile of its own, both gone afterwards."""
    profile = Path(tempfile.mkdtemp(dir="/tmp", prefix="gc"))
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    command = [
        "/bin/bash", "-c", f'exec 3<&{theirs_in} 4>&{theirs_out}; exec "$@"', "bash", "chromium", "--headless=new",
        "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe",
        "--disable-background-networking", "--proxy-server=127.0.0.1:9", f"--user-data-dir={profile}", "about:blank",
    ]  # fmt: skip
    process = subprocess.Popen(
        command, pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, env={**os.environ, "HOME": str(profile)},
    )  # fmt: skip
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        yield Browser(ours_out, ours_in)
    finally:
        process.terminate()
        process.wait(PATIENCE)
        os.close(ours_out)
        shutil.rmtree(profile, ignore_errors=True)
