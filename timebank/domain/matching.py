"""Suggestions: who could serve which need. Gates that nothing opens, and points that only order what is possible.

No point opens a gate, and a human confirms every suggestion. The weights are the region's (care rules, `matching`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from timebank.domain.local_time import local_day
from timebank.domain.needs import overlaps
from timebank.domain.offers import Times
from timebank.domain.places import Point, distance_metres
from timebank.domain.policies.care import Matching
from timebank.domain.words import N_

REASON_TEXTS: Final = {
    "near": N_("lives or serves near by"),
    "skill": N_("has the training for it"),
    "language": N_("speaks the language that was wished for"),
    "earlier": N_("has helped this person before"),
    "fairness": N_("has served little lately"),
    "wish": N_("fits the wish for a woman or a man"),
    "priority": N_("the elder is in special need"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A need of the day. `excluded`: who may not serve this elder (the elder, near kin, who helps already)."""

    id: str
    elder_id: str
    service_code: str
    required_training: str | None
    useful_training: str | None
    insured: bool
    start: datetime
    end: datetime
    point: Point
    language: str = ""
    gender_wish: str = ""
    elder_sex: str = ""
    missing: int = 1
    priority: int = 0
    excluded: frozenset[str] = frozenset()

    @property
    def minutes(self) -> int:
        return int((self.end - self.start).total_seconds() // 60)


@dataclass(frozen=True, slots=True)
class Available:
    """A volunteer's offer; who made two stands there twice.

    `booked`: times already promised; `day_minutes`: those of the day, in minutes.
    """

    person_id: str
    point: Point
    times: Times
    services: frozenset[str]
    far_metres: int
    languages: frozenset[str] = frozenset()
    gender_wish: str = ""
    sex: str = ""
    trainings: frozenset[str] = frozenset()
    insured_until: date | None = None
    booked: tuple[tuple[datetime, datetime], ...] = ()
    day_minutes: int = 0
    recent_minutes: int = 0
    served: frozenset[str] = frozenset()
    """Elders whom the volunteer helped before."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """This volunteer could serve this need: how well it fits, and why, as codes of REASON_TEXTS."""

    need_id: str
    person_id: str
    points: int
    reasons: tuple[str, ...]


@dataclass(slots=True)
class Day:
    """What is promised in the course of a solution: nobody is in two places, nobody works beyond the day's limit."""

    most_minutes: int
    forbidden: frozenset[tuple[str, str]] = frozenset()
    """(need, volunteer) pairs that the rules of the hours refused."""
    taken: dict[str, list[tuple[datetime, datetime]]] = field(default_factory=dict)
    minutes: dict[str, int] = field(default_factory=dict)

    def give(self, need: Wanted, person_id: str) -> None:
        self.taken.setdefault(person_id, []).append((need.start, need.end))
        self.minutes[person_id] = self.minutes.get(person_id, 0) + need.minutes

    def has_room(self, need: Wanted, one: Available) -> bool:
        """Whether the volunteer is free then, and has minutes left on that day."""
        used = one.day_minutes + self.minutes.get(one.person_id, 0)
        if used + need.minutes > self.most_minutes or (need.id, one.person_id) in self.forbidden:
            return False
        return not overlaps(need.start, need.end, (*one.booked, *self.taken.get(one.person_id, ())))


def may_serve(need: Wanted, one: Available, away_metres: int) -> bool:
    """The gates of a pair that don't change in the course of the day."""
    return (
        need.service_code in one.services
        and one.person_id not in need.excluded
        and away_metres <= one.far_metres
        and (need.required_training is None or need.required_training in one.trainings)
        and (not need.insured or (one.insured_until is not None and one.insured_until >= local_day(need.start)))
        and one.times.hold(need.start, need.end)
    )


def fit(need: Wanted, one: Available, away_metres: int, weights: Matching, most_recent: int) -> Suggestion:
    """How well an allowed pair fits, in whole points, and why."""
    nearness = weights.near - weights.near * away_metres // max(one.far_metres, 1)
    fairness = weights.fairness - weights.fairness * one.recent_minutes // max(most_recent, 1)
    asked = [(wish, sex) for wish, sex in ((need.gender_wish, one.sex), (one.gender_wish, need.elder_sex)) if wish]
    parts = {
        "near": max(nearness, 0),
        "skill": weights.skill if need.useful_training is not None and need.useful_training in one.trainings else 0,
        "language": weights.language if need.language and need.language in one.languages else 0,
        "earlier": weights.earlier if need.elder_id in one.served else 0,
        "fairness": max(fairness, 0),
        "wish": weights.wish if asked and all(wish == sex for wish, sex in asked) else 0,
        "priority": need.priority,
    }
    said = tuple(
        code
        for code, points in parts.items()
        if points and (code not in ("near", "fairness") or 2 * points >= getattr(weights, code))
    )
    return Suggestion(need.id, one.person_id, sum(parts.values()), said)


def allowed(needs: Iterable[Wanted], people: Sequence[Available]) -> dict[str, list[tuple[int, int]]]:
    """Need → (place in `people`, metres away) of all who pass the gates. Each distance is reckoned once."""
    by_service: dict[str, list[int]] = {}
    for place, one in enumerate(people):
        for code in one.services:
            by_service.setdefault(code, []).append(place)
    metres: dict[tuple[Point, Point], int] = {}
    found = {}
    for need in needs:
        pairs = []
        for place in by_service.get(need.service_code, ()):
            one = people[place]
            key = (need.point, one.point)
            away = metres.get(key)
            if away is None:
                away = metres[key] = distance_metres(*key)
            if may_serve(need, one, away):
                pairs.append((place, away))
        found[need.id] = pairs
    return found


def priority_points(tags: Collection[str], age: int | None, weights: Matching) -> int:
    """How much an elder's circumstances and age add."""
    points = sum(one.points for one in weights.priority if one.tag in tags)
    since = weights.priority_from_age_years
    return points + (weights.priority_age_points if since is not None and age is not None and age >= since else 0)


Solver = Callable[[Sequence[Wanted], Sequence[Available], Mapping[tuple[int, int], int]], list[tuple[int, int]]]
"""Places of needs and people, and the points of each pair that is possible → the best pairs, nobody twice."""


def plan(
    needs: Sequence[Wanted], people: Sequence[Available], weights: Matching, day: Day, solve: Solver
) -> list[Suggestion]:
    """Suggestions for a day, in rounds. Each round gives each offer one need at most, and is the best there is.

    A need that asks for two people stands in a round once for each one who is missing. The next round starts from what
    the rounds before promised, so several needs of a day can go to one person, never at the same time. It ends when a
    round adds nothing. Whether a round's choice bars a better one later is not looked at.
    """
    most_recent = max((one.recent_minutes for one in people), default=0)
    gates = allowed(needs, people)
    open_places = [need for need in needs for _ in range(need.missing)]
    found: list[Suggestion] = []
    while open_places:
        fits: dict[tuple[int, int], Suggestion] = {}
        for row, need in enumerate(open_places):
            for place, away in gates[need.id]:
                if day.has_room(need, people[place]):
                    fits[row, place] = fit(need, people[place], away, weights, most_recent)
        chosen = solve(open_places, people, {pair: one.points for pair, one in fits.items()})
        new = [(row, fits[row, place], people[place]) for row, place in chosen if (row, place) in fits]
        if not new:
            break
        given = set()
        for row, suggestion, one in new:
            if day.has_room(open_places[row], one):  # another offer of the same person may have been chosen just now
                day.give(open_places[row], suggestion.person_id)
                found.append(suggestion)
                given.add(row)
        open_places = [need for row, need in enumerate(open_places) if row not in given]
    return found
