"""What was seen of a relation; grants that last for a time.

Revision ID: 0035
Revises: 0034
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("kin", sa.Column("proof", sa.String(length=24), server_default="declared", nullable=False))
    op.add_column("kin", sa.Column("proof_seen_by", sa.String(length=32), nullable=True))
    op.add_column("kin", sa.Column("proof_seen_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("grant_programme", sa.Column("lasts_months", sa.Integer(), nullable=True))
    op.add_column("grant_share", sa.Column("warned_on", sa.Date(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("an append-only book has no way back: restore a backup and read docs/operators.md")
