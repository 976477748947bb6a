"""Extracts the message ids of all sentences into `templates/locale/messages.pot`, and brings the catalogues up to date.

Run `python -m tests.house.extract` after a sentence has changed: a new id is added to every language without a
translation, an id that is gone is removed. `tests/house/test_catalogues.py` says what is left to translate.
"""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from gateway.library import files
from gateway.library.schemes import NONE_KNOWN

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "templates" / "locale"
LANGUAGES = ("ar", "es", "fr", "ru", "zh")
_HEADER = "# Sentences of the gateway; English is the source.\n"
_PYTHON = {"text": None, "texts": (1, 2), "N_": None}
_JINJA = {"_": None, "ngettext": (1, 2)}
# Labels of forms have catalogues of their own, because they are also read (templates/locale/labels/).
_LABELS = LOCALE / "labels"


def labels() -> frozenset[str]:
    """Message ids that the catalogues of labels hold."""
    found: set[str] = set()
    for path in _LABELS.glob("*.po"):
        with path.open("rb") as source:
            translated = [message.id for message in read_po(source) if not message.context]
            found |= {one if isinstance(one, str) else one[0] for one in translated}
    return frozenset(found - {""})


def declared(path: Path) -> Iterator[str]:
    """What forms and fields declare in English: their summaries and hints."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Form", "Field"):
            for keyword in node.keywords:
                if keyword.arg in ("summary", "hint") and isinstance(keyword.value, ast.Constant):
                    yield str(keyword.value.value)


def described(path: Path) -> Iterator[str]:
    """What a file of the pattern library says of its markings in words: formulae and names are said as they are."""
    for scheme in files.load(path.read_text()).get("schemes", ()):
        yield scheme["title"]
        if not scheme["pattern"]:
            yield scheme["structure"]
        for said in (scheme.get("contact", ""), *scheme.get("carriers", ())):
            if said[:1].islower() and said != NONE_KNOWN:
                yield said


@cache
def extracted() -> Catalog:
    """Every message id in the templates, the gateway's modules and the pattern library, sorted, without labels."""
    catalog = Catalog(project="gsp-gateway", header_comment=_HEADER.strip(), fuzzy=False)
    sources = [(path, "jinja2.ext:babel_extract", _JINJA) for path in sorted((ROOT / "templates").rglob("*.j2"))]
    modules = sorted((ROOT / "gateway").rglob("*.py"))
    sources += [(path, "python", _PYTHON) for path in modules if "gateway.content" in path.read_text()]
    known = labels()
    for path, method, keywords in sources:
        for _, message, _, _ in extract_from_file(method, path, keywords=keywords):
            if (message if isinstance(message, str) else message[0]) not in known:
                catalog.add(message, locations=[(str(path.relative_to(ROOT)), 0)])
    others = [(path, declared(path)) for path in sorted((ROOT / "gateway" / "forms").glob("*.py"))]
    others += [(path, described(path)) for path in sorted((ROOT / "pattern_library").glob("*.yaml"))]
    for path, messages in others:
        for message in messages:
            catalog.add(message, locations=[(str(path.relative_to(ROOT)), 0)])
    return catalog


def written(catalog: Catalog) -> str:
    """The catalogue as text, without the time at which it was made."""
    octets = io.BytesIO()
    write_po(octets, catalog, width=0, sort_output=True, ignore_obsolete=True, include_lineno=False, omit_header=False)
    return re.sub(r'"(POT-Creation-Date|PO-Revision-Date|Generated-By|Last-Translator|Report-Msgid-Bugs-To): .*\n', "",
                  octets.getvalue().decode())  # fmt: skip


def catalogue(language: str) -> Catalog:
    """The catalogue of a language as it stands in the folder; an empty one if there is none."""
    path = LOCALE / f"{language}.po"
    if not path.exists():
        return Catalog(locale=language, project="gsp-gateway", header_comment=_HEADER.strip(), fuzzy=False)
    with path.open("rb") as source:
        return read_po(source, locale=language)


def main() -> None:
    """Writes the template and updates the five catalogues."""
    template = extracted()
    (LOCALE / "messages.pot").write_text(written(template))
    for language in LANGUAGES:
        current = catalogue(language)
        current.update(template, no_fuzzy_matching=True)
        current.fuzzy = False
        (LOCALE / f"{language}.po").write_text(written(current))


if __name__ == "__main__":
    main()
