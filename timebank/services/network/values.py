"""What the network's pages and API are told: stations as everybody may see them, and what only staff sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from timebank.domain.organisations import Facts, Held, Warned
from timebank.storage.network import Station
from timebank.storage.organisations import Certificate, Employee, Filing, Grade, Operator, Price
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class StationView:
    """A station as everybody may see it."""

    id: str
    kind: str
    code: str
    name: str
    name_en: str
    division: str
    division_code: str
    parent_id: str | None
    address: str
    phone: str
    opening: str
    latitude_microdegrees: int
    longitude_microdegrees: int
    operator_id: str | None
    operator_name: str
    operator_uscc: str
    site_number: str
    opened_on: date | None
    floor_area_sqm: int | None
    beds: int | None
    day_seats: int | None
    estates: str
    promise: str
    filing_number: str | None
    filed_on: date | None
    level: str | None
    state: str
    successor_id: str | None
    closes_on: date | None


@dataclass(frozen=True, slots=True)
class PriceView:
    """A line of the price board, in fen."""

    id: str
    item: str
    item_en: str
    cents: int
    per: str
    market_cents: int | None
    basis: str
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class FilingView:
    """The filing in force, with the dates of its papers."""

    number: str
    office: str
    began_on: date
    filed_on: date
    papers: Mapping[str, date]


@dataclass(frozen=True, slots=True)
class GradeView:
    """The newest grading."""

    content: int
    scale: int
    quality: int
    level: str | None
    assessor: str
    graded_on: date
    valid_to: date
    is_valid: bool


@dataclass(frozen=True, slots=True)
class CertificateView:
    """A certificate; `number` is masked but for the last four signs."""

    kind: str
    number: str
    issued_on: date
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class EmployeeView:
    """Somebody in the staff register."""

    id: str
    name: str
    job: str
    since: date
    until: date | None
    certificates: tuple[CertificateView, ...]
    warnings: tuple[Warned, ...]


@dataclass(frozen=True, slots=True)
class EventView:
    """What happened to a station."""

    verb: str
    at: datetime
    text: str


def station_views(unit: Unit, rows: list[Station], today: date) -> tuple[StationView, ...]:
    """The stations as everybody may see them."""
    names = {row.code: row.name for row in unit.network.divisions()}
    operators = {row.id: row for row in unit.organisations.operators()}
    ids = [row.id for row in rows]
    filings, grades = unit.organisations.filings(ids), unit.organisations.grades(ids)
    return tuple(_station(row, names, operators, filings.get(row.id), grades.get(row.id), today) for row in rows)


def _station(
    row: Station,
    names: Mapping[str, str],
    operators: Mapping[str, Operator],
    filing: tuple[Filing, dict[str, date]] | None,
    grade: Grade | None,
    today: date,
) -> StationView:
    operator = operators.get(row.operator_id or "")
    return StationView(
        id=row.id,
        kind=row.kind,
        code=row.code,
        name=row.name,
        name_en=row.name_en,
        division=names.get(row.division_code, ""),
        division_code=row.division_code,
        parent_id=row.parent_id,
        address=row.address,
        phone=row.phone,
        opening=row.opening,
        latitude_microdegrees=row.latitude_microdegrees,
        longitude_microdegrees=row.longitude_microdegrees,
        operator_id=row.operator_id,
        operator_name=operator.name if operator else "",
        operator_uscc=operator.uscc if operator else "",
        site_number=row.site_number,
        opened_on=row.opened_on,
        floor_area_sqm=row.floor_area_sqm,
        beds=row.beds,
        day_seats=row.day_seats,
        estates=row.estates,
        promise=row.promise,
        filing_number=filing[0].number if filing else None,
        filed_on=filing[0].filed_on if filing else None,
        level=grade.level if grade and grade.valid_to >= today else None,
        state=row.state,
        successor_id=row.successor_id,
        closes_on=row.closes_on,
    )


def price_view(row: Price) -> PriceView:
    """A line of the price board."""
    return PriceView(
        row.id, row.item, row.item_en, row.cents, row.per, row.market_cents, row.basis, row.since, row.until
    )


def in_force(row: Price, today: date) -> bool:
    """Whether this price is charged on that day."""
    return row.since <= today and (row.until is None or row.until >= today)


def filing_view(found: tuple[Filing, dict[str, date]] | None) -> FilingView | None:
    """The filing, or None while there is none."""
    if found is None:
        return None
    row, papers = found
    return FilingView(row.number, row.office, row.began_on, row.filed_on, papers)


def grade_view(row: Grade | None, today: date) -> GradeView | None:
    """The grading, or None before the first one."""
    if row is None:
        return None
    return GradeView(
        row.content, row.scale, row.quality, row.level, row.assessor, row.graded_on, row.valid_to,
        row.valid_to >= today,
    )  # fmt: skip


def certificate_view(bank: Bank, row: Certificate) -> CertificateView:
    """A certificate with its number masked."""
    number = str(bank.vault.open_for_service("certificate", row.number_sealed))
    return CertificateView(row.kind, "*" * max(len(number) - 4, 0) + number[-4:], row.issued_on, row.expires_on)


def held(row: Employee, certificates: list[Certificate]) -> Held:
    """What the warnings look at in somebody of the staff register."""
    return Held(row.job, tuple((one.kind, one.expires_on) for one in certificates))


def facts_of(unit: Unit, rows: list[Station], today: date) -> dict[str, Facts]:
    """Station → what the warnings look at."""
    ids = [row.id for row in rows]
    filings, grades, prices = (
        unit.organisations.filings(ids),
        unit.organisations.grades(ids),
        unit.organisations.prices(ids),
    )
    employees = [one for one in unit.organisations.employees(ids) if _works(one, today)]
    certificates = unit.organisations.certificates([one.id for one in employees])
    staff: dict[str, list[Held]] = {}
    for one in employees:
        staff.setdefault(one.station_id, []).append(held(one, certificates.get(one.id, [])))
    found = {}
    for row in rows:
        grade = grades.get(row.id)
        found[row.id] = Facts(
            kind=row.kind,
            opened_on=row.opened_on,
            floor_area_sqm=row.floor_area_sqm,
            filed=row.id in filings,
            grade_valid_to=grade.valid_to if grade else None,
            has_prices=any(in_force(price, today) for price in prices.get(row.id, ())),
            has_promise=bool(row.promise),
            staff=tuple(staff.get(row.id, ())),
        )
    return found


def _works(row: Employee, today: date) -> bool:
    return row.until is None or row.until >= today
