"""Wishes of many threads in one go: who comes while one leads is taken along, and nobody fails by another's fault."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from timebank.domain.errors import Busy, OutcomeUnknown
from timebank.storage.gathering import Gathering, at_once


class Counting:
    """Doubles numbers; holds the first group back until others stand in line. Some numbers fail."""

    def __init__(self, fails: dict[int, Exception]) -> None:
        self.groups: list[list[int]] = []
        self.go_on = threading.Event()
        self.fails = fails

    def __call__(self, wishes: Sequence[int]) -> list[int]:
        self.groups.append(list(wishes))
        if len(self.groups) == 1:
            assert self.go_on.wait(30)
        for wish in wishes:
            if wish in self.fails:
                raise self.fails[wish]
        return [2 * wish for wish in wishes]


def asked_together(work: Counting, wishes: Sequence[int]) -> dict[int, object]:
    """What each got, when one led with -1 while all others came."""
    gathering = Gathering(work)

    def ask(wish: int) -> object:
        try:
            return gathering.ask([wish])[0]
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(wishes) + 1) as pool:
        first = pool.submit(ask, -1)
        while not work.groups:
            pass
        answers = {wish: pool.submit(ask, wish) for wish in wishes}
        while gathering.waiting() < len(wishes):
            pass
        work.go_on.set()
        assert first.result() == -2
        return {wish: answer.result() for wish, answer in answers.items()}


def test_who_comes_meanwhile_is_taken_along() -> None:
    work = Counting({})
    assert asked_together(work, [1, 2, 3]) == {1: 2, 2: 4, 3: 6}
    assert [sorted(group) for group in work.groups] == [[-1], [1, 2, 3]]


def test_one_failure_is_only_its_own() -> None:
    error = Busy()
    work = Counting({2: error})
    assert asked_together(work, [1, 2, 3]) == {1: 2, 2: error, 3: 6}
    assert sorted(work.groups[2:]) == [[1], [2], [3]]


def test_an_open_outcome_is_not_tried_again() -> None:
    error = OutcomeUnknown()
    work = Counting({2: error})
    assert asked_together(work, [1, 2, 3]) == {1: error, 2: error, 3: error}
    assert len(work.groups) == 2


def test_several_wishes_of_one_caller_keep_their_order() -> None:
    work = Counting({})
    work.go_on.set()
    assert at_once(work, [3, 1, 2]) == [6, 2, 4]
    assert Gathering(work).ask([3, 1, 2]) == [6, 2, 4]
    assert Gathering(work).ask([]) == []


def test_the_first_failure_is_raised_after_the_others_were_done() -> None:
    done: list[int] = []

    def work(wishes: Sequence[int]) -> list[int]:
        if 2 in wishes:
            raise Busy
        done.extend(wishes)
        return list(wishes)

    with pytest.raises(Busy):
        Gathering(work).ask([1, 2, 3])
    assert done == [1, 3]
