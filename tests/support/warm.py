"""`gsp` without its start: a process that has loaded the program runs each command in a copy of itself.

A page of the documentation starts `gsp` up to sixty times, and each start loads the same libraries. The copy has the
caller's arguments, environment, folder, umask, standard input, output and error, and gives back its exit status.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

# What stands on PATH. It loads next to nothing of Python.
_CLIENT = """#!{python} -ISE
import array, json, os, socket, sys
line = socket.socket(socket.AF_UNIX)
line.connect({address!r})
umask = os.umask(0)
said = json.dumps([sys.argv[1:], dict(os.environ), os.getcwd(), umask]).encode()
line.sendmsg([len(said).to_bytes(4, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))])
line.sendall(said)
sys.exit(int.from_bytes(line.recv(1) or b"\\xff", "big"))
"""


@contextmanager
def warm_gsp(folder: Path, environment: dict[str, str]) -> Iterator[Path]:
    """The folder in which `gsp` is the warm one; the process that has loaded it ends with the context."""
    shelf = folder / "warm"
    shelf.mkdir()
    address = shelf / "line"
    client = shelf / "gsp"
    client.write_text(_CLIENT.format(python=sys.executable, address=str(address)), encoding="utf-8")
    client.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen()
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.support.warm", str(listener.fileno())], env=environment,
            cwd=Path(__file__).resolve().parents[2], pass_fds=[listener.fileno()], stdin=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield shelf
        finally:
            server.kill()
            server.wait()


def _serve(listener: socket.socket) -> None:
    """Loads the program once. A process for each command, which waits for a copy that runs it; returns in the copy."""
    import gateway.service  # noqa: F401  what every command loads
    from gateway import data, inspection, library, store
    from gateway.cli import main
    from gateway.language import Languages

    for found in iter_modules(store.__path__):  # these are loaded when they are asked for
        import_module(f"{store.__name__}.{found.name}")
    Languages.from_texts(data.catalogues())  # all of this is kept, for the next gateway of the same process
    library.load(data.pattern_texts())
    inspection.broken_templates()

    while True:
        line, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            _take_over(line)
            copy = os.fork()
            if copy == 0:
                line.close()
                main()
            status = os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1])
            line.sendall(bytes([status if status >= 0 else 128 - status]))
            os._exit(0)
        line.close()
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _take_over(line: socket.socket) -> None:
    """This process becomes what the caller would have started."""
    length, given, _, _ = socket.recv_fds(line, 4, 3)
    said = b""
    while len(said) < int.from_bytes(length, "big"):
        said += line.recv(1 << 16)
    arguments, environment, folder, umask = json.loads(said)
    for number, descriptor in enumerate(given):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.argv = ["gsp", *arguments]
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    os.umask(umask)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
