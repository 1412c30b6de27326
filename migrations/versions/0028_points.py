"""Programmes of points, their rules, accounts, awards, goods and orders.

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

ROLE = "timebank_app"
BOOK, ID = sa.String(length=120), sa.String(length=32)
INSTANT = sa.DateTime(timezone=True)
TABLES = (
    "points_programme",
    "points_rules",
    "points_account",
    "points_award",
    "points_goods",
    "points_order",
    "points_order_event",
)


def upgrade() -> None:
    op.create_table(
        "points_programme",
        sa.Column("origin", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("proposed_by", ID, nullable=False),
        sa.Column("proposed_at", INSTANT, nullable=False),
        sa.Column("decided_by", ID, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_points_programme")),
        sa.UniqueConstraint("book", "origin", name=op.f("uq_points_programme_book_origin")),
    )
    op.create_table(
        "points_rules",
        sa.Column("book", BOOK, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("effective_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("book", "number", name=op.f("pk_points_rules")),
    )
    op.create_table(
        "points_account",
        sa.Column("book", BOOK, nullable=False),
        sa.Column("owner_id", ID, nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("book", "owner_id", name=op.f("pk_points_account")),
        sa.UniqueConstraint("book", "account", name=op.f("uq_points_account_book_account")),
    )
    op.create_table(
        "points_award",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("station_id", ID, nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("reason", ID, nullable=False),
        sa.Column("awarded_by", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("entry_seq", sa.Integer(), nullable=False),
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_points_award")),
    )
    op.create_index("ix_points_award_book_person", "points_award", ["book", "person_id", "at"])
    _goods_and_orders()
    _grant_new_tables()


def _goods_and_orders() -> None:
    op.create_table(
        "points_goods",
        sa.Column("station_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("name_en", sa.String(length=60), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("stock", sa.Integer(), nullable=False),
        sa.Column("funding", sa.Text(), nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.CheckConstraint("stock >= 0", name=op.f("ck_points_goods_stock")),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_points_goods")),
    )
    op.create_index("ix_points_goods_book_station", "points_goods", ["book", "station_id"])
    op.create_table(
        "points_order",
        sa.Column("goods_id", ID, nullable=False),
        sa.Column("station_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("hold_seq", sa.Integer(), nullable=True),
        sa.Column("entry_seq", sa.Integer(), nullable=True),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("keep_until", INSTANT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "goods_id"], ["points_goods.book", "points_goods.id"], name=op.f("fk_points_order_book_goods_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_points_order")),
    )
    op.create_index("ix_points_order_book_person", "points_order", ["book", "person_id"])
    op.create_index("ix_points_order_book_station", "points_order", ["book", "station_id", "state"])
    op.create_table(
        "points_order_event",
        sa.Column("book", BOOK, nullable=False),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("state_before", sa.String(length=12), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("actor_id", ID, nullable=False),
        sa.Column("via", sa.String(length=8), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("reason", ID, nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["book", "order_id"],
            ["points_order.book", "points_order.id"],
            name=op.f("fk_points_order_event_book_order_id"),
        ),
        sa.PrimaryKeyConstraint("book", "order_id", "step", name=op.f("pk_points_order_event")),
    )


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
