"""Digests that were sent: one a person and week."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "digest",
        sa.Column("person", sa.Integer(), nullable=False),
        sa.Column("period_end", UTCDateTime(), nullable=False),
        sa.Column("sent", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("person", "period_end"),
    )


def downgrade() -> None:
    op.drop_table("digest")
