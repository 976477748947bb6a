"""The ledger: tables, transactions, look-ups, outbox, migrations."""
