"""`python -m gateway.cli` is `gsp`."""

from gateway.cli import main

main()
