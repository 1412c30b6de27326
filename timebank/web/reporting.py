"""The figures of a year as pages, sheets and the API show them, read from a report's document alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from flask_babel import gettext
from markupsafe import Markup

from timebank.domain.errors import NotFound
from timebank.domain.figures import Bar, bars
from timebank.domain.statistics.catalogue import Figure, Named, read
from timebank.domain.statistics.report import Row, by_year, every_row, parts_at, places_of, rows_at
from timebank.domain.statistics.tallies import Place
from timebank.domain.words import N_
from timebank.web.language import hours_minutes, in_language
from timebank.web.sheets import Cell, Sheet

HEADS = (
    "year", "version", "place_code", "place_zh", "place_en", "level", "figure_code", "figure_zh", "figure_en",
    "part_code", "part_zh", "part_en", "unit", "value", "suppressed",
)  # fmt: skip
LEVELS = {"county": N_("County"), "street_centre": N_("Street centre"), "station": N_("Station")}
SPLITS = {
    "month": N_("By month"),
    "service": N_("By service"),
    "help": N_("By the six helps"),
    "source": N_("By how it was recorded"),
}
RESULTS = {"sound": N_("Sound"), "broken": N_("Broken")}
YEARS_BESIDE = 4


def place_in(document: Mapping[str, Any], code: str | None) -> Place:
    """The place of this code; the first one without a code. Raises NotFound."""
    found = next((one for one in places_of(document) if code is None or one.code == code), None)
    if found is None:
        raise NotFound
    return found


def said(figure: Figure, value: int | None, hidden: bool) -> str:
    """A value as people say it."""
    if hidden:
        return str(gettext("left out"))
    if value is None:
        return "–"
    if figure.unit == "minutes":
        return hours_minutes(value)
    return f"{value} %" if figure.unit == "percent" else str(value)


def by_topic(document: Mapping[str, Any], place: Place) -> Iterator[tuple[Named, list[Row]]]:
    """The figures of a place under the headings of the report."""
    rows = list(rows_at(document, place))
    for topic in read(document["definitions"]).topics:
        there = [row for row in rows if row.figure.topic == topic.code]
        if there:
            yield topic, there


def beside(
    document: Mapping[str, Any], others: Iterable[Mapping[str, Any]], place: Place
) -> tuple[tuple[int, ...], dict[str, dict[int, str]]]:
    """(former years, figure → year → value in words): the newest report of each year before, at the same place."""
    former = [one for one in others if one["year"] < document["year"]][-YEARS_BESIDE:]
    figures = read(document["definitions"]).figures
    found = by_year(former, figures, place.code)
    words = {one.code: {year: said(one, *told) for year, told in found[one.code].items()} for one in figures}
    return tuple(one["year"] for one in reversed(former)), words


def charts(
    document: Mapping[str, Any], place: Place, link: Callable[[Row], str] | None = None
) -> Iterator[tuple[str, list[tuple[str, int, str, int]]]]:
    """(heading, rows of a chart) of the hours served, split in every way of the report. `link`: the address where one
    can see what a row is made of."""
    for kind, heading in SPLITS.items():
        rows = [row for row in parts_at(document, "minutes_actual", place, kind) if row.part is not None]
        lengths = {bar.key: bar for bar in bars((row.part.code, row.value or 0) for row in rows if row.part)}
        if rows:
            yield heading, [_bar(row, lengths, link) for row in rows]


def _bar(row: Row, lengths: Mapping[str, Bar], link: Callable[[Row], str] | None) -> tuple[str, int, str, int]:
    part = row.part or Named("", "", "")
    words, name = said(row.figure, row.value, row.hidden), in_language(part.name, part.name_en)
    if link is not None and row.value:
        words = Markup('<a class="govuk-link" href="{}" aria-label="{}">{}</a>').format(
            link(row), f"{name}：{words}", words
        )
    return name, row.value or 0, words, lengths[part.code].length


def lines(documents: Iterable[Mapping[str, Any]]) -> Iterator[Sequence[Cell]]:
    """Every value of these reports, one a line, for machines: the heading first."""
    yield HEADS
    for document in documents:
        for row in every_row(document):
            part = row.part or Named("", "", "")
            yield (
                document["year"], document.get("version"), row.place.code, row.place.name, row.place.name_en,
                row.place.kind, row.figure.code, row.figure.name, row.figure.name_en, part.code, part.name,
                part.name_en, row.figure.unit, row.value, int(row.hidden),
            )  # fmt: skip


def items(document: Mapping[str, Any]) -> Iterator[dict[str, Cell]]:
    """The same as objects."""
    rows = lines([document])
    heads = [str(one) for one in next(rows)]
    for row in rows:
        yield dict(zip(heads, row, strict=True))


def sheets(documents: Sequence[Mapping[str, Any]], proof: Iterable[Sequence[Cell]] = ()) -> Iterator[Sheet]:
    """The sheets of a workbook: figures beside places, every value, what each figure means, how to check it."""
    for document in documents:
        yield f"{document['year']} 指标 figures", _matrix(document)
    yield "全部数据 values", lines(documents)
    yield "指标说明 definitions", _meanings(documents[-1:])
    told = list(proof)
    if told:
        yield "核验 check", told


def _matrix(document: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    places = places_of(document)
    yield ("指标", "Figure", "单位 unit", *(f"{one.name} {one.name_en}" for one in places))
    found = {place.code: {row.figure.code: row for row in rows_at(document, place)} for place in places}
    for figure in read(document["definitions"]).figures:
        cells = [_shown(found[place.code].get(figure.code)) for place in places]
        yield (figure.name, figure.name_en, figure.unit, *cells)


def _shown(row: Row | None) -> Cell:
    """A hidden value is a star: an empty cell would look like nothing."""
    return None if row is None else "*" if row.hidden else row.value


def _meanings(documents: Iterable[Mapping[str, Any]]) -> Iterator[Sequence[Cell]]:
    yield ("code", "指标", "Figure", "unit", "含义", "Meaning", "依据 source", "how it is computed")
    for document in documents:
        for one in read(document["definitions"]).figures:
            yield (one.code, one.name, one.name_en, one.unit, one.meaning, one.meaning_en, one.source, one.how)
