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
REFUSE = "BEGIN SELECT RAISE(ABORT, 'timestamp is append-only'); END"
TAKEN = "EXISTS (SELECT 1 FROM timestamp WHERE book = NEW.book AND size = NEW.size)"
TRIGGERS = {
    "sqlite": (
        f"CREATE TRIGGER timestamp_no_update BEFORE UPDATE ON timestamp {REFUSE}",
        f"CREATE TRIGGER timestamp_no_delete BEFORE DELETE ON timestamp {REFUSE}",
        # INSERT OR REPLACE deletes without asking the delete trigger.
        f"CREATE TRIGGER timestamp_no_replace BEFORE INSERT ON timestamp WHEN {TAKEN} {REFUSE}",
    ),
    "postgresql": (
        """
        CREATE TRIGGER timestamp_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "timestamp"
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()
        """,
    ),
}
"""As on the ledger's own tables (migration 0001)."""


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
    for statement in TRIGGERS[connection.dialect.name]:
        connection.exec_driver_sql(statement)
    if connection.dialect.name == "postgresql":
        there = connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %(role)s", {"role": ROLE}).first()
        if there is not None:
            connection.exec_driver_sql(f'GRANT SELECT, INSERT ON "timestamp" TO {ROLE}')


def downgrade() -> None:
    raise NotImplementedError("an append-only book has no way back: restore a backup and read docs/operators.md")
