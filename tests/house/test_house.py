"""The rules of the house that no other tool checks: imports, size, logging, time, chance, what an event holds."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gateway.events import Event
from gateway.outcome import REASONS

ROOT = Path(__file__).resolve().parents[2]
MODULES = tuple(sorted((ROOT / "gateway").rglob("*.py")))
LINES, FUNCTION_LINES = 400, 50
LOGGERS = {"gateway/logs.py"}
# The edges that a person starts: they are the clock of what they do. Everything else is told the time.
CLOCKS = {f"gateway/{name}.py" for name in ("service", "demo", "doctor", "inspection", "cli/report", "cli/statistics")}
CHANCE = {"gateway/service.py", "gateway/serving.py", "gateway/home.py"}
# Words of the glossary that are never said to a person (architecture: "never").
# "Country of origin" is a term of trade, not a Party.
NEVER = ("country(?! of origin)", "ticket", "platform", "barcode", "spam", "newsletter", "auto-reply", "pubkey")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def _attributes(path: Path) -> set[str]:
    """Every `x.y` that is called or passed on, as text."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_a_module_imports_only_from_floors_below() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-logo", "--no-cache"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_says_its_purpose_and_is_short_and_so_are_its_functions(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    first = (ast.get_docstring(tree) or "").partition("\n")[0]
    assert len(first) > 10
    assert text.count("\n") <= LINES
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = [one.name for one in functions if (one.end_lineno or 0) - one.lineno >= FUNCTION_LINES]
    assert "alembic" in path.parts or long == []  # a migration is one list


@pytest.mark.parametrize("folder", ["attachments", "crypto", "forms", "parsers", "repairs", "reports", "transports"])
def test_the_files_of_a_folder_do_not_know_one_another(folder: str) -> None:
    """What is taken away, or added, is one file; what several need has a name that begins with `_`."""
    shared = {"workers"}  # of the doors: no transport
    siblings = {path.stem for path in (ROOT / "gateway" / folder).glob("[a-z]*.py")} - shared
    assert len(siblings) > 1 or folder in ("parsers", "reports")
    for path in (ROOT / "gateway" / folder).glob("[a-z]*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                named = {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
                assert not named & {f"gateway.{folder}.{sibling}" for sibling in siblings - {path.stem}}, path.name


def test_only_one_module_logs() -> None:
    assert {_name(path) for path in MODULES if "logging" in _imports(path)} == LOGGERS


def test_the_time_is_asked_at_the_edges_only() -> None:
    asking = {"datetime.now", "datetime.utcnow", "datetime.today", "time.time", "date.today", "datetime.datetime.now"}
    assert {_name(path) for path in MODULES if _attributes(path) & asking} == CLOCKS


def test_chance_is_drawn_at_the_edges_only() -> None:
    assert {_name(path) for path in MODULES if _imports(path) & {"random", "secrets", "uuid"}} <= CHANCE


def test_no_group_is_repeated_possessively() -> None:
    """Before 3.11.5 Python (Debian 12 has 3.11.2) takes the `a` of `ab` with `(?:ab?c)*+`; it has `(?>…)` right."""
    brackets = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
    possessive = re.compile(r"(?<![\\(])\)(?:[*+?]|\{+[\d,]+\}+)\+")
    assert possessive.search(brackets.sub("x", r"x(?:[)*+]|a)*+"))
    assert not possessive.search(brackets.sub("x", r"x(?:[)*+]|a)*(b)\)*+"))
    texts = (
        (path, node.value)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    assert [(_name(path), said) for path, said in texts if possessive.search(brackets.sub("x", said))] == []


def test_an_event_has_no_room_for_text() -> None:
    """Plain `str` is what a line of a mail would be; every text of an event has a narrow type of its own."""
    kinds = {str(kind) for kind in Event.__annotations__.values()}
    assert kinds == {
        "EventKind", "ExchangeNumber | None", "PartyCode", "int", "Digest", "tuple[UimFact, ...]", "MessageId",
    }  # fmt: skip


def test_a_log_line_is_given_facts_by_name_and_a_fixed_sentence() -> None:
    lines = [
        (f"{_name(path)}:{node.lineno}", node)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("logs.note", "logs.warn")
    ]
    assert len(lines) > 20
    assert [place for place, line in lines if len(line.args) != 1 or not isinstance(line.args[0], ast.Constant)] == []


def test_the_wheel_brings_what_the_program_reads() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    carried = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    asked = {
        node.args[0].value
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("data.folder", "folder")
        and node.args and isinstance(node.args[0], ast.Constant)
    }  # fmt: skip
    assert asked
    assert asked <= set(carried)
    for folder, place in carried.items():
        assert (ROOT / folder).is_dir()
        assert place == f"gateway/_data/{folder}"


@pytest.mark.parametrize("number", sorted(REASONS))
def test_a_reason_is_one_sane_reply(number: int) -> None:
    reason = REASONS[number]
    assert reason.number == number
    assert reason.code in {1: {550, 552, 554}, 2: {550}, 3: {450, 451, 452}, 4: {250}, 5: {550}}[number // 100]
    assert re.fullmatch(r"\d\.\d", reason.detail)
    assert reason.public.isascii()
    assert len(reason.reply) <= 200
    assert not reason.public.endswith(".")
    assert reason.remedy.endswith(".")


def test_after_decryption_there_is_one_refusal() -> None:
    assert [number for number in REASONS if number // 100 == 2] == [201]


def test_no_template_says_a_word_that_the_glossary_forbids() -> None:
    sentences = (ROOT / "templates" / "locale" / "messages.pot").read_text(encoding="utf-8")
    ids = "\n".join(re.findall(r'^(?:msgid(?:_plural)? )?"(.*)"$', sentences, re.MULTILINE))
    assert "Your mail was not accepted" in ids
    assert [word for word in NEVER if re.search(rf"\b{word}\b", ids, re.IGNORECASE)] == []


def test_the_schemas_revisions_are_one_chain_numbered_as_their_files() -> None:
    scripts = sorted((ROOT / "gateway/store/alembic/versions").glob("[0-9]*.py"))
    revisions = [
        {node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(path.read_text(encoding="utf-8")).body
         if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)}
        for path in scripts
    ]  # fmt: skip
    names = [path.name[:4] for path in scripts]
    assert names
    assert len(set(names)) == len(names)
    assert [one["revision"] for one in revisions] == names
    assert [one["down_revision"] for one in revisions] == [None, *names[:-1]]
