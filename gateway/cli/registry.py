"""`gsp party`, `gsp user`, `gsp key`: the operator's word counts, so what he registers is active at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from gateway.cli import _output
from gateway.treaty import Role

if TYPE_CHECKING:
    from gateway.service import Gateway


@click.group("party")
def party() -> None:
    """Parties and their desks."""


@party.command("add")
@_output.home_option
@click.argument("code")
@click.option("--name", required=True, help="The Party's name.")
@click.option("--mailbox", required=True, help="The desk's address.")
@click.option("--language", type=_output.LANGUAGES, required=True, help="The language the desk reads.")
@click.option("--key", type=click.File("rb"), help="The desk's OpenPGP public key, or S/MIME certificate.")
def party_add(home: Path, code: str, name: str, mailbox: str, language: str, key: BinaryIO | None) -> None:
    """Register a Party, or give its desk a new key: CODE is its two letters (ISO 3166-1)."""
    with _output.opened(home) as gateway:
        _elsewhere(gateway, mailbox)
        said = gateway.registry.add_party(code, name, mailbox, language, key.read() if key else None)
    click.echo(said)


def _elsewhere(gateway: Gateway, mailbox: str) -> None:
    """Raises ValueError for an address of the gateway's own, whose mail would come back to it."""
    if gateway.accepts(mailbox):
        raise ValueError(
            f"{mailbox} is an address of the gateway itself: give the one where the people read their mail"
        )


@party.command("list")
@_output.home_option
@_output.json_option
def party_list(home: Path, as_json: bool) -> None:
    """The registered Parties."""
    with _output.opened(home) as gateway:
        rows = gateway.registry.party_rows()
    _output.records(("Code", "Name", "Mailbox", "Language", "Key"), rows, as_json, "No Party is registered yet.")


@click.group("user")
def user() -> None:
    """Officers, administrators, observers, Secretariat."""


@user.command("add")
@_output.home_option
@click.option("--party", "code", required=True, help="The person's Party (two letters).")
@click.option("--email", required=True, help="The person's address.")
@click.option("--name", required=True, help="The person's name.")
@click.option("--role", type=click.Choice([r.value for r in Role if r is not Role.DESK]), required=True)
@click.option("--language", type=_output.LANGUAGES, help="The language the person reads (default: the desk's).")
@click.option(
    "--key", type=click.File("rb"), required=True, help="The person's OpenPGP public key, or S/MIME certificate."
)
def user_add(home: Path, code: str, email: str, name: str, role: str, language: str | None, key: BinaryIO) -> None:
    """Register a person with a key. An address already registered gets the key as a further one."""
    with _output.opened(home) as gateway:
        _elsewhere(gateway, email)
        said = gateway.registry.add_person(code, email, name, Role(role), language, key.read())
    click.echo(said)


@user.command("list")
@_output.home_option
@_output.json_option
def user_list(home: Path, as_json: bool) -> None:
    """The registered people."""
    with _output.opened(home) as gateway:
        rows = gateway.registry.person_rows()
    headings = ("Email", "Name", "Party", "Role", "Language", "State")
    _output.records(headings, rows, as_json, "Nobody is registered yet.")


@user.command("revoke")
@_output.home_option
@click.argument("email")
@click.option("--reason", required=True, help="Why, for the record.")
def user_revoke(home: Path, email: str, reason: str) -> None:
    """Withdraw a person's access, and the keys with it."""
    with _output.opened(home) as gateway:
        said = gateway.registry.revoke(email, reason)
    click.echo(said)


@user.command("password")
@_output.home_option
@click.argument("email")
@click.option("--withdraw", is_flag=True, help="The person's password ends, and there is no new one.")
def user_password(home: Path, email: str, withdraw: bool) -> None:
    """Print a new password for the gateway's own SMTP login; the one before it ends. Needed for sealed mail only."""
    with _output.opened(home) as gateway:
        if withdraw:
            gateway.border.withdraw_login(email, gateway.clock())
            said = f"{email} has no password any more."
        else:
            said = gateway.border.give_login(email, gateway.clock())
    click.echo(said)


@user.command("renew")
@_output.home_option
@click.argument("email")
@click.option("--key", type=click.File("rb"), required=True, help="The new or extended public key, or certificate.")
@click.option("--withdraw", is_flag=True, help="The earlier key was lost or stolen: it ends now, not in 30 days.")
def user_renew(home: Path, email: str, key: BinaryIO, withdraw: bool) -> None:
    """Register the new or extended key of a person, or of a desk; the owner and the administrators are told."""
    with _output.opened(home) as gateway:
        said = gateway.renew_key(email, key.read(), withdraw)
    click.echo(said)


@click.group("key")
def key() -> None:
    """Keys and certificates."""


@key.command("list")
@_output.home_option
@_output.json_option
@click.option(
    "--expiring", type=click.IntRange(0, 36_500), metavar="DAYS", help="Only keys that expire within so many days."
)
def key_list(home: Path, as_json: bool, expiring: int | None) -> None:
    """Registered keys, with owner and expiry."""
    with _output.opened(home) as gateway:
        rows = gateway.registry.key_rows(expiring)
    headings = ("Fingerprint", "Scheme", "Owner", "Party", "Expires", "State")
    _output.records(headings, rows, as_json, "No key to show.")


@key.command("export")
@_output.home_option
@click.option("--smime", is_flag=True, help="The S/MIME certificate instead of the OpenPGP key.")
def key_export(home: Path, smime: bool) -> None:
    """The gateway's own public key, to give to everybody who writes to it."""
    with _output.opened(home) as gateway:
        octets = gateway.own_certificate() if smime else gateway.own_key()
    click.echo(octets.decode("ascii"), nl=False)


@key.command("wkd")
@_output.home_option
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def key_wkd(home: Path, folder: Path) -> None:
    """Write the gateway's OpenPGP key as a Web Key Directory below FOLDER, the root of a web server's files."""
    with _output.opened(home) as gateway:
        paths = gateway.publication.write(folder)
    for path in paths:
        click.echo(folder / path)
    click.echo("Next: let a web server give these out by https; docs/operator.md says how.")


@key.command("renew")
@_output.home_option
@click.option(
    "--algorithm",
    type=click.Choice(["curve25519", "rsa3072"]),
    default="curve25519",
    show_default=True,
    help="Of the new key; RSA where a rule asks for it.",
)
@click.option(
    "--token",
    nargs=2,
    metavar="SIGN ENCRYPT",
    help="Use these two RSA keys, by their key grips, that are on a card or token already (docs/operator.md).",
)
def key_renew(home: Path, algorithm: str, token: tuple[str, str] | None) -> None:
    """Make a new OpenPGP key of the gateway's own beside the old one. Mail to the old one can still be read."""
    from gateway import service

    with _output.failing():
        made = service.renew(home, algorithm, token)
    click.echo(f"New OpenPGP fingerprint: {made}")
    click.echo("Next: restart the gateway, then give the new key (gsp key export) to everybody who writes.")


@key.command("request")
@_output.home_option
@click.option(
    "--algorithm",
    type=click.Choice(["rsa3072", "rsa4096", "p256", "p384"]),
    default="rsa3072",
    show_default=True,
    help="Of the new key. Some mail programs cannot encrypt to P-256 and P-384.",
)
@click.option(
    "--subject", default="CN=Focal point", show_default=True, help='As the authority wants it: "CN=...,O=...,C=..".'
)
def key_request(home: Path, algorithm: str, subject: str) -> None:
    """Print a request for an S/MIME certificate (PKCS #10), to give to a certification authority."""
    with _output.opened(home) as gateway:
        mailbox = f"{gateway.settings.mailbox}@{gateway.settings.domain}"
        octets = gateway.registry.request_certificate(gateway.home.smime, mailbox, algorithm, subject)
    click.echo(octets.decode("ascii"), nl=False)


@key.command("install")
@_output.home_option
@click.argument("certificate", type=click.File("rb"))
def key_install(home: Path, certificate: BinaryIO) -> None:
    """Take the S/MIME certificate that an authority issued, with its issuers if they are in the file."""
    with _output.opened(home) as gateway:
        mailbox = f"{gateway.settings.mailbox}@{gateway.settings.domain}"
        mark, until = gateway.registry.install_certificate(
            gateway.home.smime, certificate.read(), mailbox, gateway.smime_token
        )
    click.echo(f"S/MIME certificate: {mark} (SHA-256), valid until {until}")
    click.echo("Mail to the certificate before it can still be read.")
    click.echo("Next: restart the gateway, then give the new one (gsp key export --smime) to everybody who writes.")


COMMANDS = (party, user, key)
