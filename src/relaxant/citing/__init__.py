"""The references that a result used, as text and as BibTeX."""
