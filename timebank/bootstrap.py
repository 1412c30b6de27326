"""Builds the bank from settings. The web, the scheduler, the commands and the tests all start here."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from ledger.stores.sql import make_engine
from timebank.settings import Settings
from timebank.storage.unit import Bank
from timebank.storage.vault import Passwords, Vault


def build_bank(settings: Settings, *, pool_size: int = 8) -> Bank:
    """The bank over the settings' database. It opens no connection yet."""
    return Bank(
        engine=make_engine(settings.database_url, pool_size=pool_size),
        settings=settings,
        vault=Vault(settings.master_key, settings.index_key, os.urandom, settings.older_master_keys),
        passwords=Passwords(),
        random=os.urandom,
        clock=lambda: datetime.now(UTC),
    )
