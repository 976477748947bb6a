"""How the UIMs of each pattern were answered, in sums, and what is held against a pattern."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("counted_in", "counted_by"):
        op.add_column("uim", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "experience",
        sa.Column("scheme", AutoString(), primary_key=True),
        sa.Column("mark", AutoString(), primary_key=True),
        sa.Column("month", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("asking", AutoString(), primary_key=True),
        sa.Column("asked", AutoString(), nullable=False),
        sa.Column("valid", sa.Integer(), nullable=False),
        sa.Column("not_valid", sa.Integer(), nullable=False),
        sa.Column("not_ours", sa.Integer(), nullable=False),
    )
    op.create_table(
        "doubt",
        sa.Column("number", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("scheme", AutoString(), nullable=False),
        sa.Column("mark", AutoString(), nullable=False),
        sa.Column("party", AutoString(), nullable=False),
        sa.Column("loss", sa.Integer(), nullable=False),
        sa.Column("asks", sa.Boolean(), nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
    )
    op.create_index("ix_doubt_pattern", "doubt", ["scheme", "mark"])


def downgrade() -> None:
    op.drop_table("doubt")
    op.drop_table("experience")
    for name in ("counted_by", "counted_in"):
        op.drop_column("uim", name)
