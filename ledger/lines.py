"""A line of threads in front of something that one of them does for all: whoever is first takes along who waits."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar


class Turn:
    """One place in a line. It is woken when its wish was carried out by others, or to lead the next group."""

    __slots__ = ("wake",)

    def __init__(self) -> None:
        self.wake = threading.Lock()


T = TypeVar("T", bound=Turn)


class Line(Generic[T]):
    """Who leads: once `stand` returns, a turn that is not done takes `next_group`, carries it out, and must `leave`."""

    def __init__(self) -> None:
        self._waiting: deque[T] = deque()
        self._busy = False
        self._lock = threading.Lock()

    def stand(self, turn: T) -> None:
        """Stand in line. Returns when the turn was carried out by others, or is first and has to lead."""
        with self._lock:
            self._waiting.append(turn)
            if not self._busy:
                self._busy = True
                return
            turn.wake.acquire()
        # Who leads releases it: for all that were carried out, and for one that comes next.
        turn.wake.acquire()

    def next_group(self, limit: int) -> list[T]:
        """Those who wait in front, in the order in which they came."""
        with self._lock:
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), limit))]

    def waiting(self) -> int:
        """How many stand in line now, the one who leads among them."""
        return len(self._waiting)

    def leave(self, group: list[T], leader: T) -> None:
        """Wake all whose turn is over, then whoever is now first, to lead."""
        for turn in group:
            if turn is not leader:
                turn.wake.release()
        with self._lock:
            if self._waiting:
                self._waiting[0].wake.release()
            else:
                self._busy = False
