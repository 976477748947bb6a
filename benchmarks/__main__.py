"""`make bench`: runs every benchmark (or those named) and prints a table; `--write` puts it into docs/benchmarks.md."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import (
    digests,
    large_list,
    lint,
    misreads,
    photographs,
    recognition,
    registry,
    schleuder,
    smime,
    spreadsheet,
    statistics,
    whole_path,
)

BENCHMARKS: dict[str, Callable[[], Iterable[tuple[str, str, str]]]] = {
    "whole-path": whole_path.run,
    "large-list": large_list.run,
    "spreadsheet": spreadsheet.run,
    "photographs": photographs.run,
    "smime": smime.run,
    "schleuder": schleuder.run,
    "recognition": recognition.run,
    "registry": registry.run,
    "statistics": statistics.run,
    "digests": digests.run,
    "misreads": misreads.run,
    "lint": lint.run,
}
PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"


def main() -> None:
    """Prints as it goes."""
    named = [argument for argument in sys.argv[1:] if not argument.startswith("-")] or list(BENCHMARKS)
    rows: list[tuple[str, str, str]] = []
    for name in named:
        print(f"Measuring {name} ...", flush=True)
        for row in BENCHMARKS[name]():
            rows.append(row)
            print("  " + ": ".join(row[:2]) + (f"   (goal: {row[2]})" if row[2] else ""), flush=True)
    if "--write" in sys.argv:
        PAGE.write_text(page(rows))


def page(rows: list[tuple[str, str, str]]) -> str:
    """The page of figures, with machine and date."""
    gpg = subprocess.run(["gpg", "--version"], capture_output=True, text=True, check=True).stdout.split("\n")[0]
    table = "\n".join(f"| {what} | {figure} | {goal} |" for what, figure, goal in rows)
    return (
        "# Measured figures\n\n"
        f"Written by `make bench BENCH=--write` on {datetime.now(UTC):%Y-%m-%d}: {gpg}, "
        f"Python {platform.python_version()}, "
        "2 cores. CPU counts the gateway, gpg and gpg-agent. The machine is shared: read ratios, not times.\n\n"
        f"| what | measured | goal |\n|---|---|---|\n{table}\n"
    )


if __name__ == "__main__":
    main()
