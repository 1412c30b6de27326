"""What the pages and the API are given of sheets from other systems."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from timebank.domain.errors import NotFound
from timebank.domain.imports import Finding, ImportKind, ImportState
from timebank.domain.roles import Actor, permits, require
from timebank.storage.imports import ImportRun
from timebank.storage.unit import Bank, Unit

MOST_FINDINGS = 5_000


@dataclass(frozen=True, slots=True)
class ImportView:
    """A sheet: where it is from, what is in it, how far it is. `columns`: field → title."""

    id: str
    kind: ImportKind
    state: ImportState
    source: str
    station: str
    station_en: str
    file_digest: str
    titles: tuple[str, ...]
    columns: dict[str, str]
    only_good: bool
    digest: str
    rows_good: int
    rows_wrong: int
    total_minutes: int
    rows_done: int
    lines: dict[str, int]
    """State of the lines that were carried out → how many."""
    account: str | None
    proposed_by: str
    proposed_at: datetime
    approved_at: datetime | None
    ended_at: datetime | None
    may_approve: bool
    undo_asked: bool
    may_undo: bool


def every(bank: Bank, actor: Actor) -> tuple[ImportView, ...]:
    """All sheets, the newest first. Raises Forbidden."""
    require(actor, "imports.read")
    with bank.read() as unit:
        return tuple(view_of(unit, actor, row) for row in unit.imports.page())


def see(bank: Bank, actor: Actor, import_id: str) -> ImportView:
    """One of them. Raises NotFound, Forbidden."""
    require(actor, "imports.read")
    with bank.read() as unit:
        row = unit.imports.get(import_id)
        if row is None:
            raise NotFound
        return view_of(unit, actor, row)


def findings(bank: Bank, actor: Actor, import_id: str, *, limit: int = MOST_FINDINGS) -> tuple[Finding, ...]:
    """What is wrong in the sheet, and what was left out or kept when it was carried out or taken back."""
    require(actor, "imports.read")
    with bank.read() as unit:
        found = [Finding(row.line, row.field, row.code) for row in unit.imports.findings(import_id, limit)]
        for state in ("left", "kept"):
            rows = unit.imports.lines(import_id, state, limit)
            found += [Finding(row.line, "", row.code or "") for row in rows]
        return tuple(sorted(found, key=lambda one: (one.line, one.field))[:limit])


def view_of(unit: Unit, actor: Actor, row: ImportRun) -> ImportView:
    station = unit.network.get_station(row.station_id)
    decides = permits(actor, "imports.decide")
    ready = row.state == ImportState.CHECKED and row.rows_good and (row.only_good or not row.rows_wrong)
    return ImportView(
        id=row.id,
        kind=ImportKind(row.kind),
        state=ImportState(row.state),
        source=row.source,
        station=station.name if station else "",
        station_en=station.name_en if station else "",
        file_digest=row.file_digest,
        titles=tuple(json.loads(row.titles)),
        columns=json.loads(row.columns),
        only_good=row.only_good,
        digest=row.digest or "",
        rows_good=row.rows_good,
        rows_wrong=row.rows_wrong,
        total_minutes=row.total_minutes,
        rows_done=row.rows_done,
        lines=unit.imports.counts(row.id),
        account=row.account,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        approved_at=row.approved_at,
        ended_at=row.ended_at,
        may_approve=bool(decides and ready and row.proposed_by != actor.person_id),
        undo_asked=row.undo_asked_by is not None,
        may_undo=decides and row.state == ImportState.DONE and row.undo_asked_by != actor.person_id,
    )


def locked(unit: Unit, import_id: str) -> ImportRun:
    """Raises NotFound."""
    row = unit.imports.get(import_id, lock=True)
    if row is None:
        raise NotFound
    return row
