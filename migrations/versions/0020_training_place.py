"""Trainings have a time of day and a place.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("training_event", sa.Column("begins", sa.String(length=5), nullable=True))
    op.add_column("training_event", sa.Column("place", sa.String(length=120), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("an append-only book has no way back: restore a backup and read docs/operators.md")
