"""Rules of the field: pure functions and tables."""
