"""`GSP PATTERN`: what a mail brings beside the form: patterns attached, pasted, as text; and all that is not taken."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from gateway import data, discovery, forms
from gateway.content import MimePart, ProtectedHeaders, Reading, Severity
from gateway.facts import EncryptedMail, Envelope, VisibleHeaders, digest, proven_ciphertext
from gateway.forms._grammar import Vocabulary
from gateway.forms._pasted import misplaced, pasted_patterns
from gateway.language import Languages
from gateway.library.reading import Unreadable, read_schemes
from gateway.stages.read import read
from tests.support.cost import allowed, spent
from tests.support.patterns import stamp
from tests.unit.test_attachments import KINDS

VOCABULARY = Vocabulary(discovery.find(forms, "FORM"), Languages.from_texts(data.catalogues()))
PATTERNS = stamp().decode().strip("\n") + "\n"
ALONE = "".join(f"{line[4:]}\n" for line in PATTERNS.splitlines()[1:])
SCHEMES = read_schemes(PATTERNS.encode())
DOCUMENT = yaml.safe_load(PATTERNS)
FLOW = yaml.safe_dump(DOCUMENT, default_flow_style=True, width=10_000, sort_keys=False).strip()
FORM = r"Scheme: ke-stamp" "\n" r"Pattern: KESTAMP\d{8}" "\n"


def leaf(body: bytes, kind: str, name: str = "", disposition: str = "attachment", more: bytes = b"") -> MimePart:
    head = ((b"Content-ID", more),) if more else ()
    return MimePart(head, kind, (("charset", "utf-8"),), disposition, name, body, (), body)


def reading(text: str, *files: MimePart, subject: str = "", kind: str = "text/plain") -> Reading:
    seen = EncryptedMail("openpgp", proven_ciphertext(b"x"), digest(b"x"), VisibleHeaders(), Envelope(), 1)
    parts = (leaf(text.encode(), kind, "", ""), *files)
    tree = MimePart((), "multipart/mixed", (), "", "", b"", parts, b"")
    return read(tree, ProtectedHeaders(subject=subject), seen, VOCABULARY, KINDS)


@pytest.mark.parametrize(
    "body",
    [
        f"GSP PATTERN\n\n{PATTERNS}",
        f"GSP PATTERN\n\n{ALONE}",
        f"GSP PATTERN\nOur new stamp:\n\n```yaml\n{PATTERNS}```\nKind regards\n",
        f"GSP PATTERN\n\n~~~\n\n{PATTERNS}\n~~~\n",
        f"GSP PATTERN\n\n# Keys: schema.json.\n{PATTERNS}-- \nA. Person\nid: none\n",
        f"GSP PATTERN\n\n{PATTERNS}Sent from my iPhone\n",
        f"GSP PATTERN\n\n{PATTERNS}\n\nThis mail is confidential.\nDo not pass it on.\n",
        f"GSP PATTERN\n\n{PATTERNS.replace(chr(10) + '    ', chr(10) + 4 * chr(0xA0))}",
        f"GSP PATTERN\n\n\ufeff{PATTERNS}",
        f"GSP PATTERN\n\n{PATTERNS}\nFrom: us\nSent: today\nTo: you\nSubject: old\n\n{PATTERNS}",
        f"GSP PATTERN\n\n{PATTERNS}\n\n> GSP PATTERN\n>\n> Scheme: ← a short name\n> Title: Kenya\n",
        f"Scheme: ← a short name\n\n{PATTERNS}",
    ],
    ids=["list", "alone", "fenced", "fence of tildes", "signature", "telephone", "disclaimer", "no-break", "mark",
         "earlier", "quoted", "subject"],
)  # fmt: skip
def test_patterns_that_were_pasted_are_read_as_if_they_were_attached(body: str) -> None:
    found = reading(body, subject="" if body.startswith("GSP") else "GSP PATTERN")
    (file,) = found.files
    assert (file.name, read_schemes(file.octets)) == ("", SCHEMES)
    assert (found.form.name, found.form.values.get("pattern", ""), found.form.uims) == ("pattern", "", ())
    assert found.findings == ()


def led(key: str, before: str = "  - ", deep: int = 4) -> str:
    """The scheme with this key first, as an element of a list, or alone."""
    rows = ALONE.splitlines()
    rows.sort(key=lambda row: not row.startswith(f"{key}:") and row.split(":")[0] == "id")
    first = next(row for row in rows if row.startswith(f"{key}:"))
    others = [row for row in rows if row is not first]
    return "\n".join((before + first, *(" " * deep + row for row in others), ""))


def each(before: str, text: str = PATTERNS) -> str:
    return "".join(f"{before}{line}\n" for line in text.splitlines())


@pytest.mark.parametrize(
    "patterns",
    [
        json.dumps(DOCUMENT),
        json.dumps(DOCUMENT, indent=2),
        json.dumps(DOCUMENT["schemes"], indent=2),
        json.dumps(DOCUMENT["schemes"][0]),
        FLOW,
        FLOW[1:-1],  # schemes: [{…}]
        "schemes: [\n" + json.dumps(DOCUMENT["schemes"][0], indent=1) + "\n]\n",
        PATTERNS.replace("schemes:", "Schemes:"),
        PATTERNS.replace("schemes:", "SCHEMES : # ours"),
        re.sub(r"(?m)^( *(?:- )?)([a-z])", lambda found: found[1] + found[2].upper(), PATTERNS),
        *("schemes:\n" + led(key) for key in ("title", "party", "pattern", "level")),
        *(led(key) for key in ("id", "title", "source")),
        *(led(key, "", 0) for key in ("title", "pattern", "valid")),
        "patterns:\n" + led("id"),
        "---\n" + PATTERNS,
        "-\n" + each("  ", ALONE),
        each("> "),
        each(">"),
        each("> > "),
        each("    "),
        each("\t"),
        "  ```yaml\n" + each("  ") + "  ```\n",
        PATTERNS.replace("      - ", "\t\t\t- ").replace("    ", "\t\t").replace("  - ", "\t-\t"),
        PATTERNS.replace("'KE", "‘KE").replace("}'", "}’"),
        PATTERNS.replace("party: KE", "party: “KE”").replace("[KESTAMP]", "[«KESTAMP»]").replace("high", "„high“"),
        json.dumps(DOCUMENT).replace('"schemes"', "“schemes”").replace('"id": "ke-stamp"', "“id”: “ke-stamp”"),
        PATTERNS.replace(" ", "\u00a0"),
        PATTERNS.replace(": ", ":\u202f").replace("ke-", "\u200bke-"),
        PATTERNS.replace("  - id", "  • id").replace("      - ", "      – "),
        PATTERNS.replace("id: ke", "id：ke").replace("title: ", "title："),
        PATTERNS.replace("\n", "\n\n"),
        PATTERNS.replace("    decides", "\nand also\n\n    decides"),
        PATTERNS.replace("    verified", "\nand also\n\n    verified"),
        led("id", "", 0).replace(": ", " : ").replace("\n", "\n\n"),
    ],
)
def test_patterns_are_read_as_people_and_programs_write_them(patterns: str) -> None:
    found = reading(f"GSP PATTERN\n\n{patterns}")
    (file,) = found.files
    assert read_schemes(file.octets) == SCHEMES
    assert (found.form.values, found.form.uims, found.findings) == ({}, (), ())


@pytest.mark.parametrize("patterns", [led("id"), json.dumps(DOCUMENT["schemes"]), PATTERNS])
def test_patterns_may_begin_the_mail_whose_subject_names_the_form(patterns: str) -> None:
    (file,) = reading(patterns, subject="GSP PATTERN").files
    assert read_schemes(file.octets) == SCHEMES


def test_an_apostrophe_between_typographic_quotation_marks_closes_nothing() -> None:
    (file,) = reading(
        f"GSP PATTERN\n\n{PATTERNS.replace('Kenya, excise', '‘Kenya’s').replace(' stamp', ' stamp’', 1)}"
    ).files
    assert [one["title"] for one in read_schemes(file.octets)] == ["Kenya’s stamp"]


def test_patterns_of_a_mail_that_is_quoted_as_a_whole_are_read_and_none_of_an_earlier_mail() -> None:
    (file,) = reading(each("> ", f"GSP PATTERN\n\n{PATTERNS}")).files
    assert read_schemes(file.octets) == SCHEMES
    assert not reading(f"GSP PATTERN\n\nOn Monday you wrote:\n{each('> ', 'GSP PATTERN' + chr(10) + PATTERNS)}").files


def test_the_fence_around_patterns_is_no_value_of_the_form_above_them() -> None:
    found = reading(f"GSP PATTERN\nSource: ours\n```\n{PATTERNS}```\n")
    assert (len(found.files), found.form.values, found.findings) == (1, {"source": "ours"}, ())


def test_a_second_list_in_a_mail_is_not_lost_but_told() -> None:
    (file,) = reading(f"GSP PATTERN\n```\n{PATTERNS}```\nand\n```\n{PATTERNS}```\n").files
    with pytest.raises(Unreadable) as told:
        read_schemes(file.octets)
    assert dict(told.value.says.values) == {"line": 24}


@pytest.mark.parametrize(
    ("form", "known"),
    [
        ("- Scheme: ke-stamp\n- Title: Kenya\n- Structure: a\n- Source: b\n", 4),
        ("- Scheme: ke-stamp\n- Title: Kenya\n- Confidence: high\n", 2),
        ("scheme: ke-stamp\ntitle: Kenya\nstructure: a\nsource: b\n", 4),
        ("ID: ke-stamp\nTitle: Kenya\nSource: b\nValid: KE123\nInvalid: KE x\n", 2),
    ],
)
def test_a_form_that_looks_like_a_file_is_a_form(form: str, known: int) -> None:
    found = reading(f"GSP PATTERN\n\n{form}")
    assert (found.files, len(found.form.values)) == ((), known)


def test_patterns_of_a_mail_in_html_are_read() -> None:
    said = PATTERNS.replace("  ", "&nbsp; ").replace("\n", "<br>\n")
    html = f"<p>GSP PATTERN</p><div>{said}</div>"
    (file,) = reading(html, kind="text/html").files
    assert read_schemes(file.octets) == SCHEMES
    (file,) = reading("This mail is in HTML.", leaf(html.encode(), "text/html", "", "")).files
    assert read_schemes(file.octets) == SCHEMES, "they are taken from where the form is"
    (file,) = reading(f"<p>GSP PATTERN</p><pre>{PATTERNS}</pre>", kind="text/html").files
    assert read_schemes(file.octets) == SCHEMES


def test_a_key_is_taken_from_the_text_in_which_the_form_is() -> None:
    armour = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEZf==\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n"
    html = f"<p>GSP REGISTER</p><pre>{armour}</pre>"
    found = reading("This mail is in HTML.", leaf(html.encode(), "text/html", "", ""))
    assert (found.form.name, [key.octets.count(b"mDMEZf") for key in found.keys]) == ("register", [1])


@pytest.mark.parametrize(
    ("damaged", "line"),
    [
        (PATTERNS.replace("    ", ""), 0),  # indentation lost: its keys stand beside “schemes:”
        (PATTERNS.replace("Excise Duty", "Excise\nDuty"), 24),  # a line broken by a mail program
        (PATTERNS + "Kind regards\n", 24),
    ],
)
def test_a_text_that_a_mail_program_has_changed_is_never_cut_but_told_with_the_line_of_the_mail(
    damaged: str, line: int
) -> None:
    (file,) = reading(f"GSP PATTERN\n\n\n{damaged}").files
    with pytest.raises(Unreadable) as told:
        read_schemes(file.octets)
    assert dict(told.value.says.values) == ({"line": line} if line else {})


@pytest.mark.parametrize(
    ("damaged", "says"),
    [
        (PATTERNS.replace("\n    ", "\n"), ("stands too far left", {"line": 5, "key": "title"})),
        (
            PATTERNS.replace("schemes:", "schemes: # a\x0bb\u2028c").replace("\n    ", "\n"),
            ("stands too far left", {"line": 5, "key": "title"}),
        ),
        (PATTERNS.replace("\n  - id", "\n    id"), ("a hyphen and a space before", {"line": 4, "key": "id"})),
        (PATTERNS.replace("{8}'", "{8}"), ("a quotation mark is not closed", {"line": 10})),
        (PATTERNS.replace("Excise Duty", "Excise\nDuty"), None),
        (PATTERNS.replace("{8}'", "{8}' # the stamp's").replace("Excise Duty", "Excise\nDuty"), None),
        (PATTERNS, None),
        (FLOW.replace("title: ", "title "), None),
        ("schemes:\n [{id: a,\n title b}]\n", None),
        ("schemes:\n [{id: a,\n title: [b}]\n", None),
        ("- {id: a, level: b,\ntitle: [c}\n", None),
        (led("id").replace("\n    rank", "\n  rank"), ("stands too far left", {"line": 13, "key": "rank"})),
        (led("id", "", 0).replace("rank: ", "rank"), None),
        (PATTERNS.replace("Kenya, excise stamp", "'Kenya's stamp'"), None),
        (
            PATTERNS.replace("Kenya, excise stamp", "'Kenya,\n      stamp'").replace("\n    rank", "\nrank"),
            ("stands too far left", {"line": 15, "key": "rank"}),
        ),
    ],
)
def test_of_a_list_that_has_lost_its_shape_the_line_is_told_where_it_did(
    damaged: str, says: tuple[str, dict[str, object]] | None
) -> None:
    (file,) = reading(f"GSP PATTERN\n\n{damaged}").files
    found = misplaced(file.octets)
    assert (found is None) == (says is None)
    if found and says:
        assert (says[0] in found.message, dict(found.values)) == (True, says[1])


def test_a_form_without_patterns_below_it_is_a_form() -> None:
    found = reading(f"GSP PATTERN\n\n{FORM}\nValid samples:\nKESTAMP12345678\n")
    assert (found.files, found.form.get("scheme")) == ((), "ke-stamp")
    assert [uim.text for uim in found.form.uims] == ["KESTAMP12345678"]
    assert not reading(f"GSP MESSAGE\n\nMessage:\n{PATTERNS}").files, "other forms take no patterns"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.yaml", "application/octet-stream"), ("a.txt", "text/plain"), ("", "application/yaml"), ("", "text/x-yaml")],
)
def test_patterns_are_known_by_their_name_their_type_or_how_a_text_begins(name: str, kind: str) -> None:
    octets = b"# our stamps\n\n" + PATTERNS.encode()
    found = reading("GSP PATTERN\n", leaf(octets, kind, name))
    assert [(file.name, file.octets) for file in found.files] == [(name, octets)]
    assert found.findings == ()


@pytest.mark.parametrize(
    "line", ["```", "schemes:", "id: a", "- id: 'a", "{id: ‘", " ", "- ", "\u00a0", "~~~ a", "#", "a:", "---"]
)
@pytest.mark.parametrize("filling", [" ", "`", "-", "a", "\t", "\u00a0", "'", "‘a"])
def test_a_hostile_text_is_looked_through_at_once(line: str, filling: str) -> None:
    long = line + filling * 50_000 + "!"
    began = spent()
    pasted_patterns((long, "schemes:", long, *[line] * 5_000, long), VOCABULARY)
    assert spent() - began < allowed(0.5)


def test_the_form_as_json_is_read_beside_its_title() -> None:
    said = dict.fromkeys(("title", "structure", "pattern", "source"), "x") | {"form": "pattern", "scheme": "ke-stamp"}
    octets = json.dumps(said | {"uims": ["KESTAMP12345678"]}).encode()
    found = reading("GSP PATTERN\n", leaf(octets, "application/json", "gsp-pattern.json"))
    assert (found.form.get("scheme"), found.files, found.findings) == ("ke-stamp", (), ())


@pytest.mark.parametrize("form", ["MESSAGE", "REPLY", "REGISTER", "DIRECTORY", "PATTERN", "REQUEST"])
def test_of_a_logo_in_a_signature_nothing_is_said_and_of_a_picture_that_is_attached_something(form: str) -> None:
    logo = leaf(b"\x89PNG", "image/png", "image001.png", "inline", b"<logo>")
    other = leaf(b"\x89PNG", "image/png", "image001.png")
    told = [{one.where for one in reading(f"GSP {form}\n", file).findings} for file in (logo, other)]
    assert ("image001.png" in told[0], "image001.png" in told[1]) == (False, True)


def test_what_is_not_taken_is_told_and_no_code_in_it_is_a_sample() -> None:
    found = reading(
        "GSP PATTERN\n",
        leaf(b"\xff\xd8\xff", "image/jpeg", "stamp.jpg"),
        leaf(b"\x89PNG", "image/png"),
        leaf(b"%PDF", "application/pdf", "law.pdf"),
        leaf(b"KESTAMP12345678\n", "text/plain", "codes.txt"),
        leaf(b"UIM\nKESTAMP12345678\n", "text/csv", "codes.csv"),
        leaf(b"BEGIN:VCARD", "text/vcard", "me.vcf"),
        leaf(b"\x89PNG", "image/png", "logo.png", "inline", b"<logo>"),
    )
    told = [(one.where, one.text.message.split(":")[0].split(".")[0], one.severity) for one in found.findings]
    picture, other = "The picture “{name}” was not taken", "The attachment “{name}” was not read"
    assert told == [
        ("stamp.jpg", picture, Severity.PART),
        ("PNG", picture, Severity.PART),
        ("law.pdf", other, Severity.PART),
        ("codes.txt", other, Severity.PART),
        ("codes.csv", other, Severity.PART),
    ]
    assert (found.form.uims, found.files) == ((), ())
