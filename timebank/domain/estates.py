"""What becomes of hours when their holder dies: the own recorded choice where the rules allow it, else the rules.

Hours that were granted for a need, or that may only be donated, go to the pool: they were never the member's to pass
on. Whatever goes to heirs lands in their purse of what they received.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from timebank.domain.errors import EstateChoiceNotAllowed, EstateDayInvalid, EstateStateConflict, HeirInvalid
from timebank.domain.kin import Relation
from timebank.domain.policies import Inherit, Origin, Policy
from timebank.domain.states import Party, Step, table
from timebank.domain.states import after as state_after
from timebank.domain.words import N_

CONTACTS: Final = 3
"""How often the holder of a quiet account is asked before anything lapses."""
CONTACT_GAP: Final = timedelta(days=30)
MOST_AT_ONCE: Final = 100
"""A sweep stops here, whatever it found: a mistake stays small."""


class Choice(StrEnum):
    """What a member may choose; `rules`: whatever the rules say then."""

    HEIR = "heir"
    POOL = "pool"
    RULES = "rules"


class EstateState(StrEnum):
    REPORTED = "reported"
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"
    UNDONE = "undone"


CHOICE_LABELS: Final[Mapping[str, str]] = {
    Choice.RULES: N_("As the rules say then"),
    Choice.POOL: N_("To the pool, for elders in need"),
    Choice.HEIR: N_("To one of my relatives"),
}
INHERIT_LABELS: Final[Mapping[str, str]] = {
    Inherit.NONE: N_("They lapse."),
    Inherit.POOL: N_("They go to the pool, for elders in need."),
    Inherit.SPOUSE_ELSE_POOL: N_("They go to the spouse who asks for them, else to the pool."),
    Inherit.HEIRS: N_("They go to the heirs, in equal parts."),
}
CONTACT_WAYS: Final[Mapping[str, str]] = {
    "phone": N_("By phone"),
    "visit": N_("By a visit"),
    "letter": N_("By letter"),
    "kin": N_("Through a relative"),
}
STATE_LABELS: Final[Mapping[EstateState, str]] = {
    EstateState.REPORTED: N_("Waiting for a second person"),
    EstateState.SETTLED: N_("Passed on"),
    EstateState.WITHDRAWN: N_("Withdrawn"),
    EstateState.UNDONE: N_("Taken back"),
}
_S, _P = EstateState, Party
STEPS: Final = table(
    Step("report", frozenset({None}), _S.REPORTED, frozenset({_P.DESK})),
    Step("settle", frozenset({_S.REPORTED}), _S.SETTLED, frozenset({_P.SECOND})),
    Step("withdraw", frozenset({_S.REPORTED}), _S.WITHDRAWN, frozenset({_P.DESK, _P.SECOND})),
    Step("undo", frozenset({_S.SETTLED}), _S.UNDONE, frozenset({_P.SECOND})),
)


def after(state: EstateState | None, verb: str, who: frozenset[Party]) -> EstateState:
    """The state after a step. Raises Forbidden or EstateStateConflict."""
    return state_after(STEPS, verb, state, who, EstateStateConflict, STATE_LABELS)


def check_day(died_on: date, today: date) -> None:
    """Raises EstateDayInvalid for a day that has not come."""
    if died_on > today:
        raise EstateDayInvalid


def check_choice(policy: Policy, choice: Choice, relation: Relation | None) -> None:
    """What the present rules allow to choose. Raises EstateChoiceNotAllowed, HeirInvalid for who is no relative."""
    if choice is Choice.HEIR:
        if relation is None:
            raise HeirInvalid
        spouse_only = policy.inherit is Inherit.SPOUSE_ELSE_POOL
        if policy.inherit in (Inherit.NONE, Inherit.POOL) or (spouse_only and relation is not Relation.SPOUSE):
            raise EstateChoiceNotAllowed
    if choice is Choice.POOL and policy.inherit is Inherit.NONE:
        raise EstateChoiceNotAllowed


@dataclass(frozen=True, slots=True)
class Facts:
    """What the plan is made of. `heirs`: id and relation, in order; `chosen`: the heir of the own choice."""

    heirs: tuple[tuple[str, Relation], ...]
    spouse_asks: bool
    choice: Choice
    chosen: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """Minutes of one purse, for a person; `person_id` None: for the pool; `lapses`: out of circulation."""

    origin: Origin
    minutes: int
    person_id: str | None
    lapses: bool = False


def plan(policy: Policy, purses: Mapping[Origin, int], facts: Facts) -> tuple[Part, ...]:
    """Who gets what of each purse. The parts sum to the purses."""
    takers = _takers(policy, facts)
    found: list[Part] = []
    for origin in Origin:
        minutes = purses.get(origin, 0)
        if minutes <= 0:
            continue
        if policy.inherit is Inherit.NONE:
            found.append(Part(origin, minutes, None, lapses=True))
        elif not takers or origin is Origin.GRANTED or not policy.purses.of(origin).redeem:
            found.append(Part(origin, minutes, None))
        else:
            found += _shared(origin, minutes, takers)
    return tuple(found)


def _takers(policy: Policy, facts: Facts) -> tuple[str, ...]:
    """The heirs; nobody: the pool."""
    if policy.inherit in (Inherit.NONE, Inherit.POOL) or facts.choice is Choice.POOL:
        return ()
    if facts.choice is Choice.HEIR and facts.chosen is not None:
        spouse = dict(facts.heirs).get(facts.chosen) is Relation.SPOUSE
        if policy.inherit is Inherit.HEIRS or spouse:
            return (facts.chosen,)
    if policy.inherit is Inherit.SPOUSE_ELSE_POOL:
        spouses = [one for one, relation in facts.heirs if relation is Relation.SPOUSE]
        return tuple(spouses[:1]) if facts.spouse_asks else ()
    return tuple(one for one, _ in facts.heirs)


def _shared(origin: Origin, minutes: int, takers: Sequence[str]) -> list[Part]:
    """Equal parts in whole minutes; what can't be shared goes to the first ones, a minute each."""
    each, rest = divmod(minutes, len(takers))
    parts = [Part(origin, each + (place < rest), one) for place, one in enumerate(takers)]
    return [part for part in parts if part.minutes]
