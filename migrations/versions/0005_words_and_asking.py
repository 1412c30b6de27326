"""Words behind a reason that is in no list, sealed; why a grant or correction was refused; what elders can ask for.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NOT_FOR_ONE_ELDER = ("station_duty", "canteen_help", "festival")


def upgrade() -> None:
    op.add_column("redemption_event", sa.Column("text_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("transfer", sa.Column("text_sealed", sa.LargeBinary(), nullable=True))
    for table in ("transfer", "reversal"):
        op.add_column(table, sa.Column("refused_reason", sa.String(length=32), nullable=True))
        op.add_column(table, sa.Column("refused_text_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("service_item", sa.Column("askable", sa.Boolean(), nullable=False, server_default=sa.true()))
    items = sa.table("service_item", sa.column("code", sa.String()), sa.column("askable", sa.Boolean()))
    op.execute(items.update().where(items.c.code.in_(NOT_FOR_ONE_ELDER)).values(askable=False))


def downgrade() -> None:
    raise NotImplementedError("an append-only book has no way back: restore a backup and read docs/operators.md")
