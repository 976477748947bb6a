"""`gsp pattern`: the pattern library, checked and tried."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from gateway.cli import _output

if TYPE_CHECKING:
    from gateway.patterns import Quality


@click.group("pattern")
def pattern() -> None:
    """The pattern library."""


_gateway_option = click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of a gateway: its library, with the changes made there. Without: the library as shipped.",
)


@pattern.command("lint")
@_output.json_option
@_gateway_option
@click.option(
    "--pairs", is_flag=True, help="Show every pair of patterns that can fit one code, and which of them counts."
)
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path), required=False)
def lint(path: Path | None, home: Path | None, pairs: bool, as_json: bool) -> None:
    """Check the library (or the files of PATH): schema, samples, fields, dangerous patterns, overlaps.

    A note is no problem: something is accepted that is not the case, as when another marking was narrowed.
    """
    from gateway import inspection

    if path and home:
        raise click.UsageError("PATH and --home do not go together")
    if pairs:
        _show_pairs(path, home, as_json)
        return
    if home:
        with _output.opened(home) as gateway:
            problems = gateway.patterns.problems()
    else:
        with _output.failing():
            problems = inspection.lint_library(path)
    rows = [(one.file, one.scheme, f"note: {one.text}" if one.idle else one.text) for one in problems]
    _output.records(("File", "Scheme", "Problem"), rows, as_json, "The library is clean.")
    if wrong := sum(not one.idle for one in problems):
        raise _output.Failed(f"{wrong} problem(s) in the pattern library")


def _show_pairs(path: Path | None, home: Path | None, as_json: bool) -> None:
    from gateway import inspection

    texts = None
    if home:
        with _output.opened(home) as gateway:
            texts = gateway.patterns.texts()
    with _output.failing():
        rows = inspection.overlaps(texts, path)
    _output.records(("Pattern", "Other", "Code", "Which counts"), rows, as_json, "No code fits two patterns.")


@pattern.command("match")
@_output.json_option
@_gateway_option
@click.option("--file", "file", type=click.File("rb"), help="UIMs from a file (- for standard input), one a line.")
@click.argument("uims", nargs=-1)
def match(uims: tuple[str, ...], file: BinaryIO | None, home: Path | None, as_json: bool) -> None:
    """Show for each UIM the Parties found, by which pattern, how surely."""
    from gateway import inspection

    with _output.failing():
        given = [*uims, *(_lines(file) if file else ())]
    if not given:
        raise click.UsageError("Give UIMs, or --file.")
    known = None
    if home:
        with _output.opened(home) as gateway:
            known = gateway.patterns.known()
    with _output.failing():
        if as_json:
            _output.print_json(inspection.match(given, known))
            return
        rows = inspection.matched(given, known)
    _output.table(("UIM", "Verdict", "Party", "Pattern", "Reason"), rows, "")


@pattern.command("import")
@_output.home_option
@click.argument("file", type=click.File("rb"))
def bring(home: Path, file: BinaryIO) -> None:
    """Make the patterns of FILE (YAML) part of the library, at once and in every gateway on the database."""
    with _output.opened(home) as gateway:
        version, found = gateway.patterns.bring(file.read())
    for one in found.schemes:
        click.echo(f"{'New' if one.id in found.new else 'Changed'}: {one.id} ({one.title})")
    for other in found.touched:
        now = ", ".join(other.now) or "nothing"
        click.echo(f"Look at {other.title} ({other.party or 'no Party'}): {other.sample!r} is now decided by {now}")
    for title in found.unclear:
        click.echo(f"Look at {title}: whether codes of it are touched could not be computed")
    for scheme, shared in found.shared:
        click.echo(f"Noted in {scheme}: it shares codes with {shared} (ambiguous_with)")
    click.echo(f"The pattern library has version {version} now.")


@pattern.command("export")
@_output.home_option
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export(home: Path, folder: Path) -> None:
    """Write the library as it is now into FOLDER, as files that `gsp pattern lint` reads."""
    with _output.opened(home) as gateway:
        many = gateway.patterns.export(folder)
    click.echo(f"{many} files are written to {folder}.")


@pattern.command("diff")
@_output.home_option
@click.argument("file", type=click.File("rb"), required=False)
def diff(home: Path, file: BinaryIO | None) -> None:
    """Show what FILE would change; without it, what was changed since the library was shipped."""
    with _output.opened(home) as gateway:
        lines = tuple(gateway.patterns.difference(file.read() if file else None))
    click.echo("\n".join(lines) or "There is no difference.")


@pattern.command("history")
@_output.home_option
@_output.json_option
def history(home: Path, as_json: bool) -> None:
    """Every change of the library: what, whose, who proposed and who approved it, and which earlier version it repeats;
    and what waits."""
    with _output.opened(home) as gateway:
        rows = gateway.patterns.history()
    headings = ("Version", "At", "Party", "Schemes", "Proposed by", "Approved by", "Mark", "Repeats")
    _output.records(headings, rows, as_json, "The library is as it was shipped.")


@pattern.command("quality")
@_output.home_option
@_output.json_option
@click.option("--months", type=click.IntRange(1, 1200), default=12, show_default=True, help="How far to look back.")
def quality(home: Path, as_json: bool, months: int) -> None:
    """How the UIMs of each pattern were answered, and which patterns lose rank by it."""
    with _output.opened(home) as gateway:
        found = gateway.patterns.quality(months)
    if as_json:
        _output.print_json({"months": months, "patterns": [_judged(one) for one in found]})
        return
    headings = (
        "Pattern",
        "Party",
        "Answers",
        "Valid",
        "Not valid",
        "Not ours",
        "Share",
        "Asking",
        "Rank",
        "What follows",
    )
    rows = [
        (one.counted.scheme, one.counted.party, one.answers, one.counted.valid, one.counted.not_valid,
         one.counted.not_ours, f"{one.share:.0%}", one.counted.asking, _ranks(one), _follows(one))
        for one in found
    ]  # fmt: skip
    _output.table(headings, rows, f"No UIM that was led by a pattern has been answered in {months} months.")


def _judged(one: Quality) -> dict[str, Any]:
    counted, doubt = one.counted, one.counted.doubt if one.present else None
    return {
        "scheme": counted.scheme, "title": one.title, "party": counted.party, "mark": counted.mark,
        "present": one.present, "answers": one.answers, "valid": counted.valid, "not_valid": counted.not_valid,
        "not_ours": counted.not_ours, "share_not_ours": round(one.share, 4), "parties_asking": counted.asking,
        "rank_described": one.described, "rank": one.rank, "asks_officer": bool(doubt and doubt.asks),
        "since": doubt.at.isoformat(timespec="seconds") if doubt else None,
    }  # fmt: skip


def _ranks(one: Quality) -> str:
    if one.rank is None:
        return ""
    return f"{one.rank}" if one.rank == one.described else f"{one.described} -> {one.rank}"


def _follows(one: Quality) -> str:
    doubt = one.counted.doubt
    if not one.present:
        return "described otherwise now: begun anew"
    if doubt is None or not doubt.loss:
        return ""
    what = "the officer is asked before it is sent" if doubt.asks else "loses rank"
    return f"{what}, since {doubt.at:%Y-%m-%d}"


@pattern.command("revert")
@_output.home_option
@click.argument("version", type=int)
def revert(home: Path, version: int) -> None:
    """Take back the change that made VERSION; that makes another version."""
    with _output.opened(home) as gateway:
        now, schemes = gateway.patterns.revert(version)
    click.echo(f"{', '.join(schemes)}: as before version {version}. The pattern library has version {now} now.")


def _lines(file: BinaryIO) -> list[str]:
    """The lines that hold something. Only the ends of lines are taken off: a UIM may hold any character."""
    try:
        text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("the file is not UTF-8 text: save it as UTF-8") from None
    return [line for line in text.replace("\r\n", "\n").split("\n") if line]


COMMANDS = (pattern,)
