"""What pages and the API are given of reports, figures and what lies behind them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from timebank.domain.roles import Actor
from timebank.storage.statistics import AnnualReport
from timebank.storage.unit import Unit


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft that waits: who made it, and whether the reader may freeze it."""

    id: str
    year: int
    reason: str
    proposed_by: str
    proposed_at: datetime
    may_freeze: bool
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A frozen report in a list. `newest`: of its year."""

    year: int
    edition: int
    digest: str
    entry_seq: int
    result: str
    reason: str
    frozen_at: datetime
    newest: bool


@dataclass(frozen=True, slots=True)
class ReportView(ReportLine):
    """A frozen report whole: `body` are its exact bytes, `document` the same read."""

    body: bytes
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One thing that a figure is made of. `record`: its number and address for those who work there; else the entry,
    or an opaque reference where there is none."""

    day: date
    place: str
    place_en: str
    amount: int
    entry: int | None
    reference: str
    record: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Trace:
    """A page of what a figure is made of. `total` is the figure, over all pages; `after` where the next page begins."""

    code: str
    part: str
    place: str
    place_name: str
    place_name_en: str
    year: int
    total: int
    family: str
    lines: tuple[TraceLine, ...]
    after: str | None


def draft_view(unit: Unit, row: AnnualReport, actor: Actor) -> DraftView:
    names = unit.persons({row.proposed_by})
    return DraftView(
        id=row.id,
        year=row.year,
        reason=row.reason or "",
        proposed_by=names[row.proposed_by].name if row.proposed_by in names else "",
        proposed_at=row.proposed_at,
        may_freeze=actor.person_id != row.proposed_by,
        document=json.loads(row.document),
    )


def report_line(row: AnnualReport, newest: int | None) -> ReportLine:
    return ReportLine(**_known(row, newest))


def report_view(row: AnnualReport, newest: int | None) -> ReportView:
    return ReportView(**_known(row, newest), body=row.document, document=json.loads(row.document))


def _known(row: AnnualReport, newest: int | None) -> dict[str, Any]:
    if row.edition is None or row.digest is None or row.entry_seq is None or row.frozen_at is None:
        raise ValueError("a frozen report without its digest")
    return {
        "year": row.year,
        "edition": row.edition,
        "digest": row.digest,
        "entry_seq": row.entry_seq,
        "result": row.result or "",
        "reason": row.reason or "",
        "frozen_at": row.frozen_at,
        "newest": row.edition == newest,
    }
