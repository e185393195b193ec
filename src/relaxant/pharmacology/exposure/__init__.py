"""What other medicines, smoke, genes and meals make of an exposure, and over which days."""
