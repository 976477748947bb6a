"""A listening socket and the thread in which its event loop runs."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterable
from typing import Any

from gateway import logs
from gateway.transports._session import Door, Session


class Listener:
    """A listening socket with its event loop, in a thread of its own."""

    def __init__(
        self, session: type[Session], door: Door, host: str, port: int, implicit: ssl.SSLContext | None = None
    ) -> None:
        self._session = session
        self._door = door
        self._address = (host, port)
        self._implicit = implicit
        self._sessions: set[Session] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=door.transport, daemon=True)
        self._server: asyncio.Server | None = None
        self._loop.set_exception_handler(self._fault)

    def start(self) -> None:
        """Begins to listen; raises ValueError where the address cannot be had."""
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        except OSError as error:
            self._end_thread()
            host, port = self._address
            raise ValueError(f"cannot listen on {host} port {port}: {error.strerror}") from None
        logs.note("listening", transport=self._door.transport, port=self._address[1])

    def stop(self) -> None:
        """Stops listening, says goodbye, and waits for the mails that are being worked on."""
        asyncio.run_coroutine_threadsafe(self._finish(), self._loop).result()
        self._end_thread()

    async def _listen(self) -> None:
        loop = self._loop
        self._server = await loop.create_server(
            lambda: self._session(self._door, self._sessions, loop), *self._address, ssl=self._implicit
        )

    async def _finish(self) -> None:
        if self._server is not None:
            self._server.close()
        _end_all(self._sessions)
        deadline = self._loop.time() + self._door.time_limit + 5
        while self._sessions and self._loop.time() < deadline:
            await asyncio.sleep(0.02)
        await self._loop.shutdown_default_executor()

    def _fault(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What nobody caught, by type and place: asyncio's own words may quote the connection's data."""
        error = context.get("exception")
        # A client that hangs up or fails its TLS handshake is no fault of ours (SSLError is an OSError).
        if isinstance(error, Exception) and not isinstance(error, OSError):
            logs.fault(error, transport=self._door.transport)

    def _end_thread(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def _end_all(sessions: Iterable[Session]) -> None:
    for session in tuple(sessions):
        session.end()
