"""The directory: entries of the Parties, and how far each Party has come with them."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    numbered = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "entry",
        sa.Column("id", numbered, autoincrement=True, nullable=False),
        *(
            sa.Column(name, AutoString(), nullable=False)
            for name in (
                "party", "function", "authority", "person", "address", "telephone", "postal", "languages", "remarks",
            )
        ),
        sa.Column("replaces", sa.Integer(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("ix_entry_party", "entry", ["party"], unique=False)
    op.create_table(
        "standing",
        sa.Column("party", AutoString(), nullable=False),
        sa.Column("open_since", UTCDateTime(), nullable=True),
        sa.Column("replaced", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("step_at", UTCDateTime(), nullable=True),
        sa.Column("told_at", UTCDateTime(), nullable=True),
        sa.Column("asks", sa.Integer(), nullable=False),
        *(
            sa.Column(name, UTCDateTime(), nullable=True)
            for name in ("asked_at", "ask_at", "ask_told_at", "confirmed_at", "changed_at")
        ),
        sa.PrimaryKeyConstraint("party"),
    )


def downgrade() -> None:
    op.drop_table("standing")
    op.drop_index("ix_entry_party", table_name="entry")
    op.drop_table("entry")
