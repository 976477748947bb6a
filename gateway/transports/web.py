"""A few files by HTTP, held in memory: the Web Key Directory, where no other web server gives it out."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer
from typing import Any, Protocol

from gateway import logs
from gateway.transports._tls import tls_context

_PATIENCE = 10.0  # seconds that a visitor may be silent
_VISITORS = 32  # at a time; more are turned away


class WebSettings(Protocol):
    """What this door needs of the settings."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def tls_certificate(self) -> Path | None: ...
    @property
    def tls_key(self) -> Path | None: ...


class Web:
    """Gives out `files` (path without the first slash, octets) and nothing else, by HTTPS where there is a certificate.

    Raises ValueError where the certificate cannot be read.
    """

    def __init__(self, settings: WebSettings, files: Mapping[str, bytes]) -> None:
        self._address = (settings.host, settings.port)
        self._files = files
        self._tls = tls_context(settings.tls_certificate, settings.tls_key)
        self._server: _Server | None = None
        self._thread = threading.Thread(target=self._serve, name="web", daemon=True)

    def start(self) -> None:
        """Begins to listen; raises ValueError where the address cannot be had."""
        try:
            server = self._server = _Server(self._address, self._files)
        except OSError as error:
            host, port = self._address
            raise ValueError(f"cannot listen on {host} port {port}: {error.strerror}") from None
        if self._tls is not None:
            # The handshake belongs to the visitor's own thread: a silent one must not keep the others out.
            server.socket = self._tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread.start()
        logs.note("listening", transport="web", port=self._address[1])

    def stop(self) -> None:
        """Stops listening; what is being given out may be cut off."""
        if self._server is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def _serve(self) -> None:
        if self._server is not None:
            self._server.serve_forever(poll_interval=0.1)


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = _VISITORS
    block_on_close = False

    def __init__(self, address: tuple[str, int], files: Mapping[str, bytes]) -> None:
        self.files = files
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._places = threading.BoundedSemaphore(_VISITORS)
        super().__init__(address, _Visit)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - who it was is nobody's business
        """A visitor who hangs up, or speaks no TLS, is no fault of ours (SSLError is an OSError)."""
        error = sys.exception()
        if isinstance(error, Exception) and not isinstance(error, OSError):
            logs.fault(error, transport="web")


class _Visit(BaseHTTPRequestHandler):
    server: _Server
    timeout = _PATIENCE
    server_version = "gsp"
    sys_version = ""
    error_content_type = "text/plain; charset=utf-8"
    error_message_format = "%(code)d %(message)s\n"

    def do_GET(self) -> None:
        """A file, whatever stands after the question mark (the draft has the local part there)."""
        octets = self._found()
        if octets is not None:
            self.wfile.write(octets)

    def do_HEAD(self) -> None:
        """The same without the file."""
        self._found()

    def _found(self) -> bytes | None:
        octets = self.server.files.get(self.path.partition("?")[0].removeprefix("/"))
        if octets is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(octets)))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        return octets

    def log_message(self, format: str, *arguments: object) -> None:
        """Who looked for the key is not written down."""
