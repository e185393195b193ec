"""A model card made to compute: its parameters in a person, doses, courses, effects; what was published comes back."""
