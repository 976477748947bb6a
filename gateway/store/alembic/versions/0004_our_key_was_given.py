"""The owner of a registered key is sent ours once: which one, stands with his."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("key", sa.Column("given", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("key", "given")
