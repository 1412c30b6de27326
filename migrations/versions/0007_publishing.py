"""Published checkpoints, the witnesses' cosignatures, and how each witness stands.

Revision ID: 0007
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None

ROLE = "timebank_app"
TABLES = """
SELECT quote_ident(tablename) FROM pg_tables
WHERE schemaname = current_schema() AND tablename NOT LIKE 'ledger\\_%%' AND tablename <> 'alembic_version'
"""


def upgrade() -> None:
    op.create_table(
        "publication",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("has_quorum", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("book", "size", name=op.f("pk_publication")),
    )
    op.create_table(
        "cosignature",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("witness", sa.String(length=200), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("book", "size", "witness", name=op.f("pk_cosignature")),
    )
    op.create_table(
        "witness_state",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("witness", sa.String(length=200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("problem", sa.String(length=200), nullable=False),
        sa.Column("is_conflict", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("book", "witness", name=op.f("pk_witness_state")),
    )
    _grant_new_tables()


def _grant_new_tables() -> None:
    """What migration 0004 gave to the service's role, for the tables that came after it."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    there = connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %(role)s", {"role": ROLE}).first()
    if there is not None:
        for (table,) in connection.exec_driver_sql(TABLES).all():
            connection.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {ROLE}")


def downgrade() -> None:
    raise NotImplementedError("an append-only book has no way back: restore a backup and read docs/operators.md")
