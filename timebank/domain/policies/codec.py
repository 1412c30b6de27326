"""The policy document as JSON values and back. Strict: every field is there, none is unknown, no number is a float."""

from __future__ import annotations

import json
import types
import typing
from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, NoReturn

from timebank.domain.errors import PolicyInvalid
from timebank.domain.policies.checks import check
from timebank.domain.policies.document import WITHOUT_CARE, Policy
from timebank.domain.words import N_

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]
_PAIRS = tuple[tuple[str, int], ...]
_LARGEST = 2**53


def to_json(policy: Policy) -> dict[str, Json]:
    """The document as plain values, as it goes into the ledger. `effective_at` is absent while it is None."""
    document = _plain(policy)
    if not isinstance(document, dict):
        raise TypeError("a policy is an object")
    if document["effective_at"] is None:
        del document["effective_at"]
    if policy.schema == WITHOUT_CARE:
        del document["care"]
    return document


def from_json(document: object) -> Policy:
    """The policy that a document says. Raises PolicyInvalid with the path of the first wrong field."""
    if isinstance(document, dict):
        absent = (
            {"effective_at": None, "care": None} if document.get("schema") == WITHOUT_CARE else {"effective_at": None}
        )
        document = {**absent, **document}
    policy = _read(Policy, document, "policy")
    if not isinstance(policy, Policy):
        raise TypeError("not a policy")
    check(policy)
    return policy


@lru_cache(maxsize=256)
def from_text(text: str) -> Policy:
    """The policy in a JSON text. Raises PolicyInvalid, also on text that isn't JSON, on doubled keys and on floats."""
    try:
        document = json.loads(text, parse_float=_no_float, parse_constant=_no_float, object_pairs_hook=_no_doubles)
    except json.JSONDecodeError:
        raise PolicyInvalid(field="policy", reason=N_("not JSON")) from None
    return from_json(document)


def _no_float(text: str) -> NoReturn:
    raise PolicyInvalid(field="policy", reason=N_("only whole numbers are allowed"))


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise PolicyInvalid(field="policy", reason=N_("a field stands there twice"))
    return found


def _plain(value: object) -> Json:
    if is_dataclass(value):
        return {
            field.name: _plain_pairs(getattr(value, field.name))
            if field.name == "weights_percent"
            else _plain(getattr(value, field.name))
            for field in fields(value)
        }
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    raise TypeError(type(value).__name__)


def _plain_pairs(pairs: tuple[tuple[str, int], ...]) -> Json:
    return dict(pairs)


def _read(wanted: Any, value: object, path: str) -> object:
    origin = typing.get_origin(wanted)
    if origin in (types.UnionType, typing.Union):
        inner = next(part for part in typing.get_args(wanted) if part is not type(None))
        return None if value is None else _read(inner, value, path)
    if wanted == _PAIRS:
        return _read_pairs(value, path)
    if origin is tuple:
        if not isinstance(value, list):
            raise PolicyInvalid(field=path, reason=N_("a list is expected"))
        return tuple(_read(typing.get_args(wanted)[0], part, f"{path}[{at}]") for at, part in enumerate(value))
    if isinstance(wanted, type) and issubclass(wanted, StrEnum):
        return _read_choice(wanted, value, path)
    if is_dataclass(wanted) and isinstance(wanted, type):
        return _read_object(wanted, value, path)
    return _read_scalar(wanted, value, path)


def _read_scalar(wanted: Any, value: object, path: str) -> object:
    if wanted is int and isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST:
        return value
    if wanted is bool and isinstance(value, bool):
        return value
    if wanted is str and isinstance(value, str):
        return value
    expected = {
        int: N_("a whole number is expected"),
        bool: N_("true or false is expected"),
        str: N_("a text is expected"),
    }
    raise PolicyInvalid(field=path, reason=expected[wanted])


def _read_choice(wanted: type[StrEnum], value: object, path: str) -> StrEnum:
    choices = [choice.value for choice in wanted]
    if isinstance(value, str) and value in choices:
        return wanted(value)
    raise PolicyInvalid(field=path, reason="one of " + ", ".join(choices) + " is expected")


def _read_pairs(value: object, path: str) -> tuple[tuple[str, int], ...]:
    if not isinstance(value, dict):
        raise PolicyInvalid(field=path, reason=N_("an object is expected"))
    found = [(str(name), _read_scalar(int, number, f"{path}.{name}")) for name, number in sorted(value.items())]
    return tuple((name, number) for name, number in found if isinstance(number, int))


def _read_object(wanted: type, value: object, path: str) -> object:
    if not isinstance(value, dict):
        raise PolicyInvalid(field=path, reason=N_("an object is expected"))
    hints = typing.get_type_hints(wanted)
    unknown = sorted(set(value) - set(hints))
    if unknown:
        raise PolicyInvalid(field=f"{path}.{unknown[0]}", reason=N_("this field is not known"))
    missing = sorted(set(hints) - set(value))
    if missing:
        raise PolicyInvalid(field=f"{path}.{missing[0]}", reason=N_("this field is missing"))
    return wanted(**{name: _read(hint, value[name], f"{path}.{name}") for name, hint in hints.items()})
