"""The ready templates: rules of real schemes as data files, part of the program. They never change at run time."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from timebank.domain.errors import PresetUnknown
from timebank.domain.policies.codec import from_json
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


CARE_PRESETS = ("tangshan", "hebei", "xinzhou", "xinxiang")


@cache
def preset(code: str, region: str = "tangshan") -> Policy:
    """The template of that name with the care rules of a region, not yet decided on. Raises PresetUnknown."""
    if code not in PRESETS or region not in CARE_PRESETS:
        raise PresetUnknown
    folder = files("timebank").joinpath("presets")
    scheme = json.loads(folder.joinpath(f"{code}.json").read_text(encoding="utf-8"))
    care = json.loads(folder.joinpath("care", f"{region}.json").read_text(encoding="utf-8"))
    return from_json({**scheme, "care": care})


def presets() -> tuple[Policy, ...]:
    """All templates, in the order of the list."""
    return tuple(preset(code) for code in PRESETS)
