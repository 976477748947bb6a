"""Letter to MIME in the reader's language: text, HTML, spreadsheets; protected headers (RFC 9788)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from email.utils import format_datetime
from typing import Any

from jinja2 import BaseLoader, Template

from gateway.content import FilledForm, Letter, RenderedMail
from gateway.events import MailKind
from gateway.facts import Language, Moment, utc
from gateway.forms import Form, _grammar
from gateway.language import Catalogue, Languages
from gateway.letters import Challenge, Help, Lookup, Notice, Receipt, Welcome
from gateway.ports import OwnKey, Policy
from gateway.rosters import Roster, RosterChanged
from gateway.stages import _cards, _entity, _sandbox, _sheets, _voices
from gateway.summary import Chart, Digest, Drawing

_NAME = "GSP focal point"
_HIDDEN = "..."
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Renderer:
    """Renders letters; holds compiled templates and, for each language, the words of both media.

    `templates` loads from the folder `templates/`, `draw` gives the PNG of a chart. Pure: the same letter, moment and
    Message-ID give the same octets.
    """

    def __init__(
        self,
        languages: Languages,
        templates: BaseLoader,
        forms: Mapping[str, Form],
        policy: Policy,
        own_key: Callable[[], OwnKey],
        draw: Callable[[Drawing], bytes],
    ) -> None:
        self._languages = languages
        self._draw = draw
        self._forms = forms
        self._policy = policy
        self._own_key = own_key
        self._environments = {html: _sandbox.environment(templates, html) for html in (False, True)}
        self._variables: dict[tuple[Language, bool], dict[str, Any]] = {}
        self._address = f"{policy.mailbox}@{policy.domain}"

    def __call__(self, letter: Letter, moment: Moment, message_id: str) -> RenderedMail:
        """The mail, still in clear: `payload` with the protected fields, `outer` for outside the encryption.

        A notice about a key may have to go in clear: its payload has no protected fields, and its subject, which
        says nothing of a case, stands outside.
        """
        catalogue = self._languages.catalogue(letter.to.language)
        identifier = message_id if message_id.startswith("<") else f"<{message_id}@{self._policy.domain}>"
        subject = catalogue.say(letter.subject)
        inner = self._fields(letter, moment, identifier, _tagged(subject, letter.thread.tag))
        if letter.kind is MailKind.KEY_NOTICE:
            outer, head, layer = [*inner], b"", ""
        else:
            hidden = _entity.unstructured("Subject", _tag(letter.thread.tag) or _HIDDEN)
            outer = [hidden if field[0] == "Subject" else field for field in inner]
            head = _entity.fields([*inner, *(("HP-Outer", f"{name}: {value}") for name, value in outer)])
            # The older parameter (draft-autocrypt-lamps-protected-headers) is the one that Thunderbird 153 looks at.
            layer = '; protected-headers="v1"; hp="cipher"'
        if letter.to.key is None or letter.to.key.scheme == "openpgp":
            outer.append(_entity.autocrypt(self._address, self._own_key().minimal))
        body = self._body(letter, catalogue, subject, identifier)
        if attachments := self._attachments(letter, catalogue):
            both = _entity.multipart("alternative", _boundary(identifier, "b"), body)
            payload = _entity.multipart("mixed", _boundary(identifier, "a"), [both, *attachments], layer, head)
        else:
            payload = _entity.multipart("alternative", _boundary(identifier, "a"), body, layer, head)
        return RenderedMail(letter=letter, payload=payload, outer=tuple(outer), message_id=identifier)

    def _fields(self, letter: Letter, moment: Moment, identifier: str, subject: str) -> list[_entity.Field]:
        thread = letter.thread
        replied = letter.kind in (MailKind.RECEIPT, MailKind.NOTICE) and thread.in_reply_to
        found = [
            ("From", f"{_NAME} <{self._address}>"),
            ("To", str(letter.to.address)),
            _entity.unstructured("Reply-To", thread.reply_to),
            _entity.unstructured("Subject", subject),
            ("Date", format_datetime(utc(moment.now))),
            ("Message-ID", identifier),
            _entity.identifiers("In-Reply-To", [thread.in_reply_to]),
            _entity.identifiers("References", thread.references or [thread.in_reply_to]),
            ("Auto-Submitted", "auto-replied" if replied else "auto-generated"),
            ("Disposition-Notification-To", self._address if letter.kind is MailKind.REFERRAL else ""),
        ]
        return [(name, value) for name, value in found if value]

    # --- the body -----------------------------------------------------------------------------

    def _body(self, letter: Letter, catalogue: Catalogue, subject: str, identifier: str) -> list[bytes]:
        certificate = self._certificate(letter)
        frame = _voices.Frame(
            subject=subject,
            form=self._written(letter.form, catalogue) if letter.form else "",
            as_it_is=letter.form is not None and letter.form.name == "confirm",
            blanks=tuple(self._written(FilledForm(name), catalogue) for name in letter.blanks if name in self._forms),
            survey=self._written(letter.survey, catalogue) if letter.survey else "",
            side=letter.side.value,
            our_key=_grouped(letter.our_key or ""),
            our_certificate=_grouped(hashlib.sha256(certificate).hexdigest().upper()) if certificate else "",
        )
        pictures = self._pictures(letter, catalogue)
        stem = "chart" if isinstance(letter.values, Digest) else "photograph"
        names = [f"{stem}{place}.{identifier.strip('<>')}" for place in range(len(pictures))]
        own = {"letter": letter.values, "frame": frame, "pictures": [f"cid:{name}" for name in names]}
        text, html = (self._rendered(letter, catalogue, as_html, own) for as_html in (False, True))
        page = _entity.text_part("text/html", html)
        if pictures:
            shown = [_entity.inline(kind, name, octets) for name, (kind, octets) in zip(names, pictures, strict=True)]
            page = _entity.multipart("related", _boundary(identifier, "c"), [page, *shown], '; type="text/html"')
        return [_entity.text_part("text/plain", text.strip("\n") + "\n"), page]

    def _pictures(self, letter: Letter, catalogue: Catalogue) -> list[tuple[str, bytes]]:
        """What the HTML part shows, in the order of the template: media type and octets."""
        match letter.values:
            case Digest(charts=charts):
                return [("image/png", self._draw(_drawing(chart, catalogue))) for chart in charts]
            case Receipt(pictures=photographs) | Lookup(pictures=photographs) | Notice(pictures=photographs):
                return [("image/jpeg", one.octets) for one in photographs]
        return []

    def _rendered(self, letter: Letter, catalogue: Catalogue, html: bool, own: dict[str, Any]) -> str:
        variables = self._voice(catalogue, html)
        template = self._template(letter, html)
        if isinstance(letter.values, Help):
            variables = variables | {"form_summaries": self._summaries(letter.values, variables)}
        return template.render(variables | own)

    def _template(self, letter: Letter, html: bool) -> Template:
        name: str = letter.values.TEMPLATE  # type: ignore[attr-defined]  # one of letters.LetterValues
        return self._environments[html].get_template(f"letters/{name}.j2")

    def _voice(self, catalogue: Catalogue, html: bool) -> dict[str, Any]:
        known = self._variables.get((catalogue.language, html))
        if known is None:
            voice = _voices.Voice(catalogue, html)
            known = _sandbox.variables(self._environments[html], voice, html)
            self._variables[catalogue.language, html] = known
        return known

    def _summaries(self, letter: Help, variables: Mapping[str, Any]) -> list[str]:
        say = variables["_"]
        chosen = [self._forms[name] for name in letter.forms if name in self._forms]
        return ["GSP " + say(form.title) + variables["colon"] + say(form.summary) for form in chosen]

    def _written(self, filled: FilledForm, catalogue: Catalogue) -> str:
        form = self._forms[filled.name]
        return _grammar.write(filled, form, catalogue).strip("\n")

    # --- attachments --------------------------------------------------------------------------

    def _attachments(self, letter: Letter, catalogue: Catalogue) -> list[bytes]:
        parts = [_entity.attachment(file.media_type, file.name, file.octets) for file in letter.files]
        for sheet in letter.sheets:
            headings = [catalogue.say(heading) for heading in sheet.headings]
            rows = _sheets.said(sheet.rows, catalogue.say)
            if not isinstance(letter.values, Digest):
                table = _sheets.to_csv(headings, rows)
                parts.append(_entity.attachment("text/csv; charset=utf-8", sheet.stem + ".csv", table))
            if len(sheet.rows) < _sheets.MOST_ROWS:
                book = _sheets.to_xlsx(headings, rows, catalogue.direction == "rtl")
                parts.append(_entity.attachment(_XLSX, sheet.stem + ".xlsx", book))
        if isinstance(letter.values, Roster | RosterChanged) and letter.sheets:
            cards = _cards.to_vcards(letter.values.entries, catalogue)
            parts.append(_entity.attachment(_cards.MEDIA_TYPE, "directory.vcf", cards))
        if letter.our_key:
            name = f"OpenPGP-0x{letter.our_key[-16:]}.asc"  # RFC 3156, 7
            parts.append(_entity.attachment("application/pgp-keys", name, self._own_key().armoured))
        if certificate := self._certificate(letter):
            parts.append(_entity.attachment("application/pkix-cert", "focal-point.cer", certificate))  # RFC 2585, 4.1
        return parts

    def _certificate(self, letter: Letter) -> bytes:
        """Our certificate, for whoever is registered with one: not every program takes it out of a signature."""
        smime = letter.to.key is not None and letter.to.key.scheme == "smime"
        return self._own_key().certificate if smime and isinstance(letter.values, Challenge | Welcome) else b""


def _drawing(chart: Chart, catalogue: Catalogue) -> Drawing:
    return Drawing(
        catalogue.say(chart.title),
        tuple(catalogue.short_day(day) for day in chart.weeks),
        tuple((catalogue.say(name), values) for name, values in chart.series),
        catalogue.direction == "rtl",
    )


def _grouped(fingerprint: str) -> str:
    """In groups of four, to be compared."""
    return re.sub("(.{4})(?!$)", r"\1 ", fingerprint)


def _boundary(identifier: str, level: str) -> str:
    return f"=_{level}{hashlib.sha256(identifier.encode()).hexdigest()[:32]}"


def _tag(tag: str) -> str:
    return f"[{tag.strip('[]')}]" if tag else ""


def _tagged(subject: str, tag: str) -> str:
    return subject if tag.strip("[]") in subject else f"{subject} {_tag(tag)}"
