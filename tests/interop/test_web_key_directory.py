"""GnuPG finds the gateway's key by its address alone: from nginx with our snippet, and from the gateway's own door.

Mail programs ask `https://openpgpkey.DOMAIN`, port 443, with a certificate that the machine trusts. So gpg, dirmngr
and web server run in a namespace of their own (`unshare`), with their own loopback, host names and authorities.
"""

from __future__ import annotations

import http.client
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateway import data, service, serving
from gateway.settings import Http
from gateway.transports.web import Web
from gateway.transports.workers import Workers
from tests.support.focalpoint import DOMAIN
from tests.support.ports import PATIENCE, free_port, wait_for_port
from tests.support.smime import Authority, new_key, pem, secret_pem

HASH = "kggnw174fndf5h9hj6un6npwt5jpgdsa"
DIRECT = f"/.well-known/openpgpkey/hu/{HASH}"
ADVANCED = f"/.well-known/openpgpkey/{DOMAIN}/hu/{HASH}"
_NGINX = """
user root;
daemon off;
master_process off;
error_log stderr;
pid {folder}/nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/t1;
    proxy_temp_path {folder}/t2;
    fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4;
    scgi_temp_path {folder}/t5;
{server}
}}
"""
_DOOR = """
import pathlib, signal, sys
from gateway.settings import Http
from gateway.transports.web import Web
root = pathlib.Path(sys.argv[1])
files = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
Web(Http(port=443, tls_certificate=sys.argv[2], tls_key=sys.argv[3]), files).start()
signal.pause()
"""
_BELOW = """
set -eu
home=$1
shift
python3 -c 'import fcntl, socket, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh", b"lo", 1 | 64))'
mount --bind hosts /etc/hosts
mount --bind nsswitch.conf /etc/nsswitch.conf
mount --bind root.pem /etc/ssl/certs/ca-certificates.crt
"$@" &
server=$!
trap 'kill $server; gpgconf --homedir "$home" --kill all; wait' EXIT
until (: < /dev/tcp/127.0.0.1/443) 2>/dev/null; do kill -0 $server; sleep 0.02; done
gpg --homedir "$home" --batch --with-colons --auto-key-locate clear,nodefault,wkd --locate-keys gsp@gsp.example.org
"""


class Site:
    """A folder with a Web Key Directory, a certificate for its two names, and the key that must come out of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        service.init(folder / "h", DOMAIN)
        with service.Gateway.open(folder / "h") as gateway:
            gateway.publication.write(folder / "www")
            self.files = gateway.publication.files()
            self.fingerprint = gateway.fingerprint
        authority, key = Authority("Web root"), new_key("p256")
        names = [x509.DNSName(f"openpgpkey.{DOMAIN}"), x509.DNSName(DOMAIN), x509.DNSName("localhost")]
        issued = authority.issue(
            DOMAIN, key, usages=[ExtendedKeyUsageOID.SERVER_AUTH], names=x509.SubjectAlternativeName(names)
        )
        self.certificate, self.key, self.root = folder / "web.pem", folder / "web.key", folder / "root.pem"
        self.certificate.write_bytes(pem(issued))
        self.key.write_bytes(secret_pem(key))
        self.root.write_bytes(pem(authority.certificate))

    def nginx(self, port: int = 443) -> list[str]:
        """The command that starts nginx with the snippet that we ship."""
        changes = {
            "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
            f"server_name openpgpkey.{DOMAIN} {DOMAIN};": f"server_name openpgpkey.{DOMAIN} {DOMAIN} localhost;",
            "/etc/ssl/certs/gsp.example.org.pem": str(self.certificate),
            "/etc/ssl/private/gsp.example.org.key": str(self.key),
            "/var/www/gsp-keys": str(self.folder / "www"),
        }
        server = (data.folder("config") / "nginx" / "wkd.conf").read_text()
        for old, new in changes.items():
            assert old in server
            server = server.replace(old, new)
        configuration = self.folder / "nginx.conf"
        configuration.write_text(_NGINX.format(folder=self.folder, server=server))
        return ["nginx", "-c", str(configuration), "-e", "stderr"]

    def own_door(self) -> list[str]:
        """The command that opens the gateway's own door for the directory, without the rest of the gateway."""
        return [sys.executable, "-c", _DOOR, str(self.folder / "www"), str(self.certificate), str(self.key)]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    folder = Path(tempfile.mkdtemp(dir="/tmp", prefix="gw"))
    folder.chmod(0o755)
    yield Site(folder)
    shutil.rmtree(folder, ignore_errors=True)


def asked(port: int, site: Site | None, path: str, method: str = "GET") -> tuple[int, bytes, dict[str, str]]:
    """Status, octets and header fields that a web server gives; without a site by plain HTTP."""
    connection: http.client.HTTPConnection
    if site is None:
        connection = http.client.HTTPConnection("localhost", port, timeout=PATIENCE)
    else:
        context = ssl.create_default_context(cafile=site.root)
        connection = http.client.HTTPSConnection("localhost", port, timeout=PATIENCE, context=context)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read(), dict(answer.getheaders())
    finally:
        connection.close()


def gives_the_directory_and_nothing_else(port: int, site: Site, tls: bool = True) -> None:
    over = site if tls else None
    for path in (DIRECT, ADVANCED + "?l=gsp"):
        status, octets, fields = asked(port, over, path)
        assert (status, octets) == (200, site.files[DIRECT[1:]])
        assert fields["Content-Type"] == "application/octet-stream"
        assert fields["Access-Control-Allow-Origin"] == "*"
    for place in ("", f"/{DOMAIN}"):
        assert asked(port, over, f"/.well-known/openpgpkey{place}/policy")[:2] == (200, b"")
    assert asked(port, over, DIRECT, "HEAD")[:2] == (200, b"")
    for path in ("/", "/.well-known/openpgpkey/hu/", DIRECT + "x", "/.well-known/openpgpkey/../../../h/gateway.toml"):
        assert asked(port, over, path)[0] in (400, 403, 404), path


@contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port)
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


def test_nginx_with_our_snippet_gives_out_the_directory_and_nothing_else(site: Site) -> None:
    port = free_port()
    with running(site.nginx(port), port):
        gives_the_directory_and_nothing_else(port, site)


@pytest.mark.parametrize("tls", [True, False])
def test_our_own_door_gives_out_the_directory_and_nothing_else(site: Site, tls: bool) -> None:
    port = free_port()
    files = (site.certificate, site.key) if tls else (None, None)
    door = Web(Http(port=port, tls_certificate=files[0], tls_key=files[1]), site.files)
    door.start()
    try:
        gives_the_directory_and_nothing_else(port, site, tls)
        assert asked(port, site if tls else None, DIRECT, "POST")[0] == 501
    finally:
        door.stop()
    with pytest.raises(ConnectionRefusedError):
        asked(port, site if tls else None, DIRECT)


def test_a_silent_visitor_keeps_nobody_out(site: Site) -> None:
    port = free_port()
    door = Web(Http(port=port, tls_certificate=site.certificate, tls_key=site.key), site.files)
    door.start()
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    try:
        assert asked(port, site, DIRECT)[0] == 200
    finally:
        for one in silent:
            one.close()
        door.stop()


@pytest.mark.parametrize("server", ["nginx", "own_door"])
def test_gpg_finds_the_key_by_its_address(site: Site, server: str) -> None:
    (site.folder / "hosts").write_text(f"127.0.0.1 localhost openpgpkey.{DOMAIN} {DOMAIN}\n")
    (site.folder / "nsswitch.conf").write_text("hosts: files\n")
    (site.folder / server).mkdir(mode=0o700)
    (site.folder / server / "dirmngr.conf").write_text("standard-resolver\n")
    done = subprocess.run(
        ["unshare", "--mount", "--net", "--map-root-user", "bash", "-c", _BELOW, "bash", server,
         *getattr(site, server)()],
        cwd=site.folder, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    fields = [line.split(":") for line in done.stdout.splitlines()]
    assert next(field[9] for field in fields if field[0] == "fpr") == site.fingerprint
    assert [field[9] for field in fields if field[0] == "uid"] == [f"Focal point <gsp@{DOMAIN}>"]


def test_the_door_is_refused_where_it_is_taken(site: Site) -> None:
    port = free_port()
    with running(site.nginx(port), port):
        door = Web(Http(port=port), site.files)
        with pytest.raises(ValueError, match=f"cannot listen on 127.0.0.1 port {port}"):
            door.start()


def test_gsp_serve_opens_the_door_where_the_settings_say_so(site: Site) -> None:
    port = free_port()
    (site.folder / "h" / "gateway.toml").write_text(f'domain = "{DOMAIN}"\n[http]\nport = {port}\n')
    with service.Gateway.open(site.folder / "h") as gateway:
        (door,) = serving._listeners(gateway, Workers(gateway.process, 1))
        door.start()
        try:
            gives_the_directory_and_nothing_else(port, site, tls=False)
        finally:
            door.stop()
