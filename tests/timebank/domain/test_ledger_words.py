"""Every entry has plain words in both directions."""

from __future__ import annotations

import pytest

from timebank.domain import ledger_words
from timebank.domain.policies import Origin


@pytest.mark.parametrize("kind", sorted(ledger_words.KINDS))
def test_every_kind_has_words(kind: str) -> None:
    assert ledger_words.words(kind, 60)
    assert ledger_words.words(kind, -60)
    assert ledger_words.words(kind, 60, provider=True)


def test_the_kinds_are_those_of_the_format() -> None:
    assert {
        "genesis", "open", "close", "policy", "key", "earn", "care", "hold", "settle", "release", "gift", "donate",
        "grant", "expire", "inherit", "retire", "clear", "reverse", "audit",
    } == ledger_words.KINDS  # fmt: skip


def test_direction_and_side_change_the_words() -> None:
    assert ledger_words.words("gift", 60) != ledger_words.words("gift", -60)
    assert ledger_words.words("settle", 60) != ledger_words.words("settle", 60, provider=True)
    assert set(ledger_words.ORIGIN_LABELS) == set(Origin)
    with pytest.raises(KeyError):
        ledger_words.words("rain", 60)
