"""`python -m openweyl`: the command line."""

from .cli import main

main()
