"""Virtual people, what share of them reaches a target, and questions answered with their chance."""
