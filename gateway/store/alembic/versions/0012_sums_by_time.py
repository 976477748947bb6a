"""Figures are kept by instant, month and year instead of as sums from the beginning: fewer rows make a period."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_SUMS = ("forth", "back", "requests", "uims", "undeclared", "answers", "uims_answered", "answered", "seconds")
_LARGE = {"uims", "uims_answered", "seconds"}
_BEGUN = {
    "sqlite": "CAST(strftime('%s', start / 1000000, 'unixepoch', 'start of {span}') AS INTEGER) * 1000000",
    "postgresql": "CAST(extract(epoch FROM date_trunc('{span}', to_timestamp(start / 1000000) AT TIME ZONE 'UTC')) "
    "AS bigint) * 1000000",
}
_TOLD = "forth, back, requests, uims, undeclared, answers, uims_answered, answered, seconds"


def upgrade() -> None:
    op.rename_table("tally", "passed")
    op.create_table(
        "tally",
        sa.Column("span", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("asking", AutoString(), nullable=False),
        sa.Column("asked", AutoString(), nullable=False),
        *_sums(),
        sa.PrimaryKeyConstraint("span", "start", "asking", "asked"),
        sqlite_with_rowid=False,
    )
    since = ", ".join(f"{name} - COALESCE(lag({name}) OVER before, 0)" for name in _SUMS)
    _run(f"""
INSERT INTO tally (span, start, asking, asked, {_TOLD}) SELECT 0, at, asking, asked, {since} FROM passed
WINDOW before AS (PARTITION BY asking, asked ORDER BY at) ORDER BY at, asking, asked
""")  # noqa: S608 - ours
    op.drop_table("passed")
    _sum_up(1, "month", "asking, ''", "asking")
    _sum_up(1, "month", "'', asked", "asked")
    _sum_up(2, "year", "asking, asked", "asking, asked")
    slow = sa.text("acted_at IS NULL OR acted_at - asked_at > 2592000000000")
    columns = ["asked_at", "acted_at", "asking", "asked"]
    op.create_index("ix_timing_slow", "timing", columns, sqlite_where=slow, postgresql_where=slow)


def downgrade() -> None:
    op.drop_index("ix_timing_slow", "timing")
    op.rename_table("tally", "passed")
    op.create_table(
        "tally",
        sa.Column("asking", AutoString(), nullable=False),
        sa.Column("asked", AutoString(), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        *_sums(),
        sa.PrimaryKeyConstraint("asking", "asked", "at"),
        sqlite_with_rowid=False,
    )
    until = ", ".join(f"sum({name}) OVER until" for name in _SUMS)
    _run(f"""
INSERT INTO tally (asking, asked, at, {_TOLD}) SELECT asking, asked, start, {until} FROM passed
WHERE span = 0 WINDOW until AS (PARTITION BY asking, asked ORDER BY start)
""")  # noqa: S608 - ours
    op.drop_table("passed")


def _sums() -> list[sa.Column[int]]:
    return [sa.Column(one, sa.BigInteger() if one in _LARGE else sa.Integer(), nullable=False) for one in _SUMS]


def _sum_up(span: int, of: str, parties: str, groups: str) -> None:
    added = ", ".join(f"sum({name})" for name in _SUMS)
    begun = _BEGUN[op.get_bind().dialect.name].format(span=of)
    _run(f"""
INSERT INTO tally (span, start, asking, asked, {_TOLD})
SELECT {span}, {begun}, {parties}, {added} FROM tally WHERE span = 0 GROUP BY {begun}, {groups}
""")  # noqa: S608 - ours


def _run(statement: str) -> None:
    # As the driver takes it: SQLAlchemy would read '%s' in it.
    op.get_bind().exec_driver_sql(statement)
