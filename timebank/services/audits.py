"""Audits: of the new entries every few minutes, of all of them each night, and whenever somebody asks.

A finding raises an alert, which all staff see, and stops new checkpoints until an administrator has acknowledged it
with a reason. Each full audit, and any that finds something, is itself written to the book.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog

from ledger import Kind, LedgerError
from timebank.domain.errors import AlertAlreadyAcknowledged, NotFound, ReasonMissing, TimebankError
from timebank.domain.roles import Actor, require
from timebank.storage.auditing import keep_run
from timebank.storage.audits import AuditRun
from timebank.storage.checking import audit_book
from timebank.storage.unit import Bank
from timebank.storage.vault import VaultError

log = structlog.get_logger()
SCHEDULER = "scheduler"
FULL, NEW = "full", "new"


@dataclass(frozen=True, slots=True)
class AuditView:
    """One audit in the history."""

    id: str
    scope: str
    started_at: datetime
    finished_at: datetime
    first_seq: int
    size: int
    verdict: str
    findings: int
    entry_seq: int | None
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AlertView:
    """A finding that people must see."""

    id: str
    summary: str
    audit_id: str | None
    raised_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str
    reason: str


def run_full(bank: Bank, *, now: datetime) -> str:
    """The nightly audit of every entry, at all four levels. Gives the verdict."""
    return _run(bank, FULL, SCHEDULER, now).verdict


def run_incremental(bank: Bank, *, now: datetime) -> str:
    """An audit of what is new since the last sound one; a full one where there is none. Gives the verdict."""
    return _run(bank, NEW, SCHEDULER, now).verdict


def run_now(bank: Bank, actor: Actor, *, full: bool, now: datetime) -> AuditView:
    """Somebody asks for an audit at once. Raises Forbidden."""
    require(actor, "audits.run")
    return _run(bank, FULL if full else NEW, actor.person_id, now)


def _run(bank: Bank, scope: str, asked_by: str, now: datetime) -> AuditView:
    with bank.read() as unit:
        last = unit.audits.latest(verdict="sound")
        kept = last.state if scope == NEW and last is not None else None
        written = unit.audits.latest_written()
    checked = audit_book(bank, _since(bank, kept))
    document = checked.as_document()
    with bank.unit() as unit:
        view = _view(keep_run(bank, unit, checked, scope=scope, asked_by=asked_by, now=now))
    if checked.count:
        log.error("audit found something", scope=scope, findings=checked.count, size=checked.size)
    if (scope == FULL or checked.count) and not _is_known(written, document, checked.count):
        data = {
            "size": checked.size,
            "result": checked.verdict,
            "digest": checked.digest(),
            "level": sorted(int(level) for level in checked.levels),
        }
        view = replace(view, entry_seq=_write(bank, view.id, asked_by, data, now))
    return view


def _since(bank: Bank, kept: bytes | None) -> bytes | None:
    """The state that the last sound audit left, or None, for a full audit, where somebody else could have made it."""
    if kept is None:
        return None
    try:
        return bank.vault.vouched(kept)
    except VaultError:
        log.warning("the last audit's state is not this service's: everything is checked")
        return None


def _write(bank: Bank, audit_id: str, asked_by: str, data: dict[str, Any], now: datetime) -> int | None:
    """Write the result to the book. A book that is too broken to be written to keeps its report all the same."""
    try:
        with bank.unit() as unit:
            row = unit.audits.get(audit_id)
            seq = unit.append(Kind.AUDIT, asked_by, now=now, data=data).seq
            if row is not None:
                row.entry_seq = seq
            return seq
    except (TimebankError, LedgerError) as error:
        log.error("audit not written to the book", kind=type(error).__name__)
        return None


def _is_known(last: AuditRun | None, document: dict[str, Any], count: int) -> bool:
    """The same findings were written to the book before: a broken book is not filled with its own audits."""
    return count > 0 and last is not None and json.loads(last.report)["findings"] == document["findings"]


def acknowledge(bank: Bank, actor: Actor, alert_id: str, reason: str, *, now: datetime) -> None:
    """An administrator has seen a finding and says what was done. Checkpoints go on when none is open.

    Raises NotFound, AlertAlreadyAcknowledged, ReasonMissing, Forbidden.
    """
    require(actor, "alerts.acknowledge")
    if not reason.strip():
        raise ReasonMissing
    with bank.unit() as unit:
        row = unit.audits.alert(alert_id)
        if row is None:
            raise NotFound
        if row.acknowledged_at is not None:
            raise AlertAlreadyAcknowledged
        row.acknowledged_at, row.acknowledged_by = now, actor.person_id
        row.reason_sealed = bank.vault.seal_for_service("alert", reason[:500])


def history(bank: Bank, actor: Actor, *, before: str | None = None, limit: int = 30) -> tuple[AuditView, ...]:
    """Audits, the newest first."""
    require(actor, "audits.read")
    with bank.read() as unit:
        return tuple(_view(row) for row in unit.audits.runs(before, limit))


def see(bank: Bank, actor: Actor, audit_id: str) -> AuditView:
    """One audit with its findings. Raises NotFound."""
    require(actor, "audits.read")
    with bank.read() as unit:
        row = unit.audits.get(audit_id)
        if row is None:
            raise NotFound
        return _view(row)


def alerts(bank: Bank, actor: Actor) -> tuple[AlertView, ...]:
    """Alerts, open ones first by being the newest."""
    require(actor, "alerts.read")
    with bank.read() as unit:
        rows = unit.audits.alerts()
        names = unit.persons({row.acknowledged_by for row in rows if row.acknowledged_by})
        return tuple(
            AlertView(
                id=row.id,
                summary=row.summary,
                audit_id=row.audit_id,
                raised_at=row.raised_at,
                acknowledged_at=row.acknowledged_at,
                acknowledged_by=names[row.acknowledged_by].name if row.acknowledged_by in names else "",
                reason=bank.vault.open_for_service("alert", row.reason_sealed) if row.reason_sealed else "",
            )
            for row in rows
        )


def _view(row: AuditRun) -> AuditView:
    return AuditView(
        id=row.id,
        scope=row.scope,
        started_at=row.started_at,
        finished_at=row.finished_at,
        first_seq=row.first_seq,
        size=row.size,
        verdict=row.verdict,
        findings=row.findings,
        entry_seq=row.entry_seq,
        report=json.loads(row.report),
    )
