"""The library's YAML is read by a quick way: what it says is what PyYAML says."""

from __future__ import annotations

import json
from functools import partial

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gateway import data
from gateway.library import files
from gateway.library.schema import schema_problems

_read = partial(yaml.load, Loader=yaml.CSafeLoader)
_WORDS = st.sampled_from(
    ["NO", "yes", "null", "~", "", "1", "0o7", "017", "1_000", "1e3", "1.5", ".inf", "2024-01-31", "12:30", "a", "=",
     "0123456789", "\"x\\u00e9\"", "'it''s'", "|-\n  two\n  lines", "#c", "!x", "Ж", "<<", "[A-Z]", "{2}",
     "a: b", "- a"]
)  # fmt: skip


@given(st.lists(st.tuples(_WORDS, _WORDS), max_size=4), st.booleans())
def test_a_file_says_what_pyyaml_reads_in_it(pairs: list[tuple[str, str]], deeper: bool) -> None:
    lines = [f"{'- ' if deeper else ''}{key}: {value}" for key, value in pairs]
    text = "\n".join(["top:", *(f"  {line}" for line in lines)])
    try:
        expected = _read(text)
    except (yaml.YAMLError, ValueError) as error:
        with pytest.raises(type(error)):
            files.load(text)
    else:
        assert repr(files.load(text)) == repr(expected)


@pytest.mark.parametrize(
    "text",
    ["", "# nothing", "a: &x [1]\nb: *x", "a: !!str 1", "a: {<<: {b: 1}}", "{1: a}", "? [a]\n: b", "--- a\n...\n"],
)
def test_what_is_unusual_is_left_to_pyyaml(text: str) -> None:
    try:
        expected = _read(text)
    except yaml.YAMLError as error:
        with pytest.raises(type(error)):
            files.load(text)
    else:
        assert files.load(text) == expected


@pytest.mark.parametrize("text", ["a: [", "a: b: c", "a\n\x00", "--- a\n--- b", "a: *x", "\t- a"])
def test_what_is_no_yaml_is_no_yaml(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        files.load(text)


def test_the_shipped_files_say_what_pyyaml_reads_in_them() -> None:
    for name, text in data.pattern_texts().items():
        assert files.load(text) == _read(text), name


def test_values_that_json_does_not_have_are_no_valid_scheme_and_no_crash() -> None:
    for document in ({"schemes": [{1: 2}]}, {"schemes": [{"id": yaml.safe_load("2024-01-31")}]}, {"schemes": {1, 2}}):
        assert schema_problems("made_up.yaml", document)


def test_the_published_schema_as_it_is_takes_every_file_and_no_wrong_one() -> None:
    """Whoever checks a file with another program than ours gives it the schema as a whole."""
    published = Draft202012Validator(json.loads((data.folder("pattern_library") / "schema.json").read_text("utf-8")))
    shipped = {name: _read(text) for name, text in data.pattern_texts().items()}
    for name, document in shipped.items():
        assert published.is_valid(document), name
    sweden = shipped["sweden.yaml"]["schemes"][0]
    assert published.is_valid(sweden), "a scheme alone"
    for wrong in ({}, [], "x", {"schemes": []}, {"schemes": [{**sweden, "colour": "red"}]}, {**sweden, "party": "se"},
                  {"schemes": [sweden], "parties": []}, {"parties": []}, {"agencies": [{"code": "QC"}]}):  # fmt: skip
        assert not published.is_valid(wrong), wrong
