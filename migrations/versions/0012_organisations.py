"""Operators, filings, price boards, grades, staff registers, grids; how a station closes; successors of division codes.

Revision ID: 0012
Revises: 0011
"""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ROLE = "timebank_app"
BOOK, ID = sa.String(length=120), sa.String(length=32)
TABLES = ("operator", "grid", "filing", "filing_paper", "price", "grade", "employee", "certificate", "station_event")


def upgrade() -> None:
    _tables_of_organisations()
    _tables_of_stations()
    _tables_of_staff()
    op.add_column("division", sa.Column("successor_code", sa.String(length=12), nullable=True))
    _columns_of_stations()
    _operators_of_stations()
    for column in ("operator_name", "operator_uscc", "filing_number"):
        op.drop_column("station", column)
    _grant_new_tables()


def _in_book(table: str, *columns: sa.Column, parents: dict[str, str] | None = None) -> None:
    op.create_table(
        table,
        *columns,
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.PrimaryKeyConstraint("book", "id", name=op.f(f"pk_{table}")),
        *(
            sa.ForeignKeyConstraint(
                ["book", column], [f"{parent}.book", f"{parent}.id"], name=op.f(f"fk_{table}_book_{column}")
            )
            for column, parent in (parents or {}).items()
        ),
    )


def _tables_of_organisations() -> None:
    op.create_table(
        "operator",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("certificate_number", sa.String(length=40), nullable=True),
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_operator")),
        sa.UniqueConstraint("book", "uscc", name=op.f("uq_operator_book_uscc")),
    )
    op.create_table(
        "grid",
        sa.Column("book", BOOK, nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("division_code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("book", "code", name=op.f("pk_grid")),
    )


def _tables_of_stations() -> None:
    of_station = {"station_id": "station"}
    _in_book(
        "filing",
        sa.Column("station_id", ID, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("office", sa.String(length=80), nullable=False),
        sa.Column("began_on", sa.Date(), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        parents=of_station,
    )
    op.create_table(
        "filing_paper",
        sa.Column("book", BOOK, nullable=False),
        sa.Column("filing_id", ID, nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("dated_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("book", "filing_id", "code", name=op.f("pk_filing_paper")),
        sa.ForeignKeyConstraint(
            ["book", "filing_id"], ["filing.book", "filing.id"], name=op.f("fk_filing_paper_book_filing_id")
        ),
    )
    _in_book(
        "price",
        sa.Column("station_id", ID, nullable=False),
        sa.Column("item", sa.String(length=80), nullable=False),
        sa.Column("item_en", sa.String(length=120), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("per", sa.String(length=16), nullable=False),
        sa.Column("market_cents", sa.Integer(), nullable=True),
        sa.Column("basis", sa.String(length=160), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        parents=of_station,
    )
    _in_book(
        "grade",
        sa.Column("station_id", ID, nullable=False),
        sa.Column("content", sa.Integer(), nullable=False),
        sa.Column("scale", sa.Integer(), nullable=False),
        sa.Column("quality", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=True),
        sa.Column("assessor", sa.String(length=80), nullable=False),
        sa.Column("graded_on", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        parents=of_station,
    )
    _in_book(
        "station_event",
        sa.Column("station_id", ID, nullable=False),
        sa.Column("verb", sa.String(length=24), nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        parents=of_station,
    )
    for table in ("filing", "price", "grade"):
        op.create_index(f"ix_{table}_book_station", table, ["book", "station_id"])
    op.create_index("ix_station_event_book_station", "station_event", ["book", "station_id", "at"])


def _tables_of_staff() -> None:
    _in_book(
        "employee",
        sa.Column("station_id", ID, nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("job", sa.String(length=24), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        parents={"station_id": "station"},
    )
    _in_book(
        "certificate",
        sa.Column("employee_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        parents={"employee_id": "employee"},
    )
    op.create_index("ix_employee_book_station", "employee", ["book", "station_id"])
    op.create_index("ix_certificate_book_employee", "certificate", ["book", "employee_id"])


def _columns_of_stations() -> None:
    for column in (
        sa.Column("operator_id", ID, nullable=True),
        sa.Column("site_number", sa.String(length=20), server_default="", nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("floor_area_sqm", sa.Integer(), nullable=True),
        sa.Column("beds", sa.Integer(), nullable=True),
        sa.Column("day_seats", sa.Integer(), nullable=True),
        sa.Column("estates", sa.String(length=400), server_default="", nullable=False),
        sa.Column("promise", sa.Text(), server_default="", nullable=False),
        sa.Column("successor_id", ID, nullable=True),
        sa.Column("closes_on", sa.Date(), nullable=True),
        sa.Column("closing_by", ID, nullable=True),
    ):
        op.add_column("station", column)


def _operators_of_stations() -> None:
    """Each operator that stations named becomes a row of its own; filing numbers stay as an event of the station.

    A filing needs dates and papers that were never asked for, so a bare number does not become a filing.
    """
    connection = op.get_bind()
    rows = connection.execute(
        sa.text("SELECT book, id, operator_name, operator_uscc, filing_number FROM station ORDER BY book, id")
    ).all()
    known = set()
    for book, station_id, name, uscc, filing_number in rows:
        operator_id = hashlib.sha256(f"{book}\n{uscc}".encode()).hexdigest()[:32]
        if operator_id not in known:
            known.add(operator_id)
            connection.execute(
                sa.text(
                    "INSERT INTO operator (book, id, name, name_en, kind, uscc, certificate_number) "
                    "VALUES (:book, :id, :name, :name, 'nonprofit', :uscc, NULL)"
                ),
                {"book": book, "id": operator_id, "name": name, "uscc": uscc},
            )
        connection.execute(
            sa.text("UPDATE station SET operator_id = :operator_id WHERE book = :book AND id = :id"),
            {"book": book, "id": station_id, "operator_id": operator_id},
        )
        if filing_number:
            connection.execute(
                sa.text(
                    "INSERT INTO station_event (book, id, station_id, verb, by, at, text) "
                    "VALUES (:book, :id, :id, 'filing_number', 'migration', CURRENT_TIMESTAMP, :text)"
                ),
                {"book": book, "id": station_id, "text": filing_number},
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
