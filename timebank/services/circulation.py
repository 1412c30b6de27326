"""What is in circulation: where each hour came from, where it is now, and that both are the same number."""

from __future__ import annotations

from dataclasses import dataclass

from timebank.domain.errors import NotFound
from timebank.domain.roles import Actor, require
from timebank.storage.unit import Bank


@dataclass(frozen=True, slots=True)
class Source:
    """Entries of one kind that put hours into circulation, or took them out (below zero)."""

    kind: str
    entries: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Circulation:
    """All hours of the book. `total_minutes` is the negative of the issuance; `sources` and `places` sum to it."""

    size: int
    total_minutes: int
    sources: tuple[Source, ...]
    purses: tuple[tuple[str, int], ...]
    """(origin, minutes) of the members' purses."""
    places: tuple[tuple[str, int], ...]
    """(kind of account, minutes), without the issuance."""
    agrees: bool


def see(bank: Bank, actor: Actor) -> Circulation:
    """The whole book at this moment. Raises Forbidden."""
    require(actor, "ledger.read")
    with bank.read() as unit:
        kinds = unit.issued.by_account_kind()
        total = -kinds.pop("issuance", 0)
        sources = tuple(Source(*row) for row in unit.issued.issued_by_kind(unit.issuance))
        purses = tuple(sorted(unit.issued.by_origin().items()))
        sums = (sum(kinds.values()), sum(one.minutes for one in sources))
        return Circulation(
            size=unit.book.head().size,
            total_minutes=total,
            sources=sources,
            purses=purses,
            places=tuple(sorted(kinds.items())),
            agrees=sums == (total, total) and sum(minutes for _, minutes in purses) == kinds.get("member", 0),
        )


def entries(
    bank: Bank, actor: Actor, kind: str, *, before: int | None = None, limit: int = 100
) -> tuple[tuple[int, int], ...]:
    """(number, minutes) of the entries behind one source, the newest first. Raises NotFound for a kind without any."""
    require(actor, "ledger.read")
    with bank.read() as unit:
        if kind not in {row[0] for row in unit.issued.issued_by_kind(unit.issuance)}:
            raise NotFound
        return tuple(unit.issued.seqs_of_kind(unit.issuance, kind, before, limit))
