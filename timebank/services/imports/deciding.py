"""Loading a sheet, choosing its columns, approving what the dry run showed, withdrawing, asking to take it back."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from timebank.domain.errors import (
    ConsentMissing,
    ImportEmpty,
    ImportHasFindings,
    ImportStateConflict,
    Invalid,
    MappingIncomplete,
    NotFound,
    RunChanged,
    SecondPersonNeeded,
    SheetTakenOver,
)
from timebank.domain.imports import FIELD_LABELS, FIELDS, STATE_LABELS, ImportKind, ImportState, guess, missing_fields
from timebank.domain.roles import Actor, require
from timebank.services.imports.checking import check_now
from timebank.services.imports.reading import read_sheet, read_titles
from timebank.services.imports.values import ImportView, locked, view_of
from timebank.storage.imports import ImportRun
from timebank.storage.unit import Bank

AT_ONCE = 300_000
"""Sheets of up to so many bytes are checked while one waits; others by the scheduler."""


@dataclass(frozen=True, slots=True)
class NewImport:
    """A sheet as it is loaded. `columns`: field → title, or none to guess. `agreed`: the people in it have agreed on
    paper that their data are taken over. `only_good`: wrong lines are left out, else all or none."""

    kind: str
    station_id: str
    source: str
    data: bytes
    columns: Mapping[str, str] | None = None
    only_good: bool = False
    agreed: bool = False


def load(bank: Bank, actor: Actor, new: NewImport, *, now: datetime) -> ImportView:
    """Keep a sheet, sealed, and check it: a dry run, nothing of it is taken over.

    Raises SheetUnreadable, MappingIncomplete, ConsentMissing, Invalid, NotFound, Forbidden.
    """
    require(actor, "imports.decide")
    if new.kind not in set(ImportKind) or not 0 < len(new.source.strip()) <= 80:
        raise Invalid
    kind, at_once = ImportKind(new.kind), len(new.data) <= AT_ONCE
    titles = read_sheet(new.data).titles if at_once else read_titles(new.data)
    if kind is not ImportKind.SERVICES and not new.agreed:
        raise ConsentMissing
    columns = guess(kind, titles) if new.columns is None else _chosen(kind, new.columns, titles)
    with bank.unit() as unit:
        station = unit.network.get_station(new.station_id)
        if station is None or station.kind != "station" or station.state != "open":
            raise NotFound
        row = ImportRun(
            book=unit.origin,
            id=bank.new_id(now),
            kind=str(kind),
            station_id=new.station_id,
            source=new.source.strip(),
            file_digest=hashlib.sha256(new.data).hexdigest(),
            titles=json.dumps(titles, ensure_ascii=False),
            columns=json.dumps(columns, ensure_ascii=False),
            file_sealed=bank.vault.seal_for_service("import", base64.b64encode(new.data).decode()),
            only_good=new.only_good,
            state=str(ImportState.UPLOADED),
            rows_good=0,
            rows_wrong=0,
            total_minutes=0,
            rows_done=0,
            proposed_by=actor.person_id,
            proposed_at=now,
            version=1,
        )
        unit.imports.add(row)
        unit.flush()
        import_id = row.id
    if at_once:
        check_now(bank, import_id, now=now)
    with bank.read() as unit:
        return view_of(unit, actor, locked(unit, import_id))


def choose(
    bank: Bank, actor: Actor, import_id: str, columns: Mapping[str, str], *, only_good: bool, now: datetime
) -> ImportView:
    """Other columns, or another way with wrong lines: it is checked anew, and whoever chose does not approve it.

    Raises MappingIncomplete, ImportStateConflict, NotFound, Forbidden.
    """
    require(actor, "imports.decide")
    with bank.unit() as unit:
        row = locked(unit, import_id)
        if row.state not in (ImportState.CHECKED, ImportState.UPLOADED):
            raise ImportStateConflict(state=STATE_LABELS[ImportState(row.state)])
        chosen = _chosen(ImportKind(row.kind), columns, json.loads(row.titles))
        row.columns, row.only_good = json.dumps(chosen, ensure_ascii=False), only_good
        row.state, row.digest, row.proposed_by = str(ImportState.UPLOADED), None, actor.person_id
        size = len(row.file_sealed or b"")
    if size <= AT_ONCE * 4 // 3:
        check_now(bank, import_id, now=now)
    with bank.read() as unit:
        return view_of(unit, actor, locked(unit, import_id))


def _chosen(kind: ImportKind, columns: Mapping[str, str], titles: Any) -> dict[str, str]:
    chosen = {field: title for field, title in columns.items() if field in FIELDS[kind] and title in titles}
    for field in missing_fields(kind, chosen):
        raise MappingIncomplete(field=FIELD_LABELS[field])
    return chosen


def approve(bank: Bank, actor: Actor, import_id: str, digest: str, *, now: datetime) -> ImportView:
    """A second person lets happen what the dry run of this digest showed. The scheduler carries it out.

    Raises SecondPersonNeeded, RunChanged, SheetTakenOver, ImportHasFindings, ImportEmpty, ImportStateConflict,
    NotFound, Forbidden.
    """
    require(actor, "imports.decide")
    with bank.unit() as unit:
        row = locked(unit, import_id)
        if row.state != ImportState.CHECKED:
            raise ImportStateConflict(state=STATE_LABELS[ImportState(row.state)])
        if row.proposed_by == actor.person_id:
            raise SecondPersonNeeded
        if row.digest != digest:
            raise RunChanged
        if unit.imports.taken_over(row.kind, row.file_digest):
            raise SheetTakenOver
        if not row.rows_good:
            raise ImportEmpty
        if row.rows_wrong and not row.only_good:
            raise ImportHasFindings
        if row.total_minutes:
            row.account = bank.opaque("c")
            unit.append_open(row.account, "clearing", actor.person_id, now=now)
        row.state, row.approved_by, row.approved_at = str(ImportState.RUNNING), actor.person_id, now
        row.file_sealed = None
        unit.flush()
        return view_of(unit, actor, row)


def withdraw(bank: Bank, actor: Actor, import_id: str, *, now: datetime) -> ImportView:
    """Nothing of it is taken over; its content is forgotten. Raises ImportStateConflict, NotFound, Forbidden."""
    require(actor, "imports.decide")
    with bank.unit() as unit:
        row = locked(unit, import_id)
        if row.state not in (ImportState.CHECKED, ImportState.UPLOADED):
            raise ImportStateConflict(state=STATE_LABELS[ImportState(row.state)])
        row.state, row.file_sealed = str(ImportState.WITHDRAWN), None
        row.ended_by, row.ended_at = actor.person_id, now
        unit.flush()
        unit.imports.forget_content(import_id)
        return view_of(unit, actor, row)


def undo(bank: Bank, actor: Actor, import_id: str, *, now: datetime) -> ImportView:
    """Ask that it be taken back; once a second person asks too, the scheduler does it, the last line first.

    Hours that were used since stay, and so do members who did something since; they are listed. Raises
    SecondPersonNeeded, ImportStateConflict, NotFound, Forbidden.
    """
    require(actor, "imports.decide")
    with bank.unit() as unit:
        row = locked(unit, import_id)
        if row.state != ImportState.DONE:
            raise ImportStateConflict(state=STATE_LABELS[ImportState(row.state)])
        if row.undo_asked_by == actor.person_id:
            raise SecondPersonNeeded
        if row.undo_asked_by is None:
            row.undo_asked_by = actor.person_id
        else:
            row.state, row.ended_by = str(ImportState.UNDOING), actor.person_id
        unit.flush()
        return view_of(unit, actor, row)
