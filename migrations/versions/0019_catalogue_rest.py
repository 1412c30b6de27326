"""Standard cards, changes of the catalogue from a day on, consent notes for papers, lending of aids.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ROLE = "timebank_app"
TABLES = ("service_standard", "service_change", "consent_note", "equipment_item", "equipment_loan")
CARRIES_PAPERS = ("errands", "bills", "doctor_visit", "medicine_fetching")


def upgrade() -> None:
    op.create_table(
        "consent_note",
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("station_id", sa.String(length=32), nullable=False),
        sa.Column("elder_id", sa.String(length=32), nullable=False),
        sa.Column("helper_id", sa.String(length=32), nullable=False),
        sa.Column("service_code", sa.String(length=24), nullable=False),
        sa.Column("need_id", sa.String(length=32), nullable=True),
        sa.Column("redemption_id", sa.String(length=32), nullable=True),
        sa.Column("record_id", sa.String(length=32), nullable=True),
        sa.Column("papers_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_how", sa.String(length=12), nullable=False),
        sa.Column("entered_by", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("back_how", sa.String(length=12), nullable=True),
        sa.Column("back_by", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "elder_id"], ["person.book", "person.id"], name=op.f("fk_consent_note_book_elder_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "entered_by"], ["person.book", "person.id"], name=op.f("fk_consent_note_book_entered_by")
        ),
        sa.ForeignKeyConstraint(
            ["book", "helper_id"], ["person.book", "person.id"], name=op.f("fk_consent_note_book_helper_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name=op.f("fk_consent_note_book_station_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_consent_note")),
    )
    op.create_index("ix_consent_note_book_elder", "consent_note", ["book", "elder_id"])
    op.create_index("ix_consent_note_book_helper", "consent_note", ["book", "helper_id", "elder_id", "service_code"])
    op.create_index("ix_consent_note_book_record", "consent_note", ["book", "record_id"])
    op.create_index("ix_consent_note_book_station", "consent_note", ["book", "station_id", "state", "given_at"])
    op.create_table(
        "equipment_item",
        sa.Column("station_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("name_en", sa.String(length=80), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("lent", sa.Integer(), nullable=False),
        sa.Column("loan_days", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name=op.f("fk_equipment_item_book_station_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_equipment_item")),
        sa.CheckConstraint("lent >= 0 AND lent <= total", name=op.f("ck_equipment_item_stock")),
    )
    op.create_index("ix_equipment_item_book_station", "equipment_item", ["book", "station_id"])
    op.create_table(
        "service_change",
        sa.Column("service_code", sa.String(length=24), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("basis", sa.String(length=200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("minutes_min", sa.Integer(), nullable=True),
        sa.Column("minutes_max", sa.Integer(), nullable=True),
        sa.Column("risk", sa.String(length=8), nullable=True),
        sa.Column("training", sa.String(length=24), nullable=True),
        sa.Column("two_persons", sa.Boolean(), nullable=True),
        sa.Column("legal_class", sa.String(length=24), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "decided_by"], ["person.book", "person.id"], name=op.f("fk_service_change_book_decided_by")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_service_change")),
    )
    op.create_index("ix_service_change_book_due", "service_change", ["book", "state", "effective_at"])
    op.create_index("ix_service_change_book_service", "service_change", ["book", "service_code"])
    op.create_table(
        "service_standard",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("service_code", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("steps", sa.String(length=1000), nullable=False),
        sa.Column("bring", sa.String(length=1000), nullable=False),
        sa.Column("never", sa.String(length=1000), nullable=False),
        sa.Column("steps_en", sa.String(length=1000), nullable=False),
        sa.Column("bring_en", sa.String(length=1000), nullable=False),
        sa.Column("never_en", sa.String(length=1000), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("basis", sa.String(length=200), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "decided_by"], ["person.book", "person.id"], name=op.f("fk_service_standard_book_decided_by")
        ),
        sa.PrimaryKeyConstraint("book", "service_code", "version", name=op.f("pk_service_standard")),
    )
    op.create_table(
        "equipment_loan",
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("station_id", sa.String(length=32), nullable=False),
        sa.Column("item_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("lent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lent_by", sa.String(length=32), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("condition", sa.String(length=12), nullable=True),
        sa.Column("back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("back_by", sa.String(length=32), nullable=True),
        sa.Column("reminded_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "back_by"], ["person.book", "person.id"], name=op.f("fk_equipment_loan_book_back_by")
        ),
        sa.ForeignKeyConstraint(
            ["book", "item_id"],
            ["equipment_item.book", "equipment_item.id"],
            name=op.f("fk_equipment_loan_book_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["book", "lent_by"], ["person.book", "person.id"], name=op.f("fk_equipment_loan_book_lent_by")
        ),
        sa.ForeignKeyConstraint(
            ["book", "person_id"], ["person.book", "person.id"], name=op.f("fk_equipment_loan_book_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name=op.f("fk_equipment_loan_book_station_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_equipment_loan")),
    )
    op.create_index("ix_equipment_loan_book_item", "equipment_loan", ["book", "item_id"])
    op.create_index("ix_equipment_loan_book_person", "equipment_loan", ["book", "person_id"])
    op.create_index("ix_equipment_loan_book_station", "equipment_loan", ["book", "station_id", "state", "due_on"])
    op.add_column("hours_record", sa.Column("card_version", sa.Integer(), nullable=True))
    op.add_column("service_item", sa.Column("carries_papers", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("service_item", sa.Column("legal_class", sa.String(length=24), nullable=True))
    for code in CARRIES_PAPERS:
        query = sa.text("UPDATE service_item SET carries_papers = :yes WHERE code = :code")
        op.execute(query.bindparams(yes=True, code=code))
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
