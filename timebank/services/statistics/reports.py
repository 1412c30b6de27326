"""Closing a year: one person of the county drafts the report, another freezes it with an audit of the whole book.

The frozen document is the report of that audit: its SHA-256 is the `digest` of the `audit` entry. It never changes. A
later correction is a further version that names the one before and says why.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

import timebank
from ledger import Kind, jcs
from ledger.audit import Report
from timebank.domain.errors import (
    NotFound,
    ReasonMissing,
    ReportChanged,
    ReportDraftWaits,
    ReportFrozen,
    ReportStateConflict,
)
from timebank.domain.local_time import parse_rfc3339, rfc3339
from timebank.domain.roles import Actor, require, require_second_person
from timebank.domain.statistics.report import check_year, frozen
from timebank.services.statistics.figures import compute
from timebank.services.statistics.values import DraftView, draft_view
from timebank.storage.auditing import keep_run
from timebank.storage.checking import audit_book
from timebank.storage.moments import at_one_moment
from timebank.storage.statistics import DRAFT, FROZEN, WITHDRAWN, AnnualReport
from timebank.storage.unit import Bank, Unit

SCOPE = "year"
"""Of the audit that a report is frozen with, beside those of the scheduler."""
MOST_WORDS = 500


def draft(bank: Bank, actor: Actor, year: int, reason: str = "", *, now: datetime) -> str:
    """Compute the figures of a year that is over and keep them for a second person. `reason`: why there is a further
    version; it is public. Gives the draft's id.

    Raises ReportYearNotOver, ReportDraftWaits, ReportFrozen (for a further version without a reason), Forbidden.
    """
    require(actor, "statistics.freeze")
    check_year(year, now)
    with at_one_moment(bank) as unit:
        _check_free(unit, year, reason)
        figures = compute(unit, year, _published(unit), made_at=now, now=now)
    document = jcs(figures.document)
    with bank.unit() as unit:
        _check_free(unit, year, reason)
        row = AnnualReport(
            book=unit.origin,
            id=bank.new_id(now),
            year=year,
            state=DRAFT,
            document=document,
            reason=reason.strip()[:MOST_WORDS] or None,
            proposed_by=actor.person_id,
            proposed_at=now,
            version=1,
        )
        unit.statistics.add(row)
        unit.flush()
        return row.id


def _check_free(unit: Unit, year: int, reason: str) -> None:
    if unit.statistics.draft(year) is not None:
        raise ReportDraftWaits
    if unit.statistics.of_year(year) is not None and not reason.strip():
        raise ReportFrozen


def _published(unit: Unit) -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(row.document) for row in unit.statistics.frozen())


def see_draft(bank: Bank, actor: Actor, report_id: str) -> DraftView:
    """A draft, as the second person reads it before freezing. Raises NotFound, Forbidden."""
    require(actor, "statistics.freeze")
    with bank.read() as unit:
        row = unit.statistics.get(report_id)
        if row is None or row.state != DRAFT:
            raise NotFound
        return draft_view(unit, row, actor)


def drafts(bank: Bank, actor: Actor) -> tuple[DraftView, ...]:
    """The drafts that wait. Raises Forbidden."""
    require(actor, "statistics.freeze")
    with bank.read() as unit:
        return tuple(draft_view(unit, row, actor) for row in unit.statistics.drafts())


def withdraw(bank: Bank, actor: Actor, report_id: str, *, now: datetime) -> None:
    """Take a draft back. Raises NotFound, ReportStateConflict, Forbidden."""
    require(actor, "statistics.freeze")
    with bank.unit() as unit:
        row = _draft(unit, report_id)
        row.state = WITHDRAWN


def freeze(bank: Bank, actor: Actor, report_id: str, *, now: datetime) -> int:
    """Audit the whole book and write the report into it: one `audit` entry whose digest is that of the document. Gives
    the number of the entry.

    A broken book is reported as broken. Raises SecondPersonNeeded, ReportChanged, ReportStateConflict, NotFound.
    """
    require(actor, "statistics.freeze")
    with at_one_moment(bank) as unit:
        row = unit.statistics.get(report_id)
        if row is None:
            raise NotFound
        require_second_person(actor, row.proposed_by)
        _check_unchanged(unit, row, now)
    checked = audit_book(bank, None)
    with bank.unit() as unit:
        row = _draft(unit, report_id)
        document = _document(unit, row, checked, now)
        digest = hashlib.sha256(document).hexdigest()
        run = keep_run(bank, unit, checked, scope=SCOPE, asked_by=actor.person_id, now=now)
        data = {
            "size": checked.size,
            "result": checked.verdict,
            "digest": digest,
            "level": sorted(int(level) for level in checked.levels),
        }
        entry = unit.append(Kind.AUDIT, actor.person_id, now=now, data=data)
        run.entry_seq = entry.seq
        row.document, row.digest, row.entry_seq, row.result = document, digest, entry.seq, checked.verdict
        row.edition, row.frozen_by, row.frozen_at = unit.statistics.next_edition(row.year), actor.person_id, now
        row.state = FROZEN
        return entry.seq


def _draft(unit: Unit, report_id: str) -> AnnualReport:
    """The draft, locked. Raises NotFound, ReportStateConflict."""
    row = unit.statistics.get(report_id, lock=True)
    if row is None:
        raise NotFound
    if row.state != DRAFT:
        raise ReportStateConflict
    return row


def _check_unchanged(unit: Unit, row: AnnualReport, now: datetime) -> None:
    """Who freezes must have read what is frozen. Raises ReportChanged, ReportStateConflict."""
    if row.state != DRAFT:
        raise ReportStateConflict
    read = json.loads(row.document)
    made_at = parse_rfc3339(read["made_at"])
    fresh = compute(unit, row.year, _published(unit), made_at=made_at, now=now)
    if jcs(fresh.document) != row.document:
        raise ReportChanged


def _document(unit: Unit, row: AnnualReport, checked: Report, now: datetime) -> bytes:
    """The report's bytes. What was found is told by entry, level and code; the values stay with the auditors."""
    before = unit.statistics.of_year(row.year)
    if before is not None and not row.reason:
        raise ReasonMissing
    corrects = None
    if before is not None:
        corrects = {"version": before.edition, "digest": before.digest, "reason": row.reason}
    told = checked.as_document()
    audit = {
        "result": checked.verdict,
        "levels": told["levels"],
        "digest": checked.digest(),
        "count": checked.count,
        "findings": [{key: one[key] for key in ("seq", "level", "field", "code")} for one in told["findings"]],
    }
    found = frozen(
        json.loads(row.document),
        version=unit.statistics.next_edition(row.year),
        corrects=corrects,
        ledger={"size": checked.size, "root": told["root"]},
        audit=audit,
        software=f"timebank {timebank.__version__}",
        at=rfc3339(now),
    )
    return jcs(found)
