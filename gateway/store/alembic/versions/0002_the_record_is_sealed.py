"""Seals on the record, counts of refusals, and triggers that forbid to change or delete what is on record.

The triggers stand on the tables: a later migration that copies one of them (SQLite, batch) must make them again.
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_KEPT = ("event", "seal")


def upgrade() -> None:
    numbered = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "seal",
        sa.Column("id", numbered, autoincrement=True, nullable=False),
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("chain", AutoString(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("text", AutoString(), nullable=False),
        sa.Column("signature", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "refusal",
        sa.Column("hour", UTCDateTime(), nullable=False),
        sa.Column("reason", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "reason"),
    )
    op.create_index("ix_event_actor", "event", ["actor", "at"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION gsp_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the record is append-only'; END $$"
        )
        for name in _KEPT:
            op.execute(
                f"CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
                "FOR EACH STATEMENT EXECUTE FUNCTION gsp_append_only()"
            )
        return
    for name in _KEPT:
        says = "BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END"
        op.execute(f"CREATE TRIGGER {name}_no_update BEFORE UPDATE ON {name} {says}")
        op.execute(f"CREATE TRIGGER {name}_no_delete BEFORE DELETE ON {name} {says}")
        there_is = f"EXISTS (SELECT 1 FROM {name} WHERE id = NEW.id)"  # noqa: S608 - our own table names
        # INSERT OR REPLACE deletes without asking the trigger above.
        op.execute(f"CREATE TRIGGER {name}_no_replace BEFORE INSERT ON {name} WHEN {there_is} {says}")


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for name in _KEPT:
        for trigger in ("append_only",) if postgresql else ("no_update", "no_delete", "no_replace"):
            op.execute(f"DROP TRIGGER {name}_{trigger}" + (f" ON {name}" if postgresql else ""))
    if postgresql:
        op.execute("DROP FUNCTION gsp_append_only()")
    op.drop_index("ix_event_actor", table_name="event")
    op.drop_table("refusal")
    op.drop_table("seal")
