"""`python -m pipelines` is the command line `forewarn`."""

from pipelines.command_line import main

main()
