"""The base of every form, and fields that refuse what a ledger must not take."""

from __future__ import annotations

import unicodedata
from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField
from wtforms.validators import InputRequired, ValidationError

BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


def clean(text: str) -> str:
    """Text in NFC without spaces around. Raises ValueError for control characters, surrogates and bidi controls."""
    for character in text:
        if character in BIDI_CONTROLS or (
            unicodedata.category(character) in ("Cc", "Cs") and character not in "\r\n\t"
        ):
            raise ValueError("a character that no keyboard types")
    return unicodedata.normalize("NFC", text).strip()


class SafeText(StringField):  # type: ignore[misc]  # WTForms has no types
    """A text field that is cleaned before anything looks at it."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = str(valuelist[0]) if valuelist else ""
        self.data: str = ""
        try:
            self.data = clean(text)
        except ValueError as error:
            raise ValidationError(
                lazy_gettext("This text has characters that can't be kept. Type it again.")
            ) from error


class Choice(RadioField):  # type: ignore[misc]  # WTForms has no types
    """Radio buttons that ask for a choice in the visitor's language."""

    def pre_validate(self, form: Any) -> None:
        if not any(match for _, _, match, *_ in self.iter_choices()):
            raise ValidationError(lazy_gettext("Please choose one."))


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A form of ours: CSRF by the app's protection, so that a form and a bare button are treated alike."""

    class Meta:
        csrf = False


def chosen() -> InputRequired:
    """One of the list must be chosen; said in the visitor's language."""
    return InputRequired(lazy_gettext("Please choose one."))


def needed() -> InputRequired:
    """The field must be filled; said in the visitor's language."""
    return InputRequired(lazy_gettext("Please fill this in."))
