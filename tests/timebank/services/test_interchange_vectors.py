"""The interchange protocol, byte for byte: what docs/interchange.md lays down, against a kept message of two books."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ledger import Kind
from ledger.canonical import commitment
from ledger.notes import VerifierKey, parse_note, verify_note
from ledger.receipts import Receipt, parse_policy, verify_receipt
from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.domain.interchange import read_refusal, read_statement
from timebank.services import interchange

HERE, THERE = "timebank.example/here", "timebank.example/there"


@pytest.fixture
def kept() -> dict[str, Any]:
    path = Path(__file__).parents[3] / "docs" / "interchange-vectors.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_a_card_is_read_as_it_was_shown(kept: dict[str, Any]) -> None:
    for name, origin in (("here", HERE), ("there", THERE)):
        card = interchange.read_card(json.dumps(kept["cards"][name]))
        assert (card.origin, card.papers_key.split("+")[0]) == (origin, f"{origin}/papers")


def test_a_message_proves_its_entry(kept: dict[str, Any]) -> None:
    message = kept["message"]
    policy = parse_policy(kept["cards"]["here"]["policy"])
    entry = verify_receipt(Receipt.parse(message["receipt"]), policy, HERE).entry
    document = message["document"]
    assert entry.kind is Kind.CLEAR
    assert dict(entry.data or {}) == {"book": THERE, "transfer": document["transfer"]}
    assert entry.evidence == commitment(bytes.fromhex(message["salt"]), document)
    assert sorted(document) == ["book", "member", "minutes", "schema", "transfer", "type"]
    assert [minutes for _, minutes in entry.postings if minutes > 0] == [document["minutes"]]


def test_a_refusal_and_a_statement_are_signed_by_the_papers_key(kept: dict[str, Any]) -> None:
    key = VerifierKey.parse(kept["cards"]["there"]["papers_key"])
    transfer_id = kept["message"]["document"]["transfer"]
    refusal, statement = parse_note(kept["refusal"]), parse_note(kept["statement"])
    assert [one.key for one in verify_note(refusal, [key])] == [key]
    assert [one.key for one in verify_note(statement, [key])] == [key]
    assert read_refusal(refusal.text, THERE, HERE, transfer_id) == "member_unknown"
    told = read_statement(statement.text)
    assert (told.origin, told.partner, told.balance, len(told.lines)) == (THERE, HERE, -90, 1)
    with pytest.raises(errors.InterchangeMessageInvalid):
        read_refusal(refusal.text, HERE, THERE, transfer_id)


def test_a_message_for_another_book_is_refused(world: World, kept: dict[str, Any]) -> None:
    """Our book agreed with that one, but the hours were sent to a third."""
    from tests.timebank.services.test_network import second_county

    view = interchange.propose(world.bank, world.staff["county"], json.dumps(kept["cards"]["here"]), 600, now=NOW)
    interchange.agree(world.bank, second_county(world), view.id, now=NOW)
    size = world.size()
    with pytest.raises(errors.InterchangeProofInvalid):
        interchange.receive(world.bank, json.dumps(kept["message"]).encode(), now=NOW)
    assert world.size() == size
