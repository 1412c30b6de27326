"""Fields and shapes that every noun of the API shares."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from timebank.web.forms import clean


class SafeText(ma.fields.String):
    """Text in NFC; control characters, surrogates and bidi controls are refused."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return clean(text)
        except ValueError as error:
            raise ma.ValidationError("characters that can't be kept") from error


class Minutes(ma.fields.Integer):
    """Whole minutes. `60` and `60.0` are the same JSON number; `60.5`, `"60"` and `true` are refused."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
            raise ma.ValidationError("a whole number of minutes")
        return super()._deserialize(int(value), attr, data, **kwargs)


class Cursor(ma.Schema):
    """Keyset paging: `before` is the `next` of the page before."""

    before = ma.fields.String(load_default=None, validate=ma.validate.Regexp(r"^[0-9a-f]{1,32}$"))
    limit = ma.fields.Integer(load_default=50, validate=ma.validate.Range(min=1, max=200))


class Nothing(ma.Schema):
    """An empty object: the address says it all."""


class Reason(ma.Schema):
    """A reason from the list, and a few words."""

    reason = SafeText(required=True, validate=ma.validate.Length(min=1, max=32))
    text = SafeText(load_default="", validate=ma.validate.Length(max=500))


class MaybeReason(ma.Schema):
    """A reason, for the steps that ask for one, and words where it is `other`."""

    reason = SafeText(load_default=None, allow_none=True, validate=ma.validate.Length(max=32))
    text = SafeText(load_default="", validate=ma.validate.Length(max=500))


class Step(ma.Schema):
    """One change of state: who, when, why."""

    state = ma.fields.String()
    who = ma.fields.String()
    at = ma.fields.AwareDateTime()
    reason = ma.fields.String(allow_none=True)
    text = ma.fields.String()


class Steps(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Step))


def page_of(item: type[ma.Schema]) -> type[ma.Schema]:
    """The schema of a page of items."""
    return ma.Schema.from_dict(
        {"items": ma.fields.List(ma.fields.Nested(item)), "next": ma.fields.String(allow_none=True)},
        name=f"{item.__name__}Page",
    )


def page(items: Any, limit: int) -> dict[str, Any]:
    """A page: its items, and where the next begins, if there may be one."""
    found = list(items)
    return {"items": found, "next": found[-1].id if len(found) == limit else None}
