"""The giving side: what was sent is told to the other book until it answers with a proof; what it refuses comes back.

Each step is a commit of its own and may be repeated after a crash at any point: the other book decides an id once.
"""

from __future__ import annotations

import json
from datetime import datetime
from http.client import HTTPException
from typing import Any

import structlog

from ledger import Kind, LedgerError
from ledger.receipts import Receipt, parse_policy, verify_receipt
from ledger.wire import ask
from timebank.domain.errors import InterchangeMessageInvalid, InterchangeProofInvalid, TimebankError
from timebank.domain.evidence import returned_document
from timebank.domain.interchange import read_refusal, try_again
from timebank.domain.states import Party
from timebank.domain.transfers import TransferState
from timebank.domain.transfers import after as transfer_after
from timebank.services.interchange.partners import said
from timebank.storage.clearing import Clearing, Partner
from timebank.storage.publishing import receipts_of
from timebank.storage.unit import Bank, Unit

SECONDS = 15.0
PATH, JSON = "interchange/transfers", "application/json"
SYSTEM = frozenset({Party.SYSTEM})
ACTOR = "interchange"
log = structlog.get_logger()


def send_due(bank: Bank, *, now: datetime) -> int:
    """Tell the other books of transfers that are due, and take in their answers. Gives how many were finished."""
    with bank.read() as unit:
        due = unit.clearings.due(now)
    return sum(_send(bank, transfer_id, now) for transfer_id in due)


def _send(bank: Bank, transfer_id: str, now: datetime) -> bool:
    """One transfer: whether it came to its end."""
    told = _message(bank, transfer_id)
    if told is None:
        return False
    url, body = told
    try:
        answer = ask("POST", url, PATH, body, SECONDS, JSON)
        if answer.status != 200:
            raise InterchangeMessageInvalid
        return _take_in(bank, transfer_id, json.loads(answer.body), now)
    except (OSError, HTTPException, ValueError, KeyError, TypeError, LedgerError, TimebankError) as error:
        with bank.unit() as unit:
            row = unit.clearings.get(transfer_id, lock=True)
            if row is not None and row.state == "sent":
                row.problem, row.tries = type(error).__name__[:80], row.tries + 1
                row.next_try_at = try_again(row.tries, now)
        log.warning("another book did not take a transfer", transfer=transfer_id, kind=type(error).__name__)
        return False


def _message(bank: Bank, transfer_id: str) -> tuple[str, bytes] | None:
    """Where it goes, and the message; None while no published checkpoint covers the entry."""
    with bank.read() as unit:
        row = unit.clearings.get(transfer_id)
        partner = unit.clearings.partner(row.partner_id) if row is not None else None
        published = unit.publishing.latest()
        if row is None or partner is None or row.entry_seq is None or row.person_id is None:
            return None
        if published is None or row.entry_seq >= published.size:
            return None
        entry = unit.book.store.row(unit.origin, row.entry_seq)
        told = unit.open_for(row.person_id, row.message_sealed)
        if entry is None or told is None:
            return None
        receipt = receipts_of(unit.book, [entry], published)[0].encode()
        return partner.url, json.dumps({"from": unit.origin, "receipt": receipt, **told}).encode()


def _take_in(bank: Bank, transfer_id: str, answer: dict[str, Any], now: datetime) -> bool:
    """Believe the answer for its proof. Raises InterchangeProofInvalid, InterchangeMessageInvalid, LedgerError."""
    proof = str(answer["proof"])
    with bank.unit() as unit:
        row = unit.clearings.get(transfer_id, lock=True)
        partner = unit.clearings.partner(row.partner_id) if row is not None else None
        if row is None or partner is None or row.state != "sent":
            return False
        if answer["state"] == "refused":
            _give_back(unit, partner, row, proof, now)
        elif not proof:
            row.tries += 1
            row.problem, row.next_try_at = "", try_again(0, now)
            return False
        else:
            row.their_seq, row.state = _accepted(unit, partner, row, proof), "arrived"
            if row.person_id is not None:
                unit.tell(row.person_id, "clearing_arrived", "transfer", row.id, now=now)
        row.their_proof, row.ended_at, row.problem = proof, now, ""
        return True


def _accepted(unit: Unit, partner: Partner, row: Clearing, proof: str) -> int:
    """The number of the other book's entry, once its receipt holds."""
    entry = verify_receipt(Receipt.parse(proof), parse_policy(partner.policy), partner.origin).entry
    data = dict(entry.data or {})
    given = [minutes for _, minutes in entry.postings if minutes > 0]
    right = (data.get("book"), data.get("transfer"), data.get("seq")) == (unit.origin, row.id, row.entry_seq)
    if entry.kind is not Kind.CLEAR or not right or given != [row.minutes]:
        raise InterchangeProofInvalid
    return entry.seq


def _give_back(unit: Unit, partner: Partner, row: Clearing, note: str, now: datetime) -> None:
    """The other book refused for good, and signed that: the entry is reversed, in the commit that notes it."""
    row.reason = read_refusal(said(partner, note), partner.origin, unit.origin, row.id)
    entry = unit.book.entry(row.entry_seq or 0)
    document = unit.keep_document(
        "returned", row.person_id or "", returned_document(transfer_id=row.id, of=entry.seq, refusal=note), now=now
    )
    unit.reverse(entry, ACTOR, document, f"return-{row.id}", now=now)
    row.state = "returned"
    transfer = unit.transfers.get(row.id, lock=True)
    if transfer is not None:
        transfer.state = str(transfer_after(TransferState(transfer.state), "reverse", SYSTEM))
    if row.person_id is not None:
        unit.tell(row.person_id, "clearing_returned", "transfer", row.id, now=now)
