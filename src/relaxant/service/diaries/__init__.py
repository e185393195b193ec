"""A patient's diary: a link in place of an account, entries that are written offline."""
