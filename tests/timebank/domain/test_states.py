"""The tables of steps of all matters: no dead ends, no step that nobody may take, a word for everything."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import pytest

from timebank.domain import hours, states
from timebank.domain.errors import Forbidden, HoursStateConflict, ReasonMissing, ReasonUnknown
from timebank.domain.hours import RecordState
from timebank.domain.states import Party, Step, Steps

TABLES: list[tuple[Steps[RecordState], type[RecordState]]] = [(hours.STEPS, hours.RecordState)]


def reachable(steps: Mapping[str, Step[RecordState]]) -> set[StrEnum]:
    found: set[StrEnum] = set()
    wave: set[RecordState | None] = {None}
    while wave:
        after = {step.after for step in steps.values() if step.before & wave}
        wave = {state for state in after if state not in found}
        found |= after
    return found


@pytest.mark.parametrize(("steps", "kind"), TABLES)
def test_every_state_can_be_reached_and_left(steps: Steps[RecordState], kind: type[RecordState]) -> None:
    assert reachable(steps) == set(kind)
    for state in kind:
        assert any(state in step.before for step in steps.values()), state
    assert all(step.parties for step in steps.values())


def test_records_have_words_for_states_and_reasons() -> None:
    assert set(hours.STATE_LABELS) == set(hours.STATE_NEXT) == set(RecordState)
    for verb, step in hours.STEPS.items():
        assert tuple(hours.REASON_LABELS.get(verb, {})) == step.reasons


@pytest.mark.parametrize(
    ("state", "verb", "party", "after"),
    [
        ("logged", "confirm", Party.ELDER, "confirmed"),
        ("logged", "confirm", Party.PROXY, "confirmed"),
        ("logged", "dispute", Party.ELDER, "disputed"),
        ("confirmed", "dispute", Party.DESK, "disputed"),
        ("confirmed", "verify", Party.VERIFIER, "verified"),
        ("disputed", "uphold", Party.VERIFIER, "confirmed"),
        ("disputed", "confirm", Party.ELDER, "confirmed"),
        ("disputed", "withdraw", Party.VOLUNTEER, "withdrawn"),
        ("disputed", "reject", Party.VERIFIER, "rejected"),
        ("rejected", "appeal", Party.VOLUNTEER, "logged"),
        ("withdrawn", "log_again", Party.ENTERER, "logged"),
        ("verified", "reverse", Party.SYSTEM, "rejected"),
    ],
)
def test_steps_of_a_record(state: str, verb: str, party: Party, after: str) -> None:
    assert hours.after(RecordState(state), verb, frozenset({party})) == after


@pytest.mark.parametrize(
    ("state", "verb"),
    [
        ("verified", "dispute"),
        ("verified", "reject"),
        ("verified", "withdraw"),
        ("rejected", "confirm"),
        ("withdrawn", "verify"),
        ("disputed", "verify"),
        ("logged", "appeal"),
    ],
)
def test_steps_that_a_state_doesn_t_allow(state: str, verb: str) -> None:
    step = hours.STEPS[verb]
    with pytest.raises(HoursStateConflict) as refusal:
        hours.after(RecordState(state), verb, step.parties)
    assert refusal.value.params == {"state": hours.STATE_LABELS[RecordState(state)]}


@pytest.mark.parametrize("verb", sorted(hours.STEPS))
def test_the_wrong_party_is_forbidden_whatever_the_state(verb: str) -> None:
    step = hours.STEPS[verb]
    for state in RecordState:
        with pytest.raises(Forbidden):
            hours.after(state, verb, frozenset(Party) - step.parties)


def test_what_is_open_to_whom() -> None:
    assert hours.verbs_open(RecordState.LOGGED, frozenset({Party.VOLUNTEER})) == ("withdraw",)
    assert hours.verbs_open(RecordState.CONFIRMED, frozenset({Party.VERIFIER})) == ("dispute", "verify", "reject")
    assert hours.verbs_open(RecordState.VERIFIED, frozenset({Party.VOLUNTEER, Party.ELDER})) == ()


def test_reasons_come_from_the_list() -> None:
    hours.check_reason("verify", None)
    hours.check_reason("reject", "wrong_time")
    hours.check_reason("reject", "other", "the clock was wrong")
    for reason, text in ((None, None), ("", "words"), ("other", None), ("other", "  ")):
        with pytest.raises(ReasonMissing):
            hours.check_reason("reject", reason, text)
    with pytest.raises(ReasonUnknown):
        hours.check_reason("reject", "nobody_came")


def test_a_verb_stands_in_a_table_once() -> None:
    step = Step("x", frozenset({RecordState.LOGGED}), RecordState.CONFIRMED, frozenset({Party.SYSTEM}))
    with pytest.raises(ValueError, match="twice"):
        states.table(step, step)
