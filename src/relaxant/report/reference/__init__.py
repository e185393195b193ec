"""Pages of reference: agents, rules, conditions, the evidence, scales."""
