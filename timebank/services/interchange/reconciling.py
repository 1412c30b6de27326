"""Each day both books compare their accounts with each other. The two mirror each other, or people have to look."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException

import structlog

from ledger import LedgerError
from ledger.notes import parse_note
from ledger.wire import ask
from timebank.domain.errors import InterchangeMessageInvalid, InterchangeProofInvalid, PartnerUnknown, TimebankError
from timebank.domain.interchange import (
    FRESH,
    WINDOW,
    Account,
    Finding,
    compare,
    lines_of,
    read_statement,
    statement_text,
)
from timebank.domain.local_time import local_day
from timebank.domain.roles import Actor, require
from timebank.services.interchange.partners import said
from timebank.storage.clearing import Clearing, Net, Partner, Statement
from timebank.storage.keys import sign_text
from timebank.storage.outgoing import leave
from timebank.storage.unit import Bank, Unit

SECONDS = 20.0
PATH, TEXT = "interchange/statements", "text/plain; charset=utf-8"
MOST_LINES = 700
"""A statement fits into an answer of 64 KiB."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class StatementView:
    """A comparison: both balances, what was under way, what did not agree."""

    at: datetime
    balance_minutes: int
    their_balance_minutes: int
    under_way_minutes: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class ClearingView:
    """A transfer as the county sees it: nobody's name."""

    id: str
    direction: str
    minutes: int
    state: str
    reason: str | None
    made_at: datetime
    ended_at: datetime | None
    entry_seq: int | None
    their_seq: int | None
    problem: str


def reconcile_due(bank: Bank, *, now: datetime) -> int:
    """Compare with every partner. Gives with how many it was possible; the others are asked again the next day."""
    with bank.read() as unit:
        partners = [(row.id, row.url) for row in unit.clearings.partners() if row.account is not None]
    return sum(_reconcile(bank, partner_id, url, now) for partner_id, url in partners)


def _reconcile(bank: Bank, partner_id: str, url: str, now: datetime) -> bool:
    with bank.read() as unit:
        partner = unit.clearings.partner(partner_id)
        ours = sign_text(bank, statement_text(_account(unit, partner, now)), now) if partner else ""
    try:
        answer = ask("POST", url, PATH, ours.encode(), SECONDS, TEXT)
        if answer.status != 200:
            raise InterchangeMessageInvalid
        with bank.unit() as unit:
            partner = unit.clearings.partner(partner_id)
            if partner is not None:
                _keep(bank, unit, partner, answer.body.decode(), now)
    except (OSError, HTTPException, ValueError, LedgerError, TimebankError) as error:
        log.warning("no statement from another book", partner=partner_id, kind=type(error).__name__)
        return False
    return True


def exchange(bank: Bank, body: bytes, *, now: datetime) -> str:
    """Another book shows its statement and is shown ours. Raises PartnerUnknown, InterchangeMessageInvalid,
    InterchangeProofInvalid."""
    try:
        text = body.decode()
        told = read_statement(parse_note(text).text)
    except (ValueError, LedgerError) as error:
        raise InterchangeMessageInvalid from error
    with bank.unit() as unit:
        partner = unit.clearings.partner_of(told.origin)
        if partner is None or partner.account is None:
            raise PartnerUnknown
        _keep(bank, unit, partner, text, now)
        return sign_text(bank, statement_text(_account(unit, partner, now)), now)


def _keep(bank: Bank, unit: Unit, partner: Partner, note: str, now: datetime) -> None:
    """Compare their signed statement with our own account, and keep both; who has to look is told."""
    theirs = read_statement(said(partner, note))
    if (theirs.origin, theirs.partner) != (partner.origin, unit.origin) or abs(now - theirs.at) > FRESH:
        raise InterchangeProofInvalid
    ours = _account(unit, partner, now)
    under_way, findings = compare(ours, theirs)
    unit.clearings.add(
        Statement(
            book=unit.origin,
            id=bank.new_id(now),
            partner_id=partner.id,
            at=now,
            balance_minutes=ours.balance,
            their_balance_minutes=theirs.balance,
            under_way_minutes=under_way,
            findings=json.dumps([[one.code, one.transfer_id, one.minutes] for one in findings]),
            theirs=note,
        )
    )
    if findings:
        log.error("two books do not agree", partner=partner.id, findings=sorted({one.code for one in findings}))
        text = f"{unit.origin} / {partner.origin}: " + ", ".join(sorted({one.code for one in findings}))
        leave(bank, unit, "email", bank.settings.alert_address, "interchange: statements differ", text, now=now)


def _account(unit: Unit, partner: Partner, now: datetime) -> Account:
    rows = unit.clearings.of_partner(partner.id, now - WINDOW, limit=MOST_LINES)
    lines = lines_of([(row.direction, row.id, row.minutes, row.state, row.made_at) for row in rows])
    balance = unit.book.balance(partner.account) if partner.account else 0
    return Account(unit.origin, partner.origin, now, balance, lines)


def statements(bank: Bank, actor: Actor, partner_id: str) -> tuple[StatementView, ...]:
    """The comparisons with a partner, the newest first."""
    require(actor, "interchange.read")
    with bank.read() as unit:
        return tuple(
            StatementView(
                at=row.at,
                balance_minutes=row.balance_minutes,
                their_balance_minutes=row.their_balance_minutes,
                under_way_minutes=row.under_way_minutes,
                findings=tuple(Finding(*one) for one in json.loads(row.findings)),
            )
            for row in unit.clearings.statements(partner_id)
        )


def transfers(bank: Bank, actor: Actor, partner_id: str, *, limit: int = 100) -> tuple[ClearingView, ...]:
    """The transfers with a partner, the newest first; no names."""
    require(actor, "interchange.read")
    with bank.read() as unit:
        return tuple(_view(row) for row in unit.clearings.of_partner(partner_id, limit=limit))


def netting(bank: Bank, actor: Actor, partner_id: str) -> tuple[Net, ...]:
    """What went out and came in by local month, the newest first: what the counties settle between them."""
    require(actor, "interchange.read")
    sums: dict[str, list[int]] = {}
    with bank.read() as unit:
        for row in unit.clearings.of_partner(partner_id, limit=100_000):
            if row.state in ("sent", "arrived", "accepted"):
                both = sums.setdefault(f"{local_day(row.made_at):%Y-%m}", [0, 0])
                both[row.direction == "in"] += row.minutes
    return tuple(Net(month, *both) for month, both in sorted(sums.items(), reverse=True))


def _view(row: Clearing) -> ClearingView:
    return ClearingView(
        id=row.id,
        direction=row.direction,
        minutes=row.minutes,
        state=row.state,
        reason=row.reason,
        made_at=row.made_at,
        ended_at=row.ended_at,
        entry_seq=row.entry_seq,
        their_seq=row.their_seq,
        problem=row.problem,
    )
