"""Against real programs, each with its own configuration on loopback; a missing program is a failure."""
