"""Which cells of published tables stay empty, so that no small number can be read off or worked out from the others.

Cells hang together by sums: a street is the sum of its stations, a year that of its months, a whole that of its parts.
Each such sum is a relation. Three rules are applied until nothing changes:

1. A small cell is hidden.
2. Where a relation has hidden cells, there are at least two of them, and what they hold together is neither small nor
   so little that each must be one. Else its smallest other cell is hidden, too.
3. Where linear algebra over all relations at once still determines a hidden cell (a lone bridge between two hidden
   blocks, say), the smallest of the cells that tell it is hidden, too. So the result is proven, not hoped for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

Cell = TypeVar("Cell", bound=Hashable)
Relation = Mapping[Cell, int]
"""Cell → coefficient; the sum of coefficient times value is zero. A sum has -1 at the whole and 1 at each part."""
FIELD: Final = (1 << 61) - 1
"""A prime: elimination over whole numbers of this field is exact and never grows. A coefficient that is zero in it but
not among the rationals would need products of 2^61."""


def total(whole: Cell, parts: Iterable[Cell]) -> dict[Cell, int]:
    """The relation that a whole is the sum of its parts."""
    return {whole: -1, **dict.fromkeys(parts, 1)}


def suppressed(
    values: Mapping[Cell, int],
    small: Collection[Cell],
    relations: Sequence[Relation[Cell]],
    smallest: int,
    *,
    known: Collection[Cell] = (),
) -> set[Cell]:
    """The cells to be hidden. `values` rank cells, the smallest is given up first; one without a value is zero.

    `small`: hidden in any case. `known`: what was published before and can't be taken back, so it protects nothing.
    """
    hidden, fixed = set(small), set(known) - set(small)
    at = defaultdict(list)
    for relation in relations:
        for cell in relation:
            at[cell].append(relation)
    waiting = list(relations)
    while True:
        while waiting:
            relation = waiting.pop()
            more = _next_to_hide(relation, values, hidden, fixed, smallest)
            if more is not None:
                hidden.add(more)
                waiting.extend(at[more])
        for cell, told_by in _worked_out(relations, hidden - fixed).items():
            more = _smallest((one for one in told_by if one not in fixed), values)
            if cell in hidden and more is not None:
                hidden.add(more)
                waiting.extend(at[more])
                break
        if not waiting:
            return hidden


def _next_to_hide(
    relation: Relation[Cell], values: Mapping[Cell, int], hidden: set[Cell], fixed: set[Cell], smallest: int
) -> Cell | None:
    """The cell that protects the hidden ones of a relation; None where they are safe or nothing is left to hide."""
    out = [cell for cell in relation if cell in hidden]
    if not out or all(cell in hidden for cell in relation):
        return None
    # Parts and the whole don't add up: the whole hidden beside a part leaves both open, whatever they hold.
    whole_too = len({relation[cell] > 0 for cell in out}) == 2
    together = sum(values.get(cell, 0) for cell in out)
    if len(out) > 1 and (whole_too or together >= max(smallest, len(out) + 1)):
        return None
    return _smallest((cell for cell in relation if cell not in hidden and cell not in fixed), values)


def _smallest(cells: Iterable[Cell], values: Mapping[Cell, int]) -> Cell | None:
    """The smallest that is not zero: a zero protects little, and is given up last."""
    return min(cells, key=lambda cell: (values.get(cell, 0) == 0, values.get(cell, 0), str(cell)), default=None)


def determined(relations: Iterable[Relation[Cell]], hidden: Collection[Cell]) -> set[Cell]:
    """The hidden cells whose value follows from the shown ones."""
    return set(_alone(relations, hidden, frozenset()))


def _worked_out(relations: Sequence[Relation[Cell]], hidden: Collection[Cell]) -> dict[Cell, set[Cell]]:
    """Hidden cell that follows from the shown ones → the shown ones that tell it, in a fixed order."""
    found = _alone(relations, hidden, frozenset())
    if not found:
        return {}
    # Only now are the shown cells carried along, and only where the hidden ones hang together with what was found.
    near, grown = set(found), True
    while grown:
        touched = [relation for relation in relations if any(cell in near for cell in relation)]
        wider = {cell for relation in touched for cell in relation if cell in hidden}
        grown, near = not wider <= near, near | wider
    carried = {cell for relation in touched for cell in relation if cell not in hidden}
    rows = _alone(touched, near, carried)
    return {cell: set(rows[cell]) - {cell} for cell in sorted(rows, key=str)}


def _alone(
    relations: Iterable[Relation[Cell]], hidden: Collection[Cell], carried: Collection[Cell]
) -> dict[Cell, dict[Cell, int]]:
    """The system of relations in reduced form: its rows in which one hidden cell stands alone, by that cell. The
    `carried` shown cells keep their coefficients in them."""
    pivots: dict[Cell, dict[Cell, int]] = {}
    used: defaultdict[Cell, set[Cell]] = defaultdict(set)
    for relation in relations:
        row = {cell: factor % FIELD for cell, factor in relation.items() if cell in hidden or cell in carried}
        for cell in [cell for cell in row if cell in pivots]:
            _subtract(row, pivots[cell], row[cell])
        left = [cell for cell in row if cell in hidden]
        if not left:
            continue
        pivot = min(left, key=lambda cell: (len(used[cell]), str(cell)))
        inverse = pow(row[pivot], -1, FIELD)
        row = {cell: factor * inverse % FIELD for cell, factor in row.items()}
        for other in list(used[pivot]):
            above = pivots[other]
            before = set(above)
            _subtract(above, row, above[pivot])
            for cell in before - set(above):
                used[cell].discard(other)
            for cell in set(above) - before:
                used[cell].add(other)
        pivots[pivot] = row
        for cell in row:
            used[cell].add(pivot)
        used[pivot].discard(pivot)
    return {pivot: row for pivot, row in pivots.items() if sum(cell in hidden for cell in row) == 1}


def _subtract(row: dict[Cell, int], other: Mapping[Cell, int], factor: int) -> None:
    """row -= factor * other, without zeros."""
    for cell, value in other.items():
        left = (row.get(cell, 0) - factor * value) % FIELD
        if left:
            row[cell] = left
        else:
            row.pop(cell, None)
