"""A card followed in the people of a registry: their exposure, and who is above a level at the label's dose and at the most that each may have."""
