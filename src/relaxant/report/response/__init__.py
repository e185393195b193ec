"""A diary's answer in words, and what draws it."""
