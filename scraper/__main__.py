"""`python -m scraper` is `wdtk`."""

from .cli import main

main(prog_name="wdtk")
