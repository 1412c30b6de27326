"""Programmes that grant hours to elders in need.

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

ROLE = "timebank_app"
BOOK, ID = sa.String(length=120), sa.String(length=32)
TABLES = ("grant_programme", "grant_share")


def upgrade() -> None:
    op.create_table(
        "grant_programme",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("sponsor", sa.String(length=120), nullable=False),
        sa.Column("groups", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("budget_minutes", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("proposed_by", ID, nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", ID, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_grant_programme")),
    )
    op.create_table(
        "grant_share",
        sa.Column("book", BOOK, nullable=False),
        sa.Column("programme_id", ID, nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("transfer_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "person_id"], ["person.book", "person.id"], name=op.f("fk_grant_share_book_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "programme_id"],
            ["grant_programme.book", "grant_programme.id"],
            name=op.f("fk_grant_share_book_programme_id"),
        ),
        sa.PrimaryKeyConstraint("book", "programme_id", "month", "person_id", name=op.f("pk_grant_share")),
        sa.UniqueConstraint("book", "transfer_id", name=op.f("uq_grant_share_book_transfer_id")),
    )
    _grant_new_tables()


def _grant_new_tables() -> None:
    """What migration 0004 gave to the service's role, for the tables that came after it."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    there = connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %(role)s", {"role": ROLE}).first()
    if there is not None:
        for table in TABLES:
            connection.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {ROLE}")


def downgrade() -> None:
    raise NotImplementedError("an append-only book has no way back: restore a backup and read docs/operators.md")
