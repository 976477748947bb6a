"""A file of patterns that somebody sent, read so that it can do no harm: no references, no types of its own, bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from gateway.content import Text, text

LARGEST = 64 * 1024  # octets
_DEEPEST, _MOST, _WIDEST = 8, 5000, 1000  # levels, parts of the file, characters of one
_LONGEST = {"id": 60, "title": 120, "pattern": 500, "begins": 500, "issuer": 120, "contact": 200, "what": 120}
_LINE, _SAMPLE = 500, 200  # characters of any other text; of a sample
SCHEMES, SAMPLES = 20, 40
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_TOO_LARGE = text(
    "The file is too large: at most {most} octets, {schemes} patterns, few levels.", most=LARGEST, schemes=SCHEMES
)
_NOT_TEXT = text("The file is not text: save it as UTF-8.")
_NOT_YAML = text(
    "The file is not valid YAML: line {line}. Look there, and in the line above, for a tab, for more or fewer spaces "
    "at its beginning than its neighbours have, for a bracket or quotation mark that is not closed, and for text with "
    "a colon, a bracket or a backslash that does not stand in single quotation marks ('…')."
)
_REFERENCE = text("Line {line}: references (&, *) and types (!) are not taken. Write the value itself.")
_TWICE = text("Line {line}: this key stands twice.")
_ONE = text("Send one document: “schemes:” with a list below it.")
_LONG = text("{field}: this is too long: at most {most} characters.")
_HIDDEN = text("{field}: it holds characters that cannot be seen.")
_SAMPLES = text("{field}: at most {most} samples.")


class Unreadable(Exception):
    """Says why a file is not taken, in a sentence for whoever sent it."""

    def __init__(self, says: Text) -> None:
        super().__init__(says.message)
        self.says = says


def read_schemes(octets: bytes) -> list[Any]:
    """The schemes that a file lists, not yet checked against the schema; raises Unreadable.

    A file may be one scheme alone, or a list of them without a key above it.
    """
    if len(octets) > LARGEST:
        raise Unreadable(_TOO_LARGE)
    try:
        written = octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(_NOT_TEXT) from None
    try:
        _look_over(written)
        node = yaml.compose(written, Loader=_LOADER)
        _no_key_twice(node)
        document = yaml.load(written, Loader=_LOADER)  # noqa: S506 - the C loader is a safe one, too
    except yaml.MarkedYAMLError as error:
        raise Unreadable(_at(_NOT_YAML, error.problem_mark)) from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):  # also a number that nobody can write
        raise Unreadable(_at(_NOT_YAML, None)) from None
    if isinstance(document, dict) and "id" in document and "schemes" not in document:
        return [document]
    schemes = document["schemes"] if isinstance(document, dict) and set(document) == {"schemes"} else document
    if not isinstance(schemes, list) or not schemes:
        raise Unreadable(_ONE)
    if len(schemes) > SCHEMES:
        raise Unreadable(_TOO_LARGE)
    return schemes


def _at(says: Text, mark: Any) -> Text:
    return text(says.message, line=mark.line + 1 if mark else 1)


def _look_over(written: str) -> None:
    """Goes over the parts of the file one by one, before anything is built of them."""
    depth = documents = 0
    for count, event in enumerate(yaml.parse(written, Loader=_LOADER)):
        if depth == 0 and isinstance(event, yaml.ScalarEvent):
            raise Unreadable(_ONE)  # no list of patterns, whatever else it is
        if count > _MOST or len(getattr(event, "value", "")) > _WIDEST:
            raise Unreadable(_TOO_LARGE)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) or getattr(event, "tag", None):
            raise Unreadable(_at(_REFERENCE, event.start_mark))
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise Unreadable(_TOO_LARGE)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if documents > 1:
            raise Unreadable(_ONE)


def _no_key_twice(node: Any) -> None:
    """Of two values nobody can say which one counts."""
    if isinstance(node, yaml.MappingNode):
        keys = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value in keys:
                raise Unreadable(_at(_TWICE, key.start_mark))
            keys.add(key.value)
            _no_key_twice(value)
    elif isinstance(node, yaml.SequenceNode):
        for one in node.value:
            _no_key_twice(one)


def unfit(raw: Mapping[str, Any]) -> Iterator[Text]:
    """What is too long in a scheme that keeps to the schema, or cannot be seen."""
    for field, value in raw.items():
        if isinstance(value, str):
            yield from _line(field, value, _LONGEST.get(field, _LINE))
    for one in raw.get("fields", ()):
        yield from _line("fields", one.get("what", ""), _LONGEST["what"])
    for field in ("valid", "invalid"):
        samples = raw.get(field, ())
        if len(samples) > SAMPLES:
            yield text(_SAMPLES.message, field=field, most=SAMPLES)
            continue
        for sample in samples:
            code = sample if isinstance(sample, str) else sample["uim"]
            yield from _line(field, code.replace("\x1d", ""), _SAMPLE)
            yield from _line(field, "" if isinstance(sample, str) else sample["because"], _LINE)


def _line(field: str, value: str, most: int) -> Iterator[Text]:
    if len(value) > most:
        yield text(_LONG.message, field=field, most=most)
    elif not value.isprintable():
        yield text(_HIDDEN.message, field=field)
