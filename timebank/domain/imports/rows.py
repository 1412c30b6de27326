"""One line of a sheet as a value, or what is wrong with it. The rules are those of the desk."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from timebank.domain.catalogue import FiveX, Place, Service, check
from timebank.domain.errors import TimebankError
from timebank.domain.identity import (
    DocumentType,
    check_birth_date,
    normalize_name,
    normalize_phone,
    parse_member_number,
    resident_id,
)
from timebank.domain.imports.fields import ImportKind
from timebank.domain.local_time import read_day
from timebank.domain.policies import Risk
from timebank.domain.words import N_

LONGEST: Final = {"address": 200, "activity": 80, "place": 120, "content": 200, "unit": 80, "leader": 50}
MOST_MINUTES: Final = 6_000_000
_KEY = re.compile(r"[^\s\x00-\x1f]{1,40}").fullmatch
_NUMBERS = {
    "minutes": re.compile(r"[0-9]{1,8}").fullmatch,
    "seconds": re.compile(r"[0-9]{1,10}").fullmatch,
    "hours": re.compile(r"[0-9]{1,6}([.][0-9]{1,4})?").fullmatch,
}
_KINDS_ZH = {"居民身份证": "resident", "身份证": "resident", "护照": "passport", "港澳台居民居住证": "hmt_residence",
             "外国人永久居留身份证": "permanent_residence"}  # fmt: skip
FINDING_LABELS: Final = {
    "cells_miscounted": N_("this line has more or fewer cells than the first one"),
    "cell_too_long": N_("too much text"),
    "twice_in_file": N_("stands in the sheet twice"),
    "key_invalid": N_("a number without spaces, of at most 40 signs, is expected"),
    "nobody_named": N_("nobody is named: a number or a phone is needed"),
    "member_unknown": N_("there is no such member at your stations"),
    "phone_taken": N_("somebody with this phone number is a member already"),
    "resident_id_taken": N_("somebody with this document is a member already"),
    "time_missing": N_("the hours are missing"),
    "time_twice": N_("the hours stand there in two ways"),
    "time_unreadable": N_("a number is expected, for example 12.5; below zero is not taken over"),
    "time_not_whole_minutes": N_("the hours are no whole minutes"),
    "date_unreadable": N_("a date such as 1950-02-28 is expected"),
    "date_to_come": N_("this day has not come yet"),
    "birth_date_differs": N_("the date of birth is not the one in the identity number"),
    "birth_date_missing": N_("the date of birth is missing"),
    "document_type_unknown": N_(
        "this kind of document is not known: say resident, passport or none, or leave it empty"
    ),
    "document_incomplete": N_("kind and number of the document go together"),
    "activity_missing": N_("what it was is missing"),
    "class_unknown": N_("one of the codes of the list 5+X is expected"),
    "number_unreadable": N_("a whole number is expected"),
    "service_code_taken": N_("there is a service with this code already"),
    "sheet_unreadable": N_("a line of the file can not be read: look at quotation marks, and at the number of lines"),
    "balance_there": N_("the hours of this member from that system are here already"),
    "column_missing": N_("no column was chosen for it"),
    "name_invalid": N_("a name of 2 to 50 signs is expected"),
    "phone_invalid": N_("this is no phone number"),
    "resident_id_invalid": N_("the identity number can not be right: look at each digit"),
    "birth_date_invalid": N_("the date of birth can not be right"),
    "member_number_invalid": N_("this is no member number of ours"),
    "service_invalid": N_("the service can not be offered like that"),
    "service_medical": N_("medical services are not offered for hours"),
    "hours_used": N_("the hours were used already"),
    "member_stays": N_("the member has done something since, or can sign in"),
    "open_matters_left": N_("requests or records of the member are open"),
    "balance_left": N_("the member has other hours as well"),
}
"""Code of a finding → what is wrong, also of what is left out or kept later."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong in a line. `code` is stable and holds nothing of the cell."""

    line: int
    field: str
    code: str


@dataclass(frozen=True, slots=True)
class MemberRow:
    line: int
    key: str
    name: str
    phone: str
    document_type: str
    document_number: str
    born_on: str
    sex: str | None
    address: str
    minutes: int


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """Whose opening balance: by the number in the other system, the member number here, or the phone."""

    line: int
    key: str
    member_number: str
    phone: str
    minutes: int


@dataclass(frozen=True, slots=True)
class HistoryRow:
    line: int
    key: str
    member_number: str
    phone: str
    day: str
    activity: str
    place: str
    content: str
    minutes: int
    unit: str
    leader: str


@dataclass(frozen=True, slots=True)
class ServiceRow:
    line: int
    code: str
    name: str
    name_en: str
    five_x: str
    place: str
    risk: str
    minutes_min: int
    minutes_max: int

    def service(self) -> Service:
        """As the catalogue takes it. Raises ServiceInvalid, ServiceMedical."""
        made = Service(
            code=self.code, name=self.name, name_en=self.name_en, five_x=FiveX(self.five_x), helps=(),
            risk=Risk(self.risk), training=None, minutes_min=self.minutes_min, minutes_max=self.minutes_max,
            place=Place(self.place), two_persons=False,
        )  # fmt: skip
        check(made)
        return made


Row = MemberRow | BalanceRow | HistoryRow | ServiceRow
_CLASSES: Final[Mapping[ImportKind, type[Any]]] = {
    ImportKind.MEMBERS: MemberRow,
    ImportKind.BALANCES: BalanceRow,
    ImportKind.HISTORY: HistoryRow,
    ImportKind.SERVICES: ServiceRow,
}


def to_json(row: Row) -> dict[str, Any]:
    return asdict(row)


def from_json(kind: ImportKind, value: dict[str, Any]) -> Any:
    """The row that `to_json` made."""
    return _CLASSES[kind](**value)


class _CellError(ValueError):
    """A cell without an error class of its own: the field and the code."""

    def __init__(self, field: str, code: str) -> None:
        self.field, self.code = field, code
        super().__init__(code)


def check_line(kind: ImportKind, line: int, told: Mapping[str, str], today: date) -> Row | Finding:
    """The line as a row, or the first thing that is wrong with it. `told`: field → text of the cell."""
    cells = {name: _clean(text) for name, text in told.items()}
    for name, text in cells.items():
        if len(text) > LONGEST.get(name, 80):
            return Finding(line, name, "cell_too_long")
    try:
        return _READERS[kind](line, _Cells(cells), today)
    except _CellError as error:
        return Finding(line, error.field, error.code)


def _clean(text: str) -> str:
    """Without spaces around, and without the mark by which our own sheets keep text from being a formula."""
    text = text.strip()
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@") else text


class _Cells(dict[str, str]):
    """A field that the sheet has no column for is empty."""

    def __missing__(self, key: str) -> str:
        return ""


def _member(line: int, cells: _Cells, today: date) -> MemberRow:
    key = _key(cells)
    name = _by("name", normalize_name, cells["name"])
    phone = _by("phone", normalize_phone, cells["phone"])
    kind, number, born_on, sex = _document(cells, today)
    return MemberRow(
        line, key, name, phone, str(kind), number, born_on.isoformat(), sex, cells["address"], _minutes(cells)
    )


def _balance(line: int, cells: _Cells, today: date) -> BalanceRow:
    who = _who(cells)
    return BalanceRow(line, *who, _minutes(cells, needed=True))


def _history(line: int, cells: _Cells, today: date) -> HistoryRow:
    who = _who(cells)
    day = _date("day", cells["day"])
    if day > today:
        raise _CellError("day", "date_to_come")
    if not cells["activity"]:
        raise _CellError("activity", "activity_missing")
    minutes = _minutes(cells, needed=True, rounds=True)
    texts = (cells["place"], cells["content"])
    return HistoryRow(line, *who, day.isoformat(), cells["activity"], *texts, minutes, cells["unit"], cells["leader"])


def _service(line: int, cells: _Cells, today: date) -> ServiceRow:
    if cells["five_x"] not in set(FiveX):
        raise _CellError("five_x", "class_unknown")
    if (cells["place"] and cells["place"] not in set(Place)) or (cells["risk"] and cells["risk"] not in set(Risk)):
        raise _CellError("place", "class_unknown")
    row = ServiceRow(
        line, cells["code"], cells["name"], cells["name_en"] or cells["name"], cells["five_x"],
        cells["place"] or str(Place.HOME), cells["risk"] or str(Risk.LOW),
        _whole("minutes_min", cells["minutes_min"] or "15"), _whole("minutes_max", cells["minutes_max"] or "240"),
    )  # fmt: skip
    _by("code", lambda _: row.service(), "")
    return row


_READERS: Final[Mapping[ImportKind, Callable[[int, _Cells, date], Row]]] = {
    ImportKind.MEMBERS: _member,
    ImportKind.BALANCES: _balance,
    ImportKind.HISTORY: _history,
    ImportKind.SERVICES: _service,
}


def keys_of(row: Row) -> Iterator[tuple[str, str]]:
    """What may stand only once in a sheet: (field, value)."""
    if isinstance(row, MemberRow):
        yield "phone", row.phone
        if row.key:
            yield "key", row.key
        if row.document_number:
            yield "document_number", f"{row.document_type} {row.document_number}"
    if isinstance(row, BalanceRow):
        yield "key", "\n".join((row.key, row.member_number, row.phone))
    if isinstance(row, ServiceRow):
        yield "code", row.code


def _by(field: str, read: Any, text: str) -> Any:
    try:
        return read(text)
    except TimebankError as error:
        raise _CellError(field, error.code) from error


def _key(cells: _Cells) -> str:
    if cells["key"] and not _KEY(cells["key"]):
        raise _CellError("key", "key_invalid")
    return cells["key"]


def _who(cells: _Cells) -> tuple[str, str, str]:
    key = _key(cells)
    number = _by("member_number", parse_member_number, cells["member_number"]) if cells["member_number"] else ""
    phone = _by("phone", normalize_phone, cells["phone"]) if cells["phone"] else ""
    if not (key or number or phone):
        raise _CellError("key", "nobody_named")
    return key, number, phone


def _date(field: str, text: str) -> date:
    try:
        return read_day(text)
    except ValueError as error:
        raise _CellError(field, "date_unreadable") from error


def _document(cells: _Cells, today: date) -> tuple[DocumentType, str, date, str | None]:
    """Kind, number, birth date, sex. A number without a kind is a resident identity number."""
    number, told = cells["document_number"], cells["document_type"]
    try:
        kind = DocumentType(_KINDS_ZH.get(told, told) or ("resident" if number else "none"))
    except ValueError as error:
        raise _CellError("document_type", "document_type_unknown") from error
    born_on = _date("born_on", cells["born_on"]) if cells["born_on"] else None
    if kind in (DocumentType.RESIDENT, DocumentType.HMT_RESIDENCE):
        checked = _by("document_number", lambda text: resident_id(text, today), number)
        if born_on not in (None, checked.born_on):
            raise _CellError("born_on", "birth_date_differs")
        return kind, checked.number, checked.born_on, str(checked.sex)
    if (kind is DocumentType.NONE) == bool(number):
        raise _CellError("document_number", "document_incomplete")
    if born_on is None:
        raise _CellError("born_on", "birth_date_missing")
    _by("born_on", lambda _: check_birth_date(born_on, today), "")
    return kind, number, born_on, None


def _minutes(cells: _Cells, *, needed: bool = False, rounds: bool = False) -> int:
    """In whole minutes. A balance is never rounded; a past service is, since it earns nothing."""
    given = [name for name in _NUMBERS if cells[name]]
    if not given:
        if needed:
            raise _CellError("hours", "time_missing")
        return 0
    if len(given) > 1:
        raise _CellError(given[1], "time_twice")
    name, text = given[0], cells[given[0]]
    if not _NUMBERS[name](text):
        raise _CellError(name, "time_unreadable")
    minutes = Decimal(text) / 60 if name == "seconds" else Decimal(text) * (60 if name == "hours" else 1)
    whole = minutes.quantize(Decimal(1), ROUND_HALF_UP)
    if (minutes != whole and not rounds) or whole > MOST_MINUTES:
        raise _CellError(name, "time_not_whole_minutes")
    return int(whole)


def _whole(field: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise _CellError(field, "number_unreadable")
    return int(text)
