"""One person's medicines as courses: whom a card may speak of, a line on a clock, what surrounds it, what levels teach."""
