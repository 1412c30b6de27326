"""Builds the message catalogues: English msgids from code and templates, Chinese from the parts, compiled."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

METHODS = [("**/*.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "N_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}


def extract(package: Path) -> Catalog:
    """Every text that a person may read, with where it stands."""
    catalog = Catalog(project="timebank")
    options = {"templates/**.html": {"trimmed": "true", "silent": "false"}}
    for file, line, text, comments, _ in extract_from_dir(
        str(package), METHODS, options, KEYWORDS, comment_tags=("Translators:",)
    ):
        catalog.add(text, locations=[(file, line)], auto_comments=comments)
    return catalog


def parts(package: Path) -> dict[str, str]:
    """The Chinese texts of translations/zh/parts/*.po, a plural's under its singular. Raises ValueError for two that
    differ.
    """
    found: dict[str, str] = {}
    for path in sorted((package / "translations" / "zh" / "parts").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="zh"):
                singular, text = _first(message.id), _first(message.string)
                if singular and found.setdefault(singular, text) != text:
                    raise ValueError(f"two Chinese texts for {singular!r} (the second in {path.name})")
    return found


def _first(text: str | Sequence[str] | None) -> str:
    """A text, or the first of a plural's: Chinese has one form for all numbers."""
    return text if isinstance(text, str) else text[0] if text else ""


def _forms(language: str, text: str) -> tuple[str, ...]:
    """As many forms of a plural as the language has."""
    return (text,) if language == "zh" else ("", "")


def build(package: Path) -> list[str]:
    """Write both catalogues; give the texts that have no Chinese."""
    template, chinese = extract(package), parts(package)
    missing = []
    for language in ("zh", "en"):
        catalog = Catalog(locale=language, project="timebank", fuzzy=False)
        for message in template:
            if not message.id:
                continue
            text = chinese.get(_first(message.id), "") if language == "zh" else ""
            if language == "zh" and not text:
                missing.append(_first(message.id))
            catalog.add(
                message.id, text if isinstance(message.id, str) else _forms(language, text), flags=message.flags
            )
        folder = package / "translations" / language / "LC_MESSAGES"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "messages.po").open("wb") as file:
            write_po(file, catalog, width=0, sort_output=True, omit_header=True)
        with (folder / "messages.mo").open("wb") as file:
            write_mo(file, catalog)
    return missing
