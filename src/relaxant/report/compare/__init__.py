"""A comparison of relaxants in words, and what draws it."""
