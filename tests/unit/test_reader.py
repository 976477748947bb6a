"""Figures read from the database that the settings name, whether or not all settings are checked for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway import reader
from gateway.home import Home
from gateway.settings import Settings

_DOMAIN = 'domain = "gsp.example"\n'


def test_every_setting_that_there_is_is_known() -> None:
    assert set(Settings.model_fields) == reader.SETTINGS


@pytest.mark.parametrize(
    ("text", "variable", "plain"),
    [
        (_DOMAIN, "", True),
        (f"{_DOMAIN}[database]\n[smtp]\nport = 0\n", "", True),
        (f'{_DOMAIN}[database]\nurl = "sqlite:////elsewhere.db"\n', "", False),
        (f'{_DOMAIN}[data]\nurl = "sqlite:////elsewhere.db"\n', "", False),
        (f'{_DOMAIN}[database]\nurl = ""\n[database]\n', "", False),
        (_DOMAIN, "GSP_DATABASE__URL", False),
    ],
)
def test_the_short_way_is_taken_only_where_no_setting_can_name_a_database(
    text: str, variable: str, plain: bool, tmp_path: Path
) -> None:
    home = Home(tmp_path)
    home.settings.write_text(text, encoding="utf-8")
    environ = {variable: "x"} if variable else {"GSP_HOME": "x"}
    assert not reader._says_nothing(home, environ), "no database yet: the settings say why"
    home.database.touch()
    assert reader._says_nothing(home, environ) is plain
