"""Persons, members, network, access, catalogue.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _person() -> None:
    op.create_table(
        "person",
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("book", "id", name="pk_person"),
    )


def _county() -> None:
    op.create_table(
        "county",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("division_code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column("hotline", sa.String(length=20), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("book", name="pk_county"),
    )


def _division() -> None:
    op.create_table(
        "division",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("level", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column("parent_code", sa.String(length=12), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("book", "code", name="pk_division"),
    )


def _station() -> None:
    op.create_table(
        "station",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column("division_code", sa.String(length=12), nullable=False),
        sa.Column("parent_id", sa.String(length=32), nullable=True),
        sa.Column("operator_name", sa.String(length=120), nullable=False),
        sa.Column("operator_uscc", sa.String(length=18), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("opening", sa.String(length=80), nullable=False),
        sa.Column("latitude_microdegrees", sa.Integer(), nullable=False),
        sa.Column("longitude_microdegrees", sa.Integer(), nullable=False),
        sa.Column("filing_number", sa.String(length=40), nullable=True),
        sa.Column("provider_account", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("book", "id", name="pk_station"),
        sa.UniqueConstraint("book", "code", name="uq_station_book_code"),
    )


def _counter() -> None:
    op.create_table(
        "counter",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("book", "name", name="pk_counter"),
    )


def _identity_index() -> None:
    op.create_table(
        "identity_index",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("digest", "kind", name="pk_identity_index"),
    )


def _document() -> None:
    op.create_table(
        "document",
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "subject_id"], ["person.book", "person.id"], name="fk_document_book_subject_id"
        ),
        sa.PrimaryKeyConstraint("book", "id", name="pk_document"),
    )
    op.create_index("ix_document_book_commitment", "document", ["book", "commitment"], unique=False)


def _look() -> None:
    op.create_table(
        "look",
        sa.Column("actor_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["book", "actor_id"], ["person.book", "person.id"], name="fk_look_book_actor_id"),
        sa.ForeignKeyConstraint(["book", "person_id"], ["person.book", "person.id"], name="fk_look_book_person_id"),
        sa.PrimaryKeyConstraint("book", "id", name="pk_look"),
    )


def _membership() -> None:
    op.create_table(
        "membership",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("station_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("serves", sa.Boolean(), nullable=False),
        sa.Column("receives", sa.Boolean(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_by", sa.String(length=32), nullable=False),
        sa.Column("approved_by", sa.String(length=32), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pin_hash", sa.String(length=160), nullable=True),
        sa.Column("card_digest", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "person_id"], ["person.book", "person.id"], name="fk_membership_book_person_id"
        ),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name="fk_membership_book_station_id"
        ),
        sa.PrimaryKeyConstraint("book", "person_id", name="pk_membership"),
        sa.UniqueConstraint("book", "card_digest", name="uq_membership_book_card_digest"),
        sa.UniqueConstraint("book", "number", name="uq_membership_book_number"),
    )
    op.create_index("ix_membership_book_station", "membership", ["book", "station_id", "state"], unique=False)


def _purse() -> None:
    op.create_table(
        "purse",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("origin", sa.String(length=12), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["book", "person_id"], ["person.book", "person.id"], name="fk_purse_book_person_id"),
        sa.PrimaryKeyConstraint("book", "person_id", "origin", name="pk_purse"),
        sa.UniqueConstraint("book", "account", name="uq_purse_book_account"),
    )


def _consent() -> None:
    op.create_table(
        "consent",
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("text_version", sa.String(length=16), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("recorded_by", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["book", "person_id"], ["person.book", "person.id"], name="fk_consent_book_person_id"),
        sa.ForeignKeyConstraint(
            ["book", "recorded_by"], ["person.book", "person.id"], name="fk_consent_book_recorded_by"
        ),
        sa.PrimaryKeyConstraint("book", "id", name="pk_consent"),
    )


def _kin() -> None:
    op.create_table(
        "kin",
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("relative_id", sa.String(length=32), nullable=False),
        sa.Column("relation", sa.String(length=16), nullable=False),
        sa.Column("recorded_by", sa.String(length=32), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["book", "person_id"], ["person.book", "person.id"], name="fk_kin_book_person_id"),
        sa.ForeignKeyConstraint(["book", "relative_id"], ["person.book", "person.id"], name="fk_kin_book_relative_id"),
        sa.PrimaryKeyConstraint("book", "id", name="pk_kin"),
        sa.UniqueConstraint("book", "person_id", "relative_id", name="uq_kin_book_person_id_relative_id"),
    )


def _proxy() -> None:
    op.create_table(
        "proxy",
        sa.Column("elder_id", sa.String(length=32), nullable=False),
        sa.Column("proxy_id", sa.String(length=32), nullable=False),
        sa.Column("consent_id", sa.String(length=32), nullable=False),
        sa.Column("recorded_by", sa.String(length=32), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["book", "elder_id"], ["person.book", "person.id"], name="fk_proxy_book_elder_id"),
        sa.ForeignKeyConstraint(["book", "proxy_id"], ["person.book", "person.id"], name="fk_proxy_book_proxy_id"),
        sa.PrimaryKeyConstraint("book", "id", name="pk_proxy"),
    )
    op.create_index("ix_proxy_book_proxy", "proxy", ["book", "proxy_id"], unique=False)


def _proxy_act() -> None:
    op.create_table(
        "proxy_act",
        sa.Column("elder_id", sa.String(length=32), nullable=False),
        sa.Column("proxy_id", sa.String(length=32), nullable=False),
        sa.Column("verb", sa.String(length=24), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["book", "elder_id"], ["person.book", "person.id"], name="fk_proxy_act_book_elder_id"),
        sa.ForeignKeyConstraint(["book", "proxy_id"], ["person.book", "person.id"], name="fk_proxy_act_book_proxy_id"),
        sa.PrimaryKeyConstraint("book", "id", name="pk_proxy_act"),
    )
    op.create_index("ix_proxy_act_book_proxy", "proxy_act", ["book", "proxy_id", "at"], unique=False)


def _qualification() -> None:
    op.create_table(
        "qualification",
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("training", sa.String(length=24), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("recorded_by", sa.String(length=32), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "person_id"], ["person.book", "person.id"], name="fk_qualification_book_person_id"
        ),
        sa.PrimaryKeyConstraint("book", "id", name="pk_qualification"),
    )
    op.create_index("ix_qualification_book_person", "qualification", ["book", "person_id"], unique=False)


def _closeness() -> None:
    op.create_table(
        "closeness",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("volunteer_id", sa.String(length=32), nullable=False),
        sa.Column("elder_id", sa.String(length=32), nullable=False),
        sa.Column("service_code", sa.String(length=24), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["book", "elder_id"], ["person.book", "person.id"], name="fk_closeness_book_elder_id"),
        sa.ForeignKeyConstraint(
            ["book", "volunteer_id"], ["person.book", "person.id"], name="fk_closeness_book_volunteer_id"
        ),
        sa.PrimaryKeyConstraint("book", "volunteer_id", "elder_id", name="pk_closeness"),
    )


def _login() -> None:
    op.create_table(
        "login",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_login"),
    )


def _credential() -> None:
    op.create_table(
        "credential",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("password_hash", sa.String(length=160), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("totp_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("totp_counter", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "person_id"], ["person.book", "person.id"], name="fk_credential_book_person_id"
        ),
        sa.PrimaryKeyConstraint("book", "person_id", name="pk_credential"),
    )


def _throttle() -> None:
    op.create_table(
        "throttle",
        sa.Column("bucket", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name="pk_throttle"),
    )


def _role_grant() -> None:
    op.create_table(
        "role_grant",
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("station_id", sa.String(length=32), nullable=True),
        sa.Column("granted_by", sa.String(length=32), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "person_id"], ["person.book", "person.id"], name="fk_role_grant_book_person_id"
        ),
        sa.PrimaryKeyConstraint("book", "id", name="pk_role_grant"),
    )
    op.create_index("ix_role_grant_book_person", "role_grant", ["book", "person_id"], unique=False)


def _sign_in() -> None:
    op.create_table(
        "sign_in",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("second_factor_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("device", sa.String(length=80), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("digest", name="pk_sign_in"),
        sa.UniqueConstraint("id", name="uq_sign_in_id"),
    )
    op.create_index("ix_sign_in_book_person", "sign_in", ["book", "person_id"], unique=False)


def _token() -> None:
    op.create_table(
        "token",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(length=32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["book", "made_by"], ["person.book", "person.id"], name="fk_token_book_made_by"),
        sa.ForeignKeyConstraint(["book", "person_id"], ["person.book", "person.id"], name="fk_token_book_person_id"),
        sa.PrimaryKeyConstraint("book", "id", name="pk_token"),
        sa.UniqueConstraint("digest", name="uq_token_digest"),
    )


def _answered() -> None:
    op.create_table(
        "answered",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("principal", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("sealed_body", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("book", "principal", "key", name="pk_answered"),
    )


def _service_item() -> None:
    op.create_table(
        "service_item",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("name_en", sa.String(length=80), nullable=False),
        sa.Column("five_x", sa.String(length=16), nullable=False),
        sa.Column("helps", sa.String(length=80), nullable=False),
        sa.Column("risk", sa.String(length=8), nullable=False),
        sa.Column("training", sa.String(length=24), nullable=True),
        sa.Column("minutes_min", sa.Integer(), nullable=False),
        sa.Column("minutes_max", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=16), nullable=False),
        sa.Column("two_persons", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("book", "code", name="pk_service_item"),
    )


def _policy_version() -> None:
    op.create_table(
        "policy_version",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entry_seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("book", "version", name="pk_policy_version"),
    )


def upgrade() -> None:
    _person()
    _county()
    _division()
    _station()
    _counter()
    _identity_index()
    _document()
    _look()
    _membership()
    _purse()
    _consent()
    _kin()
    _proxy()
    _proxy_act()
    _qualification()
    _closeness()
    _login()
    _credential()
    _throttle()
    _role_grant()
    _sign_in()
    _token()
    _answered()
    _service_item()
    _policy_version()


def downgrade() -> None:
    raise NotImplementedError("an append-only book has no way back: restore a backup and read docs/operators.md")
