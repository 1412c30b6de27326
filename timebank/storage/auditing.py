"""Keeping an audit's result with the alert that a finding raises: one way for every audit of the book."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from ledger.audit import Report
from timebank.storage.audits import Alert, AuditRun
from timebank.storage.outgoing import leave
from timebank.storage.unit import Bank, Unit


def keep_run(bank: Bank, unit: Unit, checked: Report, *, scope: str, asked_by: str, now: datetime) -> AuditRun:
    """Write down what an audit found, and where the next one may go on. In the commit of `unit`."""
    document = checked.as_document()
    row = AuditRun(
        book=unit.origin,
        id=bank.new_id(now),
        scope=scope,
        asked_by=asked_by,
        started_at=now,
        finished_at=bank.clock(),
        first_seq=checked.start,
        size=checked.size,
        verdict=checked.verdict,
        findings=checked.count,
        report=json.dumps(document, ensure_ascii=False),
        state=None if checked.state is None else bank.vault.vouch(checked.state),
    )
    unit.audits.add(row)
    if checked.count:
        _raise_alert(bank, unit, row, document, now)
    return row


def _raise_alert(bank: Bank, unit: Unit, row: AuditRun, document: dict[str, Any], now: datetime) -> None:
    """One alert for the same findings, and one mail; the audit after it finds them again and stays quiet."""
    first = document["findings"][0] if document["findings"] else {}
    summary = f"#{first.get('seq')} · {first.get('field')} · {first.get('code')} (+{document['count'] - 1})"[:400]
    if any(alert.summary == summary for alert in unit.audits.open_alerts()):
        return
    unit.audits.add(
        Alert(book=unit.origin, id=bank.new_id(now), kind="audit", audit_id=row.id, summary=summary, raised_at=now)
    )
    subject = "Time bank: the ledger check found a problem / 账本检查发现问题"
    body = f"{unit.origin}\n{summary}\n\nSee the page Audits. New checkpoints are stopped.\n"
    leave(bank, unit, "email", bank.settings.alert_address, subject, body, now=now)
