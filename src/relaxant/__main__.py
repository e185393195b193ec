"""``python -m relaxant``: the program, where its script is not on the path."""

from relaxant.cli.main import console

console()
