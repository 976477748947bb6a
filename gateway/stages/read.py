"""What was written: the form in text, HTML or JSON, UIMs in attachments; a Reading that loses nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway import discovery, repairs
from gateway.attachments import Attachment, AttachmentReading
from gateway.attachments._unread import is_ornament
from gateway.content import (
    Block,
    ClearValue,
    FilledForm,
    Finding,
    KeyFile,
    MimePart,
    Photograph,
    ProtectedHeaders,
    Reading,
    Severity,
    Uim,
    text,
)
from gateway.facts import EncryptedMail
from gateway.forms import Form
from gateway.forms._beside import beside, in_earlier, labelled, perhaps_uims, points_to, without
from gateway.forms._grammar import Vocabulary
from gateway.forms._lines import own_lines
from gateway.forms._pasted import begins_patterns, pasted_patterns
from gateway.forms._reading import filled_in, read_form
from gateway.forms._schema import read_document
from gateway.forms._table import read_table
from gateway.identifiers.written import looks_like_code
from gateway.mime import headers
from gateway.mime.keys import attached_keys, gathered, is_key, pasted_keys
from gateway.mime.text import attachments as attached
from gateway.mime.text import html_lines, plain_lines

_REPAIRS = [repair for repair in discovery.find(repairs, "REPAIR").values() if repair.where == "inside"]
_HARMLESS = frozenset({"application/pgp-signature", "text/rfc822-headers", "text/vcard", "text/x-vcard"})
_SEVERAL = text("This mail holds more than one JSON file; none was taken. Send each in a mail of its own.")
_INSTEAD = text("The form “GSP {form}” in the text was not read: the file “{name}” was taken instead.")
_ENOUGH = text(
    "The file “{name}” was not opened, because another file of this mail was too much. Send it in a mail of its own."
)
_MANY = text(
    "The file “{name}” was not opened: a mail may bring {most} files of this kind. Send it in a mail of its own."
)
_MOST_DEAR = 10  # each may take a processor for half a minute
_UNREAD = text("The attachment “{name}” was not read: send UIMs as text, .txt, .csv or .xlsx, one on a line.")
_NO_PATTERNS = text(
    "The attachment “{name}” was not read. Write into the form what describes the marking, or attach it as a file of "
    "patterns (.yaml)."
)
_STAMP = text(
    "The picture “{name}” was not taken: the pattern library holds words only. Give the picture to the Secretariat in "
    "another way; the name of its file can stand after “picture” in a file of patterns (.yaml)."
)


def read(
    tree: MimePart,
    inside: ProtectedHeaders,
    mail: EncryptedMail,
    vocabulary: Vocabulary,
    kinds: Mapping[str, Attachment],
) -> Reading:
    """The reading of an opened mail. An empty mail asks for help; a mail without a form title has no name."""
    for repair in _REPAIRS:
        tree = repair.mend(tree)
    title = vocabulary.subject(inside.subject)
    form, findings, leftover, lines = _text(tree, vocabulary, title)
    held = _attachments(tree, kinds, vocabulary, form.name or title)
    uims, findings = tuple(held.uims), (*findings, *held.findings)
    if held.document is not None:
        words = without(lines, vocabulary, held.document.name)
        instead = _instead(form, vocabulary, held.name)
        form, findings = held.document, (*instead, *words, *held.findings)
    elif held.blocks:
        form = replace(form, name="reply", blocks=(*form.blocks, *held.blocks))
    elif not form.name and not leftover and not findings:
        form = FilledForm(form.name or title or ("" if uims else "help"))
    if uims:
        form, findings = _without_pointers(form, findings, [part.filename for part in attached(tree)])
        form = replace(form, uims=(*form.uims, *uims))
    if form.name == "request" and not form.uims and held.document is None:
        again, found, beyond, lines = _text(tree, vocabulary, title, relabel=True)
        if again.name:
            form, findings, leftover = again, (*found, *held.findings), beyond
        if not form.uims:
            told = in_earlier(lines, vocabulary) or perhaps_uims(lines, vocabulary, form.name)
            findings = (*findings, *told)
    tokens = (
        *headers.envelope_tokens(mail.envelope),
        *headers.tokens((*inside.to, inside.subject, mail.visible.subject_tag)),
    )
    kind = vocabulary.forms.get(form.name)
    pictures, files = tuple(held.pictures), _files(tree, kind, lines, vocabulary)
    return Reading(form, findings, leftover, tuple(dict.fromkeys(tokens)), _keys(tree, kind, lines), files, pictures)


def _without_pointers(
    form: FilledForm, findings: tuple[Finding, ...], names: Sequence[str]
) -> tuple[FilledForm, tuple[Finding, ...]]:
    """The same without what stands in the list of the text and only says that the UIMs are attached, as they are."""
    uims = tuple(uim for uim in form.uims if uim.where or not points_to(uim.text, names))
    found = (one for one in findings if one.field != "uims" or one.where or not points_to(one.got, names))
    return replace(form, uims=uims), tuple(found)


def _files(tree: MimePart, form: Form | None, lines: Sequence[str], vocabulary: Vocabulary) -> tuple[KeyFile, ...]:
    """What was attached, and pasted, for a form that takes files as they are."""
    if form is None or not form.takes_files:
        return ()
    pasted = pasted_patterns(lines, vocabulary)[1]
    files = [KeyFile(part.filename, part.body) for part in attached(tree) if _is_for(part, form)]
    return (*files, *([KeyFile("", pasted)] if pasted else []))


def _is_for(part: MimePart, form: Form) -> bool:
    """Whether a form wants a file as it is: by its name, its type, or as text by how it begins."""
    name = part.filename.lower()
    by_type = part.media_type.endswith("yaml") and "." not in name
    return name.endswith(form.takes_files) or by_type or (name.endswith(".txt") and begins_patterns(part.body))


def _keys(tree: MimePart, form: Form | None, lines: Sequence[str]) -> tuple[KeyFile, ...]:
    """What was attached, else what was pasted, for a form that takes keys."""
    if form is None or not form.takes_keys:
        return ()
    pasted = pasted_keys(lines[: own_lines(lines)])[1]
    return gathered((*attached_keys(attached(tree)), *pasted))


# A form, what is to be said of it, the text outside of it, and the lines in which all that stands.
_Text = tuple[FilledForm, tuple[Finding, ...], str, Sequence[str]]


def _text(tree: MimePart, vocabulary: Vocabulary, title: str, relabel: bool = False) -> _Text:
    """The form in the plain text; in the HTML where the plain text has none, or lost something that HTML has.

    `relabel`: UIMs are looked for that have no label, or an unknown one.
    """
    plain = _lines(plain_lines(tree), vocabulary, title, relabel)
    shown = html_lines(tree) if plain[0].name in ("", "request") else ()
    if plain[0].name and not (shown and (_poorer(plain[0]) or _others(plain[0]))):
        return plain
    html = _lines(shown, vocabulary, title, relabel)
    if html[0].name and (not plain[0].name or _richer(html[0], plain[0]) or _only_codes(html[0], plain[0])):
        return html
    return plain if plain[0].name or plain[2] else html


def _lines(written: Sequence[str], vocabulary: Vocabulary, title: str, relabel: bool) -> _Text:
    lines = (labelled(written, vocabulary, "request") if relabel else ()) or written
    form, findings, outside = read_form(lines, vocabulary, title)
    if form.name and vocabulary.forms[form.name].takes_keys:
        lines = pasted_keys(lines)[0]
        form, findings, outside = read_form(lines, vocabulary, title)
    elif form.name and vocabulary.forms[form.name].takes_files:
        lines = pasted_patterns(lines, vocabulary)[0]
        form, findings, outside = read_form(lines, vocabulary, title)
    return form, (*findings, *beside(lines, vocabulary, form.name)) if form.name else findings, outside, written


def _instead(form: FilledForm, vocabulary: Vocabulary, name: str) -> tuple[Finding, ...]:
    """What is told of a form in the text where a file has one too."""
    if not form.name or not filled_in(form, vocabulary.forms[form.name]):
        return ()
    title = text(vocabulary.forms[form.name].title)
    return (Finding(text(_INSTEAD.message, form=title, name=name), Severity.NOTE),)


def _poorer(form: FilledForm) -> bool:
    return not form.uims or not any(form.ticks.values())


def _richer(html: FilledForm, plain: FilledForm) -> bool:
    return len(html.uims) > len(plain.uims) or (any(html.ticks.values()) and not any(plain.ticks.values()))


def _others(form: FilledForm) -> set[str]:
    """What stands in the list and is hardly a UIM: Outlook's text of a table has a line for each cell."""
    return {uim.text for uim in form.uims if not looks_like_code(uim.text)}


def _only_codes(html: FilledForm, plain: FilledForm) -> bool:
    """Whether the list in HTML is that of the text without such cells."""
    left = {uim.text for uim in plain.uims} - {uim.text for uim in html.uims}
    return bool(html.uims) and bool(left) and left <= _others(plain) and len(html.uims) <= len(plain.uims) - len(left)


@dataclass(slots=True, repr=False)
class _Held(ClearValue):
    """What the attachments hold, together."""

    uims: list[Uim] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    pictures: list[Photograph] = field(default_factory=list)
    document: FilledForm | None = None
    name: str = ""  # of the file that holds the document


def _attachments(tree: MimePart, kinds: Mapping[str, Attachment], vocabulary: Vocabulary, name: str) -> _Held:
    held = _Held()
    gave_up, dear, names = False, 0, Counter[str]()
    form = vocabulary.forms.get(name)
    for part in attached(tree):
        if is_key(part):
            continue
        if form is not None and form.takes_files and not kinds["json"].accepts(part):
            held.findings += () if _is_for(part, form) else _not_taken(part, _called(part, names))
            continue
        fit = (kind for kind in kinds.values() if not kind.forms or name in kind.forms)
        kind = next((kind for kind in fit if kind.accepts(part)), None)
        if kind is None:
            if part.filename and not _is_harmless(part):
                sentence = text(_UNREAD.message, name=part.filename)
                held.findings.append(Finding(sentence, Severity.NOTE, part.filename))
            continue
        dear += kind.dear
        called = _called(part, names)
        if kind.dear and (gave_up or dear > _MOST_DEAR):
            sentence = text((_ENOUGH if gave_up else _MANY).message, name=called, most=_MOST_DEAR)
            held.findings.append(Finding(sentence, Severity.PART, called, field="uims"))
            continue
        result = kind.read(replace(part, filename=called))
        gave_up = gave_up or result.gave_up
        for one in (result, *result.more):
            _take(held, one, called, vocabulary, name)
    return held


def _not_taken(part: MimePart, called: str) -> tuple[Finding, ...]:
    """What is told of a file that a form which takes files has no use for."""
    if _is_harmless(part):
        return ()
    sentence = _STAMP if part.media_type.startswith("image/") else _NO_PATTERNS
    return (Finding(text(sentence.message, name=called), Severity.PART, called),)


def _is_harmless(part: MimePart) -> bool:
    """Whether nobody attached a file: it is of the mail program's making, or a logo in a signature."""
    name = part.filename.lower()
    logo = part.media_type.startswith("image/") and is_ornament(part)
    return logo or part.media_type in _HARMLESS or name.startswith(("smime", "signature", "openpgp", "0x"))


def _called(part: MimePart, before: Counter[str]) -> str:
    """What a file is called in what is said of it: telephones send several of one name, and some without any."""
    name = part.filename or part.media_type.rpartition("/")[2].rpartition(".")[2].upper()
    before[name] += 1
    return name if before[name] == 1 else f"{name} #{before[name]}"


def _take(held: _Held, result: AttachmentReading, file: str, vocabulary: Vocabulary, name: str) -> None:
    """Adds what an attachment, or a sheet of it, held."""
    held.findings += result.remarks
    reply, where = vocabulary.forms["reply"], result.where or file
    table = read_table(result.table, reply, vocabulary, where, result.unlike) if result.table else None
    if table is not None and name in ("", "reply"):
        held.blocks += table[0]
        held.findings += table[1]
        return
    held.uims += result.uims
    held.pictures += result.pictures
    held.findings += result.findings
    if result.document and held.name:
        held.findings.append(Finding(_SEVERAL, Severity.BLOCKS, file))
    elif result.document:
        held.name = file
        held.document, wrong = read_document(result.document, vocabulary.forms, file)
        held.findings += wrong
