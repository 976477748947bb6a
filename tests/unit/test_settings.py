"""What a settings file may say, and what is said of a wrong one."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from gateway import data, settings
from gateway.settings import Imap, Settings, SettingsError, load


def home(folder: Path, text: str) -> Path:
    (folder / "gateway.toml").write_text(f'domain = "gsp.example.org"\n{text}')
    return folder


def refusal(folder: Path, text: str, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        load(home(folder, text), environ or {})
    return str(caught.value)


def test_new_home_has_the_defaults_and_opens_both_doors(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text(settings.template("gsp.test.example"))
    found = load(tmp_path, {})
    assert found.domain == "gsp.test.example"
    assert (found.smtp.host, found.smtp.port, found.smtp.max_size) == ("127.0.0.1", 8025, 36 * 1024 * 1024)
    assert (found.lmtp.host, found.lmtp.port) == ("127.0.0.1", 8024)
    assert (found.outbound.host, found.outbound.port, found.outbound.tls) == ("127.0.0.1", 25, "none")
    assert found.imap == ()
    assert found.database.url == ""
    assert (found.reminders.days, found.reminders.expire_days, found.reminders.close_days) == ((7, 14), 60, 60)
    assert (found.mailbox, found.subaddress, found.border.authserv_id) == ("gsp", True, "")
    assert found.worker_count >= 1


def test_door_without_a_section_stays_shut(tmp_path: Path) -> None:
    found = load(home(tmp_path, ""), {})
    assert (found.smtp.port, found.lmtp.port) == (0, 0)


def test_shipped_file_shows_every_setting_with_its_default(tmp_path: Path) -> None:
    shipped = (data.folder("config") / "gateway.toml").read_text()
    text = re.sub(r"^# (\[\[imap\]\]|[a-z_]+ = .*)$", r"\1", shipped, flags=re.MULTILINE)
    shown = tomllib.loads(text)
    defaults = Settings(domain="gsp.example.org")
    sections = [name for name, field in Settings.model_fields.items() if isinstance(getattr(defaults, name), BaseModel)]
    for name in Settings.model_fields:
        if name in {"digest", "imap"}:
            continue
        if name in sections:
            compare(name, shown[name], Settings.model_fields[name].annotation)
        else:
            assert shown[name] == getattr(defaults, name), name
    compare("imap", shown["imap"][0], Imap)


def compare(name: str, shown: dict[str, Any], section: Any) -> None:
    assert set(shown) == set(section.model_fields), name
    for key, value in shown.items():
        field = section.model_fields[key]
        if field.is_required() or key == "password_file":
            continue
        default = "" if field.default is None else field.default
        assert (list(default) if isinstance(default, tuple) else default) == value, f"{name}.{key}"


def test_environment_overrides_the_file(tmp_path: Path) -> None:
    folder = home(tmp_path, '[smtp]\nport = 1\n[[imap]]\nhost = "a"\nuser = "u"\npassword_file = "p"\n')
    environ = {
        "GSP_SMTP__PORT": "2525",
        "GSP_IMAP__0__HOST": "b",
        "GSP_REMINDERS__DAYS": "[3, 5]",
        "GSP_DATABASE__URL": "postgresql://h/n",
        "GSP_SUBADDRESS": "false",
        "GSP_HOME": "elsewhere",
        "PATH": "/bin",
    }
    found = load(folder, environ)
    assert found.smtp.port == 2525
    assert found.imap[0].host == "b"
    assert found.reminders.days == (3, 5)
    assert found.database.url == "postgresql://h/n"
    assert found.subaddress is False


def test_environment_can_name_a_whole_mailbox_and_a_list_with_commas(tmp_path: Path) -> None:
    environ = {
        "GSP_IMAP__0__HOST": "a",
        "GSP_IMAP__0__USER": "u",
        "GSP_IMAP__0__OAUTH": "token",
        "GSP_REMINDERS__DAYS": "3, 5",
    }
    found = load(home(tmp_path, ""), environ)
    assert found.imap[0].oauth == str(tmp_path / "token")
    assert found.reminders.days == (3, 5)


def test_file_names_are_below_the_home(tmp_path: Path) -> None:
    text = '[smtp]\ntls_certificate = "c.pem"\ntls_key = "/etc/k.pem"\n[outbound]\nca_file = ""\n'
    found = load(home(tmp_path, text), {})
    assert found.smtp.tls_certificate == tmp_path / "c.pem"
    assert found.smtp.tls_key == Path("/etc/k.pem")
    assert found.outbound.ca_file is None


def test_unknown_setting_is_named_and_the_right_one_suggested(tmp_path: Path) -> None:
    said = refusal(tmp_path, "[smtp]\nprot = 25\n")
    assert 'unknown setting "smtp.prot"; did you mean "smtp.port"?' in said
    assert 'unknown setting "colour"' in refusal(tmp_path, "colour = 1\n")
    said = refusal(tmp_path, "", {"GSP_SMTP__PROT": "25"})
    assert '"smtp.prot" (from GSP_SMTP__PROT)' in said


@pytest.mark.parametrize(
    ("text", "environ", "says"),
    [
        ('[smtp]\nport = "CANARY"\n', {}, '"smtp.port"'),
        ("[smtp]\nport = 70000\n", {}, '"smtp.port"'),
        ("", {"GSP_SMTP__PORT": "CANARY"}, '"smtp.port" (from GSP_SMTP__PORT)'),
        ('[database]\nurl = "mysql://u:CANARY@h/n"\n', {}, "the database is sqlite:// or postgresql://"),
        ('[smtp]\ntls_certificate = "c"\n', {}, "belong together"),
        ('[smtp]\ntls = "require"\n', {}, "needs tls_certificate"),
        ('[outbound]\nhost = "mx.example"\nuser = "u"\npassword_file = "p"\n', {}, "would cross the network in clear"),
        ('[outbound]\npassword_file = "p"\n', {}, "password_file needs user"),
        ('[[imap]]\nhost = "h"\nuser = "u"\n', {}, "either password_file or oauth"),
        ('[[imap]]\nhost = "h"\nuser = "u"\npassword_file = "p"\noauth = "t"\n', {}, "either password_file or oauth"),
        ('[[imap]]\nhost = "h"\nuser = "u"\ntls = "none"\noauth = "t"\n', {}, "a token would cross the network"),
        ('[[imap]]\nuser = "u"\npassword_file = "p"\n', {}, 'the setting "imap.0.host" is missing'),
        ("[reminders]\ndays = [14, 7]\n", {}, "must rise"),
        ("[reminders]\ndays = [60]\n", {}, "before expire_days"),
        ('[digest]\ncron = "CANARY"\n', {}, "not a crontab line"),
        ("[smtp\n", {}, "is not TOML (line 2, column 6)"),
        ("", {"GSP_DOMAIN__X": "CANARY"}, "the variable GSP_DOMAIN__X names no setting"),
        ("", {"GSP_IMAP__1__HOST": "CANARY"}, "the variable GSP_IMAP__1__HOST names no setting"),
    ],
)
def test_wrong_value_is_told_in_a_sentence_without_the_value(
    tmp_path: Path, text: str, environ: dict[str, str], says: str
) -> None:
    said = refusal(tmp_path, text, environ)
    assert says in said
    assert "CANARY" not in said
    assert "\n" not in said


def test_password_in_a_database_url_is_not_shown(tmp_path: Path) -> None:
    found = load(home(tmp_path, ""), {"GSP_DATABASE__URL": "postgresql://u:CANARY@h/n"})
    assert "CANARY" not in repr(found)


def test_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="run `gsp init"):
        load(tmp_path, {})


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    found = load(home(tmp_path, ""), {})
    with pytest.raises(ValueError, match="frozen"):
        found.smtp.port = 1  # type: ignore[misc]
