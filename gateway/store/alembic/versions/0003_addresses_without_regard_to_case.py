"""People are found by their address without regard to case, however many there are."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_person_folded", "person", [sa.text("lower(address)")], unique=False)


def downgrade() -> None:
    op.drop_index("ix_person_folded", table_name="person")
