"""`python -m server.cli` is `tellerline`."""

from server.cli import main

main()
