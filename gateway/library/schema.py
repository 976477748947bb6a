"""The published schema of the library's files, and what is wrong with one, in plain sentences."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from gateway import data
from gateway.content import Text, text

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, ValidationError

PARTIES, AGENCIES, OVERLAPS = "_parties.yaml", "_agencies.yaml", "_overlaps.yaml"

_FILE = text("the file")
# What people who never saw the schema are told of the keys that the form asks for, too.
_WANTED = {
    "id": text("id: small letters, digits and hyphens, such as ke-stamp-2027."),
    "party": text("party: the code of the Party, two capital letters; in a file in quotation marks."),
    "prefixes": text("prefixes: each is 2 to 8 capital letters or digits; in a file they stand in square brackets."),
    "length": text("length: from 1 to 200 characters; in a file the least is min, the most max."),
    "rank": text("rank: a whole number from 1 to 99."),
    "validity": text('validity: each day is written in quotation marks, year first, such as "2027-01-31".'),
}
_TYPES = {
    "array": text("{field}: a list is wanted, in square brackets, [one, another], or each on a line behind a hyphen."),
    "string": text(
        "{field}: text is wanted; what YAML takes for a number, a date or yes and no is text in quotation marks."
    ),
    "object": text("{field}: keys with values are wanted, in braces, as in the examples of the documentation."),
    "integer": text("{field}: a whole number is wanted, without a point, a comma or quotation marks."),
    "boolean": text("{field}: true or false is wanted."),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in the library: in which file, which scheme ("" none), a plain sentence.

    `idle`: only that something is accepted which is not the case (any more); no code is decided in another way by it.
    """

    file: str
    scheme: str
    says: Text
    idle: bool = False

    @property
    def text(self) -> str:
        """What it says, in English."""
        return _english(self.says)

    def __str__(self) -> str:
        return f"{self.file}: {self.scheme}: {self.text}" if self.scheme else f"{self.file}: {self.text}"


def _english(says: Text) -> str:
    values = {name: _english(value) if isinstance(value, Text) else value for name, value in says.values}
    return (says.plural if says.plural and says.count != 1 else says.message).format(**values)


def plain(sentence: str) -> Text:
    """A sentence that only who keeps the files sees: it is not translated."""
    return Text("{says}", (("says", sentence),))


def schema_problems(name: str, document: Any) -> tuple[Problem, ...]:
    """Where the content of a file does not keep to the schema."""
    if _is_valid(name, document):
        return ()
    errors = sorted(
        _validator(_kind(name)).iter_errors(document), key=lambda error: list(map(str, error.absolute_path))
    )
    found = (Problem(name, _named(document, list(broken.absolute_path)), _says(broken)) for broken in errors)
    return tuple(dict.fromkeys(found))  # of several keys that are missing each error names them all


def _says(broken: ValidationError) -> Text:
    """What is wrong at one place, in words that can be translated."""
    path = [str(step + 1) if isinstance(step, int) else step for step in broken.absolute_path]  # people count from 1
    field = ".".join(path[2:] if path[:1] == ["schemes"] else path)
    wanted: Any = broken.validator_value
    found: Any = broken.instance
    match broken.validator:
        case "required":
            missing = ", ".join(name for name in wanted if name not in found)
            if not field:
                return text("Missing: {names}.", names=missing)
            return text("{field}: “{names}” is missing.", field=field, names=missing)
        case "additionalProperties":
            schema: Any = broken.schema
            unknown = ", ".join(sorted(str(name)[:40] for name in found if name not in schema["properties"]))
            if not field:
                return text("Not a key of the published schema: {names}.", names=unknown)
            return text("{field}: “{names}” is no key of the published schema.", field=field, names=unknown)
        case "enum":
            return text(
                "{field}: it must be one of: {values}.", field=field or _FILE, values=", ".join(map(str, wanted))
            )
        case _ if len(path) > 2 and path[2] in _WANTED:
            return _WANTED[path[2]]
        case "type" if str(wanted) in _TYPES:
            return text(_TYPES[wanted].message, field=field or _FILE)
        case _:
            return text("{field}: it does not keep to the published schema.", field=field or _FILE)


def _named(document: Any, path: list[Any]) -> str:
    """The id of the scheme in which a schema error lies, "" if it lies elsewhere."""
    if len(path) < 2 or path[0] != "schemes" or not isinstance(document["schemes"][path[1]], dict):
        return ""
    return str(document["schemes"][path[1]].get("id", ""))


def _is_valid(name: str, document: Any) -> bool:
    """Whether it keeps to the schema: told a hundred times as fast as where and why it does not."""
    try:
        return _quick_validator(_kind(name)).is_valid(document)
    except ValueError:  # a date, a key that is no text: nothing that JSON has
        return False


@lru_cache(maxsize=4)
def _quick_validator(kind: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(_schema(kind))


@lru_cache(maxsize=4)
def _validator(kind: str) -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # a fifth of a second, and needed for what is wrong only

    return Draft202012Validator(_schema(kind))


def _kind(name: str) -> str:
    """What the file of that name is by the schema."""
    return name.removesuffix(".yaml") if name in (PARTIES, AGENCIES, OVERLAPS) else "schemes"


@lru_cache(maxsize=1)
def scheme_keys() -> frozenset[str]:
    """The keys that a scheme may have."""
    return frozenset(_schema("scheme")["$defs"]["scheme"]["properties"])


@lru_cache(maxsize=1)
def all_keys() -> frozenset[str]:
    """The keys that anything in the library's files may have."""
    found: set[str] = set()

    def seen(node: dict[str, Any]) -> dict[str, Any]:
        found.update(node.get("properties", ()))
        return node

    json.loads(_text(), object_hook=seen)
    return frozenset(found)


def _schema(kind: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{kind}", "$defs": json.loads(_text())["$defs"]}


def _text() -> str:
    return (data.folder("pattern_library") / "schema.json").read_text(encoding="utf-8")
