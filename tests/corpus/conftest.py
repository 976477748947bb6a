"""Without the whole corpus some tests have nothing to read: they are left out and that is said, never in CI."""

from __future__ import annotations

import os

import pytest

from tests.corpus.places import WHOLE

_LEFT_OUT: list[pytest.Item] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Takes the tests out that name mails which are not here; in CI they run, and fail."""
    if WHOLE or "CI" in os.environ:
        return
    _LEFT_OUT[:] = [item for item in items if item.get_closest_marker("whole_corpus")]
    items[:] = [item for item in items if item not in _LEFT_OUT]
    config.hook.pytest_deselected(items=_LEFT_OUT)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says what was left out."""
    if _LEFT_OUT:
        terminalreporter.write_line(f"{len(_LEFT_OUT)} tests were left out: ../shared/corpus is not there.")
