"""CDS Hooks 2.0: discovery, the hooks, cards, feedback."""
