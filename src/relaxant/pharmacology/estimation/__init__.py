"""People's own parameters from what was measured in them."""
