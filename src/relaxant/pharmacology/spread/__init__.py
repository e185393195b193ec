"""How numbers spread between people: normal quantiles, evenly spread people, quantiles of people who do not count alike."""
