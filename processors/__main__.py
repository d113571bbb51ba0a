"""`python -m processors`: the command line."""

from processors.cli import main

main(prog_name="lotstream")
