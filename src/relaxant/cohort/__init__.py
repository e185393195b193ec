"""Many people from a registry's tables: the same facts and rules as for one person, on more rows."""
