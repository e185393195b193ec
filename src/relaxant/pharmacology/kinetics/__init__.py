"""Linear kinetics in closed form and by networks, for any number of people at once; nothing here knows a model card."""
