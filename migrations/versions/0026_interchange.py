"""Agreements with other books, the transfers to and from them, and the daily statements.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

ROLE = "timebank_app"
BOOK, ID = sa.String(length=120), sa.String(length=32)
INSTANT = sa.DateTime(timezone=True)
TABLES = ("clearing_partner", "clearing_transfer", "clearing_statement")


def upgrade() -> None:
    op.create_table(
        "clearing_partner",
        sa.Column("origin", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("url", sa.String(length=200), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("papers_key", sa.String(length=200), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=True),
        sa.Column("limit_minutes", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("proposed_by", ID, nullable=False),
        sa.Column("proposed_at", INSTANT, nullable=False),
        sa.Column("agreed_by", ID, nullable=True),
        sa.Column("agreed_at", INSTANT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_clearing_partner")),
        sa.UniqueConstraint("book", "origin", name=op.f("uq_clearing_partner_book_origin")),
    )
    partner = sa.ForeignKeyConstraint(
        ["book", "partner_id"],
        ["clearing_partner.book", "clearing_partner.id"],
        name=op.f("fk_clearing_transfer_book_partner_id"),
    )
    op.create_table(
        "clearing_transfer",
        sa.Column("direction", sa.String(length=4), nullable=False),
        sa.Column("partner_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("message_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", ID, nullable=True),
        sa.Column("entry_seq", sa.Integer(), nullable=True),
        sa.Column("their_seq", sa.Integer(), nullable=True),
        sa.Column("their_proof", sa.Text(), nullable=True),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("next_try_at", INSTANT, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        partner,
        sa.ForeignKeyConstraint(
            ["book", "person_id"], ["person.book", "person.id"], name=op.f("fk_clearing_transfer_book_person_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_clearing_transfer")),
    )
    op.create_index("ix_clearing_transfer_book_due", "clearing_transfer", ["book", "direction", "state", "next_try_at"])
    op.create_index("ix_clearing_transfer_book_partner", "clearing_transfer", ["book", "partner_id", "made_at"])
    op.create_index("ix_clearing_transfer_book_person", "clearing_transfer", ["book", "person_id"])
    op.create_table(
        "clearing_statement",
        sa.Column("partner_id", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("balance_minutes", sa.Integer(), nullable=False),
        sa.Column("their_balance_minutes", sa.Integer(), nullable=False),
        sa.Column("under_way_minutes", sa.Integer(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("theirs", sa.Text(), nullable=False),
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "partner_id"],
            ["clearing_partner.book", "clearing_partner.id"],
            name=op.f("fk_clearing_statement_book_partner_id"),
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_clearing_statement")),
    )
    op.create_index("ix_clearing_statement_book_partner", "clearing_statement", ["book", "partner_id", "at"])
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
