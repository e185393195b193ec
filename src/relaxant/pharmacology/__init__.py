"""Kinetics and effects: from a regimen, a person and their other drugs to concentration and effect over time."""
