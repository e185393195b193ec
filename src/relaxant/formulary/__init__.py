"""What is known of one relaxant or one rule, as a page: the same for the terminal, the documentation and JSON."""
