"""A review in words, and what draws it."""
