"""A station's papers: filing, price board, grading, staff register, and the public page that shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from timebank.domain.errors import DatesWrong, FactInvalid, NotFound, PriceInvalid
from timebank.domain.identity import normalize_name
from timebank.domain.local_time import local_day
from timebank.domain.organisations import (
    CERTIFICATE_KINDS,
    JOBS,
    PRICE_UNITS,
    Warned,
    check_papers,
    grade_valid_to,
    held_warnings,
    level_of,
    station_warnings,
)
from timebank.domain.policies.care import Care
from timebank.domain.roles import Actor, require_at, stations_of
from timebank.services.network.stations import kept, note
from timebank.services.network.values import (
    EmployeeView,
    EventView,
    FilingView,
    GradeView,
    PriceView,
    StationView,
    certificate_view,
    facts_of,
    filing_view,
    grade_view,
    held,
    in_force,
    price_view,
    station_views,
)
from timebank.storage.network import Station
from timebank.storage.organisations import Certificate, Employee, Filing, FilingPaper, Grade, Price
from timebank.storage.unit import Bank, Unit

MOST_CENTS = 10_000_000


@dataclass(frozen=True, slots=True)
class PublicPage:
    """All that hangs at a station's door."""

    station: StationView
    successor: StationView | None
    prices: tuple[PriceView, ...]
    filing: FilingView | None
    grade: GradeView | None


@dataclass(frozen=True, slots=True)
class Papers:
    """The same for staff, with the register, the warnings and what happened."""

    public: PublicPage
    care: Care
    employees: tuple[EmployeeView, ...]
    warnings: tuple[Warned, ...]
    events: tuple[EventView, ...]
    may_file: bool


@dataclass(frozen=True, slots=True)
class NewPrice:
    """A line of the price board. Amounts in fen; `market_cents`: what the market charges, if it is known."""

    item: str
    item_en: str
    cents: int
    per: str
    market_cents: int | None
    basis: str
    since: date


def public_page(bank: Bank, code: str, *, now: datetime) -> PublicPage:
    """What everybody may see of a station. Raises NotFound."""
    with bank.read() as unit:
        row = next((one for one in unit.network.stations() if one.code == code), None)
        if row is None:
            raise NotFound
        return _public(unit, row, local_day(now))


def papers(bank: Bank, actor: Actor, station_id: str, *, now: datetime) -> Papers:
    """All papers of a station of one's own. Raises NotFound, Forbidden, CareRulesMissing."""
    today = local_day(now)
    with bank.read() as unit:
        parents = unit.network.parents()
        require_at(actor, "stations.keep", station_id, parents)
        row = unit.network.get_station(station_id)
        if row is None:
            raise NotFound
        care = unit.care_at(now)
        employees = unit.organisations.employees([station_id])
        certificates = unit.organisations.certificates([one.id for one in employees])
        return Papers(
            public=_public(unit, row, today),
            care=care,
            employees=tuple(_employee(bank, care, one, certificates.get(one.id, []), today) for one in employees),
            warnings=station_warnings(care.organisations, facts_of(unit, [row], today)[row.id], today),
            events=tuple(EventView(one.verb, one.at, one.text) for one in unit.organisations.events(station_id)),
            may_file=station_id in stations_of(actor, "stations.file", parents),
        )


def keepable(bank: Bank, actor: Actor) -> frozenset[str]:
    """The stations whose papers this actor keeps."""
    with bank.read() as unit:
        return stations_of(actor, "stations.keep", unit.network.parents())


def file(
    bank: Bank, actor: Actor, station_id: str, *, number: str, office: str, began_on: date, filed_on: date,
    papers: Mapping[str, date | None], now: datetime,
) -> None:  # fmt: skip
    """Record a filing with its papers. Raises PapersMissing, DatesWrong, FactInvalid, NotFound, Forbidden."""
    if not number.strip() or not office.strip():
        raise FactInvalid(field="number")
    with bank.unit() as unit:
        require_at(actor, "stations.file", station_id, unit.network.parents())
        rules = unit.care_at(now).organisations
        check_papers(rules, papers, began_on, filed_on, local_day(now))
        row = Filing(
            book=unit.origin, id=bank.new_id(now), station_id=station_id, number=number, office=office,
            began_on=began_on, filed_on=filed_on, recorded_by=actor.person_id, recorded_at=now,
        )  # fmt: skip
        unit.organisations.add(row)
        unit.flush()
        for paper in rules.filing_papers:
            dated_on = papers[paper.code]
            if dated_on is not None:
                unit.organisations.add(
                    FilingPaper(book=unit.origin, filing_id=row.id, code=paper.code, dated_on=dated_on)
                )
        note(bank, unit, actor, station_id, "filed", number, now)


def grade(
    bank: Bank, actor: Actor, station_id: str, *, content: int, scale: int, quality: int, assessor: str,
    graded_on: date, now: datetime,
) -> None:  # fmt: skip
    """Record a grading. Its level and its last day follow from the rules. Raises ScoreInvalid, DatesWrong, FactInvalid,
    NotFound, Forbidden."""
    if graded_on > local_day(now):
        raise DatesWrong
    if not assessor.strip():
        raise FactInvalid(field="assessor")
    with bank.unit() as unit:
        require_at(actor, "stations.file", station_id, unit.network.parents())
        rules = unit.care_at(now).organisations
        unit.organisations.add(
            Grade(
                book=unit.origin,
                id=bank.new_id(now),
                station_id=station_id,
                content=content,
                scale=scale,
                quality=quality,
                level=level_of(rules, content, scale, quality),
                assessor=assessor,
                graded_on=graded_on,
                valid_to=grade_valid_to(rules, graded_on),
                recorded_by=actor.person_id,
                recorded_at=now,
            )
        )
        note(bank, unit, actor, station_id, "graded", f"{content} {scale} {quality}", now)


def add_price(bank: Bank, actor: Actor, station_id: str, new: NewPrice, *, now: datetime) -> None:
    """Add a line to the price board. Raises PriceInvalid, NotFound, Forbidden, StationNotOpen."""
    amounts = [new.cents, *([] if new.market_cents is None else [new.market_cents])]
    if not new.item.strip() or not new.basis.strip() or new.per not in PRICE_UNITS:
        raise PriceInvalid
    if any(not 0 <= cents <= MOST_CENTS for cents in amounts):
        raise PriceInvalid
    with bank.unit() as unit:
        kept(unit, actor, station_id)
        unit.organisations.add(
            Price(
                book=unit.origin,
                id=bank.new_id(now),
                station_id=station_id,
                item=new.item,
                item_en=new.item_en or new.item,
                cents=new.cents,
                per=new.per,
                market_cents=new.market_cents,
                basis=new.basis,
                since=new.since,
                until=None,
                recorded_by=actor.person_id,
                recorded_at=now,
            )
        )
        note(bank, unit, actor, station_id, "priced", new.item, now)


def end_price(bank: Bank, actor: Actor, station_id: str, price_id: str, *, now: datetime) -> None:
    """Take a line off the board after today; it stays in the history. Raises NotFound, Forbidden, StationNotOpen."""
    with bank.unit() as unit:
        kept(unit, actor, station_id)
        row = unit.organisations.price(price_id)
        if row is None or row.station_id != station_id or row.until is not None:
            raise NotFound
        row.until = max(row.since, local_day(now))
        note(bank, unit, actor, station_id, "price_ended", row.item, now)


def employ(bank: Bank, actor: Actor, station_id: str, *, name: str, job: str, since: date, now: datetime) -> str:
    """Enter somebody into the staff register. Gives the id. Raises NameInvalid, FactInvalid, NotFound, Forbidden."""
    if job not in JOBS:
        raise FactInvalid(field="job")
    sealed = bank.vault.seal_for_service("employee", normalize_name(name))
    with bank.unit() as unit:
        kept(unit, actor, station_id)
        row = Employee(
            book=unit.origin, id=bank.new_id(now), station_id=station_id, name_sealed=sealed, job=job, since=since,
        )  # fmt: skip
        unit.organisations.add(row)
        return row.id


def dismiss(bank: Bank, actor: Actor, station_id: str, employee_id: str, *, now: datetime) -> None:
    """Somebody of the register has left. Raises NotFound, Forbidden."""
    with bank.unit() as unit:
        row = _employed(unit, actor, station_id, employee_id)
        row.until = max(row.since, local_day(now))


def certify(
    bank: Bank, actor: Actor, station_id: str, employee_id: str, *, kind: str, number: str, issued_on: date,
    expires_on: date | None, now: datetime,
) -> None:  # fmt: skip
    """Record a certificate that was seen. Raises FactInvalid, DatesWrong, NotFound, Forbidden."""
    if kind not in CERTIFICATE_KINDS:
        raise FactInvalid(field="kind")
    if not number.strip():
        raise FactInvalid(field="number")
    if issued_on > local_day(now) or (expires_on is not None and expires_on < issued_on):
        raise DatesWrong
    with bank.unit() as unit:
        _employed(unit, actor, station_id, employee_id)
        unit.organisations.add(
            Certificate(
                book=unit.origin,
                id=bank.new_id(now),
                employee_id=employee_id,
                kind=kind,
                number_sealed=bank.vault.seal_for_service("certificate", number),
                issued_on=issued_on,
                expires_on=expires_on,
            )
        )


def _employed(unit: Unit, actor: Actor, station_id: str, employee_id: str) -> Employee:
    kept(unit, actor, station_id)
    row = unit.organisations.employee(employee_id)
    if row is None or row.station_id != station_id or row.until is not None:
        raise NotFound
    return row


def _public(unit: Unit, row: Station, today: date) -> PublicPage:
    successor = unit.network.get_station(row.successor_id) if row.successor_id else None
    views = station_views(unit, [row, *([successor] if successor else [])], today)
    prices = [price_view(one) for one in unit.organisations.prices([row.id]).get(row.id, ()) if in_force(one, today)]
    return PublicPage(
        station=views[0],
        successor=views[1] if successor else None,
        prices=tuple(prices),
        filing=filing_view(unit.organisations.filings([row.id]).get(row.id)),
        grade=grade_view(unit.organisations.grades([row.id]).get(row.id), today),
    )


def _employee(bank: Bank, care: Care, row: Employee, certificates: list[Certificate], today: date) -> EmployeeView:
    left = row.until is not None
    return EmployeeView(
        id=row.id,
        name=str(bank.vault.open_for_service("employee", row.name_sealed)),
        job=row.job,
        since=row.since,
        until=row.until,
        certificates=tuple(certificate_view(bank, one) for one in certificates),
        warnings=() if left else tuple(held_warnings(care.organisations, held(row, certificates), today)),
    )
