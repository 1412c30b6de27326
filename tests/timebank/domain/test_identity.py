"""Numbers of people, organisations and places."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timebank.domain import errors, identity
from timebank.domain.identity import DivisionLevel, Sex

TODAY = date(2026, 11, 1)


@pytest.mark.parametrize(
    ("number", "born_on", "sex"),
    [
        ("11010519491231002X", date(1949, 12, 31), Sex.FEMALE),
        ("11010519491231002x", date(1949, 12, 31), Sex.FEMALE),
        ("34052419800101001X", date(1980, 1, 1), Sex.MALE),
        ("130200194001010015", date(1940, 1, 1), Sex.MALE),
        ("130200194603150023", date(1946, 3, 15), Sex.FEMALE),
        (" 1302 0019 8512 1200 38 ", date(1985, 12, 12), Sex.MALE),
    ],
)
def test_good_resident_ids(number: str, born_on: date, sex: Sex) -> None:
    found = identity.resident_id(number, TODAY)
    assert (found.born_on, found.sex) == (born_on, sex)
    assert len(found.number) == 18
    assert found.division == found.number[:6]


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("340524198001010013", "check_digit"),
        ("13020019400101001", "length"),
        ("13020019400101001A", "characters"),
        ("130200194002300015", "date"),
        ("130200203001010015", "future"),
        ("130200185001010015", "age"),
        ("030200194001010015", "characters"),
    ],
)
def test_bad_resident_ids_say_why(number: str, reason: str) -> None:
    with pytest.raises(errors.ResidentIdInvalid) as refusal:
        identity.resident_id(number, TODAY)
    assert refusal.value.params == {"reason": reason}
    assert number not in str(refusal.value)


@given(place=st.integers(0, 16), other=st.integers(0, 9))
def test_every_single_wrong_digit_is_found(place: int, other: int) -> None:
    number = "130200194001010015"
    wrong = number[:place] + str(other) + number[place + 1 :]
    assert (identity.resident_check_character(wrong[:17]) == wrong[17]) is (wrong == number)


def test_masks_show_no_more_than_needed() -> None:
    assert identity.mask_resident_id("130200194001010015") == "130***********0015"
    assert identity.mask_resident_id("E123456") == "*******"
    assert identity.mask_phone("13812345678") == "138****5678"
    assert identity.mask_name("王小明") == "王**"


@pytest.mark.parametrize(
    ("born_on", "day", "years"),
    [
        (date(1966, 11, 1), TODAY, 60),
        (date(1966, 11, 2), TODAY, 59),
        (date(1964, 2, 29), date(2026, 2, 28), 61),
        (date(1964, 2, 29), date(2026, 3, 1), 62),
    ],
)
def test_age_in_full_years(born_on: date, day: date, years: int) -> None:
    assert identity.age_on(born_on, day) == years


def test_birth_dates_of_the_living() -> None:
    identity.check_birth_date(date(1930, 1, 1), TODAY)
    for wrong in (date(2026, 11, 2), date(1880, 1, 1)):
        with pytest.raises(errors.BirthDateInvalid):
            identity.check_birth_date(wrong, TODAY)


@pytest.mark.parametrize("code", ["52130200MJ0000018F", "53130200MJ00000267", "52130200mj0000018f"])
def test_good_credit_codes(code: str) -> None:
    assert identity.uscc_warnings(identity.normalize_uscc(code)) == ()


@pytest.mark.parametrize("code", ["91350100M0001TGQXM", "91350211M0000XUF46"])
def test_genuine_codes_of_the_pilot_years_only_warn(code: str) -> None:
    assert identity.uscc_warnings(identity.normalize_uscc(code)) == ("check_character",)


def test_a_wrong_inner_check_warns_too() -> None:
    assert "organisation_check" in identity.uscc_warnings("52130200MJ0000028F")


@pytest.mark.parametrize("code", ["52130200MJ000001", "52130200MI0000018F", ""])
def test_what_can_t_be_a_credit_code(code: str) -> None:
    with pytest.raises(errors.UsccInvalid):
        identity.normalize_uscc(code)


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("130200000000", DivisionLevel.CITY),
        ("130203000000", DivisionLevel.COUNTY),
        ("130203001000", DivisionLevel.TOWNSHIP),
        ("130203100000", DivisionLevel.TOWNSHIP),
        ("130203001002", DivisionLevel.VILLAGE),
        ("130203100200", DivisionLevel.VILLAGE),
    ],
)
def test_each_level_has_its_digits(code: str, level: DivisionLevel) -> None:
    identity.check_division(code, level)
    assert code.startswith(identity.division_prefix(code, level))
    for other in DivisionLevel:
        if other is not level:
            with pytest.raises(errors.DivisionInvalid):
                identity.check_division(code, other)


def test_the_parent_is_stated_not_read_from_the_digits() -> None:
    identity.check_division("139001000000", DivisionLevel.COUNTY, ("130600000000", DivisionLevel.CITY))
    with pytest.raises(errors.DivisionInvalid):
        identity.check_division("130203001002", DivisionLevel.VILLAGE, ("130200000000", DivisionLevel.CITY))


@pytest.mark.parametrize(
    ("code", "kind"), [("130203001000", "street"), ("130203100000", "town"), ("130203200000", "township")]
)
def test_townships(code: str, kind: str) -> None:
    assert identity.township_kind(code) == kind


def test_the_check_digit_of_iso_7064() -> None:
    # The worked example of ISO/IEC 7064 MOD 11,10 and of the German tax number.
    assert identity.check_digit("0794") == "5"
    assert identity.check_digit("8609574271") == "9"


@given(st.integers(1, 99_999_999), st.integers(0, 8), st.integers(1, 9))
def test_member_numbers_find_each_wrong_digit(serial: int, place: int, shift: int) -> None:
    number = identity.member_number(serial)
    assert identity.parse_member_number(identity.spaced_member_number(number)) == number
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    with pytest.raises(errors.MemberNumberInvalid):
        identity.parse_member_number(wrong)


def test_slip_numbers_survive_typing() -> None:
    number = identity.slip_number(2026, 417)
    assert number.startswith("26-000417-")
    assert identity.parse_slip_number(f" ２６ 000417{number[-1]}") == number
    assert identity.matter_number("H", 2026, 417) == "H" + number
    with pytest.raises(errors.SlipNumberInvalid):
        identity.parse_slip_number("26-000417-" + str((int(number[-1]) + 1) % 10))
    with pytest.raises(ValueError, match="serial"):
        identity.slip_number(2026, 0)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        (" 王  小明 ", "王 小明"),
        ("阿依古丽•买买提", "阿依古丽·买买提"),
        ("e\u0301mile", "émile"),
        ("李\u200b雷", "李雷"),
        ("𠮷田", "𠮷田"),
    ],
)
def test_names_are_kept_in_one_form(typed: str, name: str) -> None:
    assert identity.normalize_name(typed) == name


@pytest.mark.parametrize("typed", ["", "   ", "王<b>", "王" * 51, "12345", "·"])
def test_what_is_no_name(typed: str) -> None:
    with pytest.raises(errors.NameInvalid):
        identity.normalize_name(typed)


@pytest.mark.parametrize(
    ("typed", "phone"),
    [
        ("138 1234 5678", "13812345678"),
        ("+86 138-1234-5678", "13812345678"),
        ("008613812345678", "13812345678"),
        ("１３８１２３４５６７８", "13812345678"),
        ("0315-2345678", "03152345678"),
        ("(010) 6234 5678", "01062345678"),
        ("+86 10 6234 5678", "01062345678"),
    ],
)
def test_phones_are_kept_in_one_form(typed: str, phone: str) -> None:
    assert identity.normalize_phone(typed) == phone
    assert identity.is_mobile(phone) is phone.startswith("1")


@pytest.mark.parametrize("typed", ["", "12345", "1281234567", "12812345678", "2345678", "138123456789"])
def test_what_is_no_phone(typed: str) -> None:
    with pytest.raises(errors.PhoneInvalid):
        identity.normalize_phone(typed)


def test_a_login_is_a_phone_or_a_user_name() -> None:
    assert identity.login_form("138-1234-5678") == identity.login_form("+86 13812345678") == "13812345678"
    assert identity.login_form(" Ｗang.Li ") == "wang.li"
