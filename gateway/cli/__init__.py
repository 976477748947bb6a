"""The command `gsp`, one file per noun."""
