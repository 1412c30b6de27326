"""Kinds of sheets, their fields, and which column of which system is what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from timebank.domain.words import N_


class ImportKind(StrEnum):
    MEMBERS = "members"
    BALANCES = "balances"
    HISTORY = "history"
    SERVICES = "services"


class ImportState(StrEnum):
    """`uploaded`: waits to be checked. `checked`: the dry run is there. `running`, `undoing`: in batches, resumable."""

    UPLOADED = "uploaded"
    CHECKED = "checked"
    RUNNING = "running"
    DONE = "done"
    WITHDRAWN = "withdrawn"
    UNDOING = "undoing"
    UNDONE = "undone"


KIND_LABELS: Final = {
    ImportKind.MEMBERS: N_("Members, with their hours if the sheet has them"),
    ImportKind.BALANCES: N_("Hours of members who are here already"),
    ImportKind.HISTORY: N_("Past services, as a record that earns nothing"),
    ImportKind.SERVICES: N_("Services of the county's own"),
}
STATE_LABELS: Final = {
    ImportState.UPLOADED: N_("Being checked"),
    ImportState.CHECKED: N_("Checked, nothing is taken over yet"),
    ImportState.RUNNING: N_("Being taken over"),
    ImportState.DONE: N_("Taken over"),
    ImportState.WITHDRAWN: N_("Withdrawn"),
    ImportState.UNDOING: N_("Being taken back"),
    ImportState.UNDONE: N_("Taken back"),
}
_WHO = ("key", "member_number", "phone")
_TIME = ("minutes", "hours", "seconds")
FIELDS: Final[Mapping[ImportKind, tuple[str, ...]]] = {
    ImportKind.MEMBERS: ("key", "name", "phone", "document_type", "document_number", "born_on", "address", *_TIME),
    ImportKind.BALANCES: (*_WHO, *_TIME),
    ImportKind.HISTORY: (*_WHO, "day", "activity", "place", "content", *_TIME, "unit", "leader"),
    ImportKind.SERVICES: ("code", "name", "name_en", "five_x", "place", "risk", "minutes_min", "minutes_max"),
}
FIELD_LABELS: Final = {
    "key": N_("Number in the other system"),
    "member_number": N_("Member number here"),
    "name": N_("Name"),
    "phone": N_("Phone number"),
    "document_type": N_("Kind of identity document"),
    "document_number": N_("Number of the document"),
    "born_on": N_("Date of birth"),
    "address": N_("Address"),
    "minutes": N_("Minutes"),
    "hours": N_("Hours"),
    "seconds": N_("Seconds"),
    "day": N_("Day"),
    "activity": N_("What it was"),
    "place": N_("Place"),
    "content": N_("What was done"),
    "unit": N_("Who organised it"),
    "leader": N_("Who was responsible"),
    "code": N_("Code"),
    "name_en": N_("Name in English"),
    "five_x": N_("Class of the list 5+X"),
    "risk": N_("Risk"),
    "minutes_min": N_("Least minutes"),
    "minutes_max": N_("Most minutes"),
}


@dataclass(frozen=True, slots=True)
class ReadyMapping:
    """Which column of another system's sheet is which field."""

    name: str
    kind: ImportKind
    columns: Mapping[str, str]


def _own(kind: ImportKind) -> ReadyMapping:
    return ReadyMapping(N_("Our own sheet"), kind, {field: field for field in FIELDS[kind]})


_K = ImportKind
MAPPINGS: Final[Mapping[str, ReadyMapping]] = {
    **{f"own_{kind}": _own(kind) for kind in ImportKind},
    "national_members": ReadyMapping(
        N_("National sheet: personal basics"),
        _K.MEMBERS,
        {"key": "志愿者编号", "name": "姓名", "phone": "联系方式", "document_type": "证件类型",
         "document_number": "证件号码", "born_on": "出生日期", "address": "居住区域", "hours": "服务时长(小时)"},
    ),
    "national_history": ReadyMapping(
        N_("National sheet: services"),
        _K.HISTORY,
        {"key": "志愿者编号", "phone": "联系方式", "day": "服务日期", "activity": "活动名称", "place": "服务地点",
         "content": "服务内容", "hours": "服务时间(小时)", "unit": "活动组织单位", "leader": "活动负责人"},
    ),
    "timeoverflow_members": ReadyMapping(
        N_("TimeOverflow: all members"),
        _K.MEMBERS,
        {"key": "N", "name": "Name", "phone": "Phone", "born_on": "Date of birth", "address": "Address"},
    ),
    "timeoverflow_balances": ReadyMapping(
        N_("TimeOverflow: member report with balances"), _K.BALANCES, {"key": "N", "seconds": "Balance"}
    ),
    "timeoverflow_transfers": ReadyMapping(
        N_("TimeOverflow: all transfers"),
        _K.HISTORY,
        {"key": "to ID", "day": "Date", "activity": "post", "hours": "quantity"},
    ),
}  # fmt: skip
"""TimeOverflow's own names of columns, in English: its exports use the language of who makes them, so a column can be
chosen by hand. Its balances are seconds, its transfers hours; who received time stands under `to`."""
_NEEDED: Final[Mapping[ImportKind, tuple[tuple[str, ...], ...]]] = {
    _K.MEMBERS: (("name",), ("phone",)),
    _K.BALANCES: (_WHO, _TIME),
    _K.HISTORY: (_WHO, _TIME, ("day",), ("activity",)),
    _K.SERVICES: (("code",), ("name",), ("five_x",)),
}


def guess(kind: ImportKind, titles: Sequence[str]) -> dict[str, str]:
    """The ready mapping of this kind that fits these titles best: field → column, those that are there."""
    there = set(titles)
    found = [
        {field: column for field, column in one.columns.items() if column in there}
        for one in MAPPINGS.values()
        if one.kind is kind
    ]
    return max(found, key=len, default={})


def missing_fields(kind: ImportKind, columns: Mapping[str, str]) -> tuple[str, ...]:
    """The fields without which such a sheet says nothing; of several that would do, the first is named."""
    return tuple(group[0] for group in _NEEDED[kind] if not set(group) & set(columns))
