"""The books of the county's programmes of points: each as a bank of its own over the same database."""

from __future__ import annotations

from dataclasses import replace

from timebank.storage.unit import Bank


def bank_of(bank: Bank, origin: str) -> Bank:
    """The bank over a programme's book: the same database, keys, signer's memory and witnesses of its own."""
    settings, name = bank.settings, origin.rsplit("/", 1)[-1]
    keys = settings.instance / "keys"
    own = replace(
        settings,
        book=origin,
        signing_key_path=keys / f"{name}.key",
        verifier_keys_path=keys / f"{name}.vkeys",
        signer_memory_path=settings.signer_memory_path.with_name(f"signer-{name}.json"),
        witness_policy_path=settings.witness_policy_path.with_name(f"witnesses-{name}.policy"),
        timestamp_url="",
    )
    return replace(bank, settings=own, gatherings={}, fixed={"signed_only": False}, counts_points=True)


def banks(bank: Bank) -> list[Bank]:
    """The banks of all programmes that were opened."""
    with bank.read() as unit:
        return [bank_of(bank, row.origin) for row in unit.points.programmes() if row.state != "proposed"]


def for_log(bank: Bank, name: str) -> Bank | None:
    """The bank over the programme's book whose origin ends with this name; None if there is none."""
    return next((one for one in banks(bank) if one.settings.book.rsplit("/", 1)[-1] == name), None)
