"""Imports every module that maps rows, so that the metadata is whole. Migrations and tests need it."""

from timebank.storage import (
    access,
    audits,
    catalogue,
    hours,
    incidents,
    members,
    messages,
    network,
    people,
    privacy,
    publishing,
    redemptions,
    rounds,
)

MODULES = (
    access, audits, catalogue, hours, incidents, members, messages, network, people, privacy, publishing, redemptions,
    rounds,
)  # fmt: skip
