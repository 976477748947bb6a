"""The JSON form of a form, for systems that write mail: its published schema, and what a document says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator

from gateway.content import Block, FilledForm, Finding, Severity, Text, text
from gateway.forms import Field, FieldKind, Form
from gateway.identifiers.written import read_uim, read_uims

_MOST_ERRORS = 20
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DATE = r"^\d{4}-\d{2}-\d{2}$"
_NUMBER = r"^GSP-\d{4}-\d{6,9}(/[A-Z]{2})?$"


def schema(form: Form) -> dict[str, Any]:
    """The JSON Schema of a form's document, published as `gsp-<form>.json`."""
    properties: dict[str, Any] = {"form": {"const": form.name}}
    for field in form.fields:
        properties[field.name] = _property(field)
    required = ["form", *(field.name for field in form.fields if field.required)]
    if form.group:
        group = {field.name: _property(field) for field in form.group}
        properties[form.blocks] = {
            "type": "array",
            "items": {
                "type": "object",
                "properties": group,
                "required": [form.group[0].name],
                "additionalProperties": False,
            },
        }
    return {
        "$schema": _DIALECT,
        "title": f"GSP {form.title}",
        "description": form.summary,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _property(field: Field) -> dict[str, Any]:
    match field.kind:
        case FieldKind.CHOICE:
            return {"enum": [choice.name for choice in field.choices]}
        case FieldKind.TICKS:
            names = [choice.name for choice in field.choices]
            return {"type": "array", "items": {"enum": names}, "uniqueItems": True}
        case FieldKind.UIMS:
            return {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 200}, "minItems": 1}
        case FieldKind.DATE:
            return {"type": "string", "pattern": _DATE}
        case FieldKind.EXCHANGE:
            return {"type": "string", "pattern": _NUMBER}
        case FieldKind.PARTY:
            return {"type": "string", "pattern": "^[A-Z]{2}$"}
        case _:
            return {"type": "string"}


def read_document(
    octets: bytes, forms: Mapping[str, Form], where: str
) -> tuple[FilledForm | None, tuple[Finding, ...]]:
    """The form in a JSON document; None with findings where it does not keep to the schema."""
    try:
        document = json.loads(octets)
    except (ValueError, RecursionError):
        return None, (Finding(text("The file is not valid JSON."), Severity.BLOCKS, where),)
    name = document.get("form") if isinstance(document, dict) else None
    form = forms.get(name) if isinstance(name, str) else None
    if form is None:
        return None, (Finding(text('The file does not name a form: write "form": "request".'), Severity.BLOCKS, where),)
    errors = islice(Draft202012Validator(schema(form)).iter_errors(document), _MOST_ERRORS)
    places = sorted({"/".join(map(str, error.path)) or "/" for error in errors})
    if places:
        sentence = text("The file does not keep to the published schema at “{place}”.")
        return None, tuple(Finding(text(sentence.message, place=place), Severity.BLOCKS, where) for place in places)
    return _filled(document, form, where)


def _filled(document: dict[str, Any], form: Form, where: str) -> tuple[FilledForm, tuple[Finding, ...]]:
    """The document's values; its UIMs are read as those of a text are (separators, prefixes, look-alikes)."""
    kinds = {field.name: field.kind for field in form.fields}
    values = {k: v for k, v in document.items() if isinstance(v, str) and k in kinds}
    ticks = {k: frozenset(v) for k, v in document.items() if kinds.get(k) is FieldKind.TICKS}
    uims, findings = read_uims(enumerate(document.get("uims", ()), 1), where, listed=True)
    blocks: list[Block] = []
    for number, answer in enumerate(document.get(form.blocks, ()), 1):
        if "uim" not in answer:
            blocks.append(Block(dict(answer), number, where))
            continue
        code = read_uim(answer["uim"])
        if isinstance(code, Text):
            findings = (*findings, Finding(code, Severity.PART, where, number, answer["uim"], "uim"))
        else:
            blocks.append(Block({**answer, "uim": code}, number, where))
    return FilledForm(form.name, values, ticks, uims, tuple(blocks)), findings
