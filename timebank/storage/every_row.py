"""Imports every module that maps rows, so that the metadata is whole. Migrations and tests need it."""

from timebank.storage import (
    access,
    audits,
    catalogue,
    hours,
    members,
    messages,
    network,
    organisations,
    people,
    privacy,
    publishing,
    redemptions,
    supervision,
    transfers,
)

MODULES = (
    access,
    audits,
    catalogue,
    hours,
    members,
    messages,
    network,
    organisations,
    people,
    privacy,
    publishing,
    redemptions,
    supervision,
    transfers,
)
