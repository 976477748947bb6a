"""The events that the figures of quality are made of are found by an index of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_KINDS = "kind IN ('evaluated', 'no data given', 'uims malformed', 'uims not ours', 'uims repeated')"


def upgrade() -> None:
    where = sa.text(_KINDS)
    op.create_index("ix_event_quality", "event", ["kind", "at"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_index("ix_event_quality", table_name="event")
