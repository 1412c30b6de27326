"""Entry of a record into the system that the civil-affairs department designates (全国志愿服务信息系统).

Order 67, article 4: personal basics and service facts are entered there, whatever other system or paper keeps them.
This service is not that system and has no line to it: it gives out a sheet, and keeps what came back. Articles 5 and 7
name the eight basics and the seven facts.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from io import StringIO
from typing import Final

from timebank.domain.errors import NationalReplyRefused
from timebank.domain.local_time import read_day
from timebank.domain.words import N_

NUMBER_LONGEST: Final = 40
SPOILT: Final = re.compile(r"[0-9.]+E[+-]?[0-9]+", re.ASCII | re.IGNORECASE).fullmatch
"""What a spreadsheet program makes of a long number: its last digits are lost."""
MOST_ROWS: Final = 1000
RECORD, NATIONAL_NUMBER, ENTERED_ON = "记录编号", "全国系统编号", "录入日期"
BASICS: Final = ("姓名", "性别", "出生日期", "证件类型", "证件号码", "居住区域", "联系方式", "服务技能", "服务类别")
FACTS: Final = ("活动名称", "服务日期", "服务地点", "服务内容", "服务时间(小时)", "活动组织单位", "活动负责人")
TITLES: Final = (RECORD, *BASICS, *FACTS, NATIONAL_NUMBER, ENTERED_ON)
"""The sheet that goes out; the same one, with the last two columns filled, comes back."""


class NationalState(StrEnum):
    """Where the entry of one record stands. A record without any is not entered."""

    WAITING = "waiting"
    EXPORTED = "exported"
    ENTERED = "entered"


TAKE_BACK_REASONS: Final = {
    "typed_wrong": N_("The number was typed wrong"),
    "not_taken": N_("The national system did not take it"),
    "corrected": N_("The record was corrected; the entry there was withdrawn"),
}


@dataclass(frozen=True, slots=True)
class Reply:
    """A line that came back: which record, under which number it stands there, since which day."""

    record: str
    number: str
    entered_on: date
    line: int


def check_number(text: str) -> str:
    """A number of the national system, whose form is that system's matter. Raises ValueError for none or too long."""
    number = text.strip()
    if not 0 < len(number) <= NUMBER_LONGEST or not number.isprintable() or SPOILT(number):
        raise ValueError("not a number of the national system")
    return number


def read_replies(data: bytes, today: date) -> tuple[Reply, ...]:
    """The lines of a sheet that came back; lines without a number are still under way and left out.

    Raises NationalReplyRefused, with the line, for what can't be read.
    """
    rows = csv.DictReader(StringIO(_text(data), newline=""), strict=True)
    try:
        return _read(rows, today)
    except csv.Error as error:
        raise NationalReplyRefused(line=rows.line_num, reason=N_("the quotation marks do not match")) from error


def _read(rows: csv.DictReader[str], today: date) -> tuple[Reply, ...]:
    missing = [title for title in (RECORD, NATIONAL_NUMBER, ENTERED_ON) if title not in (rows.fieldnames or ())]
    if missing:
        raise NationalReplyRefused(line=1, reason=N_("a column is missing"))
    found: dict[str, Reply] = {}
    for line, row in enumerate(rows, 2):
        if line > MOST_ROWS + 1:
            raise NationalReplyRefused(line=line, reason=N_("the file is too long"))
        if not (row[NATIONAL_NUMBER] or "").strip():
            continue
        reply = _reply(line, row, today)
        if reply.record in found:
            raise NationalReplyRefused(line=line, reason=N_("this record stands there twice"))
        found[reply.record] = reply
    return tuple(found.values())


def _reply(line: int, row: Mapping[str, str | None], today: date) -> Reply:
    try:
        entered_on = read_day(row[ENTERED_ON] or "")
    except ValueError as error:
        raise NationalReplyRefused(line=line, reason=N_("a date such as 2023-06-30 is expected")) from error
    if entered_on > today:
        raise NationalReplyRefused(line=line, reason=N_("the day has not come yet"))
    try:
        number = check_number((row[NATIONAL_NUMBER] or "").lstrip("'"))
    except ValueError as error:
        raise NationalReplyRefused(line=line, reason=N_("the number can't be right")) from error
    return Reply((row[RECORD] or "").strip().lstrip("'"), number, entered_on, line)


def _text(data: bytes) -> str:
    """Spreadsheet programs in China save UTF-8 with a mark, or GB 18030."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NationalReplyRefused(line=1, reason=N_("this is not a text file"))
