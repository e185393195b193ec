"""Plans: what to do on Tuesday. Doses that the person's facts bound, calendars in products that exist, and what to watch."""
