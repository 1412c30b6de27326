"""One shape for the life of records, redemptions, transfers and reversals: a table of steps, asked by pure functions.

A step says from which states it goes to which state, and which parties may take it. A state without a step out of it
would be a trap for people's hours: the tests walk the tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from timebank.domain.errors import Forbidden, ReasonMissing, ReasonUnknown, Refused, WordsMissing

State = TypeVar("State", bound=StrEnum)


class Party(StrEnum):
    """How somebody stands to a matter. The service works it out from the record, the roles and the proxies."""

    VOLUNTEER = "volunteer"
    ELDER = "elder"
    PROXY = "proxy"
    OWNER = "owner"
    ENTERER = "enterer"
    DESK = "desk"
    VERIFIER = "verifier"
    SECOND = "second"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Step(Generic[State]):
    """`verb` leads from any of `before` to `after`. None in `before` means that the matter begins with it."""

    verb: str
    before: frozenset[State | None]
    after: State
    parties: frozenset[Party]
    reasons: tuple[str, ...] = ()


Steps = Mapping[str, Step[State]]


def table(*steps: Step[State]) -> dict[str, Step[State]]:
    """The steps by verb. Raises ValueError on a verb that stands there twice."""
    found = {step.verb: step for step in steps}
    if len(found) != len(steps):
        raise ValueError("a verb stands there twice")
    return found


def after(
    steps: Steps[State],
    verb: str,
    state: State | None,
    parties: Iterable[Party],
    conflict: type[Refused],
    labels: Mapping[State, str],
) -> State:
    """The state after the step. Raises Forbidden for the wrong party, `conflict` (with the state) for the wrong state.

    The party is asked first: who may never take a step learns nothing of the state.
    """
    step = steps[verb]
    if step.parties.isdisjoint(parties):
        raise Forbidden
    if state not in step.before:
        raise conflict(state=labels[state] if state is not None else "")
    return step.after


def verbs_open(steps: Steps[State], state: State, parties: Iterable[Party]) -> tuple[str, ...]:
    """What these parties may do in that state, for buttons and for the API's links."""
    mine = frozenset(parties)
    return tuple(verb for verb, step in steps.items() if state in step.before and step.parties & mine)


def check_reason(steps: Steps[State], verb: str, reason: str | None, text: str | None = None) -> None:
    """For a step that takes a reason. Raises ReasonMissing, ReasonUnknown, or WordsMissing: `other` needs words."""
    reasons = steps[verb].reasons
    if not reasons:
        return
    if not reason:
        raise ReasonMissing
    if reason not in reasons:
        raise ReasonUnknown
    if reason == "other" and not (text or "").strip():
        raise WordsMissing
