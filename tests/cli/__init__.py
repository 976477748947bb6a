"""The command `gsp`: what it prints, its exit status, its one line on standard error."""
