"""Two installations with a server each, for what goes from one book to the other."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

from werkzeug.serving import make_server

from tests.timebank.services.test_network import second_county
from tests.timebank.world import NOW, build_world, make_bank, settings_in
from timebank.app import create_app
from timebank.services import interchange

LATER = NOW + timedelta(hours=1)
LIMIT = 600


class County:
    """An installation: its book, its people, and a server at an address."""

    def __init__(self, folder: Path, origin: str) -> None:
        self.bank = make_bank(replace(settings_in(folder), book=origin), LATER)
        self.world = build_world(self.bank)
        self.staff = self.world.staff | {"second county": second_county(self.world)}
        self.server = make_server("127.0.0.1", 0, create_app(bank=self.bank), threaded=True)
        self.url = f"http://127.0.0.1:{self.server.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def partner_id(self, other: County) -> str:
        found = interchange.partners(self.bank, self.staff["county"])
        return next(one.id for one in found if one.origin == other.bank.settings.book)

    def account(self, other: County) -> int:
        """Minutes that we owe the other book."""
        return interchange.partner(self.bank, self.staff["county"], self.partner_id(other)).balance_minutes

    def card(self) -> str:
        return json.dumps(asdict(interchange.card(self.bank, self.url)))

    def agree_with(self, other: County, minutes: int = LIMIT) -> None:
        view = interchange.propose(self.bank, self.staff["county"], other.card(), minutes, now=NOW)
        interchange.agree(self.bank, self.staff["second county"], view.id, now=NOW)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.bank.engine.dispose()
