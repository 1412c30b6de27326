"""What is left of each inflow: what lapses first is used first, and what comes back is again what it was."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from timebank.domain.lots import Lot, Movement, lapsed, left_of, total

SOON, LATER = date(2027, 1, 1), date(2027, 6, 1)


def test_what_lapses_first_is_used_first() -> None:
    moves = [Movement(1, 10), Movement(2, 5, lapses_on=LATER), Movement(3, 5, lapses_on=SOON), Movement(4, -7)]
    assert left_of(moves) == (Lot(2, 3, LATER), Lot(1, 10, None))


def test_what_was_used_before_an_inflow_came_was_not_taken_from_it() -> None:
    assert left_of([Movement(1, 10), Movement(2, -4), Movement(3, 5, lapses_on=SOON)]) == (
        Lot(3, 5, SOON), Lot(1, 6, None))  # fmt: skip


def test_what_comes_back_from_a_hold_is_again_what_it_was() -> None:
    moves = [Movement(1, 10), Movement(2, 5, lapses_on=SOON), Movement(3, -8), Movement(4, 4, back=True)]
    assert left_of(moves) == (Lot(2, 1, SOON), Lot(1, 10, None))
    assert left_of([*moves, Movement(5, 4, back=True)]) == (Lot(2, 5, SOON), Lot(1, 10, None))


def test_what_lapses_today_has_lapsed() -> None:
    lots = left_of([Movement(1, 10), Movement(2, 5, lapses_on=LATER), Movement(3, 4, lapses_on=SOON)])
    assert lapsed(lots, SOON) == (Lot(3, 4, SOON),)
    assert (total(lapsed(lots, LATER)), lapsed(lots, date(2026, 12, 31))) == (9, ())


@given(st.lists(st.tuples(st.integers(1, 50), st.sampled_from([None, SOON, LATER]), st.integers(0, 2)), max_size=40))
def test_the_lots_sum_to_the_balance_whatever_happens(steps: list[tuple[int, date | None, int]]) -> None:
    balance, out, moves = 0, 0, []
    for seq, (amount, lapses_on, kind) in enumerate(steps):
        if kind == 0:
            moves.append(Movement(seq, amount, lapses_on=lapses_on))
            balance += amount
        elif kind == 1 and amount <= balance:
            moves.append(Movement(seq, -amount))
            balance, out = balance - amount, out + amount
        elif kind == 2 and amount <= out:
            moves.append(Movement(seq, amount, back=True))
            balance, out = balance + amount, out - amount
    lots = left_of(moves)
    assert total(lots) == balance
    assert all(one.amount > 0 for one in lots)
    assert len({one.seq for one in lots}) == len(lots)
