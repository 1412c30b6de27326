"""Mail leaves by SMTP, and a server that is away is asked again later."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.timebank.world import NOW, World
from timebank.services import mail
from timebank.storage.audits import Mail
from timebank.storage.unit import Bank


class Postman(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as a client needs; what it is given is kept."""

    received: list[str]

    def handle(self) -> None:
        self._say("220 postman")
        while line := self.rfile.readline().decode().strip():
            verb = line.split(" ")[0].upper()
            if verb == "DATA":
                self._say("354 go on")
                lines = []
                while (part := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                    lines.append(part)
                type(self).received.append("\n".join(lines))
            self._say("221 bye" if verb == "QUIT" else "250 ok")
            if verb == "QUIT":
                return

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def postman() -> Iterator[tuple[int, list[str]]]:
    received: list[str] = []
    handler = type("OnePostman", (Postman,), {"received": received})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], received
        server.shutdown()


def with_smtp(world: World, port: int) -> Bank:
    smtp = replace(world.bank.settings.smtp, host="127.0.0.1", port=port)
    return replace(world.bank, settings=replace(world.bank.settings, smtp=smtp))


def post(bank: Bank) -> None:
    with bank.unit() as unit:
        sealed = bank.vault.seal_for_service("mail", "auditor@example.org")
        unit.audits.add(
            Mail(
                book=unit.origin, id=bank.new_id(NOW), address_sealed=sealed, subject="账本检查发现问题", body="#7\n",
                state="waiting", tries=0, made_at=NOW, next_try_at=NOW,
            )
        )  # fmt: skip


def test_mail_leaves_by_smtp_once(world: World, postman: tuple[int, list[str]]) -> None:
    port, received = postman
    bank = with_smtp(world, port)
    post(bank)
    assert mail.send_due(bank, now=NOW) == 1
    assert mail.send_due(bank, now=NOW) == 0
    assert len(received) == 1
    assert "To: auditor@example.org" in received[0]


def test_a_server_that_is_away_is_asked_again_later(world: World, postman: tuple[int, list[str]]) -> None:
    port, received = postman
    post(with_smtp(world, 1))
    assert mail.send_due(with_smtp(world, 1), now=NOW) == 0
    assert mail.send_due(with_smtp(world, port), now=NOW + timedelta(minutes=1)) == 0
    assert mail.send_due(with_smtp(world, port), now=NOW + timedelta(minutes=3)) == 1
    assert len(received) == 1
