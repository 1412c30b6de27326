"""Imports every module that maps rows, so that the metadata is whole. Migrations and tests need it."""

from timebank.storage import (
    access,
    activities,
    audits,
    catalogue,
    hours,
    members,
    messages,
    needs,
    network,
    offers,
    people,
    privacy,
    publishing,
    redemptions,
)

MODULES = (
    access,
    activities,
    audits,
    catalogue,
    hours,
    members,
    messages,
    needs,
    network,
    offers,
    people,
    privacy,
    publishing,
    redemptions,
)
