"""What was written: the form in text, HTML or JSON, UIMs in attachments; a Reading that loses nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gateway import discovery, repairs
from gateway.attachments import Attachment
from gateway.content import FilledForm, Finding, MimePart, ProtectedHeaders, Reading, Severity, Uim, text
from gateway.facts import EncryptedMail
from gateway.forms import Form
from gateway.forms._grammar import Vocabulary
from gateway.forms._reading import read_form
from gateway.forms._schema import read_document
from gateway.mime import headers
from gateway.mime.text import attachments as attached
from gateway.mime.text import html_lines, plain_lines

_REPAIRS = [repair for repair in discovery.find(repairs, "REPAIR").values() if repair.where == "inside"]
_HARMLESS = frozenset(
    {"application/pgp-keys", "application/pgp-signature", "text/rfc822-headers", "text/vcard", "text/x-vcard"}
)
# Spreadsheets are our own, going back and forth with the reply form: the form counts.
_UNREAD = text("The attachment “{name}” was not read: send UIMs as text, .txt or .csv, one on a line.")


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
    form, findings, leftover = _text(tree, vocabulary, title)
    uims, more, document = _attachments(tree, kinds, vocabulary.forms)
    findings = (*findings, *more)
    if document is not None:
        form = document
    elif not form.name and not leftover and not findings:
        form = FilledForm(form.name or title or ("" if uims else "help"))
    if uims:
        form = replace(form, uims=(*form.uims, *uims))
    tokens = (
        *headers.envelope_tokens(mail.envelope),
        *headers.tokens((*inside.to, inside.subject, mail.visible.subject_tag)),
    )
    return Reading(form, findings, leftover, tuple(dict.fromkeys(tokens)))


def _text(tree: MimePart, vocabulary: Vocabulary, title: str) -> tuple[FilledForm, tuple[Finding, ...], str]:
    """The form in the plain text; in the HTML where the plain text has none, or lost something that HTML has."""
    plain = read_form(plain_lines(tree), vocabulary, title)
    if plain[0].name and not (plain[0].name == "request" and _poorer(plain[0])):
        return plain
    html = read_form(html_lines(tree), vocabulary, title)
    if html[0].name and (not plain[0].name or _richer(html[0], plain[0])):
        return html
    return plain if plain[0].name or plain[2] else html


def _poorer(form: FilledForm) -> bool:
    return not form.uims or not any(form.ticks.values())


def _richer(html: FilledForm, plain: FilledForm) -> bool:
    return len(html.uims) > len(plain.uims) or (any(html.ticks.values()) and not any(plain.ticks.values()))


def _attachments(
    tree: MimePart, kinds: Mapping[str, Attachment], forms: Mapping[str, Form]
) -> tuple[tuple[Uim, ...], Sequence[Finding], FilledForm | None]:
    uims: list[Uim] = []
    findings: list[Finding] = []
    document: FilledForm | None = None
    for part in attached(tree):
        kind = next((kind for kind in kinds.values() if kind.accepts(part)), None)
        if kind is None:
            if part.media_type not in _HARMLESS and part.filename and not _is_ours(part):
                sentence = text(_UNREAD.message, name=part.filename)
                findings.append(Finding(sentence, Severity.NOTE, part.filename))
            continue
        result = kind.read(part)
        uims += result.uims
        findings += result.findings
        if result.document:
            document, wrong = read_document(result.document, forms, part.filename)
            findings += wrong
    return tuple(uims), findings, document


def _is_ours(part: MimePart) -> bool:
    return part.filename.startswith("GSP-") or part.filename.lower().startswith(("smime", "signature", "openpgp", "0x"))
