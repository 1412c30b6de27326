"""The same wish of many threads at once, carried out in one commit: desks that verify at the same moment share it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from ledger.lines import Line, Turn
from timebank.domain.errors import OutcomeUnknown

LIMIT = 64
"""So many requests share a commit at most; each may bring several wishes."""

MOMENT_SECONDS = 0.001
PATIENCE = 10

W = TypeVar("W")
R = TypeVar("R")
Work = Callable[[Sequence[W]], Sequence[R]]


class _Wish(Generic[W, R]):
    """One wish, and what came of it."""

    __slots__ = ("error", "results", "value")

    def __init__(self, value: W) -> None:
        self.value = value
        self.results: list[R] = []
        self.error: BaseException | None = None

    def result(self) -> R:
        if self.error is not None:
            raise self.error
        return self.results[0]


class _Request(Turn, Generic[W, R]):
    """The wishes of one caller."""

    __slots__ = ("wishes",)

    def __init__(self, wishes: Sequence[W]) -> None:
        super().__init__()
        self.wishes: list[_Wish[W, R]] = [_Wish(value) for value in wishes]

    @property
    def done(self) -> bool:
        return all(wish.results or wish.error for wish in self.wishes)


class Gathering(Generic[W, R]):
    """`work` gives the result of each wish, in their order, in one commit; or raises, and has then changed nothing."""

    def __init__(self, work: Work[W, R]) -> None:
        self._work = work
        self._line: Line[_Request[W, R]] = Line()
        self._last = 1

    def ask(self, wishes: Sequence[W]) -> list[R]:
        """What came of each of these wishes, in their order. Raises what the first of them that failed raised."""
        request: _Request[W, R] = _Request(wishes)
        self._line.stand(request)
        if not request.done:
            self._wait_for_others()
            group = self._line.next_group(LIMIT)
            self._last = len(group)
            try:
                carry_out(self._work, [wish for one in group for wish in one.wishes])
            finally:
                self._line.leave(group, request)
        return [wish.result() for wish in request.wishes]

    def waiting(self) -> int:
        """How many callers stand in line now."""
        return self._line.waiting()

    def _wait_for_others(self) -> None:
        """Under load, those who were answered together come back together: a commit of eight costs little more than
        one of one. Who is alone never waits, and nobody waits once a moment passed in which nobody came."""
        for _ in range(PATIENCE):
            before = self._line.waiting()
            if before >= self._last:
                return
            time.sleep(MOMENT_SECONDS)
            if self._line.waiting() == before:
                return


def carry_out(work: Work[W, R], wishes: list[_Wish[W, R]]) -> None:
    """All in one go. If that fails each is tried alone, so that nobody fails by the fault of another."""
    try:
        for wish, result in zip(wishes, work([wish.value for wish in wishes]), strict=True):
            wish.results = [result]
    except BaseException as error:
        if len(wishes) > 1 and isinstance(error, Exception) and not isinstance(error, OutcomeUnknown):
            for wish in wishes:
                carry_out(work, [wish])
            return
        for wish in wishes:
            wish.error = error
        if not isinstance(error, Exception):
            raise


def at_once(work: Work[W, R], values: Sequence[W]) -> list[R]:
    """The same for one caller alone."""
    wishes: list[_Wish[W, R]] = [_Wish(value) for value in values]
    carry_out(work, wishes)
    return [wish.result() for wish in wishes]
