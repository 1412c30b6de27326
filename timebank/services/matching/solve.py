"""The best pairs of a round: linear sum assignment (Jonker-Volgenant, as SciPy has it)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from timebank.domain.matching import Available, Wanted

SERVED = 1_000_000
"""One more need served is worth more than any fit: points of a pair stay far below."""


def best_pairs(
    needs: Sequence[Wanted], people: Sequence[Available], points: Mapping[tuple[int, int], int]
) -> list[tuple[int, int]]:
    """(place of the need, place of the volunteer): as many needs as possible, then the most points. Nobody twice.

    `points` has the pairs that are possible, and no others are chosen.
    """
    if not points:
        return []
    # Only who asks for suggestions pays for the import.
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    rows = sorted({row for row, _ in points})
    columns = sorted({column for _, column in points})
    row_at = {row: at for at, row in enumerate(rows)}
    column_at = {column: at for at, column in enumerate(columns)}
    worth = np.zeros((len(rows), len(columns)))
    for (row, column), value in points.items():
        worth[row_at[row], column_at[column]] = SERVED + value
    chosen = linear_sum_assignment(worth, maximize=True)
    pairs = ((rows[int(row)], columns[int(column)]) for row, column in zip(*chosen, strict=True))
    return [pair for pair in pairs if pair in points]
