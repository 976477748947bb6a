"""The parsers without their process, for unit tests: files that the test itself made."""

from __future__ import annotations

import importlib
import json

from gateway.attachments import Parsed, Trouble
from gateway.parsers.__main__ import answer


def in_process(parser: str, octets: bytes) -> Parsed:
    """What `gateway.parsing.parse` gives."""
    said = json.loads(json.dumps(answer(importlib.import_module(f"gateway.parsers.{parser}").PARSER, octets)))
    return Parsed(said.get("content", {}), Trouble(said["trouble"]))
