"""`python -m workers.cli` is `secondlook`."""

from workers.cli import main

main()
