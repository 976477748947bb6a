"""The database of a home by itself: figures need neither keys nor templates nor the pattern library."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway import settings as configuration
from gateway.home import Home, HomeKey
from gateway.settings import Settings
from gateway.store import Store


def store_of(home: Home, settings: Settings, key: HomeKey) -> Store:
    """The store that the settings name, else the file in the home; raises ValueError, with what to do."""
    return Store(settings.database.url or f"sqlite:///{home.database}", key.token_digest_of)


@contextmanager
def opened(root: Path) -> Iterator[Store]:
    """The store of a home, closed afterwards; raises ValueError, with what to do, where there is no home."""
    home = Home(root.absolute())
    settings = configuration.load(home.root, os.environ)
    store = store_of(home, settings, HomeKey(home.secret))
    try:
        yield store
    finally:
        store.close()
