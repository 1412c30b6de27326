"""Imports every module that maps rows, so that the metadata is whole. Migrations and tests need it."""

from timebank.storage import (
    access,
    audits,
    catalogue,
    complaints,
    credit_files,
    hours,
    incidents,
    members,
    messages,
    network,
    people,
    privacy,
    publishing,
    ratings,
    redemptions,
    rounds,
)

MODULES = (
    access, audits, catalogue, complaints, credit_files, hours, incidents, members, messages, network, people, privacy,
    publishing, ratings, redemptions, rounds,
)  # fmt: skip
