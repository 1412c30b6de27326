"""Every choice of a policy has words."""

from __future__ import annotations

from enum import StrEnum

import pytest

from timebank.domain.policies.document import (
    AboveCap,
    Direction,
    GiftTo,
    GrantSource,
    Guarantee,
    Inherit,
    Needs,
    Use,
    Younger,
)
from timebank.domain.policies.labels import choice_label

KINDS = (AboveCap, Direction, GiftTo, GrantSource, Guarantee, Inherit, Needs, Use, Younger)


@pytest.mark.parametrize("choice", [choice for kind in KINDS for choice in kind], ids=repr)
def test_each_choice_of_a_policy_has_words_of_its_own(choice: StrEnum) -> None:
    assert choice_label(choice)


def test_equal_texts_of_different_questions_keep_their_own_words() -> None:
    assert choice_label(GiftTo.NONE) != choice_label(GrantSource.NONE)
