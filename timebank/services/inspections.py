"""Double-random inspection: commit the candidates, draw by the next checkpoint, record, answer, publish."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from ledger import Kind
from timebank.domain.errors import AlreadyRecorded, NotDrawn, NotFound, OutcomeUnknownHere, WordsMissing
from timebank.domain.inspections import (
    Candidates,
    InspectionState,
    Inspector,
    Outcome,
    answer_due,
    candidates_of,
    check_candidates,
    checkpoint_body,
    digest_of,
    draw,
    text_of,
)
from timebank.domain.local_time import local_day, rfc3339
from timebank.domain.roles import Actor, RoleName, permits, require, require_at, stations_of
from timebank.storage.network import Station
from timebank.storage.supervision import Inspection, InspectionVisit
from timebank.storage.unit import Bank, Unit

INSPECTING = (RoleName.STREET, RoleName.COUNTY)
MOST_WORDS = 2000


@dataclass(frozen=True, slots=True)
class VisitView:
    """A station that was drawn. `inspectors` are opaque ids: the draw is public, names are not."""

    id: str
    station_id: str
    station_code: str
    station: str
    station_en: str
    inspectors: tuple[str, ...]
    outcome: str | None
    text: str
    recorded_at: datetime | None
    answer_due_on: date | None
    answer: str
    answered_at: datetime | None
    may_record: bool
    may_answer: bool


@dataclass(frozen=True, slots=True)
class InspectionView:
    """A draw with all that is needed to run it again."""

    number: int
    state: str
    candidates: str
    digest: str
    entry_seq: int
    committed_at: datetime
    seed_size: int | None
    seed_body: str | None
    drawn_at: datetime | None
    visits: tuple[VisitView, ...]


def begin(bank: Bank, actor: Actor, *, now: datetime) -> int:
    """Commit the list of candidates in reach to the ledger. Gives the inspection's number. Raises NobodyToDraw."""
    require(actor, "inspections.begin")
    with bank.unit() as unit:
        rules = unit.care_at(now).inspections
        parents = unit.network.parents()
        reach = stations_of(actor, "inspections.begin", parents)
        rows = {row.id: row for row in unit.network.stations()}
        stations = [row for row in rows.values() if row.id in reach and row.kind == "station" and row.state == "open"]
        candidates = Candidates(
            at=rfc3339(now),
            stations=tuple(row.code for row in stations),
            inspectors=_inspectors(unit, rows),
            stations_drawn=rules.stations_drawn,
            inspectors_drawn=rules.inspectors_drawn,
        )
        check_candidates(candidates)
        text = text_of(candidates.to_json())
        entry = unit.append(Kind.AUDIT, actor.person_id, now=now, data={"draw": digest_of(text)})
        number = unit.network.next_number("inspection")
        unit.supervision.add(
            Inspection(
                book=unit.origin,
                id=bank.new_id(now),
                number=number,
                candidates=text,
                digest=digest_of(text),
                entry_seq=entry.seq,
                committed_by=actor.person_id,
                committed_at=now,
                state=str(InspectionState.COMMITTED),
            )
        )
        return number


def _inspectors(unit: Unit, rows: dict[str, Station]) -> tuple[Inspector, ...]:
    """Everybody who may inspect, with all the stations at which this person has any role."""
    own: dict[str, set[str]] = {}
    roles: dict[str, set[str]] = {}
    for grant in unit.access.all_roles():
        roles.setdefault(grant.person_id, set()).add(grant.role)
        if grant.station_id is not None and grant.station_id in rows:
            own.setdefault(grant.person_id, set()).add(rows[grant.station_id].code)
    return tuple(
        Inspector(person, tuple(sorted(own.get(person, set()))))
        for person, held in sorted(roles.items())
        if held & set(INSPECTING)
    )


def draw_due(bank: Bank, *, now: datetime) -> int:
    """Draw what was committed, once a checkpoint was published after it. Gives how many."""
    done = 0
    with bank.unit() as unit:
        for row in unit.supervision.undrawn():
            found = unit.publishing.first_after(row.entry_seq)
            if found is None:
                continue
            row.seed_size, row.seed_body = found[0], checkpoint_body(found[1])
            row.state, row.drawn_at = str(InspectionState.DRAWN), now
            codes = {station.code: station.id for station in unit.network.stations()}
            for place, one in enumerate(draw(candidates_of(row.candidates), row.digest, row.seed_body)):
                visit = InspectionVisit(
                    book=unit.origin,
                    id=bank.new_id(now),
                    inspection_id=row.id,
                    station_id=codes[one.station],
                    place=place,
                    inspectors=" ".join(one.inspectors),
                )
                unit.supervision.add(visit)
                for person_id in one.inspectors:
                    unit.tell(person_id, "inspection_drawn", "inspection", str(row.number), now=now)
            done += 1
    return done


def record(bank: Bank, actor: Actor, visit_id: str, outcome: str, text: str, *, now: datetime) -> None:
    """Write down what was found; it is public at once and the station can answer. Only who was drawn may.

    Raises NotFound, NotDrawn, AlreadyRecorded, OutcomeUnknownHere, WordsMissing.
    """
    require(actor, "inspections.record")
    if outcome not in list(Outcome):
        raise OutcomeUnknownHere
    if not text.strip():
        raise WordsMissing
    with bank.unit() as unit:
        row = unit.supervision.visit(visit_id)
        if row is None:
            raise NotFound
        if actor.person_id not in row.inspectors.split():
            raise NotDrawn
        if row.recorded_at is not None:
            raise AlreadyRecorded
        row.outcome, row.text = outcome, text.strip()[:MOST_WORDS]
        row.recorded_by, row.recorded_at = actor.person_id, now
        row.answer_due_on = answer_due(unit.care_at(now).inspections.answer_days, local_day(now))


def answer(bank: Bank, actor: Actor, visit_id: str, text: str, *, now: datetime) -> None:
    """The station says what it does about it. Raises NotFound, AlreadyRecorded, WordsMissing, Forbidden."""
    if not text.strip():
        raise WordsMissing
    with bank.unit() as unit:
        row = unit.supervision.visit(visit_id)
        if row is None or row.recorded_at is None:
            raise NotFound
        require_at(actor, "inspections.answer", row.station_id, unit.network.parents())
        if row.answered_at is not None:
            raise AlreadyRecorded
        row.answer, row.answered_by, row.answered_at = text.strip()[:MOST_WORDS], actor.person_id, now


def every(bank: Bank, actor: Actor | None = None) -> tuple[InspectionView, ...]:
    """All inspections, the newest first: for everybody."""
    with bank.read() as unit:
        return _views(unit, unit.supervision.inspections(), actor)


def see(bank: Bank, number: int, actor: Actor | None = None) -> InspectionView:
    """One inspection. Raises NotFound."""
    with bank.read() as unit:
        row = unit.supervision.inspection(number)
        if row is None:
            raise NotFound
        return _views(unit, [row], actor)[0]


def of_station(bank: Bank, code: str) -> tuple[VisitView, ...]:
    """What inspections found at a station, the newest first: for everybody."""
    with bank.read() as unit:
        rows = {row.id: row for row in unit.network.stations()}
        found = [row for row in rows.values() if row.code == code]
        visits = unit.supervision.visits_of_station(found[0].id) if found else []
        return tuple(_visit(one, rows, None, frozenset()) for one in visits)


def _views(unit: Unit, rows: list[Inspection], actor: Actor | None) -> tuple[InspectionView, ...]:
    stations = {row.id: row for row in unit.network.stations()}
    visits = unit.supervision.visits([row.id for row in rows])
    answering = frozenset[str]()
    if actor is not None and permits(actor, "inspections.answer"):
        answering = stations_of(actor, "inspections.answer", unit.network.parents())
    return tuple(
        InspectionView(
            number=row.number,
            state=row.state,
            candidates=row.candidates,
            digest=row.digest,
            entry_seq=row.entry_seq,
            committed_at=row.committed_at,
            seed_size=row.seed_size,
            seed_body=row.seed_body,
            drawn_at=row.drawn_at,
            visits=tuple(_visit(one, stations, actor, answering) for one in visits.get(row.id, [])),
        )
        for row in rows
    )


def _visit(
    row: InspectionVisit, stations: dict[str, Station], actor: Actor | None, answering: frozenset[str]
) -> VisitView:
    station = stations[row.station_id]
    inspectors = tuple(row.inspectors.split())
    return VisitView(
        id=row.id,
        station_id=row.station_id,
        station_code=station.code,
        station=station.name,
        station_en=station.name_en,
        inspectors=inspectors,
        outcome=row.outcome,
        text=row.text or "",
        recorded_at=row.recorded_at,
        answer_due_on=row.answer_due_on,
        answer=row.answer or "",
        answered_at=row.answered_at,
        may_record=actor is not None and actor.person_id in inspectors and row.recorded_at is None,
        may_answer=row.station_id in answering and row.recorded_at is not None and row.answered_at is None,
    )
