"""Who did what, kept so that a change shows and a person can be forgotten."""
