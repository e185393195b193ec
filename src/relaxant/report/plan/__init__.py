"""A plan in words, and what draws it."""
