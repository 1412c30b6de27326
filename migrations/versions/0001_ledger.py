"""The ledger's tables and the triggers that keep them append-only.

The ledger package knows its own schema, so that it can be used alone; this is version 1 of it.

Revision ID: 0001
Revises:
"""

from alembic import op

from ledger.stores.sql import create_schema

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_schema(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("an append-only book has no way back: restore a backup and read docs/operators.md")
