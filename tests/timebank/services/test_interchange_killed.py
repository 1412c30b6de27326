"""A process of either installation is killed at each step: the hours arrive once, or come back once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta

from tests.timebank.services.counties import LATER, County
from tests.timebank.services.test_interchange import message, sent, sound, state
from timebank.services import interchange, publishing, transfers

SENDER = (
    "the answer is here",
    "UPDATE clearing_transfer SET",
    "commit",
)
# The ledger's entry stands between the first two of each.
RETURNS = ("INSERT INTO document", "UPDATE transfer SET", "commit")
RECEIVER = ("INSERT INTO clearing_transfer", "INSERT INTO message", "commit")
KILLED = """
import os, signal, sys
from dataclasses import replace
from datetime import datetime
from sqlalchemy import event
from timebank.bootstrap import build_bank
from timebank.services import interchange
from timebank.services.interchange import sending
from timebank.settings import load

what, step, origin, now = sys.argv[1], sys.argv[2], sys.argv[3], datetime.fromisoformat(sys.argv[4])
bank = build_bank(replace(load(), book=origin))

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def watch(connection, cursor, statement, *_):
    watch.wrote = watch.wrote or statement.startswith(("INSERT", "UPDATE"))
    if statement.startswith(step):
        die()

watch.wrote = False
event.listen(bank.engine, "after_cursor_execute", watch)
event.listen(bank.engine, "commit", lambda connection: step == "commit" and watch.wrote and die())
if what == "send":
    asked = sending.ask
    def ask(*told):
        answer = asked(*told)
        if step == "the answer is here":
            die()
        return answer
    sending.ask = ask
    interchange.send_due(bank, now=now)
else:
    interchange.receive(bank, sys.stdin.buffer.read(), now=now)
"""


def kill(county: County, what: str, step: str, body: bytes = b"") -> None:
    """Do it in a process of its own, which is killed after this step."""
    settings = county.bank.settings
    environment = {"TIMEBANK_INSTANCE": str(settings.instance), "TIMEBANK_DATABASE_URL": settings.database_url}
    done = subprocess.run(
        [sys.executable, "-c", KILLED, what, step, settings.book, LATER.isoformat()],
        env={**os.environ, **environment}, input=body, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, (step, done.stderr)


def test_the_sender_is_killed_around_an_answer(two: tuple[County, County]) -> None:
    here, there = two
    giver, taker = here.world.rich(120), there.world.member()
    transfer_id = sent(here, there, giver, there.world.number(taker))
    kill(here, "send", SENDER[0])
    assert (state(here, transfer_id), state(there, transfer_id)) == ("sent", "accepted")
    publishing.publish(there.bank, now=LATER)
    for step in SENDER[1:]:
        kill(here, "send", step)
        assert state(here, transfer_id) == "sent"
    assert interchange.send_due(here.bank, now=LATER) == 1
    assert state(here, transfer_id) == "arrived"
    assert (here.world.balance(giver), there.world.balance(taker, "imported")) == (30, 90)
    assert (here.account(there), there.account(here)) == (90, -90)
    sound(here, there)


def test_the_sender_is_killed_while_it_takes_hours_back(two: tuple[County, County]) -> None:
    here, there = two
    giver = here.world.rich(120)
    transfer_id = sent(here, there, giver, "000009993")
    for step in RETURNS:
        kill(here, "send", step)
        assert (state(here, transfer_id), here.world.balance(giver)) == ("sent", 30)
    assert interchange.send_due(here.bank, now=LATER) == 1
    assert (state(here, transfer_id), here.world.balance(giver), here.account(there)) == ("returned", 120, 0)
    sound(here, there)


def test_the_receiver_is_killed_while_it_takes_hours_in(two: tuple[County, County]) -> None:
    here, there = two
    giver, taker = here.world.rich(120), there.world.member()
    transfer_id = sent(here, there, giver, there.world.number(taker))
    body = json.dumps(message(here, transfer_id)).encode()
    for step in RECEIVER:
        kill(there, "receive", step, body)
        assert (state(there, transfer_id), there.world.balance(taker, "imported")) == ("", 0)
    interchange.send_due(here.bank, now=LATER)
    assert there.world.balance(taker, "imported") == 90
    publishing.publish(there.bank, now=LATER)
    interchange.send_due(here.bank, now=LATER + timedelta(minutes=1))
    assert state(here, transfer_id) == "arrived"
    sound(here, there)


def test_the_sender_is_killed_while_the_hours_leave(two: tuple[County, County]) -> None:
    """Between the hold and the transfer: either they still wait, and can be taken back, or they are on their way."""
    here, there = two
    giver, taker = here.world.rich(120), there.world.member()
    view = transfers.cross(here.bank, giver, here.partner_id(there), there.world.number(taker), 90, now=LATER)
    assert transfers.carry_out_due(here.bank, now=LATER) == 0
    transfers.undo(here.bank, giver, view.id, now=LATER)
    assert (state(here, view.id), here.world.balance(giver), here.account(there)) == ("undone", 120, 0)
    sound(here, there)
