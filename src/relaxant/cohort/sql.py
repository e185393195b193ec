"""Pieces of the queries that stand in many of them."""

DAY = "DATE_DIFF('day', DATE '1970-01-01', {})"
"""The number of a day."""
NOTHING = "CAST(NULL AS INT)"
NO_AMOUNT = "CAST(NULL AS DOUBLE)"
