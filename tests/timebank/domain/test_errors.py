"""The error tree: stable codes, honest statuses, texts that can be filled and say what to do next."""

from __future__ import annotations

import re

import pytest

from timebank.domain import errors
from timebank.domain.errors.base import hours_and_minutes

TREE = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.TimebankError)]


def _params(kind: type[errors.TimebankError]) -> dict[str, errors.Param]:
    names = re.findall(r"%\((\w+)\)s", kind.message + kind.remedy)
    return {name: 90 if name.endswith("_minutes") else "x" for name in names}


def test_each_error_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in TREE]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.code)
def test_each_error_says_what_is_wrong_and_what_to_do(kind: type[errors.TimebankError]) -> None:
    error = kind(**_params(kind))
    assert str(error).endswith((".", "?"))
    assert error.remedy_text.endswith((".", "?"))
    assert "%(" not in str(error) + error.remedy_text
    assert kind.status in {400, 401, 403, 404, 409, 422, 429, 500, 503}
    assert kind.__doc__


def test_a_missing_param_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        errors.BalanceTooLow(usable_minutes=30)


def test_minutes_are_worded_with_their_unit() -> None:
    error = errors.BalanceTooLow(usable_minutes=30, wanted_minutes=90)
    assert "30 min" in str(error)
    assert "1 h 30 min" in str(error)
    assert error.params == {"usable_minutes": 30, "wanted_minutes": 90}


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "0 min"), (59, "59 min"), (60, "1 h"), (61, "1 h 1 min"), (-90, "-1 h 30 min")]
)
def test_hours_and_minutes(minutes: int, words: str) -> None:
    assert hours_and_minutes(minutes) == words


def test_the_parent_tells_the_status() -> None:
    assert errors.HoursOverlap.status == errors.Refused.status == 409
    assert errors.ResidentIdInvalid.status == errors.Invalid.status == 422
    assert errors.CardUnknown.status == errors.NotFound.status == 404
    assert issubclass(errors.OwnRecord, errors.Forbidden)
