"""What relaxant gives against what was published and measured: the pages of docs/validation, made by ``python -m relaxant.validate``."""
