"""The real renderer over the shipped templates, catalogues and forms."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass
from email.message import EmailMessage
from functools import lru_cache

from jinja2 import FileSystemLoader

from gateway import charts, data, discovery, forms
from gateway.content import Letter
from gateway.facts import Moment, fingerprint
from gateway.language import Languages
from gateway.ports import OwnKey, Policy
from gateway.stages.render import Renderer
from tests.support import samples

POLICY = Policy("gsp.example.org", "gsp", subaddress=True)
OWN_KEY = OwnKey(
    fingerprint("0123456789" * 4), b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n", bytes(range(200)), b"certificate"
)


@lru_cache(maxsize=1)
def languages() -> Languages:
    """The shipped catalogues: sentences, and labels of forms."""
    return Languages.from_texts(data.catalogues())


@lru_cache(maxsize=1)
def renderer() -> Renderer:
    """One renderer for all tests: it holds nothing of a letter."""
    templates = data.folder("templates")
    known = discovery.find(forms, "FORM")
    return Renderer(languages(), FileSystemLoader(templates), known, POLICY, lambda: OWN_KEY, charts.draw)


@dataclass(frozen=True, slots=True)
class Seen:
    """A rendered letter as the reader's client takes it apart."""

    payload: bytes
    outer: dict[str, str]
    inner: EmailMessage
    text: str
    html: str
    attachments: dict[str, bytes]


def seen(letter: Letter | str, language: str = "en", message_id: str = "k7qm2xtt9a") -> Seen:
    """What the reader of a letter (or of the sample of that name) sees."""
    chosen = samples.letter(letter, language) if isinstance(letter, str) else letter
    mail = renderer()(chosen, Moment(samples.NOW), message_id)
    inner = email.message_from_bytes(mail.payload, policy=email.policy.default)
    assert isinstance(inner, EmailMessage)
    plain, html = inner.get_body(("plain",)), inner.get_body(("html",))
    assert plain is not None
    assert html is not None
    return Seen(
        payload=mail.payload,
        outer=dict(mail.outer),
        inner=inner,
        text=plain.get_content().replace("\r\n", "\n"),
        html=html.get_content().replace("\r\n", "\n"),
        attachments={part.get_filename(""): part.get_payload(decode=True) for part in inner.iter_attachments()},
    )
