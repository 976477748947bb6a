"""Registrations that are not active yet."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    numbered = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "pending",
        sa.Column("id", numbered, autoincrement=True, nullable=False),
        *(
            sa.Column(name, AutoString(), nullable=False)
            for name in ("party", "address", "folded", "name", "role", "language", "scheme", "fingerprint")
        ),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.Column("usable_until", UTCDateTime(), nullable=True),
        sa.Column("ordered_by", sa.Integer(), nullable=False),
        sa.Column("word", AutoString(), nullable=False),
        sa.Column("expires", UTCDateTime(), nullable=False),
        sa.Column("approval", sa.Boolean(), nullable=False),
        sa.Column("proven", sa.Boolean(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("party", "folded"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_pending_folded", "pending", ["folded"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_pending_folded", table_name="pending")
    op.drop_table("pending")
