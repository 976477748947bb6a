"""Sums and times from which the figures are made, and what the record holds so far."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_SUMS = ("forth", "back", "requests", "uims", "undeclared", "answers", "uims_answered", "answered", "seconds")
_LARGE = {"uims", "uims_answered", "seconds"}
_INSTANT = {
    "sqlite": "(CAST(strftime('%s', {at}) AS INTEGER) * 1000000 + CAST(substr({at}, 21, 6) AS INTEGER))",
    "postgresql": "CAST(extract(epoch FROM {at}) * 1000000 AS bigint)",
}
_TIMING = """
INSERT INTO timing (year, serial, asked, asking, asked_at, acted_at, answered_at, seconds)
SELECT year, serial, asked, asking, asked_at, acted_at, answered_at, (answered_at - asked_at) / 1000000
FROM (
    SELECT r.year, r.serial, r.party AS asked, x.asking, {asked_at} AS asked_at,
        (SELECT min({at}) FROM event e WHERE e.year = r.year AND e.serial = r.serial AND e.party = r.party
            AND (e.kind IN ('read', 'answer received') OR (e.kind = 'message received' AND e.actor = e.party))
        ) AS acted_at,
        (SELECT min({at}) FROM event e WHERE e.year = r.year AND e.serial = r.serial AND e.party = r.party
            AND (e.kind IN ('answered', 'declined', 'returned') OR (e.kind = 'answer received' AND e.count = 0))
        ) AS answered_at
    FROM referral r JOIN exchange x ON x.year = r.year AND x.serial = r.serial
) AS times
"""
_TALLY = """
INSERT INTO tally (asking, asked, at, forth, back, requests, uims, undeclared, answers, uims_answered, answered,
    seconds)
SELECT asking, asked, at, sum(forth) OVER passed, sum(back) OVER passed, sum(requests) OVER passed,
    sum(uims) OVER passed, sum(undeclared) OVER passed, sum(answers) OVER passed, sum(uims_answered) OVER passed,
    sum(answered) OVER passed, sum(seconds) OVER passed
FROM (
    SELECT asking, asked, at, sum(forth) AS forth, sum(back) AS back, sum(requests) AS requests, sum(uims) AS uims,
        sum(undeclared) AS undeclared, sum(answers) AS answers, sum(uims_answered) AS uims_answered,
        sum(answered) AS answered, sum(seconds) AS seconds
    FROM (
        SELECT x.asking, e.party AS asked, {at} AS at,
            CASE WHEN e.kind = 'answer received' OR (e.kind = 'message received' AND e.actor = e.party)
                THEN 0 ELSE 1 END AS forth,
            CASE WHEN e.kind = 'answer received' OR (e.kind = 'message received' AND e.actor = e.party)
                THEN 1 ELSE 0 END AS back,
            CASE WHEN e.kind IN ('referral sent', 'referral waiting') THEN 1 ELSE 0 END AS requests,
            CASE WHEN e.kind IN ('referral sent', 'referral waiting', 'referral extended') THEN e.count ELSE 0 END
                AS uims,
            CASE WHEN e.kind IN ('referral sent', 'referral waiting', 'referral extended') AND e.count = 0
                THEN 1 ELSE 0 END AS undeclared,
            CASE WHEN e.kind = 'answer received' THEN 1 ELSE 0 END AS answers,
            CASE WHEN e.kind = 'answer received' THEN e.count ELSE 0 END AS uims_answered,
            0 AS answered, 0 AS seconds
        FROM event e JOIN exchange x ON x.year = e.year AND x.serial = e.serial
            JOIN referral r ON r.year = e.year AND r.serial = e.serial AND r.party = e.party
        WHERE e.kind IN ('referral sent', 'referral waiting', 'referral extended', 'answer received',
            'message received')
        UNION ALL
        SELECT asking, asked, answered_at, 0, 0, 0, 0, 0, 0, 0, 1, seconds FROM timing WHERE answered_at IS NOT NULL
    ) AS events
    GROUP BY asking, asked, at
) AS instants
WINDOW passed AS (PARTITION BY asking, asked ORDER BY at)
"""


def upgrade() -> None:
    op.create_table(
        "tally",
        sa.Column("asking", AutoString(), nullable=False),
        sa.Column("asked", AutoString(), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.BigInteger() if name in _LARGE else sa.Integer(), nullable=False) for name in _SUMS),
        sa.PrimaryKeyConstraint("asking", "asked", "at"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "timing",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("asked", AutoString(), nullable=False),
        sa.Column("asking", AutoString(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("acted_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("seconds", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("year", "serial", "asked"),
        sqlite_with_rowid=False,
    )
    _fill()
    op.create_index("ix_timing_unread", "timing", ["asked_at", "acted_at", "asking", "asked"])
    answered = sa.text("answered_at IS NOT NULL")
    for name, columns in (
        ("ix_timing_seconds", ["seconds", "answered_at"]),
        ("ix_timing_asking", ["asking", "seconds", "answered_at"]),
        ("ix_timing_asked", ["asked", "seconds", "answered_at", "asking"]),
    ):
        op.create_index(name, "timing", columns, sqlite_where=answered, postgresql_where=answered)


def _fill() -> None:
    written = _INSTANT[op.get_bind().dialect.name]
    at, asked_at = written.format(at="e.at"), written.format(at="r.asked_at")
    # As the driver takes it: SQLAlchemy would read '%s' and ':' in it.
    op.get_bind().exec_driver_sql(_TIMING.format(at=at, asked_at=asked_at))
    op.get_bind().exec_driver_sql(_TALLY.format(at=at))


def downgrade() -> None:
    op.drop_table("timing")
    op.drop_table("tally")
