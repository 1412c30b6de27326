"""The ready templates: rules of real schemes as data files, part of the program. They never change at run time."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from timebank.domain.errors import PresetUnknown
from timebank.domain.policies.codec import from_text
from timebank.domain.policies.document import Policy

PRESETS = (
    "demo",
    "nanjing",
    "gulou",
    "beijing",
    "shanghai",
    "guangzhou",
    "hongkong",
    "norcal",
    "st_gallen",
    "kiss",
    "nalc",
)


@cache
def preset(code: str) -> Policy:
    """The template of that name, not yet decided on. Raises PresetUnknown."""
    if code not in PRESETS:
        raise PresetUnknown
    return from_text(files("timebank").joinpath("presets", f"{code}.json").read_text(encoding="utf-8"))


def presets() -> tuple[Policy, ...]:
    """All templates, in the order of the list."""
    return tuple(preset(code) for code in PRESETS)
