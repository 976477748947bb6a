"""The database of a home by itself: figures need neither keys nor templates nor the pattern library."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from gateway.home import Home, HomeKey
from gateway.store import Store

# What a settings file may say; a test compares them with `settings`.
SETTINGS = frozenset({
    "domain", "mailbox", "subaddress", "workers", "smtp", "lmtp", "http", "imap", "outbound", "database", "openpgp",
    "smime", "digest", "reminders", "directory", "limits", "border",
})  # fmt: skip


def store_of(home: Home, url: str, key: HomeKey) -> Store:
    """The store at the URL of the settings, else the file in the home; raises ValueError, with what to do."""
    return Store(url or f"sqlite:///{quote(str(home.database))}", key.token_digest_of)


@contextmanager
def opened(root: Path) -> Iterator[Store]:
    """The store of a home, closed afterwards; raises ValueError, with what to do, where there is no home."""
    home = Home(root.absolute())
    url = "" if _says_nothing(home, os.environ) else _url(home, os.environ)
    store = store_of(home, url, HomeKey(home.secret))
    try:
        yield store
    finally:
        store.close()


def _says_nothing(home: Home, environ: Mapping[str, str]) -> bool:
    """Whether it is plain that no setting names a database: to check them all takes a third of the start."""
    if any(name.startswith("GSP_") and name != "GSP_HOME" for name in environ) or not home.database.exists():
        return False
    try:
        values = tomllib.loads(home.settings.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return values.keys() <= SETTINGS and not values.get("database")


def _url(home: Home, environ: Mapping[str, str]) -> str:
    from gateway import settings

    return settings.load(home.root, environ).database.url
