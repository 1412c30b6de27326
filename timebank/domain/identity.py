"""Numbers that name people, organisations and places: checked, normalised and masked.

Sources: GB 11643-1999 (resident identity number), GB 32100-2015 (unified social credit code), GB/T 2260 with
GB/T 10114 and the statistical 12-digit division codes, ISO/IEC 7064 MOD 11,10 (our own member and slip numbers: a
pure digit check that finds every single wrong digit and nearly every swap of neighbours).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from timebank.domain.errors import (
    BirthDateInvalid,
    DivisionInvalid,
    MemberNumberInvalid,
    NameInvalid,
    PhoneInvalid,
    ResidentIdInvalid,
    SlipNumberInvalid,
    UsccInvalid,
)

OLDEST_YEARS = 130
NAME_LONGEST = 50


class DocumentType(StrEnum):
    """Kinds of identity documents. Not every member has a resident identity card."""

    RESIDENT = "resident"
    HMT_RESIDENCE = "hmt_residence"
    PASSPORT = "passport"
    PERMANENT_RESIDENCE = "permanent_residence"
    NONE = "none"


class Sex(StrEnum):
    FEMALE = "female"
    MALE = "male"


# Resident identity number ---------------------------------------------------------------------------------------------

_RESIDENT_CHECK = "10X98765432"
_RESIDENT_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))


@dataclass(frozen=True, slots=True)
class ResidentId:
    """A checked number and what it says."""

    number: str
    born_on: date
    sex: Sex
    division: str


def age_on(born_on: date, day: date) -> int:
    """Full years (周岁) on a day. Who was born on 29 February turns older on 1 March of a common year."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def resident_check_character(first_17: str) -> str:
    """ISO 7064 MOD 11-2 over the first 17 digits."""
    return _RESIDENT_CHECK[
        sum(int(digit) * weight for digit, weight in zip(first_17, _RESIDENT_WEIGHTS, strict=True)) % 11
    ]


def resident_id(text: str, today: date) -> ResidentId:
    """The number behind `text`. The area isn't looked up: abolished codes live on in valid numbers.

    Raises ResidentIdInvalid with reason length, characters, date, future, age or check_digit.
    """
    number = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()
    if len(number) != 18:
        raise ResidentIdInvalid(reason="length")
    if not re.fullmatch(r"[1-9][0-9]{16}[0-9X]", number):
        raise ResidentIdInvalid(reason="characters")
    try:
        born_on = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise ResidentIdInvalid(reason="date") from None
    if born_on > today:
        raise ResidentIdInvalid(reason="future")
    if age_on(born_on, today) > OLDEST_YEARS:
        raise ResidentIdInvalid(reason="age")
    if number[17] != resident_check_character(number[:17]):
        raise ResidentIdInvalid(reason="check_digit")
    return ResidentId(number, born_on, Sex.MALE if int(number[16]) % 2 else Sex.FEMALE, number[:6])


def check_birth_date(born_on: date, today: date) -> None:
    """Raises BirthDateInvalid in the future or before anybody living."""
    if born_on > today or age_on(born_on, today) > OLDEST_YEARS:
        raise BirthDateInvalid


def mask_resident_id(number: str) -> str:
    """`130***********0015`: never more than this leaves the service."""
    return f"{number[:3]}{'*' * max(len(number) - 7, 0)}{number[-4:]}" if len(number) > 7 else "*" * len(number)


# Unified social credit code -------------------------------------------------------------------------------------------

_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def normalize_uscc(text: str) -> str:
    """Capital letters without spaces. Raises UsccInvalid when it can't be such a code at all."""
    code = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()
    if len(code) != 18 or any(sign not in _USCC_ALPHABET for sign in code):
        raise UsccInvalid
    return code


def uscc_warnings(code: str) -> tuple[str, ...]:
    """What doesn't add up in a normalised code: check_character, organisation_check, both or nothing.

    It warns and never blocks: genuine codes of the pilot years fail the check. Ask for the registration certificate.
    """
    values = [_USCC_ALPHABET.index(sign) for sign in code]
    outer = (31 - sum(value * weight for value, weight in zip(values[:17], _USCC_WEIGHTS, strict=True)) % 31) % 31
    warnings = [] if values[17] == outer else ["check_character"]
    inner_values = [int(sign) if sign.isdigit() else ord(sign) - ord("A") + 10 for sign in code[8:16]]
    inner = (11 - sum(value * weight for value, weight in zip(inner_values, _INNER_WEIGHTS, strict=True)) % 11) % 11
    if code[16] != ("X" if inner == 10 else str(inner)):
        warnings.append("organisation_check")
    return tuple(warnings)


# Divisions ------------------------------------------------------------------------------------------------------------


class DivisionLevel(StrEnum):
    """The four platform levels 市 县 乡/街道 村/社区."""

    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"


_PREFIX = {DivisionLevel.CITY: 4, DivisionLevel.COUNTY: 6, DivisionLevel.TOWNSHIP: 9, DivisionLevel.VILLAGE: 12}
_ABOVE = {
    DivisionLevel.CITY: frozenset[DivisionLevel](),
    DivisionLevel.COUNTY: frozenset({DivisionLevel.CITY}),
    # A city without counties has its streets right below it.
    DivisionLevel.TOWNSHIP: frozenset({DivisionLevel.COUNTY, DivisionLevel.CITY}),
    DivisionLevel.VILLAGE: frozenset({DivisionLevel.TOWNSHIP}),
}


def division_prefix(code: str, level: DivisionLevel) -> str:
    """The digits that count at that level."""
    return code[: _PREFIX[level]]


def check_division(code: str, level: DivisionLevel, parent: tuple[str, DivisionLevel] | None = None) -> None:
    """Raises DivisionInvalid for a code that doesn't fit its level, or a parent of the wrong level.

    The parent is stated, never read from the digits: places administered by the province, new areas and development
    zones stand below a parent with other digits.
    """
    if not re.fullmatch(r"[1-9][0-9]{11}", code):
        raise DivisionInvalid
    significant = _PREFIX[level]
    own = 2 if significant <= 6 else 3
    if code[significant:].strip("0") or not code[significant - own : significant].strip("0"):
        raise DivisionInvalid
    if parent is not None and (parent[1] not in _ABOVE[level] or parent[0] == code):
        raise DivisionInvalid


def township_kind(code: str) -> str:
    """From digits 7 to 9: street, town, township or other (001–099, 100–199, 200–399)."""
    number = int(code[6:9])
    if 1 <= number <= 99:
        return "street"
    if 100 <= number <= 199:
        return "town"
    return "township" if 200 <= number <= 399 else "other"


# Our own numbers ------------------------------------------------------------------------------------------------------


def check_digit(digits: str) -> str:
    """ISO/IEC 7064 MOD 11,10 over digits."""
    rest = 10
    for digit in digits:
        rest = (rest + int(digit)) % 10 or 10
        rest = rest * 2 % 11
    return str((11 - rest) % 10)


def _digits(text: str) -> str:
    return re.sub(r"[\s.-]", "", unicodedata.normalize("NFKC", text))


def member_number(serial: int) -> str:
    """Nine digits: eight of the serial and a check digit. Raises ValueError outside 1 to 99,999,999."""
    if not 1 <= serial <= 99_999_999:
        raise ValueError(f"serial out of range: {serial}")
    body = f"{serial:08d}"
    return body + check_digit(body)


def parse_member_number(text: str) -> str:
    """The number as stored; spaces and dashes are dropped. Raises MemberNumberInvalid."""
    digits = _digits(text)
    if not re.fullmatch(r"[0-9]{9}", digits) or check_digit(digits[:8]) != digits[8]:
        raise MemberNumberInvalid
    return digits


def spaced_member_number(number: str) -> str:
    """In threes, as people read it aloud: `000 000 125`."""
    return " ".join(number[at : at + 3] for at in range(0, len(number), 3))


def slip_number(year: int, serial: int) -> str:
    """The number printed on a paper slip: two digits of the year, six of the serial, a check digit: `26-000417-3`."""
    if not 1 <= serial <= 999_999:
        raise ValueError(f"serial out of range: {serial}")
    body = f"{year % 100:02d}{serial:06d}"
    return f"{body[:2]}-{body[2:]}-{check_digit(body)}"


def parse_slip_number(text: str) -> str:
    """The number as printed, whatever spaces and dashes were typed. Raises SlipNumberInvalid."""
    digits = _digits(text)
    if not re.fullmatch(r"[0-9]{9}", digits) or check_digit(digits[:8]) != digits[8]:
        raise SlipNumberInvalid
    return f"{digits[:2]}-{digits[2:8]}-{digits[8]}"


def matter_number(letter: str, year: int, serial: int) -> str:
    """The number of a record (`H`) or a redemption (`R`), to be said on the phone: `H26-000417-3`."""
    return letter + slip_number(year, serial)


# Names and phones -----------------------------------------------------------------------------------------------------

_DOTS = str.maketrans({"•": "·", "・": "·", "‧": "·", "∙": "·", "⋅": "·", "．": "·"})


def normalize_name(text: str) -> str:
    """NFC, one kind of middle dot, single spaces, nothing invisible. Raises NameInvalid."""
    name = unicodedata.normalize("NFC", text).translate(_DOTS)
    name = "".join(sign for sign in name if unicodedata.category(sign) != "Cf")
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_LONGEST:
        raise NameInvalid
    if not all(unicodedata.category(sign)[0] in "LM" or sign in " ·'’.-" for sign in name):
        raise NameInvalid
    if not any(unicodedata.category(sign)[0] == "L" for sign in name):
        raise NameInvalid
    return name


def normalize_phone(text: str) -> str:
    """A mobile (11 digits) or a landline with its area code, digits alone. Raises PhoneInvalid."""
    phone = re.sub(r"[\s().-]|\u2010|\u2013|\u2014", "", unicodedata.normalize("NFKC", text))
    phone = re.sub(r"^(\+|00)86", "", phone)
    if re.fullmatch(r"1[3-9][0-9]{9}", phone):
        return phone
    if re.fullmatch(r"[1-9][0-9]{9,10}", phone) and text.strip().startswith(("+", "00")):
        phone = "0" + phone
    if re.fullmatch(r"0(10|2[0-9])[2-9][0-9]{7}|0[3-9][0-9]{2}[2-9][0-9]{6,7}", phone):
        return phone
    raise PhoneInvalid


def login_form(text: str) -> str:
    """What is looked up when somebody signs in: a phone in its one form, else the user name without case."""
    try:
        return normalize_phone(text)
    except PhoneInvalid:
        return unicodedata.normalize("NFKC", text).strip().casefold()


def is_mobile(phone: str) -> bool:
    """Whether a normalised phone can get a short message."""
    return phone.startswith("1")


def mask_phone(phone: str) -> str:
    """`138****5678`."""
    return f"{phone[:3]}{'*' * (len(phone) - 7)}{phone[-4:]}" if len(phone) > 7 else "*" * len(phone)


def mask_name(name: str) -> str:
    """The first sign, then a star for each other: `王**`."""
    return name[:1] + "*" * (len(name) - 1)
