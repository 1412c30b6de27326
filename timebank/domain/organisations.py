"""Rules of organisations: who runs what, what papers and scores say, what is announced as a warning.

A warning never blocks: the region's papers say "in principle" for most of it. What blocks raises an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from timebank.domain.errors import DatesWrong, PapersMissing, ScoreInvalid, UsccPaperNeeded
from timebank.domain.identity import normalize_uscc, uscc_warnings
from timebank.domain.local_time import add_months
from timebank.domain.policies.care import Organisations
from timebank.domain.words import N_

ABOVE: Final = {"county_centre": None, "street_centre": "county_centre", "station": "street_centre"}
"""Kind of station → the kind right above it."""
POWERS: Final = {
    "county_centre": (N_("guides and supervises the trade"), N_("technical help"), N_("emergencies"), N_("training")),
    "street_centre": (N_("manages the stations of the street"), N_("approves grants and corrections")),
    "station": (N_("brings needs and helpers together"), N_("verifies hours"), N_("guides people to services")),
}
"""The three service levels inside the four platform levels, and what each is for."""
OPERATOR_KINDS: Final = {
    "nonprofit": N_("private non-enterprise unit"),
    "company": N_("company"),
    "association": N_("association"),
    "committee": N_("residents' or villagers' committee"),
    "medical": N_("medical institution"),
    "social_work": N_("social-work station"),
    "property": N_("property management"),
    "public": N_("public institution"),
}
JOBS: Final = {
    "manager": N_("manager"),
    "carer": N_("carer"),
    "social_worker": N_("social worker"),
    "nurse": N_("nurse"),
    "cook": N_("cook"),
    "other": N_("other work"),
}
CERTIFICATE_KINDS: Final = {
    "carer": N_("certificate of elder carers"),
    "social_worker": N_("certificate of social workers"),
    "nurse": N_("licence of nurses"),
    "health": N_("health certificate"),
    "first_aid": N_("first-aid certificate"),
    "other": N_("other certificate"),
}
NEEDS_CERTIFICATE: Final = {"carer": "carer", "nurse": "nurse", "cook": "health"}
"""Jobs that nobody does without a certificate of that kind."""
PRICE_UNITS: Final = {
    "time": N_("each time"),
    "hour": N_("an hour"),
    "meal": N_("a meal"),
    "day": N_("a day"),
    "month": N_("a month"),
}


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that people should look at. `code` has the words in `WARNINGS`; `params` fill them."""

    code: str
    params: Mapping[str, str | int]


WARNINGS: Final = {
    "not_filed": N_("not filed with the civil-affairs office yet"),
    "filing_late": N_("in service since %(began_on)s and not filed in time"),
    "area_small": N_("%(sqm)s ㎡ of %(wanted)s ㎡ that the rules of the region name"),
    "area_large": N_("%(sqm)s ㎡, above %(wanted)s ㎡ that the rules of the region name"),
    "area_unknown": N_("the floor area is not recorded"),
    "grade_expired": N_("the grading expired on %(valid_to)s"),
    "grade_missing": N_("not graded yet"),
    "certificate_expired": N_("a certificate in the staff register expired on %(expires_on)s"),
    "certificate_expires": N_("a certificate in the staff register expires on %(expires_on)s"),
    "certificate_missing": N_("somebody in the staff register works without the certificate that the work needs"),
    "prices_missing": N_("no price board, or its lines are out of date"),
    "promise_missing": N_("no public promise"),
    "several_operators": N_("%(number)s operators in one street, where one is the principle"),
    "no_centre": N_("the street has no centre"),
    "no_station": N_("the community has no station or point of its own"),
}


def checked_uscc(text: str, certificate_number: str | None) -> str:
    """The normalised code (GB 32100). Raises UsccInvalid, or UsccPaperNeeded where it doesn't add up and no
    certificate was seen: genuine codes of the pilot years fail the check, so it never blocks for good."""
    code = normalize_uscc(text)
    if uscc_warnings(code) and not (certificate_number or "").strip():
        raise UsccPaperNeeded
    return code


def check_papers(
    rules: Organisations, papers: Mapping[str, date | None], began_on: date, filed_on: date, today: date
) -> None:
    """Raises PapersMissing unless each paper has a date, DatesWrong for dates that can't be."""
    if any(papers.get(paper.code) is None for paper in rules.filing_papers):
        raise PapersMissing
    dates = [dated for dated in papers.values() if dated is not None]
    if filed_on > today or began_on > today or any(dated > filed_on for dated in dates):
        raise DatesWrong


def level_of(rules: Organisations, content: int, scale: int, quality: int) -> str | None:
    """The level of three scores by their mean, rounded down; None below the lowest level. Raises ScoreInvalid."""
    scores = (content, scale, quality)
    if any(not 0 <= score <= 100 for score in scores):
        raise ScoreInvalid
    mean = sum(scores) // len(scores)
    reached = [level.code for level in rules.rating_levels if mean >= level.least_score]
    return reached[-1] if reached else None


def grade_valid_to(rules: Organisations, graded_on: date) -> date:
    """The last day on which the grading holds."""
    return add_months(graded_on, rules.rating_months) - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody of the staff register, as the warnings look at it: the job and the certificates (kind, expiry)."""

    job: str
    certificates: tuple[tuple[str, date | None], ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """A station as the warnings look at it."""

    kind: str
    opened_on: date | None
    floor_area_sqm: int | None
    filed: bool
    grade_valid_to: date | None
    has_prices: bool
    has_promise: bool
    staff: tuple[Held, ...]


def station_warnings(rules: Organisations, facts: Facts, today: date) -> tuple[Warned, ...]:
    """All that speaks for a look at this station. The county's own centre is measured by nobody."""
    if facts.kind == "county_centre":
        return ()
    found = [*_filing(rules, facts, today), *_area(rules, facts)]
    if facts.grade_valid_to is None:
        found.append(Warned("grade_missing", {}))
    elif facts.grade_valid_to < today:
        found.append(Warned("grade_expired", {"valid_to": facts.grade_valid_to.isoformat()}))
    if not facts.has_prices:
        found.append(Warned("prices_missing", {}))
    if not facts.has_promise:
        found.append(Warned("promise_missing", {}))
    for held in facts.staff:
        found += held_warnings(rules, held, today)
    return tuple(found)


def _filing(rules: Organisations, facts: Facts, today: date) -> Iterable[Warned]:
    if facts.filed:
        return
    late = facts.opened_on is not None and (today - facts.opened_on).days > rules.filing_days
    if late and facts.opened_on is not None:
        yield Warned("filing_late", {"began_on": facts.opened_on.isoformat()})
    else:
        yield Warned("not_filed", {})


def _area(rules: Organisations, facts: Facts) -> Iterable[Warned]:
    for area in rules.floor_areas:
        if area.kind != facts.kind or (area.least_sqm is None and area.most_sqm is None):
            continue
        if facts.floor_area_sqm is None:
            yield Warned("area_unknown", {})
        elif area.least_sqm is not None and facts.floor_area_sqm < area.least_sqm:
            yield Warned("area_small", {"sqm": facts.floor_area_sqm, "wanted": area.least_sqm})
        elif area.most_sqm is not None and facts.floor_area_sqm > area.most_sqm:
            yield Warned("area_large", {"sqm": facts.floor_area_sqm, "wanted": area.most_sqm})


def held_warnings(rules: Organisations, held: Held, today: date) -> list[Warned]:
    """What is wrong, or soon will be, with one person's certificates. Of a kind, the one that lasts longest counts."""
    lasting: dict[str, date | None] = {}
    for kind, expires_on in held.certificates:
        known = lasting.get(kind, date.min)
        lasting[kind] = None if known is None or expires_on is None else max(known, expires_on)
    found = []
    needed = NEEDS_CERTIFICATE.get(held.job)
    if needed is not None and needed not in lasting:
        found.append(Warned("certificate_missing", {}))
    for expires_on in lasting.values():
        if expires_on is not None and expires_on < today:
            found.append(Warned("certificate_expired", {"expires_on": expires_on.isoformat()}))
        elif expires_on is not None and (expires_on - today).days <= rules.expiry_warning_days:
            found.append(Warned("certificate_expires", {"expires_on": expires_on.isoformat()}))
    return found


@dataclass(frozen=True, slots=True)
class Site:
    """A station as the gap report looks at it."""

    kind: str
    division_code: str
    street_code: str | None
    operator_id: str | None


def network_gaps(
    streets: Iterable[str], communities: Iterable[str], sites: Iterable[Site]
) -> dict[str, tuple[Warned, ...]]:
    """Division code → what is missing there: one centre a street, one station or point a community, one operator.

    `communities`: those of these streets. `sites`: the open ones.
    """
    here = list(sites)
    found: dict[str, tuple[Warned, ...]] = {}
    for street in streets:
        missing = []
        if not any(site.kind == "street_centre" and site.division_code == street for site in here):
            missing.append(Warned("no_centre", {}))
        operators = {site.operator_id for site in here if site.street_code == street and site.operator_id}
        if len(operators) > 1:
            missing.append(Warned("several_operators", {"number": len(operators)}))
        if missing:
            found[street] = tuple(missing)
    served = {site.division_code for site in here if site.kind == "station"}
    for community in communities:
        if community not in served:
            found[community] = (Warned("no_station", {}),)
    return found
