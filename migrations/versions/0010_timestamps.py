"""RFC 3161 timestamps of published checkpoints.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ROLE = "timebank_app"


def upgrade() -> None:
    op.create_table(
        "timestamp",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("authority", sa.String(length=200), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("book", "size", name=op.f("pk_timestamp")),
    )
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        there = connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %(role)s", {"role": ROLE}).first()
        if there is not None:
            connection.exec_driver_sql(f'GRANT SELECT, INSERT ON "timestamp" TO {ROLE}')


def downgrade() -> None:
    raise NotImplementedError("an append-only book has no way back: restore a backup and read docs/operators.md")
